//! Operators between numbers and vectors: arithmetic, comparison, sets, and how the series of two
//! sides find each other. Tested in `tests`.

use std::collections::{BTreeMap, HashMap, HashSet};

use promql_parser::parser::token::{self, TokenId};
use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use super::eval::operator;
use super::{QueryError, Value};
use crate::shop::labels::{Labels, NAME};

type Vector = Vec<(Labels, f64)>;

/// Evaluates an operator.
pub fn evaluate(expr: &BinaryExpr, lhs: Value, rhs: Value) -> Result<Value, QueryError> {
    let id = expr.op.id();
    if expr.modifier.as_ref().is_some_and(|m| m.fill_values.lhs.is_some() || m.fill_values.rhs.is_some()) {
        return Err(QueryError::NotHeld("the modifier \"fill\"".into()));
    }
    match (lhs, rhs) {
        (Value::Scalar(a), Value::Scalar(b)) => {
            let (v, keep) = apply(id, a, b)?;
            Ok(Value::Scalar(if compares(id) { f64::from(u8::from(keep)) } else { v }))
        }
        (Value::Vector(vector), Value::Scalar(b)) => with_number(expr, vector, b, false),
        (Value::Scalar(a), Value::Vector(vector)) => with_number(expr, vector, a, true),
        (Value::Vector(a), Value::Vector(b)) => {
            let default = BinModifier::default();
            let modifier = expr.modifier.as_ref().unwrap_or(&default);
            if expr.op.is_set_operator() {
                Ok(Value::Vector(sets(id, modifier, a, b)))
            } else {
                pairs(id, modifier, a, b)
            }
        }
        _ => Err(QueryError::Parse(format!(
            "operator {:?} is only defined between numbers and instant vectors",
            operator(id)
        ))),
    }
}

fn compares(id: TokenId) -> bool {
    matches!(id, token::T_EQLC | token::T_NEQ | token::T_GTR | token::T_LSS | token::T_GTE | token::T_LTE)
}

/// Returns the value and, for a comparison, whether it holds (the value is then the left one).
fn apply(id: TokenId, a: f64, b: f64) -> Result<(f64, bool), QueryError> {
    #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
    Ok(match id {
        token::T_ADD => (a + b, true),
        token::T_SUB => (a - b, true),
        token::T_MUL => (a * b, true),
        token::T_DIV => (a / b, true),
        token::T_MOD => (a % b, true),
        token::T_POW => (a.powf(b), true),
        token::T_ATAN2 => (a.atan2(b), true),
        token::T_EQLC => (a, a == b),
        token::T_NEQ => (a, a != b),
        token::T_GTR => (a, a > b),
        token::T_LSS => (a, a < b),
        token::T_GTE => (a, a >= b),
        token::T_LTE => (a, a <= b),
        _ => return Err(QueryError::NotHeld(format!("the operator {:?}", operator(id)))),
    })
}

fn with_number(expr: &BinaryExpr, vector: Vector, number: f64, left: bool) -> Result<Value, QueryError> {
    let id = expr.op.id();
    let bool = expr.return_bool();
    let mut out = Vec::with_capacity(vector.len());
    for (labels, v) in vector {
        let (value, keep) = if left { apply(id, number, v)? } else { apply(id, v, number)? };
        if !compares(id) {
            out.push((labels.nameless(), value));
        } else if bool {
            out.push((labels.nameless(), f64::from(u8::from(keep))));
        } else if keep {
            out.push((labels, v));
        }
    }
    Ok(Value::Vector(out))
}

/// Returns the labels by which two series match.
fn signature(modifier: &BinModifier, labels: &Labels) -> Labels {
    match &modifier.matching {
        Some(LabelModifier::Include(on)) => labels.keep(|n| on.labels.iter().any(|l| l == n)),
        Some(LabelModifier::Exclude(ignored)) => {
            labels.keep(|n| n != NAME && !ignored.labels.iter().any(|l| l == n))
        }
        None => labels.nameless(),
    }
}

fn sets(id: TokenId, modifier: &BinModifier, lhs: Vector, rhs: Vector) -> Vector {
    let signatures =
        |v: &Vector| -> HashSet<Labels> { v.iter().map(|(l, _)| signature(modifier, l)).collect() };
    if id == token::T_LOR {
        let left = signatures(&lhs);
        let added = rhs.into_iter().filter(|(l, _)| !left.contains(&signature(modifier, l)));
        return lhs.into_iter().chain(added).collect();
    }
    let right = signatures(&rhs);
    let wanted = id == token::T_LAND;
    lhs.into_iter().filter(|(l, _)| right.contains(&signature(modifier, l)) == wanted).collect()
}

fn pairs(id: TokenId, modifier: &BinModifier, lhs: Vector, rhs: Vector) -> Result<Value, QueryError> {
    // The "one" side is on the right; the result is turned back where it was on the left.
    let swapped = matches!(modifier.card, VectorMatchCardinality::OneToMany(_));
    let one_to_one = matches!(modifier.card, VectorMatchCardinality::OneToOne);
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    let mut ones: HashMap<Labels, (Labels, f64)> = HashMap::with_capacity(one.len());
    for (labels, v) in one {
        let signature = signature(modifier, &labels);
        if let Some((other, _)) = ones.insert(signature.clone(), (labels.clone(), v)) {
            let side = if swapped { "left" } else { "right" };
            return Err(QueryError::Execution(format!(
                "found duplicate series for the match group {signature} on the {side} hand-side of the operation: \
                 [{other}, {labels}];many-to-many matching not allowed: matching labels must be unique on one side"
            )));
        }
    }
    let mut out: BTreeMap<Labels, f64> = BTreeMap::new();
    let mut used: HashSet<Labels> = HashSet::new();
    for (labels, v) in many {
        let signature = signature(modifier, &labels);
        let Some((partner, other)) = ones.get(&signature) else { continue };
        let (value, keep) = if swapped { apply(id, *other, v)? } else { apply(id, v, *other)? };
        let value = match (compares(id), modifier.return_bool) {
            (true, true) => f64::from(u8::from(keep)),
            (true, false) if !keep => continue,
            _ => value,
        };
        let result = result(id, modifier, &labels, partner);
        if one_to_one && !used.insert(signature.clone()) {
            return Err(QueryError::Execution(format!(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right) for {signature}"
            )));
        }
        if out.insert(result, value).is_some() {
            let why = "multiple matches for labels: grouping labels must ensure unique matches";
            return Err(QueryError::Execution(why.into()));
        }
    }
    Ok(Value::Vector(out.into_iter().collect()))
}

fn result(id: TokenId, modifier: &BinModifier, many: &Labels, one: &Labels) -> Labels {
    let mut labels = if !compares(id) || modifier.return_bool { many.nameless() } else { many.clone() };
    if matches!(modifier.card, VectorMatchCardinality::OneToOne) {
        labels = match &modifier.matching {
            Some(LabelModifier::Include(on)) => labels.keep(|n| on.labels.iter().any(|l| l == n)),
            Some(LabelModifier::Exclude(ignored)) => labels.keep(|n| !ignored.labels.iter().any(|l| l == n)),
            None => labels,
        };
    }
    for name in modifier.card.labels().map(|l| l.labels.as_slice()).unwrap_or_default() {
        labels.set(name, one.get(name));
    }
    labels
}
