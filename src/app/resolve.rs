//! From an alert's labels to live objects.
//!
//! The order of what is tried follows the labels that kube-prometheus' rules and common exporters
//! carry: `exported_` names before their plain ones, the most specific key first. What the labels do not
//! name, equality matchers of the rule's expression may. Nothing is resolved to an object of another
//! cluster, and nothing is called gone as long as not all of its kind is known.

use super::model::{Cluster, Shared};
use super::msg::FeedState;
use crate::core::{ClusterId, Labels, ObjectRef, Resource, Safe, Uid, Untrusted};
use crate::store::alerts::Alert;
use crate::store::objects::Object;

/// What an alert is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// The object that the labels name, as precisely as they do.
    pub object: Option<ObjectRef>,
    /// The workload that it belongs to, or the object itself.
    pub owner: Option<ObjectRef>,
    /// The other cluster that it is of, as its label says.
    pub elsewhere: Option<Safe>,
    /// How it was found, in words.
    pub how: Safe,
    /// Whether the object is gone.
    pub gone: bool,
}

const NAMESPACE: &[&str] = &["namespace", "kubernetes_namespace", "kube_namespace", "k8s_namespace_name"];
const KINDS: &[(&[&str], Resource)] = &[
    (&["pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name"], Resource::Pod),
    (&["job_name"], Resource::Job),
    (&["deployment"], Resource::Deployment),
    (&["statefulset"], Resource::StatefulSet),
    (&["daemonset"], Resource::DaemonSet),
    (&["replicaset"], Resource::ReplicaSet),
    (&["service"], Resource::Service),
    (&["node", "nodename", "kubernetes_node"], Resource::Node),
];
const LOOSE: &[&str] = &["workload", "app", "container", "container_name", "job"];
const WORKLOADS: [Resource; 3] = [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet];
/// What makes pods and ReplicaSets and gives them names that begin with its own.
const MAKERS: [Resource; 5] =
    [Resource::ReplicaSet, Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Job];

fn label<'a>(labels: &'a Labels, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let exported = names.iter().find_map(|n| labels.get(&format!("exported_{n}")).map(|v| (*n, v)));
    exported
        .or_else(|| names.iter().find_map(|n| labels.get(n).map(|v| (*n, v))))
        .filter(|(_, v)| !v.is_empty())
}

/// Returns what an alert is about: what it was bound to by hand, else what its labels name.
pub fn resolve_alert(alert: &Alert, shared: &Shared) -> Resolution {
    let id = &shared.session.cluster;
    let Some(bound) = shared.bound.get(&alert.fingerprint) else {
        let asked = shared.alerts.known.asked.get(&alert.fingerprint);
        let cluster = alert.labels.get("cluster").filter(|c| !c.is_empty());
        let cluster = cluster.or_else(|| asked.and_then(|a| a.get("cluster")));
        if let Some(other) = cluster.filter(|c| !shared.answers_to(c)) {
            return elsewhere(other);
        }
        return with_expression(&alert.labels, asked, &shared.cluster, id);
    };
    let known = bound.resource().map(|r| shared.cluster.of(r));
    let live = known.and_then(|k| k.named(bound.namespace.as_str(), bound.name.as_str()));
    let object = live.map_or_else(|| bound.clone(), |o| o.reference(id));
    let owner = live.and_then(|o| workload_of(o, &shared.cluster, id)).unwrap_or_else(|| object.clone());
    let how = Safe::own("your binding");
    Resolution { object: Some(object), owner: Some(owner), how, gone: live.is_none(), elsewhere: None }
}

/// Returns what an alert is about; where its labels name no more than a namespace, what its expression asks for.
fn with_expression(labels: &Labels, asked: Option<&Labels>, cluster: &Cluster, id: &ClusterId) -> Resolution {
    let found = resolve(labels, cluster, id);
    let vague = |r: &Resolution| r.object.as_ref().is_none_or(|o| o.resource() == Some(Resource::Namespace));
    let Some(asked) = asked.filter(|_| vague(&found)) else { return found };
    let own = labels.iter().filter(|(_, v)| !v.is_empty());
    let more = asked.iter().filter(|(name, _)| labels.get(name).is_none_or(str::is_empty));
    let better = resolve(&own.chain(more).collect(), cluster, id);
    if vague(&better) && found.object.is_some() {
        return found;
    }
    let how = format!("{} (from its rule's expression)", better.how.as_str().replacen("label", "matcher", 1));
    if better.object.is_some() { Resolution { how: Safe::of(&how), ..better } } else { found }
}

