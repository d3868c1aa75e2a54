//! The same in the cockpit, by keys: a release of Flux is refused, Flux is held back, the release is rolled back, shown
//! as held, and Flux is let go on.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::owned::{FIRST, Owned};
use crate::stand::{User, cockpit, deckwatch_json};

#[test]
fn by_keys_from_the_refusal_to_letting_flux_go_on() {
    let owned = Owned::new("flux-keys", "helm4");
    let namespace = owned.namespace;
    let launch = cockpit(User::Admin, (180, 45), true);
    let session = launch.arg("-n").arg(namespace).arg("--view").arg("releases").start();
    session.wait_for("demo-2.0.0").keys("r");
    session.wait_for("is owned by Flux HelmRelease").wait_for("or suspend that first");
    session.keys("\x1b").wait_gone("is owned by");

    session.keys(":gitops\r").wait_for("HelmRelease").wait_for("✔ ready").wait_for("2.0.0");
    // Nothing is held without a reason.
    session.keys("S").wait_for("`for=2h` first says how long").keys("\r").wait_for("say why");
    session.keys("for=2h 5xx since 14:00\r").wait_for("suspended no → yes").keys("\r");
    session.wait_for("enter suspends it").keys("\r").wait_for("✔ suspended");
    session.keys("\x1b").wait_for("1 held back").wait_for("suspended by ").wait_for("5xx since 14:00");

    session.keys(":releases\r").wait_for("demo-2.0.0").keys("r").wait_for("once it is resumed");
    session.keys("\r").wait_for("enter rolls back").keys("\r").wait_for("✔ rolled back");
    assert_eq!(owned.data(), json!({"VERSION": "1", FIRST: "yes"}));

    owned.git_moves_on();
    // What others see of it, with nothing but the cluster.
    let shown = deckwatch_json(User::Admin, &["-n", namespace, "snapshot", "gitops", "-o", "json"]);
    let objects = shown["objects"].as_array().unwrap();
    let held = objects.iter().find(|one| one["object"]["name"] == "demo").unwrap();
    assert_eq!((&held["held"], &held["why"]), (&json!("suspended"), &json!("5xx since 14:00")));
    assert!(held["by"].is_string() && held["until"].is_string(), "{held}");

    session.keys(":gitops\r").wait_for("1 held back").keys("R");
    session.wait_for("has `2.1.0` ready: that is what will be deployed").keys("\r");
    session.wait_for("enter resumes it").keys("\r").wait_for("✔ resumed");
    session.keys("\x1b").wait_gone("held back");
    session.quit();
    session.assert_left_clean();
    session.assert_grammar();
}
