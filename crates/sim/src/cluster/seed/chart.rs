//! The chart of the shop, rendered by hand: the objects of each revision as Helm would print them.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::catalog::{Behaviour, CHART, REGISTRY, RELEASE, Revision, SERVICES, Service};

/// One rendered object and the template that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Path of the template within the chart.
    pub path: String,
    /// The object, without a namespace, as in a manifest.
    pub object: Value,
}

/// The password of the shop's database: a value that a careful reader masks.
pub const PASSWORD: &str = "kH7-qz2Lw9-vT4x";

/// Returns the objects of a revision in Helm's order of installation.
pub fn objects(revision: &Revision) -> Vec<Rendered> {
    let mut all = vec![secret(revision), config_map(revision)];
    let service = |name: &str, of: &str, port: u16, target: &str| service(revision, name, of, port, target);
    if revision.number <= 6 {
        all.push(service("backend-metrics", "backend", 9100, "metrics"));
    }
    all.push(service("backend", "backend", 8080, "http"));
    all.push(service("frontend", "frontend", 8080, "http"));
    let mut services: Vec<&Service> = SERVICES.iter().collect();
    services.sort_by_key(|s| s.name);
    all.extend(services.into_iter().map(|s| deployment(revision, s)));
    if revision.number == 7 {
        all.push(migration(revision));
    }
    all
}

/// Returns the image tag of a service in a revision: the pipeline that last built it.
pub fn tag(service: &str, revision: &Revision) -> &'static str {
    match (service, revision.number) {
        ("backend", n) => {
            crate::catalog::REVISIONS.iter().find(|r| r.number == n).map_or("0.0.1037", |r| r.version)
        }
        ("frontend", 4..) => "0.0.1040",
        ("catalog", 2..) => "0.0.1038",
        _ => "0.0.1037",
    }
}

/// Returns the memory limit of a service in a revision.
pub fn memory(service: &Service, revision: &Revision) -> String {
    if service.name == "backend" && revision.number < 7 {
        return "512Mi".to_owned();
    }
    format!("{}Mi", service.memory_mib)
}

/// Returns what `backend` is configured with in a revision.
pub fn environment(revision: &Revision) -> Value {
    let bad_host = revision.behaviour == Behaviour::BadDatabaseHost;
    let greedy = revision.number == 7;
    json!({
        "CACHE_MAX_ITEMS": if greedy { "250000" } else { "20000" },
        "CATALOG_URL": "http://catalog:8080",
        "DB_HOST": if bad_host { "postgres-rw.data.svc" } else { "postgres.data.svc" },
        "DB_NAME": "momo",
        "DB_POOL_SIZE": if greedy { "64" } else { "16" },
        "DB_PORT": "5432",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "info",
        "PAYMENTS_URL": "http://payments:8080",
    })
}

fn labels(revision: &Revision, component: &str) -> Value {
    json!({
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": RELEASE,
        "app.kubernetes.io/version": revision.version,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/part-of": CHART,
        "helm.sh/chart": format!("{CHART}-{}", revision.version),
    })
}

fn selector(component: &str) -> Value {
    json!({ "app.kubernetes.io/name": component, "app.kubernetes.io/instance": RELEASE })
}

fn rendered(path: &str, object: Value) -> Rendered {
    Rendered { path: format!("{CHART}/templates/{path}"), object }
}

fn secret(revision: &Revision) -> Rendered {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "backend-db", "labels": labels(revision, "backend") },
        "type": "Opaque",
        "data": { "DB_PASSWORD": encode(PASSWORD), "DB_USER": encode("momo") },
    });
    rendered("backend-db.yaml", object)
}

fn config_map(revision: &Revision) -> Rendered {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "backend-env", "labels": labels(revision, "backend") },
        "data": environment(revision),
    });
    rendered("backend-env.yaml", object)
}

fn service(revision: &Revision, name: &str, of: &str, port: u16, target: &str) -> Rendered {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name, "labels": labels(revision, of) },
        "spec": {
            "type": "ClusterIP",
            "selector": selector(of),
            "ports": [{ "name": target, "port": port, "targetPort": target, "protocol": "TCP" }],
        },
    });
    rendered(&format!("{name}-service.yaml"), object)
}

fn deployment(revision: &Revision, service: &Service) -> Rendered {
    let limit = memory(service, revision);
    let mut container = json!({
        "name": service.name,
        "image": format!("{REGISTRY}/{}:{}", service.name, tag(service.name, revision)),
        "imagePullPolicy": "IfNotPresent",
        "ports": [
            { "name": "http", "containerPort": 8080, "protocol": "TCP" },
            { "name": "metrics", "containerPort": 9100, "protocol": "TCP" },
        ],
        "readinessProbe": { "httpGet": { "path": "/healthz", "port": "http" }, "periodSeconds": 5 },
        "resources": {
            "limits": { "memory": limit },
            "requests": { "cpu": "100m", "memory": format!("{}Mi", service.memory_mib / 2) },
        },
    });
    if service.name == "backend" {
        container["env"] = json!([
            { "name": "DB_USER", "valueFrom": { "secretKeyRef": { "name": "backend-db", "key": "DB_USER" } } },
            { "name": "DB_PASSWORD", "valueFrom": { "secretKeyRef": { "name": "backend-db", "key": "DB_PASSWORD" } } },
        ]);
        container["envFrom"] = json!([{ "configMapRef": { "name": "backend-env" } }]);
    }
    let mut pod_labels = selector(service.name);
    pod_labels["app.kubernetes.io/part-of"] = CHART.into();
    let object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": service.name, "labels": labels(revision, service.name) },
        "spec": {
            "replicas": service.replicas,
            "revisionHistoryLimit": 10,
            "selector": { "matchLabels": selector(service.name) },
            "template": {
                "metadata": { "labels": pod_labels },
                "spec": { "containers": [container], "terminationGracePeriodSeconds": 30 },
            },
        },
    });
    rendered(&format!("{}.yaml", service.name), object)
}

fn migration(revision: &Revision) -> Rendered {
    let name = format!("db-migrate-{}", revision.number);
    let object = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name, "labels": labels(revision, "db-migrate") },
        "spec": {
            "backoffLimit": 2,
            "template": {
                "metadata": { "labels": selector("db-migrate") },
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{
                        "name": "db-migrate",
                        "image": format!("{REGISTRY}/backend:{}", revision.version),
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["/app/backend", "migrate", "up"],
                        "envFrom": [{ "configMapRef": { "name": "backend-env" } }],
                    }],
                },
            },
        },
    });
    rendered("db-migrate.yaml", object)
}
