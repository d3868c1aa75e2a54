//! Manifests: several documents in one text.
//!
//! Owns the splitting at lines that begin with `---`, the skipping of empty documents, streams of JSON objects, and the
//! flattening of lists, all as the resource builder does it that Helm reads manifests with.
//! Keeps the `# Source:` comment and the text beside each object.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::decode::parse_from;
use super::{MAX_OBJECTS, YamlError};
use crate::faults::{Fault, on};

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

/// How far Helm's reader looks for an opening brace.
const GUESS: usize = 4096;

/// A document as Helm's reader cuts it out. Where nothing stands before a separator, the separator itself becomes the first
/// line of the document; it matters where it is none, since something stands right behind it.
struct Chunk {
    text: String,
    /// Whether the first line is a separator.
    separated: bool,
}

impl Chunk {
    fn content(&self) -> &str {
        if self.separated { self.text.split_once('\n').map_or("", |(_, rest)| rest) } else { &self.text }
    }

    fn read(&self) -> Result<Option<Value>, YamlError> {
        parse_from(&self.text, usize::from(!self.separated))
    }
}

fn chunks<'a>(manifest: &'a str) -> Result<Vec<Chunk>, YamlError> {
    let mut found = Vec::new();
    let mut current = Chunk { text: String::new(), separated: false };
    for (index, line) in manifest.split_inclusive('\n').enumerate() {
        let ended =
            |line: &'a str| line.strip_suffix('\r').filter(|_| !on(Fault::WindowsLineEnds)).unwrap_or(line);
        let line = line.strip_suffix('\n').map_or(line, ended);
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(YamlError::syntax(index + 1, format!("invalid document separator: `{rest}`")));
            }
            if !current.text.is_empty() {
                found.push(std::mem::replace(&mut current, Chunk { text: String::new(), separated: false }));
                continue;
            }
            current.separated = true;
        }
        current.text.push_str(line);
        current.text.push('\n');
    }
    if !current.text.is_empty() {
        found.push(current);
    }
    Ok(found)
}

/// Splits a manifest into the texts of its documents, line ends normalised, separators left out.
pub fn documents(manifest: &str) -> Result<Vec<String>, YamlError> {
    let contents = chunks(manifest)?.into_iter().map(|chunk| chunk.content().to_owned());
    Ok(contents.filter(|content| !content.is_empty()).collect())
}

/// Reads all objects of a manifest, in order, lists flattened.
pub fn read_manifest(manifest: &str) -> Result<Vec<ManifestObject>, YamlError> {
    let mut objects = Vec::new();
    let rest = if is_json(manifest) { read_json(manifest, &mut objects)? } else { manifest };
    let mut number = 0;
    for chunk in chunks(rest)? {
        let text = chunk.content();
        number += usize::from(number == 0 || !text.is_empty());
        let source = source_comment(text);
        let at = |error: YamlError| YamlError::Document {
            number,
            source_path: source.clone(),
            error: Box::new(error),
        };
        if let Some(value) = chunk.read().map_err(at)? {
            flatten(value, source.as_deref(), text, &mut objects).map_err(at)?;
        }
    }
    Ok(objects)
}

/// Whether Helm's reader tries JSON first.
fn is_json(manifest: &str) -> bool {
    let blanks = manifest.len() - manifest.trim_start().len();
    blanks < GUESS && manifest.trim_start().starts_with('{')
}

/// Reads JSON objects, one after the other; returns what is to be read as YAML. That is all where not even the first is JSON,
/// and what follows the first where the second is none.
fn read_json<'a>(manifest: &'a str, objects: &mut Vec<ManifestObject>) -> Result<&'a str, YamlError> {
    let line = |at: usize| manifest.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let (mut count, mut end) = (0, 0);
    loop {
        let rest = manifest.get(end..).unwrap_or_default();
        let next = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if next.is_empty() {
            return Ok("");
        }
        let start = end + rest.len() - next.len();
        if let Some(literal) = literal(next) {
            if literal != "null" {
                return Err(YamlError::NoKind);
            }
            (count, end) = (count + 1, start + literal.len());
            continue;
        }
        let mut stream = serde_json::Deserializer::from_str(next).into_iter::<&RawValue>();
        let Some(Ok(raw)) = stream.next() else {
            let wrong = || YamlError::syntax(line(end), "neither JSON nor YAML");
            return after_json(rest).filter(|_| count < 2).ok_or_else(wrong);
        };
        let value: Value = serde_json::from_str(&whole_characters(raw.get())).map_err(|error| {
            YamlError::syntax(line(start) + error.line().saturating_sub(1), error.to_string())
        })?;
        (count, end) = (count + 1, start + stream.byte_offset());
        let value = crate::number::written(value);
        flatten(value, None, manifest, objects)?;
    }
}

