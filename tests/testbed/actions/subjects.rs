//! The actions, and what each is done to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stand::{apply, kubectl, printed, tool, wait_until};

/// The taint of the nodes.
const OURS: &str = "actions";
const LIMIT: Duration = Duration::from_secs(60);
/// The image before, and the one that is set.
const IMAGES: [&str; 2] = ["registry.example/app:1", "registry.example/app:2"];

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A Deployment without pods.
    Deployment,
    /// One that has been changed once.
    Revised,
    /// One that is paused.
    Paused,
    /// A running pod that no controller made.
    Pod,
    /// A node.
    Node,
    /// One that takes no new pods.
    Cordoned,
    /// A node with a pod on it.
    Used,
    /// A `CronJob`.
    CronJob,
    /// One that is suspended.
    Suspended,
    /// A `ConfigMap`.
    ConfigMap,
    /// A Helm release with two revisions, of one `ConfigMap`.
    Release,
}

/// An action: how it is called, on what, and how it is told that it was done.
#[derive(Debug)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// The command; `NAME` is the object's.
    pub command: &'static [&'static str],
    /// On what.
    pub subject: Subject,
    /// The requests that it sends when all goes well.
    pub sends: &'static str,
    /// How many they are.
    pub writes: usize,
    /// Whether a key is enough in a protected context.
    pub safe: bool,
    /// Whether it has been done, from the object before and after.
    pub done: fn(&Value, Option<&Value>) -> bool,
}

const DEPLOYMENT: &str = "deploy/NAME";

