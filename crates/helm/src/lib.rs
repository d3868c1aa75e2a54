//! Placeholder text replaced in the first change of this crate.
