//! `config.toml`: its schema, and every mistake in it at once.
//!
//! Each section is read by itself, so that a mistake in one does not hide those of the others.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{Problem, Problems};
use super::schema::{ContextDe, FreezeDe, GeneralDe, RepositoryDe, SourceDe};
use super::{Base, Config, Context, General};
use crate::core::Zone;
use crate::store::health::SourceKind;

const MOST_SOURCES: usize = 16;
const KINDS: [(&str, SourceKind); 3] = [
    ("prometheus", SourceKind::Prometheus),
    ("loki", SourceKind::Loki),
    ("alertmanager", SourceKind::Alertmanager),
];
const SECTIONS: [&str; 5] = ["general", "contexts", "sources", "repositories", "freeze"];

/// Reads the text of a `config.toml`; `file` is the name that mistakes carry.
///
/// # Errors
/// Every mistake that was found.
pub fn parse(text: &str, file: &str, base: &Base) -> Result<Config, Problems> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, base, plain: false, problems: Vec::new() };
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        reader.problem(span, error.message().to_owned());
    }
    let mut config = Config::default();
    // A broken document is not read further: what it seems to say may be somebody else's line.
    if reader.problems.is_empty() {
        let mut sections = document.into_inner().into_iter().collect::<Vec<_>>();
        // `general` first, because it says whether secrets may stand in the others.
        sections.sort_by_key(|(name, _)| name.get_ref().as_ref() != "general");
        for (name, value) in sections {
            reader.section(&name, value, &mut config);
        }
    }
    config.sources.sort_by_key(|s| s.kind);
    let mut problems = reader.problems;
    problems.sort_by_key(|p| (p.line, p.column));
    if problems.is_empty() { Ok(config) } else { Err(Problems { file: file.to_owned(), all: problems }) }
}

