//! The line of `:`: views, kinds, namespaces, arming, quitting.

use super::super::effect::Effects;
use super::super::effect::Scope;
use super::super::model::Model;
use super::super::views::{Env, View};
use super::{data, keys, quit, refresh, tell, touch};
use crate::core::{Name, Span, num};

const WORDS: [&str; 6] = ["quit", "q", "ns", "arm", "disarm", "help"];

/// Completes the first word of what is typed, as far as it is clear.
pub fn complete(text: &str) -> Option<String> {
    let mut known: Vec<&str> = View::names().chain(WORDS).filter(|n| n.starts_with(text)).collect();
    known.sort_unstable();
    let first = *known.first()?;
    let common = known.iter().fold(first, |prefix, name| {
        let shared = prefix.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        prefix.get(..shared).unwrap_or("")
    });
    (!common.is_empty() && common.len() >= text.len()).then(|| common.to_owned())
}

/// Returns the names that begin with what is typed, for the line's hints.
pub fn candidates(text: &str) -> Vec<&'static str> {
    let mut known: Vec<&str> = View::names().chain(WORDS).filter(|n| n.starts_with(text)).collect();
    known.sort_unstable();
    known
}

/// Runs what was typed.
pub fn run(model: &mut Model, text: &str, env: &Env, effects: &mut Effects) {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return };
    let rest: Vec<&str> = words.collect();
    match first {
        "q" | "quit" | "q!" | "exit" => quit(model, effects),
        "help" => keys::act(model, crate::core::action::Action::Help, env, effects),
        "ns" if !rest.is_empty() => match rest.first().copied() {
            Some("all" | "*") => namespace(model, None, env, effects),
            Some(name) => match Name::new(name) {
                Some(name) => namespace(model, Some(name), env, effects),
                None => tell(model, "that is no namespace's name", true, env, effects),
            },
            None => {}
        },
        "arm" => arm(model, &rest, env, effects),
        "disarm" => {
            model.shared.gate.disarm();
            touch(model);
        }
        name => {
            if let Some(place) = rest.first().filter(|w| !w.starts_with('/')).and_then(|w| Name::new(w)) {
                namespace(model, Some(place), env, effects);
            }
            if !keys::open_named(model, name, env, effects) {
                return tell(
                    model,
                    &format!("`{name}` is neither a view nor a kind; tab completes"),
                    true,
                    env,
                    effects,
                );
            }
            if let Some(filter) = rest.iter().find_map(|w| w.strip_prefix('/')) {
                super::on_top(model, env, effects, |pane, cx| pane.set_filter(filter, cx)).ok();
            }
        }
    }
}

fn arm(model: &mut Model, rest: &[&str], env: &Env, effects: &mut Effects) {
    let length = rest.first().and_then(|w| Span::parse(w)).filter(|s| *s > Span(0) && *s <= Span::hours(8));
    let reason = rest.get(1..).unwrap_or_default().join(" ");
    let (Some(length), false) = (length, reason.is_empty()) else {
        return tell(
            model,
            "arm: give a length up to 8h and a reason, as in `:arm 30m 5xx after release 7`",
            true,
            env,
            effects,
        );
    };
    if model.shared.gate.arm(env.now, length, reason) {
        tell(model, &format!("armed for {}", num::age(length)), false, env, effects);
    } else {
        tell(model, "this context is locked by the configuration", true, env, effects);
    }
    touch(model);
}

/// Changes which namespaces are shown.
pub fn namespace(model: &mut Model, name: Option<Name>, env: &Env, effects: &mut Effects) {
    let scope = name.clone().map_or(Scope::All, Scope::Namespace);
    if model.shared.session.scope == scope {
        return;
    }
    if let Some(name) = name {
        model.shared.session.recent.retain(|n| *n != name);
        model.shared.session.recent.insert(0, name);
        model.shared.session.recent.truncate(9);
    }
    model.shared.session.scope = scope;
    data::feeds(model, effects);
    refresh(model, env, effects);
}
