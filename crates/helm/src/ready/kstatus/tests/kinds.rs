//! Pods, Jobs, Services, claims, definitions, and what is always ready.

use pretty_assertions::assert_eq;

use super::*;

/// A pod, made 48 seconds ago.
fn pod(status: Value) -> Value {
    with(
        object("v1", "Pod", json!({"containers": [{"name": "app"}]}), status),
        &[("/metadata/generation", json!(1))],
    )
}

fn container(name: &str, state: &Value) -> Value {
    json!({"name": name, "ready": false, "restartCount": 2, "state": state})
}

#[test]
fn a_pod_is_judged_by_its_phase() {
    let not_ready = json!([condition("Ready", "False", "ContainersNotReady", "")]);
    let loops = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting"}});
    let runs = json!({"running": {"startedAt": "2026-11-21T07:40:20Z"}});
    let running = |containers: Value| {
        pod(json!({"phase": "Running", "conditions": not_ready, "containerStatuses": containers}))
    };
    check(&[
        (pod(json!({})), is(InProgress, "Pod phase not available")),
        (pod(json!({"phase": "Pending"})), is(InProgress, "Pod is in the Pending phase")),
        (
            pod(json!({"phase": "Running", "conditions": [condition("Ready", "True", "", "")]})),
            is(Current, "Pod is Ready"),
        ),
        (pod(json!({"phase": "Running"})), is(InProgress, "Pod is running but is not Ready")),
        (running(json!([container("app", &runs)])), is(InProgress, "Pod is running but is not Ready")),
        (
            running(json!([container("app", &json!({"waiting": {"reason": "ImagePullBackOff"}}))])),
            is(InProgress, "Pod is running but is not Ready"),
        ),
        (
            running(json!([container("app", &loops), container("side", &runs), container("log", &loops)])),
            is(Failed, "Containers in CrashLoop state: app,log"),
        ),
        // A container without a name is nobody.
        (running(json!([{"state": loops}])), is(InProgress, "Pod is running but is not Ready")),
        (
            pod(
                json!({"phase": "Running", "conditions": not_ready, "initContainerStatuses": [container("init", &loops)]}),
            ),
            is(InProgress, "Pod is running but is not Ready"),
        ),
        (
            pod(
                json!({"phase": "Succeeded", "conditions": [condition("Ready", "False", "PodCompleted", "")]}),
            ),
            is(Current, "Pod has completed successfully"),
        ),
        (
            pod(json!({"phase": "Failed", "conditions": [condition("Ready", "False", "PodFailed", "")]})),
            is(Current, "Pod has completed, but not successfully"),
        ),
        (pod(json!({"phase": "Unknown"})), is(Unknown, "")),
        (running(json!("none")), is(Unknown, "")),
        (pod(json!({"phase": "Running", "conditions": "none"})), is(Unknown, "")),
    ]);
}

#[test]
fn a_pod_without_a_node_has_failed_after_fifteen_seconds() {
    let conditions =
        |reason: &str| json!([condition("PodScheduled", "False", reason, "0/3 nodes are available")]);
    let made = |at: Value, reason: &str| {
        with(
            pod(json!({"phase": "Pending", "conditions": conditions(reason)})),
            &[("/metadata/creationTimestamp", at)],
        )
    };
    check(&[
        (made(json!("2026-11-21T07:40:34Z"), "Unschedulable"), is(InProgress, "Pod has not been scheduled")),
        // To the second.
        (made(json!("2026-11-21T07:40:33Z"), "Unschedulable"), is(Failed, "Pod could not be scheduled")),
        (
            made(json!("2026-11-21T09:40:34+02:00"), "Unschedulable"),
            is(InProgress, "Pod has not been scheduled"),
        ),
        (made(json!(null), "Unschedulable"), is(Failed, "Pod could not be scheduled")),
        (made(json!("just now"), "Unschedulable"), is(Failed, "Pod could not be scheduled")),
        (
            made(json!("2026-11-21T07:40:00Z"), "SchedulingGated"),
            is(InProgress, "Pod is in the Pending phase"),
        ),
        (
            pod(json!({"phase": "Pending", "conditions": [condition("PodScheduled", "True", "", "")]})),
            is(InProgress, "Pod is in the Pending phase"),
        ),
    ]);
}

fn job(status: Value) -> Value {
    object("batch/v1", "Job", json!({"parallelism": 2, "completions": 4, "backoffLimit": 6}), status)
}

const BEGUN: &str = "2026-11-21T07:40:05Z";

