//! Every action under every condition, on the real API server: what comes of it, and how often something is sent.
//!
//! `docs/actions.md` is the table of what was seen; `UPDATE_ACTIONS=1` writes it anew. All actions are tried with
//! `DECKWATCH_FULL` only, else [`SAMPLE`]; `DECKWATCH_ACTIONS=label,drain` chooses some.

mod conditions;
mod page;
mod silences;
mod subjects;

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use conditions::Condition;
use subjects::{ACTIONS, Action, Subject};

use crate::proxy::Recorder;
use crate::stand::{User, apply, kubectl, tool, wait_until};

/// Where the objects are, and where every change is refused.
const NAMESPACE: &str = "actions";
const REFUSING: &str = "actions-refused";
const LIMIT: Duration = Duration::from_secs(60);
/// What is tried where nothing else is said: each kind of request, and the two that take several.
const SAMPLE: &str = "rollback,restart,undo,scale,delete,evict,drain,trigger,label";
/// How many actions are tried at the same time.
const AT_ONCE: usize = 3;

/// What came of one run.
#[derive(Clone, Debug)]
struct Ran {
    code: i32,
    /// What it printed, without what it complained of.
    out: String,
    text: String,
    writes: Vec<String>,
}

/// What came of an action under a condition.
#[derive(Clone, Debug)]
pub struct Seen {
    pub action: &'static str,
    pub condition: Condition,
    /// In words, for the table.
    pub words: String,
}

/// What must come of it.
struct Expected {
    code: i32,
    writes: usize,
    done: bool,
    says: &'static str,
    words: String,
}

fn expected(action: &Action, condition: Condition) -> Expected {
    let never =
        |code, says, words: &str| Expected { code, writes: 0, done: false, says, words: words.to_owned() };
    let sent = |says, words: &str| Expected {
        code: 0,
        writes: action.writes,
        done: true,
        says,
        words: words.to_owned(),
    };
    match (action.subject, condition) {
        (Subject::Release, Condition::Denied) => {
            return never(4, "list secrets", "denied: who may not read the records can't plan");
        }
        (Subject::Release, Condition::Replaced) => {
            return never(1, "", "failed: nothing sent (the release is made anew in between)");
        }
        (Subject::Release, Condition::Changed) => {
            return never(1, "", "failed: nothing sent (a new revision in between)");
        }
        (Subject::Release, Condition::Lost) => {
            return sent("read back", "done, its record read back; sent once");
        }
        _ => {}
    }
    match condition {
        Condition::Allowed => sent("", "done"),
        Condition::NoDryRun => sent("", "done; the plan says that nothing was tried"),
        Condition::Lost => sent("read back after", "done, read back; sent once"),
        Condition::Denied => never(4, "missing rights", "refused: which right is missing"),
        Condition::Replaced => never(1, "another object of the same name", "failed: nothing sent"),
        Condition::Changed => never(1, "it changed since the plan was made", "failed: nothing sent"),
        Condition::Webhook => never(1, "the house says no", "refused by the dry run"),
        Condition::NoJournal => never(1, "open the journal", "nothing sent"),
        Condition::ReadOnly => never(0, "", "the plan alone"),
        Condition::Locked => never(1, "locked", "refused"),
        Condition::Protected if action.safe => sent("", "`--yes` is enough"),
        Condition::Protected => sent("", "by the typed name alone"),
    }
}

/// One action with its proxies.
struct Bench<'a> {
    action: &'static Action,
    admin: &'a Recorder,
    reader: &'a Recorder,
}

