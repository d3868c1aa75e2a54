//! The evidence that lies in the cluster: one function for each kind of it.

use crate::app::model::Shared;
use crate::core::{ObjectRef, Resource, Safe, Ts, num};
use crate::ops::What;
use crate::store::changes::{Change, Edit, Sort};
use crate::store::objects::Object;

/// Helm's records: a row for each revision.
pub fn releases(shared: &Shared, out: &mut Vec<Change>) {
    for release in &shared.releases.list {
        let chart = |revision: u32| {
            let key = (release.namespace.clone(), release.name.clone(), revision);
            shared.releases.records.get(&key).map(|r| crate::app::views::release::chart_of(r))
        };
        let mut before: Option<u32> = None;
        for revision in &release.revisions {
            let mut text = match before {
                Some(n) => format!("{}/{}  {n} → {}", release.namespace, release.name, revision.number),
                None => format!("{}/{}  {}", release.namespace, release.name, revision.number),
            };
            if let Some(now) = chart(revision.number) {
                match before.and_then(chart) {
                    Some(was) if was != now => text.push_str(&format!("  chart {was} → {now}")),
                    _ => text.push_str(&format!("  chart {now}")),
                }
            }
            let status = revision.status.safe();
            if !matches!(status.as_str(), "deployed" | "superseded") {
                text.push_str(&format!("  {status}"));
            }
            out.push(Change {
                at: revision.created,
                sort: Sort::Release,
                object: None,
                release: Some((release.namespace.clone(), release.name.clone(), revision.number)),
                text: Safe::of(&text),
                source: Safe::own("helm records"),
            });
            before = Some(revision.number);
        }
    }
}

/// managedFields of workloads: who wrote to them last.
pub fn writers(shared: &Shared, out: &mut Vec<Change>) {
    for resource in [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Service] {
        for object in shared.cluster.of(resource).iter() {
            for writer in &object.meta().managed_fields {
                let Some(at) = writer.time.and_then(deckwatch_wire::Time::nanos).map(Ts) else { continue };
                let reference = object.reference(&shared.session.cluster);
                if let Some(change) =
                    edit_row(&reference, &writer.manager, &writer.operation, &writer.subresource, at, "")
                {
                    out.push(change);
                }
            }
        }
    }
}

/// Edits that were asked for: ConfigMaps and Secrets.
pub fn edits(edits: &[Edit], out: &mut Vec<Change>) {
    for edit in edits {
        let row = edit_row(
            &edit.object,
            edit.manager.as_str(),
            edit.operation.as_str(),
            edit.subresource.as_str(),
            edit.at,
            edit.fields.as_str(),
        );
        out.extend(row);
    }
}

/// Controllers write status all day; that is no edit.
fn edit_row(
    object: &ObjectRef,
    manager: &str,
    operation: &str,
    subresource: &str,
    at: Ts,
    fields: &str,
) -> Option<Change> {
    if subresource == "status"
        || matches!(
            manager,
            "kube-controller-manager" | "kube-scheduler" | "kubelet" | "kwok" | "kwok-controller"
        )
    {
        return None;
    }
    let how = if operation == "Apply" { " (apply)" } else { "" };
    let sort = if subresource == "scale" { Sort::Scaled } else { Sort::Edit };
    let fields = if fields.is_empty() { String::new() } else { format!("  {fields}") };
    let text = Safe::of(&format!("by {manager}{how}  {object}{fields}"));
    Some(Change {
        at,
        sort,
        object: Some(object.clone()),
        release: None,
        text,
        source: Safe::own("managedFields"),
    })
}

/// Returns when an event was seen last.
pub fn event_time(object: &Object) -> Option<Ts> {
    let Object::Event(event) = object else { return None };
    let series = event.series.as_ref().and_then(|s| s.last_observed_time.nanos());
    let last = series
        .or_else(|| event.last_timestamp.nanos())
        .or_else(|| event.event_time.nanos())
        .or_else(|| event.first_timestamp.nanos());
    last.map(Ts).or_else(|| object.created())
}

/// Returns the ReplicaSet and `3 → 4` of a Deployment's message, as its controller writes it.
fn scaling(message: &str) -> Option<(&str, String)> {
    let rest = message.strip_prefix("Scaled up replica set ");
    let rest = rest.or_else(|| message.strip_prefix("Scaled down replica set "))?;
    let (set, sizes) = rest.split_once(" from ")?;
    let (from, to) = sizes.split_once(" to ")?;
    Some((set, format!("{from} → {to}")))
}

