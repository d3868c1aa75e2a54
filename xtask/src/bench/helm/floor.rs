//! What the server alone takes: every object read and patched, one after another, on one connection.

use std::time::Instant;

use super::super::Result;
use super::super::bare::Api;
use super::super::wire::{Ask, Wire};

/// Reads and patches every object of a namespace that is the chart's, some times over. Returns the seconds of each time.
///
/// Each patch changes a label, so that the server really writes.
pub fn patches(api: &Api, namespace: &str, runs: usize) -> Result<Vec<f64>> {
    let mut wire = api.connect()?;
    let mut paths = Vec::new();
    for (group, kind) in [("api/v1", "configmaps"), ("apis/apps/v1", "deployments")] {
        let list = format!("/{group}/namespaces/{namespace}/{kind}");
        let (_, body) = wire.ask(Ask::get(&format!("{list}?labelSelector=app%3Dsixty")))?;
        let body: serde_json::Value =
            serde_json::from_slice(&body).map_err(|e| format!("list {kind}: {e}"))?;
        let items = body["items"].as_array().into_iter().flatten();
        let names = items.filter_map(|item| item["metadata"]["name"].as_str());
        paths.extend(names.map(|name| format!("{list}/{name}")));
    }
    if paths.len() != super::chart::OBJECTS {
        return Err(format!("{} of {} objects are there", paths.len(), super::chart::OBJECTS));
    }
    let mut took = Vec::new();
    for run in 0..runs {
        let began = Instant::now();
        for path in &paths {
            one(&mut wire, path, run)?;
        }
        took.push(began.elapsed().as_secs_f64());
    }
    Ok(took)
}

fn one(wire: &mut Wire, path: &str, run: usize) -> Result<()> {
    let body = format!(r#"{{"metadata":{{"labels":{{"floor":"{run}"}}}}}}"#);
    let patch = Ask {
        method: "PATCH",
        path,
        accept: "application/json",
        body: Some(("application/merge-patch+json", &body)),
    };
    for ask in [Ask::get(path), patch] {
        match wire.ask(ask)? {
            (200, _) => {}
            (status, _) => return Err(format!("{} {path}: {status}", ask.method)),
        }
    }
    Ok(())
}
