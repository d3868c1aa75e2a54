//! An answer that is not the protocol's own: a proxy's page, a login page, the API server's `Status`.

use crate::core::{Error, Kind, Untrusted};
use crate::sources::transport::Answer;

const SHOWN: usize = 200;

/// Returns the reason's class that an HTTP status stands for; `Decode` for a success with a body that
/// is not the protocol's.
pub const fn kind_of(status: u16) -> Kind {
    match status {
        401 => Kind::Auth,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        408 | 504 => Kind::Timeout,
        413 => Kind::TooLarge,
        429 => Kind::Throttled,
        400 | 405..=428 => Kind::BadQuery,
        500..=599 => Kind::Server,
        _ => Kind::Decode,
    }
}

/// Returns the error that a foreign answer means: its status and the first 200 characters of its text.
pub fn error(what: &'static str, on: Untrusted, answer: &Answer) -> Error {
    let status = answer.status;
    if let Some(message) = kubernetes_status(&answer.body) {
        let kind = if status == 503 { Kind::Unreachable } else { kind_of(status) };
        return Error::new(kind, what)
            .on(on)
            .detail(format!("HTTP {status} from the API server: {message}"))
            .hint("the service proxy could not pass the request on: use via = \"port-forward\" or a URL");
    }
    let text = first_text(&answer.body);
    let detail =
        if text.is_empty() { format!("HTTP {status}, no text") } else { format!("HTTP {status}: {text}") };
    let error = Error::new(kind_of(status), what).on(on).detail(detail);
    match status {
        401 => error.hint("configure basic, bearer or headers for this source"),
        403 => error.hint("the credentials lack the right"),
        404 => {
            error.hint("is the prefix right? behind a gateway it may be /prometheus or a route of its own")
        }
        502..=504 => {
            error.hint("a proxy in front of the source does not reach it, or the source is starting")
        }
        200..=299 => error.hint("this is a page, not the API: something else answers at this address"),
        _ => error,
    }
}

/// Returns the message of a `Status` object of the API server.
fn kubernetes_status(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Status {
        kind: String,
        #[serde(default)]
        message: String,
    }
    let status: Status = serde_json::from_slice(body).ok()?;
    (status.kind == "Status").then(|| status.message.chars().take(SHOWN * 2).collect())
}

/// Returns the first 200 characters of a text, on one line; of an HTML page, its text without tags.
fn first_text(body: &[u8]) -> String {
    let head = String::from_utf8_lossy(body.get(..body.len().min(16 * 1024)).unwrap_or(body));
    let is_page = head.trim_start().starts_with('<');
    let (mut out, mut in_tag) = (String::new(), false);
    for c in head.chars() {
        match c {
            '<' if is_page => in_tag = true,
            '>' if is_page && in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if in_tag => {}
            c => out.push(c),
        }
    }
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::http::fake::answer;

    fn line(status: u16, body: &str) -> String {
        error("query Prometheus", "http://p".into(), &answer(status, "text/html", body)).line()
    }

    #[test]
    fn a_foreign_answer_is_told_by_its_status_and_first_words() {
        let page = "<html><head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad\u{1b}[2J Gateway</h1></body></html>";
        assert_eq!(
            line(502, page),
            "query Prometheus: server error on http://p: HTTP 502: 502 Bad Gateway 502 Bad^[[2J Gateway"
        );
        assert_eq!(line(200, ""), "query Prometheus: unreadable answer on http://p: HTTP 200, no text");
        assert!(line(200, &"x".repeat(500)).ends_with(&format!(" {}", "x".repeat(200))));
        let status = r#"{"kind":"Status","apiVersion":"v1","message":"error trying to reach service: dial tcp","code":503}"#;
        assert_eq!(
            line(503, status),
            "query Prometheus: unreachable on http://p: HTTP 503 from the API server: error trying to reach service: dial tcp"
        );
        let denied = r#"{"kind":"Status","message":"services \"prom\" is forbidden","code":403}"#;
        assert!(line(403, denied).starts_with("query Prometheus: denied"));
    }
}
