//! Strings and regular expressions, quoted so that the server reads back exactly what was meant.
//!
//! PromQL, LogQL and Alertmanager share Go's rules for double-quoted strings.

use std::fmt::Write as _;

/// Returns `text` between double quotes with Go's escapes, for PromQL, LogQL and Alertmanager.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    out.push_str(&inside(text));
    out.push('"');
    out
}

/// Returns `text` with Go's escapes but without the quotes, to be put between double quotes.
pub fn inside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Go's scanner refuses NUL and a byte order mark, and no control character helps anybody.
            c if c.is_control() || c == '\u{feff}' => {
                write!(out, "\\u{:04x}", c as u32).ok();
            }
            c => out.push(c),
        }
    }
    out
}

/// Returns `text` between double quotes with no escapes but `\\`, `\"` and `\n`: what Alertmanager's older parser reads.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns a regular expression (RE2) that matches exactly `text`; still to be quoted as a string.
pub fn regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Reads a Go string in double quotes or backticks back; `None` when it is not one.
pub fn unquote(quoted: &str) -> Option<String> {
    if let Some(raw) = quoted.strip_prefix('`').and_then(|q| q.strip_suffix('`')) {
        return (!raw.contains('`')).then(|| raw.to_owned());
    }
    if quoted.len() < 2 {
        return None;
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut out = String::with_capacity(quoted.len());
    while let Some(c) = rest.next() {
        match c {
            '"' | '\n' => return None,
            '\\' => out.push(unescape(&mut rest)?),
            c => out.push(c),
        }
    }
    Some(out)
}

fn unescape(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let width = match rest.next()? {
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        'f' => return Some('\u{c}'),
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'v' => return Some('\u{b}'),
        c @ ('\\' | '"') => return Some(c),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let digits: String = rest.by_ref().take(width).collect();
    let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == width)?;
    // `\x` means a byte; above ASCII it would be part of a sequence that is not ours to put together.
    char::from_u32(code).filter(|_| width != 2 || code < 0x80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_escapes_are_read_and_others_refused() {
        for (quoted, text) in [
            (r#""a\\\"\n\t\x41\u00e9\U0001F600""#, Some("a\\\"\n\tA\u{e9}\u{1f600}")),
            ("`a\\n`", Some("a\\n")),
            (r#""\q""#, None),
            (r#""\u12""#, None),
            ("\"", None),
            ("", None),
            ("plain", None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), text, "{quoted}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in any::<String>()) {
            let quoted = string(&text);
            prop_assert!(!quoted.chars().any(char::is_control));
            prop_assert_eq!(unquote(&quoted), Some(text));
        }

        #[test]
        fn promql_reads_the_same_string(text in prop_oneof![any::<String>(), "[\\\\\"\n\r\t'`{}]{0,12}"]) {
            let parsed = promql_parser::parser::parse(&format!("m{{a={}}}", string(&text))).unwrap();
            let promql_parser::parser::Expr::VectorSelector(selector) = parsed else { panic!("not a selector") };
            prop_assert_eq!(&selector.matchers.matchers[0].value, &text);
        }

        #[test]
        fn a_quoted_regex_matches_its_text_and_no_other(text in any::<String>(), other in any::<String>()) {
            let compiled = ::regex::Regex::new(&format!("^(?:{})$", super::regex(&text))).unwrap();
            prop_assert!(compiled.is_match(&text));
            prop_assert_eq!(compiled.is_match(&other), text == other);
        }
    }
}
