//! Alertmanager's JSON, with every field that old versions lack optional.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Alerts, Silences};
use crate::core::{Fingerprint, Labels, Ts, Untrusted};
use crate::query::matcher::{Matcher, Op};
use crate::sources::prom::Capped;
use crate::store::alerts::{Alert, State};

const MOST_ALERTS: usize = 10_000;
const MOST_GROUPS: usize = 10_000;
const MOST_SILENCES: usize = 5_000;

/// A silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: Untrusted,
    /// `active`, `pending`, `expired`.
    pub state: Untrusted,
    /// Its matchers, all of which must match.
    pub matchers: Vec<Matcher>,
    /// When it begins.
    pub starts_at: Option<Ts>,
    /// When it ends.
    pub ends_at: Option<Ts>,
    /// Who made it.
    pub created_by: Untrusted,
    /// Why.
    pub comment: Untrusted,
}

/// A matcher as the API writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SilenceMatcher {
    /// The label.
    pub name: String,
    /// The value or the regular expression.
    pub value: String,
    /// Whether it is a regular expression.
    pub is_regex: bool,
    /// Whether it is to match; absent in old versions, where it always is.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

const fn yes() -> bool {
    true
}

/// What an Alertmanager says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its version.
    pub version: Untrusted,
    /// When it started: its list is incomplete for a while after that.
    pub started: Option<Ts>,
    /// `ready`, `settling`, `disabled`.
    pub cluster: Untrusted,
    /// How many peers it sees, itself among them.
    pub peers: usize,
    /// Their names.
    pub members: Vec<Untrusted>,
}

#[derive(Deserialize)]
struct GroupDe {
    #[serde(default)]
    alerts: Capped<AlertDe, MOST_ALERTS>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AlertDe {
    labels: Option<Labels>,
    annotations: Option<Labels>,
    starts_at: String,
    ends_at: String,
    updated_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: Untrusted,
    fingerprint: String,
    receivers: Option<Vec<Named>>,
    status: StatusDe,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Untrusted,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusDe {
    state: String,
    silenced_by: Option<Vec<Untrusted>>,
    inhibited_by: Option<Vec<Untrusted>>,
    muted_by: Option<Vec<Untrusted>>,
}

pub fn groups(body: &[u8], told_by: &Untrusted) -> Result<Alerts, String> {
    let groups: Capped<GroupDe, MOST_GROUPS> = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let dropped = groups.dropped + groups.items.iter().map(|g| g.alerts.dropped).sum::<usize>();
    let listed = groups.items.into_iter().flat_map(|g| g.alerts.items);
    Ok(once_each(listed, dropped, told_by))
}

pub fn alerts(body: &[u8], told_by: &Untrusted) -> Result<Alerts, String> {
    let list: Capped<AlertDe, MOST_ALERTS> = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    Ok(once_each(list.items.into_iter(), list.dropped, told_by))
}

/// Keeps each alert once: it is in as many groups as it has receivers.
fn once_each(listed: impl Iterator<Item = AlertDe>, mut dropped: usize, told_by: &Untrusted) -> Alerts {
    let mut alerts: Vec<Alert> = Vec::new();
    let mut places: HashMap<Fingerprint, usize> = HashMap::new();
    for de in listed {
        let alert = alert(de, told_by);
        let known = places.get(&alert.fingerprint).and_then(|i| alerts.get_mut(*i));
        if let Some(known) = known {
            super::merge::absorb(known, alert);
        } else if alerts.len() == MOST_ALERTS {
            dropped += 1;
        } else {
            places.insert(alert.fingerprint, alerts.len());
            alerts.push(alert);
        }
    }
    Alerts { alerts, dropped }
}

fn alert(de: AlertDe, told_by: &Untrusted) -> Alert {
    let labels = de.labels.unwrap_or_default();
    let instant = |text: &str| Ts::parse_rfc3339(text).filter(|ts| ts.0 > 0);
    Alert {
        fingerprint: Fingerprint::parse(&de.fingerprint).unwrap_or_else(|| labels.fingerprint()),
        annotations: de.annotations.unwrap_or_default(),
        state: if de.status.state == "suppressed" { State::Suppressed } else { State::Firing },
        starts_at: instant(&de.starts_at),
        active_at: None,
        ends_at: instant(&de.ends_at),
        updated_at: instant(&de.updated_at),
        value: None,
        generator_url: de.generator_url,
        receivers: de.receivers.unwrap_or_default().into_iter().map(|r| r.name).collect(),
        silenced_by: de.status.silenced_by.unwrap_or_default(),
        inhibited_by: de.status.inhibited_by.unwrap_or_default(),
        muted_by: de.status.muted_by.unwrap_or_default(),
        told_by: vec![told_by.clone()],
        rule: None,
        labels,
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SilenceDe {
    id: Untrusted,
    status: SilenceState,
    matchers: Vec<SilenceMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: Untrusted,
    comment: Untrusted,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SilenceState {
    state: Untrusted,
}

pub fn silences(body: &[u8]) -> Result<Silences, String> {
    let list: Capped<SilenceDe, MOST_SILENCES> = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let silence = |de: SilenceDe| Silence {
        id: de.id,
        state: de.status.state,
        matchers: de.matchers.into_iter().map(matcher).collect(),
        starts_at: Ts::parse_rfc3339(&de.starts_at),
        ends_at: Ts::parse_rfc3339(&de.ends_at),
        created_by: de.created_by,
        comment: de.comment,
    };
    Ok(Silences { silences: list.items.into_iter().map(silence).collect(), dropped: list.dropped })
}

fn matcher(de: SilenceMatcher) -> Matcher {
    let op = match (de.is_regex, de.is_equal) {
        (false, true) => Op::Equal,
        (false, false) => Op::NotEqual,
        (true, true) => Op::Regex,
        (true, false) => Op::NotRegex,
    };
    Matcher { name: de.name, op, value: de.value }
}

pub fn status(body: &[u8]) -> Result<Status, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct De {
        cluster: Cluster,
        #[serde(default)]
        uptime: String,
        version_info: Version,
    }
    #[derive(Deserialize)]
    struct Cluster {
        #[serde(default)]
        status: Untrusted,
        #[serde(default)]
        peers: Capped<Named, 1_000>,
    }
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        version: Untrusted,
    }
    let de: De = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    Ok(Status {
        version: de.version_info.version,
        started: Ts::parse_rfc3339(&de.uptime),
        cluster: de.cluster.status,
        peers: de.cluster.peers.items.len(),
        members: de.cluster.peers.items.into_iter().map(|p| p.name).collect(),
    })
}
