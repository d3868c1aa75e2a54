//! The time axis: ticks at round times of the zone, where they truly are.

use crate::core::{Span, Ts, Window, Zone};

/// Steps between ticks, in seconds.
const STEPS: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_419_200,
];
const DAY: i64 = 86_400;

/// One tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// The instant.
    pub(super) at: Ts,
    /// Its label: a time of day, or the date where the day changes.
    pub(super) label: String,
}

/// Returns the ticks of a window that is `width` cells wide.
pub(super) fn ticks(window: Window, width: u16, zone: Zone) -> Vec<Tick> {
    let span = window.span().as_secs_f64();
    if width < 8 || span <= 0.0 {
        return Vec::new();
    }
    let per_cell = span / f64::from(width);
    // A label with its tick, and two blanks.
    let needed = |step: i64| if step < 60 { 11.0 } else { 8.0 };
    let fits = |step: &i64| *step as f64 / per_cell >= needed(*step);
    let Some(step) = STEPS.into_iter().find(fits) else { return Vec::new() };
    let mut out = Vec::new();
    let mut at = first(window.start, step, zone);
    while at <= window.end && out.len() < usize::from(width) {
        out.push(Tick { at, label: label(at, step, zone) });
        let next = first(at + Span::secs(1), step, zone);
        if next <= at {
            break;
        }
        at = next;
    }
    out
}

/// Returns the first instant at or after `from` whose local time is a multiple of `step`.
fn first(from: Ts, step: i64, zone: Zone) -> Ts {
    let whole = Ts::from_secs(from.as_secs() + i64::from(from.0.rem_euclid(1_000_000_000) > 0));
    let rest = |ts: Ts| (ts.as_secs() + offset(ts, zone)).rem_euclid(step);
    let next = |ts: Ts| if rest(ts) == 0 { ts } else { ts + Span::secs(step - rest(ts)) };
    let mut at = next(whole);
    // Where the clock is changed on the way, the guess is not round, and neither may be the next one.
    for _ in 0..3 {
        if rest(at) == 0 {
            break;
        }
        at = next(at);
    }
    at
}

fn offset(ts: Ts, zone: Zone) -> i64 {
    i64::from(ts.day_seconds(zone).1)
}

fn label(at: Ts, step: i64, zone: Zone) -> String {
    let midnight = at.day_seconds(zone).0 == 0;
    if midnight || step >= DAY {
        at.date_clock(zone).get(5..10).unwrap_or("").to_owned()
    } else if step < 60 {
        at.clock(zone)
    } else {
        at.clock_minutes(zone)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn labels(start: &str, span: Span, width: u16, zone: &str) -> Vec<String> {
        let start = Ts::parse_rfc3339(start).unwrap();
        let window = Window { start, end: start + span };
        ticks(window, width, Zone::parse(zone).unwrap()).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_stand_at_round_times_of_the_zone() {
        let start = "2026-11-21T13:52:31Z";
        assert_eq!(
            labels(start, Span::mins(15), 60, "UTC"),
            ["13:54", "13:56", "13:58", "14:00", "14:02", "14:04", "14:06"]
        );
        assert_eq!(labels(start, Span::hours(6), 40, "Asia/Kolkata"), ["20:00", "22:00", "11-22"]);
        assert_eq!(
            labels(start, Span::secs(40), 60, "UTC"),
            ["13:52:40", "13:52:50", "13:53:00", "13:53:10"]
        );
        assert_eq!(
            labels(start, Span::hours(24 * 7), 60, "UTC"),
            ["11-22", "11-23", "11-24", "11-25", "11-26", "11-27", "11-28"].map(str::to_owned).to_vec()
        );
        assert_eq!(labels(start, Span::mins(15), 5, "UTC"), [""; 0]);
    }

    #[test]
    fn the_day_on_which_the_clock_changes_keeps_round_times() {
        // Berlin: at 01:00Z 03:00 becomes 02:00.
        let all = labels("2026-10-24T22:00:00Z", Span::hours(6), 60, "Europe/Berlin");
        assert_eq!(all, ["10-25", "01:00", "02:00", "02:00", "03:00", "04:00", "05:00"]);
        let all = labels("2026-03-28T22:30:00Z", Span::hours(6), 60, "Europe/Berlin");
        assert_eq!(all, ["03-29", "01:00", "03:00", "04:00", "05:00", "06:00"]);
    }
}
