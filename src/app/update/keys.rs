//! Keys: to the dialogue that is open, else through the keymap to an action.

use super::super::effect::{Effect, Effects, Timer};
use super::super::input::Found;
use super::super::input_line::Line;
use super::super::jumps;
use super::super::model::{
    Modal, Model,
    modal::{Ask, Menu, Silence},
};
use super::super::views::{Env, View};
use super::{
    back, bind, command, copy, deeds, go, moment, on_top, palette, quit, refresh, settle, silence, tell,
    touch,
};
use crate::core::action::{Action, Info, Need};
use crate::core::key::{Code, Key};
use crate::core::{Span, Zone};

/// Handles a key.
pub fn key(model: &mut Model, key: Key, repeat: bool, env: &Env, effects: &mut Effects) {
    effects.extend(settle(model, env));
    model.dirty = true;
    if let Some(modal) = &model.modal {
        if key.alt && !modal.has_line() {
            return apart(model, key, env, effects);
        }
        return in_modal(model, key, env, effects);
    }
    if model.chord.is_empty() && on_top(model, env, effects, |pane, cx| pane.key(key, repeat, cx)) {
        return touch(model);
    }
    if !model.chord.is_empty() && key.code == Code::Esc {
        return end_chord(model);
    }
    model.chord.push(key);
    let context = model.nav.top().view.pane().context();
    match env.keymap.find(context, &model.chord) {
        Found::Action(action) => {
            end_chord(model);
            act(model, action, env, effects);
        }
        Found::Pending => effects.push(Effect::After(Timer::Chord, env.now + Span::millis(300))),
        Found::Nothing => {
            end_chord(model);
            if key.alt {
                apart(model, key, env, effects);
            }
        }
    }
}

/// Takes a key that came together with an escape before it as the two keys that they were: over a slow line they
/// look like alt, and what was typed after the escape must not get lost.
fn apart(model: &mut Model, both: Key, env: &Env, effects: &mut Effects) {
    key(model, Key::plain(Code::Esc), false, env, effects);
    key(model, Key { alt: false, ..both }, false, env, effects);
}

fn end_chord(model: &mut Model) {
    model.chord.clear();
    model.chord_shown = false;
}

/// Handles pasted text: into a line, never as keys.
pub fn paste(model: &mut Model, text: &str, env: &Env, effects: &mut Effects) {
    model.dirty = true;
    match &mut model.modal {
        Some(Modal::GoTo(goto)) => {
            goto.line.paste(text);
            palette::refresh(model, env);
        }
        Some(
            Modal::Moment { line, .. } | Modal::Ask(Ask { line, .. }) | Modal::Silence(Silence { line, .. }),
        ) => {
            line.paste(text);
        }
        Some(Modal::Filter { line, .. }) => {
            line.paste(text);
            let text = line.text().to_owned();
            filter(model, &text, env, effects);
        }
        Some(
            Modal::Help { .. }
            | Modal::Menu(_)
            | Modal::Copy(_)
            | Modal::Bind(_)
            | Modal::Quit
            | Modal::Stop(_),
        )
        | None => {}
    }
}

