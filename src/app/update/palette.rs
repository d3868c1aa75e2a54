//! The line of `:`: what it may become, found by the letters that were typed, and its keys.
//!
//! Owns completion; what a whole line does is `command`'s. Candidates are views, kinds, commands, the actions
//! that work here, and namespaces after a view.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::super::effect::Effects;
use super::super::input_line::Line;
use super::super::model::modal::{Candidate, GoTo};
use super::super::model::{Modal, Model};
use super::super::views::{Env, View};
use super::command;
use crate::core::action::{Action, Context};
use crate::core::key::{Code, Key};
use crate::core::{Name, Resource};
use crate::store::objects::Object;

/// The most candidates that are kept.
const MOST: usize = 200;

/// One that can be typed: its names, the first of which is put in place, and what it is.
struct Known {
    names: Vec<String>,
    doc: String,
    more: bool,
}

impl Known {
    fn new(name: &str, aliases: &[&str], doc: String, more: bool) -> Self {
        let names = std::iter::once(name).chain(aliases.iter().copied()).map(str::to_owned).collect();
        Self { names, doc, more }
    }
}

/// Opens the line.
pub fn open(model: &mut Model, env: &Env) {
    let goto = GoTo { line: Line::new(""), found: Vec::new(), at: None, exact: false };
    model.modal = Some(Modal::GoTo(goto));
    refresh(model, env);
}

/// Finds anew what the line may become.
pub fn refresh(model: &mut Model, env: &Env) {
    let Some(Modal::GoTo(goto)) = &model.modal else { return };
    let text = goto.line.text().to_owned();
    let found = candidates(model, &text, env);
    let exact = command::knows(model, &text);
    if let Some(Modal::GoTo(goto)) = &mut model.modal {
        goto.found = found;
        goto.at = None;
        goto.exact = exact;
    }
}

/// Handles a key in the line.
pub fn key(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let Some(Modal::GoTo(goto)) = &mut model.modal else { return };
    let count = goto.found.len();
    match key.code {
        Code::Down if count > 0 => goto.at = Some(goto.at.map_or(0, |at| (at + 1) % count)),
        Code::Up if count > 0 => goto.at = Some(goto.at.map_or(count - 1, |at| (at + count - 1) % count)),
        Code::Down | Code::Up => {}
        Code::Tab => {
            if let Some(taken) = goto.found.get(goto.at.unwrap_or(0)).cloned() {
                take(&mut goto.line, &taken);
                refresh(model, env);
            }
        }
        Code::Enter => {
            if let Some(taken) = goto.chosen().and_then(|at| goto.found.get(at)).cloned() {
                take(&mut goto.line, &taken);
                if taken.more {
                    return refresh(model, env);
                }
            }
            let text = goto.line.text().trim().to_owned();
            model.modal = None;
            command::run(model, &text, env, effects);
        }
        _ => {
            if goto.line.key(key) {
                refresh(model, env);
            }
        }
    }
}

/// Puts a candidate in the last word's place.
fn take(line: &mut Line, taken: &Candidate) {
    let text = line.text();
    let head = text.rfind(' ').map_or("", |at| text.get(..=at).unwrap_or(""));
    let tail = if taken.more { " " } else { "" };
    let whole = format!("{head}{}{tail}", taken.text);
    line.set(&whole);
}

/// Returns what the last word may become, the likeliest first.
pub fn candidates(model: &Model, text: &str, env: &Env) -> Vec<Candidate> {
    let words: Vec<&str> = text.split(' ').collect();
    let (word, before) = words.split_last().map_or(("", [].as_slice()), |(last, head)| (*last, head));
    let known = match before.first() {
        None => commands(model, env),
        Some(first) if before.len() == 1 && (*first == "ns" || View::open(first).is_some()) => {
            namespaces(model)
        }
        Some(_) => Vec::new(),
    };
    rank(&known, word)
}

/// Returns which of some names, each with what it is, are meant by what was typed, the likeliest first.
pub fn matching(known: &[(String, String)], typed: &str) -> Vec<Candidate> {
    let known: Vec<Known> =
        known.iter().map(|(name, doc)| Known::new(name, &[], doc.clone(), false)).collect();
    rank(&known, typed.trim())
}

