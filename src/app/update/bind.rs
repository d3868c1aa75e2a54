//! Binding an alert to an object, once: for alerts whose labels name none, or the wrong one. What was bound is
//! remembered in the state folder, for this context.

use super::super::effect::{Effect, Effects};
use super::super::input_line::Line;
use super::super::model::modal::{Binding, Candidate};
use super::super::model::{Modal, Model};
use super::super::views::{Env, alert};
use super::{palette, tell, touch};
use crate::core::key::{Code, Key};
use crate::core::{Fingerprint, ObjectRef, Resource, Safe};
use crate::ops::What;

/// What an alert can be about.
const KINDS: [Resource; 5] =
    [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Job, Resource::Node];
/// The candidate that takes a binding away.
const NOTHING: &str = "nothing";

/// Returns why the row can't be bound.
pub fn unavailable(model: &Model) -> Option<String> {
    let subject = model.nav.top().view.pane().subject(&model.shared);
    let known = subject.alert.and_then(|f| alert::find(&model.shared, f));
    known.is_none().then(|| "the row is about no alert".to_owned())
}

/// Opens the line that asks for the object.
pub fn open(model: &mut Model, env: &Env, effects: &mut Effects) {
    if let Some(why) = unavailable(model) {
        return tell(model, &format!("bind: {why}"), false, env, effects);
    }
    let Some(fingerprint) = model.nav.top().view.pane().subject(&model.shared).alert else { return };
    let name = alert::find(&model.shared, fingerprint).map(|a| super::super::views::safe(a.name()));
    let binding = Binding {
        fingerprint,
        alert: name.unwrap_or_default(),
        line: Line::new(""),
        found: Vec::new(),
        at: 0,
    };
    model.modal = Some(Modal::Bind(binding));
    refresh(model);
}

fn objects(model: &Model) -> Vec<ObjectRef> {
    let shared = &model.shared;
    let all = KINDS.iter().flat_map(|r| shared.cluster.of(*r).iter());
    let mut out: Vec<ObjectRef> = all.map(|o| o.reference(&shared.session.cluster)).collect();
    out.sort_by_key(ToString::to_string);
    out
}

fn refresh(model: &mut Model) {
    let Some(Modal::Bind(binding)) = &model.modal else { return };
    let bound = model.shared.bound.get(&binding.fingerprint);
    let mut known: Vec<(String, String)> =
        bound.map(|o| (NOTHING.to_owned(), format!("Takes the binding to {o} away."))).into_iter().collect();
    known.extend(objects(model).iter().map(|o| (o.to_string(), String::new())));
    let found = palette::matching(&known, binding.line.text());
    if let Some(Modal::Bind(binding)) = &mut model.modal {
        binding.found = found;
        binding.at = 0;
    }
}

/// Handles a key in the line.
pub fn key(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let Some(Modal::Bind(binding)) = &mut model.modal else { return };
    let count = binding.found.len();
    match key.code {
        Code::Down if count > 0 => binding.at = (binding.at + 1) % count,
        Code::Up if count > 0 => binding.at = (binding.at + count - 1) % count,
        Code::Down | Code::Up => {}
        Code::Enter => {
            let Some(Candidate { text, .. }) = binding.found.get(binding.at).cloned() else { return };
            let fingerprint = binding.fingerprint;
            model.modal = None;
            let object = objects(model).into_iter().find(|o| o.to_string() == text);
            bind(model, fingerprint, object, env, effects);
        }
        _ => {
            if binding.line.key(key) {
                refresh(model);
            }
        }
    }
}

/// Binds an alert, or takes its binding away.
fn bind(
    model: &mut Model,
    fingerprint: Fingerprint,
    object: Option<ObjectRef>,
    env: &Env,
    effects: &mut Effects,
) {
    let text = match &object {
        Some(object) => format!("alert {fingerprint} bound to {object}"),
        None => format!("alert {fingerprint} is bound to nothing any more"),
    };
    match &object {
        Some(object) => drop(model.shared.bound.insert(fingerprint, object.clone())),
        None => drop(model.shared.bound.remove(&fingerprint)),
    }
    model.shared.journal(env.now, What::Note { text: Safe::of(&text) }, effects);
    effects.push(Effect::Bind(fingerprint, object));
    tell(model, &text, false, env, effects);
    touch(model);
}
