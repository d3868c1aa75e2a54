//! The loop: input first, then data for a few milliseconds, then a frame if something changed and the
//! terminal has taken the last one.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crash::Recorder;
use super::effects::Executor;
use super::inbox::{Inbox, Next};
use super::timers::Timers;
use super::{editor, keys, log, now};
use crate::app::update::{settle, update};
use crate::app::views::{Env, screen};
use crate::app::{Effect, Effects, Model, Msg};
use crate::core::ObjectRef;
use crate::term::{CRASHED, Input, Terminal};

/// The least time between frames; over SSH frames cost the link, so fewer of them.
const FRAME: Duration = Duration::from_millis(16);
const FRAME_SSH: Duration = Duration::from_millis(33);
/// How long data is taken in before a frame may be drawn.
const DATA: Duration = Duration::from_millis(4);

/// The running cockpit.
pub struct Cockpit {
    model: Model,
    env: Env,
    terminal: Terminal,
    inbox: Inbox,
    timers: Timers,
    executor: Executor,
    frame: Duration,
    last_frame: Option<Instant>,
    /// Whether a key was pressed since the last frame: what it did is shown without waiting for the next frame's time.
    pressed: bool,
    recorder: Recorder,
    /// The code that it ends with, once it is to end.
    done: Option<u8>,
}

/// What a cockpit runs on.
pub struct Parts {
    /// The open terminal.
    pub terminal: Terminal,
    /// Where input and data wait.
    pub inbox: Inbox,
    /// What carries effects out.
    pub executor: Executor,
    /// Whether the terminal is at the other end of a network.
    pub ssh: bool,
    /// What remembers, for reports of a crash.
    pub recorder: Recorder,
}

/// What a shell expects of a process that a signal has ended.
const fn of_signal(signal: i32) -> u8 {
    128 + (signal & 0x7f) as u8
}

impl Cockpit {
    /// Returns a cockpit over an open terminal; `first` are the effects of the model's start.
    pub fn new(model: Model, env: Env, parts: Parts, first: Effects) -> Self {
        let Parts { terminal, inbox, executor, ssh, recorder } = parts;
        let frame = if ssh { FRAME_SSH } else { FRAME };
        let mut cockpit = Self {
            model,
            env,
            terminal,
            inbox,
            timers: Timers::default(),
            executor,
            frame,
            last_frame: None,
            pressed: false,
            recorder,
            done: None,
        };
        // The first frame is drawn before any effect is carried out: it waits for no file and no network.
        cockpit.draw();
        cockpit.carry_out(first);
        cockpit
    }

    /// Runs until it is quit, told to end, or the terminal is gone. The terminal is given back when it
    /// returns: with the process's exit code, as a shell expects it of signals and crashes.
    pub fn run(mut self) -> u8 {
        let code = loop {
            if let Some(code) = self.done {
                break code;
            }
            self.inbox.wait(self.patience());
            self.env.now = now();
            // Keys first: what waits for a moment without any must see those that have come.
            self.take();
            if self.done.is_none() {
                self.tick();
            }
            self.draw();
        };
        // The screen first: running work may take its time to stop.
        self.terminal.close();
        let mut err = std::io::stderr();
        for said in self.executor.finish() {
            writeln!(err, "{said}").ok();
        }
        code
    }

    fn tick(&mut self) {
        self.env.now = now();
        for timer in self.timers.due(self.env.now) {
            self.update(Msg::Due(timer));
        }
    }

    /// How long there is nothing to do.
    fn patience(&self) -> Option<Duration> {
        let timer = self.timers.next().map(|at| (at - now()).to_std());
        let frame = self.model.dirty.then(|| self.rest());
        // A frame that waits for the terminal is drawn when `Ready` comes.
        let frame = frame.filter(|_| self.terminal.ready());
        timer.into_iter().chain(frame).min()
    }

    /// How long until a frame may be drawn. Data waits its time; keys come one by one and never wait.
    fn rest(&self) -> Duration {
        let since = self.last_frame.filter(|_| !self.pressed);
        since.map_or(Duration::ZERO, |at| self.frame.saturating_sub(at.elapsed()))
    }

