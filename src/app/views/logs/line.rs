//! What is read first of a line: of structured ones the message, then the fields, identities and times last.
//!
//! Only the order changes and what the columns beside it show already (the level); every other field of a
//! line stays. Lines that are no JSON object, or too long to be read at every frame, stay as they came.

use serde_json::{Map, Value};

/// The longest line that is taken apart.
const LONGEST: usize = 32 * 1024;
const MESSAGE: [&str; 6] = ["msg", "message", "log", "event", "body", "error"];
const LEVEL: [&str; 4] = ["level", "lvl", "severity", "loglevel"];
/// Long and the same for whole requests: what tells lines apart comes before them.
const IDS: [&str; 7] = ["trace_id", "traceId", "trace", "span_id", "spanId", "request_id", "uuid"];
const TIME: [&str; 6] = ["ts", "time", "timestamp", "@timestamp", "t", "datetime"];

/// Returns the line of a JSON object with its message first; none when it is none.
pub fn arranged(line: &str) -> Option<String> {
    if !line.starts_with('{') || line.len() > LONGEST {
        return None;
    }
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let key = *MESSAGE.iter().find(|k| fields.get(**k).is_some_and(Value::is_string))?;
    let message = fields.shift_remove(key)?;
    for key in LEVEL {
        if fields.get(key).is_some_and(Value::is_string) {
            fields.shift_remove(key);
        }
    }
    let last: Vec<(String, Value)> =
        IDS.iter().chain(&TIME).filter_map(|k| fields.shift_remove_entry(*k)).collect();
    let mut out = message.as_str()?.to_owned();
    for (name, value) in fields.into_iter().chain(last) {
        out.push_str("  ");
        out.push_str(&name);
        out.push('=');
        match value {
            Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
                out.push_str(&text);
            }
            other => out.push_str(&other.to_string()),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_message_comes_first_and_identities_and_the_time_last() {
        let line = r#"{"ts":"2026-11-21T14:00:40Z","level":"error","trace_id":"4bf9","msg":"dial tcp: refused","ms":12,"to":"10.1.4.7","why":"a b"}"#;
        let wanted =
            "dial tcp: refused  ms=12  to=10.1.4.7  why=\"a b\"  trace_id=4bf9  ts=2026-11-21T14:00:40Z";
        assert_eq!(arranged(line).as_deref(), Some(wanted));
    }

    #[test]
    fn what_is_no_object_with_a_message_stays_as_it_came() {
        for line in ["plain", "{not json", "[1]", r#"{"a":1}"#, r#"{"msg":7}"#, "level=info msg=x"] {
            assert_eq!(arranged(line), None, "{line}");
        }
    }
}
