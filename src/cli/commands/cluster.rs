//! `deckwatch get`: objects as `kubectl get` prints them.

use serde_json::json;

use super::table::align;
use super::{PATIENCE, headless, print, print_json};
use crate::app::effect::Scope;
use crate::app::msg::FeedState;
use crate::app::views::{Truth, View, table};
use crate::cli::args::{Place, TableOutput};
use crate::core::{Error, Kind, Resource, Result};
use crate::runtime::now;
use crate::store::columns;
use crate::store::objects::Object;

/// Prints objects of a kind.
pub fn get(place: &Place, kind: &str, name: Option<&str>, output: TableOutput) -> Result<u8> {
    let resource = Resource::parse(kind).ok_or_else(|| {
        let known = Resource::ALL.map(|r| r.names().plural).join(", ");
        Error::new(Kind::Usage, "get")
            .on(kind.to_owned())
            .detail("this kind has no table yet")
            .hint(format!("there are {known}"))
    })?;
    let mut headless = headless(place, View::Table(table::Table::new(resource)), (120, 40))?;
    let whole = headless
        .run_until(PATIENCE, |m, _| !matches!(m.shared.cluster.of(resource).state, FeedState::Loading));
    let truth = headless.truth();
    if let Truth::Failed(error) | Truth::Denied(error) = truth {
        headless.finish();
        return Err(error);
    }
    let kind = headless.model.shared.cluster.of(resource);
    let mut objects: Vec<&Object> = kind.iter().filter(|o| name.is_none_or(|n| o.name() == n)).collect();
    objects.sort_by(|a, b| (a.namespace(), a.name()).cmp(&(b.namespace(), b.name())));
    if resource == Resource::Event {
        let seen = |o: &Object| if let Object::Event(e) = o { columns::last_seen(e) } else { None };
        objects.sort_by_key(|o| seen(o));
    }
    if let (Some(name), true) = (name, objects.is_empty()) {
        let plural = resource.names().plural;
        let error = Error::new(Kind::NotFound, "get")
            .on(format!("{plural} {name}"))
            .hint(format!("`deckwatch get {plural} -A` lists them; -n names another namespace"));
        headless.finish();
        return Err(error);
    }
    let spread = resource.names().namespaced && headless.model.shared.session.scope == Scope::All;
    let outcome = if output == TableOutput::Json {
        print_json(&document(resource, &objects))
    } else {
        print(&table(resource, &objects, spread, output == TableOutput::Wide))
    };
    if objects.is_empty() && whole {
        let place = headless.model.shared.session.scope.namespace().map(|n| format!(" in namespace {n}"));
        super::note(&format!("no {}{}", resource.names().plural, place.unwrap_or_default()));
    }
    headless.finish();
    outcome.map(|code| if whole { code } else { 3 })
}

fn document(resource: Resource, objects: &[&Object]) -> serde_json::Value {
    let now = now();
    let rows: Vec<_> = objects
        .iter()
        .map(|o| {
            let row = o.row();
            let cells = columns::columns(resource).iter().zip(row.cells.iter());
            let cells: serde_json::Map<_, _> = cells.map(|(c, cell)| (c.name.to_lowercase(), json!(cell.show(now, true)))).collect();
            json!({ "namespace": o.namespace(), "name": o.name(), "uid": o.uid(), "health": row.health.level, "cells": cells })
        })
        .collect();
    json!({ "schema": "deckwatch.get/1", "kind": resource.names().kind, "items": rows })
}

/// Returns rows as kubectl aligns them: columns padded to their widest cell, three blanks between.
fn table(resource: Resource, objects: &[&Object], spread: bool, wide: bool) -> String {
    let now = now();
    let shown: Vec<usize> = columns::columns(resource)
        .iter()
        .enumerate()
        .filter(|(_, c)| wide || !c.wide)
        .map(|(i, _)| i)
        .collect();
    let mut lines: Vec<Vec<String>> = Vec::with_capacity(objects.len() + 1);
    let heads = shown.iter().filter_map(|i| columns::columns(resource).get(*i)).map(|c| c.name.to_owned());
    lines.push(spread.then(|| "NAMESPACE".to_owned()).into_iter().chain(heads).collect());
    for object in objects {
        let row = object.row();
        let cells = shown.iter().filter_map(|i| row.cells.get(*i)).map(|c| c.show(now, wide).into_owned());
        lines.push(spread.then(|| object.namespace().to_owned()).into_iter().chain(cells).collect());
    }
    if objects.is_empty() {
        return String::new();
    }
    align(&lines)
}
