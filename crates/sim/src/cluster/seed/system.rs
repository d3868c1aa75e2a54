//! What a cluster holds beside the shop: nodes, the system's workloads, the monitoring, a database
//! and another team's small application.

use serde_json::{Value, json};

use super::{bare, condition_mut, put};
use crate::catalog::{MONITORING, NAMESPACE};
use crate::cluster::World;
use crate::cluster::events::{Source, Tale};
use crate::cluster::fields::Actor;
use crate::cluster::json::{set, time};
use crate::cluster::kinds::K;
use crate::life::Nanos;

const VERSION: &str = "v1.34.2";
const NODES: [(&str, u32); 4] = [("control-1", 0), ("worker-1", 1), ("worker-2", 2), ("worker-3", 3)];

/// Makes everything that is older than the shop.
pub fn bootstrap(world: &mut World, now: Nanos) {
    for ns in
        ["default", "kube-system", "kube-public", "kube-node-lease", MONITORING, "data", "loyalty", NAMESPACE]
    {
        put(world, "kube-apiserver", now, bare("v1", "Namespace", "", ns));
        put(world, "kube-controller-manager", now, bare("v1", "ServiceAccount", ns, "default"));
        let mut ca = bare("v1", "ConfigMap", ns, "kube-root-ca.crt");
        ca["metadata"]["annotations"] = json!({
            "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when \
             using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
             guaranteed across distributions of Kubernetes clusters."
        });
        ca["data"] = json!({ "ca.crt": "" });
        put(world, "kube-controller-manager", now, ca);
    }
    for (name, n) in NODES {
        put(world, "kubelet", now, node(name, n));
        world.edit(K::Node, ("", name), Actor::status("kubelet"), now, |o| {
            set(o, &["status"], status(name, n, now));
        });
    }
    for object in system().into_iter().chain(monitoring()).chain(others()) {
        put(world, "kubectl-create", now, object);
    }
}

fn node(name: &str, n: u32) -> Value {
    let mut node = bare("v1", "Node", "", name);
    node["metadata"]["labels"] = json!({
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": format!("zone-{}", char::from(b'a' + (n % 3) as u8)),
    });
    node["spec"] = json!({ "podCIDR": format!("10.244.{n}.0/24"), "podCIDRs": [format!("10.244.{n}.0/24")] });
    if n == 0 {
        node["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = "".into();
        node["spec"]["taints"] =
            json!([{ "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" }]);
    }
    node
}

fn status(name: &str, n: u32, now: Nanos) -> Value {
    let condition = |kind: &str, value: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": value, "lastHeartbeatTime": time(now), "lastTransitionTime": time(now),
            "reason": reason, "message": message,
        })
    };
    let size = json!({
        "cpu": "8", "ephemeral-storage": "101430960Ki", "hugepages-2Mi": "0", "memory": "32778680Ki", "pods": "110",
    });
    json!({
        "capacity": size,
        "allocatable": size,
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        "addresses": [
            { "type": "InternalIP", "address": format!("192.168.10.{}", 10 + n) },
            { "type": "Hostname", "address": name },
        ],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        "nodeInfo": {
            "machineID": format!("{n:032x}"),
            "systemUUID": format!("00000000-0000-4000-8000-{n:012x}"),
            "bootID": format!("00000000-0000-4000-9000-{n:012x}"),
            "kernelVersion": "6.12.48-amd64",
            "osImage": "Debian GNU/Linux 13 (trixie)",
            "containerRuntimeVersion": "containerd://2.1.4",
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    })
}

/// Puts a node under memory pressure, or ends it.
pub fn memory_pressure(world: &mut World, node: &str, on: bool, now: Nanos) {
    let (value, reason, message, told) = if on {
        (
            "True",
            "KubeletHasInsufficientMemory",
            "kubelet has insufficient memory available",
            "NodeHasInsufficientMemory",
        )
    } else {
        (
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
            "NodeHasSufficientMemory",
        )
    };
    world.edit(K::Node, ("", node), Actor::status("kubelet"), now, |object| {
        if let Some(c) = condition_mut(object, "MemoryPressure") {
            set(c, &["status"], value);
            set(c, &["reason"], reason);
            set(c, &["message"], message);
            for field in ["lastHeartbeatTime", "lastTransitionTime"] {
                set(c, &[field], time(now));
            }
        }
    });
    let Some(object) = world.store.get(K::Node, "", node).cloned() else { return };
    let message = format!("Node {node} status is now: {told}");
    world.tell(&object, Source { component: "kubelet", host: node }, Tale::normal(told, &message), now);
}

/// A workload in one line.
struct Workload<'a> {
    kind: &'a str,
    ns: &'a str,
    name: &'a str,
    image: &'a str,
    replicas: u32,
    port: (&'a str, u16),
    labels: Value,
}

fn workload(w: &Workload<'_>) -> Value {
    let mut object = bare("apps/v1", w.kind, w.ns, w.name);
    set(&mut object, &["metadata", "labels"], w.labels.clone());
    let container = json!({
        "name": w.name,
        "image": w.image,
        "ports": [{ "name": w.port.0, "containerPort": w.port.1, "protocol": "TCP" }],
        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } },
    });
    object["spec"] = json!({
        "selector": { "matchLabels": w.labels },
        "template": { "metadata": { "labels": w.labels }, "spec": { "containers": [container] } },
    });
    if w.kind == "DaemonSet" {
        set(&mut object, &["spec", "template", "spec", "tolerations"], json!([{ "operator": "Exists" }]));
    } else {
        set(&mut object, &["spec", "replicas"], w.replicas);
    }
    if w.kind == "StatefulSet" {
        set(&mut object, &["spec", "serviceName"], w.name);
    }
    object
}

