//! How each of the objects in the tables is, and why.

use deckwatch_wire::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use deckwatch_wire::batch::Job;
use deckwatch_wire::core::{Event, Namespace, Node, Pod, Service};
use deckwatch_wire::discovery::EndpointSlice;
use pretty_assertions::assert_eq;

use super::*;

/// `name | level | word | reason`, a line for each object.
fn healths<K: Tabled>((json, _): (&str, &str)) -> String {
    let line = |object: &K| {
        let health = object.row().health;
        let (word, reason) = (health.word.as_str(), health.reason.as_str());
        let line = format!("{} | {} | {word} | {reason}", object.meta().name, health.level.word());
        line.trim_end_matches([' ', '|']).to_owned()
    };
    objects::<K>(json).iter().map(line).collect::<Vec<_>>().join("\n")
}

fn text(lines: &str) -> String {
    lines.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn pods_say_what_is_wrong_and_why() {
    let expected = "
        running | ok | Running
        two-of-two | ok | Running
        restarted | ok | Running
        restarted-long-ago | ok | Running
        not-ready | warning | NotReady | containers with unready status: [app]
        one-of-two | warning | NotReady | containers with unready status: [app]
        unscheduled | warning | Pending | 0/3 nodes are available: 3 Insufficient cpu.
        gated | warning | SchedulingGated | Scheduling is blocked due to non-empty scheduling gates
        creating | warning | ContainerCreating
        no-statuses-yet | warning | Pending
        crash-loop | failing | CrashLoopBackOff | app: last exit 137 (OOMKilled); back-off 1m20s restarting failed container=app pod=crash-loop_shop
        crash-loop-beside-healthy | failing | CrashLoopBackOff | app: last exit 1 (Error)
        first-trouble-wins | failing | ImagePullBackOff | app: ImagePullBackOff
        image-pull | failing | ImagePullBackOff | app: Back-off pulling image \"shop/app:2\"
        err-image-pull | failing | ErrImagePull | app: not found
        config-error | failing | CreateContainerConfigError | app: secret \"db\" not found
        error | failing | Error | app: exit 1 (Error): panic: no database
        oom | failing | OOMKilled | app: exit 137 (OOMKilled)
        signal | failing | Signal:9 | app: signal 9
        exit-code | failing | ExitCode:3 | app: exit 3
        completed | done | Completed
        failed | failing | Error | app: exit 2 (Error)
        one-completed-one-running-ready | ok | Running
        one-completed-one-running-unready | warning | NotReady | containers with unready status: [app]
        completed-hides-an-error | failing | Error | log: exit 4 (Error)
        evicted | failing | Evicted | The node was low on resource: memory.
        terminating | warning | Terminating
        terminating-with-finalizer | warning | Terminating | waits for finalizers shop.example/drain
        deleted-but-done | done | Completed
        node-lost | unknown | Unknown | Node worker-1 which was running pod node-lost is unresponsive
        node-lost-not-deleted | unknown | NodeLost
        unknown-phase | unknown | Unknown
        init-first | warning | Init:0/2
        init-second | warning | Init:1/2
        init-crash-loop | failing | Init:CrashLoopBackOff | init: last exit 1 (Error); back-off 10s
        init-error | failing | Init:Error | init: exit 1 (Error)
        init-signal | failing | Init:Signal:9 | init: signal 9
        init-exit-code | failing | Init:ExitCode:7 | init: exit 7
        init-image-pull | failing | Init:ImagePullBackOff | init: ImagePullBackOff
        init-done | ok | Running
        sidecar-running | ok | Running
        sidecar-unready | warning | NotReady | containers with unready status: [app]
        sidecar-not-started | warning | Init:0/2
        sidecar-restarted | ok | Running
        sidecar-crashing-while-initialized | failing | Init:CrashLoopBackOff | proxy: last exit 1 (Error)
        gates-open | ok | Running
        gates-half | warning | NotReady | corresponding condition of pod readiness gate \"shop.example/b\" does not exist.
        nominated | warning | Pending | preemption
        dual-stack | ok | Running
        admission-refused | failing | OutOfcpu | Node didn't have enough resource: cpu
        waiting-without-reason | warning | Pending
        container-status-unknown | failing | ContainerStatusUnknown | app: exit 137 (ContainerStatusUnknown): The container could not be located when the pod was terminated
        in-the-future | ok | Running
        deadline | failing | Error | Pod was active on the node longer than the specified deadline";
    assert_eq!(healths::<Pod>(case!("pods")), text(expected));
}

#[test]
fn workloads_tell_rolling_from_stuck() {
    let deployments = "
        ready | ok | Ready
        rolling | warning | Rolling | 2/4 updated, 3/4 ready
        behind | warning | Rolling | 1/1 updated, 1/1 ready
        stuck | failing | ProgressDeadlineExceeded | ReplicaSet \"stuck-7c\" has timed out progressing.
        quota | failing | FailedCreate | exceeded quota
        unavailable | failing | Unavailable | 0/2 ready: Deployment does not have minimum availability.
        one-short | warning | NotReady | 2/3 ready
        zero | ok | Scaled to 0
        paused | ok | Paused
        paused-half-way | warning | Paused | 2/2 ready
        two-containers | ok | Ready
        deleted | warning | Terminating | waits for finalizers foregroundDeletion";
    assert_eq!(healths::<Deployment>(case!("deployments")), text(deployments));
    let stateful_sets = "
        ready | ok | Ready
        rolling | warning | Rolling | 1/3 updated, 2/3 ready
        short | warning | NotReady | 2/3 ready
        down | failing | Unavailable | 0/3 ready
        zero | ok | Scaled to 0
        on-delete | ok | Ready";
    assert_eq!(healths::<StatefulSet>(case!("statefulsets")), text(stateful_sets));
    let daemon_sets = "
        ready | ok | Ready
        rolling | warning | Rolling | 1/3 updated, 2/3 ready
        short | warning | NotReady | 2/3 ready
        down | failing | Unavailable | 0/3 ready
        nowhere | ok | No nodes";
    assert_eq!(healths::<DaemonSet>(case!("daemonsets")), text(daemon_sets));
    let replica_sets = "
        ready | ok | Ready
        old | done | Scaled to 0
        starting | warning | NotReady | 1/2 ready
        quota | failing | FailedCreate | exceeded quota
        going | ok | Ready";
    assert_eq!(healths::<ReplicaSet>(case!("replicasets")), text(replica_sets));
}

#[test]
fn jobs_end_done_or_failing() {
    let expected = "
        complete | done | Complete
        failed | failing | Failed | BackoffLimitExceeded: Job has reached the specified backoff limit
        running | ok | Running
        retrying | warning | Running | 2 pods failed so far
        suspended | warning | Suspended | JobSuspended: Job suspended
        work-queue | ok | Running
        no-counts | ok | Running
        failure-target | failing | FailureTarget | PodFailurePolicy
        success-criteria | ok | SuccessCriteriaMet
        terminating | warning | Terminating | waits for finalizers orphan
        not-failed-after-all | ok | Running";
    assert_eq!(healths::<Job>(case!("jobs")), text(expected));
}

#[test]
fn nodes_and_namespaces_say_what_is_wrong() {
    let nodes = "
        ready | ok | Ready
        not-ready | failing | NotReady | container runtime is down
        lost | failing | NotReady | Kubelet stopped posting node status.
        cordoned | warning | SchedulingDisabled
        cordoned-lost | failing | NotReady | Kubelet stopped posting node status.
        pressure | warning | MemoryPressure | kubelet has insufficient memory available
        silent | unknown | Unknown";
    assert_eq!(healths::<Node>(case!("nodes")), text(nodes));
    let namespaces = "
        shop | ok | Active
        old | warning | Terminating | widgets.shop.example has 1 resource instances";
    assert_eq!(healths::<Namespace>(case!("namespaces")), text(namespaces));
}

#[test]
fn services_wait_for_addresses_and_endpoints_for_pods() {
    let services = healths::<Service>(case!("services"));
    let faults: Vec<&str> = services.lines().filter(|line| !line.contains("| ok |")).collect();
    assert_eq!(faults, ["pending | warning | Pending | no load balancer has given an address yet"]);
    let slices = "
        ready | ok | Ready
        many | ok | Ready
        three | warning | NotReady | 2/3 endpoints ready
        empty | warning | Empty | no endpoints
        none-ready | failing | NotReady | 0/1 endpoints ready";
    assert_eq!(healths::<EndpointSlice>(case!("endpointslices")), text(slices));
}

#[test]
fn warning_events_are_warnings() {
    let events = healths::<Event>(case!("events"));
    let levels: Vec<&str> = events.lines().filter_map(|line| line.split(" | ").nth(1)).collect();
    assert_eq!(levels, ["warning", "warning", "warning", "ok", "warning", "warning"]);
}
