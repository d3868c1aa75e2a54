//! Manifests: several documents in one text.
//!
//! Owns the splitting at lines that begin with `---`, the skipping of empty documents, and the flattening of lists.
//! Keeps the `# Source:` comment and the text beside each object.

use serde_json::Value;

use super::{MAX_OBJECTS, YamlError, parse_document};

/// An object of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestObject {
    /// The template that it was rendered from, from its `# Source:` comment.
    pub source: Option<String>,
    /// The text of its document; that of the whole list for an item of a list.
    pub text: String,
    /// The object.
    pub value: Value,
}

/// Splits a manifest into the texts of its documents, line ends normalised, separators left out.
pub fn documents(manifest: &str) -> Result<Vec<String>, YamlError> {
    let mut found = Vec::new();
    let mut current = String::new();
    for (index, line) in manifest.split_terminator('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(YamlError::syntax(index + 1, format!("invalid document separator: `{rest}`")));
            }
            if !current.is_empty() {
                found.push(std::mem::take(&mut current));
            }
            continue;
        }
        current.push_str(line);
        current.push('\n');
    }
    if !current.is_empty() {
        found.push(current);
    }
    Ok(found)
}

/// Reads all objects of a manifest, in order, lists flattened.
pub fn read_manifest(manifest: &str) -> Result<Vec<ManifestObject>, YamlError> {
    let mut objects = Vec::new();
    if manifest.trim_start().starts_with('{')
        && let Some(values) = read_json(manifest)
    {
        for value in values {
            flatten(value, None, manifest, &mut objects)?;
        }
        return Ok(objects);
    }
    for (index, text) in documents(manifest)?.into_iter().enumerate() {
        let source = source_comment(&text);
        let at = |error: YamlError| YamlError::Document {
            number: index + 1,
            source_path: source.clone(),
            error: Box::new(error),
        };
        if let Some(value) = parse_document(&text).map_err(at)? {
            flatten(value, source.as_deref(), &text, &mut objects).map_err(at)?;
        }
    }
    Ok(objects)
}

/// A stream of JSON objects, one after the other, is a manifest too.
fn read_json(manifest: &str) -> Option<Vec<Value>> {
    let stream = serde_json::Deserializer::from_str(manifest).into_iter::<Value>();
    let values: Vec<Value> = stream.collect::<Result<_, _>>().ok()?;
    Some(values.into_iter().map(crate::number::canonical).filter(|value| !value.is_null()).collect())
}

fn source_comment(text: &str) -> Option<String> {
    let comments = text.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    comments.filter_map(|line| line.strip_prefix("# Source: ")).map(|path| path.trim().to_owned()).last()
}

/// Adds an object, or, for anything with a list of items, its items, each with the list's kind where it has none.
fn flatten(
    value: Value,
    source: Option<&str>,
    text: &str,
    objects: &mut Vec<ManifestObject>,
) -> Result<(), YamlError> {
    let mut waiting = std::collections::VecDeque::from([value]);
    while let Some(mut value) = waiting.pop_front() {
        if objects.len() + waiting.len() >= MAX_OBJECTS {
            return Err(YamlError::TooManyObjects { limit: MAX_OBJECTS });
        }
        let field =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, api_version) = (field(&value, "kind"), field(&value, "apiVersion"));
        if kind.is_empty() {
            return Err(YamlError::NoKind);
        }
        let items = match value.get_mut("items") {
            Some(Value::Array(items)) => std::mem::take(items),
            Some(Value::Null) => continue,
            _ => {
                objects.push(ManifestObject {
                    source: source.map(str::to_owned),
                    text: text.to_owned(),
                    value,
                });
                continue;
            }
        };
        let item_kind = kind.strip_suffix("List").unwrap_or(&kind);
        for mut item in items {
            let incomplete = field(&item, "kind").is_empty() || field(&item, "apiVersion").is_empty();
            if let (true, Some(map)) = (incomplete, item.as_object_mut()) {
                map.insert("kind".to_owned(), Value::from(item_kind));
                map.insert("apiVersion".to_owned(), Value::from(api_version.clone()));
            }
            waiting.push_back(item);
        }
    }
    Ok(())
}
