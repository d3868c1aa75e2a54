//! Why bytes could not be read, in words for the one who looks at the screen.
//!
//! Text from the server is clipped here but not cleaned: whoever shows it does that.

use crate::status::Status;

/// Characters of foreign text that an error quotes at most.
const CLIP: usize = 200;

/// Why an answer, or a part of it, could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The protobuf envelope is missing.
    #[error(
        "the answer is not Kubernetes protobuf: it begins with {start:?} (does a proxy rewrite it? ask for JSON)"
    )]
    Envelope {
        /// The first bytes.
        start: String,
    },
    /// The contents are compressed or otherwise encoded inside the envelope.
    #[error("the contents of {what} are in the unknown form {form:?}")]
    Form {
        /// What was read.
        what: &'static str,
        /// The encoding or content type that the envelope names.
        form: String,
    },
    /// The bytes end too early or contradict themselves.
    #[error("{what} is cut off or damaged: {why}")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// What is wrong, and where.
        why: String,
    },
    /// Something else came than was asked for.
    #[error("asked for {expected}, but the answer is {found:?} (is this the right address?)")]
    Kind {
        /// The kind that was asked for.
        expected: String,
        /// The kind that came.
        found: String,
    },
    /// The server refused.
    #[error("the server refused: {} ({} {})", .0.message, .0.code, .0.reason)]
    Status(Box<Status>),
    /// One thing is larger than allowed.
    #[error("{what} has {bytes} bytes, more than the {limit} allowed")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// Bytes that it has, or has so far.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Something consists of more parts than allowed.
    #[error("{what} has more than the {limit} parts allowed")]
    TooMany {
        /// What was read.
        what: &'static str,
        /// Parts allowed.
        limit: usize,
    },
    /// A watch sent an event of a type that does not exist.
    #[error("a watch sent an event of the unknown type {0:?} (list again)")]
    EventType(String),
    /// A watch ended within an event.
    #[error("the watch ended within an event, after {bytes} bytes of it (list again)")]
    Unfinished {
        /// Bytes of the unfinished event.
        bytes: usize,
    },
}

/// Cuts foreign text to what an error may quote.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(CLIP) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Error {
    pub(crate) fn damaged(what: &'static str, why: &str) -> Self {
        Self::Damaged { what, why: clip(why) }
    }

    pub(crate) fn kind(expected: &str, found: &str) -> Self {
        Self::Kind { expected: expected.to_owned(), found: clip(found) }
    }

    /// Makes an error of a JSON error, quoting only its place where contents are private.
    pub(crate) fn json(what: &'static str, error: &serde_json::Error, private: bool) -> Self {
        if private {
            let why =
                format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
            return Self::Damaged { what, why };
        }
        Self::damaged(what, &error.to_string())
    }
}
