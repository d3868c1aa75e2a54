//! The dialogues over a page: lines at the bottom, boxes above it.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::paint::{self, put};
use super::screen::chord_line;
use super::{Draw, Env};
use crate::app::input_line::Line;
use crate::app::model::modal::{Candidate, Copies, GoTo, Menu};
use crate::app::model::{Modal, Model};
use crate::core::action::{Action, Need, Risk};
use crate::core::key::chord;
use crate::core::{Ts, num};
use crate::ui::theme::{Role, Theme};

/// Draws the open dialogue.
pub fn draw(model: &Model, modal: &Modal, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    match modal {
        Modal::GoTo(goto) => {
            let hint =
                if goto.line.text().is_empty() { "a view, a kind, a namespace, a command" } else { "" };
            found(goto, cx.env, area, buf);
            typed(&cx.env.theme, last, ":", &goto.line, hint, Role::Dim, buf);
        }
        Modal::Filter { line, .. } => typed(
            &cx.env.theme,
            last,
            "/",
            line,
            "text, regex, !inverse, -l labels, -f fuzzy",
            Role::Dim,
            buf,
        ),
        Modal::Moment { line, offered, mistake } => {
            let zone = cx.shared.session.zone;
            // What `enter` would pin: what is typed, the row's time where nothing is.
            let typed_at = Ts::parse_moment(line.text(), cx.env.now, zone);
            let at = if line.text().trim().is_empty() { *offered } else { typed_at };
            let offer =
                at.map(|t| format!("enter pins {} {}", t.near(cx.env.now, zone), zone.abbreviation(t)));
            let hint = mistake
                .clone()
                .or(offer)
                .unwrap_or_else(|| "14:02, -15m, now-1h, 2026-11-21 14:02".to_owned());
            typed(
                &cx.env.theme,
                last,
                "@ ",
                line,
                &hint,
                if mistake.is_some() { Role::Failing } else { Role::Dim },
                buf,
            );
        }
        Modal::Help { top } => help(model, cx.env, *top, area, buf),
        Modal::Menu(menu) => actions(model, menu, cx.env, area, buf),
        Modal::Bind(binding) => {
            let title = format!("What {} is about · ↑ ↓ choose, enter binds, esc closes", binding.alert);
            let role = Role::Dim;
            candidates(&title, &binding.found, Some(binding.at), cx.env, area, buf);
            typed(&cx.env.theme, last, "bind to ", &binding.line, "letters of the object's name", role, buf);
        }
        Modal::Ask(ask) => {
            let about = match &ask.objects[..] {
                [one] => one.to_string(),
                several => num::counted(several.len(), "object", "objects"),
            };
            let prompt = format!("{} {about}: ", ask.action.info().short);
            let (hint, role) = ask.mistake.as_deref().map_or((ask.hint, Role::Dim), |m| (m, Role::Failing));
            typed(&cx.env.theme, last, &prompt, &ask.line, super::safe(hint).as_str(), role, buf);
        }
        Modal::Silence(asked) => {
            let prompt = format!("{} {}: ", asked.action.info().short, asked.about.text);
            let (hint, role) =
                asked.mistake.as_deref().map_or((asked.hint, Role::Dim), |m| (m, Role::Failing));
            typed(&cx.env.theme, last, &prompt, &asked.line, super::safe(hint).as_str(), role, buf);
        }
        Modal::Copy(copies) => copy(copies, cx.env, area, buf),
        Modal::Quit => {
            let running = model.shared.jobs.running();
            let text = match running {
                0 => " nothing runs any more. Quit? y / n ".to_owned(),
                _ if model.shared.jobs.silencing() => {
                    " a silence is being sent or looked for: what becomes of it will not be told here. Quit? y / n "
                        .to_owned()
                }
                1 => " a plan is running: it goes on without the cockpit. Quit? y / n ".to_owned(),
                n => format!(" {n} plans are running: they go on without the cockpit. Quit? y / n "),
            };
            paint::shade(buf, &cx.env.theme, last.y, last, Role::Warning);
            put(buf, &cx.env.theme, last.x, last.y, last, Role::Warning, &text);
        }
        Modal::Stop(_) => {
            let text = " what is done stays done. Stop before the next object? y / n ";
            paint::shade(buf, &cx.env.theme, last.y, last, Role::Warning);
            put(buf, &cx.env.theme, last.x, last.y, last, Role::Warning, text);
        }
    }
}

