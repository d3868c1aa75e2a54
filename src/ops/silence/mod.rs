//! Silences at an Alertmanager: what is wished for, what is sent, and how it is told whether it took effect.
//!
//! Pure: works on the Alertmanager's own JSON. `act::silence` reads, sends and reads back.

mod judge;
pub mod line;
mod live;
mod reach;
mod request;
#[cfg(test)]
mod tests;

pub use judge::{Seen, created, differs, expired, extended, same_but_status};
pub use live::Live;
pub use reach::{Hidden, MANY, Reach};
pub use request::{Request, add, check, expire, extend};

use std::sync::Arc;

use crate::core::{Span, Untrusted};
use crate::query::matcher::Matcher;

/// The action's name of a new silence.
pub const ADD: &str = "silence";
/// The action's name of a later end.
pub const EXTEND: &str = "silence-extend";
/// The action's name of ending silences.
pub const EXPIRE: &str = "silence-expire";
/// How long a silence lasts where nothing is said, as with amtool.
pub const USUAL: Span = Span::hours(1);
/// A silence that lasts longer outlives the shift.
pub const LONG: Span = Span::hours(24);

/// A silence's id: a UUID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct SilenceId(Arc<str>);

impl SilenceId {
    /// Returns the id that a text is, if it is one: what goes into a path holds nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        let hex = text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        (hex && groups == [8, 4, 4, 4, 12]).then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// Returns it as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns its first eight digits, by which people call it.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for SilenceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for SilenceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("that is no silence's id"))
    }
}

/// A silence that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Which alerts it hides: all of them must match.
    pub matchers: Vec<Matcher>,
    /// How long.
    pub length: Span,
    /// Why.
    pub comment: Untrusted,
    /// Who; the account of this process where nobody is named.
    pub author: Option<Untrusted>,
}

/// What is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A new silence.
    Add(Draft),
    /// A later end.
    Extend {
        /// Of which.
        id: SilenceId,
        /// How long from now.
        length: Span,
    },
    /// An end, now.
    Expire {
        /// Of which.
        ids: Vec<SilenceId>,
    },
}

impl Wish {
    /// Returns the action's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => ADD,
            Self::Extend { .. } => EXTEND,
            Self::Expire { .. } => EXPIRE,
        }
    }
}

/// Returns matchers as one text: `alertname="X" namespace=~"a|b"`.
pub fn spelled(matchers: &[Matcher]) -> String {
    matchers.iter().map(Matcher::alertmanager).collect::<Vec<_>>().join(" ")
}
