//! Hiding what is secret.
//!
//! Owns what counts as secret: the data of Secrets, values whose key speaks of a password, a token, a secret or a key, and
//! passwords in URLs. A masked value still says how long it is, and, in a comparison, whether it changed. It never decides whether to
//! reveal. Tested by values that must not appear in what it returns.

use std::ops::Range;

use base64::Engine;
use serde_json::{Map, Value};

use crate::yaml11::{documents, read_manifest, to_yaml};

/// Texts in a key that make its value secret.
const SECRET_WORDS: [&str; 4] = ["password", "token", "secret", "key"];
/// Holds a copy of a whole object, data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How a secret value compares with its counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Same,
    Old,
    New,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "REDACTED",
            Self::Old => "--------",
            Self::New => "++++++++",
        }
    }

    fn text(self, bytes: usize) -> Value {
        Value::String(format!("{} # ({bytes} bytes)", self.word()))
    }
}

/// Returns whether a value under this key is taken for secret.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Returns whether an object is a core Secret.
pub fn is_secret(object: &Value) -> bool {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    text("kind") == Some("Secret") && text("apiVersion") == Some("v1")
}

/// Returns a copy of an object with the data of Secrets hidden; other objects come back as they are.
pub fn mask_object(object: &Value) -> Value {
    mask_object_pair(Some(object), None).0.unwrap_or(Value::Null)
}

/// Returns what is shown in the place of a value.
pub fn hidden(value: &Value) -> Value {
    Mark::Same.text(value.as_str().map_or_else(|| value.to_string().len(), str::len))
}

/// Returns a copy of a patch of a Secret with its data hidden; removed keys stay visible.
pub fn mask_secret_patch(patch: &Value) -> Value {
    let mut masked = patch.clone();
    for field in ["data", "stringData"] {
        let Some(entries) = masked.get_mut(field).and_then(Value::as_object_mut) else { continue };
        for value in entries.values_mut().filter(|value| !value.is_null()) {
            *value = hidden(value);
        }
    }
    masked
}

/// Returns the text of a manifest with the data of its Secrets hidden. A document that cannot be read is not shown: it could
/// be a Secret. All others stay as they are written.
pub fn mask_manifest(manifest: &str) -> String {
    let Ok(documents) = documents(manifest) else {
        return "# the manifest cannot be split into documents and is not shown\n".to_owned();
    };
    let mut shown = String::new();
    for text in documents {
        shown.push_str("---\n");
        match read_manifest(&text) {
            Ok(objects) if objects.iter().any(|object| is_secret(&object.value)) => {
                let texts: Vec<String> =
                    objects.iter().map(|object| to_yaml(&mask_object(&object.value))).collect();
                let comments = text.lines().take_while(|line| line.starts_with("# Source: "));
                shown.extend(comments.map(|line| format!("{line}\n")));
                shown.push_str(&texts.join("---\n"));
            }
            Ok(_) => shown.push_str(&text),
            Err(_) => shown.push_str("# a document that cannot be read is not shown\n"),
        }
    }
    shown
}

/// Returns copies of two states of an object with the data of Secrets hidden, changed values told apart.
pub fn mask_object_pair(old: Option<&Value>, new: Option<&Value>) -> (Option<Value>, Option<Value>) {
    let mask = |this: Option<&Value>, other: Option<&Value>, mark: Mark| {
        this.map(|object| if is_secret(object) { mask_secret(object, other, mark) } else { object.clone() })
    };
    (mask(old, new, Mark::Old), mask(new, old, Mark::New))
}

