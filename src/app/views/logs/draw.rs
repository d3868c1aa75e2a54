//! How log lines look: time, pod, level, text, and the mark of the moment between them.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::{Logs, line};
use crate::app::views::Pane as _;
use crate::app::views::paint::{self, put};
use crate::app::views::{Draw, Truth, screen};
use crate::core::filter::contains_ignore_case;
use crate::core::text::strip_sgr;
use crate::core::{Ts, Untrusted};
use crate::store::batch::Edge;
use crate::store::logs::{Entry, Origin};
use crate::ui::theme::Role;

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// An error or worse.
    Error,
    /// A warning.
    Warning,
    /// Information.
    Info,
    /// Debugging.
    Debug,
    /// It does not say.
    None,
}

impl Level {
    fn word(self) -> (&'static str, Role) {
        match self {
            Self::Error => ("error", Role::Failing),
            Self::Warning => ("warn ", Role::Warning),
            Self::Info => ("info ", Role::Dim),
            Self::Debug => ("debug", Role::Dim),
            Self::None => ("     ", Role::Dim),
        }
    }

    fn parse(word: &str) -> Self {
        match word.trim_matches('"').to_ascii_lowercase().as_str() {
            "error" | "err" | "fatal" | "critical" | "panic" | "crit" | "alert" | "emerg" => Self::Error,
            "warn" | "warning" => Self::Warning,
            "info" | "notice" => Self::Info,
            "debug" | "trace" => Self::Debug,
            _ => Self::None,
        }
    }
}

/// Returns a line's level: from its labels, its fields, or its words.
pub fn level(entry: &Entry) -> Level {
    for name in ["level", "detected_level", "severity"] {
        if let Some(word) = entry.labels.get(name).or_else(|| entry.metadata.get(name)) {
            let level = Level::parse(word);
            if level != Level::None {
                return level;
            }
        }
    }
    let head: &str = entry.line.raw().get(..entry.line.raw().floor_char_boundary(400)).unwrap_or("");
    for key in ["\"level\":\"", "level=", "lvl=", "severity=", "\"severity\":\""] {
        if let Some(at) = head.find(key) {
            let rest = head.get(at + key.len()..).unwrap_or("");
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let level = Level::parse(rest.get(..end).unwrap_or(""));
            if level != Level::None {
                return level;
            }
        }
    }
    if contains_ignore_case(head, "panic:")
        || contains_ignore_case(head, "error")
        || contains_ignore_case(head, "fatal")
    {
        return Level::Error;
    }
    Level::None
}

/// Pods of one workload differ at their ends: the last 9 characters tell them apart.
fn short_pod(pod: &str) -> String {
    let count = pod.chars().count();
    if count <= 22 {
        pod.to_owned()
    } else {
        format!("…{}", pod.chars().skip(count - 21).collect::<String>())
    }
}

/// Cells of the pod's name.
fn pod_room(area: Rect) -> u16 {
    if area.width >= 100 { 22 } else { 12 }
}

/// Returns a line's rows: its text in reading order on one row, or, opened, as it came on as many as it needs.
fn texts(entry: &Entry, logs: &Logs, area: Rect) -> Vec<String> {
    let raw = strip_sgr(entry.line.raw());
    let arranged = if logs.wrap { None } else { line::arranged(&raw) };
    let text = Untrusted::from(arranged.unwrap_or_else(|| raw.into_owned())).clipped(4_000);
    if !logs.wrap {
        return vec![text.to_string()];
    }
    // Before it stand the time, the pod, the level and the origin, with blanks between them.
    let before = 1 + 12 + 2 + pod_room(area) + 5 + 3;
    screen::wrap(text.as_str(), usize::from(area.width.saturating_sub(before)).max(10))
}

/// Draws a line from a row on. Returns how many rows it took.
fn row(entry: &Entry, logs: &Logs, cx: &Draw<'_>, y: u16, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &cx.env.theme;
    let x = put(buf, theme, area.x + 1, y, area, Role::Dim, &entry.ts.clock_millis(cx.shared.session.zone));
    let pod = super::super::safe(&short_pod(entry.pod().unwrap_or("")));
    let room = pod_room(area);
    let count = pod.as_str().chars().count();
    let shown: String = pod.as_str().chars().skip(count.saturating_sub(usize::from(room))).collect();
    put(buf, theme, x + 1, y, area, Role::Text, &paint::cut(&shown, room));
    let x = x + 2 + room;
    let level = level(entry);
    let (word, role) = level.word();
    let x = put(buf, theme, x, y, area, role, word);
    let origin = match entry.origin {
        Origin::Loki => " ",
        Origin::Kubelet => "k",
        Origin::KubeletPrevious => "p",
    };
    let x = put(buf, theme, x + 1, y, area, Role::Dim, origin) + 1;
    let role = if level == Level::Error { Role::Failing } else { Role::Text };
    let parts = texts(entry, logs, area);
    for (y, part) in (y..area.bottom()).zip(&parts) {
        put(buf, theme, x, y, area, role, part);
    }
    parts.len() as u16
}

