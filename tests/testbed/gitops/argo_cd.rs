//! Argo CD's application controller: self-heal, and how it is held back.

use std::time::Duration;

use serde_json::Value;

use super::{by_deckwatch, fresh, image, object, refused, shown};
use crate::stand::{kubectl, wait_until, xtask};

/// What the repository's last commit says.
const IN_GIT: &str = "1.2.0";
/// What is set behind Argo CD's back.
const BEHIND: &str = "9.9.9";

fn application(name: &str) -> Value {
    object("applications.argoproj.io", "argocd", name)
}

fn deployment(name: &str) -> Value {
    object("deployments", name, name)
}

fn named(name: &str, tag: &str) -> String {
    format!("registry.momo.example/shop/{name}:{tag}")
}

fn generation(name: &str) -> u64 {
    deployment(name)["metadata"]["generation"].as_u64().unwrap()
}

fn set_image(name: &str, tag: &str) {
    let what = format!("{name}={}", named(name, tag));
    kubectl(["set", "image", &format!("deployment/{name}"), &what, "-n", name]);
}

/// The control for everything that suspends before it rolls back: without that, a change does not last.
#[test]
fn a_change_behind_its_back_is_reverted_within_seconds() {
    let name = "healed";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    let before = application(name);
    assert_eq!(before["status"]["history"].as_array().unwrap().len(), 4, "one entry for each commit");
    assert_eq!(image(&deployment(name)), named(name, IN_GIT));
    let generation = generation(name);

    set_image(name, BEHIND);
    // There and back: each way is a generation.
    wait_until(Duration::from_secs(30), "Argo CD to revert the image", || {
        let now = deployment(name);
        let back = image(&now) == named(name, IN_GIT);
        (back && now["metadata"]["generation"].as_u64().unwrap() >= generation + 2).then_some(())
    });

    let after = wait_until(Duration::from_secs(30), "Argo CD to say that it has healed", || {
        let app = application(name);
        let operation = &app["status"]["operationState"];
        let heals = operation["operation"]["sync"]["autoHealAttemptsCount"] == 1;
        (heals && operation["phase"] == "Succeeded").then_some(app)
    });
    let sync = &after["status"]["operationState"];
    assert_eq!(sync["operation"]["initiatedBy"]["automated"], true);
    assert_eq!(sync["syncResult"]["revision"], before["status"]["sync"]["revision"]);
    let synced = sync["syncResult"]["resources"].as_array().unwrap();
    assert!(synced.iter().any(|r| r["kind"] == "Deployment" && r["status"] == "Synced"), "{synced:?}");
    // Healing is no deployment: nothing is added to the history.
    assert_eq!(after["status"]["history"], before["status"]["history"]);
}

/// The other side of the same: with auto-sync off, the controller sees the change and leaves it.
#[test]
fn with_auto_sync_off_it_sees_the_change_and_leaves_it() {
    let name = "held";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    let off = r#"{"spec":{"syncPolicy":{"automated":{"enabled":false}}}}"#;
    kubectl(["patch", "applications.argoproj.io", name, "-n", "argocd", "--type", "merge", "-p", off]);
    let before = application(name)["status"]["operationState"].clone();
    let generation = generation(name);

    set_image(name, BEHIND);
    let seen = look(name, "OutOfSync");

    assert!(seen.get("operation").is_none(), "{}", seen["operation"]);
    assert_eq!(seen["status"]["operationState"], before);
    let now = deployment(name);
    assert_eq!(image(&now), named(name, BEHIND));
    assert_eq!(now["metadata"]["generation"], generation + 1);
}

/// What lasts is a commit.
#[test]
fn a_commit_is_deployed() {
    let name = "committed";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    xtask(&["testbed", "argo", "commit", name, "--tag", "1.3.0"]);
    wait_until(Duration::from_secs(30), "Argo CD to deploy the commit", || {
        (image(&deployment(name)) == named(name, "1.3.0")).then_some(())
    });
    wait_until(Duration::from_secs(30), "an entry in Argo CD's history", || {
        let app = application(name);
        (app["status"]["history"].as_array().unwrap().len() == 5).then_some(())
    });
}

/// Lets Argo CD look, and waits until it has.
///
/// In one pass it compares, syncs where it may, and then writes what it has found and takes the wish for a refresh
/// away: so once both are seen, it has considered to sync this very difference.
fn look(name: &str, finds: &str) -> Value {
    let look = "argocd.argoproj.io/refresh=normal";
    kubectl(["annotate", "applications.argoproj.io", name, "-n", "argocd", look]);
    wait_until(Duration::from_secs(30), &format!("Argo CD to look and to find it {finds}"), || {
        let app = application(name);
        let looked = app["metadata"]["annotations"].get("argocd.argoproj.io/refresh").is_none();
        (looked && app["status"]["sync"]["status"] == finds).then_some(app)
    })
}

fn ids(app: &Value) -> Vec<i64> {
    app["status"]["history"].as_array().unwrap().iter().map(|past| past["id"].as_i64().unwrap()).collect()
}

fn revision(app: &Value, id: i64) -> &Value {
    let history = app["status"]["history"].as_array().unwrap();
    &history.iter().find(|past| past["id"] == id).unwrap()["revision"]
}

