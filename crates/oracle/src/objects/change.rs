//! Changes of objects: what makes a target of an old object, and a live object of either.

use deckwatch_helm::merge::Schema;
use serde_json::{Map, Value, json};

use super::grow::Grower;
use super::types::Field;
use crate::constructs::Construct;

impl Grower<'_> {
    /// Changes an object here and there.
    pub fn changed(&mut self, map: Map<String, Value>, schema: Schema, depth: usize) -> Map<String, Value> {
        let fields = self.types.fields(schema);
        let mut changed = Map::new();
        for (key, value) in map {
            let field = fields.find(&key);
            let value = match (self.random.below(12), field) {
                (0, _) => continue,
                (1, Some(field)) => self.field(field, depth + 1),
                (2, _) if self.odd(2) => {
                    if self.random.one_in(2) {
                        Value::Null
                    } else {
                        self.misfit()
                    }
                }
                (_, Some(field)) => self.changed_field(field, value, depth + 1),
                _ => value,
            };
            changed.insert(key, value);
        }
        if self.random.one_in(3) && !fields.all.is_empty() {
            self.budget += 15;
            let field = *self.random.pick(&fields.all);
            let value = self.field(field, depth + 1);
            changed.entry(field.name.to_owned()).or_insert(value);
        }
        if self.random.one_in(10) {
            let mut entries: Vec<_> = changed.into_iter().collect();
            self.random.shuffle(&mut entries);
            changed = entries.into_iter().collect();
        }
        self.spice(&mut changed);
        changed
    }

    /// Changes the value of a field.
    fn changed_field(&mut self, field: Field, value: Value, depth: usize) -> Value {
        match value {
            Value::Array(items) => Value::Array(self.changed_list(field, items, depth)),
            Value::Object(mut map) if field.schema.name().starts_with("map:") => {
                if self.random.one_in(3) {
                    map.insert("d".to_owned(), json!(self.random.text(&["1", "2"])));
                }
                if self.random.one_in(4) {
                    map.shift_remove(self.random.text(&["a", "b", "c"]));
                }
                if let (true, Some(inner)) = (self.random.one_in(3), field.schema.inner()) {
                    let changed =
                        map.into_iter().map(|(key, value)| (key, self.changed_value(value, inner, depth)));
                    map = changed.collect();
                }
                Value::Object(map)
            }
            other => self.changed_value(other, field.schema, depth),
        }
    }

    fn changed_value(&mut self, value: Value, schema: Schema, depth: usize) -> Value {
        match value {
            Value::Object(map) if schema.is_struct() => Value::Object(self.changed(map, schema, depth)),
            Value::Number(number) if self.wild > 0 && self.random.one_in(3) => self.other_number(&number),
            other => other,
        }
    }

    /// Writes an integer as a float, or a float as an integer.
    fn other_number(&mut self, number: &serde_json::Number) -> Value {
        self.marks.note(Construct::IntOrFloat);
        match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => json!(int as f64),
            (None, Some(float)) => json!(float as i64),
            _ => Value::Null,
        }
    }

    fn changed_list(&mut self, field: Field, mut items: Vec<Value>, depth: usize) -> Vec<Value> {
        let Some(inner) = field.schema.inner() else { return items };
        let key = field.merge_key.filter(|key| !key.is_empty());
        let before = items.clone();
        items.retain(|_| !self.random.one_in(6));
        items = items.into_iter().map(|item| self.changed_item(key, item, inner, depth)).collect();
        if self.random.one_in(3) {
            self.budget += 20;
            for item in self.list(inner, field.merge_key, depth) {
                let is_new = match key {
                    Some(key) => items.iter().all(|other| other.get(key) != item.get(key)),
                    None => !items.contains(&item),
                };
                if is_new || self.random.one_in(10) {
                    self.marks.note_if(!is_new && key.is_some(), Construct::DuplicateMergeKey);
                    items.push(item);
                }
            }
        }
        if self.random.one_in(25)
            && let Some(item) = items.first().cloned()
        {
            self.marks.note(Construct::DuplicateItem);
            items.push(item);
        }
        if self.random.one_in(4) && items.len() > 1 {
            self.marks.note(Construct::Reordered);
            self.random.shuffle(&mut items);
        }
        if self.odd(8) && !items.is_empty() {
            let at = self.random.below(items.len());
            let odd = self.misfit();
            items.splice(at..=at, [odd]);
        }
        self.marks.note_if(field.merge_key.is_none() && items != before, Construct::ListWithoutMergeKey);
        items
    }

    /// Changes an item, its merge key apart.
    fn changed_item(&mut self, key: Option<&str>, item: Value, inner: Schema, depth: usize) -> Value {
        let id = key.and_then(|key| item.get(key)).cloned();
        let mut changed = self.changed_value(item, inner, depth);
        if let (Some(key), Some(id), Some(map)) = (key, id, changed.as_object_mut()) {
            if self.odd(4) {
                if self.random.one_in(2) {
                    self.marks.note(Construct::MissingMergeKey);
                    map.shift_remove(key);
                } else {
                    let other = self.id(inner, key, false);
                    map.insert(key.to_owned(), other);
                }
            } else {
                map.insert(key.to_owned(), id);
            }
        }
        changed
    }
}
