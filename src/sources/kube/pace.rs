//! How long to wait before trying again: doubling, with jitter, cut short on wish.
//!
//! Every wait is visible: the caller tells when the next try is. Tested with a paused clock.

use std::time::Duration;

use tokio::sync::watch;

use crate::core::Span;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);
/// The longest that a server's `Retry-After` is followed.
const OBEYED: Span = Span::mins(5);

/// Counts failures in a row and says how long to wait.
#[derive(Debug)]
pub struct Pace {
    failures: u32,
    random: u64,
}

impl Pace {
    /// Makes a pace; different seeds keep many of them from waking at the same instant.
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed | 1 }
    }

    /// Tells of a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Tells of a failure and returns how long to wait: 0.5 s doubling up to 15 s, each a quarter more or
    /// less; or what the server asks for, up to five minutes.
    pub fn next(&mut self, asked: Option<Span>) -> Duration {
        let base = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let jittered = base.mul_f64(0.75 + self.fraction() / 2.0).min(LONGEST);
        asked.map_or(jittered, |asked| jittered.max(asked.min(OBEYED).to_std()))
    }

    /// Returns a random part of `most`.
    pub fn jitter(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.fraction())
    }

    /// Returns a number from 0 to 1 (xorshift: spreading, not secrecy, is what matters here).
    fn fraction(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The wish to try everything now, heard by all who wait.
#[derive(Clone, Debug)]
pub struct RetryNow(watch::Sender<u64>);

impl Default for RetryNow {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl RetryNow {
    /// Ends every wait that is under way.
    pub fn now(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Returns an ear, which also hears a wish that comes between two of its waits.
    pub fn ear(&self) -> Ear {
        Ear(self.0.subscribe())
    }

    /// Waits, or until somebody wishes to try now. Returns whether somebody did.
    pub async fn wait(&self, time: Duration) -> bool {
        self.ear().rest(time).await
    }
}

/// Hears the wishes of one [`RetryNow`].
#[derive(Debug)]
pub struct Ear(watch::Receiver<u64>);

impl Ear {
    /// Waits until somebody wishes to try now.
    pub async fn wish(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits, or until somebody wishes to try now. Returns whether somebody did.
    pub async fn rest(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => false,
            () = self.wish() => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_fifteen_seconds_with_jitter() {
        let mut pace = Pace::new(7);
        for base in [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0] {
            let wait = pace.next(None).as_secs_f64();
            assert!(wait >= base * 0.75 && wait <= (base * 1.25).min(15.0), "{wait} for {base}");
        }
        pace.reset();
        assert!(pace.next(None) < Duration::from_secs(1));
        let (mut a, mut b) = (Pace::new(1), Pace::new(99));
        assert_ne!(a.next(None), b.next(None));
    }

    #[test]
    fn a_server_that_asks_for_a_day_gets_five_minutes() {
        let mut pace = Pace::new(7);
        assert_eq!(pace.next(Some(Span::hours(24))), Duration::from_mins(5));
        assert_eq!(pace.next(Some(Span::secs(7))), Duration::from_secs(7));
        assert!(pace.next(Some(Span::secs(0))) >= Duration::from_millis(1500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_somebody_wishes_it() {
        let retry = RetryNow::default();
        let began = tokio::time::Instant::now();
        assert!(!retry.wait(Duration::from_secs(9)).await);
        assert_eq!(began.elapsed(), Duration::from_secs(9));
        let (heard, ()) = tokio::join!(retry.wait(Duration::from_secs(9)), async { retry.now() });
        assert!(heard);
        assert_eq!(began.elapsed(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_between_two_waits_is_heard() {
        let retry = RetryNow::default();
        let mut ear = retry.ear();
        retry.now();
        assert!(ear.rest(Duration::from_secs(9)).await);
        assert!(!ear.rest(Duration::from_secs(9)).await);
    }
}
