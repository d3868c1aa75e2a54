//! Who we are to a server: certificates, tokens, credential plugins, and the proxy on the way.
//!
//! Owns reading credentials from where a kubeconfig says they are, running plugins, and keeping what
//! they said until it expires or is refused. Secrets are held in `secrecy` types or in header values
//! marked sensitive; no `Debug`, error or event here shows one. Never sends a request: that is the
//! client's. Tested with real child processes, files in temporary folders and in-memory streams.

pub mod exec;
pub mod expiry;
pub mod grant;
pub mod pem;
pub mod proxy;
pub mod session;
pub mod tunnel;

pub use exec::{ClusterInfo, Plugin};
pub use expiry::{Lasting, expiry};
pub use grant::{Blob, Certificate, Credentials, Grant, Login, Waiting};
pub use proxy::Proxy;

use std::sync::Arc;

use crate::core::Ts;

/// The wall clock, passed in so that tests can hold it still.
pub type WallClock = Arc<dyn Fn() -> Ts + Send + Sync>;

/// Returns the host's wall clock.
pub fn wall_clock() -> WallClock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ts(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    })
}
