//! The cluster's clock and its random numbers.
//!
//! Owns: the trait by which the wall clock is asked, a clock that tests move by hand, and one
//! small seeded generator, so that the same seed and the same steps give the same cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::life::Nanos;

/// One second in nanoseconds.
pub const SECOND: Nanos = 1_000_000_000;
/// One minute in nanoseconds.
pub const MINUTE: Nanos = 60 * SECOND;

/// A source of wall-clock time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time now, in nanoseconds since 1970 UTC.
    fn now(&self) -> Nanos;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Nanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Nanos::try_from(since.as_nanos()).unwrap_or(Nanos::MAX)
    }
}

/// A clock that only moves when it is told to.
#[derive(Clone, Debug, Default)]
pub struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    /// Returns a clock that stands at `now`.
    pub fn at(now: Nanos) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves the clock to `now`; it never goes back.
    pub fn set(&self, now: Nanos) {
        self.0.fetch_max(now, Ordering::SeqCst);
    }

    /// Moves the clock on by `by` nanoseconds.
    pub fn advance(&self, by: Nanos) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Nanos {
        self.0.load(Ordering::SeqCst)
    }
}

/// The alphabet of names that Kubernetes generates.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A seeded generator (splitmix64).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Returns the generator of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number in `low..high`, `low` when the range is empty.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        if width == 0 { low } else { low + (self.bits() % width) as i64 }
    }

    /// Returns a random (version 4) uid.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }

    /// Returns a suffix of generated names: 5 letters that form no words.
    pub fn suffix(&mut self) -> String {
        (0..5).map(|_| safe_letter(self.bits())).collect()
    }
}

fn safe_letter(bits: u64) -> char {
    SAFE.get((bits % SAFE.len() as u64) as usize).map_or('x', |b| char::from(*b))
}

/// Returns a template hash: 32 bits of FNV-1a over `bytes`, written as `pod-template-hash` is.
pub fn template_hash(bytes: &[u8]) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in bytes {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    hash.to_string().bytes().map(|b| safe_letter(u64::from(b))).collect()
}