/// Returns copies of two states of a Secret as helm-diff tells them: all data are in `stringData`, for that is what they are
/// then, and a value that only one of the two has is told like one that has changed. Where data are no table, all of them
/// is hidden.
pub fn mask_secret_sides(old: Option<&Value>, new: Option<&Value>) -> (Option<Value>, Option<Value>) {
    let mask = |this: Option<&Value>, other: Option<&Value>, mark: Mark| {
        let this = this?;
        let fields = ["data", "stringData"].map(|field| this.get(field));
        if fields.into_iter().flatten().any(|field| !field.is_object() && !field.is_null()) {
            return Some(mask_secret(this, None, Mark::Same));
        }
        let theirs = other.map(secret_bytes);
        // A value that is empty and one that is not there are the same to it.
        let same = |key: &String, bytes: &Vec<u8>| {
            let theirs = theirs.as_ref().map(|all| all.get(key).map_or(&[][..], Vec::as_slice));
            theirs == Some(bytes.as_slice())
        };
        let mut data: Vec<(String, Vec<u8>)> = secret_bytes(this).into_iter().collect();
        data.sort();
        let shown = data.into_iter().map(|(key, bytes)| {
            let mark = if same(&key, &bytes) { Mark::Same } else { mark };
            (key, mark.text(bytes.len()))
        });
        let shown: Map<String, Value> = shown.collect();
        let mut masked = mask_secret(this, None, Mark::Same);
        if let Some(object) = masked.as_object_mut() {
            object.shift_remove("stringData");
            object.shift_remove("data");
            if !shown.is_empty() {
                object.insert("stringData".to_owned(), Value::Object(shown));
            }
        }
        Some(masked)
    };
    (mask(old, new, Mark::Old), mask(new, old, Mark::New))
}

fn mask_secret(object: &Value, other: Option<&Value>, mark: Mark) -> Value {
    let mut masked = object.clone();
    let theirs = other.map(secret_bytes);
    for field in ["data", "stringData"] {
        let Some(data) = masked.get_mut(field) else { continue };
        let Some(entries) = data.as_object_mut() else {
            *data = Mark::Same.text(data.to_string().len());
            continue;
        };
        for (key, value) in entries.iter_mut() {
            let bytes = value_bytes(field, value);
            let same = theirs.as_ref().is_none_or(|theirs| theirs.get(key) == Some(&bytes));
            *value = if same { Mark::Same } else { mark }.text(bytes.len());
        }
    }
    let annotation = masked.pointer_mut("/metadata/annotations").and_then(|all| all.get_mut(LAST_APPLIED));
    if let Some(text) = annotation {
        *text = Mark::Same.text(text.as_str().map_or(0, str::len));
    }
    masked
}

fn secret_bytes(object: &Value) -> std::collections::HashMap<String, Vec<u8>> {
    let fields = ["data", "stringData"];
    let entries = fields.iter().filter_map(|field| Some((*field, object.get(field)?.as_object()?)));
    entries
        .flat_map(|(field, map)| map.iter().map(move |(key, value)| (key.clone(), value_bytes(field, value))))
        .collect()
}

