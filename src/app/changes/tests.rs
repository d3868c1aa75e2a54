//! What changed, told from objects as the API server prints them.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::rank::{Relation, relation};
use super::*;
use crate::app::testing::{at, meta, put, reference, shared};

fn set(name: &str, created: &str, owner: &str, image: &str, revisions: (&str, &str)) -> Value {
    let mut meta = meta(name, created, Some(("Deployment", owner)));
    meta["annotations"] = json!({
        "deployment.kubernetes.io/revision": revisions.0, "deployment.kubernetes.io/revision-history": revisions.1,
    });
    json!({"metadata": meta, "spec": {"template": {"spec": {"containers": [
        {"name": "app", "image": format!("registry.example/momo:{image}")}]}}}})
}

/// A Deployment whose Progressing condition says something of a ReplicaSet.
fn deployment(name: &str, condition: Option<(&str, &str, &str)>) -> Value {
    let conditions: Vec<Value> = condition
        .iter()
        .map(|(set, reason, at)| {
            json!({"type": "Progressing", "status": "True", "reason": reason, "lastUpdateTime": at,
                "message": format!("ReplicaSet \"{set}\" has successfully progressed.")})
        })
        .collect();
    json!({"metadata": meta(name, "2026-11-20T09:00:00Z", None), "status": {"conditions": conditions}})
}

fn scaled(deployment: &str, message: &str, first: &str, last: &str) -> Value {
    json!({
        "metadata": meta(&format!("event-{first}"), first, None),
        "involvedObject": {"kind": "Deployment", "apiVersion": "apps/v1", "namespace": "shop", "name": deployment,
            "uid": format!("uid-{deployment}")},
        "reason": "ScalingReplicaSet", "type": "Normal", "message": message, "count": 2,
        "firstTimestamp": first, "lastTimestamp": last,
    })
}

/// Revision 6 was left for 7 at 13:00 and came back as 8.
fn rolled_back(condition: Option<(&str, &str, &str)>) -> Shared {
    let mut shared = shared();
    put(
        &mut shared,
        Resource::ReplicaSet,
        [
            set("backend-five", "2026-11-21T11:00:00Z", "backend", "0.0.1041", ("5", "")),
            set("backend-six", "2026-11-21T12:00:00Z", "backend", "0.0.1042", ("8", "6")),
            set("backend-seven", "2026-11-21T13:00:00Z", "backend", "0.0.1043", ("7", "")),
        ],
    );
    put(&mut shared, Resource::Deployment, [deployment("backend", condition)]);
    shared
}

fn rollouts(shared: &Shared) -> Vec<String> {
    let found = collect(shared, &Edits::default(), &Focus::default());
    let mut rows: Vec<String> = found
        .changes
        .iter()
        .filter(|c| c.sort == Sort::Rollout)
        .map(|c| format!("{} {} [{}]", &c.at.rfc3339()[11..19], c.text, c.source))
        .collect();
    rows.reverse();
    rows
}

fn lacks(shared: &Shared, focus: &Focus, source: &str) -> Option<String> {
    let found = collect(shared, &Edits::default(), focus);
    found.reach.into_iter().find(|r| r.source == source).and_then(|r| r.lacks).map(|l| l.to_string())
}

const SIX_IS_BACK: Option<(&str, &str, &str)> =
    Some(("backend-six", "NewReplicaSetAvailable", "2026-11-21T13:21:30Z"));

#[test]
fn a_rollout_is_told_against_the_revision_before_it_after_a_rollback_too() {
    let mut shared = rolled_back(SIX_IS_BACK);
    let again = "Scaled up replica set backend-six from 0 to 1";
    put(
        &mut shared,
        Resource::Event,
        [scaled("backend", again, "2026-11-21T12:00:00Z", "2026-11-21T13:20:00Z")],
    );
    assert_eq!(
        rollouts(&shared),
        [
            "11:00:00 Deployment shop/backend  revision 5  the ReplicaSet before it is no longer kept [replicasets]",
            "12:00:00 Deployment shop/backend  revision 6  image 0.0.1041 → 0.0.1042 [replicasets]",
            "13:00:00 Deployment shop/backend  revision 7  image 0.0.1042 → 0.0.1043 [replicasets]",
            "13:20:00 Deployment shop/backend  revision 8  image 0.0.1043 → 0.0.1042  (the template of revision 6 again) [replicasets, events]",
        ]
    );
    assert_eq!(lacks(&shared, &Focus::default(), "replicasets"), None);
}

#[test]
fn without_the_event_the_condition_dates_a_rollback_as_what_it_is() {
    let shared = rolled_back(SIX_IS_BACK);
    assert_eq!(
        rollouts(&shared).last().unwrap(),
        "13:21:30 Deployment shop/backend  revision 8  image 0.0.1043 → 0.0.1042  (the template of revision 6 again; complete at this time) [replicasets, conditions]"
    );
}

