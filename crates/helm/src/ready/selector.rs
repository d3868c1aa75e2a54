//! Label selectors as a query has them.

use serde_json::Value;

/// Prints the labels of a map: `app=a`.
pub(super) fn pairs(labels: Option<&Value>) -> Vec<String> {
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect()
}

/// Prints a label selector.
pub(super) fn selector(selector: Option<&Value>) -> String {
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut out = pairs(selector.and_then(|s| s.get("matchLabels")));
    let more = selector.and_then(|s| s.get("matchExpressions")).and_then(Value::as_array);
    for one in more.into_iter().flatten() {
        let key = text(one, "key");
        let values = one.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        out.push(match text(one, "operator").as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key,
        });
    }
    out.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_printed_as_queries_have_them() {
        let given = json!({"matchLabels": {"app": "a"}, "matchExpressions": [
            {"key": "b", "operator": "In", "values": ["x", "y"]}, {"key": "c", "operator": "NotIn", "values": ["z"]},
            {"key": "d", "operator": "Exists"}, {"key": "e", "operator": "DoesNotExist"}]});
        assert_eq!(selector(Some(&given)), "app=a,b in (x,y),c notin (z),d,!e");
        assert_eq!(selector(None), "");
    }
}
