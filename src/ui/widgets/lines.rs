//! Many lines of text that scroll: only those on the screen are asked for, wrapped or not, with what the
//! search found marked.
//!
//! Wrapping is worked out for the visible lines alone, so a place is a line and a row inside it.

use std::ops::Range;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::ui::text::{Line, measure, put};
use crate::ui::theme::{Role, Theme};

/// What is shown.
pub trait Text {
    /// Returns the number of lines.
    fn len(&self) -> usize;

    /// Returns one line; asked only for lines that are seen.
    fn line(&self, index: usize) -> Line;

    /// Returns whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Text for Vec<Line> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn line(&self, index: usize) -> Line {
        self.as_slice().get(index).cloned().unwrap_or_default()
    }
}

/// Where the person is in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The first line on the screen.
    pub top: usize,
    /// The first row of that line, when lines are wrapped.
    pub row: usize,
    /// The cells that are scrolled away to the left, when they are not.
    pub left: u16,
    /// The selected line.
    pub selected: Option<usize>,
}

/// Finds what a search found: byte ranges of a line's text, in order, without overlaps.
pub type Find<'a> = &'a dyn Fn(&str) -> Vec<Range<usize>>;

/// How the text is drawn.
pub struct Lines<'a> {
    /// The text.
    pub text: &'a dyn Text,
    /// Where the person is.
    pub scroll: Scroll,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// The search, if there is one.
    pub search: Option<Find<'a>>,
    /// The line that the search stands on.
    pub current: Option<usize>,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("scroll", &self.scroll)
            .field("wrap", &self.wrap)
            .finish_non_exhaustive()
    }
}

impl Lines<'_> {
    /// Draws the lines that fit; returns those on the screen.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) -> Range<usize> {
        let area = area.intersection(buffer.area);
        let (mut y, mut index) = (area.y, self.scroll.top);
        while y < area.bottom() && index < self.text.len() && area.width > 0 {
            let line = self.text.line(index);
            let text = line.text();
            let rows = self.rows(&text, index, area);
            let skip = if index == self.scroll.top { self.scroll.row.min(rows.len() - 1) } else { 0 };
            let found = self.search.map(|find| find(&text)).unwrap_or_default();
            let role = if self.current == Some(index) { Role::SearchCurrent } else { Role::Search };
            for row in rows.into_iter().skip(skip) {
                if y >= area.bottom() {
                    break;
                }
                self.row(buffer, theme, Rect { y, height: 1, ..area }, &line, &row, (&found, role));
                if self.scroll.selected == Some(index) {
                    buffer.set_style(Rect { y, height: 1, ..area }, theme.style(Role::Selected));
                }
                y += 1;
            }
            index += 1;
        }
        self.scroll.top.min(index)..index
    }

    /// Returns the rows of a line, as many as can be seen: a line may be megabytes long.
    fn rows(&self, text: &str, index: usize, area: Rect) -> Vec<Range<usize>> {
        if self.wrap {
            let skipped = if index == self.scroll.top { self.scroll.row } else { 0 };
            measure::wrap(text, area.width, skipped.saturating_add(usize::from(area.height)))
        } else {
            std::iter::once(0..text.len()).collect()
        }
    }

    /// Draws one row of a line: its pieces, each cut where what was found begins and ends.
    fn row(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        line: &Line,
        row: &Range<usize>,
        (found, role): (&[Range<usize>], Role),
    ) {
        let mut hidden = if self.wrap { 0 } else { self.scroll.left };
        let mut x = area.x;
        let mut at = 0;
        for piece in &line.0 {
            let words = piece.words.as_str();
            let whole = at..at + words.len();
            at = whole.end;
            for part in parts(&whole, row, found) {
                let inner = part.start - whole.start..part.end - whole.start;
                let text = words.get(inner).unwrap_or("");
                let marked = found.iter().any(|f| f.start <= part.start && part.end <= f.end);
                let style = theme.style(piece.role);
                let style = if marked { style.patch(theme.style(role)) } else { style };
                let (text, blank) = if hidden > 0 {
                    let width = measure::width(text);
                    let rest = measure::tail(text, hidden);
                    hidden = hidden.saturating_sub(width);
                    rest
                } else {
                    (text, false)
                };
                // The second half of a wide character that is scrolled away.
                x += u16::from(blank);
                x = put(buffer, (x, area.y), area.right().saturating_sub(x), text, style);
            }
        }
        let reach = self.scroll.left.saturating_add(area.width);
        let more = !self.wrap && measure::exceeds(line.0.iter().map(|p| p.words.as_str()), reach);
        if more {
            let [_, right] = theme.glyphs().more();
            put(buffer, (area.right() - 1, area.y), 1, right, theme.style(Role::Dim));
        }
    }
}

/// Cuts a piece's range to a row and at the edges of what was found.
fn parts(piece: &Range<usize>, row: &Range<usize>, found: &[Range<usize>]) -> Vec<Range<usize>> {
    let (start, end) = (piece.start.max(row.start), piece.end.min(row.end));
    if start >= end {
        return Vec::new();
    }
    let inside = |at: &usize| *at > start && *at < end;
    let mut edges: Vec<usize> = found.iter().flat_map(|f| [f.start, f.end]).filter(inside).collect();
    edges.push(end);
    edges.sort_unstable();
    edges.dedup();
    let mut from = start;
    edges
        .into_iter()
        .map(|to| {
            let part = from..to;
            from = to;
            part
        })
        .collect()
}