/// Does an action.
pub fn act(model: &mut Model, action: Action, env: &Env, effects: &mut Effects) {
    touch(model);
    match action {
        Action::Quit => quit(model, effects),
        Action::Stop => {
            let running = match &model.nav.top().view {
                View::Plan(plan) => plan.running(&model.shared),
                _ => None,
            };
            if let Some(plan) = running {
                model.modal = Some(Modal::Stop(plan));
            }
        }
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::GoTo => palette::open(model, env),
        Action::Help => model.modal = Some(Modal::Help { top: 0 }),
        Action::Menu => model.modal = Some(Modal::Menu(menu(model))),
        Action::Bind => bind::open(model, env, effects),
        Action::Copy => copy::open(model, env, effects),
        Action::Filter => open_filter(model),
        Action::Back => {
            let filtered = model.nav.top().view.pane().filter().is_some_and(|f| !f.is_empty());
            if on_top(model, env, effects, |pane, cx| pane.act(Action::Back, cx)) {
            } else if filtered {
                // As in k9s: first what hides rows goes, then the page.
                filter(model, "", env, effects);
            } else {
                back(model, env, effects);
            }
        }
        Action::NextZone => {
            let session = &mut model.shared.session;
            // The zone of the configuration, UTC, and this machine's own, each once.
            let mut zones = vec![session.own_zone];
            zones.extend([Zone::Utc, Zone::Local].into_iter().filter(|z| *z != session.own_zone));
            let at = zones.iter().position(|z| *z == session.zone).map_or(0, |at| at + 1);
            session.zone = zones.get(at).or_else(|| zones.first()).copied().unwrap_or_default();
            let told = format!("times are shown in {}", session.zone.abbreviation(env.now));
            tell(model, &told, false, env, effects);
        }
        Action::Refresh => {
            effects.push(Effect::RetrySources);
            refresh(model, env, effects);
        }
        Action::AllNamespaces => command::namespace(model, None, env, effects),
        Action::Namespace1
        | Action::Namespace2
        | Action::Namespace3
        | Action::Namespace4
        | Action::Namespace5
        | Action::Namespace6
        | Action::Namespace7
        | Action::Namespace8
        | Action::Namespace9 => {
            // They stand in a row in the table.
            let at = (action as usize).saturating_sub(Action::Namespace1 as usize);
            command::recent(model, at, env, effects);
        }
        Action::ThisNamespace => {
            let subject = model.nav.top().view.pane().subject(&model.shared);
            let object = subject.object.map(|o| o.namespace);
            let place = object.or_else(|| subject.release.map(|(ns, ..)| ns)).filter(|n| !n.is_empty());
            if place.is_some() {
                command::namespace(model, place, env, effects);
            }
        }
        Action::MomentLine
        | Action::MomentLive
        | Action::MomentBack
        | Action::MomentForward
        | Action::MomentPrevious
        | Action::MomentNext
        | Action::MomentWiden
        | Action::MomentNarrow => moment::act(model, action, env, effects),
        Action::GoLogs
        | Action::GoPanels
        | Action::GoTimeline
        | Action::GoChanges
        | Action::GoRelease
        | Action::GoAlerts
        | Action::GoEvents
        | Action::GoNode
        | Action::GoOwner
        | Action::GoRunbook => go::go(model, action, env, effects),
        _ if silence::act(model, action, env, effects) => {}
        _ if deeds::act(model, action, env, effects) => {}
        _ => {
            let why = model.nav.top().view.pane().unavailable(action, &model.shared);
            if let Some(why) = why {
                tell(model, &format!("{}: {why}", action.info().short), false, env, effects);
            } else if !on_top(model, env, effects, |pane, cx| pane.act(action, cx)) {
                tell(model, &format!("`{}` does nothing here", action.info().short), false, env, effects);
            }
        }
    }
}

/// Returns every action on the row: the view's own, what rows can do everywhere, and the jumps.
fn menu(model: &Model) -> Menu {
    let pane = model.nav.top().view.pane();
    let context = pane.context();
    let own = |i: &&Info| i.contexts.contains(&context) && !i.name.starts_with("list.sort-");
    let row =
        |i: &&Info| matches!(i.action, Action::Open | Action::Copy | Action::Mark) && context.has_rows();
    let jump = |i: &&Info| i.name.starts_with("go.");
    let mut rows: Vec<(Action, Option<String>)> = Vec::new();
    let all = Action::TABLE.iter();
    for info in all.clone().filter(own).chain(all.clone().filter(row)).chain(all.filter(jump)) {
        if rows.iter().any(|(a, _)| *a == info.action) {
            continue;
        }
        let locked = (info.need == Need::Write && model.shared.gate.policy().locked)
            .then(|| "this context is locked by the configuration".to_owned());
        let bound = || bind::unavailable(model).filter(|_| info.action == Action::Bind);
        let why =
            pane.unavailable(info.action, &model.shared).or_else(|| jumps::unavailable(model, info.action));
        let why = why.or_else(bound).or_else(|| deeds::unavailable(model, info.action));
        let why = why.or_else(|| silence::unavailable(model, info.action));
        rows.push((info.action, locked.or(why)));
    }
    Menu { rows, at: 0 }
}

