//! Keymaps: TOML files that bind keys and chords to actions, context by context.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::core::action::{Action, Context};
use crate::core::key::{Key, chord};

/// The keymaps that come with deckwatch.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("default", include_str!("../../../keymaps/default.toml")),
    ("vim", include_str!("../../../keymaps/vim.toml")),
    ("k9s", include_str!("../../../keymaps/k9s.toml")),
];

/// What a chord means so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An action.
    Action(Action),
    /// The beginning of longer chords.
    Pending,
    /// Nothing.
    Nothing,
}

/// Keys of every context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    contexts: BTreeMap<Context, BTreeMap<Vec<Key>, Action>>,
}

#[derive(Deserialize)]
struct File {
    inherits: Option<String>,
    #[serde(flatten)]
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl Keymap {
    /// Reads a keymap by name: `own` (a user's file of that name) or the built-in one.
    ///
    /// # Errors
    /// Every mistake found: unknown sections, keys and actions, with the nearest name; a chord that
    /// another key hides; a circle of `inherits`.
    pub fn load(name: &str, own: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut keymap = Self::default();
        let mut mistakes = Vec::new();
        keymap.layer(name, own, 0, &mut mistakes);
        keymap.hidden(&mut mistakes);
        if mistakes.is_empty() { Ok(keymap) } else { Err(mistakes) }
    }

    fn layer(
        &mut self,
        name: &str,
        own: &dyn Fn(&str) -> Option<String>,
        depth: u8,
        mistakes: &mut Vec<String>,
    ) {
        let built_in = || BUILT_IN.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).to_owned());
        // A user's file named like the one that it inherits from means the built-in one below it.
        let text = if depth > 0 { built_in().or_else(|| own(name)) } else { own(name).or_else(built_in) };
        let Some(text) = text else {
            mistakes.push(format!(
                "keymap `{name}`: no such keymap; there are {}",
                BUILT_IN.map(|(n, _)| n).join(", ")
            ));
            return;
        };
        let file: File = match toml::from_str(&text) {
            Ok(file) => file,
            Err(error) => return mistakes.push(format!("keymap `{name}`: {error}")),
        };
        if let Some(base) = &file.inherits {
            if depth >= 8 {
                return mistakes.push(format!("keymap `{name}`: `inherits` goes in a circle"));
            }
            self.layer(base, own, depth + 1, mistakes);
        }
        for (section, bindings) in &file.sections {
            let Some(context) = Context::parse(section) else {
                mistakes.push(format!("keymap `{name}`: unknown section `[{section}]`"));
                continue;
            };
            for (keys, action) in bindings {
                if let Err(mistake) = self.bind(context, keys, action) {
                    mistakes.push(format!("keymap `{name}`, [{section}]: {mistake}"));
                }
            }
        }
    }

    fn bind(&mut self, context: Context, keys: &str, action: &str) -> Result<(), String> {
        let parsed = Key::parse_chord(keys).ok_or_else(|| format!("`{keys}` is not a key"))?;
        let bindings = self.contexts.entry(context).or_default();
        if action == "unbound" {
            bindings.remove(&parsed);
            return Ok(());
        }
        let found = Action::parse(action).ok_or_else(|| {
            let hint = Action::nearest(action).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            format!("`{keys}`: unknown action `{action}`{hint}")
        })?;
        bindings.insert(parsed, found);
        Ok(())
    }

    /// Finds chords that can never be typed because their beginning is bound by itself.
    fn hidden(&self, mistakes: &mut Vec<String>) {
        for context in Context::ALL {
            let layers = layers(context);
            for (keys, action) in layers.iter().filter_map(|c| self.contexts.get(c)).flatten() {
                for cut in 1..keys.len() {
                    let head = keys.get(..cut).unwrap_or_default();
                    if let Some(by) = layers.iter().find_map(|c| self.contexts.get(c)?.get(head)) {
                        mistakes.push(format!(
                            "`{}` ({action}) can't be typed in [{}]: `{}` is {by}",
                            chord(keys),
                            context.name(),
                            chord(head)
                        ));
                    }
                }
            }
        }
    }

    /// Returns what a chord means in a view of this context.
    pub fn find(&self, context: Context, keys: &[Key]) -> Found {
        let layers = layers(context);
        if let Some(action) = layers.iter().find_map(|c| self.contexts.get(c)?.get(keys)) {
            return Found::Action(*action);
        }
        let longer = |known: &Vec<Key>| known.len() > keys.len() && known.starts_with(keys);
        if layers.iter().filter_map(|c| self.contexts.get(c)).any(|b| b.keys().any(longer)) {
            Found::Pending
        } else {
            Found::Nothing
        }
    }

    /// Returns every binding that works in a view of this context, nearest context first, each chord once.
    pub fn bindings(&self, context: Context) -> Vec<(Vec<Key>, Action)> {
        let mut out: Vec<(Vec<Key>, Action)> = Vec::new();
        for (keys, action) in layers(context).iter().filter_map(|c| self.contexts.get(c)).flatten() {
            if !out.iter().any(|(known, _)| known == keys) {
                out.push((keys.clone(), *action));
            }
        }
        out
    }

    /// Returns the chords that mean an action in a view of this context, shortest first.
    pub fn all_keys_of(&self, context: Context, action: Action) -> Vec<String> {
        let mut keys: Vec<_> =
            self.bindings(context).into_iter().filter(|(_, a)| *a == action).map(|(k, _)| k).collect();
        keys.sort_by_key(|k| (k.len(), chord(k).len()));
        keys.iter().map(|k| chord(k)).collect()
    }

    /// Returns the shortest chord that means an action in a view of this context.
    pub fn keys_of(&self, context: Context, action: Action) -> Option<String> {
        self.all_keys_of(context, action).into_iter().next()
    }
}

