//! A journal as a handover in Markdown: who, where, with what; what was seen and done; each plan with its confirmation,
//! its writes and how it ended.

use std::collections::BTreeMap;

use super::read::{Entry, Kept};
use crate::core::{Safe, Ts, Untrusted, Zone, num};
use crate::ops::{PlanId, Record, What, WriteState};

/// How many plans are told of one by one.
const PLANS: usize = 1_000;

/// One row: a time and what is to be said of it.
type Row = (Option<Ts>, String);

/// A write and what is known of it.
struct Write {
    at: Ts,
    text: Safe,
    state: WriteState,
    detail: Option<Safe>,
}

/// What is told of one plan.
#[derive(Default)]
struct Plan {
    aim: Option<String>,
    rows: Vec<Row>,
    writes: Vec<Write>,
    confirmed: bool,
    /// Whether writes were announced, whose own entries may be missing.
    announced: bool,
    ended: bool,
}

/// Returns a journal as a handover: who, where, with what; what was seen and done; the plans. Times are UTC. `waiting`
/// entries are not in its files yet.
pub fn handover(id: &str, kept: &Kept, waiting: u64) -> String {
    let entries: Vec<Entry> = kept.lines.iter().filter_map(|l| Entry::of(l)).collect();
    let mut out = format!("# deckwatch journal\n\nJournal {}. Times are UTC.\n\n", cell(id));
    opening(&entries, &mut out);
    let mut rows = Vec::new();
    let mut plans: BTreeMap<PlanId, Plan> = BTreeMap::new();
    let mut more = 0_usize;
    for entry in &entries {
        match entry {
            Entry::Unknown { at, text } => rows.push((*at, text.to_string())),
            Entry::Known(record) => {
                if is_told(&record.what) {
                    rows.push((Some(record.at), record.what.line()));
                }
                let Some(plan) = record.what.plan() else { continue };
                if plans.len() < PLANS || plans.contains_key(&plan) {
                    plans.entry(plan).or_default().add(record);
                } else {
                    more += 1;
                }
            }
        }
    }
    out.push_str("\n## What was seen and done\n\n");
    table(["time", "entry"], rows.into_iter().map(|(at, text)| [time(at), cell(&text)]), &mut out);
    remarks(kept, waiting, &mut out);
    if !plans.is_empty() {
        out.push_str("\n## Plans\n");
    }
    for (id, plan) in &plans {
        plan.tell(*id, &mut out);
    }
    if more > 0 {
        out.push_str(&format!("\n{} of further plans are not told here.\n", entries_of(more as u64)));
    }
    out
}

/// Who, where, with which version, from when to when.
fn opening(entries: &[Entry], out: &mut String) {
    let records = || entries.iter().filter_map(|e| if let Entry::Known(r) = e { Some(r) } else { None });
    for record in records() {
        if let What::Opened { context, version, who, .. } = &record.what {
            for (label, text) in [("Who", who), ("Where", context), ("With", version)] {
                let own = if label == "With" { "deckwatch " } else { "" };
                out.push_str(&format!("- {label}: {own}{}\n", cell(text.as_str())));
            }
        }
    }
    let mut times = records().map(|r| r.at);
    if let Some(first) = times.next() {
        let last = times.next_back().unwrap_or(first);
        out.push_str(&format!("- When: {} to {}\n", time(Some(first)), time(Some(last))));
    }
}

/// Returns whether an entry stands in the list of what was seen and done; the rest of a plan is told with the plan.
fn is_told(what: &What) -> bool {
    match what {
        What::Intent { .. }
        | What::Runner { .. }
        | What::Step { .. }
        | What::Write { .. }
        | What::Series { .. }
        | What::Cancel { .. } => false,
        What::Opened { .. }
        | What::Alert { .. }
        | What::Moment { .. }
        | What::Logs { .. }
        | What::Armed { .. }
        | What::Plan { .. }
        | What::Outcome { .. }
        | What::Found { .. }
        | What::Check { .. }
        | What::Note { .. } => true,
    }
}

/// What is missing from the list.
fn remarks(kept: &Kept, waiting: u64, out: &mut String) {
    let mut say = |n: u64, text: &str| {
        if n > 0 {
            out.push_str(&format!("\n{} {text}\n", entries_of(n)));
        }
    };
    say(kept.left_out, "older than most of these are in the files and not here.");
    say(kept.torn, "could not be read: `deckwatch journal verify` tells more.");
    say(waiting, "could not be written into the files yet.");
}

