//! Where the cursor is in a list of rows: by the row's identity, so that re-sorting never moves it to another row.

use crate::core::action::Action;

/// The cursor and the first visible row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    /// The selected row's index as of the last [`ListState::settle`].
    pub at: usize,
    /// Its identity.
    pub key: Option<String>,
    /// The first visible row.
    pub top: usize,
}

impl ListState {
    /// Finds the selected row again after the rows have changed and keeps it visible.
    ///
    /// `find` returns the index of a row's identity, `key_at` the identity at an index.
    pub fn settle(
        &mut self,
        len: usize,
        page: usize,
        find: impl Fn(&str) -> Option<usize>,
        key_at: impl Fn(usize) -> Option<String>,
    ) {
        // Mostly it is where it was: then nothing is searched.
        let moved = self.key.is_some() && key_at(self.at) != self.key;
        if let Some(at) = self.key.as_deref().filter(|_| moved).and_then(&find) {
            self.at = at;
        }
        self.at = self.at.min(len.saturating_sub(1));
        self.key = key_at(self.at);
        self.keep_visible(len, page);
    }

    /// Moves by an action. Returns whether it was one that moves.
    pub fn act(
        &mut self,
        action: Action,
        len: usize,
        page: usize,
        key_at: impl Fn(usize) -> Option<String>,
    ) -> bool {
        let last = len.saturating_sub(1);
        let half = (page / 2).max(1);
        self.at = match action {
            Action::Down => (self.at + 1).min(last),
            Action::Up => self.at.saturating_sub(1),
            Action::HalfDown => (self.at + half).min(last),
            Action::HalfUp => self.at.saturating_sub(half),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        self.key = key_at(self.at);
        self.keep_visible(len, page);
        true
    }

    fn keep_visible(&mut self, len: usize, page: usize) {
        let page = page.max(1);
        self.top = self.top.min(len.saturating_sub(page)).min(self.at);
        if self.at >= self.top + page {
            self.top = self.at + 1 - page;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn the_cursor_stays_on_its_row_when_rows_are_sorted_anew() {
        let mut list = ListState::default();
        let before = rows(&["a", "b", "c"]);
        list.settle(3, 10, |_| None, |i| before.get(i).cloned());
        list.act(Action::Down, 3, 10, |i| before.get(i).cloned());
        let after = rows(&["b", "c", "a", "d"]);
        list.settle(4, 10, |k| after.iter().position(|r| r == k), |i| after.get(i).cloned());
        assert_eq!((list.at, list.key.as_deref()), (0, Some("b")));
    }

    #[test]
    fn the_cursor_is_always_visible() {
        let mut list = ListState::default();
        let key = |i: usize| Some(i.to_string());
        for _ in 0..30 {
            list.act(Action::Down, 100, 10, key);
            assert!(list.top <= list.at && list.at < list.top + 10);
        }
        list.act(Action::Last, 100, 10, key);
        assert_eq!((list.at, list.top), (99, 90));
        list.settle(5, 10, |_| None, key);
        assert_eq!((list.at, list.top), (4, 0));
    }
}
