//! Protobuf below the messages: a field reader that copies nothing, and a buffer that counts its reads.
//!
//! Owns the bounds on counts while decoding. Never knows a message. Tested here and by the hostile input of the crate.

use prost::Message;
use prost::bytes::Buf;

use crate::error::Error;

/// One field of a message, as it is on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads the fields of a message one by one; ends after the first damage.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return None,
        };
        (key >> 3 != 0).then_some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field().ok_or("a field ends too early or is of no known form");
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Decodes a message in at most `parts` reads.
pub(crate) fn decode<M: Message + Default>(
    what: &'static str,
    bytes: &[u8],
    parts: &mut usize,
) -> Result<M, Error> {
    let limit = *parts;
    let mut buffer = Counted { rest: bytes, parts: limit };
    let decoded = M::decode(&mut buffer);
    *parts = buffer.parts;
    if buffer.parts == 0 {
        return Err(Error::TooMany { what, limit });
    }
    decoded.map_err(|error| Error::damaged(what, &error.to_string()))
}

/// What a reader finds when its reads are used up: zeros without end, which no message can consist of.
const SPENT: &[u8] = &[0; 64];

/// Bytes that may be read a limited number of times.
///
/// Each element of a repeated field costs reads, so that input of a few megabytes of empty elements can't become gigabytes
/// of structures. When the reads are used up it stays readable (a short buffer would panic in the middle of a number) but
/// holds nothing that decodes.
struct Counted<'a> {
    rest: &'a [u8],
    parts: usize,
}

impl Buf for Counted<'_> {
    fn remaining(&self) -> usize {
        if self.parts == 0 { SPENT.len() } else { self.rest.len() }
    }

    fn chunk(&self) -> &[u8] {
        if self.parts == 0 { SPENT } else { self.rest }
    }

    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
        self.parts = self.parts.saturating_sub(1);
    }
}

/// Counts what JSON text consists of: braces, brackets and commas outside strings.
pub(crate) fn json_parts(text: &str) -> usize {
    let (mut parts, mut quoted, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' | b',' if !quoted => parts += 1,
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::Pod;

    #[test]
    fn fields_are_read_without_knowing_the_message() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4];
        let fields: Vec<_> = Fields::of(&bytes).collect();
        let expected =
            [Ok((1, Field::Number(150))), Ok((2, Field::Bytes(b"hi"))), Ok((3, Field::Bytes(&[1, 2, 3, 4])))];
        assert_eq!(fields, expected);
    }

    #[test]
    fn damage_ends_the_fields_after_one_error() {
        for bytes in [&[0x12, 0x05, b'h'][..], &[0x80], &[0x0b], &[0x00, 0x00], &[0xff; 11]] {
            let fields: Vec<_> = Fields::of(bytes).map(|field| field.is_ok()).collect();
            assert_eq!(fields, [false], "{bytes:?}");
        }
    }

    #[test]
    fn many_empty_elements_are_refused_before_they_are_built() {
        // A pod whose specification consists of half a million empty containers.
        let spec = [0x12, 0x00].repeat(500_000);
        let mut pod = vec![0x12];
        prost::encode_length_delimiter(spec.len(), &mut pod).unwrap();
        pod.extend(spec);
        let mut parts = 1_000;
        let refused = decode::<Pod>("a pod", &pod, &mut parts);
        assert!(matches!(refused, Err(Error::TooMany { limit: 1_000, .. })), "{refused:?}");
    }

    #[test]
    fn running_out_of_reads_never_panics_wherever_it_happens() {
        let pod = crate::tests::samples::pod();
        let bytes = pod.encode_to_vec();
        let mut enough = 100_000;
        assert_eq!(decode::<Pod>("a pod", &bytes, &mut enough).unwrap(), pod);
        for mut parts in 1..=(100_000 - enough) {
            assert!(matches!(decode::<Pod>("a pod", &bytes, &mut parts), Err(Error::TooMany { .. })));
        }
    }

    #[test]
    fn json_parts_are_counted_outside_strings_only() {
        assert_eq!(json_parts(r#"{"a":[1,2],"b":"{,[\",{"}"#), 4);
    }
}
