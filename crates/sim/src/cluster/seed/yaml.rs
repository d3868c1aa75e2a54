//! YAML in block style, as charts are rendered.
//!
//! Owns: writing only, of values that came from JSON. Strings that a YAML 1.1 reader would take
//! for something else are quoted. Tested below.

use serde_json::Value;

/// Returns a value as a YAML document without markers.
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', depth));
}

fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                indent(depth, out);
                entry(key, value, depth, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(depth, out);
                out.push_str("- ");
                list_item(item, depth, out);
            }
        }
        other => {
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

fn list_item(item: &Value, depth: usize, out: &mut String) {
    match item {
        Value::Object(map) if !map.is_empty() => {
            for (n, (key, value)) in map.iter().enumerate() {
                if n > 0 {
                    indent(depth + 2, out);
                }
                entry(key, value, depth + 2, out);
            }
        }
        other => {
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn entry(key: &str, value: &Value, depth: usize, out: &mut String) {
    out.push_str(&scalar(&Value::from(key)));
    out.push(':');
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, depth + 2, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        other => {
            out.push(' ');
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(_) => "{}".to_owned(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(_) => value.to_string(),
        other => scalar(other),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if plain(text) => text.clone(),
        Value::String(_) => value.to_string(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// Returns whether a text is read back as itself without quotes.
fn plain(text: &str) -> bool {
    let first_ok = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@' | '=' | '+');
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    first_ok
        && text.chars().all(safe)
        && !text.ends_with(':')
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_be_misread_is_quoted() {
        let value = json!({"a": "on", "b": "0644", "c": ["x", {"d": 1, "e": {"f": "a: b"}}], "g": {}, "h": [], "i": ""});
        let text = "a: \"on\"\nb: \"0644\"\nc:\n- x\n- d: 1\n  e:\n    f: \"a: b\"\ng: {}\nh: []\ni: \"\"\n";
        assert_eq!(document(&value), text);
    }
}