#[test]
fn a_set_that_is_scaled_from_nothing_after_its_rollout_is_not_rolled_out_then() {
    let mut shared = rolled_back(SIX_IS_BACK);
    let idle = "Scaled up replica set backend-six from 0 to 1";
    put(
        &mut shared,
        Resource::Event,
        [scaled("backend", idle, "2026-11-21T13:50:00Z", "2026-11-21T13:50:00Z")],
    );
    assert!(rollouts(&shared).last().unwrap().starts_with("13:21:30"));
}

#[test]
fn a_rollback_that_nothing_dates_gets_no_time_but_is_not_passed_over() {
    for condition in [None, Some(("backend-seven", "NewReplicaSetAvailable", "2026-11-21T13:01:00Z"))] {
        let shared = rolled_back(condition);
        assert_eq!(rollouts(&shared).len(), 3, "{condition:?}");
        let lacking = |start, end, owner: &str| {
            let owner = Some(reference(Resource::Deployment, owner));
            lacks(&shared, &Focus { owner, window: Some(Window { start, end }) }, "replicasets")
        };
        let told = Some("1 rollout back to an earlier template at a time that is not known".to_owned());
        assert_eq!(lacking(at("13:30:00"), at("14:00:00"), "backend"), told);
        // It came after 13:00, and it is of this Deployment alone.
        assert_eq!(lacking(at("12:00:00"), at("12:30:00"), "backend"), None);
        assert_eq!(lacking(at("13:30:00"), at("14:00:00"), "frontend"), None);
    }
}

#[test]
fn a_gap_in_the_revisions_is_said() {
    let mut shared = shared();
    put(
        &mut shared,
        Resource::ReplicaSet,
        [
            set("backend-one", "2026-11-21T11:00:00Z", "backend", "1", ("1", "")),
            set("backend-four", "2026-11-21T12:00:00Z", "backend", "4", ("4", "")),
        ],
    );
    assert_eq!(
        rollouts(&shared),
        [
            "11:00:00 Deployment shop/backend  revision 1  first pods [replicasets]",
            "12:00:00 Deployment shop/backend  revision 4  image 1 → 4 since revision 1 [replicasets]",
        ]
    );
}

fn change(object: ObjectRef) -> Change {
    let (text, source) = (Safe::own("BackOff"), Safe::own("events"));
    Change { at: at("13:00:00"), sort: Sort::Warning, object: Some(object), release: None, text, source }
}

#[test]
fn what_another_workload_made_is_not_ones_own_for_its_names_beginning() {
    let mut shared = shared();
    let made = |name: &str, owner: (&str, &str)| json!({"metadata": meta(name, "2026-11-21T13:00:00Z", Some(owner))});
    let workloads = ["backend", "backend-worker"];
    put(&mut shared, Resource::Deployment, workloads.map(|name| deployment(name, None)));
    put(
        &mut shared,
        Resource::ReplicaSet,
        [
            made("backend-7c5d9f8b6", ("Deployment", "backend")),
            made("backend-worker-5d8f7c6b9", ("Deployment", "backend-worker")),
        ],
    );
    put(
        &mut shared,
        Resource::Pod,
        [
            made("backend-7c5d9f8b6-x2xkl", ("ReplicaSet", "backend-7c5d9f8b6")),
            made("backend-worker-5d8f7c6b9-4hd2v", ("ReplicaSet", "backend-worker-5d8f7c6b9")),
            // Its controller is another Deployment's, whatever its name says.
            made("backend-7c5d9f8b6-stray", ("ReplicaSet", "backend-worker-5d8f7c6b9")),
        ],
    );
    let of = |resource, name: &str, uid: &str, owner: &str| {
        let object = ObjectRef::new(&shared.session.cluster, resource, "shop", name, uid);
        relation(&change(object), &reference(Resource::Deployment, owner), &shared)
    };
    let (pod, set) = (Resource::Pod, Resource::ReplicaSet);
    for (resource, name, uid, backend, worker) in [
        (pod, "backend-7c5d9f8b6-x2xkl", "uid-backend-7c5d9f8b6-x2xkl", true, false),
        (pod, "backend-worker-5d8f7c6b9-4hd2v", "uid-backend-worker-5d8f7c6b9-4hd2v", false, true),
        (pod, "backend-7c5d9f8b6-stray", "uid-backend-7c5d9f8b6-stray", false, true),
        (set, "backend-7c5d9f8b6", "uid-backend-7c5d9f8b6", true, false),
        (set, "backend-worker-5d8f7c6b9", "uid-backend-worker-5d8f7c6b9", false, true),
        // What is gone is known by its name alone; its ReplicaSet may be gone too.
        (pod, "backend-7c5d9f8b6-gone1", "uid-1", true, false),
        (pod, "backend-worker-5d8f7c6b9-gone2", "uid-2", false, true),
        (pod, "backend-worker-aaaaaaaaa-gone3", "uid-3", false, true),
        (set, "backend-worker-aaaaaaaaa", "uid-4", false, true),
        (set, "backend-aaaaaaaaa", "uid-5", true, false),
        (pod, "frontend-5d8f7c6b9-4hd2v", "uid-6", false, false),
    ] {
        let told = (of(resource, name, uid, "backend"), of(resource, name, uid, "backend-worker"));
        let want = if resource == pod { Relation::Pod } else { Relation::Own };
        assert_eq!(told, (backend.then_some(want), worker.then_some(want)), "{name}");
    }
    // A Deployment that is gone itself still has what was named after it.
    assert_eq!(of(pod, "cart-7c5d9f8b6-gone4", "uid-7", "cart"), Some(Relation::Pod));
}

