//! How a plan goes and ends.

use super::super::record::{Ended, Record};
use crate::core::{Error, Safe, Untrusted};

/// How a plan ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done: the server has agreed to every write.
    Done,
    /// Failed: what is known to be done and what not is in the steps.
    Failed(Error),
    /// A write's fate is not known: it is neither sent again nor called done.
    Unknown(Error),
}

impl Outcome {
    /// Returns what is said of it.
    pub fn words(&self) -> Safe {
        match self {
            Self::Done => Safe::own("done"),
            Self::Failed(error) | Self::Unknown(error) => Untrusted::from(error.line()).clipped(500),
        }
    }

    /// Returns the word of journal and screen.
    pub const fn word(&self) -> Ended {
        match self {
            Self::Done => Ended::Done,
            Self::Failed(_) => Ended::Failed,
            Self::Unknown(_) => Ended::Unknown,
        }
    }
}

/// News of a running plan.
#[derive(Clone, Debug, PartialEq)]
pub enum JobMsg {
    /// A step began or ended, in words, with its number and how many there are.
    Step {
        /// Which step, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// In words.
        text: Safe,
        /// Whether it is finished.
        finished: bool,
    },
    /// It ended; the journal has it already.
    Ended(Outcome, Box<Record>),
}