/// Every action.
pub const ACTIONS: &[Action] = &[
    Action {
        name: "rollback",
        command: &["rollback", "NAME", "1"],
        subject: Subject::Release,
        sends: "what Helm sends: the record, its objects, the records' states",
        writes: 4,
        safe: false,
        done: |_, after| at(after, "/data/version") == "1",
    },
    Action {
        name: "restart",
        command: &["rollout", "restart", DEPLOYMENT],
        subject: Subject::Deployment,
        sends: "PATCH deployments, statefulsets, daemonsets",
        writes: 1,
        safe: false,
        done: |_, after| {
            let annotations = after.and_then(|a| a.pointer("/spec/template/metadata/annotations"));
            annotations.is_some_and(|a| a["kubectl.kubernetes.io/restartedAt"].is_string())
        },
    },
    Action {
        name: "undo",
        command: &["rollout", "undo", DEPLOYMENT],
        subject: Subject::Revised,
        sends: "PATCH deployments, statefulsets, daemonsets",
        writes: 1,
        safe: false,
        done: |_, after| at(after, IMAGE) == IMAGES[0],
    },
    Action {
        name: "pause",
        command: &["rollout", "pause", DEPLOYMENT],
        subject: Subject::Deployment,
        sends: "PATCH deployments",
        writes: 1,
        safe: true,
        done: |_, after| is(after, "/spec/paused"),
    },
    Action {
        name: "resume",
        command: &["rollout", "resume", DEPLOYMENT],
        subject: Subject::Paused,
        sends: "PATCH deployments",
        writes: 1,
        // What was changed meanwhile rolls out.
        safe: false,
        done: |_, after| after.is_some() && !is(after, "/spec/paused"),
    },
    Action {
        name: "scale",
        command: &["scale", DEPLOYMENT, "--replicas", "1"],
        subject: Subject::Deployment,
        sends: "PATCH …/scale",
        writes: 1,
        safe: true,
        done: |_, after| after.and_then(|a| a.pointer("/spec/replicas")) == Some(&json!(1)),
    },
    Action {
        name: "set-image",
        command: &["set", "image", DEPLOYMENT, "app=registry.example/app:2"],
        subject: Subject::Deployment,
        sends: "PATCH of what has a pod template, or of a pod",
        writes: 1,
        safe: false,
        done: |_, after| at(after, IMAGE) == IMAGES[1],
    },
    Action {
        name: "set-resources",
        command: &["set", "resources", DEPLOYMENT, "--requests", "cpu=10m"],
        subject: Subject::Deployment,
        sends: "PATCH of what has a pod template",
        writes: 1,
        safe: false,
        done: |_, after| at(after, "/spec/template/spec/containers/0/resources/requests/cpu") == "10m",
    },
    Action {
        name: "delete",
        command: &["delete", "pod/NAME"],
        subject: Subject::Pod,
        sends: "DELETE",
        writes: 1,
        safe: false,
        done: gone,
    },
    Action {
        name: "evict",
        command: &["evict", "NAME"],
        subject: Subject::Pod,
        sends: "POST pods/eviction",
        writes: 1,
        safe: false,
        done: gone,
    },
    Action {
        name: "cordon",
        command: &["cordon", "NAME"],
        subject: Subject::Node,
        sends: "PATCH nodes",
        writes: 1,
        safe: true,
        done: |_, after| is(after, "/spec/unschedulable"),
    },
    Action {
        name: "uncordon",
        command: &["uncordon", "NAME"],
        subject: Subject::Cordoned,
        sends: "PATCH nodes",
        writes: 1,
        safe: true,
        done: |_, after| after.is_some() && !is(after, "/spec/unschedulable"),
    },
    Action {
        name: "drain",
        command: &["drain", "NAME", "--force"],
        subject: Subject::Used,
        sends: "PATCH nodes, then POST pods/eviction for each pod",
        writes: 2,
        safe: false,
        done: |before, after| {
            let name = at(Some(before), "/metadata/name");
            is(after, "/spec/unschedulable") && get("pod", super::NAMESPACE, name).is_none()
        },
    },
    Action {
        name: "trigger",
        command: &["cronjob", "trigger", "NAME", "--job", "NAME-by-hand"],
        subject: Subject::CronJob,
        sends: "POST jobs",
        writes: 1,
        safe: false,
        done: |before, _| {
            let (namespace, name) =
                (at(Some(before), "/metadata/namespace"), at(Some(before), "/metadata/name"));
            get("job", namespace, &format!("{name}-by-hand")).is_some()
        },
    },
    Action {
        name: "suspend",
        command: &["cronjob", "suspend", "NAME"],
        subject: Subject::CronJob,
        sends: "PATCH cronjobs",
        writes: 1,
        safe: true,
        done: |_, after| is(after, "/spec/suspend"),
    },
    Action {
        name: "unsuspend",
        command: &["cronjob", "resume", "NAME"],
        subject: Subject::Suspended,
        sends: "PATCH cronjobs",
        writes: 1,
        safe: true,
        done: |_, after| after.is_some() && !is(after, "/spec/suspend"),
    },
    Action {
        name: "label",
        command: &["label", "cm/NAME", "team=night"],
        subject: Subject::ConfigMap,
        sends: "PATCH",
        writes: 1,
        safe: true,
        done: |_, after| at(after, "/metadata/labels/team") == "night",
    },
    Action {
        name: "edit",
        command: &["edit", "cm/NAME"],
        subject: Subject::ConfigMap,
        sends: "PATCH",
        writes: 1,
        safe: false,
        done: |_, after| at(after, "/data/version") == "9",
    },
    Action {
        name: "annotate",
        command: &["annotate", "cm/NAME", "team=night"],
        subject: Subject::ConfigMap,
        sends: "PATCH",
        writes: 1,
        safe: true,
        done: |_, after| at(after, "/metadata/annotations/team") == "night",
    },
];

const IMAGE: &str = "/spec/template/spec/containers/0/image";

fn at<'a>(object: Option<&'a Value>, pointer: &str) -> &'a str {
    object.and_then(|o| o.pointer(pointer)).and_then(Value::as_str).unwrap_or_default()
}

fn is(object: Option<&Value>, pointer: &str) -> bool {
    object.and_then(|o| o.pointer(pointer)) == Some(&json!(true))
}

