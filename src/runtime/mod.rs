//! What joins the pure cockpit to the world: the inbox, the loop, timers, frames, and the carrying out of effects.
//!
//! The loop's thread owns the model and the terminal and waits for nothing but its inbox. Sources run
//! on a tokio runtime of their own and only ever send messages.

pub mod cockpit;
pub mod crash;
pub mod editor;
pub mod effects;
#[cfg(debug_assertions)]
mod failpoint;
pub mod headless;
pub mod inbox;
pub mod keys;
pub mod log;
pub mod memory;
mod recover;
pub mod runners;
pub mod timers;
pub mod world;

#[cfg(test)]
mod tests;

use crate::core::Ts;

/// Returns the present by the host's clock.
pub fn now() -> Ts {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ts(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Returns random bits for identities; not for secrets.
pub fn random() -> u128 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let draw = || {
        let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
        hasher.write_i64(now().0);
        u128::from(hasher.finish())
    };
    draw() << 64 | draw()
}