/// Returns where an exact text occurs in a line, whatever its case where `fold`; for [`Lines::search`].
pub fn occurrences(line: &str, wanted: &str, fold: bool) -> Vec<Range<usize>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    if !fold {
        return line.match_indices(wanted).map(|(at, m)| at..at + m.len()).collect();
    }
    let mut out: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.char_indices() {
        if out.last().is_some_and(|l| at < l.end) {
            continue;
        }
        if let Some(len) = begins(line.get(at..).unwrap_or(""), wanted) {
            out.push(at..at + len);
        }
    }
    out
}

/// Returns the length of the beginning of `text` that equals `wanted` whatever the case.
fn begins(text: &str, wanted: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    for w in wanted.chars() {
        let (_, c) = chars.next()?;
        if c != w && !c.to_lowercase().eq(w.to_lowercase()) {
            return None;
        }
    }
    Some(chars.offset())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::core::Untrusted;
    use crate::ui::text::Words;
    use crate::ui::widgets::testing::{draw, role_runs, text, theme};

    fn log() -> Vec<Line> {
        vec![
            Line::new().with("14:00:39 ", Role::Dim).with("GET /products/ 200 12ms", Role::Text),
            Line::new()
                .with("14:00:40 ", Role::Dim)
                .with("dial tcp 10.1.4.7:5432: connection refused", Role::Failing),
            Line::new().with("14:00:41 ", Role::Dim).with("panic: nil pointer", Role::Failing),
        ]
    }

    fn shown(scroll: Scroll, wrap: bool, w: u16, h: u16) -> Vec<String> {
        let log = log();
        let lines = Lines { text: &log, scroll, wrap, search: None, current: None };
        text(&draw(w, h, |b, a| {
            lines.draw(b, a, &theme());
        }))
    }

    #[test]
    fn long_lines_are_cut_or_wrapped() {
        assert_eq!(
            shown(Scroll::default(), false, 30, 4),
            [
                "14:00:39 GET /products/ 200 1›",
                "14:00:40 dial tcp 10.1.4.7:54›",
                "14:00:41 panic: nil pointer",
                ""
            ]
        );
        assert_eq!(
            shown(Scroll { top: 1, ..Scroll::default() }, true, 30, 4),
            ["14:00:40 dial tcp", "10.1.4.7:5432: connection", "refused", "14:00:41 panic: nil pointer"]
        );
        assert_eq!(
            shown(Scroll { top: 1, row: 1, ..Scroll::default() }, true, 30, 2)[0],
            "10.1.4.7:5432: connection"
        );
        assert_eq!(shown(Scroll { left: 9, ..Scroll::default() }, false, 30, 1), ["GET /products/ 200 12ms"]);
        assert_eq!(shown(Scroll { top: 9, ..Scroll::default() }, false, 30, 1), [""]);
    }

    #[test]
    fn what_the_search_found_is_marked_across_pieces_and_rows() {
        let (theme, log) = (theme(), log());
        let find = |line: &str| occurrences(line, "CONNECTION refused", true);
        let lines = Lines {
            text: &log,
            scroll: Scroll::default(),
            wrap: true,
            search: Some(&find),
            current: Some(1),
        };
        let buffer = draw(34, 5, |b, a| {
            lines.draw(b, a, &theme);
        });
        assert_eq!(
            text(&buffer),
            [
                "14:00:39 GET /products/ 200 12ms",
                "14:00:40 dial tcp 10.1.4.7:5432:",
                "connection refused",
                "14:00:41 panic: nil pointer",
                ""
            ]
        );
        let style = theme.style(Role::Failing).patch(theme.style(Role::SearchCurrent));
        assert_eq!(crate::ui::widgets::testing::runs(&buffer, style), ["2: 0-17 connection refused"]);
        assert_eq!(role_runs(&buffer, &theme, Role::Dim).len(), 3);
    }

    #[test]
    fn occurrences_are_found_whatever_their_case_and_never_overlap() {
        assert_eq!(occurrences("ERROR error", "error", true), [0..5, 6..11]);
        assert_eq!(occurrences("aaaa", "aa", true), [0..2, 2..4]);
        assert_eq!(occurrences("ПАНИКА!паника", "паника", true), [0..12, 13..25]);
        assert_eq!(occurrences("x", "", true).len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_at_any_place_can_be_drawn(raw in "\\PC{0,40}", wanted in "\\PC{0,3}", top in 0_usize..4, row in 0_usize..4, left in 0_u16..50, wrap in any::<bool>(), w in 0_u16..20, h in 0_u16..5) {
            let safe = Untrusted::from(raw.as_str()).safe();
            let log = vec![Line::new().with(Words::Safe(safe.clone()), Role::Text).with(Words::Safe(safe), Role::Dim)];
            let find = |line: &str| occurrences(line, &wanted, true);
            let scroll = Scroll { top, row, left, selected: Some(0) };
            let lines = Lines { text: &log, scroll, wrap, search: Some(&find), current: None };
            draw(w, h, |b, a| { lines.draw(b, a, &Theme::plain()); });
        }
    }
}
