//! The last resort: a process whose terminal is gone, or which was told to end, ends, even when the
//! thread that should do it hangs.

use std::sync::Weak;
use std::time::{Duration, Instant};

use super::guard::Guard;
use super::sys;
use crate::core::hold::Holds;

/// How long after its time a process may be kept alive by [`Holds`].
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// How long the terminal is waited for when there is no more time.
const BRIEFLY: Duration = Duration::from_millis(200);

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
