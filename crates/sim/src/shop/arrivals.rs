//! When requests arrive at one container: a rate with a daily, a half-hourly and two short waves,
//! integrated in closed form, so that the number of requests up to any instant and the instant of
//! any request are found without going through the ones before. Never keeps state; tested below.

use crate::life::Nanos;
use crate::shop::hash;

const MICRO: i64 = 1_000;
const SECOND: i64 = 1_000_000_000;
/// Periods in seconds and amplitudes of the waves; the amplitudes' sum stays below one, which
/// keeps the integral growing.
const WAVES: [(i64, f64); 4] = [(86_400, 0.18), (1_800, 0.10), (210, 0.06), (47, 0.05)];

/// The requests of one run of a container.
#[derive(Clone, Debug)]
pub struct Arrivals {
    start: Nanos,
    rate: f64,
    phases: [i64; 4],
    seed: u64,
    origin: f64,
}

impl Arrivals {
    /// Requests from `start` on, `rate` per second on average.
    pub fn new(start: Nanos, rate: f64, seed: u64) -> Self {
        let mut phases = [0; 4];
        for (i, (phase, (period, _))) in phases.iter_mut().zip(WAVES).enumerate() {
            // The day is the same for everybody; the short waves differ from pod to pod.
            let h = if i < 2 { i as u64 } else { hash::of(&[seed, i as u64]) };
            *phase = (hash::unit(hash::mix(h)) * period as f64) as i64 * SECOND;
        }
        let mut this = Self { start, rate, phases, seed, origin: 0.0 };
        this.origin = this.waves(start);
        this
    }

    fn waves(&self, at: Nanos) -> f64 {
        WAVES.iter().zip(self.phases).fold(0.0, |sum, ((period, amplitude), phase)| {
            let p = period * SECOND;
            let angle = (at + phase).rem_euclid(p) as f64 / p as f64 * std::f64::consts::TAU;
            sum - amplitude * *period as f64 / std::f64::consts::TAU * angle.cos()
        })
    }

    /// Returns the requests up to `at` as a number with a fraction.
    pub fn exact(&self, at: Nanos) -> f64 {
        let at = at.max(self.start);
        let elapsed = (at - self.start) as f64 / SECOND as f64;
        (self.rate * (elapsed + self.waves(at) - self.origin)).max(0.0)
    }

    /// Returns how many requests are done at `at`.
    pub fn count(&self, at: Nanos) -> u64 {
        self.exact(at - at.rem_euclid(MICRO)) as u64
    }

    /// Returns the instant at which request `n` (from 0) is done.
    pub fn at(&self, n: u64) -> Nanos {
        let mut low = self.start;
        let mut high = self.start + SECOND;
        while self.count(high) <= n {
            low = high;
            high = self.start + (high - self.start).saturating_mul(2);
        }
        self.between(n, low, high)
    }

    /// Finds request `n` between two instants of which the first is before it and the second not.
    fn between(&self, n: u64, low: Nanos, high: Nanos) -> Nanos {
        let (mut low, mut high) = (low.div_euclid(MICRO), high.div_euclid(MICRO) + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.count(middle * MICRO) > n {
                high = middle;
            } else {
                low = middle;
            }
        }
        // Inside the microsecond the place is drawn, so that times look like a clock's.
        high * MICRO + (hash::of(&[self.seed, n]) % 1_000) as i64
    }

    /// Returns the requests that are done in `from ≤ t < to`, as their numbers; the ends may hold
    /// one more each, which the caller drops after it asked for the time.
    pub fn numbers(&self, from: Nanos, to: Nanos) -> std::ops::Range<u64> {
        self.count(from - MICRO)..self.count(to + MICRO)
    }

    /// Returns the instant of request `n`, known to be near `guess`.
    pub fn near(&self, n: u64, guess: Nanos) -> Nanos {
        let guess = guess.max(self.start);
        if self.rate <= 0.0 {
            return guess;
        }
        let missing = n as f64 + 1.0 - self.exact(guess);
        let first = guess + (missing / self.rate * SECOND as f64) as i64;
        let width = ((missing.abs() / self.rate * 0.8) * SECOND as f64) as i64 + SECOND / 1_000;
        let (low, high) = ((first - width).max(self.start), first + width);
        let below = low == self.start || self.count(low) <= n;
        if below && self.count(high) > n { self.between(n, low, high) } else { self.at(n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_of_each_request_is_where_the_count_steps() {
        let start = 1_795_000_000 * SECOND;
        let arrivals = Arrivals::new(start, 15.0, 7);
        for n in [0, 1, 2, 14, 15, 1_000, 1_000_000] {
            let at = arrivals.at(n);
            assert_eq!((arrivals.count(at - MICRO), arrivals.count(at)), (n, n + 1), "request {n}");
            assert_eq!(arrivals.near(n, at - SECOND / 3), at, "request {n} from a guess");
            assert_eq!(arrivals.near(n, at + 2 * SECOND), at, "request {n} from a late guess");
        }
    }

    #[test]
    fn the_count_never_falls_and_follows_the_rate() {
        let start = 1_795_000_000 * SECOND;
        let arrivals = Arrivals::new(start, 15.0, 9);
        let mut last = 0;
        for step in 0..2_000 {
            let count = arrivals.count(start + step * SECOND / 10);
            assert!(count >= last, "{count} after {last}");
            last = count;
        }
        assert!((1_700..4_300).contains(&last), "{last} requests in 200 s at about 15/s");
    }
}
