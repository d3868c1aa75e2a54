//! A table of any length: only the rows on the screen are asked for.
//!
//! Columns have least and greatest widths and an order in which they give way when the screen is narrow;
//! the pinned ones stay when the others are scrolled sideways. Widths come from a sample of the rows and
//! from those on the screen, so that they do not jump while scrolling. Tested by drawing.

mod columns;

use std::ops::Range;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::ui::text::{Line, Words, put};
use crate::ui::theme::{Role, Theme};

pub use columns::{Align, Column, Layout, Placed, Sample};

/// The cells in front of the first column: the mark and a blank.
const GUTTER: u16 = 2;

/// What a table shows.
pub trait Rows {
    /// Returns the number of rows.
    fn len(&self) -> usize;

    /// Returns one row; asked only for rows that are seen or sampled.
    fn row(&self, index: usize) -> Row;

    /// Returns whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows made by a function.
#[derive(Clone, Copy)]
pub struct Made<F> {
    len: usize,
    row: F,
}

/// Returns `len` rows, each made when it is asked for.
pub const fn made<F: Fn(usize) -> Row>(len: usize, row: F) -> Made<F> {
    Made { len, row }
}

impl<F: Fn(usize) -> Row> Rows for Made<F> {
    fn len(&self) -> usize {
        self.len
    }

    fn row(&self, index: usize) -> Row {
        (self.row)(index)
    }
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its cells, in the order of the columns; missing ones are blank.
    pub cells: Vec<Line>,
    /// It is marked.
    pub marked: bool,
    /// A role for the whole row, such as [`Role::Gone`]; over that of its cells.
    pub role: Option<Role>,
}

/// Where the person is in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The selected row.
    pub selected: Option<usize>,
    /// The first row on the screen.
    pub top: usize,
    /// How many columns are scrolled away to the left, the pinned ones not counted.
    pub left: usize,
}

impl Place {
    /// Returns this place with its top moved as little as needed to show the selected row of `len` in
    /// `height` lines.
    #[must_use]
    pub fn shown(self, len: usize, height: u16) -> Self {
        let height = usize::from(height).max(1);
        let mut top = self.top.min(len.saturating_sub(height));
        let selected = self.selected.map(|s| s.min(len.saturating_sub(1)));
        if let Some(selected) = selected {
            top = top.min(selected).max((selected + 1).saturating_sub(height));
        }
        Self { selected: selected.filter(|_| len > 0), top, left: self.left }
    }
}

/// A table to draw.
pub struct Table<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// The rows.
    pub rows: &'a dyn Rows,
    /// Where the person is.
    pub place: Place,
    /// The widths seen so far; [`Sample::of`] makes one, [`Sample::default`] looks only at the screen.
    pub sample: &'a Sample,
    /// The column that rows are sorted by, and whether they descend.
    pub sorted: Option<(usize, bool)>,
    /// Whether the titles of the columns stand above the rows.
    pub headed: bool,
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("columns", &self.columns)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// What was drawn, for keys that page and for the mouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The rows on the screen.
    pub rows: Range<usize>,
    /// Where the columns are.
    pub layout: Layout,
}

impl Table<'_> {
    /// Draws the header and the rows that fit.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) -> Shown {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return Shown::default();
        }
        let head = u16::from(self.headed);
        let height = area.height - head;
        let place = self.place.shown(self.rows.len(), height);
        let range = place.top..self.rows.len().min(place.top + usize::from(height));
        let seen: Vec<Row> = range.clone().map(|i| self.rows.row(i)).collect();
        let mut sample = self.sample.clone();
        for row in &seen {
            sample.add(row);
        }
        let inner =
            Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
        let titles = (self.headed, self.sorted.map(|(by, _)| by));
        let layout = Layout::of(self.columns, &sample, titles, inner.width, place.left);
        if self.headed {
            self.header(buffer, inner, theme, &layout);
        }
        for (y, (index, row)) in (area.y + head..).zip(range.clone().zip(&seen)) {
            let line = Rect { y, height: 1, ..area };
            self.line(buffer, line, theme, &layout, row);
            if place.selected == Some(index) {
                buffer.set_style(line, theme.style(Role::Selected));
            }
        }
        Shown { rows: range, layout }
    }

    fn header(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, layout: &Layout) {
        let style = theme.style(Role::Heading);
        for placed in &layout.columns {
            let Some(column) = self.columns.get(placed.column) else { continue };
            let arrow = match self.sorted {
                Some((by, descends)) if by == placed.column => {
                    let unicode = theme.glyphs().unicode;
                    match (unicode, descends) {
                        (true, true) => "↓",
                        (true, false) => "↑",
                        (false, true) => "v",
                        (false, false) => "^",
                    }
                }
                _ => "",
            };
            let title = format!("{}{arrow}", column.title.as_str());
            let line = Line::new().with(Words::of(&title), Role::Heading);
            self.cell(buffer, area, theme, placed, &line);
        }
        let [less, more] = theme.glyphs().more();
        if layout.left {
            put(buffer, (area.x.saturating_sub(1), area.y), 1, less, style);
        }
        let last = area.right().saturating_sub(1);
        // Only where it covers no title.
        if layout.right && area.width > 0 && buffer[(last, area.y)].symbol() == " " {
            put(buffer, (area.right() - 1, area.y), 1, more, style);
        }
    }

    fn line(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, layout: &Layout, row: &Row) {
        if row.marked {
            put(buffer, (area.x, area.y), 1, theme.glyphs().mark(), theme.style(Role::Marked));
        }
        let inner =
            Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area };
        for placed in &layout.columns {
            if let Some(line) = row.cells.get(placed.column) {
                self.cell(buffer, inner, theme, placed, line);
            }
        }
        if let Some(role) = row.role.or(row.marked.then_some(Role::Marked)) {
            buffer.set_style(area, theme.style(role));
        }
    }

    fn cell(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, placed: &Placed, line: &Line) {
        let column = self.columns.get(placed.column);
        let right = column.is_some_and(|c| c.align == Align::Right);
        let pad = if right { placed.width.saturating_sub(line.width()) } else { 0 };
        let cut =
            column.filter(|c| c.keeps_end && line.width() > placed.width).map(|_| line.end(placed.width));
        let line = cut.as_ref().unwrap_or(line);
        line.draw(buffer, theme, (area.x + placed.x + pad, area.y), placed.width - pad);
    }
}

#[cfg(test)]
mod tests;
