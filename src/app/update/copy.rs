//! The copy menu: what of the row can be put on the clipboard, made from what the row is about.
//!
//! Commands are written for a shell: what is no plain word is quoted. Nothing is run, and every text is `Safe`.

use super::super::effect::{Effect, Effects};
use super::super::model::modal::Copies;
use super::super::model::{Modal, Model};
use super::super::msg::Subject;
use super::super::resolve::resolve_alert;
use super::super::views::{Env, alert};
use super::{on_top, tell};
use crate::core::action::Action;
use crate::core::{Fingerprint, ObjectRef, Safe, Untrusted, num};
use crate::ops::What;
use crate::store::alerts::State;
use crate::store::columns;

/// Opens the menu, or says that there is nothing to copy.
pub fn open(model: &mut Model, env: &Env, effects: &mut Effects) {
    let rows = rows(model, env);
    if rows.is_empty() {
        return tell(model, "copy: the row has nothing to copy", false, env, effects);
    }
    model.modal = Some(Modal::Copy(Copies { rows, at: 0 }));
}

/// Copies a row of the menu and says so.
pub fn take(model: &mut Model, at: usize, env: &Env, effects: &mut Effects) {
    let Some(Modal::Copy(copies)) = &model.modal else { return };
    let Some((what, text)) = copies.rows.get(at).cloned() else { return };
    model.modal = None;
    tell(model, &format!("copied the {what}: {text}"), false, env, effects);
    effects.push(Effect::Copy(text));
}

/// Returns what can be copied, the plainest first.
fn rows(model: &mut Model, env: &Env) -> Vec<(&'static str, Safe)> {
    let subject = model.nav.top().view.pane().subject(&model.shared);
    let line = line(model, env);
    let mut rows: Vec<(&'static str, Safe)> = Vec::new();
    let mut add = |what: &'static str, text: &str| {
        let text = Safe::of(text);
        if !text.as_str().is_empty() && !rows.iter().any(|(_, known)| *known == text) {
            rows.push((what, text));
        }
    };
    if let Some(fingerprint) = subject.alert {
        of_alert(model, fingerprint, env, &mut add);
    } else if let Some(object) = &subject.object {
        add("name", object.name.as_str());
        add("uid", object.uid.0.as_str());
    }
    if let Some((namespace, name, revision)) = &subject.release {
        add("release", name.as_str());
        let number = revision.map(|n| format!(" --revision {n}")).unwrap_or_default();
        add("helm command", &format!("helm get all -n {namespace} {name}{number}"));
    }
    if let Some(line) = &line {
        add("line", line.as_str());
    }
    if let Some(object) = &subject.object {
        add("kubectl command", &kubectl(model, object));
    }
    if let Some(command) = logcli(model) {
        add("logcli command", &command);
    }
    if let Some(at) = subject.time {
        add("time", &at.rfc3339());
    }
    let status = status(model, &subject, env);
    add("status for a chat", &status);
    rows
}

/// Returns what the view itself copies of the row: a name, or a line whole.
fn line(model: &mut Model, env: &Env) -> Option<Safe> {
    let mut own = Effects::new();
    on_top(model, env, &mut own, |pane, cx| pane.act(Action::Copy, cx));
    own.into_iter().find_map(|e| if let Effect::Copy(text) = e { Some(text) } else { None })
}

fn of_alert(model: &Model, fingerprint: Fingerprint, env: &Env, add: &mut impl FnMut(&'static str, &str)) {
    let Some(alert) = alert::find(&model.shared, fingerprint) else { return };
    add("name", alert.name());
    add("fingerprint", &fingerprint.to_string());
    let labels: Vec<String> = alert.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    add("labels", &format!("{{{}}}", labels.join(", ")));
    add("runbook", alert.annotations.get("runbook_url").unwrap_or(""));
    add("link", alert.generator_url.raw());
    let word = match alert.state {
        State::Firing => "firing",
        State::Pending => "pending",
        State::Suppressed => "silenced",
    };
    let found = resolve_alert(alert, &model.shared);
    let mut text = format!("[{}] {} {word}", alert.severity(), alert.name());
    if let Some(began) = alert.began() {
        let zone = model.shared.session.zone;
        let clock = format!("{} {}", began.near(env.now, zone), zone.abbreviation(began));
        text.push_str(&format!(" for {} (since {clock})", num::age(env.now - began)));
    }
    text.push_str(&found.owner.map_or_else(String::new, |o| format!(": {o}")));
    text.push_str(&alert.value.map_or_else(String::new, |v| format!(", value {}", num::figures(v))));
    text.push_str(&format!(" on {}", model.shared.session.cluster.0.raw()));
    add("status for a chat", &text);
}

fn kubectl(model: &Model, object: &ObjectRef) -> String {
    let Some(resource) = object.resource() else { return String::new() };
    let place = if object.namespace.is_empty() { String::new() } else { format!(" -n {}", object.namespace) };
    let context = quoted(model.shared.session.cluster.0.raw());
    format!("kubectl --context {context}{place} get {} {} -o yaml", resource.names().plural, object.name)
}

/// Returns the command that asks Loki what this page asked last.
fn logcli(model: &Model) -> Option<String> {
    if model.nav.top().view.name() != "logs" {
        return None;
    }
    let last = model.shared.journal.iter().rev().find_map(|r| match &r.what {
        What::Logs { query, window } if query.as_str().starts_with('{') => Some((query, *window)),
        _ => None,
    });
    let (query, window) = last?;
    let (from, to) = (window.start.rfc3339(), window.end.rfc3339());
    Some(format!("logcli query --from={from} --to={to} --limit=5000 {}", quoted(query.as_str())))
}

/// Returns one line that tells others how the row's object or release is.
fn status(model: &Model, subject: &Subject, env: &Env) -> String {
    let on = model.shared.session.cluster.0.raw();
    if subject.alert.is_some() {
        return String::new();
    }
    if let Some(object) = &subject.object {
        let known = object.resource().map(|r| model.shared.cluster.of(r));
        let live = known.and_then(|k| k.named(object.namespace.as_str(), object.name.as_str()));
        let Some(live) = live else { return format!("{object} on {on}: not seen now") };
        let row = live.row();
        let cells = columns::columns(live.resource()).iter().zip(row.cells.iter());
        let told: Vec<String> = cells
            .filter(|(c, _)| !c.wide && c.name != "NAME")
            .map(|(c, cell)| format!("{} {}", c.name.to_lowercase(), cell.show(env.now, false)))
            .collect();
        let why = row.health.reason.as_str();
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        return format!("{object} on {on}: {}{why}; {}", row.health.word.as_str(), told.join(", "));
    }
    let Some((namespace, name, _)) = &subject.release else { return String::new() };
    let Some(release) = model.shared.release(namespace.as_str(), name.as_str()) else { return String::new() };
    let revision = release.latest().map_or(0, |r| r.number);
    format!("release {namespace}/{name} on {on}: revision {revision} {}", release.status())
}

/// Quotes a word for a shell, unless it is a plain one.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '=');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", Untrusted::from(text).safe().as_str().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("momo-demo"), "momo-demo");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("x'; rm -rf ~'"), "'x'\\''; rm -rf ~'\\'''");
        assert_eq!(quoted("{pod=\"x\"}"), "'{pod=\"x\"}'");
        assert_eq!(quoted(""), "''");
    }
}
