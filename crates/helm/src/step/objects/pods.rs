//! Having pods start anew by deleting them (`--recreate-pods`, Helm 3 only).
//!
//! Helm looks for the pods of every object that was changed, in their order, and deletes them, each with its uid, so that a
//! new one of the same name is spared. The first error ends it, and counts for nothing but a note.

use std::collections::VecDeque;

use serde_json::Value;

use super::super::engine::{Engine, State};
use super::super::event::Event;
use super::super::request::{Place, Request, Verb};
use super::super::send::{Doubt, Got, Repeat};
use crate::plan::ObjectId;
use crate::record::Generation;

/// What was asked about the pods of an object.
#[derive(Debug)]
pub(in super::super) enum Pods {
    /// Which there are.
    List(ObjectId),
    /// To delete the first of these, whose names and uids they are.
    Delete { object: ObjectId, pods: VecDeque<(String, String)>, doubt: Doubt },
}

impl Engine {
    /// Remembers an object whose pods are to start anew.
    pub(super) fn note_pods(&mut self, object: &ObjectId, live: &Value) {
        if self.job.options.recreate_pods && self.job.helm == Generation::V3 {
            let selector = super::selector::of_pods(live);
            self.restarts.extend(selector.map(|selector| (object.clone(), selector)));
        }
    }

    /// Goes on to the pods of the next object, then to what comes after them.
    pub(super) fn restart_pods(&mut self) {
        if self.is_cancelled() && !self.restarts.is_empty() {
            self.restarts.clear();
            self.notes.push("pods were not made to start anew: cancelled".to_owned());
        }
        let Some((object, selector)) = self.restarts.pop_front() else { return self.settle() };
        let request =
            Request::new(Verb::List, place(&object.namespace, "")).with_query("labelSelector", &selector);
        self.send(request, State::Pods(Pods::List(object)));
    }

    pub(in super::super) fn asked_pods(&mut self, got: Got, pods: Pods) {
        match pods {
            Pods::List(object) => self.listed_pods(got, object),
            Pods::Delete { object, pods, doubt } => self.deleted_pod(got, object, pods, doubt),
        }
    }

    fn listed_pods(&mut self, got: Got, object: ObjectId) {
        let list = match got {
            Got::Done(list) => list,
            Got::NotFound(answer) | Got::Refused(answer) => {
                return self.pods_left(&object, &answer.message());
            }
            Got::Unknown { why, .. } => return self.pods_left(&object, &why),
        };
        let text = |pod: &Value, key: &str| {
            pod.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let items = list.get("items").and_then(Value::as_array).into_iter().flatten();
        self.delete_pods(object, items.map(|pod| (text(pod, "name"), text(pod, "uid"))).collect());
    }

    fn delete_pods(&mut self, object: ObjectId, pods: VecDeque<(String, String)>) {
        let Some((name, uid)) = pods.front() else { return self.restart_pods() };
        if self.is_cancelled() {
            return self.pods_left(&object, "cancelled");
        }
        let request = Request::delete_exactly(place(&object.namespace, name), uid);
        self.send_repeating(request, Repeat::Never, State::Pods(Pods::Delete { object, pods, doubt: None }));
    }

    fn deleted_pod(
        &mut self,
        got: Got,
        object: ObjectId,
        mut pods: VecDeque<(String, String)>,
        doubt: Doubt,
    ) {
        let Some((name, uid)) = pods.front().cloned() else { return self.restart_pods() };
        let is_it =
            |live: &Value| live.pointer("/metadata/uid").and_then(Value::as_str) == Some(uid.as_str());
        let ends = |live: &Value| live.pointer("/metadata/deletionTimestamp").is_some();
        match (got, doubt) {
            (Got::NotFound(answer), None) if self.job.options.strict => {
                return self.pods_left(&object, &answer.message());
            }
            // Who finds none is content too: objects may have pods in common.
            (Got::Done(_), None) | (Got::NotFound(_), _) => {}
            (Got::Refused(answer), None) => return self.pods_left(&object, &answer.message()),
            (Got::Unknown { why, answered }, None) => {
                let request = Request::new(Verb::Get, place(&object.namespace, &name));
                let doubt = Some((why, answered));
                return self.send(request, State::Pods(Pods::Delete { object, pods, doubt }));
            }
            (Got::Done(live), Some(_)) if ends(&live) || !is_it(&live) => {}
            (_, Some((why, true))) => return self.pods_left(&object, &why),
            (_, Some((why, false))) => {
                let why = format!("it is not known whether the pod {name} was deleted: {why}");
                return self.pods_left(&object, &why);
            }
        }
        pods.pop_front();
        self.tell(Event::Restarted { object: object.clone(), pod: name });
        self.delete_pods(object, pods);
    }

    /// Leaves all other pods alone.
    fn pods_left(&mut self, object: &ObjectId, why: &str) {
        let of = format!("{}/{}", object.namespace, object.name);
        self.notes.push(format!("unable to recreate pods for object {of} because an error occurred: {why}"));
        self.restarts.clear();
        self.settle();
    }
}

fn place(namespace: &str, name: &str) -> Place {
    Place {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        resource: "pods".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
