//! Helm's records of the release, in Helm 3's form: JSON, gzip, base64, in a Secret.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::chart::{self, PASSWORD};
use super::yaml;
use crate::catalog::{CHART, NAMESPACE, RELEASE, Revision, SERVICES};
use crate::cluster::json::{instant, set};
use crate::life::Nanos;

const NOTES: &str = "The shop is deployed.\n\n  kubectl -n momo-store port-forward svc/frontend 8080:8080\n\n\
                     then open http://127.0.0.1:8080/.\n";

const TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .component }}\n  labels:\n\
    {{- include \"momo-store.labels\" . | nindent 4 }}\nspec:\n  replicas: {{ .replicas }}\n  selector:\n    \
    matchLabels:\n      {{- include \"momo-store.selectorLabels\" . | nindent 6 }}\n  template:\n    metadata:\n      \
    labels:\n        {{- include \"momo-store.selectorLabels\" . | nindent 8 }}\n    spec:\n      containers:\n        \
    - name: {{ .component }}\n          image: \"{{ .Values.registry }}/{{ .component }}:{{ .image.tag }}\"\n          \
    resources: {{- toYaml .resources | nindent 12 }}\n";

/// Returns the Secret that holds the record of a revision in a status; `times` are the release's
/// first deployment and this revision's, `stamps` the labels that Helm's driver adds.
pub fn secret(revision: &Revision, status: &str, times: (Nanos, Nanos), stamps: &[(&str, Nanos)]) -> Value {
    let text = record(revision, status, times).to_string();
    let encoded = STANDARD.encode(pack(text.as_bytes()));
    let mut labels = json!({
        "name": RELEASE,
        "owner": "helm",
        "status": status,
        "version": revision.number.to_string(),
    });
    for (label, at) in stamps {
        set(&mut labels, &[label], (at / 1_000_000_000).to_string());
    }
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": format!("sh.helm.release.v1.{RELEASE}.v{}", revision.number),
            "namespace": NAMESPACE,
            "labels": labels,
        },
        "type": "helm.sh/release.v1",
        "data": { "release": STANDARD.encode(encoded) },
    })
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector does not fail.
    if gzip.write_all(bytes).is_err() {
        return Vec::new();
    }
    gzip.finish().unwrap_or_default()
}

/// Returns the manifest of a revision, as Helm stores it.
pub fn manifest(revision: &Revision) -> String {
    let one = |r: &chart::Rendered| format!("---\n# Source: {}\n{}", r.path, yaml::document(&r.object));
    chart::objects(revision).iter().map(one).collect()
}

fn record(revision: &Revision, status: &str, (first, last): (Nanos, Nanos)) -> Value {
    let description = match status {
        "pending-install" => "Initial install underway",
        "pending-upgrade" => "Preparing upgrade",
        // The catalogue's descriptions of superseded revisions are those of their success.
        _ => revision.description,
    };
    json!({
        "name": RELEASE,
        "info": {
            "first_deployed": instant(first).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            "last_deployed": instant(last).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            "deleted": "",
            "description": description,
            "status": status,
            "notes": NOTES,
        },
        "chart": chart_of(revision),
        "config": config(revision),
        "manifest": manifest(revision),
        "version": revision.number,
        "namespace": NAMESPACE,
    })
}

fn chart_of(revision: &Revision) -> Value {
    let mut paths: Vec<String> = chart::objects(revision).into_iter().map(|r| r.path).collect();
    paths.sort();
    paths.dedup();
    let templates: Vec<Value> = paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(CHART).unwrap_or(path).trim_start_matches('/');
            json!({ "name": name, "data": STANDARD.encode(TEMPLATE) })
        })
        .chain([json!({ "name": "templates/NOTES.txt", "data": STANDARD.encode(NOTES) })])
        .collect();
    json!({
        "metadata": {
            "name": CHART,
            "version": revision.version,
            "description": "The momo shop: frontend, backend, catalog and payments",
            "apiVersion": "v2",
            "appVersion": revision.version,
            "type": "application",
        },
        "lock": null,
        "templates": templates,
        "values": values(),
        "schema": null,
        "files": [{ "name": ".helmignore", "data": STANDARD.encode(".git/\n*.tmp\n") }],
    })
}

/// Returns the chart's own values.
fn values() -> Value {
    let mut values = json!({
        "registry": crate::catalog::REGISTRY,
        "logLevel": "info",
        "db": { "host": "postgres.data.svc", "port": 5432, "name": "momo", "user": "momo", "password": "" },
        "metricsService": { "enabled": true },
        "migration": { "enabled": false },
    });
    for service in SERVICES {
        let limit = if service.name == "backend" { 512 } else { service.memory_mib };
        let requests = json!({ "cpu": "100m", "memory": format!("{}Mi", service.memory_mib / 2) });
        let one = json!({
            "replicas": service.replicas,
            "image": { "tag": "" },
            "resources": { "limits": { "memory": format!("{limit}Mi") }, "requests": requests },
        });
        set(&mut values, &[service.name], one);
    }
    set(&mut values, &["backend", "cacheMaxItems"], "20000");
    set(&mut values, &["backend", "dbPoolSize"], "16");
    values
}

/// Returns what the pipeline set for a revision.
fn config(revision: &Revision) -> Value {
    let environment = chart::environment(revision);
    let mut config = json!({ "db": { "host": environment["DB_HOST"], "password": PASSWORD } });
    for service in SERVICES {
        set(&mut config, &[service.name, "image", "tag"], chart::tag(service.name, revision));
        if service.name == "backend" {
            set(&mut config, &["backend", "cacheMaxItems"], environment["CACHE_MAX_ITEMS"].clone());
            set(&mut config, &["backend", "dbPoolSize"], environment["DB_POOL_SIZE"].clone());
            let limit = chart::memory(&service, revision);
            set(&mut config, &["backend", "resources", "limits", "memory"], limit);
        }
    }
    if revision.number == 7 {
        set(&mut config, &["metricsService", "enabled"], false);
        set(&mut config, &["migration", "enabled"], true);
    }
    config
}
