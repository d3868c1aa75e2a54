//! The cockpit as a pure function: `update` takes a message and changes the model, and returns effects
//! as data; views draw the model.
//!
//! No clock, network, terminal or thread: "now" comes in `Env`, everything else in messages. Tested
//! by scenarios that press keys, answer questions and look at the drawn screen.

pub mod changes;
pub mod effect;
pub mod input;
pub mod input_line;
mod jumps;
pub mod model;
pub mod msg;
pub mod resolve;
#[cfg(test)]
pub(crate) mod testing;
pub mod update;
pub mod views;

pub use effect::{Effect, Effects};
pub use model::Model;
pub use msg::Msg;
