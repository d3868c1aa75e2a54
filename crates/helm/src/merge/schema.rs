//! The types of the kinds that Helm's client knows: their fields, and how patches merge them.
//!
//! Owns the look-ups in a table that the oracle prints from the Go types themselves (`cargo xtask oracle --table`). It never
//! asks a server: the table is the one of the types that Helm is built with, kinds among them that no server has any more, and
//! it is there when the network is not. The oracle's tests compare it with what the Go types say.

use std::sync::LazyLock;

use super::MergeError;
use super::value::go_quoted;
use crate::faults::{Fault, on};

/// Sorted lines: a kind (`group/version Kind`) or a field (`type.field`), its type, and, for fields, how patches merge it and by
/// which key. A `*` says that Go has a pointer there.
static TABLE: &str = include_str!("table.tsv");

/// Its lines, each cut behind the key.
static LINES: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| TABLE.lines().filter_map(|line| line.split_once('\t')).collect());

/// A type: a kind's, or that of a field somewhere inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// A type's name, a scalar's, or one behind `[]` (list), `map:`, or `*` (pointer).
    full: &'static str,
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
    /// Returns the type of a kind, or `None` when Helm's client does not know it.
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let full = look_up(&format!("{api_version} {kind}"))?;
        Some(Self { full })
    }

    /// Returns the type's name: `apps.v1.Deployment`.
    pub fn name(self) -> &'static str {
        self.full.trim_start_matches('*')
    }

    /// Returns all kinds that are known, as `apiVersion` and kind.
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        LINES.iter().filter_map(|(key, _)| key.split_once(' '))
    }

    /// Returns the fields of the type and their types, sorted by name; none for what is no type with fields.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, Self)> {
        self.rows().map(|(field, row)| (field, Self { full: row.split('\t').next().unwrap_or_default() }))
    }

    /// Returns the type of a field, if this type has fields and one of this name.
    pub fn field(self, name: &str) -> Option<Self> {
        self.row(name).map(|row| Self { full: row.split('\t').next().unwrap_or_default() })
    }

    /// Returns the key that items of the list in this field are merged by, if they are.
    pub fn merge_key(self, field: &str) -> Option<&'static str> {
        let field = self.list_field(field).ok()?;
        (field.strategy == Strategy::Merge).then_some(field.merge_key)
    }

    /// Returns the type of the items of a list or of the values of a map.
    pub fn inner(self) -> Option<Self> {
        let name = self.name();
        let full = name.strip_prefix("[]").or_else(|| name.strip_prefix("map:"))?;
        Some(Self { full })
    }

    /// Returns whether the type is one with fields.
    pub fn is_struct(self) -> bool {
        let name = self.name();
        name.contains('.') && !name.starts_with("[]") && !name.starts_with("map:")
    }

    /// Looks a field up that holds a map.
    pub(super) fn map_field(self, key: &str) -> Result<Field, MergeError> {
        if self.go_kind() != "struct" {
            return Err(MergeError::NotAStruct(self.go_kind().to_owned()));
        }
        // Go's reader takes a field in other letters for the same.
        let Some(row) = self.row(key).or_else(|| self.row_in_other_letters(key)) else {
            return Err(MergeError::UnknownField { owner: self.go_name().to_owned(), field: go_quoted(key) });
        };
        let mut columns = row.split('\t');
        let full = columns.next().unwrap_or_default();
        let strategies = columns.next().unwrap_or_default();
        let merge_key = columns.next().unwrap_or_default();
        let mut field =
            Field { schema: Self { full }, strategy: Strategy::Default, retain_keys: false, merge_key };
        for strategy in strategies.split(',') {
            match strategy {
                "merge" => field.strategy = Strategy::Merge,
                "replace" => field.strategy = Strategy::Replace,
                "retainKeys" => field.retain_keys = !on(Fault::NoRetainKeys),
                _ => {}
            }
        }
        Ok(field)
    }

    /// Looks a field up that holds a list; the type is that of the items.
    pub(super) fn list_field(self, key: &str) -> Result<Field, MergeError> {
        let field = self.map_field(key)?;
        let items = match (field.schema.full.strip_prefix('*'), field.schema.name()) {
            (_, "bytes") => "uint8",
            (_, name) if name.starts_with("[][]") || name == "[]bytes" => {
                return Err(MergeError::SliceOfSlice);
            }
            (_, name) if name.starts_with("[]") => name.get(2..).unwrap_or_default(),
            // Go passes the pointer and does not ask whether a list is behind it.
            (Some(pointee), _) => pointee,
            (None, _) => {
                return Err(MergeError::NotAList(self.name_of_kind().to_owned()));
            }
        };
        Ok(Field { schema: Self { full: items }, ..field })
    }

    fn row(self, key: &str) -> Option<&'static str> {
        look_up(&format!("{}.{key}", self.name()))
    }

    /// The rows of the type's fields, by name.
    fn rows(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let prefix = format!("{}.", self.name());
        let from = first_from(&prefix);
        LINES.get(from..).unwrap_or_default().iter().map_while(move |(key, row)| {
            let field = key.strip_prefix(&prefix)?;
            (!field.contains(['.', ' '])).then_some((field, *row))
        })
    }

    fn row_in_other_letters(self, key: &str) -> Option<&'static str> {
        let wanted = folded(key);
        self.rows().find(|(name, _)| folded(name) == wanted).map(|(_, row)| row)
    }

    /// The type's name in Go, without its package.
    fn go_name(self) -> &'static str {
        match self.name() {
            "time" => "Time",
            "microtime" => "MicroTime",
            "quantity" => "Quantity",
            "int-or-string" => "IntOrString",
            name => name.rsplit(['.', ':']).next().unwrap_or_default(),
        }
    }

    /// What Go calls the kind of such a type.
    pub(super) fn name_of_kind(self) -> &'static str {
        if self.full.starts_with('*') { "ptr" } else { self.go_kind() }
    }

    /// What Go calls the kind of such a type, or of what it points to.
    fn go_kind(self) -> &'static str {
        match self.name() {
            name if name.starts_with("[]") => "slice",
            name if name.starts_with("map:") => "map",
            "bytes" => "slice",
            name @ ("bool" | "string" | "int32" | "int64" | "uint8" | "float64") => name,
            _ => "struct",
        }
    }
}

/// A name in lower case, with the two letters beyond ASCII that Go takes for ASCII ones.
fn folded(name: &str) -> String {
    let fold = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}

/// The first line whose key is not smaller.
fn first_from(key: &str) -> usize {
    LINES.partition_point(|(line, _)| *line < key)
}

/// Returns what stands behind a key in the table.
fn look_up(key: &str) -> Option<&'static str> {
    LINES.get(first_from(key)).filter(|(line, _)| *line == key).map(|(_, row)| *row)
}
