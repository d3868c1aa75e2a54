//! `f` on a release whose last operation was never finished.

use deckwatch_helm::record::{Limits, Status, StoredRecord, object_name};
use deckwatch_helm::time::Now;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::harness::Session;
use crate::stand::Stand;

const SECRETS: &str = "/api/v1/namespaces/momo-store/secrets";

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// Leaves the release as an upgrade that died so many seconds ago, and the job of its hook where one is to run still.
fn die(stand: &Stand, seconds: i64, hook: bool) {
    let last = stand.get(&format!("{SECRETS}/{}", object_name("momo", 7)));
    let mut stored = StoredRecord::from_object(&last, Limits::default()).unwrap();
    let now = Now { ns: now_ns() - seconds * 1_000_000_000, offset_minutes: 0 };
    let pending = stored.record.with_status(&Status::PendingUpgrade, Some("Preparing upgrade")).unwrap();
    let mut top = pending.with_last_deployed(now).unwrap().top().clone();
    top.set("version", &8).unwrap();
    if hook {
        let running = json!({"started_at": now.to_rfc3339(), "completed_at": "", "phase": "Running"});
        top.set(
            "hooks",
            &json!([{"name": "migrate", "kind": "Job", "manifest": "", "events": ["pre-upgrade"],
            "last_run": running}]),
        )
        .unwrap();
        stand.create(
            "/apis/batch/v1/namespaces/momo-store/jobs",
            &json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "migrate"}, "status": {"active": 1}}),
        );
    }
    stored.record = deckwatch_helm::record::Record::from_top(top);
    stored.object_name = object_name("momo", 8);
    stand.create(SECRETS, &stored.to_create(now).unwrap());
}

fn releases(stand: &Stand) -> Session {
    let session = stand.launch().arg("--view").arg("releases").start();
    session.wait_for("── Helm releases");
    session
}

/// Opens the plan that frees the release.
fn plan(stand: &Stand) -> Session {
    let session = releases(stand);
    session.wait_for("pending-upgrade").keys("f").wait_for("Free the release momo-store/momo");
    session.wait_for("revision 8 of momo is pending-upgrade").wait_for("status pending-upgrade → failed");
    session
}

fn record(stand: &Stand) -> (Value, StoredRecord) {
    let object = stand.get(&format!("{SECRETS}/{}", object_name("momo", 8)));
    let stored = StoredRecord::from_object(&object, Limits::default()).unwrap();
    (object, stored)
}

#[test]
fn a_release_that_is_long_pending_is_explained_and_freed() {
    let stand = Stand::start(false);
    die(&stand, 3_600, false);
    let before = record(&stand).1;
    let session = plan(&stand);
    session.keys("\r").wait_for("enter frees it").keys("\r").wait_for("✔ freed");
    let (object, after) = record(&stand);
    let info = after.record.info().unwrap();
    assert_eq!(info.status, Status::Failed);
    assert_eq!(info.description, "Release unlocked from stale 'pending-upgrade' state");
    assert_eq!(object["metadata"]["labels"]["status"], "failed");
    assert!(object["metadata"]["labels"]["modifiedAt"].is_string(), "{object}");
    // All else is as it was.
    assert_eq!(after.record.manifest(), before.record.manifest());
    assert_eq!(after.record.config().unwrap(), before.record.config().unwrap());
    assert_eq!(stand.writes(), [format!("PATCH {SECRETS}/{}", object_name("momo", 8))]);
    // Now it can be rolled back.
    session.keys("\x1b").wait_for("failed").keys("r").wait_for("Roll back momo-store/momo   8 → ");
    session.quit();
}

#[test]
fn where_somebody_may_still_be_at_work_the_name_is_typed() {
    for hook in [false, true] {
        let stand = Stand::start(false);
        die(&stand, if hook { 3_600 } else { 30 }, hook);
        let session = plan(&stand);
        let why =
            if hook { "the hook Job migrate still runs" } else { "somebody may still be at work on it" };
        session.wait_for(why);
        session.keys("\r").wait_for("type the release's name").keys("\r");
        session.keys("momo\r").wait_for("✔ freed");
        session.quit();
    }
}

#[test]
fn a_release_of_which_nothing_is_pending_is_left_alone() {
    let stand = Stand::start(false);
    let session = releases(&stand);
    session.wait_for("momo-store-0.0.104").keys("f").wait_for("nothing is pending: revision 7 is deployed");
    session.quit();
    assert_eq!(stand.writes(), Vec::<String>::new());
}
