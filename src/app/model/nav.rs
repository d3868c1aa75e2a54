//! The stack of pages: drilling down pushes, `esc` pops, always one level.

use crate::app::views::View;

/// One page: a view with its number.
#[derive(Debug)]
pub struct Page {
    /// Its number, never used again.
    pub id: u32,
    /// The view.
    pub view: View,
    /// The moment's generation that it has asked for last.
    pub moment: u64,
}

/// The pages, the visible one last; never empty.
#[derive(Debug)]
pub struct Nav {
    below: Vec<Page>,
    top: Page,
    next: u32,
}

/// How deep the stack may grow before the oldest page below the home view is dropped.
const DEEPEST: usize = 32;

impl Nav {
    /// Returns a stack with one page.
    pub fn new(home: View) -> Self {
        Self { below: Vec::new(), top: Page { id: 1, view: home, moment: 0 }, next: 2 }
    }

    /// Returns the visible page.
    pub fn top(&self) -> &Page {
        &self.top
    }

    /// Returns the visible page, to be changed.
    pub fn top_mut(&mut self) -> &mut Page {
        &mut self.top
    }

    /// Returns a page by number, visible or not.
    pub fn page_mut(&mut self, id: u32) -> Option<&mut Page> {
        if self.top.id == id { Some(&mut self.top) } else { self.below.iter_mut().find(|p| p.id == id) }
    }

    /// Returns every page, the visible one last.
    pub fn pages(&self) -> impl Iterator<Item = &Page> {
        self.below.iter().chain([&self.top])
    }

    /// Returns how many pages lie below.
    pub fn depth(&self) -> usize {
        self.below.len()
    }

    /// Opens a page on top. Returns the number of a page that was dropped for it.
    pub fn push(&mut self, view: View) -> Option<u32> {
        let page = Page { id: self.next, view, moment: 0 };
        self.next += 1;
        self.below.push(std::mem::replace(&mut self.top, page));
        (self.below.len() > DEEPEST).then(|| self.below.remove(1).id)
    }

    /// Closes the visible page. Returns its number, none when it is the only one.
    pub fn pop(&mut self) -> Option<u32> {
        let page = self.below.pop()?;
        Some(std::mem::replace(&mut self.top, page).id)
    }
}
