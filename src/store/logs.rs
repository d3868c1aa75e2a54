//! Log lines with the place that they came from.

use crate::core::{Labels, Ts, Untrusted};

/// Where a line was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Loki.
    Loki,
    /// The kubelet, the running container.
    Kubelet,
    /// The kubelet, the container before the last restart.
    KubeletPrevious,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its time, to the nanosecond.
    pub ts: Ts,
    /// The line as it came; cut at the limit of its source, which counts the cut.
    pub line: Untrusted,
    /// Stream labels (Loki's index labels; for the kubelet `namespace`, `pod`, `container`).
    pub labels: Labels,
    /// Structured metadata, where the source has it.
    pub metadata: Labels,
    /// Where it was read.
    pub origin: Origin,
}
