//! The bytes that deckwatch may write to a terminal, and nothing else.
//!
//! [`Checker`] is fed everything that came out of the pty. It knows the sequences of our own modes and of
//! the frames' backend; whatever else drives a terminal is a fault, with the bytes that did it. It also
//! keeps the modes, so that those left on at the end are named.

use std::collections::BTreeSet;

use crate::corpus::deceives;

/// Reads bytes as a terminal does and judges them.
#[derive(Debug)]
pub struct Checker {
    pending: Vec<u8>,
    faults: Vec<String>,
    private: BTreeSet<u16>,
    keyboard: usize,
    copies: usize,
    frames: usize,
}

impl Default for Checker {
    fn default() -> Self {
        // The cursor is visible in a terminal that nobody has touched.
        let private = BTreeSet::from([25]);
        Self { pending: Vec::new(), faults: Vec::new(), private, keyboard: 0, copies: 0, frames: 0 }
    }
}

/// What the front of the pending bytes is.
enum Piece {
    /// So many bytes are fine.
    Fine(usize),
    /// So many bytes are not ours.
    Fault(usize),
    /// More bytes are needed.
    More,
}

impl Checker {
    /// Takes bytes in any cut.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        loop {
            let piece = self.front();
            let used = match piece {
                Piece::More => return,
                Piece::Fine(n) => n,
                Piece::Fault(n) => {
                    let n = n.min(self.pending.len());
                    self.faults.push(self.pending[..n].escape_ascii().to_string());
                    n
                }
            };
            self.pending.drain(..used);
        }
    }

    /// Returns what was not ours, escaped.
    pub fn faults(&self) -> Vec<String> {
        self.faults.clone()
    }

    /// Returns the sequence that is not at its end, escaped; empty when all are.
    pub fn open(&self) -> String {
        self.pending.escape_ascii().to_string()
    }

    /// Returns the modes that are not as a fresh terminal has them.
    pub fn leaks(&self) -> Vec<String> {
        let mut out: Vec<String> =
            self.private.iter().filter(|m| **m != 25).map(|m| format!("?{m}")).collect();
        if !self.private.contains(&25) {
            out.push("cursor hidden".to_owned());
        }
        if self.keyboard != 0 {
            out.push(format!("keyboard {}", self.keyboard));
        }
        out
    }

    /// Returns whether a private mode is on.
    pub fn is_on(&self, mode: u16) -> bool {
        self.private.contains(&mode)
    }

    /// Returns how many copies to the clipboard were written.
    pub fn copies(&self) -> usize {
        self.copies
    }

    /// Returns how many synchronised updates were ended.
    pub fn frames(&self) -> usize {
        self.frames
    }

    fn front(&mut self) -> Piece {
        let bytes = std::mem::take(&mut self.pending);
        let piece = self.judge(&bytes);
        self.pending = bytes;
        piece
    }

    fn judge(&mut self, bytes: &[u8]) -> Piece {
        match bytes {
            [] | [0x1b] => Piece::More,
            // CAN ends a sequence that a stalled terminal had cut.
            [0x20..=0x7e | 0x18, ..] => Piece::Fine(1),
            [0x1b, b'[', rest @ ..] => self.csi(rest),
            [0x1b, b']', rest @ ..] => self.copy(rest, 2),
            [0x1b, b'P', rest @ ..] => match rest.strip_prefix(b"tmux;\x1b\x1b]") {
                Some(inner) => self.copy(inner, 10),
                None if rest.len() < 8 && b"tmux;\x1b\x1b]".starts_with(rest) => Piece::More,
                None => Piece::Fault(2),
            },
            [0x1b, ..] => Piece::Fault(2),
            [0xc2..=0xf4, ..] => utf8(bytes),
            _ => Piece::Fault(1),
        }
    }

    fn csi(&mut self, rest: &[u8]) -> Piece {
        let Some(end) = rest.iter().position(|b| !(0x20..=0x3f).contains(b)) else {
            return if rest.len() > 64 { Piece::Fault(rest.len() + 2) } else { Piece::More };
        };
        let (params, last) = (&rest[..end], rest[end]);
        let fine = match (params, last) {
            ([b'?', modes @ ..], b'h' | b'l') => self.private_modes(modes, last == b'h'),
            (b">3", b'u') => {
                self.keyboard += 1;
                true
            }
            (b"<", b'u') => {
                self.keyboard = self.keyboard.saturating_sub(1);
                true
            }
            (b"2", b'J') | (b"", b'H') => true,
            (_, b'H') => numbers(params, 2).is_some(),
            (_, b'm') => params.iter().all(|b| matches!(b, b'0'..=b'9' | b';' | b':')),
            _ => false,
        };
        if fine { Piece::Fine(end + 3) } else { Piece::Fault(end + 3) }
    }

    fn private_modes(&mut self, modes: &[u8], on: bool) -> bool {
        let Some(modes) = numbers(modes, 8) else { return false };
        for mode in modes {
            match mode {
                25 | 1000 | 1002 | 1004 | 1006 | 1049 | 2004 | 2026 => {}
                _ => return false,
            }
            if on {
                self.private.insert(mode);
            } else {
                self.private.remove(&mode);
                self.frames += usize::from(mode == 2026);
            }
        }
        true
    }

    /// Judges `52;c;base64 BEL`, of which `skipped` bytes stand before `rest`; tmux' form ends with ST.
    fn copy(&mut self, rest: &[u8], skipped: usize) -> Piece {
        let Some(end) = rest.iter().position(|b| *b < 0x20 || *b > 0x7e) else {
            return if rest.len() > 100_000 { Piece::Fault(rest.len() + skipped) } else { Piece::More };
        };
        let body = rest[..end].strip_prefix(b"52;c;");
        let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let fine = rest[end] == 0x07 && body.is_some_and(|b| b.iter().all(base64));
        let tail: &[u8] = if skipped == 2 { b"" } else { b"\x1b\\" };
        let after = &rest[end + 1..];
        if fine && after.len() < tail.len() && tail.starts_with(after) {
            return Piece::More;
        }
        if !fine || !after.starts_with(tail) {
            return Piece::Fault(skipped + end + 1);
        }
        self.copies += 1;
        Piece::Fine(skipped + end + 1 + tail.len())
    }
}

