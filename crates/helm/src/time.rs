//! RFC 3339 times, read and written as Go's `encoding/json` does for `time.Time`.
//!
//! Owns the conversion between text and nanoseconds since 1970 UTC. It never asks what time it is: callers bring it.
//! Tested by round trips over the whole range and by texts that Helm wrote.

use std::fmt;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time that remembers how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The text as it stands in the record.
    pub text: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub ns: i64,
}

impl Stamp {
    /// Reads RFC 3339 text; `None` when it is not a time or lies outside the years 1678 to 2261.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned(), ns: parse_rfc3339(text)? })
    }

    /// Returns the time on the clock on which it was written, as Go's `time.ANSIC`: `Mon Nov 30 09:04:05 2026`. So
    /// `helm history` and `helm status` print it, wherever they run.
    pub fn ansic(&self) -> String {
        let (date, clock, _) = self.parts();
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((self.local_seconds().div_euclid(86_400) + 4).rem_euclid(7));
        let weekday = weekday.ok().and_then(|day| WEEKDAYS.get(day)).unwrap_or(&"");
        let month = usize::try_from(date.1 - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        format!("{weekday} {month} {:>2} {clock} {:04}", date.2, date.0)
    }

    /// Returns the time as Go's `Time.String` gives it and `helm list` prints it: `2026-11-30 09:04:05.25 +0300 +0300`. A Helm
    /// whose own zone has that offset writes the zone's abbreviation in the last place.
    pub fn go_string(&self) -> String {
        let (date, clock, fraction) = self.parts();
        let offset = self.offset_minutes();
        let sign = if offset < 0 { '-' } else { '+' };
        let hours = format!("{sign}{:02}{:02}", offset.unsigned_abs() / 60, offset.unsigned_abs() % 60);
        let name = if offset == 0 { "UTC" } else { &hours };
        format!("{:04}-{:02}-{:02} {clock}{fraction} {hours} {name}", date.0, date.1, date.2)
    }

    /// Returns the time in RFC 3339 without the fraction of its second, as `helm get metadata` prints it.
    pub fn whole_seconds(&self) -> String {
        let ns = self.ns - self.ns.rem_euclid(NS_PER_SECOND);
        format_rfc3339(ns, self.offset_minutes())
    }

    /// Minutes east of UTC, as the text says.
    fn offset_minutes(&self) -> i32 {
        let bytes = self.text.as_bytes();
        let zone_at = fraction(bytes, 19).map(|(_, at)| at);
        let seconds = zone_at.and_then(|at| zone(bytes, at)).unwrap_or(0);
        i32::try_from(seconds / 60).unwrap_or(0)
    }

    fn local_seconds(&self) -> i64 {
        self.ns.div_euclid(NS_PER_SECOND) + i64::from(self.offset_minutes()) * 60
    }

    /// Year, month and day, then the clock, then the fraction with its point.
    fn parts(&self) -> ((i64, i64, i64), String, String) {
        let text = format_rfc3339(self.ns, 0);
        let fraction = text.split_once('.').map_or("", |(_, rest)| rest.trim_end_matches('Z'));
        let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
        let local = self.local_seconds();
        let clock = local.rem_euclid(86_400);
        let clock = format!("{:02}:{:02}:{:02}", clock / 3_600, clock / 60 % 60, clock % 60);
        (civil_from_days(local.div_euclid(86_400)), clock, fraction)
    }
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The present, brought by the caller: a point in time and the zone to write it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Now {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub ns: i64,
    /// Minutes east of UTC in which times are written.
    pub offset_minutes: i32,
}

impl Now {
    /// Returns this time as Go's `RFC3339Nano` writes it.
    pub fn to_rfc3339(self) -> String {
        format_rfc3339(self.ns, self.offset_minutes)
    }

    /// Returns whole seconds since 1970, as Helm's `createdAt` and `modifiedAt` labels hold them.
    pub fn unix_seconds(self) -> i64 {
        self.ns.div_euclid(NS_PER_SECOND)
    }
}

/// Reads RFC 3339 text into nanoseconds since 1970 UTC; digits of the fraction beyond the ninth are dropped.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        part.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
    };
    let sign_at = |at: usize, wanted: u8| -> Option<()> { (*bytes.get(at)? == wanted).then_some(()) };
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    sign_at(4, b'-')?;
    sign_at(7, b'-')?;
    if !matches!(bytes.get(10)?, b'T' | b't') {
        return None;
    }
    sign_at(13, b':')?;
    sign_at(16, b':')?;
    let in_range = (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month) && hour <= 23;
    if !in_range || minute > 59 || second > 59 {
        return None;
    }
    let (fraction_ns, zone_at) = fraction(bytes, 19)?;
    let offset_seconds = zone(bytes, zone_at)?;
    let seconds =
        days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds;
    seconds.checked_mul(NS_PER_SECOND)?.checked_add(fraction_ns)
}

