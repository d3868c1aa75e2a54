//! The shop's catalogue: the names that the chart, the simulated cluster, the metrics, the logs and
//! the alert rules agree on.
//!
//! One release of one chart runs in one namespace. Each of its seven revisions is a chart version
//! of a pipeline (`0.0.PIPELINE`); what a version does to the service that it changes is its
//! [`Behaviour`]. The chart in `testbed/charts/momo-store` renders the same objects with the real
//! Helm, so nothing here may be renamed in one place only.

/// The namespace that holds the shop and exactly one release.
pub const NAMESPACE: &str = "momo-store";
/// The release's name.
pub const RELEASE: &str = "momo";
/// The chart's name.
pub const CHART: &str = "momo-store";
/// The registry and path in front of every image of the shop.
pub const REGISTRY: &str = "registry.momo.example/shop";
/// Where Prometheus, Loki and Alertmanager live in the cluster.
pub const MONITORING: &str = "monitoring";

/// A service of the shop: a Deployment and its pods, with a Service of the same name in front of
/// `frontend` and `backend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Deployment, container and `service` label.
    pub name: &'static str,
    /// Desired replicas.
    pub replicas: u32,
    /// Requests per second over all replicas, about.
    pub rps: u32,
    /// Memory limit in MiB.
    pub memory_mib: u32,
    /// The services that it calls, in order: a `trace_id` runs through them.
    pub calls: &'static [&'static str],
    /// HTTP routes that it answers.
    pub routes: &'static [&'static str],
}

/// Every service of the shop. `frontend` calls `backend`, which calls the other two.
pub const SERVICES: [Service; 4] = [
    Service {
        name: "frontend",
        replicas: 3,
        rps: 40,
        memory_mib: 128,
        calls: &["backend"],
        routes: &["/", "/cart", "/checkout"],
    },
    Service {
        name: "backend",
        replicas: 4,
        rps: 60,
        memory_mib: 256,
        calls: &["catalog", "payments"],
        routes: &["/products/", "/orders/", "/auth/whoami"],
    },
    Service { name: "catalog", replicas: 2, rps: 45, memory_mib: 192, calls: &[], routes: &["/v1/items"] },
    Service { name: "payments", replicas: 2, rps: 8, memory_mib: 192, calls: &[], routes: &["/v1/charge"] },
];

/// What a revision makes of the service that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A few errors in ten thousand, fast.
    Good,
    /// `backend` answers about 30 % with 502: its database address is wrong.
    BadDatabaseHost,
    /// `backend`'s image cannot be pulled: the new pods never start, the old ones go on.
    BadImage,
    /// `backend` answers about 12 % with 500, slowly, and is killed now and then for its memory.
    BadRelease,
}

/// A revision of the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The revision's number.
    pub number: u32,
    /// Chart version, app version and image tag.
    pub version: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
    /// Helm's status of the record on a fresh stand.
    pub status: &'static str,
    /// Helm's description of the record.
    pub description: &'static str,
    /// When it was deployed, in minutes before the stand's start.
    pub minutes_ago: u32,
}

/// The history of the release on a fresh stand; the last one is deployed and bad.
pub const REVISIONS: [Revision; 7] = [
    Revision {
        number: 1,
        version: "0.0.1037",
        behaviour: Behaviour::Good,
        status: "superseded",
        description: "Install complete",
        minutes_ago: 12_960,
    },
    Revision {
        number: 2,
        version: "0.0.1038",
        behaviour: Behaviour::Good,
        status: "superseded",
        description: "Upgrade complete",
        minutes_ago: 8_640,
    },
    Revision {
        number: 3,
        version: "0.0.1039",
        behaviour: Behaviour::BadDatabaseHost,
        status: "superseded",
        description: "Upgrade complete",
        minutes_ago: 4_330,
    },
    Revision {
        number: 4,
        version: "0.0.1040",
        behaviour: Behaviour::Good,
        status: "superseded",
        description: "Upgrade complete",
        minutes_ago: 4_300,
    },
    Revision {
        number: 5,
        version: "0.0.1041",
        behaviour: Behaviour::BadImage,
        status: "failed",
        description: "Upgrade \"momo\" failed: timed out waiting for the condition",
        minutes_ago: 1_500,
    },
    Revision {
        number: 6,
        version: "0.0.1042",
        behaviour: Behaviour::Good,
        status: "superseded",
        description: "Upgrade complete",
        minutes_ago: 1_440,
    },
    Revision {
        number: 7,
        version: "0.0.1043",
        behaviour: Behaviour::BadRelease,
        status: "deployed",
        description: "Upgrade complete",
        minutes_ago: 6,
    },
];

/// Returns the behaviour of a version (an image tag), [`Behaviour::Good`] for unknown ones.
pub fn behaviour_of(version: &str) -> Behaviour {
    REVISIONS.iter().find(|r| r.version == version).map_or(Behaviour::Good, |r| r.behaviour)
}

/// Returns the service of that name.
pub fn service(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|s| s.name == name)
}
