//! Any value of any message, from bytes: few bytes make a small value, so that a failure shrinks to a small one.
//!
//! Each message is listed with all its fields: one that is forgotten does not compile.

use std::collections::BTreeMap;

use crate::apps::*;
use crate::batch::*;
use crate::core::*;
use crate::discovery::*;
use crate::*;

/// A supply of choices, which ends.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn number(&mut self) -> i64 {
        let bytes: Vec<u8> = (0..self.byte() % 9).map(|_| self.byte()).collect();
        bytes.iter().fold(0i64, |n, byte| (n << 8) | i64::from(*byte))
    }
}

pub trait Any: Sized {
    fn any(choices: &mut Choices<'_>) -> Self;
}

impl Any for bool {
    fn any(choices: &mut Choices<'_>) -> Self {
        choices.byte() % 2 == 1
    }
}

impl Any for i32 {
    fn any(choices: &mut Choices<'_>) -> Self {
        choices.number() as Self
    }
}

impl Any for i64 {
    fn any(choices: &mut Choices<'_>) -> Self {
        choices.number()
    }
}

impl Any for u8 {
    fn any(choices: &mut Choices<'_>) -> Self {
        choices.byte()
    }
}

impl Any for String {
    fn any(choices: &mut Choices<'_>) -> Self {
        const LETTERS: [char; 12] = ['a', 'Z', '0', '-', '/', '"', '\\', '\n', '\0', 'ж', '\u{202e}', '😀'];
        let length = choices.byte() % 6;
        (0..length).map(|_| LETTERS[usize::from(choices.byte()) % LETTERS.len()]).collect()
    }
}

impl<const MICRO: bool> Any for Stamp<MICRO> {
    fn any(choices: &mut Choices<'_>) -> Self {
        if bool::any(choices) { Self::from_nanos(choices.number()) } else { Self::UNSET }
    }
}

impl Any for Quantity {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self { string: String::any(choices) }
    }
}

impl Any for IntOrString {
    fn any(choices: &mut Choices<'_>) -> Self {
        if bool::any(choices) { Self::int(i32::any(choices)) } else { Self::string(&String::any(choices)) }
    }
}

impl Any for FieldsV1 {
    fn any(choices: &mut Choices<'_>) -> Self {
        let json = serde_json::json!({ String::any(choices): {"f:x": {}} });
        Self { raw: json.to_string().into_bytes() }
    }
}

impl<T: Any> Any for Box<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self::new(T::any(choices))
    }
}

/// A time behind a pointer is never present and unset: JSON could not tell it from absent.
impl<T: Any + PartialEq + Default> Any for Option<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        let is_time = std::any::type_name::<T>().contains("Stamp");
        bool::any(choices).then(|| T::any(choices)).filter(|value| !is_time || *value != T::default())
    }
}

impl<T: Any> Any for Vec<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        (0..choices.byte() % 4).map(|_| T::any(choices)).collect()
    }
}

impl<V: Any> Any for BTreeMap<String, V> {
    fn any(choices: &mut Choices<'_>) -> Self {
        (0..choices.byte() % 4).map(|_| (String::any(choices), V::any(choices))).collect()
    }
}

macro_rules! any {
    ($($message:ident { $($field:ident),* })*) => {$(
        impl Any for $message {
            fn any(choices: &mut Choices<'_>) -> Self {
                Self { $($field: Any::any(choices)),* }
            }
        }
    )*};
}

