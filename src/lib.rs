//! deckwatch as a library.
