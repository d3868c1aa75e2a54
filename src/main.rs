//! The deckwatch binary.
fn main() {}