fn typed(theme: &Theme, area: Rect, prompt: &str, line: &Line, hint: &str, role: Role, buf: &mut Buffer) {
    buf.set_string(area.x, area.y, " ".repeat(usize::from(area.width)), theme.style(Role::Text));
    let x = put(buf, theme, area.x, area.y, area, Role::Key, prompt);
    let text = super::safe(line.text());
    let end = put(buf, theme, x, area.y, area, Role::Text, text.as_str());
    let before: String = line.text().chars().take(line.cursor()).collect();
    let at = x + paint::width(super::safe(&before).as_str());
    if at < area.right() {
        buf.set_style(Rect { x: at, y: area.y, width: 1, height: 1 }, theme.style(Role::Selected));
    }
    put(buf, theme, end + 3, area.y, area, role, hint);
}

/// Draws an empty box with a title. Returns its inside.
fn boxed(theme: &Theme, area: Rect, title: &str, buf: &mut Buffer) -> Rect {
    for y in area.y..area.bottom() {
        buf.set_string(area.x, y, " ".repeat(usize::from(area.width)), theme.style(Role::Text));
    }
    let line = "─".repeat(usize::from(area.width));
    buf.set_string(area.x, area.y, &line, theme.style(Role::Rule));
    buf.set_string(area.x, area.bottom() - 1, &line, theme.style(Role::Rule));
    put(buf, theme, area.x + 2, area.y, area, Role::Heading, &format!(" {title} "));
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

fn help(model: &Model, env: &Env, top: usize, area: Rect, buf: &mut Buffer) {
    let context = model.nav.top().view.pane().context();
    let mut rows: Vec<(String, Action)> = Vec::new();
    for (keys, action) in env.keymap.bindings(context) {
        // The nine digits say the same: one line tells of all.
        let digits = action.info().name.starts_with("app.namespace-");
        let action = if digits { Action::Namespace1 } else { action };
        match rows.iter_mut().find(|(_, a)| *a == action) {
            Some(_) if digits => {}
            Some((known, _)) => *known = format!("{known}, {}", chord(&keys)),
            None if digits => rows.push(("1 … 9".to_owned(), action)),
            None => rows.push((chord(&keys), action)),
        }
    }
    rows.sort_by_key(|(_, a)| *a);
    let space = Rect { x: area.x, y: area.y + 1, width: area.width, height: area.height - 1 };
    let inner = boxed(
        &env.theme,
        space,
        &format!("Keys in this view ({}) · any other key closes", context.name()),
        buf,
    );
    let page = usize::from(inner.height);
    let top = top.min(rows.len().saturating_sub(page));
    for (y, (keys, action)) in (inner.y..inner.bottom()).zip(rows.iter().skip(top)) {
        put(buf, &env.theme, inner.x + 1, y, inner, Role::Key, &paint::cut(keys, 18));
        let digits = *action == Action::Namespace1;
        let doc = if digits { "Shows the recent namespace of that number." } else { action.info().doc };
        put(buf, &env.theme, inner.x + 21, y, inner, Role::Text, doc);
    }
}

/// The most candidates that are shown at once.
const CANDIDATES: usize = 10;

/// Draws what the line of `:` may become, above it.
fn found(goto: &GoTo, env: &Env, area: Rect, buf: &mut Buffer) {
    let title = format!("Go to · {} · ↑ ↓ choose, tab takes, enter goes", num::count(goto.found.len()));
    candidates(&title, &goto.found, goto.chosen(), env, area, buf);
}

/// Draws candidates in a box above the last line.
fn candidates(
    title: &str,
    all: &[Candidate],
    chosen: Option<usize>,
    env: &Env,
    area: Rect,
    buf: &mut Buffer,
) {
    let most = CANDIDATES.min(usize::from(area.height.saturating_sub(6)));
    let shown = all.len().min(most);
    if shown == 0 {
        return;
    }
    let height = shown as u16 + 2;
    let space = Rect { x: area.x, y: area.bottom().saturating_sub(height + 1), width: area.width, height };
    let inner = boxed(&env.theme, space, title, buf);
    let top = chosen.map_or(0, |at| (at + 1).saturating_sub(shown));
    let width = all.iter().map(|c| paint::width(&c.text)).max().unwrap_or(0).clamp(12, 40);
    for (i, (y, one)) in (inner.y..inner.bottom()).zip(all.iter().skip(top)).enumerate() {
        let name = super::safe(&one.text);
        put(buf, &env.theme, inner.x + 1, y, inner, Role::Text, &paint::cut(name.as_str(), width));
        for hit in one.hits.iter().filter(|h| **h < u32::from(width)) {
            let cell = Rect { x: inner.x + 1 + *hit as u16, y, width: 1, height: 1 };
            buf.set_style(cell.intersection(inner), env.theme.style(Role::Search));
        }
        put(buf, &env.theme, inner.x + 3 + width, y, inner, Role::Dim, super::safe(&one.doc).as_str());
        if chosen == Some(i + top) {
            paint::shade(buf, &env.theme, y, inner, Role::Selected);
        }
    }
}

/// The columns of the menu of actions: keys, words, what it needs; then why it is not available.
const MENU: [u16; 3] = [1, 12, 32];

fn actions(model: &Model, menu: &Menu, env: &Env, area: Rect, buf: &mut Buffer) {
    let height = (menu.rows.len() as u16 + 2).min(area.height - 2);
    let space = Rect { x: area.x, y: area.bottom().saturating_sub(height), width: area.width, height };
    let inner = boxed(&env.theme, space, "Actions on this row · ↑ ↓ choose, enter does, esc closes", buf);
    let page = usize::from(inner.height);
    let top = (menu.at + 1).saturating_sub(page);
    let context = model.nav.top().view.pane().context();
    let [keys_at, words_at, needs_at] = MENU.map(|x| inner.x + x);
    for (i, (y, (action, why))) in (inner.y..inner.bottom()).zip(menu.rows.iter().skip(top)).enumerate() {
        let info = action.info();
        let keys = env.keymap.keys_of(context, *action).unwrap_or_else(|| "–".to_owned());
        put(buf, &env.theme, keys_at, y, inner, Role::Key, &paint::cut(&keys, 10));
        let role = if why.is_some() { Role::Dim } else { Role::Text };
        put(buf, &env.theme, words_at, y, inner, role, &paint::cut(info.short, 18));
        let (danger, danger_role) = match (info.need, info.risk) {
            (Need::Write, Risk::Safe) => ("writes, through a plan", Role::Warning),
            (Need::Write, Risk::Disruptive) => ("disruptive, through a plan", Role::Warning),
            (Need::Write, Risk::Destructive) => ("destructive, through a plan", Role::Failing),
            (Need::Read, _) => ("reads", Role::Dim),
            (Need::None, _) => ("", Role::Dim),
        };
        // Why it is not available is worth more than what it would do.
        match why {
            None => put(buf, &env.theme, needs_at, y, inner, danger_role, danger),
            Some(why) => put(
                buf,
                &env.theme,
                needs_at,
                y,
                inner,
                Role::Dim,
                &format!("not here: {}", super::safe(why)),
            ),
        };
        if i + top == menu.at {
            paint::shade(buf, &env.theme, y, inner, Role::Selected);
        }
    }
}

/// Draws what can be copied.
fn copy(copies: &Copies, env: &Env, area: Rect, buf: &mut Buffer) {
    let height = (copies.rows.len() as u16 + 2).min(area.height - 2);
    let space = Rect { x: area.x, y: area.bottom().saturating_sub(height), width: area.width, height };
    let inner = boxed(&env.theme, space, "Copy · ↑ ↓ choose, enter or its number copies, esc closes", buf);
    for (i, (y, (what, text))) in (inner.y..inner.bottom()).zip(&copies.rows).enumerate() {
        put(buf, &env.theme, inner.x + 1, y, inner, Role::Key, &(i + 1).to_string());
        put(buf, &env.theme, inner.x + 4, y, inner, Role::Dim, what);
        put(buf, &env.theme, inner.x + 23, y, inner, Role::Text, text.as_str());
        if i == copies.at {
            paint::shade(buf, &env.theme, y, inner, Role::Selected);
        }
    }
}

/// Draws the box with the endings of a chord that has begun.
pub fn chords(model: &Model, env: &Env, area: Rect, buf: &mut Buffer) {
    let context = model.nav.top().view.pane().context();
    let endings: Vec<_> =
        env.keymap.bindings(context).into_iter().filter(|(keys, _)| keys.starts_with(&model.chord)).collect();
    let height = (endings.len() as u16).div_ceil(2) + 2;
    let space = Rect { x: area.x, y: area.bottom().saturating_sub(height + 1), width: area.width, height };
    let inner = boxed(&env.theme, space, &chord(&model.chord), buf);
    let half = endings.len().div_ceil(2);
    for (i, (keys, action)) in endings.iter().enumerate() {
        let (column, row) = (i / half.max(1), i % half.max(1));
        let (keys, words) = chord_line(keys, *action);
        let x = inner.x + 1 + column as u16 * (inner.width / 2);
        let y = inner.y + row as u16;
        let x = put(buf, &env.theme, x, y, inner, Role::Key, &keys);
        put(buf, &env.theme, x + 2, y, inner, Role::Text, words);
    }
}
