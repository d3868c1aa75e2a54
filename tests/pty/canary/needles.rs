//! Finding a secret in bytes: as it is, in the encodings in which it may come, and in parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// How many characters of a secret are enough to tell it.
const ENOUGH: usize = 10;

/// A secret that must be nowhere.
#[derive(Clone, Debug)]
pub struct Canary {
    /// Where it was planted.
    pub place: &'static str,
    /// What it is.
    pub text: String,
    needles: Vec<String>,
}

impl Canary {
    /// Returns a secret with everything that it is looked for by.
    pub fn new(place: &'static str, text: &str) -> Self {
        let mut needles = Vec::new();
        // Broken over lines, or percent-encoded, a run of letters is still there.
        for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            needles.extend(run.get(..ENOUGH).map(str::to_owned));
        }
        assert!(!needles.is_empty(), "{place}");
        for bytes in [text.as_bytes().to_vec(), STANDARD_NO_PAD.encode(text).into_bytes()] {
            for before in 0..3 {
                let all = STANDARD_NO_PAD.encode([&vec![b' '; before][..], &bytes].concat());
                // Characters that what stands before or behind has a part in are not the secret's own.
                let own = all.get([0, 2, 3][before]..(before + bytes.len()) * 8 / 6).unwrap_or("");
                needles.extend(own.get(..ENOUGH + 2).map(str::to_owned));
            }
        }
        let safe: Vec<String> = needles.iter().map(|n| n.replace('+', "-").replace('/', "_")).collect();
        needles.extend(safe);
        needles.sort();
        needles.dedup();
        Self { place, text: text.to_owned(), needles }
    }

    /// Returns it as it stands in a URL.
    pub fn in_url(&self) -> String {
        url::form_urlencoded::byte_serialize(self.text.as_bytes()).collect()
    }

    /// Returns it as it stands in a Secret.
    pub fn in_secret(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(&self.text)
    }

    /// Returns whether it, or a good part of it, is in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.needles.iter().any(|n| text.contains(n.as_str()))
    }
}

#[test]
fn a_secret_is_found_in_every_form_and_nothing_else_is() {
    let canary = Canary::new("here", "Zq8vKm3XwTf1/Rb6Yn2LsHd9");
    let base64 = |text: &str| STANDARD_NO_PAD.encode(text);
    for found in [
        "x Zq8vKm3XwTf1/Rb6Yn2LsHd9 y".to_owned(),
        canary.in_url(),
        canary.in_secret(),
        base64(&format!("{{\"a\":\"{}\"}}", canary.text)),
        base64(&format!("1{}", canary.text)),
        base64(&format!("12{}3", canary.text)),
        base64(&base64(&canary.text)),
        "Zq8vKm3XwTf1/\n  Rb6Y".to_owned(),
    ] {
        assert!(canary.is_in(&found), "{found}");
    }
    assert!(!canary.is_in("REDACTED # (24 bytes) Zq8vKm3 Rb6Yn2"));
}
