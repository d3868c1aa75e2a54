//! Leaves secrets out of what servers and programs say, which may repeat what they were sent: out of errors when they
//! are made, and out of all that goes to the log.
//!
//! A net below the rule that no secret is put into a message in the first place. Pure; tested with the
//! forms in which secrets are usually repeated.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Each form, and what takes its place.
static FORMS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let forms = [
        // Schemes of `Authorization`, wherever they stand.
        (r"(?i)\b(bearer|basic|negotiate)(\s+)[A-Za-z0-9._~+/=:-]{4,}", "$1$2[left out]"),
        // `token: x`, `"password":"x"`, `api_key=x`.
        (
            r#"(?i)((?:token|passw(?:or)?d|passphrase|secret|api[-_]?key|access[-_]?key|authorization|cookie)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)"#,
            "$1[left out]",
        ),
        // Tokens of JSON, signed or not.
        (r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,2}", "[left out]"),
        // User and password of a URL.
        (r"(://)[^/\s@]+@", "$1[left out]@"),
        // Keys in PEM.
        (r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\z)", "$1[left out]$2"),
    ];
    let made = |(pattern, instead): (&str, &'static str)| Some((Regex::new(pattern).ok()?, instead));
    forms.into_iter().filter_map(made).collect()
});

/// Words that follow the name of a scheme where no secret does: `bearer token`, `Basic auth`.
const WORDS: [&str; 8] =
    ["token", "tokens", "auth", "authentication", "authorization", "credentials", "header", "scheme"];

/// Returns a text without what looks like a secret.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for (number, (form, instead)) in FORMS.iter().enumerate() {
        let changed = form.replace_all(&text, |found: &Captures<'_>| {
            let whole = found.get(0).map_or("", |m| m.as_str());
            let last = whole.rsplit(char::is_whitespace).next().unwrap_or("").trim_end_matches(['.', ':']);
            if number == 0 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(last)) {
                return whole.to_owned();
            }
            let mut out = String::new();
            found.expand(instead, &mut out);
            out
        });
        if let std::borrow::Cow::Owned(changed) = changed {
            text = changed;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_left_out_and_the_rest_stays() {
        for (text, left) in [
            (
                "got Authorization: Bearer abc.def-123 from you",
                "got Authorization: [left out] [left out] from you",
            ),
            ("bearer abcd1234", "bearer [left out]"),
            ("Basic dXNlcjpwdw== refused", "Basic [left out] refused"),
            (r#"{"password":"a b","user":"x"}"#, r#"{"password":[left out],"user":"x"}"#),
            ("?api_key=k1&step=5", "?api_key=[left out]&step=5"),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln ended", "token [left out] ended"),
            ("https://me:pw@host/x", "https://[left out]@host/x"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA",
                "-----BEGIN RSA PRIVATE KEY-----[left out]-----END RSA",
            ),
            ("connection refused", "connection refused"),
            ("the token has expired", "the token has expired"),
            ("no bearer token was sent", "no bearer token was sent"),
            ("Basic auth: refused", "Basic auth: refused"),
            ("Basic Authorization", "Basic Authorization"),
        ] {
            assert_eq!(redact(text), left, "{text}");
        }
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert_eq!(FORMS.len(), 5);
    }
}
