//! Text from outside and the one way that it reaches a screen, a terminal, a file or a clipboard.
//!
//! [`Untrusted`] holds what a server, a file or a chart said; it cannot be printed. [`Safe`] is what
//! [`Untrusted::safe`] makes of it: no control character, no escape sequence, no invisible or
//! direction-changing character survives, each is replaced by something visible, so nothing is lost
//! in silence. [`Name`] is an identifier that Kubernetes validates.

use std::fmt;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar as _;

/// Text from outside. Has no `Display`; its `Debug` is escaped.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(Arc<str>);

/// Text that is harmless on a terminal and on one line.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Safe(Arc<str>);

/// An identifier that Kubernetes has validated: ASCII letters, digits and `- . _ :`, at most 253 bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Untrusted {
    /// Returns the text as it came, for queries and requests through quoting builders, never for printing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text made harmless, on one line (line ends become `⏎`).
    pub fn safe(&self) -> Safe {
        Safe(sanitize(&self.0).into())
    }

    /// Returns at most `max` characters made harmless, with `… (+N more)` counting what was cut.
    pub fn clipped(&self, max: usize) -> Safe {
        match self.0.char_indices().nth(max) {
            None => self.safe(),
            Some((at, _)) => {
                let head = self.0.get(..at).unwrap_or("");
                let rest = self.0.len() - at;
                Safe(format!("{}… (+{rest} bytes)", sanitize(head)).into())
            }
        }
    }

    /// Returns the lines of the text, each made harmless.
    pub fn lines(&self) -> impl Iterator<Item = Safe> + '_ {
        self.0.lines().map(|line| Safe(sanitize(line).into()))
    }

    /// Returns text for bytes that may not be UTF-8; bad bytes become U+FFFD.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into())
    }
}

impl<T: Into<Arc<str>>> From<T> for Untrusted {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl From<&Name> for Untrusted {
    fn from(name: &Name) -> Self {
        Self(Arc::clone(&name.0))
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", sanitize(&self.0))
    }
}

impl serde::Serialize for Untrusted {
    /// Serialises the raw text: JSON escapes control characters, and a program reads it, not a terminal.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Untrusted {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Safe {
    /// Returns deckwatch's own words as they are.
    pub fn own(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Returns a text made of own words and numbers, sanitised all the same.
    pub fn of(text: &str) -> Self {
        Self(sanitize(text).into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Safe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What a file calls safe is sanitised all the same.
impl<'de> serde::Deserialize<'de> for Safe {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::of(&text))
    }
}

impl fmt::Debug for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Name {
    /// Returns the name, or `None` when it is not one that Kubernetes could have let through.
    pub fn new(text: &str) -> Option<Self> {
        let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
        (!text.is_empty() && text.len() <= 253 && text.bytes().all(ok)).then(|| Self(text.into()))
    }

    /// Returns the name of a namespace, or `None` when no namespace can be called so (a label of RFC 1123).
    pub fn namespace(text: &str) -> Option<Self> {
        let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edges = !text.starts_with('-') && !text.ends_with('-');
        Self::new(text).filter(|_| text.len() <= 63 && edges && text.bytes().all(ok))
    }

    /// Returns the name, with every other byte replaced by `?`: for text of a server that should have validated it.
    pub fn lossy(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|| {
            let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
            let cleaned: String = text.chars().take(253).map(|c| if ok(c) { c } else { '?' }).collect();
            Self(cleaned.into())
        })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is empty, as in "no namespace".
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A name of a file is one only if Kubernetes could have let it through.
impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // No name at all stands for none, as the namespace of a node.
        if text.is_empty() {
            return Ok(Self::default());
        }
        Self::new(&text).ok_or_else(|| serde::de::Error::custom("not a name of Kubernetes"))
    }
}

/// Returns `text` on one line with everything that could drive a terminal or deceive an eye made visible.
///
/// C0 controls become caret notation (`^[` for ESC), tabs two spaces, line ends `⏎`, C1 controls, bidi
/// controls, zero-width and other format characters, line separators and unassigned-looking private
/// characters their `\u{…}` form. The result is a fixed point: sanitising it again changes nothing.
pub fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joined = 0_u8;
    for c in text.chars() {
        if is_combining(c) {
            // A few marks are language; a tower of them is an attack on the rows above and below.
            joined = joined.saturating_add(1);
            if joined > 3 {
                push_code(&mut out, c);
                continue;
            }
        } else {
            joined = 0;
        }
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push_str("  "),
            '\u{0}'..='\u{1f}' => {
                out.push('^');
                out.push(char::from(c as u8 + 0x40));
            }
            '\u{7f}' => out.push_str("^?"),
            _ if is_invisible(c) => push_code(&mut out, c),
            _ => out.push(c),
        }
    }
    out
}