/// Events: scalings and warnings.
pub fn events(shared: &Shared, out: &mut Vec<Change>) {
    for object in shared.cluster.of(Resource::Event).iter() {
        let (Object::Event(event), Some(at)) = (object, event_time(object)) else { continue };
        let about = &event.involved_object;
        let group = about.api_version.split_once('/').map_or("", |(g, _)| g);
        let reference = Resource::of_kind(group, &about.kind)
            .map(|r| ObjectRef::new(&shared.session.cluster, r, &about.namespace, &about.name, &about.uid));
        let sort = match event.reason.as_str() {
            "ScalingReplicaSet" | "SuccessfulRescale" => Sort::Scaled,
            _ if event.r#type == "Warning" => Sort::Warning,
            _ => continue,
        };
        let place =
            reference.as_ref().map_or_else(|| format!("{} {}", about.kind, about.name), ToString::to_string);
        if let Some((set, sizes)) = scaling(&event.message).filter(|_| sort == Sort::Scaled) {
            let text = crate::core::Untrusted::from(format!("{place}  {sizes}  {set}")).clipped(400);
            out.push(Change {
                at,
                sort,
                object: reference,
                release: None,
                text,
                source: Safe::own("events"),
            });
            continue;
        }
        let count = event.series.as_ref().map_or(event.count, |s| s.count);
        let times = if count > 1 { format!("  ×{}", num::count(count as usize)) } else { String::new() };
        let text =
            crate::core::Untrusted::from(format!("{place}  {}: {}{times}", event.reason, event.message))
                .clipped(400);
        out.push(Change { at, sort, object: reference, release: None, text, source: Safe::own("events") });
    }
}

/// Conditions of nodes that changed.
pub fn nodes(shared: &Shared, out: &mut Vec<Change>) {
    for object in shared.cluster.of(Resource::Node).iter() {
        let Object::Node(node) = object else { continue };
        for condition in &node.status.conditions {
            let Some(at) = condition.last_transition_time.nanos().map(Ts) else { continue };
            let before = match condition.status.as_str() {
                "True" => "False",
                "False" => "True",
                _ => "?",
            };
            // A condition that never changed carries the node's own birth.
            if object.created().is_some_and(|born| (at - born).as_secs() < 120) {
                continue;
            }
            let text =
                format!("{}  {}  {before} → {}", node.metadata.name, condition.r#type, condition.status);
            out.push(Change {
                at,
                sort: Sort::Node,
                object: Some(object.reference(&shared.session.cluster)),
                release: None,
                text: Safe::of(&text),
                source: Safe::own("nodes"),
            });
        }
    }
}

/// Containers that ended and were started again.
pub fn restarts(shared: &Shared, out: &mut Vec<Change>) {
    for object in shared.cluster.of(Resource::Pod).iter() {
        let Object::Pod(pod) = object else { continue };
        for status in &pod.status.container_statuses {
            let ended = status.last_state.terminated.as_ref().or(status.state.terminated.as_ref());
            let Some((ended, at)) = ended.and_then(|t| t.finished_at.nanos().map(|n| (t, Ts(n)))) else {
                continue;
            };
            let text = format!(
                "{}/{}  {}  {} (exit {})  {} restarts",
                pod.metadata.namespace,
                pod.metadata.name,
                status.name,
                ended.reason,
                ended.exit_code,
                status.restart_count
            );
            out.push(Change {
                at,
                sort: Sort::Restart,
                object: Some(object.reference(&shared.session.cluster)),
                release: None,
                text: Safe::of(&text),
                source: Safe::own("pods"),
            });
        }
    }
}

/// Alerts whose condition began.
pub fn alerts(shared: &Shared, out: &mut Vec<Change>) {
    for alert in &shared.alerts.known.alerts {
        let Some(at) = alert.began() else { continue };
        let found = crate::app::resolve::resolve_alert(alert, shared);
        let about = found.owner.as_ref().map(|o| format!("  {o}"));
        let other = found.elsewhere.as_ref().map(|c| format!("  of cluster {c}"));
        let about = about.or(other).unwrap_or_default();
        let text = crate::core::Untrusted::from(format!("{} {}{about}", alert.name(), alert.severity()))
            .clipped(200);
        out.push(Change {
            at,
            sort: Sort::Alert,
            object: found.owner,
            release: None,
            text,
            source: Safe::own("alerts"),
        });
    }
}

/// What was done here.
pub fn own(shared: &Shared, out: &mut Vec<Change>) {
    for record in &shared.journal {
        let (What::Outcome { .. } | What::Found { .. } | What::Intent { .. }) = &record.what else {
            continue;
        };
        out.push(Change {
            at: record.at,
            sort: Sort::Own,
            object: None,
            release: None,
            text: Safe::of(&record.what.line()),
            source: Safe::own("journal"),
        });
    }
}
