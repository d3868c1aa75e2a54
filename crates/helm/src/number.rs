//! Numbers as the Kubernetes API machinery reads them.
//!
//! There, a JSON number is an `int64` when it is written as an integer and fits, and a `float64` otherwise; the two are
//! different types, and patches depend on that. `serde_json` knows three: this module folds them into two.
//! It never changes a value, only its type. Tested by the edges of both ranges.

use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Number, Value};

use crate::faults::{Fault, on};

/// Base 64 as Go reads it: bits of the last character that mean nothing may be set.
pub(crate) const LENIENT_BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A number in one of the two types that the API machinery knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// A number that was written as an integer and fits 64 bits with a sign.
    Int(i64),
    /// Any other number.
    Float(f64),
}

impl Num {
    /// Classifies a JSON number.
    pub fn of(number: &Number) -> Self {
        match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Self::Int(int),
            // `-0` is an integer zero there and a float here, where it cannot be told from `-0.0`.
            (None, Some(float)) if float == 0.0 && float.is_sign_negative() => Self::Int(0),
            (None, Some(float)) if float.fract() == 0.0 && on(Fault::FloatsAreIntegers) => {
                Self::Int(float as i64)
            }
            (None, float) => Self::Float(float.unwrap_or(f64::NAN)),
        }
    }

    /// Returns the number as Go's `fmt` prints it with `%v`.
    pub fn go_text(self) -> String {
        match self {
            Self::Int(int) => int.to_string(),
            Self::Float(float) => go_float(float, false),
        }
    }
}

/// Returns a float as Go prints it with `%v`, or, when `short`, as `strconv.FormatFloat(f, 'g', -1, 32)`: as few digits as
/// tell it apart, and an exponent below -4 and from 6 on.
pub fn go_float(float: f64, short: bool) -> String {
    let digits = if short { format!("{:e}", float as f32) } else { format!("{float:e}") };
    let Some((mantissa, exponent)) = digits.split_once('e') else {
        return digits;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    if short { format!("{}", float as f32) } else { format!("{float}") }
}

/// Returns a copy of `value` whose numbers are of the types that the API machinery would give them.
pub fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) => match Num::of(&number) {
            Num::Int(int) => Value::from(int),
            Num::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, item)| (key, canonical(item))).collect())
        }
        other => other,
    }
}

/// Returns `value` as it is read again after Go has written it, which it does between any two steps: a float without a fraction
/// is written as an integer, and is one from then on, where it fits.
pub fn written(value: Value) -> Value {
    match canonical(value) {
        Value::Number(number) => match Num::of(&number) {
            Num::Int(int) => Value::from(int),
            Num::Float(float) => as_written(float).map_or(Value::Number(number), Value::from),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(written).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, item)| (key, written(item))).collect())
        }
        other => other,
    }
}

/// Returns the integer that a float is after Go has written it, if it is one then.
pub(crate) fn as_written(float: f64) -> Option<i64> {
    format!("{float}").parse().ok()
}

/// Returns a copy of `value` whose numbers have been through a `float64`, as everything that Go's `encoding/json` reads into
/// no particular type: whole numbers beyond 2^53 lose their last digits, and `4.0` becomes `4`.
pub fn as_go_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, |float| {
            let digits = format!("{float}");
            let int = digits.parse::<i64>().map(Value::from);
            int.or_else(|_| digits.parse::<u64>().map(Value::from))
                .unwrap_or_else(|_| Number::from_f64(float).map_or(Value::Null, Value::Number))
        }),
        Value::Array(items) => Value::Array(items.into_iter().map(as_go_floats).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, item)| (key, as_go_floats(item))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Num {
        Num::of(&serde_json::from_str::<Number>(text).unwrap())
    }

    #[test]
    fn only_integers_that_fit_are_ints() {
        assert_eq!(of("9223372036854775807"), Num::Int(i64::MAX));
        assert_eq!(of("9223372036854775808"), Num::Float(9_223_372_036_854_775_808.0));
        assert_eq!(of("1.0"), Num::Float(1.0));
        assert_eq!(of("-0"), Num::Int(0));
        assert_eq!(of("0.0"), Num::Float(0.0));
        assert_eq!(of("1e3"), Num::Float(1000.0));
    }

    #[test]
    fn what_was_written_is_read_as_what_it_looks_like() {
        let value: Value = serde_json::from_str("[1.0, -0.0, 1e18, 1e19, 1.5, {\"a\": 2e0}]").unwrap();
        let expected: Value =
            serde_json::from_str("[1, 0, 1000000000000000000, 1e19, 1.5, {\"a\": 2}]").unwrap();
        assert_eq!(written(value), expected);
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        let cases = [
            (1.0, "1"),
            (0.5, "0.5"),
            (1e20, "1e+20"),
            (100_000.0, "100000"),
            (123_456_789.0, "1.23456789e+08"),
            (1e21, "1e+21"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
        ];
        for (float, text) in cases {
            assert_eq!(Num::Float(float).go_text(), text);
        }
        assert_eq!(go_float(0.1, true), "0.1");
        assert_eq!(go_float(3.402_823_5e38, true), "3.4028235e+38");
    }

    #[test]
    fn numbers_of_no_type_are_floats_and_are_written_without_a_fraction_where_they_have_none() {
        for (written, printed) in [
            ("4.0", "4"),
            ("-0.5", "-0.5"),
            ("9007199254740993", "9007199254740992"),
            ("12345678901234567890", "12345678901234567000"),
            ("[1e3]", "[1000]"),
            (r#"{"a":1.50}"#, r#"{"a":1.5}"#),
        ] {
            let value = serde_json::from_str(written).unwrap();
            assert_eq!(as_go_floats(value).to_string(), printed, "{written}");
        }
    }
}
