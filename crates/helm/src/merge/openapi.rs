//! The table of types, made from a Kubernetes OpenAPI v2 document.
//!
//! Owns the walk from kinds to the types that they reach and the format of the table. Runs when the table is made anew and
//! in the test that compares it with a document; never while deckwatch runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Groups that Helm's client knows no types of, though the API server serves them: their objects are patched as custom
/// resources are.
const UNKNOWN_GROUPS: [&str; 3] = ["apiregistration.k8s.io", "admission.k8s.io", "imagepolicy.k8s.io"];

/// Returns the table for a document: a line per kind (`group/version Kind`, type) and a line per field (`type.field`, type,
/// strategies, merge key), separated by tabs, sorted by bytes.
pub fn table(document: &Value) -> String {
    let mut lines = BTreeSet::new();
    let mut waiting = Vec::new();
    let definitions = document.get("definitions").and_then(Value::as_object);
    for (name, definition) in definitions.into_iter().flatten() {
        for (api_version, kind) in kinds_of(name, definition) {
            lines.insert(format!("{api_version} {kind}\t{}", short(name)));
            waiting.push(name.clone());
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let properties = definitions.and_then(|all| all.get(&name)).and_then(|one| one.get("properties"));
        for (field, property) in properties.and_then(Value::as_object).into_iter().flatten() {
            let text = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default();
            let (strategy, key) = (text("x-kubernetes-patch-strategy"), text("x-kubernetes-patch-merge-key"));
            let type_name = type_of(property, definitions, &mut waiting);
            let line = format!("{}.{field}\t{type_name}\t{strategy}\t{key}", short(&name));
            lines.insert(line.trim_end_matches('\t').to_owned());
        }
    }
    let sorted: BTreeMap<String, String> = lines
        .into_iter()
        .filter_map(|line| line.split_once('\t').map(|(key, rest)| (key.to_owned(), rest.to_owned())))
        .collect();
    sorted.into_iter().flat_map(|(key, rest)| [key, "\t".to_owned(), rest, "\n".to_owned()]).collect()
}

/// The kinds that a definition stands for; none for lists, whose items are what is patched.
fn kinds_of(name: &str, definition: &Value) -> Vec<(String, String)> {
    let short_name = short(name);
    let all = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    let mut kinds = Vec::new();
    for one in all.into_iter().flatten() {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        let (group, version, kind) = (text("group"), text("version"), text("kind"));
        let old_extensions = group == "apiextensions.k8s.io" && version != "v1";
        let is_list = definition.pointer("/properties/items").is_some() && kind.ends_with("List");
        if short_name.starts_with("meta.") || UNKNOWN_GROUPS.contains(&group) || old_extensions || is_list {
            continue;
        }
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        kinds.push((api_version, kind.to_owned()));
    }
    kinds
}

/// The last parts of a definition's name, which tell it apart from all others.
fn short(name: &str) -> &str {
    let prefixes =
        ["io.k8s.apiextensions-apiserver.pkg.apis.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.api."];
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

fn type_of(
    property: &Value,
    definitions: Option<&serde_json::Map<String, Value>>,
    waiting: &mut Vec<String>,
) -> String {
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        let name = reference.trim_start_matches("#/definitions/");
        return named_type(name, definitions.and_then(|all| all.get(name)), waiting);
    }
    let text = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("type"), text("format")) {
        ("array", _) => {
            let items = property.get("items").unwrap_or(&Value::Null);
            format!("[]{}", type_of(items, definitions, waiting))
        }
        ("object", _) => match property.get("additionalProperties") {
            Some(values) => format!("map:{}", type_of(values, definitions, waiting)),
            None => "any".to_owned(),
        },
        ("string", "byte") => "bytes".to_owned(),
        ("string", "date-time") => "time".to_owned(),
        ("integer", "int64") => "int64".to_owned(),
        ("integer", _) => "int32".to_owned(),
        ("boolean", _) => "bool".to_owned(),
        ("number" | "string", _) => text("type").to_owned(),
        _ => "any".to_owned(),
    }
}

fn named_type(name: &str, definition: Option<&Value>, waiting: &mut Vec<String>) -> String {
    let text =
        |key: &str| definition.and_then(|one| one.get(key)).and_then(Value::as_str).unwrap_or_default();
    let has_fields = definition.is_some_and(|one| one.get("properties").is_some());
    match (text("type"), text("format")) {
        _ if name.ends_with("resource.Quantity") => "quantity".to_owned(),
        ("string", "int-or-string") => "int-or-string".to_owned(),
        ("string", "date-time") => "time".to_owned(),
        ("string", _) => "string".to_owned(),
        ("object", _) if has_fields => {
            waiting.push(name.to_owned());
            short(name).to_owned()
        }
        // Raw JSON takes anything; any other object without fields has none. Patches can look into neither.
        ("object", _) if !name.ends_with(".RawExtension") && !name.ends_with(".FieldsV1") => {
            "object".to_owned()
        }
        _ => "any".to_owned(),
    }
}
