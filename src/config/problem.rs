//! A mistake in the configuration, told with its place, a caret and a hint.

use std::fmt;
use std::ops::Range;

use crate::core::text::sanitize;
use crate::core::{Error, Kind};

const WIDEST: usize = 160;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    source: String,
    width: usize,
}

impl Problem {
    /// Returns a mistake at a range of bytes of the text.
    pub(super) fn at(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = (0..=span.start.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        let before = text.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let source = text.get(line_start..).unwrap_or("").lines().next().unwrap_or("").to_owned();
        let column = text.get(line_start..start).unwrap_or("").chars().count();
        let marked = text.get(start..span.end.min(text.len())).unwrap_or("");
        let width = marked.lines().next().unwrap_or("").chars().count().max(1);
        Self {
            line: before.matches('\n').count() + 1,
            column: column + 1,
            message: message.into(),
            hint: None,
            source,
            width,
        }
    }

    /// Hides what is marked: it is a secret.
    pub(super) fn masked(mut self) -> Self {
        let hidden = self.column - 1..self.column - 1 + self.width;
        let hide = |(n, c): (usize, char)| if hidden.contains(&n) { '*' } else { c };
        self.source = self.source.chars().enumerate().map(hide).collect();
        self
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Every mistake of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file's name.
    pub file: String,
    /// The mistakes in the order of their places.
    pub all: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.all.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            let message = sanitize(&problem.message);
            writeln!(f, "{}:{}:{}: {message}", sanitize(&self.file), problem.line, problem.column)?;
            // What stands before the caret keeps its width: each character is shown as one.
            let shown: String =
                problem.source.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WIDEST).collect();
            let gutter = problem.line.to_string();
            writeln!(f, " {gutter} | {}", sanitize(&shown))?;
            let (indent, room) = (problem.column - 1, WIDEST.saturating_sub(problem.column - 1));
            if room > 0 {
                let carets = "^".repeat(problem.width.min(room));
                writeln!(f, " {} | {}{carets}", " ".repeat(gutter.len()), " ".repeat(indent))?;
            }
            if let Some(hint) = &problem.hint {
                writeln!(f, " hint: {}", sanitize(hint))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        let first = problems.all.first();
        let detail =
            first.map_or(String::new(), |p| format!("line {}, column {}: {}", p.line, p.column, p.message));
        let more = problems.all.len().saturating_sub(1);
        let detail = if more > 0 { format!("{detail} (and {more} more)") } else { detail };
        let error = Self::new(Kind::Config, "read the configuration").on(problems.file).detail(detail);
        match first.and_then(|p| p.hint.clone()) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
