//! `cargo xtask testbed …`: the real servers on this machine.
//!
//! Owns the servers that deckwatch is proven against: built from pinned modules, started on
//! loopback, filled, used and taken down again without a trace. Never part of what users run.
//! Tested by its own units, and as a whole by the suites that run on it.

mod build;
mod certs;
mod cluster;
mod dirs;
mod down;
mod envfile;
mod error;
mod fill;
mod health;
mod http;
pub mod own;
mod ports;
mod proc;
mod release;
mod servers;
mod stand;
mod status;
mod template;
mod tools;
mod up;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Subcommand;

use dirs::Dirs;
use error::Result;
use stand::Stand;

/// What to do with the testbed.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the tools that are missing, from their pinned modules.
    Build,
    /// Bring everything up, building what is missing; returns when all answer.
    Up,
    /// End every process of the stand and remove its files.
    Down,
    /// Say how every server is; succeeds only when all are well.
    Status,
    /// Deploy the shop's good or bad release by a real `helm upgrade`.
    Release(release::Args),
    /// Let N pods run in namespaces of their own; 0 removes them.
    Fill {
        /// How many pods.
        pods: u32,
    },
    /// Become another program, in a session of its own.
    #[command(hide = true)]
    Detach {
        /// The program and its arguments.
        #[arg(last = true)]
        program: Vec<OsString>,
    },
}

/// Runs a testbed command.
pub fn run(args: Args) -> ExitCode {
    match dispatch(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Detach { program } => Err(proc::detach(&program)),
        Command::Build => build::build_missing(&Dirs::find()?),
        Command::Up => up::up(Dirs::find()?),
        Command::Down => down::down(&Dirs::find()?),
        Command::Status => status::status(&Stand::existing(Dirs::find()?)?),
        Command::Release(args) => release::release(&Stand::existing(Dirs::find()?)?, &args),
        Command::Fill { pods } => fill::fill(&Stand::existing(Dirs::find()?)?, pods),
    }
}
