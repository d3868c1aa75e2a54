//! The built-in kinds that deckwatch reads, with the names that people and the API use for them.

/// A kind of Kubernetes object that has a view of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// core/v1 Pod
    Pod,
    /// apps/v1 Deployment
    Deployment,
    /// apps/v1 StatefulSet
    StatefulSet,
    /// apps/v1 DaemonSet
    DaemonSet,
    /// apps/v1 ReplicaSet
    ReplicaSet,
    /// batch/v1 Job
    Job,
    /// core/v1 Node
    Node,
    /// core/v1 Service
    Service,
    /// discovery.k8s.io/v1 EndpointSlice
    EndpointSlice,
    /// core/v1 Event
    Event,
    /// core/v1 Namespace
    Namespace,
    /// core/v1 ConfigMap, metadata only
    ConfigMap,
    /// core/v1 Secret, metadata only
    Secret,
}

/// What the API and people call a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// API group, empty for core.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, as in paths.
    pub plural: &'static str,
    /// Short and singular names that people type.
    pub aliases: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether only metadata is read.
    pub metadata_only: bool,
}

macro_rules! names {
    ($group:literal, $version:literal, $kind:literal, $plural:literal, [$($alias:literal),*], $namespaced:literal, $meta:literal) => {
        Names { group: $group, version: $version, kind: $kind, plural: $plural, aliases: &[$($alias),*], namespaced: $namespaced, metadata_only: $meta }
    };
}

impl Resource {
    /// Every kind, in the order of menus.
    pub const ALL: [Self; 13] = [
        Self::Pod,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::Node,
        Self::Service,
        Self::EndpointSlice,
        Self::Event,
        Self::Namespace,
        Self::ConfigMap,
        Self::Secret,
    ];

    /// Returns the names of this kind.
    pub const fn names(self) -> Names {
        match self {
            Self::Pod => names!("", "v1", "Pod", "pods", ["po", "pod"], true, false),
            Self::Deployment => {
                names!("apps", "v1", "Deployment", "deployments", ["deploy", "dp", "deployment"], true, false)
            }
            Self::StatefulSet => {
                names!("apps", "v1", "StatefulSet", "statefulsets", ["sts", "statefulset"], true, false)
            }
            Self::DaemonSet => {
                names!("apps", "v1", "DaemonSet", "daemonsets", ["ds", "daemonset"], true, false)
            }
            Self::ReplicaSet => {
                names!("apps", "v1", "ReplicaSet", "replicasets", ["rs", "replicaset"], true, false)
            }
            Self::Job => names!("batch", "v1", "Job", "jobs", ["job"], true, false),
            Self::Node => names!("", "v1", "Node", "nodes", ["no", "node"], false, false),
            Self::Service => names!("", "v1", "Service", "services", ["svc", "service"], true, false),
            Self::EndpointSlice => {
                names!(
                    "discovery.k8s.io",
                    "v1",
                    "EndpointSlice",
                    "endpointslices",
                    ["eps", "endpointslice"],
                    true,
                    false
                )
            }
            Self::Event => names!("", "v1", "Event", "events", ["ev", "event"], true, false),
            Self::Namespace => names!("", "v1", "Namespace", "namespaces", ["ns", "namespace"], false, false),
            Self::ConfigMap => names!("", "v1", "ConfigMap", "configmaps", ["cm", "configmap"], true, true),
            Self::Secret => names!("", "v1", "Secret", "secrets", ["sec", "secret"], true, true),
        }
    }

    /// Returns the kind that a person means: plural, singular, short name or kind, without regard to case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let text = text.split('.').next().unwrap_or("");
        Self::ALL.into_iter().find(|r| {
            let n = r.names();
            n.plural == text || n.kind.eq_ignore_ascii_case(text) || n.aliases.contains(&text)
        })
    }

    /// Returns the kind of an API group and kind name, as owner references carry them.
    pub fn of_kind(group: &str, kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.names().kind == kind && r.names().group == group)
    }

    /// Returns `apps/v1` or `v1`.
    pub fn api_version(self) -> String {
        let n = self.names();
        if n.group.is_empty() { n.version.to_owned() } else { format!("{}/{}", n.group, n.version) }
    }

    /// Returns whether pods belong to objects of this kind.
    pub const fn is_workload(self) -> bool {
        matches!(self, Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet | Self::Job)
    }

    /// Returns the path below the API server: `/apis/apps/v1/namespaces/NS/deployments/NAME`. The parts
    /// come from validated names and need no quoting.
    pub fn path(self, namespace: Option<&str>, name: Option<&str>) -> String {
        let n = self.names();
        let mut path = if n.group.is_empty() {
            format!("/api/{}", n.version)
        } else {
            format!("/apis/{}/{}", n.group, n.version)
        };
        if let Some(ns) = namespace.filter(|ns| n.namespaced && !ns.is_empty()) {
            path.push_str("/namespaces/");
            path.push_str(ns);
        }
        path.push('/');
        path.push_str(n.plural);
        if let Some(name) = name {
            path.push('/');
            path.push_str(name);
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_people_type_finds_its_kind() {
        for (text, kind) in [
            ("po", Resource::Pod),
            ("Deploy", Resource::Deployment),
            ("deployments.apps", Resource::Deployment),
            ("StatefulSet", Resource::StatefulSet),
            ("eps", Resource::EndpointSlice),
        ] {
            assert_eq!(Resource::parse(text), Some(kind), "{text}");
        }
        assert_eq!(Resource::parse("widgets"), None);
    }

    #[test]
    fn no_name_means_two_kinds() {
        let mut seen = std::collections::HashMap::new();
        for resource in Resource::ALL {
            let n = resource.names();
            for name in n.aliases.iter().chain([&n.plural]) {
                assert_eq!(seen.insert(*name, resource), None, "{name}");
            }
        }
    }

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(Resource::Pod.path(Some("a"), Some("b")), "/api/v1/namespaces/a/pods/b");
        assert_eq!(Resource::Deployment.path(None, None), "/apis/apps/v1/deployments");
        assert_eq!(Resource::Node.path(Some("a"), Some("n")), "/api/v1/nodes/n");
    }
}
