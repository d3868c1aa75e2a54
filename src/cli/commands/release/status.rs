//! `deckwatch release status`: the state of a revision, and how its objects are now.

use deckwatch_helm::mask::mask_url;
use deckwatch_helm::record::{Hook, Info, Record};
use deckwatch_helm::time::Stamp;
use serde_json::{Value, json};

use super::super::table::align;
use super::super::{print, print_json};
use super::harmless;
use super::show::{bad, run_json, standing};
use crate::cli::args::{Output, Place};
use crate::cli::release::Shown;
use crate::core::{Result, Safe};
use crate::store::releases::{ObjectNow, State};

/// Prints the state of a revision. Returns 3 where it is not known of an object how it is.
pub fn status(place: &Place, asked: &Shown) -> Result<u8> {
    let read = standing(place, &asked.of, true)?;
    let failed = bad("read the state");
    let (record, objects) = (&read.what.record, &read.what.objects);
    let mut info = record.info().map_err(&failed)?;
    let hooks = record.hooks().map_err(&failed)?;
    if !asked.reveal {
        info.notes = mask_url(&info.notes);
    }
    let tests: Vec<&Hook> = hooks.iter().filter(|hook| hook.events.iter().any(|e| e == "test")).collect();
    if asked.of.printed.output == Output::Json {
        let members = json!({
            "version": read.revision, "revealed": asked.reveal,
            "apply_method": record.apply_method().map_err(&failed)?,
            "info": info_json(&info),
            "resources": objects.iter().map(object_json).collect::<Vec<_>>(),
            "tests": tests.iter().map(|hook| test_json(hook)).collect::<Vec<_>>(),
        });
        let mut document = read.document("status", members);
        // Helm calls the revision so in this document.
        if let Some(map) = document.as_object_mut() {
            map.shift_remove("revision");
        }
        print_json(&document)?;
    } else {
        print(&text(record, &info, objects, &tests))?;
    }
    let unknown = objects.iter().any(|object| matches!(object.state, State::Unknown(_)));
    Ok(if unknown { 3 } else { 0 })
}

fn text(record: &Record, info: &Info, objects: &[ObjectNow], tests: &[&Hook]) -> String {
    let safe = |text: String| Safe::of(&text);
    let mut out = format!("NAME: {}\n", safe(record.name().unwrap_or_default()));
    if let Some(at) = &info.last_deployed {
        out.push_str(&format!("LAST DEPLOYED: {}\n", at.ansic()));
    }
    out.push_str(&format!("NAMESPACE: {}\n", safe(record.namespace().unwrap_or_default())));
    out.push_str(&format!("STATUS: {}\n", Safe::of(info.status.as_str())));
    out.push_str(&format!("REVISION: {}\n", record.version().unwrap_or_default()));
    out.push_str(&format!("DESCRIPTION: {}\n", Safe::of(&info.description)));
    if !objects.is_empty() {
        let head = ["KIND", "NAMESPACE", "NAME", "STATE"].map(str::to_owned).to_vec();
        let rows = objects.iter().map(|object| {
            let texts = [&object.kind, &object.namespace, &object.name].map(|t| t.safe().to_string());
            texts.into_iter().chain([state(&object.state).to_string()]).collect()
        });
        let table = align(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
        out.push_str(&format!("RESOURCES:\n{table}\n"));
    }
    if tests.is_empty() {
        out.push_str("TEST SUITE: None\n");
    }
    for hook in tests {
        let (Some(started), completed) =
            (Stamp::parse(&hook.last_run.started_at), Stamp::parse(&hook.last_run.completed_at))
        else {
            continue;
        };
        out.push_str(&format!(
            "TEST SUITE:     {}\nLast Started:   {}\nLast Completed: {}\nPhase:          {}\n",
            Safe::of(&hook.name),
            started.ansic(),
            completed.map(|at| at.ansic()).unwrap_or_default(),
            Safe::of(&hook.last_run.phase),
        ));
    }
    if !info.notes.is_empty() {
        out.push_str(&format!("NOTES:\n{}\n", harmless(info.notes.trim())));
    }
    out
}

/// Returns how an object is, in words.
fn state(state: &State) -> Safe {
    match state {
        State::Ready => Safe::own("ready"),
        State::Unready(why) => Safe::of(&format!("not ready: {}", why.safe())),
        State::Missing => Safe::own("not there"),
        State::Unknown(error) => Safe::of(&format!("not known: {}", error.line())),
    }
}

fn object_json(object: &ObjectNow) -> Value {
    let (word, why) = match &object.state {
        State::Ready => ("ready", None),
        State::Unready(why) => ("unready", Some(why.safe().to_string())),
        State::Missing => ("missing", None),
        State::Unknown(error) => ("unknown", Some(error.line())),
    };
    json!({
        "apiVersion": object.api_version, "kind": object.kind, "namespace": object.namespace, "name": object.name,
        "state": word, "why": why,
    })
}

fn info_json(info: &Info) -> Value {
    let time = |at: &Option<Stamp>| at.as_ref().map(|at| at.text.clone());
    json!({
        "first_deployed": time(&info.first_deployed), "last_deployed": time(&info.last_deployed),
        "deleted": time(&info.deleted), "description": info.description, "status": info.status.as_str(),
        "rollback_revision": info.rollback_revision, "notes": info.notes,
    })
}

fn test_json(hook: &Hook) -> Value {
    json!({ "name": hook.name, "last_run": run_json(hook) })
}
