//! What comes from the terminal: keys, pastes, focus, the mouse, its size, its end; and the signals that
//! concern it.
//!
//! `decode` turns bytes into events and is pure; `reader` is the thread that reads. Terminals' own
//! replies and unknown sequences are dropped, so that they are never taken for keys.

pub mod decode;
mod mouse;
pub(super) mod reader;
mod sequence;

use std::sync::Arc;

pub use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui_core::layout::Size;

use crate::core::Untrusted;

/// One thing that came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key went down, or repeats where the terminal tells so (`kind`); releases are not reported.
    Key(KeyEvent),
    /// Text was pasted; never keys.
    Paste {
        /// The text, cut at [`decode::PASTE_LIMIT`].
        text: Untrusted,
        /// The bytes that were cut.
        cut: usize,
    },
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal's window gained (`true`) or lost the focus.
    Focus(bool),
    /// The terminal has a new size; the latest one counts.
    Resize(Size),
    /// The last frame is out; sent when it was asked for in vain before.
    Ready,
    /// Someone asks to stop (SIGTSTP), as ctrl-z does.
    Stop,
    /// The process goes on after a stop that was not asked of us: the modes have been set again.
    Continued,
    /// Someone asks to end (SIGTERM, SIGINT, SIGQUIT): the signal's number.
    Terminate(i32),
    /// The terminal is gone: the process is ended soon, whatever happens.
    HangUp,
    /// A thread that matters has panicked: the process is ended soon.
    Crashed,
}

/// Takes what comes from the terminal. Called from the terminal's threads; may wait, must not panic.
pub type Sink = Arc<dyn Fn(Input) + Send + Sync>;
