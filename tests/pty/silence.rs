//! A silence in the demo, by keys: from the alert's page to the list of silences, and its end.

use crate::harness::Launch;

#[test]
fn an_alert_is_silenced_and_let_loose_again_without_arming_the_cluster() {
    let launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(120, 40);
    let session = launch.arg("demo").arg("--seed").arg("1").arg("--protected").start();
    session.wait_long("Backend5xxHigh").wait_for("release  momo-store/momo  6 → 7");
    session.keys("\r").wait_for("likeliest first");
    session.keys(":silence 2h rolling back\r").wait_for("hides now  1 alert: Backend5xxHigh");
    session.wait_for("confirming it arms nothing in the cluster");
    // A narrow one is confirmed by a key, in a protected context too.
    session.keys("\r").wait_for("reason (tab): rolling back").wait_for("enter silences");
    session
        .keys("\r")
        .wait_for("✔ silenced: new silence: made as ")
        .wait_for("read back")
        .wait_for("read-only");
    session.keys(":silences\r").wait_for("∅ active").wait_for("rolling back").wait_for("1 active");
    // The list of alerts tells it, as soon as it is asked again.
    session.keys(":alerts\r").wait_for("∅ silenced");
    session.keys("\x1b").wait_for("∅ active");
    session.keys(":silence-extend 3h\r").wait_for("changes it under its id");
    session.keys("\r").wait_for("enter extends it");
    session.keys("\r").wait_for("✔ extended: silence").wait_for("lasts until");
    session.keys("\x1b").wait_for("∅ active");
    session.keys(":silence-expire\r").wait_for("comes back 1 alert: Backend5xxHigh");
    session.keys("\r").wait_for("enter expires");
    session.keys("\r").wait_for("✔ expired: silence").wait_for("has ended, read back");
    session.keys("\x1b").wait_for("no silence hides anything now");
    session.keys("\x03").wait_end();
    session.assert_left_clean();
    session.assert_grammar();
    let journal = session.journal();
    let of = |what: &str| journal.iter().filter(|e| e["what"] == what).collect::<Vec<_>>();
    let actions: Vec<&str> = of("plan").iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["silence", "silence-extend", "silence-expire"]);
    assert!(of("outcome").iter().all(|e| e["outcome"] == "done"), "{journal:?}");
    let states: Vec<&str> = of("write").iter().map(|e| e["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["sending", "done"].repeat(3));
    assert!(of("runner").is_empty() && of("armed").is_empty(), "{journal:?}");
}
