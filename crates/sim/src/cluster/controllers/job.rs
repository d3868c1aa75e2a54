//! Jobs: a pod until it has succeeded.

use serde_json::{Value, json};

use super::super::events::{Source, Tale};
use super::super::fields::Actor;
use super::super::json::{at, deleting, int, name, namespace, set, slot, text, time};
use super::super::kinds::K;
use super::super::{Dirty, World};
use super::{MANAGER, owned, ready, replicaset};
use crate::life::Nanos;

const SOURCE: Source<'static> = Source::of("job-controller");

/// Takes each Job one step on.
pub fn run(world: &mut World, dirty: &Dirty, now: Nanos) {
    let all = dirty.owners(world, K::Job);
    for job in all.iter().filter(|j| !deleting(j)) {
        if !at(job, &["status", "completionTime"]).is_null() {
            continue;
        }
        let pods = owned(world, K::Pod, job);
        let phase = |word: &str| pods.iter().filter(|p| text(p, &["status", "phase"]) == word).count();
        let (good, bad) = (phase("Succeeded"), phase("Failed"));
        let active = pods.len() - good - bad;
        let want = usize::try_from(int(job, &["spec", "completions"])).unwrap_or(1);
        let suspended = at(job, &["spec", "suspend"]) == &Value::Bool(true);
        if good < want && active == 0 && bad == 0 && !suspended {
            replicaset::create_pod(world, job, SOURCE, &format!("{}-", name(job)), now);
        }
        status(world, job, (good, bad, want), now);
    }
}

fn status(world: &mut World, job: &Value, (good, bad, want): (usize, usize, usize), now: Nanos) {
    let pods = owned(world, K::Pod, job);
    let active =
        pods.iter().filter(|p| matches!(text(p, &["status", "phase"]), "Pending" | "Running")).count();
    let up = pods.iter().filter(|p| ready(p)).count();
    let mut new = at(job, &["status"]).clone();
    super::super::json::default(&mut new, &["startTime"], time(now));
    for (field, value) in [("active", active), ("succeeded", good), ("failed", bad)] {
        if value > 0 {
            set(&mut new, &[field], value);
        } else {
            super::super::json::remove(&mut new, &[field]);
        }
    }
    set(&mut new, &["ready"], up);
    set(&mut new, &["terminating"], 0);
    set(&mut new, &["uncountedTerminatedPods"], json!({}));
    let done = good >= want;
    if done {
        set(&mut new, &["completionTime"], time(now));
        let condition = |kind: &str| {
            json!({
                "type": kind, "status": "True", "lastProbeTime": time(now), "lastTransitionTime": time(now),
                "reason": "CompletionsReached", "message": "Reached expected number of succeeded pods",
            })
        };
        *slot(&mut new, &["conditions"]) = json!([condition("SuccessCriteriaMet"), condition("Complete")]);
    }
    if at(job, &["status"]) != &new {
        let key = (namespace(job), name(job));
        world.edit(K::Job, key, Actor::status(MANAGER), now, |o| set(o, &["status"], new));
        if done {
            world.tell(job, SOURCE, Tale::normal("Completed", "Job completed"), now);
        }
    }
}
