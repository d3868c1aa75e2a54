use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui_core::buffer::Buffer;

use super::*;
use crate::core::Labels;
use crate::ui::theme::Theme;
use crate::ui::widgets::testing::{ascii, draw, role_runs, text, theme};

const STEP: Span = Span::secs(15);

fn start() -> Ts {
    Ts::parse_rfc3339("2026-11-21T13:55:00Z").unwrap()
}

fn window() -> Window {
    Window { start: start(), end: start() + Span::mins(10) }
}

/// A series with a value at each step where there is one.
fn series(pod: &str, values: &[Option<f64>]) -> Series {
    let labels: Labels =
        [("__name__", "errors"), ("namespace", "momo-store"), ("pod", pod)].into_iter().collect();
    let points =
        values.iter().enumerate().filter_map(|(i, v)| v.map(|v| (start() + STEP.times(i as i64), v)));
    Series { labels, points: points.collect() }
}

fn plot(series: &[Series]) -> Plot<'_> {
    Plot { series, window: window(), step: STEP, unit: Unit::Ratio, log: false, include: &[], only: None }
}

fn drawn(plot: &Plot<'_>, overlay: &Overlay, width: u16, height: u16) -> Buffer {
    let prepared = Prepared::of(plot, width, height);
    draw(width, height, |b, a| prepared.draw(overlay, b, a, &theme()))
}

/// Reads the dots back: for each column of dots, the rows that are set, from the plot's lines of text.
fn dots(buffer: &Buffer, gutter: u16) -> Vec<Vec<u16>> {
    let area = buffer.area;
    let mut columns = vec![Vec::new(); usize::from(area.width - gutter) * 2];
    for y in 0..area.height - 1 {
        for x in gutter..area.width {
            let c = buffer[(x, y)].symbol().chars().next().unwrap();
            let bits = (c as u32).checked_sub(0x2800).filter(|b| *b < 256).unwrap_or(0) as u8;
            for dx in 0..2 {
                for dy in 0..4 {
                    if bits & raster::bit(dx, dy) != 0 {
                        columns[usize::from((x - gutter) * 2 + dx)].push(y * 4 + dy);
                    }
                }
            }
        }
    }
    columns
}

#[test]
fn a_rising_error_ratio_is_drawn_with_its_threshold_marker_and_moment() {
    let values: Vec<Option<f64>> =
        (0..41).map(|i| Some(if i < 20 { 0.001 } else { f64::from(i - 20) * 0.0025 })).collect();
    let all = [series("backend-1", &values)];
    let include = [0.01];
    let plot = Plot { include: &include, ..plot(&all) };
    let overlay = Overlay {
        thresholds: vec![Threshold { value: 0.01, label: Words::Own("> 1 %") }],
        markers: vec![Marker { at: start() + Span::secs(240), label: Words::Own("7") }],
        moment: Some(start() + Span::secs(330)),
        ..Overlay::default()
    };
    let buffer = drawn(&plot, &overlay, 64, 10);
    assert_eq!(
        text(&buffer),
        [
            "6 %┤                        ┊7       │",
            "   │                        ┊        │                        ⢀⠤",
            "   │                        ┊        │                    ⢀⡠⠔⠊⠁",
            "4 %┤                        ┊        │                ⢀⡠⠔⠊⠁",
            "   │                        ┊        │            ⣀⡠⠔⠊⠁",
            "2 %┤                        ┊        │        ⣀⠤⠒⠉",
            "   │                        ┊        │    ⣀⠤⠒⠉",
            "   │⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ┊ ⠒ ⠒ ⠒ ⠒│⣀⠤⠒⠉⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ > 1 %",
            "0 %┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⢄⣀⠤⠒⠉",
            "          ╵13:56      ╵13:58      ╵  ▲        ╵14:02      ╵14:04",
        ]
        .map(str::to_owned)
        .to_vec()
    );
}

#[test]
fn no_spike_is_lost_however_narrow_the_plot() {
    let mut values = vec![Some(0.0); 2000];
    values[777] = Some(1.0);
    let window = Window { start: start(), end: start() + STEP.times(2000) };
    let all = [series("a", &values)];
    let plot = Plot { window, ..plot(&all) };
    for width in [20, 33, 80] {
        let buffer = drawn(&plot, &Overlay::default(), width, 6);
        let gutter = Prepared::of(&plot, width, 6).scale.gutter();
        let columns = dots(&buffer, gutter);
        let spike: Vec<usize> = (0..columns.len()).filter(|c| columns[*c].contains(&0)).collect();
        let wanted = 777 * columns.len() / 2000;
        assert_eq!(spike, [wanted], "{width}");
    }
}

