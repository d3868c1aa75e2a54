//! `e` on a row: the person's editor, and the plan that comes of what was saved.

use pretty_assertions::assert_eq;
use serde_json::json;

use crate::harness::{Session, script, until};
use crate::stand::{DEPLOYMENTS, Stand};

/// Opens the table of Deployments, on `catalog`, with an editor that is a shell script.
fn on_catalog(stand: &Stand, editor: &str) -> Session {
    script(&stand.file("editor"), editor);
    let launch = stand.launch().env("EDITOR", stand.file("editor")).env("SEEN", stand.file("seen"));
    let session = launch.arg("-n").arg("momo-store").arg("--view").arg("deploy").start();
    session.wait_for("catalog").keys("/catalog\r").wait_for("1 deployment of");
    session
}

/// Returns what was sent to `catalog`, by whomever.
fn patches(stand: &Stand) -> Vec<String> {
    let requests = stand.whole().stand().faults().requests().into_iter();
    let writes = requests.filter(|r| r.method == "PATCH" && !r.query.contains("dryRun=All"));
    writes.map(|r| r.body).collect()
}

#[test]
fn what_is_saved_in_the_editor_is_planned_confirmed_and_sent_once() {
    let stand = Stand::start(true);
    let edit = "cp \"$1\" \"$SEEN\"\nsed -i 's/^  replicas: .*/  replicas: 3/' \"$1\"";
    let session = on_catalog(&stand, edit);
    session.keys("e").wait_for("Edit Deployment momo-store/catalog").wait_for("spec.replicas 2 → 3");
    let seen = std::fs::read_to_string(stand.file("seen")).unwrap();
    assert!(seen.starts_with("# Deployment momo-store/catalog\n"), "{seen}");
    assert!(!seen.contains("managedFields"), "{seen}");
    session.keys("\r").wait_for("type the object's name").keys("catalog\r").wait_for("✔ changed");
    let writes = patches(&stand);
    assert_eq!(writes.len(), 1, "{writes:?}");
    let body: serde_json::Value = serde_json::from_str(&writes[0]).unwrap();
    assert_eq!(body["spec"], json!({ "replicas": 3 }));
    // What was saved is kept for a day: the server might have refused it.
    let kept = std::fs::read_dir(stand.file("state/deckwatch/edit")).unwrap();
    assert_eq!(kept.count(), 1);
    session.quit();
    session.assert_left_clean();
}

#[test]
fn an_editor_that_changes_nothing_or_fails_sends_nothing_and_the_screen_is_whole_again() {
    let stand = Stand::start(true);
    let session = on_catalog(&stand, "test ! -e \"$SEEN\"; code=$?; : > \"$SEEN\"; clear; exit $code");
    session.keys("e").wait_for("edit: nothing was changed").wait_for("1 deployment of");
    session.keys("e").wait_for("it ended with exit status: 1");
    assert_eq!(patches(&stand), Vec::<String>::new());
    session.keys("\x03").wait_end();
    session.assert_left_clean();
}

#[test]
fn somebody_elses_change_meanwhile_is_a_conflict_that_says_so() {
    let stand = Stand::start(true);
    let seen = stand.file("seen");
    let wait = "cp \"$1\" \"$SEEN\"\nwhile [ -e \"$SEEN\" ]; do sleep 0.05; done\nsed -i 's/^  replicas: .*/  replicas: 3/' \"$1\"";
    let session = on_catalog(&stand, wait);
    session.keys("e");
    until("the editor is open", || seen.exists());
    let change = json!({ "metadata": { "annotations": { "somebody": "else" } } });
    stand.merge(&format!("{DEPLOYMENTS}/catalog"), &change);
    std::fs::remove_file(&seen).unwrap();
    session.wait_for("it has changed since it was opened in the editor");
    assert_eq!(patches(&stand).len(), 1);
    session.keys("\x03").wait_end();
}
