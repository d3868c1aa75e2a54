//! `docs/keys.md`: every action, where it applies, and its keys in the keymaps that come with deckwatch.

use super::{code, opening, table};
use crate::app::input::Keymap;
use crate::app::input::keymap::BUILT_IN;
use crate::core::action::{Action, Context, Info, Need, Risk};
use crate::core::{Error, Kind, Result};

const ABOUT: &str = "\
Every action, where it applies and its keys in the three keymaps that come with deckwatch. A keymap is chosen by
`keymap` in `config.toml`; a file of its own in the configuration's `keymaps/` folder may inherit from one of these and
say what differs, as `keymaps/vim.toml` does. Keys of a chord are typed one after another; a box with the endings
appears after 300 ms.

Keys are looked up in the view's own context first, then in `list` (views with rows), then in `global`; in a plan only
the plan's own keys work. Nothing destructive is a single key. What writes opens a plan first.

In text lines (`:`, `/`, `@`) the keys type; `esc` leaves them, `enter` takes what is typed, and in `:` the arrows choose
among the candidates and `tab` takes one.";

/// The sections, by the first part of the actions' names.
const SECTIONS: [(&str, &str); 12] = [
    ("app", "Everywhere"),
    ("moment", "The moment"),
    ("list", "Rows and lines"),
    ("go", "Jumps, carrying object and moment"),
    ("alert", "Alerts"),
    ("object", "Objects"),
    ("logs", "Logs"),
    ("page", "Pages"),
    ("release", "Releases"),
    ("plan", "Plans"),
    ("do", "What is done to objects"),
    ("journal", "The journal"),
];

/// Returns the reference.
pub fn markdown() -> Result<String> {
    let mut keymaps = Vec::new();
    for (name, _) in BUILT_IN {
        let keymap = Keymap::load(name, &|_| None)
            .map_err(|m| Error::new(Kind::Internal, "read the keymap").on(name).detail(m.join("\n")))?;
        keymaps.push(keymap);
    }
    let mut out = opening("Keys", "`actions!` and `keymaps/`", ABOUT);
    let section = |info: &Info| info.name.split('.').next().unwrap_or("");
    if let Some(lost) = Action::TABLE.iter().find(|i| !SECTIONS.iter().any(|(p, _)| *p == section(i))) {
        return Err(Error::new(Kind::Internal, "list the actions")
            .on(lost.name)
            .detail("its name begins with no known section"));
    }
    for (prefix, title) in SECTIONS {
        out.push_str(&format!("\n## {title}\n\n"));
        let rows = Action::TABLE.iter().filter(|i| section(i) == prefix).map(|info| {
            let mut keys = keymaps.iter().map(|map| chords(map, info));
            let [default, vim, k9s] = [(); 3].map(|()| keys.next().unwrap_or_default());
            [code(info.name), info.doc.to_owned(), places(info), needs(info), default, vim, k9s]
        });
        out.push_str(&table(["Action", "What it does", "Where", "Needs", "default", "vim", "k9s"], rows));
    }
    Ok(out)
}

fn places(info: &Info) -> String {
    info.contexts.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")
}

fn needs(info: &Info) -> String {
    match (info.need, info.risk) {
        (Need::None, _) => "nothing".to_owned(),
        (Need::Read, _) => "reads".to_owned(),
        (Need::Write, Risk::Safe) => "writes, through a plan".to_owned(),
        (Need::Write, Risk::Disruptive) => "writes, through a plan; disruptive".to_owned(),
        (Need::Write, Risk::Destructive) => "writes, through a plan; destructive".to_owned(),
    }
}

/// Returns the chords of an action wherever it applies, each once.
fn chords(map: &Keymap, info: &Info) -> String {
    let mut all: Vec<String> = Vec::new();
    for context in info.contexts {
        let below = Context::ALL.into_iter().filter(|c| *context == Context::List && c.has_rows());
        for context in std::iter::once(*context).chain(below) {
            for keys in map.all_keys_of(context, info.action) {
                if !all.contains(&keys) {
                    all.push(keys);
                }
            }
        }
    }
    if all.is_empty() { "–".to_owned() } else { all.iter().map(|k| code(k)).collect::<Vec<_>>().join(" ") }
}
