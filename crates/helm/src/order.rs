//! The order in which Helm installs kinds.
//!
//! Stored manifests are in this order already and are never sorted again; this is for showing objects in it.

use std::cmp::Ordering;

const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Compares two kinds by the order in which Helm installs them; kinds that it does not know come last, by name.
pub fn compare(a: &str, b: &str) -> Ordering {
    let rank = |kind: &str| INSTALL_ORDER.iter().position(|known| *known == kind);
    match (rank(a), rank(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_come_in_their_order_and_others_last_by_name() {
        let mut kinds =
            ["Widget", "Deployment", "Alpha", "Namespace", "Service", "ValidatingWebhookConfiguration"];
        kinds.sort_by(|a, b| compare(a, b));
        assert_eq!(
            kinds,
            ["Namespace", "Service", "Deployment", "ValidatingWebhookConfiguration", "Alpha", "Widget"]
        );
    }
}
