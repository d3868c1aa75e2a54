//! Turning an object into the copy of it that was edited.

use deckwatch_helm::mask;
use deckwatch_helm::merge::Schema;
use serde_json::{Map, Value};

use super::act::{Act, Raw};
use super::expect::{Expect, same_but_status};
use super::live::{Live, text};
use super::refusal::Refusal;

/// What makes an object the one that it is.
const IDENTITY: [(&str, &str); 5] = [
    ("/apiVersion", "apiVersion"),
    ("/kind", "kind"),
    ("/metadata/name", "metadata.name"),
    ("/metadata/namespace", "metadata.namespace"),
    ("/metadata/uid", "metadata.uid"),
];

/// What of the metadata the server writes alone.
const SERVERS_OWN: [&str; 4] = ["resourceVersion", "generation", "creationTimestamp", "managedFields"];

/// Makes the patch that turns the live object into the edited copy of the one that was opened.
pub(super) fn edit(live: &Live<'_>, edited: &Value, opened: Option<&Value>) -> Result<Act, Refusal> {
    if !edited.is_object() {
        return Err(Refusal::invalid("what was edited is no object"));
    }
    for (at, name) in IDENTITY {
        if text(live.object, at) != text(edited, at) {
            return Err(Refusal::Identity(name));
        }
    }
    // While somebody edits, controllers go on writing the status: that is no other object.
    let moved = if let Some(opened) = opened {
        !same_but_status(opened, live.object)
    } else {
        let version = text(edited, "/metadata/resourceVersion");
        !version.is_empty() && version != live.version()?
    };
    if moved {
        return Err(Refusal::Moved);
    }
    if mask::is_secret(live.object) && holds_a_mask(edited) {
        return Err(Refusal::invalid("a hidden value would be written as it is shown: edit it unhidden"));
    }
    let mut target = edited.clone();
    let now = live.object.get("metadata").and_then(Value::as_object);
    if let (Some(metadata), Some(now)) = (target.get_mut("metadata").and_then(Value::as_object_mut), now) {
        for key in SERVERS_OWN {
            match now.get(key) {
                Some(value) => metadata.insert(key.to_owned(), value.clone()),
                None => metadata.shift_remove(key),
            };
        }
    }
    // Built-in kinds keep their status apart: what is written there is dropped. Of others it may be part of the object.
    let apart = Schema::of_kind(&live.place.api_version(), &live.place.kind).is_some();
    if let (Some(opened), Some(map)) = (opened, target.as_object_mut())
        && (apart || opened.get("status") == edited.get("status"))
    {
        match live.object.get("status") {
            Some(status) => drop(map.insert("status".to_owned(), status.clone())),
            None => drop(map.shift_remove("status")),
        }
    }
    let mut act = Act::into_copy(live, &target)?;
    // As kubectl does by default: a field that the kind does not know is refused, not dropped.
    act.query.push(("fieldValidation".to_owned(), "Strict".to_owned()));
    if let Expect::Patched { content, body: Raw(body) } = &act.expect {
        // A status in it is dropped where the kind has a subresource for it; alone, it is what is waited for.
        let mut body: Map<String, Value> = body.as_object().cloned().unwrap_or_default();
        if body.len() > 1 {
            body.shift_remove("status");
        }
        act.expect = Expect::Patched { content: *content, body: Raw(Value::Object(body)) };
    }
    Ok(act)
}

/// Whether data of a Secret is what [`mask`] shows in its place.
fn holds_a_mask(secret: &Value) -> bool {
    let values = ["data", "stringData"].into_iter().filter_map(|field| secret.get(field)?.as_object());
    values.flat_map(Map::values).filter_map(Value::as_str).any(|value| {
        let masks = ["REDACTED # (", "-------- # (", "++++++++ # ("];
        masks.iter().any(|mask| value.starts_with(mask)) && value.ends_with(" bytes)")
    })
}
