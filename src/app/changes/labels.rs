//! Releases for a reader who may not list Helm's records: by what Helm leaves on the objects themselves.
//!
//! Two signs tell of one: a write by Helm in an object's managedFields, and a chart in the labels of a
//! ReplicaSet that differs from the one before. Neither tells a revision, so none is shown. Tested in `tests.rs`
//! beside this file.

use std::collections::BTreeMap;

use super::rollouts::{by_owner, steps};
use crate::app::model::Shared;
use crate::app::resolve::release_of;
use crate::core::{ObjectRef, Resource, Safe, Span, Ts, num};
use crate::store::changes::{Change, Sort};
use crate::store::objects::Object;

const CHART: &str = "helm.sh/chart";
/// Signs that are no further apart are of one release: its objects are written one after another.
const ONE: Span = Span::secs(60);

struct Sign {
    at: Ts,
    object: ObjectRef,
    was: Option<String>,
    chart: Option<String>,
}

/// The signs of each release, by namespace and name.
type Signs = BTreeMap<(String, String), Vec<Sign>>;

/// Releases as labels and managedFields tell them: a row for each.
pub fn releases(shared: &Shared, out: &mut Vec<Change>) {
    let mut signs = Signs::new();
    writes(shared, &mut signs);
    charts(shared, &mut signs);
    for ((namespace, name), mut signs) in signs {
        signs.sort_by(|a, b| (a.at, &a.object).cmp(&(b.at, &b.object)));
        for one in signs.chunk_by(|a, b| b.at - a.at <= ONE) {
            let Some(first) = one.first() else { continue };
            let chart = one.iter().rev().find_map(|s| s.chart.as_deref());
            let was = one.iter().find_map(|s| s.was.as_deref()).filter(|was| Some(*was) != chart);
            let mut text = format!("{namespace}/{name}");
            match (was, chart) {
                (Some(was), Some(chart)) => text.push_str(&format!("  chart {was} → {chart}")),
                (None, Some(chart)) => text.push_str(&format!("  chart {chart}")),
                _ => {}
            }
            let mut objects: Vec<&ObjectRef> = one.iter().map(|s| &s.object).collect();
            objects.sort();
            objects.dedup();
            text.push_str(&format!("  by {}", num::counted(objects.len(), "object", "objects")));
            out.push(Change {
                at: first.at,
                sort: Sort::Release,
                object: Some(first.object.clone()),
                release: None,
                text: Safe::of(&text),
                source: Safe::own("labels and managedFields"),
            });
        }
    }
}

fn writes(shared: &Shared, signs: &mut Signs) {
    for resource in [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::Service] {
        for object in shared.cluster.of(resource).iter() {
            let reference = object.reference(&shared.session.cluster);
            let Some(release) = release_of(&reference, &shared.cluster) else { continue };
            // `helm` itself, or the controller that carries it inside.
            let helm = object.meta().managed_fields.iter().filter(|w| w.manager.starts_with("helm"));
            for at in helm.filter(|w| w.subresource.is_empty()).filter_map(|w| w.time?.nanos()) {
                signs.entry(release.clone()).or_default().push(Sign {
                    at: Ts(at),
                    object: reference.clone(),
                    was: None,
                    chart: object.label(CHART).map(str::to_owned),
                });
            }
        }
    }
}

fn charts(shared: &Shared, signs: &mut Signs) {
    for (uid, sets) in by_owner(shared) {
        let owner = shared.cluster.of(Resource::Deployment).get(&crate::core::Uid::new(uid));
        let Some(owner) = owner.map(|o: &Object| o.reference(&shared.session.cluster)) else { continue };
        let Some(release) = release_of(&owner, &shared.cluster) else { continue };
        for pair in steps(&sets).windows(2) {
            let [before, step] = pair else { continue };
            let (Some(was), Some(chart)) = (before.set.label(CHART), step.set.label(CHART)) else { continue };
            let Some(dated) = step.at.filter(|_| was != chart) else { continue };
            let (was, chart) = (Some(was.to_owned()), Some(chart.to_owned()));
            signs.entry(release.clone()).or_default().push(Sign {
                at: dated.at,
                object: owner.clone(),
                was,
                chart,
            });
        }
    }
}
