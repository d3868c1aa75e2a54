//! The frame of a prepared plot: axes, dots, and what lies over them. Data always wins over what lies
//! over it.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::raster::{DOTS, bit, glyph};
use super::{Overlay, Prepared, clock, legend};
use crate::core::Ts;
use crate::ui::text::{Words, measure, put};
use crate::ui::theme::{Role, Theme};

/// The lines that the time axis takes.
pub(super) const AXIS: u16 = 1;

/// What a frame is painted with.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    /// The cells of the dots.
    inner: Rect,
}

impl Prepared {
    /// Draws the plot and what lies over it. The area should be the one it was prepared for.
    pub fn draw(&self, overlay: &Overlay, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        let area = area.intersection(buffer.area);
        let gutter = self.scale.gutter();
        if area.width <= gutter || area.height <= AXIS {
            return;
        }
        let inner = Rect {
            x: area.x + gutter,
            y: area.y,
            width: (area.width - gutter).min(self.grid.width()),
            height: (area.height - AXIS).min(self.grid.height()),
        };
        if !self.scale.any {
            nothing(overlay, buffer, inner, theme);
            return;
        }
        let mut canvas = Canvas { buffer, theme, inner };
        self.values(&mut canvas, gutter);
        self.times(&mut canvas, overlay);
        self.dots(&mut canvas);
        self.thresholds(&mut canvas, overlay);
        for marker in &overlay.markers {
            self.upright(&mut canvas, marker.at, &marker.label, theme.glyphs().marker(), Role::Marker);
        }
        for (at, role) in [(overlay.moment, Role::Moment), (overlay.crosshair, Role::Crosshair)] {
            if let Some(at) = at {
                self.upright(&mut canvas, at, &Words::default(), theme.glyphs().vertical(), role);
            }
        }
        self.letters(&mut canvas);
    }

    fn values(&self, canvas: &mut Canvas<'_>, gutter: u16) {
        let style = canvas.theme.style(Role::Axis);
        let inner = canvas.inner;
        let unicode = canvas.theme.glyphs().unicode;
        let line = canvas.theme.glyphs().vertical();
        for y in inner.top()..inner.bottom() {
            put(canvas.buffer, (inner.x - 1, y), 1, line, style);
        }
        let mut free = inner.bottom();
        for (value, label) in self.scale.ticks() {
            let row = inner.y + self.scale.row(*value, inner.height * DOTS.1) / DOTS.1;
            // From low to high: a label that would stand on the one before is left out.
            if row >= free {
                continue;
            }
            free = row;
            let x = inner.x - gutter + (gutter - 1).saturating_sub(measure::width(label));
            put(canvas.buffer, (x, row), gutter - 1, label, style);
            put(canvas.buffer, (inner.x - 1, row), 1, if unicode { "┤" } else { "+" }, style);
        }
    }

    fn times(&self, canvas: &mut Canvas<'_>, overlay: &Overlay) {
        let style = canvas.theme.style(Role::Axis);
        let inner = canvas.inner;
        let unicode = canvas.theme.glyphs().unicode;
        let tick = if unicode { "╵" } else { "'" };
        let place = |at: Ts| self.grid.cell_of(at, self.window).filter(|c| *c < inner.width);
        let moment = overlay.moment.and_then(place);
        for mark in clock::ticks(self.window, inner.width, overlay.zone) {
            let Some(cell) = place(mark.at) else { continue };
            let x = inner.x + cell;
            put(canvas.buffer, (x, inner.bottom()), 1, tick, style);
            let width = measure::width(&mark.label);
            let covered = moment.is_some_and(|m| (cell..=cell + width).contains(&m));
            if width < inner.width - cell && !covered {
                put(canvas.buffer, (x + 1, inner.bottom()), inner.width, &mark.label, style);
            }
        }
        // In a low plot the data may cover its whole line: on the axis it is always seen.
        if let Some(cell) = moment {
            let style = canvas.theme.style(Role::Moment);
            put(canvas.buffer, (inner.x + cell, inner.bottom()), 1, if unicode { "▲" } else { "^" }, style);
        }
    }

    fn dots(&self, canvas: &mut Canvas<'_>) {
        let unicode = canvas.theme.glyphs().unicode;
        let styles: Vec<Style> = Role::SERIES.iter().map(|r| canvas.theme.style(*r)).collect();
        for y in 0..canvas.inner.height {
            for x in 0..canvas.inner.width {
                let Some(dots) = self.grid.cell(x, y) else { continue };
                let role = self.color(dots.owner as usize);
                let style = Role::SERIES.iter().position(|r| *r == role).and_then(|i| styles.get(i));
                let at = (canvas.inner.x + x, canvas.inner.y + y);
                if let Some(cell) = canvas.buffer.cell_mut(at) {
                    cell.set_char(glyph(dots.bits, unicode)).set_style(style.copied().unwrap_or_default());
                }
            }
        }
    }

