//! What the server prints, read field by field, and the same through protobuf.

use pretty_assertions::assert_eq;

use super::samples;
use crate::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::batch::Job;
use crate::core::{ConfigMap, Event, Namespace, Node, Pod, Secret, Service};
use crate::discovery::EndpointSlice;
use crate::*;

/// Reads a sample and sends it through protobuf: both must give the same.
fn read<K: Object>(json: &str) -> K {
    let limits = Limits::default();
    let object: K = decode_object(Encoding::Json, json.as_bytes(), &limits).unwrap();
    let bytes = encode_object(Encoding::Protobuf, &object).unwrap();
    assert_eq!(decode_object::<K>(Encoding::Protobuf, &bytes, &limits).unwrap(), object);
    object
}

fn text<T: Default>(value: Option<T>) -> T {
    value.unwrap_or_default()
}

#[test]
fn a_pod_keeps_what_its_row_and_its_joins_need() {
    let pod: Pod = read(samples::POD);
    let meta = &pod.metadata;
    assert_eq!(meta.creation_timestamp.to_string(), "2026-11-21T05:00:00Z");
    assert_eq!(meta.owner_references[0].controller, Some(true));
    assert_eq!(meta.annotations.keys().collect::<Vec<_>>(), ["checksum/config"]);
    assert_eq!(meta.managed_fields, []);

    let container = &pod.spec.containers[0];
    let references: Vec<_> = container.env.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(references, ["DB_PASSWORD", "POD_IP"]);
    let secret = container.env[0].value_from.as_ref().and_then(|from| from.secret_key_ref.as_ref()).unwrap();
    assert_eq!((secret.name.name.as_str(), secret.key.as_str()), ("db", "password"));
    assert_eq!(container.env_from[0].config_map_ref.as_ref().unwrap().name.name, "backend-env");
    assert_eq!(container.resources.limits["memory"].string, "256Mi");
    assert_eq!(pod.spec.init_containers[0].restart_policy.as_deref(), Some("Always"));
    let volumes: Vec<_> = pod.spec.volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(volumes, ["config", "kube-api-access-7x2fl"]);
    assert_eq!(pod.spec.volumes[0].source.config_map.as_ref().unwrap().name.name, "backend-config");

    let status = &pod.status.container_statuses[0];
    assert_eq!(status.state.waiting.as_ref().unwrap().reason, "CrashLoopBackOff");
    let last = status.last_state.terminated.as_ref().unwrap();
    assert_eq!((last.exit_code, last.reason.as_str()), (137, "OOMKilled"));
    assert_eq!(
        pod.status.pod_ips.iter().map(|ip| ip.ip.as_str()).collect::<Vec<_>>(),
        ["10.1.4.7", "fd00::7"]
    );
    assert_eq!(pod.status.init_container_statuses[0].started, Some(true));
}

#[test]
fn workloads_keep_replicas_conditions_and_templates() {
    let deployment: Deployment = read(samples::DEPLOYMENT);
    assert_eq!((deployment.spec.replicas, deployment.status.ready_replicas), (Some(4), 3));
    let rolling = deployment.spec.strategy.rolling_update.as_ref().unwrap();
    assert_eq!(text(rolling.max_unavailable.as_ref().map(ToString::to_string)), "25%");
    assert_eq!(text(rolling.max_surge.as_ref().map(ToString::to_string)), "1");
    assert_eq!(deployment.status.conditions[0].reason, "ProgressDeadlineExceeded");
    let writers: Vec<_> =
        deployment.metadata.managed_fields.iter().map(|w| (&*w.manager, &w.fields_v1)).collect();
    assert_eq!(writers, [("helm", &None), ("kube-controller-manager", &None)]);

    let set: StatefulSet = read(samples::STATEFUL_SET);
    assert_eq!((set.status.current_revision.as_str(), set.status.update_revision.as_str()), ("db-1", "db-2"));
    let daemons: DaemonSet = read(samples::DAEMON_SET);
    assert_eq!((daemons.status.desired_number_scheduled, daemons.status.number_ready), (3, 2));
    assert_eq!(daemons.spec.template.spec.node_selector["kubernetes.io/os"], "linux");
    let replicas: ReplicaSet = read(samples::REPLICA_SET);
    assert_eq!(replicas.status.conditions[0].message, "exceeded quota");
    let job: Job = read(samples::JOB);
    assert_eq!((job.spec.completions, job.status.succeeded, job.spec.suspend), (Some(1), 1, Some(false)));
    assert_eq!(text(job.status.completion_time).to_string(), "2026-11-21T05:01:00Z");
}