impl Plan {
    fn add(&mut self, record: &Record) {
        let at = record.at;
        let said = match &record.what {
            What::Plan { summary, objects, .. } => {
                self.aim = Some(record.what.aim());
                let names: Vec<&str> = objects.iter().map(Safe::as_str).collect();
                let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
                format!("planned: {summary}{names}")
            }
            What::Intent { how, reason, user, overrides, .. } => {
                self.confirmed = true;
                let user = user.as_ref().map_or_else(String::new, |u| format!(" as {u}"));
                let over = overrides.as_ref().map_or_else(String::new, |o| format!(", overriding {o}"));
                format!("confirmed ({how}){user}{over}: {reason}")
            }
            What::Runner { pid, .. } => format!("carried out by process {pid}"),
            What::Write { text, state, detail, .. } => return self.write(at, text, *state, detail.as_ref()),
            What::Series { of, .. } => {
                self.announced = true;
                let all = num::counted(*of, "object", "objects");
                format!("{all} to be written, one after the other; where nothing follows, any may have been")
            }
            What::Cancel { .. } => "told to stop before the next object".to_owned(),
            What::Outcome { outcome, text, hint, .. } => {
                self.ended = true;
                let hint = hint.as_ref().map_or_else(String::new, |h| format!("; hint: {h}"));
                format!("ended, {outcome}: {text}{hint}")
            }
            What::Found { outcome, text, hint, .. } => {
                self.ended = true;
                let hint = hint.as_ref().map_or_else(String::new, |h| format!("; hint: {h}"));
                format!("found afterwards, {outcome}: {text}{hint}")
            }
            What::Check { healed, text, .. } => {
                format!("checked, {}: {text}", if *healed { "healed" } else { "not healed" })
            }
            What::Opened { .. }
            | What::Alert { .. }
            | What::Moment { .. }
            | What::Logs { .. }
            | What::Armed { .. }
            | What::Step { .. }
            | What::Note { .. } => return,
        };
        self.rows.push((Some(at), said));
    }

    /// A write that was answered stands in the place of the same one that was about to be sent.
    fn write(&mut self, at: Ts, text: &Safe, state: WriteState, detail: Option<&Safe>) {
        let sent = self.writes.iter_mut().rev().find(|w| w.state == WriteState::Sending && w.text == *text);
        match sent.filter(|_| state != WriteState::Sending) {
            Some(write) => (write.state, write.detail) = (state, detail.cloned()),
            None => self.writes.push(Write { at, text: text.clone(), state, detail: detail.cloned() }),
        }
    }

    fn tell(&self, id: PlanId, out: &mut String) {
        let aim = self.aim.as_ref().map_or_else(String::new, |aim| format!(": {}", cell(aim)));
        out.push_str(&format!("\n### Plan {id}{aim}\n\n"));
        table(["time", "plan"], self.rows.iter().map(|(at, text)| [time(*at), cell(text)]), out);
        if !self.writes.is_empty() {
            out.push('\n');
            let rows = self.writes.iter().map(|w| {
                let detail = w.detail.as_ref().map_or_else(String::new, |d| format!(": {d}"));
                let state = match w.state {
                    WriteState::Sending => "about to be sent; what became of it is not known",
                    other => other.word(),
                };
                [time(Some(w.at)), cell(w.text.as_str()), cell(&format!("{state}{detail}"))]
            });
            table(["time", "write", "what became of it"], rows, out);
        }
        let verdict = match (self.confirmed, self.ended, self.writes.is_empty() && !self.announced) {
            (_, true, _) => return,
            (false, false, true) => "It was not confirmed: nothing was sent.",
            (true, false, true) => "It was confirmed; nothing tells that anything was sent, or how it ended.",
            (_, false, false) => {
                "**How it ended is not known: look at the cluster before anything is sent again.**"
            }
        };
        out.push_str(&format!("\n{verdict}\n"));
    }
}

fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>, out: &mut String) {
    out.push_str(&format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(N)));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
}

fn entries_of(n: u64) -> String {
    num::counted(usize::try_from(n).unwrap_or(usize::MAX), "entry", "entries")
}

fn time(at: Option<Ts>) -> String {
    at.map_or_else(|| "?".to_owned(), |at| at.date_clock(Zone::Utc))
}

/// Returns text that stays where it is put: in one cell, without markup, links or pictures.
fn cell(text: &str) -> String {
    let safe = Untrusted::from(text).safe();
    let mut out = String::with_capacity(safe.as_str().len());
    for c in safe.as_str().chars() {
        match c {
            '\\' | '|' | '[' | ']' | '*' | '~' | '#' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '`' => out.push('\''),
            _ => out.push(c),
        }
    }
    out
}
