//! A panel of series on the clock of the moment: what the board, the alert's page and queries draw.

use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use serde_json::json;

use crate::app::model::Shared;
use crate::app::resolve::release_of;
use crate::app::views::Draw;
use crate::app::views::paint::{self, put};
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
    /// Changes on the time axis: time and name.
    pub markers: Vec<(Ts, String)>,
    /// The moment.
    pub moment: Option<Ts>,
    /// The crosshair.
    pub cross: Option<Ts>,
}

impl Panel {
    /// Returns a panel with nothing but its series.
    pub fn of(matrix: Arc<Matrix>, window: Window, unit: num::Unit) -> Self {
        Self { matrix, window, unit, threshold: None, markers: Vec::new(), moment: None, cross: None }
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
    let theme = &cx.env.theme;
    buf.set_string(area.x, area.y, "─".repeat(usize::from(area.width)), theme.style(Role::Rule));
    put(buf, theme, area.x + 2, area.y, area, Role::Heading, &format!(" {title} "));
    if let Some(error) = error {
        let text = paint::cut(&format!(" ✖ {} ", error.line()), area.width / 2);
        put(
            buf,
            theme,
            area.right().saturating_sub(paint::width(&text) + 1),
            area.y,
            area,
            Role::Failing,
            &text,
        );
    }
}

/// Draws a panel: plot above, legend below where there is room for it.
pub fn draw(cx: &Draw<'_>, panel: &Panel, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    let matrix = &panel.matrix;
    let include: Vec<f64> = panel.threshold.into_iter().collect();
    let plot = Plot {
        series: &matrix.series,
        window: panel.window,
        step: matrix.step,
        unit: panel.unit,
        log: false,
        include: &include,
        only: None,
    };
    let rows = (matrix.series.len() as u16).min(area.height / 4);
    let above = Rect { height: area.height.saturating_sub(rows), ..area };
    let below = Rect { y: above.bottom(), height: rows, ..area };
    let prepared = Prepared::of(&plot, above.width, above.height);
    let marker = |(at, name): &(Ts, String)| Marker { at: *at, label: Words::of(name) };
    let line = |value: f64| Threshold { value, label: Words::of(&num::value(value, panel.unit)) };
    let overlay = Overlay {
        thresholds: panel.threshold.map(line).into_iter().collect(),
        markers: panel.markers.iter().filter(|(at, _)| panel.window.contains(*at)).map(marker).collect(),
        moment: panel.moment,
        crosshair: panel.cross,
        zone: cx.shared.session.zone,
        empty: Words::of("no data in this window"),
    };
    prepared.draw(&overlay, buf, above, theme);
    prepared.draw_legend(&plot, panel.cross, buf, below, theme);
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
