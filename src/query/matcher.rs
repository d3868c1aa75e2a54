//! One matcher on one label, and its spelling in PromQL, LogQL and Alertmanager.

use super::{alertmanager, quote};

/// How a matcher compares. Regular expressions are anchored at both ends in all three languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl Op {
    /// Returns how it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A matcher: a label's name, a comparison, and the raw value (for a regular expression, the expression). Its JSON is
/// Alertmanager's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(from = "alertmanager::Spelled", into = "alertmanager::Spelled")]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// The comparison.
    pub op: Op,
    /// The value as it is meant, unquoted.
    pub value: String,
}

impl Matcher {
    /// Returns the matcher `name="value"`.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), op: Op::Equal, value: value.into() }
    }

    /// Returns the matcher `name!="value"`.
    pub fn not_equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), op: Op::NotEqual, value: value.into() }
    }

    /// Returns the matcher `name=~"expression"`; the expression is taken as it is.
    pub fn regex(name: impl Into<String>, expression: impl Into<String>) -> Self {
        Self { name: name.into(), op: Op::Regex, value: expression.into() }
    }

    /// Returns a matcher for any of these literal values: an equality for one, an alternation for more.
    pub fn any_of<'a>(name: impl Into<String>, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<&str> = values.into_iter().collect();
        match values.as_slice() {
            [one] => Self::equal(name, *one),
            many => {
                let quoted: Vec<String> = many.iter().map(|v| quote::regex(v)).collect();
                Self::regex(name, quoted.join("|"))
            }
        }
    }

    /// Prints it for PromQL; a name outside the classic alphabet is quoted, as Prometheus 3 reads it.
    pub fn promql(&self) -> String {
        let name = if is_label_name(&self.name) { self.name.clone() } else { quote::string(&self.name) };
        format!("{name}{}{}", self.op.as_str(), quote::string(&self.value))
    }

    /// Prints it for LogQL, where names are always classic: other characters become `_`, as Loki stores them.
    pub fn logql(&self) -> String {
        format!("{}{}{}", logql_name(&self.name), self.op.as_str(), quote::string(&self.value))
    }

    /// Prints it for Alertmanager; values are always quoted, with the escapes that both of its parsers read alike.
    pub fn alertmanager(&self) -> String {
        let plain = !self.name.is_empty()
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
            && !self.name.starts_with(|c: char| c.is_ascii_digit());
        // Names that need quotes are read by the newer one alone, and their values with them.
        let (name, value) = if plain {
            (self.name.clone(), quote::plain(&self.value))
        } else {
            (quote::string(&self.name), quote::string(&self.value))
        };
        format!("{name}{}{value}", self.op.as_str())
    }
}

/// Prints `{a="b",c=~"d"}` for PromQL.
pub fn promql_selector<'a>(matchers: impl IntoIterator<Item = &'a Matcher>) -> String {
    let parts: Vec<String> = matchers.into_iter().map(Matcher::promql).collect();
    format!("{{{}}}", parts.join(","))
}

/// Prints `{a="b",c=~"d"}` for LogQL.
pub fn logql_selector<'a>(matchers: impl IntoIterator<Item = &'a Matcher>) -> String {
    let parts: Vec<String> = matchers.into_iter().map(Matcher::logql).collect();
    format!("{{{}}}", parts.join(", "))
}

/// Returns whether a name needs no quotes in PromQL and LogQL.
pub fn is_label_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns the name as Loki stores it: every character outside its alphabet is `_`.
pub fn logql_name(name: &str) -> String {
    if is_label_name(name) {
        return name.to_owned();
    }
    let mut out: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_language_gets_its_own_spelling() {
        let odd = Matcher::equal("http.status", "a\"b\\c\n");
        assert_eq!(odd.promql(), r#""http.status"="a\"b\\c\n""#);
        assert_eq!(odd.logql(), r#"http_status="a\"b\\c\n""#);
        assert_eq!(odd.alertmanager(), r#""http.status"="a\"b\\c\n""#);
        assert_eq!(Matcher::regex("pod", "a-.*").logql(), r#"pod=~"a-.*""#);
        assert_eq!(Matcher::equal("job:x", "").alertmanager(), r#"job:x="""#);
    }

    #[test]
    fn several_values_become_an_alternation_of_literals() {
        assert_eq!(Matcher::any_of("pod", ["a.b"]), Matcher::equal("pod", "a.b"));
        assert_eq!(Matcher::any_of("pod", ["a.b", "c|d"]).promql(), r#"pod=~"a\\.b|c\\|d""#);
        assert_eq!(Matcher::any_of("pod", []).promql(), r#"pod=~"""#);
    }

    #[test]
    fn selectors_are_lists_of_matchers() {
        let two = [Matcher::equal("a", "1"), Matcher::not_equal("b", "2")];
        assert_eq!(promql_selector(&two), r#"{a="1",b!="2"}"#);
        assert_eq!(logql_selector(&two), r#"{a="1", b!="2"}"#);
    }

    proptest! {
        #[test]
        fn promql_reads_back_every_name_and_value(name in "[a-z_][a-z0-9_]{0,8}", value in "\\PC{0,30}") {
            let text = format!("m{}", promql_selector(&[Matcher::equal(name.clone(), value.clone())]));
            let promql_parser::parser::Expr::VectorSelector(selector) = promql_parser::parser::parse(&text).unwrap() else {
                panic!("not a selector")
            };
            let read: Vec<_> = selector.matchers.matchers.iter().map(|m| (m.name.clone(), m.value.clone())).collect();
            prop_assert_eq!(read, vec![(name, value)]);
        }

        #[test]
        fn a_name_for_loki_is_always_a_label_name(name in any::<String>()) {
            prop_assert!(is_label_name(&logql_name(&name)));
        }
    }
}