fn open_filter(model: &mut Model) {
    let now = model.nav.top().view.pane().filter().map(str::to_owned);
    if let Some(before) = now {
        model.modal = Some(Modal::Filter { line: Line::new(&before), before });
    }
}

fn filter(model: &mut Model, text: &str, env: &Env, effects: &mut Effects) {
    let result = on_top(model, env, effects, |pane, cx| pane.set_filter(text, cx));
    touch(model);
    if let Err(mistake) = result {
        tell(model, &format!("filter: {mistake}"), true, env, effects);
    }
}

fn in_modal(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let closes = key.code == Code::Esc || (key.ctrl && key.code == Code::Char('c'));
    match &mut model.modal {
        Some(Modal::Filter { before, .. }) if closes => {
            let before = before.clone();
            model.modal = None;
            filter(model, &before, env, effects);
        }
        Some(_) if closes => model.modal = None,
        Some(Modal::Filter { line, .. }) => match key.code {
            Code::Enter => model.modal = None,
            _ => {
                if line.key(key) {
                    let text = line.text().to_owned();
                    filter(model, &text, env, effects);
                }
            }
        },
        Some(Modal::Bind(_)) => bind::key(model, key, env, effects),
        Some(Modal::Ask(_)) => deeds::key(model, key, env, effects),
        Some(Modal::Silence(_)) => silence::key(model, key, env, effects),
        Some(Modal::GoTo(_)) => palette::key(model, key, env, effects),
        Some(Modal::Moment { .. }) => moment::key(model, key, env, effects),
        Some(Modal::Help { top }) => match key.code {
            Code::Down | Code::Char('j') => *top += 1,
            Code::Up | Code::Char('k') => *top = top.saturating_sub(1),
            Code::PageDown => *top += 10,
            Code::PageUp => *top = top.saturating_sub(10),
            _ => model.modal = None,
        },
        Some(Modal::Menu(menu)) => match key.code {
            Code::Down | Code::Char('j') => menu.at = (menu.at + 1).min(menu.rows.len().saturating_sub(1)),
            Code::Up | Code::Char('k') => menu.at = menu.at.saturating_sub(1),
            Code::Enter => {
                let row = menu.rows.get(menu.at).cloned();
                model.modal = None;
                match row {
                    Some((action, None)) => act(model, action, env, effects),
                    Some((action, Some(why))) => {
                        tell(model, &format!("{}: {why}", action.info().short), false, env, effects);
                    }
                    None => {}
                }
            }
            _ => {}
        },
        Some(Modal::Copy(copies)) => match key.code {
            Code::Down | Code::Char('j') => {
                copies.at = (copies.at + 1).min(copies.rows.len().saturating_sub(1));
            }
            Code::Up | Code::Char('k') => copies.at = copies.at.saturating_sub(1),
            Code::Enter => {
                let at = copies.at;
                copy::take(model, at, env, effects);
            }
            Code::Char(c @ '1'..='9') => {
                let at = c as usize - '1' as usize;
                copy::take(model, at, env, effects);
            }
            _ => {}
        },
        Some(Modal::Quit) => match key.code {
            Code::Char('y') => effects.push(Effect::Quit),
            _ => model.modal = None,
        },
        Some(Modal::Stop(plan)) => {
            let plan = *plan;
            model.modal = None;
            if key.code == Code::Char('y') {
                effects.push(Effect::Stop(plan));
                tell(model, "told to stop before the next object", false, env, effects);
            }
        }
        None => {}
    }
}

/// Opens a view by its name, as `:` and `--view` do.
pub fn open_named(model: &mut Model, name: &str, env: &Env, effects: &mut Effects) -> bool {
    let Some(view) = View::open(name) else { return false };
    super::open(model, view, env, effects);
    true
}