#[test]
fn gaps_are_gaps_and_a_single_point_is_a_dot() {
    let values = [Some(0.5), Some(0.5), None, Some(0.5), None, None, None, Some(0.5), Some(0.5)];
    let all = [series("a", &values)];
    let plot = Plot { window: Window { start: start(), end: start() + STEP.times(20) }, ..plot(&all) };
    let prepared = Prepared::of(&plot, 46, 4);
    let buffer = draw(46, 4, |b, a| prepared.draw(&Overlay::default(), b, a, &theme()));
    let columns = dots(&buffer, prepared.scale.gutter());
    let per_step = columns.len() as f64 / 20.0;
    let at = |step: f64| (step * per_step) as usize;
    // One step left out is longer than 1.5 steps.
    assert!(!columns[at(0.5)].is_empty());
    assert!(columns[at(1.0) + 1..at(3.0)].iter().all(Vec::is_empty));
    assert_eq!(columns[at(3.0)].len(), 1);
    assert!(columns[at(3.0) + 1..at(7.0)].iter().all(Vec::is_empty));
    assert!(!columns[at(7.5)].is_empty());
}

#[test]
fn what_is_no_number_is_not_drawn_and_parts_the_line() {
    let values = [
        Some(0.5),
        Some(0.5),
        Some(f64::NAN),
        Some(0.5),
        Some(f64::INFINITY),
        Some(f64::NEG_INFINITY),
        Some(0.5),
        Some(0.5),
    ];
    let all = [series("a", &values)];
    let prepared = Prepared::of(&plot(&all), 60, 5);
    assert_eq!(prepared.stats(0), Some(Stats { last: 0.5, min: 0.5, max: 0.5 }));
    let buffer = draw(60, 5, |b, a| prepared.draw(&Overlay::default(), b, a, &theme()));
    let columns = dots(&buffer, prepared.scale.gutter());
    let per_step = columns.len() as f64 / 40.0;
    assert!(columns[(2.0 * per_step) as usize].is_empty());
    assert!(!columns[(0.5 * per_step) as usize].is_empty());
}

#[test]
fn no_data_is_said_and_zero_is_drawn() {
    let empty = [series("a", &[])];
    let overlay =
        Overlay { empty: Words::Own("prometheus answers, the query has no series"), ..Overlay::default() };
    let lines = text(&drawn(&plot(&empty), &overlay, 60, 5)).join("\n");
    assert!(lines.contains("no data") && lines.contains("the query has no series"));
    let nan = [series("a", &[Some(f64::NAN)])];
    assert!(text(&drawn(&plot(&nan), &Overlay::default(), 60, 5)).join("\n").contains("no data"));
    let zero = [series("a", &[Some(0.0); 41])];
    let lines = text(&drawn(&plot(&zero), &Overlay::default(), 30, 5));
    assert!(lines[3].contains("⣀⣀⣀⣀⣀⣀"), "{lines:?}");
}

#[test]
fn the_drawn_points_are_the_values() {
    let values: Vec<Option<f64>> = (0..40).map(|i| Some(f64::from(i * 37 % 101) / 100.0)).collect();
    let all = [series("a", &values)];
    let plot = plot(&all);
    let prepared = Prepared::of(&plot, 104, 21);
    let buffer = draw(104, 21, |b, a| prepared.draw(&Overlay::default(), b, a, &theme()));
    let columns = dots(&buffer, prepared.scale.gutter());
    for (i, value) in values.iter().enumerate() {
        let x = i * columns.len() / 40;
        let row = prepared.scale.row(value.unwrap(), 80);
        assert!(columns[x].contains(&row), "point {i} at {x}, {row}: {:?}", columns[x]);
        // The row of dots is within half a dot of the value.
        let back = 1.0 - f64::from(row) / 79.0;
        assert!((back - value.unwrap()).abs() <= 0.5 / 79.0 + 1e-9);
    }
}