/// Reads `.digits` at `at`; returns nanoseconds and where the zone begins.
fn fraction(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    if *bytes.get(at)? != b'.' {
        return Some((0, at));
    }
    let mut ns = 0i64;
    let mut count = 0usize;
    while let Some(c) = bytes.get(at + 1 + count).filter(|c| c.is_ascii_digit()) {
        if count < 9 {
            ns = ns * 10 + i64::from(c - b'0');
        }
        count += 1;
    }
    if count == 0 {
        return None;
    }
    for _ in count..9 {
        ns *= 10;
    }
    Some((ns, at + 1 + count))
}

/// Reads `Z` or `±hh:mm`, which must end the text; returns seconds east of UTC.
fn zone(bytes: &[u8], at: usize) -> Option<i64> {
    let rest = bytes.get(at..)?;
    match rest {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let digit = |c: &u8| c.is_ascii_digit().then(|| i64::from(c - b'0'));
            let hours = digit(h1)? * 10 + digit(h2)?;
            let minutes = digit(m1)? * 10 + digit(m2)?;
            if hours > 24 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3_600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Returns the text of a time as Go's `RFC3339Nano` writes it: no trailing zeros, `Z` for UTC.
pub fn format_rfc3339(ns: i64, offset_minutes: i32) -> String {
    let local = i128::from(ns) + i128::from(offset_minutes) * 60 * i128::from(NS_PER_SECOND);
    let seconds = local.div_euclid(i128::from(NS_PER_SECOND)) as i64;
    let fraction = local.rem_euclid(i128::from(NS_PER_SECOND)) as i64;
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let clock = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        let digits = format!("{fraction:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    if offset_minutes == 0 {
        text.push('Z');
    } else {
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        let minutes = offset_minutes.unsigned_abs();
        let zone = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        text.push_str(&zone);
    }
    text
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts days from 1970-01-01 in the proleptic Gregorian calendar; years are taken to begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_helm_writes_are_read() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_rfc3339("2026-11-21T10:40:48.123456789+03:00"), Some(1_795_246_848_123_456_789));
        assert_eq!(parse_rfc3339("2026-11-21T07:40:48.123456789Z"), Some(1_795_246_848_123_456_789));
        assert_eq!(parse_rfc3339("2024-02-29T23:59:59.5-00:30"), Some(1_709_252_999_500_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-02-01T00:00:00",
            "2026-02-01 00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text:?}");
        }
        assert_eq!(parse_rfc3339("2026-02-01T00:00:00.Z"), None);
        assert_eq!(parse_rfc3339("9999-02-01T00:00:00Z"), None, "does not fit nanoseconds");
        assert_eq!(parse_rfc3339("0001-01-01T00:00:00Z"), None, "Go's zero time is no time of ours");
    }

    #[test]
    fn zeros_at_the_end_of_a_fraction_are_not_written() {
        assert_eq!(format_rfc3339(1_500_000_000, 0), "1970-01-01T00:00:01.5Z");
        assert_eq!(format_rfc3339(0, -330), "1969-12-31T18:30:00-05:30");
    }

    #[test]
    fn times_are_printed_on_the_clock_on_which_they_were_written() {
        let of = |text: &str| Stamp::parse(text).unwrap();
        for (text, ansic, string, whole) in [
            (
                "2026-11-30T09:04:05.250Z",
                "Mon Nov 30 09:04:05 2026",
                "2026-11-30 09:04:05.25 +0000 UTC",
                "2026-11-30T09:04:05Z",
            ),
            (
                "2026-12-01T00:04:05.000000001+03:00",
                "Tue Dec  1 00:04:05 2026",
                "2026-12-01 00:04:05.000000001 +0300 +0300",
                "2026-12-01T00:04:05+03:00",
            ),
            (
                "1969-12-31T23:59:59-09:30",
                "Wed Dec 31 23:59:59 1969",
                "1969-12-31 23:59:59 -0930 -0930",
                "1969-12-31T23:59:59-09:30",
            ),
        ] {
            let at = of(text);
            assert_eq!(
                (at.ansic(), at.go_string(), at.whole_seconds()),
                (ansic.into(), string.into(), whole.into())
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ns in i64::MIN / 2..i64::MAX / 2, offset in -14 * 60..14 * 60i32) {
            prop_assert_eq!(parse_rfc3339(&format_rfc3339(ns, offset)), Some(ns));
        }

        #[test]
        fn reading_never_panics(text in ".*") {
            let _ = parse_rfc3339(&text);
        }
    }
}
