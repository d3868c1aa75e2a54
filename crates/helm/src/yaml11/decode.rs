//! From a tree of nodes to JSON.
//!
//! Owns merge keys, aliases and their budget, duplicate keys (the last wins), keys that are not strings, and how numbers
//! become JSON. The budget of aliases is the one of Helm's parser, under a limit of our own on all nodes.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::grammar::read_tree;
use super::resolve::{Scalar, resolve};
use super::tree::{Kind, Node, NodeId, Tree};
use super::{MAX_DEPTH, MAX_NODES, YamlError};
use crate::faults::{Fault, on};
use crate::number::{as_written, go_float};

/// Reads the first document of `text` into JSON; `None` when there is none, or when it is null. A last line without an end
/// counts as ended, as it does in a manifest.
pub fn parse_document(text: &str) -> Result<Option<Value>, YamlError> {
    let text = if text.ends_with('\n') { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\n")) };
    parse_from(&text, 1)
}

/// Reads the first document of a text that ends with the end of a line, and whose first line has a number.
pub(super) fn parse_from(text: &str, first_line: usize) -> Result<Option<Value>, YamlError> {
    let tree = read_tree(text, first_line)?;
    let Some(root) = tree.root else { return Ok(None) };
    let mut decoder = Decoder { tree: &tree, expanding: Vec::new(), decoded: 1, from_aliases: 0 };
    match decoder.value(root, 0)? {
        Decoded::Value(value) => Ok(Some(value).filter(|value| !value.is_null())),
        Decoded::Unwritable(error) => Err(error),
    }
}

/// A value, or why JSON cannot hold it. That is no error before the end: another value of the same key may come over it.
enum Decoded {
    Value(Value),
    Unwritable(YamlError),
}

/// The key of an entry: what tells it from others, and what JSON has for it.
struct Key {
    id: KeyId,
    text: String,
}

/// What tells a key from others that may look the same in JSON.
#[derive(PartialEq, Eq, Hash)]
enum KeyId {
    Text(String),
    Bool(bool),
    Int(i64),
    /// The bits of a float; the two zeros are one key.
    Float(u64),
    /// No key is the same as this one, not even this one.
    Nan,
}

/// A mapping that is being put together.
#[derive(Default)]
struct Entries {
    /// What JSON has for the keys, and the values.
    list: Vec<(String, Decoded)>,
    /// Where in the list a key is.
    at: HashMap<KeyId, usize>,
    /// The first key that JSON cannot hold.
    bad_key: Option<YamlError>,
}

impl Entries {
    /// Puts an entry in; of the same key the last one stays, key included: of two zeros the last one's sign.
    fn put(&mut self, key: Key, value: Decoded) {
        let known = if key.id == KeyId::Nan { None } else { self.at.get(&key.id) };
        if let Some(entry) = known.and_then(|at| self.list.get_mut(*at)) {
            *entry = (key.text, value);
        } else {
            self.at.insert(key.id, self.list.len());
            self.list.push((key.text, value));
        }
    }

    /// Returns the mapping. Where two keys look the same in JSON, the last one stays; in Go it is left to chance.
    fn into_value(self) -> Decoded {
        let mut error = self.bad_key;
        let mut map = Map::with_capacity(self.list.len());
        for (key, value) in self.list {
            match value {
                Decoded::Value(value) => drop(map.insert(key, value)),
                Decoded::Unwritable(why) => drop(error.get_or_insert(why)),
            }
        }
        error.map_or(Decoded::Value(Value::Object(map)), Decoded::Unwritable)
    }
}

struct Decoder<'a> {
    tree: &'a Tree,
    /// Alias nodes that are being expanded, outermost first.
    expanding: Vec<NodeId>,
    decoded: usize,
    from_aliases: usize,
}

