//! The line of `:`: views, kinds, namespaces, arming, quitting.

use super::super::effect::Effects;
use super::super::effect::Scope;
use super::super::model::Model;
use super::super::views::{Env, View};
use super::{data, deeds, keys, palette, quit, refresh, silence, tell, touch};
use crate::core::action::Action;
use crate::core::{Name, Safe, Span, num};
use crate::ops::What;

/// The commands: name, what it does, whether it asks for more words.
pub const WORDS: [(&str, &str, bool); 5] = [
    ("ns", "Shows a namespace, or `all`.", true),
    ("arm", "Arms for a time with a reason, as in `arm 30m 5xx after release 7`.", true),
    ("disarm", "Goes back to read-only.", false),
    ("help", "Shows the keys that work here.", false),
    ("quit", "Quits; asks first while work is running.", false),
];

/// Returns whether a line can be run as it is.
pub fn knows(model: &Model, text: &str) -> bool {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return false };
    let more = words.next().is_some();
    // `:ns` by itself is the table of namespaces, as for kubectl.
    if View::open(first).is_some() || matches!(first, "q" | "q!" | "exit") {
        return true;
    }
    if let Some((.., asks)) = WORDS.iter().find(|(name, ..)| *name == first) {
        return !asks || more;
    }
    let named = Action::parse(first).or_else(|| deeds::named(first)).or_else(|| silence::named(first));
    named.is_some_and(|a| applies(model, a))
}

/// Returns whether an action works in the visible view.
fn applies(model: &Model, action: Action) -> bool {
    palette::applies(action, model.nav.top().view.pane().context())
}

/// Runs what was typed.
pub fn run(model: &mut Model, text: &str, env: &Env, effects: &mut Effects) {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return };
    let rest: Vec<&str> = words.collect();
    match first {
        "q" | "quit" | "q!" | "exit" => quit(model, effects),
        "help" => keys::act(model, Action::Help, env, effects),
        "ns" if !rest.is_empty() => match place(&rest) {
            Ok((scope, _)) => scope.into_iter().for_each(|s| namespace(model, s, env, effects)),
            Err(why) => tell(model, &why, true, env, effects),
        },
        "arm" => arm(model, &rest, env, effects),
        "disarm" => {
            model.shared.gate.disarm();
            let what = What::Armed { until: None, reason: Safe::default() };
            model.shared.journal(env.now, what, effects);
            touch(model);
        }
        name if deeds::named(name).is_some_and(|a| applies(model, a)) => {
            if let Some(action) = deeds::named(name) {
                deeds::typed(model, action, &rest.join(" "), env, effects);
            }
        }
        name if silence::named(name).is_some_and(|a| applies(model, a)) => {
            if let Some(action) = silence::named(name) {
                // Blanks between quotes count.
                let rest = text.trim_start().get(name.len()..).unwrap_or_default();
                silence::typed(model, action, rest, env, effects);
            }
        }
        name if deeds::named(name).or(silence::named(name)).is_some() => {
            tell(model, &format!("`{name}` does nothing in this view"), true, env, effects);
        }
        name if Action::parse(name).is_some() => {
            let context = model.nav.top().view.pane().context();
            match Action::parse(name).filter(|a| palette::applies(*a, context)) {
                Some(action) => keys::act(model, action, env, effects),
                None => tell(model, &format!("`{name}` does nothing in this view"), true, env, effects),
            }
        }
        name => {
            // Words after a `/` are the filter's, whatever they look like.
            let filter = rest.iter().position(|w| w.starts_with('/')).unwrap_or(rest.len());
            let (words, filter) = rest.split_at(filter);
            let scope = match place(words) {
                Ok((scope, [])) => scope,
                Ok((_, left)) => {
                    let why = format!("`{}` is too much after `{name}`", left.join(" "));
                    return tell(model, &why, true, env, effects);
                }
                Err(why) => return tell(model, &why, true, env, effects),
            };
            if let Some(scope) = scope.filter(|_| View::open(name).is_some()) {
                namespace(model, scope, env, effects);
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
            if !filter.is_empty() {
                let filter = filter.join(" ");
                super::on_top(model, env, effects, |pane, cx| pane.set_filter(&filter[1..], cx)).ok();
            }
        }
    }
}

/// What is said of namespaces: none, all of them, or one.
type Place = Option<Option<Name>>;

/// Reads a namespace as it is written after a view's name: `momo-store`, `-n momo-store`, `all`, `*`, `-A`.
/// Returns it and the words after it.
///
/// # Errors
/// When a word is no namespace's name.
fn place<'a, 'b>(words: &'a [&'b str]) -> Result<(Place, &'a [&'b str]), String> {
    let named = |name: &str| {
        let why = "that is no namespace's name: a-z, 0-9 and `-`; `-A` for all";
        Name::namespace(name).ok_or_else(|| why.to_owned())
    };
    match words {
        [] => Ok((None, words)),
        ["all" | "*" | "-A" | "--all-namespaces", left @ ..] => Ok((Some(None), left)),
        ["-n" | "--namespace", name, left @ ..] => Ok((Some(Some(named(name)?)), left)),
        [name, left @ ..] => {
            let short = name.strip_prefix("--namespace=").or_else(|| name.strip_prefix("-n="));
            Ok((Some(Some(named(short.unwrap_or(name))?)), left))
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
    if model.shared.gate.arm(env.now, length, reason.as_str()) {
        let what = What::Armed { until: Some(env.now + length), reason: Safe::of(&reason) };
        model.shared.journal(env.now, what, effects);
        tell(model, &format!("armed for {}", num::age(length)), false, env, effects);
    } else {
        tell(model, "this context is locked by the configuration", true, env, effects);
    }
    touch(model);
}

/// How many namespaces have a digit.
const DIGITS: usize = 9;

/// Shows one of the recent namespaces, counted from 0.
pub fn recent(model: &mut Model, at: usize, env: &Env, effects: &mut Effects) {
    if let Some(name) = model.shared.session.recent.get(at).cloned() {
        return namespace(model, Some(name), env, effects);
    }
    let known = model.shared.session.recent.iter().enumerate();
    let known: Vec<String> = known.map(|(i, n)| format!("{} {n}", i + 1)).collect();
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    tell(model, &format!("recent namespaces: {known}"), false, env, effects);
}

/// Changes which namespaces are shown. A namespace keeps the digit that it got first: what is pressed without
/// looking must not move. When all digits are taken the last one is given anew.
pub fn namespace(model: &mut Model, name: Option<Name>, env: &Env, effects: &mut Effects) {
    let scope = name.clone().map_or(Scope::All, Scope::Namespace);
    if model.shared.session.scope == scope {
        return;
    }
    let recent = &mut model.shared.session.recent;
    if let Some(name) = name.filter(|n| !recent.contains(n)) {
        recent.truncate(DIGITS - 1);
        recent.push(name);
    }
    model.shared.session.scope = scope;
    data::feeds(model, effects);
    refresh(model, env, effects);
}
