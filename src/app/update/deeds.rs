//! Actions on objects: which objects are meant, what else must be asked for, and the plan that is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::effect::{Effect, Effects};
use super::super::input_line::Line;
use super::super::jumps;
use super::super::model::modal::{Ask, Modal};
use super::super::model::{Model, Shared};
use super::super::msg::Saved;
use super::super::views::{Env, View, plan::PlanView};
use super::{open, tell};
use crate::core::action::Action;
use crate::core::key::{Code, Key};
use crate::core::{Error, Kind, ObjectRef, Safe, Span, Ts};
use crate::ops::Wanted;
use crate::ops::deed::{App, Cascade, Deed, Flux, Raw, Refusal, Step, parse};
use crate::store::objects::Object;

/// The actions on objects: how the line of `:` calls them, and what else it asks for; nothing where the plan is opened
/// at once.
pub const TABLE: &[(Action, &str, &str)] = &[
    (Action::DoRestart, "restart", ""),
    (Action::DoUndo, "undo", "the revision; nothing for the one before"),
    (Action::DoPause, "pause", ""),
    (Action::DoResume, "resume", ""),
    (Action::DoScale, "scale", "how many replicas"),
    (Action::DoSetImage, "set-image", "container=image …, `*` for all"),
    (Action::DoSetResources, "set-resources", "requests=cpu=100m,memory=1Gi limits=… c=container"),
    (Action::DoDelete, "delete", ""),
    (Action::DoEvict, "evict", ""),
    (Action::DoCordon, "cordon", ""),
    (Action::DoUncordon, "uncordon", ""),
    (Action::DoDrain, "drain", "--delete-emptydir-data --force grace-period=30 timeout=10m"),
    (Action::DoTrigger, "trigger", ""),
    (Action::DoSuspend, "suspend", ""),
    (Action::DoUnsuspend, "unsuspend", ""),
    (Action::DoEdit, "edit", ""),
    (Action::DoLabel, "label", "key=value key- …, --overwrite"),
    (Action::DoAnnotate, "annotate", "key=value key- …, --overwrite"),
    (Action::DoFluxSuspend, "flux-suspend", "why; `for=2h` first says how long"),
    (Action::DoFluxResume, "flux-resume", ""),
    (Action::DoFluxReconcile, "flux-reconcile", ""),
    (Action::DoAppRollback, "app-rollback", "the id in its history, nothing for the one before; then why"),
    (Action::DoAutoSyncOn, "auto-sync-on", ""),
    (Action::DoAutoSyncOff, "auto-sync-off", "why"),
    (Action::DoAppSync, "app-sync", ""),
    (Action::DoAbort, "abort", ""),
    (Action::DoRetry, "retry", ""),
    (Action::DoPromote, "promote", ""),
    (Action::DoPromoteFull, "promote-full", ""),
];

fn entry(action: Action) -> Option<(&'static str, &'static str)> {
    TABLE.iter().find(|(a, ..)| *a == action).map(|(_, name, hint)| (*name, *hint))
}

/// Returns the action of a name in the line of `:`.
pub fn named(name: &str) -> Option<Action> {
    TABLE.iter().find(|(_, n, _)| *n == name).map(|(action, ..)| *action)
}

/// Returns what an action is done to: the marked rows, else what the row or page is about.
fn objects(model: &Model) -> Vec<ObjectRef> {
    let marked = model.nav.top().view.pane().marked(&model.shared);
    if marked.is_empty() { jumps::subject(model).object.into_iter().collect() } else { marked }
}