    /// Dashes at the exact row of dots, wherever there is no data; the words where they hide none.
    fn thresholds(&self, canvas: &mut Canvas<'_>, overlay: &Overlay) {
        let style = canvas.theme.style(Role::Threshold);
        let unicode = canvas.theme.glyphs().unicode;
        for threshold in overlay.thresholds.iter().filter(|t| self.scale.has(t.value)) {
            let row = self.scale.row(threshold.value, canvas.inner.height * DOTS.1);
            let (y, dot) = (row / DOTS.1, row % DOTS.1);
            let bits = bit(0, dot) | bit(1, dot);
            let dash = if unicode { glyph(bits, true) } else { '-' };
            for x in (0..canvas.inner.width).step_by(2) {
                if self.grid.cell(x, y).is_none()
                    && let Some(cell) = canvas.buffer.cell_mut((canvas.inner.x + x, canvas.inner.y + y))
                {
                    cell.set_char(dash).set_style(style);
                }
            }
            self.label(canvas, y, &threshold.label, style);
        }
    }

    fn label(&self, canvas: &mut Canvas<'_>, y: u16, words: &Words, style: Style) {
        let width = words.width();
        let inner = canvas.inner;
        if width == 0 || width + 2 > inner.width {
            return;
        }
        // On the line itself, above it, below it; at the right, at the left.
        let rows = [Some(y), y.checked_sub(1), Some(y + 1).filter(|r| *r < inner.height)];
        let columns = [inner.width - width - 1, 1];
        for row in rows.into_iter().flatten() {
            for x in columns {
                let free = (x.saturating_sub(1)..=x + width).all(|c| self.grid.cell(c, row).is_none());
                if free {
                    // A blank on both sides keeps it apart from the dashes.
                    let text = format!(" {} ", words.as_str());
                    put(canvas.buffer, (inner.x + x - 1, inner.y + row), width + 2, &text, style);
                    return;
                }
            }
        }
    }

    fn upright(&self, canvas: &mut Canvas<'_>, at: Ts, label: &Words, line: &str, role: Role) {
        let inner = canvas.inner;
        let style = canvas.theme.style(role);
        let Some(x) = self.grid.cell_of(at, self.window).filter(|x| *x < inner.width) else { return };
        for y in 0..inner.height {
            if self.grid.cell(x, y).is_none() {
                put(canvas.buffer, (inner.x + x, inner.y + y), 1, line, style);
            }
        }
        let width = label.width();
        let free = |y: u16| (x + 1..=x + width).all(|c| self.grid.cell(c, y).is_none());
        let row = (0..inner.height).find(|y| free(*y));
        if let Some(y) = row.filter(|_| width > 0 && x + width < inner.width) {
            put(canvas.buffer, (inner.x + x + 1, inner.y + y), width, label.as_str(), style);
        }
    }

    /// A letter where each line ends: colours alone do not tell series apart.
    fn letters(&self, canvas: &mut Canvas<'_>) {
        let ends = self.grid.ends();
        if ends.len() < 2 {
            return;
        }
        let inner = canvas.inner;
        for (number, row) in ends {
            let Some(letter) = legend::letter(*number) else { continue };
            let free = |y: u16| {
                let at = (inner.right() - 1, inner.y + y);
                self.grid.cell(inner.width - 1, y).is_none()
                    && canvas
                        .buffer
                        .cell(at)
                        .is_some_and(|c| !c.symbol().starts_with(|c: char| c.is_ascii_lowercase()))
            };
            let near = [Some(*row), row.checked_sub(1), Some(row + 1).filter(|r| *r < inner.height)];
            if let Some(y) = near.into_iter().flatten().find(|y| free(*y)) {
                let style = canvas.theme.style(self.color(*number));
                put(
                    canvas.buffer,
                    (inner.right() - 1, inner.y + y),
                    1,
                    letter.encode_utf8(&mut [0; 4]),
                    style,
                );
            }
        }
    }
}

/// No point at all is not the same as zero.
fn nothing(overlay: &Overlay, buffer: &mut Buffer, inner: Rect, theme: &Theme) {
    let lines = [Words::Own("no data"), overlay.empty.clone()];
    for (y, words) in (inner.y + (inner.height.saturating_sub(1)) / 2..inner.bottom()).zip(&lines) {
        let text = measure::cut(words.as_str(), inner.width);
        let x = inner.x + (inner.width - measure::width(&text)) / 2;
        put(buffer, (x, y), inner.width, &text, theme.style(Role::Dim));
    }
}
