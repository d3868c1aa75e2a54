//! An object told as `kubectl describe` tells it: what it is, how it is, its containers, conditions and events.
//!
//! Pure: from the object as the API server sent it, secrets already masked, and the events that are known.
//! What a kind has no section for here is told as YAML, so nothing is left out silently.

use serde_json::Value;

use super::safe;
use crate::app::model::Shared;
use crate::app::msg::FeedState;
use crate::core::{ObjectRef, Resource, Ts, num};
use crate::ops::plan::DiffLine;
use crate::store::columns;
use crate::store::objects::Object;

/// Lines with labels, as they are written.
#[derive(Default)]
struct Sheet {
    lines: Vec<DiffLine>,
    depth: usize,
    now: Ts,
}

const LABEL: usize = 22;

impl Sheet {
    fn line(&mut self, text: &str) {
        for line in text.lines() {
            let text = safe(&format!("{}{line}", "  ".repeat(self.depth)));
            self.lines.push(DiffLine { sign: ' ', text });
        }
    }

    fn head(&mut self, text: &str) {
        let text = safe(&format!("{}{text}", "  ".repeat(self.depth)));
        self.lines.push(DiffLine { sign: '@', text });
    }

    /// Writes a label with its value, nothing where there is none.
    fn field(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            let room = LABEL.saturating_sub(2 * self.depth);
            self.line(&format!("{:<room$} {value}", format!("{label}:")));
        }
    }

    /// Writes a label with a value of the object.
    fn of(&mut self, label: &str, value: &Value, path: &str) {
        self.field(label, &text(value.pointer(path)));
    }

    /// Writes a label with several values, one a line.
    fn list(&mut self, label: &str, values: &[String]) {
        for (i, value) in values.iter().enumerate() {
            let label = if i == 0 { format!("{label}:") } else { String::new() };
            let room = LABEL.saturating_sub(2 * self.depth);
            self.line(&format!("{label:<room$} {value}"));
        }
    }

    /// Writes what is told under a heading, a step to the right.
    fn under(&mut self, head: &str, tell: impl FnOnce(&mut Self)) {
        self.head(&format!("{head}:"));
        self.depth += 1;
        tell(self);
        self.depth -= 1;
    }

    /// Returns a time of the object with its age.
    fn since(&self, value: Option<&Value>) -> String {
        let text = text(value);
        Ts::parse_rfc3339(&text).map_or(text.clone(), |at| format!("{text} ({})", num::ago(at, self.now)))
    }
}

/// Returns a value as text: a text as it is, nothing for none, JSON otherwise.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns a map's entries as `key=value`.
fn pairs(value: &Value, path: &str) -> Vec<String> {
    let map = value.pointer(path).and_then(Value::as_object);
    map.into_iter().flatten().map(|(k, v)| format!("{k}={}", text(Some(v)))).collect()
}

/// Returns the description of an object.
pub fn lines(value: &Value, object: &ObjectRef, shared: &Shared, now: Ts) -> Vec<DiffLine> {
    let mut sheet = Sheet { now, ..Sheet::default() };
    meta(&mut sheet, value);
    match object.resource() {
        Some(Resource::Pod) => pod(&mut sheet, value),
        Some(Resource::Node) => node(&mut sheet, value),
        Some(Resource::Service) => service(&mut sheet, value),
        Some(Resource::ConfigMap | Resource::Secret) => data(&mut sheet, value),
        Some(Resource::Job) => job(&mut sheet, value),
        Some(r) if r.is_workload() || r == Resource::ReplicaSet => workload(&mut sheet, value),
        _ => rest(&mut sheet, value),
    }
    conditions(&mut sheet, value);
    events(&mut sheet, object, shared);
    sheet.lines
}

fn meta(sheet: &mut Sheet, value: &Value) {
    sheet.of("Name", value, "/metadata/name");
    sheet.of("Namespace", value, "/metadata/namespace");
    let kind = format!("{} {}", text(value.get("apiVersion")), text(value.get("kind")));
    sheet.field("Kind", kind.trim());
    let created = sheet.since(value.pointer("/metadata/creationTimestamp"));
    sheet.field("Created", &created);
    let deleted = sheet.since(value.pointer("/metadata/deletionTimestamp"));
    sheet.field("Being deleted", &deleted);
    let owners = items(value, "/metadata/ownerReferences").iter();
    let owners =
        owners.map(|o| format!("{}/{}", text(o.get("kind")), text(o.get("name")))).collect::<Vec<_>>();
    sheet.list("Owned by", &owners);
    sheet.list("Labels", &pairs(value, "/metadata/labels"));
    let mut notes = pairs(value, "/metadata/annotations");
    notes.retain(|n| !n.starts_with("kubectl.kubernetes.io/last-applied-configuration="));
    sheet.list("Annotations", &notes);
}

