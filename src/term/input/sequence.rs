//! The meaning of whole control sequences: function keys with modifiers, kitty's and xterm's extended
//! keys, focus, the mouse. What is not in these tables is no event.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::Input;
use super::mouse;

/// Returns the key of `ESC O byte`.
pub(super) fn ss3(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        _ => return cursor_key(byte),
    })
}

fn cursor_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'E' => KeyCode::KeypadBegin,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

/// Returns what a control sequence says: `params` are the bytes between `ESC [` and `last`.
pub(super) fn csi(params: &[u8], last: u8) -> Option<Input> {
    if let Some(report) = params.strip_prefix(b"<") {
        return mouse::sgr(report, last).map(Input::Mouse);
    }
    // Private and intermediate bytes mark replies of the terminal, never keys.
    if params.iter().any(|b| !matches!(b, b'0'..=b'9' | b';' | b':')) {
        return None;
    }
    let fields = Fields::read(params)?;
    match last {
        b'I' if params.is_empty() => Some(Input::Focus(true)),
        b'O' if params.is_empty() => Some(Input::Focus(false)),
        b'Z' => pressed(KeyCode::BackTab, fields.mods() | KeyModifiers::SHIFT, fields.kind()?),
        b'~' => tilde(&fields),
        b'u' => unicode(&fields),
        // A report of the cursor's place looks like F3 with modifiers; nobody presses that.
        b'R' if params.is_empty() => pressed(KeyCode::F(3), KeyModifiers::NONE, KeyEventKind::Press),
        b'P' | b'Q' | b'S' if fields.first() <= 1 => {
            pressed(KeyCode::F(last - b'P' + 1), fields.mods(), fields.kind()?)
        }
        _ if fields.first() <= 1 => pressed(cursor_key(last)?, fields.mods(), fields.kind()?),
        _ => None,
    }
}

fn tilde(fields: &Fields) -> Option<Input> {
    let code = match fields.first() {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        n @ 11..=15 => KeyCode::F((n - 10) as u8),
        n @ 17..=21 => KeyCode::F((n - 11) as u8),
        n @ 23..=26 => KeyCode::F((n - 12) as u8),
        n @ 28..=29 => KeyCode::F((n - 13) as u8),
        n @ 31..=34 => KeyCode::F((n - 14) as u8),
        // xterm's modifyOtherKeys: 27;modifiers;code.
        27 => return pressed(code_of(fields.get(2, 0))?, fields.mods(), KeyEventKind::Press),
        _ => return None,
    };
    pressed(code, fields.mods(), fields.kind()?)
}

fn unicode(fields: &Fields) -> Option<Input> {
    let mods = fields.mods();
    let shifted = fields.get(0, 1);
    let code = match code_of(fields.first())? {
        KeyCode::Char(c) if mods.contains(KeyModifiers::SHIFT) => {
            let upper = char::from_u32(shifted).filter(|s| !s.is_control());
            KeyCode::Char(upper.unwrap_or_else(|| c.to_uppercase().next().unwrap_or(c)))
        }
        KeyCode::Tab if mods.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        code => code,
    };
    pressed(code, mods, fields.kind()?)
}

/// Returns the key of a code point, or of kitty's private code points for the keypad.
fn code_of(code: u32) -> Option<KeyCode> {
    Some(match code {
        27 => KeyCode::Esc,
        13 | 57414 => KeyCode::Enter,
        9 => KeyCode::Tab,
        8 | 127 => KeyCode::Backspace,
        57399..=57408 => KeyCode::Char(char::from(b'0' + (code - 57399) as u8)),
        57409 => KeyCode::Char('.'),
        57410 => KeyCode::Char('/'),
        57411 => KeyCode::Char('*'),
        57412 => KeyCode::Char('-'),
        57413 => KeyCode::Char('+'),
        57415 => KeyCode::Char('='),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        // Modifier and media keys by themselves mean nothing here.
        57344..=63743 => return None,
        _ => KeyCode::Char(char::from_u32(code).filter(|c| !c.is_control())?),
    })
}

fn pressed(code: KeyCode, mods: KeyModifiers, kind: KeyEventKind) -> Option<Input> {
    (kind != KeyEventKind::Release).then(|| Input::Key(KeyEvent::new_with_kind(code, mods, kind)))
}

/// The numbers of a sequence: fields divided by `;`, each with parts divided by `:`.
struct Fields([[u32; 3]; 3]);

impl Fields {
    fn read(params: &[u8]) -> Option<Self> {
        let mut all = [[0_u32; 3]; 3];
        for (i, field) in params.split(|b| *b == b';').enumerate() {
            for (j, part) in field.split(|b| *b == b':').enumerate() {
                if part.is_empty() {
                    continue;
                }
                let number: u32 = std::str::from_utf8(part).ok()?.parse().ok()?;
                if let Some(slot) = all.get_mut(i).and_then(|f| f.get_mut(j)) {
                    *slot = number;
                }
            }
        }
        Some(Self(all))
    }

    fn get(&self, field: usize, part: usize) -> u32 {
        self.0.get(field).and_then(|f| f.get(part)).copied().unwrap_or(0)
    }

    fn first(&self) -> u32 {
        self.get(0, 0)
    }

    fn mods(&self) -> KeyModifiers {
        let mask = self.get(1, 0).saturating_sub(1);
        let mut mods = KeyModifiers::NONE;
        for (bit, modifier) in [
            (1, KeyModifiers::SHIFT),
            (2, KeyModifiers::ALT),
            (4, KeyModifiers::CONTROL),
            (8, KeyModifiers::SUPER),
            (16, KeyModifiers::HYPER),
            (32, KeyModifiers::META),
        ] {
            if mask & bit != 0 {
                mods |= modifier;
            }
        }
        mods
    }

    fn kind(&self) -> Option<KeyEventKind> {
        match self.get(1, 1) {
            0 | 1 => Some(KeyEventKind::Press),
            2 => Some(KeyEventKind::Repeat),
            3 => Some(KeyEventKind::Release),
            _ => None,
        }
    }
}
