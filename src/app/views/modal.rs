//! The dialogues over a page: lines at the bottom, boxes above it.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::paint::{self, put};
use super::screen::chord_line;
use super::{Draw, Env};
use crate::app::input_line::Line;
use crate::app::model::modal::Menu;
use crate::app::model::{Modal, Model};
use crate::app::update::candidates;
use crate::core::action::{Action, Need};
use crate::core::key::chord;
use crate::ui::theme::{Role, Theme};

/// Draws the open dialogue.
pub fn draw(model: &Model, modal: &Modal, cx: &Draw<'_>, area: Rect, buf: &mut Buffer) {
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    match modal {
        Modal::GoTo(line) => {
            let known = candidates(line.text()).join("  ");
            typed(&cx.env.theme, last, ":", line, &known, Role::Dim, buf);
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
            let offer =
                offered.map(|t| format!("enter pins {} {}", t.near(cx.env.now, zone), zone.abbreviation(t)));
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
        Modal::Quit => {
            let running = model.shared.jobs.running();
            let text = format!(
                " {running} plan(s) still running: quitting stops before the next object. Quit? y / n "
            );
            paint::shade(buf, &cx.env.theme, last.y, last, Role::Warning);
            put(buf, &cx.env.theme, last.x, last.y, last, Role::Warning, &text);
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
        match rows.iter_mut().find(|(_, a)| *a == action) {
            Some((known, _)) => *known = format!("{known}, {}", chord(&keys)),
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
        put(buf, &env.theme, inner.x + 21, y, inner, Role::Text, action.info().doc);
    }
}

fn actions(model: &Model, menu: &Menu, env: &Env, area: Rect, buf: &mut Buffer) {
    let height = (menu.rows.len() as u16 + 2).min(area.height - 2);
    let space = Rect { x: area.x, y: area.bottom().saturating_sub(height), width: area.width, height };
    let inner = boxed(&env.theme, space, "Actions · enter does, esc closes", buf);
    let page = usize::from(inner.height);
    let top = (menu.at + 1).saturating_sub(page);
    let context = model.nav.top().view.pane().context();
    for (i, (y, (action, why))) in (inner.y..inner.bottom()).zip(menu.rows.iter().skip(top)).enumerate() {
        let info = action.info();
        let keys = env.keymap.keys_of(context, *action).unwrap_or_default();
        put(buf, &env.theme, inner.x + 1, y, inner, Role::Key, &keys);
        let role = if why.is_some() { Role::Dim } else { Role::Text };
        put(buf, &env.theme, inner.x + 12, y, inner, role, &paint::cut(info.short, 18));
        let risk = if info.need == Need::Write { "writes, through a plan" } else { "" };
        put(buf, &env.theme, inner.x + 32, y, inner, Role::Warning, risk);
        let note = why.as_ref().map(|w| format!("not here: {w}")).unwrap_or_default();
        put(buf, &env.theme, inner.x + 32, y, inner, Role::Dim, &note);
        if i + top == menu.at {
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
