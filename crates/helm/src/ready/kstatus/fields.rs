//! Fields of live objects, read as kstatus reads them.
//!
//! kstatus reads some fields strictly and others leniently, and it shows: what is strict and does not fit makes the
//! status unknown, what is lenient and does not fit counts as absent. Source: `util.go`, and `NestedFieldNoCopy` and
//! `FromUnstructured` of k8s.io/apimachinery.

use serde_json::Value;

/// A field that is read strictly is of another type.
#[derive(Debug)]
pub(super) struct Malformed;

/// Returns the field at a path such as `spec.replicas`. A null on the way is nothing, a null at the end is a null.
pub(super) fn nested<'a>(object: &'a Value, path: &str) -> Result<Option<&'a Value>, Malformed> {
    let mut value = object;
    for key in path.split('.') {
        match value {
            Value::Null => return Ok(None),
            Value::Object(map) => match map.get(key) {
                Some(inner) => value = inner,
                None => return Ok(None),
            },
            _ => return Err(Malformed),
        }
    }
    Ok(Some(value))
}

/// Returns a text, strictly.
pub(super) fn nested_text<'a>(object: &'a Value, path: &str) -> Result<Option<&'a str>, Malformed> {
    nested(object, path)?.map(|value| value.as_str().ok_or(Malformed)).transpose()
}

/// Returns a whole number, strictly.
pub(super) fn nested_int(object: &Value, path: &str) -> Result<Option<i64>, Malformed> {
    nested(object, path)?.map(|value| value.as_i64().ok_or(Malformed)).transpose()
}

/// Returns a whole number, leniently.
pub(super) fn int(object: &Value, path: &str, default: i64) -> i64 {
    nested_int(object, path).ok().flatten().unwrap_or(default)
}

/// Returns a text, leniently.
pub(super) fn text<'a>(object: &'a Value, path: &str, default: &'a str) -> &'a str {
    nested_text(object, path).ok().flatten().unwrap_or(default)
}

/// A condition; what it does not say is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Condition<'a> {
    pub kind: &'a str,
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
}

impl Condition<'_> {
    pub(super) fn is(&self, kind: &str, status: &str) -> bool {
        self.kind == kind && self.status == status
    }
}

/// Returns the conditions, strictly: one that does not fit spoils them all.
pub(super) fn conditions(object: &Value) -> Result<Vec<Condition<'_>>, Malformed> {
    let list = match nested(object, "status.conditions")? {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or(Malformed)?,
    };
    list.iter().map(condition).collect()
}

fn condition(value: &Value) -> Result<Condition<'_>, Malformed> {
    let map = match value {
        Value::Null => return Ok(Condition::default()),
        Value::Object(map) => map,
        _ => return Err(Malformed),
    };
    let text = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(value) => value.as_str().ok_or(Malformed),
    };
    Ok(Condition {
        kind: text("type")?,
        status: text("status")?,
        reason: text("reason")?,
        message: text("message")?,
    })
}
