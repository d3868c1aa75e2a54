//! Theme files: TOML with `inherits`, `background`, `[palette]`, `[roles]`, `[roles.ansi16]`, `[roles.mono]`.
//!
//! A style is a line of words: `"bold red on #202020"`. Every mistake is told with its file and line; an
//! unknown key or role is a mistake. Files are bounded in size.

use std::collections::BTreeMap;

use ratatui_core::style::Modifier;
use toml::de::{DeTable, DeValue};

use crate::core::{Error, Kind, Safe, Untrusted};

use super::paint::Paint;
use super::role::Role;

/// The largest theme file.
const LARGEST: usize = 64 * 1024;

/// The text of a theme and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, for messages.
    pub path: Untrusted,
    /// The text.
    pub text: String,
}

/// A style as a theme writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) fg: Option<Paint>,
    pub(super) bg: Option<Paint>,
    pub(super) modifier: Modifier,
}

/// What one file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    pub(super) inherits: Option<String>,
    pub(super) background: Option<Paint>,
    pub(super) roles: BTreeMap<String, Look>,
    pub(super) ansi16: BTreeMap<String, Look>,
    pub(super) mono: BTreeMap<String, Look>,
}

struct Reader<'a> {
    source: &'a Source,
    palette: BTreeMap<String, Paint>,
}

/// Reads a file; `palette` holds the colours that it inherits and gets its own.
pub(super) fn sheet(source: &Source, palette: &mut BTreeMap<String, Paint>) -> Result<Sheet, Error> {
    let mut reader = Reader { source, palette: std::mem::take(palette) };
    let sheet = reader.sheet();
    *palette = reader.palette;
    sheet
}

/// Returns only the name that a file inherits from.
pub(super) fn inherits(source: &Source) -> Result<Option<String>, Error> {
    let reader = Reader { source, palette: BTreeMap::new() };
    let table = reader.table()?;
    Ok(table.get("inherits").and_then(|v| v.get_ref().as_str()).map(str::to_owned))
}

impl Reader<'_> {
    fn table(&self) -> Result<DeTable<'_>, Error> {
        if self.source.text.len() > LARGEST {
            return Err(self.error(0, "the file is larger than 64 KiB"));
        }
        DeTable::parse(&self.source.text).map(toml::Spanned::into_inner).map_err(|e| {
            let at = e.span().map_or(0, |s| s.start);
            self.error(at, e.message())
        })
    }

    fn error(&self, at: usize, what: &str) -> Error {
        let line = self.source.text.get(..at).map_or(1, |t| t.matches('\n').count() + 1);
        let place = format!("{}:{line}", self.source.path.safe());
        Error::new(Kind::Config, "read the theme").on(place).detail(what)
    }

    fn sheet(&mut self) -> Result<Sheet, Error> {
        // The text is copied so that the palette can be filled while the tree borrows it.
        let source = self.source.clone();
        let tree = Reader { source: &source, palette: BTreeMap::new() };
        let table = tree.table()?;
        let mut sheet = Sheet::default();
        if let Some(palette) = table.get("palette") {
            let at = palette.span().start;
            let palette =
                palette.get_ref().as_table().ok_or_else(|| self.error(at, "`palette` is a table"))?;
            for (name, value) in palette {
                let at = value.span().start;
                let paint = value.get_ref().as_str().and_then(Paint::parse);
                let paint = paint.ok_or_else(|| {
                    self.error(at, "not a colour: `#rrggbb`, 0 to 255, or one of the 16 names")
                })?;
                self.palette.insert(name.get_ref().to_string(), paint);
            }
        }
        for (key, value) in &table {
            let at = key.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("palette" | "description", _) => {}
                ("inherits", DeValue::String(name)) => sheet.inherits = Some(name.to_string()),
                ("background", DeValue::String(name)) => {
                    sheet.background = Some(self.paint(name).ok_or_else(|| self.error(at, "not a colour"))?);
                }
                ("roles", DeValue::Table(roles)) => self.roles(roles, &mut sheet)?,
                (other, _) => {
                    let what = format!("unknown or wrong: `{}`", Safe::of(other));
                    return Err(self.error(at, &what));
                }
            }
        }
        Ok(sheet)
    }

    fn roles(&self, table: &DeTable<'_>, sheet: &mut Sheet) -> Result<(), Error> {
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("ansi16", DeValue::Table(t)) => self.looks(t, "", &mut sheet.ansi16)?,
                ("mono", DeValue::Table(t)) => self.looks(t, "", &mut sheet.mono)?,
                (name, value) => {
                    let at = key.span().start;
                    self.look(name, value, at, &mut sheet.roles)?;
                }
            }
        }
        Ok(())
    }

    fn looks(
        &self,
        table: &DeTable<'_>,
        prefix: &str,
        out: &mut BTreeMap<String, Look>,
    ) -> Result<(), Error> {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            self.look(&name, value.get_ref(), key.span().start, out)?;
        }
        Ok(())
    }

    fn look(
        &self,
        name: &str,
        value: &DeValue<'_>,
        at: usize,
        out: &mut BTreeMap<String, Look>,
    ) -> Result<(), Error> {
        match value {
            DeValue::String(words) => {
                let prefix = format!("{name}.");
                if !Role::ALL.iter().any(|r| r.name() == name || r.name().starts_with(&prefix)) {
                    let what = format!("unknown role `{}`", Safe::of(name));
                    return Err(self.error(at, &what));
                }
                out.insert(name.to_owned(), self.words(words, at)?);
                Ok(())
            }
            DeValue::Table(table) => self.looks(table, &format!("{name}."), out),
            _ => Err(self.error(at, "a style is text, as in \"bold red on black\"")),
        }
    }

    fn words(&self, words: &str, at: usize) -> Result<Look, Error> {
        let mut look = Look::default();
        let mut behind = false;
        for word in words.split_whitespace() {
            match word {
                "on" => behind = true,
                "bold" => look.modifier |= Modifier::BOLD,
                "dim" => look.modifier |= Modifier::DIM,
                "reverse" => look.modifier |= Modifier::REVERSED,
                "underline" => look.modifier |= Modifier::UNDERLINED,
                "italic" => look.modifier |= Modifier::ITALIC,
                _ => {
                    let paint = self.paint(word).ok_or_else(|| {
                        let what = format!(
                            "`{}` is neither a colour of the palette nor a known word",
                            Safe::of(word)
                        );
                        self.error(at, &what)
                    })?;
                    let slot = if behind { &mut look.bg } else { &mut look.fg };
                    *slot = Some(paint);
                }
            }
        }
        Ok(look)
    }

    fn paint(&self, word: &str) -> Option<Paint> {
        self.palette.get(word).copied().or_else(|| Paint::parse(word))
    }
}
