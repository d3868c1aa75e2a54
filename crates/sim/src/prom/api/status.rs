//! `/status/…` and `/targets`: what Prometheus says of itself.

use axum::extract::State;
use serde_json::{Value as Json, json};

use super::Answer;
use super::params::Params;
use super::rules::rfc3339;
use crate::prom::rules::RuleBook;
use crate::prom::store;

const MILLI: i64 = 1_000_000;

/// Answers `/api/v1/status/buildinfo`.
pub async fn build() -> Answer {
    Answer::data(json!({
        "version": "3.8.0",
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

/// Answers `/api/v1/status/runtimeinfo`.
pub async fn runtime(State(book): State<RuleBook>) -> Answer {
    let start = rfc3339(book.feed().start / MILLI);
    Answer::data(json!({
        "startTime": start,
        "CWD": "/prometheus",
        "reloadConfigSuccess": true,
        "lastConfigTime": start,
        "corruptionCount": 0,
        "goroutineCount": 1,
        "GOMAXPROCS": 1,
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": "15d",
        "serverTime": rfc3339(book.feed().now() / MILLI),
    }))
}

/// Answers `/api/v1/status/flags`.
pub async fn flags() -> Answer {
    Answer::data(json!({"query.lookback-delta": "5m", "query.max-samples": "20000000"}))
}

/// Answers `/api/v1/targets`: the shop's pods and kube-state-metrics.
pub async fn targets(State(book): State<RuleBook>, params: Params) -> Answer {
    let now = book.feed().now();
    let shop = book.feed().shop();
    let step = store::interval(shop.speed) as f64 / 1_000.0;
    let target = |pool: &str, instance: &str, up: bool| {
        json!({
            "discoveredLabels": {"__address__": instance, "job": pool},
            "labels": {"instance": instance, "job": pool},
            "scrapePool": pool,
            "scrapeUrl": format!("http://{instance}/metrics"),
            "globalUrl": format!("http://{instance}/metrics"),
            "lastError": if up { "" } else { "connection refused" },
            "lastScrape": rfc3339(now / MILLI),
            "lastScrapeDuration": 0.003,
            "health": if up { "up" } else { "down" },
            "scrapeInterval": format!("{step}s"),
            "scrapeTimeout": format!("{step}s"),
        })
    };
    let mut active: Vec<Json> = shop
        .pods()
        .filter(|p| p.exists(now) && !p.runs.is_empty() && shop.plan(&p.life.service).is_some())
        .map(|p| target("momo-store", &format!("{}:8080", p.life.name), p.run_at(now).is_some()))
        .collect();
    active.push(target("kube-state-metrics", "kube-state-metrics:8080", true));
    let pool = params.get("scrapePool");
    active.retain(|t| pool.is_none_or(|p| t.get("scrapePool").and_then(Json::as_str) == Some(p)));
    if params.get("state") == Some("dropped") {
        active.clear();
    }
    Answer::data(json!({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}}))
}
