//! Scaling a workload, and keeping pods off a node.

use serde_json::{Value, json};

use super::act::{Act, Content, Raw};
use super::expect::Expect;
use super::live::{Live, map_at, whole};
use super::refusal::Refusal;

pub(super) fn scale(live: &Live<'_>, replicas: i32, current: Option<i32>) -> Result<Act, Refusal> {
    if replicas < 0 {
        return Err(Refusal::invalid("there cannot be fewer than 0 replicas"));
    }
    let now = replicas_of(live.object)?;
    if let Some(wanted) = current.map(i64::from).filter(|wanted| *wanted != now) {
        return Err(Refusal::Current { wanted, is: now });
    }
    if i64::from(replicas) == now {
        return Err(Refusal::NoChange);
    }
    let change = json!({"spec": {"replicas": replicas}});
    let mut act = Act::patch(live, Content::Merge, change.clone())?;
    act.subresource = Some("scale".to_owned());
    act.expect = Expect::Patched { content: Content::Merge, body: Raw(change) };
    Ok(act.saying([format!("replicas {now} → {replicas}")]))
}

/// Returns how many replicas are asked for; the server's default is one.
pub(super) fn replicas_of(object: &Value) -> Result<i64, Refusal> {
    map_at(object, "/spec")?;
    Ok(whole(object, "/spec/replicas")?.unwrap_or(1))
}

pub(super) fn cordon(live: &Live<'_>, cordon: bool) -> Result<Act, Refusal> {
    let spec = map_at(live.object, "/spec")?;
    let cordoned = match spec.get("unschedulable") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(cordoned)) => *cordoned,
        Some(_) => return Err(Refusal::unreadable("spec.unschedulable is neither true nor false")),
    };
    if cordoned == cordon {
        return Err(Refusal::Already(if cordon { "already cordoned" } else { "not cordoned" }));
    }
    // The server leaves `false` out, and so does kubectl's patch.
    let value = if cordon { Value::Bool(true) } else { Value::Null };
    let words = if cordon { "schedulable yes → no" } else { "schedulable no → yes" };
    let act = Act::patch(live, Content::Strategic, json!({"spec": {"unschedulable": value}}))?;
    Ok(act.saying([words.to_owned()]))
}