/// The contexts that apply in a view, nearest first. A plan's confirmation takes its keys before they come here.
fn layers(context: Context) -> Vec<Context> {
    match context {
        c if c.has_rows() && c != Context::List => vec![c, Context::List, Context::Global],
        c if c == Context::Global => vec![c],
        c => vec![c, Context::Global],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keymap(name: &str) -> Keymap {
        Keymap::load(name, &|_| None).unwrap()
    }

    fn find(map: &Keymap, context: Context, keys: &str) -> Found {
        map.find(context, &Key::parse_chord(keys).unwrap())
    }

    #[test]
    fn every_built_in_keymap_is_without_mistakes() {
        for (name, _) in BUILT_IN {
            assert_eq!(Keymap::load(name, &|_| None).err(), None, "{name}");
        }
    }

    #[test]
    fn every_bound_action_applies_where_it_is_bound() {
        for (name, _) in BUILT_IN {
            for (context, bindings) in &keymap(name).contexts {
                for (keys, action) in bindings {
                    let applies = action.info().contexts;
                    let ok = applies.contains(context)
                        || (*context == Context::List && applies.iter().any(|c| c.has_rows()));
                    assert!(ok, "{name}: {} in [{}] is {action}", chord(keys), context.name());
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_key_in_the_default_keymap_or_is_named_here() {
        let map = keymap("default");
        // What changes an object is chosen in the menu of `x` or typed, but for the restart: a key is too easily hit.
        let by_menu =
            |i: &&crate::core::action::Info| i.name.starts_with("do.") && i.action != Action::DoRestart;
        for info in Action::TABLE.iter().filter(|i| !by_menu(i)) {
            let bound = info.contexts.iter().any(|c| map.keys_of(*c, info.action).is_some());
            assert!(bound, "{} has no key", info.name);
        }
    }

    #[test]
    fn nothing_destructive_is_a_single_key_and_ctrl_k_and_delete_do_nothing() {
        for (name, context) in BUILT_IN.iter().flat_map(|(n, _)| Context::ALL.map(|c| (*n, c))) {
            let map = keymap(name);
            assert_eq!(find(&map, context, "ctrl-k"), Found::Nothing, "{name}");
            assert_eq!(find(&map, context, "delete"), Found::Nothing, "{name}");
            for (keys, action) in map.bindings(context) {
                assert!(
                    keys.len() > 1 || action.info().risk < crate::core::action::Risk::Destructive,
                    "{name}: {action}"
                );
            }
        }
    }

    #[test]
    fn a_key_means_one_thing_in_a_view_in_every_keymap() {
        let mut broken = Vec::new();
        for (name, _) in BUILT_IN {
            let map = keymap(name);
            for context in Context::ALL {
                let mut known: BTreeMap<&[Key], (Context, Action)> = BTreeMap::new();
                for layer in layers(context) {
                    for (keys, action) in map.contexts.get(&layer).into_iter().flatten() {
                        let before = known.entry(keys).or_insert((layer, *action));
                        if before.1 != *action {
                            let (keys, other) = (chord(keys), before.0.name());
                            let (context, layer) = (context.name(), layer.name());
                            broken.push(format!(
                                "{name}, in {context}: `{keys}` is {} by [{other}] and {action} by [{layer}]",
                                before.1
                            ));
                        }
                    }
                }
            }
        }
        assert_eq!(broken, Vec::<String>::new());
    }

    #[test]
    fn ctrl_d_moves_or_does_nothing_in_every_keymap() {
        for (name, _) in BUILT_IN {
            for context in Context::ALL {
                let expected = match context {
                    Context::Plan | Context::Global => Found::Nothing,
                    _ => Found::Action(Action::HalfDown),
                };
                assert_eq!(find(&keymap(name), context, "ctrl-d"), expected, "{name}, {}", context.name());
            }
        }
    }

    #[test]
    fn chords_wait_for_their_end() {
        let map = keymap("default");
        assert_eq!(find(&map, Context::Table, "g"), Found::Pending);
        assert_eq!(find(&map, Context::Table, "g l"), Found::Action(Action::GoLogs));
        assert_eq!(find(&map, Context::Table, "g x"), Found::Nothing);
        assert_eq!(find(&map, Context::Plan, "g l"), Found::Action(Action::GoLogs));
        assert_eq!(map.keys_of(Context::Table, Action::Down).as_deref(), Some("j"));
    }

    #[test]
    fn a_users_file_overrides_and_its_mistakes_are_all_told() {
        let own = |name: &str| {
            (name == "default").then(|| {
                "inherits = \"default\"\n[list]\n\"J\" = \"list.down\"\n\"j\" = \"unbound\"\n".to_owned()
            })
        };
        let map = Keymap::load("default", &own).unwrap();
        assert_eq!(find(&map, Context::Table, "j"), Found::Nothing);
        assert_eq!(find(&map, Context::Table, "J"), Found::Action(Action::Down));
        let bad = |_: &str| {
            Some("[lst]\n\"j\" = \"list.down\"\n[list]\n\"hyper-j\" = \"list.down\"\n\"j\" = \"list.dwn\"\n\"g\" = \"list.up\"\n\"g g\" = \"list.up\"\n".to_owned())
        };
        let mistakes = Keymap::load("mine", &bad).unwrap_err();
        assert!(mistakes.len() > 4, "{mistakes:#?}");
        assert!(mistakes.iter().any(|m| m.contains("did you mean `list.down`?")), "{mistakes:#?}");
        assert!(mistakes.iter().any(|m| m.contains("can't be typed")), "{mistakes:#?}");
    }
}
