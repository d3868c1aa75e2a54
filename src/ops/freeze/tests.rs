use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Ts {
    Ts::parse_rfc3339(text).unwrap()
}

fn clock(text: &str) -> Clock {
    Clock::parse(text).unwrap()
}

fn weekly(days: &[Weekday], from: &str, to: &str, zone: &str) -> When {
    When::Weekly { days: days.to_vec(), from: clock(from), to: clock(to), zone: Zone::parse(zone).unwrap() }
}

fn freeze(name: &str, contexts: &[&str], when: When, overridable: bool) -> Freeze {
    let contexts = contexts.iter().map(|c| (*c).to_owned()).collect();
    Freeze { name: Safe::of(name), contexts, when, overridable }
}

fn until(when: &When, now: &str) -> Option<String> {
    when.until(at(now)).map(Ts::rfc3339)
}

#[test]
fn a_window_past_midnight_ends_on_the_next_day_over_a_months_and_a_years_end() {
    let nights = weekly(&[], "22:00", "06:00", "Europe/Moscow");
    assert_eq!(until(&nights, "2026-11-30T18:59:59Z"), None);
    assert_eq!(until(&nights, "2026-11-30T19:00:00Z"), Some("2026-12-01T03:00:00Z".to_owned()));
    assert_eq!(until(&nights, "2026-12-01T02:59:59.999Z"), Some("2026-12-01T03:00:00Z".to_owned()));
    assert_eq!(until(&nights, "2026-12-01T03:00:00Z"), None);
    assert_eq!(until(&nights, "2026-12-31T23:00:00Z"), Some("2027-01-01T03:00:00Z".to_owned()));
    assert_eq!(until(&nights, "2028-02-29T20:00:00Z"), Some("2028-03-01T03:00:00Z".to_owned()));
}

#[test]
fn a_window_begins_on_the_days_that_it_names_and_no_others() {
    // 2026-11-20 is a Friday.
    let fridays = weekly(&[Weekday::Fri], "16:00", "08:00", "UTC");
    assert_eq!(until(&fridays, "2026-11-20T15:59:59Z"), None);
    assert_eq!(until(&fridays, "2026-11-20T07:00:00Z"), None, "Thursday's is none");
    assert_eq!(until(&fridays, "2026-11-20T16:00:00Z"), Some("2026-11-21T08:00:00Z".to_owned()));
    assert_eq!(until(&fridays, "2026-11-21T07:59:00Z"), Some("2026-11-21T08:00:00Z".to_owned()));
    assert_eq!(until(&fridays, "2026-11-21T17:00:00Z"), None, "Saturday's is none");
}