/// Makes the deed of an action from what was typed for it.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn deed(action: Action, typed: &str, now: Ts) -> Result<Deed, Refusal> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
    let wrong = |why: &str| Refusal::Invalid(Safe::of(why));
    let tags = |words: &[String]| -> Result<_, Refusal> {
        let (flags, tags): (Vec<String>, Vec<String>) =
            words.iter().cloned().partition(|word| word == "--overwrite");
        if tags.is_empty() {
            return Err(wrong("nothing is to be set or removed: `key=value` sets, `key-` removes"));
        }
        Ok((parse::tags(&tags)?, !flags.is_empty()))
    };
    Ok(match action {
        Action::DoRestart => Deed::Restart,
        Action::DoUndo => Deed::Undo {
            to: match words.first() {
                None => None,
                Some(word) => Some(word.parse().map_err(|_| wrong("a revision is a number"))?),
            },
        },
        Action::DoPause => Deed::Pause,
        Action::DoResume => Deed::Resume,
        Action::DoScale => {
            let word = words.first().ok_or_else(|| wrong("how many replicas?"))?;
            let replicas = word.parse::<i32>().ok().filter(|n| *n >= 0);
            let replicas = replicas.ok_or_else(|| wrong("replicas are a number, from 0 on"))?;
            Deed::Scale { replicas, current: None }
        }
        Action::DoSetImage if words.is_empty() => return Err(wrong("which image? `container=image`")),
        Action::DoSetImage => Deed::SetImage { images: parse::images(&words)? },
        Action::DoSetResources => resources(&words)?,
        Action::DoDelete => Deed::Delete { grace_s: None, force: false, cascade: Cascade::Background },
        Action::DoEvict => Deed::Evict { grace_s: None },
        Action::DoCordon => Deed::Cordon,
        Action::DoUncordon => Deed::Uncordon,
        Action::DoDrain => Deed::Drain(parse::drain(&words)?),
        Action::DoTrigger => {
            let name = words.first().cloned().unwrap_or_default();
            Deed::Trigger { name, operation: String::new() }
        }
        Action::DoSuspend => Deed::Suspend,
        Action::DoUnsuspend => Deed::Unsuspend,
        // What is saved in the editor makes it whole.
        Action::DoEdit => Deed::Edit { edited: Raw(serde_json::Value::Null), from: None },
        Action::DoLabel => {
            let (set, overwrite) = tags(&words)?;
            Deed::Label { set, overwrite }
        }
        Action::DoAnnotate => {
            let (set, overwrite) = tags(&words)?;
            Deed::Annotate { set, overwrite }
        }
        _ => return gitops(action, &words, now),
    })
}

/// Makes the deed of an action on what is deployed from git. Who asks for it is filled in where the plan is made.
fn gitops(action: Action, words: &[String], now: Ts) -> Result<Deed, Refusal> {
    let wrong = |why: &str| Refusal::Invalid(Safe::of(why));
    let by = String::new();
    let flux = |how| Deed::Flux { how };
    let app = |how| Deed::App { how };
    let step = |step| Deed::Step { step };
    Ok(match action {
        Action::DoFluxSuspend => {
            let length = words.first().and_then(|word| word.strip_prefix("for="));
            let until = match length.map(|length| Span::parse(length).filter(|span| span.0 > 0)) {
                None => None,
                Some(Some(span)) => Some(now + span),
                Some(None) => return Err(wrong("for= is a length, as in for=2h")),
            };
            let why = words.get(usize::from(length.is_some())..).unwrap_or_default().join(" ");
            if why.is_empty() {
                return Err(wrong("say why: whoever finds it suspended reads it"));
            }
            flux(Flux::Suspend { by, why, until })
        }
        Action::DoFluxResume => flux(Flux::Resume),
        Action::DoFluxReconcile => flux(Flux::Reconcile),
        Action::DoAppRollback => {
            let id = words.first().and_then(|word| word.parse().ok());
            let why = words.get(usize::from(id.is_some())..).unwrap_or_default().join(" ");
            app(App::Back { id, by, why })
        }
        Action::DoAutoSyncOn => app(App::AutoSync { on: true, by, why: String::new() }),
        Action::DoAutoSyncOff => app(App::AutoSync { on: false, by, why: words.join(" ") }),
        Action::DoAppSync => app(App::Sync { by }),
        Action::DoAbort => step(Step::Abort),
        Action::DoRetry => step(Step::Retry),
        Action::DoPromote => step(Step::Promote),
        Action::DoPromoteFull => step(Step::PromoteFull),
        _ => return Err(wrong("that is no action on objects")),
    })
}

fn resources(words: &[String]) -> Result<Deed, Refusal> {
    let (mut containers, mut requests, mut limits) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for word in words {
        let word = word.trim_start_matches('-');
        match word.split_once('=') {
            Some(("requests", amounts)) => requests = parse::amounts(amounts)?,
            Some(("limits", amounts)) => limits = parse::amounts(amounts)?,
            Some(("c" | "containers", names)) => containers.extend(names.split(',').map(str::to_owned)),
            _ => {
                let why = format!("`{word}` is neither requests=, limits= nor c=");
                return Err(Refusal::Invalid(Safe::of(&why)));
            }
        }
    }
    Ok(Deed::SetResources { containers, requests, limits })
}

