//! Deadlines asked for by effects; asking for one again moves it.

use std::collections::BTreeMap;

use crate::app::effect::Timer;
use crate::core::Ts;

/// The open deadlines.
#[derive(Debug, Default)]
pub struct Timers {
    open: BTreeMap<Timer, Ts>,
}

impl Timers {
    /// Sets or moves a deadline.
    pub fn set(&mut self, timer: Timer, at: Ts) {
        self.open.insert(timer, at);
    }

    /// Returns the next deadline.
    pub fn next(&self) -> Option<Ts> {
        self.open.values().min().copied()
    }

    /// Takes every timer that is due, the earliest first.
    pub fn due(&mut self, now: Ts) -> Vec<Timer> {
        let mut due: Vec<(Ts, Timer)> =
            self.open.iter().filter(|(_, at)| **at <= now).map(|(t, at)| (*at, *t)).collect();
        due.sort();
        for (_, timer) in &due {
            self.open.remove(timer);
        }
        due.into_iter().map(|(_, timer)| timer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_again_moves_a_deadline() {
        let mut timers = Timers::default();
        timers.set(Timer::Clock, Ts(10));
        timers.set(Timer::Alerts, Ts(5));
        timers.set(Timer::Clock, Ts(20));
        assert_eq!(timers.next(), Some(Ts(5)));
        assert_eq!(timers.due(Ts(20)), [Timer::Alerts, Timer::Clock]);
        assert_eq!(timers.next(), None);
    }
}
