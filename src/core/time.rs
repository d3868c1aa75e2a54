//! Instants and spans as integers of nanoseconds, and everything that reads or prints them.
//!
//! The only module that names `chrono`. Nothing here reads a clock: "now" is always an argument.

use chrono::{
    DateTime, Datelike, Local, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000_000;

/// An instant: nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ts(pub i64);

/// In documents an instant is RFC 3339 in UTC: nanoseconds as a number are more than most readers of JSON hold.
impl serde::Serialize for Ts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.rfc3339())
    }
}

impl<'de> serde::Deserialize<'de> for Ts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an instant of RFC 3339"))
    }
}

/// A length of time in nanoseconds; negative ones are allowed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// Returns a span of `n` seconds.
    pub const fn secs(n: i64) -> Self {
        Self(n.saturating_mul(SECOND))
    }

    /// Returns a span of `n` milliseconds.
    pub const fn millis(n: i64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// Returns a span of `n` minutes.
    pub const fn mins(n: i64) -> Self {
        Self::secs(n.saturating_mul(60))
    }

    /// Returns a span of `n` hours.
    pub const fn hours(n: i64) -> Self {
        Self::secs(n.saturating_mul(3600))
    }

    /// Returns whole seconds, rounded towards zero.
    pub const fn as_secs(self) -> i64 {
        self.0 / SECOND
    }

    /// Returns seconds as a float.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Returns the standard library's duration, zero for negative spans.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Returns this span times `n`, saturating.
    #[must_use]
    pub const fn times(self, n: i64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// Returns half of this span.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }

    /// Reads a Prometheus or Go style duration: `90s`, `5m`, `1h30m`, `2d`, `250ms`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let negative = rest.starts_with('-');
        rest = rest.trim_start_matches(['-', '+']);
        if rest.is_empty() {
            return None;
        }
        let mut total: i64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest.get(..digits)?.parse().ok()?;
            let tail = rest.get(digits..)?;
            let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let unit = match tail.get(..end)? {
                "ns" => 1.0,
                "us" | "µs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3_600e9,
                "d" => 86_400e9,
                "w" => 604_800e9,
                "y" => 31_536_000e9,
                _ => return None,
            };
            total = total.checked_add((number * unit).round() as i64)?;
            rest = tail.get(end..)?;
        }
        Some(Self(if negative { -total } else { total }))
    }
}

impl std::fmt::Display for Span {
    /// Prints the shortest exact form of whole seconds: `5m`, `1h30m`, `45s`; below one second, `250ms`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ns = self.0.unsigned_abs();
        if ns < SECOND as u64 {
            return if ns == 0 { f.write_str("0s") } else { write!(f, "{sign}{}ms", ns / 1_000_000) };
        }
        let s = ns / SECOND as u64;
        f.write_str(sign)?;
        for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
            let n = match unit {
                86_400 => s / 86_400,
                3_600 => s % 86_400 / 3_600,
                60 => s % 3_600 / 60,
                _ => s % 60,
            };
            if n > 0 {
                write!(f, "{n}{name}")?;
            }
        }
        Ok(())
    }
}

impl std::ops::Add<Span> for Ts {
    type Output = Self;
    fn add(self, rhs: Span) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl std::ops::Sub<Span> for Ts {
    type Output = Self;
    fn sub(self, rhs: Span) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl std::ops::Sub for Ts {
    type Output = Span;
    fn sub(self, rhs: Self) -> Span {
        Span(self.0.saturating_sub(rhs.0))
    }
}

impl std::ops::Add for Span {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

/// The zone that times are shown in; chosen once, always written beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated universal time.
    #[default]
    Utc,
    /// The host's zone.
    Local,
    /// A zone of the IANA database.
    Named(Tz),
}

impl Zone {
    /// Returns the zone of an IANA name, `UTC` or `local`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "UTC" | "utc" | "" => Some(Self::Utc),
            "local" => Some(Self::Local),
            other => other.parse().ok().map(Self::Named),
        }
    }

