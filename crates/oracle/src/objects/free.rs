//! Random JSON of no type, and custom resources.

use serde_json::{Map, Value, json};

use super::grow::Grower;

const KEYS: [&str; 8] = ["a", "b", "c", "name", "spec", "items", "$patch", "x.y/z"];

impl Grower<'_> {
    /// Returns a value of any type.
    pub fn free(&mut self, depth: usize) -> Value {
        let deep = depth > 4;
        match self.random.below(if deep { 6 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.random.one_in(2)),
            2 => json!(self.random.below(3)),
            3 => self.number(),
            4 | 5 => json!(self.random.text(&["", "a", "b", "1", "null", "é"])),
            6 | 7 => {
                let count = self.random.below(4);
                Value::Array((0..count).map(|_| self.free(depth + 1)).collect())
            }
            _ => Value::Object(self.free_map(depth)),
        }
    }

    /// Returns a map of anything.
    pub fn free_map(&mut self, depth: usize) -> Map<String, Value> {
        let count = self.random.below(5);
        (0..count).map(|_| (self.random.text(&KEYS).to_owned(), self.free(depth + 1))).collect()
    }

    /// Changes a value here and there.
    pub fn free_change(&mut self, value: &Value, depth: usize) -> Value {
        if self.random.one_in(12) {
            return self.free(depth);
        }
        match value {
            Value::Object(map) => {
                let mut changed = Map::new();
                for (key, value) in map {
                    if !self.random.one_in(8) {
                        changed.insert(key.clone(), self.free_change(value, depth + 1));
                    }
                }
                if self.random.one_in(4) {
                    changed.insert(self.random.text(&KEYS).to_owned(), self.free(depth + 1));
                }
                Value::Object(changed)
            }
            Value::Array(items) => {
                let mut items: Vec<Value> =
                    items.iter().map(|item| self.free_change(item, depth + 1)).collect();
                if self.random.one_in(6) {
                    self.random.shuffle(&mut items);
                }
                Value::Array(items)
            }
            other => other.clone(),
        }
    }
}
