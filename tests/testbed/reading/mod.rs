//! What deckwatch reads from the real servers, held against what the real tools read.

mod logs;
mod sources;
mod tables;
mod unarmed;
