//! Loki's errors: plain text, told apart by the phrases that its documentation lists.

use crate::core::{Error, Kind, Untrusted};
use crate::sources::http::page;
use crate::sources::transport::Answer;

/// Phrases, their class, and what to do about each; the first that is found counts.
const PHRASES: &[(&str, Kind, &str)] = &[
    ("no org id", Kind::Auth, "set tenant: this Loki wants X-Scope-OrgID"),
    (
        "queries require at least one regexp or equality matcher",
        Kind::BadQuery,
        "name a namespace or another label: the selector must not match everything",
    ),
    (
        "stream selector is missing required matchers",
        Kind::BadQuery,
        "add the labels that this Loki requires",
    ),
    ("max entries limit per query exceeded", Kind::BadQuery, "ask for fewer lines at once"),
    ("the query time range exceeds the limit", Kind::TooLarge, "narrow the window"),
    ("the query would read too many bytes", Kind::TooLarge, "narrow the window or the selector"),
    ("maximum number of series", Kind::TooLarge, "narrow the selector or group by fewer labels"),
    ("maximum of series", Kind::TooLarge, "narrow the selector or group by fewer labels"),
    ("query blocked by policy", Kind::Denied, "this Loki refuses the query: ask whoever runs it"),
    ("request timed out", Kind::Timeout, "narrow the window or add labels to the selector"),
    ("context deadline exceeded", Kind::Timeout, "narrow the window or add labels to the selector"),
    ("too many outstanding requests", Kind::Throttled, "wait: this Loki is busy"),
    ("log queries are not supported as an instant query", Kind::BadQuery, "ask for a range"),
    ("context canceled", Kind::Cancelled, "ask again"),
    // Last, because Loki begins other refusals with it too.
    ("parse error", Kind::BadQuery, "correct the query"),
];

/// Returns what an answer that is no success means.
pub fn of(what: &'static str, on: Untrusted, answer: &Answer) -> Error {
    let text = text_of(answer);
    let known = PHRASES.iter().find(|(phrase, _, _)| text.contains(phrase));
    match known {
        Some((_, kind, hint)) => Error::new(*kind, what).on(on).detail(text).hint(*hint),
        None => page::error(what, on, answer),
    }
}

/// Returns the text of an error: plain, or the `message` or `error` of a JSON object that some gateways make of it.
fn text_of(answer: &Answer) -> String {
    #[derive(serde::Deserialize)]
    struct Said {
        #[serde(alias = "error")]
        message: String,
    }
    let said = serde_json::from_slice::<Said>(&answer.body).map(|s| s.message);
    let text = said.unwrap_or_else(|_| String::from_utf8_lossy(&answer.body).into_owned());
    text.trim().chars().take(2_000).collect()
}

/// Returns the server's limit of entries from the error that names it: `… (6000 > 5000)`.
pub fn most_entries(error: &Error) -> Option<usize> {
    let detail = error.detail.as_ref()?.raw();
    let (_, rest) = detail.split_once("max entries limit per query exceeded")?;
    let (_, numbers) = rest.split_once('(')?;
    let (_, most) = numbers.split(')').next()?.split_once('>')?;
    most.trim().parse().ok()
}

/// Returns line and column of a parse error of Loki or Prometheus, both counted from 1.
pub fn position(detail: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text.get(..end)?.parse().ok()
    };
    if let Some((_, rest)) = detail.split_once("parse error at line ") {
        return Some((number(rest)?, number(rest.split_once("col ")?.1)?));
    }
    let (before, _) = detail.split_once(": parse error")?;
    let place = before.rsplit([' ', '"']).next()?;
    let (line, column) = place.split_once(':')?;
    Some((number(line)?, number(column)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::http::fake::answer;

    #[test]
    fn loki_s_words_are_told_apart() {
        for (status, text, kind) in [
            (401, "no org id\n", Kind::Auth),
            (400, "parse error at line 1, col 14: syntax error: unexpected }", Kind::BadQuery),
            (
                400,
                "queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~\".*\" …",
                Kind::BadQuery,
            ),
            (
                400,
                "the query time range exceeds the limit (query length: 800h, limit: 30d1h)",
                Kind::TooLarge,
            ),
            (400, "the query would read too many bytes (query: 1TB, limit: 1GB); consider …", Kind::TooLarge),
            (400, "maximum number of series (500) reached for a single query", Kind::TooLarge),
            (403, "query blocked by policy", Kind::Denied),
            (
                504,
                "request timed out, decrease the duration of the request or add more label matchers",
                Kind::Timeout,
            ),
            (429, "too many outstanding requests", Kind::Throttled),
            (500, "something else", Kind::Server),
            (502, "<html>bad gateway</html>", Kind::Server),
            (400, r#"{"code":400,"message":"parse error at line 1, col 2: x"}"#, Kind::BadQuery),
        ] {
            assert_eq!(of("read", "loki".into(), &answer(status, "text/plain", text)).kind, kind, "{text}");
        }
    }

    #[test]
    fn the_hint_is_about_what_is_wrong_with_the_selector() {
        let text = "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value.";
        let error = of("read", "loki".into(), &answer(400, "text/plain", text));
        assert_eq!(
            error.hint.as_deref(),
            Some("name a namespace or another label: the selector must not match everything")
        );
    }

    #[test]
    fn the_servers_limit_is_read_out_of_its_refusal() {
        let error = |text: &str| Error::new(Kind::BadQuery, "x").detail(text.to_owned());
        let text = "max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)";
        assert_eq!(most_entries(&error(text)), Some(5000));
        assert_eq!(most_entries(&error("max entries limit per query exceeded")), None);
        assert_eq!(most_entries(&error("(1 > 2)")), None);
    }

    #[test]
    fn positions_of_both_languages_are_found() {
        for (text, at) in [
            ("parse error at line 1, col 14: syntax error", Some((1, 14))),
            ("invalid parameter \"query\": 1:5: parse error: unexpected <by>", Some((1, 5))),
            ("2:11: parse error: x", Some((2, 11))),
            ("parse error : queries require at least one", None),
            ("x: parse error", None),
        ] {
            assert_eq!(position(text), at, "{text}");
        }
    }
}
