//! The health of every source, from the outcomes of what is asked of it anyway.
//!
//! Owns when a source is tried again and from when on its data is no longer believed. Pure: the clock
//! is an argument. A question that is wrong says nothing against the source that refuses it.

use std::collections::BTreeMap;

use crate::core::{Error, Kind, Span, Ts, Untrusted};
use crate::store::health::{Health, SourceId, State, Via};

/// How long a source may be silent before its data is marked.
pub const STALE: Span = Span::secs(10);
/// How often a source that nobody asks anything is probed.
const PROBED: Span = Span::secs(5);
/// From when on an answer is late.
const LATE: Span = Span::secs(3);
const FIRST_PAUSE: Span = Span::secs(1);
const LONGEST_PAUSE: Span = Span::secs(15);

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    sources: BTreeMap<SourceId, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    health: Health,
    failures: u32,
}

impl Supervisor {
    /// Adds a source that is being connected to, or replaces one that was found anew.
    pub fn add(&mut self, id: SourceId, address: Untrusted, found: Untrusted, via: Via, now: Ts) {
        let health = Health {
            id,
            address,
            found,
            via,
            state: State::Connecting,
            since: now,
            last_good: None,
            latency: None,
            next_try: Some(now),
            error: None,
        };
        self.sources.insert(id, Kept { health, failures: 0 });
    }

    /// Notes that a kind of source was looked for and is not there: not an outage.
    pub fn not_installed(&mut self, id: SourceId, found: Untrusted, now: Ts) {
        self.add(id, Untrusted::default(), found, Via::Direct, now);
        if let Some(kept) = self.sources.get_mut(&id) {
            kept.health.state = State::NotInstalled;
            kept.health.next_try = None;
        }
    }

    /// Takes a whole answer; returns whether the state changed.
    pub fn good(&mut self, id: SourceId, took: Span, now: Ts) -> bool {
        let Some(kept) = self.sources.get_mut(&id) else { return false };
        kept.failures = 0;
        kept.health.last_good = Some(now);
        kept.health.latency = Some(took);
        kept.health.next_try = Some(now + PROBED);
        let state = if took > LATE { State::Degraded } else { State::Ready };
        let late = || {
            Error::new(Kind::Timeout, "answer")
                .on(kept.health.address.clone())
                .detail(format!("late: after {took}"))
        };
        let error = (state == State::Degraded).then(late);
        kept.enter(state, error, now)
    }

    /// Takes an answer of which a part is missing; returns whether the state changed.
    pub fn partial(&mut self, id: SourceId, took: Span, error: Error, now: Ts) -> bool {
        let Some(kept) = self.sources.get_mut(&id) else { return false };
        kept.failures = 0;
        kept.health.last_good = Some(now);
        kept.health.latency = Some(took);
        kept.health.next_try = Some(now + PROBED);
        kept.enter(State::Degraded, Some(error), now)
    }

    /// Takes a failure; returns whether the state changed.
    pub fn bad(&mut self, id: SourceId, error: Error, now: Ts) -> bool {
        let Some(kept) = self.sources.get_mut(&id) else { return false };
        let recent = kept.health.last_good.is_some_and(|good| now - good < STALE);
        let state = match error.kind {
            // The source has answered: the question was wrong, too large, or taken back.
            Kind::BadQuery
            | Kind::TooLarge
            | Kind::NotFound
            | Kind::Cancelled
            | Kind::Refused
            | Kind::Usage
            | Kind::Conflict
            | Kind::Gone => {
                return false;
            }
            Kind::Auth | Kind::Denied => State::Denied,
            Kind::Throttled => State::Degraded,
            // One slow query of many does not take a source down; two in a row do.
            Kind::Timeout | Kind::Server if recent && kept.failures == 0 => State::Degraded,
            Kind::Timeout
            | Kind::Server
            | Kind::Unreachable
            | Kind::Tls
            | Kind::Decode
            | Kind::Config
            | Kind::OutcomeUnknown
            | Kind::Io
            | Kind::Internal => State::Down,
        };
        kept.failures = kept.failures.saturating_add(1);
        kept.health.next_try = Some(now + pause(id, kept.failures));
        kept.enter(state, Some(error), now)
    }

    /// Marks what has been silent too long; returns the sources whose state changed.
    pub fn tick(&mut self, now: Ts) -> Vec<SourceId> {
        let mut changed = Vec::new();
        for (id, kept) in &mut self.sources {
            let believed = matches!(kept.health.state, State::Ready | State::Degraded);
            let silent = kept.health.last_good.map_or(Span(0), |good| now - good);
            if believed && silent >= STALE {
                // What the source, or the way to it, said last is more exact than that it is silent.
                let error = kept.health.error.clone().unwrap_or_else(|| {
                    Error::new(Kind::Timeout, "answer")
                        .on(kept.health.address.clone())
                        .detail(format!("silent for {}", Span::secs(silent.as_secs())))
                });
                if kept.enter(State::Down, Some(error), now) {
                    changed.push(*id);
                }
            }
        }
        changed
    }

