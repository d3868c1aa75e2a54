//! The whole screen: the header that never scrolls, the page, the dialogue over it, the keys.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::paint::{self, cell, put};
use super::{Draw, Env, Pane, Truth, View};
use crate::app::effect::Scope;
use crate::app::jumps;
use crate::app::model::{Model, Shared};
use crate::app::update::deeds;
use crate::core::action::{Action, Context};
use crate::core::key::chord;
use crate::core::{Error, Moment, Ts, Zone, num};
use crate::store::health::{SourceKind, State};
use crate::ui::text::{Line, Words, measure};
use crate::ui::theme::Role;
use crate::ui::widgets::keys_bar::{self, Hint};
use crate::ui::widgets::rule::Rule;

/// The least size that anything sensible is drawn in.
pub const LEAST: (u16, u16) = (60, 12);

/// Returns the part of a screen that a page has.
pub fn body((width, height): (u16, u16)) -> Rect {
    Rect { x: 0, y: 1, width, height: height.saturating_sub(2) }
}

/// Draws the model.
pub fn draw(model: &Model, env: &Env, area: Rect, buf: &mut Buffer) {
    let theme = &env.theme;
    if area.width < LEAST.0 || area.height < LEAST.1 {
        put(
            buf,
            theme,
            area.x,
            area.y,
            area,
            Role::Warning,
            &format!(
                "deckwatch needs {}×{} cells; these are {}×{}",
                LEAST.0, LEAST.1, area.width, area.height
            ),
        );
        return;
    }
    let cx = Draw { shared: &model.shared, env };
    header(&cx, Rect { height: 1, ..area }, buf);
    page(&cx, &model.nav.top().view, body((area.width, area.height)), buf);
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    match &model.modal {
        Some(modal) => super::modal::draw(model, modal, &cx, area, buf),
        None if model.chord_shown => super::modal::chords(model, env, area, buf),
        None => keys(model, env, last, buf),
    }
    notices(&cx, model.modal.is_some(), area, buf);
}

/// The parts of the header, which shed what matters least when it is narrow.
struct Header {
    context: String,
    protected: &'static str,
    namespace: String,
    moment: String,
    sources: Vec<(String, Role)>,
    armed: String,
}

impl Header {
    fn left(&self) -> u16 {
        let part = |text: &str, gap: u16| if text.is_empty() { 0 } else { paint::width(text) + gap };
        1 + paint::width(&self.context)
            + part(self.protected, 1)
            + part(&self.namespace, 2)
            + part(&self.moment, 3)
    }

    fn right(&self) -> u16 {
        self.sources.iter().map(|(t, _)| paint::width(t) + 1).sum::<u16>() + paint::width(&self.armed) + 2
    }

    fn over(&self, width: u16) -> u16 {
        (self.left() + 1 + self.right()).saturating_sub(width)
    }
}

fn header(cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let (shared, theme, now) = (cx.shared, &cx.env.theme, cx.env.now);
    let zone = shared.session.zone;
    let (armed, armed_role) = armed_text(cx);
    let policy = shared.gate.policy();
    let namespace = match &shared.session.scope {
        Scope::All => "all namespaces".to_owned(),
        Scope::Namespace(ns) => format!("ns {ns}"),
    };
    let protected = if policy.locked {
        "▲locked"
    } else if policy.protected {
        "▲protected"
    } else {
        ""
    };
    let mut parts = Header {
        context: shared.session.cluster.0.clipped(60).to_string(),
        protected,
        namespace,
        moment: moment_text(&shared.moment, now, zone, 2),
        sources: source_marks(cx, true),
        armed,
    };
    // When narrow it sheds the sources' names, how long ago the moment was, the namespace, the context's
    // middle and the window; never the moment or armed.
    if parts.over(area.width) > 0 {
        parts.sources = source_marks(cx, false);
    }
    if parts.over(area.width) > 0 {
        parts.moment = moment_text(&shared.moment, now, zone, 1);
    }
    if parts.over(area.width) > 0 {
        parts.namespace = shared.session.scope.namespace().map(|ns| paint::cut(ns, 12)).unwrap_or_default();
    }
    if parts.over(area.width) > 0 {
        parts.namespace.clear();
    }
    if parts.over(area.width) > 0 {
        let room = paint::width(&parts.context).saturating_sub(parts.over(area.width)).max(8);
        parts.context = middle(&parts.context, room);
    }
    if parts.over(area.width) > 0 {
        parts.moment = moment_text(&shared.moment, now, zone, 0);
    }
    let mut x = put(buf, theme, area.x + 1, area.y, area, Role::Strong, &parts.context);
    if !protected.is_empty() {
        x = put(buf, theme, x + 1, area.y, area, Role::Protected, protected);
    }
    if !parts.namespace.is_empty() {
        x = put(buf, theme, x + 2, area.y, area, Role::Dim, &parts.namespace);
    }
    let role = if shared.moment.pinned().is_some() { Role::Pinned } else { Role::Ok };
    put(buf, theme, x + 3, area.y, area, role, &parts.moment);
    let mut x = area.right().saturating_sub(parts.right());
    for (text, role) in &parts.sources {
        x = put(buf, theme, x, area.y, area, *role, text) + 1;
    }
    put(buf, theme, x + 1, area.y, area, armed_role, &parts.armed);
}

