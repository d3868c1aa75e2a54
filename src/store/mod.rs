//! What deckwatch knows: rows, alerts, log lines and series, each with its state and age.
//!
//! Pure data; no source, clock, terminal or thread. Filled by `app::update`, read by the views.

pub mod alerts;
pub mod alerts_json;
pub mod batch;
pub mod changes;
pub mod charts;
pub mod columns;
pub mod health;
pub mod logs;
pub mod objects;
pub mod releases;
pub mod series;