any! {
    ObjectMeta { name, generate_name, namespace, uid, resource_version, generation, creation_timestamp,
        deletion_timestamp, deletion_grace_period_seconds, labels, annotations, owner_references, finalizers,
        managed_fields }
    OwnerReference { kind, name, uid, api_version, controller, block_owner_deletion }
    ManagedFieldsEntry { manager, operation, api_version, time, fields_v1, subresource }
    ListMeta { resource_version, r#continue, remaining_item_count }
    LabelSelector { match_labels, match_expressions }
    LabelSelectorRequirement { key, operator, values }
    Condition { r#type, status, observed_generation, last_transition_time, reason, message }
    PartialObjectMetadata { metadata }
    Status { metadata, status, message, reason, details, code }
    StatusDetails { name, group, kind, causes, retry_after_seconds, uid }
    StatusCause { reason, message, field }
    ConfigMap { metadata, data, binary_data, immutable }
    Secret { metadata, data, r#type, immutable }
    Container { name, image, ports, env, resources, image_pull_policy, env_from, restart_policy }
    EphemeralContainer { common, target_container_name }
    ContainerPort { name, host_port, container_port, protocol }
    EnvVar { name, value_from }
    EnvVarSource { config_map_key_ref, secret_key_ref }
    ConfigMapKeySelector { name, key, optional }
    SecretKeySelector { name, key, optional }
    EnvFromSource { prefix, config_map_ref, secret_ref }
    ConfigMapEnvSource { name, optional }
    SecretEnvSource { name, optional }
    ResourceRequirements { limits, requests }
    ContainerStatus { name, state, last_state, ready, restart_count, image, image_id, started }
    ContainerState { waiting, running, terminated }
    ContainerStateWaiting { reason, message }
    ContainerStateRunning { started_at }
    ContainerStateTerminated { exit_code, signal, reason, message, started_at, finished_at }
    Event { metadata, involved_object, reason, message, source, first_timestamp, last_timestamp, count, r#type,
        event_time, series, action, reporting_component, reporting_instance }
    EventSeries { count, last_observed_time }
    EventSource { component, host }
    ObjectReference { kind, namespace, name, uid, api_version, resource_version, field_path }
    Node { metadata, spec, status }
    NodeSpec { provider_id, unschedulable, taints }
    Taint { key, value, effect, time_added }
    NodeStatus { capacity, allocatable, conditions, addresses, node_info }
    NodeCondition { r#type, status, last_heartbeat_time, last_transition_time, reason, message }
    NodeAddress { r#type, address }
    NodeSystemInfo { kernel_version, os_image, container_runtime_version, kubelet_version, operating_system,
        architecture }
    Namespace { metadata, status }
    NamespaceStatus { phase, conditions }
    NamespaceCondition { r#type, status, last_transition_time, reason, message }
    Pod { metadata, spec, status }
    PodSpec { volumes, containers, restart_policy, termination_grace_period_seconds, node_selector,
        service_account_name, node_name, host_network, image_pull_secrets, init_containers, priority_class_name,
        readiness_gates, ephemeral_containers, scheduling_gates }
    PodStatus { phase, conditions, message, reason, host_ip, pod_ip, start_time, container_statuses, qos_class,
        init_container_statuses, nominated_node_name, pod_ips, ephemeral_container_statuses }
    PodCondition { r#type, status, last_transition_time, reason, message }
    PodIP { ip }
    PodReadinessGate { condition_type }
    PodSchedulingGate { name }
    LocalObjectReference { name }
    PodTemplateSpec { metadata, spec }
    Service { metadata, spec, status }
    ServiceSpec { ports, selector, cluster_ip, r#type, external_ips, load_balancer_ip, external_name,
        cluster_ips }
    ServicePort { name, protocol, port, target_port, node_port }
    ServiceStatus { load_balancer, conditions }
    LoadBalancerStatus { ingress }
    LoadBalancerIngress { ip, hostname }
    Volume { name, source }
    VolumeSource { secret, persistent_volume_claim, config_map, projected }
    SecretVolumeSource { secret_name, optional }
    ConfigMapVolumeSource { name, optional }
    PersistentVolumeClaimVolumeSource { claim_name, read_only }
    ProjectedVolumeSource { sources }
    VolumeProjection { secret, config_map }
    SecretProjection { name, optional }
    ConfigMapProjection { name, optional }
    Deployment { metadata, spec, status }
    DeploymentSpec { replicas, selector, template, strategy, min_ready_seconds, revision_history_limit, paused,
        progress_deadline_seconds }
    DeploymentStrategy { r#type, rolling_update }
    RollingUpdateDeployment { max_unavailable, max_surge }
    DeploymentStatus { observed_generation, replicas, updated_replicas, available_replicas,
        unavailable_replicas, conditions, ready_replicas, collision_count, terminating_replicas }
    DeploymentCondition { r#type, status, reason, message, last_update_time, last_transition_time }
    StatefulSet { metadata, spec, status }
    StatefulSetSpec { replicas, selector, template, service_name, pod_management_policy, update_strategy,
        revision_history_limit, min_ready_seconds }
    StatefulSetUpdateStrategy { r#type, rolling_update }
    RollingUpdateStatefulSetStrategy { partition, max_unavailable }
    StatefulSetStatus { observed_generation, replicas, ready_replicas, current_replicas, updated_replicas,
        current_revision, update_revision, collision_count, conditions, available_replicas }
    StatefulSetCondition { r#type, status, last_transition_time, reason, message }
    DaemonSet { metadata, spec, status }
    DaemonSetSpec { selector, template, update_strategy, min_ready_seconds, revision_history_limit }
    DaemonSetUpdateStrategy { r#type, rolling_update }
    RollingUpdateDaemonSet { max_unavailable, max_surge }
    DaemonSetStatus { current_number_scheduled, number_misscheduled, desired_number_scheduled, number_ready,
        observed_generation, updated_number_scheduled, number_available, number_unavailable, collision_count,
        conditions }
    DaemonSetCondition { r#type, status, last_transition_time, reason, message }
    ReplicaSet { metadata, spec, status }
    ReplicaSetSpec { replicas, selector, template, min_ready_seconds }
    ReplicaSetStatus { replicas, fully_labeled_replicas, observed_generation, ready_replicas,
        available_replicas, conditions, terminating_replicas }
    ReplicaSetCondition { r#type, status, last_transition_time, reason, message }
    Job { metadata, spec, status }
    JobSpec { parallelism, completions, active_deadline_seconds, selector, template, backoff_limit,
        ttl_seconds_after_finished, completion_mode, suspend }
    JobStatus { conditions, start_time, completion_time, active, succeeded, failed, completed_indexes, ready,
        failed_indexes, terminating }
    JobCondition { r#type, status, last_transition_time, reason, message }
    EndpointSlice { metadata, endpoints, ports, address_type }
    Endpoint { addresses, conditions, hostname, target_ref, node_name, zone }
    EndpointConditions { ready, serving, terminating }
    EndpointPort { name, protocol, port, app_protocol }
}
