//! Deleting again what was created, after a rollback that failed (`--cleanup-on-fail`).
//!
//! Helm does it last, when the records are written, and never looks before. What it deletes is what it wanted to create, also
//! where that failed; here it is what was created, unless everything is to be done as Helm does it.

use super::super::engine::{Engine, State};
use super::super::event::{Event, Outcome};
use super::super::request::{Place, Request, Verb};
use super::super::send::{Doubt, Got};
use crate::plan::PlanObject;
use crate::record::Generation;

/// How the rollback ended, and what went wrong in cleaning up since.
#[derive(Debug)]
pub(in super::super) struct Cleaning {
    outcome: Outcome,
    errors: Vec<String>,
    /// Whether it is not known what became of a deletion.
    unknown: bool,
}

impl Engine {
    /// Deletes what was created, then ends with an outcome.
    pub(in super::super) fn clean_up(&mut self, outcome: Outcome) {
        let mut cleaning = Cleaning { outcome, errors: Vec::new(), unknown: false };
        if self.created.is_empty() && self.job.options.strict {
            cleaning.errors.push("object not found, skipping delete: no objects visited".to_owned());
        }
        self.clean_next(cleaning);
    }

    fn clean_next(&mut self, cleaning: Cleaning) {
        let Some(object) = self.created.pop_front() else {
            return self.end(cleaning.ended(self.job.helm, self.job.options.strict));
        };
        let request = Request::delete(&object);
        self.send(request, State::Clean { object: Box::new(object), doubt: None, cleaning });
    }

    pub(in super::super) fn cleaned(
        &mut self,
        got: Got,
        object: PlanObject,
        doubt: Doubt,
        mut cleaning: Cleaning,
    ) {
        let id = object.id.clone();
        let failed = match (got, doubt) {
            (Got::Done(_), None) | (Got::NotFound(_), _) => None,
            (Got::Refused(answer), None) => Some(answer.message()),
            (Got::Unknown { why, answered }, None) => {
                let request = Request::new(Verb::Get, Place::of(&object));
                let doubt = Some((why, answered));
                return self.send(request, State::Clean { object: Box::new(object), doubt, cleaning });
            }
            (Got::Done(live), Some(_)) if live.pointer("/metadata/deletionTimestamp").is_some() => None,
            (Got::Done(_), Some((why, true))) => Some(why),
            (_, Some((why, _))) => {
                cleaning.unknown = true;
                Some(format!("it is not known whether {id} was deleted: {why}"))
            }
        };
        match failed {
            None => self.tell(Event::CleanedUp(id)),
            Some(why) => {
                self.tell(Event::ObjectFailed { object: id, why: why.clone() });
                cleaning.errors.push(why);
            }
        }
        self.clean_next(cleaning);
    }
}

impl Cleaning {
    /// The outcome, with Helm's words for what went wrong since. Helm 4 loses why the rollback failed over them: only where
    /// everything is to be as Helm does it, so does this.
    fn ended(self, helm: Generation, strict: bool) -> Outcome {
        if self.errors.is_empty() {
            return self.outcome;
        }
        let why = format!("unable to cleanup resources: {}", self.errors.join(", "));
        let words = |what: &str| {
            let cause = if strict && helm == Generation::V4 { why.clone() } else { format!("{what}: {why}") };
            format!("an error occurred while cleaning up resources. original rollback error: {cause}")
        };
        match self.outcome {
            Outcome::Failed { phase, what, record } if self.unknown => {
                Outcome::Unknown { phase, what: words(&what), record }
            }
            Outcome::Failed { phase, what, record } => Outcome::Failed { phase, what: words(&what), record },
            Outcome::Unknown { phase, what, record } => {
                Outcome::Unknown { phase, what: format!("{what}; {why}"), record }
            }
            Outcome::Done { notes } => Outcome::Done { notes },
        }
    }
}
