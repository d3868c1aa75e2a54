//! Silences under the same conditions, at the real Alertmanager behind a proxy.

use std::process::Command;

use serde_json::{Value, json};

use super::Seen;
use super::conditions::Condition;
use crate::proxy::{Recorder, Script, Then};
use crate::stand::{User, http, printed, tool, variable};

/// An action on silences: its name, its command, and what it sends.
pub const ROWS: [(&str, &str, &str); 3] = [
    ("silence", "silence add alertname=NAME -d 2h -c why", "POST /api/v2/silences"),
    ("silence-extend", "silence extend ID -d 5h", "POST /api/v2/silences"),
    ("silence-expire", "silence expire ID", "DELETE /api/v2/silence/ID"),
];

/// Why a cell can't occur.
fn never(name: &str, condition: Condition) -> Option<&'static str> {
    Some(match condition {
        Condition::Denied => "can't occur: it knows no rights",
        Condition::Replaced if name == "silence" => "can't occur: it makes a new one",
        Condition::Replaced => "can't occur: no id is given twice",
        Condition::Webhook => "can't occur: it has no admission",
        Condition::NoDryRun => "can't occur: it has none; what is hidden now is shown",
        _ => return None,
    })
}

/// What must come of it: the exit code, the writes, whether it is done, what is said, and the words of the table.
fn expected(condition: Condition) -> (i32, usize, bool, &'static str, &'static str) {
    match condition {
        Condition::Lost => (0, 1, true, "read back", "done, read back; sent once"),
        Condition::Changed => (1, 0, false, "nothing was sent", "failed: nothing sent"),
        Condition::NoJournal => (1, 0, false, "open the journal", "nothing sent"),
        Condition::ReadOnly => (0, 0, false, "", "the plan alone"),
        Condition::Locked => (1, 0, false, "locked", "refused"),
        Condition::Protected => (0, 1, true, "", "`--yes` is enough"),
        _ => (0, 1, true, "", "done"),
    }
}

fn amtool(args: &[&str]) -> String {
    let mut command = tool("amtool");
    printed(command.arg(format!("--alertmanager.url={}", variable("ALERTMANAGER_URL"))).args(args))
}

/// Returns the silences of an alert that are in force, as amtool tells them.
fn active(alert: &str) -> Vec<Value> {
    let text = amtool(&["silence", "query", "-o", "json", &format!("alertname={alert}")]);
    serde_json::from_str(&text).unwrap()
}

/// Lets alerts of a name fire at the Alertmanager.
fn fire(alert: &str, count: usize) {
    let one = |n| json!({ "labels": { "alertname": alert, "pod": format!("pod-{n}") } });
    let alerts = Value::Array((0..count).map(one).collect());
    http(&format!("{}/api/v2/alerts", variable("ALERTMANAGER_URL")), Some(&alerts));
}

/// What happens between plan and sending happens when it is looked at for the second time.
fn script(name: &'static str, condition: Condition, alert: &str, id: &str) -> Script {
    let (alert, id) = (alert.to_owned(), id.to_owned());
    let (mut looks, mut lost) = (0, false);
    Box::new(move |seen| {
        let looked = if name == "silence" {
            seen.path.ends_with("/api/v2/alerts")
        } else {
            seen.path.ends_with(&format!("/api/v2/silence/{id}")) && seen.method == http::Method::GET
        };
        looks += usize::from(looked);
        if condition == Condition::Changed && looked && looks == 2 {
            if name == "silence" {
                // Far more than the plan has shown.
                fire(&alert, 20);
            } else {
                amtool(&["silence", "update", "-d", "9h", &id]);
            }
        }
        if condition == Condition::Lost && seen.mutates() && !lost {
            lost = true;
            return Then::Lose;
        }
        Then::Pass
    })
}

/// Tries an action on silences under every condition.
pub fn cells(name: &'static str) -> Vec<Result<Seen, String>> {
    let proxy = Recorder::before(&variable("ALERTMANAGER_URL"));
    Condition::ALL.into_iter().map(|condition| cell(&proxy, name, condition)).collect()
}

fn cell(proxy: &Recorder, name: &'static str, condition: Condition) -> Result<Seen, String> {
    if let Some(why) = never(name, condition) {
        return Ok(Seen { action: name, condition, words: why.to_owned() });
    }
    let alert = format!("Actions-{name}-{}", condition.slug());
    for old in active(&alert) {
        amtool(&["silence", "expire", old["id"].as_str().unwrap()]);
    }
    fire(&alert, 1);
    let id = match name {
        "silence" => String::new(),
        _ => amtool(&["silence", "add", &format!("alertname={alert}"), "-d", "2h", "-c", "before"])
            .trim()
            .to_owned(),
    };
    let before = active(&alert);
    proxy.follow(script(name, condition, &alert, &id));
    let (_, command, _) = ROWS.into_iter().find(|row| row.0 == name).unwrap();
    let command = command.replace("NAME", &alert).replace("ID", &id);
    let confirmed: &[&str] =
        if condition == Condition::ReadOnly { &["--plan"] } else { &["--write", "--yes"] };
    let folder = tempfile::tempdir().unwrap();
    let configuration = format!("[contexts.testbed]\n{}\n", condition.configuration());
    std::fs::write(folder.path().join("config.toml"), configuration).unwrap();
    let state = folder.path().join("state");
    if condition == Condition::NoJournal {
        std::fs::write(&state, "").unwrap();
    }
    let mut run = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
    run.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("HOME", folder.path());
    run.env("XDG_STATE_HOME", &state).env("DECKWATCH_CONFIG_DIR", folder.path());
    run.env("KUBECONFIG", User::Admin.kubeconfig()).env("ALERTMANAGER_URL", proxy.url());
    let output = run.args(command.split(' ')).args(confirmed).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    let after = active(&alert);
    let ends = |all: &[Value]| all.first().and_then(|s| s["endsAt"].as_str()).unwrap_or_default().to_owned();
    let done = match name {
        "silence" => after.len() == 1,
        "silence-extend" => after.len() == 1 && ends(&after) > ends(&before),
        _ => after.is_empty(),
    };
    // Somebody else's later end is none of ours.
    let done = done && condition != Condition::Changed;
    let (code, writes, wanted, says, words) = expected(condition);
    let is = (output.status.code().unwrap(), proxy.writes().len(), done);
    if is != (code, writes, wanted) || !text.contains(says) {
        return Err(format!(
            "{name} {condition:?}: code, writes, done are {is:?}, not {:?}, or it does not say `{says}`: {text}\n{:#?}",
            (code, writes, wanted),
            proxy.writes()
        ));
    }
    Ok(Seen { action: name, condition, words: words.to_owned() })
}
