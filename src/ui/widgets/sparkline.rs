//! A line of bars in a cell of a table: floats, gaps as blanks, the greatest value of each column.

use crate::core::Window;
use crate::store::series::Series;
use crate::ui::text::Words;
use crate::ui::theme::Glyphs;

/// Returns the bars of a series in a window, `width` cells wide, scaled from zero to its greatest value.
///
/// Each cell shows the greatest value in its part of the window, so that no spike is lost. A value of zero
/// is the lowest bar, no value is a blank.
pub fn sparkline(series: &Series, window: Window, width: u16, glyphs: Glyphs) -> Words {
    let span = i128::from(window.span().0.max(1));
    let mut cells: Vec<Option<f64>> = vec![None; usize::from(width)];
    for (ts, value) in
        series.points.iter().filter(|(ts, v)| v.is_finite() && *ts >= window.start && *ts <= window.end)
    {
        let at = i128::from((*ts - window.start).0) * i128::from(width) / span;
        let at = (at as usize).min(cells.len().saturating_sub(1));
        if let Some(cell) = cells.get_mut(at) {
            *cell = Some(cell.map_or(*value, |v| v.max(*value)));
        }
    }
    let bars = glyphs.bars();
    let high = cells.iter().flatten().copied().fold(0.0, f64::max);
    let low = cells.iter().flatten().copied().fold(0.0, f64::min);
    let bar = |value: Option<f64>| {
        let Some(value) = value else { return " " };
        let part = if high > low { (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { 0.0 };
        let level = (part * (bars.len() - 1) as f64).round() as usize;
        bars.get(level.min(bars.len() - 1)).copied().unwrap_or(" ")
    };
    let text: String = cells.into_iter().map(bar).collect();
    Words::of(&text)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::{Labels, Span, Ts};

    fn line(values: &[f64], width: u16, unicode: bool) -> String {
        let points = values.iter().enumerate().map(|(i, v)| (Ts::from_secs(i as i64), *v)).collect();
        let series = Series { labels: Labels::default(), points };
        let window = Window { start: Ts(0), end: Ts(0) + Span::secs(values.len() as i64) };
        sparkline(&series, window, width, Glyphs { unicode }).as_str().to_owned()
    }

    #[test]
    fn bars_show_the_greatest_value_of_their_part_and_gaps_are_blank() {
        assert_eq!(line(&[0.0, 0.0, 1.0, 2.0, 7.0, f64::NAN, 7.0, 3.5], 8, true), "▁▁▂▃█ █▅");
        assert_eq!(line(&[0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0], 4, true), "▁█▁▁");
        assert_eq!(line(&[0.0, 0.0], 2, true), "▁▁");
        assert_eq!(line(&[f64::MAX, f64::MIN], 2, true), "█▁");
        assert_eq!(line(&[0.0, 7.0], 2, false), "_#");
        assert_eq!(line(&[1.0], 0, true), "");
    }
}
