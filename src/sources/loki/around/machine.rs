//! The step machine of "logs around": says what to ask, takes the answers, keeps the lines.

use super::scan::Scan;
use crate::core::{Error, Result, Span, Ts, Untrusted, Window};
use crate::sources::loki::{Lines, Page};
use crate::store::logs::Entry;

/// How wide the windows grow, step by step, until there are enough lines.
const LADDER: [Span; 5] = [Span::secs(30), Span::mins(5), Span::mins(30), Span::hours(2), Span::hours(12)];
/// The first step whose size is asked for before it is read.
const ASKED_FROM: usize = 2;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The moment.
    pub at: Ts,
    /// The newest instant that can have lines: now. Nothing is asked beyond it.
    pub now: Ts,
    /// Lines wanted on each side, and of each `more`.
    pub page: usize,
    /// The most lines that the server gives at once.
    pub most: usize,
    /// The most bytes that one widening may make the server read.
    pub budget: u64,
    /// The most lines that are kept on each side.
    pub cap: usize,
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Before the moment.
    Before,
    /// After it.
    After,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The moment's own nanosecond.
    Tie,
    /// A side.
    Side(Side),
}

/// A question to Loki.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Lines.
    Lines(Part, Lines),
    /// How much the next widening would read.
    Stats(Side, Window),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Lines.
    Page(Page),
    /// Bytes; `None` where the server cannot tell.
    Bytes(Option<u64>),
}

/// How far a side reaches, and why it reaches no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Being read.
    Reading,
    /// Enough is read; there may be more.
    More,
    /// Everything is read as far as the windows grow, here 12 hours; it is not the end of all lines.
    NothingWithin(Span),
    /// Everything up to now is read.
    Now,
    /// The next widening would read this many bytes at least, more than the budget.
    Budget(u64),
    /// As many lines are kept as may be.
    Full,
    /// The server refused or failed.
    Failed(Error),
}

#[derive(Debug)]
struct Wing {
    scan: Scan,
    rung: usize,
    want: usize,
    /// Lines outward from the moment.
    lines: Vec<Entry>,
    waiting: bool,
    /// Whether the next widening has been allowed, by its size or by the person.
    allowed: bool,
    over_budget: Option<u64>,
    failed: Option<Error>,
}

/// See the module.
#[derive(Debug)]
pub struct Machine {
    plan: Plan,
    tie: Vec<Entry>,
    tie_state: TieState,
    before: Wing,
    after: Wing,
    /// Nanoseconds of which the server has more lines than it gives.
    overfull: Vec<Ts>,
    cut: usize,
    stray: usize,
    warnings: Vec<Untrusted>,
}

/// The most different warnings that are kept.
const WARNINGS: usize = 5;

