//! The grammar of numbers: ranges of lines, aggregations over them, groupings.

use super::Parser;
use crate::loki::logql::lex::Kind;
use crate::loki::logql::{Grouping, LogQuery, LogqlError, MAX_STAGES, MetricQuery, RangeOp, VectorOp};

impl Parser<'_> {
    /// Reads a query of numbers.
    pub(super) fn metric(&mut self) -> Result<MetricQuery, LogqlError> {
        self.deeper()?;
        if self.sign("(") {
            let inner = self.metric()?;
            self.expect(")", "")?;
            return Ok(inner);
        }
        let start = self.next;
        let Kind::Ident(word) = self.take() else {
            self.next = start;
            let number = matches!(self.peek(), Kind::Number(_));
            return Err(if number { self.not_held("numbers as queries") } else { self.unexpected("") });
        };
        let range = match word.as_str() {
            "count_over_time" => Some(RangeOp::Count),
            "rate" => Some(RangeOp::Rate),
            "bytes_over_time" => Some(RangeOp::Bytes),
            "bytes_rate" => Some(RangeOp::BytesRate),
            _ => None,
        };
        if let Some(op) = range {
            return self.range(op);
        }
        match word.as_str() {
            "sum" | "min" | "max" | "avg" | "count" | "topk" | "bottomk" => self.vector(&word),
            "stddev" | "stdvar" | "sort" | "sort_desc" | "label_replace" | "vector"
            | "quantile_over_time" | "sum_over_time" | "avg_over_time" | "max_over_time"
            | "min_over_time" | "absent_over_time" | "first_over_time" | "last_over_time"
            | "rate_counter" | "stddev_over_time" | "stdvar_over_time" | "approx_topk" => {
                self.next = start;
                Err(self.not_held(&format!("{word:?}")))
            }
            _ => {
                self.next = start;
                Err(self.unexpected(""))
            }
        }
    }

    fn range(&mut self, op: RangeOp) -> Result<MetricQuery, LogqlError> {
        self.expect("(", "")?;
        let selector = self.selector()?;
        let mut query = LogQuery { selector, stages: Vec::new() };
        let mut range = None;
        // The range may stand before the pipeline or after it.
        loop {
            match self.peek() {
                Kind::Range(nanos) if range.is_none() => {
                    self.next += 1;
                    range = Some(nanos);
                }
                _ => match self.stage()? {
                    Some(stage) => query.stages.push(stage),
                    None => break,
                },
            }
            if query.stages.len() > MAX_STAGES {
                return Err(self.not_held("pipelines of that length"));
            }
        }
        let range = range.ok_or_else(|| self.unexpected(""))?;
        let mut offset = 0;
        if self.word("offset") {
            let Kind::Duration(nanos) = self.take() else {
                self.next -= 1;
                return Err(self.unexpected(", expecting DURATION"));
            };
            offset = nanos;
        }
        self.expect(")", "")?;
        Ok(MetricQuery::Range { op, query, range, offset })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, LogqlError> {
        let without = match self.peek() {
            Kind::Ident(w) if w == "by" => false,
            Kind::Ident(w) if w == "without" => true,
            _ => return Ok(None),
        };
        self.next += 1;
        self.expect("(", ", expecting (")?;
        let mut labels = Vec::new();
        while !self.sign(")") {
            labels.push(self.name()?);
            if !self.sign(",") {
                self.expect(")", ", expecting , or )")?;
                break;
            }
        }
        Ok(Some(Grouping { labels, without }))
    }

    fn vector(&mut self, word: &str) -> Result<MetricQuery, LogqlError> {
        let before = self.grouping()?;
        self.expect("(", "")?;
        let mut k = 0;
        if matches!(word, "topk" | "bottomk") {
            let Kind::Number(n) = self.take() else {
                self.next -= 1;
                return Err(self.unexpected(", expecting NUMBER"));
            };
            k = n.clamp(0.0, 1e6) as usize;
            self.expect(",", ", expecting ,")?;
        }
        let inner = Box::new(self.metric()?);
        if matches!(
            self.peek(),
            Kind::Sign("+" | "-" | "*" | "/" | "%" | ">" | "<" | ">=" | "<=" | "==" | "!=")
        ) {
            return Err(self.not_held("operators between queries"));
        }
        self.expect(")", "")?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or_default(),
        };
        let op = match word {
            "min" => VectorOp::Min,
            "max" => VectorOp::Max,
            "avg" => VectorOp::Avg,
            "count" => VectorOp::Count,
            "topk" => VectorOp::TopK(k),
            "bottomk" => VectorOp::BottomK(k),
            _ => VectorOp::Sum,
        };
        Ok(MetricQuery::Vector { op, grouping, inner })
    }
}
