//! Log lines with the place that they came from.

use std::collections::HashMap;

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

/// Which pod and container a line is of; the container where the source tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: Option<String>,
}

const POD: [&str; 5] = ["pod", "k8s_pod_name", "kubernetes_pod_name", "pod_name", "instance"];
const CONTAINER: [&str; 4] =
    ["container", "k8s_container_name", "kubernetes_container_name", "container_name"];

impl Entry {
    fn named(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|k| self.labels.get(k).or_else(|| self.metadata.get(k)))
    }

    /// Returns the pod that it is from.
    pub fn pod(&self) -> Option<&str> {
        self.named(&POD)
    }

    /// Returns the pod and the container that it is from.
    pub fn place(&self) -> Option<Place> {
        let container = self.named(&CONTAINER).map(str::to_owned);
        Some(Place { pod: self.pod()?.to_owned(), container })
    }
}

/// Where the kubelet's lines of one container begin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seam {
    /// The pod and its container.
    pub place: Place,
    /// Loki's newest line of it; `None` where Loki has none at all.
    pub after: Option<Ts>,
}

/// Lines of Loki and of the kubelet in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The lines in ascending order; of equal times Loki's come first.
    pub entries: Vec<Entry>,
    /// Where the kubelet takes over, in order of their places.
    pub seams: Vec<Seam>,
    /// Lines of the kubelet that Loki has too, at the seam itself.
    pub duplicates: usize,
    /// Lines of the kubelet from the time that Loki covers.
    pub covered: usize,
    /// Lines of the kubelet beyond what has been read of Loki: shown once Loki is read that far.
    pub held: usize,
}

/// Joins lines of Loki and of the kubelet: the kubelet's are shown only where Loki has nothing, which
/// is after Loki's newest line of the same container, or where Loki has none of it.
///
/// `read_until` is the instant up to which Loki is read, `None` when there is nothing beyond; what the
/// kubelet has after it is held back, because Loki may have it too. A line without a place is kept.
pub fn join(
    loki: Vec<Entry>,
    kubelet: Vec<Entry>,
    read_until: Option<Ts>,
    place: impl Fn(&Entry) -> Option<Place>,
) -> Joined {
    let mut newest: HashMap<Place, Ts> = HashMap::new();
    for entry in &loki {
        if let Some(place) = place(entry) {
            let seen = newest.entry(place).or_insert(entry.ts);
            *seen = entry.ts.max(*seen);
        }
    }
    let mut at_seam: HashMap<(Place, Ts, Untrusted), usize> = HashMap::new();
    for entry in &loki {
        if let Some(place) = place(entry).filter(|p| newest.get(p) == Some(&entry.ts)) {
            *at_seam.entry((place, entry.ts, entry.line.clone())).or_default() += 1;
        }
    }
    let mut out = Joined::default();
    let mut kept: Vec<Entry> = Vec::new();
    let mut seams: std::collections::BTreeSet<Seam> = std::collections::BTreeSet::new();
    for entry in kubelet {
        let Some(place) = place(&entry) else {
            kept.push(entry);
            continue;
        };
        // Loki may tell pods only: such a line stands for every container of the pod.
        let whole_pod = Place { pod: place.pod.clone(), container: None };
        let after = newest.get(&place).max(newest.get(&whole_pod)).copied();
        if after.is_some_and(|newest| entry.ts < newest) {
            out.covered += 1;
        } else if read_until.is_some_and(|until| entry.ts >= until) {
            out.held += 1;
        } else {
            let twin = [place.clone(), whole_pod].into_iter().any(|place| {
                let left = at_seam.get_mut(&(place, entry.ts, entry.line.clone()));
                left.is_some_and(|n| std::mem::replace(n, n.saturating_sub(1)) > 0)
            });
            if twin {
                out.duplicates += 1;
            } else {
                seams.insert(Seam { place, after });
                kept.push(entry);
            }
        }
    }
    out.seams = seams.into_iter().collect();
    out.entries = loki;
    out.entries.extend(kept);
    // Stable: of equal times the order of each source stays, and Loki's come first.
    out.entries.sort_by_key(|e| e.ts);
    out
}

/// Unites two readings of overlapping times by the same source: every line as often as the reading that
/// has it more often. Lines of the newer reading come first among those of one time.
pub fn unite(known: Vec<Entry>, new: Vec<Entry>) -> Vec<Entry> {
    let key = |e: &Entry| (e.ts, e.labels.clone(), e.line.clone());
    let mut again: HashMap<(Ts, Labels, Untrusted), usize> = HashMap::new();
    for entry in &new {
        *again.entry(key(entry)).or_default() += 1;
    }
    let mut out = new;
    out.extend(known.into_iter().filter(|e| {
        let left = again.get_mut(&key(e));
        left.is_none_or(|n| std::mem::replace(n, n.saturating_sub(1)) == 0)
    }));
    out.sort_by_key(|e| e.ts);
    out
}

#[cfg(test)]
mod tests;
