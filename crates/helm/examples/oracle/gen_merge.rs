//! Random triples of objects: what the old manifest says, what the target says, what is live.
//!
//! Objects are grown along the table of types, with a taste for fields that patches treat in a special way, over few names
//! and few values, so that lists overlap. The target and the live object are the old one, changed; now and then something
//! is put in that manifests should not hold.

use std::collections::HashMap;
use std::rc::Rc;

use deckwatch_helm::merge::Schema;
use serde_json::{Map, Value, json};

use crate::random::Random;

/// The fields of each type: name, type, and the key that a list is merged by.
pub type Fields = Rc<Vec<(&'static str, Schema, Option<&'static str>)>>;

/// What the table says, looked up once.
#[derive(Default)]
pub struct Types {
    kinds: Vec<(&'static str, &'static str)>,
    fields: HashMap<&'static str, Fields>,
}

impl Types {
    pub fn new() -> Self {
        Self { kinds: Schema::kinds().collect(), fields: HashMap::new() }
    }

    fn fields(&mut self, schema: Schema) -> Fields {
        let all = || schema.fields().map(|(name, inner)| (name, inner, schema.merge_key(name))).collect();
        self.fields.entry(schema.name()).or_insert_with(|| Rc::new(all())).clone()
    }
}

pub struct Made {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub old: Value,
    pub target: Value,
    pub live: Value,
    /// An object that may or may not fit its type.
    pub convertible: Value,
    pub constructs: Vec<&'static str>,
}

/// Kinds that people deploy, several times over, before all others.
const COMMON: [(&str, &str); 14] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "CronJob"),
    ("v1", "Service"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "Pod"),
    ("v1", "Node"),
    ("v1", "ConfigMap"),
    ("policy/v1", "PodDisruptionBudget"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
];

pub fn make(random: &mut Random, types: &mut Types) -> Made {
    let (api_version, kind) =
        if random.one_in(5) { *random.pick(&types.kinds) } else { *random.pick(&COMMON) };
    let schema = Schema::of_kind(api_version, kind).expect("listed kinds are known");
    let mut grower = Grower { random, types, constructs: Vec::new(), budget: 120, wild: false };
    grower.wild = grower.random.one_in(4);
    let old = grower.object(schema, 0);
    let base = if grower.random.one_in(3) { grower.object(schema, 0) } else { old.clone() };
    let target = grower.changed(base, schema, 0);
    let base = if grower.random.one_in(4) { target.clone() } else { old.clone() };
    let live = grower.changed(base, schema, 0);
    let mut convertible = old.clone();
    fill_in(&mut convertible, schema, grower.types, grower.random);
    let constructs = grower.constructs;
    Made { api_version, kind, old, target, live, convertible, constructs }
}

struct Grower<'a> {
    random: &'a mut Random,
    types: &'a mut Types,
    constructs: Vec<&'static str>,
    /// How many more values may be made.
    budget: usize,
    /// Whether to put in what manifests should not hold.
    wild: bool,
}

