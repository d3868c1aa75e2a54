//! Two buffers of cells, and the bytes that turn one into the other.
//!
//! Pure: writes into a byte vector, knows no device. The bytes are the backend's (cursor moves, colours,
//! attributes, text), a full clear after a resize, the cursor, and the marks of a synchronised update.
//! A control character in a cell is never written: it becomes `?`.

use std::io;

use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui_core::buffer::{Buffer, Cell, CellWidth as _};
use ratatui_core::layout::{Position, Rect, Size};

use super::modes::{Mode, SYNC_BEGIN, SYNC_END};

/// The largest screen that is drawn; what lies beyond stays empty.
const LARGEST: Size = Size { width: 1000, height: 500 };
/// What is taken where the terminal does not know its size.
const UNKNOWN: Size = Size { width: 80, height: 24 };

/// What a frame is drawn into.
#[derive(Debug)]
pub struct Frame<'a> {
    buffer: &'a mut Buffer,
    cursor: Option<Position>,
}

impl Frame<'_> {
    /// Returns the whole screen.
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// Returns the cells, empty at the start of a frame.
    pub fn buffer(&mut self) -> &mut Buffer {
        self.buffer
    }

    /// Shows the cursor there in this frame; it is hidden otherwise.
    pub fn set_cursor(&mut self, at: Position) {
        self.cursor = self.buffer.area.contains(at).then_some(at);
    }
}

/// The cells that are on the screen, and those of the next frame.
#[derive(Debug)]
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    whole: bool,
    sync: bool,
}

impl Screen {
    /// Returns a screen of a size, unknown to be drawn on; `sync` marks frames as synchronised updates.
    pub fn new(size: Size, sync: bool) -> Self {
        let area = bounded(size);
        let (shown, next) = (Buffer::empty(area), Buffer::empty(area));
        Self { shown, next, cursor: None, whole: true, sync }
    }

    /// Returns the size that is drawn.
    pub fn size(&self) -> Size {
        self.next.area.as_size()
    }

    /// Takes a new size; returns whether it differs. The next frame is whole.
    pub fn resize(&mut self, size: Size) -> bool {
        let area = bounded(size);
        let differs = area != self.next.area;
        if differs {
            (self.shown, self.next) = (Buffer::empty(area), Buffer::empty(area));
            self.whole = true;
        }
        differs
    }

    /// Forgets what is on the screen: the next frame is whole.
    pub fn invalidate(&mut self) {
        self.shown.reset();
        self.cursor = None;
        self.whole = true;
    }

    /// Draws a frame and appends the bytes that show it; returns whether there were any.
    pub fn draw(&mut self, out: &mut Vec<u8>, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<bool> {
        self.next.reset();
        let mut frame = Frame { buffer: &mut self.next, cursor: None };
        paint(&mut frame);
        let cursor = frame.cursor;
        let start = out.len();
        if self.sync {
            out.extend_from_slice(SYNC_BEGIN);
        }
        let body = out.len();
        if std::mem::take(&mut self.whole) {
            out.extend_from_slice(b"\x1b[m\x1b[2J");
            out.extend_from_slice(Mode::HiddenCursor.on());
            self.cursor = None;
        }
        let bad = Cell::new("?");
        let changes = self.changes();
        let mut backend = CrosstermBackend::new(&mut *out);
        let drawn = !changes.is_empty();
        // After a symbol that a terminal may measure differently the next one is written at a place of its own.
        for run in changes.split_inclusive(|(.., cell)| !is_certain(cell.symbol())) {
            backend.draw(run.iter().map(|&(x, y, c)| (x, y, if is_clean(c) { c } else { &bad })))?;
        }
        match (self.cursor, cursor) {
            (Some(_), None) => backend.hide_cursor()?,
            (before, Some(at)) => {
                if drawn || before != cursor {
                    backend.set_cursor_position(at)?;
                }
                if before.is_none() {
                    backend.show_cursor()?;
                }
            }
            (None, None) => {}
        }
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        if out.len() == body {
            out.truncate(start);
            return Ok(false);
        }
        if self.sync {
            out.extend_from_slice(SYNC_END);
        }
        Ok(true)
    }
}

impl Screen {
    /// Returns the cells to be written, row by row: those that differ, and the whole row where a symbol was
    /// or will be whose width terminals do not agree on, for it may have spoilt its neighbours.
    fn changes(&self) -> Vec<(u16, u16, &Cell)> {
        let mut out = Vec::new();
        let mut differing = self.shown.diff_iter(&self.next).peekable();
        while let Some(&(_, y, _)) = differing.peek() {
            let row = std::iter::from_fn(|| differing.next_if(|(_, other, _)| *other == y));
            if is_certain_row(&self.shown, y) && is_certain_row(&self.next, y) {
                out.extend(row);
            } else {
                row.for_each(drop);
                let mut x = 0;
                while let Some(cell) = self.next.cell((x, y)) {
                    out.push((x, y, cell));
                    x += if is_clean(cell) { cell.symbol().cell_width().max(1) } else { 1 };
                }
            }
        }
        out
    }
}

fn is_certain_row(buffer: &Buffer, y: u16) -> bool {
    let width = usize::from(buffer.area.width);
    let mut cells = buffer.content.iter().skip(usize::from(y) * width).take(width);
    cells.all(|cell| is_certain(cell.symbol()))
}

/// Returns whether every terminal gives a symbol the width that it was measured with: one character of
/// the scripts, signs and drawings that terminals have always known.
fn is_certain(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let Some(first) = chars.next() else { return true };
    chars.next().is_none()
        && matches!(first,
            ..'\u{300}' | '\u{370}'..='\u{52f}'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}'
            | '\u{2190}'..='\u{21ff}' | '\u{2200}'..='\u{22ff}' | '\u{2500}'..='\u{25fc}'
            | '\u{25ff}'..='\u{2604}' | '\u{2605}'..='\u{2613}' | '\u{2700}'..='\u{2704}'
            | '\u{2706}'..='\u{2709}' | '\u{270c}'..='\u{2727}' | '\u{2729}'..='\u{274b}'
            | '\u{2758}'..='\u{2794}' | '\u{2800}'..='\u{28ff}' | '\u{23b0}'..='\u{23e8}'
            | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}')
}

