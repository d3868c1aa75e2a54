//! The last resort: a process whose terminal is gone, or which was told to end, ends, even when the
//! thread that should do it hangs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::guard::Guard;
use super::sys;

/// How long after its time a process may be kept alive by [`Hold`]s.
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// How long the terminal is waited for when there is no more time.
const BRIEFLY: Duration = Duration::from_millis(200);

/// Counts reasons not to be ended right now, such as a journal entry that is being written.
#[derive(Clone, Debug, Default)]
pub struct Holds(Arc<AtomicUsize>);

/// One reason; gone when dropped.
#[derive(Debug)]
pub struct Hold(Arc<AtomicUsize>);

impl Holds {
    /// Takes a hold: while it lives, the last resort waits, for 30 s at most.
    #[must_use]
    pub fn take(&self) -> Hold {
        self.0.fetch_add(1, Ordering::SeqCst);
        Hold(Arc::clone(&self.0))
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What the last resort needs to know.
#[derive(Clone, Debug)]
pub(super) struct LastResort {
    /// The terminal to give back first.
    pub(super) guard: Weak<Guard>,
    /// What may delay it.
    pub(super) holds: Holds,
}

impl LastResort {
    /// Ends the process with `code` when `limit` has passed and nothing holds it, from a thread of its own.
    pub(super) fn after(&self, limit: Duration, code: i32) {
        let Self { guard, holds } = self.clone();
        let end = move || {
            if let Some(guard) = guard.upgrade() {
                guard.restore_within(BRIEFLY);
            }
            sys::exit_now(code);
        };
        let wait = {
            let end = end.clone();
            move || {
                let latest = Instant::now() + limit + LONGEST_HOLD;
                std::thread::sleep(limit);
                while holds.any() && Instant::now() < latest {
                    std::thread::sleep(Duration::from_millis(20));
                }
                end();
            }
        };
        if std::thread::Builder::new().name("term-exit".to_owned()).spawn(wait).is_err() {
            end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
