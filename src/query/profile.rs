//! From a pod to the log streams that hold its lines, for each way that agents label them.
//!
//! [`PROFILES`] is data; [`candidates`] chooses by the labels that Loki has, and the caller asks Loki to
//! confirm. A [`Mapping`] is the outcome; [`Mapping::query`] builds the query for a scope.

use super::logql::{LogQuery, Stage};
use super::matcher::Matcher;
use super::quote;
use crate::core::Labels;

/// How one family of agents labels the lines of pods. Of each list, the first label that is there counts.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// What people call it.
    pub name: &'static str,
    /// Index labels that hold the namespace.
    pub namespace: &'static [&'static str],
    /// Where the pod's name is.
    pub pod: PodKey,
    /// Index labels that hold the container.
    pub container: &'static [&'static str],
    /// Index labels that hold the node.
    pub node: &'static [&'static str],
}

/// Where a profile keeps the pod's name.
#[derive(Clone, Copy, Debug)]
pub enum PodKey {
    /// In an index label.
    Index(&'static [&'static str]),
    /// In structured metadata, which no list of labels shows.
    Metadata(&'static [&'static str]),
}

/// The known profiles, the most certain first.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "promtail or alloy",
        namespace: &["namespace"],
        pod: PodKey::Index(&["pod"]),
        container: &["container"],
        node: &["node_name", "node"],
    },
    Profile {
        name: "otlp",
        namespace: &["k8s_namespace_name"],
        pod: PodKey::Index(&["k8s_pod_name"]),
        container: &["k8s_container_name", "container_name"],
        node: &["k8s_node_name"],
    },
    Profile {
        name: "vector or fluentd",
        namespace: &["kubernetes_namespace_name"],
        pod: PodKey::Index(&["kubernetes_pod_name"]),
        container: &["kubernetes_container_name"],
        node: &["kubernetes_host"],
    },
    Profile {
        name: "pod_name",
        namespace: &["namespace", "kubernetes_namespace_name"],
        pod: PodKey::Index(&["pod_name"]),
        container: &["container_name", "container"],
        node: &["node_name", "node"],
    },
    Profile {
        name: "fluent-bit chart",
        namespace: &["namespace"],
        pod: PodKey::Index(&["instance"]),
        container: &["container"],
        node: &["node"],
    },
    Profile {
        name: "k8s-monitoring",
        namespace: &["namespace"],
        pod: PodKey::Metadata(&["pod", "k8s_pod_name"]),
        container: &["container"],
        node: &["k8s_node_name", "node"],
    },
    Profile {
        name: "otlp, pod as metadata",
        namespace: &["k8s_namespace_name"],
        pod: PodKey::Metadata(&["k8s_pod_name", "pod"]),
        container: &["k8s_container_name", "container_name"],
        node: &["k8s_node_name"],
    },
];

/// Names under which structured metadata may carry the pod, beside those of the profiles.
pub const POD_KEYS: &[&str] = &["pod", "k8s_pod_name", "kubernetes_pod_name", "pod_name", "instance"];

/// Labels that say which object a line is of; all others (level, stream, file, ids) say what it is like.
const IDENTITY: &[&str] = &[
    "namespace",
    "k8s_namespace_name",
    "kubernetes_namespace_name",
    "pod",
    "k8s_pod_name",
    "kubernetes_pod_name",
    "pod_name",
    "container",
    "k8s_container_name",
    "kubernetes_container_name",
    "container_name",
    "node_name",
    "node",
    "k8s_node_name",
    "app",
    "job",
    "cluster",
    "k8s_cluster_name",
];

/// Returns the labels that identify, of a stream's labels.
#[must_use]
pub fn identity(labels: &Labels) -> Labels {
    labels.without(|name| !IDENTITY.contains(&name))
}

/// Which labels hold what, for one Loki.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Mapping {
    /// The profile's name.
    pub profile: &'static str,
    /// The index label of the namespace.
    pub namespace_key: String,
    /// The label, or the key of structured metadata, of the pod.
    pub pod_key: String,
    /// Whether the pod is in structured metadata, not in an index label.
    pub pod_is_metadata: bool,
    /// The index label of the container, where there is one.
    pub container_key: Option<String>,
    /// The index label of the node, where there is one.
    pub node_key: Option<String>,
    /// The label and its value that tell this cluster from others in the same Loki.
    pub cluster: Option<(String, String)>,
}

/// Returns the mappings that the labels of a Loki allow, the most certain first.
pub fn candidates<S: AsRef<str>>(seen: &[S]) -> Vec<Mapping> {
    let first = |keys: &[&str]| {
        keys.iter().find(|key| seen.iter().any(|s| s.as_ref() == **key)).map(|key| (*key).to_owned())
    };
    let fit = |profile: &Profile| {
        let (pod_key, pod_is_metadata) = match profile.pod {
            PodKey::Index(keys) => (first(keys)?, false),
            PodKey::Metadata(keys) => ((*keys.first()?).to_owned(), true),
        };
        Some(Mapping {
            profile: profile.name,
            namespace_key: first(profile.namespace)?,
            pod_key,
            pod_is_metadata,
            container_key: first(profile.container),
            node_key: first(profile.node),
            cluster: None,
        })
    };
    PROFILES.iter().filter_map(fit).collect()
}