#[test]
fn nodes_and_namespaces_keep_their_conditions() {
    let node: Node = read(samples::NODE);
    assert_eq!(node.status.conditions[0].r#type, "MemoryPressure");
    assert_eq!(node.status.node_info.kubelet_version, "v1.36.3");
    assert!(node.spec.unschedulable);
    assert_eq!(node.status.allocatable["cpu"].string, "7910m");
    let namespace: Namespace = read(samples::NAMESPACE);
    assert_eq!((namespace.status.phase.as_str(), namespace.status.conditions.len()), ("Terminating", 1));
    assert!(namespace.metadata.deletion_timestamp.is_some_and(Time::is_set));
}

#[test]
fn services_and_their_endpoints_keep_ports_and_addresses() {
    let service: Service = read(samples::SERVICE);
    assert_eq!(service.spec.ports[0].target_port, IntOrString::string("http"));
    assert_eq!(service.spec.ports[1].target_port, IntOrString::int(9090));
    assert_eq!(service.status.load_balancer.ingress[1].hostname, "lb.shop.example");
    assert_eq!((service.spec.external_ips.len(), service.spec.cluster_ip.as_str()), (1, "10.96.4.2"));
    let slice: EndpointSlice = read(samples::ENDPOINT_SLICE);
    let ready: Vec<_> = slice.endpoints.iter().map(|endpoint| endpoint.conditions.ready).collect();
    assert_eq!(ready, [Some(true), None]);
    assert_eq!(slice.endpoints[0].target_ref.as_ref().unwrap().name, "frontend-1");
    assert_eq!(slice.ports[0].port, Some(8080));
}

#[test]
fn events_keep_both_ways_of_telling_when() {
    let event: Event = read(samples::EVENT);
    assert_eq!((event.count, event.event_time.is_set(), event.series.is_none()), (9, false, true));
    assert_eq!(event.last_timestamp.to_string(), "2026-11-21T05:04:12Z");
    let series: Event = read(samples::EVENT_SERIES);
    assert_eq!(
        (series.last_timestamp.is_set(), series.event_time.to_string()),
        (false, "2026-11-21T05:01:12.123456Z".to_owned())
    );
    assert_eq!(series.series.unwrap().last_observed_time.to_string(), "2026-11-21T05:03:00.000001Z");
}

#[test]
fn config_maps_and_secrets_keep_their_bytes_and_writers() {
    let map: ConfigMap = read(samples::CONFIG_MAP);
    assert_eq!(map.binary_data["logo"], [0x89, b'P', b'N', b'G']);
    let fields = map.metadata.managed_fields[0].fields_v1.as_ref().unwrap();
    assert_eq!(fields.raw, br#"{"f:data":{"f:TIMEOUT":{}}}"#);
    let secret: Secret = read(samples::SECRET);
    assert_eq!(
        (secret.r#type.as_str(), secret.data["release"].as_slice()),
        ("helm.sh/release.v1", &b"H4sIAAA="[..])
    );
    let partial: PartialObjectMetadata = read(samples::PARTIAL);
    assert_eq!(partial.metadata.managed_fields[0].operation, "Apply");
}

#[test]
fn a_refusal_keeps_its_details() {
    let status = decode_status(Encoding::Json, samples::STATUS.as_bytes()).unwrap();
    let details = status.details.clone().unwrap();
    assert_eq!(
        (status.code, details.retry_after_seconds, details.causes[0].field.as_str()),
        (403, 1, ".data")
    );
    let bytes = encode_status(Encoding::Protobuf, &status).unwrap();
    assert_eq!(decode_status(Encoding::Protobuf, &bytes).unwrap(), status);
}

#[test]
fn a_refusal_in_place_of_an_object_or_a_list_is_an_error_that_holds_it() {
    let status = decode_status(Encoding::Json, samples::STATUS.as_bytes()).unwrap();
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        let bytes = encode_status(encoding, &status).unwrap();
        let limits = Limits::default();
        for error in [
            decode_object::<Secret>(encoding, &bytes, &limits).unwrap_err(),
            decode_list::<Secret>(encoding, &bytes, &limits).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Status(held) if *held == status));
        }
    }
}

#[test]
fn nulls_stand_for_what_is_not_set() {
    let json = r#"{"kind":"Pod","metadata":{"name":"x","labels":null,"finalizers":null,"creationTimestamp":null},
                   "spec":{"containers":[{"name":null,"env":null,"ports":null}],"nodeName":null},"status":null}"#;
    let pod: Pod = read(json);
    let mut expected = Pod::default();
    "x".clone_into(&mut expected.metadata.name);
    expected.spec.containers.push(crate::core::Container::default());
    assert_eq!(pod, expected);
}