fn numbers(params: &[u8], most: usize) -> Option<Vec<u16>> {
    let text = std::str::from_utf8(params).ok()?;
    let out: Vec<u16> = text.split(';').map(str::parse).collect::<Result<_, _>>().ok()?;
    (out.len() <= most).then_some(out)
}

fn utf8(bytes: &[u8]) -> Piece {
    let need = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    if bytes.len() < need {
        return Piece::More;
    }
    match std::str::from_utf8(&bytes[..need]).ok().and_then(|t| t.chars().next()) {
        Some(c) if !deceives(c) => Piece::Fine(need),
        _ => Piece::Fault(need),
    }
}

#[test]
fn our_own_bytes_are_fine_in_every_cut() {
    let bytes = "\u{1b}[?1049h\u{1b}[2J\u{1b}[H\u{1b}[?25l\u{1b}[>3u\u{1b}[?2026h\u{1b}[3;7H\u{1b}[38;5;12;49mnaïve 漢 ⣿\u{1b}[39m\u{1b}[0m\u{1b}[?2026l\u{1b}]52;c;YQ==\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YQ==\u{7}\u{1b}\\\u{1b}[<u\u{1b}[?25h\u{1b}[m\u{1b}[?1049l";
    for cut in 0..bytes.len() {
        let mut checker = Checker::default();
        checker.feed(&bytes.as_bytes()[..cut]);
        checker.feed(&bytes.as_bytes()[cut..]);
        assert_eq!((checker.faults(), checker.leaks(), checker.copies()), (vec![], vec![], 2), "{cut}");
    }
}

#[test]
fn every_other_sequence_is_a_fault() {
    for bytes in [
        &b"\x1b]0;title\x07"[..],
        b"\x1b]8;;http://x\x1b\\",
        b"\x1b]52;c;?\x07",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[?1h",
        b"\x1b[3J",
        b"\x1bc",
        b"\x1bP$qm\x1b\\",
        b"\x1b_Gx\x1b\\",
        b"a\rb",
        b"a\nb",
        b"\x07",
        b"\x9b31m",
        b"\xc2\x9b31m",
        "\u{202e}".as_bytes(),
        b"\x1b[12",
    ] {
        let mut checker = Checker::default();
        checker.feed(bytes);
        assert!(!checker.faults().is_empty() || !checker.open().is_empty(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn modes_left_on_are_named() {
    let mut checker = Checker::default();
    checker.feed(b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[>3u");
    assert_eq!(checker.leaks(), ["?1049", "?2004", "cursor hidden", "keyboard 1"]);
}