#[test]
fn series_keep_their_colours_and_have_letters_where_they_end() {
    let all = [
        series("backend-1", &[Some(0.01); 41]),
        series("backend-2", &[Some(0.04); 41]),
        series("backend-3", &[Some(0.02); 41]),
    ];
    let colors = |s: &[Series]| legend::colors(s);
    let turned = [all[2].clone(), all[0].clone(), all[1].clone()];
    assert_eq!(
        [colors(&all)[0], colors(&all)[1], colors(&all)[2]],
        [colors(&turned)[1], colors(&turned)[2], colors(&turned)[0]]
    );
    let eight: Vec<Series> = (0..8).map(|i| series(&format!("p{i}"), &[Some(0.1)])).collect();
    let different: std::collections::HashSet<Role> = colors(&eight).into_iter().collect();
    assert_eq!(different.len(), 8);

    let plot = plot(&all);
    let prepared = Prepared::of(&plot, 40, 8);
    let buffer = draw(70, 8, |b, _| {
        let area = Rect::new(0, 0, 40, 5);
        prepared.draw(&Overlay::default(), b, Rect::new(0, 0, 40, 8), &theme());
        prepared.draw_legend(&plot, None, b, Rect { y: 0, x: 0, ..area }, &theme());
    });
    assert!(role_runs(&buffer, &theme(), prepared.color(0)).iter().any(|r| r.contains('a')));
    let legend = draw(64, 3, |b, a| prepared.draw_legend(&plot, None, b, a, &theme()));
    assert_eq!(
        text(&legend),
        [
            "b backend-2  last 4 %  min 4 %  max 4 %",
            "c backend-3  last 2 %  min 2 %  max 2 %",
            "a backend-1  last 1 %  min 1 %  max 1 %",
        ]
    );
    let at = start() + Span::mins(3);
    let legend = draw(64, 2, |b, a| prepared.draw_legend(&plot, Some(at), b, a, &theme()));
    assert_eq!(text(&legend), ["b backend-2  at 4 %  last 4 %  min 4 %  max 4 %", "  + 2 more"]);
}

#[test]
fn without_unicode_or_colours_the_plot_can_still_be_read() {
    let values: Vec<Option<f64>> = (0..41).map(|i| Some(f64::from(i))).collect();
    let all = [series("a", &values)];
    let plot = Plot { unit: Unit::None, ..plot(&all) };
    let prepared = Prepared::of(&plot, 34, 6);
    let buffer = draw(34, 6, |b, a| prepared.draw(&Overlay::default(), b, a, &ascii()));
    let lines = text(&buffer);
    assert!(lines.iter().all(|l| l.is_ascii()), "{lines:?}");
    assert!(lines[0].starts_with("40+") && lines[4].starts_with(" 0+"), "{lines:?}");
}

#[test]
fn values_without_a_place_on_a_logarithmic_axis_are_counted() {
    let all = [series("a", &[Some(0.0), Some(1.0), Some(100.0), Some(-1.0)])];
    let plot = Plot { log: true, unit: Unit::None, ..plot(&all) };
    assert_eq!(Prepared::of(&plot, 40, 10).unplaced(), 2);
}

#[test]
fn the_value_at_an_instant_is_not_older_than_one_step_and_a_half() {
    let one = series("a", &[Some(1.0), Some(2.0)]);
    let at = |s: i64| value_at(&one, start() + Span::secs(s), STEP);
    assert_eq!(
        [at(-1), at(0), at(14), at(15), at(37), at(38)],
        [None, Some(1.0), Some(1.0), Some(2.0), Some(2.0), None]
    );
}

#[test]
fn the_instant_under_a_column_is_where_its_dots_are() {
    let all = [series("a", &[Some(0.5); 41])];
    let prepared = Prepared::of(&plot(&all), 64, 6);
    let area = Rect::new(10, 0, 64, 6);
    for column in 20..70 {
        let at = prepared.instant(area, column).unwrap();
        let left = 10 + prepared.scale.gutter();
        assert_eq!(prepared.grid.cell_of(at, window()), Some(column - left));
    }
    assert_eq!(prepared.instant(area, 5), None);
}

proptest! {
    #[test]
    fn any_values_at_any_size_can_be_drawn(
        values in proptest::collection::vec(prop_oneof![Just(None), any::<f64>().prop_map(Some), (-10.0..10.0).prop_map(Some)], 0..60),
        w in 0_u16..90, h in 0_u16..20, log in any::<bool>(), shift in -2000_i64..2000, cross in any::<i64>(),
    ) {
        let all = [series("a", &values), series("b", &values)];
        let window = Window { start: start() + Span::secs(shift), end: start() + Span::secs(shift + 600) };
        let plot = Plot { window, log, unit: Unit::Bytes, ..plot(&all) };
        let overlay = Overlay {
            thresholds: vec![Threshold { value: values.first().copied().flatten().unwrap_or(0.0), label: Words::Own("> 1") }],
            markers: vec![Marker { at: Ts(cross), label: Words::Own("7") }],
            crosshair: Some(Ts(cross)),
            ..Overlay::default()
        };
        let prepared = Prepared::of(&plot, w, h);
        draw(w, h, |b, a| {
            prepared.draw(&overlay, b, a, &Theme::plain());
            prepared.draw_legend(&plot, Some(Ts(cross)), b, a, &Theme::plain());
        });
    }
}