fn pod(sheet: &mut Sheet, value: &Value) {
    sheet.of("Node", value, "/spec/nodeName");
    let started = sheet.since(value.pointer("/status/startTime"));
    sheet.field("Started", &started);
    sheet.of("Status", value, "/status/phase");
    sheet.of("Reason", value, "/status/reason");
    sheet.of("Message", value, "/status/message");
    sheet.of("IP", value, "/status/podIP");
    sheet.of("Service account", value, "/spec/serviceAccountName");
    sheet.of("Priority class", value, "/spec/priorityClassName");
    sheet.of("QoS class", value, "/status/qosClass");
    containers(sheet, &value["spec"], Some(&value["status"]));
    let tolerations = items(value, "/spec/tolerations").iter().map(toleration).collect::<Vec<_>>();
    sheet.list("Node selector", &pairs(value, "/spec/nodeSelector"));
    sheet.list("Tolerations", &tolerations);
}

fn toleration(value: &Value) -> String {
    let mut out = text(value.get("key"));
    let wanted = text(value.get("value"));
    if !wanted.is_empty() {
        out.push_str(&format!("={wanted}"));
    }
    out.push_str(&format!(":{}", text(value.get("effect"))));
    let seconds = text(value.get("tolerationSeconds"));
    if seconds.is_empty() { out } else { format!("{out} for {seconds}s") }
}

fn workload(sheet: &mut Sheet, value: &Value) {
    let count = |path: &str| value.pointer(path).map(|v| text(Some(v)));
    let replicas: Vec<String> = [
        ("desired", "/spec/replicas"),
        ("desired", "/status/desiredNumberScheduled"),
        ("updated", "/status/updatedReplicas"),
        ("updated", "/status/updatedNumberScheduled"),
        ("ready", "/status/readyReplicas"),
        ("ready", "/status/numberReady"),
        ("available", "/status/availableReplicas"),
        ("available", "/status/numberAvailable"),
        ("unavailable", "/status/unavailableReplicas"),
        ("unavailable", "/status/numberUnavailable"),
    ]
    .into_iter()
    .filter_map(|(word, path)| count(path).map(|n| format!("{n} {word}")))
    .collect();
    sheet.field("Replicas", &replicas.join(", "));
    sheet.list("Selector", &pairs(value, "/spec/selector/matchLabels"));
    let strategy =
        value.pointer("/spec/strategy/type").or_else(|| value.pointer("/spec/updateStrategy/type"));
    sheet.field("Strategy", &text(strategy));
    sheet.under("Pod template", |sheet| {
        sheet.list("Labels", &pairs(value, "/spec/template/metadata/labels"));
        sheet.of("Service account", value, "/spec/template/spec/serviceAccountName");
        containers(sheet, &value["spec"]["template"]["spec"], None);
    });
}

fn job(sheet: &mut Sheet, value: &Value) {
    for (label, path) in [
        ("Parallelism", "/spec/parallelism"),
        ("Completions", "/spec/completions"),
        ("Back-off limit", "/spec/backoffLimit"),
        ("Active", "/status/active"),
        ("Succeeded", "/status/succeeded"),
        ("Failed", "/status/failed"),
    ] {
        sheet.of(label, value, path);
    }
    for (label, path) in [("Started", "/status/startTime"), ("Completed", "/status/completionTime")] {
        let at = sheet.since(value.pointer(path));
        sheet.field(label, &at);
    }
    sheet.under("Pod template", |sheet| containers(sheet, &value["spec"]["template"]["spec"], None));
}

fn containers(sheet: &mut Sheet, spec: &Value, status: Option<&Value>) {
    for (title, of, states) in [
        ("Init containers", "/initContainers", "/initContainerStatuses"),
        ("Containers", "/containers", "/containerStatuses"),
    ] {
        let all = items(spec, of);
        if all.is_empty() {
            continue;
        }
        sheet.under(title, |sheet| {
            for container in all {
                let name = text(container.get("name"));
                let state = status.and_then(|s| {
                    items(s, states)
                        .iter()
                        .find(|c| c.get("name").and_then(Value::as_str) == Some(name.as_str()))
                });
                sheet.under(&name, |sheet| one(sheet, container, state));
            }
        });
    }
}

