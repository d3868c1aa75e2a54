//! Sets of fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use thiserror::Error;

use super::Element;

/// Why a set cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FieldsError {
    /// A step of a path that is none.
    #[error("parsing key as path element: `{0}`")]
    Element(String),
    /// Something else than an object where a set is expected.
    #[error("a set of fields is no object")]
    NotAnObject,
}

/// A set of fields, as a tree: what stands in it here, and what stands in it further down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// The fields at this place that are in the set.
    pub members: BTreeSet<Element>,
    /// The fields at this place with fields below them that are in the set; being here does not make them members.
    pub children: BTreeMap<Element, Self>,
}

impl Set {
    /// Reads the value of `fieldsV1`.
    pub fn from_value(value: &Value) -> Result<Self, FieldsError> {
        Ok(read(value)?.0.unwrap_or_default())
    }

    /// Returns the value for `fieldsV1`, its keys in the order in which the API machinery writes them.
    pub fn to_value(&self) -> Value {
        Value::Object(self.contents(false))
    }

    /// Returns the set of all fields that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.add(other);
        union
    }

    fn add(&mut self, other: &Self) {
        self.members.extend(other.members.iter().cloned());
        for (element, theirs) in &other.children {
            self.children.entry(element.clone()).or_default().add(theirs);
        }
    }

    /// A member with members below it says that it is one itself by a dot.
    fn contents(&self, is_member: bool) -> Map<String, Value> {
        let mut out = Map::new();
        let empty = || Value::Object(Map::new());
        if is_member && !(self.members.is_empty() && self.children.is_empty()) {
            out.insert(".".to_owned(), empty());
        }
        let all: BTreeSet<&Element> = self.members.iter().chain(self.children.keys()).collect();
        for element in all {
            let inner = match self.children.get(element) {
                Some(child) => Value::Object(child.contents(self.members.contains(element))),
                None => empty(),
            };
            out.insert(element.text(), inner);
        }
        out
    }
}

/// Reads a node of the tree: what is below it, and whether it is a member itself, which it is with nothing below it too.
fn read(value: &Value) -> Result<(Option<Set>, bool), FieldsError> {
    let none = Map::new();
    let map = match value {
        Value::Object(map) => map,
        Value::Null => &none,
        _ => return Err(FieldsError::NotAnObject),
    };
    let mut set: Option<Set> = None;
    let mut is_member = false;
    // In the order in which clients that keep objects as maps read it: of two writings of one step the last counts.
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (key, value) in entries {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(element) = Element::parse(key)? else { continue };
        let (below, member) = read(value)?;
        if member {
            set.get_or_insert_default().members.insert(element.clone());
        }
        if let Some(below) = below {
            set.get_or_insert_default().children.insert(element, below);
        }
    }
    let is_member = is_member || set.is_none();
    Ok((set, is_member))
}
