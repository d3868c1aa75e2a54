//! Label and field selectors, as the API server reads them.
//!
//! Owns: their grammar, their meaning and the server's words for a bad one. Tested below.

use serde_json::Value;

use super::json::{at, list, text};
use super::kinds::K;
use super::status::ApiError;

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
    Above(String, i64),
    Below(String, i64),
}

/// A label selector; the empty one takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<Need>);

impl Labels {
    /// Reads `a=b,c!=d,e in (f,g),h,!i`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let mut needs = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (need, after) = requirement(rest)
                .ok_or_else(|| ApiError::bad_request(format!("unable to parse requirement: {rest}")))?;
            needs.push(need);
            rest = match after.trim_start().strip_prefix(',') {
                Some(more) => more.trim_start(),
                None if after.trim().is_empty() => "",
                None => {
                    let found = after.trim();
                    let message = format!("found '{found}', expected: ',' or 'end of string'");
                    return Err(ApiError::bad_request(message));
                }
            };
        }
        Ok(Self(needs))
    }

    /// Reads a `LabelSelector` object; an absent one takes nothing.
    pub fn of(selector: &Value) -> Option<Self> {
        let selector = selector.as_object()?;
        let mut needs = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            needs.push(Need::In(key.clone(), vec![value.as_str().unwrap_or("").to_owned()]));
        }
        for e in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let key = text(e, &["key"]).to_owned();
            let values = list(e, &["values"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
            needs.push(match text(e, &["operator"]) {
                "In" => Need::In(key, values),
                "NotIn" => Need::NotIn(key, values),
                "Exists" => Need::Exists(key),
                _ => Need::Absent(key),
            });
        }
        Some(Self(needs))
    }

    /// Reads a plain map of labels, as a Service's selector; an empty one takes nothing.
    pub fn of_map(map: &Value) -> Option<Self> {
        let map = map.as_object().filter(|m| !m.is_empty())?;
        let need = |(k, v): (&String, &Value)| Need::In(k.clone(), vec![v.as_str().unwrap_or("").to_owned()]);
        Some(Self(map.iter().map(need).collect()))
    }

    /// Returns whether the object's labels satisfy it.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = at(object, &["metadata", "labels"]);
        let get = |key: &str| labels.get(key).and_then(Value::as_str);
        self.0.iter().all(|need| match need {
            Need::In(key, values) => get(key).is_some_and(|v| values.iter().any(|w| w == v)),
            Need::NotIn(key, values) => get(key).is_none_or(|v| values.iter().all(|w| w != v)),
            Need::Exists(key) => get(key).is_some(),
            Need::Absent(key) => get(key).is_none(),
            Need::Above(key, n) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
            Need::Below(key, n) => get(key).and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
        })
    }
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/')
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c| !is_key(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn requirement(text: &str) -> Option<(Need, &str)> {
    if let Some(rest) = text.strip_prefix('!') {
        let (key, rest) = word(rest.trim_start());
        return (!key.is_empty()).then(|| (Need::Absent(key.to_owned()), rest));
    }
    let (key, rest) = word(text);
    if key.is_empty() {
        return None;
    }
    let key = key.to_owned();
    let rest = rest.trim_start();
    for (sign, negative) in [("==", false), ("!=", true), ("=", false)] {
        if let Some(rest) = rest.strip_prefix(sign) {
            let (value, rest) = word(rest.trim_start());
            let values = vec![value.to_owned()];
            let need = if negative { Need::NotIn(key, values) } else { Need::In(key, values) };
            return Some((need, rest));
        }
    }
    for (sign, above) in [(">", true), ("<", false)] {
        if let Some(rest) = rest.strip_prefix(sign) {
            let (value, rest) = word(rest.trim_start());
            let n = value.parse().ok()?;
            return Some((if above { Need::Above(key, n) } else { Need::Below(key, n) }, rest));
        }
    }
    for (sign, negative) in [("notin", true), ("in", false)] {
        if let Some(inner) = rest.strip_prefix(sign).and_then(|r| r.trim_start().strip_prefix('(')) {
            let (inside, rest) = inner.split_once(')')?;
            let values = inside.split(',').map(|v| v.trim().to_owned()).collect();
            return Some((if negative { Need::NotIn(key, values) } else { Need::In(key, values) }, rest));
        }
    }
    Some((Need::Exists(key), rest))
}

/// A field selector: `(path, value, equal)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String, bool)>);

impl Fields {
    /// Reads `metadata.name=x,status.phase!=Running` for a kind.
    pub fn parse(kind: K, text: &str) -> Result<Self, ApiError> {
        let mut needs = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (path, value, equal) = if let Some((path, value)) = part.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) = part.split_once("==") {
                (path, value, true)
            } else if let Some((path, value)) = part.split_once('=') {
                (path, value, true)
            } else {
                let message = format!("invalid selector: '{text}'; can't understand '{part}'");
                return Err(ApiError::bad_request(message));
            };
            if !known(kind, path) {
                let message = if matches!(kind.info().group, "" | "batch") {
                    format!("field label not supported: {path}")
                } else {
                    format!(
                        "\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    )
                };
                return Err(ApiError::bad_request(message));
            }
            needs.push((path.to_owned(), value.to_owned(), equal));
        }
        Ok(Self(needs))
    }

    /// Returns whether the object satisfies it.
    pub fn matches(&self, kind: K, object: &Value) -> bool {
        self.0.iter().all(|(path, value, equal)| (field(kind, object, path) == value) == *equal)
    }

    /// Returns the name that it asks for alone, when it does.
    pub fn name(&self) -> Option<&str> {
        self.0.iter().find(|(path, _, equal)| path == "metadata.name" && *equal).map(|(_, v, _)| v.as_str())
    }
}

