//! The one function that changes the model. This file only dispatches; each subject has a file of its own.

mod bind;
mod command;
mod copy;
mod data;
pub(super) mod deeds;
mod go;
mod keys;
mod moment;
mod palette;
mod silence;
mod start;

#[cfg(test)]
mod tests;

pub use data::hold_back;
pub use start::start;

use super::effect::{Effect, Effects, Timer};
use super::model::{Modal, Model};
use super::msg::Msg;
use super::views::{Cx, Env, Pane, View};
use crate::core::{Safe, Span};

/// Takes a message into the model. Returns what is to be done outside.
pub fn update(model: &mut Model, msg: Msg, env: &Env) -> Effects {
    let mut effects = Effects::new();
    match msg {
        Msg::Key { key, repeat } => keys::key(model, key, repeat, env, &mut effects),
        Msg::Paste(text) => keys::paste(model, &text, env, &mut effects),
        Msg::Resized(width, height) => {
            model.shared.session.size = (width, height);
            touch(model);
        }
        Msg::Focus(focused) => {
            model.shared.session.focused = focused;
            model.dirty = true;
        }
        Msg::Due(timer) => due(model, timer, env, &mut effects),
        Msg::Feed(feed, scope, news) => data::feed(model, feed, &scope, news, env, &mut effects),
        Msg::Answer(id, answer) => data::answer(model, id, answer, env, &mut effects),
        Msg::Health(health) => data::health(model, health, env, &mut effects),
        Msg::Taken(taken) => data::taken(model, &taken, env, &mut effects),
        Msg::Job(plan, news) => data::job(model, plan, news, env, &mut effects),
        Msg::Opened(object, read) => deeds::opened(model, object, read, env, &mut effects),
        Msg::Edited(object, opened, saved) => {
            deeds::edited(model, object, &opened, saved, env, &mut effects);
        }
        Msg::Journalled(_, Ok(())) => {
            if model.shared.journal_error.take().is_some() {
                touch(model);
            }
        }
        Msg::Journalled(_, Err(error)) => {
            tell(model, &format!("the journal can't be written: {}", error.line()), true, env, &mut effects);
            model.shared.journal_error = Some(error);
            touch(model);
        }
        Msg::Bound(bound) => {
            // What was bound here meanwhile is newer.
            let newer = std::mem::replace(&mut model.shared.bound, bound);
            model.shared.bound.extend(newer);
            touch(model);
        }
        Msg::Notice(error) => tell(model, &error.line(), true, env, &mut effects),
        Msg::Done(text) => tell(model, text.safe().as_str(), false, env, &mut effects),
    }
    effects
}

/// Brings the visible page's rows up to date; called before a frame is drawn and before a key is handled.
pub fn settle(model: &mut Model, env: &Env) -> Effects {
    let mut effects = Effects::new();
    if std::mem::take(&mut model.unsettled) {
        on_top(model, env, &mut effects, |pane, cx| pane.settle(cx));
    }
    effects
}

/// Marks rows and screen as to be made anew.
fn touch(model: &mut Model) {
    model.unsettled = true;
    model.dirty = true;
}

/// Lets the visible view do something, then opens what it wants opened.
fn on_top<T>(
    model: &mut Model,
    env: &Env,
    effects: &mut Effects,
    act: impl FnOnce(&mut dyn Pane, &mut Cx<'_>) -> T,
) -> T {
    let page = model.nav.top_mut();
    let mut cx = Cx { shared: &mut model.shared, env, effects, page: page.id, open: None };
    let result = act(page.view.pane_mut(), &mut cx);
    if let Some(view) = cx.open.take() {
        open(model, view, env, effects);
    }
    result
}

/// Opens a view on top of the others.
fn open(model: &mut Model, view: View, env: &Env, effects: &mut Effects) {
    if let Some(dropped) = model.nav.push(view) {
        model.shared.asks.drop_page(dropped, effects);
    }
    data::feeds(model, effects);
    model.nav.top_mut().moment = model.shared.moment.generation();
    on_top(model, env, effects, |pane, cx| pane.init(cx));
    touch(model);
}

/// Opens a view on top of the others, from outside of a key. Returns what is to be done.
pub fn show(model: &mut Model, view: View, env: &Env) -> Effects {
    let mut effects = Effects::new();
    open(model, view, env, &mut effects);
    effects
}

/// Goes back one page, which goes on: covered it was not asked, and the moment may be another now.
fn back(model: &mut Model, env: &Env, effects: &mut Effects) {
    if let Some(closed) = model.nav.pop() {
        model.shared.asks.drop_page(closed, effects);
        data::feeds(model, effects);
        let now = model.shared.moment.generation();
        let moved = std::mem::replace(&mut model.nav.top_mut().moment, now) != now;
        on_top(model, env, effects, |pane, cx| pane.uncovered(moved, cx));
    }
    touch(model);
}

/// Asks the visible page again.
fn refresh(model: &mut Model, env: &Env, effects: &mut Effects) {
    model.nav.top_mut().moment = model.shared.moment.generation();
    on_top(model, env, effects, |pane, cx| pane.refresh(cx));
    touch(model);
}

/// Tells the person something for a while.
fn tell(model: &mut Model, text: &str, error: bool, env: &Env, effects: &mut Effects) {
    let id = model.shared.tell(Safe::of(text), error);
    let length = if error { Span::secs(15) } else { Span::secs(5) };
    effects.push(Effect::After(Timer::Notice(id), env.now + length));
    model.dirty = true;
}

fn due(model: &mut Model, timer: Timer, env: &Env, effects: &mut Effects) {
    match timer {
        Timer::Clock => {
            effects.push(Effect::After(Timer::Clock, env.now.align_down(Span::secs(1)) + Span::secs(1)));
            if env.now - model.shared.session.started >= data::HELD {
                data::let_go(model, effects);
            }
            model.dirty = true;
        }
        Timer::Alerts => data::ask_alerts(model, env, effects),
        Timer::Chord => {
            model.chord_shown = !model.chord.is_empty();
            model.dirty = true;
        }
        Timer::Page(id) if model.nav.top().id == id => refresh(model, env, effects),
        Timer::Page(_) => {}
        Timer::Settle => refresh(model, env, effects),
        Timer::Notice(id) => {
            model.shared.notices.retain(|n| n.id != id);
            model.dirty = true;
        }
    }
}

/// Quits, or asks first while work is running.
fn quit(model: &mut Model, effects: &mut Effects) {
    if model.shared.jobs.running() > 0 && !matches!(model.modal, Some(Modal::Quit)) {
        model.modal = Some(Modal::Quit);
        model.dirty = true;
    } else {
        effects.push(Effect::Quit);
    }
}
