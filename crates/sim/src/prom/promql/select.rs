//! Fetches every selector of a query once, for the whole range of its evaluation. Owns the time
//! arithmetic of offsets, `@` and nested ranges; never evaluates.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use promql_parser::parser::{AtModifier, Expr, Offset, VectorSelector};

use super::{LOOK_BACK, MAX_SAMPLES, QueryError, Selector, Series, Store, is_stale};

/// The span over which a query is evaluated, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// First instant.
    pub start: i64,
    /// Last instant.
    pub end: i64,
}

/// The series of each selector, by the selector's address in the tree.
#[derive(Default)]
pub struct Fetched {
    found: HashMap<usize, Vec<Series>>,
    samples: usize,
}

/// Returns a duration in milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 8).min(i64::MAX / 8)
}

/// Returns the instant that a selector speaks about when the query is evaluated at `at`.
pub fn shifted(at: i64, offset: Option<&Offset>, modifier: Option<&AtModifier>, span: Span) -> i64 {
    let at = match modifier {
        None => at,
        Some(AtModifier::Start) => span.start,
        Some(AtModifier::End) => span.end,
        Some(AtModifier::At(time)) => system(*time),
    };
    match offset {
        None => at,
        Some(Offset::Pos(d)) => at - millis(*d),
        Some(Offset::Neg(d)) => at + millis(*d),
    }
}

fn system(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}

impl Fetched {
    /// Fetches what `expr` selects, evaluated at instants between `from` and `to`.
    pub fn fetch(
        &mut self,
        store: &dyn Store,
        expr: &Expr,
        from: i64,
        to: i64,
        span: Span,
    ) -> Result<(), QueryError> {
        match expr {
            Expr::VectorSelector(vs) => self.one(store, vs, (from, to), LOOK_BACK, span, false),
            Expr::MatrixSelector(ms) => self.one(store, &ms.vs, (from, to), millis(ms.range), span, true),
            Expr::Subquery(sub) => {
                let from = shifted(from, sub.offset.as_ref(), sub.at.as_ref(), span) - millis(sub.range);
                let to = shifted(to, sub.offset.as_ref(), sub.at.as_ref(), span);
                self.fetch(store, &sub.expr, from, to, span)
            }
            Expr::Aggregate(a) => {
                if let Some(param) = &a.param {
                    self.fetch(store, param, from, to, span)?;
                }
                self.fetch(store, &a.expr, from, to, span)
            }
            Expr::Unary(u) => self.fetch(store, &u.expr, from, to, span),
            Expr::Paren(p) => self.fetch(store, &p.expr, from, to, span),
            Expr::Binary(b) => {
                self.fetch(store, &b.lhs, from, to, span)?;
                self.fetch(store, &b.rhs, from, to, span)
            }
            Expr::Call(call) => {
                call.args.args.iter().try_for_each(|arg| self.fetch(store, arg, from, to, span))
            }
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Ok(()),
            Expr::Extension(_) => Err(QueryError::NotHeld("an extension".into())),
        }
    }

    fn one(
        &mut self,
        store: &dyn Store,
        vs: &VectorSelector,
        (from, to): (i64, i64),
        back: i64,
        span: Span,
        matrix: bool,
    ) -> Result<(), QueryError> {
        let from = shifted(from, vs.offset.as_ref(), vs.at.as_ref(), span) - back;
        let to = shifted(to, vs.offset.as_ref(), vs.at.as_ref(), span);
        let mut series = store.select(&Selector::of(vs), from, to)?;
        if matrix {
            // Ranges skip the marks of staleness, so that windows are plain slices.
            for one in &mut series {
                one.samples.retain(|s| !is_stale(s.v));
            }
        }
        self.samples += series.iter().map(|s| s.samples.len()).sum::<usize>();
        if self.samples > MAX_SAMPLES {
            let why = "query processing would load too many samples into memory in query execution";
            return Err(QueryError::Execution(why.into()));
        }
        self.found.insert(address(vs), series);
        Ok(())
    }

    /// Returns the series of a selector.
    pub fn of(&self, vs: &VectorSelector) -> &[Series] {
        self.found.get(&address(vs)).map_or(&[], Vec::as_slice)
    }
}

fn address(vs: &VectorSelector) -> usize {
    std::ptr::from_ref(vs) as usize
}
