//! Signals of a command: while an editor has the terminal they are the editor's, while a plan is carried out they ask for its
//! end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

use crate::core::{Error, Kind, Result};

/// Whether a signal that has a handler still ends the process, as it does without one. What is registered once stays so:
/// without an action its signal would do nothing at all.
static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Does something during which keys that make signals are another program's. They are taken, not ignored: what is
/// ignored the other program would ignore too. Afterwards they end this one, as before.
pub fn of_another<T>(work: impl FnOnce() -> T) -> T {
    for signal in [SIGINT, SIGQUIT] {
        flag::register_conditional_default(signal, Arc::clone(&ENDS)).ok();
    }
    let done = work();
    ENDS.store(true, Ordering::SeqCst);
    done
}

/// Returns what becomes true when the process is told to end, which from now on does not end it.
///
/// # Errors
/// Signals can't be watched.
pub fn told() -> Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        flag::register(signal, Arc::clone(&told)).map_err(|e| {
            Error::new(Kind::Io, "carry out the plan")
                .detail(format!("nothing was sent: signals can't be watched: {e}"))
        })?;
    }
    ENDS.store(false, Ordering::SeqCst);
    Ok(told)
}
