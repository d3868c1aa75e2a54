//! The cockpit without a terminal: for subcommands that print, and for one frame as text.
//!
//! The same model, the same update, the same sources; only nobody presses keys.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::effects::Executor;
use super::inbox::{Inbox, Next};
use super::log;
use super::timers::Timers;
use crate::app::effect::{Query, QueryId, Slot};
use crate::app::msg::Answer;
use crate::app::update::{settle, update};
use crate::app::views::{Draw, Env, Truth, View, screen};
use crate::app::{Effect, Effects, Model, Msg};
use crate::core::{Error, Kind, Result};
use crate::sources::auth::WallClock;

/// A cockpit that is only looked at.
pub struct Headless {
    /// The model.
    pub model: Model,
    /// The outside.
    pub env: Env,
    inbox: Inbox,
    timers: Timers,
    executor: Executor,
    clock: WallClock,
}

impl Headless {
    /// Returns a cockpit; `first` are the effects of the model's start.
    pub fn new(model: Model, env: Env, inbox: Inbox, executor: Executor, first: Effects) -> Self {
        let clock = executor.clock();
        let mut headless = Self { model, env, inbox, timers: Timers::default(), executor, clock };
        headless.carry_out(first);
        headless
    }

    /// Returns the folder of texts that are edited.
    pub fn folder(&self) -> PathBuf {
        self.executor.folder()
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            log::effect(&effect);
            match effect {
                Effect::After(timer, at) => self.timers.set(timer, at),
                // Whoever only prints would note as told what nobody has read.
                Effect::Recover => {}
                other => self.executor.carry_out(other),
            }
        }
    }

    /// Takes what is due and what waits into the model, without waiting.
    pub fn tick(&mut self) {
        self.env.now = (self.clock)();
        for timer in self.timers.due(self.env.now) {
            let effects = update(&mut self.model, Msg::Due(timer), &self.env);
            self.carry_out(effects);
        }
        while let Some(next) = self.inbox.try_next() {
            if let Next::Msg(msg) = next {
                let effects = update(&mut self.model, msg, &self.env);
                self.carry_out(effects);
            }
        }
        let effects = settle(&mut self.model, &self.env);
        self.carry_out(effects);
    }

    /// Sends a message to the model.
    pub fn send(&mut self, msg: Msg) {
        self.env.now = (self.clock)();
        let effects = update(&mut self.model, msg, &self.env);
        self.carry_out(effects);
    }

    /// Lets it run until `done` says so, or for a time. Returns whether it was done.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Model, &Env) -> bool) -> bool {
        let end = Instant::now() + limit;
        loop {
            self.tick();
            if done(&self.model, &self.env) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let timer = self.timers.next().map_or(left, |at| (at - (self.clock)()).to_std());
            self.inbox.wait(Some(timer.min(left)));
        }
    }

    /// Returns how true the visible page is.
    pub fn truth(&self) -> Truth {
        let cx = Draw { shared: &self.model.shared, env: &self.env };
        self.model.nav.top().view.pane().truth(&cx)
    }

    /// Returns one frame as text, without the blanks at the ends of lines.
    pub fn frame(&self, width: u16, height: u16) -> String {
        let area = Rect { x: 0, y: 0, width, height };
        let mut buffer = Buffer::empty(area);
        screen::draw(&self.model, &self.env, area, &mut buffer);
        let mut out = String::new();
        for y in 0..height {
            let line: String = (0..width)
                .filter_map(|x| buffer.cell((x, y)))
                .map(ratatui_core::buffer::Cell::symbol)
                .collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// Carries effects out that were made outside of `update`.
    pub fn do_all(&mut self, effects: Effects) {
        self.carry_out(effects);
    }

    /// Opens a view on top of the others.
    pub fn open(&mut self, view: View) {
        self.env.now = (self.clock)();
        let effects = crate::app::update::show(&mut self.model, view, &self.env);
        self.carry_out(effects);
    }

    /// Asks one question and waits for its answer.
    ///
    /// # Errors
    /// The answer's own, or that none came in time.
    pub fn ask(&mut self, query: Query, limit: Duration) -> Result<Answer> {
        let id = QueryId { slot: Slot { page: u32::MAX, part: 0 }, generation: u64::MAX };
        self.executor.carry_out(Effect::Ask(id, query));
        let end = Instant::now() + limit;
        loop {
            self.env.now = (self.clock)();
            while let Some(next) = self.inbox.try_next() {
                match next {
                    Next::Msg(Msg::Answer(of, answer)) if of == id => return answer,
                    Next::Msg(msg) => self.send(msg),
                    Next::Input(_) => {}
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(Kind::Timeout, "wait for an answer"));
            }
            self.inbox.wait(Some(left));
        }
    }

    /// Ends it. Returns what is said of each plan that was still running.
    pub fn finish(self) -> Vec<crate::core::Safe> {
        self.executor.finish()
    }
}
