//! Small values that look different in protobuf and JSON: quantities, int-or-string, raw fields, base64.
//!
//! Never interprets them: a quantity stays the text that the server sent. Tested below and by the round trips of the crate.

use std::fmt;

use prost::Message;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// An amount such as `250m` or `128Mi`, as text.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Quantity {
    /// The text as the server sent it.
    #[prost(string, tag = "1")]
    pub string: String,
}

impl From<&str> for Quantity {
    fn from(text: &str) -> Self {
        Self { string: text.to_owned() }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.string)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrNumber).map(|string| Self { string })
    }
}

/// Text, or a number as text: quantities are written both ways.
struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

/// A port or a count that may also be a name or a percentage.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct IntOrString {
    /// 0 for a number, 1 for text.
    #[prost(int64, tag = "1")]
    pub r#type: i64,
    /// The number, if it is one.
    #[prost(int32, tag = "2")]
    pub int_val: i32,
    /// The text, if it is one.
    #[prost(string, tag = "3")]
    pub str_val: String,
}

impl IntOrString {
    /// Makes a number.
    pub fn int(value: i32) -> Self {
        Self { int_val: value, ..Self::default() }
    }

    /// Makes a text.
    pub fn string(value: &str) -> Self {
        Self { r#type: 1, str_val: value.to_owned(), ..Self::default() }
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.r#type == 0 { write!(f, "{}", self.int_val) } else { f.write_str(&self.str_val) }
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.r#type == 0 {
            serializer.serialize_i32(self.int_val)
        } else {
            serializer.serialize_str(&self.str_val)
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = IntOrString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or text")
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<IntOrString, E> {
                i32::try_from(number).map(IntOrString::int).map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<IntOrString, E> {
                i32::try_from(number).map(IntOrString::int).map_err(E::custom)
            }
            fn visit_str<E>(self, text: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::string(text))
            }
            fn visit_unit<E>(self) -> Result<IntOrString, E> {
                Ok(IntOrString::default())
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The fields that a writer of an object owns: JSON, kept as it came.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct FieldsV1 {
    /// JSON text.
    #[prost(bytes = "vec", tag = "1")]
    pub raw: Vec<u8>,
}

impl Serialize for FieldsV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = if self.raw.is_empty() {
            "null"
        } else {
            std::str::from_utf8(&self.raw).map_err(S::Error::custom)?
        };
        serde_json::from_str::<&RawValue>(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FieldsV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self { raw: if raw.get() == "null" { Vec::new() } else { raw.get().as_bytes().to_vec() } })
    }
}

/// Maps whose values are bytes, in base64 in JSON.
pub(crate) mod base64_map {
    use std::collections::BTreeMap;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub fn serialize<S: Serializer>(
        map: &BTreeMap<String, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(key, value)| (key, STANDARD.encode(value))))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
        // The text itself never goes into an error: it may be a secret.
        let decode = |(key, text): (String, Option<String>)| match STANDARD.decode(text.unwrap_or_default()) {
            Ok(bytes) => Ok((key, bytes)),
            Err(_) => Err(D::Error::custom("a value that is not base64")),
        };
        let texts = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
        texts.unwrap_or_default().into_iter().map(decode).collect()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_quantity_may_be_a_number_in_json() {
        let texts = ["\"250m\"", "2", "0.5", "null"]
            .map(|json| serde_json::from_str::<Quantity>(json).unwrap().string);
        assert_eq!(texts, ["250m", "2", "0.5", ""]);
    }

    #[test]
    fn int_or_string_keeps_which_it_is() {
        for (json, value) in [("80", IntOrString::int(80)), ("\"25%\"", IntOrString::string("25%"))] {
            assert_eq!(serde_json::from_str::<IntOrString>(json).unwrap(), value);
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
        assert!(serde_json::from_str::<IntOrString>("99999999999").is_err());
    }

    #[test]
    fn raw_fields_come_back_to_the_byte() {
        let json = r#"{"f:spec":{"f:replicas":{}}}"#;
        let fields: FieldsV1 = serde_json::from_str(json).unwrap();
        assert_eq!(fields.raw, json.as_bytes());
        assert_eq!(serde_json::to_string(&fields).unwrap(), json);
    }
}