/// Returns whether a label is one that an object is found by.
pub fn names_an_object(label: &str) -> bool {
    let plain = label.strip_prefix("exported_").unwrap_or(label);
    let mut keys = KINDS.iter().flat_map(|(names, _)| names.iter()).chain(NAMESPACE).chain(LOOSE);
    keys.any(|name| *name == plain) || matches!(plain, "instance" | "cluster")
}

/// An alert of another cluster: a namesake of its object here is another object.
fn elsewhere(cluster: &str) -> Resolution {
    let cluster = Untrusted::from(cluster).clipped(80);
    let how = Safe::of(&format!(
        "label cluster={cluster} (`clusters` in config.toml says which are this context's)"
    ));
    Resolution { elsewhere: Some(cluster), how, ..Resolution::default() }
}

/// Returns what an alert with these labels is about.
pub fn resolve(labels: &Labels, cluster: &Cluster, id: &ClusterId) -> Resolution {
    let namespace = label(labels, NAMESPACE).map_or("", |(_, v)| v);
    for (names, resource) in KINDS {
        let Some((key, value)) = label(labels, names) else { continue };
        let place = if resource.names().namespaced { namespace } else { "" };
        if resource.names().namespaced && place.is_empty() {
            continue;
        }
        if let Some(object) = cluster.of(*resource).named(place, value) {
            let owner = workload_of(object, cluster, id);
            let how = Safe::of(&format!("label {key}={value}"));
            return Resolution {
                owner: owner.or_else(|| Some(object.reference(id))),
                object: Some(object.reference(id)),
                how,
                ..Resolution::default()
            };
        }
        if *resource == Resource::Pod {
            return gone_pod(value, place, cluster, id);
        }
        // Labels of these names mean nothing else; others, as `service`, may be no object's at all.
        if resource.is_workload() && whole(*resource, place, cluster) {
            return gone_workload(*resource, (key, value), place, cluster, id);
        }
    }
    if let Some(found) = loose(labels, namespace, cluster, id) {
        return found;
    }
    let instance = label(labels, &["instance"]).map(|(_, value)| host(value));
    if let Some(found) = instance.and_then(|host| node_of(host, cluster).or_else(|| pod_of(host, cluster))) {
        let object = Some(found.reference(id));
        let owner = workload_of(found, cluster, id).or_else(|| object.clone());
        return Resolution { owner, object, how: Safe::own("label instance"), ..Resolution::default() };
    }
    if namespace.is_empty() {
        return Resolution { how: Safe::own("no label names an object"), ..Resolution::default() };
    }
    let object = Some(ObjectRef::new(id, Resource::Namespace, "", namespace, ""));
    let how = Safe::own("label namespace only");
    Resolution { owner: object.clone(), object, how, ..Resolution::default() }
}

fn loose(labels: &Labels, namespace: &str, cluster: &Cluster, id: &ClusterId) -> Option<Resolution> {
    for name in LOOSE {
        let Some((key, value)) = label(labels, &[name]) else { continue };
        for resource in WORKLOADS {
            if let Some(object) = cluster.of(resource).named(namespace, value) {
                let object = Some(object.reference(id));
                return Some(Resolution {
                    owner: object.clone(),
                    object,
                    how: Safe::of(&format!("label {key}={value}")),
                    ..Resolution::default()
                });
            }
        }
    }
    None
}

/// A pod that is gone: its workload is found by its name.
fn gone_pod(pod: &str, namespace: &str, cluster: &Cluster, id: &ClusterId) -> Resolution {
    let mut once = once_of(namespace, pod, cluster).into_iter();
    let owner = once.next().map(|o| workload_of(o, cluster, id).unwrap_or_else(|| o.reference(id)));
    let object = Some(ObjectRef::new(id, Resource::Pod, namespace, pod, ""));
    // What is not on a list that is not whole may still be there.
    let gone = whole(Resource::Pod, namespace, cluster);
    let how =
        Safe::own(if gone { "label pod; the pod is gone" } else { "label pod; not all pods are known" });
    Resolution { object, owner, how, gone, elsewhere: None }
}

