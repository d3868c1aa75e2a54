//! The look at the next object, which may be taken while a write is on its way.

use super::engine::{Engine, State};
use super::request::{Class, Place, Request, Verb};

impl Engine {
    /// Returns the read that comes next if the write that was given last does what it is meant to: the look at the next
    /// object. Whoever sends requests may send it beside the write; its answer is the one to the same request later only
    /// where it is still what is there. `None` where the next object is the one that is written, or nothing is known.
    pub fn ahead(&self) -> Option<Request> {
        let written = match &self.state {
            State::Target(visit, _) => &visit.target.object,
            State::Remove { object, .. } => object,
            _ => return None,
        };
        let next =
            self.job.targets.front().map(|target| &target.object).or_else(|| self.job.leaving.front())?;
        let writes = self.flight.as_ref().is_some_and(|flight| flight.request.class() == Class::Write);
        let (there, here) = (Place::of(next), Place::of(written));
        // Whatever the version or group that they are asked for in, and the namespace that a cluster-scoped one names.
        let one = |place: &Place| (place.resource.clone(), place.namespace.clone(), place.name.clone());
        let apart = one(&there) != one(&here) && !there.name.is_empty();
        (writes && apart && !self.is_cancelled()).then(|| Request::new(Verb::Get, there))
    }
}
