//! Alerting rules and the alerts that they have made.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::Capped;
use crate::core::{Labels, Span, Ts, Untrusted};
use crate::store::alerts::{Rule, State};

const MOST_GROUPS: usize = 2_000;
const MOST_RULES: usize = 2_000;
const MOST_ALERTS: usize = 5_000;

/// An alert as its rule tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Active {
    /// Its labels, without the external ones that Alertmanager's copy carries.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// Firing or pending.
    pub state: State,
    /// When its condition began.
    pub active_at: Option<Ts>,
    /// The value of its expression.
    pub value: Option<f64>,
    /// Its rule, where the rules may be read.
    pub rule: Option<Arc<Rule>>,
}

/// The answer of a rules API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The alerting rules.
    pub rules: Vec<Arc<Rule>>,
    /// Their alerts, pending ones too.
    pub active: Vec<Active>,
    /// Rules and alerts beyond our limits.
    pub dropped: usize,
    /// When a rule was evaluated last: green is only shown where rules are seen to run.
    pub evaluated: Option<Ts>,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Capped<GroupDe, MOST_GROUPS>,
}

#[derive(Deserialize)]
struct GroupDe {
    #[serde(default)]
    name: Untrusted,
    #[serde(default)]
    rules: Capped<RuleDe, MOST_RULES>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct RuleDe {
    r#type: String,
    state: Untrusted,
    name: Untrusted,
    query: Untrusted,
    duration: f64,
    labels: Option<Labels>,
    annotations: Option<Labels>,
    alerts: Capped<AlertDe, MOST_ALERTS>,
    health: Untrusted,
    last_error: Option<Untrusted>,
    last_evaluation: String,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct AlertDe {
    labels: Option<Labels>,
    annotations: Option<Labels>,
    state: String,
    active_at: Option<String>,
    value: Option<Number>,
}

/// A number, or the text of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Float(f64),
}

#[derive(Deserialize)]
struct Alerts {
    #[serde(default)]
    alerts: Capped<AlertDe, MOST_ALERTS>,
}

pub fn rules(data: &RawValue) -> Result<Rules, String> {
    let groups: Groups = serde_json::from_str(data.get()).map_err(|e| e.to_string())?;
    let mut out = Rules { dropped: groups.groups.dropped, ..Rules::default() };
    for group in groups.groups.items {
        out.dropped += group.rules.dropped;
        for de in group.rules.items.into_iter().filter(|r| r.r#type == "alerting") {
            let evaluated = Ts::parse_rfc3339(&de.last_evaluation).filter(|ts| ts.0 > 0);
            out.evaluated = out.evaluated.max(evaluated);
            let rule = Arc::new(Rule {
                name: de.name,
                group: group.name.clone(),
                query: de.query,
                hold: Span((de.duration * 1e9) as i64),
                labels: de.labels.unwrap_or_default(),
                annotations: de.annotations.unwrap_or_default(),
                health: de.health,
                last_error: de.last_error.filter(|e| !e.is_empty()),
                last_evaluation: evaluated,
                state: de.state,
            });
            let room = MOST_ALERTS.saturating_sub(out.active.len());
            out.dropped += de.alerts.dropped + de.alerts.items.len().saturating_sub(room);
            out.active.extend(
                de.alerts.items.into_iter().take(room).filter_map(|a| active(a, Some(Arc::clone(&rule)))),
            );
            out.rules.push(rule);
        }
    }
    Ok(out)
}

pub fn alerts(data: &RawValue) -> Result<Rules, String> {
    let list: Alerts = serde_json::from_str(data.get()).map_err(|e| e.to_string())?;
    let active = list.alerts.items.into_iter().filter_map(|a| active(a, None)).collect();
    Ok(Rules { active, dropped: list.alerts.dropped, ..Rules::default() })
}

fn active(de: AlertDe, rule: Option<Arc<Rule>>) -> Option<Active> {
    let state = match de.state.as_str() {
        "firing" => State::Firing,
        "pending" => State::Pending,
        _ => return None,
    };
    let value = match de.value {
        Some(Number::Text(text)) => text.parse().ok(),
        Some(Number::Float(value)) => Some(value),
        None => None,
    };
    Some(Active {
        labels: de.labels.unwrap_or_default(),
        annotations: de.annotations.unwrap_or_default(),
        state,
        active_at: de.active_at.and_then(|t| Ts::parse_rfc3339(&t)),
        value,
        rule,
    })
}
