//! Following a runner by its journal.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::journal::files::{self, Set};
use super::super::journal::read::{Entry, is_live};
use crate::core::{Error, Kind};
use crate::ops::{Ended, JobMsg, Outcome, PlanId, Record, What};

/// The most bytes that are read at a time.
const PIECE: u64 = 1 << 20;

/// How many looks in a row must find nobody before the process is called gone.
const QUIET: u32 = 5;

/// What a runner's journal tells.
#[derive(Debug)]
pub enum News {
    /// Something of the plan.
    Job(JobMsg),
    /// The process that carries it out.
    Runner(u32),
    /// The process is gone without a last word.
    Silent,
}

/// Follows one journal.
#[derive(Debug)]
pub struct Follower {
    plan: PlanId,
    folder: PathBuf,
    id: String,
    number: u32,
    at: u64,
    rest: Vec<u8>,
    /// How many looks in a row have found nobody who writes it.
    quiet: u32,
    over: bool,
}

impl Follower {
    /// Returns a follower of a journal in a state folder, from its beginning.
    pub fn new(state: &Path, journal: &str, plan: PlanId) -> Self {
        Self {
            plan,
            folder: state.join("journal"),
            id: journal.to_owned(),
            number: 0,
            at: 0,
            rest: Vec::new(),
            quiet: 0,
            over: false,
        }
    }

    /// Returns whether the end has been told.
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn set(&self) -> Set {
        Set { id: self.id.clone(), folder: self.folder.clone(), numbers: vec![self.number] }
    }

    /// Returns what is new. That the process is gone is told once nothing more is to be read; `ended` tells that it is
    /// known to have ended, or that it is not, where somebody knows.
    pub fn look(&mut self, ended: Option<bool>) -> Vec<News> {
        let mut news = Vec::new();
        if self.over {
            return news;
        }
        // Looked for first: what was written before it went is read after that.
        let first = self.set().path(0);
        let live = is_live(&first);
        while self.piece(&mut news) {}
        // Between making its file and locking it a process looks as if it were gone.
        let quiet = match ended {
            Some(ended) => ended,
            None => !live && first.exists(),
        };
        self.quiet = if quiet { self.quiet + 1 } else { 0 };
        if self.quiet >= QUIET && !self.over {
            self.over = true;
            news.push(News::Silent);
        }
        news
    }

    /// Reads a piece. Returns whether there may be more.
    fn piece(&mut self, news: &mut Vec<News>) -> bool {
        let Ok(mut reader) = files::open(&self.set().path(self.number)) else { return false };
        let mut piece = Vec::new();
        let read = reader
            .seek(SeekFrom::Start(self.at))
            .and_then(|_| reader.by_ref().take(PIECE).read_to_end(&mut piece));
        let Ok(read) = read else { return false };
        if read == 0 {
            // A full file is followed by the next.
            let next = self.set().path(self.number + 1).exists();
            if next {
                (self.number, self.at) = (self.number + 1, 0);
                self.rest.clear();
            }
            return next;
        }
        self.at += read as u64;
        self.rest.extend_from_slice(&piece);
        while let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            if let Some(Entry::Known(record)) = Entry::of(line.get(..end).unwrap_or_default()) {
                self.take(record, news);
            }
        }
        true
    }

    fn take(&mut self, record: Record, news: &mut Vec<News>) {
        match &record.what {
            What::Runner { plan, pid } if *plan == self.plan => news.push(News::Runner(*pid)),
            What::Step { plan, number, of, text, finished } if *plan == self.plan => {
                let (number, of, text, finished) = (*number, *of, text.clone(), *finished);
                news.push(News::Job(JobMsg::Step { number, of, text, finished }));
            }
            What::Outcome { plan, outcome, text, hint, .. } if *plan == self.plan => {
                let error = |kind| {
                    let error = Error::new(kind, "carry out the plan").detail(text.as_str());
                    match hint {
                        Some(hint) => error.hint(hint.as_str()),
                        None => error,
                    }
                };
                let outcome = match outcome {
                    Ended::Done => Outcome::Done,
                    Ended::Failed => Outcome::Failed(error(Kind::Server)),
                    Ended::Unknown => Outcome::Unknown(error(Kind::OutcomeUnknown)),
                };
                self.over = true;
                news.push(News::Job(JobMsg::Ended(outcome, Box::new(record))));
            }
            _ => {}
        }
    }
}
