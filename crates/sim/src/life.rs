//! Lives of pods and Deployments: what the cluster (simulated or real) tells the shop's traffic,
//! metrics and logs. The cluster side writes them, the observability side only reads them.

/// Nanoseconds since 1970, UTC. All times of a stand are wall-clock times, whatever its speed:
/// `--speed X` only makes the stand's own processes (rollouts, `for`, rate windows) X times shorter.
pub type Nanos = i64;

/// Why a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When it ended.
    pub at: Nanos,
    /// `OOMKilled`, `Error`, `Completed`.
    pub reason: String,
    /// The exit code.
    pub code: i32,
    /// When its successor started; `None` while it backs off.
    pub restarted: Option<Nanos>,
}

/// One pod from its start to its end, with the one container that has the service's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodLife {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// uid.
    pub uid: String,
    /// The service (container) that it runs, as in the catalogue.
    pub service: String,
    /// The image's tag.
    pub version: String,
    /// Node name.
    pub node: String,
    /// When its container first ran; `None` when it never did (image not pulled).
    pub started: Option<Nanos>,
    /// When the pod was gone.
    pub ended: Option<Nanos>,
    /// Ends of its container, oldest first.
    pub exits: Vec<Exit>,
    /// A waiting reason such as `ImagePullBackOff`, while it waits.
    pub waiting: Option<String>,
}

/// A Deployment as kube-state-metrics would tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentLife {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Desired replicas.
    pub replicas: u32,
    /// Available replicas.
    pub available: u32,
    /// `metadata.generation`.
    pub generation: i64,
}

/// The cluster at one instant, with the pods that have ended within the kept history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// Pods, living and ended.
    pub pods: Vec<PodLife>,
    /// Deployments as they are now.
    pub deployments: Vec<DeploymentLife>,
}
