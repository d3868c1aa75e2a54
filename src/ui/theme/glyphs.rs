//! The glyphs and words of states: meaning never rests on colour alone.

use super::role::Role;

/// A state as rows show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// It fails.
    Failing,
    /// It may fail.
    Warning,
    /// It is not there yet.
    Pending,
    /// It is as it should be.
    Ok,
    /// It has ended as it should.
    Done,
    /// It is gone.
    Gone,
    /// It is not known.
    Unknown,
}

impl Status {
    /// Returns its role.
    pub const fn role(self) -> Role {
        match self {
            Self::Failing => Role::Failing,
            Self::Warning => Role::Warning,
            Self::Pending => Role::Pending,
            Self::Ok => Role::Ok,
            Self::Done => Role::Done,
            Self::Gone => Role::Gone,
            Self::Unknown => Role::Stale,
        }
    }

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Warning => "warning",
            Self::Pending => "pending",
            Self::Ok => "ok",
            Self::Done => "done",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

/// The set of glyphs: Unicode, or ASCII for fonts and locales without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Whether glyphs beyond ASCII are used, braille among them.
    pub unicode: bool,
}

impl Glyphs {
    const fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// Returns the glyph of a state.
    pub const fn status(self, status: Status) -> &'static str {
        match status {
            Status::Failing => self.pick("✖", "x"),
            Status::Warning => self.pick("▲", "!"),
            Status::Pending => self.pick("◌", "o"),
            Status::Ok => self.pick("●", "*"),
            Status::Done => self.pick("✔", "+"),
            Status::Gone => self.pick("✝", "-"),
            Status::Unknown => "?",
        }
    }

    /// Returns the line of rules and borders.
    pub const fn horizontal(self) -> &'static str {
        self.pick("─", "-")
    }

    /// Returns the upright line.
    pub const fn vertical(self) -> &'static str {
        self.pick("│", "|")
    }

    /// Returns the upright line of markers.
    pub const fn marker(self) -> &'static str {
        self.pick("┊", ":")
    }

    /// Returns the mark of a marked row.
    pub const fn mark(self) -> &'static str {
        self.pick("●", "*")
    }

    /// Returns the dot between two facts.
    pub const fn dot(self) -> &'static str {
        self.pick("·", "-")
    }

    /// Returns the four corners of a box: top left, top right, bottom left, bottom right.
    pub const fn corners(self) -> [&'static str; 4] {
        if self.unicode { ["╭", "╮", "╰", "╯"] } else { ["+", "+", "+", "+"] }
    }

    /// Returns the mark that there is more to the left and to the right.
    pub const fn more(self) -> [&'static str; 2] {
        if self.unicode { ["‹", "›"] } else { ["<", ">"] }
    }

    /// Returns the eight heights of a sparkline, from low to high.
    pub const fn bars(self) -> [&'static str; 8] {
        if self.unicode {
            ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        } else {
            ["_", ".", ",", "-", "=", "+", "*", "#"]
        }
    }
}
