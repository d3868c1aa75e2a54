//! From keys to actions: keymaps with contexts and chords.

pub mod keymap;

pub use keymap::{Found, Keymap};
