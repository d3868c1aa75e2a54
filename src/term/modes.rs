//! The modes that deckwatch turns on in a terminal, and the bytes that turn each on and off.
//!
//! The grammar of the pty tests' strict checker is this list and what the frames' backend writes.

/// One mode of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Bytes as typed: no echo, no line editing, no signals from keys.
    Raw,
    /// The alternate screen: nothing that we draw stays in the scrollback.
    AlternateScreen,
    /// The cursor is hidden.
    HiddenCursor,
    /// Pastes are told from keys.
    BracketedPaste,
    /// Focus gained and lost are reported.
    Focus,
    /// Mouse buttons, wheel and drag are reported, in the SGR form.
    Mouse,
    /// Keys are told apart and repeats flagged, by the kitty protocol.
    Keyboard,
}

impl Mode {
    /// Returns the bytes that turn it on; raw mode has none.
    pub const fn on(self) -> &'static [u8] {
        match self {
            Self::Raw => b"",
            Self::AlternateScreen => b"\x1b[?1049h\x1b[2J\x1b[H",
            Self::HiddenCursor => b"\x1b[?25l",
            Self::BracketedPaste => b"\x1b[?2004h",
            Self::Focus => b"\x1b[?1004h",
            Self::Mouse => b"\x1b[?1000h\x1b[?1002h\x1b[?1006h",
            Self::Keyboard => b"\x1b[>3u",
        }
    }

    /// Returns the bytes that turn it off; raw mode has none.
    pub const fn off(self) -> &'static [u8] {
        match self {
            Self::Raw => b"",
            Self::AlternateScreen => b"\x1b[m\x1b[?1049l",
            Self::HiddenCursor => b"\x1b[?25h",
            Self::BracketedPaste => b"\x1b[?2004l",
            Self::Focus => b"\x1b[?1004l",
            Self::Mouse => b"\x1b[?1006l\x1b[?1002l\x1b[?1000l",
            Self::Keyboard => b"\x1b[<u",
        }
    }
}

/// Begins a synchronised update: the terminal shows the frame as one.
pub const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends it.
pub const SYNC_END: &[u8] = b"\x1b[?2026l";