fn gone(before: &Value, after: Option<&Value>) -> bool {
    let uid = |o: &Value| at(Some(o), "/metadata/uid").to_owned();
    after.is_none_or(|after| uid(after) != uid(before) || after["metadata"]["deletionTimestamp"].is_string())
}

/// Returns an object, where it is there.
pub fn get(kind: &str, namespace: &str, name: &str) -> Option<Value> {
    let text = kubectl(["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"]);
    serde_json::from_str(&text).ok()
}

impl Action {
    /// Returns the kind and the name of the object that is looked at.
    pub fn object(&self, name: &str) -> (&'static str, String) {
        match self.subject {
            Subject::Deployment | Subject::Revised | Subject::Paused => ("deployment", name.to_owned()),
            Subject::Pod => ("pod", name.to_owned()),
            Subject::Node | Subject::Cordoned | Subject::Used => ("node", name.to_owned()),
            Subject::CronJob | Subject::Suspended => ("cronjob", name.to_owned()),
            Subject::ConfigMap | Subject::Release => ("configmap", name.to_owned()),
        }
    }

    /// Returns where it is served.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        match self.object(name) {
            ("deployment", name) => format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
            ("cronjob", name) => format!("/apis/batch/v1/namespaces/{namespace}/cronjobs/{name}"),
            ("node", name) => format!("/api/v1/nodes/{name}"),
            (kind, name) => format!("/api/v1/namespaces/{namespace}/{kind}s/{name}"),
        }
    }

    /// Returns the object as it is now.
    pub fn now(&self, namespace: &str, name: &str) -> Option<Value> {
        let (kind, name) = self.object(name);
        get(kind, namespace, &name)
    }

    /// Makes the object, or changes what is there into what is wanted; does not wait for its controllers.
    pub fn make(&self, namespace: &str, name: &str) {
        let metadata = json!({ "name": name, "namespace": namespace });
        let container = json!({ "name": "app", "image": IMAGES[0] });
        let template =
            json!({ "metadata": { "labels": { "app": name } }, "spec": { "containers": [container] } });
        let spec =
            json!({ "replicas": 0, "selector": { "matchLabels": { "app": name } }, "template": template });
        let deployment = |paused: bool| {
            let mut object =
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec });
            object["spec"]["paused"] = json!(paused);
            object
        };
        let node = |cordoned: bool| {
            let labels = json!({ "refused": if name.contains("webhook") { "yes" } else { "no" } });
            json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": labels },
                // No pod comes here by itself.
                "spec": { "unschedulable": cordoned, "taints": [{ "key": OURS, "effect": "NoSchedule" }] } })
        };
        let pod = |on: Option<&str>| {
            let mut object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                "spec": { "containers": [container], "terminationGracePeriodSeconds": 0 } });
            if let Some(node) = on {
                object["spec"]["nodeName"] = json!(node);
            }
            object
        };
        let job = json!({ "spec": { "template": { "spec": { "containers": [container], "restartPolicy": "Never" } } } });
        let cron = |suspend: bool| {
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata,
                "spec": { "schedule": "0 0 1 1 *", "suspend": suspend, "jobTemplate": job } })
        };
        match self.subject {
            Subject::Deployment => apply(&deployment(false)),
            Subject::Revised => {
                apply(&deployment(false));
                self.settled(namespace, name, "1");
                kubectl([
                    "set",
                    "image",
                    &format!("deployment/{name}"),
                    &format!("app={}", IMAGES[1]),
                    "-n",
                    namespace,
                ]);
            }
            Subject::Paused => apply(&deployment(true)),
            Subject::Pod => apply(&pod(None)),
            Subject::Node => apply(&node(false)),
            Subject::Cordoned => apply(&node(true)),
            Subject::Used => {
                apply(&node(false));
                apply(&pod(Some(name)));
            }
            Subject::CronJob => apply(&cron(false)),
            Subject::Suspended => apply(&cron(true)),
            Subject::ConfigMap => apply(&config_map(&metadata)),
            Subject::Release => release(namespace, name, &[("install", "1"), ("upgrade", "2")]),
        }
    }

    /// Waits until nobody has anything left to do with the object.
    pub fn settle(&self, namespace: &str, name: &str) {
        match self.subject {
            Subject::Deployment | Subject::Paused => self.settled(namespace, name, ""),
            Subject::Revised => self.settled(namespace, name, "2"),
            Subject::Pod => running(namespace, name),
            Subject::Node | Subject::Cordoned => joined(name),
            Subject::Used => {
                joined(name);
                running(namespace, name);
            }
            Subject::CronJob | Subject::Suspended | Subject::ConfigMap | Subject::Release => {}
        }
    }

    /// The Deployment's controller has seen it, and has noted the revision where one is to come.
    fn settled(&self, namespace: &str, name: &str, revision: &str) {
        wait_until(LIMIT, "the Deployment's controller", || {
            let now = self.now(namespace, name)?;
            let seen = now["status"]["observedGeneration"] == now["metadata"]["generation"];
            let noted = at(Some(&now), "/metadata/annotations/deployment.kubernetes.io~1revision");
            let paused = is(Some(&now), "/spec/paused");
            let is_noted = if revision.is_empty() { paused || !noted.is_empty() } else { noted == revision };
            (seen && is_noted).then_some(())
        });
    }

    /// Somebody else changes it: an annotation, or a new revision of the release.
    pub fn change(&self, namespace: &str, name: &str) {
        if self.subject == Subject::Release {
            return release(namespace, name, &[("upgrade", "3")]);
        }
        let (kind, object) = self.object(name);
        kubectl(["annotate", kind, &object, "-n", namespace, "somebody=else"]);
    }

    /// Puts another object in the place of the one that is there; in a release's place one with as many revisions.
    pub fn replace(&self, namespace: &str, name: &str) {
        if self.subject == Subject::Release {
            printed(tool("helm3").args(["uninstall", name, "-n", namespace]));
            return release(namespace, name, &[("install", "4"), ("upgrade", "5")]);
        }
        let (kind, object) = self.object(name);
        let mut now = self.now(namespace, name).unwrap();
        kubectl(["delete", kind, &object, "-n", namespace, "--force", "--grace-period=0"]);
        let metadata = now["metadata"].as_object_mut().unwrap();
        metadata.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels" | "annotations"));
        now.as_object_mut().unwrap().remove("status");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, now.to_string().as_bytes()).unwrap();
        kubectl(["create".as_ref(), "-f".as_ref(), file.path().as_os_str()]);
    }
}