#[test]
fn a_job_needs_only_to_begin_unless_jobs_are_waited_for() {
    let complete = condition("Complete", "True", "CompletionsReached", "");
    let failed =
        condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let no = |kind: &str| condition(kind, "False", "", "");
    let rows = [
        (job(json!({})), is(InProgress, "Job not started"), is(InProgress, "Job in progress")),
        (
            job(json!({"startTime": BEGUN, "active": 2, "succeeded": 1, "failed": 3})),
            is(Current, "Job in progress. success:1, active: 2, failed: 3"),
            is(InProgress, "Job in progress"),
        ),
        (
            job(json!({"startTime": BEGUN, "succeeded": 4, "conditions": [complete]})),
            is(Current, "Job Completed. succeeded: 4/4"),
            is(Current, "Job Completed. succeeded: 4/4"),
        ),
        (
            job(
                json!({"startTime": BEGUN, "failed": 7, "conditions": [condition("FailureTarget", "True", "", ""), failed]}),
            ),
            is(Failed, "Job Failed. failed: 7/4"),
            is(Failed, "Job Failed. failed: 7/4"),
        ),
        (
            job(
                json!({"startTime": BEGUN, "conditions": [no("Failed"), no("Complete"), condition("Suspended", "True", "", "")]}),
            ),
            is(Current, "Job in progress. success:0, active: 0, failed: 0"),
            is(InProgress, "Job in progress"),
        ),
        // As many as run at once, where nothing else is said; one where nothing at all is.
        (
            with(
                job(json!({"succeeded": 2, "conditions": [complete]})),
                &[("/spec/completions", json!(null))],
            ),
            is(Current, "Job Completed. succeeded: 2/2"),
            is(Current, "Job Completed. succeeded: 2/2"),
        ),
        (
            with(job(json!({"succeeded": 1, "conditions": [complete]})), &[("/spec", json!({}))]),
            is(Current, "Job Completed. succeeded: 1/1"),
            is(Current, "Job Completed. succeeded: 1/1"),
        ),
        // Helm's own reader does not see that it is being deleted, nor which generation was seen.
        (
            with(
                job(json!({"startTime": BEGUN})),
                &[("/metadata/deletionTimestamp", json!("2026-11-21T07:40:30Z"))],
            ),
            is(Terminating, "Resource scheduled for deletion"),
            is(InProgress, "Job in progress"),
        ),
        (job(json!({"conditions": "none"})), is(Unknown, ""), is(Unknown, "")),
        // Another group's Job is no Job.
        (
            with(job(json!({})), &[("/apiVersion", json!("batch.volcano.sh/v1alpha1"))]),
            is(Current, "Resource is current"),
            is(Current, "Resource is current"),
        ),
    ];
    for (live, plain, waited) in rows {
        let Status { state, message } = status(&live, &[], true, NOW_NS);
        assert_eq!((said(&live), (state, message)), (plain, waited), "{live}");
    }
}

#[test]
fn a_pod_that_is_a_hook_is_over_or_it_is_not() {
    for (live, expected) in [
        (pod(json!({})), is(InProgress, "Pod in progress")),
        (pod(json!({"phase": "Pending"})), is(InProgress, "Pod in progress")),
        (
            pod(json!({"phase": "Running", "conditions": [condition("Ready", "True", "", "")]})),
            is(InProgress, "Pod in progress"),
        ),
        (pod(json!({"phase": "Succeeded"})), is(Current, "pod shop succeeded")),
        (pod(json!({"phase": "Failed"})), is(Failed, "pod shop failed")),
    ] {
        let Status { state, message } = hook_pod(&live);
        assert_eq!((state, message), expected, "{live}");
    }
}

#[test]
fn services_claims_and_definitions_have_rules_of_their_own() {
    let service = |spec| {
        with(
            object("v1", "Service", spec, json!({"loadBalancer": {}})),
            &[("/metadata/generation", json!(null))],
        )
    };
    let claim = |status| object("v1", "PersistentVolumeClaim", json!({}), status);
    let definition = |conditions: Value| {
        object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            json!({}),
            json!({"conditions": conditions}),
        )
    };
    let accepted = condition("NamesAccepted", "True", "NoConflicts", "no conflicts found");
    check(&[
        (service(json!({"clusterIP": "10.0.0.1", "type": "ClusterIP"})), is(Current, "Service is ready")),
        (service(json!({"type": "ClusterIP"})), is(Current, "Service is ready")),
        (service(json!({})), is(Current, "Service is ready")),
        (service(json!({"type": "ExternalName", "externalName": "x"})), is(Current, "Service is ready")),
        (
            service(json!({"type": "LoadBalancer"})),
            is(InProgress, "ClusterIP not set. Service type: LoadBalancer"),
        ),
        // Without any address outside.
        (service(json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"})), is(Current, "Service is ready")),
        (claim(json!({"phase": "Bound"})), is(Current, "PVC is Bound")),
        (claim(json!({"phase": "Pending"})), is(InProgress, "PVC is not Bound. phase: Pending")),
        (claim(json!({"phase": "Lost"})), is(InProgress, "PVC is not Bound. phase: Lost")),
        (claim(json!({})), is(InProgress, "PVC is not Bound. phase: unknown")),
        (definition(json!(null)), is(InProgress, "Install in progress")),
        (
            definition(json!([accepted, condition("Established", "False", "Installing", "being installed")])),
            is(InProgress, "Install in progress"),
        ),
        (
            definition(json!([
                accepted,
                condition("Established", "True", "InitialNamesAccepted", "accepted")
            ])),
            is(Current, "CRD is established"),
        ),
        (
            definition(json!([condition(
                "NamesAccepted",
                "False",
                "PluralConflict",
                "\"widgets\" is already in use"
            )])),
            is(Failed, "\"widgets\" is already in use"),
        ),
        (
            definition(json!([
                accepted,
                condition("Established", "False", "NotAccepted", "not all names are accepted")
            ])),
            is(Failed, "not all names are accepted"),
        ),
        (
            definition(json!([condition("Established", "Unknown", "", "")])),
            is(InProgress, "Install in progress"),
        ),
        (definition(json!("none")), is(Unknown, "")),
    ]);
}

#[test]
fn some_kinds_are_ready_when_they_are_there() {
    let always = is(Current, "Resource is always ready");
    check(&[
        (
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {}}),
            always.clone(),
        ),
        (json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}), always.clone()),
        (object("batch/v1", "CronJob", json!({"schedule": "* * * * *"}), json!({})), always),
        (
            object(
                "policy/v1",
                "PodDisruptionBudget",
                json!({}),
                json!({"observedGeneration": 2, "disruptionsAllowed": 0}),
            ),
            is(Current, "AllowedDisruptions has been computed."),
        ),
        (
            object("policy/v1", "PodDisruptionBudget", json!({}), json!({"observedGeneration": 1})),
            is(InProgress, "PodDisruptionBudget generation is 2, but latest observed generation is 1"),
        ),
    ]);
}
