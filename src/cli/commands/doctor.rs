//! `deckwatch doctor`: what was found of configuration, cluster, sources and terminal.

use super::{PATIENCE, headless};
use crate::app::views::View;
use crate::cli::args::Place;
use crate::cli::setup::{Surroundings, state_folder, variable};
use crate::core::{Error, Kind, Result};
use crate::store::health::State;
use crate::term::caps::Caps;

/// Prints the findings; each with what to do about it.
pub fn print(place: &Place) -> Result<u8> {
    let mut out = format!("deckwatch {}\n", env!("CARGO_PKG_VERSION"));
    let around = Surroundings::default();
    let folder = around.config_folder().map_or_else(|| "none".to_owned(), |f| f.display().to_string());
    out.push_str(&format!("configuration  {folder}\nstate          {}\n", state_folder().display()));
    let caps = Caps::from_process();
    let term = variable("TERM").unwrap_or_else(|| "not set".to_owned());
    out.push_str(&format!(
        "terminal       {term}, colours {:?}, ssh {}, tmux {}\n",
        caps.depth, caps.ssh, caps.tmux
    ));
    let view = View::open("sources").ok_or_else(|| Error::new(Kind::Internal, "open sources"))?;
    let mut headless = headless(place, view, (160, 60))?;
    headless.run_until(PATIENCE, |m, _| {
        m.shared.health.len() >= 4 && m.shared.health.values().all(|h| h.state != State::Connecting)
    });
    out.push_str(&format!("context        {}\n", headless.model.shared.session.cluster.0.safe()));
    let mut code = 0;
    for health in headless.model.shared.health.values() {
        out.push_str(&format!(
            "{:<14} {:?} {} via {} ({})\n",
            format!("{:?}", health.id.kind),
            health.state,
            health.address.safe(),
            health.via.word(),
            health.found.safe()
        ));
        if let Some(error) = &health.error {
            code = 3;
            out.push_str(&format!("               {}\n", error.line()));
            out.extend(error.hint.iter().map(|h| format!("               hint: {h}\n")));
        }
    }
    headless.finish();
    super::print(&out).map(|_| code)
}
