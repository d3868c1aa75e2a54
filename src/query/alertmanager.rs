//! Matchers as the Alertmanager reads them: on a line, and in its JSON.
//!
//! Owns reading `name=value` as amtool and the Alertmanager do, and the one shape of JSON that silences carry. What is
//! sent or asked goes through these, never through text put together. Pure; tested below.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::matcher::{Matcher, Op};
use super::quote;

/// A matcher as the API writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spelled {
    name: String,
    value: String,
    is_regex: bool,
    /// Absent in old versions, where it always is.
    #[serde(default = "yes")]
    is_equal: bool,
}

const fn yes() -> bool {
    true
}

impl From<Spelled> for Matcher {
    fn from(spelled: Spelled) -> Self {
        let op = match (spelled.is_regex, spelled.is_equal) {
            (false, true) => Op::Equal,
            (false, false) => Op::NotEqual,
            (true, true) => Op::Regex,
            (true, false) => Op::NotRegex,
        };
        Self { name: spelled.name, op, value: spelled.value }
    }
}

impl From<Matcher> for Spelled {
    fn from(matcher: Matcher) -> Self {
        let Matcher { name, op, value } = matcher;
        let is_regex = matches!(op, Op::Regex | Op::NotRegex);
        let is_equal = matches!(op, Op::Equal | Op::Regex);
        Self { name, value, is_regex, is_equal }
    }
}

/// Reads a matcher as the Alertmanager's own parsers do: `a=b`, `a!="b c"`, `a=~b.*`, `"a name"!~"x|y"`.
///
/// # Errors
/// What is wrong with it, in a sentence without a full stop.
pub fn matcher(text: &str) -> Result<Matcher, String> {
    let trimmed = text.trim();
    if trimmed.starts_with('{') || trimmed.ends_with('}') {
        return Err(format!("unexpected open or close brace: {text}"));
    }
    let bad = || format!("bad matcher format: {text}");
    let (name, rest) = name(trimmed).ok_or_else(bad)?;
    let rest = rest.trim_start();
    let ops = [Op::Regex, Op::NotRegex, Op::NotEqual, Op::Equal];
    let (op, raw) = ops
        .into_iter()
        .find_map(|op| rest.strip_prefix(op.as_str()).map(|raw| (op, raw.trim())))
        .ok_or_else(bad)?;
    // Of names that only the newer parser reads, it reads the value too.
    let newer = !is_classic(&name) && raw.starts_with('"');
    let value = if newer { quote::unquote(raw) } else { classic(raw) };
    let value = value.ok_or_else(|| format!("matcher value contains unescaped double quote: {raw}"))?;
    Ok(Matcher { name, op, value })
}

/// Reads a name; returns it and what follows.
fn name(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let mut escaped = false;
        let end = text.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let (quoted, rest) = text.split_at(end?.0 + 1);
        return quote::unquote(quoted).filter(|name| !name.is_empty()).map(|name| (name, rest));
    }
    let (name, rest) = text.split_at(text.find(['=', '!'])?);
    let name = name.trim_end();
    let reserved = |c: char| c.is_whitespace() || "{}!=~,\\\"'`".contains(c);
    (!name.is_empty() && !name.contains(reserved)).then(|| (name.to_owned(), rest))
}

fn is_classic(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Reads a value, quoted or not: `\n`, `\"` and `\\` are escapes, any other backslash stands for itself.
fn classic(raw: &str) -> Option<String> {
    let inner = match raw.strip_prefix('"') {
        None => raw,
        Some(open) => open.strip_suffix('"')?,
    };
    let (mut out, mut chars) = (String::with_capacity(inner.len()), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                // What was taken for the closing quote is an escaped one.
                None if raw.starts_with('"') => return None,
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    Some(out)
}

impl Matcher {
    /// Returns whether it is met by a label that is not there, as the Alertmanager asks of a silence's matchers before
    /// it takes them: those that exclude are not asked. `None` where the expression is not understood here.
    pub fn meets_nothing(&self) -> Option<bool> {
        match self.op {
            Op::Equal => Some(self.value.is_empty()),
            Op::Regex => Regex::new(&self.value).ok().map(|regex| regex.is_match("")),
            Op::NotEqual | Op::NotRegex => Some(false),
        }
    }

    /// Returns whether it only excludes: by itself it hides everything else.
    pub const fn excludes(&self) -> bool {
        matches!(self.op, Op::NotEqual | Op::NotRegex)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matchers_are_read_as_the_alertmanager_reads_them() {
        let of = |name: &str, op, value: &str| Ok(Matcher { name: name.into(), op, value: value.into() });
        for (text, read) in [
            ("a=b", of("a", Op::Equal, "b")),
            (" a != \"b c\" ", of("a", Op::NotEqual, "b c")),
            ("a=~b.*", of("a", Op::Regex, "b.*")),
            ("a!~\"x|y\"", of("a", Op::NotRegex, "x|y")),
            ("a=b c", of("a", Op::Equal, "b c")),
            ("a=", of("a", Op::Equal, "")),
            ("a=b=c", of("a", Op::Equal, "b=c")),
            (r#"a=~"foo\.bar""#, of("a", Op::Regex, r"foo\.bar")),
            (r#"a="x\\y\"z\n""#, of("a", Op::Equal, "x\\y\"z\n")),
            (r#"a="\t""#, of("a", Op::Equal, "\\t")),
            (r#""a name"="\t""#, of("a name", Op::Equal, "\t")),
            ("größe=x", of("größe", Op::Equal, "x")),
        ] {
            assert_eq!(matcher(text), read, "{text}");
        }
        for bad in ["", "word", "=b", "{a=b}", "a=\"b", "a=b\"c", "a b=c", "\"a=b", "\"\"=b", r#"a="b\""#] {
            assert!(matcher(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_an_absent_label_meets_is_asked_as_the_alertmanager_asks() {
        let asked = |text: &str| matcher(text).unwrap().meets_nothing();
        let all = ["a=", "a=b", "a=~.*", "a=~.+", "a=~x|", "a!=b", "a!~b", "a=~("];
        let told =
            [Some(true), Some(false), Some(true), Some(false), Some(true), Some(false), Some(false), None];
        assert_eq!(all.map(asked), told);
    }

    #[test]
    fn its_json_is_the_api_s_own() {
        let matcher = Matcher::regex("pod", "a-.*");
        let json = serde_json::json!({"name": "pod", "value": "a-.*", "isRegex": true, "isEqual": true});
        assert_eq!(serde_json::to_value(&matcher).unwrap(), json);
        let old = serde_json::json!({"name": "a", "value": "b", "isRegex": false});
        assert_eq!(serde_json::from_value::<Matcher>(old).unwrap(), Matcher::equal("a", "b"));
    }

    proptest! {
        #[test]
        fn what_is_spelt_is_read_back(name in "[a-zA-Zé .=\"\\\\]{1,8}", value in "\\PC{0,20}|[\\\\\"\n\t=!~]{0,8}") {
            for op in [Op::Equal, Op::NotEqual, Op::Regex, Op::NotRegex] {
                let one = Matcher { name: name.clone(), op, value: value.clone() };
                prop_assert_eq!(matcher(&one.alertmanager()), Ok(one));
            }
        }
    }
}