fn value_bytes(field: &str, value: &Value) -> Vec<u8> {
    if value.is_null() {
        return Vec::new();
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if field == "data"
        && let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(&text)
    {
        return bytes;
    }
    text.into_bytes()
}

/// Returns a copy of values with those hidden whose key speaks of a secret, whole subtrees included, and the passwords of
/// URLs wherever they stand.
pub fn mask_values(values: &Value) -> Value {
    mask_values_at(values, None, Mark::Same)
}

/// Returns a text with the passwords of URLs hidden.
pub fn mask_url(text: &str) -> String {
    match mask_values_at(&Value::String(text.to_owned()), None, Mark::Same) {
        Value::String(masked) => masked,
        _ => String::new(),
    }
}

/// Returns copies of two states of values with secrets hidden, changed ones told apart.
pub fn mask_values_pair(old: &Value, new: &Value) -> (Value, Value) {
    (mask_values_at(old, Some(new), Mark::Old), mask_values_at(new, Some(old), Mark::New))
}

fn mask_values_at(value: &Value, other: Option<&Value>, mark: Mark) -> Value {
    match value {
        Value::Object(map) => {
            let mut masked = Map::new();
            for (key, item) in map {
                let theirs = other.map(|other| other.get(key).unwrap_or(&Value::Null));
                let hidden = if is_secret_key(key) {
                    hide(item, theirs, mark)
                } else {
                    mask_values_at(item, theirs, mark)
                };
                masked.insert(key.clone(), hidden);
            }
            Value::Object(masked)
        }
        Value::Array(items) => {
            let theirs = |index: usize| other.map(|other| other.get(index).unwrap_or(&Value::Null));
            let items = items.iter().enumerate();
            Value::Array(items.map(|(index, item)| mask_values_at(item, theirs(index), mark)).collect())
        }
        Value::String(text) => {
            let passwords = url_passwords(text);
            let same = other.is_none_or(|other| {
                let theirs = other.as_str().unwrap_or("");
                url_passwords(theirs)
                    .iter()
                    .map(|at| theirs.get(at.clone()))
                    .eq(passwords.iter().map(|at| text.get(at.clone())))
            });
            let mark = if same { Mark::Same } else { mark };
            let mut masked = text.clone();
            for password in passwords.into_iter().rev() {
                masked.replace_range(password, mark.word());
            }
            Value::String(masked)
        }
        other => other.clone(),
    }
}

/// Returns where the passwords of URLs are in a text: `postgres://user:password@host`.
fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("://")) {
        let start = from + at + 3;
        from = start;
        let rest = text.get(start..).unwrap_or("");
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';'))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or(rest);
        let authority = word.find(['/', '?', '#']).map_or(word, |slash| word.get(..slash).unwrap_or(word));
        let Some(colon) = authority.find(':') else { continue };
        // A slash may stand in a password that nobody has encoded; behind a port it begins the path.
        let is_port = authority.get(colon + 1..).is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
        let before_host = if authority.contains('@') || is_port { authority } else { word };
        if let Some(host) = before_host.rfind('@').filter(|host| *host > colon + 1) {
            found.push(start + colon + 1..start + host);
            from = start + host;
        }
    }
    found
}

