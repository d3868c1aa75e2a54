//! Screens as text: what stands in the cells, and the roles that carry meaning, to be compared with files.
//!
//! `UPDATE_SCREENS=1` writes the files anew; look at the difference before it is committed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use deckwatch::ui::theme::{Depth, Glyphs, Role, Source, Theme};
use ratatui_core::buffer::{Buffer, Cell, CellWidth as _};
use ratatui_core::style::Color;

/// The number of the first role's colour; the 16 before it are the terminal's own.
const FIRST: usize = 16;

/// Returns a theme in which every role has a colour of its own, so that a cell tells its role.
pub fn probe() -> Theme {
    static PROBE: LazyLock<Theme> = LazyLock::new(make);
    PROBE.clone()
}

fn make() -> Theme {
    let behind = |role: &Role| matches!(role, Role::Selected | Role::Marked | Role::Gone);
    let style = |(i, role): (usize, &Role)| {
        let on = if behind(role) { "on " } else { "" };
        format!("\"{}\" = \"{on}{}\"\n", role.name(), FIRST + i)
    };
    let roles: String = Role::ALL.iter().enumerate().map(style).collect();
    let text = format!("background = \"#000000\"\n[roles]\n{roles}");
    let user =
        |name: &str| (name == "probe").then(|| Source { path: "probe.toml".into(), text: text.clone() });
    Theme::load("probe", &user, Depth::Ansi256, Glyphs { unicode: true }).unwrap()
}

fn role(color: Option<Color>) -> Option<Role> {
    match color {
        Some(Color::Indexed(n)) => Role::ALL.get(usize::from(n) - FIRST).copied(),
        _ => None,
    }
}

/// The roles that say something which must not be lost; the others are decoration.
fn meaning(role: Role) -> bool {
    !matches!(
        role,
        Role::Text
            | Role::Dim
            | Role::Strong
            | Role::Heading
            | Role::Rule
            | Role::Key
            | Role::Axis
            | Role::Series0
            | Role::Series1
            | Role::Series2
            | Role::Series3
            | Role::Series4
            | Role::Series5
            | Role::Series6
            | Role::Series7
    )
}

/// Returns the lines of a buffer without blanks at their ends.
pub fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let line = |y| {
        let (mut out, mut x) = (String::new(), area.left());
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            out.push_str(symbol);
            x += symbol.cell_width().max(1);
        }
        out.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(line).collect()
}

/// Returns the text of a buffer.
pub fn text(buffer: &Buffer) -> String {
    lines(buffer).join("\n")
}

fn runs(buffer: &Buffer, y: u16, of: impl Fn(&Cell) -> Option<Role>) -> Vec<(Role, u16, u16)> {
    let mut out: Vec<(Role, u16, u16)> = Vec::new();
    for x in buffer.area.left()..buffer.area.right() {
        let Some(role) = of(&buffer[(x, y)]).filter(|r| meaning(*r)) else { continue };
        match out.last_mut().filter(|(r, _, end)| *r == role && *end + 1 == x) {
            Some(run) => run.2 = x,
            None => out.push((role, x, x)),
        }
    }
    out
}

/// Returns a screen as its file holds it; runs of blank lines are counted.
pub fn frame(buffer: &Buffer, with_roles: bool) -> String {
    let mut out = String::new();
    let mut blank = 0;
    for line in lines(buffer).into_iter().chain([String::from("\0")]) {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        match blank {
            0 => {}
            1 => out.push_str("|\n"),
            n => writeln!(out, "({n} blank lines)").unwrap(),
        }
        blank = 0;
        if line != "\0" {
            writeln!(out, "|{line}").unwrap();
        }
    }
    if with_roles {
        out.push_str("roles\n");
        for y in buffer.area.top()..buffer.area.bottom() {
            let front = runs(buffer, y, |c| role(Some(c.fg)));
            let back = runs(buffer, y, |c| role(Some(c.bg)));
            if !front.is_empty() || !back.is_empty() {
                let all = front.into_iter().chain(back);
                let words: Vec<String> = all.map(|(r, a, b)| format!("{} {a}-{b}", r.name())).collect();
                writeln!(out, "  {y}: {}", words.join(", ")).unwrap();
            }
        }
    }
    out
}

/// Compares with the file of a name, or writes it when asked to.
pub fn compare(name: &str, text: &str) -> Result<(), String> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens/snapshots").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::write(&path, text).map_err(|e| e.to_string())?;
        return Ok(());
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if known == text {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&known, text);
    Err(format!("{}\n{}", path.display(), diff.unified_diff().context_radius(2)))
}
