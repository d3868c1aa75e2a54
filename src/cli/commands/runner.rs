//! The process that carries a plan out: nobody looks at it but by its journal.

use crate::act::runner::{Handover, run as carry_out};
use crate::cli::setup;
use crate::core::Result;
use crate::ops::Outcome;
use crate::runtime::log;

/// Takes a plan from standard input and carries it out. Returns 0, 1 or 5, as a rollback does.
///
/// # Errors
/// Nothing was sent.
pub fn run() -> Result<u8> {
    let handed = Handover::read(std::io::stdin().lock())?;
    let wished = setup::variable("DECKWATCH_LOG");
    let _log = log::start(&handed.state, &handed.journal.to_string(), Default::default(), wished.as_deref());
    Ok(match carry_out(handed)? {
        Outcome::Done => 0,
        Outcome::Failed(error) | Outcome::Unknown(error) => error.kind.exit_code(),
    })
}
