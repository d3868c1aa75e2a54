//! Instants as Kubernetes writes them: `Time` to the second, `MicroTime` to the microsecond.
//!
//! Owns their two wire forms (a message of seconds and nanoseconds; RFC 3339 text) and nothing else: zones, durations and
//! "now" belong to the caller. An unset time is a value of its own, as it is in the protocol, where it is an empty message
//! or `null`. Tested below and by the round trips of the crate.

use std::fmt;

use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, int32, int64, skip_field};
use prost::{DecodeError, Message};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

const SECOND: i64 = 1_000_000_000;
/// Seconds that still fit into 64 bits as nanoseconds: the years 1678 to 2262.
const MAX_SECONDS: i64 = i64::MAX / SECOND - 1;
const UNSET: i64 = i64::MIN;

/// An instant to the second.
pub type Time = Stamp<false>;
/// An instant to the microsecond.
pub type MicroTime = Stamp<true>;

/// An instant, or unset; `MICRO` says whether microseconds are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp<const MICRO: bool>(i64);

impl<const MICRO: bool> Stamp<MICRO> {
    /// The time that was never set.
    pub const UNSET: Self = Self(UNSET);
    /// The finest step, in nanoseconds.
    const STEP: i64 = if MICRO { 1_000 } else { SECOND };

    /// Makes an instant from nanoseconds since 1970 UTC, cut down to what this precision keeps.
    pub fn from_nanos(nanos: i64) -> Self {
        let limit = MAX_SECONDS * SECOND;
        let nanos = nanos.clamp(-limit, limit);
        Self(nanos - nanos.rem_euclid(Self::STEP))
    }

    /// Makes an instant from seconds since 1970 UTC; what does not fit is moved to the nearest that does.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(-MAX_SECONDS, MAX_SECONDS) * SECOND)
    }

    /// Returns nanoseconds since 1970 UTC, or `None` if the time was never set.
    pub fn nanos(self) -> Option<i64> {
        self.is_set().then_some(self.0)
    }

    /// Returns whether the time was set.
    pub fn is_set(self) -> bool {
        self.0 != UNSET
    }

    fn seconds_and_nanos(self) -> (i64, i32) {
        if self.is_set() { (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND) as i32) } else { (0, 0) }
    }

    /// Reads RFC 3339 with any offset and any number of digits after the second.
    pub fn parse(text: &str) -> Option<Self> {
        parse_rfc3339(text).map(Self::from_nanos)
    }
}

impl<const MICRO: bool> Default for Stamp<MICRO> {
    fn default() -> Self {
        Self::UNSET
    }
}

impl<const MICRO: bool> fmt::Display for Stamp<MICRO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_set() {
            return f.write_str("unset");
        }
        let (seconds, nanos) = self.seconds_and_nanos();
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if MICRO {
            write!(f, ".{:06}", nanos / 1_000)?;
        }
        f.write_str("Z")
    }
}

impl<const MICRO: bool> fmt::Debug for Stamp<MICRO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Days since 1970 to year, month and day, by eras of 400 years that begin in March.
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Year, month and day to days since 1970; the inverse of [`date_of`].
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    let field = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    let separators: Vec<u8> =
        [4, 7, 10, 13, 16].iter().filter_map(|at| text.as_bytes().get(*at).copied()).collect();
    let separated = matches!(separators.as_slice(), [b'-', b'-', b'T' | b't' | b' ', b':', b':']);
    let in_range =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !separated || !in_range {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(tail) => tail.split_at(tail.bytes().position(|b| !b.is_ascii_digit())?),
        None => ("", rest),
    };
    let nanos =
        fraction.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    let local = days_of(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let seconds = local - offset_of(zone)?;
    Some(seconds.clamp(-MAX_SECONDS, MAX_SECONDS) * SECOND + nanos)
}

