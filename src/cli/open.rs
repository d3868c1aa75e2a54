//! Opening the cockpit: on a cluster, or on the demo's stand.

use super::args::{Demo, Place};
use super::setup::{self, Look, Surroundings};
use crate::app::views::View;
use crate::core::{Error, Kind, Result, Span};
use crate::runtime::cockpit::{self, Cockpit, Parts};
use crate::runtime::crash::Recorder;
use crate::runtime::now;
use crate::term::caps::Caps;
use crate::term::{Options, Terminal};

/// Opens the cockpit and stays until it is quit.
///
/// Returns the exit code: 0 where it was quit, 128 and the signal where one ended it, 101 after a crash.
///
/// # Errors
/// What is wrong with the command line, the configuration, or the terminal.
pub fn cockpit(place: &Place, around: &Surroundings, view: Option<&str>, write: bool) -> Result<u8> {
    let name = view.unwrap_or("watch");
    let view = View::open(name).ok_or_else(|| {
        Error::new(Kind::Usage, "open a view")
            .on(name.to_owned())
            .hint("`deckwatch --help` and `:` with tab name them")
    })?;
    let (inbox, sink) = cockpit::inbox();
    let caps = Caps::from_process();
    // The configuration is read before the terminal is touched: its mistakes are printed plainly.
    let look = Look { size: (80, 24), depth: caps.depth, unicode: caps.unicode };
    let mut ready = setup::session(place, around, view, look, &inbox)?;
    if write {
        if ready.policy.protected || ready.policy.locked {
            return Err(Error::new(Kind::Refused, "arm the cockpit")
                .on(ready.context.as_str().to_owned())
                .detail("the context is protected: `--write` arms only contexts that the configuration frees")
                .hint("confirm the plan in its own dialogue, or free the context with `[contexts.\"NAME\"] protected = false`"));
        }
        ready.model.shared.gate.arm(now(), Span::mins(30), "--write");
    }
    let recorder = Recorder::new(&setup::state_folder(), &ready.id);
    let policy = recorder.policy(&inbox);
    let terminal = Terminal::open(Options::from(caps), policy, ready.executor.holds(), &sink)?;
    let size = terminal.size();
    ready.model.shared.session.size = (size.width, size.height);
    let first = crate::app::update::hold_back(&mut ready.model, ready.first);
    let (model, env, executor) = (ready.model, ready.env, ready.executor);
    let parts = Parts { terminal, inbox, executor, ssh: caps.ssh, recorder };
    Ok(Cockpit::new(model, env, parts, first).run())
}

/// Starts the demo's stand, then opens the cockpit on it, or prints how to reach it and stays.
///
/// # Errors
/// What is wrong with the options, the stand or the terminal.
pub fn demo(demo: &Demo, place: &Place, view: Option<&str>) -> Result<u8> {
    let stand = crate::demo::Stand::start(demo.seed, demo.speed, demo.protected)?;
    if demo.serve {
        stand.announce(&mut std::io::stdout().lock())?;
        stand.stay();
        return Ok(0);
    }
    let around = Surroundings { over: stand.variables() };
    cockpit(place, &around, view, false)
}
