//! Reasons not to end or stop the process right now: a journal entry that is being written.
//!
//! Holds are short; who wants to end or stop waits for them, for a time at most, and meanwhile lets no new
//! one begin. Knows nothing of signals.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    held: usize,
    paused: usize,
}

/// Counts the holds; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Holds(Arc<(Mutex<State>, Condvar)>);

/// One reason; gone when dropped.
#[derive(Debug)]
pub struct Hold(Holds);

/// While this lives no hold begins: who wants one waits.
#[derive(Debug)]
pub struct Pause(Holds);

impl Holds {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a hold, after a pause that is under way.
    #[must_use]
    pub fn take(&self) -> Hold {
        let paused = |s: &mut State| s.paused > 0;
        let mut state = self.0.1.wait_while(self.lock(), paused).unwrap_or_else(PoisonError::into_inner);
        state.held += 1;
        drop(state);
        Hold(self.clone())
    }

    /// Returns whether there is any.
    pub fn any(&self) -> bool {
        self.lock().held > 0
    }

    /// Lets no new hold begin, and waits for those that there are, for `limit` at most.
    #[must_use]
    pub fn pause(&self, limit: Duration) -> Pause {
        let mut state = self.lock();
        state.paused += 1;
        let waited = self.0.1.wait_timeout_while(state, limit, |s| s.held > 0);
        drop(waited);
        Pause(self.clone())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.lock().held -= 1;
        self.0.0.1.notify_all();
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.lock().paused -= 1;
        self.0.0.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn holds_count_and_end_with_their_scope() {
        let holds = Holds::default();
        let first = holds.take();
        {
            let _second = holds.take();
            assert!(holds.any());
        }
        assert!(holds.any());
        drop(first);
        assert!(!holds.any());
    }

    #[test]
    fn a_pause_waits_for_a_hold_and_lets_none_begin() {
        let holds = Holds::default();
        let first = holds.take();
        let (tell, told) = mpsc::channel();
        let (pausing, taking) = (holds.clone(), holds.clone());
        let stopper = std::thread::spawn({
            let tell = tell.clone();
            move || {
                let pause = pausing.pause(LONG);
                tell.send("paused").unwrap();
                pause
            }
        });
        while holds.lock().paused == 0 {
            std::thread::yield_now();
        }
        let taker = std::thread::spawn(move || {
            let hold = taking.take();
            tell.send("taken").unwrap();
            hold
        });
        assert!(told.try_recv().is_err());
        drop(first);
        assert_eq!(told.recv_timeout(LONG), Ok("paused"));
        let pause = stopper.join().unwrap();
        assert!(told.try_recv().is_err());
        drop(pause);
        assert_eq!(told.recv_timeout(LONG), Ok("taken"));
        drop(taker.join().unwrap());
    }

    #[test]
    fn a_hold_that_never_ends_is_not_waited_for_for_ever() {
        let holds = Holds::default();
        let _hold = holds.take();
        let pause = holds.pause(Duration::from_millis(1));
        assert!(holds.any());
        drop(pause);
    }
}
