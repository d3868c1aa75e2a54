//! Every cell of every kind against the printers of Kubernetes.

use std::fmt::Write as _;

use deckwatch_wire::PartialObjectMetadata;
use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{ConfigMap, Event, Namespace, Node, Pod, Secret, Service};
use deckwatch_wire::discovery::EndpointSlice;
use pretty_assertions::assert_eq;

use super::*;
use crate::store::columns::{Row, last_seen, metadata_row};

/// Lays rows out as kubectl does: columns as wide as their longest cell and three spaces, the last one as it is.
fn layout(resource: Resource, rows: &[Row], wide: bool) -> String {
    let shown: Vec<usize> = columns(resource)
        .iter()
        .enumerate()
        .filter(|(_, c)| wide || !c.wide)
        .map(|(index, _)| index)
        .collect();
    let heading = shown.iter().map(|index| columns(resource)[*index].name.to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![heading];
    for row in rows {
        assert_eq!(row.cells.len(), columns(resource).len());
        lines.push(shown.iter().map(|index| row.cells[*index].show(NOW, wide).into_owned()).collect());
    }
    let widths: Vec<usize> = (0..shown.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count() + 3).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in &lines {
        let (last, padded) = line.split_last().unwrap();
        for (cell, width) in padded.iter().zip(&widths) {
            write!(text, "{cell:<width$}").unwrap();
        }
        text += last;
        text.push('\n');
    }
    text
}

fn both(resource: Resource, rows: &[Row]) -> String {
    format!("{}\n{}\n", layout(resource, rows, false), layout(resource, rows, true))
}

fn agrees<K: Tabled>((json, expected): (&str, &str)) {
    let rows: Vec<Row> = objects::<K>(json).iter().map(K::row).collect();
    assert!(rows.len() > 1);
    assert_eq!(both(K::RESOURCE, &rows), expected);
}

#[test]
fn pods_in_every_state_look_as_kubernetes_prints_them() {
    agrees::<Pod>(case!("pods"));
}

#[test]
fn deployments_look_as_kubernetes_prints_them() {
    agrees::<Deployment>(case!("deployments"));
}

#[test]
fn stateful_sets_look_as_kubernetes_prints_them() {
    agrees::<StatefulSet>(case!("statefulsets"));
}

#[test]
fn daemon_sets_look_as_kubernetes_prints_them() {
    agrees::<DaemonSet>(case!("daemonsets"));
}

#[test]
fn replica_sets_look_as_kubernetes_prints_them() {
    agrees::<ReplicaSet>(case!("replicasets"));
}

#[test]
fn jobs_look_as_kubernetes_prints_them() {
    agrees::<Job>(case!("jobs"));
}

#[test]
fn nodes_look_as_kubernetes_prints_them() {
    agrees::<Node>(case!("nodes"));
}

#[test]
fn services_look_as_kubernetes_prints_them() {
    agrees::<Service>(case!("services"));
}

#[test]
fn endpoint_slices_look_as_kubernetes_prints_them() {
    agrees::<EndpointSlice>(case!("endpointslices"));
}

#[test]
fn events_look_as_kubernetes_prints_them() {
    agrees::<Event>(case!("events"));
}

#[test]
fn namespaces_look_as_kubernetes_prints_them() {
    agrees::<Namespace>(case!("namespaces"));
}

#[test]
fn config_maps_and_secrets_look_as_kubernetes_prints_them() {
    agrees::<ConfigMap>(case!("configmaps"));
    agrees::<Secret>(case!("secrets"));
}

#[test]
fn metadata_alone_gives_the_same_table_where_it_tells_enough() {
    let rows = |resource, json: &str| -> Vec<Row> {
        let json = json.replace(r#""kind":"ConfigMap""#, "\"kind\":\"PartialObjectMetadata\"");
        objects::<PartialObjectMetadata>(&json).iter().map(|object| metadata_row(resource, object)).collect()
    };
    let (json, expected) = case!("configmaps");
    assert_eq!(both(Resource::ConfigMap, &rows(Resource::ConfigMap, json)), expected);
    let (json, expected) = case!("secrets");
    let table = both(Resource::Secret, &rows(Resource::Secret, json));
    // Only the type of a Secret that is not Helm's is not in its metadata.
    assert_eq!(table, expected.replace("Opaque            ", "<not read>        "));
}

#[test]
fn metadata_without_writers_does_not_guess() {
    let mut object = PartialObjectMetadata::default();
    "x".clone_into(&mut object.metadata.name);
    let row = metadata_row(Resource::ConfigMap, &object);
    let shown: Vec<_> = row.cells.iter().map(|cell| cell.show(NOW, false).into_owned()).collect();
    assert_eq!(shown, ["x", "<not read>", "<unknown>"]);
}

#[test]
fn events_sort_by_when_they_were_last_seen() {
    let mut events: Vec<Event> = objects(case!("events").0);
    events.sort_by_key(last_seen);
    let names: Vec<&str> = events.iter().map(|event| event.metadata.name.as_str()).collect();
    assert_eq!(names, ["no-name", "no-times", "new-form", "normal", "old-form", "series"]);
}

#[test]
fn hostile_text_is_harmless_in_every_cell_and_reason() {
    // In JSON: an escape sequence, a line's end, a direction mark, a bell.
    let evil = "\\u001b[2J\\u202e\\nx\\u0007";
    let json = case!("pods").0.replace("shop/", evil).replace("panic", evil).replace("10.1.0.9", evil);
    let mut seen = 0;
    for row in objects::<Pod>(&json).iter().map(Pod::row) {
        let cells = row.cells.iter().map(|cell| cell.show(NOW, true).into_owned());
        for text in cells.chain([row.health.word.as_str().to_owned(), row.health.reason.as_str().to_owned()])
        {
            assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
            seen += usize::from(text.contains("^[[2J"));
        }
    }
    assert!(seen > 10);
}
