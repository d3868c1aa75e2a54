//! The columns of a table, how wide they are, and which are left out when the screen is narrow.

use crate::ui::text::Words;

use super::{Row, Rows};

/// The cells between two columns.
const GAP: u16 = 2;
/// How many rows a sample looks at.
const SAMPLED: usize = 200;

/// On which side a column's text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub title: Words,
    /// The least width that makes sense.
    pub min: u16,
    /// The greatest width that is given.
    pub max: u16,
    /// When the screen is narrow the column with the highest number goes first; 0 never goes.
    pub shed: u8,
    /// Where its text stands.
    pub align: Align,
    /// It stays when the others are scrolled sideways.
    pub pinned: bool,
    /// It takes the room that is left.
    pub grow: bool,
    /// When it is too long its beginning is cut, not its end: a path tells by its last part.
    pub keeps_end: bool,
}

impl Column {
    /// Returns a column of text, as wide as its content between `min` and `max`.
    pub fn new(title: impl Into<Words>, min: u16, max: u16) -> Self {
        let title = title.into();
        Self {
            title,
            min,
            max: max.max(min),
            shed: 1,
            align: Align::Left,
            pinned: false,
            grow: false,
            keeps_end: false,
        }
    }

    /// Sets when it gives way: the highest number first, 0 never.
    #[must_use]
    pub const fn shed(mut self, order: u8) -> Self {
        self.shed = order;
        self
    }

    /// Puts its text at the right.
    #[must_use]
    pub const fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// Keeps it when the others are scrolled, and always.
    #[must_use]
    pub const fn pinned(mut self) -> Self {
        self.pinned = true;
        self.shed = 0;
        self
    }

    /// Cuts its beginning when it is too long.
    #[must_use]
    pub const fn keeps_end(mut self) -> Self {
        self.keeps_end = true;
        self
    }

    /// Gives it the room that is left.
    #[must_use]
    pub const fn grow(mut self) -> Self {
        self.grow = true;
        self
    }
}

/// The widest content of each column among the rows looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample(Vec<u16>);

impl Sample {
    /// Looks at the first 200 rows; to be kept until the rows change.
    pub fn of(rows: &dyn Rows) -> Self {
        let mut sample = Self::default();
        for i in 0..rows.len().min(SAMPLED) {
            sample.add(&rows.row(i));
        }
        sample
    }

    /// Looks at one more row.
    pub fn add(&mut self, row: &Row) {
        if self.0.len() < row.cells.len() {
            self.0.resize(row.cells.len(), 0);
        }
        for (widest, cell) in self.0.iter_mut().zip(&row.cells) {
            *widest = (*widest).max(cell.width());
        }
    }

    fn width(&self, column: usize) -> u16 {
        self.0.get(column).copied().unwrap_or(0)
    }
}

/// Where one column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its number among all columns.
    pub column: usize,
    /// Its first cell, counted from the first column's.
    pub x: u16,
    /// Its width.
    pub width: u16,
}

/// Where the columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Those that are shown, from left to right.
    pub columns: Vec<Placed>,
    /// Some are scrolled away to the left.
    pub left: bool,
    /// Some have no room.
    pub right: bool,
}

impl Layout {
    /// Places columns in `width` cells, with `left` of those that are not pinned scrolled away. Titles count
    /// only where they are drawn (`headed`); the one that rows are `sorted` by has an arrow behind it.
    pub(super) fn of(
        columns: &[Column],
        sample: &Sample,
        (headed, sorted): (bool, Option<usize>),
        width: u16,
        left: usize,
    ) -> Self {
        let loose = columns.iter().filter(|c| !c.pinned).count();
        let left = left.min(loose.saturating_sub(1));
        let mut skipped = 0;
        let mut chosen: Vec<usize> = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            if !column.pinned && skipped < left {
                skipped += 1;
            } else {
                chosen.push(i);
            }
        }
        // The pinned ones lead, whatever their number.
        chosen.sort_by_key(|i| columns.get(*i).is_none_or(|c| !c.pinned));
        let scrolled = left > 0;
        let before = chosen.len();
        shed(columns, &mut chosen, width, scrolled);
        let right = chosen.len() < before;
        let mut widths: Vec<u16> = chosen
            .iter()
            .filter_map(|i| columns.get(*i).map(|c| (i, c)))
            // The arrow of the order needs a cell.
            .map(|(i, c)| (i, c, if headed { c.title.width() + u16::from(sorted == Some(*i)) } else { 0 }))
            .map(|(i, c, title)| sample.width(*i).max(title).clamp(c.min, c.max))
            .collect();
        fit(columns, &chosen, &mut widths, width);
        let mut x = 0;
        let mut placed = Vec::with_capacity(chosen.len());
        for (column, cells) in chosen.into_iter().zip(widths) {
            let cells = cells.min(width.saturating_sub(x));
            if cells == 0 {
                break;
            }
            placed.push(Placed { column, x, width: cells });
            x = x.saturating_add(cells).saturating_add(GAP);
        }
        Self { columns: placed, left: scrolled, right }
    }
}

/// Drops columns until the least widths of the others fit: by their order, or, once scrolled, from the right.
fn shed(columns: &[Column], chosen: &mut Vec<usize>, width: u16, scrolled: bool) {
    let least = |chosen: &[usize]| -> u32 {
        let cells: u32 = chosen.iter().filter_map(|i| columns.get(*i)).map(|c| u32::from(c.min)).sum();
        cells + u32::from(GAP) * (chosen.len().saturating_sub(1) as u32)
    };
    while least(chosen) > u32::from(width) {
        let order = |i: usize| columns.get(i).map_or(0, |c| c.shed);
        let victim = chosen
            .iter()
            .enumerate()
            .filter(|(_, i)| order(**i) > 0)
            // Of equal ones the rightmost.
            .max_by_key(|(at, i)| (if scrolled { 0 } else { order(**i) }, *at))
            .map(|(at, _)| at);
        match victim {
            Some(at) => {
                chosen.remove(at);
            }
            None => break,
        }
    }
}

/// Takes from the widest what is too much, or gives to those that grow what is left.
fn fit(columns: &[Column], chosen: &[usize], widths: &mut [u16], width: u16) {
    let gaps = u32::from(GAP) * (chosen.len().saturating_sub(1) as u32);
    let sum = |w: &[u16]| w.iter().map(|n| u32::from(*n)).sum::<u32>() + gaps;
    let min = |at: usize| chosen.get(at).and_then(|i| columns.get(*i)).map_or(0, |c| c.min);
    while sum(widths) > u32::from(width) {
        let widest = widths.iter().enumerate().filter(|(at, w)| **w > min(*at)).max_by_key(|(_, w)| **w);
        let Some(at) = widest.map(|(at, _)| at) else { break };
        if let Some(w) = widths.get_mut(at) {
            *w -= 1;
        }
    }
    let growing: Vec<usize> = (0..chosen.len())
        .filter(|at| chosen.get(*at).and_then(|i| columns.get(*i)).is_some_and(|c| c.grow))
        .collect();
    let left = u32::from(width).saturating_sub(sum(widths)) as u16;
    if let Some(share) = left.checked_div(growing.len() as u16) {
        for (n, at) in growing.iter().enumerate() {
            let odd = u16::from(n < usize::from(left % growing.len() as u16));
            if let Some(w) = widths.get_mut(*at) {
                *w += share + odd;
            }
        }
    }
}
