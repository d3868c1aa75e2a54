//! Carries the machines' questions to Loki and the answers back.

use super::machine::{Ask, Machine, Reply, warn};
use super::scan::Scan;
use crate::core::{Result, Ts, Untrusted, Window};
use crate::query::logql::LogQuery;
use crate::sources::loki::Loki;
use crate::store::logs::Entry;

/// Runs a machine until it has nothing more to ask. Dropping the future cancels what is under way.
pub async fn drive(loki: &Loki, query: &LogQuery, machine: &mut Machine) {
    while step(loki, query, machine).await {}
}

/// Runs one round of a machine's questions, all at the same time; returns whether there were any.
pub async fn step(loki: &Loki, query: &LogQuery, machine: &mut Machine) -> bool {
    let asks = machine.asks();
    let (text, selector) = (query.to_string(), query.selector_text());
    let replies = futures::future::join_all(asks.iter().map(|ask| answer(loki, &text, &selector, ask))).await;
    for (ask, reply) in asks.iter().zip(replies) {
        machine.answer(ask, reply);
    }
    !asks.is_empty()
}

async fn answer(loki: &Loki, query: &str, selector: &str, ask: &Ask) -> Result<Reply> {
    match ask {
        Ask::Lines(_, lines) => loki.lines(query, *lines).await.map(Reply::Page),
        Ask::Stats(_, window) => loki.stats(selector, *window).await.map(|s| Reply::Bytes(Some(s.bytes))),
    }
}

/// The lines of a bounded window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The lines in ascending order.
    pub entries: Vec<Entry>,
    /// The rest of the window that is not read, to go on with; done when all was read.
    pub rest: Scan,
    /// Nanoseconds of which lines may be missing.
    pub overfull: Vec<Ts>,
    /// Lines that were too long to be kept whole.
    pub cut: usize,
    /// Lines that came unasked and were left out.
    pub stray: usize,
    /// Warnings of the server: the lines may be partial.
    pub warnings: Vec<Untrusted>,
}

/// Reads `[start, end)` in pages, from its end if `backward`, until `enough` lines are there or all are.
///
/// # Errors
/// Those of [`Loki::lines`].
pub async fn read_window(
    loki: &Loki,
    query: &LogQuery,
    window: Window,
    backward: bool,
    enough: usize,
) -> Result<Read> {
    go_on(loki, query, Scan::new(window, backward), backward, enough).await
}

/// Reads on where an earlier read stopped.
///
/// # Errors
/// Those of [`Loki::lines`].
pub async fn go_on(loki: &Loki, query: &LogQuery, rest: Scan, backward: bool, enough: usize) -> Result<Read> {
    let text = query.to_string();
    let mut read =
        Read { entries: Vec::new(), rest, overfull: Vec::new(), cut: 0, stray: 0, warnings: Vec::new() };
    let mut pages: Vec<Vec<Entry>> = Vec::new();
    let mut count = 0;
    while count < enough {
        let most = loki.most_entries();
        let Some(lines) = read.rest.ask(enough - count, most) else { break };
        let mut page = loki.lines(&text, lines).await?;
        read.cut += page.cut;
        warn(&mut read.warnings, std::mem::take(&mut page.warnings));
        let taken = read.rest.take(lines, page);
        read.overfull.extend(taken.overfull);
        read.stray += taken.stray;
        count += taken.entries.len();
        pages.push(taken.entries);
    }
    if backward {
        pages.reverse();
    }
    read.entries = pages.into_iter().flatten().collect();
    Ok(read)
}
