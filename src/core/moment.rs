//! The moment: one value that every view shows, live or pinned, with its window and its history.

use super::time::{Span, Ts};

/// A half-open window of time `[start, end)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// First instant inside.
    pub start: Ts,
    /// First instant after it.
    pub end: Ts,
}

impl Window {
    /// Returns its length.
    pub fn span(self) -> Span {
        self.end - self.start
    }

    /// Returns whether an instant lies inside.
    pub fn contains(self, ts: Ts) -> bool {
        self.start <= ts && ts < self.end
    }
}

/// Where the moment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Anchor {
    /// Now, moving.
    #[default]
    Live,
    /// Pinned.
    At(Ts),
}

/// One entry of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    anchor: Anchor,
    before: Span,
    after: Span,
}

/// The moment that all views share.
///
/// `generation` grows with every change, so that answers to older questions can be told and dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    place: Place,
    generation: u64,
    history: Vec<Place>,
    at: usize,
}

const KEPT: usize = 64;
const NARROWEST: Span = Span::secs(10);
const WIDEST: Span = Span::hours(24 * 31);

impl Default for Moment {
    fn default() -> Self {
        let place = Place { anchor: Anchor::Live, before: Span::mins(15), after: Span::mins(15) };
        Self { place, generation: 0, history: vec![place], at: 0 }
    }
}

impl Moment {
    /// Returns where it stands.
    pub fn anchor(&self) -> Anchor {
        self.place.anchor
    }

    /// Returns the pinned instant, `None` while live.
    pub fn pinned(&self) -> Option<Ts> {
        match self.place.anchor {
            Anchor::Live => None,
            Anchor::At(ts) => Some(ts),
        }
    }

    /// Returns the number that changes with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns how much is shown before the moment.
    pub fn before(&self) -> Span {
        self.place.before
    }

    /// Returns how much is shown after it (when pinned).
    pub fn after(&self) -> Span {
        self.place.after
    }

    /// Returns the window at `now`: `[now - before, now)` live, `[at - before, at + after)` pinned.
    pub fn window(&self, now: Ts) -> Window {
        match self.place.anchor {
            Anchor::Live => Window { start: now - self.place.before, end: now },
            Anchor::At(ts) => Window { start: ts - self.place.before, end: ts + self.place.after },
        }
    }

    /// Returns the instant that the views are about.
    pub fn instant(&self, now: Ts) -> Ts {
        self.pinned().unwrap_or(now)
    }

    /// Pins an instant; the window stays. Returns whether anything changed.
    pub fn pin(&mut self, ts: Ts) -> bool {
        self.go(Place { anchor: Anchor::At(ts), ..self.place })
    }

    /// Pins an instant with a window wide enough to show `before` ahead of it.
    pub fn pin_widened(&mut self, ts: Ts, before: Span) -> bool {
        let before = before.max(self.place.before).min(WIDEST);
        self.go(Place { anchor: Anchor::At(ts), before, ..self.place })
    }

    /// Pins an instant with exactly this window.
    pub fn pin_to(&mut self, window: Window, ts: Ts) -> bool {
        self.go(Place { anchor: Anchor::At(ts), before: ts - window.start, after: window.end - ts })
    }

    /// Returns to live.
    pub fn release(&mut self) -> bool {
        self.go(Place { anchor: Anchor::Live, ..self.place })
    }

    /// Steps by half a window, back for negative `direction`; from live, stepping back pins `now` first.
    pub fn step(&mut self, direction: i32, now: Ts) -> bool {
        let half = (self.place.before + self.place.after).half();
        let from = self.instant(now);
        let to = if direction < 0 { from - half } else { from + half };
        if self.pinned().is_none() && direction > 0 {
            false
        } else {
            self.go(Place { anchor: Anchor::At(to), ..self.place })
        }
    }

    /// Widens (factor 2) or narrows (factor ½) the window.
    pub fn zoom(&mut self, widen: bool) -> bool {
        let scale = |span: Span| {
            if widen { Span(span.0.saturating_mul(2)).min(WIDEST) } else { span.half().max(NARROWEST) }
        };
        self.go(Place { before: scale(self.place.before), after: scale(self.place.after), ..self.place })
    }

    /// Goes through the history, back for negative `direction`.
    pub fn travel(&mut self, direction: i32) -> bool {
        let to = if direction < 0 { self.at.checked_sub(1) } else { Some(self.at + 1) };
        let Some((to, place)) = to.and_then(|i| self.history.get(i).map(|p| (i, *p))) else { return false };
        self.at = to;
        self.place = place;
        self.generation += 1;
        true
    }

    fn go(&mut self, place: Place) -> bool {
        if place == self.place {
            return false;
        }
        self.history.truncate(self.at + 1);
        if self.history.len() == KEPT {
            self.history.remove(0);
        }
        self.history.push(place);
        self.at = self.history.len() - 1;
        self.place = place;
        self.generation += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_000_000);

    #[test]
    fn live_shows_the_time_before_now_and_pinned_both_sides() {
        let mut moment = Moment::default();
        assert_eq!(moment.window(NOW), Window { start: NOW - Span::mins(15), end: NOW });
        assert!(moment.pin(Ts::from_secs(500_000)));
        let window = moment.window(NOW);
        assert_eq!((window.span(), window.contains(Ts::from_secs(500_000))), (Span::mins(30), true));
    }

    #[test]
    fn every_change_is_a_new_generation_and_no_change_is_none() {
        let mut moment = Moment::default();
        assert!(moment.pin(NOW) && !moment.pin(NOW));
        assert_eq!(moment.generation(), 1);
        assert!(moment.release() && !moment.release());
        assert_eq!(moment.generation(), 2);
    }

    #[test]
    fn the_history_goes_both_ways_and_forgets_a_branch() {
        let mut moment = Moment::default();
        moment.pin(Ts(1));
        moment.pin(Ts(2));
        assert!(moment.travel(-1));
        assert_eq!(moment.pinned(), Some(Ts(1)));
        assert!(moment.travel(1) && !moment.travel(1));
        moment.travel(-1);
        moment.pin(Ts(3));
        assert!(!moment.travel(1));
        moment.travel(-1);
        moment.travel(-1);
        assert_eq!(moment.pinned(), None);
    }

    #[test]
    fn a_step_is_half_a_window_and_live_has_no_future() {
        let mut moment = Moment::default();
        assert!(!moment.step(1, NOW));
        assert!(moment.step(-1, NOW));
        assert_eq!(moment.pinned(), Some(NOW - Span::mins(15)));
        assert!(moment.zoom(false) && moment.zoom(false));
        assert_eq!(moment.before(), Span::secs(225));
    }

    #[test]
    fn the_history_is_bounded() {
        let mut moment = Moment::default();
        for n in 0..1_000 {
            moment.pin(Ts(n));
        }
        assert_eq!(moment.history.len(), KEPT);
        assert!(moment.travel(-1));
        assert_eq!(moment.pinned(), Some(Ts(998)));
    }
}
