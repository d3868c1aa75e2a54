//! What should not stand in an object: directives of patches, unknown fields, fields in other letters; and random patches.

use deckwatch_helm::merge::Schema;
use serde_json::{Map, Value, json};

use super::grow::Grower;
use crate::constructs::Construct;

impl Grower<'_> {
    /// Puts in what should not be there.
    pub fn spice(&mut self, map: &mut Map<String, Value>) {
        if !self.odd(4) {
            return;
        }
        let number = self.random.below(2);
        let (construct, key, value) = match self.random.below(10) {
            0 | 1 => return self.directive(map),
            2 => (Construct::UnknownField, "bogus", json!({"a": number})),
            3 => (Construct::UnknownField, "bogusList", json!([number])),
            4 => (Construct::UnknownField, "bogusScalar", json!(number)),
            5 => (Construct::UnknownField, "bogusDeep", json!({"a": {"b": number}, "c": [{"name": "n1"}]})),
            6 => (Construct::OddDirective, "$retainKeys", json!(["name"])),
            7 => (Construct::OddDirective, "$setElementOrder/containers", json!([{"name": "n1"}])),
            8 => (Construct::IntOrFloat, "replicas", json!(number as f64)),
            _ => return self.other_case(map),
        };
        self.marks.note(construct);
        map.insert(key.to_owned(), value);
    }

    /// Puts a `$patch` in.
    fn directive(&mut self, map: &mut Map<String, Value>) {
        let (construct, value) = match self.random.below(7) {
            0 | 1 => (Construct::PatchDelete, json!("delete")),
            2 | 3 => (Construct::PatchReplace, json!("replace")),
            4 => (Construct::PatchMerge, json!("merge")),
            5 => (Construct::OddDirective, json!("odd")),
            _ => (Construct::OddDirective, json!(5)),
        };
        self.marks.note(construct);
        map.insert("$patch".to_owned(), value);
    }

    /// Writes a field in other letters, as Go's reader of types takes it all the same.
    fn other_case(&mut self, map: &mut Map<String, Value>) {
        let names: Vec<String> = map.keys().filter(|name| !name.starts_with('$')).cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = self.random.pick(&names).clone();
        if let Some(value) = map.shift_remove(&name) {
            self.marks.note(Construct::OtherCase);
            let other = if self.random.one_in(2) { name.to_uppercase() } else { name.to_lowercase() };
            map.insert(other, value);
        }
    }

    /// Returns a patch that was not made of a difference: an object with directives wherever they may stand.
    pub fn patch(&mut self, base: &Map<String, Value>, schema: Schema, depth: usize) -> Map<String, Value> {
        let fields = self.types.fields(schema);
        let grown = self.object(schema, depth);
        let mut patch = Map::new();
        for (key, value) in base.iter().chain(&grown) {
            if self.random.one_in(3) {
                continue;
            }
            let Some(field) = fields.find(key) else {
                patch.insert(key.clone(), value.clone());
                continue;
            };
            match (value, base.get(key)) {
                _ if self.random.one_in(8) => drop(patch.insert(key.clone(), Value::Null)),
                (Value::Object(_), Some(Value::Object(inner))) if field.schema.is_struct() => {
                    let inner = self.patch(inner, field.schema, depth + 1);
                    patch.insert(key.clone(), Value::Object(inner));
                }
                (Value::Array(items), Some(Value::Array(old))) => {
                    self.patch_list(&mut patch, field.schema, key, field.merge_key, items, old, depth + 1);
                }
                _ => drop(patch.insert(key.clone(), value.clone())),
            }
        }
        if self.random.one_in(12) {
            self.directive(&mut patch);
        }
        if self.random.one_in(10) {
            let mut keys: Vec<Value> = patch.keys().map(|key| json!(key)).collect();
            keys.retain(|_| !self.random.one_in(12));
            patch.insert("$retainKeys".to_owned(), Value::Array(keys));
        }
        patch
    }

    #[expect(clippy::too_many_arguments, reason = "all of it describes one list")]
    fn patch_list(
        &mut self,
        patch: &mut Map<String, Value>,
        schema: Schema,
        key: &str,
        merge_key: Option<&'static str>,
        items: &[Value],
        old: &[Value],
        depth: usize,
    ) {
        let Some(inner) = schema.inner() else { return };
        let mut list: Vec<Value> = items.iter().filter(|_| !self.random.one_in(3)).cloned().collect();
        if self.random.one_in(2) {
            list.extend(self.list(inner, merge_key, depth));
        }
        let by = merge_key.unwrap_or_default();
        for item in &mut list {
            if let (Value::Object(map), false) = (&mut *item, by.is_empty()) {
                let id = map.get(by).cloned();
                if self.random.one_in(6) {
                    self.directive(map);
                } else if self.random.one_in(2) {
                    *map = self.patch(&map.clone(), inner, depth + 1);
                    if let Some(id) = id {
                        map.insert(by.to_owned(), id);
                    }
                }
            }
        }
        if self.random.one_in(2) {
            let mut order: Vec<Value> = old.iter().chain(&list).map(|item| only_key(item, by)).collect();
            order.retain(|_| !self.random.one_in(8));
            if self.random.one_in(2) {
                self.random.shuffle(&mut order);
            } else {
                // The order of the list itself, which the patch must follow.
                order = list.iter().map(|item| only_key(item, by)).collect();
            }
            patch.insert(format!("$setElementOrder/{key}"), Value::Array(order));
        }
        if by.is_empty() && self.random.one_in(3) {
            let gone: Vec<Value> = old.iter().filter(|_| self.random.one_in(2)).cloned().collect();
            patch.insert(format!("$deleteFromPrimitiveList/{key}"), Value::Array(gone));
        }
        if !self.random.one_in(4) {
            patch.insert(key.to_owned(), Value::Array(list));
        }
    }
}

/// What `$setElementOrder` says of an item.
fn only_key(item: &Value, key: &str) -> Value {
    match item.get(key) {
        Some(id) if !key.is_empty() => json!({key: id}),
        _ => item.clone(),
    }
}
