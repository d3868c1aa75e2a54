//! What lies over a page and takes the keys: lines to type into, boxes to choose from.

use crate::app::input_line::Line;
use crate::core::action::Action;
use crate::core::{ObjectRef, Safe, Untrusted};
use crate::ops::PlanId;
use crate::ops::silence::SilenceId;
use crate::query::matcher::Matcher;

/// The open dialogue.
#[derive(Debug)]
pub enum Modal {
    /// The line of `:` with what it may become.
    GoTo(GoTo),
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
    /// What can be copied from the row.
    Copy(Copies),
    /// What an alert is bound to.
    Bind(Binding),
    /// What an action on objects needs to know.
    Ask(Ask),
    /// What an action on silences needs to know.
    Silence(Silence),
    /// Whether to quit while work is running.
    Quit,
    /// Whether to stop a plan before its next object.
    Stop(PlanId),
}

impl Modal {
    /// Returns whether text is typed into it, for which alt and a letter are keys of their own.
    pub fn has_line(&self) -> bool {
        matches!(
            self,
            Self::GoTo(_)
                | Self::Filter { .. }
                | Self::Moment { .. }
                | Self::Bind(_)
                | Self::Ask(_)
                | Self::Silence(_)
        )
    }
}

/// The line of `:`.
#[derive(Debug)]
pub struct GoTo {
    /// What is typed.
    pub line: Line,
    /// What the last word may become, the likeliest first.
    pub found: Vec<Candidate>,
    /// The one that was chosen with the arrows.
    pub at: Option<usize>,
    /// Whether what is typed can be done as it is.
    pub exact: bool,
}

impl GoTo {
    /// Returns the candidate that `enter` would take, if it would take one.
    pub fn chosen(&self) -> Option<usize> {
        let first = !self.exact && !self.line.text().trim().is_empty() && !self.found.is_empty();
        self.at.or_else(|| first.then_some(0))
    }
}

/// The line that asks what an alert is about.
#[derive(Debug)]
pub struct Binding {
    /// The alert.
    pub fingerprint: crate::core::Fingerprint,
    /// Its name.
    pub alert: Safe,
    /// What is typed.
    pub line: Line,
    /// The objects that it may mean.
    pub found: Vec<Candidate>,
    /// The selected one.
    pub at: usize,
}

/// The line that asks what an action on objects needs to know.
#[derive(Debug)]
pub struct Ask {
    /// The action.
    pub action: Action,
    /// What it is done to; fixed when it opens.
    pub objects: Vec<ObjectRef>,
    /// What is typed.
    pub line: Line,
    /// What can be typed.
    pub hint: &'static str,
    /// Why what is typed does not do.
    pub mistake: Option<String>,
}

/// What an action on silences is about; fixed when its line opens.
#[derive(Clone, Debug)]
pub struct About {
    /// The alert or silence, in words.
    pub text: Safe,
    /// The Alertmanager.
    pub at: Untrusted,
    /// The matchers that name the alert.
    pub usual: Vec<Matcher>,
    /// The silence, or those that hide the alert.
    pub ids: Vec<SilenceId>,
}

/// The line that asks what an action on silences needs to know.
#[derive(Debug)]
pub struct Silence {
    /// The action.
    pub action: Action,
    /// What it is about.
    pub about: About,
    /// What is typed.
    pub line: Line,
    /// What can be typed.
    pub hint: &'static str,
    /// Why what is typed does not do.
    pub mistake: Option<String>,
}

/// A word that can be completed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// The word.
    pub text: String,
    /// What it is.
    pub doc: String,
    /// Which of its characters were typed.
    pub hits: Vec<u32>,
    /// Whether it asks for more words.
    pub more: bool,
}

/// A box of actions to choose from.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    /// The rows: the action and why it is not available.
    pub rows: Vec<(Action, Option<String>)>,
    /// The selected row.
    pub at: usize,
}

/// A box of texts to copy.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    /// What each is, and the text.
    pub rows: Vec<(&'static str, Safe)>,
    /// The selected row.
    pub at: usize,
}
