//! The chain: what binds an entry to all those before it, and a file to its name.
//!
//! An entry's line is `{"n":N,"prev":"…", its own fields ,"hash":"…"}`. `hash` is SHA-256 of the line's bytes before
//! `,"hash":"`; `prev` is the `hash` of the entry before, for the first one the hash of the journal's name. Pure: no
//! file is touched here.

use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

/// The longest line that is written or read, in bytes, its end counted.
pub const LONGEST: usize = 1 << 20;

/// What a line has beside the entry's own fields, at most.
const AROUND: usize = 256;

/// The longest entry that fits into a line.
pub(super) const LONGEST_BODY: usize = LONGEST - AROUND;

const SEAL: &[u8] = b",\"hash\":\"";
const END: &[u8] = b"\"}";
const DIGITS: usize = 64;

/// A hash as it is written: 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; DIGITS]);

impl Hash {
    fn of(bytes: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; DIGITS];
        for (pair, byte) in out.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
            for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = HEX.get(usize::from(half)).copied().unwrap_or(b'0');
            }
        }
        Self(out)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a chain stands: which entry is next, and the hash of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    next: u64,
    prev: Hash,
}

impl Chain {
    /// Returns the chain of a journal before its first entry.
    pub fn new(id: &str) -> Self {
        Self { next: 0, prev: Hash::of(format!("deckwatch.journal/1 {id}").as_bytes()) }
    }

    /// Returns how many entries there are.
    pub fn entries(&self) -> u64 {
        self.next
    }

    /// Returns the hash of the last entry, none before the first.
    pub fn head(&self) -> Option<Hash> {
        (self.next > 0).then_some(self.prev)
    }

    fn opening(&self) -> String {
        format!("{{\"n\":{},\"prev\":\"{}\",", self.next, self.prev)
    }

    /// Returns the line of the next entry with its end, and the chain after it. `body` are the entry's own fields, a
    /// JSON object without its braces.
    pub fn line(&self, body: &[u8]) -> (Vec<u8>, Self) {
        let mut line = self.opening().into_bytes();
        line.extend_from_slice(body);
        let hash = Hash::of(&line);
        for part in [SEAL, &hash.0, END, b"\n"] {
            line.extend_from_slice(part);
        }
        (line, Self { next: self.next + 1, prev: hash })
    }

    /// Returns the chain after a line, given without its end.
    ///
    /// # Errors
    /// Why the line is not the next one.
    pub fn take(&self, line: &[u8]) -> Result<Self, String> {
        let whole = "it is no whole entry";
        let sealed = line.len().checked_sub(SEAL.len() + DIGITS + END.len()).ok_or(whole)?;
        let (content, seal) = line.split_at_checked(sealed).ok_or(whole)?;
        let digits = seal.strip_prefix(SEAL).and_then(|s| s.strip_suffix(END)).ok_or(whole)?;
        let hash = Hash::of(content);
        if hash.0 != *digits {
            return Err("it was changed: its hash is another".to_owned());
        }
        if !content.starts_with(self.opening().as_bytes()) {
            return Err(self.stranger(line));
        }
        serde_json::from_slice::<IgnoredAny>(line).map_err(|_| "it is not JSON")?;
        Ok(Self { next: self.next + 1, prev: hash })
    }

    /// Returns why a line that is whole in itself is not the next one.
    fn stranger(&self, line: &[u8]) -> String {
        #[derive(serde::Deserialize)]
        struct Place {
            n: u64,
        }
        match serde_json::from_slice::<Place>(line) {
            Ok(Place { n }) if n != self.next => {
                format!("it is entry {n} where entry {} belongs", self.next)
            }
            Ok(_) if self.next == 0 => "it is the first entry of a journal of another name".to_owned(),
            Ok(_) => "it does not follow the entry before it".to_owned(),
            Err(_) => "it is no entry".to_owned(),
        }
    }

    /// Returns whether bytes without an end of line are what is left of the next entry when its writing was cut off.
    pub fn is_torn(&self, tail: &[u8]) -> bool {
        let opening = self.opening();
        let Some(body) = tail.strip_prefix(opening.as_bytes()) else {
            return opening.as_bytes().starts_with(tail);
        };
        if std::str::from_utf8(body).is_err_and(|e| e.error_len().is_some()) {
            return false;
        }
        match serde_json::from_slice::<IgnoredAny>(tail) {
            // It is whole but for its end.
            Ok(_) => return self.take(tail).is_ok(),
            Err(error) if !error.is_eof() => return false,
            Err(_) => {}
        }
        // A quotation mark within a text is escaped, so this is where the hash begins.
        let seal = tail.windows(SEAL.len()).rposition(|w| w == SEAL);
        let Some((content, seal)) = seal.and_then(|at| tail.split_at_checked(at)) else { return true };
        let rest = seal.strip_prefix(SEAL).unwrap_or_default();
        let whole = [&Hash::of(content).0[..], END].concat();
        whole.starts_with(rest)
    }
}
