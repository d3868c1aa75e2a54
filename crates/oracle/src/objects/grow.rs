//! Random objects, grown along the table of types.
//!
//! Owns what an object is at first: few names and few values, so that lists overlap, with a taste for fields that patches
//! treat in a special way. What should not be there is put in by [`super::spice`].

use deckwatch_helm::merge::Schema;
use serde_json::{Map, Value, json};

use super::types::{Field, Types};
use crate::constructs::{Construct, Marks};
use crate::random::Random;

/// Grows and changes objects.
#[derive(Debug)]
pub struct Grower<'a> {
    /// The dice.
    pub random: &'a mut Random,
    /// The table.
    pub types: &'a mut Types,
    /// What was made.
    pub marks: &'a mut Marks,
    /// How many more values may be made.
    pub budget: usize,
    /// How often, once in so many times, something is made that manifests should not hold; 0 for never.
    pub wild: usize,
}

/// How deep objects grow.
const DEPTH: usize = 14;

impl Grower<'_> {
    /// Whether something is to be made that should not be there: once in so many times of what is usual.
    pub fn odd(&mut self, rarity: usize) -> bool {
        self.wild > 0 && self.random.one_in(self.wild * rarity)
    }

    /// Returns an object of a type with fields.
    pub fn object(&mut self, schema: Schema, depth: usize) -> Map<String, Value> {
        let fields = self.types.fields(schema);
        let mut map = Map::new();
        if !fields.all.is_empty() {
            let count = 1 + self.random.below(if depth < 4 { 4 } else { 3 });
            for _ in 0..count {
                if self.budget == 0 || depth > DEPTH {
                    break;
                }
                let special = fields.special > 0 && self.random.below(4) > 0;
                let pool = if special { fields.all.get(..fields.special) } else { None };
                let field = *self.random.pick(pool.unwrap_or(&fields.all));
                let value = self.field(field, depth + 1);
                map.insert(field.name.to_owned(), value);
            }
        }
        self.marks.note_if(map.is_empty(), Construct::EmptyCollection);
        self.spice(&mut map);
        map
    }

    /// Returns a value of a field.
    pub fn field(&mut self, field: Field, depth: usize) -> Value {
        self.budget = self.budget.saturating_sub(1);
        self.marks.note_if(field.name == "openAPIV3Schema", Construct::CrdSchema);
        match (field.schema.name().strip_prefix("[]"), field.schema.inner()) {
            (Some(_), Some(items)) => Value::Array(self.list(items, field.merge_key, depth)),
            _ => self.value(field.schema, depth),
        }
    }

    /// Returns a value of a type.
    pub fn value(&mut self, schema: Schema, depth: usize) -> Value {
        if self.odd(30) {
            return self.misfit();
        }
        if schema.is_struct() {
            return Value::Object(self.object(schema, depth));
        }
        if let (true, Some(inner)) = (schema.name().starts_with("map:"), schema.inner()) {
            let mut map = Map::new();
            for _ in 0..self.random.below(4) {
                let key = self.random.text(&["a", "b", "c", "app.kubernetes.io/name"]);
                map.insert(key.to_owned(), self.value(inner, depth + 1));
            }
            return Value::Object(map);
        }
        if let (true, Some(inner)) = (schema.name().starts_with("[]"), schema.inner()) {
            return Value::Array(self.list(inner, None, depth));
        }
        self.scalar(schema)
    }

    /// Returns a value of a type without fields or items.
    fn scalar(&mut self, schema: Schema) -> Value {
        let random = &mut *self.random;
        match schema.name() {
            "int32" | "int64" => {
                if random.one_in(40) {
                    return self.number();
                }
                json!(random.below(4))
            }
            "bool" => json!(random.one_in(2)),
            "number" => random.pick(&[json!(0.5), json!(1), json!(1.5), json!(1.0)]).clone(),
            "int-or-string" => random.pick(&[json!(1), json!("1"), json!("25%"), json!(80)]).clone(),
            "quantity" => {
                random.pick(&[json!("1"), json!(1), json!("100m"), json!("1Gi"), json!(0.5)]).clone()
            }
            "time" => json!(random.text(&["2026-11-21T07:40:48Z", "2026-11-21T07:40:48.5+03:00"])),
            "microtime" => {
                json!(random.text(&["2026-11-21T07:40:48.000000Z", "2026-11-21T07:40:49.000001Z"]))
            }
            "bytes" => json!(random.text(&["YQ==", "", "YWJj"])),
            "duration" => json!(random.text(&["1s", "1h0m0s"])),
            "string" => json!(random.text(&["a", "b", "c", "d"])),
            _ => {
                let any = [
                    json!({"x": 1}),
                    json!({"y": {"z": 2}}),
                    json!([1]),
                    json!("t"),
                    json!({"type": "string"}),
                ];
                random.pick(&any).clone()
            }
        }
    }

    /// Returns a number, mostly one at an edge.
    pub fn number(&mut self) -> Value {
        let numbers = [
            json!(1.0),
            json!(2.0),
            json!(1.5),
            json!(-1),
            json!(0.0),
            json!(2_147_483_648_u64),
            json!(9_007_199_254_740_992_u64),
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e21),
            json!(1e300),
            json!(1e-7),
        ];
        let number = self.random.pick(&numbers).clone();
        let large = number.as_f64().is_some_and(|float| float.abs() >= 9_007_199_254_740_992.0);
        self.marks.note_if(large, Construct::LargeNumber);
        number
    }

    /// Returns a value that probably does not fit where it is put.
    pub fn misfit(&mut self) -> Value {
        self.marks.note(Construct::TypeChange);
        let values = [
            json!("text"),
            json!("1"),
            json!(1),
            json!(true),
            json!([]),
            json!({}),
            json!(["a"]),
            json!([1, 1.0]),
            json!([{"name": "n1"}]),
            json!([["a"]]),
            json!([null]),
            json!({"name": "n1"}),
            json!({"a": {"b": 1}}),
            json!({"a": ["b"]}),
            json!("1Gi"),
            json!("%"),
        ];
        if self.random.one_in(4) { self.number() } else { self.random.pick(&values).clone() }
    }

    /// Returns a list. `key`: what its items are merged by, if they are.
    pub fn list(&mut self, items: Schema, key: Option<&'static str>, depth: usize) -> Vec<Value> {
        let long = key.is_some() && self.random.one_in(50);
        let count = if long { 10 + self.random.below(60) } else { self.random.below(5) };
        let mut list: Vec<Value> = Vec::new();
        for _ in 0..count {
            if self.budget == 0 && !long {
                break;
            }
            let mut item = if long && items.is_struct() { json!({}) } else { self.value(items, depth + 1) };
            if let (Some(key), Some(map)) = (key.filter(|key| !key.is_empty()), item.as_object_mut()) {
                let id = self.id(items, key, long);
                if list.iter().any(|other| other.get(key) == Some(&id)) {
                    if !self.random.one_in(4) {
                        continue;
                    }
                    self.marks.note(Construct::DuplicateMergeKey);
                }
                map.insert(key.to_owned(), id);
                if long && self.random.one_in(2) {
                    map.insert("value".to_owned(), json!(self.random.below(3)));
                }
            } else if list.contains(&item) {
                if !self.random.one_in(6) {
                    continue;
                }
                self.marks.note(Construct::DuplicateItem);
            }
            list.push(item);
        }
        self.marks.note_if(list.is_empty(), Construct::EmptyCollection);
        self.marks.note_if(list.len() > 12 && key.is_some(), Construct::LongList);
        list
    }

    /// Returns a value of a merge key, of the key's type.
    pub fn id(&mut self, items: Schema, key: &str, long: bool) -> Value {
        let number = self.random.below(if long { 40 } else { 4 });
        if self.odd(10) {
            self.marks.note(Construct::OddMergeKey);
            let odd = [
                json!(null),
                json!(true),
                json!(7.0),
                json!(1.5),
                json!({"a": 1}),
                json!(["a"]),
                json!("7"),
                json!(7),
            ];
            return self.random.pick(&odd).clone();
        }
        match self.types.fields(items).find(key).map(|field| field.schema.name()) {
            Some("int32" | "int64") => json!(number * 7),
            _ => json!(format!("n{number}")),
        }
    }
}
