//! The values that a revision was rendered with: the chart's, with those over them that the user gave.
//!
//! Owns the rules of `helm get values --all` (`pkg/chartutil/coalesce.go` in Helm 3, `pkg/chart/common/util/coalesce.go` in
//! Helm 4). Stored charts have no subcharts: what Helm does for those is not here. Pure; what it drops it tells of by
//! path only, for values may be secret. Tested by tables, each row with what either generation of Helm makes of it.

mod print;

use serde_json::{Map, Value};

use crate::number::as_go_floats;
use crate::record::{Generation, Record, RecordError};

pub use print::to_yaml;

/// The values of a revision, computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// The values; always an object.
    pub values: Value,
    /// What of the chart's values was left out because the user's are of another shape, in the order of their paths.
    pub dropped: Vec<Dropped>,
}

/// A value of the chart that the user's values leave no room for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// Where it is, such as `image.tag`.
    pub path: String,
    /// Whether the chart has a table there and the user a scalar or a list; otherwise it is the other way round.
    pub table: bool,
}

/// Returns the values that the user gave, as Helm prints them; an empty object when there are none.
///
/// # Errors
/// A record whose `config` is no object.
pub fn given(record: &Record) -> Result<Value, RecordError> {
    Ok(as_go_floats(Value::Object(table(record.config()?))))
}

/// Returns the values that a revision was rendered with, by the rules of the Helm that wrote it.
///
/// # Errors
/// A record whose values cannot be read.
pub fn computed(record: &Record) -> Result<Computed, RecordError> {
    let generation = record.generation()?;
    let mut computed = coalesce(record.chart_values()?, record.config()?, generation);
    computed.values = as_go_floats(computed.values);
    Ok(computed)
}

/// Lays the values of the user over those of the chart: tables are merged, all else of the user's takes the chart's place,
/// and a null takes the chart's value away. What is no object counts as empty.
///
/// The generations differ in the nulls that a chart's own values hold: Helm 3 keeps them, Helm 4 leaves them out.
pub fn coalesce(chart: Value, user: Value, generation: Generation) -> Computed {
    let (chart, mut values) = (table(chart), table(user));
    let mut dropped = Vec::new();
    for (key, mut theirs) in chart {
        if generation == Generation::V4 {
            without_nulls(&mut theirs);
        }
        match values.get_mut(&key) {
            None if theirs.is_null() && generation == Generation::V4 => {}
            None => {
                values.insert(key, theirs);
            }
            // Whatever the chart has there, and be it nothing.
            Some(Value::Null) => {
                values.shift_remove(&key);
            }
            Some(Value::Object(ours)) => match theirs {
                Value::Object(theirs) => merge(ours, theirs, &key, &mut dropped),
                Value::Null => {}
                _ => dropped.push(Dropped { path: key, table: false }),
            },
            // On the top level Helm says nothing of a table that a scalar takes the place of.
            Some(_) if theirs.is_object() => dropped.push(Dropped { path: key, table: true }),
            Some(_) => {}
        }
    }
    dropped.sort();
    Computed { values: Value::Object(values), dropped }
}

/// Merges a table of the chart into one of the user, which wins.
fn merge(ours: &mut Map<String, Value>, theirs: Map<String, Value>, at: &str, dropped: &mut Vec<Dropped>) {
    for (key, value) in theirs {
        let path = format!("{at}.{key}");
        match (ours.get_mut(&key), value) {
            (None, value) => {
                ours.insert(key, value);
            }
            // Below the top level a null stays where the chart has nothing to take away.
            (Some(Value::Null), Value::Null) => {}
            (Some(Value::Null), _) => {
                ours.shift_remove(&key);
            }
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs, &path, dropped),
            (Some(_), Value::Object(_)) => dropped.push(Dropped { path, table: true }),
            (Some(Value::Object(_)), value) if !value.is_null() => {
                dropped.push(Dropped { path, table: false });
            }
            (Some(_), _) => {}
        }
    }
}

/// Removes the members that are null, in tables within tables too; lists stay as they are.
fn without_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(without_nulls);
    }
}

fn table(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
