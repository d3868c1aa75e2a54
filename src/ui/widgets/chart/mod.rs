//! Time series as lines of braille dots, true to the data.
//!
//! [`Prepared::of`] does the costly part once per data and size: range, ticks, and the dots; a frame then
//! only copies cells and lays markers over them. No spike is lost: each column of dots runs from the least
//! to the greatest value in it. Gaps are gaps, a single point is a dot, what is not a number is not drawn.
//! Times are where their ticks say. Tested by drawing, and against the values themselves.

mod clock;
mod legend;
mod paint;
mod raster;
mod scale;

use ratatui_core::layout::Rect;

use crate::core::num::Unit;
use crate::core::{Span, Ts, Window, Zone};
use crate::store::series::Series;
use crate::ui::text::Words;
use crate::ui::theme::Role;

use raster::Grid;
use scale::Scale;

pub use legend::{name, value_at};

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// The series.
    pub series: &'a [Series],
    /// The time that is shown.
    pub window: Window,
    /// The step of the points; longer pauses are gaps. Zero takes the least one that the points have.
    pub step: Span,
    /// How values are meant.
    pub unit: Unit,
    /// Whether the axis is logarithmic; values of zero and below have no place on it.
    pub log: bool,
    /// Values that must be on the axis, such as a threshold.
    pub include: &'a [f64],
    /// Draws only the series with this number.
    pub only: Option<usize>,
}

/// A line across at a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The value.
    pub value: f64,
    /// Its words, such as `> 1 %`.
    pub label: Words,
}

/// A line down at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The instant.
    pub at: Ts,
    /// Its words, such as a revision's number.
    pub label: Words,
}

/// What lies over the series; changes without the dots being made anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    /// Thresholds.
    pub thresholds: Vec<Threshold>,
    /// Changes.
    pub markers: Vec<Marker>,
    /// The pinned moment.
    pub moment: Option<Ts>,
    /// The crosshair.
    pub crosshair: Option<Ts>,
    /// The zone of the time axis.
    pub zone: Zone,
    /// What is said when there is no point in the window, such as why.
    pub empty: Words,
}

/// What is known of one series in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// The last value.
    pub last: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// A plot made ready for a size.
#[derive(Clone, Debug)]
pub struct Prepared {
    size: (u16, u16),
    window: Window,
    scale: Scale,
    grid: Grid,
    /// The colour of each series, in the order of the plot.
    colors: Vec<Role>,
    stats: Vec<Option<Stats>>,
    /// The values that were left out because the axis has no place for them.
    unplaced: usize,
}

impl Prepared {
    /// Makes the dots of a plot for an area of this size (legend and axes included, as [`Prepared::draw`]
    /// gets it).
    pub fn of(plot: &Plot<'_>, width: u16, height: u16) -> Self {
        let shown = |i: usize| plot.only.is_none_or(|only| only == i);
        let step = step(plot);
        let stats: Vec<Option<Stats>> = plot
            .series
            .iter()
            .enumerate()
            .map(|(i, s)| if shown(i) { stats(s, plot.window) } else { None })
            .collect();
        let rows = height.saturating_sub(paint::AXIS);
        let scale = Scale::of(plot, &stats, rows);
        let cells = width.saturating_sub(scale.gutter());
        let mut grid = Grid::new(cells, rows);
        let mut unplaced = 0;
        for (i, series) in plot.series.iter().enumerate() {
            if stats.get(i).is_some_and(Option::is_some) {
                unplaced += grid.add(i, series, plot.window, step, &scale);
            }
        }
        Self {
            size: (width, height),
            window: plot.window,
            scale,
            grid,
            colors: legend::colors(plot.series),
            stats,
            unplaced,
        }
    }

    /// Returns whether it was made for this area, so that it needs not be made anew.
    pub fn fits(&self, area: Rect) -> bool {
        self.size == (area.width, area.height)
    }

    /// Returns what is known of a series; `None` where the window holds no number of it.
    pub fn stats(&self, series: usize) -> Option<Stats> {
        self.stats.get(series).copied().flatten()
    }

    /// Returns the colour of a series, the same as long as its labels and its neighbours are.
    pub fn color(&self, series: usize) -> Role {
        self.colors.get(series).copied().unwrap_or_default()
    }

    /// Returns how many values had no place on a logarithmic axis.
    pub fn unplaced(&self) -> usize {
        self.unplaced
    }

    /// Returns the instant under a column of the area that it was drawn in, for the mouse and crosshair.
    pub fn instant(&self, area: Rect, column: u16) -> Option<Ts> {
        let left = area.x.saturating_add(self.scale.gutter());
        let cell = column.checked_sub(left).filter(|c| *c < self.grid.width())?;
        let part = (f64::from(cell) + 0.5) / f64::from(self.grid.width());
        Some(self.window.start + Span((self.window.span().0 as f64 * part) as i64))
    }
}

/// Returns the points inside a window; points are in ascending time.
fn inside(series: &Series, window: Window) -> &[(Ts, f64)] {
    let points = &series.points;
    let from = points.partition_point(|(ts, _)| *ts < window.start);
    // The end counts: the last sample of a range query stands on it.
    let to = points.partition_point(|(ts, _)| *ts <= window.end);
    points.get(from..to).unwrap_or(&[])
}

fn stats(series: &Series, window: Window) -> Option<Stats> {
    let mut found: Option<Stats> = None;
    for (_, value) in inside(series, window).iter().filter(|(_, v)| v.is_finite()) {
        let stats = found.get_or_insert(Stats { last: *value, min: *value, max: *value });
        stats.last = *value;
        stats.min = stats.min.min(*value);
        stats.max = stats.max.max(*value);
    }
    found
}

/// Returns the step that was asked, else the least time between two points of any series; zero when there
/// are no two.
fn step(plot: &Plot<'_>) -> Span {
    if plot.step.0 > 0 {
        return plot.step;
    }
    let pairs = plot.series.iter().flat_map(|s| s.points.windows(2));
    let least = pairs.filter_map(|w| match w {
        [a, b] if b.0 > a.0 => Some((b.0 - a.0).0),
        _ => None,
    });
    Span(least.min().unwrap_or(0))
}

#[cfg(test)]
mod tests;
