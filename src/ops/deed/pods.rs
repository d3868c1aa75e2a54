//! What is set in the containers of a pod template: images, requests and limits.

use std::collections::BTreeMap;

use deckwatch_helm::quantity;
use serde_json::{Map, Value};

use super::act::Act;
use super::live::{Live, dotted, pod_spec};
use super::refusal::{Refusal, clip};

pub(super) fn set_image(live: &Live<'_>, images: &[(String, String)]) -> Result<Act, Refusal> {
    if images.is_empty() {
        return Err(Refusal::invalid("no image is given"));
    }
    if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        return Err(Refusal::invalid("`*` names all containers already: give no other"));
    }
    let mut modified = live.object.clone();
    // Of two images for one container the last counts.
    let wanted: BTreeMap<&str, &str> = images.iter().map(|(n, i)| (n.as_str(), i.as_str())).collect();
    for (name, image) in wanted {
        if image.is_empty() || image.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Refusal::invalid(&format!("`{image}` is no image")));
        }
        let set = each(live, &mut modified, name, |container| {
            container.insert("image".to_owned(), image.into());
            Ok(())
        })?;
        if set == 0 {
            return Err(Refusal::NoContainer(clip(name)));
        }
    }
    Act::into_copy(live, &modified)
}

pub(super) fn set_resources(
    live: &Live<'_>,
    containers: &[String],
    requests: &BTreeMap<String, String>,
    limits: &BTreeMap<String, String>,
) -> Result<Act, Refusal> {
    if requests.is_empty() && limits.is_empty() {
        return Err(Refusal::invalid("neither a request nor a limit is given"));
    }
    for (resource, amount) in requests.iter().chain(limits) {
        check(resource, amount)?;
    }
    let all = ["*".to_owned()];
    let mut modified = live.object.clone();
    for name in if containers.is_empty() { &all } else { containers } {
        let set = each(live, &mut modified, name, |container| {
            let resources = map_in(container, "resources")?;
            for (list, wanted) in [("limits", limits), ("requests", requests)] {
                if !wanted.is_empty() {
                    let amounts = map_in(resources, list)?;
                    amounts.extend(wanted.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))));
                }
            }
            fits(resources)
        })?;
        if set == 0 {
            return Err(Refusal::NoContainer(clip(name)));
        }
    }
    Act::into_copy(live, &modified)
}

fn check(resource: &str, amount: &str) -> Result<(), Refusal> {
    if resource.is_empty() || resource.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refusal::invalid(&format!("`{resource}` is no resource")));
    }
    // The server takes none with blanks around it.
    if amount.trim() != amount || !quantity::is_quantity(amount) {
        return Err(Refusal::invalid(&format!(
            "`{amount}` is no quantity of {resource}, such as 100m or 256Mi"
        )));
    }
    if amount.starts_with('-') {
        return Err(Refusal::invalid(&format!("{resource} cannot be less than nothing")));
    }
    Ok(())
}

/// The server refuses a request above its limit.
fn fits(resources: &Map<String, Value>) -> Result<(), Refusal> {
    let list = |name: &str| resources.get(name).and_then(Value::as_object);
    let (Some(requests), Some(limits)) = (list("requests"), list("limits")) else { return Ok(()) };
    for (resource, request) in requests {
        let (request, limit) = (request.as_str(), limits.get(resource).and_then(Value::as_str));
        let amounts = request.and_then(quantity::nano).zip(limit.and_then(quantity::nano));
        if amounts.is_some_and(|(request, limit)| request > limit) {
            let (request, limit) = (request.unwrap_or_default(), limit.unwrap_or_default());
            return Err(Refusal::invalid(&format!(
                "the request of {request} {resource} would be above the limit of {limit}"
            )));
        }
    }
    Ok(())
}

fn map_in<'a>(map: &'a mut Map<String, Value>, key: &str) -> Result<&'a mut Map<String, Value>, Refusal> {
    let value = map.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().ok_or_else(|| Refusal::unreadable(&format!("{key} is no map")))
}

/// Changes the init containers and containers of that name, all for `*`. Returns how many there are.
fn each(
    live: &Live<'_>,
    object: &mut Value,
    name: &str,
    mut change: impl FnMut(&mut Map<String, Value>) -> Result<(), Refusal>,
) -> Result<usize, Refusal> {
    let at = pod_spec(&live.place.kind);
    let unreadable = |what: &str| Refusal::unreadable(&format!("{}{what}", dotted(at)));
    let spec = object.pointer_mut(at).and_then(Value::as_object_mut);
    let spec = spec.ok_or_else(|| unreadable(" is not there"))?;
    let mut found = 0;
    for list in ["initContainers", "containers"] {
        let containers = match spec.get_mut(list) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(containers)) => containers,
            Some(_) => return Err(unreadable(&format!(".{list} is no list"))),
        };
        for container in containers {
            let container =
                container.as_object_mut().ok_or_else(|| unreadable(&format!(".{list} holds no map")))?;
            if name == "*" || container.get("name").and_then(Value::as_str) == Some(name) {
                change(container)?;
                found += 1;
            }
        }
    }
    Ok(found)
}
