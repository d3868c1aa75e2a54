//! What the screens show: the six states of every view as snapshots, hostile texts, few colours or none.
//!
//! No network, no terminal, a fixed clock: a model is brought into a state by messages and drawn into cells.

mod cases;
mod colours;
mod hostile;
mod readable;
mod snapshot;
mod stage;
mod states;
mod world;
