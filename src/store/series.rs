//! Time series as panels draw them.

use std::sync::Arc;

use crate::core::{Labels, Span, Ts, Untrusted};

/// One series: points in ascending time; a gap is a missing step, never a made-up value.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Time and value; values may be NaN or infinite.
    pub points: Arc<[(Ts, f64)]>,
}

/// The answer to a range query (or to an instant one, with one point each).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// The series, in the server's order.
    pub series: Vec<Series>,
    /// The step that was asked; zero for instant queries.
    pub step: Span,
    /// Warnings of the server: the data may be partial.
    pub warnings: Vec<Untrusted>,
    /// Annotations of the server.
    pub infos: Vec<Untrusted>,
    /// Series that were cut at our limit.
    pub dropped: usize,
    /// Series of native histograms that are not drawn.
    pub histograms: usize,
}