/// Returns a text with its middle left out.
fn middle(text: &str, room: u16) -> String {
    let chars: Vec<char> = text.chars().collect();
    let keep = usize::from(room.saturating_sub(1));
    if chars.len() <= keep + 1 {
        return text.to_owned();
    }
    let (head, tail) = (keep.div_ceil(2), keep / 2);
    let start: String = chars.iter().take(head).collect();
    let end: String = chars.iter().skip(chars.len() - tail).collect();
    format!("{start}…{end}")
}

/// Returns the moment in words: 2 with everything, 1 without how long ago, 0 without the window.
fn moment_text(moment: &Moment, now: Ts, zone: Zone, detail: u8) -> String {
    let Some(at) = moment.pinned() else {
        return format!("LIVE {} {}", now.clock(zone), zone.abbreviation(now));
    };
    let mut text = format!("AT {} {}", at.near(now, zone), zone.abbreviation(at));
    if detail > 0 {
        text.push_str(&format!("  −{} … +{}", moment.before(), moment.after()));
    }
    if detail > 1 {
        text.push_str(&format!("  ({})", num::ago(at, now)));
    }
    text
}

fn armed_text(cx: &Draw<'_>) -> (String, Role) {
    let gate = &cx.shared.gate;
    let running = cx.shared.jobs.running();
    match gate.armed(cx.env.now) {
        // Whatever page is open, a running rollback is not forgotten.
        _ if running > 0 => (format!("▶ {running} running"), Role::Armed),
        Some((until, _)) => (format!("ARMED {}", num::age(until - cx.env.now)), Role::Armed),
        None if gate.policy().locked => ("locked".to_owned(), Role::Dim),
        None => ("read-only".to_owned(), Role::Dim),
    }
}

fn mark(state: State) -> (&'static str, Role) {
    match state {
        State::Ready => ("●", Role::Ok),
        State::Connecting => ("◌", Role::Pending),
        State::Degraded => ("◐", Role::Warning),
        State::Down => ("✖", Role::Failing),
        State::Denied => ("⊘", Role::Warning),
        State::NotInstalled => ("–", Role::Dim),
    }
}

fn source_marks(cx: &Draw<'_>, named: bool) -> Vec<(String, Role)> {
    let mut out = Vec::new();
    for kind in [SourceKind::Kubernetes, SourceKind::Prometheus, SourceKind::Loki, SourceKind::Alertmanager] {
        let all: Vec<_> = cx.shared.health.values().filter(|h| h.id.kind == kind).collect();
        let Some(worst) = all
            .iter()
            .map(|h| h.state)
            .max_by_key(|s| matches!(s, State::Down | State::Denied | State::Degraded))
        else {
            continue;
        };
        let (glyph, role) = mark(worst);
        let counted = if all.len() > 1 {
            format!(" {}/{}", all.iter().filter(|h| h.state == State::Ready).count(), all.len())
        } else {
            String::new()
        };
        out.push((if named { format!("{}{counted} {glyph}", kind.short()) } else { glyph.to_owned() }, role));
    }
    out
}

/// Returns the part of the screen that a view draws in: below its rule, and below the banner of what shows
/// now while a moment is pinned.
pub fn inside(pane: &dyn Pane, shared: &Shared) -> Rect {
    let area = body(shared.session.size);
    let head = 1 + u16::from(pane.only_now() && shared.moment.pinned().is_some());
    Rect { y: area.y + head, height: area.height.saturating_sub(head), ..area }
}

