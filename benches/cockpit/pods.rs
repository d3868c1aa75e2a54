//! Pods as a cluster has them: Deployments of twenty over namespaces, most of them well; and changes of their status, as
//! the bytes of a watch.

use std::sync::Arc;

use deckwatch::core::Ts;
use deckwatch::store::objects::Object;
use deckwatch_wire::core::Pod;
use deckwatch_wire::{Encoding, Limits, WatchDecoder, WatchEvent, encode_watch_event};
use serde_json::json;

/// Returns pod number `at`, in the state of its `version`.
pub fn pod(at: usize, version: usize, now: Ts) -> Pod {
    let (service, replica) = (at / 20, at % 20);
    let (name, namespace) = (format!("service-{service:03}"), format!("team-{:02}", service % 24));
    let hash = format!("{:09x}", service * 7_919 + 0x1234_5678);
    let bad = (at + version).is_multiple_of(50);
    let began = deckwatch_wire::Time::from_nanos(now.0 - (at as i64 + 60) * 1_000_000_000);
    let state = if bad {
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}})
    } else {
        json!({"running": {"startedAt": began}})
    };
    let text = json!({
        "metadata": {
            "name": format!("{name}-{hash}-{:05x}", at * 31 + 4_096), "namespace": namespace,
            "uid": format!("{at:08x}-0000-4000-8000-{service:012x}"),
            "resourceVersion": (100_000 + version * 20_000 + at).to_string(),
            "creationTimestamp": began,
            "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", "pod-template-hash": hash},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{name}-{hash}"),
                "uid": format!("{service:08x}-1111-4000-8000-000000000000"), "controller": true}],
        },
        "spec": {
            "nodeName": format!("node-{:03}", at % 120), "restartPolicy": "Always", "serviceAccountName": "default",
            "containers": [{"name": "app", "image": format!("registry.example/{name}:0.0.{}", 1_000 + service),
                "ports": [{"name": "http", "containerPort": 8080}],
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}}],
        },
        "status": {
            "phase": "Running", "podIP": format!("10.{}.{}.{}", at >> 16, (at >> 8) & 255, at & 255),
            "conditions": [
                {"type": "Ready", "status": if bad { "False" } else { "True" }, "lastTransitionTime": began},
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": began},
            ],
            "containerStatuses": [{"name": "app", "ready": !bad, "restartCount": if bad { version + 1 } else { replica / 10 },
                "image": "app", "imageID": "app@sha256:0", "started": !bad, "state": state}],
        },
    });
    serde_json::from_value(text).unwrap()
}

/// Returns that many pods.
pub fn all(count: usize, now: Ts) -> Vec<Object> {
    (0..count).map(|at| Object::Pod(Arc::new(pod(at, 0, now)))).collect()
}

/// Returns the watch's bytes of one batch: status changes of pods that are spread over all of them.
pub fn bytes(count: usize, batch: usize, number: usize, now: Ts) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..batch {
        let at = (number * batch + i) * 7_919 % count;
        out.extend(
            encode_watch_event(Encoding::Protobuf, &WatchEvent::Modified(pod(at, number + 1, now))).unwrap(),
        );
    }
    out
}

/// Reads a watch's bytes, as the sources do.
pub fn read(bytes: &[u8]) -> Vec<Object> {
    let mut decoder: WatchDecoder<Pod> = WatchDecoder::new(Encoding::Protobuf, Limits::default());
    decoder.push(bytes);
    let mut out = Vec::new();
    while let Some(Ok(event)) = decoder.next_event() {
        if let WatchEvent::Modified(pod) = event {
            out.push(Object::Pod(Arc::new(pod)));
        }
    }
    out
}
