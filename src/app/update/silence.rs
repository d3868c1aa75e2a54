//! Silences from the cockpit: which alert or silence is meant, what else must be asked for, and the plan that is opened.

use super::super::effect::Effects;
use super::super::input_line::Line;
use super::super::jumps;
use super::super::model::modal::{About, Modal, Silence};
use super::super::model::{Model, Shared};
use super::super::resolve::resolve_alert;
use super::super::views::{Env, View, alert, plan::PlanView, safe};
use super::{open, tell};
use crate::core::action::Action;
use crate::core::key::{Code, Key};
use crate::core::{Safe, Untrusted};
use crate::ops::Wanted;
use crate::ops::silence::{SilenceId, USUAL, Wish, line, spelled};
use crate::store::alerts::Alert;

/// The actions on silences: how the line of `:` calls them, and what else it asks for; nothing where the plan is opened
/// at once.
pub const TABLE: &[(Action, &str, &str)] = &[
    (Action::DoSilence, "silence", "how long, matchers, and why: 2h pod=~\"a.*\" rolling back"),
    (Action::DoSilenceExtend, "silence-extend", "how long from now: 2h"),
    (Action::DoSilenceExpire, "silence-expire", ""),
];

fn entry(action: Action) -> Option<(&'static str, &'static str)> {
    TABLE.iter().find(|(a, ..)| *a == action).map(|(_, name, hint)| (*name, *hint))
}

/// Returns the action of a name in the line of `:`.
pub fn named(name: &str) -> Option<Action> {
    TABLE.iter().find(|(_, n, _)| *n == name).map(|(action, ..)| *action)
}

/// Returns the Alertmanager that is asked about an alert: of those that have it the first that answers.
fn manager(shared: &Shared, alert: &Alert) -> Option<Untrusted> {
    let silent = |name: &Untrusted| {
        shared.alerts.known.places.iter().any(|(place, error)| place == name && error.is_some())
    };
    let mut all = alert.managers();
    let first = all.clone().next()?;
    Some(all.find(|name| !silent(name)).unwrap_or(first).clone())
}

/// Returns what an action is about on the selected row or page.
///
/// # Errors
/// Why it is about nothing.
fn about(model: &Model, action: Action) -> Result<About, String> {
    let subject = jumps::subject(model);
    if let Some((at, id)) = subject.silence.filter(|_| action != Action::DoSilence) {
        let text = Safe::of(&format!("silence {}", id.short()));
        return Ok(About { text, at, usual: Vec::new(), ids: vec![id] });
    }
    let found = subject.alert.and_then(|fingerprint| alert::find(&model.shared, fingerprint));
    let alert = found.ok_or("the row is about no alert that is known now")?;
    if let Some(other) = resolve_alert(alert, &model.shared).elsewhere {
        return Err(format!("it is of cluster {other}, which this session does not see: act on it there"));
    }
    let at = manager(&model.shared, alert).ok_or(
        "no Alertmanager has it yet: only its rule tells of it, and silences are the Alertmanager's",
    )?;
    let ids: Vec<SilenceId> = alert.silenced_by.iter().filter_map(|id| SilenceId::parse(id.raw())).collect();
    match (action, ids.len()) {
        (Action::DoSilence, _) | (Action::DoSilenceExpire, 1..) | (Action::DoSilenceExtend, 1) => {}
        (_, 0) => return Err("no silence hides it".to_owned()),
        (_, many) => return Err(format!("{many} silences hide it: `:silences` shows them")),
    }
    let text = safe(alert.name());
    Ok(About { text, at, usual: line::identity(&alert.labels), ids })
}

/// Returns why an action on silences can't be done here, before any Alertmanager is asked.
pub fn unavailable(model: &Model, action: Action) -> Option<String> {
    entry(action)?;
    about(model, action).err()
}

/// Does an action on silences. Returns whether it is one.
pub fn act(model: &mut Model, action: Action, env: &Env, effects: &mut Effects) -> bool {
    let Some((name, hint)) = entry(action) else { return false };
    let about = match about(model, action) {
        Ok(about) => about,
        Err(why) => {
            tell(model, &format!("{name}: {why}"), false, env, effects);
            return true;
        }
    };
    let offered = match action {
        Action::DoSilence => format!("{USUAL} {} ", spelled(&about.usual)),
        _ => String::new(),
    };
    if hint.is_empty() {
        let made = wish(action, "", &about);
        begin(model, action, Some(about.at), made, env, effects);
    } else {
        let line = Line::new(&offered);
        model.modal = Some(Modal::Silence(Silence { action, about, line, hint, mistake: None }));
    }
    true
}

