//! `/rules` and `/alerts`.

use axum::extract::State;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

use super::params::Params;
use super::{Answer, away};
use crate::prom::promql::Selector;
use crate::prom::rules::file::Rule;
use crate::prom::rules::state::{Alert, RuleState};
use crate::prom::rules::{RuleBook, RunningGroup};
use crate::shop::labels::Labels;

/// The name of the file that the rules are in.
const FILE: &str = "/etc/prometheus/rules/momo-store.yaml";

/// Returns milliseconds as RFC 3339.
pub fn rfc3339(t: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(t).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Returns a value as Go's `%e` does: `1.2e-01`.
pub fn exponent(v: f64) -> String {
    let text = format!("{v:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, size) = exponent.strip_prefix('-').map_or(('+', exponent), |size| ('-', size));
            format!("{digits}e{sign}{size:0>2}")
        }
        None => crate::prom::promql::number(v),
    }
}

fn alert(alert: &Alert) -> Json {
    json!({
        "labels": alert.labels.json(),
        "annotations": alert.annotations,
        "state": alert.phase.name(),
        "activeAt": rfc3339(alert.active_at),
        "value": exponent(alert.value),
    })
}

/// Answers `/api/v1/alerts`.
pub async fn alerts(State(book): State<RuleBook>) -> Answer {
    away(move || {
        let list: Vec<Json> = book.alerts().iter().map(alert).collect();
        Answer::data(json!({"alerts": list}))
    })
    .await
}

/// What a request asks for of the rules.
struct Wanted {
    none: bool,
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    selectors: Vec<Selector>,
    alerts: bool,
}

impl Wanted {
    fn of(params: &Params) -> Result<Self, Answer> {
        let texts = |name: &str| params.all(name).into_iter().map(str::to_owned).collect();
        let kind = params.get("type").unwrap_or_default().to_lowercase();
        if !matches!(kind.as_str(), "" | "alert" | "record") {
            return Err(Answer::Bad(format!("invalid parameter \"type\": not supported value {kind:?}")));
        }
        Ok(Self {
            none: kind == "record",
            names: texts("rule_name[]"),
            groups: texts("rule_group[]"),
            files: texts("file[]"),
            selectors: params.selectors("match[]")?,
            alerts: !params.get("exclude_alerts").is_some_and(|v| matches!(v, "true" | "1" | "t")),
        })
    }

    fn group(&self, name: &str) -> bool {
        (self.groups.is_empty() || self.groups.iter().any(|g| g == name))
            && (self.files.is_empty() || self.files.iter().any(|f| f == FILE))
    }

    fn rule(&self, rule: &Rule) -> bool {
        let labels = Labels::new(rule.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        !self.none
            && (self.names.is_empty() || self.names.contains(&rule.name))
            && (self.selectors.is_empty() || self.selectors.iter().any(|s| s.matches(&labels)))
    }
}

fn rule(rule: &Rule, state: &RuleState, with_alerts: bool) -> Json {
    let alerts: Vec<Json> = state.active().filter(|_| with_alerts).map(alert).collect();
    let mut json = json!({
        "state": state.phase().name(),
        "name": rule.name,
        "query": rule.query,
        "duration": rule.hold as f64 / 1_000.0,
        "keepFiringFor": 0,
        "labels": rule.labels,
        "annotations": rule.annotations,
        "alerts": alerts,
        "health": if state.error.is_some() { "err" } else if state.evaluated == 0 { "unknown" } else { "ok" },
        "evaluationTime": 0.001,
        "lastEvaluation": rfc3339(state.evaluated),
        "type": "alerting",
    });
    if let (Some(error), Some(map)) = (&state.error, json.as_object_mut()) {
        map.insert("lastError".into(), json!(error));
    }
    json
}

fn group(running: &RunningGroup, wanted: &Wanted) -> Option<Json> {
    let pairs = running.group.rules.iter().zip(&running.rules).filter(|(r, _)| wanted.rule(r));
    let rules: Vec<Json> = pairs.map(|(r, s)| rule(r, s, wanted.alerts)).collect();
    (!rules.is_empty()).then(|| {
        json!({
            "name": running.group.name,
            "file": FILE,
            "rules": rules,
            "interval": running.group.interval as f64 / 1_000.0,
            "limit": 0,
            "evaluationTime": 0.004,
            "lastEvaluation": rfc3339(running.evaluated),
        })
    })
}

/// Answers `/api/v1/rules`.
pub async fn rules(State(book): State<RuleBook>, params: Params) -> Answer {
    away(move || {
        let wanted = match Wanted::of(&params) {
            Ok(wanted) => wanted,
            Err(answer) => return answer,
        };
        let groups: Vec<Json> = book.look(|groups| {
            let chosen = groups.iter().filter(|g| wanted.group(&g.group.name));
            chosen.filter_map(|g| group(g, &wanted)).collect()
        });
        Answer::data(json!({"groups": groups}))
    })
    .await
}
