//! Going back to an earlier deployment of an Argo CD Application, holding its automatic sync, syncing it.
//!
//! An Application has no status subresource: an operation is asked for by writing `operation` into it, as Argo CD's own
//! server does (`SetAppOperation`), bound to the version that was read. That passes by Argo CD's own rules of who may do
//! what and by its sync windows, which is said. Automatic sync would bring git back at once, so it is turned off in the same
//! request; who is to turn it on again is told until it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::{Act, Content, Raw, Verb, written_by_us};
use super::changes::told;
use super::expect::Expect;
use super::hold::{self, Hold};
use super::live::{Live, controller, tag, text};
use super::refusal::Refusal;
use crate::core::{Ts, Zone};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "argocd", rename_all = "kebab-case")]
pub enum App {
    /// It is synced to an earlier deployment, and no longer by itself.
    Back {
        /// The id in its history; the one before the last when left out.
        id: Option<i64>,
        /// Who asks for it.
        by: String,
        /// Why; empty where nothing is said.
        #[serde(default)]
        why: String,
    },
    /// It is synced by itself, or no longer.
    AutoSync {
        /// Whether it is.
        on: bool,
        /// Who asks for it.
        #[serde(default)]
        by: String,
        /// Why; empty where nothing is said.
        #[serde(default)]
        why: String,
    },
    /// It is synced to what git says now.
    Sync {
        /// Who asks for it.
        by: String,
    },
}

impl App {
    /// Returns its name in journal, command line and menu.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Back { .. } => "app-rollback",
            Self::AutoSync { on: true, .. } => "auto-sync-on",
            Self::AutoSync { on: false, .. } => "auto-sync-off",
            Self::Sync { .. } => "app-sync",
        }
    }
}

impl App {
    /// Returns whether an Application, as the server would keep it, is left alone by automatic sync where that is wanted.
    /// A server drops `enabled` where the kind does not have it: in the definitions of older Argo CDs.
    pub fn lasts(&self, kept: &Value) -> bool {
        match self {
            Self::Back { .. } | Self::AutoSync { on: false, .. } => !is_automated(kept),
            Self::AutoSync { on: true, .. } | Self::Sync { .. } => true,
        }
    }
}

pub(super) fn app(live: &Live<'_>, app: &App, now: Ts) -> Result<Act, Refusal> {
    if let Some(owner) = controller(live.object) {
        return Err(Refusal::invalid(&format!(
            "{} {} makes this Application and would undo it: change it there",
            text(owner, "/kind"),
            text(owner, "/name")
        )));
    }
    if let Some(id) = tag(live.object, "annotations", "argocd.argoproj.io/tracking-id") {
        let parent = id.split(':').next().unwrap_or_default();
        return Err(Refusal::invalid(&format!(
            "the Application {parent} makes this one and would undo it: change it there"
        )));
    }
    let mut after = live.object.clone();
    let words = match app {
        App::AutoSync { on, by, why } => {
            if is_automated(live.object) == *on {
                return Err(Refusal::Already(if *on {
                    "synced by itself already"
                } else {
                    "not synced by itself"
                }));
            }
            hold::check(why, None, now)?;
            set_automated(&mut after, *on);
            set_hold(&mut after, (!on).then_some((by, why)), now);
            vec![format!("synced by itself {} → {}", yes(!on), yes(*on))]
        }
        App::Back { id, by, why } => {
            idle(live)?;
            hold::check(why, None, now)?;
            let past = deployment(live, *id)?;
            operate(&mut after, &sync_to(live.object, past), by);
            let number = past.get("id").and_then(Value::as_i64).unwrap_or_default();
            let mut words = vec![format!("synced to deployment {number}, revision {}", revision_of(past))];
            if is_automated(live.object) {
                set_automated(&mut after, false);
                set_hold(&mut after, Some((by, why)), now);
                words.push("synced by itself yes → no".to_owned());
            }
            words
        }
        App::Sync { by } => {
            idle(live)?;
            let sync = json!({"syncStrategy": {"hook": {}}, "syncOptions": options_of(live.object)});
            operate(&mut after, &sync, by);
            vec!["synced to what git says now".to_owned()]
        }
    };
    let (_, shown) = told(live.object, &after);
    let patch = steps(live, &after)?;
    // What is seen of it is the spec: the controller takes the operation away when it begins.
    let expect = json!({"spec": after.get("spec")});
    let act = Act {
        verb: Verb::Patch,
        place: live.place.clone(),
        subresource: None,
        content: Content::JsonPatch,
        query: written_by_us(),
        body: Raw(patch),
        fields: Vec::new(),
        expect: Expect::Patched { content: Content::Merge, body: Raw(expect) },
        after: Some(shown),
    };
    Ok(act.saying(words))
}

