//! How long credentials last: read from a token itself, from what a plugin said, from a certificate.
//!
//! Nothing is verified: that is the server's. What can't be read means "not known", never "forever".
//! Tested with hostile tokens.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::core::Ts;

/// The most bytes of a token that are looked at: more than servers take in a header.
const LONGEST: usize = 64 << 10;
/// The alphabet of URLs, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How long credentials last, and what happens then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lasting {
    /// When they end; none where nothing says so.
    pub until: Option<Ts>,
    /// Whether they are then renewed without a person, as far as the kubeconfig tells.
    pub renews: bool,
}

impl Lasting {
    /// Returns what holds for two credentials that are used together: the first end that nobody but a person can
    /// put off counts; only where there is none, that which is put off by itself.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let first = |renews: bool| {
            let ends = [self, other].into_iter().filter(|l| l.renews == renews);
            ends.filter_map(|l| l.until).min()
        };
        match (first(false), first(true)) {
            (Some(until), _) => Self { until: Some(until), renews: false },
            (None, until) => Self { until, renews: self.renews || other.renews },
        }
    }
}

/// Returns when a token ends that is a JWT and says so (`exp`); not verified. Ends that no [`Ts`] can hold
/// are its last instant.
pub fn expiry(token: &str) -> Option<Ts> {
    #[derive(serde::Deserialize)]
    struct Header {
        #[serde(rename = "alg")]
        _alg: String,
    }
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: serde_json::Number,
    }
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.trim().split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    read::<Header>(header)?;
    let exp = read::<Claims>(claims)?.exp;
    match exp.as_i64() {
        Some(seconds) => Some(Ts::from_secs(seconds)),
        // A fraction of a second too early is on the safe side.
        None => exp.as_f64().map(|seconds| Ts::from_secs(seconds.floor() as i64)),
    }
}

/// Reads a part that is an object of JSON. (An array would be read as an object's fields in a row.)
fn read<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = BASE64.decode(part).ok()?;
    let object = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    serde_json::from_slice(&bytes).ok().filter(|_| object)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{URL_SAFE as PADDED, URL_SAFE_NO_PAD};
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::core::Span;

    fn token(claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(claims))
    }

    #[test]
    fn the_end_of_a_jwt_is_read_and_nothing_else() {
        let is = Some(Ts::from_secs(1_790_000_000));
        let service_account =
            r#"{"aud":["k8s"],"exp":1790000000,"iat":1,"kubernetes.io":{"pod":{"name":"p"}}}"#;
        assert_eq!(expiry(&token(service_account)), is);
        assert_eq!(expiry(&format!("{}\n", token(r#"{"exp":1790000000.9}"#))), is);
        let padded =
            format!("{}.{}.", PADDED.encode(r#"{"alg":"none"}"#), PADDED.encode(r#"{"exp":1790000000}"#));
        assert!(padded.contains('='));
        assert_eq!(expiry(&padded), is);
        assert_eq!(expiry(&token(r#"{"exp":-5}"#)), Some(Ts::from_secs(-5)));
        for far in ["99999999999999", "18446744073709551615", "1e300"] {
            assert_eq!(expiry(&token(&format!("{{\"exp\":{far}}}"))), Some(Ts(i64::MAX)), "{far}");
        }
    }

    #[test]
    fn what_is_no_jwt_or_says_no_end_has_none() {
        let deep = format!("{{\"exp\":1,\"a\":{}}}", "[".repeat(20_000));
        for claims in [
            "{}",
            r#"{"exp":"1790000000"}"#,
            r#"{"exp":null}"#,
            r#"{"exp":true}"#,
            r#"{"exp":1,"exp":2}"#,
            r#"{"exp":1e999}"#,
            r#"{"exp":1} {}"#,
            "[1790000000]",
            "",
            &deep,
        ] {
            assert_eq!(expiry(&token(claims)), None, "{claims:.40}");
        }
        let good = token(r#"{"exp":1790000000}"#);
        let bare = URL_SAFE_NO_PAD.encode(r#"{"exp":1}"#);
        for text in [
            "",
            "..",
            "k8s-aws-v1.aHR0cHM6Ly9zdHM",
            "a.b.c",
            &format!("{good}.more"),
            &format!("{bare}.{bare}.c2ln"),
            &good.replace('.', " . "),
            &format!("{good}{}", "A".repeat(LONGEST)),
        ] {
            assert_eq!(expiry(text), None, "{text:.40}");
        }
    }

    #[test]
    fn of_two_credentials_the_end_that_needs_a_person_counts() {
        let (soon, late) = (Ts::from_secs(10), Ts::from_secs(20));
        let of = |until, renews| Lasting { until, renews };
        let plugin = of(Some(soon), true);
        assert_eq!(plugin.and(of(Some(late), false)), of(Some(late), false));
        assert_eq!(of(Some(late), false).and(of(Some(soon), false)), of(Some(soon), false));
        assert_eq!(plugin.and(of(Some(late), true)), plugin);
        assert_eq!(plugin.and(Lasting::default()), plugin);
        assert_eq!(Lasting::default().and(of(Some(late), false)), of(Some(late), false));
        assert_eq!(Lasting::default().and(Lasting::default()), Lasting::default());
    }

    proptest! {
        #[test]
        fn no_token_is_read_wrongly(exp in -9_000_000_000_i64..9_000_000_000, cut in 0..200_usize, junk in ".*") {
            let token = token(&format!("{{\"exp\":{exp}}}"));
            prop_assert_eq!(expiry(&token), Some(Ts(0) + Span::secs(exp)));
            let part = token.get(..cut.min(token.len())).unwrap_or("");
            let dots = part.matches('.').count();
            prop_assert!(dots == 2 || expiry(part).is_none());
            prop_assert_eq!(expiry(&junk), None);
        }
    }
}