impl<'a> Decoder<'a> {
    fn node(&self, id: NodeId) -> Result<&'a Node, YamlError> {
        self.tree.node(id).ok_or_else(|| YamlError::syntax(0, "the document is incomplete"))
    }

    /// Counts a node and refuses documents that consist mostly of expanded aliases.
    fn count(&mut self, line: usize, depth: usize) -> Result<(), YamlError> {
        self.decoded += 1;
        self.from_aliases += usize::from(!self.expanding.is_empty());
        if depth > MAX_DEPTH {
            return Err(YamlError::Limit { line, what: "is nested too deeply" });
        }
        if self.decoded > MAX_NODES {
            return Err(YamlError::Limit { line, what: "has too many nodes" });
        }
        let ratio = self.from_aliases as f64 / self.decoded as f64;
        let too_many = self.from_aliases > 100 && self.decoded > 1_000 && ratio > allowed_ratio(self.decoded);
        if too_many && !on(Fault::AliasesWithoutEnd) {
            return Err(YamlError::Limit { line, what: "contains excessive aliasing" });
        }
        Ok(())
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Decoded, YamlError> {
        let node = self.node(id)?;
        self.count(node.line, depth)?;
        match &node.kind {
            Kind::Scalar { text, tag, plain } => {
                Ok(to_json(&scalar(node, text, tag.as_deref(), *plain)?, node.line))
            }
            Kind::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                let mut unwritable = None;
                for item in items {
                    match self.value(*item, depth + 1)? {
                        Decoded::Value(value) => list.push(value),
                        Decoded::Unwritable(error) => unwritable = Some(error),
                    }
                }
                Ok(unwritable.map_or(Decoded::Value(Value::Array(list)), Decoded::Unwritable))
            }
            Kind::Mapping(nodes) => {
                let mut entries = Entries::default();
                self.mapping(nodes, &mut entries, depth)?;
                Ok(entries.into_value())
            }
            Kind::Alias(target) => self.expand(id, node.line, |this| this.value(*target, depth + 1)),
        }
    }

    fn expand<T>(
        &mut self,
        alias: NodeId,
        line: usize,
        inner: impl FnOnce(&mut Self) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        if self.expanding.contains(&alias) {
            return Err(YamlError::syntax(line, "an anchor's value contains itself"));
        }
        self.expanding.push(alias);
        let result = inner(self);
        self.expanding.pop();
        result
    }

    /// Puts the entries in one after the other; a merge key puts its own in at its place.
    fn mapping(&mut self, nodes: &[NodeId], entries: &mut Entries, depth: usize) -> Result<(), YamlError> {
        for pair in nodes.chunks(2) {
            let &[key, value] = pair else {
                return Err(YamlError::syntax(0, "a key has no value"));
            };
            if is_merge(self.node(key)?) && (entries.list.is_empty() || !on(Fault::MergeKeyLast)) {
                self.merge(value, entries, depth)?;
                continue;
            }
            let line = self.node(key)?.line;
            let key = self.key(key, depth + 1)?;
            let value = self.value(value, depth + 1)?;
            match key {
                Ok(key) if on(Fault::FirstKeyWins) && entries.at.contains_key(&key.id) => {}
                Ok(key) => entries.put(key, value),
                Err(what) => drop(entries.bad_key.get_or_insert_with(|| YamlError::syntax(line, what))),
            }
        }
        Ok(())
    }

    /// Returns a key, or why JSON cannot have it.
    fn key(&mut self, id: NodeId, depth: usize) -> Result<Result<Key, &'static str>, YamlError> {
        let node = self.node(id)?;
        self.count(node.line, depth)?;
        let (text, tag, plain) = match &node.kind {
            Kind::Scalar { text, tag, plain } => (text, tag, *plain),
            Kind::Alias(target) => return self.expand(id, node.line, |this| this.key(*target, depth + 1)),
            Kind::Sequence(_) | Kind::Mapping(_) => {
                return Err(YamlError::syntax(node.line, "invalid map key"));
            }
        };
        let (id, text) = match scalar(node, text, tag.as_deref(), plain)? {
            Scalar::Text(text) => (KeyId::Text(text.clone()), text),
            Scalar::Bool(value) => (KeyId::Bool(value), value.to_string()),
            Scalar::Int(int) => (KeyId::Int(int), int.to_string()),
            Scalar::Float(float) if float.is_nan() => (KeyId::Nan, float_key(float)),
            Scalar::Float(float) => {
                let bits = if float == 0.0 { 0 } else { float.to_bits() };
                (KeyId::Float(bits), float_key(float))
            }
            Scalar::Null => return Ok(Err("null is no key")),
            Scalar::Uint(_) => return Ok(Err("the number is too large for a key")),
        };
        Ok(Ok(Key { id, text }))
    }

    fn merge(&mut self, id: NodeId, entries: &mut Entries, depth: usize) -> Result<(), YamlError> {
        let node = self.node(id)?;
        match &node.kind {
            Kind::Mapping(nodes) => {
                self.count(node.line, depth)?;
                self.mapping(nodes, entries, depth)
            }
            Kind::Alias(_) => self.merge_alias(id, entries, depth),
            Kind::Sequence(items) => {
                // Backwards, as earlier items win.
                for item in items.iter().rev() {
                    let item_node = self.node(*item)?;
                    match &item_node.kind {
                        Kind::Mapping(nodes) => {
                            self.count(item_node.line, depth)?;
                            self.mapping(nodes, entries, depth)?;
                        }
                        Kind::Alias(_) => self.merge_alias(*item, entries, depth)?,
                        _ => return Err(want_map(item_node.line)),
                    }
                }
                Ok(())
            }
            Kind::Scalar { .. } => Err(want_map(node.line)),
        }
    }

    fn merge_alias(&mut self, id: NodeId, entries: &mut Entries, depth: usize) -> Result<(), YamlError> {
        let node = self.node(id)?;
        let Kind::Alias(target) = node.kind else { return Err(want_map(node.line)) };
        let Kind::Mapping(nodes) = &self.node(target)?.kind else { return Err(want_map(node.line)) };
        self.count(node.line, depth)?;
        self.expand(id, node.line, |this| {
            this.count(node.line, depth + 1)?;
            this.mapping(nodes, entries, depth + 1)
        })
    }
}

