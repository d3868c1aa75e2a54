//! Firing alerts as Alertmanager tells them. Owns fingerprints and the shape of an alert; takes the
//! alerts from the rules each time it is asked. Tested below and in `tests`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

use super::silences::Silences;
use crate::prom::rules::state::{Alert, Phase};
use crate::shop::labels::Labels;

/// How long after an evaluation an alert that is not told of again counts as ended, milliseconds.
const LASTS: i64 = 4 * 60_000;
/// Where the stand's Prometheus says that it is.
const EXTERNAL: &str = "http://prometheus-operated.monitoring.svc:9090";

/// Returns the hash by which Alertmanager knows a label set.
pub fn fingerprint(labels: &Labels) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    labels.iter().fold(0xcbf2_9ce4_8422_2325, |hash, (name, value)| {
        let bytes = name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]);
        bytes.fold(hash, add)
    })
}

/// Returns milliseconds since 1970 as Alertmanager writes times.
pub fn time(millis: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A firing alert with what Alertmanager adds to it.
pub struct Told {
    /// The alert.
    pub alert: Alert,
    /// Its fingerprint.
    pub fingerprint: u64,
    /// The silences that hide it.
    pub silenced_by: Vec<String>,
}

/// Returns the firing alerts by fingerprint.
pub fn firing(alerts: Vec<Alert>, silences: &Silences, now: i64) -> Vec<Told> {
    let mut told: Vec<Told> = alerts
        .into_iter()
        .filter(|a| a.phase == Phase::Firing)
        .map(|alert| Told {
            fingerprint: fingerprint(&alert.labels),
            silenced_by: silences.hiding(&alert.labels, now),
            alert,
        })
        .collect();
    told.sort_by_key(|t| t.fingerprint);
    told
}

impl Told {
    /// Returns the alert as the API writes it.
    pub fn json(&self) -> Json {
        let alert = &self.alert;
        let expr: String = url::form_urlencoded::byte_serialize(alert.query.as_bytes()).collect();
        json!({
            "annotations": alert.annotations,
            "endsAt": time(alert.seen_at + LASTS),
            "fingerprint": format!("{:016x}", self.fingerprint),
            "receivers": [{"name": super::api::RECEIVER}],
            "startsAt": time(alert.fired_at.unwrap_or(alert.active_at)),
            "status": {
                "inhibitedBy": [],
                "mutedBy": [],
                "silencedBy": self.silenced_by,
                "state": if self.silenced_by.is_empty() { "active" } else { "suppressed" },
            },
            "updatedAt": time(alert.seen_at),
            "generatorURL": format!("{EXTERNAL}/graph?g0.expr={expr}&g0.tab=1"),
            "labels": alert.labels.json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_the_real_alertmanager() {
        // Told by a real Alertmanager 0.31 for an alert with these labels.
        let labels = Labels::new([("alertname", "X"), ("namespace", "n"), ("service", "b")]);
        assert_eq!(format!("{:016x}", fingerprint(&labels)), "48c23c659eb08e4a");
    }
}