    fn at(self, ts: Ts) -> DateTime<chrono::FixedOffset> {
        let utc = ts.utc();
        match self {
            Self::Utc => utc.fixed_offset(),
            Self::Local => utc.with_timezone(&Local).fixed_offset(),
            Self::Named(tz) => utc.with_timezone(&tz).fixed_offset(),
        }
    }

    /// Returns the abbreviation that is shown beside times: `UTC`, `MSK`, `+03:00`.
    pub fn abbreviation(self, ts: Ts) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Local => self.at(ts).format("%:z").to_string(),
            Self::Named(tz) => ts.utc().with_timezone(&tz).format("%Z").to_string(),
        }
    }

    fn local_instant(self, date: NaiveDate, time: NaiveTime) -> Option<Ts> {
        self.readings(date.and_time(time)).map(|(first, _)| first)
    }

    /// Returns the first and the last instant at which a local clock shows this; none where clocks skip it.
    fn readings(self, naive: NaiveDateTime) -> Option<(Ts, Ts)> {
        let (first, last) = match self {
            Self::Utc => (naive.and_utc(), naive.and_utc()),
            Self::Local => both(Local.from_local_datetime(&naive))?,
            Self::Named(tz) => both(tz.from_local_datetime(&naive))?,
        };
        Some((Ts(first.timestamp_nanos_opt()?), Ts(last.timestamp_nanos_opt()?)))
    }

    /// Returns the first and the last instant at which clocks of this zone show `clock` on `date`: two instants
    /// where they are put back over it, else the same one twice. Where they are put forward over it, it is the
    /// instant of the jump, the first one that is not before it. None beyond the years that a [`Ts`] holds.
    pub fn instants(self, date: Date, clock: Clock) -> Option<(Ts, Ts)> {
        let into = chrono::TimeDelta::seconds(i64::from(clock.0));
        let naive = date.0.and_time(NaiveTime::MIN).checked_add_signed(into)?;
        self.readings(naive).or_else(|| self.jump(naive).map(|at| (at, at)))
    }

    /// Returns when clocks jump over `naive`.
    fn jump(self, naive: NaiveDateTime) -> Option<Ts> {
        let about = Ts(naive.and_utc().timestamp_nanos_opt()?);
        let offset = |ts| Span::secs(i64::from(self.at(ts).offset().fix().local_minus_utc()));
        // The widest jump was one of a whole day, in Samoa.
        let (before, after) = (offset(about - Span::hours(48)), offset(about + Span::hours(48)));
        let mut early = (about - before.max(after)).as_secs();
        let mut late = (about - before.min(after)).as_secs();
        while early < late {
            let middle = early + (late - early) / 2;
            if self.at(Ts::from_secs(middle)).naive_local() < naive {
                early = middle + 1;
            } else {
                late = middle;
            }
        }
        Some(Ts::from_secs(early))
    }
}

fn both<T: TimeZone>(found: chrono::LocalResult<DateTime<T>>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    Some((found.clone().earliest()?.to_utc(), found.latest()?.to_utc()))
}

/// A day of the calendar, in no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// Reads `2026-12-24`.
    pub fn parse(text: &str) -> Option<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self)
    }

    /// Returns the day that is so many days later, or earlier for negative numbers; the last or the first one
    /// that there is where it would be beyond.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let limit = if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
        let span = chrono::TimeDelta::try_days(days);
        Self(span.and_then(|span| self.0.checked_add_signed(span)).unwrap_or(limit))
    }

    /// Returns which day of the week it is.
    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            chrono::Weekday::Mon => Weekday::Mon,
            chrono::Weekday::Tue => Weekday::Tue,
            chrono::Weekday::Wed => Weekday::Wed,
            chrono::Weekday::Thu => Weekday::Thu,
            chrono::Weekday::Fri => Weekday::Fri,
            chrono::Weekday::Sat => Weekday::Sat,
            chrono::Weekday::Sun => Weekday::Sun,
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// What a clock on the wall shows, to the second, from `00:00` to `24:00`, the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock(u32);