fn page(cx: &Draw<'_>, view: &View, area: Rect, buf: &mut Buffer) {
    let pane = view.pane();
    let truth = pane.truth(cx);
    let whole = rule(cx, pane, &truth, Rect { height: 1, ..area }, buf);
    let mut inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if let (false, Truth::Partial(what)) = (whole, &truth) {
        let lines = wrap(&format!("◐ {what}"), usize::from(area.width.saturating_sub(2)));
        for line in lines.iter().take(3) {
            put(buf, &cx.env.theme, inner.x + 1, inner.y, inner, Role::Warning, line);
            inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        }
    }
    if pane.only_now() && cx.shared.moment.pinned().is_some() {
        put(
            buf,
            &cx.env.theme,
            inner.x + 1,
            inner.y,
            inner,
            Role::Pinned,
            "this view shows now, not the pinned moment",
        );
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    pane.draw(cx, inner, buf);
}

/// One rule above the pane: its title, its count written out, the state of its data at the right. When it
/// is narrow the title gives way, for the state is the truth about the data.
///
/// Returns whether the state has its place whole.
fn rule(cx: &Draw<'_>, pane: &dyn Pane, truth: &Truth, area: Rect, buf: &mut Buffer) -> bool {
    let mut heading = pane.heading(cx);
    // What is not known is not zero.
    let unknown = match truth {
        Truth::Denied(_) => true,
        Truth::Loading | Truth::Failed(_) => heading.count.starts_with("0 "),
        _ => false,
    };
    if unknown {
        heading.count.clear();
    }
    let (state, role) = truth_text(truth, cx);
    let mut title = Line::new().with(Words::of(&heading.title), Role::Heading);
    if let Some(filter) = pane.filter().filter(|f| !f.is_empty()) {
        title.push("  ", Role::Rule);
        title.push(Words::of(&format!("/{}", super::safe(filter))), Role::Search);
    }
    let count = cell(&heading.count, Role::Dim);
    let state = cell(&state, role);
    let room = area.width.saturating_sub(8);
    let least = title.width().min(room / 3);
    let both = count.width() + 3 + state.width() + least + 2 <= room;
    let parts = match (heading.count.is_empty(), both || matches!(truth, Truth::Good(_))) {
        (true, _) => vec![state.clone()],
        (false, true) => vec![count, state.clone()],
        // The state is the truth about the count: where only one has room it is the first.
        (false, false) => vec![state.clone(), count],
    };
    let mut right = Line::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            right.push(" · ", Role::Dim);
        }
        right.0.extend(part.0);
    }
    Rule { title, state: right, focused: true }.draw(buf, area, &cx.env.theme);
    state.width() + least + 2 <= room
}

/// Returns how true something is in words.
pub fn truth_text(truth: &Truth, cx: &Draw<'_>) -> (String, Role) {
    let why = |error: &Option<Error>| error.as_ref().map(|e| format!(" ({})", e.kind.word()));
    match truth {
        Truth::Loading => ("◌ loading…".to_owned(), Role::Pending),
        Truth::Good(text) => (text.clone(), Role::Dim),
        Truth::Empty(_) => ("– none".to_owned(), Role::Dim),
        Truth::Denied(_) => ("⊘ denied".to_owned(), Role::Warning),
        Truth::Stale(since, error) => {
            let why = why(error).unwrap_or_default();
            (format!("▲ stale: {}{why}", num::ago(*since, cx.env.now)), Role::Stale)
        }
        Truth::Partial(what) => (format!("◐ partial: {what}"), Role::Warning),
        Truth::Failed(_) => ("✖ failed".to_owned(), Role::Failing),
    }
}

/// Returns an error with its hint, broken into lines of `room` cells.
pub fn told(error: &Error, room: usize) -> Vec<String> {
    let hint = error.hint.as_ref().map(|h| format!("hint: {h}"));
    std::iter::once(error.line()).chain(hint).flat_map(|l| wrap(&l, room)).collect()
}

/// Draws why a list has no rows: `nothing` where all that there is has been read, else why it was not.
pub fn draw_no_rows(cx: &Draw<'_>, truth: &Truth, nothing: String, area: Rect, buf: &mut Buffer) {
    let read = matches!(truth, Truth::Good(_) | Truth::Stale(_, None) | Truth::Partial(_));
    let nothing = Truth::Empty(nothing);
    draw_instead(cx, if read { &nothing } else { truth }, area, buf);
}

/// Draws why a view has no rows. Returns whether it drew.
pub fn draw_instead(cx: &Draw<'_>, truth: &Truth, area: Rect, buf: &mut Buffer) -> bool {
    let room = usize::from(area.width.saturating_sub(4)).max(20);
    let (role, lines) = match truth {
        Truth::Loading => (Role::Pending, vec!["◌ loading…".to_owned()]),
        Truth::Empty(why) => (Role::Dim, wrap(why, room)),
        Truth::Denied(e) => (Role::Warning, told(e, room)),
        Truth::Failed(e) => (Role::Failing, told(e, room)),
        Truth::Stale(_, Some(e)) => (Role::Stale, told(e, room)),
        Truth::Stale(..) | Truth::Good(_) | Truth::Partial(_) => return false,
    };
    paint::message(buf, &cx.env.theme, area, role, &lines);
    true
}

