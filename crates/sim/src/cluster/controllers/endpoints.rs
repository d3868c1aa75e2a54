//! EndpointSlices: where each Service's pods are.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::Write;
use super::super::fields::Actor;
use super::super::json::{at, controller_ref, deleting, list, name, namespace, set, text, uid};
use super::super::kinds::K;
use super::super::selector::Labels;
use super::super::{Dirty, World};
use super::{MANAGER, finished, owned, ready};
use crate::life::Nanos;

/// Writes one slice for each Service with a selector.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let services = dirty.neighbours(world, K::Service);
    for service in services.iter().filter(|s| !deleting(s)) {
        let Some(wanted) = Labels::of_map(at(service, &["spec", "selector"])) else { continue };
        let pods: Vec<Arc<Value>> = world
            .store
            .within(K::Pod, namespace(service))
            .filter(|p| wanted.matches(p) && !finished(p) && !text(p, &["status", "podIP"]).is_empty())
            .cloned()
            .collect();
        let told = owned(world, K::EndpointSlice, service).first().map(|s| list(s, &["endpoints"]).len());
        let touched = |o: &Value| dirty.everything || dirty.touched.contains(uid(o));
        if told != Some(pods.len()) || touched(service) || pods.iter().any(|p| touched(p)) {
            slice(world, service, &pods, now);
        }
    }
}

fn slice(world: &mut World, service: &Value, pods: &[Arc<Value>], now: Nanos) {
    let ends: Vec<Value> = pods.iter().map(|p| end(p)).collect();
    let ports = ports(service, pods);
    if let Some(old) = owned(world, K::EndpointSlice, service).first() {
        if at(old, &["endpoints"]) != &json!(ends) || at(old, &["ports"]) != &ports {
            let key = (namespace(old), name(old));
            world.edit(K::EndpointSlice, key, Actor::new(MANAGER), now, |s| {
                set(s, &["endpoints"], ends);
                set(s, &["ports"], ports);
            });
        }
        return;
    }
    let mut labels = at(service, &["metadata", "labels"]).clone();
    set(&mut labels, &["endpointslice.kubernetes.io/managed-by"], "endpointslice-controller.k8s.io");
    set(&mut labels, &["kubernetes.io/service-name"], name(service));
    if text(service, &["spec", "clusterIP"]) == "None" {
        set(&mut labels, &["service.kubernetes.io/headless"], "");
    }
    let object = json!({
        "metadata": {
            "generateName": format!("{}-", name(service)),
            "labels": labels,
            "ownerReferences": [controller_ref(service)],
        },
        "addressType": "IPv4",
        "endpoints": ends,
        "ports": ports,
    });
    let how = Write { actor: Actor::new(MANAGER), now, dry_run: false };
    if let Err(error) = world.create(K::EndpointSlice, namespace(service), object, &how) {
        tracing::debug!(%error, "an EndpointSlice was refused");
    }
}

fn end(pod: &Value) -> Value {
    let up = ready(pod) && !deleting(pod);
    let mut end = json!({
        "addresses": [text(pod, &["status", "podIP"])],
        "conditions": { "ready": up, "serving": ready(pod), "terminating": deleting(pod) },
        "nodeName": text(pod, &["spec", "nodeName"]),
        "targetRef": { "kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod) },
    });
    if !text(pod, &["spec", "hostname"]).is_empty() {
        set(&mut end, &["hostname"], text(pod, &["spec", "hostname"]));
    }
    end
}

/// Returns the Service's ports as the pods' own numbers.
fn ports(service: &Value, pods: &[Arc<Value>]) -> Value {
    let named = |wanted: &str| {
        pods.iter()
            .flat_map(|p| list(p, &["spec", "containers"]))
            .flat_map(|c| list(c, &["ports"]))
            .find(|p| text(p, &["name"]) == wanted)
            .and_then(|p| at(p, &["containerPort"]).as_i64())
    };
    list(service, &["spec", "ports"])
        .iter()
        .filter_map(|port| {
            let target = at(port, &["targetPort"]);
            let number = target.as_str().map_or_else(|| target.as_i64(), named)?;
            Some(json!({ "name": text(port, &["name"]), "protocol": text(port, &["protocol"]), "port": number }))
        })
        .collect::<Vec<Value>>()
        .into()
}