    /// Returns the sources that are to be probed now.
    pub fn due(&self, now: Ts) -> Vec<SourceId> {
        let due = |(id, kept): (&SourceId, &Kept)| kept.health.next_try.filter(|at| *at <= now).map(|_| *id);
        self.sources.iter().filter_map(due).collect()
    }

    /// Returns when there is something to do next: one of the sources that `probes` names to be probed, or
    /// any to be marked as silent.
    pub fn next(&self, probes: impl Fn(SourceId) -> bool) -> Option<Ts> {
        let silent = |h: &Health| {
            let believed = matches!(h.state, State::Ready | State::Degraded);
            h.last_good.filter(|_| believed).map(|good| good + STALE)
        };
        let each = |kept: &Kept| {
            let probe = kept.health.next_try.filter(|_| probes(kept.health.id));
            [probe, silent(&kept.health)].into_iter().flatten().min()
        };
        self.sources.values().filter_map(each).min()
    }

    /// Notes that a kind of source cannot be looked for now.
    pub fn looking(&mut self, id: SourceId, found: Untrusted, error: Error, now: Ts) {
        self.add(id, Untrusted::default(), found, Via::Direct, now);
        if let Some(kept) = self.sources.get_mut(&id) {
            if error.kind == Kind::Denied {
                kept.health.state = State::Denied;
            }
            kept.health.error = Some(error);
        }
    }

    /// Makes every source that can be asked due now: somebody wishes it.
    pub fn all_due(&mut self, now: Ts) {
        for kept in self.sources.values_mut().filter(|k| k.health.next_try.is_some()) {
            kept.health.next_try = Some(now);
        }
    }

    /// Notes when a source is tried again by somebody who keeps his own time.
    pub fn next_try(&mut self, id: SourceId, at: Ts) {
        if let Some(kept) = self.sources.get_mut(&id) {
            kept.health.next_try = Some(at);
        }
    }

    /// Notes that a source is being probed, so that it is not probed twice at the same time.
    pub fn asked(&mut self, id: SourceId, now: Ts) {
        if let Some(kept) = self.sources.get_mut(&id) {
            kept.health.next_try = Some(now + STALE);
        }
    }

    /// Returns the health of all sources, in the order of their kinds.
    pub fn all(&self) -> impl Iterator<Item = &Health> {
        self.sources.values().map(|kept| &kept.health)
    }

    /// Returns the health of one source.
    pub fn get(&self, id: SourceId) -> Option<&Health> {
        self.sources.get(&id).map(|kept| &kept.health)
    }
}

impl Kept {
    fn enter(&mut self, state: State, error: Option<Error>, now: Ts) -> bool {
        self.health.error = error;
        let changed = self.health.state != state;
        if changed {
            self.health.state = state;
            self.health.since = now;
        }
        changed
    }
}