/// Returns why an action on objects can't be done here, before any server is asked.
pub fn unavailable(model: &Model, action: Action) -> Option<String> {
    let (name, _) = entry(action)?;
    let objects = objects(model);
    if objects.is_empty() {
        return Some("the row is about no object".to_owned());
    }
    let deed = sample(action)?;
    if action == Action::DoEdit && objects.len() > 1 {
        return Some("one object at a time is edited".to_owned());
    }
    let unfit = objects.iter().find(|o| !deed.applies_to(&o.gvk.group, &o.gvk.kind))?;
    Some(format!("{name} does not apply to a {}", unfit.gvk.kind))
}

/// Returns a deed of the action for asking what it applies to.
fn sample(action: Action) -> Option<Deed> {
    let typed = match action {
        Action::DoScale => "1",
        Action::DoSetImage => "*=x",
        Action::DoLabel | Action::DoAnnotate => "x=y",
        Action::DoFluxSuspend => "why",
        _ => "",
    };
    deed(action, typed, Ts::default()).ok()
}

/// Does an action on objects. Returns whether it is one.
pub fn act(model: &mut Model, action: Action, env: &Env, effects: &mut Effects) -> bool {
    let Some((name, hint)) = entry(action) else { return false };
    if let Some(why) = unavailable(model, action) {
        tell(model, &format!("{name}: {why}"), false, env, effects);
        return true;
    }
    let objects = objects(model);
    if let (Action::DoEdit, [object]) = (action, &objects[..]) {
        effects.push(Effect::Open(object.clone()));
    } else if hint.is_empty() {
        begin(model, action, "", objects, env, effects);
    } else {
        let line = Line::new(&offered(&model.shared, action, &objects));
        model.modal = Some(Modal::Ask(Ask { action, objects, line, hint, mistake: None }));
    }
    true
}

/// Does an action that was typed with what it asks for: `scale 3`.
pub fn typed(model: &mut Model, action: Action, rest: &str, env: &Env, effects: &mut Effects) {
    if rest.is_empty() || unavailable(model, action).is_some() {
        act(model, action, env, effects);
    } else {
        let objects = objects(model);
        begin(model, action, rest, objects, env, effects);
    }
}

/// Opens the plan. What is wrong with what was typed is told.
fn begin(
    model: &mut Model,
    action: Action,
    typed: &str,
    objects: Vec<ObjectRef>,
    env: &Env,
    effects: &mut Effects,
) {
    match deed(action, typed, env.now) {
        Ok(deed) => {
            let view = View::Plan(PlanView::new(Wanted::Deed { deed, objects }));
            open(model, view, env, effects);
        }
        Err(why) => {
            let name = entry(action).map_or("", |(name, _)| name);
            tell(model, &format!("{name}: {why}"), why.kind() != Kind::Usage, env, effects);
        }
    }
}

/// An object was read to be edited: the terminal goes to the editor, unless something else is being typed by now.
pub fn opened(
    model: &mut Model,
    object: ObjectRef,
    read: Result<Arc<serde_json::Value>, Error>,
    env: &Env,
    effects: &mut Effects,
) {
    match read {
        Ok(_) if model.modal.is_some() || matches!(model.nav.top().view, View::Plan(_)) => {
            tell(model, "edit: something else has been opened meanwhile", false, env, effects);
        }
        Ok(opened) => effects.push(Effect::Edit(object, opened)),
        Err(error) => tell(model, &format!("edit: {}", error.line()), true, env, effects),
    }
}

/// What the editor left becomes a plan.
pub fn edited(
    model: &mut Model,
    object: ObjectRef,
    opened: &Arc<serde_json::Value>,
    saved: Result<Option<Saved>, Error>,
    env: &Env,
    effects: &mut Effects,
) {
    match saved {
        Ok(Some(Saved { object: edited, kept })) => {
            let deed = Deed::Edit { edited: Raw(edited), from: Some(Raw(serde_json::Value::clone(opened))) };
            let view = View::Plan(PlanView::new(Wanted::Deed { deed, objects: vec![object] }));
            open(model, view, env, effects);
            if let Some(path) = kept {
                tell(model, &format!("what you saved is kept for a day in {path}"), false, env, effects);
            }
        }
        Ok(None) => tell(model, "edit: nothing was changed", false, env, effects),
        Err(error) => tell(model, &format!("edit: {}", error.line()), true, env, effects),
    }
}

/// A key for the line that asks.
pub fn key(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let Some(Modal::Ask(ask)) = &mut model.modal else { return };
    if key.code != Code::Enter {
        ask.mistake = None;
        ask.line.key(key);
        return;
    }
    let typed = ask.line.text().trim().to_owned();
    if let Err(why) = deed(ask.action, &typed, env.now) {
        ask.mistake = Some(why.to_string());
        return;
    }
    let (action, objects) = (ask.action, std::mem::take(&mut ask.objects));
    model.modal = None;
    begin(model, action, &typed, objects, env, effects);
}

