//! The types of the kinds that are built into Kubernetes: their fields, and how patches merge them.
//!
//! Owns the look-ups in a table that `examples/merge_keys.rs` makes from a Kubernetes OpenAPI document. It never asks a
//! server: the table is the one of the types that Helm is built with, and it is there when the network is not.
//! A test compares the table with a document where one is at hand.

use super::MergeError;

/// Sorted lines; see [`super::openapi::table`].
static TABLE: &str = include_str!("table.tsv");

/// A type: a kind's, or that of a field somewhere inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// A type's name, a scalar's, or one behind `[]` (list) or `map:`.
    name: &'static str,
}

/// How a patch treats a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The type of the field; of its items when it was looked up as a list.
    pub schema: Schema,
    pub strategy: Strategy,
    /// Whether a patch names the keys that stay.
    pub retain_keys: bool,
    /// Empty when there is none.
    pub merge_key: &'static str,
}

/// The strategy of a field, `retainKeys` aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    Default,
    Merge,
    Replace,
}

impl Schema {
    /// Returns the type of a kind, or `None` when it is not built into Kubernetes as this crate knows it.
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let name = look_up(&format!("{api_version} {kind}"))?;
        Some(Self { name })
    }

    /// Returns the type's name: `apps.v1.Deployment`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns all kinds that are known, as `apiVersion` and kind.
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.lines().filter_map(|line| line.split_once('\t')?.0.split_once(' '))
    }

    /// Returns the fields of the type and their types, sorted by name; none for what is no type with fields.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, Self)> {
        let own = move |line: &'static str| {
            let (key, columns) = line.split_once('\t')?;
            let field = key.strip_prefix(self.name)?.strip_prefix('.')?;
            let name = columns.split('\t').next().unwrap_or_default();
            (!field.contains(['.', ' '])).then_some((field, Self { name }))
        };
        TABLE.lines().filter_map(own)
    }

    /// Returns the type of a field, if this type has fields and one of this name.
    pub fn field(self, name: &str) -> Option<Self> {
        self.row(name).map(|row| Self { name: row.split('\t').next().unwrap_or_default() })
    }

    /// Returns the key that items of the list in this field are merged by, if they are.
    pub fn merge_key(self, field: &str) -> Option<&'static str> {
        let field = self.list_field(field).ok()?;
        (field.strategy == Strategy::Merge).then_some(field.merge_key)
    }

    /// Returns the type of the items of a list or of the values of a map.
    pub fn inner(self) -> Option<Self> {
        let name = self.name.strip_prefix("[]").or_else(|| self.name.strip_prefix("map:"))?;
        Some(Self { name })
    }

    /// Returns whether the type is one with fields.
    pub fn is_struct(self) -> bool {
        self.name.contains('.') && !self.name.starts_with("[]") && !self.name.starts_with("map:")
    }

    /// Looks a field up that holds a map.
    pub(super) fn map_field(self, key: &str) -> Result<Field, MergeError> {
        let Some(row) = self.row(key) else {
            return Err(if self.is_struct() || matches!(self.name, "any" | "object") {
                let owner = self.name.rsplit('.').next().unwrap_or_default().to_owned();
                MergeError::UnknownField { owner, field: key.to_owned() }
            } else {
                MergeError::NotAStruct(self.go_kind().to_owned())
            });
        };
        let mut columns = row.split('\t');
        let name = columns.next().unwrap_or_default();
        let strategies = columns.next().unwrap_or_default();
        let merge_key = columns.next().unwrap_or_default();
        let mut field =
            Field { schema: Self { name }, strategy: Strategy::Default, retain_keys: false, merge_key };
        for strategy in strategies.split(',') {
            match strategy {
                "merge" => field.strategy = Strategy::Merge,
                "replace" => field.strategy = Strategy::Replace,
                "retainKeys" => field.retain_keys = true,
                _ => {}
            }
        }
        Ok(field)
    }

    /// Looks a field up that holds a list; the type is that of the items.
    pub(super) fn list_field(self, key: &str) -> Result<Field, MergeError> {
        let field = self.map_field(key)?;
        match field.schema.name.strip_prefix("[]") {
            Some(items) if items.starts_with("[]") => Err(MergeError::ListOfLists),
            Some(name) => Ok(Field { schema: Self { name }, ..field }),
            None => Err(MergeError::NotAList(self.go_kind().to_owned())),
        }
    }

    fn row(self, key: &str) -> Option<&'static str> {
        look_up(&format!("{}.{key}", self.name))
    }

    /// What Go calls the kind of such a type.
    pub(super) fn go_kind(self) -> &'static str {
        match self.name {
            name if name.starts_with("[]") => "slice",
            name if name.starts_with("map:") => "map",
            "bool" => "bool",
            "string" | "time" | "bytes" => "string",
            "int32" => "int32",
            "int64" => "int64",
            "number" => "float64",
            _ => "struct",
        }
    }
}

/// Finds the line of a key in the sorted table; returns what stands behind the key.
fn look_up(key: &str) -> Option<&'static str> {
    let bytes = TABLE.as_bytes();
    let (mut low, mut high) = (0usize, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = bytes.get(low..middle)?;
        let start = before.iter().rposition(|c| *c == b'\n').map_or(low, |at| low + at + 1);
        let rest = TABLE.get(start..high)?;
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
        let (found, columns) = line.split_once('\t')?;
        match found.cmp(key) {
            std::cmp::Ordering::Equal => return Some(columns),
            std::cmp::Ordering::Less => low = start + line.len() + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}
