//! How an object is: a level, a word for it, and the reason.

use deckwatch_wire::ObjectMeta;

use super::cell::Text;

/// How an object is, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It has done what it was made for.
    Done,
    /// Nothing known wrong.
    Ok,
    /// The cluster itself does not know.
    Unknown,
    /// On its way, or not as it should be.
    Warning,
    /// It fails.
    Failing,
}

impl Level {
    /// Returns the word of the level.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Failing => "failing",
        }
    }

    /// Returns whether the object belongs on a list of what is not well.
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Unknown | Self::Warning | Self::Failing)
    }
}

/// How an object is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// How it is.
    pub level: Level,
    /// One word or two, as kubectl's users know them: `CrashLoopBackOff`, `Rolling`.
    pub word: Text,
    /// What is known of the cause; empty where nothing is.
    pub reason: Text,
}

impl Health {
    /// Makes a health without a reason.
    pub fn new(level: Level, word: &'static str) -> Self {
        Self { level, word: Text::Own(word), reason: Text::Own("") }
    }

    /// Makes a health whose word is the server's.
    pub fn said(level: Level, word: &str) -> Self {
        Self { level, word: Text::said(word), reason: Text::Own("") }
    }

    /// Adds the reason.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        Self { reason: if reason.is_empty() { Text::Own("") } else { Text::said(reason) }, ..self }
    }

    /// Returns this health, or that of an object on its way out.
    #[must_use]
    pub fn unless_deleted(self, meta: &ObjectMeta) -> Self {
        if meta.deletion_timestamp.is_none()
            || matches!(self.level, Level::Done | Level::Failing | Level::Unknown)
        {
            return self;
        }
        let waits = meta.finalizers.join(", ");
        let reason = if waits.is_empty() { String::new() } else { format!("waits for finalizers {waits}") };
        let reason = if self.word.as_str() == "Terminating" && reason.is_empty() {
            self.reason.clone()
        } else {
            Text::said(&reason)
        };
        Self { level: Level::Warning, word: Text::Own("Terminating"), reason }
    }
}
