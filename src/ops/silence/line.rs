//! Silences as they are typed on one line: `2h alertname="X" namespace="shop" rolling back release 7`.

use super::{Draft, request};
use crate::core::{Labels, Span, Untrusted};
use crate::query::alertmanager;
use crate::query::matcher::Matcher;

/// Labels that tell who measured or which copy it was, not what the alert is about.
const NOT_IDENTITY: [&str; 8] = [
    "prometheus",
    "prometheus_replica",
    "receive",
    "replica",
    "endpoint",
    "uid",
    "container_id",
    "__replica__",
];

/// Returns the matchers that name an alert by what it is about: its name and namespace first, then its other labels,
/// without those of whoever measured it.
pub fn identity(labels: &Labels) -> Vec<Matcher> {
    let of_pod = labels.get("pod").is_some_and(|pod| !pod.is_empty());
    let rank = |name: &str| match name {
        "alertname" => 0,
        "namespace" => 1,
        _ => 2,
    };
    let mut named: Vec<(&str, &str)> = labels
        .iter()
        .filter(|(name, value)| {
            let copy = NOT_IDENTITY.contains(name) || (of_pod && *name == "instance");
            !value.is_empty() && !copy
        })
        .collect();
    named.sort_by_key(|(name, _)| (rank(name), *name));
    named.into_iter().map(|(name, value)| Matcher::equal(name, value)).collect()
}

/// Reads a silence from a line: how long, matchers, and why. Without a matcher it is about `usual`.
///
/// What looks like a matcher and is none, or stands after the comment's first word, is a mistake: taken for a word, it
/// would make the silence wider than it was meant. Behind `--` a comment has any words.
///
/// # Errors
/// What is wrong with it, a sentence without a full stop.
pub fn read(line: &str, usual: &[Matcher]) -> Result<Draft, String> {
    let (first, rest) = word(line);
    let length = length(first)?;
    let (mut matchers, comment) = which_and_why(rest)?;
    if matchers.is_empty() {
        matchers = usual.to_vec();
    }
    let draft = Draft { matchers, length, comment: Untrusted::from(comment), author: None };
    request::check(&draft)?;
    Ok(draft)
}

/// Reads the matchers off a line; returns them and the comment.
fn which_and_why(line: &str) -> Result<(Vec<Matcher>, &str), String> {
    let (mut matchers, mut rest) = (Vec::new(), line);
    loop {
        let (next, after) = word(rest);
        if next == "--" {
            return Ok((matchers, after.trim()));
        }
        if !is_like_a_matcher(next) {
            return why(rest).map(|comment| (matchers, comment));
        }
        let matcher = alertmanager::matcher(next).map_err(|why| mistake(next, &why))?;
        if matcher.value.is_empty() && !next.ends_with('"') {
            return Err(mistake(next, "no value follows it at once: `\"\"` is the empty one"));
        }
        matchers.push(matcher);
        rest = after;
    }
}

/// Returns the comment that a line is, where no word of it before `--` is like a matcher.
fn why(line: &str) -> Result<&str, String> {
    let mut left = line;
    loop {
        let (next, after) = word(left);
        if next.is_empty() || next == "--" {
            return Ok(line.trim());
        }
        if is_like_a_matcher(next) {
            return Err(mistake(
                next,
                "it stands among the words of the comment, and matchers come before it",
            ));
        }
        left = after;
    }
}

/// Says what is wrong with a word, and what to do where it is one of the comment's.
fn mistake(word: &str, why: &str) -> String {
    format!("`{word}`: {why}; a comment with such words is put behind ` -- `")
}

/// Reads how long a silence is to last.
///
/// # Errors
/// That it is no length.
pub fn length(text: &str) -> Result<Span, String> {
    let parsed = Span::parse(text).filter(|span| span.0 > 0);
    let parsed = parsed.ok_or_else(|| "it begins with how long, as in `2h`".to_owned())?;
    request::length(parsed).map(|()| parsed)
}

