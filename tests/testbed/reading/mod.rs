//! What deckwatch reads from the real servers, held against what the real tools read.

mod logs;
mod panels;
mod sources;
mod tables;
mod unarmed;
