//! The oracle: Helm's own packages, asked the same questions as `deckwatch-helm`.
//!
//! This crate makes random questions about patches and manifests, answers them with `deckwatch-helm`, asks the Go program in
//! `testbed/oracle`, and compares. It owns what is asked and what counts as the same answer; it is a test, and no part of what
//! users run. A difference is told with the question, both answers, and the smallest question that shows it.
//!
//! | module | owns |
//! |---|---|
//! | [`random`] | numbers, the same for the same seed |
//! | [`constructs`] | what questions are made of, and how often each of it must come |
//! | [`objects`] | questions about objects and patches |
//! | [`texts`] | questions about YAML |
//! | [`ours`] | our answers |
//! | [`program`] | the Go program behind its pipes |
//! | [`verdict`] | whether two answers are the same |
//! | [`shrink`] | making a question small |
//! | [`make`], [`run`] | all of it, many times |

pub mod constructs;
pub mod make;
pub mod objects;
pub mod ours;
pub mod program;
pub mod question;
pub mod random;
pub mod run;
pub mod shrink;
pub mod texts;
pub mod verdict;
