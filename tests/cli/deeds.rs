//! Actions on objects: the plan, what confirms it, what is sent, and what is told.

use pretty_assertions::assert_eq;

use crate::stand::Stand;

#[test]
fn a_restart_is_planned_with_its_pods_and_sent_once() {
    let stand = Stand::start(true);
    let plan = stand.json(&["rollout", "restart", "deploy/catalog", "--plan", "-o", "json"]);
    assert_eq!((&plan["schema"], &plan["action"]), (&"deckwatch.plan/1".into(), &"restart".into()));
    assert_eq!(plan["items"][0]["preview"], "dry-run", "{plan}");
    assert!(plan["items"][0]["restarts"].as_u64().unwrap() > 0, "{plan}");
    assert_eq!(stand.writes(), Vec::<String>::new());
    for confirm in [&["--yes"][..], &["--confirm", "catalo"]] {
        let args = [&["rollout", "restart", "deploy/catalog", "--write"], confirm].concat();
        let ran = stand.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}: {}", ran.err);
    }
    assert_eq!(stand.writes(), Vec::<String>::new());
    let ran = stand.run(&["rollout", "restart", "deploy/catalog", "--write", "--confirm", "catalog"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("Deployment momo-store/catalog: done, read back"), "{}", ran.out);
    let path = "/apis/apps/v1/namespaces/momo-store/deployments/catalog";
    assert_eq!(stand.writes(), [format!("PATCH {path}")]);
}

#[test]
fn what_is_neither_planned_nor_confirmed_sends_nothing() {
    let stand = Stand::start(false);
    for args in [
        &["scale", "deploy/catalog", "--replicas", "3"][..],
        &["scale", "deploy/catalog", "--replicas", "3", "--write"],
        &["delete", "pod/x"],
        &["cordon", "worker-1", "--plan", "--write"],
    ] {
        let ran = stand.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
    }
    assert_eq!(stand.writes(), Vec::<String>::new());
}

#[test]
fn what_is_named_and_cannot_be_changed_is_told_and_makes_it_a_part() {
    let stand = Stand::start(false);
    let named = ["rollout", "restart", "deploy/catalog", "deploy/nope", "deploy/catalog", "--write", "--yes"];
    let ran = stand.run(&named);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("left out: Deployment momo-store/nope: it is not there any more"),
        "{}",
        ran.err
    );
    assert!(ran.out.starts_with("Deployment momo-store/catalog: done, read back"), "{}", ran.out);
    assert_eq!(stand.writes().len(), 1);
    // Alone it is refused.
    let alone = stand.run(&["rollout", "restart", "deploy/nope", "--write", "--yes"]);
    assert_eq!((alone.code, alone.out.as_str()), (1, ""), "{}", alone.err);
    assert_eq!(stand.writes().len(), 1);
}

#[test]
fn a_drain_cordons_evicts_as_it_is_allowed_and_waits_until_all_are_gone() {
    let stand = Stand::start(false);
    let node = "worker-1";
    // What is lost must be allowed.
    let refused = stand.run(&["drain", node, "--plan"]);
    assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
    assert!(refused.out.contains("use --ignore-daemonsets to ignore"), "{}", refused.out);
    let drain = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force"];
    let plan = stand.json(&[&drain[..], &["--plan", "-o", "json"]].concat());
    let items = plan["items"].as_array().unwrap();
    assert_eq!(items[0]["object"]["gvk"]["kind"], "Node", "{plan}");
    let pods: Vec<&str> = items[1..].iter().map(|i| i["object"]["name"].as_str().unwrap()).collect();
    let evicted = |i: &serde_json::Value| i["change"] == "delete" && i["preview"] == "dry-run";
    assert!(!pods.is_empty() && items[1..].iter().all(evicted), "{plan}");
    assert_eq!(stand.writes(), Vec::<String>::new());
    // The first eviction is refused by a budget, as it were, and asked for again.
    stand.faults().answer_next_write(429, "/eviction");
    let ran = stand.run(&[&drain[..], &["--write", "--yes", "-o", "json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let writes = stand.writes();
    assert_eq!(writes[0], format!("PATCH /api/v1/nodes/{node}"));
    assert_eq!(writes.len(), pods.len() + 2, "{writes:?}");
    let again = writes.iter().filter(|w| **w == writes[1]).count();
    assert_eq!(again, 2, "{writes:?}");
    // What has come back by its name, as of StatefulSets, is another pod.
    let left = stand.json(&["get", "pods", "-A", "-o", "json"]);
    let uids: Vec<&str> = items[1..].iter().map(|i| i["object"]["uid"].as_str().unwrap()).collect();
    let stays = |pod: &serde_json::Value| uids.contains(&pod["uid"].as_str().unwrap());
    assert!(!left["items"].as_array().unwrap().iter().any(stays), "{left}");
}

#[test]
fn a_rollout_is_followed_to_its_end_and_its_revisions_are_listed() {
    let stand = Stand::start(false);
    let history = stand.run(&["rollout", "history", "deploy/catalog"]);
    assert_eq!(history.code, 0, "{}", history.err);
    assert!(history.out.starts_with("deployment.apps/catalog\nREVISION  CHANGE-CAUSE\n"), "{}", history.out);
    let before = history.out.lines().count();
    let done = stand.run(&["rollout", "status", "deploy/catalog"]);
    assert_eq!((done.code, done.out.as_str()), (0, "deployment \"catalog\" successfully rolled out\n"));
    stand.run(&["rollout", "restart", "deploy/catalog", "--write", "--yes"]);
    let followed = stand.run(&["rollout", "status", "deploy/catalog", "--timeout", "60s"]);
    assert_eq!(followed.code, 0, "{}{}", followed.out, followed.err);
    assert!(followed.out.starts_with("Waiting for deployment \"catalog\" "), "{}", followed.out);
    assert!(followed.out.ends_with("successfully rolled out\n"), "{}", followed.out);
    let after = stand.run(&["rollout", "history", "deploy/catalog"]);
    assert_eq!(after.out.lines().count(), before + 1, "{}", after.out);
    for args in [&["rollout", "status", "pod/x"][..], &["rollout", "history", "svc/backend"]] {
        assert_ne!(stand.run(args).code, 0, "{args:?}");
    }
}

#[test]
fn a_pod_that_came_between_the_plan_and_the_cordon_keeps_a_drain_from_being_called_done() {
    let stand = Stand::start(false);
    stand.faults().hold_writes(Some("/nodes/"));
    let args = ["drain", "worker-1", "--ignore-daemonsets", "--delete-emptydir-data", "--force"];
    let drain = stand.command(&[&args[..], &["--write", "--yes"]].concat()).spawn().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !stand.writes().iter().any(|w| w.contains("/nodes/")) {
        assert!(std::time::Instant::now() < end, "the node is never reached");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let late = serde_json::json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "late", "namespace": "momo-store" },
        "spec": { "nodeName": "worker-1", "containers": [{ "name": "app", "image": "registry.example/app:1" }] } });
    stand.post("/api/v1/namespaces/momo-store/pods", &late);
    stand.faults().hold_writes(None);
    let output = drain.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("Pod momo-store/late: came to worker-1 after the plan was made"), "{words}");
    assert!(words.contains("hint: the node stays cordoned"), "{words}");
}
