//! The panic hook: a thread that matters gives the terminal back before its message is printed; a task
//! that the program survives never touches the screen.
//!
//! Installed after color-eyre's hook, which it calls for the message. Before anything else a report is
//! left; where it lies is the last line printed. Prints nothing in a way that could fail: on a dead
//! terminal that would panic inside the hook.

use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
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
    /// Where its report lies.
    pub report: Option<PathBuf>,
}

/// What is known of a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The thread.
    pub thread: String,
    /// File, line and column.
    pub place: String,
    /// The message, if it is one that was written into the source: others may hold data.
    pub message: Option<&'static str>,
    /// Whether the program goes on.
    pub survived: bool,
}

/// Leaves a report of a panic; returns where it lies.
pub type Report = Box<dyn Fn(&Crash) -> Option<PathBuf> + Send + Sync>;

/// Tells which threads' panics the program survives, and where their notes go.
pub struct Policy {
    /// Returns whether a panic of the thread of this name leaves the program running.
    pub survives: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Leaves a report of any panic; returns where. Must neither block nor panic.
    pub report: Report,
    /// Takes the note of a survived panic; must not block.
    pub note: Box<dyn Fn(Survived) + Send + Sync>,
}

impl Default for Policy {
    /// Survives none and leaves no report.
    fn default() -> Self {
        Self { survives: Box::new(|_| false), report: Box::new(|_| None), note: Box::new(|_| {}) }
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Policy")
    }
}

/// Exit code of a process in which a thread panicked, as the standard library's.
pub const EXIT_CODE: u8 = 101;

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
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let survived = (policy.survives)(name);
        let message = info.payload().downcast_ref::<&'static str>().copied();
        let crash = Crash { thread: name.to_owned(), place, message, survived };
        if survived {
            let report = (policy.report)(&crash);
            (policy.note)(Survived { thread: crash.thread, place: crash.place, report });
            return;
        }
        guard.set_crashed();
        guard.restore();
        let report = (policy.report)(&crash);
        if !guard.tty().hung_up() {
            previous(info);
            if let Some(path) = report {
                let line = format!("\ndeckwatch has crashed; the report lies in {}\n", path.display());
                std::io::stderr().write_all(line.as_bytes()).ok();
            }
        }
        if thread.id() != first {
            // The first thread is told through the input, and ended if it does not listen.
            wake.wake();
            resort.after(LIMIT, i32::from(EXIT_CODE));
        }
    }));
}
