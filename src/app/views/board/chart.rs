//! A panel of series on the clock of the moment: what the board, the alert's page and queries draw.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use crate::app::model::Shared;
use crate::app::resolve::release_of;
use crate::app::views::Draw;
use crate::app::views::paint::{self, cell, put};
use crate::core::{Error, ObjectRef, Ts, Window, num};
use crate::store::series::Matrix;
use crate::ui::text::Words;
use crate::ui::theme::Role;
use crate::ui::widgets::chart::{Marker, Overlay, Plot, Prepared, Threshold};

/// What a panel shows.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The series.
    pub matrix: Arc<Matrix>,
    /// The time axis.
    pub window: Window,
    /// The unit of the values.
    pub unit: num::Unit,
    /// A line to compare with.
    pub threshold: Option<f64>,
    /// The dots for the size that it was prepared for: made once per data and size, not at every frame.
    prepared: Option<(Rect, Prepared)>,
}

/// What lies over a panel's series; it changes without the dots being made anew.
#[derive(Clone, Debug, Default)]
pub struct Over {
    /// Changes on the time axis: time and name.
    pub markers: Vec<(Ts, String)>,
    /// The moment.
    pub moment: Option<Ts>,
    /// The crosshair.
    pub cross: Option<Ts>,
}

impl Panel {
    /// Returns a panel of series.
    pub fn of(matrix: Arc<Matrix>, window: Window, unit: num::Unit, threshold: Option<f64>) -> Self {
        Self { matrix, window, unit, threshold, prepared: None }
    }

    fn plot<'a>(&'a self, include: &'a [f64]) -> Plot<'a> {
        Plot {
            series: &self.matrix.series,
            window: self.window,
            step: self.matrix.step,
            unit: self.unit,
            log: false,
            include,
            only: None,
        }
    }

    /// Returns where the plot and its legend are in an area.
    fn parts(&self, area: Rect) -> (Rect, Rect) {
        let rows = (self.matrix.series.len() as u16).min(area.height / 4);
        let above = Rect { height: area.height.saturating_sub(rows), ..area };
        (above, Rect { y: above.bottom(), height: rows, ..area })
    }

    fn make(&self, area: Rect) -> Prepared {
        let include: Vec<f64> = self.threshold.into_iter().collect();
        let (above, _) = self.parts(area);
        Prepared::of(&self.plot(&include), above.width, above.height)
    }

    /// Makes the dots for an area, unless they are there.
    pub fn prepare(&mut self, area: Rect) {
        if !self.fits(area) {
            self.prepared = Some((area, self.make(area)));
        }
    }

    fn fits(&self, area: Rect) -> bool {
        self.prepared.as_ref().is_some_and(|(a, _)| (a.width, a.height) == (area.width, area.height))
    }
}

/// Returns the deployments of the release that an object belongs to, as markers.
pub fn markers(shared: &Shared, owner: Option<&ObjectRef>) -> Vec<(Ts, String)> {
    let found = owner.and_then(|o| release_of(o, &shared.cluster));
    let release = found.and_then(|(namespace, name)| shared.release(&namespace, &name));
    release
        .map(|r| r.revisions.iter().map(|r| (r.created, r.number.to_string())).collect())
        .unwrap_or_default()
}

/// Draws the title line of a panel, with why its data is old or missing.
pub fn titled(cx: &Draw<'_>, title: &str, error: Option<&Error>, area: Rect, buf: &mut Buffer) {
    let state = error.map(|e| cell(&format!("✖ {}", e.line()), Role::Failing)).unwrap_or_default();
    paint::ruled(buf, &cx.env.theme, Rect { height: 1, ..area }, title, state);
}

/// Returns what is left of a panel's place below its title.
pub fn below_title(place: Rect) -> Rect {
    Rect { y: place.y + 1, height: place.height.saturating_sub(1), ..place }
}

/// Draws a panel: plot above, legend below where there is room for it.
pub fn draw(cx: &Draw<'_>, panel: &Panel, over: &Over, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    let matrix = &panel.matrix;
    let (above, below) = panel.parts(area);
    // A size that nobody prepared for: a frame that comes before the next settling.
    let made = (!panel.fits(area)).then(|| panel.make(area));
    let Some(prepared) = made.as_ref().or(panel.prepared.as_ref().map(|(_, p)| p)) else { return };
    let marker = |(at, name): &(Ts, String)| Marker { at: *at, label: Words::of(name) };
    let line = |value: f64| Threshold { value, label: Words::of(&num::value(value, panel.unit)) };
    let overlay = Overlay {
        thresholds: panel.threshold.map(line).into_iter().collect(),
        markers: over.markers.iter().filter(|(at, _)| panel.window.contains(*at)).map(marker).collect(),
        moment: over.moment,
        crosshair: over.cross,
        zone: cx.shared.session.zone,
        empty: Words::of("no data in this window"),
    };
    let include: Vec<f64> = panel.threshold.into_iter().collect();
    prepared.draw(&overlay, buf, above, theme);
    prepared.draw_legend(&panel.plot(&include), over.cross, buf, below, theme);
    let warned = matrix.warnings.len() + usize::from(matrix.dropped > 0) + usize::from(matrix.histograms > 0);
    if warned > 0 {
        let first = matrix.warnings.first().map(|w| w.clipped(120).to_string());
        let text =
            first.unwrap_or_else(|| format!("{} series not drawn", matrix.dropped + matrix.histograms));
        let text = paint::cut(&format!(" ◐ {text} "), area.width);
        put(buf, theme, area.right().saturating_sub(paint::width(&text)), area.y, area, Role::Warning, &text);
    }
}

/// Returns series as JSON: labels and points as `[seconds, value]`.
pub fn series_json(matrix: &Matrix) -> serde_json::Value {
    let points = |s: &crate::store::series::Series| {
        s.points.iter().map(|(t, v)| json!([t.as_secs_f64(), v.to_string()])).collect::<Vec<_>>()
    };
    json!(
        matrix.series.iter().map(|s| json!({ "metric": s.labels, "values": points(s) })).collect::<Vec<_>>()
    )
}
