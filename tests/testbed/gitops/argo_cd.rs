//! Argo CD's application controller: self-heal, and how it is held back.

use std::time::Duration;

use serde_json::Value;

use super::{fresh, image, object};
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
    // In one pass it compares, syncs where it may, and then writes what it has found and takes the wish for a
    // refresh away: so once both are seen, it has considered to sync this very difference.
    let look = "argocd.argoproj.io/refresh=normal";
    kubectl(["annotate", "applications.argoproj.io", name, "-n", "argocd", look]);
    let seen = wait_until(Duration::from_secs(30), "Argo CD to look and to find the difference", || {
        let app = application(name);
        let looked = app["metadata"]["annotations"].get("argocd.argoproj.io/refresh").is_none();
        (looked && app["status"]["sync"]["status"] == "OutOfSync").then_some(app)
    });

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
