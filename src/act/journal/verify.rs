//! Verifies a journal: every entry follows from the one before, from the first one on, over all its files.
//!
//! What it can't know: who can write the files can write a whole new chain, or cut entries off the end. A head that was
//! noted elsewhere shows that.

use super::chain::{Chain, Hash};
use super::files::{self, Set};
use super::lines::{self, End};
use super::unread;
use crate::core::Result;

/// What [`verify`] can't know, in words.
pub const LIMITS: &str = "tamper-evident, not tamper-proof: who can write the files can write a whole new chain or cut \
entries off the end; compare the head with one that was noted elsewhere";

/// What was found of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many entries are whole and in their place, from the first one on.
    pub entries: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// The hash of the last one of them, none when there is none.
    pub head: Option<Hash>,
}

/// What is to be thought of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is whole and in its place.
    Good,
    /// So are all but the last line, whose writing was cut off, or is under way.
    Torn {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: u64,
    },
    /// It was changed by somebody else.
    Broken {
        /// The file's name.
        file: String,
        /// The line, from 1; 0 for the file as a whole.
        line: u64,
        /// Why.
        why: String,
    },
}

impl Verdict {
    /// Returns the word of it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Torn { .. } => "torn",
            Self::Broken { .. } => "broken",
        }
    }
}

/// What is left of a line at the end of a file.
struct Tail {
    bytes: Vec<u8>,
    file: String,
    line: u64,
}

/// Where one stands in a journal.
struct Walk {
    chain: Chain,
    /// What is left of a line in the file before; the next file begins with the whole line.
    tail: Option<Tail>,
}

impl Walk {
    /// Goes on by a line with its end.
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let after = self.chain.take(line)?;
        if let Some(tail) = self.tail.take()
            && !line.starts_with(&tail.bytes)
        {
            return Err(format!("line {} of {} is no beginning of it", tail.line, tail.file));
        }
        self.chain = after;
        Ok(())
    }

    /// Goes on by what has no end.
    fn rest(&mut self, bytes: &[u8], file: &str, line: u64) -> Result<(), String> {
        if !self.chain.is_torn(bytes) {
            return Err("it has no end, and is no beginning of the entry that belongs here".to_owned());
        }
        match &self.tail {
            Some(tail) if tail.bytes.starts_with(bytes) => {}
            Some(tail) if !bytes.starts_with(&tail.bytes) => {
                return Err(format!("it has no end, and line {} of {} is another", tail.line, tail.file));
            }
            Some(_) | None => {
                self.tail = Some(Tail { bytes: bytes.to_vec(), file: file.to_owned(), line });
            }
        }
        Ok(())
    }
}

/// Verifies a journal, line by line; no more than a line or two is in memory.
///
/// # Errors
/// `Io` or `NotFound` when a file can't be read.
pub fn verify(set: &Set) -> Result<Report> {
    let mut walk = Walk { chain: Chain::new(&set.id), tail: None };
    let verdict = walk_through(set, &mut walk)?;
    let verdict = match (verdict, walk.tail) {
        (Some(broken), _) => broken,
        (None, Some(tail)) => Verdict::Torn { file: tail.file, line: tail.line },
        (None, None) => Verdict::Good,
    };
    Ok(Report { entries: walk.chain.entries(), verdict, head: walk.chain.head() })
}

/// Returns where it is broken, if it is.
fn walk_through(set: &Set, walk: &mut Walk) -> Result<Option<Verdict>> {
    let mut line = Vec::new();
    for (expected, number) in (0..).zip(&set.numbers) {
        let file = files::name(&set.id, *number);
        if *number != expected {
            let why = "this file is missing, and a later one is there".to_owned();
            return Ok(Some(Verdict::Broken { file: files::name(&set.id, expected), line: 0, why }));
        }
        let path = set.path(*number);
        let failed = |e| unread("verify the journal", &path, &e);
        let mut reader = files::open(&path).map_err(failed)?;
        for at in 1.. {
            let taken = match lines::next(&mut reader, &mut line).map_err(failed)? {
                End::File if line.is_empty() => break,
                End::Line => walk.line(&line),
                End::File => walk.rest(&line, &file, at),
                End::TooLong => Err("it is longer than any entry".to_owned()),
            };
            if let Err(why) = taken {
                return Ok(Some(Verdict::Broken { file, line: at, why }));
            }
        }
    }
    Ok(None)
}
