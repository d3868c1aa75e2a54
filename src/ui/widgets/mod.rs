//! Widgets: pure functions that draw data into cells.
//!
//! Each takes the buffer, an area, the theme and its data; none keeps a state of its own, so that a frame
//! is a function of the model. Areas of any size are fine; what does not fit is left out or cut with `…`.

pub mod chart;
pub mod diff;
pub mod input_line;
pub mod keys_bar;
pub mod lines;
pub mod popup;
pub mod rule;
pub mod sparkline;
pub mod table;
#[cfg(test)]
pub mod testing;