    /// Takes input, then data for a while; input that comes meanwhile goes first.
    fn take(&mut self) {
        let began = Instant::now();
        while let Some(next) = self.inbox.try_next() {
            match next {
                Next::Input(input) => self.input(input),
                Next::Msg(msg) => self.update(msg),
            }
            if self.done.is_some() || (began.elapsed() > DATA && !self.inbox.has_input()) {
                return;
            }
        }
    }

    fn input(&mut self, input: Input) {
        #[cfg(debug_assertions)]
        if let Input::Key(event) = &input {
            super::failpoint::key(event, &self.executor);
        }
        match input {
            Input::Key(event) => {
                if let Some((key, repeat)) = keys::key(&event) {
                    self.env.now = now();
                    self.pressed = true;
                    self.update(Msg::Key { key, repeat });
                }
            }
            Input::Paste { text, .. } => self.update(Msg::Paste(text.raw().to_owned())),
            Input::Focus(focused) => self.update(Msg::Focus(focused)),
            Input::Resize(_) => {
                self.terminal.resize();
                let size = self.terminal.size();
                self.update(Msg::Resized(size.width, size.height));
            }
            Input::Ready | Input::Mouse(_) => {}
            Input::Stop => self.suspend(),
            Input::Continued => {
                self.terminal.invalidate();
                self.model.dirty = true;
            }
            Input::Terminate(signal) => self.done = Some(of_signal(signal)),
            Input::HangUp => self.done = Some(of_signal(signal_hook::consts::SIGHUP)),
            Input::Crashed => self.done = Some(CRASHED),
        }
    }

    fn update(&mut self, msg: Msg) {
        self.recorder.saw(&msg);
        let effects = update(&mut self.model, msg, &self.env);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            log::effect(&effect);
            match effect {
                Effect::After(timer, at) => self.timers.set(timer, at),
                Effect::Quit => self.done = Some(0),
                Effect::Suspend => self.suspend(),
                Effect::Edit(object, opened) => self.edit(object, opened),
                Effect::Redraw => self.terminal.invalidate(),
                Effect::Copy(text) => {
                    if let Err(error) = self.terminal.copy(&[text]) {
                        self.inbox.send(Msg::Notice(error));
                    }
                }
                other => self.executor.carry_out(other),
            }
        }
    }

    /// Hands the terminal to the editor.
    fn edit(&mut self, object: ObjectRef, opened: Arc<serde_json::Value>) {
        let folder = self.executor.folder();
        let saved = self.terminal.hand_over(|| editor::edit(&folder, &object, &opened));
        self.came_back();
        self.inbox.send(Msg::Edited(object, opened, saved.and_then(|saved| saved)));
    }

    fn suspend(&mut self) {
        if let Err(error) = self.terminal.suspend() {
            self.inbox.send(Msg::Notice(error));
        }
        self.came_back();
    }

    /// The terminal is ours again; it may have another size.
    fn came_back(&mut self) {
        self.terminal.resize();
        let size = self.terminal.size();
        self.update(Msg::Resized(size.width, size.height));
        self.terminal.invalidate();
    }

    fn draw(&mut self) {
        if !self.model.dirty || !self.rest().is_zero() || !self.terminal.ready() {
            return;
        }
        self.env.now = now();
        let effects = settle(&mut self.model, &self.env);
        self.carry_out(effects);
        let (model, env) = (&self.model, &self.env);
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            screen::draw(model, env, area, frame.buffer());
        });
        self.recorder.note(&self.model);
        self.model.dirty = false;
        self.pressed = false;
        self.last_frame = Some(Instant::now());
        if drawn.is_err() {
            self.done = Some(1);
        }
    }
}

/// Returns an inbox and the function that the terminal's threads put their input in with.
pub fn inbox() -> (Inbox, crate::term::Sink) {
    let inbox = Inbox::default();
    let sink = inbox.clone();
    (inbox, Arc::new(move |input| sink.input(input)))
}
