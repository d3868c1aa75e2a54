//! `deckwatch rollback`: the plan, what confirms it, and that nothing is sent without.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::stand::Stand;

#[test]
fn a_rollback_that_says_neither_plan_nor_write_sends_nothing() {
    let stand = Stand::start(false);
    for args in [
        &["rollback", "momo"][..],
        &["rollback", "momo", "6", "--write"],
        &["rollback", "momo", "--plan", "--write"],
    ] {
        let ran = stand.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
    }
    let sent = stand.faults().requests();
    assert!(sent.is_empty(), "{sent:?}");
}

#[test]
fn a_plan_is_printed_and_changes_nothing() {
    let stand = Stand::start(true);
    let plan = stand.json(&["rollback", "momo", "6", "--plan", "-o", "json"]);
    assert_eq!(plan["schema"], "deckwatch.plan/1");
    assert_eq!((&plan["from"]["revision"], &plan["to"]["revision"]), (&7.into(), &6.into()));
    let text = stand.run(&["rollback", "momo", "--plan"]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains("4 pods restart"), "{}", text.out);
    assert_eq!(stand.writes(), Vec::<String>::new());
    let missing = stand.run(&["rollback", "nope", "--plan"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("hint: name its namespace"), "{}", missing.err);
}

#[test]
fn a_protected_context_is_confirmed_by_name_only() {
    let stand = Stand::start(true);
    for confirm in [&["--yes"][..], &["--confirm", "mom"]] {
        let args = [&["rollback", "momo", "6", "--write"], confirm].concat();
        let ran = stand.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("refused"), "{}", ran.err);
    }
    assert_eq!(stand.writes(), Vec::<String>::new());
    let ran = stand.run(&["rollback", "momo", "6", "--write", "--confirm", "momo"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.starts_with("rolled back momo-store/momo from 7 to 6: revision 8 is deployed"),
        "{}",
        ran.out
    );
    let history = stand.json(&["history", "momo", "-o", "json"]);
    assert_eq!(
        (&history[7]["status"], &history[7]["description"]),
        (&"deployed".into(), &"Rollback to 6".into())
    );
    // What only read since then does not hide it.
    stand.run(&["logs", "deploy/catalog", "--before", "1m", "--after", "1s"]);
    let journal = stand.json(&["journal", "export", "-o", "json"]);
    let entries = journal["entries"].as_array().unwrap();
    assert!(entries.iter().any(|e| e["what"] == "outcome"), "{journal}");
}

#[test]
fn an_unprotected_context_takes_yes_and_tells_how_it_ended_as_a_document() {
    let stand = Stand::start(false);
    let ended = stand.json(&["rollback", "momo", "6", "--write", "--yes", "--wait", "-o", "json"]);
    assert_eq!(
        (&ended["outcome"], &ended["ready"], &ended["makes"]),
        (&"done".into(), &true.into(), &8.into())
    );
    let journal = stand.run(&["journal", "export"]).out;
    assert!(journal.starts_with("# deckwatch journal\n"), "{journal}");
}

#[test]
fn a_rollback_that_is_told_to_end_stops_before_the_next_object_and_its_record_says_so() {
    let stand = Stand::start(false);
    stand.faults().hold_writes(Some("/deployments/backend"));
    let mut child = stand.command(&["rollback", "momo", "6", "--write", "--yes"]).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while !stand.writes().iter().any(|w| w.contains("/deployments/backend")) {
        assert!(Instant::now() < end, "the object was not reached: {:?}", stand.writes());
        std::thread::yield_now();
    }
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let mut err = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while !err.contains("told to end: it stops before the next object") {
        assert!(lines.read_line(&mut err).unwrap() > 0, "it ended without a word: {err}");
    }
    // The process that carries it out notes when it has been told: the rest would be written in less than that takes.
    let told = "| told to stop before the next object |";
    while !stand.run(&["journal", "export"]).out.contains(told) {
        assert!(Instant::now() < end, "the runner was not told");
    }
    stand.faults().hold_writes(None);
    lines.read_to_string(&mut err).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()), "{err}");
    assert!(err.contains("cancelled after ") && err.contains("the new record says failed"), "{err}");
    let history = stand.json(&["history", "momo", "-o", "json"]);
    assert_eq!(history[7]["status"], "failed");
    let journal = stand.run(&["journal", "export"]).out;
    assert!(journal.contains("| ended, failed: roll back: "), "{journal}");
}

#[test]
fn while_an_object_is_written_the_next_one_is_looked_at() {
    let stand = Stand::start(false);
    stand.faults().hold_writes(Some("/deployments/backend"));
    let mut child = stand.command(&["rollback", "momo", "6", "--write", "--yes"]).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let looks_since = || {
        let requests = stand.faults().requests();
        let since = requests.iter().skip_while(|r| !is_patch_of_backend(r)).skip(1);
        since.filter(|r| r.method == "GET").map(|r| r.path.clone()).collect::<Vec<_>>()
    };
    while looks_since().is_empty() {
        assert!(Instant::now() < end, "nothing was looked at: {:?}", stand.writes());
        std::thread::yield_now();
    }
    assert!(looks_since().iter().all(|path| !path.ends_with("/deployments/backend")), "{:?}", looks_since());
    stand.faults().hold_writes(None);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn is_patch_of_backend(seen: &deckwatch_sim::kube::faults::Seen) -> bool {
    seen.method == "PATCH" && seen.path.ends_with("/deployments/backend") && !seen.query.contains("dryRun")
}
