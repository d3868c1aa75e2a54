//! The terminal layer by itself, for trying a terminal by hand and for `tests/pty`.
//!
//! Shows what comes from the terminal. Keys: `q` quit, `p` panic, `t` panic in a thread, `s` panic in a
//! thread that is survived, `e` `$EDITOR`, `f` draw without pause, `c` copy, `h` hang, ctrl-z stop. With
//! `TERM_PROBE_SOCKET` every input is also written, as a line, to that Unix socket.

#![allow(clippy::panic, reason = "panics are what is tried")]

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use color_eyre::eyre;
use crossterm::event::{KeyCode, KeyModifiers};
use deckwatch::core::Safe;
use deckwatch::core::hold::Holds;
use deckwatch::term::caps::Caps;
use deckwatch::term::{self, Drawn, Input, Options, PanicPolicy, Sink, Terminal};
use ratatui_core::style::{Color, Style};

struct Probe {
    terminal: Terminal,
    inputs: Receiver<Input>,
    socket: Option<UnixStream>,
    keys: usize,
    last: String,
    notes: Vec<String>,
    frame: usize,
    flood: bool,
}

fn main() -> eyre::Result<std::process::ExitCode> {
    color_eyre::install()?;
    term::forbid_core_dumps()?;
    let (send, inputs) = sync_channel(1024);
    let notes = send.clone();
    let sink: Sink = Arc::new(move |input| {
        send.send(input).ok();
    });
    let policy = PanicPolicy {
        survives: Box::new(|thread| thread.starts_with("task")),
        report: Box::new(|_| None),
        note: Box::new(move |_| {
            notes.try_send(Input::Focus(false)).ok();
        }),
    };
    let options =
        Options { mouse: std::env::var_os("TERM_PROBE_MOUSE").is_some(), ..Caps::from_process().into() };
    let terminal = Terminal::open(options, policy, Holds::default(), &sink)?;
    let socket = std::env::var_os("TERM_PROBE_SOCKET").map(UnixStream::connect).transpose()?;
    let mut probe = Probe {
        terminal,
        inputs,
        socket,
        keys: 0,
        last: String::new(),
        notes: Vec::new(),
        frame: 0,
        flood: false,
    };
    let code = probe.run()?;
    drop(probe);
    Ok(code.into())
}

impl Probe {
    fn run(&mut self) -> eyre::Result<u8> {
        loop {
            self.draw()?;
            let input = self.inputs.recv()?;
            if let Some(code) = self.take(input)? {
                return Ok(code);
            }
        }
    }

    fn draw(&mut self) -> eyre::Result<()> {
        let size = self.terminal.size();
        let head = format!("probe {}x{} keys {} last {}", size.width, size.height, self.keys, self.last);
        let notes = self.notes.join(" ");
        let (flood, frame) = (self.flood, self.frame + 1);
        let drawn = self.terminal.draw(|f| {
            let area = f.area();
            let buffer = f.buffer();
            buffer.set_stringn(0, 0, head, usize::from(area.width), Style::default().fg(Color::Green));
            if area.height > 1 {
                buffer.set_stringn(0, 1, notes, usize::from(area.width), Style::default());
            }
            for y in 2..area.height {
                let line = if flood { format!("{frame:06} {y} ").repeat(30) } else { String::new() };
                buffer.set_stringn(0, y, line, usize::from(area.width), Style::default());
            }
        })?;
        if drawn != Drawn::Busy {
            self.frame = frame;
        }
        Ok(())
    }

    fn take(&mut self, input: Input) -> eyre::Result<Option<u8>> {
        if input != Input::Ready
            && let Some(socket) = &mut self.socket
        {
            writeln!(socket, "{input:?}").ok();
        }
        match input {
            Input::Key(key) => {
                self.keys += 1;
                self.last = format!("{}", key.code);
                let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
                return self.key(key.code, ctrl);
            }
            Input::Paste { text, cut } => self.notes.push(format!("paste {} cut {cut}", text.safe())),
            Input::Mouse(mouse) => self.notes.push(format!("mouse {},{}", mouse.column, mouse.row)),
            Input::Focus(true) => self.notes.push("focus".to_owned()),
            // The note of a survived panic comes this way too.
            Input::Focus(false) => self.notes.push("survived".to_owned()),
            Input::Resize(_) => {
                self.terminal.resize();
            }
            Input::Ready => {}
            Input::Continued => self.terminal.invalidate(),
            Input::Stop => self.terminal.suspend()?,
            Input::Terminate(signal) => return Ok(Some(128 + u8::try_from(signal)?)),
            Input::HangUp => return Ok(Some(129)),
            Input::Crashed => return Ok(Some(101)),
        }
        Ok(None)
    }

    fn key(&mut self, code: KeyCode, ctrl: bool) -> eyre::Result<Option<u8>> {
        match (code, ctrl) {
            (KeyCode::Char('q'), false) => return Ok(Some(0)),
            (KeyCode::Char('z'), true) => {
                self.terminal.suspend()?;
                self.notes.push("back".to_owned());
            }
            (KeyCode::Char('p'), false) => panic!("in the first thread"),
            (KeyCode::Char('t'), false) => spawn("worker")?,
            (KeyCode::Char('s'), false) => spawn("task-1")?,
            (KeyCode::Char('f'), false) => self.flood = !self.flood,
            (KeyCode::Char('c'), false) => {
                let bytes = self.terminal.copy(&[Safe::own("momo-store/backend")])?;
                self.notes.push(format!("copied {bytes}"));
            }
            (KeyCode::Char('h'), false) => loop {
                std::thread::park();
            },
            (KeyCode::Char('e'), false) => {
                let editor = std::env::var_os("EDITOR").unwrap_or_else(|| "vi".into());
                let status = self.terminal.hand_over(|| std::process::Command::new(editor).status())??;
                self.notes.push(format!("editor {status}"));
            }
            _ => {}
        }
        Ok(None)
    }
}

fn spawn(name: &str) -> eyre::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(|| panic!("in a thread"))?;
    Ok(())
}
