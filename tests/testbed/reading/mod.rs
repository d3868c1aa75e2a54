//! What deckwatch reads from the real servers, held against what the real tools read.

mod helm;
mod logs;
mod namespace;
mod panels;
mod roles;
mod sources;
mod tables;
mod unarmed;
