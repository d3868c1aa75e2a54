//! `deckwatch diff`: what differs between two revisions, told as helm-diff tells it.

use deckwatch_helm::diff::{Change, Line, LineKind, ObjectDiff, Options};
use serde_json::{Value, json};

use super::super::{note, print, print_json};
use super::{locate, none, record, revisions};
use crate::app::views::release::{Difference, compare};
use crate::cli::args::{Output, Place};
use crate::cli::release::Compared;
use crate::core::{Result, Safe};

/// What the exit code is where objects differ and that was asked for.
const CHANGED: u8 = 2;

/// Prints what differs between two revisions, secrets masked unless they are asked for.
///
/// # Errors
/// No such release or revision, or a record that can't be read.
pub fn diff(place: &Place, asked: &Compared) -> Result<u8> {
    let (mut headless, namespace, name) = locate(place, &asked.release)?;
    let known = revisions(&headless, &namespace, &name);
    let to = asked.to.or(known.last().copied()).unwrap_or(0);
    let before = known.iter().copied().filter(|n| *n < to).max();
    let from = asked.from.or(before).unwrap_or(0);
    if let Some(missing) = [to, from].into_iter().find(|n| !known.contains(n)) {
        headless.finish();
        return Err(none(&name, missing));
    }
    let old = record(&mut headless, &namespace, &name, from);
    let new = record(&mut headless, &namespace, &name, to);
    headless.finish();
    let options = Options { context: usize::try_from(asked.context_lines).ok(), reveal: asked.reveal };
    let mut found = compare(&*old?, &*new?, namespace.as_str(), options, !asked.no_hooks)?;
    if asked.no_values {
        found.values.clear();
    }
    if asked.printed.output == Output::Json {
        let objects: Vec<Value> = found.objects.iter().map(|o| object_json(o, &asked.suppress)).collect();
        print_json(&json!({
            "schema": "deckwatch.diff/1",
            "namespace": namespace, "release": name, "from": from, "to": to, "revealed": asked.reveal,
            "values": found.values.iter().map(line_json).collect::<Vec<_>>(), "objects": objects,
        }))?;
    } else {
        let head = format!("--- {name} revision {from}\n+++ {name} revision {to}\n");
        print(&format!("{head}{}", text(&found, &asked.suppress)))?;
        if found.values.is_empty() && found.objects.is_empty() {
            note("the two revisions do not differ");
        }
    }
    let changed = found.objects.iter().any(|object| object.change != Change::Keep);
    Ok(if changed && asked.detailed_exitcode { CHANGED } else { 0 })
}

fn text(found: &Difference, suppressed: &[String]) -> String {
    let mut out = String::new();
    if !found.values.is_empty() {
        out.push_str("values have changed:\n");
        out.extend(found.values.iter().map(line_text));
    }
    for object in &found.objects {
        let words = match object.change {
            Change::Add => "has been added:",
            Change::Remove => "has been removed:",
            Change::Modify => "has changed:",
            // helm-diff says nothing of it.
            Change::Keep => "stays: its annotation helm.sh/resource-policy keeps it",
        };
        out.push_str(&format!("{} {words}\n", Safe::of(&object.key.to_string())));
        if object.change == Change::Keep {
            continue;
        }
        if suppressed.contains(&object.key.kind) {
            let kind = Safe::of(&object.key.kind);
            out.push_str(&format!("+ Changes suppressed on sensitive content of type {kind}\n"));
        } else {
            out.extend(object.lines.iter().map(line_text));
        }
    }
    out
}

fn line_text(line: &Line) -> String {
    let text = Safe::of(&line.text);
    match line.kind {
        LineKind::Same if line.text.is_empty() => "\n".to_owned(),
        LineKind::Same => format!("  {text}\n"),
        LineKind::Removed => format!("- {text}\n"),
        LineKind::Added => format!("+ {text}\n"),
        LineKind::Skipped => "...\n".to_owned(),
    }
}

fn line_json(line: &Line) -> Value {
    let sign = match line.kind {
        LineKind::Same => " ",
        LineKind::Removed => "-",
        LineKind::Added => "+",
        LineKind::Skipped => "@",
    };
    json!({ "sign": sign, "text": line.text })
}

fn object_json(object: &ObjectDiff, suppressed: &[String]) -> Value {
    let change = match object.change {
        Change::Add => "add",
        Change::Remove => "remove",
        Change::Modify => "modify",
        Change::Keep => "keep",
    };
    let hidden = suppressed.contains(&object.key.kind) || object.change == Change::Keep;
    let lines: Vec<Value> = if hidden { Vec::new() } else { object.lines.iter().map(line_json).collect() };
    let key = &object.key;
    json!({
        "group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name,
        "change": change, "source": object.source, "lines": lines,
    })
}
