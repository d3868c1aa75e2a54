//! The project's own commands, called as `cargo xtask NAME`.
//!
//! Owns the command line only; each command is a module of its own. Never part of what users run.
#![allow(clippy::print_stdout, clippy::print_stderr)] // commands talk to a terminal

mod bench;
mod code;
mod docs;
mod oracle;
mod suite;
mod testbed;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that a change must pass.
    Test(suite::Args),
    /// What the cockpit costs, beside its peers, as a table.
    Bench(bench::Args),
    /// Writes the generated references in `docs/`.
    Docs,
    /// Patches and manifests beside Helm's own packages, on random questions.
    Oracle(oracle::Args),
    /// The real servers on this machine.
    Testbed(testbed::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Test(args) => suite::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Docs => docs::run(),
        Command::Oracle(args) => oracle::run(&args),
        Command::Testbed(args) => testbed::run(args),
    }
}
