//! The command line: opens the cockpit, or prints.

pub mod args;
mod commands;
mod deeds;
mod gitops;
mod open;
pub mod reference;
mod release;
mod rollback;
mod setup;
mod silence;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use args::{Cli, Command};
use setup::Surroundings;
pub use setup::variable;

/// Runs deckwatch with the process's arguments. Returns its exit code: 0 done, 1 failed, 2 usage, 3 partial,
/// 4 denied, 5 outcome unknown.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Where a file may grow no more, the write that is refused tells so: it is not the process's end.
    signal_hook::flag::register(libc::SIGXFSZ, Arc::default()).ok();
    // Two TLS libraries in one process would refuse to choose: this one serves all.
    rustls::crypto::ring::default_provider().install_default().ok();
    let outcome = match cli.command {
        None => open::cockpit(&cli.place, &Surroundings::default(), cli.view.as_deref(), cli.write),
        Some(Command::Demo(demo)) => open::demo(&demo, &cli.place, cli.view.as_deref()),
        Some(command) => commands::run(command, &cli.place),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            commands::complain(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
