//! The template of a filling pod: as large as pods of real platforms are.
//!
//! Owns its shape: an application and a proxy beside it, variables, probes, volumes,
//! annotations of the usual controllers. The measurements compare
//! bytes and times per pod, so its size is part of them: see `testbed/README.md` before changing it.

use serde_json::{Value, json};

/// Returns the template of the pods of a Deployment.
pub fn pod(name: &str, label: &str) -> Value {
    let image = format!("registry.momo.example/platform/{name}:2026.11.0-4f1c9a7");
    json!({
        "metadata": {
            "labels": {
                label: "true",
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/instance": name,
                "app.kubernetes.io/component": "api",
                "app.kubernetes.io/part-of": "platform",
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/version": "2026.11.0",
                "helm.sh/chart": format!("{name}-4.12.3"),
            },
            "annotations": annotations(),
        },
        "spec": {
            "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 45,
            "securityContext": {"runAsNonRoot": true, "runAsUser": 10001, "fsGroup": 10001},
            "containers": [app(name, &image), proxy(name)],
            "volumes": volumes(name),
            "tolerations": [
                {"key": "workload", "operator": "Equal", "value": "api", "effect": "NoSchedule"},
            ],
        },
    })
}

fn annotations() -> Value {
    json!({
        "checksum/config": "6f1ed002ab5595859014ebf0951522d9f8d1f9f4e1d7a3c2b0a9c8d7e6f5a4b3",
        "kubectl.kubernetes.io/default-container": "app",
        "kubectl.kubernetes.io/restartedAt": "2026-11-01T09:14:22+03:00",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": "9100",
        "prometheus.io/scrape": "true",
    })
}

fn variables(name: &str) -> Value {
    let plain = [
        ("SERVICE_NAME", name),
        ("LOG_LEVEL", "info"),
        ("HTTP_PORT", "8080"),
        ("DB_HOST", "postgres-rw.data.svc.cluster.local"),
        ("DB_POOL_SIZE", "16"),
        ("REDIS_URL", "redis://redis-master.data.svc.cluster.local:6379/0"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-collector.observability.svc.cluster.local:4317"),
    ];
    let mut all: Vec<Value> = plain.iter().map(|(n, v)| json!({"name": n, "value": v})).collect();
    all.push(json!({"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}));
    for key in ["DB_USER", "DB_PASSWORD"] {
        let secret = json!({"name": format!("{name}-secrets"), "key": key});
        all.push(json!({"name": key, "valueFrom": {"secretKeyRef": secret}}));
    }
    Value::Array(all)
}

fn probe(path: &str, period: u32) -> Value {
    json!({
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "initialDelaySeconds": 5,
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": 3,
    })
}

fn restricted() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

fn app(name: &str, image: &str) -> Value {
    json!({
        "name": "app",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["serve", "--config=/etc/app/config.yaml", "--graceful-timeout=30s"],
        "env": variables(name),
        "envFrom": [{"configMapRef": {"name": format!("{name}-env")}}],
        "ports": [
            {"name": "http", "containerPort": 8080},
            {"name": "grpc", "containerPort": 9090},
            {"name": "metrics", "containerPort": 9100},
        ],
        "livenessProbe": probe("/livez", 20),
        "readinessProbe": probe("/readyz", 5),
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": restricted(),
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/app", "readOnly": true},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    })
}

fn proxy(name: &str) -> Value {
    json!({
        "name": "proxy",
        "image": "registry.momo.example/platform/proxy:1.28.0",
        "env": [
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "CANONICAL_SERVICE", "value": name},
        ],
        "ports": [{"name": "http-envoy-prom", "containerPort": 15090}],
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": 15021},
            "periodSeconds": 15,
            "timeoutSeconds": 3,
            "failureThreshold": 4,
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "40Mi"},
            "limits": {"cpu": "2", "memory": "256Mi"},
        },
        "securityContext": restricted(),
        "volumeMounts": [
            {"name": "proxy-data", "mountPath": "/var/lib/proxy/data"},
        ],
    })
}

fn volumes(name: &str) -> Value {
    json!([
        {"name": "config", "configMap": {"name": format!("{name}-config"), "defaultMode": 420}},
        {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        {"name": "proxy-data", "emptyDir": {}},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_selects_itself_and_is_as_large_as_it_claims() {
        let pod = pod("service-000", "fill");
        assert_eq!(pod.pointer("/metadata/labels/fill"), Some(&json!("true")));
        let size = pod.to_string().len();
        assert!((2_000..4_000).contains(&size), "{size}");
    }
}