impl Grower<'_> {
    fn object(&mut self, schema: Schema, depth: usize) -> Value {
        let fields = self.types.fields(schema);
        let mut map = Map::new();
        if fields.is_empty() {
            return Value::Object(map);
        }
        let special: Vec<_> = fields.iter().copied().filter(is_special).collect();
        let count = 1 + self.random.below(if depth < 4 { 4 } else { 3 });
        for _ in 0..count {
            let use_special = !special.is_empty() && self.random.below(4) > 0;
            let pool = if use_special { special.as_slice() } else { fields.as_slice() };
            let (name, inner, key) = *self.random.pick(pool);
            if self.budget == 0 || depth > 12 {
                break;
            }
            let value = self.field(key, inner, depth + 1);
            map.insert(name.to_owned(), value);
        }
        self.spice(&mut map);
        Value::Object(map)
    }

    fn field(&mut self, key: Option<&str>, schema: Schema, depth: usize) -> Value {
        self.budget = self.budget.saturating_sub(1);
        let key = key.unwrap_or_default();
        if let (true, Some(items)) = (schema.name().starts_with("[]"), schema.inner()) {
            return self.list(items, key, depth);
        }
        self.value(schema, depth)
    }

    fn value(&mut self, schema: Schema, depth: usize) -> Value {
        if schema.is_struct() {
            return self.object(schema, depth);
        }
        if let (true, Some(inner)) = (schema.name().starts_with("map:"), schema.inner()) {
            let mut map = Map::new();
            for _ in 0..self.random.below(4) {
                let key = *self.random.pick(&["a", "b", "c", "app.kubernetes.io/name"]);
                map.insert(key.to_owned(), self.value(inner, depth + 1));
            }
            return Value::Object(map);
        }
        if let (true, Some(inner)) = (schema.name().starts_with("[]"), schema.inner()) {
            return self.list(inner, "", depth);
        }
        match schema.name() {
            "int32" | "int64" => json!(self.random.below(4)),
            "bool" => json!(self.random.one_in(2)),
            "number" => self.random.pick(&[json!(0.5), json!(1), json!(1.5)]).clone(),
            "int-or-string" => self.random.pick(&[json!(1), json!("1"), json!("25%"), json!(80)]).clone(),
            "quantity" => self.random.pick(&[json!("1"), json!(1), json!("100m"), json!("1Gi")]).clone(),
            "any" => {
                self.random.pick(&[json!({"x": 1}), json!({"y": {"z": 2}}), json!([1]), json!("t")]).clone()
            }
            _ => json!(*self.random.pick(&["a", "b", "c", "d"])),
        }
    }

    fn list(&mut self, items: Schema, key: &str, depth: usize) -> Value {
        let long = !key.is_empty() && self.random.one_in(25);
        let count = if long { 10 + self.random.below(60) } else { self.random.below(5) };
        let mut list: Vec<Value> = Vec::new();
        for _ in 0..count {
            if self.budget == 0 && !long {
                break;
            }
            let mut item = if long && items.is_struct() { json!({}) } else { self.value(items, depth + 1) };
            if !key.is_empty() {
                let id = self.id(items, key, long);
                let duplicate = list.iter().any(|other| other.get(key) == Some(&id));
                if duplicate && !self.random.one_in(4) {
                    continue;
                }
                if duplicate {
                    self.constructs.push("duplicate merge keys");
                }
                if let Some(map) = item.as_object_mut() {
                    map.insert(key.to_owned(), id);
                    if long && self.random.one_in(2) {
                        map.insert("value".to_owned(), json!(self.random.below(3)));
                    }
                }
            } else if !items.is_struct() && list.contains(&item) && !self.random.one_in(6) {
                continue;
            }
            list.push(item);
        }
        if list.len() > 12 && !key.is_empty() {
            self.constructs.push("long merged list");
        }
        Value::Array(list)
    }

    /// A value of a merge key, of the key's type.
    fn id(&mut self, items: Schema, key: &str, long: bool) -> Value {
        let range = if long { 40 } else { 4 };
        let number = self.random.below(range);
        match self
            .types
            .fields(items)
            .iter()
            .find(|(name, ..)| *name == key)
            .map(|(_, schema, _)| schema.name())
        {
            Some("int32" | "int64") => json!(number * 7),
            _ => json!(format!("n{number}")),
        }
    }

    /// Changes an object here and there.
    fn changed(&mut self, value: Value, schema: Schema, depth: usize) -> Value {
        let Value::Object(map) = value else { return value };
        let mut changed = Map::new();
        let fields = self.types.fields(schema);
        for (key, value) in map {
            let field = fields.iter().find(|(name, ..)| *name == key).map(|(_, inner, key)| (*inner, *key));
            let value = match (self.random.below(12), field) {
                (0, _) => continue,
                (1, Some((inner, key))) => self.field(key, inner, depth + 1),
                (2, _) if self.wild => {
                    self.constructs.push("explicit null");
                    Value::Null
                }
                (_, Some((inner, key))) => self.changed_field(key, value, inner, depth + 1),
                _ => value,
            };
            changed.insert(key, value);
        }
        if self.random.one_in(3) && !fields.is_empty() {
            self.budget += 15;
            let (name, inner, key) = *self.random.pick(&fields);
            let value = self.field(key, inner, depth + 1);
            changed.entry(name.to_owned()).or_insert(value);
        }
        self.spice(&mut changed);
        Value::Object(changed)
    }

    fn changed_field(&mut self, key: Option<&str>, value: Value, schema: Schema, depth: usize) -> Value {
        let Value::Array(mut items) = value else {
            return match value {
                Value::Object(mut map) if schema.name().starts_with("map:") => {
                    if self.random.one_in(3) {
                        map.insert("d".to_owned(), json!(*self.random.pick(&["1", "2"])));
                    }
                    Value::Object(map)
                }
                other => self.changed(other, schema, depth),
            };
        };
        let Some(inner) = schema.inner() else { return Value::Array(items) };
        items.retain(|_| !self.random.one_in(6));
        items = items.into_iter().map(|item| self.changed_item(key, item, inner, depth)).collect();
        if self.random.one_in(3) {
            self.budget += 20;
            if let Value::Array(more) = self.list(inner, key.unwrap_or_default(), depth) {
                let is_new = |item: &Value, items: &[Value]| match key {
                    Some(key) if !key.is_empty() => items.iter().all(|other| other.get(key) != item.get(key)),
                    _ => !items.contains(item),
                };
                for item in more {
                    if is_new(&item, &items) || self.random.one_in(10) {
                        items.push(item);
                    }
                }
            }
        }
        if self.random.one_in(4) {
            self.constructs.push("shuffled list");
            self.random.shuffle(&mut items);
        }
        Value::Array(items)
    }

    /// Changes an item, its merge key apart.
    fn changed_item(&mut self, key: Option<&str>, item: Value, inner: Schema, depth: usize) -> Value {
        let key = key.unwrap_or_default();
        let id = item.get(key).cloned();
        let mut changed = self.changed(item, inner, depth);
        if let (Some(map), Some(id)) = (changed.as_object_mut(), id) {
            if !self.wild || !self.random.one_in(40) {
                map.insert(key.to_owned(), id);
            } else {
                self.constructs.push("merge key changed or lost");
            }
        }
        changed
    }

    /// Puts in what should not be there.
    fn spice(&mut self, map: &mut Map<String, Value>) {
        if !self.wild || !self.random.one_in(15) {
            return;
        }
        let (what, key, value) = match self.random.below(8) {
            0 => ("$patch in a manifest", "$patch", json!("delete")),
            1 => ("$patch in a manifest", "$patch", json!(*self.random.pick(&["replace", "merge", "odd"]))),
            2 => ("unknown map", "bogus", json!({"a": self.random.below(2)})),
            3 => ("unknown list", "bogusList", json!([self.random.below(2)])),
            4 => ("unknown scalar", "bogusScalar", json!(self.random.below(2))),
            5 => ("$retainKeys in a manifest", "$retainKeys", json!(["name"])),
            6 => ("float for an integer", "replicas", json!(1.5)),
            _ => ("$setElementOrder in a manifest", "$setElementOrder/containers", json!([{"name": "n1"}])),
        };
        self.constructs.push(what);
        map.insert(key.to_owned(), value);
    }
}

