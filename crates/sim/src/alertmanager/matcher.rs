//! Matchers of alerts: `name=value`, `!=`, `=~`, `!~`, values quoted or not. Owns their reading,
//! with Alertmanager's words for what is wrong. Tested below.

use regex::Regex;

use crate::shop::labels::Labels;

/// A matcher of one label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// The value or the expression.
    pub value: String,
    /// Whether `value` is an expression.
    pub is_regex: bool,
    /// Whether it must match, rather than not.
    pub is_equal: bool,
    regex: Option<Regex>,
}

impl Matcher {
    /// Returns a matcher of these parts.
    ///
    /// # Errors
    /// When `value` is an expression that cannot be read; the text is Go's.
    pub fn new(name: &str, value: &str, is_regex: bool, is_equal: bool) -> Result<Self, String> {
        let regex = is_regex.then(|| anchored(value)).transpose()?;
        Ok(Self { name: name.to_owned(), value: value.to_owned(), is_regex, is_equal, regex })
    }

    /// Reads a matcher.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if trimmed.starts_with('{') || trimmed.ends_with('}') {
            return Err(format!("unexpected open or close brace: {text}"));
        }
        let bad = || format!("bad matcher format: {text}");
        let at = trimmed.find(['=', '!']).ok_or_else(bad)?;
        let (name, rest) = trimmed.split_at(at);
        let (operator, value) = ["=~", "!~", "!=", "="]
            .iter()
            .find_map(|op| rest.strip_prefix(op).map(|value| (*op, value)))
            .ok_or_else(bad)?;
        let name = unquoted(name.trim()).ok_or_else(bad)?;
        if name.is_empty() {
            return Err(bad());
        }
        let value = unquoted(value.trim()).ok_or_else(bad)?;
        Self::new(&name, &value, operator.ends_with('~'), operator.starts_with('='))
    }

    /// Whether the labels match.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.name))
    }

    /// Whether a value matches.
    pub fn accepts(&self, value: &str) -> bool {
        let found = self.regex.as_ref().map_or(self.value == value, |r| r.is_match(value));
        found == self.is_equal
    }
}

/// Compiles an expression that must match the whole value.
///
/// # Errors
/// When it cannot be read; the text is Go's.
pub fn anchored(text: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{text})$")).map_err(|_| {
        let count = |c| text.matches(c).count();
        let what = if count('(') > count(')') { "missing closing )" } else { "invalid syntax" };
        format!("error parsing regexp: {what}: `^(?:{text})$`")
    })
}

/// Takes the quotes off a text; `None` when they are not closed.
fn unquoted(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.ends_with('"')).then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other @ ('\\' | '"') => out.push(other),
                other => out.extend(['\\', other]),
            },
            other => out.push(other),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_with_and_without_quotes() {
        let read = |text: &str| Matcher::parse(text).map(|m| (m.name, m.value, m.is_regex, m.is_equal));
        let of = |n: &str, v: &str, r, e| Ok((n.to_owned(), v.to_owned(), r, e));
        assert_eq!(read("a=b"), of("a", "b", false, true));
        assert_eq!(read(" a != \"b c\" "), of("a", "b c", false, false));
        assert_eq!(read("a=~\"x|y\\\\.z\""), of("a", "x|y\\.z", true, true));
        assert_eq!(read("a!~b.*"), of("a", "b.*", true, false));
        assert_eq!(read("a=\"\""), of("a", "", false, true));
        assert_eq!(read("bad"), Err("bad matcher format: bad".into()));
        assert_eq!(read("a=\"b"), Err("bad matcher format: a=\"b".into()));
        assert_eq!(read("{a=\"b\"}"), Err("unexpected open or close brace: {a=\"b\"}".into()));
        assert_eq!(read("a=~\"(\""), Err("error parsing regexp: missing closing ): `^(?:()$`".into()));
    }

    #[test]
    fn an_absent_label_is_an_empty_one() {
        let labels = Labels::new([("a", "b")]);
        let matches = |text: &str| Matcher::parse(text).unwrap().matches(&labels);
        assert_eq!(
            ["a=b", "a!=b", "a=~b|c", "a=~.", "a=~x", "c=\"\"", "c!=x", "c=~.+"].map(matches),
            [true, false, true, true, false, true, true, false]
        );
    }
}
