//! The way from the cluster's lives to whoever asks about the shop: takes in what has changed when
//! somebody asks. Owns the latest [`Shop`]; never starts a task, never waits. Tested by the servers.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::life::{Lives, Nanos};
use crate::shop::Shop;

/// Tells the time; a test's stands still until it is moved.
pub type Clock = Arc<dyn Fn() -> Nanos + Send + Sync>;

struct Latest {
    lives: watch::Receiver<Arc<Lives>>,
    /// The lives that the shop has taken in.
    taken: Arc<Lives>,
    shop: Arc<Shop>,
}

/// A shared view of the shop that follows the cluster.
#[derive(Clone)]
pub struct Feed {
    latest: Arc<Mutex<Latest>>,
    clock: Clock,
    /// When the stand started.
    pub start: Nanos,
}

impl Feed {
    /// Follows `lives` from now on.
    pub fn new(
        lives: watch::Receiver<Arc<Lives>>,
        seed: u64,
        speed: f64,
        start: Nanos,
        clock: Clock,
    ) -> Self {
        let taken = lives.borrow().clone();
        let shop = Arc::new(Shop::new(seed, speed).with(&taken, clock()));
        Self { latest: Arc::new(Mutex::new(Latest { lives, taken, shop })), clock, start }
    }

    /// Returns the shop as the cluster tells it now.
    pub fn shop(&self) -> Arc<Shop> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let lives = latest.lives.borrow().clone();
        if !Arc::ptr_eq(&lives, &latest.taken) {
            latest.shop = Arc::new(latest.shop.with(&lives, (self.clock)()));
            latest.taken = lives;
        }
        latest.shop.clone()
    }

    /// Returns the time by the stand's clock.
    pub fn now(&self) -> Nanos {
        (self.clock)()
    }

    /// Returns the clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }
}