/// Does an action that was typed with what it asks for: `silence 2h rolling back`.
pub fn typed(model: &mut Model, action: Action, rest: &str, env: &Env, effects: &mut Effects) {
    if rest.trim().is_empty() {
        act(model, action, env, effects);
        return;
    }
    match about(model, action) {
        // Ids that are typed are those that are meant, whatever is selected.
        found if action == Action::DoSilenceExpire => {
            let made = ids(rest).map(|ids| Wish::Expire { ids });
            begin(model, action, found.ok().map(|about| about.at), made, env, effects);
        }
        Ok(about) => {
            let made = wish(action, rest, &about);
            begin(model, action, Some(about.at), made, env, effects);
        }
        Err(_) => {
            act(model, action, env, effects);
        }
    }
}

/// Reads the ids of silences.
fn ids(typed: &str) -> Result<Vec<SilenceId>, String> {
    let one = |word: &str| {
        SilenceId::parse(word).ok_or_else(|| {
            format!("`{word}` is no silence's id: it takes whole ids, or none for what is selected")
        })
    };
    typed.split_whitespace().map(one).collect()
}

/// Makes the wish of an action from what was typed for it.
fn wish(action: Action, typed: &str, about: &About) -> Result<Wish, String> {
    match (action, &about.ids[..]) {
        (Action::DoSilence, _) => line::read(typed, &about.usual).map(Wish::Add),
        (Action::DoSilenceExtend, [id]) => {
            Ok(Wish::Extend { id: id.clone(), length: line::length(typed.trim())? })
        }
        (Action::DoSilenceExtend, _) => Err("one silence at a time lasts longer".to_owned()),
        (_, found) if typed.trim().is_empty() => Ok(Wish::Expire { ids: found.to_vec() }),
        _ => ids(typed).map(|ids| Wish::Expire { ids }),
    }
}

/// Opens the plan. What is wrong with what was typed is told.
fn begin(
    model: &mut Model,
    action: Action,
    at: Option<Untrusted>,
    made: Result<Wish, String>,
    env: &Env,
    effects: &mut Effects,
) {
    match made {
        Ok(wish) => {
            let wanted = Wanted::Silence { at, wish };
            open(model, View::Plan(PlanView::new(wanted)), env, effects);
        }
        Err(why) => {
            let name = entry(action).map_or("", |(name, _)| name);
            tell(model, &format!("{name}: {why}"), true, env, effects);
        }
    }
}

/// A key for the line that asks.
pub fn key(model: &mut Model, key: Key, env: &Env, effects: &mut Effects) {
    let Some(Modal::Silence(asked)) = &mut model.modal else { return };
    if key.code != Code::Enter {
        asked.mistake = None;
        asked.line.key(key);
        return;
    }
    let typed = asked.line.text().to_owned();
    match wish(asked.action, &typed, &asked.about) {
        Err(why) => asked.mistake = Some(why),
        made => {
            let (action, at) = (asked.action, asked.about.at.clone());
            model.modal = None;
            begin(model, action, Some(at), made, env, effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_typed_are_the_ids_and_anything_else_is_a_mistake() {
        const ONE: &str = "8d6b6a2e-0000-4000-8000-00000000000a";
        const OTHER: &str = "8d6b6a2e-0000-4000-8000-00000000000b";
        let id = |text: &str| SilenceId::parse(text).unwrap();
        assert_eq!(ids(&format!(" {ONE}  {OTHER} ")), Ok(vec![id(ONE), id(OTHER)]));
        for typed in ["x", "8d6b6a2e", &format!("{ONE} x"), "../status"] {
            assert!(ids(typed).unwrap_err().contains("is no silence's id"), "{typed}");
        }
        let about = About { text: Safe::own(""), at: "am".into(), usual: Vec::new(), ids: vec![id(ONE)] };
        let of = |typed: &str| wish(Action::DoSilenceExpire, typed, &about);
        assert_eq!(of(" "), Ok(Wish::Expire { ids: vec![id(ONE)] }));
        assert_eq!(of(OTHER), Ok(Wish::Expire { ids: vec![id(OTHER)] }));
        assert!(of("all").is_err());
    }

    #[test]
    fn every_action_on_silences_has_its_row() {
        let all = Action::TABLE.iter().filter(|i| i.name.starts_with("do.silence"));
        let names: Vec<&str> = all.map(|i| i.name.trim_start_matches("do.")).collect();
        assert_eq!(names.len(), TABLE.len());
        for name in names {
            assert!(named(name).is_some(), "{name}");
        }
    }
}