#[test]
fn a_reader_without_secrets_still_gets_releases_from_labels() {
    let mut shared = shared();
    let helm = |name: &str, chart: &str, written: &str, manager: &str| {
        let mut meta = meta(name, "2026-11-20T09:00:00Z", None);
        meta["annotations"] =
            json!({"meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": "shop"});
        meta["labels"] = json!({"helm.sh/chart": chart});
        meta["managedFields"] = json!([{"manager": manager, "operation": "Update", "time": written}]);
        json!({"metadata": meta})
    };
    let workloads = [
        helm("backend", "momo-0.0.1043", "2026-11-21T13:58:40Z", "helm"),
        helm("frontend", "momo-0.0.1042", "2026-11-21T12:00:05Z", "helm"),
        helm("cart", "momo-0.0.1043", "2026-11-21T13:40:00Z", "kubectl-edit"),
    ];
    put(&mut shared, Resource::Deployment, workloads);
    put(
        &mut shared,
        Resource::Service,
        [helm("backend-svc", "momo-0.0.1043", "2026-11-21T13:58:41Z", "helm")],
    );
    let set = |name: &str, created: &str, chart: &str, revision: &str| {
        let mut set = set(name, created, "backend", "1", (revision, ""));
        set["metadata"]["labels"] = json!({"helm.sh/chart": chart});
        set
    };
    put(
        &mut shared,
        Resource::ReplicaSet,
        [
            set("backend-one", "2026-11-20T09:00:00Z", "momo-0.0.1041", "1"),
            set("backend-two", "2026-11-21T12:00:06Z", "momo-0.0.1042", "2"),
            set("backend-three", "2026-11-21T13:58:42Z", "momo-0.0.1043", "3"),
        ],
    );
    let told = |shared: &Shared, owner: Option<&str>| {
        let owner = owner.map(|o| reference(Resource::Deployment, o));
        let found = collect(shared, &Edits::default(), &Focus { owner, window: None });
        let rows = found.changes.iter().filter(|c| c.sort == Sort::Release);
        rows.map(|c| format!("{} {}", &c.at.rfc3339()[11..19], c.text)).collect::<Vec<_>>()
    };
    // As long as the records may be read, they alone tell.
    assert_eq!(told(&shared, None), Vec::<String>::new());
    let denied = crate::core::Error::new(crate::core::Kind::Denied, "list secrets");
    shared.releases.state = FeedState::Denied(denied);
    let want = [
        "13:58:40 shop/momo  chart momo-0.0.1042 → momo-0.0.1043  by 2 objects",
        "12:00:05 shop/momo  chart momo-0.0.1041 → momo-0.0.1042  by 2 objects",
    ];
    assert_eq!(told(&shared, None), want);
    // It is every object's of the release, and of nothing else.
    assert_eq!(told(&shared, Some("cart")), want);
    assert_eq!(told(&shared, Some("other")), Vec::<String>::new());
    assert_eq!(
        lacks(&shared, &Focus::default(), "helm records").unwrap(),
        "denied: releases are told by ReplicaSets and labels only"
    );
}

#[test]
fn what_may_not_be_read_or_was_too_much_is_said_with_the_edits() {
    let denied = crate::core::Error::new(crate::core::Kind::Denied, "read metadata");
    let edits = Edits { edits: Vec::new(), lacks: vec![denied], skipped: 3 };
    let found = collect(&shared(), &edits, &Focus::default());
    let lacks = found.reach.into_iter().find(|r| r.source == "managedFields").and_then(|r| r.lacks);
    assert_eq!(lacks.unwrap().as_str(), "1 reference not read (denied), 3 more references not looked at");
}
