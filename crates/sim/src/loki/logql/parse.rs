//! The parser: recursive descent over the tokens. Owns the grammar and the errors' words.

mod metric;

use regex::Regex;

use super::lex::{Kind, Token, tokens};
use super::{
    Filter, LogQuery, LogqlError, MAX_QUERY, MAX_STAGES, Matcher, Order, Query, Selector, Stage, Test, Unit,
};

struct Parser<'a> {
    query: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

/// Parses a query.
///
/// # Errors
/// When it is not LogQL, or a part of it is not held.
pub fn parse(query: &str) -> Result<Query, LogqlError> {
    if query.trim().is_empty() {
        return Err(LogqlError("parse error : syntax error: unexpected $end".into()));
    }
    if query.len() > MAX_QUERY {
        return Err(LogqlError(format!("parse error : input size too long ({} > {MAX_QUERY})", query.len())));
    }
    let mut parser = Parser { query, tokens: tokens(query)?, next: 0, depth: 0 };
    let parsed = match parser.peek() {
        Kind::Sign("{") => Query::Log(parser.log()?),
        _ => Query::Metric(parser.metric()?),
    };
    match parser.peek() {
        Kind::End => Ok(parsed),
        Kind::Sign("+" | "-" | "*" | "/" | "%" | ">" | "<" | ">=" | "<=" | "==" | "!=") => {
            Err(parser.not_held("operators between queries"))
        }
        Kind::Ident(word) if matches!(word.as_str(), "and" | "or" | "unless") => {
            Err(parser.not_held("operators between queries"))
        }
        _ => Err(parser.unexpected("")),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Kind {
        self.tokens.get(self.next).map_or(Kind::End, |t| t.kind.clone())
    }

    fn take(&mut self) -> Kind {
        let kind = self.peek();
        self.next += 1;
        kind
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.query.len(), |t| t.at)
    }

    fn unexpected(&self, expecting: &str) -> LogqlError {
        let name = self.peek().name();
        LogqlError::at(self.query, self.at(), &format!("syntax error: unexpected {name}{expecting}"))
    }

    fn not_held(&self, what: &str) -> LogqlError {
        LogqlError::at(self.query, self.at(), &format!("syntax error: the demo stand does not hold {what}"))
    }

    fn sign(&mut self, sign: &'static str) -> bool {
        let found = self.peek() == Kind::Sign(sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str, expecting: &str) -> Result<(), LogqlError> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected(expecting)) }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Kind::Ident(w) if w == word);
        self.next += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String, LogqlError> {
        match self.peek() {
            Kind::Ident(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected(", expecting IDENTIFIER")),
        }
    }

    fn text(&mut self, expecting: &str) -> Result<String, LogqlError> {
        match self.peek() {
            Kind::Text(text) => {
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.unexpected(expecting)),
        }
    }

    fn deeper(&mut self) -> Result<(), LogqlError> {
        self.depth += 1;
        if self.depth > MAX_STAGES { Err(self.not_held("queries of that depth")) } else { Ok(()) }
    }

    fn log(&mut self) -> Result<LogQuery, LogqlError> {
        let selector = self.selector()?;
        let mut stages = Vec::new();
        while let Some(stage) = self.stage()? {
            stages.push(stage);
            if stages.len() > MAX_STAGES {
                return Err(self.not_held("pipelines of that length"));
            }
        }
        Ok(LogQuery { selector, stages })
    }

    fn selector(&mut self) -> Result<Selector, LogqlError> {
        self.expect("{", "")?;
        let mut matchers = Vec::new();
        if !self.sign("}") {
            loop {
                let name = self.name()?;
                let (regex, wanted) = match self.take() {
                    Kind::Sign("=") => (false, true),
                    Kind::Sign("!=") => (false, false),
                    Kind::Sign("=~") => (true, true),
                    Kind::Sign("!~") => (true, false),
                    _ => {
                        self.next -= 1;
                        return Err(self.unexpected(", expecting = or != or =~ or !~"));
                    }
                };
                let value = self.text(", expecting STRING")?;
                matchers.push(matcher(name, value, regex, wanted)?);
                if self.sign("}") {
                    break;
                }
                self.expect(",", ", expecting } or ,")?;
            }
        }
        if matchers.iter().all(|m| !m.wanted || m.accepts("")) {
            return Err(LogqlError(
                "parse error : queries require at least one regexp or equality matcher that does not have an \
                 empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but \
                 app=~\".+\" will"
                    .into(),
            ));
        }
        Ok(Selector(matchers))
    }

    fn stage(&mut self) -> Result<Option<Stage>, LogqlError> {
        Ok(Some(match self.peek() {
            Kind::Sign("|=") => Stage::Contains(self.texts()?, true),
            Kind::Sign("!=") => Stage::Contains(self.texts()?, false),
            Kind::Sign("|~") => self.expressions("|~", true)?,
            Kind::Sign("!~") => self.expressions("!~", false)?,
            Kind::Sign("|") => {
                self.next += 1;
                self.piped()?
            }
            _ => return Ok(None),
        }))
    }

    /// Reads the texts after a line filter's sign, which is the current token.
    fn texts(&mut self) -> Result<Vec<String>, LogqlError> {
        self.next += 1;
        let mut texts = vec![self.text(", expecting STRING or ip")?];
        while self.word("or") {
            texts.push(self.text(", expecting STRING or ip")?);
        }
        Ok(texts)
    }

    fn expressions(&mut self, sign: &str, wanted: bool) -> Result<Stage, LogqlError> {
        let texts = self.texts()?;
        let compile = |text: &String| {
            Regex::new(text).map_err(|_| {
                LogqlError(format!("parse error : stage '{sign} {text:?}' : {}", go_regex_error(text, text)))
            })
        };
        Ok(Stage::Finds(texts.iter().map(compile).collect::<Result<_, _>>()?, wanted))
    }

    fn piped(&mut self) -> Result<Stage, LogqlError> {
        let Kind::Ident(word) = self.peek() else {
            if self.peek() == Kind::Sign("(") {
                return Ok(Stage::Filter(self.filter()?));
            }
            return Err(self.unexpected(""));
        };
        let compares = self.tokens.get(self.next + 1).is_some_and(|t| {
            matches!(t.kind, Kind::Sign("=" | "!=" | "=~" | "!~" | "==" | ">" | ">=" | "<" | "<="))
        });
        if compares {
            return Ok(Stage::Filter(self.filter()?));
        }
        match word.as_str() {
            "json" | "logfmt" => {
                self.next += 1;
                if matches!(self.peek(), Kind::Ident(_) | Kind::Sign("-")) {
                    return Err(self.not_held("parameters of parsers"));
                }
                Ok(if word == "json" { Stage::Json } else { Stage::Logfmt })
            }
            "drop" | "keep" => {
                self.next += 1;
                let mut names = vec![self.name()?];
                while self.sign(",") {
                    names.push(self.name()?);
                }
                Ok(if word == "drop" { Stage::Drop(names) } else { Stage::Keep(names) })
            }
            "line_format" | "label_format" | "unwrap" | "pattern" | "regexp" | "unpack" | "decolorize" => {
                Err(self.not_held(&format!("the stage {word:?}")))
            }
            _ => {
                self.next += 1;
                Err(self.unexpected(""))
            }
        }
    }

    fn filter(&mut self) -> Result<Filter, LogqlError> {
        let mut left = self.conjunction()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.conjunction()?));
            self.deeper()?;
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Filter, LogqlError> {
        let mut left = self.comparison()?;
        loop {
            let joined =
                self.word("and") || self.sign(",") || matches!(self.peek(), Kind::Ident(w) if w != "or");
            if !joined {
                return Ok(left);
            }
            left = Filter::And(Box::new(left), Box::new(self.comparison()?));
            self.deeper()?;
        }
    }

    fn comparison(&mut self) -> Result<Filter, LogqlError> {
        if self.sign("(") {
            self.deeper()?;
            let inner = self.filter()?;
            self.expect(")", ", expecting )")?;
            return Ok(inner);
        }
        let name = self.name()?;
        let Kind::Sign(sign) = self.take() else {
            self.next -= 1;
            return Err(self.unexpected(""));
        };
        let (value, unit) = match self.peek() {
            Kind::Text(text) => {
                self.next += 1;
                let (regex, wanted) = match sign {
                    "=" | "==" => (false, true),
                    "!=" => (false, false),
                    "=~" => (true, true),
                    "!~" => (true, false),
                    _ => {
                        self.next -= 1;
                        return Err(self.unexpected(", expecting BYTES or DURATION or NUMBER"));
                    }
                };
                return Ok(Filter::Text(matcher(name, text, regex, wanted)?));
            }
            Kind::Number(n) => (n, Unit::Number),
            Kind::Duration(nanos) => (nanos as f64 / 1e9, Unit::Duration),
            Kind::Bytes(n) => (n, Unit::Bytes),
            _ => return Err(self.unexpected("")),
        };
        self.next += 1;
        let order = match sign {
            "=" | "==" => Order::Equal,
            "!=" => Order::NotEqual,
            ">" => Order::Greater,
            ">=" => Order::GreaterEqual,
            "<" => Order::Less,
            "<=" => Order::LessEqual,
            _ => {
                self.next -= 1;
                return Err(self.unexpected(", expecting STRING"));
            }
        };
        Ok(Filter::Number { name, order, value, unit })
    }
}

fn matcher(name: String, value: String, regex: bool, wanted: bool) -> Result<Matcher, LogqlError> {
    let test = if regex {
        let whole = format!("^(?s:{value})$");
        let compiled = Regex::new(&whole).map_err(|_| {
            LogqlError(format!("parse error : {}", go_regex_error(&value, &format!("^(?:{value})$"))))
        })?;
        Test::Regex(compiled)
    } else {
        Test::Equal(value)
    };
    Ok(Matcher { name, test, wanted })
}

/// Returns what Go would say of an expression that cannot be read.
fn go_regex_error(text: &str, shown: &str) -> String {
    let count = |c| text.matches(c).count();
    let what = if count('(') > count(')') { "missing closing )" } else { "invalid syntax" };
    format!("error parsing regexp: {what}: `{shown}`")
}
