//! The table of types, looked up once per type.

use std::collections::HashMap;
use std::rc::Rc;

use deckwatch_helm::merge::Schema;

/// A field of a type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub schema: Schema,
    /// The key that its items are merged by; empty for scalars that are merged; `None` where it is no merged list.
    pub merge_key: Option<&'static str>,
}

impl Field {
    /// Whether the field leads to something that patches treat in a special way.
    fn is_special(&self) -> bool {
        let leads_on = matches!(
            self.name,
            "spec"
                | "template"
                | "jobTemplate"
                | "metadata"
                | "containers"
                | "strategy"
                | "selector"
                | "versions"
                | "schema"
                | "openAPIV3Schema"
                | "validation"
                | "properties"
        );
        leads_on || self.merge_key.is_some() || self.schema.name().ends_with("Strategy")
    }
}

/// The fields of a type, those first that patches treat in a special way.
#[derive(Debug)]
pub struct Fields {
    /// All of them.
    pub all: Vec<Field>,
    /// How many are special.
    pub special: usize,
}

impl Fields {
    /// Finds a field.
    pub fn find(&self, name: &str) -> Option<Field> {
        self.all.iter().find(|field| field.name == name).copied()
    }
}

/// What the table says.
#[derive(Debug)]
pub struct Types {
    /// All kinds.
    pub kinds: Vec<(&'static str, &'static str)>,
    fields: HashMap<&'static str, Rc<Fields>>,
}

impl Default for Types {
    fn default() -> Self {
        Self { kinds: Schema::kinds().collect(), fields: HashMap::new() }
    }
}

impl Types {
    /// Returns the fields of a type.
    pub fn fields(&mut self, schema: Schema) -> Rc<Fields> {
        let make = || {
            let of = |(name, inner)| Field { name, schema: inner, merge_key: schema.merge_key(name) };
            let (mut all, others): (Vec<_>, Vec<_>) = schema.fields().map(of).partition(Field::is_special);
            let special = all.len();
            all.extend(others);
            Rc::new(Fields { all, special })
        };
        self.fields.entry(schema.name()).or_insert_with(make).clone()
    }
}
