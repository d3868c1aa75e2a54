//! The step of a range query, chosen so that the points stand still from one refresh to the next.

use crate::core::{Span, Window};

/// The most points per series that Prometheus and Loki answer with.
pub const MOST_POINTS: i64 = 11_000;

const MONTH: i64 = 2_592_000;
const NICE: [i64; 24] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 1_209_600, MONTH,
];

/// Returns a step for a plot of `columns` character cells (two points each): at least the scrape
/// interval and the server's limit, rounded up to a round number.
pub fn choose(range: Span, columns: u16, scrape: Span) -> Span {
    let points = i64::from(columns.max(1)) * 2;
    let raw = (range.0.max(0) / points).max(range.0.max(0) / MOST_POINTS + 1).max(scrape.0);
    let seconds = raw.div_euclid(1_000_000_000) + i64::from(raw.rem_euclid(1_000_000_000) > 0);
    // Beyond the table, whole months: a step has to divide nothing but itself.
    let months = |s: i64| (s / MONTH + i64::from(s % MONTH > 0)) * MONTH;
    Span::secs(NICE.iter().copied().find(|n| *n >= seconds).unwrap_or_else(|| months(seconds)))
}

/// Returns the window with both ends rounded down to multiples of the step.
pub fn align(window: Window, step: Span) -> Window {
    Window { start: window.start.align_down(step), end: window.end.align_down(step) }
}

/// Returns `$__rate_interval`: wide enough for a rate over at least four scrapes.
pub fn rate_interval(step: Span, scrape: Span) -> Span {
    Span(step.0.saturating_add(scrape.0).max(scrape.0.saturating_mul(4)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::Ts;

    #[test]
    fn steps_are_round_and_never_below_the_scrape_interval() {
        for (range, columns, scrape, step) in [
            (Span::mins(30), 60, Span::secs(15), 15),
            (Span::mins(30), 60, Span::secs(1), 15),
            (Span::mins(30), 120, Span::secs(1), 10),
            (Span::hours(1), 40, Span::secs(30), 60),
            (Span::hours(24), 100, Span::secs(15), 600),
            (Span::hours(24 * 365 * 5), 100, Span::secs(15), 1_209_600),
            (Span::secs(0), 0, Span::secs(0), 1),
        ] {
            assert_eq!(choose(range, columns, scrape), Span::secs(step), "{range} in {columns}");
        }
    }

    #[test]
    fn the_rate_interval_is_grafanas() {
        assert_eq!(rate_interval(Span::secs(15), Span::secs(15)), Span::secs(60));
        assert_eq!(rate_interval(Span::mins(5), Span::secs(30)), Span::secs(330));
    }

    proptest! {
        #[test]
        fn no_choice_asks_for_more_points_than_a_server_gives(hours in 0_i64..200_000, columns in any::<u16>(), scrape in 0_i64..120) {
            let range = Span::hours(hours);
            let step = choose(range, columns, Span::secs(scrape));
            prop_assert!(range.0 / step.0 <= MOST_POINTS);
            let window = align(Window { start: Ts(7), end: Ts(7) + range }, step);
            prop_assert!(window.start.0 % step.0 == 0 && window.end.0 % step.0 == 0);
        }
    }
}