/// Hides every scalar that could be a secret: not switches, nulls and empty texts, which say more shown than hidden.
fn hide(value: &Value, other: Option<&Value>, mark: Mark) -> Value {
    match value {
        Value::Object(map) => {
            let theirs = |key: &str| other.map(|other| other.get(key).unwrap_or(&Value::Null));
            Value::Object(
                map.iter().map(|(key, item)| (key.clone(), hide(item, theirs(key), mark))).collect(),
            )
        }
        Value::Array(items) => {
            let theirs = |index: usize| other.map(|other| other.get(index).unwrap_or(&Value::Null));
            Value::Array(items.iter().enumerate().map(|(at, item)| hide(item, theirs(at), mark)).collect())
        }
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.is_empty() => value.clone(),
        _ => {
            let same = other.is_none_or(|other| other == value);
            let bytes = value.as_str().map_or_else(|| value.to_string().len(), str::len);
            if same { Mark::Same } else { mark }.text(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use serde_json::json;

    #[test]
    fn data_of_secrets_is_hidden_and_changes_are_told() {
        let old = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMg==", "b": "eA=="}});
        let new = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMw==", "b": "eA=="}, "stringData": {"c": "open"}});
        let (old, new) = mask_object_pair(Some(&old), Some(&new));
        assert_eq!(old.unwrap()["data"], json!({"a": "-------- # (7 bytes)", "b": "REDACTED # (1 bytes)"}));
        let new = new.unwrap();
        assert_eq!(new["data"], json!({"a": "++++++++ # (7 bytes)", "b": "REDACTED # (1 bytes)"}));
        assert_eq!(new["stringData"], json!({"c": "++++++++ # (4 bytes)"}));
    }

    #[test]
    fn a_value_that_moves_from_data_to_string_data_is_the_same() {
        let old = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA=="}});
        let new = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x"}});
        let (_, new) = mask_object_pair(Some(&old), Some(&new));
        assert_eq!(new.unwrap()["stringData"], json!({"a": "REDACTED # (1 bytes)"}));
    }

    #[test]
    fn other_objects_and_custom_kinds_called_secret_are_left_alone() {
        for object in [
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}),
            json!({"apiVersion": "x/v1", "kind": "Secret", "data": {}}),
        ] {
            assert_eq!(mask_object(&object), object);
        }
    }

    #[test]
    fn a_manifest_is_shown_without_the_data_of_its_secrets() {
        let manifest = "---\n# Source: c/a.yaml\nkind: A # as it is\n---\n# Source: c/s.yaml\napiVersion: v1\nkind: Secret\nstringData: {a: hunter2}\n---\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, data: {a: aHVudGVyMg==}}\n---\nkind: Secret\na: *hunter2\n";
        let shown = mask_manifest(manifest);
        assert!(
            shown.starts_with(
                "---\n# Source: c/a.yaml\nkind: A # as it is\n---\n# Source: c/s.yaml\napiVersion: v1\n"
            ),
            "{shown}"
        );
        assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
        assert!(shown.contains("a document that cannot be read is not shown"), "{shown}");
        assert!(mask_manifest("--- x\nkind: Secret").starts_with("# the manifest"));
    }

    #[test]
    fn a_secret_with_odd_data_is_still_hidden() {
        let odd = json!({"apiVersion": "v1", "kind": "Secret", "data": ["hunter2"], "metadata": {"annotations": {LAST_APPLIED: "hunter2"}}});
        assert!(!mask_object(&odd).to_string().contains("hunter2"));
    }

    #[test]
    fn values_are_hidden_by_their_keys() {
        let values = json!({
            "image": "app:1", "dbPassword": "hunter2", "apiKEY": 7,
            "auth": {"existingSecret": {"name": "s", "keys": ["a"]}, "enabled": true},
            "env": [{"name": "A", "token": "t"}], "secretless": false, "emptyToken": "",
        });
        assert_eq!(
            mask_values(&values),
            json!({
                "image": "app:1", "dbPassword": "REDACTED # (7 bytes)", "apiKEY": "REDACTED # (1 bytes)",
                "auth": {"existingSecret": {"name": "REDACTED # (1 bytes)", "keys": ["REDACTED # (1 bytes)"]}, "enabled": true},
                "env": [{"name": "A", "token": "REDACTED # (1 bytes)"}], "secretless": false, "emptyToken": "",
            })
        );
    }

    #[test]
    fn changed_values_are_told_without_being_shown() {
        let (old, new) =
            mask_values_pair(&json!({"token": "aaaa", "n": 1}), &json!({"token": "bbb", "n": 2}));
        assert_eq!(old, json!({"token": "-------- # (4 bytes)", "n": 1}));
        assert_eq!(new, json!({"token": "++++++++ # (3 bytes)", "n": 2}));
    }

    #[test]
    fn passwords_in_urls_are_hidden_wherever_they_stand() {
        for (text, shown) in [
            ("postgres://shop:hunter2@db/shop", "postgres://shop:REDACTED@db/shop"),
            (
                "amqp://a:p/w@mq, amqp://b:p@ss@mq2:5672/v",
                "amqp://a:REDACTED@mq, amqp://b:REDACTED@mq2:5672/v",
            ),
            ("redis://:hunter2@cache:6379?a=b", "redis://:REDACTED@cache:6379?a=b"),
            ("https://registry:5000/app@sha256", "https://registry:5000/app@sha256"),
            ("https://me@host/", "https://me@host/"),
            ("a://b: c@d", "a://b: c@d"),
            ("://:@", "://:@"),
        ] {
            assert_eq!(mask_values(&json!({ "a": [text] })), json!({ "a": [shown] }));
        }
        let url = |password: &str, host: &str| json!({ "url": format!("a://u:{password}@{host}") });
        let (old, new) = mask_values_pair(&url("one", "x"), &url("two", "x"));
        assert_eq!(
            (old["url"].as_str(), new["url"].as_str()),
            (Some("a://u:--------@x"), Some("a://u:++++++++@x"))
        );
        let (old, new) = mask_values_pair(&url("one", "x"), &url("one", "y"));
        assert_eq!(
            (old["url"].as_str(), new["url"].as_str()),
            (Some("a://u:REDACTED@x"), Some("a://u:REDACTED@y"))
        );
    }
}
