//! The lines around a moment, exact to the nanosecond.
//!
//! Three windows that do not overlap: the moment's own nanosecond, what is before it read backward,
//! what is after it read forward. [`scan`] pages through a window, re-reading whole the nanosecond
//! at which a page was cut; [`machine`] widens the windows and keeps the lines; neither does any I/O,
//! [`drive()`] does. Tested by properties: any lines, any page limit, each line exactly once.

pub mod drive;
pub mod machine;
pub mod scan;

pub use drive::{drive, read_window};
pub use machine::{Ask, Machine, Part, Plan, Reach, Reply, Side};
pub use scan::Scan;

#[cfg(test)]
mod tests;
