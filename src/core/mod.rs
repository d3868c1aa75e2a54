//! The words that every other layer speaks: time, identities, text from outside, numbers, filters,
//! errors and the table of actions.
//!
//! Pure: no terminal, network, clock or thread, and none of their crates (chrono only in [`time`]).
//! Tested by plain unit tests beside the code.

pub mod action;
pub mod error;
pub mod filter;
pub mod hold;
pub mod ids;
pub mod key;
pub mod labels;
pub mod moment;
pub mod num;
pub mod redact;
pub mod resource;
pub mod text;
pub mod time;

pub use error::{Error, Kind, Result};
pub use ids::{ClusterId, Fingerprint, ObjectRef, Uid};
pub use labels::Labels;
pub use moment::{Moment, Window};
pub use resource::Resource;
pub use text::{Name, Safe, Untrusted};
pub use time::{Span, Ts, Zone};
