//! What is drawn: themes, text with roles, and widgets that write into ratatui's cells.
//!
//! Pure functions of their arguments: no clock, network, terminal or thread. Widgets take text only as
//! [`Safe`](crate::core::Safe) or as deckwatch's own words, and colours only as [`theme::Role`]s. Tested by
//! drawing into a buffer and comparing text and styles ([`widgets::testing`]).

pub mod text;
pub mod theme;
pub mod widgets;
