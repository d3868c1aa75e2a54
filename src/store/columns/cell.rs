//! One cell: what it shows at a given time, and how it sorts.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::core::num::age;
use crate::core::{Safe, Ts};

/// Text of a cell: deckwatch's and kubectl's own words, or what a server said, made harmless.
#[derive(Clone, Debug)]
pub enum Text {
    /// Own words.
    Own(&'static str),
    /// What a server said.
    Said(Safe),
}

impl Text {
    /// Makes text of what a server said, cut at its first line's end as kubectl cuts it.
    pub fn said(text: &str) -> Self {
        match text.find(['\n', '\r', '\u{c}']).and_then(|end| text.get(..end)) {
            Some(line) => Self::Said(Safe::of(&format!("{line}..."))),
            None => Self::Said(Safe::of(text)),
        }
    }

    /// Makes text of what a server said, or of own words where it said nothing.
    pub fn said_or(text: &str, otherwise: &'static str) -> Self {
        if text.is_empty() { Self::Own(otherwise) } else { Self::said(text) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Said(text) => text.as_str(),
        }
    }
}

/// Where a text comes from makes no difference.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

/// One cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text as it is.
    Text(Text),
    /// Text that is shorter in narrow tables.
    Shortened {
        /// What narrow tables show.
        narrow: Text,
        /// What wide tables show.
        wide: Text,
    },
    /// A count.
    Number(i64),
    /// How many of how many: `1/2`.
    Of {
        /// How many are ready, or done.
        part: i32,
        /// How many there should be.
        whole: i32,
    },
    /// Restarts, and when the last one was: `4 (2m ago)`.
    Restarts {
        /// How many.
        count: i64,
        /// When the container before the last restart ended, where known.
        last: Option<Ts>,
    },
    /// How long ago something was; `<unknown>` where that is not known.
    Since(Option<Ts>),
    /// How long something took, or takes so far; nothing where it has not begun.
    Lasted {
        /// When it began.
        from: Option<Ts>,
        /// When it ended.
        to: Option<Ts>,
    },
}

/// What a cell sorts by. Keys of one column are of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Numbers, then by a second number.
    Number(i64, i64),
    /// Instants, the youngest first, as ages ascend; unknown ones last.
    Age(Reverse<Ts>),
    /// Nothing to sort by: last.
    Nothing,
    /// Text.
    Text(&'a str),
}

const UNKNOWN: &str = "<unknown>";

impl Cell {
    /// Makes a cell of what a server said.
    pub fn said(text: &str) -> Self {
        Self::Text(Text::said(text))
    }

    /// Makes a cell of what a server said, or of own words where it said nothing.
    pub fn said_or(text: &str, otherwise: &'static str) -> Self {
        Self::Text(Text::said_or(text, otherwise))
    }

    /// Returns what the cell shows at `now`, in a wide or a narrow table.
    pub fn show(&self, now: Ts, wide: bool) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_str()),
            Self::Shortened { narrow, wide: full } => {
                Cow::Borrowed(if wide { full } else { narrow }.as_str())
            }
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Of { part, whole } => Cow::Owned(format!("{part}/{whole}")),
            Self::Restarts { count, last: Some(last) } if *count != 0 => {
                Cow::Owned(format!("{count} ({} ago)", age(now - *last)))
            }
            Self::Restarts { count, .. } => Cow::Owned(count.to_string()),
            Self::Since(Some(then)) => Cow::Owned(age(now - *then)),
            Self::Since(None) => Cow::Borrowed(UNKNOWN),
            Self::Lasted { from: Some(from), to } => Cow::Owned(age(to.unwrap_or(now) - *from)),
            Self::Lasted { from: None, .. } => Cow::Borrowed(""),
        }
    }

    /// Returns what the cell sorts by at `now`.
    pub fn key(&self, now: Ts) -> Key<'_> {
        match self {
            Self::Text(text) | Self::Shortened { wide: text, .. } => Key::Text(text.as_str()),
            Self::Number(number) => Key::Number(*number, 0),
            Self::Of { part, whole } => {
                let (part, whole) = (i64::from(*part), i64::from(*whole));
                // Nothing wanted is as complete as all of it.
                let share = if whole == 0 { 1_000_000 } else { part.saturating_mul(1_000_000) / whole };
                Key::Number(share, whole)
            }
            Self::Restarts { count, last } => Key::Number(*count, last.map_or(i64::MIN, |last| last.0)),
            Self::Since(then) => then.map_or(Key::Nothing, |then| Key::Age(Reverse(then))),
            Self::Lasted { from: Some(from), to } => Key::Number((to.unwrap_or(now) - *from).0, 0),
            Self::Lasted { from: None, .. } => Key::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const NOW: Ts = Ts(1_000_000_000_000_000_000);

    fn sorted(mut cells: Vec<Cell>) -> Vec<String> {
        cells.sort_by(|a, b| a.key(NOW).cmp(&b.key(NOW)));
        cells.iter().map(|cell| cell.show(NOW, true).into_owned()).collect()
    }

    #[test]
    fn cells_sort_by_what_they_mean_not_by_their_text() {
        let of = |part, whole| Cell::Of { part, whole };
        assert_eq!(sorted(vec![of(10, 10), of(1, 2), of(0, 3), of(0, 0)]), ["0/3", "1/2", "0/0", "10/10"]);
        let ago = |seconds: i64| Cell::Since(Some(Ts(NOW.0 - seconds * 1_000_000_000)));
        assert_eq!(
            sorted(vec![ago(90_000), Cell::Since(None), ago(5), ago(600)]),
            ["5s", "10m", "25h", "<unknown>"]
        );
        let restarts = |count, last| Cell::Restarts { count, last };
        let last = Some(Ts(NOW.0 - 60_000_000_000));
        assert_eq!(
            sorted(vec![restarts(10, None), restarts(9, last), restarts(0, last)]),
            ["0", "9 (60s ago)", "10"]
        );
    }

    #[test]
    fn what_a_server_said_is_harmless_and_one_line() {
        assert_eq!(Text::said("one\ntwo").as_str(), "one...");
        assert_eq!(Text::said("\u{1b}[31mred").as_str(), "^[[31mred");
        assert_eq!(Text::said_or("", "<none>"), Text::Own("<none>"));
    }

    #[test]
    fn a_duration_grows_until_its_end() {
        let from = Some(Ts(NOW.0 - 90_000_000_000));
        assert_eq!(Cell::Lasted { from, to: None }.show(NOW, false), "90s");
        assert_eq!(Cell::Lasted { from, to: Some(Ts(NOW.0 - 60_000_000_000)) }.show(NOW, false), "30s");
        assert_eq!(Cell::Lasted { from: None, to: None }.show(NOW, false), "");
    }
}