/// A workload that is named and gone; of a ReplicaSet its Deployment may still be there.
fn gone_workload(
    resource: Resource,
    (key, value): (&str, &str),
    namespace: &str,
    cluster: &Cluster,
    id: &ClusterId,
) -> Resolution {
    let object = ObjectRef::new(id, resource, namespace, value, "");
    let mut above =
        once_of(namespace, value, cluster).into_iter().filter(|_| resource == Resource::ReplicaSet);
    let owner = above.next().map_or_else(|| object.clone(), |o| o.reference(id));
    let how = Safe::of(&format!("label {key}={value}; it is gone"));
    Resolution { object: Some(object), owner: Some(owner), how, gone: true, elsewhere: None }
}

/// Returns whether everything of a kind in a namespace is known.
fn whole(resource: Resource, namespace: &str, cluster: &Cluster) -> bool {
    let kind = cluster.of(resource);
    matches!(kind.state, FeedState::Live | FeedState::Resync | FeedState::Stale { .. })
        && kind.scope.holds(namespace)
        && kind.undecodable() == 0
}

/// Returns what a pod or ReplicaSet that is gone may have been made by: all that have the longest name
/// that its own begins with. `backend-worker-7c5d9f8b6` is of `backend-worker`, never of `backend`.
fn once_of<'a>(namespace: &str, name: &str, cluster: &'a Cluster) -> Vec<&'a Object> {
    let mut rest = name;
    while let Some((head, _)) = rest.rsplit_once('-') {
        let found: Vec<&Object> =
            MAKERS.iter().filter_map(|r| cluster.of(*r).named(namespace, head)).collect();
        if !found.is_empty() {
            return found;
        }
        rest = head;
    }
    Vec::new()
}

/// Returns whether an object that is gone was a workload's, as far as names tell.
pub fn was_of(object: &ObjectRef, owner: &ObjectRef, cluster: &Cluster) -> bool {
    let (namespace, name) = (object.namespace.as_str(), object.name.as_str());
    let once = once_of(namespace, name, cluster);
    if once.iter().any(|o| workload_of(o, cluster, &owner.cluster).is_some_and(|w| w.same(owner))) {
        return true;
    }
    // An owner that is gone itself is not among the known ones: its name counts where it is the longest.
    let live =
        owner.resource().and_then(|r| cluster.of(r).named(owner.namespace.as_str(), owner.name.as_str()));
    let own = owner.name.as_str();
    live.is_none()
        && object.namespace == owner.namespace
        && name.strip_prefix(own).is_some_and(|rest| rest.starts_with('-'))
        && once.iter().all(|o| o.name().len() < own.len())
}

/// Returns the host of an `instance`: without its port, without the brackets of an IPv6 address.
fn host(instance: &str) -> &str {
    if let Some((inner, _)) = instance.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inner;
    }
    match instance.rsplit_once(':') {
        Some((host, _)) if !host.contains(':') => host,
        _ => instance,
    }
}

/// Returns the pod of an address: one that runs, and has the address for itself.
fn pod_of<'a>(host: &str, cluster: &'a Cluster) -> Option<&'a Object> {
    host.parse::<std::net::IpAddr>().ok()?;
    let has = |object: &&Object| match object {
        Object::Pod(pod) => {
            let ended = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
            let mine = pod.status.pod_ip == host || pod.status.pod_ips.iter().any(|a| a.ip == host);
            mine && !ended && !pod.spec.host_network
        }
        _ => false,
    };
    let mut found = cluster.of(Resource::Pod).iter().filter(has);
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

fn node_of<'a>(host: &str, cluster: &'a Cluster) -> Option<&'a Object> {
    cluster.of(Resource::Node).iter().find(|o| match o {
        Object::Node(node) => {
            node.metadata.name == host || node.status.addresses.iter().any(|a| a.address == host)
        }
        _ => false,
    })
}

