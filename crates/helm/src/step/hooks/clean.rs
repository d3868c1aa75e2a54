//! After the hooks of an event: their logs and the deletion of their objects, by policy.

use std::collections::VecDeque;

use serde_json::Value;

use super::{HookState, title};
use crate::hooks::DeletePolicy;
use crate::step::engine::Engine;
use crate::step::event::Event;
use crate::step::request::{Place, Request, Verb};
use crate::step::send::Got;

/// How many lines of a container's log are shown, and how many bytes.
const LINES: &str = "200";
const BYTES: &str = "65536";

/// What is done for a hook when the hooks of its event are over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleaning {
    /// Its place among the hooks of the event.
    pub hook: usize,
    why: DeletePolicy,
    logs: bool,
}

impl Engine {
    /// All have succeeded: the last one is cleaned up first.
    pub(super) fn clean_after_success(&mut self) {
        let Some(hooking) = &mut self.hooking else { return };
        let all = (0..hooking.hooks.len()).rev();
        hooking.cleaning =
            all.map(|hook| Cleaning { hook, why: DeletePolicy::Succeeded, logs: true }).collect();
        self.clean_next_hook();
    }

    /// One has failed: it, then those before it, which have succeeded.
    pub(super) fn clean_after_failure(&mut self, why: String) {
        let Some(hooking) = &mut self.hooking else { return };
        hooking.failure = Some(why);
        let failed = Cleaning { hook: hooking.at, why: DeletePolicy::Failed, logs: true };
        let before = (0..hooking.at).map(|hook| Cleaning { hook, why: DeletePolicy::Succeeded, logs: false });
        hooking.cleaning = std::iter::once(failed).chain(before).collect();
        self.clean_next_hook();
    }

    fn clean_next_hook(&mut self) {
        let Some(hooking) = &self.hooking else { return };
        let Some(cleaning) = hooking.cleaning.front().copied() else {
            let event = hooking.event;
            return match hooking.failure.clone() {
                Some(why) => self.hooks_failed(&why),
                None => self.hooks_done(event),
            };
        };
        let Some(hook) = hooking.hooks.get(cleaning.hook) else { return };
        let succeeded = cleaning.why == DeletePolicy::Succeeded;
        let selector = match hook.kind.as_str() {
            "Job" => Some(("labelSelector", format!("job-name={}", hook.name))),
            "Pod" => Some(("fieldSelector", format!("metadata.name={}", hook.name))),
            _ => None,
        };
        let namespace = hook.objects.first().map(|object| object.id.namespace.clone());
        match (selector, namespace) {
            (Some((key, value)), Some(namespace)) if cleaning.logs && hook.shows_logs(succeeded) => {
                let place = Place {
                    api_version: "v1".to_owned(),
                    kind: "Pod".to_owned(),
                    resource: "pods".to_owned(),
                    namespace,
                    name: String::new(),
                };
                let request = Request::new(Verb::List, place).with_query(key, &value);
                self.ask_hook(request, HookState::Pods);
            }
            _ => self.clean_object(),
        }
    }

    /// Deletes the object, where its policy says so.
    fn clean_object(&mut self) {
        let Some(hooking) = &self.hooking else { return };
        let Some(cleaning) = hooking.cleaning.front().copied() else { return };
        match hooking.hooks.get(cleaning.hook) {
            Some(hook) if hook.is_deleted(cleaning.why) => self.delete_hook(0, cleaning.why),
            _ => self.hook_cleaned(),
        }
    }

    /// One is cleaned up: the next.
    pub(super) fn hook_cleaned(&mut self) {
        if let Some(hooking) = &mut self.hooking {
            hooking.cleaning.pop_front();
        }
        self.clean_next_hook();
    }

    pub(super) fn hook_pods(&mut self, got: Got) {
        let items = match got {
            Got::Done(list) => list.get("items").and_then(Value::as_array).cloned().unwrap_or_default(),
            Got::NotFound(answer) | Got::Refused(answer) => {
                self.no_logs(&answer.message());
                return self.clean_object();
            }
            Got::Unknown { why, .. } => {
                self.no_logs(&why);
                return self.clean_object();
            }
        };
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut containers = VecDeque::new();
        for pod in &items {
            let place = Place {
                api_version: "v1".to_owned(),
                kind: "Pod".to_owned(),
                resource: "pods".to_owned(),
                namespace: text(pod, "/metadata/namespace"),
                name: text(pod, "/metadata/name"),
            };
            let all = pod.pointer("/spec/containers").and_then(Value::as_array);
            let names = all.into_iter().flatten().map(|container| text(container, "/name"));
            containers.extend(names.map(|name| (place.clone(), name)));
        }
        self.next_log(containers);
    }

    fn next_log(&mut self, mut rest: VecDeque<(Place, String)>) {
        let Some((place, name)) = rest.pop_front() else { return self.clean_object() };
        let container = format!("{}/{name}", place.name);
        let mut request = Request::new(Verb::Get, place)
            .with_query("container", &name)
            .with_query("tailLines", LINES)
            .with_query("limitBytes", BYTES);
        request.logs = true;
        self.ask_hook(request, HookState::Log { container, rest });
    }

    pub(super) fn hook_log(&mut self, got: Got, container: String, rest: VecDeque<(Place, String)>) {
        match got {
            Got::Done(body) => {
                let text = body.as_str().unwrap_or_default().to_owned();
                self.tell(Event::HookLog { container, text });
            }
            Got::NotFound(answer) | Got::Refused(answer) => self.no_logs(&answer.message()),
            Got::Unknown { why, .. } => self.no_logs(&why),
        }
        self.next_log(rest);
    }

    /// Logs that can't be had stop nothing.
    fn no_logs(&mut self, why: &str) {
        let hook = self.hook().map(title).unwrap_or_default();
        self.notes.push(format!("the logs of the hook {hook} were not read: {why}"));
    }
}
