//! The testbed's one error: what failed, on what, why, and what to do about it.
//!
//! Owns the text that a person sees; never the decision what to do next. Tested through its callers.

use std::fmt::Display;

/// The result of everything in the testbed.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed, why, and a hint.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}{}", hint.as_ref().map(|h| format!("\n{h}")).unwrap_or_default())]
pub struct Error {
    what: String,
    why: String,
    hint: Option<String>,
}

impl Error {
    /// Returns an error about `what`, for the reason `why`.
    pub fn new(what: impl Display, why: impl Display) -> Self {
        Self { what: what.to_string(), why: why.to_string(), hint: None }
    }

    /// Adds lines that help: a hint, or the end of a log.
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

/// Says on what an operation failed.
pub trait On<T> {
    /// Turns the error into [`Error`], with what was being done.
    fn on(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> On<T> for std::result::Result<T, E> {
    fn on(self, what: impl Display) -> Result<T> {
        self.map_err(|e| Error::new(what, e))
    }
}