/// Returns what is in the line when it opens: what is now, to be changed.
fn offered(shared: &Shared, action: Action, objects: &[ObjectRef]) -> String {
    let [object] = objects else { return String::new() };
    let live = object
        .resource()
        .and_then(|r| shared.cluster.of(r).named(object.namespace.as_str(), object.name.as_str()));
    match (action, live) {
        (Action::DoScale, Some(Object::Deployment(d))) => d.spec.replicas.unwrap_or(1).to_string(),
        (Action::DoScale, Some(Object::StatefulSet(s))) => s.spec.replicas.unwrap_or(1).to_string(),
        (Action::DoScale, Some(Object::ReplicaSet(r))) => r.spec.replicas.unwrap_or(1).to_string(),
        (Action::DoSetImage, Some(live)) => {
            let containers = live.pod_spec().map(|spec| &spec.containers);
            let each = containers.into_iter().flatten().map(|c| format!("{}={}", c.name, c.image));
            each.collect::<Vec<_>>().join(" ")
        }
        (Action::DoDrain, _) => "--ignore-daemonsets".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const NOW: Ts = Ts(1_800_000_000_000_000_000);

    #[test]
    fn what_is_typed_becomes_the_deed_and_what_is_wrong_is_told() {
        assert_eq!(deed(Action::DoScale, "3", NOW).unwrap(), Deed::Scale { replicas: 3, current: None });
        for (action, bad) in [
            (Action::DoScale, ""),
            (Action::DoScale, "-1"),
            (Action::DoScale, "three"),
            (Action::DoUndo, "x"),
            (Action::DoSetImage, ""),
            (Action::DoSetImage, "nginx"),
            (Action::DoLabel, "--overwrite"),
            (Action::DoLabel, "a"),
            (Action::DoSetResources, "cpu=1"),
            (Action::DoDrain, "--now"),
            (Action::DoDrain, "timeout=x"),
            (Action::DoFluxSuspend, ""),
            (Action::DoFluxSuspend, "for=2h"),
            (Action::DoFluxSuspend, "for=soon 5xx"),
        ] {
            assert!(deed(action, bad, NOW).is_err(), "{action}: {bad}");
        }
        let labelled = deed(Action::DoLabel, "a=b c- --overwrite", NOW).unwrap();
        let Deed::Label { set, overwrite: true } = labelled else { panic!("{labelled:?}") };
        assert_eq!(set.len(), 2);
        let set =
            deed(Action::DoSetResources, "requests=cpu=1 --limits=cpu=2,memory=1Gi c=a,b", NOW).unwrap();
        let Deed::SetResources { containers, requests, limits } = set else { panic!("{set:?}") };
        assert_eq!((containers.len(), requests.len(), limits.len()), (2, 1, 2));
    }

    #[test]
    fn what_holds_back_says_why_and_until_when() {
        let held = |typed: &str| match deed(Action::DoFluxSuspend, typed, NOW).unwrap() {
            Deed::Flux { how: Flux::Suspend { why, until, .. } } => (why, until),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            held("for=2h 5xx since 14:00"),
            ("5xx since 14:00".to_owned(), Some(NOW + Span::hours(2)))
        );
        assert_eq!(held("5xx for=2h"), ("5xx for=2h".to_owned(), None));
        let back = |typed: &str| match deed(Action::DoAppRollback, typed, NOW).unwrap() {
            Deed::App { how: App::Back { id, why, .. } } => (id, why),
            other => panic!("{other:?}"),
        };
        assert_eq!(back("3 5xx"), (Some(3), "5xx".to_owned()));
        assert_eq!(back(""), (None, String::new()));
    }

    #[test]
    fn every_action_on_objects_has_its_row_and_a_deed_of_its_name() {
        let own = |i: &&crate::core::action::Info| !i.name.starts_with("do.silence");
        for info in Action::TABLE.iter().filter(|i| i.name.starts_with("do.")).filter(own) {
            let (name, _) = entry(info.action).unwrap_or_else(|| panic!("{} has no row", info.name));
            assert_eq!(info.name, format!("do.{name}"));
            let made = sample(info.action).unwrap();
            assert_eq!(made.name(), name);
            assert!(made.risk() <= info.risk || info.risk == made.risk(), "{name}");
        }
    }
}
