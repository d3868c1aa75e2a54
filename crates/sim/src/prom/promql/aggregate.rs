//! Aggregations over the series of one instant. Owns grouping; tested in `tests`.

use std::collections::BTreeMap;

use promql_parser::parser::token::{self};
use promql_parser::parser::{AggregateExpr, LabelModifier};

use super::{QueryError, Value, histogram, number};
use crate::shop::labels::{Labels, NAME};

type Vector = Vec<(Labels, f64)>;

/// Returns the labels of the group that a series belongs to.
fn group(modifier: Option<&LabelModifier>, labels: &Labels) -> Labels {
    match modifier {
        None => Labels::default(),
        Some(LabelModifier::Include(list)) => labels.keep(|n| list.labels.iter().any(|l| l == n)),
        Some(LabelModifier::Exclude(list)) => {
            labels.keep(|n| n != NAME && !list.labels.iter().any(|l| l == n))
        }
    }
}

/// Evaluates an aggregation.
pub fn evaluate(expr: &AggregateExpr, param: Option<&Value>, vector: Vector) -> Result<Value, QueryError> {
    let modifier = expr.modifier.as_ref();
    let mut groups: BTreeMap<Labels, Vector> = BTreeMap::new();
    for (labels, v) in vector {
        groups.entry(group(modifier, &labels)).or_default().push((labels, v));
    }
    let id = expr.op.id();
    let scalar = || match param {
        Some(Value::Scalar(v)) => Ok(*v),
        _ => Err(QueryError::Parse("expected type scalar in aggregation parameter".into())),
    };
    match id {
        token::T_TOPK | token::T_BOTTOMK => {
            let k = scalar()?.clamp(0.0, 1e6) as usize;
            let mut picked = Vec::new();
            for (_, mut members) in groups {
                members.sort_by(|(_, a), (_, b)| order(*a, *b, id == token::T_TOPK));
                members.truncate(k);
                picked.extend(members);
            }
            Ok(Value::Vector(picked))
        }
        token::T_COUNT_VALUES => {
            let Some(Value::String(label)) = param else {
                return Err(QueryError::Parse("expected type string in aggregation parameter".into()));
            };
            let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
            for (labels, members) in groups {
                for (_, v) in members {
                    *counts.entry(labels.clone().with(label, &number(v))).or_default() += 1.0;
                }
            }
            Ok(Value::Vector(counts.into_iter().collect()))
        }
        token::T_QUANTILE => {
            let q = scalar()?;
            let of = |members: Vector| histogram::quantile(q, members.into_iter().map(|(_, v)| v).collect());
            Ok(Value::Vector(groups.into_iter().map(|(labels, m)| (labels, of(m))).collect()))
        }
        _ => {
            let mut result = Vec::with_capacity(groups.len());
            for (labels, members) in groups {
                let v = plain(id, &members)
                    .ok_or_else(|| QueryError::NotHeld(format!("the aggregation {:?}", name(expr))))?;
                result.push((labels, v));
            }
            Ok(Value::Vector(result))
        }
    }
}

fn name(expr: &AggregateExpr) -> String {
    expr.to_string().split([' ', '(']).next().unwrap_or_default().to_owned()
}

fn order(a: f64, b: f64, descending: bool) -> std::cmp::Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Greater,
        (false, true) => std::cmp::Ordering::Less,
        _ if descending => b.total_cmp(&a),
        _ => a.total_cmp(&b),
    }
}

fn plain(id: token::TokenId, members: &[(Labels, f64)]) -> Option<f64> {
    let values = || members.iter().map(|(_, v)| *v);
    let count = members.len() as f64;
    let mean = || values().sum::<f64>() / count;
    let variance = || {
        let mean = mean();
        values().map(|v| (v - mean).powi(2)).sum::<f64>() / count
    };
    Some(match id {
        token::T_SUM => values().sum(),
        token::T_AVG => mean(),
        token::T_COUNT => count,
        token::T_MIN => values().fold(f64::NAN, f64::min),
        token::T_MAX => values().fold(f64::NAN, f64::max),
        token::T_GROUP => 1.0,
        token::T_STDDEV => variance().sqrt(),
        token::T_STDVAR => variance(),
        _ => return None,
    })
}
