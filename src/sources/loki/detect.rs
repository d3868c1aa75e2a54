//! Finding out how this Loki labels the lines of pods.

use super::{Lines, Loki};
use crate::core::{Error, Kind, Labels, Result, Window};
use crate::query::logql::LogQuery;
use crate::query::matcher::{Matcher, logql_selector};
use crate::query::profile::{Mapping, POD_KEYS, candidates, cluster_of};

/// How sure the mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmed {
    /// Streams of this very pod were seen.
    ByPod,
    /// The pod's name was seen in structured metadata.
    ByMetadata,
    /// Streams of the namespace have these labels; the pod itself has none in the window.
    ByNamespace,
    /// Nothing was seen: the labels merely look like it.
    No,
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The mapping.
    pub mapping: Mapping,
    /// How sure it is.
    pub confirmed: Confirmed,
}

/// Labels that tell clusters apart in a shared Loki.
const CLUSTER_KEYS: [&str; 2] = ["cluster", "k8s_cluster_name"];
const SAMPLE: usize = 20;

/// Returns the mapping for the pods of a namespace: by the labels that are there, confirmed by the
/// streams, else by the metadata of a few lines.
///
/// # Errors
/// `NotFound` where there are no labels in the window or none that hold a namespace; Loki's own.
pub async fn detect(
    loki: &Loki,
    namespace: &str,
    pod: Option<&str>,
    window: Window,
    context: &str,
) -> Result<Detected> {
    let labels = loki.labels(window).await?;
    let possible = candidates(&labels);
    let nothing = |detail: String| {
        Err(Error::new(Kind::NotFound, "find the streams of pods")
            .on(loki.transport().address())
            .detail(detail))
    };
    if labels.is_empty() {
        return nothing("Loki has no streams in this window".to_owned());
    }
    let Some(first) = possible.first() else {
        let some: Vec<&str> = labels.iter().map(String::as_str).take(20).collect();
        return nothing(format!("no label holds a namespace, there are: {}", some.join(", ")));
    };
    let cluster = cluster(loki, &labels, window, context).await?;
    let found = confirm(loki, &possible, namespace, pod, window).await?;
    let (mut mapping, confirmed) = found.unwrap_or_else(|| (first.clone(), Confirmed::No));
    mapping.cluster = cluster;
    Ok(Detected { mapping, confirmed })
}

async fn cluster(
    loki: &Loki,
    labels: &[String],
    window: Window,
    context: &str,
) -> Result<Option<(String, String)>> {
    for key in CLUSTER_KEYS.iter().filter(|key| labels.iter().any(|l| l == **key)) {
        let values = loki.label_values(key, window, None).await?;
        if let Some(value) = cluster_of(&values, context) {
            return Ok(Some(((*key).to_owned(), value)));
        }
    }
    Ok(None)
}

async fn confirm(
    loki: &Loki,
    possible: &[Mapping],
    namespace: &str,
    pod: Option<&str>,
    window: Window,
) -> Result<Option<(Mapping, Confirmed)>> {
    if let Some(pod) = pod {
        for mapping in possible.iter().filter(|m| !m.pod_is_metadata) {
            let matchers = [
                Matcher::equal(mapping.namespace_key.clone(), namespace),
                Matcher::equal(mapping.pod_key.clone(), pod),
            ];
            if !loki.series(&logql_selector(&matchers), window).await?.is_empty() {
                return Ok(Some((mapping.clone(), Confirmed::ByPod)));
            }
        }
    }
    let mut asked: Vec<&str> = Vec::new();
    for mapping in possible {
        if asked.contains(&mapping.namespace_key.as_str()) {
            continue;
        }
        asked.push(&mapping.namespace_key);
        let selector = LogQuery::new([Matcher::equal(mapping.namespace_key.clone(), namespace)]);
        if let Some(found) = of_namespace(loki, possible, mapping, &selector, pod, window).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Looks at the streams of a namespace, and at the metadata of its newest lines.
async fn of_namespace(
    loki: &Loki,
    possible: &[Mapping],
    like: &Mapping,
    selector: &LogQuery,
    pod: Option<&str>,
    window: Window,
) -> Result<Option<(Mapping, Confirmed)>> {
    let series = loki.series(&selector.selector_text(), window).await?;
    if series.is_empty() {
        return Ok(None);
    }
    let same = |m: &&Mapping| m.namespace_key == like.namespace_key;
    let by_index = possible
        .iter()
        .filter(same)
        .find(|m| !m.pod_is_metadata && series.iter().any(|labels| labels.get(&m.pod_key).is_some()));
    // `instance` is many things; only a pod that was seen in it makes it the pod's label.
    if let Some(mapping) = by_index.filter(|m| m.pod_key != "instance") {
        return Ok(Some((mapping.clone(), Confirmed::ByNamespace)));
    }
    let lines = Lines { start: window.start, end: window.end, limit: SAMPLE, backward: true };
    let page = loki.lines(&selector.to_string(), lines).await?;
    let key = page.entries.iter().find_map(|entry| pod_key(&entry.metadata, pod));
    let metadata = possible.iter().filter(same).find(|m| m.pod_is_metadata);
    Ok(key.zip(metadata).map(|(pod_key, m)| (Mapping { pod_key, ..m.clone() }, Confirmed::ByMetadata)))
}

fn pod_key(metadata: &Labels, pod: Option<&str>) -> Option<String> {
    let by_value = metadata.iter().find(|(_, value)| pod == Some(*value)).map(|(name, _)| name);
    let by_name = || POD_KEYS.iter().copied().find(|key| metadata.get(key).is_some());
    by_value.or_else(by_name).map(str::to_owned)
}
