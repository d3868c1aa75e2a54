//! Series into dots: two by four in each cell, as braille has them.
//!
//! Each series is drawn into a layer of its own; a cell shows the dots of all and the colour of the one
//! that has most of them there.

use crate::core::{Span, Ts, Window};
use crate::store::series::Series;

use super::inside;
use super::scale::Scale;

/// Dots of one cell: across and down.
pub(super) const DOTS: (u16, u16) = (2, 4);

/// One cell of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// The dots, as in the braille block of Unicode.
    pub(super) bits: u8,
    /// The series that has most of them.
    pub(super) owner: u32,
    most: u8,
}

/// The dots of all series.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    width: u16,
    height: u16,
    cells: Vec<Cell>,
    layer: Vec<u8>,
    /// The row of cells in which each series ends, for its letter.
    ends: Vec<(usize, u16)>,
}

/// The values of one series that fall into one column of dots.
#[derive(Clone, Copy, Debug)]
struct Column {
    x: u16,
    first: (Ts, f64),
    last: (Ts, f64),
    min: f64,
    max: f64,
}

impl Grid {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let n = usize::from(width) * usize::from(height);
        Self { width, height, cells: vec![Cell::default(); n], layer: vec![0; n], ends: Vec::new() }
    }

    /// Returns the width in cells.
    pub(super) fn width(&self) -> u16 {
        self.width
    }

    /// Returns the height in cells.
    pub(super) fn height(&self) -> u16 {
        self.height
    }

    /// Returns a cell that has dots.
    pub(super) fn cell(&self, x: u16, y: u16) -> Option<Cell> {
        let at = self.index(x, y)?;
        self.cells.get(at).copied().filter(|c| c.bits != 0)
    }

    /// Returns the series and the rows of cells in which they end.
    pub(super) fn ends(&self) -> &[(usize, u16)] {
        &self.ends
    }

    /// Draws a series; returns how many of its values have no place on the axis.
    pub(super) fn add(
        &mut self,
        number: usize,
        series: &Series,
        window: Window,
        step: Span,
        scale: &Scale,
    ) -> usize {
        if self.width == 0 || self.height == 0 {
            return 0;
        }
        self.layer.fill(0);
        let longest = step.0.saturating_add(step.0 / 2);
        let mut unplaced = 0;
        let mut current: Option<Column> = None;
        let mut before: Option<Column> = None;
        for (ts, value) in inside(series, window) {
            if !value.is_finite() || !scale.has(*value) {
                // Not a number is no value: what is on its two sides is not joined.
                unplaced += usize::from(value.is_finite());
                if let Some(column) = current.take() {
                    self.join(before.take(), &column, scale);
                }
                before = None;
                continue;
            }
            let x = self.column(*ts, window);
            let gap = current.is_some_and(|c| longest > 0 && (*ts - c.last.0).0 > longest);
            match &mut current {
                Some(column) if column.x == x && !gap => {
                    column.last = (*ts, *value);
                    column.min = column.min.min(*value);
                    column.max = column.max.max(*value);
                }
                _ => {
                    if let Some(column) = current.take() {
                        self.join(before.take(), &column, scale);
                        before = (!gap).then_some(column);
                    }
                    let point = (*ts, *value);
                    current = Some(Column { x, first: point, last: point, min: *value, max: *value });
                }
            }
        }
        if let Some(column) = current {
            self.join(before, &column, scale);
            self.ends.push((number, scale.row(column.last.1, self.dots_down()) / DOTS.1));
        }
        self.merge(number);
        unplaced
    }

    /// Returns the column of dots of an instant.
    fn column(&self, ts: Ts, window: Window) -> u16 {
        let wide = f64::from(self.width) * f64::from(DOTS.0);
        let part = (ts - window.start).0 as f64 / window.span().0.max(1) as f64;
        (part * wide).clamp(0.0, wide - 1.0) as u16
    }

    /// Returns the cell in which an instant lies; `None` outside the window.
    pub(super) fn cell_of(&self, ts: Ts, window: Window) -> Option<u16> {
        let inside = ts >= window.start && ts <= window.end && self.width > 0;
        inside.then(|| self.column(ts, window) / DOTS.0)
    }

    fn dots_down(&self) -> u16 {
        self.height.saturating_mul(DOTS.1)
    }

    /// Draws a column's run, and the line to it from the column before.
    fn join(&mut self, before: Option<Column>, column: &Column, scale: &Scale) {
        let row = |v: f64| scale.row(v, self.dots_down());
        let (top, bottom) = (row(column.max), row(column.min));
        let line = before.map(|b| (b.x, (row(b.max), row(b.min)), row(b.last.1)));
        let first = row(column.first.1);
        self.run(column.x, top, bottom);
        match line {
            // Runs side by side that touch need no line between them.
            Some((x, (above, below), _)) if column.x - x <= 1 && above <= bottom && top <= below => {}
            Some((x, _, last)) => self.line((x, last), (column.x, first)),
            None => {}
        }
    }

    /// Draws a straight line without holes.
    fn line(&mut self, from: (u16, u16), to: (u16, u16)) {
        if to.0 - from.0 <= 1 {
            // Neighbours meet half way.
            let middle = u16::midpoint(from.1, to.1);
            self.run(from.0, from.1.min(middle), from.1.max(middle));
            self.run(to.0, to.1.min(middle), to.1.max(middle));
            return;
        }
        let (mut x, mut y) = (i32::from(from.0), i32::from(from.1));
        let (x1, y1) = (i32::from(to.0), i32::from(to.1));
        let (dx, dy) = (x1 - x, -(y1 - y).abs());
        let down = (y1 - y).signum();
        let mut error = dx + dy;
        loop {
            self.dot(x as u16, y as u16);
            if x == x1 && y == y1 {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += 1;
            }
            if twice <= dx {
                error += dx;
                y += down;
            }
        }
    }

    /// Draws an upright run of dots, a cell at a time.
    fn run(&mut self, x: u16, top: u16, bottom: u16) {
        let Some(column) = COLUMNS.get(usize::from(x % DOTS.0)) else { return };
        let whole = column.iter().fold(0, |m, d| m | d);
        let (first, last) = (top / DOTS.1, bottom / DOTS.1);
        let part = |from: u16, to: u16| {
            let dots = column.get(usize::from(from)..=usize::from(to)).unwrap_or(&[]);
            dots.iter().fold(0, |m, d| m | d)
        };
        let Some(start) = self.index(x / DOTS.0, first) else { return };
        let cells = self.layer.iter_mut().skip(start).step_by(usize::from(self.width));
        for (row, cell) in (first..=last).zip(cells) {
            let from = if row == first { top % DOTS.1 } else { 0 };
            let to = if row == last { bottom % DOTS.1 } else { DOTS.1 - 1 };
            *cell |= if from == 0 && to == DOTS.1 - 1 { whole } else { part(from, to) };
        }
    }

    fn dot(&mut self, x: u16, y: u16) {
        let Some(at) = self.index(x / DOTS.0, y / DOTS.1) else { return };
        if let Some(cell) = self.layer.get_mut(at) {
            *cell |= bit(x % DOTS.0, y % DOTS.1);
        }
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        let inside = x < self.width && y < self.height;
        inside.then(|| usize::from(y) * usize::from(self.width) + usize::from(x))
    }

    fn merge(&mut self, number: usize) {
        for (cell, bits) in self.cells.iter_mut().zip(&self.layer) {
            let dots = bits.count_ones() as u8;
            if dots > cell.most {
                cell.most = dots;
                cell.owner = number as u32;
            }
            cell.bits |= bits;
        }
    }
}

/// The bits of a cell's dots in the braille block, column by column, from top to bottom.
const COLUMNS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Returns the bit of a dot in a cell of the braille block.
pub(super) fn bit(x: u16, y: u16) -> u8 {
    COLUMNS.get(usize::from(x)).and_then(|c| c.get(usize::from(y))).copied().unwrap_or(0)
}

/// Returns the character of a cell's dots.
pub(super) fn glyph(bits: u8, unicode: bool) -> char {
    if unicode {
        return char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ');
    }
    let row = |mask: u8| bits & mask != 0;
    let rows = [row(0x09), row(0x12), row(0x24), row(0xc0)];
    match (rows, rows.iter().filter(|r| **r).count()) {
        (_, 0) => ' ',
        (_, 3..) => '|',
        ([true, true, ..] | [true, false, false, false], _) => '\'',
        ([.., true, true] | [false, false, false, true], _) => '.',
        ([true, .., true], _) => ':',
        _ => '-',
    }
}
