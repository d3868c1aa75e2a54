//! One `[[freeze]]` entry: what it means, and what cannot be.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::file::Reader;
use super::schema::FreezeDe;
use crate::core::time::{Clock, Date};
use crate::core::{Safe, Ts, Zone};
pub use crate::ops::freeze::Freezes;
use crate::ops::freeze::{Freeze, When};

const MOST: usize = 100;
const ZONE: &str = "a name of the IANA database such as `Europe/Moscow`, or `UTC`";
const FORMS: &str =
    "days and clocks: days, from, to and zone; dates: from, until and zone; once: start and end";

impl<'a> Reader<'a> {
    pub(super) fn freezes(&mut self, value: Spanned<DeValue<'a>>) -> Freezes {
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.hinted(span, "expected a list of freezes", "write [[freeze]]");
            return Freezes::default();
        };
        let (mut freezes, mut names) = (Vec::new(), BTreeSet::new());
        for (n, item) in items.into_iter().enumerate() {
            let whole = item.span();
            if n == MOST {
                self.problem(whole, format!("more than {MOST} freezes"));
                break;
            }
            let Some(de) = self.read::<FreezeDe>(item) else { continue };
            if de.name.get_ref().trim().is_empty() {
                self.hinted(de.name.span(), "a freeze without a name", "refusals name it");
            } else if !names.insert(de.name.get_ref().clone()) {
                self.problem(de.name.span(), format!("a second freeze called `{}`", de.name.get_ref()));
            }
            for pattern in de.contexts.iter().filter(|c| c.get_ref().is_empty()) {
                self.hinted(pattern.span(), "an empty pattern", "a context's name, or one with `*` and `?`");
            }
            if let Some(when) = self.when(&de, whole) {
                freezes.push(Freeze {
                    name: Safe::of(de.name.get_ref()),
                    contexts: de.contexts.into_iter().map(Spanned::into_inner).collect(),
                    when,
                    overridable: de.overridable.unwrap_or(true),
                });
            }
        }
        Freezes(freezes)
    }

    fn when(&mut self, de: &FreezeDe, whole: Range<usize>) -> Option<When> {
        let clocks = de.days.is_some() || de.from.is_some() || de.to.is_some();
        match (de.start.as_ref().or(de.end.as_ref()), &de.until) {
            (Some(_), None) if !clocks && de.zone.is_none() => self.once(de, whole),
            (None, Some(_)) if de.days.is_none() && de.to.is_none() => self.dates(de, whole),
            (None, None) if clocks => self.weekly(de, whole),
            (None, None) => {
                self.hinted(whole, "a freeze that does not say when", FORMS);
                None
            }
            _ => {
                self.hinted(whole, "a freeze that says when in two ways", FORMS);
                None
            }
        }
    }

    fn once(&mut self, de: &FreezeDe, whole: Range<usize>) -> Option<When> {
        let (Some(start), Some(end)) = (&de.start, &de.end) else {
            self.hinted(whole, "start without end, or end without start", "set both");
            return None;
        };
        let instant = |reader: &mut Self, key: &str, value: &Spanned<toml::Value>| {
            let hint = "RFC 3339 with a zone, as in `2026-12-24T18:00:00+03:00`";
            reader.written(value, &format!("{key} is not an instant"), hint, Ts::parse_rfc3339)
        };
        let begins = instant(self, "start", start);
        let ends = instant(self, "end", end);
        let (start, last) = (begins?, ends?);
        if last <= start {
            self.hinted(end.span(), "end is not after start", "a freeze has a length");
            return None;
        }
        Some(When::Once { start, end: last })
    }

    fn dates(&mut self, de: &FreezeDe, whole: Range<usize>) -> Option<When> {
        let zone = self.freeze_zone(de, whole.clone());
        let (Some(from), Some(until)) = (&de.from, &de.until) else {
            self.hinted(whole, "until without from", "from is the first day, until the last one");
            return None;
        };
        let date = |reader: &mut Self, key: &str, value: &Spanned<toml::Value>| {
            reader.written(value, &format!("{key} is not a date"), "as in `2026-12-24`", Date::parse)
        };
        let first = date(self, "from", from);
        let last = date(self, "until", until);
        let (zone, first, last) = (zone?, first?, last?);
        if last < first {
            self.hinted(until.span(), "until is before from", "it is the last day, itself included");
            return None;
        }
        let start = zone.instants(first, Clock::MIDNIGHT).map(|(start, _)| start);
        let end = zone.instants(last, Clock::END).map(|(_, end)| end);
        if let (Some(start), Some(end)) = (start, end) {
            return Some(When::Once { start, end });
        }
        self.hinted(from.span(), "dates that are too far away", "years from 1678 to 2261");
        None
    }

    fn weekly(&mut self, de: &FreezeDe, whole: Range<usize>) -> Option<When> {
        let zone = self.freeze_zone(de, whole.clone());
        let clock = |reader: &mut Self, key: &str, value: &Option<Spanned<toml::Value>>, default| {
            let Some(value) = value else { return Some(default) };
            let hint = "as in `16:00`, from `00:00` to `24:00`; dates go with until";
            reader.written(value, &format!("{key} is not a time of day"), hint, Clock::parse)
        };
        let from = clock(self, "from", &de.from, Clock::MIDNIGHT);
        let to = clock(self, "to", &de.to, Clock::END);
        let (zone, from, to) = (zone?, from?, to?);
        if from == to || from == Clock::END {
            let at = de.to.as_ref().or(de.from.as_ref()).map_or(whole, Spanned::span);
            self.hinted(at, "from and to leave nothing between them", "leave both out for whole days");
            return None;
        }
        let mut days = de.days.as_ref().map(|d| d.get_ref().clone()).unwrap_or_default();
        days.sort_unstable();
        days.dedup();
        if let Some(at) = de.days.as_ref().filter(|_| days.is_empty()) {
            self.hinted(at.span(), "no days", "leave days out for every day");
            return None;
        }
        let always = days.is_empty() || days.len() == 7;
        if always && (from, to) == (Clock::MIDNIGHT, Clock::END) {
            let hint = "readonly = \"locked\" of a context says that nothing is ever written";
            self.hinted(whole, "a freeze that never ends", hint);
            return None;
        }
        Some(When::Weekly { days, from, to, zone })
    }

    /// Returns the zone. The host's own is none: a freeze is the same for everybody.
    fn freeze_zone(&mut self, de: &FreezeDe, whole: Range<usize>) -> Option<Zone> {
        let Some(name) = &de.zone else {
            self.hinted(whole, "days, dates and clocks without zone", format!("set zone to {ZONE}"));
            return None;
        };
        let text = name.get_ref().as_str();
        let zone = Zone::parse(text).filter(|zone| !text.is_empty() && *zone != Zone::Local);
        if zone.is_none() {
            self.hinted(name.span(), "not a zone", ZONE);
        }
        zone
    }

    /// Reads what is written as a text or as one of TOML's own dates and times.
    fn written<T>(
        &mut self,
        value: &Spanned<toml::Value>,
        wrong: &str,
        hint: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let read = match value.get_ref() {
            toml::Value::String(text) => parse(text),
            toml::Value::Datetime(at) => parse(&at.to_string()),
            _ => None,
        };
        if read.is_none() {
            self.hinted(value.span(), wrong, hint);
        }
        read
    }
}
