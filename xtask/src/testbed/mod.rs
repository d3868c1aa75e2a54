//! `cargo xtask testbed …`: the real servers on this machine.
//!
//! Owns the servers that deckwatch is proven against: built from pinned modules, started on
//! loopback, filled, used and taken down again without a trace. Never part of what users run.
//! Tested by its own units, and as a whole by the suites that run on it.

mod argo;
mod build;
mod certs;
mod cluster;
mod crds;
mod dirs;
mod down;
mod envfile;
mod error;
pub mod extras;
mod fill;
mod health;
mod http;
mod namespaced;
pub mod own;
mod ports;
mod proc;
mod redis;
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
use extras::With;
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
    Build(With),
    /// Bring everything up, building what is missing; returns when all answer.
    Up(With),
    /// End every process of the stand and remove its files.
    Down,
    /// Say how every server is; succeeds only when all are well.
    Status,
    /// Deploy the shop's good or bad release by a real `helm upgrade`.
    Release(release::Args),
    /// Argo CD and Argo Rollouts at work, on a stand that was brought up `--with argo`.
    #[command(subcommand)]
    Argo(argo::Command),
    /// Let N pods run in namespaces of their own; 0 removes them.
    Fill {
        /// How many pods.
        pods: u32,
    },
    /// Run a command beside a stand in a network namespace of its own, which ends with the command.
    ///
    /// There the API server's service proxy works. Ends with the command's exit code; with 77 where no
    /// such namespace can be made.
    Namespaced {
        /// The command and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// The same, inside the namespace.
    #[command(hide = true)]
    Inside {
        /// The command and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
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
    dispatch(args.command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Detach { program } => Err(proc::detach(&program)),
        Command::Namespaced { command } => namespaced::enter(&Dirs::find()?, &command),
        Command::Inside { command } => namespaced::inside(&Dirs::find()?, &command),
        Command::Build(with) => done(build::build_missing(&Dirs::find()?, with.extras())),
        Command::Up(with) => done(up::up(Dirs::find()?, with.extras())),
        Command::Down => done(down::down(&Dirs::find()?)),
        Command::Status => done(status::status(&Stand::existing(Dirs::find()?)?)),
        Command::Release(args) => done(release::release(&Stand::existing(Dirs::find()?)?, &args)),
        Command::Argo(command) => done(argo::run(&Stand::existing(Dirs::find()?)?, &command)),
        Command::Fill { pods } => done(fill::fill(&Stand::existing(Dirs::find()?)?, pods)),
    }
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}
