//! Variables in the expressions of boards: `$name`, `${name}`, `${name:format}` and `[[name]]`.
//!
//! The value is quoted for the place it is meant for, which is between the double quotes of a
//! matcher, so no value can end the string and go on in PromQL.

use super::quote;
use crate::core::Span;

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A duration, put in bare: `$__interval`.
    Duration(Span),
    /// Literal text for an equality: `namespace="$namespace"`. Empty text stays empty, which matches
    /// series without the label.
    Text(String),
    /// Any of these texts, for a regular expression: `pod=~"$pod"`.
    AnyOf(Vec<String>),
    /// A regular expression that a board's author wrote: `pod=~"$pod"` with `backend-.*`.
    Regex(String),
}

impl Value {
    fn print(&self) -> String {
        match self {
            // Prometheus takes any whole number of milliseconds.
            Self::Duration(span) if span.0 % 1_000_000_000 == 0 => format!("{}s", span.as_secs()),
            Self::Duration(span) => format!("{}ms", span.0 / 1_000_000),
            Self::Text(text) => quote::inside(text),
            Self::AnyOf(values) => {
                let quoted: Vec<String> = values.iter().map(|v| quote::inside(&quote::regex(v))).collect();
                match quoted.as_slice() {
                    [one] => one.clone(),
                    many => format!("({})", many.join("|")),
                }
            }
            Self::Regex(expression) => quote::inside(expression),
        }
    }
}

/// Replaces every variable that `lookup` knows; the others stay and are returned by name, so that the
/// caller can say which are missing.
pub fn substitute(expr: &str, lookup: impl Fn(&str) -> Option<Value>) -> (String, Vec<String>) {
    let (mut out, mut missing) = (String::with_capacity(expr.len()), Vec::new());
    let mut rest = expr;
    while let Some(at) = rest.find(['$', '[']) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let Some((name, length)) = variable(tail) else {
            let (first, after) = tail.split_at(1);
            out.push_str(first);
            rest = after;
            continue;
        };
        let (written, after) = tail.split_at(length);
        if let Some(value) = lookup(name) {
            out.push_str(&value.print());
        } else {
            out.push_str(written);
            if !missing.iter().any(|m| m == name) {
                missing.push(name.to_owned());
            }
        }
        rest = after;
    }
    out.push_str(rest);
    (out, missing)
}

/// Returns the name of the variable that `text` begins with, and the length of its spelling.
fn variable(text: &str) -> Option<(&str, usize)> {
    for (open, close) in [("${", "}"), ("[[", "]]")] {
        if let Some(rest) = text.strip_prefix(open) {
            let end = rest.find(close)?;
            let inner = rest.get(..end)?;
            let name = inner.split(':').next().unwrap_or("");
            return is_name(name).then_some((name, open.len() + end + close.len()));
        }
    }
    let rest = text.strip_prefix('$')?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let name = rest.get(..end).filter(|n| is_name(n))?;
    Some((name, 1 + end))
}

fn is_name(name: &str) -> bool {
    super::matcher::is_label_name(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<Value> {
        Some(match name {
            "namespace" => Value::Text("momo\"} or {a=\"".to_owned()),
            "cluster" => Value::Text(String::new()),
            "pod" => Value::AnyOf(vec!["a.1".to_owned(), "b".to_owned()]),
            "one" => Value::AnyOf(vec!["a.1".to_owned()]),
            "re" => Value::Regex("backend-.*".to_owned()),
            "__rate_interval" => Value::Duration(Span::mins(1)),
            "__interval" => Value::Duration(Span::millis(500)),
            _ => return None,
        })
    }

    #[test]
    fn every_spelling_is_replaced_and_quoted_for_its_place() {
        for (given, expected) in [
            (r#"up{namespace="$namespace"}"#, r#"up{namespace="momo\"} or {a=\""}"#),
            (r#"up{cluster="$cluster"}"#, r#"up{cluster=""}"#),
            (r#"up{pod=~"$pod"}"#, r#"up{pod=~"(a\\.1|b)"}"#),
            (r#"up{pod=~"${one:regex}-[[re]]"}"#, r#"up{pod=~"a\\.1-backend-.*"}"#),
            ("rate(x[$__rate_interval]) + y[${__interval}:]", "rate(x[60s]) + y[500ms:]"),
            (r#"x{a=~"b$"}[5m]"#, r#"x{a=~"b$"}[5m]"#),
        ] {
            assert_eq!(substitute(given, known), (expected.to_owned(), vec![]), "{given}");
        }
    }

    #[test]
    fn what_is_not_known_stays_and_is_told_once() {
        let (text, missing) = substitute("a[$__range] + $x + ${x} + $namespaces", known);
        assert_eq!(text, "a[$__range] + $x + ${x} + $namespaces");
        assert_eq!(missing, ["__range", "x", "namespaces"]);
    }

    proptest! {
        #[test]
        fn a_value_never_leaves_its_string(value in any::<String>()) {
            let (text, _) = substitute(r#"up{namespace="$v"}"#, |_| Some(Value::Text(value.clone())));
            let promql_parser::parser::Expr::VectorSelector(s) = promql_parser::parser::parse(&text).unwrap() else {
                panic!("not a selector")
            };
            prop_assert_eq!(&s.matchers.matchers[0].value, &value);
        }

        #[test]
        fn no_expression_makes_it_panic(expr in "[a-z$\\[\\]{}:é]{0,30}") {
            substitute(&expr, known);
        }
    }
}
