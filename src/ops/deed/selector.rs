//! Label selectors of the API, matched against labels.

use serde_json::Value;

use super::live::items;

/// Returns whether a selector chooses an object. An empty one chooses all, none at all and one that makes no sense none.
pub(super) fn selects(selector: Option<&Value>, object: &Value) -> bool {
    let Some(Value::Object(selector)) = selector else { return false };
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let pairs = match selector.get("matchLabels") {
        None | Some(Value::Null) => true,
        Some(Value::Object(pairs)) => {
            pairs.iter().all(|(key, value)| value.as_str().is_some_and(|value| label(key) == Some(value)))
        }
        Some(_) => false,
    };
    let expressions = match selector.get("matchExpressions") {
        None | Some(Value::Null) => true,
        Some(Value::Array(all)) => all.iter().all(|expression| holds(expression, &label)),
        Some(_) => false,
    };
    pairs && expressions
}

fn holds<'a>(expression: &Value, label: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let text = |key: &str| expression.get(key).and_then(Value::as_str);
    let Some(value) = text("key").map(label) else { return false };
    let listed =
        || value.is_some_and(|value| items(expression, "/values").any(|one| one.as_str() == Some(value)));
    match text("operator") {
        Some("In") => listed(),
        Some("NotIn") => !listed(),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => false,
    }
}
