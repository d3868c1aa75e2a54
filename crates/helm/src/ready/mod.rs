//! Whether an object is ready, as the two generations of Helm judge it.
//!
//! Owns the judgements and the time limits; never the asking, which is the engine's. Pure: what is live goes in, a
//! verdict comes out, and what else must be read for it is told before. Where the time matters the caller brings it.
//!
//! | module | whose judgement |
//! |---|---|
//! | [`legacy`] | Helm 3's `--wait` and Helm 4's `--wait=legacy` |
//! | [`kstatus`] | Helm 4's `--wait` |
//! | [`hook`] | hooks, and their deletion before they are made anew, in both |
//! | [`limit_ns`] | how long each of them takes at most |

pub mod hook;
pub mod kstatus;
pub mod legacy;
mod limit;
mod selector;

pub use limit::{Awaited, limit_ns};

/// What else must be listed, in the object's namespace, before an object can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The API version of what is listed.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// Its plural name.
    pub resource: &'static str,
    /// A label selector.
    pub selector: String,
}

impl Wants {
    fn pods(selector: String) -> Self {
        Self { api_version: "v1", kind: "Pod", resource: "pods", selector }
    }
}