/// Keeps warnings that are new.
pub fn warn(known: &mut Vec<Untrusted>, more: Vec<Untrusted>) {
    for warning in more {
        if known.len() < WARNINGS && !known.contains(&warning) {
            known.push(warning);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum TieState {
    Open,
    Waiting,
    Read,
    Failed(Error),
}

impl Machine {
    /// Returns a machine that has asked nothing yet.
    pub fn new(mut plan: Plan) -> Self {
        plan.most = plan.most.max(1);
        plan.page = plan.page.clamp(1, plan.most);
        plan.now = plan.now.max(plan.at);
        let wing = |side| Wing {
            scan: Scan::new(step_window(&plan, side, 0), side == Side::Before),
            rung: 0,
            want: plan.page,
            lines: Vec::new(),
            waiting: false,
            allowed: false,
            over_budget: None,
            failed: None,
        };
        Self {
            tie: Vec::new(),
            tie_state: TieState::Open,
            before: wing(Side::Before),
            after: wing(Side::After),
            overfull: Vec::new(),
            cut: 0,
            stray: 0,
            warnings: Vec::new(),
            plan,
        }
    }

    /// Returns what to ask now, at most one question for each part; they may run at the same time.
    /// Empty when nothing is missing or all that is missing is asked already.
    pub fn asks(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        if self.tie_state == TieState::Open {
            self.tie_state = TieState::Waiting;
            let (start, end) = (self.plan.at, Ts(self.plan.at.0.saturating_add(1)));
            asks.push(Ask::Lines(Part::Tie, Lines { start, end, limit: self.plan.most, backward: false }));
        }
        for side in [Side::Before, Side::After] {
            let plan = self.plan;
            let ask = self.wing_mut(side).next(&plan, side);
            asks.extend(ask);
        }
        asks
    }

    /// Takes the answer to a question.
    pub fn answer(&mut self, ask: &Ask, mut reply: Result<Reply>) {
        if let Ok(Reply::Page(page)) = &mut reply {
            warn(&mut self.warnings, std::mem::take(&mut page.warnings));
        }
        match (ask, reply) {
            (Ask::Lines(Part::Tie, lines), Ok(Reply::Page(page))) => {
                let mut scan = Scan::new(Window { start: lines.start, end: lines.end }, false);
                let (full, cut) = (page.is_full(), page.cut);
                // Everything is of one nanosecond: the scan only sorts, and a full page is overfull.
                let page = Page { limit: usize::MAX, ..page };
                let taken = scan.take(*lines, page);
                self.tie = taken.entries;
                self.tie_state = TieState::Read;
                self.overfull.extend(full.then_some(lines.start));
                self.cut += cut;
                self.stray += taken.stray;
            }
            (Ask::Lines(Part::Tie, _), Err(error)) => self.tie_state = TieState::Failed(error),
            (Ask::Lines(Part::Side(side), lines), Ok(Reply::Page(page))) => {
                let cut = page.cut;
                let wing = self.wing_mut(*side);
                wing.waiting = false;
                let mut taken = wing.scan.take(*lines, page);
                if *side == Side::Before {
                    taken.entries.reverse();
                }
                wing.lines.extend(taken.entries);
                self.overfull.extend(taken.overfull);
                self.cut += cut;
                self.stray += taken.stray;
            }
            (Ask::Stats(side, _), Ok(Reply::Bytes(bytes))) => {
                let budget = self.plan.budget;
                let wing = self.wing_mut(*side);
                wing.waiting = false;
                wing.over_budget = bytes.filter(|b| *b > budget);
                wing.allowed = wing.over_budget.is_none();
            }
            // Old servers have no statistics: then nothing can be said against the widening.
            (Ask::Stats(side, _), Err(_)) => {
                let wing = self.wing_mut(*side);
                wing.waiting = false;
                wing.allowed = true;
            }
            (Ask::Lines(Part::Side(side), _), Err(error)) => {
                let wing = self.wing_mut(*side);
                wing.waiting = false;
                wing.failed = Some(error);
            }
            // An answer of the wrong kind can only be a fault of the caller; the question stays open.
            (Ask::Lines(..), Ok(Reply::Bytes(_))) | (Ask::Stats(..), Ok(Reply::Page(_))) => {}
        }
    }

    /// Asks for one more page on a side; tries again what failed.
    pub fn more(&mut self, side: Side) {
        let plan = self.plan;
        let wing = self.wing_mut(side);
        wing.failed = None;
        wing.want = (wing.lines.len() + plan.page).min(plan.cap);
        if matches!(self.tie_state, TieState::Failed(_)) {
            self.tie_state = TieState::Open;
        }
    }

    /// Allows the widening that the budget stopped.
    pub fn allow(&mut self, side: Side) {
        let wing = self.wing_mut(side);
        wing.allowed = wing.over_budget.take().is_some() || wing.allowed;
    }

    /// Returns the lines in ascending order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.before.lines.iter().rev().chain(&self.tie).chain(&self.after.lines)
    }

    /// Returns how many lines are before the moment: where the mark is drawn.
    pub fn mark(&self) -> usize {
        self.before.lines.len()
    }

    /// Returns where a line is that was pointed at: the `nth` one (from 0) of the moment's own
    /// nanosecond with this text and these stream labels.
    pub fn find(&self, line: &str, labels: &crate::core::Labels, nth: usize) -> Option<usize> {
        let same = |(_, e): &(usize, &Entry)| e.line.raw() == line && e.labels == *labels;
        self.tie.iter().enumerate().filter(same).nth(nth).map(|(i, _)| self.mark() + i)
    }

    /// Returns how far a side reaches.
    pub fn reach(&self, side: Side) -> Reach {
        let wing = self.wing(side);
        if let Some(error) = &wing.failed {
            return Reach::Failed(error.clone());
        }
        if wing.waiting {
            return Reach::Reading;
        }
        let widened = |rung: usize| step_window(&self.plan, side, rung);
        if wing.scan.is_done() {
            if side == Side::After && wing.scan.reached() >= end_of_now(&self.plan) {
                return Reach::Now;
            }
            if let Some(bytes) = wing.over_budget {
                return Reach::Budget(bytes);
            }
            let exhausted = (wing.rung + 1..LADDER.len()).all(|r| widened(r).span().0 <= 0);
            if exhausted {
                return Reach::NothingWithin(LADDER.last().copied().unwrap_or_default());
            }
        }
        match wing.lines.len() {
            n if n >= self.plan.cap => Reach::Full,
            n if n >= wing.want => Reach::More,
            _ => Reach::Reading,
        }
    }

    /// Returns the instant up to which a side is read whole: between it and the moment no line is missing.
    pub fn read_until(&self, side: Side) -> Ts {
        self.wing(side).scan.reached()
    }

    /// Returns why the moment's own nanosecond could not be read.
    pub fn tie_error(&self) -> Option<&Error> {
        match &self.tie_state {
            TieState::Failed(error) => Some(error),
            TieState::Open | TieState::Waiting | TieState::Read => None,
        }
    }

    /// Returns the nanoseconds of which lines may be missing, because the server gives no more at once.
    pub fn overfull(&self) -> &[Ts] {
        &self.overfull
    }

    /// Returns how many lines were too long to be kept whole, and how many came unasked and were left out.
    pub fn counted(&self) -> (usize, usize) {
        (self.cut, self.stray)
    }

    /// Returns what the server warned of: the lines may be partial.
    pub fn warnings(&self) -> &[Untrusted] {
        &self.warnings
    }

    const fn wing(&self, side: Side) -> &Wing {
        match side {
            Side::Before => &self.before,
            Side::After => &self.after,
        }
    }

    const fn wing_mut(&mut self, side: Side) -> &mut Wing {
        match side {
            Side::Before => &mut self.before,
            Side::After => &mut self.after,
        }
    }
}

impl Wing {
    fn next(&mut self, plan: &Plan, side: Side) -> Option<Ask> {
        if self.waiting
            || self.failed.is_some()
            || self.over_budget.is_some()
            || self.lines.len() >= self.want
        {
            return None;
        }
        while self.scan.is_done() {
            let window = step_window(plan, side, self.rung + 1);
            if self.rung + 1 >= LADDER.len() || window.span().0 <= 0 {
                return None;
            }
            if self.rung + 1 >= ASKED_FROM && !self.allowed {
                self.waiting = true;
                return Some(Ask::Stats(side, window));
            }
            self.allowed = false;
            self.rung += 1;
            self.scan = Scan::new(window, side == Side::Before);
        }
        self.waiting = true;
        self.scan.ask(plan.page, plan.most).map(|lines| Ask::Lines(Part::Side(side), lines))
    }
}

/// Returns what a step of the ladder adds to a side: the window between the step before and this one.
fn step_window(plan: &Plan, side: Side, rung: usize) -> Window {
    let width = |rung: usize| LADDER.get(rung).copied().unwrap_or_else(|| Span::hours(12));
    let inner = rung.checked_sub(1).map(width);
    match side {
        Side::Before => {
            let end = plan.at - inner.unwrap_or_default();
            let start = (plan.at - width(rung)).max(Ts(0));
            Window { start: start.min(end), end }
        }
        Side::After => {
            let first = Ts(plan.at.0.saturating_add(1));
            let last = end_of_now(plan);
            let start = inner.map_or(first, |w| plan.at + w).clamp(first.min(last), last);
            Window { start, end: (plan.at + width(rung)).clamp(start, last) }
        }
    }
}

/// Returns the first instant that is not asked about any more.
fn end_of_now(plan: &Plan) -> Ts {
    Ts(plan.now.0.saturating_add(1))
}
