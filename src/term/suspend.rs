//! Giving the terminal away for a while: to the shell by ctrl-z, or to an editor or a pager.
//!
//! One path for both: the reader stops reading, the last frame gets out, every mode is turned off; after
//! it every mode is set again, whatever the other side left behind, what was typed meanwhile is thrown
//! away, and the next frame is whole.

use std::time::Duration;

use super::guard::failed;
use super::{DRAIN, Terminal, sys};
use crate::core::Error;

/// How long the reader may take to stop: it may be handing a key to someone who waits for us.
const PAUSE: Duration = Duration::from_millis(500);

/// How long what must be finished may keep the process from being stopped.
const FINISH: Duration = Duration::from_secs(2);

impl Terminal {
    /// Stops the process group, as ctrl-z does in other programs; returns when it is continued.
    ///
    /// Where no shell could continue it (the group is orphaned) the kernel does not stop it, and this
    /// returns at once.
    pub fn suspend(&mut self) -> Result<(), Error> {
        // What is being written is finished first: a stopped process may never go on.
        let holds = self.holds.clone();
        let stop = || {
            let pause = holds.pause(FINISH);
            let outcome = sys::stop_group();
            drop(pause);
            outcome
        };
        self.away(stop)?.map_err(|e| failed("stop", &e))
    }

    /// Hands the terminal to `run`, which starts another program and waits for it.
    ///
    /// Keys that make signals reach the other program and not us; ctrl-z in it stops both.
    pub fn hand_over<T>(&mut self, run: impl FnOnce() -> T) -> Result<T, Error> {
        self.away(|| {
            let stop = sys::Disposition::default_of(libc::SIGTSTP);
            let outcome = run();
            drop(stop);
            outcome
        })
    }

    fn away<T>(&mut self, run: impl FnOnce() -> T) -> Result<T, Error> {
        self.reader.pause(PAUSE);
        self.writer.drain(DRAIN);
        self.signals.away(true);
        self.guard.restore();
        let outcome = run();
        let entered = self.guard.reenter();
        self.guard.tty().flush_input().ok();
        self.signals.away(false);
        self.resize();
        self.invalidate();
        self.reader.resume();
        entered.map(|()| outcome)
    }
}