/// Takes the first word off a line; blanks between quotes are part of it.
fn word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    let (mut quoted, mut escaped) = (false, false);
    let end = line.char_indices().find(|(_, c)| {
        let ends = c.is_whitespace() && !quoted;
        quoted ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or((line, ""), |(at, _)| line.split_at(at))
}

/// Returns whether a word is, or was meant as, a matcher or a part of one: it has `=`, `!=`, `=~` or `!~` in it, or
/// begins with `{`. An address with one behind its `://` is a word of the comment.
fn is_like_a_matcher(word: &str) -> bool {
    if word.starts_with('{') {
        return true;
    }
    let Some(at) = operator(word) else { return false };
    let address = word.get(..at).is_some_and(|before| before.contains("://"));
    // A name in quotes may hold an address too.
    !address || (word.starts_with('"') && operator(&unquoted(word)).is_some())
}

/// Returns where the first operator of a word is.
fn operator(word: &str) -> Option<usize> {
    ["=", "!=", "!~"].into_iter().filter_map(|operator| word.find(operator)).min()
}

/// Returns what of a word stands outside of quotes; all of it where one is not closed.
fn unquoted(word: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut out = String::new();
    for c in word.chars() {
        if c == '"' && !escaped {
            quoted = !quoted;
        } else if !quoted {
            out.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    if quoted { word.to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::ops::silence::spelled;

    fn usual() -> Vec<Matcher> {
        vec![Matcher::equal("alertname", "X")]
    }

    fn said(line: &str) -> String {
        match read(line, &usual()) {
            Ok(d) => format!("{} | {} | {}", d.length, spelled(&d.matchers), d.comment.raw()),
            Err(why) => why,
        }
    }

    #[test]
    fn an_alert_is_named_by_what_it_is_about() {
        let labels: Labels = [
            ("severity", "critical"),
            ("pod", "a"),
            ("instance", "10.0.0.1:80"),
            ("namespace", "shop"),
            ("alertname", "X"),
            ("prometheus_replica", "0"),
            ("empty", ""),
        ]
        .into_iter()
        .collect();
        let all = r#"alertname="X" namespace="shop" pod="a" severity="critical""#;
        assert_eq!(spelled(&identity(&labels)), all);
        let node: Labels = [("alertname", "X"), ("instance", "a")].into_iter().collect();
        assert_eq!(spelled(&identity(&node)), r#"alertname="X" instance="a""#);
    }

    #[test]
    fn a_line_is_how_long_which_and_why() {
        for (line, read) in [
            ("2h rolling back", r#"2h | alertname="X" | rolling back"#),
            ("  90m   why  so ", r#"1h30m | alertname="X" | why  so"#),
            (r#"1h a="b c" d!=e f=~"x|y" why"#, r#"1h | a="b c" d!="e" f=~"x|y" | why"#),
            (r#"1h "a name"="b" why"#, r#"1h | "a name"="b" | why"#),
            ("1h see https://wiki/?page=7", r#"1h | alertname="X" | see https://wiki/?page=7"#),
            ("1h a=b -- because c=d", r#"1h | a="b" | because c=d"#),
            ("2h rolling back -- a=b is broken", r#"2h | alertname="X" | rolling back -- a=b is broken"#),
            ("1h a.io/name=shop why", r#"1h | "a.io/name"="shop" | why"#),
            (r#"1h "http://a"="b" why"#, r#"1h | "http://a"="b" | why"#),
            ("1h url=https://a why", r#"1h | url="https://a" | why"#),
            ("1h a=b \"all quoted\"", r#"1h | a="b" | "all quoted""#),
            ("1h -- \"quoted\"", r#"1h | alertname="X" | "quoted""#),
        ] {
            assert_eq!(said(line), read, "{line}");
        }
    }

    #[test]
    fn a_mistake_never_makes_it_wider() {
        for (line, why) in [
            ("", "it begins with how long"),
            ("rolling back", "it begins with how long"),
            ("0s why", "it begins with how long"),
            ("2h", "a comment is required"),
            ("2h a=b", "a comment is required"),
            ("2h a=\"b why", "unescaped double quote"),
            ("2h a=~\"b\"c why", "unescaped double quote"),
            ("2h why a=b", "`a=b`: it stands among the words"),
            ("2h a=b why c!=\"d e\"", "stands among the words"),
            ("2h a=\"\" why", "must not match the empty string"),
            ("2h a= why", "`a=`: no value follows it at once"),
            ("2h alertname=X namespace= \"shop\" why", "`namespace=`: no value follows it at once"),
            (r#"2h alertname="X" namespace = "shop" rolling back"#, "`=`: it stands among the words"),
            (r#"2h alertname="X" namespace ="shop" why"#, "`=\"shop\"`: it stands among the words"),
            (
                r#"2h alertname="X" {namespace="shop"} why"#,
                "`{namespace=\"shop\"}`: unexpected open or close",
            ),
            (r#"2h ="shop" why"#, "bad matcher format"),
            (r#"2h why !~ "shop""#, "`!~`: it stands among the words"),
            (r#"2h alertname=X "team name"=b"c why"#, "unescaped double quote"),
            (r#"2h alertname=X why "team name"="b""#, "stands among the words"),
            (r#"2h alertname=X why "namespace=shop""#, "stands among the words"),
            ("2h alertname=X 'namespace'=shop why", "bad matcher format"),
            (
                "2h why app.kubernetes.io/name=shop",
                "`app.kubernetes.io/name=shop`: it stands among the words",
            ),
            ("2h why a=b -- c", "a comment with such words is put behind ` -- `"),
        ] {
            assert!(said(line).contains(why), "{line}: {}", said(line));
        }
    }
}
