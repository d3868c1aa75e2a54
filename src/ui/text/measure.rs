//! How wide text is in cells, and where it can be cut or wrapped: by grapheme, as the buffer draws it.

use std::borrow::Cow;
use std::ops::Range;

use ratatui_core::buffer::CellWidth as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// The mark of a cut.
pub const MARK: &str = "…";

/// Returns the number of cells that a text takes.
pub fn width(text: &str) -> u16 {
    if text.is_ascii() {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    text.graphemes(true).fold(0, |sum: u16, g| sum.saturating_add(grapheme(g)))
}

fn grapheme(g: &str) -> u16 {
    if g.chars().any(char::is_control) { 0 } else { g.cell_width() }
}

/// Returns the longest beginning that takes at most `max` cells.
pub fn head(text: &str, max: u16) -> &str {
    if text.is_ascii() {
        return text.get(..usize::from(max)).unwrap_or(text);
    }
    let mut used = 0_u16;
    for (at, g) in text.grapheme_indices(true) {
        used = used.saturating_add(grapheme(g));
        if used > max {
            return text.get(..at).unwrap_or("");
        }
    }
    text
}

/// Returns what is left of a text when its first `cells` cells are scrolled away, and whether a wide
/// character was cut in two by that (its second half is a blank).
pub fn tail(text: &str, cells: u16) -> (&str, bool) {
    let mut used = 0_u16;
    for (at, g) in text.grapheme_indices(true) {
        if used >= cells {
            return (text.get(at..).unwrap_or(""), used > cells);
        }
        used = used.saturating_add(grapheme(g));
    }
    ("", used > cells)
}

/// Returns the text cut to `max` cells, with the mark in the last one when something was cut.
pub fn cut(text: &str, max: u16) -> Cow<'_, str> {
    // A text of so few bytes fits whatever it is made of: no character is wider than its bytes.
    if text.len() <= usize::from(max) || width(text) <= max {
        text.into()
    } else {
        cut_with_mark(text, max).into()
    }
}

/// Returns the beginning of a text with the mark in the last of `max` cells, whether it fits or not.
pub fn cut_with_mark(text: &str, max: u16) -> String {
    match max {
        0 => String::new(),
        _ => format!("{}{MARK}", head(text, max - 1)),
    }
}

/// Returns the text cut in its middle to `max` cells: names differ at both ends.
pub fn cut_middle(text: &str, max: u16) -> Cow<'_, str> {
    let all = width(text);
    if all <= max {
        return text.into();
    }
    if max < 3 {
        return cut(text, max);
    }
    let back = (max - 1) / 2;
    let (end, _) = tail(text, all - back);
    format!("{}{MARK}{end}", head(text, max - 1 - width(end))).into()
}

/// Returns whether texts side by side take more than `max` cells; looks no further than needed.
pub fn exceeds<'a>(texts: impl Iterator<Item = &'a str>, max: u16) -> bool {
    let mut used = 0_u16;
    for g in texts.flat_map(|t| t.graphemes(true)) {
        used = used.saturating_add(grapheme(g));
        if used > max {
            return true;
        }
    }
    false
}

/// Returns the byte ranges of the first `most` rows that a text takes when wrapped to `max` cells; breaks
/// behind spaces where it can. A text of no cells takes one row.
pub fn wrap(text: &str, max: u16, most: usize) -> Vec<Range<usize>> {
    let max = max.max(1);
    let mut rows = Vec::new();
    let (mut start, mut used, mut space) = (0, 0_u16, None);
    for (at, g) in text.grapheme_indices(true) {
        let cells = grapheme(g);
        // Twice for a wide character: a break behind a space of one cell can be a cell too few for it.
        while used.saturating_add(cells) > max && at > start {
            let end: usize = space.filter(|s| *s > start).unwrap_or(at);
            rows.push(start..end);
            if rows.len() >= most {
                return rows;
            }
            used = text.get(end..at).map_or(0, width);
            (start, space) = (end, None);
        }
        used = used.saturating_add(cells);
        if g == " " {
            space = Some(at + 1);
        }
    }
    rows.push(start..text.len());
    rows
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wide_and_combined_characters_are_measured_as_they_are_drawn() {
        for (text, cells) in
            [("", 0), ("abc", 3), ("漢字", 4), ("naïve", 5), ("e\u{301}", 1), ("✖", 1), ("⣿", 1), ("🚀", 2)]
        {
            assert_eq!(width(text), cells, "{text}");
        }
    }

    #[test]
    fn cuts_never_split_a_wide_character() {
        assert_eq!(cut("momo-store", 10), "momo-store");
        assert_eq!(cut("momo-store", 5), "momo…");
        assert_eq!(cut("漢字漢字", 6), "漢字…");
        assert_eq!(cut("漢字漢字", 4), "漢…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut_middle("backend-7c5d9f-x2x", 10), "backe…-x2x");
        assert_eq!(tail("漢字", 1), ("字", true));
        assert_eq!(tail("abc", 1), ("bc", false));
        assert_eq!(tail("abc", 9), ("", false));
    }

    #[test]
    fn rows_break_behind_spaces_and_inside_words_that_are_too_long() {
        let rows =
            |text: &str, max| wrap(text, max, 99).into_iter().map(|r| text[r].to_owned()).collect::<Vec<_>>();
        assert_eq!(rows("dial tcp refused", 9), ["dial tcp ", "refused"]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("漢字漢", 3), ["漢", "字", "漢"]);
        assert_eq!(rows("", 3), [""]);
        assert_eq!(wrap("abcdefgh", 3, 2), [0..3, 3..6]);
        assert!(exceeds(["ab", "cd"].into_iter(), 3) && !exceeds(["ab", "cd"].into_iter(), 4));
    }

    proptest! {
        #[test]
        fn whatever_the_text_cuts_fit_and_rows_lose_nothing(text in "\\PC{0,60}", max in 0_u16..30) {
            prop_assert!(width(&cut(&text, max)) <= max);
            prop_assert!(width(&cut_middle(&text, max)) <= max);
            let rows = wrap(&text, max, 99);
            prop_assert_eq!(rows.iter().map(|r| &text[r.clone()]).collect::<String>(), text.clone());
            for row in rows {
                let g = text[row.clone()].graphemes(true).count();
                prop_assert!(width(&text[row]) <= max.max(1) || g == 1);
            }
        }
    }
}