#[test]
fn windows_that_follow_on_each_other_end_with_the_last_of_them() {
    let weekend = weekly(&[Weekday::Fri, Weekday::Sat, Weekday::Sun], "00:00", "24:00", "Europe/Berlin");
    assert_eq!(until(&weekend, "2026-11-19T23:00:00Z"), Some("2026-11-22T23:00:00Z".to_owned()));
    assert_eq!(until(&weekend, "2026-11-22T22:59:59Z"), Some("2026-11-22T23:00:00Z".to_owned()));
    assert_eq!(until(&weekend, "2026-11-22T23:00:00Z"), None);
    let all_but_monday = [Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let when = weekly(&all_but_monday, "00:00", "24:00", "UTC");
    assert_eq!(until(&when, "2026-11-17T00:00:00Z"), Some("2026-11-23T00:00:00Z".to_owned()));
}

#[test]
fn clocks_that_are_put_back_leave_it_frozen_through_both_hours() {
    // In Berlin 03:00 becomes 02:00 on 2026-10-25, at 01:00 UTC.
    let ends = weekly(&[Weekday::Sun], "01:00", "02:30", "Europe/Berlin");
    assert_eq!(
        until(&ends, "2026-10-25T00:45:00Z"),
        Some("2026-10-25T01:30:00Z".to_owned()),
        "02:45 for the first time"
    );
    assert_eq!(until(&ends, "2026-10-25T01:29:59Z"), Some("2026-10-25T01:30:00Z".to_owned()));
    assert_eq!(until(&ends, "2026-10-25T01:30:00Z"), None);
    let begins = weekly(&[Weekday::Sun], "02:30", "04:00", "Europe/Berlin");
    assert_eq!(until(&begins, "2026-10-25T00:29:59Z"), None);
    assert_eq!(
        until(&begins, "2026-10-25T01:10:00Z"),
        Some("2026-10-25T03:00:00Z".to_owned()),
        "02:10 once more"
    );
}

#[test]
fn clocks_that_are_put_forward_begin_and_end_it_with_the_jump() {
    // In Berlin 02:00 becomes 03:00 on 2026-03-29, at 01:00 UTC.
    let begins = weekly(&[Weekday::Sun], "02:30", "04:00", "Europe/Berlin");
    assert_eq!(until(&begins, "2026-03-29T00:59:59Z"), None);
    assert_eq!(until(&begins, "2026-03-29T01:00:00Z"), Some("2026-03-29T02:00:00Z".to_owned()));
    let ends = weekly(&[Weekday::Sat], "22:00", "02:30", "Europe/Berlin");
    assert_eq!(until(&ends, "2026-03-29T00:59:59Z"), Some("2026-03-29T01:00:00Z".to_owned()));
    assert_eq!(until(&ends, "2026-03-29T01:00:00Z"), None);
    let within = weekly(&[Weekday::Sun], "02:15", "02:45", "Europe/Berlin");
    assert_eq!(until(&within, "2026-03-29T01:00:00Z"), None, "that hour does not come");
}

#[test]
fn the_contexts_and_the_names_are_the_configurations() {
    let once = When::Once { start: at("2026-12-24T00:00:00Z"), end: at("2027-01-03T00:00:00Z") };
    let freezes = Freezes(vec![
        freeze("nights", &["prod-*", "stage-?"], weekly(&[], "22:00", "06:00", "UTC"), true),
        freeze("holidays\u{1b}[2J", &[], once, false),
    ]);
    let now = at("2026-12-24T23:00:00Z");
    let holidays =
        Frozen { name: Safe::of("holidays\u{1b}[2J"), until: at("2027-01-03T00:00:00Z"), overridable: false };
    let nights = Frozen { name: Safe::own("nights"), until: at("2026-12-25T06:00:00Z"), overridable: true };
    assert_eq!(freezes.at("prod-ru1", now), [nights.clone(), holidays.clone()]);
    assert_eq!(freezes.at("stage-1", now), [nights.clone(), holidays.clone()]);
    assert_eq!(freezes.at("stage-12", now), std::slice::from_ref(&holidays));
    assert_eq!(freezes.at("prod-ru1", at("2026-12-23T12:00:00Z")), []);
    assert_eq!(freezes.at("dev", at("2027-01-03T00:00:00Z")), []);
    assert_eq!(
        nights.sentence(Zone::parse("Europe/Moscow").unwrap()).as_str(),
        "frozen until 2026-12-25 09:00:00 MSK: nights; it can be overridden with a reason"
    );
    assert_eq!(
        holidays.sentence(Zone::Utc).as_str(),
        "frozen until 2027-01-03 00:00:00 UTC: holidays^[[2J; nobody overrides it"
    );
}

#[test]
fn a_clock_that_is_wrong_freezes_every_context_that_has_a_freeze() {
    let now = at("2026-11-20T12:00:00Z");
    assert!(!clock_differs(now, now + SKEW));
    assert!(!clock_differs(now, now - SKEW));
    assert!(clock_differs(now, now + SKEW + Span(1)));
    assert!(clock_differs(now, now - SKEW - Span(1)));
    assert!(clock_differs(Ts(i64::MIN), Ts(i64::MAX)));
    let nights = |over| freeze("nights", &["prod-*"], weekly(&[], "22:00", "06:00", "UTC"), over);
    let freezes = Freezes(vec![nights(true)]);
    assert_eq!(freezes.by_both_clocks("prod-1", now, now - Span::secs(59)), []);
    assert_eq!(freezes.by_both_clocks("dev", now, now - Span::hours(1)), []);
    let frozen = freezes.by_both_clocks("prod-1", now, now - Span::mins(90));
    assert_eq!(frozen.len(), 1);
    assert_eq!((frozen[0].until, frozen[0].overridable), (Frozen::OPEN, true));
    assert_eq!(
        frozen[0].sentence(Zone::Utc).as_str(),
        "frozen: the clocks differ: this host's and the server's by 1h30m, so the freezes can't be told; it can be \
         overridden with a reason"
    );
    let strict = Freezes(vec![nights(true), nights(false)]);
    assert!(!strict.by_both_clocks("prod-1", now, now + Span::mins(2))[0].overridable);
}

/// Whether it is frozen at each minute of a stretch, found by reading a clock minute by minute and nothing else:
/// a window is open from when the clock has first reached its beginning to when it last shows less than its end.
fn minute_by_minute(when: &When, start: Ts, minutes: usize) -> Vec<bool> {
    let When::Weekly { days, from, to, zone } = when else { panic!("only weekly ones") };
    let stamp = |n: usize| start + Span::mins(n as i64);
    let shown: Vec<(Date, Clock)> =
        (0..minutes).map(|n| (stamp(n).date(*zone), stamp(n).wall_clock(*zone))).collect();
    let mut frozen = vec![false; minutes];
    let mut date = start.date(*zone).plus(-2);
    let end = stamp(minutes).date(*zone).plus(2);
    while date <= end {
        if days.is_empty() || days.contains(&date.weekday()) {
            let last = if to <= from { date.plus(1) } else { date };
            // `24:00` is never shown: it is the next day's midnight.
            let (last, to) = if *to == Clock::END { (last.plus(1), Clock::MIDNIGHT) } else { (last, *to) };
            let opens = shown.iter().position(|s| *s >= (date, *from));
            let closes = shown.iter().rposition(|s| *s < (last, to));
            if let (Some(opens), Some(closes)) = (opens, closes) {
                for minute in frozen.iter_mut().take(closes + 1).skip(opens) {
                    *minute = true;
                }
            }
        }
        date = date.plus(1);
    }
    frozen
}

const DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Zones with the day on which two weeks begin that hold a change of their clocks.
const CHANGES: [(&str, &str); 8] = [
    ("Europe/Berlin", "2026-03-22T00:00:00Z"),
    ("Europe/Berlin", "2026-10-18T00:00:00Z"),
    ("America/New_York", "2026-03-01T00:00:00Z"),
    ("America/New_York", "2026-10-25T00:00:00Z"),
    ("America/Santiago", "2026-08-30T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-03-29T00:00:00Z"),
    ("Pacific/Apia", "2011-12-23T00:00:00Z"),
    ("Europe/Moscow", "2026-03-22T00:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn windows_agree_with_a_clock_that_is_read_minute_by_minute(
        (zone, start) in prop::sample::select(&CHANGES[..]),
        days in prop::sample::subsequence(&DAYS[..], 0..=6),
        // Quarters of an hour, around the hours of the night above all.
        (from, to) in (prop_oneof![0..20_u32, 0..96_u32], prop_oneof![0..20_u32, 1..97_u32]),
    ) {
        prop_assume!(from != to && !(from == 0 && to == 96 && days.is_empty()));
        let of = |n: u32| clock(&format!("{:02}:{:02}", n / 4, n % 4 * 15));
        let when = When::Weekly { days, from: of(from), to: of(to), zone: Zone::parse(zone).unwrap() };
        let (start, minutes) = (at(start), 14 * 24 * 60);
        // The stretch that is compared lies within one that is read further, so that no window is cut off.
        let margin = 16 * 24 * 60;
        let read = minute_by_minute(&when, start - Span::mins(margin as i64), minutes + 2 * margin);
        for n in 0..minutes {
            let now = start + Span::mins(n as i64);
            let ahead = &read[margin + n..];
            let told = when.until(now);
            prop_assert_eq!(told.is_some(), ahead[0], "{} in {:?}", now.rfc3339(), &when);
            if let Some(until) = told {
                let open = ahead.iter().take_while(|open| **open).count();
                prop_assert_eq!(until, now + Span::mins(open as i64), "{}: until", now.rfc3339());
            }
        }
    }

    #[test]
    fn patterns_of_contexts_agree_with_regular_expressions(
        pattern in "[ab*?é]{0,8}",
        text in "[abé]{0,10}",
    ) {
        let mut expression = String::from("^");
        for c in pattern.chars() {
            match c {
                '*' => expression.push_str(".*"),
                '?' => expression.push('.'),
                c => expression.push(c),
            }
        }
        expression.push('$');
        let expected = regex::Regex::new(&expression).unwrap().is_match(&text);
        prop_assert_eq!(matches(&pattern, &text), expected);
    }
}
