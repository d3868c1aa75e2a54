//! The panic hook: a thread that matters gives the terminal back before its message is printed; a task
//! that the program survives never touches the screen.
//!
//! Installed after color-eyre's hook, which it calls for the message. Prints nothing itself: on a dead
//! terminal printing would panic inside the hook.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use super::exit::LastResort;
use super::guard::Guard;
use super::wake::Wake;

/// What a survived panic said: the thread's name and the place in the source, never the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survived {
    /// The thread.
    pub thread: String,
    /// File, line and column.
    pub place: String,
}

/// Tells which threads' panics the program survives, and where their notes go.
pub struct Policy {
    /// Returns whether a panic of the thread of this name leaves the program running.
    pub survives: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Takes the note of a survived panic; must not block.
    pub note: Box<dyn Fn(Survived) + Send + Sync>,
}

impl Default for Policy {
    /// Survives none.
    fn default() -> Self {
        Self { survives: Box::new(|_| false), note: Box::new(|_| {}) }
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Policy")
    }
}

/// Exit code of a process in which a thread panicked, as the standard library's.
pub const EXIT_CODE: i32 = 101;

/// How long the program has to end by itself after a panic of another thread than its first.
const LIMIT: Duration = Duration::from_millis(1500);

/// Puts our hook around the one that is installed.
pub(super) fn install(guard: &Arc<Guard>, wake: Wake, resort: LastResort, policy: Policy) {
    let previous = std::panic::take_hook();
    let first = std::thread::current().id();
    let guard = Arc::downgrade(guard);
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let Some(guard) = guard.upgrade() else {
            previous(info);
            return;
        };
        if (policy.survives)(name) {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            (policy.note)(Survived { thread: name.to_owned(), place });
            return;
        }
        guard.set_crashed();
        guard.restore();
        if !guard.tty().hung_up() {
            previous(info);
        }
        if thread.id() != first {
            // The first thread is told through the input, and ended if it does not listen.
            wake.wake();
            resort.after(LIMIT, EXIT_CODE);
        }
    }));
}
