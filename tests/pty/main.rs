//! The program in a terminal: what it shows, what it writes, and how it leaves.
//!
//! `harness` runs a program in a pseudo-terminal, `grammar` judges the bytes, `term` proves the terminal
//! layer by itself through `examples/term_probe.rs`.

mod grammar;
mod harness;
mod sys;
mod term;
