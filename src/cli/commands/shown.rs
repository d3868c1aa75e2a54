//! Views that are printed: as their document, or as one frame.

use super::{PATIENCE, headless, print, print_json};
use crate::app::Model;
use crate::app::views::{Env, Truth, View};
use crate::cli::args::{Output, Place};
use crate::core::{Error, Kind, Result};
use crate::store::health::State;

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
    let sources =
        !model.shared.health.is_empty() && model.shared.health.values().all(|h| h.state != State::Connecting);
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

/// Prints a view by name.
pub fn view(place: &Place, name: &str, output: Output) -> Result<u8> {
    let view = View::open(name).ok_or_else(|| Error::new(Kind::Usage, "open a view").on(name.to_owned()))?;
    let mut headless = headless(place, view, (160, 60))?;
    headless.run_until(PATIENCE, settled);
    let truth = headless.truth();
    if let Truth::Failed(error) | Truth::Denied(error) = &truth {
        let error = error.clone();
        headless.finish();
        return Err(error);
    }
    let code = code(&truth);
    if output == Output::Json {
        print_json(&headless.model.nav.top().view.pane().json(&headless.model.shared))?;
    } else {
        let frame = headless.frame(160, 60);
        let lines: Vec<&str> = frame.lines().filter(|l| !l.is_empty()).collect();
        print(&(lines.join("\n") + "\n"))?;
    }
    headless.finish();
    Ok(code)
}

/// Prints one frame of a view.
pub fn snapshot(place: &Place, name: &str, size: &str) -> Result<u8> {
    let bad = || {
        Error::new(Kind::Usage, "take a snapshot")
            .on(size.to_owned())
            .detail("the size is COLUMNSxROWS, as in 120x40")
    };
    let (width, height) = size.split_once('x').ok_or_else(bad)?;
    let (width, height): (u16, u16) = (width.parse().map_err(|_| bad())?, height.parse().map_err(|_| bad())?);
    if width > 1_000 || height > 1_000 {
        return Err(bad());
    }
    let view = View::open(name).ok_or_else(|| {
        Error::new(Kind::Usage, "open a view")
            .on(name.to_owned())
            .hint("`deckwatch snapshot watch`, `alerts`, `pods`, …")
    })?;
    let mut headless = headless(place, view, (width, height))?;
    headless.run_until(PATIENCE, settled);
    let code = code(&headless.truth());
    print(&headless.frame(width, height))?;
    headless.finish();
    Ok(code)
}