/// Makes times and bytes valid, and now and then one scalar something else.
fn fill_in(value: &mut Value, schema: Schema, types: &mut Types, random: &mut Random) {
    match value {
        Value::Object(map) => {
            let fields = types.fields(schema);
            for (key, item) in map.iter_mut() {
                let field = fields.iter().find(|(name, ..)| *name == key).map(|(_, inner, _)| *inner);
                let values = schema.inner().filter(|_| schema.name().starts_with("map:"));
                if let Some(inner) = field.or(values) {
                    fill_in(item, inner, types, random);
                }
            }
        }
        Value::Array(items) => {
            let Some(inner) = schema.inner() else { return };
            for item in items {
                fill_in(item, inner, types, random);
            }
        }
        scalar => {
            if schema.name() == "time" {
                *scalar = json!("2026-11-21T07:40:48.000000Z");
            } else if schema.name() == "bytes" {
                *scalar = json!(*random.pick(&["YQ==", "", "YWJj"]));
            }
            if random.one_in(60) {
                let odd = [
                    json!("text"),
                    json!("1"),
                    json!(1),
                    json!(1.5),
                    json!(2.0),
                    json!(true),
                    json!(null),
                    json!([]),
                    json!({}),
                    json!(["a"]),
                    json!("1Gi"),
                    json!(3_000_000_000u64),
                    json!("2026-11-21"),
                    json!("%"),
                    json!(-1),
                ];
                *scalar = random.pick(&odd).clone();
            }
        }
    }
}

/// Whether a field leads to something that patches treat in a special way.
fn is_special((name, inner, key): &(&'static str, Schema, Option<&'static str>)) -> bool {
    let leads_on = matches!(
        *name,
        "spec" | "template" | "jobTemplate" | "metadata" | "containers" | "strategy" | "selector"
    );
    leads_on || key.is_some() || inner.name().ends_with("Strategy")
}
