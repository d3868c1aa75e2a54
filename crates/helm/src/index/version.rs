//! Versions of charts, as SemVer 2 orders them.

use std::cmp::Ordering;
use std::fmt;

/// The longest text that is read as a version, in bytes; Helm's limit.
const MAX_LEN: usize = 256;

/// A version: `1.2.3`, `0.0.1234`, `1.0.0-rc.1+build`. Helm also takes `v1.2` for one, and so does this.
///
/// The order is SemVer's: numbers by their size, a version before its release below it, what was built last of no account but to
/// keep the order of equal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: [u64; 3],
    /// What stands behind the hyphen; none for a release.
    before: Vec<Part>,
    build: String,
}

/// A part of what stands behind the hyphen. The order of the variants is that of SemVer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Digits only; those that no number here can hold count as the largest.
    Number(u64),
    /// Anything else.
    Word(String),
}

impl Version {
    /// Reads a version; `None` for what Helm would not take for one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let plain = text.strip_prefix('v').unwrap_or(text);
        let (plain, build) = split(plain, '+')?;
        let (plain, before) = split(plain, '-')?;
        let mut numbers = [0; 3];
        let mut parts = plain.split('.');
        for (place, part) in numbers.iter_mut().zip(&mut parts) {
            let digits = !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
            *place = digits.then(|| part.parse().ok()).flatten()?;
        }
        if parts.next().is_some() {
            return None;
        }
        let part = |part: &str| {
            let digits = part.bytes().all(|c| c.is_ascii_digit());
            if digits { Part::Number(part.parse().unwrap_or(u64::MAX)) } else { Part::Word(part.to_owned()) }
        };
        let before = if before.is_empty() { Vec::new() } else { before.split('.').map(part).collect() };
        Some(Self { text: text.to_owned(), numbers, before, build: build.to_owned() })
    }

    /// Returns the version as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it comes before a release, such as `1.0.0-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        !self.before.is_empty()
    }

    /// Compares as SemVer does, where what was built is of no account.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.before.is_empty(), other.before.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.before.cmp(&other.before),
            }
        })
    }
}

/// Splits at the first separator; what stands behind it must be parts of letters, digits and hyphens, joined by points.
fn split(text: &str, at: char) -> Option<(&str, &str)> {
    let Some((head, tail)) = text.split_once(at) else { return Some((text, "")) };
    let ok = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    tail.split('.').all(ok).then_some((head, tail))
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_text = || self.build.cmp(&other.build).then_with(|| self.text.cmp(&other.text));
        self.precedence(other).then_with(by_text)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
