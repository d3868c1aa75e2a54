//! A cockpit before a proxy that keeps one write waiting, what kills it, and what its journals say afterwards.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::{Launch, Session, entries, is_running, until};
use crate::proxy::{Gate, Recorder, Then};
use crate::stand::{User, variable};
use crate::sys;

const TERM: i32 = 15;
const HUP: i32 = 1;
const KILL: i32 = 9;

/// Who ends, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// The runner and the cockpit at once, as the machine does when it loses its power.
    Both,
    /// The runner, by `SIGKILL`.
    Runner,
    /// The runner is told to end, by `SIGTERM`.
    StopRunner,
    /// The runner gets a `SIGHUP`, which is none of its affair: it has no terminal.
    HangUpRunner,
    /// The cockpit, by `SIGKILL`.
    Cockpit,
    /// The cockpit, by `SIGHUP`.
    HangUp,
    /// The cockpit's terminal goes away.
    Terminal,
}

/// When, of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the server gets it, which it then never does, unless somebody lives who waits for it.
    Before,
    /// When the server has done it, before its answer arrives.
    After,
}

/// Who ends at which write.
#[derive(Clone, Copy, Debug)]
pub struct Blow {
    /// The write, from 1.
    pub at: usize,
    pub phase: Phase,
    pub kill: Kill,
}

/// The cockpits of one blow: they share a state.
pub struct Scene {
    pub proxy: Recorder,
    state: tempfile::TempDir,
    gate: Gate,
    blow: Blow,
}

/// What was left.
pub struct Left {
    /// The entries of all journals, oldest first.
    pub entries: Vec<Value>,
    /// What the server got.
    pub passed: Vec<String>,
    /// The word and the words of how the plan ended, as the last one who knew it says.
    pub ended: (String, String),
}

impl Scene {
    /// Starts the proxy: it keeps the write of the blow waiting.
    pub fn new(blow: Blow) -> Self {
        let proxy = Recorder::start(User::Admin);
        let gate = Gate::closed();
        let (held, count) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
        proxy.follow(Box::new(move |seen| {
            if !seen.mutates() || count.fetch_add(1, Ordering::Relaxed) + 1 != blow.at {
                return Then::Pass;
            }
            match blow.phase {
                Phase::Before => Then::HoldBefore(held.clone()),
                Phase::After => Then::HoldAfter(held.clone()),
            }
        }));
        Self { proxy, state: tempfile::tempdir().unwrap(), gate, blow }
    }

    /// Starts a cockpit.
    pub fn cockpit(&self, namespace: &str, view: &str) -> Session {
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(160, 45)
            .env("KUBECONFIG", self.proxy.kubeconfig())
            .env("DECKWATCH_CONFIG_DIR", variable("DECKWATCH_CONFIG_DIR"))
            .env("XDG_STATE_HOME", self.state.path());
        for name in ["PROMETHEUS_URL", "LOKI_ADDR", "ALERTMANAGER_URL"] {
            launch = launch.env(name, variable(name));
        }
        launch.arg("-n").arg(namespace).arg("--view").arg(view).start()
    }

    /// Waits until the write is reached, strikes, and starts the next cockpit. Returns what was left.
    pub fn strike(&self, namespace: &str, mut session: Session) -> Result<Left, String> {
        until("the write is reached", || self.gate.is_reached());
        let runner = self.runner();
        match self.blow.kill {
            Kill::Both => {
                sys::kill(runner, KILL);
                session.kill();
            }
            Kill::Runner => sys::kill(runner, KILL),
            Kill::StopRunner => {
                sys::kill(runner, TERM);
                until("it is told to stop", || self.entries().iter().any(|e| e["what"] == "cancel"));
            }
            Kill::HangUpRunner => sys::kill(runner, HUP),
            Kill::Cockpit => session.kill(),
            Kill::HangUp => drop(session.signal(HUP).wait_end()),
            Kill::Terminal => {
                session.hang_up();
                session.wait_end();
            }
        }
        // Who is dead waits for nothing.
        let lives = !matches!(self.blow.kill, Kill::Both | Kill::Runner);
        self.gate.open(lives);
        until("the runner has ended", || !is_running(runner));
        let looks_on = matches!(self.blow.kill, Kill::Runner | Kill::StopRunner | Kill::HangUpRunner);
        if looks_on {
            until("the cockpit knows its end", || {
                self.entries().iter().filter(|e| e["what"] == "outcome").count() > usize::from(lives)
            });
            let ends = ["outcome unknown", "✖ ", "✔ drained", "✔ rolled back"];
            session.wait("how it ended", |s| ends.iter().any(|end| s.text().contains(end)));
            session.quit();
        }
        // What is known is not told again.
        let next = self.cockpit(namespace, "journal");
        next.wait_for(if looks_on { "opened on" } else { "of an earlier process: " });
        next.quit();
        self.verify()?;
        let entries = self.entries();
        let mut ends = entries.iter().filter(|e| e["what"] == "found" || e["what"] == "outcome");
        let last = ends.next_back().ok_or("nobody says how it ended")?;
        let text = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
        let ended = (text("outcome"), text("text"));
        let left = Left { passed: self.proxy.passed(), entries, ended };
        left.explains()?;
        Ok(left)
    }

    /// The journals hold together.
    fn verify(&self) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
        command.env_clear().env("HOME", self.state.path()).env("XDG_STATE_HOME", self.state.path());
        let output = command.args(["journal", "verify"]).output().unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(format!("the journals do not hold together: {}", String::from_utf8_lossy(&output.stdout)))
    }

    /// Returns the entries of every journal, in the order of their times.
    fn entries(&self) -> Vec<Value> {
        let mut entries = entries(self.state.path());
        entries.sort_by_key(|e| e["at"].as_str().unwrap_or_default().to_owned());
        entries
    }

    /// Returns the process that carries the plan out.
    fn runner(&self) -> u32 {
        let entries = self.entries();
        let pid = entries.iter().find(|e| e["what"] == "runner").and_then(|e| e["pid"].as_u64());
        u32::try_from(pid.unwrap()).unwrap()
    }
}

impl Left {
    /// What the server got and what the journal says of it belong together: everything that it got was noted before, and
    /// nothing is called done that it did not get. Nothing was sent twice.
    fn explains(&self) -> Result<(), String> {
        let written: Vec<(&str, &str)> = self
            .entries
            .iter()
            .filter(|e| e["what"] == "write")
            .map(|e| (e["text"].as_str().unwrap(), e["state"].as_str().unwrap()))
            .collect();
        // `PATCH Deployment /apis/…`: the method and the path of a request.
        let is = |text: &str, request: &str| {
            let (method, path) = request.split_once(' ').unwrap();
            text.starts_with(method) && text.ends_with(path)
        };
        for (n, request) in self.passed.iter().enumerate() {
            if self.passed[..n].contains(request) {
                return Err(format!("sent twice: {request}: {:#?}", self.passed));
            }
            if !written.iter().any(|(text, state)| is(text, request) && *state == "sending") {
                return Err(format!(
                    "the server got {request}, of which the journal knows nothing: {written:#?}"
                ));
            }
        }
        for (text, state) in &written {
            if *state == "done" && !self.passed.iter().any(|request| is(text, request)) {
                return Err(format!(
                    "{text} is called done, and the server never got it: {:#?}",
                    self.passed
                ));
            }
        }
        Ok(())
    }
}
