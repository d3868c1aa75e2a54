//! Bytes from the terminal into events, by the grammar of ECMA-48 rather than by guessing.
//!
//! Pure: no descriptor, clock or thread; the reader says when nothing came for a while. Whatever is not
//! understood is dropped whole, replies of the terminal among it. Memory is bounded: a sequence of more
//! than [`SEQUENCE_LIMIT`] bytes is dropped, a paste is cut at [`PASTE_LIMIT`] and the rest counted.
//! Tested with tables and with random bytes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Input;
use super::sequence;
use crate::core::Untrusted;

/// The longest sequence that is looked at.
pub const SEQUENCE_LIMIT: usize = 256;
/// The longest paste that is kept, in bytes.
pub const PASTE_LIMIT: usize = 1 << 20;

const PASTE_END: &[u8] = b"\x1b[201~";

/// The state between two bytes.
#[derive(Debug, Default)]
enum State {
    /// Between events.
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// In `ESC O`, one more byte to come.
    Ss3,
    /// In `ESC [`, up to the final byte.
    Csi(Vec<u8>),
    /// In a string that runs to ST or BEL; `opener` is the key that alt might have been held with.
    Text { opener: u8, empty: bool, escape: bool },
    /// Bytes to drop: the coordinates of an old mouse report.
    Skip(u8),
    /// In a UTF-8 character.
    Utf8 { bytes: [u8; 4], len: usize, need: usize, alt: bool },
    /// In a paste.
    Paste { bytes: Vec<u8>, cut: usize },
}

/// Turns bytes into events.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
}

impl Decoder {
    /// Takes bytes and hands out what they say.
    pub fn feed(&mut self, bytes: &[u8], out: &mut impl FnMut(Input)) {
        for &byte in bytes {
            self.byte(byte, out);
        }
    }

    /// Returns whether something is half read: the reader then waits a moment and calls [`Decoder::idle`].
    pub fn is_pending(&self) -> bool {
        !matches!(self.state, State::Ground)
    }

    /// Returns whether a paste is being read, whose pauses may be long.
    pub fn in_paste(&self) -> bool {
        matches!(self.state, State::Paste { .. })
    }

    /// Ends what is half read, as nothing more came: a lone ESC is the key, a half sequence is dropped.
    pub fn idle(&mut self, out: &mut impl FnMut(Input)) {
        match std::mem::take(&mut self.state) {
            State::Escape => out(key(KeyCode::Esc, KeyModifiers::NONE)),
            State::Ss3 => out(letter('O', true)),
            State::Csi(params) if params.is_empty() => out(letter('[', true)),
            State::Text { opener, empty: true, escape: false } => out(letter(char::from(opener), true)),
            State::Paste { bytes, cut } => out(paste(&bytes, cut)),
            State::Ground | State::Csi(_) | State::Text { .. } | State::Skip(_) | State::Utf8 { .. } => {}
        }
    }

    fn byte(&mut self, byte: u8, out: &mut impl FnMut(Input)) {
        match &mut self.state {
            State::Ground => self.ground(byte, false, out),
            State::Escape => self.escape(byte, out),
            State::Ss3 => {
                self.state = State::Ground;
                match sequence::ss3(byte) {
                    Some(code) => out(key(code, KeyModifiers::NONE)),
                    None if byte < 0x20 => self.ground(byte, false, out),
                    None => {}
                }
            }
            State::Csi(params) => match byte {
                0x20..=0x3f if params.len() < SEQUENCE_LIMIT => params.push(byte),
                0x20..=0x3f => {}
                0x40..=0x7e => {
                    let params = std::mem::take(params);
                    self.state = State::Ground;
                    self.csi(&params, byte, out);
                }
                // A control byte ends the sequence and counts for itself; anything else is noise.
                _ => {
                    self.state = State::Ground;
                    if byte < 0x20 {
                        self.ground(byte, false, out);
                    }
                }
            },
            State::Text { empty, escape, .. } => match byte {
                0x07 => self.state = State::Ground,
                b'\\' if *escape => self.state = State::Ground,
                _ => (*empty, *escape) = (false, byte == 0x1b),
            },
            State::Skip(n) if *n > 1 => *n -= 1,
            State::Skip(_) => self.state = State::Ground,
            State::Utf8 { .. } => self.utf8(byte, out),
            State::Paste { .. } => self.paste(byte, out),
        }
    }

