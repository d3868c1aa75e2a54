//! The exit codes: 0 done, 1 failed, 2 usage, 3 partial, 4 denied, 5 outcome unknown; and what is said with them.

use deckwatch_sim::kube::faults::Deny;

use crate::stand::Stand;

#[test]
fn what_was_done_ends_with_0() {
    let ran = Stand::shared().run(&["get", "deploy"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn what_failed_ends_with_1_and_a_hint() {
    let ran = Stand::shared().run(&["get", "deploy", "nope"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        "deckwatch: get: not found on deployments nope\n\
         hint: `deckwatch get deployments -A` lists them; -n names another namespace\n"
    );
}

#[test]
fn what_was_asked_wrongly_ends_with_2() {
    let stand = Stand::shared();
    for args in [
        &["get", "nothing-of-the-kind"][..],
        &["logs", "deploy/backend", "--around", "someday"],
        &["logs", "deploy/backend", "--before", "long"],
        &["logs", "service/backend"],
        &["query", "up", "--range", "x"],
        &["query", "up", "--range", "1h", "--at", "-5m"],
        &["snapshot", "nothing"],
        &["snapshot", "watch", "--size", "0x0"],
        &["alerts", "-o", "wide"],
        &["get", "pods", "--context", "nowhere"],
        &["get", "pods", "--kubeconfig", "/nonexistent/kubeconfig"],
        &["nonsense"],
    ] {
        let ran = stand.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_namespace_that_can_not_be_is_never_taken_for_all_of_them() {
    let stand = Stand::start(false);
    for namespace in ["", "momo-store ", "$NS", "Bad"] {
        for args in [
            &["rollback", "momo", "6", "--write", "--yes"][..],
            &["rollback", "momo", "6", "--plan"],
            &["get", "pods"],
        ] {
            let ran = stand.run(&[args, &["-n", namespace]].concat());
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?} {namespace:?}: {}", ran.err);
            assert!(ran.err.contains("no namespace can be called so"), "{}", ran.err);
        }
    }
    assert_eq!(stand.writes(), Vec::<String>::new());
}

#[test]
fn a_source_that_does_not_answer_ends_with_3_and_the_rest_is_printed() {
    let stand = Stand::shared();
    let whole = stand.run(&["alerts"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    let both = "http://127.0.0.1:1,http://127.0.0.1:2";
    let ran = stand.run_with(&["alerts"], &[("ALERTMANAGER_URL", both)]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.out.contains("Backend5xxHigh"), "{}", ran.out);
    assert!(ran.err.contains("did not answer"), "{}", ran.err);
}

#[test]
fn a_missing_right_ends_with_4_and_says_which() {
    let stand = Stand::shared();
    for (config, args) in [("confined", &["get", "nodes"][..]), ("reader", &["releases"])] {
        let ran = stand.run_with(args, &[("KUBECONFIG", &stand.file(config))]);
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("denied"), "{}", ran.err);
    }
}

#[test]
fn an_object_that_may_not_be_listed_is_not_called_missing() {
    let stand = Stand::start(false);
    stand.faults().deny(Deny::new("list", "deployments"));
    let ran = stand.run(&["logs", "deploy/backend"]);
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.err);
    stand.faults().allow_all();
    let ran = stand.run(&["logs", "deploy/nothing"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("not found"), "{}", ran.err);
}

#[test]
fn a_write_whose_fate_is_not_known_ends_with_5_and_is_not_sent_again() {
    let stand = Stand::start(false);
    stand.faults().lose_write();
    let ran = stand.run(&["rollback", "momo", "6", "--write", "--yes"]);
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.err);
    assert_eq!(stand.writes().len(), 1, "{:?}", stand.writes());
}
