//! The process that carries a plan out: nobody looks at it but by its journal.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::act::runner::{Handover, Told, run as carry_out};
use crate::cli::setup;
use crate::config::LogLevel;
use crate::core::{Error, Kind, Result};
use crate::ops::Outcome;
use crate::runtime::log;

/// Takes a plan from standard input and carries it out. Returns 0, 1 or 5, as a rollback does.
///
/// # Errors
/// Nothing was sent.
pub fn run() -> Result<u8> {
    let handed = Handover::read(std::io::stdin().lock())?;
    let wished = setup::variable("DECKWATCH_LOG");
    let id = handed.journal.to_string();
    let _log = log::start(&handed.state, &id, LogLevel::default(), wished.as_deref());
    Ok(match carry_out(handed, listen)? {
        Outcome::Done => 0,
        Outcome::Failed(error) | Outcome::Unknown(error) => error.kind.exit_code(),
    })
}

/// Whoever tells it to end has the plan stop before its next object; a terminal that goes away does not.
fn listen(told: Told) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new(Kind::Io, "watch for signals").detail(format!("nothing was sent: {e}"))
    };
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP]).map_err(failed)?;
    let watch = move || {
        for signal in signals.forever() {
            if signal != SIGHUP {
                told();
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch).map_err(failed)?;
    Ok(())
}
