//! The kinds that the simulated cluster holds, as discovery tells them.
//!
//! Owns: names, groups, verbs, subresources and columns' categories of each kind. Never touches
//! objects. Tested through discovery and by `kubectl api-resources`.

/// A kind that the cluster stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum K {
    /// core/v1 Namespace
    Namespace,
    /// core/v1 Node
    Node,
    /// core/v1 Pod
    Pod,
    /// core/v1 Service
    Service,
    /// core/v1 ServiceAccount
    ServiceAccount,
    /// core/v1 ConfigMap
    ConfigMap,
    /// core/v1 Secret
    Secret,
    /// core/v1 Event; `events.k8s.io/v1` is a second view of the same objects
    Event,
    /// apps/v1 Deployment
    Deployment,
    /// apps/v1 ReplicaSet
    ReplicaSet,
    /// apps/v1 StatefulSet
    StatefulSet,
    /// apps/v1 DaemonSet
    DaemonSet,
    /// apps/v1 ControllerRevision
    ControllerRevision,
    /// batch/v1 Job
    Job,
    /// discovery.k8s.io/v1 EndpointSlice
    EndpointSlice,
}

/// What discovery says of a kind.
#[derive(Debug)]
pub struct Kind {
    /// The kind.
    pub id: K,
    /// API group, empty for core.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// Kind's name.
    pub kind: &'static str,
    /// Plural, as in paths.
    pub plural: &'static str,
    /// Singular.
    pub singular: &'static str,
    /// Short names.
    pub short: &'static [&'static str],
    /// Categories (`all`).
    pub categories: &'static [&'static str],
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether `metadata.generation` counts changes of its spec.
    pub generation: bool,
    /// Subresources that this server answers.
    pub subresources: &'static [&'static str],
}

impl Kind {
    /// Returns `group/version`, or the version alone for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Returns the name that error texts use: `pods`, `deployments.apps`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Returns the name that validation errors use: `Pod`, `Deployment.apps`.
    pub fn group_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }
}

const ALL: &[&str] = &["all"];

macro_rules! kinds {
    ($($id:ident $group:literal $plural:literal $singular:literal $short:tt $cat:expr, $ns:literal $gen:literal $sub:tt;)*) => {
        &[$(Kind {
            id: K::$id, group: $group, version: "v1", kind: stringify!($id), plural: $plural, singular: $singular,
            short: &$short, categories: $cat, namespaced: $ns, generation: $gen, subresources: &$sub,
        }),*]
    };
}

/// Every kind, core first.
pub static KINDS: &[Kind] = kinds! {
    ConfigMap "" "configmaps" "configmap" ["cm"] &[], true false [];
    Event "" "events" "event" ["ev"] &[], true false [];
    Namespace "" "namespaces" "namespace" ["ns"] &[], false false ["status"];
    Node "" "nodes" "node" ["no"] &[], false false ["status"];
    Pod "" "pods" "pod" ["po"] ALL, true true ["eviction", "log", "portforward", "status"];
    Secret "" "secrets" "secret" [] &[], true false [];
    ServiceAccount "" "serviceaccounts" "serviceaccount" ["sa"] &[], true false [];
    Service "" "services" "service" ["svc"] ALL, true false ["proxy", "status"];
    ControllerRevision "apps" "controllerrevisions" "controllerrevision" [] &[], true false [];
    DaemonSet "apps" "daemonsets" "daemonset" ["ds"] ALL, true true ["status"];
    Deployment "apps" "deployments" "deployment" ["deploy"] ALL, true true ["scale", "status"];
    ReplicaSet "apps" "replicasets" "replicaset" ["rs"] ALL, true true ["scale", "status"];
    StatefulSet "apps" "statefulsets" "statefulset" ["sts"] ALL, true true ["scale", "status"];
    Job "batch" "jobs" "job" [] ALL, true true ["status"];
    EndpointSlice "discovery.k8s.io" "endpointslices" "endpointslice" [] &[], true true [];
};

/// The second view of events.
pub static EVENTS_V1: Kind = Kind {
    id: K::Event,
    group: "events.k8s.io",
    version: "v1",
    kind: "Event",
    plural: "events",
    singular: "event",
    short: &["ev"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
};

impl K {
    /// Returns what discovery says of this kind.
    pub fn info(self) -> &'static Kind {
        KINDS.iter().find(|k| k.id == self).unwrap_or(&EVENTS_V1)
    }
}

/// Returns the kind served at a group, version and plural.
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .chain(std::iter::once(&EVENTS_V1))
        .find(|k| k.group == group && k.version == version && k.plural == plural)
}

/// Returns the groups that are served, core left out, in discovery's order.
pub fn groups() -> &'static [&'static str] {
    &["apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "batch", "discovery.k8s.io"]
}