fn config_map(metadata: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "version": "1" } })
}

fn running(namespace: &str, name: &str) {
    wait_until(LIMIT, "the pod to run", || {
        (at(get("pod", namespace, name).as_ref(), "/status/phase") == "Running").then_some(())
    });
}

/// A node is ready, and its controllers have taken away what they put on new ones.
fn joined(name: &str) {
    wait_until(LIMIT, "the node to be ready", || {
        let node = get("node", "default", name)?;
        let conditions = node["status"]["conditions"].as_array()?;
        let ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        let taints = node["spec"]["taints"].as_array()?;
        let free = taints.iter().all(|t| t["key"] == OURS);
        let noted = node["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"].is_string();
        (ready && free && noted).then_some(())
    });
}

/// Makes revisions of a release of one `ConfigMap`, each with a value of its own.
fn release(namespace: &str, name: &str, revisions: &[(&str, &str)]) {
    let chart = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(chart.path().join(path), text).unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.0.0\n");
    write("values.yaml", "version: \"1\"\n");
    write(
        "templates/one.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {version: {{ quote .Values.version }}}\n",
    );
    for (verb, version) in revisions {
        let mut helm = tool("helm3");
        helm.args([verb, name]).arg(chart.path());
        printed(helm.args(["-n", namespace, "--set-string", &format!("version={version}")]));
    }
}
