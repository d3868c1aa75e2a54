//! Themes: how each [`Role`] looks on a terminal of a given depth.
//!
//! A theme is a TOML file; `dark` and `light` are built in, files of the user win over them by name. Three
//! accents carry meaning (failing, warning, action); all else is the terminal's own colours, dim, bold or
//! reverse. Without colours only those attributes are left. Loading is pure: files come as text.

mod glyphs;
mod paint;
mod parse;
mod role;

use std::collections::BTreeMap;

use ratatui_core::style::{Modifier, Style};

use crate::core::{Error, Kind, Safe};

pub use glyphs::{Glyphs, Status};
pub use paint::{Depth, Paint, contrast};
pub use parse::Source;
pub use role::Role;

use parse::{Look, Sheet};

/// How many files may inherit from one another.
const DEEPEST: usize = 8;

/// The themes that are built in, by name.
pub const BUILT_IN: [(&str, &str); 2] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
];

/// How everything looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: Vec<Style>,
    glyphs: Glyphs,
    depth: Depth,
}

impl Theme {
    /// Loads a theme by name for a terminal; `user` returns the user's file of a name, if there is one.
    pub fn load(
        name: &str,
        user: &dyn Fn(&str) -> Option<Source>,
        depth: Depth,
        glyphs: Glyphs,
    ) -> Result<Self, Error> {
        let looks = Looks::load(name, user)?;
        let styles = Role::ALL.iter().map(|role| looks.of(*role, depth).style(depth)).collect();
        Ok(Self { styles, glyphs, depth })
    }

    /// Returns a theme without any style, for measuring and tests.
    pub fn plain() -> Self {
        let styles = vec![Style::default(); Role::ALL.len()];
        Self { styles, glyphs: Glyphs { unicode: true }, depth: Depth::None }
    }

    /// Returns how a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Returns the glyphs.
    pub fn glyphs(&self) -> Glyphs {
        self.glyphs
    }

    /// Returns the number of colours that it was made for.
    pub fn depth(&self) -> Depth {
        self.depth
    }
}

impl Look {
    fn style(self, depth: Depth) -> Style {
        let style = Style {
            fg: self.fg.and_then(|p| p.color(depth)),
            bg: self.bg.and_then(|p| p.color(depth)),
            ..Style::default()
        };
        let allowed = match depth {
            Depth::None => Modifier::BOLD | Modifier::DIM | Modifier::REVERSED,
            Depth::Ansi16 | Depth::Ansi256 | Depth::True => Modifier::all(),
        };
        style.add_modifier(self.modifier & allowed)
    }
}

/// A theme before it is fitted to a terminal.
#[derive(Clone, Debug, Default)]
struct Looks {
    /// From the farthest ancestor to the theme itself.
    sheets: Vec<Sheet>,
}

impl Looks {
    fn load(name: &str, user: &dyn Fn(&str) -> Option<Source>) -> Result<Self, Error> {
        let mut sources = Vec::new();
        let mut next = Some(name.to_owned());
        // A file of the user may be named as the built-in one that it inherits from.
        let mut own: Vec<String> = Vec::new();
        while let Some(name) = next {
            if sources.len() >= DEEPEST {
                return Err(Error::new(Kind::Config, "read the theme")
                    .on(name)
                    .detail("themes inherit from one another more than 8 deep"));
            }
            let from_user = if own.contains(&name) { None } else { user(&name) };
            let source = match from_user {
                Some(source) => {
                    own.push(name.clone());
                    source
                }
                None => built_in(&name).ok_or_else(|| unknown(&name))?,
            };
            let parent = parse::inherits(&source)?;
            next = match parent {
                Some(parent) => Some(parent),
                None if built_in(&name).is_some_and(|b| b == source) => None,
                // A theme that inherits from none is completed by the first one.
                None => Some("dark".to_owned()),
            };
            sources.push(source);
        }
        let mut palette = BTreeMap::new();
        let sheets =
            sources.iter().rev().map(|s| parse::sheet(s, &mut palette)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { sheets })
    }

    /// Returns how a role looks: its own name first, then what is before its last dot, in the theme and
    /// then in its ancestors; on fewer colours, what is said for them wins.
    fn of(&self, role: Role, depth: Depth) -> Look {
        let special = |s: &Sheet| match depth {
            Depth::None => s.mono.clone(),
            Depth::Ansi16 => s.ansi16.clone(),
            Depth::Ansi256 | Depth::True => BTreeMap::new(),
        };
        for sheet in self.sheets.iter().rev() {
            let special = special(sheet);
            let found = names(role)
                .find_map(|n| special.get(n))
                .or_else(|| names(role).find_map(|n| sheet.roles.get(n)));
            if let Some(look) = found {
                return *look;
            }
        }
        Look::default()
    }

    fn defines(&self, role: Role) -> bool {
        self.sheets.iter().any(|s| names(role).any(|n| s.roles.contains_key(n)))
    }

    fn background(&self) -> Option<(u8, u8, u8)> {
        self.sheets.iter().rev().find_map(|s| s.background)?.rgb()
    }
}

/// Tells what a theme is missing: roles that no file defines, and text that can hardly be read.
///
/// Text roles must have a contrast of 4.5 on the theme's background, where both colours are known.
pub fn check(name: &str, user: &dyn Fn(&str) -> Option<Source>) -> Result<Vec<String>, Error> {
    let looks = Looks::load(name, user)?;
    let mut out = Vec::new();
    for role in Role::ALL {
        if !looks.defines(*role) {
            out.push(format!("{} is not defined", role.name()));
        }
        let look = looks.of(*role, Depth::True);
        let behind = look.bg.and_then(Paint::rgb).or_else(|| looks.background());
        if let (Some(text), Some(behind)) = (look.fg.and_then(Paint::rgb), behind) {
            let contrast = contrast(text, behind);
            if contrast < 4.5 {
                out.push(format!("{} has a contrast of {contrast:.1}, 4.5 is needed", role.name()));
            }
        }
    }
    Ok(out)
}

/// Returns a role's name and those that it falls back to.
fn names(role: Role) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(role.name()), |name| name.rsplit_once('.').map(|(head, _)| head))
}

fn built_in(name: &str) -> Option<Source> {
    let (_, text) = BUILT_IN.iter().find(|(n, _)| *n == name)?;
    Some(Source { path: format!("themes/{name}.toml").into(), text: (*text).to_owned() })
}

fn unknown(name: &str) -> Error {
    let known = BUILT_IN.map(|(n, _)| n).join(", ");
    Error::new(Kind::Config, "find the theme")
        .on(Safe::of(name).as_str())
        .hint(format!("built in are {known}; own ones are files in themes/"))
}

#[cfg(test)]
mod tests;
