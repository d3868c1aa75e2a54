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
