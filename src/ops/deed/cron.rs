//! Running a CronJob now, and stopping it from running.

use serde_json::{Map, Value, json};

use super::act::{Act, Content, Raw, Verb, written_by_us};
use super::expect::{Expect, OPERATION};
use super::live::{Live, Place, items, map_at, text};
use super::meta::is_subdomain;
use super::refusal::{Refusal, clip};

/// The annotation of Jobs that were not started by the schedule.
const INSTANTIATE: &str = "cronjob.kubernetes.io/instantiate";

pub(super) fn trigger(live: &Live<'_>, name: &str, operation: &str) -> Result<Act, Refusal> {
    // The Job's name becomes the value of a label of its pods.
    if name.len() > 63 || !is_subdomain(name) {
        return Err(Refusal::invalid(&format!("`{name}` cannot be the name of a Job")));
    }
    if operation.is_empty() {
        return Err(Refusal::invalid("the operation has no name"));
    }
    let spec = map_at(live.object, "/spec/jobTemplate/spec")?;
    if !spec.get("template").is_some_and(Value::is_object) {
        return Err(Refusal::unreadable("its Job template has no pod template"));
    }
    let mut annotations = Map::new();
    annotations.insert(INSTANTIATE.to_owned(), "manual".into());
    annotations.extend(map_at(live.object, "/spec/jobTemplate/metadata/annotations")?);
    annotations.insert(OPERATION.to_owned(), operation.into());
    let mut metadata = json!({
        "name": name,
        "namespace": live.place.namespace,
        "annotations": annotations,
        // Without `blockOwnerDeletion`, which would need a right to the CronJob's finalizers.
        "ownerReferences": [{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": live.place.name, "uid": live.place.uid,
            "controller": true,
        }],
    });
    let labels = map_at(live.object, "/spec/jobTemplate/metadata/labels")?;
    if let (false, Some(metadata)) = (labels.is_empty(), metadata.as_object_mut()) {
        metadata.insert("labels".to_owned(), labels.into());
    }
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec});
    let images = items(&job, "/spec/template/spec/containers");
    let images = images.map(|c| clip(&format!("image {} {}", text(c, "/name"), text(c, "/image"))));
    let title = format!("Job {}/{name} created from {}", live.place.namespace, live.title());
    let fields = std::iter::once(clip(&title)).chain(images.take(20)).collect();
    let place = Place {
        group: "batch".to_owned(),
        version: "v1".to_owned(),
        kind: "Job".to_owned(),
        plural: "jobs".to_owned(),
        namespace: live.place.namespace.clone(),
        name: name.to_owned(),
        uid: String::new(),
    };
    let mut query = written_by_us();
    query.push(("fieldValidation".to_owned(), "Strict".to_owned()));
    Ok(Act {
        verb: Verb::Create,
        place,
        subresource: None,
        content: Content::Json,
        query,
        body: Raw(job.clone()),
        fields,
        expect: Expect::Created { operation: operation.to_owned() },
        after: Some(job),
    })
}

pub(super) fn suspend(live: &Live<'_>, suspend: bool) -> Result<Act, Refusal> {
    let spec = map_at(live.object, "/spec")?;
    let suspended = match spec.get("suspend") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(suspended)) => *suspended,
        Some(_) => return Err(Refusal::unreadable("spec.suspend is neither true nor false")),
    };
    if suspended == suspend {
        return Err(Refusal::Already(if suspend { "already suspended" } else { "not suspended" }));
    }
    let words = if suspend { "suspended no → yes" } else { "suspended yes → no" };
    let act = Act::patch(live, Content::Strategic, json!({"spec": {"suspend": suspend}}))?;
    Ok(act.saying([words.to_owned()]))
}