/// Returns the first line to be drawn so that the selected one is seen: opened lines and the mark of the
/// moment take rows of their own.
fn top(logs: &Logs, inner: Rect) -> usize {
    let at = logs.list.at;
    let mut left = usize::from(inner.height);
    let after = |at: Ts| logs.shown.iter().position(|n| logs.known.lines.get(*n).is_some_and(|e| e.ts >= at));
    let marked = logs.anchor.and_then(after);
    let mut first = at + 1;
    for i in (logs.list.top..=at).rev() {
        let entry = logs.shown.get(i).and_then(|n| logs.known.lines.get(*n));
        let rows = if logs.wrap { entry.map_or(1, |e| texts(e, logs, inner).len()) } else { 1 };
        let needs = rows + usize::from(marked == Some(i));
        if needs > left && first <= at {
            break;
        }
        left = left.saturating_sub(needs);
        first = i;
    }
    first.min(at)
}

fn mark(at: Ts, cx: &Draw<'_>, y: u16, area: Rect, buf: &mut Buffer) {
    let theme = &cx.env.theme;
    let alert = cx.shared.alerts.known.alerts.iter().find(|a| a.began() == Some(at));
    let words = alert.map_or_else(
        || "the moment".to_owned(),
        |a| format!("{}: condition begins", super::super::safe(a.name())),
    );
    buf.set_string(
        area.x + 1,
        y,
        "─".repeat(usize::from(area.width.saturating_sub(2))),
        theme.style(Role::Pinned),
    );
    let text = format!("▶ {} {} ", at.clock_millis(cx.shared.session.zone), words);
    put(buf, theme, area.x + 1, y, area, Role::Pinned, &text);
}

/// Says how far a side is read; `words` are the side's and the way's.
fn edge(edge: &Edge, [word, way]: [&str; 2], cx: &Draw<'_>) -> String {
    match edge {
        Edge::More(_) => format!("more {word}"),
        Edge::Looked(at) => {
            format!("no {word} lines {way} to {}", at.near(cx.env.now, cx.shared.session.zone))
        }
        Edge::Now(_) => format!("no {word} lines found"),
        Edge::Failed(_, error) => format!("{word}: {}", error.kind.word()),
        Edge::Unknown => format!("{word}: not known"),
    }
}

/// Draws the lines.
pub fn draw(logs: &Logs, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    if logs.known.lines.is_empty() {
        let truth = logs.truth(cx);
        if let Truth::Partial(_) = truth {
            // No line, and not every source could be asked: which, on what, and what to do about it.
            let room = usize::from(area.width.saturating_sub(4)).max(20);
            let mut told = vec!["no lines of the sources that answered".to_owned()];
            told.extend(logs.errors().flat_map(|(_, e)| screen::told(e, room)));
            paint::message(buf, &cx.env.theme, area, Role::Warning, &told);
        } else {
            screen::draw_instead(cx, &truth, area, buf);
        }
        return;
    }
    if logs.shown.is_empty() {
        paint::message(buf, &cx.env.theme, area, Role::Dim, &["the filter lets no line through".to_owned()]);
        return;
    }
    let area = screen::banner(cx, &logs.truth(cx), area, buf);
    let inner = Rect { height: area.height.saturating_sub(1), ..area };
    let mut y = inner.y;
    let top = top(logs, inner);
    let mut marked = logs.anchor.is_none() || top > logs.anchor_index();
    for (i, index) in logs.shown.iter().enumerate().skip(top) {
        if y >= inner.bottom() {
            break;
        }
        let Some(entry) = logs.known.lines.get(*index) else { continue };
        if !marked && logs.anchor.is_some_and(|a| entry.ts >= a) {
            mark(logs.anchor.unwrap_or_default(), cx, y, inner, buf);
            marked = true;
            y += 1;
            if y >= inner.bottom() {
                break;
            }
        }
        let used = row(entry, logs, cx, y, inner, buf);
        if i == logs.list.at {
            paint::shade(buf, &cx.env.theme, y, inner, Role::Selected);
        }
        y += used.max(1);
    }
    let (older, newer) = (&logs.known.older, &logs.known.newer);
    let foot = format!(
        "{} · {} · {}",
        logs.query,
        edge(older, ["older", "back"], cx),
        edge(newer, ["newer", "up"], cx)
    );
    put(buf, &cx.env.theme, area.x + 1, area.bottom() - 1, area, Role::Dim, &foot);
}
