//! From a tree of nodes to JSON.
//!
//! Owns merge keys, aliases and their budget, duplicate keys (the last wins), keys that are not strings, and how numbers
//! become JSON. The budget of aliases is the one of Helm's parser, under a limit of our own on all nodes.

use serde_json::{Map, Number, Value};

use super::events::{Kind, Node, NodeId, Tree, read_tree};
use super::resolve::{Scalar, resolve};
use super::{MAX_DEPTH, MAX_NODES, YamlError};
use crate::number::go_float;

/// Reads the first document of `text` into JSON; `None` when there is none, or when it is null. A last line without an end
/// counts as ended, as it does in a manifest.
pub fn parse_document(text: &str) -> Result<Option<Value>, YamlError> {
    let tree = read_tree(text)?;
    let Some(root) = tree.root else { return Ok(None) };
    let mut decoder = Decoder { tree: &tree, expanding: Vec::new(), decoded: 1, from_aliases: 0 };
    let value = decoder.value(root, 0)?;
    Ok(Some(value).filter(|value| !value.is_null()))
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
        if self.from_aliases > 100 && self.decoded > 1_000 && ratio > allowed_ratio(self.decoded) {
            return Err(YamlError::Limit { line, what: "contains excessive aliasing" });
        }
        Ok(())
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Value, YamlError> {
        let node = self.node(id)?;
        self.count(node.line, depth)?;
        match &node.kind {
            Kind::Scalar { text, tag, plain } => {
                to_json(&scalar(node, text, tag.as_deref(), *plain)?, node.line)
            }
            Kind::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.value(*item, depth + 1)?);
                }
                Ok(Value::Array(list))
            }
            Kind::Mapping(entries) => {
                let mut map = Map::new();
                self.mapping(entries, &mut map, depth)?;
                Ok(Value::Object(map))
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

    /// Puts the entries into `map` one after the other; a merge key puts its own in at its place.
    fn mapping(
        &mut self,
        entries: &[NodeId],
        map: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), YamlError> {
        for pair in entries.chunks(2) {
            let &[key, value] = pair else {
                return Err(YamlError::syntax(0, "a key has no value"));
            };
            let key_node = self.node(key)?;
            if is_merge(key_node) {
                self.merge(value, map, depth)?;
                continue;
            }
            let key = self.key(key, depth + 1)?;
            let value = self.value(value, depth + 1)?;
            // Both zeros of floats are one key, written as the last one.
            match key.as_str() {
                "0" => map.shift_remove("-0"),
                "-0" => map.shift_remove("0"),
                _ => None,
            };
            map.insert(key, value);
        }
        Ok(())
    }

    fn key(&mut self, id: NodeId, depth: usize) -> Result<String, YamlError> {
        let node = self.node(id)?;
        self.count(node.line, depth)?;
        let (text, tag, plain) = match &node.kind {
            Kind::Scalar { text, tag, plain } => (text, tag, *plain),
            Kind::Alias(target) => return self.expand(id, node.line, |this| this.key(*target, depth + 1)),
            Kind::Sequence(_) | Kind::Mapping(_) => {
                return Err(YamlError::syntax(node.line, "invalid map key"));
            }
        };
        Ok(match scalar(node, text, tag.as_deref(), plain)? {
            Scalar::Text(text) => text,
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(int) => int.to_string(),
            Scalar::Float(float) if float.is_nan() => ".nan".to_owned(),
            Scalar::Float(float) if (float as f32).is_infinite() => {
                if float > 0.0 {
                    ".inf".to_owned()
                } else {
                    "-.inf".to_owned()
                }
            }
            Scalar::Float(float) => go_float(float, true),
            Scalar::Null => return Err(YamlError::syntax(node.line, "null is no key")),
            Scalar::Uint(_) => return Err(YamlError::syntax(node.line, "the number is too large for a key")),
        })
    }

    fn merge(&mut self, id: NodeId, map: &mut Map<String, Value>, depth: usize) -> Result<(), YamlError> {
        let node = self.node(id)?;
        match &node.kind {
            Kind::Mapping(entries) => {
                self.count(node.line, depth)?;
                self.mapping(entries, map, depth)
            }
            Kind::Alias(_) => self.merge_alias(id, map, depth),
            Kind::Sequence(items) => {
                // Backwards, as earlier items win.
                for item in items.iter().rev() {
                    let item_node = self.node(*item)?;
                    match &item_node.kind {
                        Kind::Mapping(entries) => {
                            self.count(item_node.line, depth)?;
                            self.mapping(entries, map, depth)?;
                        }
                        Kind::Alias(_) => self.merge_alias(*item, map, depth)?,
                        _ => return Err(want_map(item_node.line)),
                    }
                }
                Ok(())
            }
            Kind::Scalar { .. } => Err(want_map(node.line)),
        }
    }

    fn merge_alias(
        &mut self,
        id: NodeId,
        map: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), YamlError> {
        let node = self.node(id)?;
        let Kind::Alias(target) = node.kind else { return Err(want_map(node.line)) };
        let Kind::Mapping(entries) = &self.node(target)?.kind else { return Err(want_map(node.line)) };
        self.count(node.line, depth)?;
        self.expand(id, node.line, |this| {
            this.count(node.line, depth + 1)?;
            this.mapping(entries, map, depth + 1)
        })
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

fn to_json(scalar: &Scalar, line: usize) -> Result<Value, YamlError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(int) => Value::from(*int),
        Scalar::Uint(uint) => float_json(*uint as f64, line)?,
        Scalar::Float(float) => float_json(*float, line)?,
        Scalar::Text(text) => Value::String(text.clone()),
    })
}

/// A float is written as JSON and read again: what is then written without a fraction becomes an integer.
fn float_json(float: f64, line: usize) -> Result<Value, YamlError> {
    if let Ok(int) = format!("{float}").parse::<i64>() {
        return Ok(Value::from(int));
    }
    Number::from_f64(float)
        .map(Value::Number)
        .ok_or_else(|| YamlError::syntax(line, "JSON has no infinite numbers and no NaN"))
}
