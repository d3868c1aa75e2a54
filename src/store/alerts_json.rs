//! An alert as Alertmanager's `/api/v2/alerts` prints it, for programs that read that.

use serde_json::{Value, json};

use super::alerts::{Alert, State};
use crate::core::{Labels, Ts, Untrusted};

/// Returns the alert in the shape of Alertmanager's API.
///
/// Of an alert that only rules know, `startsAt` is when it fired (`activeAt` and the rule's `for`) or,
/// while it is pending, when its condition began; what nobody knows is Go's zero time, as Alertmanager
/// itself prints it; `status.state` is `pending` or `active`.
pub fn to_api_json(alert: &Alert) -> Value {
    let fired = || {
        let hold = alert.rule.as_ref().filter(|_| alert.state != State::Pending).map(|r| r.hold);
        alert.active_at.map(|began| began + hold.unwrap_or_default())
    };
    let state = match alert.state {
        State::Firing => "active",
        State::Pending => "pending",
        State::Suppressed => "suppressed",
    };
    let receivers: Vec<Value> = alert.receivers.iter().map(|r| json!({ "name": r })).collect();
    json!({
        "annotations": object(&alert.annotations),
        "endsAt": instant(alert.ends_at),
        "fingerprint": alert.fingerprint.to_string(),
        "receivers": receivers,
        "startsAt": instant(alert.starts_at.or_else(fired)),
        "status": {
            "inhibitedBy": texts(&alert.inhibited_by),
            "mutedBy": texts(&alert.muted_by),
            "silencedBy": texts(&alert.silenced_by),
            "state": state,
        },
        "updatedAt": instant(alert.updated_at),
        "generatorURL": alert.generator_url.raw(),
        "labels": object(&alert.labels),
    })
}

fn object(labels: &Labels) -> Value {
    labels
        .iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn texts(list: &[Untrusted]) -> Vec<&str> {
    list.iter().map(Untrusted::raw).collect()
}

/// Prints an instant with three decimals, in UTC.
fn instant(ts: Option<Ts>) -> String {
    let Some(ts) = ts else { return "0001-01-01T00:00:00.000Z".to_owned() };
    let whole = Ts::from_secs(ts.as_secs()).rfc3339();
    let ms = ts.0.rem_euclid(1_000_000_000) / 1_000_000;
    format!("{}.{ms:03}Z", whole.trim_end_matches('Z'))
}
