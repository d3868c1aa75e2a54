//! Silences: what is planned, what confirms it, what is sent, what is told, and what is there afterwards.

use deckwatch_sim::alertmanager::faults::Lost;
use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::stand::Stand;

const ADD: &[&str] = &["silence", "add", "alertname=Backend5xxHigh", "--comment", "rolling back"];

/// Adds words to a command.
fn and<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// Makes a silence and returns its id.
fn made(stand: &Stand, args: &[&str]) -> String {
    let ran = stand.run(&and(args, &["--write", "--yes"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let id = ran.out.split("made as ").nth(1).and_then(|rest| rest.get(..36));
    id.unwrap_or_else(|| panic!("{}", ran.out)).to_owned()
}

fn silences(stand: &Stand) -> Vec<Value> {
    stand.json(&["silence", "list", "-o", "json"]).as_array().unwrap().clone()
}

fn writes(stand: &Stand) -> Vec<String> {
    stand.alertmanager_faults().writes()
}

#[test]
fn a_silence_is_planned_with_what_it_hides_and_sends_nothing() {
    let stand = Stand::shared();
    let plan = stand.json(&and(ADD, &["--duration", "2h", "--plan", "-o", "json"]));
    assert_eq!((&plan["schema"], &plan["action"]), (&"deckwatch.plan/1".into(), &"silence".into()));
    assert_eq!((&plan["alertmanager"], &plan["risk"]), (&"alertmanager".into(), &"safe".into()));
    assert_eq!(plan["reach"]["count"], 1, "{plan}");
    assert_eq!(plan["reach"]["alerts"][0]["labels"]["alertname"], "Backend5xxHigh");
    let matcher = serde_json::json!(
        {"name": "alertname", "value": "Backend5xxHigh", "isRegex": false, "isEqual": true}
    );
    assert_eq!(plan["silences"][0]["matchers"], serde_json::json!([matcher]));
    let text = stand.run(&and(ADD, &["--plan"]));
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.starts_with("Silence for 1h alertname=\"Backend5xxHigh\""), "{}", text.out);
    assert!(text.out.contains("hides now  1 alert: Backend5xxHigh"), "{}", text.out);
    let none = stand.run(&["silence", "add", "NoSuchAlert", "-c", "x", "--plan"]);
    assert!(none.out.contains("it hides nothing now"), "{}", none.out);
    let many = stand.json(&["silence", "add", "alertname=~.+", "-c", "x", "--plan", "-o", "json"]);
    assert_eq!(many["risk"], "disruptive");
    let notes = many["notes"].to_string();
    assert!(notes.contains("Watchdog is a dead-man's switch"), "{notes}");
    assert_eq!(writes(&stand), Vec::<String>::new());
}

#[test]
fn what_no_alertmanager_takes_and_what_is_not_confirmed_is_told_as_wrong_usage() {
    let stand = Stand::shared();
    for args in [
        &["silence", "add", "alertname=X", "--plan"][..],
        &["silence", "add", "alertname=X", "-c", " ", "--plan"],
        &["silence", "add", "-c", "x", "--plan"],
        &["silence", "add", "alertname=~.*", "-c", "x", "--plan"],
        &["silence", "add", "X", "two", "-c", "x", "--plan"],
        &["silence", "add", "X", "-c", "x", "--duration", "0s", "--plan"],
        &["silence", "add", "X", "-c", "x", "--duration", "soon", "--plan"],
        &["silence", "add", "X", "-c", "x"],
        &["silence", "add", "X", "-c", "x", "--write"],
        &["silence", "add", "X", "-c", "x", "--plan", "--source", "nowhere"],
        &["silence", "expire", "x", "--plan"],
        &["silence", "expire", "--plan"],
        &["silence", "extend", "00000000-0000-4000-8000-000000000000", "--plan"],
        &["silence", "list", "alertname"],
    ] {
        let ran = stand.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
    }
    // What the Alertmanager refuses is refused in its own words.
    let ran = stand.run(&["silence", "add", "a=~(", "-c", "x", "--plan"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("missing closing )"), "{}{}", ran.out, ran.err);
    let unknown = ["silence", "expire", "00000000-0000-4000-8000-000000000000", "--write", "--yes"];
    let ran = stand.run(&unknown);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("there is no such silence"), "{}", ran.err);
    assert_eq!(writes(&stand), Vec::<String>::new());
}

#[test]
fn a_silence_is_made_listed_extended_and_expired_each_by_one_request() {
    let stand = Stand::start(true);
    // A narrow one is safe: it asks for no name, in a protected context too.
    let id = made(&stand, &and(ADD, &["--author", "night shift"]));
    let list = silences(&stand);
    let one = &list[0];
    assert_eq!((list.len(), one["id"].as_str()), (1, Some(id.as_str())));
    assert_eq!((&one["createdBy"], &one["comment"]), (&"night shift".into(), &"rolling back".into()));
    assert_eq!(one["status"]["state"], "active");
    let alerts = stand.json(&["alerts", "-o", "json"]);
    let hidden = alerts.as_array().unwrap().iter().find(|a| a["labels"]["alertname"] == "Backend5xxHigh");
    assert_eq!(hidden.unwrap()["status"]["silencedBy"], serde_json::json!([id]));
    let table = stand.run(&["silence", "query"]);
    assert!(table.out.contains(&format!("{id}   active   alertname=\"Backend5xxHigh\"")), "{}", table.out);
    let again = stand.run(&and(ADD, &["--plan"]));
    assert!(again.out.contains("has the same matchers already"), "{}", again.out);
    assert!(again.out.contains("1 of them is silenced"), "{}", again.out);

    let shorter = stand.run(&["silence", "extend", &id, "-d", "30m", "--plan"]);
    assert_eq!(shorter.code, 1);
    assert!(shorter.out.contains("it lasts longer already"), "{}", shorter.out);
    let plan = stand.run(&["silence", "extend", &id, "-d", "3h", "--plan"]);
    assert!(plan.out.contains("changes it under its id"), "{}", plan.out);
    let ran = stand.run(&["silence", "extend", &id, "-d", "3h", "--write", "--yes"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.starts_with(&format!("silence {id}: lasts until ")), "{}", ran.out);
    let longer = silences(&stand);
    assert_eq!((longer.len(), &longer[0]["id"], &longer[0]["comment"]), (1, &one["id"], &one["comment"]));
    assert!(longer[0]["endsAt"].as_str() > one["endsAt"].as_str(), "{longer:?}");

    let plan = stand.run(&["silence", "expire", &id, "--plan"]);
    assert!(plan.out.contains("comes back 1 alert: Backend5xxHigh"), "{}", plan.out);
    let ran = stand.run(&["silence", "expire", &id, "--write", "--yes"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let ended = format!("silence {id}: has ended, read back (at alertmanager)");
    assert!(ran.out.starts_with(&ended), "{}", ran.out);
    assert_eq!(silences(&stand), Vec::<Value>::new());
    let ended = stand.json(&["silence", "list", "--expired", "-o", "json"]);
    assert_eq!((&ended[0]["id"], &ended[0]["status"]["state"]), (&one["id"], &"expired".into()));
    let twice = stand.run(&["silence", "expire", &id, "--write", "--yes"]);
    assert_eq!(twice.code, 1, "{}", twice.err);
    assert!(twice.err.contains("it has expired already"), "{}", twice.err);

    let post = "POST /api/v2/silences".to_owned();
    assert_eq!(writes(&stand), [post.clone(), post, format!("DELETE /api/v2/silence/{id}")]);
    // Nothing was sent to the cluster, and the journal tells all of it.
    assert_eq!(stand.writes(), Vec::<String>::new());
    let journal = stand.run(&["journal", "export"]);
    assert!(journal.out.contains("silence-expire"), "{}", journal.out);
}

#[test]
fn a_wide_silence_is_confirmed_by_name_where_the_context_is_protected() {
    let stand = Stand::start(true);
    let wide = ["silence", "add", "namespace=~.+", "-c", "maintenance"];
    for confirm in [&["--yes"][..], &["--confirm", "nope"]] {
        let ran = stand.run(&and(&wide, &and(&["--write"], confirm)));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{confirm:?}: {}", ran.err);
        assert!(ran.err.contains("the value of its first matcher, `.+`"), "{}", ran.err);
    }
    assert_eq!(writes(&stand), Vec::<String>::new());
    let ran = stand.run(&and(&wide, &["--write", "--confirm", ".+"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(writes(&stand).len(), 1);
}

#[test]
fn a_locked_context_and_a_journal_that_can_not_be_written_keep_everything_back() {
    let stand = Stand::start(false);
    let context = deckwatch_sim::stand::CONTEXT;
    let config = tempfile::tempdir().unwrap();
    let text = format!("[contexts.{context}]\nreadonly = \"locked\"\n");
    std::fs::write(config.path().join("config.toml"), text).unwrap();
    let folder = config.path().display().to_string();
    let write = and(ADD, &["--write", "--yes"]);
    let ran = stand.run_with(&write, &[("DECKWATCH_CONFIG_DIR", &folder)]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("locked"), "{}", ran.err);
    // A file stands where the journal's folder is to be.
    let state = config.path().join("state");
    std::fs::write(&state, "").unwrap();
    let ran = stand.run_with(&write, &[("XDG_STATE_HOME", &state.display().to_string())]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("open the journal"), "{}", ran.err);
    assert_eq!((writes(&stand), silences(&stand)), (Vec::new(), Vec::new()));
}

#[test]
fn a_lost_reply_is_read_back_and_never_sent_again() {
    let stand = Stand::start(false);
    stand.alertmanager_faults().lose_reply(Lost::Done);
    let ran = stand.run(&and(ADD, &["--write", "--yes"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("read back after the answer was 502"), "{}", ran.out);
    assert_eq!((writes(&stand).len(), silences(&stand).len()), (1, 1));
    stand.alertmanager_faults().lose_reply(Lost::NotDone);
    let ran = stand.run(&["silence", "add", "Other", "-c", "x", "--write", "--yes"]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("it is not there so far and may still arrive"), "{}", ran.err);
    assert_eq!((writes(&stand).len(), silences(&stand).len()), (2, 1));
}

#[test]
fn what_the_alertmanager_does_not_allow_ends_with_4_and_its_words() {
    let stand = Stand::start(false);
    stand.alertmanager_faults().answer_next(403, serde_json::json!("read only"));
    let ran = stand.run(&and(ADD, &["--write", "--yes"]));
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("refused (403): read only"), "{}", ran.err);
    stand.alertmanager_faults().answer_next(400, serde_json::json!("invalid silence: so"));
    let ran = stand.run(&and(ADD, &["--write", "--yes"]));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("refused (400): invalid silence: so"), "{}", ran.err);
    stand.alertmanager_faults().answer_next(500, serde_json::json!("disk full"));
    let ran = stand.run(&and(ADD, &["--write", "--yes"]));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("not done: read back after the Alertmanager answered 500"), "{}", ran.err);
    assert_eq!((writes(&stand).len(), silences(&stand).len()), (3, 0));
}

#[test]
fn of_several_alertmanagers_one_is_named_and_what_is_silent_is_a_part() {
    let stand = Stand::start(false);
    let both = format!("{},http://127.0.0.1:1", stand.alertmanager());
    let vars = [("ALERTMANAGER_URL", both.as_str())];
    let ran = stand.run_with(&and(ADD, &["--plan"]), &vars);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("--source NAME names one of alertmanager, alertmanager-2"), "{}", ran.err);
    let ran = stand.run_with(&and(ADD, &["--plan", "--source", "alertmanager"]), &vars);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("at         alertmanager http://127.0.0.1:"), "{}", ran.out);
    let ran = stand.run_with(&["silence", "list"], &vars);
    assert_eq!((ran.code, ran.out.as_str()), (3, "no silences\n"), "{}", ran.err);
}

#[test]
fn a_silence_through_the_api_server_needs_its_right_and_is_told_so() {
    let stand = Stand::start(false);
    let vars = [("ALERTMANAGER_URL", ""), ("PROMETHEUS_URL", ""), ("LOKI_ADDR", "")];
    let ran = stand.run_with(&and(ADD, &["--write", "--yes"]), &vars);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let post = "/api/v1/namespaces/monitoring/services/alertmanager-operated:9093/proxy/api/v2/silences";
    assert_eq!(stand.writes(), [format!("POST {post}")]);
    stand.faults().deny(deckwatch_sim::kube::faults::Deny::new("create", "services/proxy"));
    let ran = stand.run_with(&and(ADD, &["--plan"]), &vars);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("missing rights: create services/proxy"), "{}", ran.out);
    assert_eq!(stand.writes().len(), 1);
}

#[test]
fn an_alertmanager_that_there_is_no_way_to_is_still_one_of_them() {
    let stand = Stand::start(false);
    let file = stand.file("config.toml");
    let sources = format!(
        "[[sources.alertmanager]]\nname = \"first\"\nurl = \"{}\"\n\n[[sources.alertmanager]]\nname = \"second\"\n\
         url = \"https://127.0.0.1:1\"\nca = \"nowhere.pem\"\n",
        stand.alertmanager()
    );
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &sources).unwrap();
    let run = |more: &[&str]| stand.run_with(more, &[("ALERTMANAGER_URL", "")]);
    let ran = run(&and(ADD, &["--write", "--yes"]));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("there are 2") && ran.err.contains("one of first, second"), "{}", ran.err);
    let ran = run(&and(ADD, &["--plan", "--source", "second"]));
    assert!(ran.code != 0 && ran.err.contains("nowhere.pem"), "{}: {}", ran.code, ran.err);
    let ran = run(&["silence", "list"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, "no silences\n"), "{}", ran.err);
    assert!(ran.err.contains("nowhere.pem"), "{}", ran.err);
    assert_eq!(run(&and(ADD, &["--plan", "--source", "first"])).code, 0);
    assert_eq!(writes(&stand), [""; 0]);
}
