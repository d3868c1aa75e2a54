//! What lies over a page and takes the keys: lines to type into, boxes to choose from.

use crate::app::input_line::Line;
use crate::core::action::Action;

/// The open dialogue.
#[derive(Debug)]
pub enum Modal {
    /// The line of `:`.
    GoTo(Line),
    /// The line of `/`; `before` is the filter to go back to.
    Filter {
        /// What is typed.
        line: Line,
        /// The filter before it was opened.
        before: String,
    },
    /// The line of `@`, with the row's time offered.
    Moment {
        /// What is typed.
        line: Line,
        /// The time that `enter` pins when nothing is typed.
        offered: Option<crate::core::Ts>,
        /// Why what is typed is no time.
        mistake: Option<String>,
    },
    /// The keys that work here.
    Help {
        /// The first visible line.
        top: usize,
    },
    /// Every action on the row.
    Menu(Menu),
    /// Whether to quit while work is running.
    Quit,
}

/// A box of actions to choose from.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    /// The rows: the action and why it is not available.
    pub rows: Vec<(Action, Option<String>)>,
    /// The selected row.
    pub at: usize,
}
