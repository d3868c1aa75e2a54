//! Questions about objects: what the old manifest says, what the target says, what is live, and patches.
//!
//! Objects are grown along the table of types; the target and the live object are made of the old one by changes. Most are what
//! charts hold, and some hold what manifests should not.

mod change;
mod free;
mod grow;
mod spice;
mod types;

use deckwatch_helm::merge::{self, Schema};
use deckwatch_helm::number::canonical;
use serde_json::{Map, Value, json};

use crate::constructs::{Construct, Marks};
use crate::question::{Op, Question};
use crate::random::Random;
use grow::Grower;
pub use types::Types;

/// Kinds that people deploy, several times over, before all others.
const COMMON: [(&str, &str); 20] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("v1", "Service"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "Pod"),
    ("v1", "Pod"),
    ("v1", "Node"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("networking.k8s.io/v1", "Ingress"),
    ("policy/v1", "PodDisruptionBudget"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
];

/// Kinds that are not built in, or that Helm takes for such.
const CUSTOM: [(&str, &str); 4] = [
    ("example.com/v1", "Widget"),
    ("apps/v1", "Widget"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
];

/// Makes a question about objects.
pub fn make(op: Op, random: &mut Random, types: &mut Types, marks: &mut Marks) -> Question {
    let wild = *random.pick(&[0, 0, 3, 12]);
    if op == Op::MergeDiff || (op == Op::Patch && random.one_in(5)) {
        return of_no_type(op, random, types, marks);
    }
    let (api_version, kind) =
        if random.one_in(5) { *random.pick(&types.kinds) } else { *random.pick(&COMMON) };
    let old_version = matches!(api_version, "extensions/v1beta1" | "batch/v1beta1" | "policy/v1beta1");
    marks.note_if(old_version || api_version.starts_with("apps/v1beta"), Construct::OldKind);
    let mut question = Question::of_kind(op, api_version, kind);
    let Some(schema) = Schema::of_kind(api_version, kind) else { return question };
    let mut grower = Grower { random, types, marks, budget: 120, wild };
    let old = grower.object(schema, 0);
    match op {
        Op::Convertible => {
            let wild = grower.wild;
            grower.wild = if wild == 0 { 20 } else { wild };
            let other = grower.changed(old, schema, 0);
            question.old = Some(Value::Object(other));
        }
        Op::Apply => {
            let target = Value::Object(grower.changed(old.clone(), schema, 0));
            let live = grower.changed(old.clone(), schema, 0);
            question.patch = Some(if grower.random.one_in(2) {
                Value::Object(grower.patch(&live, schema, 0))
            } else {
                let old = Value::Object(old);
                merge::three_way(&old, &target, &Value::Object(live.clone()), schema).unwrap_or(target)
            });
            question.old = Some(Value::Object(live));
        }
        _ => {
            let base = if grower.random.one_in(4) { grower.object(schema, 0) } else { old.clone() };
            let mut target = grower.changed(base, schema, 0);
            if op == Op::Patch {
                target.insert("apiVersion".to_owned(), json!(api_version));
                target.insert("kind".to_owned(), json!(kind));
            }
            if op != Op::TwoWay {
                let base = if grower.random.one_in(4) { target.clone() } else { old.clone() };
                let live = grower.changed(base, schema, 0);
                question.live = Some(Value::Object(live)).filter(|_| !grower.random.one_in(30));
            }
            marks.note_if(holds_null(&target), Construct::NullInTarget);
            question.old = Some(Value::Object(old));
            question.target = Some(Value::Object(target));
        }
    }
    question
}

/// A question about objects of no known type: the two-way patch is all there is.
fn of_no_type(op: Op, random: &mut Random, types: &mut Types, marks: &mut Marks) -> Question {
    marks.note(if op == Op::Patch { Construct::CustomResource } else { Construct::FreeJson });
    let (api_version, kind) = *random.pick(&CUSTOM);
    let mut question = Question::of_kind(op, "", "");
    let mut grower = Grower { random, types, marks, budget: 120, wild: 3 };
    let mut old = grower.free_map(0);
    let changed = grower.free_change(&Value::Object(old.clone()), 0);
    let mut target = if let Value::Object(map) = changed { map } else { Map::new() };
    if op == Op::Patch {
        for map in [&mut old, &mut target] {
            map.insert("apiVersion".to_owned(), json!(api_version));
            map.insert("kind".to_owned(), json!(kind));
        }
        question = Question::of_kind(op, api_version, kind);
        question.live = Some(json!({"spec": {"drifted": true}}));
    }
    marks.note_if(holds_null(&target), Construct::NullInTarget);
    // Helm compares objects that it has read already: two ways to write one number are one there.
    question.old = Some(canonical(Value::Object(old)));
    question.target = Some(canonical(Value::Object(target)));
    question
}

fn holds_null(map: &Map<String, Value>) -> bool {
    map.values().any(|value| match value {
        Value::Null => true,
        Value::Object(map) => holds_null(map),
        Value::Array(items) => items.iter().any(|item| item.as_object().is_some_and(holds_null)),
        _ => false,
    })
}

/// Notes what an answer is made of.
pub fn note_answer(op: Op, answer: &Value, marks: &mut Marks) {
    match op {
        Op::Convertible => marks.note_if(*answer == json!(false), Construct::Misfit),
        Op::Patch if answer.is_null() => marks.note(Construct::EmptyPatch),
        Op::Patch => {
            let two_way = answer.get("kind").and_then(Value::as_str) == Some("merge");
            marks.note_if(two_way && !marks.has(Construct::CustomResource), Construct::Misfit);
            note_patch(answer.get("patch").unwrap_or(&Value::Null), false, marks);
        }
        Op::ThreeWay | Op::TwoWay => {
            marks.note_if(answer.as_object().is_some_and(Map::is_empty), Construct::EmptyPatch);
            note_patch(answer, false, marks);
        }
        _ => {}
    }
}

fn note_patch(patch: &Value, in_list: bool, marks: &mut Marks) {
    let Value::Object(map) = patch else { return };
    for (key, value) in map {
        let ordered = key.starts_with("$setElementOrder");
        marks.note_if(ordered, Construct::SetElementOrder);
        marks.note_if(ordered && in_list, Construct::NestedMergeLists);
        marks.note_if(key.starts_with("$deleteFromPrimitiveList"), Construct::DeleteFromPrimitiveList);
        marks.note_if(key == "$retainKeys", Construct::RetainKeys);
        marks.note_if(key == "$patch" && value == "delete", Construct::PatchDelete);
        marks.note_if(value.is_null(), Construct::DeletedField);
        match value {
            Value::Object(_) => note_patch(value, in_list, marks),
            Value::Array(items) if !ordered => items.iter().for_each(|item| note_patch(item, true, marks)),
            _ => {}
        }
    }
}
