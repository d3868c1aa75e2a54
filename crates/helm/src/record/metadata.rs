//! What `helm get metadata` tells of a revision.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::view::wrong;
use super::{ChartMeta, Record, RecordError};

/// A revision and the chart that it was rendered from, its members named as in the document of `helm get metadata`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The release.
    pub name: String,
    /// The chart's name.
    pub chart: String,
    /// The chart's version.
    pub version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// The chart's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The release's labels; only the object that holds the record has them, so they are the caller's to fill in.
    pub labels: BTreeMap<String, String>,
    /// The charts that the chart depends on, as its metadata say it.
    pub dependencies: Vec<Map<String, Value>>,
    /// The release's namespace.
    pub namespace: String,
    /// The revision.
    pub revision: i64,
    /// The state.
    pub status: String,
    /// When the revision was made: RFC 3339 in whole seconds; empty where the record does not say.
    pub deployed_at: String,
    /// `ssa` or `csa`; empty where the record does not say, which means client-side.
    pub apply_method: String,
}

impl Metadata {
    /// Returns how the objects were applied, as Helm 4 says it.
    pub fn apply_words(&self) -> String {
        match self.apply_method.as_str() {
            "" => "client-side apply (defaulted)".to_owned(),
            "csa" => "client-side apply".to_owned(),
            "ssa" => "server-side apply".to_owned(),
            other => format!("unknown ({other:?})"),
        }
    }

    /// Returns the names of the dependencies, sorted.
    pub fn dependency_names(&self) -> Vec<&str> {
        let names = self.dependencies.iter().map(|of| of.get("name").and_then(Value::as_str));
        let mut names: Vec<&str> = names.map(Option::unwrap_or_default).collect();
        names.sort_unstable();
        names
    }
}

impl Record {
    /// Returns what the record tells of itself and its chart.
    ///
    /// # Errors
    /// A record that lacks its name, version or state, or whose chart is not one.
    pub fn metadata(&self) -> Result<Metadata, RecordError> {
        let chart =
            self.chart()?.unwrap_or_else(|| ChartMeta { name: "MISSING".to_owned(), ..ChartMeta::default() });
        let all = self.chart_metadata()?.unwrap_or_default();
        let annotations: Option<BTreeMap<String, Option<String>>> =
            all.read("annotations").map_err(wrong("chart.metadata.annotations", "a table of texts"))?;
        let dependencies: Option<Vec<Option<Map<String, Value>>>> =
            all.read("dependencies").map_err(wrong("chart.metadata.dependencies", "a list of charts"))?;
        let info = self.info()?;
        let text = |(key, value): (String, Option<String>)| (key, value.unwrap_or_default());
        Ok(Metadata {
            name: self.name()?,
            chart: chart.name,
            version: chart.version,
            app_version: chart.app_version,
            annotations: annotations.unwrap_or_default().into_iter().map(text).collect(),
            labels: BTreeMap::new(),
            dependencies: dependencies.unwrap_or_default().into_iter().flatten().collect(),
            namespace: self.namespace()?,
            revision: self.version()?,
            status: info.status.as_str().to_owned(),
            deployed_at: info.last_deployed.map(|at| at.whole_seconds()).unwrap_or_default(),
            apply_method: self.apply_method()?.unwrap_or_default(),
        })
    }
}
