//! `fill N`: pods in large numbers, as real ones look, for the measurements.
//!
//! Owns the namespaces `fill-00` to `fill-23`. Deployments of 20 pods are applied and the real
//! controllers make the pods; a different number changes only what differs. Tested on the real
//! servers.

mod template;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cluster::{NODES, PODS_PER_NODE};
use super::error::{Error, Result};
use super::stand::Stand;

/// The label that all of it carries.
const LABEL: &str = "deckwatch.testbed/fill";
const NAMESPACES: u32 = 24;
const REPLICAS: u32 = 20;

/// Returns the names of the namespaces that may be filled.
pub fn namespaces() -> Vec<String> {
    (0..NAMESPACES).map(namespace).collect()
}

fn namespace(number: u32) -> String {
    format!("fill-{number:02}")
}

/// Lets that many pods run, and returns when they do.
pub fn fill(stand: &Stand, pods: u32) -> Result<()> {
    let room = NODES * PODS_PER_NODE - 200;
    if pods > room {
        return Err(Error::new("fill", format!("{pods} pods: the nodes have room for {room}")));
    }
    let started = Instant::now();
    let wanted = sizes(pods);
    let there = deployments(stand)?;
    let mut apply: Vec<Value> = Vec::new();
    let used = wanted.len().min(NAMESPACES as usize);
    apply.extend(namespaces().iter().take(used).map(|name| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {LABEL: "true"}}})
    }));
    for (key, replicas) in &wanted {
        if there.get(key) != Some(replicas) {
            apply.push(deployment(key, *replicas));
        }
    }
    let surplus: Vec<&(String, String)> = there.keys().filter(|key| !wanted.contains_key(*key)).collect();
    let shrinks = there.iter().any(|(key, n)| wanted.get(key).is_none_or(|w| w < n));
    remove(stand, &surplus)?;
    if !apply.is_empty() {
        stand.apply(
            "the Deployments",
            &json!({"apiVersion": "v1", "kind": "List", "items": apply}).to_string(),
        )?;
    }
    let end = started + Duration::from_secs(120 + u64::from(pods) / 10);
    wait(stand, &wanted, pods, end)?;
    while shrinks && there_are(stand)? > pods as usize && Instant::now() < end {
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("{pods} pods run after {:.1?}", started.elapsed());
    Ok(())
}

/// Returns how many pods each Deployment has, by namespace and name, so that together they are N.
fn sizes(pods: u32) -> BTreeMap<(String, String), u32> {
    (0..pods.div_ceil(REPLICAS))
        .map(|at| {
            let name = format!("service-{at:03}");
            ((namespace(at % NAMESPACES), name), REPLICAS.min(pods - at * REPLICAS))
        })
        .collect()
}

/// Returns the Deployments that are there.
fn deployments(stand: &Stand) -> Result<BTreeMap<(String, String), u32>> {
    let path =
        "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name} {.spec.replicas}{\"\\n\"}{end}";
    let text = stand.kubectl(&["get", "deploy", "-A", "-l", LABEL, "-o", path])?;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        if let [namespace, name, replicas] = line.split(' ').collect::<Vec<_>>()[..] {
            found.insert((namespace.to_owned(), name.to_owned()), replicas.parse().unwrap_or(0));
        }
    }
    Ok(found)
}

/// Deletes Deployments, namespace by namespace.
fn remove(stand: &Stand, surplus: &[&(String, String)]) -> Result<()> {
    let mut by_namespace: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (namespace, name) in surplus {
        by_namespace.entry(namespace).or_default().push(name);
    }
    for (namespace, names) in by_namespace {
        let mut args = vec!["delete", "deploy", "-n", namespace, "--wait=false"];
        args.extend(names);
        stand.kubectl(&args)?;
    }
    Ok(())
}

/// Waits until that many pods run, and no others are left.
fn wait(stand: &Stand, wanted: &BTreeMap<(String, String), u32>, pods: u32, end: Instant) -> Result<()> {
    let mut shown = Instant::now();
    loop {
        let ready = ready(stand)?;
        let right = ready.len() == wanted.len() && wanted.iter().all(|(key, n)| ready.get(key) == Some(n));
        if right {
            return Ok(());
        }
        let sum: u32 = ready.values().sum();
        if Instant::now() >= end {
            return Err(Error::new("fill", format!("{sum} of {pods} pods run, and the time is over"))
                .hint("`cargo xtask testbed status` says how the servers are."));
        }
        if shown.elapsed() > Duration::from_secs(10) {
            println!("  {sum} of {pods} pods run");
            shown = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(1500)); // the question costs the server something
    }
}

/// Returns how many pods of each Deployment are available and of its newest template.
fn ready(stand: &Stand) -> Result<BTreeMap<(String, String), u32>> {
    let path = "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name} \
                {.status.availableReplicas} {.status.updatedReplicas} {.status.replicas}{\"\\n\"}{end}";
    let text = stand.kubectl(&["get", "deploy", "-A", "-l", LABEL, "-o", path])?;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        if let [namespace, name, available, updated, all] = line.split(' ').collect::<Vec<_>>()[..] {
            let whole = available == updated && available == all;
            let count = if whole { available.parse().unwrap_or(0) } else { 0 };
            found.insert((namespace.to_owned(), name.to_owned()), count);
        }
    }
    Ok(found)
}

/// Returns how many pods of the filling exist, those that are ending included.
fn there_are(stand: &Stand) -> Result<usize> {
    Ok(stand.kubectl(&["get", "pods", "-A", "-l", LABEL, "-o", "name"])?.lines().count())
}

fn deployment(key: &(String, String), replicas: u32) -> Value {
    let (namespace, name) = key;
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: "true", "app.kubernetes.io/name": name}},
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": template::pod(name, LABEL),
        },
    })
}