/// Draws why what is below is no longer true, where it is not. Returns the room that is left.
pub fn banner(cx: &Draw<'_>, truth: &Truth, area: Rect, buf: &mut Buffer) -> Rect {
    let (Truth::Failed(error) | Truth::Denied(error)) = truth else { return area };
    let lines = told(error, usize::from(area.width.saturating_sub(4)).max(20));
    let height = (lines.len() as u16).min(area.height);
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        put(buf, &cx.env.theme, area.x + 2, y, area, Role::Failing, line);
    }
    Rect { y: area.y + height, height: area.height - height, ..area }
}

/// Breaks a text into lines of at most `room` cells, at blanks where there are any.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = u16::try_from(room).unwrap_or(u16::MAX);
    let rows = measure::wrap(text, room, usize::MAX);
    rows.into_iter().map(|r| text.get(r).unwrap_or("").trim_end().to_owned()).collect()
}

/// What the line of keys offers, most useful first; only what is bound and applies here.
const OFFERED: [Action; 32] = [
    Action::Confirm,
    Action::Stop,
    Action::Free,
    Action::DoFluxResume,
    Action::DoFluxSuspend,
    Action::DoAutoSyncOn,
    Action::DoAppRollback,
    Action::DoAbort,
    Action::DoRetry,
    Action::DoPromote,
    Action::Open,
    Action::Roll,
    Action::Diff,
    Action::Patches,
    Action::Wait,
    Action::Values,
    Action::Manifest,
    Action::Notes,
    Action::Logs,
    Action::GoLogs,
    Action::GoPanels,
    Action::GoChanges,
    Action::GoRelease,
    Action::Describe,
    Action::Yaml,
    Action::Scope,
    Action::MomentLine,
    Action::MomentLive,
    Action::Menu,
    Action::Filter,
    Action::GoTo,
    Action::Help,
];

fn keys(model: &Model, env: &Env, area: Rect, buf: &mut Buffer) {
    let pane = model.nav.top().view.pane();
    let context = pane.context();
    let offered = OFFERED.iter().copied().filter(|a| offers(*a, context, model));
    let mut hints = Vec::new();
    for action in offered.chain((context == Context::Plan).then_some(Action::Back)) {
        let nowhere = || jumps::unavailable(model, action).or_else(|| deeds::unavailable(model, action));
        if pane.unavailable(action, &model.shared).or_else(nowhere).is_some() {
            continue;
        }
        let Some(keys) = env.keymap.keys_of(context, action) else { continue };
        hints.push(Hint::new(Words::of(&keys), action.info().short));
    }
    // The last one, which tells the others, always has its place.
    keys_bar::draw(&hints, buf, area, &env.theme);
}

fn offers(action: Action, context: Context, model: &Model) -> bool {
    let applies = action.info().contexts;
    match action {
        Action::MomentLive => model.shared.moment.pinned().is_some(),
        _ => {
            applies.contains(&context)
                || applies.contains(&Context::Global)
                || (context.has_rows() && applies.contains(&Context::List))
        }
    }
}

/// Draws the newest notices above the last line; below the heading while a dialogue has the lower part.
fn notices(cx: &Draw<'_>, dialogue: bool, area: Rect, buf: &mut Buffer) {
    let bottom = area.bottom().saturating_sub(2);
    for (i, notice) in cx.shared.notices.iter().rev().take(3).enumerate() {
        let y = if dialogue { area.y + 2 + i as u16 } else { bottom.saturating_sub(i as u16) };
        let times = if notice.times > 1 { format!(" ×{}", notice.times) } else { String::new() };
        let glyph = if notice.error { "▲" } else { "·" };
        let text = paint::cut(&format!(" {glyph} {}{times} ", notice.text), area.width.saturating_sub(4));
        let x = area.right().saturating_sub(paint::width(&text) + 1);
        put(buf, &cx.env.theme, x, y, area, if notice.error { Role::Warning } else { Role::Action }, &text);
    }
}

/// Prints a chord with its meaning, for boxes.
pub fn chord_line(keys: &[crate::core::key::Key], action: Action) -> (String, &'static str) {
    (chord(keys), action.info().short)
}