fn is_clean(cell: &Cell) -> bool {
    !cell.symbol().chars().any(char::is_control)
}

fn bounded(size: Size) -> Rect {
    let pick = |n: u16, unknown: u16, largest: u16| if n == 0 { unknown } else { n.min(largest) };
    Rect::new(
        0,
        0,
        pick(size.width, UNKNOWN.width, LARGEST.width),
        pick(size.height, UNKNOWN.height, LARGEST.height),
    )
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use ratatui_core::style::{Color, Style};

    use super::*;

    fn text(screen: &mut Screen, words: &str) -> String {
        let mut out = Vec::new();
        screen
            .draw(&mut out, |f| {
                f.buffer().set_string(0, 0, words, Style::default().fg(Color::Red));
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    fn cells(n: u16) -> std::num::NonZero<u16> {
        n.try_into().unwrap()
    }

    fn seen(bytes: &str, size: Size) -> String {
        let mut parser = vt100::Parser::new(cells(size.height), cells(size.width), 0);
        parser.process(bytes.as_bytes());
        parser.screen().contents()
    }

    #[test]
    fn a_frame_is_only_what_changed_and_an_equal_one_is_nothing() {
        let size = Size { width: 20, height: 3 };
        let mut screen = Screen::new(size, false);
        let mut all = text(&mut screen, "hello");
        assert!(all.starts_with("\u{1b}[m\u{1b}[2J"), "{all:?}");
        let second = text(&mut screen, "hallo");
        assert!(second.contains('a') && !second.contains('l'), "{second:?}");
        assert_eq!(text(&mut screen, "hallo"), "");
        all.push_str(&second);
        assert_eq!(seen(&all, size), "hallo");
    }

    #[test]
    fn a_resize_draws_the_whole_frame_anew() {
        let mut screen = Screen::new(Size { width: 20, height: 3 }, false);
        text(&mut screen, "hello");
        let size = Size { width: 10, height: 2 };
        assert!(screen.resize(size));
        assert!(!screen.resize(size));
        assert_eq!(seen(&text(&mut screen, "hello"), size), "hello");
    }

    #[test]
    fn sizes_that_no_terminal_has_are_drawn_all_the_same() {
        for (width, height) in [(0, 0), (1, 1), (20, 5), (1000, 400), (65535, 65535)] {
            let mut screen = Screen::new(Size { width, height }, true);
            assert!(text(&mut screen, "漢字 and more").ends_with("\u{1b}[?2026l"));
        }
    }

    #[test]
    fn control_characters_in_cells_never_reach_the_terminal() {
        let mut screen = Screen::new(Size { width: 5, height: 1 }, false);
        let mut out = Vec::new();
        screen
            .draw(&mut out, |f| {
                if let Some(cell) = f.buffer().cell_mut((0, 0)) {
                    cell.set_symbol("\u{1b}]0;x\u{7}");
                }
            })
            .unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains('?') && !out.contains("]0;"), "{out:?}");
    }

    #[test]
    fn a_symbol_that_a_terminal_measures_differently_spoils_no_other_cell() {
        // This terminal gives a replacement character no cell at all, and a flag as many as it likes.
        let size = Size { width: 20, height: 1 };
        let mut screen = Screen::new(size, false);
        let mut all = text(&mut screen, "a\u{fffd}b\u{1f1e9}\u{1f1ea}c");
        let whole = seen(&all, size).trim_end().to_owned();
        assert!(whole.starts_with('a') && whole.ends_with('c') && whole.contains('b'), "{whole:?}");
        all.push_str(&text(&mut screen, "xyz"));
        assert_eq!(seen(&all, size).trim_end(), "xyz");
        let certain = text(&mut screen, "xyZ");
        assert!(!certain.contains('y'), "{certain:?}");
    }

    #[test]
    fn the_cursor_is_shown_where_a_frame_puts_it_and_hidden_else() {
        let mut screen = Screen::new(Size { width: 9, height: 2 }, false);
        let mut draw = |at: Option<(u16, u16)>| {
            let mut out = Vec::new();
            screen
                .draw(&mut out, |f| {
                    if let Some(at) = at {
                        f.set_cursor(at.into());
                    }
                })
                .unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(draw(None), "\u{1b}[m\u{1b}[2J\u{1b}[?25l");
        assert_eq!(draw(Some((3, 1))), "\u{1b}[2;4H\u{1b}[?25h");
        assert_eq!(draw(Some((3, 1))), "");
        assert_eq!(draw(Some((4, 1))), "\u{1b}[2;5H");
        assert_eq!(draw(None), "\u{1b}[?25l");
        assert_eq!(draw(Some((9, 9))), "");
    }
}
