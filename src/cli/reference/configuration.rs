//! `docs/configuration.md`: every setting, from the configuration's own types and `config.example.toml`.
//!
//! The types say which settings there are, the example what each means, its default or an example, and its
//! type. A setting that the example leaves out is an error.

use super::{code, opening, table};
use crate::config::{self, Section};
use crate::core::{Error, Kind, Result};

const EXAMPLE: &str = include_str!("../../../config.example.toml");

const ABOUT: &str = "\
`config.toml` is read from `$DECKWATCH_CONFIG_DIR`, else `$XDG_CONFIG_HOME/deckwatch`, else `~/.config/deckwatch`;
`deckwatch doctor` says which. Without it everything has its default, every context is protected, and the sources are
taken from the environment or found in the cluster. A mistake is told at its place with a hint: first what is no TOML or no
known key, then every wrong value at once.
[`config.example.toml`](../config.example.toml) is a file to begin with.";

/// One setting as the example has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    key: String,
    /// What it means.
    doc: String,
    /// The value that stands there.
    value: String,
    /// Whether that is the default; an example otherwise.
    default: bool,
}

/// Returns the reference.
pub fn markdown() -> Result<String> {
    let known = settings(EXAMPLE);
    let mut out = opening("Configuration", "the configuration's types and `config.example.toml`", ABOUT);
    for (section, title, about) in [
        (Section::General, "[general]", "Looks and keys."),
        (
            Section::Context,
            "[contexts.\"NAME\"]",
            "What holds for one context of the kubeconfig. One that is not named is protected.",
        ),
        (
            Section::Freeze,
            "[[freeze]]",
            "When nothing is to be changed: plans are refused then, whoever makes them. Windows are on days of the week \
             with clocks (`days`, `from`, `to`, `zone`), on dates (`from`, `until`, `zone`), or once (`start`, `end`); \
             there may be up to a hundred, and where any of them holds it is frozen. Where the host's clock and the API \
             server's are more than a minute apart, every context that has a freeze is frozen. Dates and times may also \
             be written without quotes, as TOML has them.",
        ),
        (
            Section::Source,
            "[[sources.prometheus]], [[sources.loki]], [[sources.alertmanager]]",
            "Where metrics, logs and alerts are; the three kinds have the same settings, and there may be up to \
             sixteen of each. A secret is `{ env = \"NAME\" }`, `{ file = \"path\" }`, \
             `{ command = [\"program\", \"argument\"] }`, or the text itself where `allow_plain_secrets` allows it.",
        ),
        (
            Section::Repository,
            "[[repositories]]",
            "Where charts come from, for `deckwatch release versions`, and where the pipelines are that made them; there may \
             be up to sixteen. They are asked directly, and only when they are asked for.",
        ),
    ] {
        out.push_str(&format!("\n## `{title}`\n\n{about}\n\n"));
        let mut rows = Vec::new();
        for key in config::keys(section) {
            let found = known.iter().find(|(of, s)| *of == section && s.key == key).map(|(_, s)| s);
            let setting = found.ok_or_else(|| {
                Error::new(Kind::Internal, "list the settings")
                    .on(key.clone())
                    .detail("config.example.toml does not tell of it")
            })?;
            let default = if setting.default { code(&setting.value) } else { "none".to_owned() };
            let example = if setting.default { String::new() } else { code(&setting.value) };
            rows.push([code(&key), kind(&setting.value).to_owned(), default, example, setting.doc.clone()]);
        }
        out.push_str(&table(["Setting", "Type", "Default", "Example", "Meaning"], rows));
    }
    Ok(out)
}

/// Returns the type of a value as it is written.
fn kind(value: &str) -> &'static str {
    match value.chars().next() {
        Some('"') => "text",
        Some('[') => "list of texts",
        Some('{') => "table",
        _ if matches!(value, "true" | "false") => "true or false",
        _ => "number",
    }
}

/// Reads the example: headings, and above each setting what it means. Settings in a row share what is said above
/// the first.
fn settings(text: &str) -> Vec<(Section, Setting)> {
    let mut out: Vec<(Section, Setting)> = Vec::new();
    let mut section = None;
    let mut doc = Vec::new();
    let mut fresh = false;
    for line in text.lines() {
        let (body, default) = match (line.strip_prefix("#: "), line.strip_prefix('#')) {
            (Some(example), _) => (example, false),
            (None, Some(rest)) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => (rest, true),
            (None, Some(comment)) => {
                if !std::mem::replace(&mut fresh, true) {
                    doc.clear();
                }
                doc.push(comment.trim().to_owned());
                continue;
            }
            (None, None) => (line, true),
        };
        if body.starts_with('[') {
            section = match body.trim_start_matches('[').split(['.', ']']).next() {
                Some("general") => Some(Section::General),
                Some("contexts") => Some(Section::Context),
                Some("sources") => Some(Section::Source),
                Some("repositories") => Some(Section::Repository),
                Some("freeze") => Some(Section::Freeze),
                _ => None,
            };
            doc.clear();
        } else if let (Some((key, value)), Some(section)) = (body.split_once(" = "), section) {
            let known = out.iter().any(|(of, s)| *of == section && s.key == key);
            if !known {
                let setting =
                    Setting { key: key.to_owned(), doc: doc.join(" "), value: value.to_owned(), default };
                out.push((section, setting));
            }
        }
        fresh = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_with_what_stands_above_them() {
        let text = "# about\n[general]\n# The colours:\n# a file.\n#theme = \"dark\"\n\n# Certificates.\n#: ca = \"a\"\n#: cert = \"b\"\n";
        let setting = |key: &str, doc: &str, value: &str, default| {
            let (key, doc, value) = (key.to_owned(), doc.to_owned(), value.to_owned());
            (Section::General, Setting { key, doc, value, default })
        };
        assert_eq!(
            settings(text),
            [
                setting("theme", "The colours: a file.", "\"dark\"", true),
                setting("ca", "Certificates.", "\"a\"", false),
                setting("cert", "Certificates.", "\"b\"", false),
            ]
        );
    }
}