/// Returns the patch that puts in place what changed, bound to the object as it was read.
fn steps(live: &Live<'_>, after: &Value) -> Result<Value, Refusal> {
    let mut steps = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": live.place.uid}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": live.version()?}),
    ];
    for key in ["spec", "operation"] {
        let (was, is) = (live.object.get(key), after.get(key));
        if let (true, Some(is)) = (was != is, is) {
            steps.push(json!({"op": "add", "path": format!("/{key}"), "value": is}));
        }
    }
    let annotations = |object: &Value| object.pointer("/metadata/annotations").cloned();
    if annotations(live.object) != annotations(after) {
        let is = annotations(after).unwrap_or_else(|| json!({}));
        steps.push(json!({"op": "add", "path": "/metadata/annotations", "value": is}));
    }
    // What the last operation came to is cleared with the new one, as Argo CD does it.
    if after.get("operation").is_some() && live.object.pointer("/status/operationState").is_some() {
        steps.push(json!({"op": "remove", "path": "/status/operationState"}));
    }
    Ok(Value::Array(steps))
}

/// Whether it is synced by itself.
pub fn is_automated(object: &Value) -> bool {
    let automated = object.pointer("/spec/syncPolicy/automated").filter(|automated| !automated.is_null());
    automated.is_some_and(|automated| automated.get("enabled").and_then(Value::as_bool) != Some(false))
}

fn set_automated(object: &mut Value, on: bool) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let policy = spec.entry("syncPolicy").or_insert_with(|| json!({}));
    let Some(policy) = policy.as_object_mut() else { return };
    let automated = policy.entry("automated").or_insert_with(|| json!({}));
    if automated.is_null() {
        *automated = json!({});
    }
    if let Some(automated) = automated.as_object_mut() {
        automated.insert("enabled".to_owned(), on.into());
    }
}

/// Writes onto it who holds it and why, or takes that away.
fn set_hold(object: &mut Value, held: Option<(&String, &String)>, now: Ts) {
    let gone = hold::keys_of(object);
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if held.is_none() && gone.is_empty() {
        return;
    }
    let all = metadata.entry("annotations").or_insert_with(|| json!({}));
    if all.is_null() {
        *all = json!({});
    }
    let Some(all) = all.as_object_mut() else { return };
    for key in gone {
        all.shift_remove(key);
    }
    all.extend(held.map(|(by, why)| hold::annotations(by, why, None, now)).into_iter().flatten());
}

fn idle(live: &Live<'_>) -> Result<(), Refusal> {
    let asked = live.object.get("operation").is_some_and(|operation| !operation.is_null());
    let runs = text(live.object, "/status/operationState/phase") == "Running";
    if asked || runs { Err(Refusal::invalid("another operation on it is under way")) } else { Ok(()) }
}

/// Returns the deployment to go back to.
fn deployment<'a>(live: &Live<'a>, id: Option<i64>) -> Result<&'a Value, Refusal> {
    let object: &'a Value = live.object;
    let history = object.pointer("/status/history").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match id {
        Some(id) => history
            .iter()
            .find(|past| past.get("id").and_then(Value::as_i64) == Some(id))
            .ok_or(Refusal::NoRevision(id)),
        None => history.len().checked_sub(2).and_then(|at| history.get(at)).ok_or(Refusal::NoHistory),
    }
}

fn revision_of(past: &Value) -> String {
    match past.get("revisions").and_then(Value::as_array).filter(|all| !all.is_empty()) {
        Some(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        None => text(past, "/revision").to_owned(),
    }
}

/// Returns the sync that Argo CD's own rollback asks for.
fn sync_to(object: &Value, past: &Value) -> Value {
    let mut sync = Map::new();
    for key in ["revision", "revisions", "source", "sources"] {
        let there = past.get(key).filter(|value| !value.is_null());
        sync.extend(there.map(|value| (key.to_owned(), value.clone())));
    }
    sync.insert("syncStrategy".to_owned(), json!({"apply": {}}));
    sync.insert("syncOptions".to_owned(), options_of(object));
    Value::Object(sync)
}

fn options_of(object: &Value) -> Value {
    object.pointer("/spec/syncPolicy/syncOptions").cloned().unwrap_or_else(|| json!([]))
}

fn operate(object: &mut Value, sync: &Value, by: &str) {
    if let Some(map) = object.as_object_mut() {
        map.insert("operation".to_owned(), json!({"sync": sync, "initiatedBy": {"username": by}}));
    }
}

/// Returns what must be known before it is confirmed.
pub(super) fn warnings(live: &Live<'_>, app: &App) -> Vec<String> {
    let mut told = Vec::new();
    if !matches!(app, App::AutoSync { .. }) {
        told.push("Argo CD's own rules of who may sync, and its sync windows, are passed by".to_owned());
    }
    match app {
        App::Back { .. } => {
            told.push("objects that the older revision does not have are not deleted".to_owned());
            if is_automated(live.object) {
                told.push("it stays so until somebody turns its automatic sync on again".to_owned());
            }
        }
        App::AutoSync { on: true, .. } => {
            if Hold::of(live.object) != Hold::default() {
                told.push(format!("it is {}", Hold::of(live.object).words(Zone::Utc)));
            }
            let out = text(live.object, "/status/sync/status");
            if out == "OutOfSync" {
                told.push("it is out of sync: what git says is deployed at once".to_owned());
            }
        }
        App::AutoSync { on: false, .. } => {
            told.push("until it is turned on again, what is committed to git does not arrive".to_owned());
        }
        App::Sync { .. } => {}
    }
    told
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