/// Returns the null, the boolean or the number that a text begins with. Helm's reader ends it where it is complete, whatever
/// stands behind it.
fn literal(text: &str) -> Option<&str> {
    if let Some(word) = ["null", "true", "false"].into_iter().find(|word| text.starts_with(word)) {
        return text.get(..word.len());
    }
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
    let mut end = usize::from(is(0, b"-"));
    match digits(end) {
        0 => return None,
        _ if is(end, b"0") => end += 1,
        count => end += count,
    }
    if is(end, b".") {
        end += 1 + Some(digits(end + 1)).filter(|count| *count > 0)?;
    }
    if is(end, b"eE") {
        end += 1 + usize::from(is(end + 1, b"+-"));
        end += Some(digits(end)).filter(|count| *count > 0)?;
    }
    text.get(..end)
}

/// Writes half a character, which JSON has room for and no text has, as Go reads it: as the sign for what can't be read.
fn whole_characters(json: &str) -> Cow<'_, str> {
    let code = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let (mut whole, mut done, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (code(at), code(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str(json.get(done..at).unwrap_or_default());
                whole.push_str("\\ufffd");
                at += 6;
                done = at;
            }
            _ => at += 2,
        }
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    whole.push_str(json.get(done..).unwrap_or_default());
    Cow::Owned(whole)
}

/// What Helm's reader goes on with where JSON ends: white space is passed, up to the end of the line. With less than four
/// bytes left it gives up.
fn after_json(mut rest: &str) -> Option<&str> {
    while rest.len() >= 4 {
        match rest.chars().next() {
            Some(c) if c.is_whitespace() => {
                rest = rest.get(c.len_utf8()..)?;
                if c == '\n' {
                    return Some(rest);
                }
            }
            _ => return Some(rest),
        }
    }
    None
}

fn source_comment(text: &str) -> Option<String> {
    let comments = text.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    comments.filter_map(|line| line.strip_prefix("# Source: ")).map(|path| path.trim().to_owned()).last()
}

/// Adds an object, or, for anything with `items`, its items. Those that have neither kind nor version get the list's.
fn flatten(
    mut value: Value,
    source: Option<&str>,
    text: &str,
    objects: &mut Vec<ManifestObject>,
) -> Result<(), YamlError> {
    let mut add = |value: Value| {
        if objects.len() >= MAX_OBJECTS {
            return Err(YamlError::TooManyObjects { limit: MAX_OBJECTS });
        }
        objects.push(ManifestObject { source: source.map(str::to_owned), text: text.to_owned(), value });
        Ok(())
    };
    let (kind, api_version) = (field(&value, "kind").to_owned(), field(&value, "apiVersion").to_owned());
    if kind.is_empty() || api_version.matches('/').count() > 1 {
        return Err(YamlError::NoKind);
    }
    let items = match value.get_mut("items") {
        None => return add(value),
        Some(_) if on(Fault::ListsStay) => return add(value),
        Some(Value::Null) => return Ok(()),
        Some(Value::Array(items)) => std::mem::take(items),
        Some(_) => return Err(YamlError::BadList("the `items` of a list are not in a list")),
    };
    let item_kind = kind.strip_suffix("List").unwrap_or(&kind);
    for item in items {
        let mut map = match item {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            _ => return Err(YamlError::BadList("an item of a list is no object")),
        };
        if text_of(&map, "kind").is_empty() && text_of(&map, "apiVersion").is_empty() {
            map.insert("kind".to_owned(), Value::from(item_kind));
            map.insert("apiVersion".to_owned(), Value::from(api_version.clone()));
        }
        if map.get("items").is_some_and(Value::is_array) {
            return Err(YamlError::BadList("a list is an item of a list"));
        }
        if text_of(&map, "kind").is_empty() || !has_version(text_of(&map, "apiVersion")) {
            return Err(YamlError::BadList("an item of a list has no `kind` or no `apiVersion`"));
        }
        add(Value::Object(map))?;
    }
    Ok(())
}

fn text_of<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether an `apiVersion` has a version, with a group or without.
fn has_version(api_version: &str) -> bool {
    match api_version.split_once('/') {
        Some((_, version)) => !version.is_empty() && !version.contains('/'),
        None => !api_version.is_empty(),
    }
}
