//! What a scalar means in YAML 1.1, by the rules of Helm's parser.
//!
//! Owns the resolution of one scalar, plain or tagged. Never sees structure. Times stay text, base 60 is not known, and
//! integers follow Go's literals: `0644` is octal, `0x1F`, `0o17` and `0b11` are numbers, underscores are dropped.

use crate::faults::{Fault, on};
use crate::gotime::{Shape, is_time};

/// The tag of strings, and the prefix of all tags that mean something here.
const PREFIX: &str = "tag:yaml.org,2002:";

/// What a scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that only fits without a sign.
    Uint(u64),
    Float(f64),
    Text(String),
}

impl Scalar {
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
        }
    }
}

/// Resolves a scalar. `tag` is the full tag, if there is one; `plain` is false for quoted and block scalars.
pub(super) fn resolve(text: &str, tag: Option<&str>, plain: bool) -> Result<Scalar, String> {
    let Some(tag) = tag else {
        return Ok(if plain { resolve_plain(text) } else { Scalar::Text(text.to_owned()) });
    };
    // The value itself is not told: it could be a secret.
    let mismatch = |found: &str, wanted: &str| Err(format!("cannot decode !!{found} as a !!{wanted}"));
    match tag.strip_prefix(PREFIX) {
        Some("binary") => decode_binary(text),
        Some("timestamp") if is_time(text, Shape::Yaml) => Ok(Scalar::Text(text.to_owned())),
        Some(wanted @ ("bool" | "int" | "float" | "null" | "timestamp")) => {
            match (wanted, resolve_plain(text)) {
                ("float", Scalar::Int(int)) => Ok(Scalar::Float(int as f64)),
                ("float", Scalar::Uint(_)) => mismatch("int", "float"),
                (wanted, found) if found.tag() == wanted => Ok(found),
                (wanted, found) => mismatch(found.tag(), wanted),
            }
        }
        // A tag of strings, or one that means nothing here, leaves the text as it is.
        _ => Ok(Scalar::Text(text.to_owned())),
    }
}

fn decode_binary(text: &str) -> Result<Scalar, String> {
    use base64::Engine;
    let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = crate::number::LENIENT_BASE64
        .decode(joined)
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    // Go writes every byte that is no part of a character as a replacement character into JSON.
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    Ok(Scalar::Text(text))
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve_plain(text: &str) -> Scalar {
    match text {
        "on" if on(Fault::WordOn) => return Scalar::Text(text.to_owned()),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'.') => {
            underscores_ok(text).then(|| text.replace('_', "")).and_then(|text| parse_float(&text, true))
        }
        Some(b'0'..=b'9' | b'+' | b'-') => resolve_number(text),
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

fn resolve_number(text: &str) -> Option<Scalar> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    parse_int(&plain).or_else(|| parse_float(&plain, false)).or_else(|| parse_signed_binary(&plain))
}

/// Reads an integer as Go's `ParseInt` and `ParseUint` do with base 0.
fn parse_int(text: &str) -> Option<Scalar> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (Some(b'-'), text.get(1..)?),
        b'+' => (Some(b'+'), text.get(1..)?),
        _ => (None, text),
    };
    let magnitude = parse_magnitude(rest)?;
    let magnitude_i128 = i128::from(magnitude);
    let signed = if sign == Some(b'-') { -magnitude_i128 } else { magnitude_i128 };
    match i64::try_from(signed) {
        Ok(int) => Some(Scalar::Int(int)),
        // Only without a sign is the larger range tried.
        Err(_) if sign.is_none() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

fn parse_magnitude(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let prefixed = |radix: u32| text.get(2..).and_then(|digits| parse_digits(digits, radix));
    match bytes {
        [] => None,
        [b'0', b'b' | b'B', _, ..] => prefixed(2),
        [b'0', b'o' | b'O', _, ..] => prefixed(8),
        [b'0', b'x' | b'X', _, ..] => prefixed(16),
        [b'0'] => Some(0),
        [b'0', ..] => parse_digits(text.get(1..)?, if on(Fault::DecimalOctal) { 10 } else { 8 }),
        _ => parse_digits(text, 10),
    }
}

/// Reads digits; unlike the standard library, no sign.
fn parse_digits(text: &str, radix: u32) -> Option<u64> {
    if text.is_empty() || !text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(text, radix).ok()
}

/// A float in YAML's own grammar, or, after a leading point, in Go's.
fn parse_float(text: &str, leading_point: bool) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if leading_point && unsigned.len() != text.len() {
        return None;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_ok = digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty());
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    if !mantissa_ok || !exponent_ok {
        return None;
    }
    // Go reports a range error for what Rust reads as infinite.
    text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Scalar::Float)
}

/// Whether every underscore stands between two digits, as Go's float literals want it.
fn underscores_ok(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut underscores = bytes.iter().enumerate().filter(|(_, c)| **c == b'_');
    underscores.all(|(at, _)| digit(at.checked_sub(1)) && digit(at.checked_add(1)))
}

/// `0b+1` and `0b-1`, which only this parser's own treatment of binary numbers reads.
fn parse_signed_binary(text: &str) -> Option<Scalar> {
    let rest = text.strip_prefix("0b")?;
    let digits = rest.strip_prefix(['+', '-'])?;
    let magnitude = i64::try_from(parse_digits(digits, 2)?).ok()?;
    Some(Scalar::Int(if rest.starts_with('-') { -magnitude } else { magnitude }))
}
