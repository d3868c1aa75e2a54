//! The pods of an object, as Helm 3 finds them.

use serde_json::{Map, Value};

/// Returns the label selector of the pods of a live object, as text. `None` for objects that have none, and for those that
/// select every pod.
pub(super) fn of_pods(live: &Value) -> Option<String> {
    let text = |key: &str| live.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let selector = live.pointer("/spec/selector")?;
    let requirements = match (group, kind) {
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "DaemonSet")
        | ("apps", "StatefulSet")
        | ("batch", "Job") => {
            let mut all = labels(selector.get("matchLabels").and_then(Value::as_object));
            let expressions = selector.get("matchExpressions").and_then(Value::as_array);
            for expression in expressions.into_iter().flatten() {
                all.push(requirement(expression)?);
            }
            all
        }
        ("", "Service" | "ReplicationController") => labels(selector.as_object()),
        _ => return None,
    };
    let mut requirements = requirements;
    requirements.sort_by(|a, b| a.0.cmp(&b.0));
    let texts: Vec<String> = requirements.into_iter().map(|(_, text)| text).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

/// Requirements that labels have values, each with its key.
fn labels(map: Option<&Map<String, Value>>) -> Vec<(String, String)> {
    let all = map.into_iter().flatten();
    all.map(|(key, value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or_default()))).collect()
}

fn requirement(expression: &Value) -> Option<(String, String)> {
    let key = expression.get("key").and_then(Value::as_str)?;
    let values = || {
        let all = expression.get("values").and_then(Value::as_array);
        let mut values: Vec<&str> = all.into_iter().flatten().filter_map(Value::as_str).collect();
        values.sort_unstable();
        values.join(",")
    };
    let text = match expression.get("operator").and_then(Value::as_str)? {
        "In" => format!("{key} in ({})", values()),
        "NotIn" => format!("{key} notin ({})", values()),
        "Exists" => key.to_owned(),
        "DoesNotExist" => format!("!{key}"),
        _ => return None,
    };
    Some((key.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(api_version: &str, kind: &str, selector: &Value) -> Option<String> {
        of_pods(&json!({"apiVersion": api_version, "kind": kind, "spec": {"selector": selector}}))
    }

    #[test]
    fn selectors_are_written_as_the_api_machinery_writes_them() {
        let selector = json!({
            "matchLabels": {"tier": "web", "app": "shop"},
            "matchExpressions": [
                {"key": "env", "operator": "In", "values": ["prod", "canary"]},
                {"key": "zone", "operator": "NotIn", "values": ["b"]},
                {"key": "hash", "operator": "Exists"},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        });
        let text = "app=shop,env in (canary,prod),hash,!old,tier=web,zone notin (b)";
        for (api_version, kind) in
            [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job")]
        {
            assert_eq!(of(api_version, kind, &selector).as_deref(), Some(text), "{kind}");
        }
        assert_eq!(
            of("v1", "Service", &json!({"tier": "web", "app": "shop"})).as_deref(),
            Some("app=shop,tier=web")
        );
    }

    #[test]
    fn what_selects_no_pods_or_all_of_them_selects_none() {
        let some = json!({"matchLabels": {"app": "shop"}, "app": "shop"});
        for (api_version, kind) in [
            ("v1", "ConfigMap"),
            ("batch/v1", "CronJob"),
            ("argoproj.io/v1", "Deployment"),
            ("policy/v1", "PodDisruptionBudget"),
        ] {
            assert_eq!(of(api_version, kind, &some), None, "{kind}");
        }
        for nothing in [json!({}), json!(null), json!({"matchLabels": {}})] {
            assert_eq!(of("apps/v1", "Deployment", &nothing), None);
        }
        assert_eq!(of("v1", "Service", &json!({})), None);
        assert_eq!(of_pods(&json!({"apiVersion": "v1", "kind": "Service", "spec": {}})), None);
        let odd = json!({"matchExpressions": [{"key": "a", "operator": "Near"}]});
        assert_eq!(of("apps/v1", "Deployment", &odd), None);
    }
}