impl Clock {
    /// The beginning of the day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of the day.
    pub const END: Self = Self(86_400);

    /// Reads `16:00`, `16:00:30` or `24:00`.
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "24:00" | "24:00:00") {
            return Some(Self::END);
        }
        let time = parse_clock(text).filter(|t| t.nanosecond() == 0)?;
        Some(Self(time.num_seconds_from_midnight()))
    }
}

impl Ts {
    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// Returns the instant of `n` whole seconds since 1970.
    pub const fn from_secs(n: i64) -> Self {
        Self(n.saturating_mul(SECOND))
    }

    /// Returns the instant of seconds and nanoseconds as protobuf messages carry them.
    pub const fn from_parts(secs: i64, nanos: i32) -> Self {
        Self(secs.saturating_mul(SECOND).saturating_add(nanos as i64))
    }

    /// Returns whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Returns seconds since 1970 as a float.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Returns this instant rounded down to a multiple of `step`.
    #[must_use]
    pub const fn align_down(self, step: Span) -> Self {
        if step.0 <= 0 { self } else { Self(self.0.div_euclid(step.0) * step.0) }
    }

    /// Reads RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt().map(Self)
    }

    /// Reads the date of an HTTP header, `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc2822(text).ok()?.timestamp_nanos_opt().map(Self)
    }

    /// Prints RFC 3339 in UTC with as many fraction digits as needed.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    }

    /// Prints RFC 3339 in a zone, with seconds.
    pub fn rfc3339_in(self, zone: Zone) -> String {
        zone.at(self).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// Returns the day that the calendar in a zone shows.
    pub fn date(self, zone: Zone) -> Date {
        Date(zone.at(self).date_naive())
    }

    /// Returns what clocks in a zone show, seconds rounded down.
    pub fn wall_clock(self, zone: Zone) -> Clock {
        Clock(zone.at(self).num_seconds_from_midnight())
    }

    /// Prints the time of day, `14:02:41`.
    pub fn clock(self, zone: Zone) -> String {
        zone.at(self).format("%H:%M:%S").to_string()
    }

    /// Prints the time of day with milliseconds, `14:02:41.017`.
    pub fn clock_millis(self, zone: Zone) -> String {
        zone.at(self).format("%H:%M:%S%.3f").to_string()
    }

    /// Prints the time of day to the minute, `14:02`.
    pub fn clock_minutes(self, zone: Zone) -> String {
        zone.at(self).format("%H:%M").to_string()
    }

    /// Prints date and time of day, `2026-11-21 14:02:41`.
    pub fn date_clock(self, zone: Zone) -> String {
        zone.at(self).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Prints the time of day, with the date in front when it is not `now`'s day.
    pub fn near(self, now: Self, zone: Zone) -> String {
        let (a, b) = (zone.at(self), zone.at(now));
        if a.date_naive() == b.date_naive() {
            self.clock(zone)
        } else {
            a.format("%m-%d %H:%M:%S").to_string()
        }
    }

    /// Prints the time as Go prints it in `helm history`: `Mon Jan _2 15:04:05 2006`.
    pub fn go_ansic(self, zone: Zone) -> String {
        zone.at(self).format("%a %b %e %H:%M:%S %Y").to_string()
    }

    /// Prints the time as Go prints it in `helm list -o json`: `2006-01-02 15:04:05.999999999 -0700 MST`, in UTC.
    pub fn go_string(self) -> String {
        let fraction = self.0.rem_euclid(SECOND);
        let fraction = match format!("{fraction:09}").trim_end_matches('0') {
            "" => String::new(),
            digits => format!(".{digits}"),
        };
        format!("{}{fraction} +0000 UTC", self.date_clock(Zone::Utc))
    }

    /// Prints RFC 3339 in a zone, with milliseconds.
    pub fn rfc3339_millis_in(self, zone: Zone) -> String {
        zone.at(self).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Returns the seconds of the day and the zone's offset in seconds, for axis labels.
    pub fn day_seconds(self, zone: Zone) -> (u32, i32) {
        let t = zone.at(self);
        (t.num_seconds_from_midnight(), t.offset().fix().local_minus_utc())
    }

    /// Reads what a person types as a moment: `14:02` (the most recent one), `14:02:41`, `-15m`, `now-1h`,
    /// `now`, `2026-11-21 14:02`, RFC 3339, or a Unix time in s, ms or ns.
    pub fn parse_moment(text: &str, now: Self, zone: Zone) -> Option<Self> {
        let text = text.trim();
        if text == "now" {
            return Some(now);
        }
        if let Some(rest) = text.strip_prefix("now") {
            return Span::parse(rest).map(|s| now + s);
        }
        if text.starts_with(['-', '+']) {
            return Span::parse(text).map(|s| now + s);
        }
        if let Some(ts) = Self::parse_rfc3339(text) {
            return Some(ts);
        }
        if text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit()) {
            let n: i64 = text.parse().ok()?;
            return Some(match text.len() {
                0..=10 => Self::from_secs(n),
                11..=13 => Self(n.saturating_mul(1_000_000)),
                _ => Self(n),
            });
        }
        if let Some((date, time)) = text.split_once([' ', 'T']) {
            let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
            return zone.local_instant(date, parse_clock(time)?);
        }
        let time = parse_clock(text)?;
        let today = zone.at(now).date_naive();
        let at = zone.local_instant(today, time)?;
        if at <= now { Some(at) } else { zone.local_instant(today.pred_opt()?, time) }
    }

    /// Returns the year, for tests of far dates.
    pub fn year(self) -> i32 {
        self.utc().year()
    }
}

fn parse_clock(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M:%S", "%H:%M"].iter().find_map(|f| NaiveTime::parse_from_str(text, f).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Ts {
        Ts::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn spans_are_read_and_printed_alike() {
        for text in ["5m", "1h30m", "45s", "2d", "1d2h3m4s", "250ms", "-15m"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::parse("90s"), Some(Span::secs(90)));
        assert_eq!(Span::parse("1.5h"), Some(Span::mins(90)));
        for text in ["", "-", "5", "5x", "m5"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_without_a_date_is_the_most_recent_one() {
        let now = at("2026-11-21T14:07:31Z");
        assert_eq!(Ts::parse_moment("14:02", now, Zone::Utc), Some(at("2026-11-21T14:02:00Z")));
        assert_eq!(Ts::parse_moment("14:08", now, Zone::Utc), Some(at("2026-11-20T14:08:00Z")));
        let moscow = Zone::parse("Europe/Moscow").unwrap();
        assert_eq!(Ts::parse_moment("17:02:03", now, moscow), Some(at("2026-11-21T14:02:03Z")));
    }

    #[test]
    fn moments_are_read_in_every_documented_form() {
        let now = at("2026-11-21T14:07:31Z");
        assert_eq!(Ts::parse_moment("-15m", now, Zone::Utc), Some(at("2026-11-21T13:52:31Z")));
        assert_eq!(Ts::parse_moment("now-1h", now, Zone::Utc), Some(at("2026-11-21T13:07:31Z")));
        assert_eq!(Ts::parse_moment("2026-11-20 09:00", now, Zone::Utc), Some(at("2026-11-20T09:00:00Z")));
        assert_eq!(Ts::parse_moment("1763733600", now, Zone::Utc), Some(Ts::from_secs(1_763_733_600)));
        assert_eq!(Ts::parse_moment("1763733600000", now, Zone::Utc), Some(Ts::from_secs(1_763_733_600)));
        assert_eq!(
            Ts::parse_moment("1763733600000000007", now, Zone::Utc),
            Some(Ts(1_763_733_600_000_000_007))
        );
        assert_eq!(Ts::parse_moment("yesterday", now, Zone::Utc), None);
    }

    #[test]
    fn the_zone_is_written_as_people_write_it() {
        let ts = at("2026-11-21T14:07:31Z");
        assert_eq!(Zone::Utc.abbreviation(ts), "UTC");
        let moscow = Zone::parse("Europe/Moscow").unwrap();
        assert_eq!((ts.clock(moscow), moscow.abbreviation(ts)), ("17:07:31".to_owned(), "MSK".to_owned()));
        assert_eq!(ts.go_ansic(Zone::Utc), "Sat Nov 21 14:07:31 2026");
    }

    fn instants(zone: &str, date: &str, clock: &str) -> (String, String) {
        let (zone, date) = (Zone::parse(zone).unwrap(), Date::parse(date).unwrap());
        let (first, last) = zone.instants(date, Clock::parse(clock).unwrap()).unwrap();
        (first.rfc3339(), last.rfc3339())
    }

    #[test]
    fn a_local_clock_is_one_instant_two_in_a_fold_and_the_jump_in_a_gap() {
        let one = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(instants("Europe/Berlin", "2026-07-01", "16:00"), one("2026-07-01T14:00:00Z"));
        assert_eq!(instants("Europe/Berlin", "2026-07-01", "24:00"), one("2026-07-01T22:00:00Z"));
        // Clocks go from 02:00 to 03:00, and from 03:00 back to 02:00.
        assert_eq!(instants("Europe/Berlin", "2026-03-29", "02:00"), one("2026-03-29T01:00:00Z"));
        assert_eq!(instants("Europe/Berlin", "2026-03-29", "02:59:59"), one("2026-03-29T01:00:00Z"));
        assert_eq!(instants("Europe/Berlin", "2026-03-29", "03:00"), one("2026-03-29T01:00:00Z"));
        assert_eq!(
            instants("Europe/Berlin", "2026-10-25", "02:30"),
            ("2026-10-25T00:30:00Z".to_owned(), "2026-10-25T01:30:00Z".to_owned())
        );
        // Midnight itself is skipped; half an hour is; a whole day is.
        assert_eq!(instants("America/Santiago", "2026-09-06", "00:00"), one("2026-09-06T04:00:00Z"));
        assert_eq!(instants("Australia/Lord_Howe", "2026-10-04", "02:15"), one("2026-10-03T15:30:00Z"));
        assert_eq!(instants("Pacific/Apia", "2011-12-30", "12:00"), one("2011-12-30T10:00:00Z"));
    }

    #[test]
    fn days_and_clocks_of_a_zone_are_its_own() {
        let ts = at("2026-12-31T22:30:15Z");
        let tokyo = Zone::parse("Asia/Tokyo").unwrap();
        assert_eq!(ts.date(tokyo), Date::parse("2027-01-01").unwrap());
        assert_eq!(ts.date(tokyo).weekday(), Weekday::Fri);
        assert_eq!(ts.date(Zone::Utc).weekday(), Weekday::Thu);
        assert_eq!(Some(ts.wall_clock(tokyo)), Clock::parse("07:30:15"));
        assert_eq!(Date::parse("2027-02-27").unwrap().plus(2), Date::parse("2027-03-01").unwrap());
        assert_eq!(Date::parse("2027-03-01").unwrap().plus(-1), Date::parse("2027-02-28").unwrap());
        assert!(Date::parse("2027-03-01").unwrap().plus(i64::MAX) > Date::parse("9999-01-01").unwrap());
        for wrong in ["25:00", "24:01", "8", "16:00:00.5", "16:60", ""] {
            assert_eq!(Clock::parse(wrong), None, "{wrong}");
        }
        for wrong in ["2027-02-29", "24.12.2026", ""] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Ts(i64::MAX) + Span::hours(1), Ts(i64::MAX));
        assert_eq!(Ts(i64::MIN) - Span::hours(1), Ts(i64::MIN));
        assert_eq!(Ts(-1).align_down(Span::secs(1)), Ts(-1_000_000_000));
    }
}