/// Returns the workload that an object belongs to: pods by their controllers, Services by their selector.
pub fn workload_of(object: &Object, cluster: &Cluster, id: &ClusterId) -> Option<ObjectRef> {
    match object {
        Object::Pod(_) | Object::ReplicaSet(_) => {
            let owner = object.controller()?;
            let group = owner.api_version.split_once('/').map_or("", |(g, _)| g);
            let resource = Resource::of_kind(group, &owner.kind)?;
            let up = cluster.of(resource).get(&Uid::new(&owner.uid));
            let above = up.and_then(|o| workload_of(o, cluster, id));
            Some(
                above.unwrap_or_else(|| {
                    ObjectRef::new(id, resource, object.namespace(), &owner.name, &owner.uid)
                }),
            )
        }
        Object::Service(service) => {
            let selector = &service.spec.selector;
            if selector.is_empty() {
                return None;
            }
            let chosen = |o: &&Object| {
                let labels = template_labels(o);
                o.namespace() == service.metadata.namespace
                    && labels.is_some_and(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
            };
            let mut found: Vec<&Object> =
                WORKLOADS.iter().flat_map(|r| cluster.of(*r).iter()).filter(chosen).collect();
            found.sort_by_key(|o| (o.name() != service.metadata.name, o.name().to_owned()));
            found.first().map(|o| o.reference(id))
        }
        Object::Deployment(_) | Object::StatefulSet(_) | Object::DaemonSet(_) | Object::Job(_) => {
            Some(object.reference(id))
        }
        Object::Node(_)
        | Object::EndpointSlice(_)
        | Object::Event(_)
        | Object::Namespace(_)
        | Object::Meta(..) => None,
    }
}

fn template_labels(object: &Object) -> Option<&std::collections::BTreeMap<String, String>> {
    match object {
        Object::Deployment(o) => Some(&o.spec.template.metadata.labels),
        Object::StatefulSet(o) => Some(&o.spec.template.metadata.labels),
        Object::DaemonSet(o) => Some(&o.spec.template.metadata.labels),
        _ => None,
    }
}

/// Returns the pods of a workload (or the pod itself), living ones, in order of their names.
pub fn pods_of<'a>(owner: &ObjectRef, cluster: &'a Cluster) -> Vec<&'a Object> {
    let pods = cluster.of(Resource::Pod);
    let mut out: Vec<&Object> = match owner.resource() {
        Some(Resource::Pod) => {
            pods.named(owner.namespace.as_str(), owner.name.as_str()).into_iter().collect()
        }
        Some(Resource::Deployment) => {
            let sets = cluster.of(Resource::ReplicaSet);
            cluster
                .of(Resource::Deployment)
                .named(owner.namespace.as_str(), owner.name.as_str())
                .map(super::super::store::objects::Object::uid)
                .map(|uid| {
                    sets.owned_by(&uid).flat_map(|rs| pods.owned_by(&rs.uid()).collect::<Vec<_>>()).collect()
                })
                .unwrap_or_default()
        }
        Some(Resource::Node) => pods
            .iter()
            .filter(|o| matches!(o, Object::Pod(p) if p.spec.node_name == owner.name.as_str()))
            .collect(),
        Some(Resource::Namespace) => pods.iter().filter(|o| o.namespace() == owner.name.as_str()).collect(),
        Some(resource) => cluster
            .of(resource)
            .named(owner.namespace.as_str(), owner.name.as_str())
            .map(super::super::store::objects::Object::uid)
            .map(|uid| pods.owned_by(&uid).collect())
            .unwrap_or_default(),
        None => Vec::new(),
    };
    out.sort_by(|a, b| a.name().cmp(b.name()));
    out
}

/// Returns the release that an object says it belongs to: namespace and name.
pub fn release_of(owner: &ObjectRef, cluster: &Cluster) -> Option<(String, String)> {
    let object = cluster.of(owner.resource()?).named(owner.namespace.as_str(), owner.name.as_str())?;
    if let (Some(name), Some(namespace)) =
        (object.annotation("meta.helm.sh/release-name"), object.annotation("meta.helm.sh/release-namespace"))
    {
        return Some((namespace.to_owned(), name.to_owned()));
    }
    let helm = object.label("app.kubernetes.io/managed-by") == Some("Helm");
    let instance = object.label("app.kubernetes.io/instance").filter(|_| helm)?;
    Some((object.namespace().to_owned(), instance.to_owned()))
}

#[cfg(test)]
mod tests;
