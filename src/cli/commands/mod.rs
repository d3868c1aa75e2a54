//! The subcommands: each prints and ends.

mod carry;
mod cluster;
mod deeds;
mod doctor;
mod gitops;
mod journal;
mod logs;
mod query;
mod release;
mod rollback;
mod rollout;
mod runner;
mod shown;
mod signals;
mod silence;
mod table;

use std::io::{self, Write as _};
use std::time::Duration;

use clap::CommandFactory as _;
use serde_json::Value;

use super::args::{Cli, Command, Place};
use super::deeds::RolloutCommand;
use super::setup::{self, Look, Surroundings};
use crate::app::update::hold_back;
use crate::app::views::View;
use crate::core::{Error, Kind, Result, Safe};
use crate::runtime::headless::Headless;
use crate::runtime::inbox::Inbox;
use crate::ui::theme::Depth;

/// How long a subcommand waits for its sources.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a subcommand. Returns its exit code.
///
/// # Errors
/// Why it could not do what it was asked.
pub fn run(command: Command, place: &Place) -> Result<u8> {
    let command = match deeds::run(command, place) {
        Ok(ran) => return ran,
        Err(other) => *other,
    };
    match command {
        Command::Alerts(printed) => shown::list(place, "alerts", printed.output, shown::alerts),
        Command::Timeline(printed) => shown::list(place, "timeline", printed.output, shown::timeline),
        Command::Sources(printed) => shown::list(place, "sources", printed.output, shown::sources),
        Command::Releases(listed) => release::list(place, &listed),
        Command::Release { command } => release::run(place, command),
        Command::Get { kind, name, output } => cluster::get(place, &kind, name.as_deref(), output),
        Command::Logs { target, around, before, after, printed } => {
            logs::print(place, &logs::Asked { target, around, before, after }, printed.output)
        }
        Command::Query { expr, at, range, printed } => {
            query::print(place, &expr, at.as_deref(), range.as_deref(), printed.output)
        }
        Command::History { release, max, printed } => release::history(place, &release, max, printed.output),
        Command::Diff(compared) => release::diff(place, &compared),
        Command::Free { release, sent } => rollback::free(place, &release, &sent),
        Command::Rollback(rollback) => rollback::run(place, &rollback),
        Command::Silence { command } => silence::run(place, command),
        Command::Snapshot { view, size, printed } => shown::snapshot(place, &view, &size, printed.output),
        Command::Journal { command, printed } => journal::run(command, printed.output),
        Command::Runner => runner::run(),
        Command::Doctor(printed) => doctor::print_findings(place, printed.output),
        Command::Reference { topic } => print(&super::reference::markdown(topic)?),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "deckwatch", &mut out);
            print(&String::from_utf8_lossy(&out))
        }
        Command::Rollout { command: RolloutCommand::Status { object, watch, timeout } } => {
            rollout::status(place, &object, watch, timeout.as_deref())
        }
        Command::Rollout { command: RolloutCommand::History { object, printed } } => {
            rollout::history(place, &object, printed.output)
        }
        // The demo is a cockpit; actions on objects have been carried out.
        Command::Demo(_)
        | Command::Rollout { .. }
        | Command::Scale(_)
        | Command::Set { .. }
        | Command::Delete(_)
        | Command::Evict { .. }
        | Command::Cordon(_)
        | Command::Drain(_)
        | Command::Edit(_)
        | Command::Uncordon(_)
        | Command::Cronjob { .. }
        | Command::Label(_)
        | Command::Annotate(_)
        | Command::Flux { .. }
        | Command::Argocd { .. } => Err(Error::new(Kind::Internal, "run a command")),
    }
}

/// Prints text. Returns 0; a reader that has gone away is no failure.
pub fn print(text: &str) -> Result<u8> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Kind::Io, "print").detail(error.to_string()))
        }
        _ => Ok(0),
    }
}

/// Prints a document.
pub fn print_json(value: &Value) -> Result<u8> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::new(Kind::Internal, "print").detail(e.to_string()))?;
    text.push('\n');
    print(&text)
}

/// Prints an error on standard error.
pub fn complain(error: &Error) {
    let mut text = format!("deckwatch: {}\n", error.line());
    if let Some(hint) = &error.hint {
        text.push_str(&format!("hint: {}\n", Safe::of(hint)));
    }
    io::stderr().lock().write_all(text.as_bytes()).ok();
}

/// Prints what is to be known beside the output, on standard error.
pub fn note(text: &str) {
    io::stderr().lock().write_all(format!("deckwatch: {text}\n").as_bytes()).ok();
}

/// Starts a cockpit that is only looked at, on a view.
///
/// # Errors
/// What is wrong with configuration or kubeconfig.
pub fn headless(place: &Place, view: View, size: (u16, u16)) -> Result<Headless> {
    let inbox = Inbox::default();
    let look = Look { size, depth: Depth::None, unicode: true };
    let ready = setup::session(place, &Surroundings::default(), view, look, &inbox)?;
    Ok(Headless::new(ready.model, ready.env, inbox, ready.executor, ready.first))
}

/// Starts a cockpit that is only looked at, on a view, and follows nothing but what the view shows.
///
/// # Errors
/// What is wrong with configuration or kubeconfig.
pub fn narrow(place: &Place, view: View, size: (u16, u16)) -> Result<Headless> {
    let inbox = Inbox::default();
    let look = Look { size, depth: Depth::None, unicode: true };
    let mut ready = setup::session(place, &Surroundings::default(), view, look, &inbox)?;
    let first = hold_back(&mut ready.model, ready.first);
    ready.model.held.clear();
    Ok(Headless::new(ready.model, ready.env, inbox, ready.executor, first))
}