/// Returns how long to wait after so many failures: doubling, to at most 15 s, less up to a quarter
/// that differs from source to source, so that they are not all tried in the same instant.
fn pause(id: SourceId, failures: u32) -> Span {
    let doubled = FIRST_PAUSE.0.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE.0);
    let mix = (u64::from(id.index) * 31 + id.kind as u64 * 7 + u64::from(failures))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        >> 32;
    let share = i64::try_from(mix % 256).unwrap_or(0);
    Span(doubled - doubled / 1024 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::health::SourceKind;

    const LOKI: SourceId = SourceId { kind: SourceKind::Loki, index: 0 };
    const T: Ts = Ts::from_secs(1_000);

    fn at(secs: i64) -> Ts {
        T + Span::secs(secs)
    }

    fn supervisor() -> Supervisor {
        let mut s = Supervisor::default();
        s.add(LOKI, "http://l".into(), "environment".into(), Via::Direct, T);
        s
    }

    fn error(kind: Kind) -> Error {
        Error::new(kind, "query Loki").on("http://l")
    }

    fn state(s: &Supervisor) -> (State, i64) {
        let health = s.get(LOKI).unwrap();
        (health.state, (health.since - T).as_secs())
    }

    #[test]
    fn a_source_becomes_ready_with_its_first_answer_and_is_probed_when_nobody_asks() {
        let mut s = supervisor();
        assert_eq!((state(&s), s.due(T)), ((State::Connecting, 0), vec![LOKI]));
        assert!(s.good(LOKI, Span::millis(40), at(1)) && !s.good(LOKI, Span::millis(50), at(2)));
        let health = s.get(LOKI).unwrap();
        assert_eq!(
            (health.last_good, health.latency, health.since),
            (Some(at(2)), Some(Span::millis(50)), at(1))
        );
        assert_eq!((s.due(at(6)), s.due(at(7))), (vec![], vec![LOKI]));
        s.asked(LOKI, at(7));
        assert_eq!(s.due(at(8)), []);
    }

    #[test]
    fn silence_is_marked_within_ten_seconds() {
        let mut s = supervisor();
        s.good(LOKI, Span::millis(1), T);
        assert_eq!((s.tick(at(9)), s.tick(at(10)), s.tick(at(11))), (vec![], vec![LOKI], vec![]));
        assert_eq!(state(&s), (State::Down, 10));
        assert_eq!(
            s.get(LOKI).unwrap().error.as_ref().unwrap().line(),
            "answer: no answer on http://l: silent for 10s"
        );
        s.good(LOKI, Span::millis(1), at(12));
        assert_eq!((state(&s), s.get(LOKI).unwrap().error.clone()), ((State::Ready, 12), None));
    }

    #[test]
    fn a_source_that_fell_silent_after_an_error_is_down_with_that_error() {
        let mut s = supervisor();
        s.good(LOKI, Span::millis(1), T);
        s.bad(LOKI, error(Kind::Timeout).detail("no answer within 3s"), at(8));
        assert_eq!((state(&s), s.next(|_| false)), ((State::Degraded, 8), Some(at(10))));
        assert_eq!((s.tick(at(9)), s.tick(at(10)), state(&s)), (vec![], vec![LOKI], (State::Down, 10)));
        let told = s.get(LOKI).unwrap().error.as_ref().unwrap().line();
        assert_eq!(told, "query Loki: no answer on http://l: no answer within 3s");
    }

    #[test]
    fn what_is_next_is_a_probe_or_the_end_of_belief_and_a_wish_makes_all_due() {
        let mut s = supervisor();
        s.good(LOKI, Span::millis(1), T);
        assert_eq!(s.next(|_| true), Some(at(5)));
        s.asked(LOKI, at(5));
        assert_eq!(s.next(|_| true), Some(at(10)));
        s.all_due(at(6));
        assert_eq!(s.due(at(6)), [LOKI]);
        s.not_installed(LOKI, "nowhere".into(), at(7));
        s.all_due(at(8));
        assert_eq!((s.due(at(8)), s.next(|_| true)), (vec![], None));
    }

    #[test]
    fn one_slow_query_degrades_and_a_second_failure_takes_down() {
        let mut s = supervisor();
        s.good(LOKI, Span::millis(1), T);
        assert!(s.bad(LOKI, error(Kind::Timeout), at(1)));
        assert_eq!(state(&s), (State::Degraded, 1));
        assert!(s.bad(LOKI, error(Kind::Timeout), at(2)));
        assert_eq!(state(&s), (State::Down, 2));
        let mut refused = supervisor();
        refused.good(LOKI, Span::millis(1), T);
        refused.bad(LOKI, error(Kind::Unreachable), at(1));
        assert_eq!(state(&refused), (State::Down, 1));
    }

    #[test]
    fn refusals_are_not_outages_and_wrong_questions_are_neither() {
        let mut s = supervisor();
        s.good(LOKI, Span::millis(1), T);
        for kind in [Kind::BadQuery, Kind::TooLarge, Kind::Cancelled, Kind::NotFound] {
            assert!(!s.bad(LOKI, error(kind), at(1)));
        }
        assert_eq!(state(&s), (State::Ready, 0));
        s.bad(LOKI, error(Kind::Denied), at(2));
        assert_eq!(state(&s), (State::Denied, 2));
        s.partial(LOKI, Span::millis(9), error(Kind::Server), at(3));
        assert_eq!((state(&s), s.get(LOKI).unwrap().last_good), ((State::Degraded, 3), Some(at(3))));
        s.good(LOKI, Span::secs(4), at(4));
        assert_eq!(s.get(LOKI).unwrap().error.as_ref().unwrap().detail, Some("late: after 4s".into()));
    }

    #[test]
    fn tries_come_further_and_further_apart_but_never_end() {
        let mut s = supervisor();
        let mut pauses = Vec::new();
        for n in 0..40 {
            s.bad(LOKI, error(Kind::Unreachable), at(n));
            pauses.push(s.get(LOKI).unwrap().next_try.unwrap() - at(n));
        }
        let doubled = [1, 2, 4, 8, 15, 15].map(Span::secs);
        for (pause, most) in pauses.iter().zip(doubled) {
            assert!(*pause <= most && pause.0 >= most.0 / 4 * 3, "{pause} of {most}");
        }
        assert!(pauses.iter().all(|p| *p <= LONGEST_PAUSE));
        let other = SourceId { index: 1, ..LOKI };
        assert_ne!(pause(LOKI, 9), pause(other, 9));
    }

    #[test]
    fn what_is_not_installed_is_neither_down_nor_probed() {
        let mut s = Supervisor::default();
        s.not_installed(LOKI, "no service looks like Loki".into(), T);
        assert_eq!((state(&s), s.due(at(99)), s.tick(at(99))), ((State::NotInstalled, 0), vec![], vec![]));
        assert!(!s.good(SourceId { index: 7, ..LOKI }, Span::default(), T));
        assert_eq!(s.all().count(), 1);
    }
}
