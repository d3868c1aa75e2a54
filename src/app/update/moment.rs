//! The moment: pinning, stepping, and the line to type it into.

use super::super::effect::{Effect, Effects, Timer};
use super::super::input_line::Line;
use super::super::model::{Modal, Model};
use super::super::views::Env;
use super::{refresh, tell};
use crate::core::action::Action;
use crate::core::key::{Code, Key};
use crate::core::{Span, Ts};
use crate::ops::What;

/// How long the moment rests before the views are asked anew, so that stepping does not ask every step.
const REST: Span = Span::millis(120);

/// Does an action of the moment.
pub fn act(model: &mut Model, action: Action, env: &Env, effects: &mut Effects) {
    let moment = &mut model.shared.moment;
    let changed = match action {
        Action::MomentLine => {
            let offered = model.nav.top().view.pane().subject(&model.shared).time;
            let text = offered.map(|t| t.near(env.now, model.shared.session.zone)).unwrap_or_default();
            model.modal = Some(Modal::Moment { line: Line::new(""), offered, mistake: None });
            if text.is_empty() {
                model.dirty = true;
            }
            return;
        }
        Action::MomentLive => moment.release(),
        Action::MomentBack => moment.step(-1, env.now),
        Action::MomentForward => moment.step(1, env.now),
        Action::MomentPrevious => moment.travel(-1),
        Action::MomentNext => moment.travel(1),
        Action::MomentWiden => moment.zoom(true),
        _ => moment.zoom(false),
    };
    if changed {
        record(model, env, effects);
        effects.push(Effect::After(Timer::Settle, env.now + REST));
    }
}

/// Pins an instant that a jump carries along; the page that opens asks by itself.
pub fn pin(model: &mut Model, at: Ts, before: Span, env: &Env, effects: &mut Effects) {
    if model.shared.moment.pin_widened(at, before) {
        record(model, env, effects);
    }
}

fn record(model: &mut Model, env: &Env, effects: &mut Effects) {
    let pinned = model.shared.moment.pinned();
    let window = pinned.map(|_| model.shared.moment.window(env.now));
    model.shared.journal(env.now, What::Moment { pinned, window }, effects);
}

/// Handles a key in the moment line.
pub fn key(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let zone = model.shared.session.zone;
    let Some(Modal::Moment { line, offered, mistake }) = &mut model.modal else { return };
    if key.code != Code::Enter {
        line.key(key);
        *mistake = None;
        return;
    }
    let typed = line.text().trim().to_owned();
    let at = if typed.is_empty() { *offered } else { Ts::parse_moment(&typed, env.now, zone) };
    match at {
        Some(at) if at > env.now + Span::mins(1) => *mistake = Some("that is in the future".to_owned()),
        Some(at) => {
            model.modal = None;
            if model.shared.moment.pin(at) {
                record(model, env, effects);
                refresh(model, env, effects);
            }
        }
        None if typed.is_empty() => {
            model.modal = None;
            tell(model, "the row has no time: type one, as 14:02, -15m or now-1h", false, env, effects);
        }
        None => *mistake = Some("no time: type 14:02, -15m, now-1h or 2026-11-21 14:02".to_owned()),
    }
}
