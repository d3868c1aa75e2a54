//! Results of queries, as series; shared with Loki, whose metric queries answer the same way.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::MOST_SERIES;
use super::envelope::Told;
use crate::core::{Labels, Span, Ts};
use crate::store::series::{Matrix, Series};

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    metric: Labels,
    #[serde(default)]
    values: Vec<Sample>,
    value: Option<Sample>,
    #[serde(default)]
    histograms: Present,
    #[serde(default)]
    histogram: Present,
}

/// A pair of a time in seconds and a value as text.
struct Sample(Ts, f64);

/// Whether a field is there, whatever it holds.
#[derive(Default)]
struct Present(bool);

/// The first so many items of a list, and how many more there were.
pub struct Capped<T, const N: usize> {
    /// The items that are kept.
    pub items: Vec<T>,
    /// How many were left out.
    pub dropped: usize,
}

impl<T, const N: usize> Default for Capped<T, N> {
    fn default() -> Self {
        Self { items: Vec::new(), dropped: 0 }
    }
}

/// Reads the data of a query of any result type.
pub fn matrix(data: &RawValue, told: Told, step: Span) -> Result<Matrix, String> {
    let text = |e: serde_json::Error| e.to_string();
    let data: Data<'_> = serde_json::from_str(data.get()).map_err(text)?;
    let mut matrix = Matrix { step, warnings: told.warnings, infos: told.infos, ..Matrix::default() };
    match data.kind.as_str() {
        "matrix" | "vector" => {
            let list: Capped<One, MOST_SERIES> = serde_json::from_str(data.result.get()).map_err(text)?;
            matrix.dropped = list.dropped;
            for one in list.items {
                let drawn = !one.values.is_empty() || one.value.is_some();
                if one.histograms.0 || one.histogram.0 {
                    matrix.histograms += 1;
                    if !drawn {
                        continue;
                    }
                }
                matrix.series.push(series(one.metric, one.values.into_iter().chain(one.value)));
            }
        }
        "scalar" => {
            let sample: Sample = serde_json::from_str(data.result.get()).map_err(text)?;
            matrix.series.push(series(Labels::default(), std::iter::once(sample)));
        }
        "string" => return Err("the result is a string, there is nothing to draw".to_owned()),
        other => return Err(format!("a result of type {other} is not known here")),
    }
    Ok(matrix)
}

fn series(labels: Labels, samples: impl Iterator<Item = Sample>) -> Series {
    let mut points: Vec<(Ts, f64)> = samples.map(|s| (s.0, s.1)).collect();
    if !points.is_sorted_by_key(|p| p.0) {
        points.sort_by_key(|p| p.0);
    }
    Series { labels, points: Arc::from(points) }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (at, value) = <(f64, Cow<'de, str>)>::deserialize(deserializer)?;
        // The server has three decimals; a float of seconds holds them for any year that matters.
        let at = Ts(((at * 1e3).round() as i64).saturating_mul(1_000_000));
        let value = value.parse().map_err(|_| serde::de::Error::custom("a sample that is not a number"))?;
        Ok(Self(at, value))
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<IgnoredAny>::deserialize(deserializer)?.is_some()))
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Capped<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const N: usize>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for Items<T, N> {
            type Value = Capped<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Capped::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut kept = Capped::default();
                while kept.items.len() < N {
                    match list.next_element()? {
                        Some(item) => kept.items.push(item),
                        None => return Ok(kept),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    kept.dropped += 1;
                }
                Ok(kept)
            }
        }

        deserializer.deserialize_any(Items(std::marker::PhantomData))
    }
}