fn known(kind: K, path: &str) -> bool {
    if path == "metadata.name" || (path == "metadata.namespace" && kind.info().namespaced) {
        return true;
    }
    match kind {
        K::Pod => matches!(
            path,
            "spec.nodeName"
                | "spec.restartPolicy"
                | "spec.schedulerName"
                | "spec.serviceAccountName"
                | "spec.hostNetwork"
                | "status.phase"
                | "status.podIP"
                | "status.nominatedNodeName"
        ),
        K::Secret => path == "type",
        K::Node => path == "spec.unschedulable",
        K::Namespace => path == "status.phase",
        K::ReplicaSet => path == "status.replicas",
        K::Job => path == "status.successful",
        K::Service => matches!(path, "spec.clusterIP" | "spec.type"),
        K::Event => {
            let of = path.strip_prefix("involvedObject.").or_else(|| path.strip_prefix("regarding."));
            of.is_some_and(|f| {
                matches!(
                    f,
                    "kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath"
                )
            }) || matches!(path, "reason" | "reportingComponent" | "reportingController" | "source" | "type")
        }
        _ => false,
    }
}

fn field<'a>(kind: K, object: &'a Value, path: &str) -> &'a str {
    match (kind, path) {
        (K::Event, "source") => text(object, &["source", "component"]),
        (K::Event, "reportingController") => text(object, &["reportingComponent"]),
        (K::Node, "spec.unschedulable") => flag(at(object, &["spec", "unschedulable"])),
        (K::Pod, "spec.hostNetwork") => flag(at(object, &["spec", "hostNetwork"])),
        _ => {
            let path = path.replacen("regarding.", "involvedObject.", 1);
            let parts: Vec<&str> = path.split('.').collect();
            text(object, &parts)
        }
    }
}

fn flag(value: &Value) -> &'static str {
    if value == &Value::Bool(true) { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn takes(selector: &str) -> bool {
        let object = json!({"metadata": {"labels": {"app": "backend", "n": "7", "tier/x": ""}}});
        Labels::parse(selector).expect(selector).matches(&object)
    }

    #[test]
    fn every_form_of_a_label_selector_is_understood() {
        let yes =
            ["", "app=backend", "app==backend", "app!=x", "app in (x, backend)", "app notin (x,y)", "app"];
        let more = ["!gone", "n>6", "n<8", "tier/x=", "app=backend,n,!gone", "gone notin (x)", "gone!=x"];
        for s in yes.iter().chain(&more) {
            assert!(takes(s), "{s}");
        }
        for s in ["app=x", "app!=backend", "app in (x)", "app notin (backend)", "!app", "gone", "n>7", "n<7"]
        {
            assert!(!takes(s), "{s}");
        }
    }

    #[test]
    fn a_bad_selector_is_a_bad_request() {
        for s in ["=x", "app in x)", "app=b c", "app in (x"] {
            assert_eq!(Labels::parse(s).map_err(|e| e.code), Err(400), "{s}");
        }
        assert_eq!(
            Fields::parse(K::Pod, "spec.colour=red").map_err(|e| e.message),
            Err("field label not supported: spec.colour".to_owned())
        );
    }

    #[test]
    fn field_selectors_read_the_fields_of_their_kind() {
        let pod =
            json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}});
        let takes = |s: &str| Fields::parse(K::Pod, s).expect(s).matches(K::Pod, &pod);
        assert!(takes("metadata.name=a,spec.nodeName=n,status.phase!=Pending"));
        assert!(!takes("status.phase=Pending"));
    }
}
