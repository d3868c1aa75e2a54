//! The owner of every mode that is turned on in the terminal, and of turning them off again.
//!
//! Restores in reverse order, once, each step tried even when another fails; called from drop, from the
//! panic hook of any thread, before a stop and before the terminal is handed to another program. Never
//! waits longer than a few seconds, whatever the terminal does. Proven by the pty tests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use crate::core::{Error, Kind};

use super::modes::Mode;
use super::sys::Termios;
use super::tty::Tty;

/// How long turning modes on or off may take: a slow link has much to swallow first, one that is dead
/// says so at once, one that is stopped by ctrl-s does neither.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long another thread's work on the modes is waited for.
const LIMIT: Duration = Duration::from_millis(300);

/// The modes of one terminal.
#[derive(Debug)]
pub struct Guard {
    tty: Arc<Tty>,
    before: Termios,
    wanted: Vec<Mode>,
    on: Mutex<Vec<Mode>>,
    crashed: AtomicBool,
}

impl Guard {
    /// Notes the terminal's settings and the modes that [`Guard::enter`] will turn on, in this order.
    pub fn new(tty: Arc<Tty>, wanted: Vec<Mode>) -> Result<Self, Error> {
        let before = tty.termios().map_err(|e| failed("read the terminal's settings", &e))?;
        Ok(Self { tty, before, wanted, on: Mutex::default(), crashed: AtomicBool::new(false) })
    }

    /// Turns the modes on that are not on yet; on a failure turns all off again.
    pub fn enter(&self) -> Result<(), Error> {
        let outcome = self.try_enter();
        if outcome.is_err() {
            self.restore();
        }
        outcome
    }

    fn try_enter(&self) -> Result<(), Error> {
        let mut on = self.lock();
        for &mode in &self.wanted {
            if on.contains(&mode) {
                continue;
            }
            // Noted before it is tried: a half-done step is undone too.
            on.push(mode);
            if mode == Mode::Raw {
                self.tty.set_termios(&self.before.raw()).map_err(|e| failed("set raw mode", &e))?;
            } else {
                self.tty.write_modes(mode.on(), PATIENCE).map_err(|e| failed("set up the screen", &e))?;
            }
        }
        drop(on);
        Ok(())
    }

    /// Turns everything off that is on. May be called from any thread, any number of times.
    pub fn restore(&self) {
        self.restore_within(PATIENCE);
    }

    /// Turns everything off that is on, waiting no longer than that for the terminal.
    pub fn restore_within(&self, patience: Duration) {
        self.tty.hold(true);
        let mut bytes = Vec::new();
        let mut raw = false;
        let mut on = self.lock();
        while let Some(mode) = on.pop() {
            raw |= mode == Mode::Raw;
            bytes.extend_from_slice(mode.off());
        }
        // The settings first: they never wait, and a cooked terminal matters most.
        if raw {
            self.tty.set_termios(&self.before).ok();
        }
        if !bytes.is_empty() {
            self.tty.write_modes(&bytes, patience).ok();
        }
        // A program that reads the line settings right after us must find them, whatever came between.
        if raw {
            self.tty.set_termios(&self.before).ok();
        }
        drop(on);
    }

    /// Turns the modes on again after a stop or another program, whatever that left behind.
    pub fn reenter(&self) -> Result<(), Error> {
        self.lock().clear();
        // Another program may have left them on; what we do not want would be read as keys.
        for mode in [Mode::Mouse, Mode::Focus, Mode::BracketedPaste] {
            if !self.wanted.contains(&mode) {
                self.tty.write_modes(mode.off(), LIMIT).ok();
            }
        }
        self.enter()?;
        self.tty.hold(false);
        Ok(())
    }

    /// Returns whether a thread that matters has panicked: nothing may be drawn any more.
    pub fn crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    /// Notes that a thread that matters has panicked.
    pub fn set_crashed(&self) {
        self.crashed.store(true, Ordering::SeqCst);
    }

    /// Returns the terminal.
    pub fn tty(&self) -> &Arc<Tty> {
        &self.tty
    }

    /// Locks the list; when the holder itself panicked or hangs, waits briefly and never deadlocks.
    fn lock(&self) -> ModesGuard<'_> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.on.try_lock() {
                Ok(guard) => return ModesGuard::Held(guard),
                Err(TryLockError::Poisoned(e)) => return ModesGuard::Held(e.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                    // Turning off what is off already is harmless; leaving it on is not.
                    return ModesGuard::Guess(self.wanted.clone());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.restore();
    }
}

enum ModesGuard<'a> {
    Held(MutexGuard<'a, Vec<Mode>>),
    Guess(Vec<Mode>),
}

impl std::ops::Deref for ModesGuard<'_> {
    type Target = Vec<Mode>;
    fn deref(&self) -> &Self::Target {
        match self {
            Self::Held(guard) => guard,
            Self::Guess(modes) => modes,
        }
    }
}

impl std::ops::DerefMut for ModesGuard<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::Held(guard) => guard,
            Self::Guess(modes) => modes,
        }
    }
}

pub(super) fn failed(what: &'static str, error: &std::io::Error) -> Error {
    Error::new(Kind::Io, what).detail(error.to_string())
}
