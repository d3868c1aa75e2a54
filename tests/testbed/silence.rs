//! Silences at the real Alertmanager, beside the real amtool: each reads what the other has made.

use std::process::Command;

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::stand::{User, printed, tool, variable};

/// The name of an alert that never fires: nothing else is silenced.
const ALERT: &str = "DeckwatchSilenceTest";

/// Runs amtool.
fn amtool(args: &[&str]) -> Command {
    let mut command = tool("amtool");
    command.arg(format!("--alertmanager.url={}", variable("ALERTMANAGER_URL"))).args(args);
    command
}

/// Runs a subcommand of deckwatch on the stand's Alertmanager. Returns its exit code and what it printed.
fn deckwatch(home: &std::path::Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("HOME", home);
    command.env("KUBECONFIG", User::Admin.kubeconfig());
    for name in ["ALERTMANAGER_URL", "DECKWATCH_CONFIG_DIR"] {
        command.env(name, variable(name));
    }
    let output = command.args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Ends what a test that failed has left.
fn cleared() {
    let found = printed(&mut amtool(&["silence", "query", "-q", &format!("alertname={ALERT}")]));
    for id in found.lines().filter(|id| !id.is_empty()) {
        printed(&mut amtool(&["silence", "expire", id]));
    }
}

#[test]
fn what_one_makes_the_other_reads_extends_and_ends() {
    cleared();
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let (code, out, err) = deckwatch(home.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}\n{out}");
        out
    };
    let matchers = [format!("alertname={ALERT}"), "pod=~\"a.*|b\\\\.c\"".into(), "größe!=\"x y\"".into()];
    let mut add = vec!["silence", "add"];
    add.extend(matchers.iter().map(String::as_str));
    let ours =
        run(&[&add[..], &["-d", "2h", "-c", "by deckwatch", "-a", "vera", "--write", "--yes"]].concat());
    let ours = ours.split("made as ").nth(1).unwrap().get(..36).unwrap().to_owned();
    let theirs = printed(amtool(&add).args(["-d", "2h", "-c", "by amtool", "-a", "vera"]));
    let theirs = theirs.trim().to_owned();

    // Both tell of both alike.
    let told = json(&printed(&mut amtool(&["silence", "query", "-o", "json", &matchers[0]])));
    let listed = json(&run(&["silence", "list", "-o", "json", &matchers[0]]));
    let fields = ["id", "status", "matchers", "startsAt", "endsAt", "createdBy", "comment", "updatedAt"];
    let of_all = |list: &[Value]| -> Vec<Vec<Value>> {
        let mut all: Vec<Vec<Value>> =
            list.iter().map(|s| fields.iter().map(|field| s[*field].clone()).collect()).collect();
        all.sort_by_key(|fields| fields[0].to_string());
        all
    };
    assert_eq!(of_all(&told), of_all(&listed));
    let of = |id: &str| listed.iter().find(|s| s["id"] == id).unwrap();
    assert_eq!(of(&ours)["matchers"], of(&theirs)["matchers"]);
    assert_eq!(of(&ours)["createdBy"], of(&theirs)["createdBy"]);

    // A later end keeps the id, whoever gives it.
    for id in [&ours, &theirs] {
        let out = run(&["silence", "extend", id, "-d", "5h", "--write", "--yes"]);
        assert!(out.starts_with(&format!("silence {id}: lasts until ")), "{out}");
    }
    printed(&mut amtool(&["silence", "update", "-d", "9h", &ours]));
    let plan = run(&["silence", "extend", &ours, "-d", "20h", "--plan", "-o", "json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["silences"][0]["keeps_id"], true, "{plan}");

    let out = run(&["silence", "expire", &ours, &theirs, "--write", "--yes"]);
    assert_eq!(out.matches("has ended, read back").count(), 2, "{out}");
    let left = json(&printed(&mut amtool(&["silence", "query", "-o", "json", &matchers[0]])));
    assert_eq!(left, Vec::<Value>::new());
    let ended = json(&run(&["silence", "list", "--expired", "-o", "json", &matchers[0]]));
    assert!([&ours, &theirs].iter().all(|id| ended.iter().any(|s| s["id"] == id.as_str())), "{ended:?}");
}

#[test]
fn what_the_alertmanager_refuses_deckwatch_refuses_without_asking_it() {
    let home = tempfile::tempdir().unwrap();
    for matchers in [&["alertname=~.*"][..], &["a=", "b=~x|"]] {
        let refused = amtool(&["silence", "add", "-c", "x"]).args(matchers).output().unwrap();
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        let why = "at least one matcher must not match the empty string";
        assert!(!refused.status.success() && words.contains(why), "{matchers:?}: {words}");
        let add = [&["silence", "add", "-c", "x", "--plan"], matchers].concat();
        let (code, out, err) = deckwatch(home.path(), &add);
        assert_eq!((code, out.as_str()), (2, ""), "{matchers:?}: {err}");
        assert!(err.contains(why), "{err}");
    }
    // What only excludes is taken by both.
    let only = format!("alertname!={ALERT}");
    let (code, out, err) = deckwatch(home.path(), &["silence", "add", &only, "-c", "x", "--plan"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("its matchers only exclude"), "{out}");
}