impl Bench<'_> {
    fn run(&self, condition: Condition, namespace: &str, args: &[String]) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("[contexts.testbed]\n{}\n", condition.configuration());
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let state = folder.path().join("state");
        if condition == Condition::NoJournal {
            // A file in the folder's place: not even the administrator writes into it.
            std::fs::write(&state, "").unwrap();
        }
        let proxy = if condition == Condition::Denied { self.reader } else { self.admin };
        let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("LANG", "C.UTF-8");
        command.env("HOME", folder.path()).env("XDG_STATE_HOME", &state);
        command.env("KUBECONFIG", proxy.kubeconfig()).env("DECKWATCH_CONFIG_DIR", folder.path());
        command.env("KUBE_EDITOR", "sed -i 's/version: \"1\"/version: \"9\"/'");
        let before = proxy.writes().len();
        let output = command.args(["-n", namespace]).args(args).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let text = format!("{out}{err}");
        Ran { out, code: output.status.code().unwrap(), text, writes: proxy.writes().split_off(before) }
    }

    /// Tries the action under a condition. Returns what is wrong with what came of it.
    fn cell(&self, condition: Condition) -> Result<Seen, String> {
        let action = self.action;
        let namespace = if condition == Condition::Webhook { REFUSING } else { NAMESPACE };
        let name = name(action, condition);
        let proxy = if condition == Condition::Denied { self.reader } else { self.admin };
        proxy.follow(condition.script(action, namespace, &name));
        let before = action.now(namespace, &name).unwrap();
        let command: Vec<String> = action.command.iter().map(|w| w.replace("NAME", &name)).collect();
        let with = |more: &[&str]| {
            let more = more.iter().map(|m| (*m).to_owned());
            self.run(condition, namespace, &command.iter().cloned().chain(more).collect::<Vec<_>>())
        };
        let ran = match condition {
            Condition::ReadOnly => with(&["--plan"]),
            Condition::NoDryRun => {
                let planned = with(&["--plan", "-o", "json"]);
                let plan: serde_json::Value = serde_json::from_str(&planned.out).unwrap_or_default();
                let items = plan["items"].as_array().cloned().unwrap_or_default();
                if !items.iter().all(|i| i["preview"]["computed"].is_string()) || items.is_empty() {
                    return Err(format!(
                        "{}: the plan does not say that nothing was tried: {planned:?}",
                        action.name
                    ));
                }
                with(&["--write", "--yes"])
            }
            Condition::Protected if !action.safe => {
                let refused = with(&["--write", "--yes"]);
                if (refused.code, refused.writes.len()) != (1, 0) || !refused.text.contains("protected") {
                    return Err(format!("{} by --yes: {refused:?}", action.name));
                }
                with(&["--write", "--confirm", &name])
            }
            _ => with(&["--write", "--yes"]),
        };
        let after = action.now(namespace, &name);
        let done = (action.done)(&before, after.as_ref());
        let expected = expected(action, condition);
        let is = (ran.code, ran.writes.len(), done);
        let wanted = (expected.code, expected.writes, expected.done);
        // What was replaced is another object, whatever it looks like.
        let judged = condition != Condition::Replaced || !matches!(action.name, "delete" | "evict");
        let same = if judged { is == wanted } else { (is.0, is.1) == (wanted.0, wanted.1) };
        if !same || !ran.text.contains(expected.says) {
            return Err(format!(
                "{} {condition:?}: code, writes, done are {is:?}, not {wanted:?}, or it does not say `{}`: {ran:#?}",
                action.name, expected.says
            ));
        }
        Ok(Seen { action: action.name, condition, words: expected.words })
    }
}

fn name(action: &Action, condition: Condition) -> String {
    format!("{}-{}", action.name, condition.slug())
}

/// Makes what all actions are tried on.
fn make() {
    let namespace = |name: &str| serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    for name in [NAMESPACE, REFUSING] {
        apply(&namespace(name));
    }
    each(|action| {
        for condition in Condition::ALL {
            let namespace = if condition == Condition::Webhook { REFUSING } else { NAMESPACE };
            action.make(namespace, &name(action, condition));
        }
        for condition in Condition::ALL {
            let namespace = if condition == Condition::Webhook { REFUSING } else { NAMESPACE };
            action.settle(namespace, &name(action, condition));
        }
    });
}

/// Returns the actions that are tried.
fn tried() -> impl Iterator<Item = &'static Action> {
    let full = std::env::var_os("DECKWATCH_FULL").is_some();
    let only = std::env::var("DECKWATCH_ACTIONS").unwrap_or_else(|_| SAMPLE.to_owned());
    ACTIONS.iter().filter(move |a| full || only.split(',').any(|name| name == a.name))
}

/// Does something for every action that is tried, some at the same time.
fn each(work: impl Fn(&'static Action) + Sync) {
    let next = Mutex::new(tried());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(action) = next.lock().unwrap().next() else { return };
                    work(action);
                }
            });
        }
    });
}

#[test]
fn every_action_under_every_condition_ends_as_the_table_says() {
    conditions::allow();
    clean("--wait=true");
    make();
    conditions::refuse(REFUSING, "cordon-webhook");
    let (seen, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    each(|action| {
        let (admin, reader) = (Recorder::start(User::Admin), Recorder::start(User::Reader));
        let bench = Bench { action, admin: &admin, reader: &reader };
        for condition in Condition::ALL {
            match bench.cell(condition) {
                Ok(cell) => seen.lock().unwrap().push(cell),
                Err(why) => wrong.lock().unwrap().push(why),
            }
        }
    });
    conditions::allow();
    for (name, ..) in silences::ROWS {
        for cell in silences::cells(name) {
            match cell {
                Ok(cell) => seen.lock().unwrap().push(cell),
                Err(why) => wrong.lock().unwrap().push(why),
            }
        }
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
    page::compare(&seen.into_inner().unwrap());
    clean("--wait=false");
}

/// Takes away what the actions were tried on.
fn clean(wait: &str) {
    let nodes = ACTIONS.iter().filter(|a| a.object("").0 == "node");
    let nodes = nodes.flat_map(|a| Condition::ALL.map(|c| name(a, c))).collect::<Vec<_>>();
    let nodes =
        ["delete", "node", "--ignore-not-found", wait].into_iter().chain(nodes.iter().map(String::as_str));
    let nodes: Vec<&str> = nodes.collect();
    // The server needs a moment to forget a policy.
    wait_until(LIMIT, "the nodes to be gone", || {
        tool("kubectl").args(&nodes).output().unwrap().status.success().then_some(())
    });
    kubectl(["delete", "namespace", NAMESPACE, REFUSING, "--ignore-not-found", wait]);
}
