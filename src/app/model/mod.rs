//! The model: a tree of small structs by subject. Only `update` changes it; views only read it.

mod asks;
pub mod cluster;
pub mod jobs;
pub mod list;
pub mod modal;
pub mod nav;
mod shared;

pub use asks::Asks;
pub use cluster::{Cluster, Collection};
pub use jobs::{Job, Jobs};
pub use list::ListState;
pub use modal::Modal;
pub use nav::{Nav, Page};
pub use shared::{AlertState, Notice, ReleaseState, Session, Shared};

use crate::app::effect::{Feed, Scope};
use crate::core::key::Key;

/// Everything that the cockpit knows and shows.
#[derive(Debug)]
pub struct Model {
    /// What all pages read.
    pub shared: Shared,
    /// The stack of pages.
    pub nav: Nav,
    /// The open dialogue, if any; keys go to it.
    pub modal: Option<Modal>,
    /// The beginning of a chord.
    pub chord: Vec<Key>,
    /// Whether the box with the chord's endings is shown.
    pub chord_shown: bool,
    /// Whether anything visible has changed since the last frame.
    pub dirty: bool,
    /// Whether the visible page's rows are to be made anew.
    pub unsettled: bool,
    /// The lists and watches that run.
    pub watched: Vec<(Feed, Scope)>,
    /// Those of them that wait until the first view has its rows.
    pub held: Vec<(Feed, Scope)>,
}
