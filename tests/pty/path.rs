//! The incident path in the demo, by keys, from the first screen to healed; and what does not heal.
//!
//! The stand runs eight times faster than the clock; the cockpit and its tests do not know that it is one.

use crate::harness::{LONG, Launch, Session};

fn demo(seed: u64, size: (u16, u16), more: &[&str]) -> Session {
    let mut launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(size.0, size.1).arg("demo");
    launch = launch.arg("--seed").arg(seed.to_string()).arg("--speed").arg("8");
    for arg in more {
        launch = launch.arg(arg);
    }
    launch.start()
}

/// Presses the keys of the path up to the plan: nine of them.
fn to_the_plan(session: &Session) {
    session.wait_long("Backend5xxHigh").wait_for("release  momo-store/momo  6 → 7");
    session.keys("\r").wait_for("likeliest first").wait_for("6 → 7");
    session.keys("gl").wait_for("condition begins");
    session.keys("gp").wait_for("Error ratio").wait_for("a value  last");
    session.keys("gc").wait_for("What changed before").wait_for("6 → 7");
    session.keys("\r").wait_for("Upgrade complete").wait_for("momo-store-0.0.1043");
    session.keys("r").wait_for("4 pods restart");
}

/// Returns what the journal holds, in order.
fn journal(session: &Session) -> Vec<serde_json::Value> {
    let folder = session.home().join("state/deckwatch/journal");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "jsonl"));
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn whats(entries: &[serde_json::Value]) -> Vec<&str> {
    let all = entries.iter().filter_map(|e| e["what"].as_str());
    all.filter(|w| matches!(*w, "alert" | "moment" | "logs" | "plan" | "intent" | "outcome" | "check"))
        .collect()
}

fn assert_told(entries: &[serde_json::Value]) {
    assert_eq!(whats(entries), ["alert", "moment", "logs", "plan", "intent", "outcome", "check"]);
    let of = |what: &str| entries.iter().find(|e| e["what"] == what).unwrap();
    assert_eq!(of("alert")["fingerprint"].as_str().unwrap().len(), 16);
    assert!(of("moment")["pinned"].is_i64());
    assert!(of("logs")["query"].as_str().unwrap().contains("momo-store"));
    let plan = of("plan");
    assert_eq!((plan["from"].as_u64(), plan["to"].as_u64()), (Some(7), Some(6)));
    assert_eq!(of("intent")["plan"], plan["plan"]);
    assert_eq!((of("outcome")["outcome"].as_str(), &of("outcome")["plan"]), (Some("done"), &plan["plan"]));
    assert_eq!(of("check")["healed"].as_bool(), Some(true));
}

#[test]
fn eleven_keys_lead_from_the_alert_to_the_healed_service() {
    let session = demo(1, (120, 40), &[]);
    to_the_plan(&session);
    // Typed ahead, the second `enter` confirms nothing: the prompt comes when one counts.
    session.keys("\r\r").wait_for("enter rolls back");
    session.keys("\r").wait_for("✔ rolled back: revision 8").wait_long("✔ healed");
    assert_told(&journal(&session));
    session.keys("\x03").wait_end();
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn a_protected_context_asks_for_the_releases_name_on_a_small_screen() {
    let session = demo(2, (80, 24), &["--protected"]);
    to_the_plan(&session);
    session.keys("\r").wait_for("type the release's name");
    session.bytes(b"\x1b[200~momo\r\x1b[201~");
    session.keys("mom\r").wait_for("that is not the release's name");
    session.keys("o\r").wait_long("✔ healed");
    assert_told(&journal(&session));
    session.keys("\x03").wait_end();
    session.assert_left_clean();
}

#[test]
fn a_rollback_to_another_bad_revision_does_not_heal() {
    let session = demo(3, (120, 40), &[]);
    session.wait_long("Backend5xxHigh").keys(":releases\r").wait_for("momo-store-0.0.1043");
    session.keys("\r").wait_for("Upgrade complete").keys("jjjj").wait_for("revision 3");
    session.keys("r").wait_for("7 → 3").wait_for("pods restart");
    session.keys("\r").wait_for("enter rolls back");
    session.keys("\r").wait_for("✔ rolled back: revision 8");
    let judged = |text: &str| text.contains("error ratio") && !text.contains("error ratio not known");
    session.wait_within(LONG, "the check's verdict", |s| judged(&s.text()));
    session.wait_for("not healed yet");
    let entries = journal(&session);
    assert!(!whats(&entries).contains(&"check"), "{:?}", whats(&entries));
    session.keys("\x03").wait_end();
}