/// Seconds east of UTC of `Z` or `+hh:mm`.
fn offset_of(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let part = |from, to| zone.get(from..to).and_then(|t: &str| t.parse::<u8>().ok());
    let (hours, minutes) = (part(1, 3)?, part(4, 6)?);
    (hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

impl<const MICRO: bool> Message for Stamp<MICRO> {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        if self.is_set() {
            let (seconds, nanos) = self.seconds_and_nanos();
            int64::encode(1, &seconds, buf);
            int32::encode(2, &nanos, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        let (mut seconds, mut nanos) = self.seconds_and_nanos();
        match tag {
            1 => int64::merge(wire_type, &mut seconds, buf, ctx)?,
            2 => int32::merge(wire_type, &mut nanos, buf, ctx)?,
            _ => return skip_field(wire_type, tag, buf, ctx),
        }
        let nanos = i64::from(nanos).clamp(0, SECOND - 1);
        *self = Self::from_nanos(seconds.clamp(-MAX_SECONDS, MAX_SECONDS - 1) * SECOND + nanos);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        if !self.is_set() {
            return 0;
        }
        let (seconds, nanos) = self.seconds_and_nanos();
        int64::encoded_len(1, &seconds) + int32::encoded_len(2, &nanos)
    }

    fn clear(&mut self) {
        *self = Self::UNSET;
    }
}

impl<const MICRO: bool> Serialize for Stamp<MICRO> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_set() { serializer.collect_str(self) } else { serializer.serialize_unit() }
    }
}

impl<'de, const MICRO: bool> Deserialize<'de> for Stamp<MICRO> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?.as_deref() {
            None | Some("") => Ok(Self::UNSET),
            Some(text) => Self::parse(text).ok_or_else(|| D::Error::custom("a time that is not RFC 3339")),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn text_and_nanoseconds_agree_across_eras_leap_years_and_offsets() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-21T05:34:15Z", 1_795_239_255),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("1900-01-01T00:00:00Z", -2_208_988_800),
        ] {
            let time = Time::from_seconds(seconds);
            assert_eq!((time.to_string(), Time::parse(text)), (text.to_owned(), Some(time)));
        }
        assert_eq!(Time::parse("2026-11-21T08:34:15.999+03:00"), Time::parse("2026-11-21T05:34:15Z"));
        let micro = MicroTime::parse("2026-11-21T05:34:15.0923929Z");
        assert_eq!(micro.map(|t| t.to_string()).as_deref(), Some("2026-11-21T05:34:15.092392Z"));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-11-21T05:34:15",
            "2026-11-21T05:34:15.",
            "2026-11-21x05:34:15Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
        assert_eq!(Time::parse("2026-11-21T05:34:15+3:00"), None);
        assert_eq!(Time::parse("２026-11-21T05:34:15Z"), None);
    }

    #[test]
    fn an_unset_time_is_an_empty_message_and_null() {
        assert_eq!(Time::UNSET.encode_to_vec(), Vec::<u8>::new());
        assert_eq!(Time::decode(&[][..]), Ok(Time::UNSET));
        assert_eq!(serde_json::to_string(&Time::UNSET).unwrap(), "null");
        assert_eq!(serde_json::from_str::<Time>("null").unwrap(), Time::UNSET);
    }

    #[test]
    fn the_epoch_is_not_unset() {
        let epoch = Time::from_seconds(0);
        assert_eq!(epoch.encode_to_vec(), [8, 0, 16, 0]);
        assert_eq!(Time::decode(&[8, 0, 16, 0][..]), Ok(epoch));
        assert!(epoch.is_set());
    }

    #[test]
    fn seconds_beyond_the_range_are_moved_to_its_edge() {
        for seconds in [i64::MIN, i64::MAX] {
            let mut bytes = Vec::new();
            int64::encode(1, &seconds, &mut bytes);
            int32::encode(2, &i32::MAX, &mut bytes);
            let time = MicroTime::decode(bytes.as_slice()).unwrap();
            assert_eq!(MicroTime::decode(time.encode_to_vec().as_slice()), Ok(time));
        }
    }
}