/// Leaves out the text that a message repeats: it may be a secret in the wrong place.
fn without_text(message: &str) -> String {
    let parts = ["invalid type: string ", "invalid value: string "].iter().find_map(|start| {
        let (_, expected) = message.strip_prefix(start)?.rsplit_once("\", expected ")?;
        Some(format!("{}, expected {expected}", start.trim_end()))
    });
    parts.unwrap_or_else(|| message.to_owned())
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) base: &'a Base,
    /// Whether secrets may stand in the file.
    pub(super) plain: bool,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        let made = Problem::at(self.text, span, message);
        self.problems.push(made);
    }

    pub(super) fn hinted(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let made = Problem::at(self.text, span, message).hint(hint);
        self.problems.push(made);
    }

    fn section(&mut self, name: &Spanned<Cow<'a, str>>, value: Spanned<DeValue<'a>>, config: &mut Config) {
        match name.get_ref().as_ref() {
            "general" => {
                if let Some(general) = self.read(value).and_then(|de| self.general(de)) {
                    config.general = general;
                }
            }
            "contexts" => {
                for (name, value) in self.table(value) {
                    if let Some(de) = self.read::<ContextDe>(value) {
                        let context = Context {
                            protected: de.protected.unwrap_or(true),
                            readonly: de.readonly,
                            namespace: de.namespace,
                            clusters: de.clusters,
                        };
                        config.contexts.insert(name.into_inner().into_owned(), context);
                    }
                }
            }
            "sources" => self.sources(value, config),
            "repositories" => config.repositories = self.repositories(value),
            "freeze" => config.freezes = self.freezes(value),
            other => self.unknown(name.span(), "section", other, &SECTIONS),
        }
    }

    fn table(&mut self, value: Spanned<DeValue<'a>>) -> Vec<(Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => table.into_iter().collect(),
            other => {
                self.problem(span, format!("expected a table, found {}", other.type_str()));
                Vec::new()
            }
        }
    }

    pub(super) fn read<T: Deserialize<'a>>(&mut self, value: Spanned<DeValue<'a>>) -> Option<T> {
        let whole = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => Some(read),
            Err(error) => {
                let span = error.span().unwrap_or(whole);
                let message = error.message().to_owned();
                match unknown_field(&message) {
                    Some((field, known)) => self.unknown(span, "key", &field, &known),
                    None => self.problem(span, without_text(&message)),
                }
                None
            }
        }
    }

    fn unknown<S: AsRef<str>>(&mut self, span: Range<usize>, what: &str, found: &str, known: &[S]) {
        let hint = match closest(found, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are: {}", known.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")),
        };
        self.hinted(span, format!("unknown {what} `{found}`"), hint);
    }

    fn general(&mut self, de: GeneralDe) -> Option<General> {
        let defaults = General::default();
        self.plain = de.allow_plain_secrets;
        let zone = de.zone.as_ref().map_or(Some(defaults.zone), |name| Zone::parse(name.get_ref()));
        let Some(zone) = zone else {
            let span = de.zone.map_or(0..0, |name| name.span());
            self.hinted(span, "not a zone", "`local`, `UTC`, or a name such as `Europe/Moscow`");
            return None;
        };
        Some(General {
            theme: de.theme.unwrap_or(defaults.theme),
            keymap: de.keymap.unwrap_or(defaults.keymap),
            zone,
            context: de.context,
            log: de.log,
            allow_plain_secrets: de.allow_plain_secrets,
        })
    }

    fn sources(&mut self, value: Spanned<DeValue<'a>>, config: &mut Config) {
        for (name, list) in self.table(value) {
            let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == name.get_ref().as_ref()) else {
                let known: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
                self.unknown(name.span(), "kind of source", name.get_ref(), &known);
                continue;
            };
            let span = list.span();
            let DeValue::Array(items) = list.into_inner() else {
                self.hinted(
                    span,
                    "expected a list of sources",
                    format!("write [[sources.{}]]", name.get_ref()),
                );
                continue;
            };
            let mut names = BTreeSet::new();
            for (n, item) in items.into_iter().enumerate() {
                let whole = item.span();
                if n == MOST_SOURCES {
                    self.problem(whole, format!("more than {MOST_SOURCES} sources of one kind"));
                    break;
                }
                let Some(de) = self.read::<SourceDe>(item) else { continue };
                let default =
                    if n == 0 { name.get_ref().to_string() } else { format!("{}-{}", name.get_ref(), n + 1) };
                let at = de.name.as_ref().map_or_else(|| whole.clone(), Spanned::span);
                let source = self.source(*kind, default, de, whole);
                if !names.insert(source.name.clone()) {
                    self.problem(at, format!("a second source called `{}`", source.name));
                }
                config.sources.push(source);
            }
        }
    }
}

/// The kinds of sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `[general]`
    General,
    /// `[contexts."NAME"]`
    Context,
    /// `[[sources.KIND]]`
    Source,
    /// `[[repositories]]`
    Repository,
    /// `[[freeze]]`
    Freeze,
}

/// Returns the settings of a kind of section, as their type itself names them.
pub fn keys(section: Section) -> Vec<String> {
    fn told<T: serde::de::DeserializeOwned>() -> Vec<String> {
        let error = toml::from_str::<T>("no-such-setting = 0").err();
        error.and_then(|e| unknown_field(e.message())).map(|(_, known)| known).unwrap_or_default()
    }
    match section {
        Section::General => told::<GeneralDe>(),
        Section::Context => told::<ContextDe>(),
        Section::Source => told::<SourceDe>(),
        Section::Repository => told::<RepositoryDe>(),
        Section::Freeze => told::<FreezeDe>(),
    }
}

/// Takes the field and the known ones out of serde's message about an unknown field.
fn unknown_field(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

/// Returns the known word that is at most two typing mistakes away.
fn closest<'s, S: AsRef<str>>(found: &str, known: &'s [S]) -> Option<&'s str> {
    let near = known.iter().map(|k| (distance(found, k.as_ref()), k.as_ref()));
    near.min().filter(|(d, k)| *d <= 2 && *d < k.chars().count()).map(|(_, k)| k)
}

/// Returns how many characters must be added, removed or changed to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut next = vec![i + 1];
        for (y, (diagonal, above)) in b.iter().zip(row.iter().zip(row.iter().skip(1))) {
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
