//! The terminal: its modes, what comes from it, what is drawn on it, and its end.
//!
//! [`Terminal`] is the whole: opened once, it owns three threads (input, signals, writer) and gives the
//! terminal back in every way out: drop, a panic of any thread, SIGTERM, SIGHUP, ctrl-z, another program.
//! Knows nothing of what is drawn. Its parts are unit-tested; the whole is proven by `tests/pty` with
//! `examples/term_probe.rs`.

pub mod caps;
pub mod clipboard;
mod exit;
mod guard;
pub mod input;
pub mod modes;
mod panic;
mod screen;
mod signals;
mod suspend;
mod sys;
mod tty;
mod wake;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use ratatui_core::layout::Size;

pub use input::{Input, Sink};
pub use panic::{Crash, EXIT_CODE as CRASHED, Policy as PanicPolicy, Survived};
pub use screen::{Frame, Screen};
pub use sys::{Termios, forbid_core_dumps};
pub use writer::Written;

use crate::core::hold::Holds;
use crate::core::{Error, Safe};
use exit::LastResort;
use guard::{Guard, failed};
use input::reader::Reader;
use modes::Mode;
use signals::Signals;
use tty::Tty;
use writer::Writer;

/// How long the last frame may take to get out before the terminal is given back.
const DRAIN: Duration = Duration::from_millis(300);

/// What the terminal is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Report the mouse; native selection then needs shift.
    pub mouse: bool,
    /// Report focus.
    pub focus: bool,
    /// Mark frames as synchronised updates.
    pub sync: bool,
    /// Use the kitty keyboard protocol.
    pub keyboard: bool,
    /// It runs inside tmux: copies are passed through.
    pub tmux: bool,
}

impl From<caps::Caps> for Options {
    fn from(caps: caps::Caps) -> Self {
        Self { mouse: false, focus: true, sync: caps.sync, keyboard: caps.keyboard, tmux: caps.tmux }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// So many bytes were given to the writer.
    Sent(usize),
    /// The screen shows it already.
    Unchanged,
    /// Nothing was drawn: the last frame is not out yet ([`Input::Ready`] tells when to try again), or a
    /// thread has panicked and the terminal is given back ([`Input::Crashed`]).
    Busy,
}

/// The open terminal.
#[derive(Debug)]
pub struct Terminal {
    reader: Reader,
    signals: Signals,
    writer: Writer,
    guard: Arc<Guard>,
    screen: Screen,
    options: Options,
    holds: Holds,
    /// Bytes that go out ahead of the next frame.
    ahead: Vec<u8>,
}

impl Terminal {
    /// Opens the terminal, turns its modes on and starts the threads.
    ///
    /// `sink` gets everything that comes from it; `holds` keep the process from being ended or stopped
    /// while something must be finished. The panic hook is put around the one that is installed,
    /// so install color-eyre's before. On an error the terminal is as it was.
    pub fn open(options: Options, policy: PanicPolicy, holds: Holds, sink: &Sink) -> Result<Self, Error> {
        let tty = Tty::open().map_err(|e| {
            failed("open the terminal", &e).hint("run it in a terminal, or use a subcommand, which prints")
        })?;
        let tty = Arc::new(tty);
        let guard = Arc::new(Guard::new(Arc::clone(&tty), wanted(options))?);
        let resort = LastResort { guard: Arc::downgrade(&guard), holds: holds.clone() };
        let wake = wake::pair().map_err(|e| failed("start the input", &e))?;
        panic::install(&guard, wake.0.clone(), resort.clone(), policy);
        // The theme alone decides on colours; the backend would turn each into a reset under NO_COLOR.
        crossterm::style::force_color_output(true);
        let size = tty.size().unwrap_or_default();
        let signals = Signals::start(Arc::clone(&guard), Arc::clone(sink), resort.clone())
            .map_err(|e| failed("take signals", &e))?;
        guard.enter()?;
        // From here on every error drops the guard, which restores.
        let reader = Reader::start(Arc::clone(&guard), wake, Arc::clone(sink), resort)
            .map_err(|e| failed("start the input", &e));
        let ready = {
            let sink = Arc::clone(sink);
            Box::new(move || sink(Input::Ready))
        };
        let out = Box::new(move |bytes: &[u8]| tty.write_frame(bytes));
        let writer = Writer::start(out, ready).map_err(|e| failed("start the writer", &e));
        let (reader, writer) = match (reader, writer) {
            (Ok(reader), Ok(writer)) => (reader, writer),
            (Err(error), _) | (_, Err(error)) => {
                guard.restore();
                return Err(error);
            }
        };
        let screen = Screen::new(size, options.sync);
        Ok(Self { reader, signals, writer, guard, screen, options, holds, ahead: Vec::new() })
    }

    /// Draws a frame, if the last one is out; only what changed is sent.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> Result<Drawn, Error> {
        if self.guard.crashed() {
            return Ok(Drawn::Busy);
        }
        let Some(mut bytes) = self.writer.take_buffer() else { return Ok(Drawn::Busy) };
        bytes.append(&mut self.ahead);
        let ahead = bytes.len();
        let changed = self.screen.draw(&mut bytes, paint).map_err(|e| failed("draw", &e))?;
        let sent = bytes.len() - ahead;
        self.writer.submit(bytes);
        Ok(if changed { Drawn::Sent(sent) } else { Drawn::Unchanged })
    }

    /// Returns whether the last frame is out, so that a next one can be drawn.
    pub fn ready(&self) -> bool {
        self.writer.ready()
    }

    /// Returns the size that frames are drawn at.
    pub fn size(&self) -> Size {
        self.screen.size()
    }

    /// Takes the size that the terminal has now, whatever an older [`Input::Resize`] said; returns whether
    /// it differs.
    pub fn resize(&mut self) -> bool {
        let size = self.guard.tty().size().unwrap_or_default();
        self.screen.resize(size)
    }

    /// Makes the next frame a whole one, for a screen that something else has drawn on.
    pub fn invalidate(&mut self) {
        self.screen.invalidate();
    }

    /// Copies lines to the clipboard with the next frame; returns the number of bytes.
    pub fn copy(&mut self, lines: &[Safe]) -> Result<usize, Error> {
        let (bytes, len) = clipboard::osc52(lines, self.options.tmux)?;
        self.ahead.extend_from_slice(&bytes);
        if let Some(mut buffer) = self.writer.take_buffer() {
            buffer.append(&mut self.ahead);
            self.writer.submit(buffer);
        }
        Ok(len)
    }

    /// Returns what has been written so far.
    pub fn written(&self) -> Written {
        self.writer.written()
    }

    /// Gives the terminal back: waits briefly for the last frame, then turns every mode off.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What is typed from here on is the shell's.
        self.reader.pause(DRAIN);
        self.writer.drain(DRAIN);
        self.guard.restore();
    }
}

fn wanted(options: Options) -> Vec<Mode> {
    let mut modes = vec![Mode::Raw, Mode::AlternateScreen, Mode::HiddenCursor, Mode::BracketedPaste];
    for (on, mode) in
        [(options.focus, Mode::Focus), (options.mouse, Mode::Mouse), (options.keyboard, Mode::Keyboard)]
    {
        if on {
            modes.push(mode);
        }
    }
    modes
}
