//! `deckwatch doctor`: what was found of configuration, cluster, sources and terminal.

use serde_json::{Value, json};

use super::table::align;
use super::{PATIENCE, headless, print, print_json};
use crate::app::views::{View, sources};
use crate::cli::args::{Output, Place};
use crate::cli::setup::{Surroundings, state_folder, variable};
use crate::core::{Error, Kind, Result};
use crate::store::health::{Health, State};
use crate::term::caps::Caps;

/// Prints the findings; each with what to do about it.
pub fn print_findings(place: &Place, output: Output) -> Result<u8> {
    let folder = Surroundings::default().config_folder().map(|f| f.display().to_string());
    let caps = Caps::from_process();
    let term = variable("TERM");
    let view = View::open("sources").ok_or_else(|| Error::new(Kind::Internal, "open sources"))?;
    let mut headless = headless(place, view, (160, 60))?;
    headless.run_until(PATIENCE, |m, _| {
        m.shared.health.len() >= 4 && m.shared.health.values().all(|h| h.state != State::Connecting)
    });
    let context = headless.model.shared.session.cluster.0.safe();
    let policy = headless.model.shared.gate.policy();
    let health: Vec<Health> = headless.model.shared.health.values().cloned().collect();
    headless.finish();
    let code = if health.iter().any(|h| h.error.is_some()) { 3 } else { 0 };
    if output == Output::Json {
        let found = sources::list_json(health.iter());
        return print_json(&json!({
            "schema": "deckwatch.doctor/1",
            "version": env!("CARGO_PKG_VERSION"),
            "configuration": folder,
            "state": state_folder().display().to_string(),
            "terminal": { "term": term, "colours": format!("{:?}", caps.depth), "ssh": caps.ssh, "tmux": caps.tmux },
            "context": context,
            "protected": policy.protected,
            "locked": policy.locked,
            "sources": found.get("sources").cloned().unwrap_or(Value::Null),
        }))
        .map(|_| code);
    }
    let guarded = match (policy.locked, policy.protected) {
        (true, _) => "locked: nothing can be written",
        (false, true) => "protected: plans are confirmed by name",
        (false, false) => "freed by the configuration",
    };
    let own = [
        ("deckwatch", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "configuration",
            folder.unwrap_or_else(|| "none: neither XDG_CONFIG_HOME nor HOME is set".to_owned()),
        ),
        ("state", state_folder().display().to_string()),
        (
            "terminal",
            format!(
                "{}, colours {:?}, ssh {}, tmux {}",
                term.as_deref().unwrap_or("TERM is not set"),
                caps.depth,
                caps.ssh,
                caps.tmux
            ),
        ),
        ("context", format!("{context}, {guarded}")),
    ];
    let mut lines: Vec<Vec<String>> = own.into_iter().map(|(k, v)| vec![k.to_owned(), v]).collect();
    for one in &health {
        lines.extend(told(one));
    }
    print(&align(&lines)).map(|_| code)
}

/// Returns what is said of a source: where it is, and what is wrong with it.
fn told(health: &Health) -> Vec<Vec<String>> {
    let word = |v: Value| v.as_str().unwrap_or("").to_owned();
    let (address, found) = (health.address.safe(), health.found.safe());
    let mut text = word(json!(health.state));
    if health.state != State::NotInstalled {
        text.push_str(&format!(", {address} via {} ({found})", health.via.word()));
    }
    let mut out = vec![vec![word(json!(health.id.kind)), text]];
    let error = health.error.as_ref();
    out.extend(error.map(|e| vec![String::new(), e.line()]));
    out.extend(error.and_then(|e| e.hint.as_ref()).map(|h| vec![String::new(), format!("hint: {h}")]));
    out
}