/// Waits until the last operation has ended, and returns the Application; fails unless it succeeded.
fn done(name: &str) -> Value {
    let app = wait_until(Duration::from_secs(60), "Argo CD to end the operation", || {
        let app = application(name);
        let phase = app["status"]["operationState"]["phase"].as_str().unwrap_or_default().to_owned();
        let ended = app.get("operation").is_none() && !matches!(phase.as_str(), "" | "Running");
        ended.then_some(app)
    });
    let state = &app["status"]["operationState"];
    assert_eq!(state["phase"], "Succeeded", "{state}");
    app
}

fn settings(name: &str) -> Value {
    object("configmaps", name, &format!("{name}-settings"))["data"]["BATCH"].clone()
}

#[test]
fn it_goes_back_by_deckwatch_and_stays_there_until_auto_sync_is_restored() {
    let name = "returned";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    let before = application(name);
    assert_eq!(ids(&before), [0, 1, 2, 3]);
    refused("argocd", &["argocd", "rollback", name, "17"], "17");

    // To the second of its four deployments, which has another image and other settings than git.
    let plan = by_deckwatch("argocd", name, &["argocd", "rollback", name, "1"]);
    for words in ["synced to deployment 1", "synced by itself yes → no", "sync windows, are passed by"] {
        assert!(plan.contains(words), "`{words}` is not in: {plan}");
    }
    let back = done(name);
    let state = &back["status"]["operationState"];
    assert_eq!(&state["syncResult"]["revision"], revision(&before, 1));
    assert!(state["operation"]["initiatedBy"]["username"].is_string(), "{state}");
    assert_eq!(image(&deployment(name)), named(name, "1.1.0"));
    assert_eq!(settings(name), "100");
    // A deployment as every other: the same revision, under a number of its own.
    assert_eq!(ids(&back), [0, 1, 2, 3, 4]);
    assert_eq!(revision(&back, 4), revision(&before, 1));
    // Nothing but `enabled` of what was set is touched.
    let automated = &back["spec"]["syncPolicy"]["automated"];
    assert_eq!(*automated, serde_json::json!({"prune": true, "selfHeal": true, "enabled": false}));

    // Everybody sees it, also in the namespace that it deploys into.
    let seen = shown(name, name);
    assert_eq!((&seen["held"], &seen["at"].as_str().unwrap()[..3]), (&"auto-sync off".into(), "4: "));
    assert!(seen["by"].is_string(), "{seen}");

    // Neither git, nor a new commit to it, nor drift makes Argo CD leave that.
    let generation = generation(name);
    look(name, "OutOfSync");
    xtask(&["testbed", "argo", "commit", name, "--tag", "1.4.0"]);
    look(name, "OutOfSync");
    assert_eq!(deployment(name)["metadata"]["generation"], generation);
    assert_eq!(application(name)["status"]["operationState"], *state);

    let plan = by_deckwatch("argocd", name, &["argocd", "auto-sync", "on", name]);
    assert!(plan.contains("what git says is deployed at once"), "{plan}");
    wait_until(Duration::from_secs(60), "Argo CD to deploy what git says", || {
        (image(&deployment(name)) == named(name, "1.4.0")).then_some(())
    });
    let after = look(name, "Synced");
    assert_eq!(settings(name), "250");
    assert_eq!(after["spec"]["syncPolicy"]["automated"]["enabled"], true);
    refused("argocd", &["argocd", "auto-sync", "on", name], "synced by itself already");
}

/// The control for the deed as a whole: Argo CD's own rollback refuses here, for auto-sync would bring git back.
#[test]
fn going_back_without_turning_auto_sync_off_does_not_last() {
    let name = "overruled";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    by_deckwatch("argocd", name, &["argocd", "rollback", name, "0"]);
    done(name);
    assert_eq!(image(&deployment(name)), named(name, "1.0.0"));
    // Who has turned it off, for everybody to see.
    assert!(application(name)["metadata"]["annotations"]["deckwatch.dev/suspended-by"].is_string());
    let on = r#"{"spec":{"syncPolicy":{"automated":{"enabled":true}}}}"#;
    kubectl(["patch", "applications.argoproj.io", name, "-n", "argocd", "--type", "merge", "-p", on]);
    wait_until(Duration::from_secs(60), "Argo CD to bring git back", || {
        (image(&deployment(name)) == named(name, IN_GIT)).then_some(())
    });
}

#[test]
fn without_auto_sync_it_goes_back_by_one_and_is_synced_again() {
    let name = "by-hand";
    fresh(name);
    xtask(&["testbed", "argo", "app", name]);
    by_deckwatch("argocd", name, &["argocd", "auto-sync", "off", name]);
    assert_eq!(application(name)["spec"]["syncPolicy"]["automated"]["enabled"], false);
    // Where no id is told it is the deployment before the last.
    by_deckwatch("argocd", name, &["argocd", "rollback", name]);
    let back = done(name);
    assert_eq!(revision(&back, 4), revision(&back, 2));
    assert_eq!(image(&deployment(name)), named(name, "1.1.0"));
    assert_eq!(settings(name), "250");
    by_deckwatch("argocd", name, &["argocd", "sync", name]);
    let synced = done(name);
    assert_eq!(image(&deployment(name)), named(name, IN_GIT));
    assert_eq!(revision(&synced, 5), revision(&back, 3));
    assert_eq!(look(name, "Synced")["spec"]["syncPolicy"]["automated"]["enabled"], false);
}