/// The ladder of scopes, from the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One container of one pod.
    Container,
    /// One pod.
    Pod,
    /// All pods of a workload, gone ones too.
    Workload,
    /// A namespace.
    Namespace,
    /// A node.
    Node,
}

/// What the lines are to be of; the scope says how much of it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// The namespace; empty for a node.
    pub namespace: String,
    /// The pod.
    pub pod: Option<String>,
    /// The container.
    pub container: Option<String>,
    /// The workload: its kind and name.
    pub workload: Option<(WorkloadKind, String)>,
    /// The node.
    pub node: Option<String>,
}

/// How a workload names its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// `name-HASH-RANDOM`
    Deployment,
    /// `name-ORDINAL`
    StatefulSet,
    /// `name-RANDOM`: DaemonSets, ReplicaSets, Jobs.
    Direct,
    /// Anything that begins with `name-`.
    Other,
}

impl WorkloadKind {
    /// Returns the naming of a kind.
    pub fn of(kind: &str) -> Self {
        match kind {
            "Deployment" => Self::Deployment,
            "StatefulSet" => Self::StatefulSet,
            "DaemonSet" | "ReplicaSet" | "Job" => Self::Direct,
            _ => Self::Other,
        }
    }

    /// Returns the regular expression of the names of this workload's pods, living and gone. Unlike
    /// `name-.*` it leaves out the pods of a workload called `name-more`.
    pub fn pods(self, name: &str) -> String {
        // Kubernetes cuts a long name before it adds the random part.
        const KEPT_WHOLE: usize = 46;
        let (name, kind) = match name.get(..KEPT_WHOLE).filter(|_| name.len() > KEPT_WHOLE) {
            Some(head) if self != Self::StatefulSet => return format!("{}.*", quote::regex(head)),
            _ => (quote::regex(name), self),
        };
        match kind {
            Self::Deployment => format!("{name}-[a-z0-9]+-[a-z0-9]+"),
            Self::StatefulSet => format!("{name}-[0-9]+"),
            Self::Direct => format!("{name}-[a-z0-9]+"),
            Self::Other => format!("{name}-.*"),
        }
    }
}

impl Mapping {
    /// Returns the query for a target at a scope; `None` where the target or the labels lack what the
    /// scope needs.
    pub fn query(&self, scope: Scope, target: &Target) -> Option<LogQuery> {
        let mut selector: Vec<Matcher> =
            self.cluster.iter().map(|(key, value)| Matcher::equal(key.clone(), value.clone())).collect();
        if scope == Scope::Node {
            selector.push(Matcher::equal(self.node_key.clone()?, target.node.clone()?));
            return Some(LogQuery::new(selector));
        }
        if target.namespace.is_empty() {
            return None;
        }
        selector.push(Matcher::equal(self.namespace_key.clone(), target.namespace.clone()));
        let pod = match scope {
            Scope::Namespace | Scope::Node => None,
            Scope::Container | Scope::Pod => Some(Matcher::equal(self.pod_key.clone(), target.pod.clone()?)),
            Scope::Workload => {
                let (kind, name) = target.workload.as_ref()?;
                Some(Matcher::regex(self.pod_key.clone(), kind.pods(name)))
            }
        };
        let mut stages = Vec::new();
        match pod {
            Some(pod) if self.pod_is_metadata => stages.push(Stage::Label(pod)),
            Some(pod) => selector.push(pod),
            None => {}
        }
        if scope == Scope::Container {
            selector.push(Matcher::equal(self.container_key.clone()?, target.container.clone()?));
        }
        Some(LogQuery { selector, stages })
    }

    /// Returns the narrowest scope that a target and these labels allow.
    pub fn narrowest(&self, target: &Target) -> Option<Scope> {
        [Scope::Container, Scope::Pod, Scope::Workload, Scope::Namespace, Scope::Node]
            .into_iter()
            .find(|scope| self.query(*scope, target).is_some())
    }

    /// Returns the pod's name of a line.
    pub fn pod_of<'a>(&self, labels: &'a Labels, metadata: &'a Labels) -> Option<&'a str> {
        if self.pod_is_metadata { metadata.get(&self.pod_key) } else { labels.get(&self.pod_key) }
    }

    /// Returns the container's name of a line.
    pub fn container_of<'a>(&self, labels: &'a Labels, metadata: &'a Labels) -> Option<&'a str> {
        let key = self.container_key.as_deref()?;
        labels.get(key).or_else(|| metadata.get(key))
    }
}

/// Returns the label and value that tell this cluster's streams from others', by the values that a
/// cluster label has and the name of the context.
pub fn cluster_of<S: AsRef<str>>(values: &[S], context: &str) -> Option<String> {
    if values.len() < 2 {
        return None;
    }
    let same = |v: &&S| v.as_ref() == context;
    let part = |v: &&S| {
        // `admin@prod-ru1`, `arn:…/prod-ru1`, `gke_project_zone_prod-ru1`: the name is the last part.
        let v = v.as_ref();
        !v.is_empty() && context.strip_suffix(v).is_some_and(|head| head.ends_with(['@', '/', '_', ':']))
    };
    values.iter().find(same).or_else(|| values.iter().find(part)).map(|v| v.as_ref().to_owned())
}

#[cfg(test)]
mod tests;
