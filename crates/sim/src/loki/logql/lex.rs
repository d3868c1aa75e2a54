//! Tokens of LogQL with their places. Owns strings, durations and sizes; never looks at meaning.

use super::LogqlError;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A name or a word.
    Ident(String),
    /// A text in quotes or backticks.
    Text(String),
    /// A number.
    Number(f64),
    /// A duration, in nanoseconds.
    Duration(i64),
    /// A size, in bytes.
    Bytes(f64),
    /// A range in brackets, in nanoseconds.
    Range(i64),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end.
    End,
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub at: usize,
}

const SIGNS: [&str; 22] = [
    "|=", "|~", "!=", "!~", "=~", "==", ">=", "<=", "|", "=", ">", "<", "{", "}", "(", ")", ",", "+", "-",
    "*", "/", "%",
];

impl Kind {
    /// Returns the name by which Loki's errors call it.
    pub fn name(&self) -> String {
        match self {
            Self::Ident(_) => "IDENTIFIER".into(),
            Self::Text(_) => "STRING".into(),
            Self::Number(_) => "NUMBER".into(),
            Self::Duration(_) => "DURATION".into(),
            Self::Bytes(_) => "BYTES".into(),
            Self::Range(_) => "RANGE".into(),
            Self::Sign(sign) => (*sign).into(),
            Self::End => "$end".into(),
        }
    }
}

/// Cuts a query into tokens; the last is the end.
pub fn tokens(query: &str) -> Result<Vec<Token>, LogqlError> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(c) = query.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = query.get(at..).unwrap_or_default();
        let (kind, length) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '"' | '`' => text(query, at)?,
            '[' => range(query, at)?,
            _ if c.is_ascii_digit() => quantity(query, at)?,
            _ if c.is_alphabetic() || c == '_' => {
                let length =
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
                (Kind::Ident(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
            _ => {
                let sign = SIGNS.iter().find(|s| rest.starts_with(**s));
                let unexpected = || LogqlError::at(query, at, &format!("syntax error: unexpected {c:?}"));
                let sign = sign.ok_or_else(unexpected)?;
                (Kind::Sign(sign), sign.len())
            }
        };
        list.push(Token { kind, at });
        at += length;
    }
    list.push(Token { kind: Kind::End, at: query.len() });
    Ok(list)
}

fn text(query: &str, at: usize) -> Result<(Kind, usize), LogqlError> {
    let unclosed = || LogqlError::at(query, at, "literal not terminated");
    let rest = query.get(at..).unwrap_or_default();
    let mut chars = rest.char_indices();
    let quote = chars.next().map_or('"', |(_, c)| c);
    let mut out = String::new();
    while let Some((i, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((Kind::Text(out), i + 1)),
            '\\' if quote == '"' => {
                let (_, escaped) = chars.next().ok_or_else(unclosed)?;
                match escaped {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '\\' | '"' | '\'' => out.push(escaped),
                    'x' | 'u' => {
                        let digits = if escaped == 'x' { 2 } else { 4 };
                        let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                        let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                        out.push(code.ok_or_else(|| LogqlError::at(query, at, "invalid char escape"))?);
                    }
                    _ => return Err(LogqlError::at(query, at, "invalid char escape")),
                }
            }
            _ => out.push(c),
        }
    }
    Err(unclosed())
}

fn range(query: &str, at: usize) -> Result<(Kind, usize), LogqlError> {
    let rest = query.get(at + 1..).unwrap_or_default();
    let end = rest.find(']').ok_or_else(|| LogqlError::at(query, at, "missing closing ']' in duration"))?;
    let inner = rest.get(..end).unwrap_or_default().trim();
    let wrong = || LogqlError::at(query, at, &format!("not a valid duration string: {inner:?}"));
    let nanos = duration(inner).filter(|d| *d > 0).ok_or_else(wrong)?;
    Ok((Kind::Range(nanos), end + 2))
}

fn quantity(query: &str, at: usize) -> Result<(Kind, usize), LogqlError> {
    let rest = query.get(at..).unwrap_or_default();
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let kind = word
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
        .map(Kind::Number)
        .or_else(|| duration(word).map(Kind::Duration))
        .or_else(|| bytes(word).map(Kind::Bytes));
    let wrong = || LogqlError::at(query, at, &format!("syntax error: unexpected {word:?}"));
    kind.map(|k| (k, length)).ok_or_else(wrong)
}

/// Reads `1h30m`, `500ms`, `2d` as nanoseconds.
pub fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
        ("d", 8.64e13),
        ("w", 6.048e14),
        ("y", 3.1536e16),
    ];
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let name = rest.get(..unit)?;
        total += number * UNITS.iter().find(|(n, _)| *n == name)?.1;
        rest = rest.get(unit..)?;
    }
    (!text.is_empty() && total < 9e18).then_some(total as i64)
}

/// Reads `10KB`, `1.5MiB` as bytes.
pub fn bytes(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 8] = [
        ("b", 1.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("kib", 1_024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("tb", 1e12),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let unit = text.get(digits..)?.trim().to_lowercase();
    Some(text.get(..digits)?.parse::<f64>().ok()? * UNITS.iter().find(|(n, _)| *n == unit)?.1)
}