fn rank(known: &[Known], word: &str) -> Vec<Candidate> {
    let plain = |k: &Known| {
        let text = k.names.first().cloned().unwrap_or_default();
        Candidate { text, doc: k.doc.clone(), hits: Vec::new(), more: k.more }
    };
    if word.is_empty() {
        return known.iter().take(MOST).map(plain).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::new(word, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut scored: Vec<(u8, u32, Candidate)> = Vec::new();
    for one in known {
        let mut best: Option<(u8, u32, Vec<u32>)> = None;
        for (i, name) in one.names.iter().enumerate() {
            let (mut buffer, mut hits) = (Vec::new(), Vec::new());
            let Some(score) = pattern.indices(Utf32Str::new(name, &mut buffer), &mut matcher, &mut hits)
            else {
                continue;
            };
            // What was typed whole comes first, the name itself before another's alias; then what begins with it.
            let class = match (name == word, i) {
                (true, 0) => 3,
                (true, _) => 2,
                (false, _) => u8::from(name.starts_with(word)),
            };
            hits.sort_unstable();
            let found = (class, score, if i == 0 { hits } else { Vec::new() });
            if best.as_ref().is_none_or(|b| (b.0, b.1) < (found.0, found.1)) {
                best = Some(found);
            }
        }
        if let Some((class, score, hits)) = best {
            scored.push((class, score, Candidate { hits, ..plain(one) }));
        }
    }
    // Stable: of equal ones the table's order stays.
    scored.sort_by_key(|(class, score, _)| std::cmp::Reverse((*class, *score)));
    scored.into_iter().take(MOST).map(|(.., c)| c).collect()
}

fn commands(model: &Model, env: &Env) -> Vec<Known> {
    let views = View::TABLE.iter().filter(|e| e.opens.is_some());
    let mut out: Vec<Known> = views.map(|e| Known::new(e.name, e.aliases, e.doc.to_owned(), false)).collect();
    out.extend(Resource::ALL.into_iter().map(|r| {
        let n = r.names();
        Known::new(n.plural, n.aliases, format!("Objects of kind {}.", n.kind), false)
    }));
    out.extend(
        command::WORDS.iter().map(|(name, doc, more)| Known::new(name, &[], (*doc).to_owned(), *more)),
    );
    let context = model.nav.top().view.pane().context();
    out.extend(Action::TABLE.iter().filter(|i| applies(i.action, context)).map(|i| {
        let keys = env.keymap.keys_of(context, i.action).map_or_else(String::new, |k| format!("{k}  "));
        Known::new(i.name, &[], format!("{keys}{}", i.doc), false)
    }));
    out
}

/// Returns whether an action works in a view of that context.
pub fn applies(action: Action, context: Context) -> bool {
    let contexts = action.info().contexts;
    contexts.contains(&context)
        || contexts.contains(&Context::Global)
        || (context.has_rows() && contexts.contains(&Context::List))
}

/// Returns the namespaces that are known: those of the digits first.
fn namespaces(model: &Model) -> Vec<Known> {
    let shared = &model.shared;
    let mut names: Vec<Name> = shared.session.recent.clone();
    let seen = [Resource::Namespace, Resource::Pod, Resource::Deployment, Resource::Service];
    let mut others: Vec<&str> = seen
        .iter()
        .flat_map(|r| shared.cluster.of(*r).iter())
        .map(|o| if let Object::Namespace(_) = o { o.name() } else { o.namespace() })
        .filter(|n| !n.is_empty())
        .collect();
    others.sort_unstable();
    others.dedup();
    names.extend(others.into_iter().filter_map(Name::new));
    let mut out: Vec<Known> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        if out.iter().any(|k| k.names.first().is_some_and(|n| n == name.as_str())) {
            continue;
        }
        let recent = i < shared.session.recent.len();
        let doc = if recent { format!("key {}", i + 1) } else { String::new() };
        out.push(Known::new(name.as_str(), &[], doc, false));
    }
    out.push(Known::new("all", &["*"], "All namespaces.".to_owned(), false));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(names: &[(&str, &[&str])], word: &str) -> Vec<String> {
        let known: Vec<Known> = names.iter().map(|(n, a)| Known::new(n, a, String::new(), false)).collect();
        rank(&known, word).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn letters_in_order_find_a_name_and_what_was_typed_whole_comes_first() {
        let names: &[(&str, &[&str])] = &[
            ("deployments", &["deploy", "dp"]),
            ("releases", &["helm"]),
            ("replicasets", &["rs"]),
            ("services", &["svc"]),
        ];
        assert_eq!(ranked(names, "dpl"), ["deployments"]);
        assert_eq!(ranked(names, "rs").first().map(String::as_str), Some("replicasets"));
        assert_eq!(ranked(names, "helm"), ["releases"]);
        assert_eq!(ranked(names, "zz"), Vec::<String>::new());
        assert_eq!(ranked(names, "").len(), 4);
    }

    #[test]
    fn the_characters_that_were_typed_are_told_of_the_name_itself_only() {
        let known = [Known::new("deployments", &["deploy"], String::new(), false)];
        assert_eq!(rank(&known, "dpl").first().map(|c| c.hits.clone()), Some(vec![0, 2, 3]));
    }

    #[test]
    fn a_candidate_takes_the_place_of_the_last_word() {
        let mut line = Line::new("pods mom");
        take(&mut line, &Candidate { text: "momo-store".to_owned(), ..Candidate::default() });
        assert_eq!(line.text(), "pods momo-store");
        let mut line = Line::new("n");
        take(&mut line, &Candidate { text: "ns".to_owned(), more: true, ..Candidate::default() });
        assert_eq!(line.text(), "ns ");
    }
}