fn one(sheet: &mut Sheet, container: &Value, state: Option<&Value>) {
    sheet.of("Image", container, "/image");
    let ports = items(container, "/ports").iter();
    let ports: Vec<String> = ports
        .map(|p| {
            let protocol = p.get("protocol").map_or_else(|| "TCP".to_owned(), |v| text(Some(v)));
            format!("{}/{protocol} {}", text(p.get("containerPort")), text(p.get("name"))).trim().to_owned()
        })
        .collect();
    sheet.field("Ports", &ports.join(", "));
    for (label, key) in [("Command", "command"), ("Arguments", "args")] {
        let words: Vec<String> = items(container, &format!("/{key}")).iter().map(|w| text(Some(w))).collect();
        sheet.field(label, &words.join(" "));
    }
    if let Some(state) = state {
        for (label, key) in [("State", "state"), ("Last state", "lastState")] {
            let told = told(sheet, state.get(key));
            sheet.field(label, &told);
        }
        sheet.of("Ready", state, "/ready");
        sheet.of("Restarts", state, "/restartCount");
    }
    sheet.field("Limits", &pairs(container, "/resources/limits").join(", "));
    sheet.field("Requests", &pairs(container, "/resources/requests").join(", "));
    for (label, key) in
        [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
    {
        if let Some(probe) = container.get(key) {
            sheet.field(label, &probed(probe));
        }
    }
    let from: Vec<String> = items(container, "/envFrom")
        .iter()
        .map(|e| {
            let (kind, path) = if e.get("secretRef").is_some() {
                ("Secret", "/secretRef/name")
            } else {
                ("ConfigMap", "/configMapRef/name")
            };
            format!("{kind} {}", text(e.pointer(path)))
        })
        .collect();
    sheet.list("Environment from", &from);
    let set: Vec<String> = items(container, "/env").iter().map(variable).collect();
    sheet.list("Environment", &set);
    let mounts: Vec<String> = items(container, "/volumeMounts")
        .iter()
        .map(|m| {
            let only =
                if m.get("readOnly").and_then(Value::as_bool) == Some(true) { ", read-only" } else { "" };
            format!("{} from {}{only}", text(m.get("mountPath")), text(m.get("name")))
        })
        .collect();
    sheet.list("Mounts", &mounts);
}

fn variable(value: &Value) -> String {
    let name = text(value.get("name"));
    let key = |kind: &str, path: &str| {
        let from = value.pointer(path)?;
        Some(format!("{name}: key {} of {kind} {}", text(from.get("key")), text(from.get("name"))))
    };
    key("Secret", "/valueFrom/secretKeyRef")
        .or_else(|| key("ConfigMap", "/valueFrom/configMapKeyRef"))
        .or_else(|| Some(format!("{name}: {}", text(Some(value.pointer("/valueFrom/fieldRef/fieldPath")?)))))
        .unwrap_or_else(|| format!("{name}: {}", text(value.get("value"))))
}

/// Returns a container's state in words: `terminated: OOMKilled, exit 137, 2m ago`.
fn told(sheet: &Sheet, state: Option<&Value>) -> String {
    let Some((word, inner)) = state.and_then(Value::as_object).and_then(|s| s.iter().next()) else {
        return String::new();
    };
    let mut parts = vec![text(inner.get("reason")), text(inner.get("message"))];
    if let Some(code) = inner.get("exitCode") {
        parts.push(format!("exit {code}"));
    }
    for (before, key) in [("since", "startedAt"), ("ended", "finishedAt")] {
        let at = sheet.since(inner.get(key));
        if !at.is_empty() {
            parts.push(format!("{before} {at}"));
        }
    }
    parts.retain(|p| !p.is_empty());
    if parts.is_empty() { word.clone() } else { format!("{word}: {}", parts.join(", ")) }
}

fn probed(probe: &Value) -> String {
    let how = if let Some(get) = probe.get("httpGet") {
        format!("GET :{}{}", text(get.get("port")), text(get.get("path")))
    } else if let Some(socket) = probe.get("tcpSocket") {
        format!("TCP :{}", text(socket.get("port")))
    } else if let Some(grpc) = probe.get("grpc") {
        format!("gRPC :{}", text(grpc.get("port")))
    } else {
        let words: Vec<String> = items(probe, "/exec/command").iter().map(|w| text(Some(w))).collect();
        format!("runs {}", words.join(" "))
    };
    let number =
        |key: &str, otherwise: &str| probe.get(key).map_or_else(|| otherwise.to_owned(), |v| text(Some(v)));
    format!(
        "{how}, every {}s, within {}s, {} failures",
        number("periodSeconds", "10"),
        number("timeoutSeconds", "1"),
        number("failureThreshold", "3")
    )
}

fn node(sheet: &mut Sheet, value: &Value) {
    sheet.of("Unschedulable", value, "/spec/unschedulable");
    let taint =
        |t: &Value| format!("{}={}:{}", text(t.get("key")), text(t.get("value")), text(t.get("effect")));
    sheet.list("Taints", &items(value, "/spec/taints").iter().map(taint).collect::<Vec<_>>());
    let address = |a: &Value| format!("{} {}", text(a.get("type")), text(a.get("address")));
    sheet.list("Addresses", &items(value, "/status/addresses").iter().map(address).collect::<Vec<_>>());
    sheet.list("Capacity", &pairs(value, "/status/capacity"));
    sheet.list("Allocatable", &pairs(value, "/status/allocatable"));
    for (label, path) in [
        ("OS", "/status/nodeInfo/osImage"),
        ("Kernel", "/status/nodeInfo/kernelVersion"),
        ("Runtime", "/status/nodeInfo/containerRuntimeVersion"),
        ("Kubelet", "/status/nodeInfo/kubeletVersion"),
        ("Pod CIDR", "/spec/podCIDR"),
    ] {
        sheet.of(label, value, path);
    }
}

fn service(sheet: &mut Sheet, value: &Value) {
    sheet.of("Type", value, "/spec/type");
    sheet.list("Selector", &pairs(value, "/spec/selector"));
    let ips: Vec<String> = items(value, "/spec/clusterIPs").iter().map(|i| text(Some(i))).collect();
    sheet.field("Cluster IPs", &ips.join(", "));
    let port = |p: &Value| {
        let protocol = p.get("protocol").map_or_else(|| "TCP".to_owned(), |v| text(Some(v)));
        let line = format!(
            "{} {}/{protocol} → {}",
            text(p.get("name")),
            text(p.get("port")),
            text(p.get("targetPort"))
        );
        line.trim().to_owned()
    };
    sheet.list("Ports", &items(value, "/spec/ports").iter().map(port).collect::<Vec<_>>());
    sheet.of("Session affinity", value, "/spec/sessionAffinity");
}

fn data(sheet: &mut Sheet, value: &Value) {
    sheet.of("Type", value, "/type");
    for path in ["/data", "/binaryData"] {
        let map = value.pointer(path).and_then(Value::as_object);
        let keys: Vec<String> = map
            .into_iter()
            .flatten()
            .map(|(k, v)| format!("{k}: {}", num::counted(text(Some(v)).len(), "byte", "bytes")))
            .collect();
        // A Secret's texts are masked before they come here, so their lengths tell nothing.
        let secret = value.get("kind").and_then(Value::as_str) == Some("Secret");
        let names = |k: &String| k.split(':').next().unwrap_or("").to_owned();
        sheet.list("Data", &if secret { keys.iter().map(names).collect() } else { keys });
    }
}

fn rest(sheet: &mut Sheet, value: &Value) {
    for key in ["spec", "status", "endpoints", "ports"] {
        if let Some(inner) = value.get(key) {
            sheet.under(key, |sheet| sheet.line(&deckwatch_helm::yaml11::to_yaml(inner)));
        }
    }
}

fn conditions(sheet: &mut Sheet, value: &Value) {
    let all = items(value, "/status/conditions");
    if all.is_empty() {
        return;
    }
    sheet.under("Conditions", |sheet| {
        for condition in all {
            let when = condition.get("lastTransitionTime").or_else(|| condition.get("lastProbeTime"));
            let when = Ts::parse_rfc3339(&text(when)).map(|at| num::ago(at, sheet.now)).unwrap_or_default();
            let why = format!("{} {}", text(condition.get("reason")), text(condition.get("message")));
            let (kind, status) = (text(condition.get("type")), text(condition.get("status")));
            sheet.line(format!("{kind:<20} {status:<8} {when:<10} {}", why.trim()).trim_end());
        }
    });
}

fn events(sheet: &mut Sheet, object: &ObjectRef, shared: &Shared) {
    let about = |o: &&Object| match o {
        Object::Event(e) => {
            let involved = &e.involved_object;
            if object.uid.is_empty() || involved.uid.is_empty() {
                involved.kind == *object.gvk.kind
                    && involved.name == object.name.as_str()
                    && involved.namespace == object.namespace.as_str()
            } else {
                involved.uid == object.uid.0.as_str()
            }
        }
        _ => false,
    };
    let mut all: Vec<&Object> = shared.cluster.of(Resource::Event).iter().filter(about).collect();
    let seen = |o: &Object| if let Object::Event(e) = o { columns::last_seen(e) } else { None };
    all.sort_by_key(|o| std::cmp::Reverse(seen(o)));
    if all.is_empty() {
        let here = shared.session.scope.namespace().is_some();
        let text = match shared.cluster.of(Resource::Event).state {
            FeedState::Denied(_) => "denied",
            FeedState::Failed(_) => "could not be read",
            // Those of objects without a namespace are kept in `default`.
            _ if here && object.namespace.is_empty() => "none known of this namespace: 0 shows all of them",
            _ => "none known",
        };
        return sheet.field("Events", text);
    }
    sheet.under("Events", |sheet| {
        for event in all {
            let Object::Event(event) = event else { continue };
            let ago = columns::last_seen(event).map(|at| num::ago(at, sheet.now)).unwrap_or_default();
            let times = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
            let text =
                format!("{:<8} {:<20} {ago:<10} {}{times}", event.r#type, event.reason, event.message.trim());
            sheet.line(&text.replace('\n', " "));
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told_of(value: &Value) -> Vec<String> {
        let mut sheet = Sheet { now: Ts::from_secs(1_000), ..Sheet::default() };
        meta(&mut sheet, value);
        pod(&mut sheet, value);
        conditions(&mut sheet, value);
        sheet.lines.iter().map(|l| l.text.to_string()).collect()
    }

    #[test]
    fn a_pod_is_told_with_its_containers_and_why_they_restarted() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "backend-x", "namespace": "momo-store", "labels": { "app": "backend" } },
            "spec": { "nodeName": "worker-1", "containers": [{
                "name": "backend", "image": "momo/backend:1",
                "resources": { "limits": { "memory": "256Mi" } },
                "env": [{ "name": "DB", "valueFrom": { "secretKeyRef": { "name": "db", "key": "url" } } }],
                "readinessProbe": { "httpGet": { "path": "/healthz", "port": 8080 }, "periodSeconds": 5 },
            }] },
            "status": { "phase": "Running", "containerStatuses": [{
                "name": "backend", "ready": false, "restartCount": 4,
                "state": { "waiting": { "reason": "CrashLoopBackOff" } },
                "lastState": { "terminated": { "reason": "OOMKilled", "exitCode": 137, "finishedAt": "1970-01-01T00:15:00Z" } },
            }], "conditions": [{ "type": "Ready", "status": "False", "reason": "ContainersNotReady",
                "lastTransitionTime": "1970-01-01T00:15:00Z" }] },
        });
        let expected = [
            "Name:                  backend-x",
            "Namespace:             momo-store",
            "Kind:                  v1 Pod",
            "Labels:                app=backend",
            "Node:                  worker-1",
            "Status:                Running",
            "Containers:",
            "  backend:",
            "    Image:             momo/backend:1",
            "    State:             waiting: CrashLoopBackOff",
            "    Last state:        terminated: OOMKilled, exit 137, ended 1970-01-01T00:15:00Z (100s ago)",
            "    Ready:             false",
            "    Restarts:          4",
            "    Limits:            memory=256Mi",
            "    Readiness:         GET :8080/healthz, every 5s, within 1s, 3 failures",
            "    Environment:       DB: key url of Secret db",
            "Conditions:",
            "  Ready                False    100s ago   ContainersNotReady",
        ];
        assert_eq!(told_of(&pod), expected);
    }

    #[test]
    fn text_of_the_object_is_harmless() {
        let pod = json!({ "metadata": { "name": "x\u{1b}[2Jy", "annotations": { "a": "b\nc" } } });
        let lines = told_of(&pod);
        assert!(lines.iter().all(|l| !l.contains('\u{1b}')), "{lines:?}");
        assert!(lines.contains(&"Name:                  x^[[2Jy".to_owned()), "{lines:?}");
    }
}
