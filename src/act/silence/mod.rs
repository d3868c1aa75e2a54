//! Silences at an Alertmanager: the plan from what it has, and the driver that sends each request once.
//!
//! `ops::silence` decides what is sent and how it is told whether it took effect; here it is read, checked, shown, sent,
//! journalled, read back and told. Short, so it is carried out in the process that confirms it. Tested with a scripted
//! Alertmanager.

mod drive;
mod prepare;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::core::action::Risk;
use crate::core::{Result, Span, Ts};
use crate::ops::deed::Raw;
use crate::ops::silence::{Reach, Request, SilenceId};
use crate::ops::{Confirmed, Plan};
use crate::query::matcher::Matcher;
use crate::sources::alertmanager::Alertmanager;

pub use drive::run;
pub use prepare::{Asker, prepare};

/// How many silences one plan may be about.
pub const MOST: usize = 50;

/// A plan with everything that carrying it out needs.
pub struct Prepared {
    /// The plan as it is shown.
    pub plan: Arc<Plan>,
    /// Where it goes.
    manager: Arc<Alertmanager>,
    /// What is sent, in its order.
    parts: Vec<Part>,
}

impl Prepared {
    /// Checks that a confirmation is for this plan and still good.
    ///
    /// # Errors
    /// `Refused`, where it is not.
    pub fn check(&self, confirmed: &Confirmed, now: Ts) -> Result<()> {
        super::prepared::check(self.plan.id, confirmed, now)
    }
}

/// One silence's request.
#[derive(Debug)]
struct Part {
    /// The silence, in words.
    silence: String,
    request: Request,
    aim: Aim,
}

/// What was shown of the alerts that a silence hides: where it hides more by now it is planned anew.
#[derive(Debug)]
struct Hides {
    matchers: Vec<Matcher>,
    lasts: Span,
    risk: Risk,
    reach: Reach,
}

/// What a request is for, and what it was planned on.
#[derive(Debug)]
enum Aim {
    /// A new silence.
    Add { hides: Hides },
    /// A later end.
    Extend { id: SilenceId, ends: Ts, planned: Raw, hides: Hides },
    /// An end.
    Expire { id: SilenceId, planned: Raw },
}