fn push_code(out: &mut String, c: char) {
    use fmt::Write as _;
    write!(out, "\\u{{{:x}}}", c as u32).ok();
}

/// Marks of every script: what is drawn over the character before it and takes no cell.
fn is_combining(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && c.width() == Some(0)
}

/// Characters that take no cell or change the order of others, and those whose width terminals disagree on.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Returns `line` without SGR (colour) sequences, which log lines carry by the thousand; all other
/// escapes stay and are made visible by [`sanitize`].
pub fn strip_sgr(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return line.into();
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let body = tail.get(1..).unwrap_or("");
        let sgr = body.strip_prefix('[').and_then(|b| {
            let end = b.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
            (end <= 64 && b.get(end..)?.starts_with('m')).then(|| b.get(end + 1..)).flatten()
        });
        if let Some(after) = sgr {
            rest = after;
        } else {
            out.push('\u{1b}');
            rest = body;
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_of_every_kind_become_visible() {
        for (given, shown) in [
            ("\u{1b}[2Jx", "^[[2Jx"),
            ("\u{1b}]0;title\u{7}", "^[]0;title^G"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\rb", "a^Mb"),
            ("a\nb", "a⏎b"),
            ("a\tb", "a  b"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("pro\u{200b}d", "pro\\u{200b}d"),
            ("naïve Ж 漢", "naïve Ж 漢"),
            ("\u{7f}\u{0}", "^?^@"),
        ] {
            assert_eq!(Untrusted::from(given).safe().as_str(), shown);
        }
    }

    #[test]
    fn towers_of_marks_are_taken_down() {
        for mark in ["\u{301}", "\u{e31}", "\u{1ab0}", "\u{64b}", "\u{93c}"] {
            let tower = sanitize(&format!("a{}", mark.repeat(50)));
            assert_eq!(tower.matches(mark).count(), 3, "{mark:?}");
        }
    }

    #[test]
    fn cuts_are_counted() {
        let text = Untrusted::from("abcdef");
        assert_eq!(text.clipped(4).as_str(), "abcd… (+2 bytes)");
        assert_eq!(text.clipped(6).as_str(), "abcdef");
    }

    #[test]
    fn colours_are_taken_from_log_lines_and_nothing_else() {
        assert_eq!(strip_sgr("\u{1b}[1;31mred\u{1b}[0m x"), "red x");
        assert_eq!(strip_sgr("\u{1b}[2Jkeep"), "\u{1b}[2Jkeep");
        assert_eq!(strip_sgr("plain"), "plain");
    }

    #[test]
    fn names_are_what_kubernetes_lets_through() {
        assert_eq!(Name::new("backend-7c5d.x").unwrap().as_str(), "backend-7c5d.x");
        assert!(Name::new("system:node").is_some());
        for bad in ["", "a b", "рrod", "a/b", "a\u{1b}"] {
            assert!(Name::new(bad).is_none(), "{bad:?}");
        }
        assert_eq!(Name::lossy("рrod").as_str(), "?rod");
    }

    #[test]
    fn text_and_names_of_a_file_are_held_to_what_they_claim_to_be() {
        let read = |json: &str| serde_json::from_str::<Safe>(json);
        assert_eq!(read(r#""a\u001b[2J|""#).unwrap().as_str(), "a^[[2J|");
        assert_eq!(serde_json::from_str::<Name>(r#""momo""#).unwrap().as_str(), "momo");
        // As of a node, which is in no namespace.
        assert!(serde_json::from_str::<Name>(r#""""#).unwrap().is_empty());
        for bad in [r#""a b""#, r#""a\u001b""#, "1"] {
            assert!(serde_json::from_str::<Name>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn sanitised_text_is_harmless_and_a_fixed_point(text in any::<String>()) {
            let once = sanitize(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(sanitize(&once), once.clone());
        }

        #[test]
        fn stripping_colours_never_loses_printable_text(text in "[a-z]{0,8}(\u{1b}\\[[0-9;]{0,4}m)?[a-z]{0,8}") {
            let plain: String = text.split('\u{1b}').enumerate().map(|(i, p)| if i == 0 { p } else { p.split_once('m').map_or("", |x| x.1) }).collect();
            prop_assert_eq!(strip_sgr(&text), plain);
        }
    }
}