fn service(ns: &str, name: &str, labels: &Value, selector: &Value, ports: &[(&str, u16)]) -> Value {
    let mut object = bare("v1", "Service", ns, name);
    set(&mut object, &["metadata", "labels"], labels.clone());
    let ports: Vec<Value> =
        ports.iter().map(|(name, port)| json!({ "name": name, "port": port, "targetPort": name })).collect();
    object["spec"] = json!({ "type": "ClusterIP", "selector": selector, "ports": ports });
    object
}

fn system() -> Vec<Value> {
    let dns = json!({ "k8s-app": "kube-dns" });
    let proxy = json!({ "k8s-app": "kube-proxy" });
    let mut api = bare("v1", "Service", "default", "kubernetes");
    api["metadata"]["labels"] = json!({ "component": "apiserver", "provider": "kubernetes" });
    api["spec"] = json!({
        "clusterIP": "10.96.0.1",
        "ports": [{ "name": "https", "port": 443, "targetPort": 6443 }],
    });
    let mut dns_service = service("kube-system", "kube-dns", &dns, &dns, &[("dns-tcp", 53)]);
    set(&mut dns_service, &["spec", "clusterIP"], "10.96.0.10");
    let kind = |kind, name, image, replicas, port, labels| {
        workload(&Workload { kind, ns: "kube-system", name, image, replicas, port, labels })
    };
    let mut proxies =
        kind("DaemonSet", "kube-proxy", "registry.k8s.io/kube-proxy:v1.34.2", 0, ("metrics", 10249), proxy);
    set(&mut proxies, &["spec", "template", "spec", "hostNetwork"], true);
    vec![
        api,
        dns_service,
        kind("Deployment", "coredns", "registry.k8s.io/coredns/coredns:v1.12.4", 2, ("dns-tcp", 53), dns),
        proxies,
    ]
}

fn monitoring() -> Vec<Value> {
    let part = |name: &str, component: &str| {
        json!({
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/part-of": "monitoring",
        })
    };
    let workload = |kind, name, image, port, labels: &Value| {
        workload(&Workload { kind, ns: MONITORING, name, image, replicas: 1, port, labels: labels.clone() })
    };
    let prometheus = part("prometheus", "server");
    let loki = part("loki", "single-binary");
    let alertmanager = part("alertmanager", "alert-router");
    let state = part("kube-state-metrics", "exporter");
    let promtail = part("promtail", "agent");
    let operated =
        |what: &str| json!({ format!("operated-{what}"): "true", "managed-by": "prometheus-operator" });
    let headless = |mut object: Value| {
        set(&mut object, &["spec", "clusterIP"], "None");
        object
    };
    vec![
        headless(service(
            MONITORING,
            "prometheus-operated",
            &operated("prometheus"),
            &prometheus,
            &[("http-web", 9090)],
        )),
        headless(service(
            MONITORING,
            "alertmanager-operated",
            &operated("alertmanager"),
            &alertmanager,
            &[("http-web", 9093)],
        )),
        service(MONITORING, "loki", &loki, &loki, &[("http-metrics", 3100)]),
        service(MONITORING, "kube-state-metrics", &state, &state, &[("http-metrics", 8080)]),
        workload(
            "StatefulSet",
            "prometheus",
            "quay.io/prometheus/prometheus:v3.8.0",
            ("http-web", 9090),
            &prometheus,
        ),
        workload(
            "StatefulSet",
            "alertmanager",
            "quay.io/prometheus/alertmanager:v0.29.0",
            ("http-web", 9093),
            &alertmanager,
        ),
        workload("StatefulSet", "loki", "docker.io/grafana/loki:3.6.0", ("http-metrics", 3100), &loki),
        workload(
            "Deployment",
            "kube-state-metrics",
            "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0",
            ("http-metrics", 8080),
            &state,
        ),
        workload(
            "DaemonSet",
            "promtail",
            "docker.io/grafana/promtail:3.5.8",
            ("http-metrics", 3101),
            &promtail,
        ),
    ]
}

fn others() -> Vec<Value> {
    let database = json!({ "app.kubernetes.io/name": "postgres", "app.kubernetes.io/instance": "momo-db" });
    let points = json!({ "app": "points" });
    vec![
        service("data", "postgres", &database, &database, &[("postgres", 5432)]),
        workload(&Workload {
            kind: "StatefulSet",
            ns: "data",
            name: "postgres",
            image: "docker.io/library/postgres:17.6",
            replicas: 2,
            port: ("postgres", 5432),
            labels: database,
        }),
        service("loyalty", "points", &points, &points, &[("http", 8080)]),
        workload(&Workload {
            kind: "Deployment",
            ns: "loyalty",
            name: "points",
            image: "registry.momo.example/loyalty/points:2.4.1",
            replicas: 2,
            port: ("http", 8080),
            labels: points,
        }),
    ]
}
