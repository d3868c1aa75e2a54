//! Our own answers.

use deckwatch_helm::merge::{self, MergeError, PatchKind, Schema};
use deckwatch_helm::number::canonical;
use deckwatch_helm::yaml11;
use serde_json::{Value, json};

use crate::question::{Op, Ours, Question};

/// Answers a question.
pub fn answer(question: &Question) -> Ours {
    match question.op {
        Op::Yaml => text(yaml11::parse_document(&question.text).map(Option::unwrap_or_default)),
        Op::Manifest => {
            let objects = yaml11::read_manifest(&question.text);
            text(objects.map(|all| Value::from(all.into_iter().map(|one| one.value).collect::<Vec<_>>())))
        }
        Op::Documents => text(yaml11::documents(&question.text).map(Value::from)),
        Op::MergeDiff => merge_diff(question),
        Op::Patch => patch(question),
        Op::ThreeWay | Op::TwoWay | Op::Apply | Op::Convertible => of_kind(question),
    }
}

/// What stands there when a question lacks it: Go reads it as an empty object.
const NOTHING: Value = Value::Null;

fn of_kind(question: &Question) -> Ours {
    let Some(schema) = Schema::of_kind(&question.api_version, &question.kind) else {
        return Ours::Own("the kind is not known".to_owned());
    };
    let part = |part: &Option<Value>| part.clone().unwrap_or(NOTHING);
    let (old, target) = (part(&question.old), part(&question.target));
    match question.op {
        Op::ThreeWay => merged(merge::three_way(&old, &target, &part(&question.live), schema)),
        Op::TwoWay => merged(merge::two_way(&old, &target, schema)),
        Op::Apply => merged(merge::strategic_apply(&old, &part(&question.patch), schema)),
        _ => Ours::Value(json!(merge::misfit(schema, &canonical(old)).is_none())),
    }
}

fn merge_diff(question: &Question) -> Ours {
    let map = |part: &Option<Value>| match part.clone().map(canonical) {
        Some(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    Ours::Value(Value::Object(merge::merge_diff(&map(&question.old), &map(&question.target))))
}

/// The patch that Helm would send, beside the kind of it; an empty one is none.
fn patch(question: &Question) -> Ours {
    let part = |part: &Option<Value>| part.clone().map_or(NOTHING, canonical);
    let live = question.live.clone().map(canonical).filter(|live| !live.is_null());
    let made = merge::create_patch(&part(&question.old), &part(&question.target), live.as_ref());
    merged(made.map(|patch| match patch {
        None => NOTHING,
        Some(patch) => {
            let kind = if patch.kind == PatchKind::Strategic { "strategic" } else { "merge" };
            json!({"kind": kind, "patch": patch.body})
        }
    }))
}

fn merged(made: Result<Value, MergeError>) -> Ours {
    match made {
        Ok(value) => Ours::Value(value),
        Err(error) if error.is_gos() => Ours::Copied(error.to_string()),
        Err(error) => Ours::Own(error.to_string()),
    }
}

fn text(made: Result<Value, yaml11::YamlError>) -> Ours {
    match made {
        Ok(value) => Ours::Value(value),
        Err(error) => Ours::Own(error.to_string()),
    }
}
