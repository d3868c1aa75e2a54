//! Discovery: which groups, versions and resources there are; the server's version.

use axum::body::Body;
use http::header::ACCEPT;
use http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::answer;
use super::request::REVIEWS;
use crate::cluster::kinds::{EVENTS_V1, KINDS, Kind, groups};

/// The version that the server claims.
pub const VERSION: &str = "v1.34.2";

/// Answers paths that are no resources; `None` when there is no such path.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let clean = path.trim_end_matches('/');
    let value = match clean {
        "/version" => version(),
        "/healthz" | "/livez" | "/readyz" => return Some(answer::text(200, "ok")),
        "/openapi/v3" => json!({ "paths": {} }),
        "/api" if aggregated(headers) => return Some(aggregate(&[""])),
        "/apis" if aggregated(headers) => return Some(aggregate(groups())),
        "/api" => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1" }],
        }),
        "/apis" => {
            let all: Vec<Value> = groups().iter().map(|g| group(g)).collect();
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all })
        }
        "" => json!({ "paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"] }),
        "/api/v1" => resources("", "v1"),
        _ => {
            let rest = clean.strip_prefix("/apis/")?;
            match rest.split_once('/') {
                None if groups().contains(&rest) => {
                    let mut one = group(rest);
                    crate::cluster::json::set(&mut one, &["kind"], "APIGroup");
                    crate::cluster::json::set(&mut one, &["apiVersion"], "v1");
                    one
                }
                Some((name, "v1")) if groups().contains(&name) => resources(name, &format!("{name}/v1")),
                _ => return None,
            }
        }
    };
    Some(answer::json(200, &value))
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "34",
        "emulationMajor": "1",
        "emulationMinor": "34",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-11-12T00:00:00Z",
        "goVersion": "go1.24.9",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

fn of_group(name: &str) -> impl Iterator<Item = &'static Kind> + '_ {
    KINDS.iter().chain(std::iter::once(&EVENTS_V1)).filter(move |k| k.group == name)
}

fn verbs() -> Value {
    json!(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])
}

/// Returns the kind and verbs of a subresource.
fn subresource(kind: &Kind, name: &str) -> (Value, Value) {
    let own = json!({ "group": kind.group, "version": kind.version, "kind": kind.kind });
    match name {
        "eviction" => (json!({ "group": "policy", "version": "v1", "kind": "Eviction" }), json!(["create"])),
        "log" => (own, json!(["get"])),
        "portforward" => (
            json!({ "group": "", "version": "v1", "kind": "PodPortForwardOptions" }),
            json!(["create", "get"]),
        ),
        "proxy" => {
            (json!({ "group": "", "version": "v1", "kind": "ServiceProxyOptions" }), json!(["create", "get"]))
        }
        "scale" => (
            json!({ "group": "autoscaling", "version": "v1", "kind": "Scale" }),
            json!(["get", "patch", "update"]),
        ),
        _ => (own, json!(["get", "patch", "update"])),
    }
}

fn resources(name: &str, group_version: &str) -> Value {
    let mut all = Vec::new();
    for kind in of_group(name) {
        let mut one = json!({
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": verbs(),
        });
        if !kind.short.is_empty() {
            crate::cluster::json::set(&mut one, &["shortNames"], json!(kind.short));
        }
        if !kind.categories.is_empty() {
            crate::cluster::json::set(&mut one, &["categories"], json!(kind.categories));
        }
        all.push(one);
        for sub in kind.subresources {
            let (response, verbs) = subresource(kind, sub);
            let mut one = json!({
                "name": format!("{}/{sub}", kind.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": response["kind"],
                "verbs": verbs,
            });
            if response["group"] != kind.group {
                crate::cluster::json::set(&mut one, &["group"], response["group"].clone());
                crate::cluster::json::set(&mut one, &["version"], response["version"].clone());
            }
            all.push(one);
        }
    }
    for (_, plural, kind) in REVIEWS.iter().filter(|(g, _, _)| *g == name) {
        all.push(json!({ "name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"] }));
    }
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": all })
}

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

fn aggregated(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    accept.split(',').any(|choice| {
        let has = |part: &str| choice.split(';').any(|p| p.trim() == part);
        has("application/json")
            && has("g=apidiscovery.k8s.io")
            && has("v=v2")
            && has("as=APIGroupDiscoveryList")
    })
}

fn aggregate(names: &[&str]) -> Response<Body> {
    let items: Vec<Value> = names.iter().map(|name| aggregated_group(name)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    answer::bytes(200, AGGREGATED, list.to_string() + "\n")
}

fn aggregated_group(name: &str) -> Value {
    let mut resources: Vec<Value> = of_group(name).map(aggregated_resource).collect();
    for (group, plural, kind) in REVIEWS.iter().filter(|(g, _, _)| *g == name) {
        resources.push(json!({
            "resource": plural,
            "responseKind": { "group": group, "version": "v1", "kind": kind },
            "scope": "Cluster",
            "singularResource": "",
            "verbs": ["create"],
        }));
    }
    let mut metadata = json!({ "creationTimestamp": null });
    if !name.is_empty() {
        crate::cluster::json::set(&mut metadata, &["name"], name);
    }
    json!({
        "metadata": metadata,
        "versions": [{ "version": "v1", "resources": resources, "freshness": "Current" }],
    })
}

fn aggregated_resource(kind: &'static Kind) -> Value {
    let subs: Vec<Value> = kind
        .subresources
        .iter()
        .map(|sub| {
            let (response, verbs) = subresource(kind, sub);
            json!({ "subresource": sub, "responseKind": response, "verbs": verbs })
        })
        .collect();
    let mut one = json!({
        "resource": kind.plural,
        "responseKind": { "group": kind.group, "version": kind.version, "kind": kind.kind },
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": verbs(),
    });
    for (field, words) in [("shortNames", kind.short), ("categories", kind.categories)] {
        if !words.is_empty() {
            crate::cluster::json::set(&mut one, &[field], json!(words));
        }
    }
    if !subs.is_empty() {
        crate::cluster::json::set(&mut one, &["subresources"], subs);
    }
    one
}