/// A float as a key, to the precision of 32 bits.
fn float_key(float: f64) -> String {
    if float.is_nan() {
        ".nan".to_owned()
    } else if !(float as f32).is_infinite() {
        go_float(float, true)
    } else if float > 0.0 {
        ".inf".to_owned()
    } else {
        "-.inf".to_owned()
    }
}

fn want_map(line: usize) -> YamlError {
    YamlError::syntax(line, "map merge requires map or sequence of maps as the value")
}

fn is_merge(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar { text, tag, plain } => {
            let by_tag = tag.as_deref() == Some("tag:yaml.org,2002:merge");
            text == "<<" && (by_tag || (*plain && tag.is_none()) || tag.as_deref() == Some("!"))
        }
        _ => false,
    }
}

fn scalar(node: &Node, text: &str, tag: Option<&str>, plain: bool) -> Result<Scalar, YamlError> {
    resolve(text, tag, plain).map_err(|what| YamlError::syntax(node.line, what))
}

/// How much of a document may come from aliases: nearly all of a small one, a tenth of a large one.
fn allowed_ratio(decoded: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let decoded = decoded as f64;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
    }
}

fn to_json(scalar: &Scalar, line: usize) -> Decoded {
    Decoded::Value(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(int) => Value::from(*int),
        Scalar::Uint(uint) => return float_json(*uint as f64, line),
        Scalar::Float(float) => return float_json(*float, line),
        Scalar::Text(text) => Value::String(text.clone()),
    })
}

/// A float is written as JSON and read again: what is then written without a fraction becomes an integer.
fn float_json(float: f64, line: usize) -> Decoded {
    if let Some(int) = as_written(float) {
        return Decoded::Value(Value::from(int));
    }
    Number::from_f64(float).map_or_else(
        || Decoded::Unwritable(YamlError::syntax(line, "JSON has no infinite numbers and no NaN")),
        |number| Decoded::Value(Value::Number(number)),
    )
}