    fn ground(&mut self, byte: u8, alt: bool, out: &mut impl FnMut(Input)) {
        self.state = State::Ground;
        let mods = if alt { KeyModifiers::ALT } else { KeyModifiers::NONE };
        let ctrl = mods | KeyModifiers::CONTROL;
        match byte {
            0x1b => self.state = State::Escape,
            b'\r' => out(key(KeyCode::Enter, mods)),
            b'\t' => out(key(KeyCode::Tab, mods)),
            0x7f => out(key(KeyCode::Backspace, mods)),
            0x00 => out(key(KeyCode::Char(' '), ctrl)),
            0x01..=0x1a => out(key(KeyCode::Char(char::from(byte - 1 + b'a')), ctrl)),
            0x1c..=0x1f => out(key(KeyCode::Char(char::from(byte - 0x1c + b'4')), ctrl)),
            0x20..=0x7e => out(letter(char::from(byte), alt)),
            0xc2..=0xdf => self.start(byte, 2, alt),
            0xe0..=0xef => self.start(byte, 3, alt),
            0xf0..=0xf4 => self.start(byte, 4, alt),
            // Continuation bytes and C1 controls out of place.
            _ => {}
        }
    }

    fn escape(&mut self, byte: u8, out: &mut impl FnMut(Input)) {
        match byte {
            b'[' => self.state = State::Csi(Vec::new()),
            b'O' => self.state = State::Ss3,
            b']' | b'P' | b'X' | b'^' | b'_' => {
                self.state = State::Text { opener: byte, empty: true, escape: false };
            }
            0x1b => {
                out(key(KeyCode::Esc, KeyModifiers::NONE));
                self.state = State::Escape;
            }
            _ => self.ground(byte, true, out),
        }
    }

    fn csi(&mut self, params: &[u8], last: u8, out: &mut impl FnMut(Input)) {
        match (params, last) {
            (b"200", b'~') => self.state = State::Paste { bytes: Vec::new(), cut: 0 },
            (b"", b'M') => self.state = State::Skip(3),
            // The Linux console's F1 to F5.
            (b"", b'[') => self.state = State::Skip(1),
            _ => {
                if let Some(input) = sequence::csi(params, last) {
                    out(input);
                }
            }
        }
    }

    fn start(&mut self, byte: u8, need: usize, alt: bool) {
        self.state = State::Utf8 { bytes: [byte, 0, 0, 0], len: 1, need, alt };
    }

    fn utf8(&mut self, byte: u8, out: &mut impl FnMut(Input)) {
        let State::Utf8 { bytes, len, need, alt } = &mut self.state else { return };
        if byte & 0xc0 != 0x80 {
            self.ground(byte, false, out);
            return;
        }
        if let Some(slot) = bytes.get_mut(*len) {
            *slot = byte;
        }
        *len += 1;
        if *len >= *need {
            let text = bytes.get(..*need).and_then(|b| std::str::from_utf8(b).ok());
            let alt = *alt;
            // Controls of C1 come this way too; they are no key.
            let found = text.and_then(|t| t.chars().next()).filter(|c| !c.is_control());
            self.state = State::Ground;
            if let Some(c) = found {
                out(letter(c, alt));
            }
        }
    }

    fn paste(&mut self, byte: u8, out: &mut impl FnMut(Input)) {
        let State::Paste { bytes, cut } = &mut self.state else { return };
        bytes.push(byte);
        if bytes.ends_with(PASTE_END) {
            bytes.truncate(bytes.len() - PASTE_END.len());
            let input = paste(bytes, *cut);
            self.state = State::Ground;
            out(input);
        } else if bytes.len() > PASTE_LIMIT + PASTE_END.len() {
            // What is kept behind the limit is only there to see the end mark.
            bytes.remove(PASTE_LIMIT);
            *cut += 1;
        }
    }
}

fn paste(bytes: &[u8], cut: usize) -> Input {
    let kept = bytes.get(..PASTE_LIMIT).unwrap_or(bytes);
    Input::Paste { text: Untrusted::from_bytes(kept), cut: cut + (bytes.len() - kept.len()) }
}

fn letter(c: char, alt: bool) -> Input {
    let mut mods = if alt { KeyModifiers::ALT } else { KeyModifiers::NONE };
    if c.is_uppercase() {
        mods |= KeyModifiers::SHIFT;
    }
    key(KeyCode::Char(c), mods)
}

pub(super) fn key(code: KeyCode, mods: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, mods))
}

#[cfg(test)]
mod tests;
