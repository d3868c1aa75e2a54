//! Views that are printed: as their document, or as one frame.

use std::sync::Arc;

use super::table::{align, of_rows};
use super::{PATIENCE, headless, print, print_json};
use crate::app::Model;
use crate::app::resolve::resolve_alert;
use crate::app::views::{Env, Truth, View, alerts};
use crate::cli::args::{Output, Place};
use crate::core::{Error, Kind, Result, Untrusted, num};
use crate::runtime::headless::Headless;
use crate::store::alerts::State;
use crate::store::health;

/// Returns whether a view has everything that it waits for.
pub fn settled(model: &Model, env: &Env) -> bool {
    let cx = crate::app::views::Draw { shared: &model.shared, env };
    let pane = model.nav.top().view.pane();
    let feeds = !matches!(model.shared.releases.state, crate::app::msg::FeedState::Loading)
        && model.watched.iter().all(|(feed, _)| match feed {
            crate::app::effect::Feed::Objects(r) => {
                model.shared.cluster.of(*r).state != crate::app::msg::FeedState::Loading
            }
            crate::app::effect::Feed::Releases => true,
        });
    let sources = !model.shared.health.is_empty()
        && model.shared.health.values().all(|h| h.state != health::State::Connecting);
    let alerts = model.shared.alerts.at.is_some() || model.shared.alerts.error.is_some();
    feeds && sources && alerts && !model.unsettled && pane.truth(&cx) != Truth::Loading
}

/// Returns the exit code that a truth deserves.
pub fn code(truth: &Truth) -> u8 {
    match truth {
        Truth::Good(_) | Truth::Empty(_) => 0,
        Truth::Partial(_) | Truth::Stale(..) | Truth::Loading => 3,
        Truth::Denied(_) => 4,
        Truth::Failed(error) => error.kind.exit_code(),
    }
}

/// Opens a view, waits until it is whole, and hands its cockpit to `show`.
fn whole(
    place: &Place,
    name: &str,
    size: (u16, u16),
    show: impl FnOnce(&mut Headless) -> Result<u8>,
) -> Result<u8> {
    let view = View::open(name).ok_or_else(|| {
        let known: Vec<&str> = View::names().collect();
        Error::new(Kind::Usage, "open a view")
            .on(name.to_owned())
            .detail("there is no such view")
            .hint(format!("there are {}", known.join(", ")))
    })?;
    let mut headless = headless(place, view, size)?;
    headless.run_until(PATIENCE, settled);
    let outcome = show(&mut headless);
    headless.finish();
    outcome
}

/// Returns the error of a view that can show nothing.
fn nothing(truth: Truth) -> Result<u8> {
    match truth {
        Truth::Failed(error) | Truth::Denied(error) => Err(error),
        other => Ok(code(&other)),
    }
}

fn document(headless: &Headless) -> serde_json::Value {
    headless.model.nav.top().view.pane().json(&headless.model.shared)
}

/// Prints a list that a view shows: as its document, or as a table made by `text`.
pub fn list(
    place: &Place,
    name: &str,
    output: Output,
    text: impl FnOnce(&Headless, &serde_json::Value) -> String,
) -> Result<u8> {
    whole(place, name, (160, 60), |headless| {
        let code = nothing(headless.truth())?;
        let document = document(headless);
        match output {
            Output::Json => print_json(&document)?,
            Output::Text => print(&text(headless, &document))?,
        };
        if let Truth::Partial(what) = headless.truth() {
            super::note(&format!("partial: {what}"));
        }
        Ok(code)
    })
}

/// Returns alerts as a table, the most urgent first.
pub fn alerts(headless: &Headless, _: &serde_json::Value) -> String {
    let (shared, now) = (&headless.model.shared, headless.env.now);
    let known = alerts::ordered(shared.alerts.known.alerts.iter().cloned().map(Arc::new).collect());
    if known.is_empty() {
        return alerts::nothing(shared, now) + "\n";
    }
    let head = ["STATE", "SEVERITY", "ALERT", "ABOUT", "VALUE", "SINCE"].map(str::to_owned).to_vec();
    let rows = known.iter().map(|a| {
        let state = match a.state {
            State::Firing => "firing",
            State::Pending => "pending",
            State::Suppressed => "silenced",
        };
        let found = resolve_alert(a, shared);
        let nothing = found.elsewhere.map_or_else(|| alerts::place(a), |c| format!("cluster {c}"));
        vec![
            state.to_owned(),
            Untrusted::from(a.labels.get("severity").unwrap_or("none")).safe().to_string(),
            Untrusted::from(a.name()).safe().to_string(),
            found.owner.map_or(nothing, |o| o.to_string()),
            a.value.map(num::figures).unwrap_or_default(),
            a.began().map(|t| num::age(now - t)).unwrap_or_default(),
        ]
    });
    align(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// Returns a timeline as a table, and how far back each source reaches.
pub fn timeline(_: &Headless, document: &serde_json::Value) -> String {
    let rows = |key: &str| document.get(key).and_then(|v| v.as_array()).cloned().unwrap_or_default();
    let mut out = of_rows(
        &rows("changes"),
        &[("TIME", "at"), ("WHAT", "sort"), ("CHANGE", "text"), ("SOURCE", "source")],
    );
    out.push('\n');
    out + &of_rows(&rows("reach"), &[("SOURCE", "source"), ("BACK TO", "since"), ("LACKS", "lacks")])
}

/// Returns sources as a table.
pub fn sources(_: &Headless, document: &serde_json::Value) -> String {
    let rows = document.get("sources").and_then(|v| v.as_array()).cloned().unwrap_or_default();
    let columns = [
        ("SOURCE", "kind"),
        ("STATE", "state"),
        ("VIA", "via"),
        ("ADDRESS", "address"),
        ("FOUND BY", "found"),
        ("LAST GOOD", "last_good"),
        ("ERROR", "error"),
        ("HINT", "hint"),
    ];
    of_rows(&rows, &columns)
}

/// Prints one frame of a view, or what it shows as a document.
pub fn snapshot(place: &Place, name: &str, size: &str, output: Output) -> Result<u8> {
    let bad = || {
        Error::new(Kind::Usage, "take a snapshot")
            .on(size.to_owned())
            .detail("the size is COLUMNSxROWS, as in 120x40")
    };
    let (width, height) = size.split_once('x').ok_or_else(bad)?;
    let (width, height): (u16, u16) = (width.parse().map_err(|_| bad())?, height.parse().map_err(|_| bad())?);
    if !(1..=1_000).contains(&width) || !(1..=1_000).contains(&height) {
        return Err(bad());
    }
    whole(place, name, (width, height), |headless| {
        let code = code(&headless.truth());
        match output {
            Output::Json => print_json(&document(headless))?,
            Output::Text => print(&headless.frame(width, height))?,
        };
        Ok(code)
    })
}
