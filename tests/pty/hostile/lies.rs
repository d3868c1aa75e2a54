//! What each server lies about.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::records;
use crate::corpus::CORPUS;
use crate::liar::{Asked, Lie, Told};

/// Bytes of the longest log line.
pub const LONG_LINE: usize = 5_000_000;

/// Keys whose texts a machine reads before a person does: with these made hostile nothing is listed at all.
const KEPT: [&str; 12] = [
    "kind",
    "apiVersion",
    "uid",
    "namespace",
    "resourceVersion",
    "selfLink",
    "continue",
    "fingerprint",
    "startsAt",
    "endsAt",
    "updatedAt",
    "generatorURL",
];

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[4] == b'-'
}

/// Makes every text of a value hostile, keys of maps of texts too.
fn poison(value: &mut Value, with: &str) {
    match value {
        Value::String(text) if !is_time(text) => text.push_str(with),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, with)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if matches!(key.as_str(), "labels" | "annotations" | "nodeSelector")
                    && let Value::Object(texts) = field
                {
                    texts.insert(format!("key{with}"), Value::String(format!("value{with}")));
                }
                if !KEPT.contains(&key.as_str()) {
                    poison(field, with);
                }
            }
        }
        _ => {}
    }
}

/// Makes texts hostile that are only read by people, wherever they stand.
fn poison_prose(value: &mut Value, with: &str) {
    const PROSE: [&str; 9] =
        ["message", "reason", "note", "summary", "description", "help", "version", "error", "lastError"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| poison_prose(item, with)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if PROSE.contains(&key.as_str()) => text.push_str(with),
                    Value::Array(_) | Value::Object(_) => poison_prose(field, with),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn nth(i: usize) -> &'static str {
    CORPUS[i % CORPUS.len()].1
}

/// The API server: hostile copies of the first object of every list, and hostile release records.
pub fn kubernetes() -> Lie {
    Arc::new(|asked, value, told| {
        let list = value["kind"].as_str().is_some_and(|k| k.ends_with("List")) && value["items"].is_array();
        let watched = value["type"].is_string() && value["object"].is_object();
        if list {
            let helm = asked.get("labelSelector").is_some_and(|s| s.contains("owner=helm"));
            if helm && let Value::Array(items) = &mut value["items"] {
                if asked.path.ends_with("/secrets") {
                    records::add(items, told);
                }
                return;
            }
            copies(asked, value, told);
        } else if watched {
            let long = value["object"]["data"]["release"].is_string();
            if !long {
                let text = nth(value.to_string().len());
                poison_prose(&mut value["object"], text);
            }
        } else if value["kind"] == "Status" {
            poison_prose(value, nth(3));
        }
    })
}

fn copies(asked: &Asked, value: &mut Value, told: &Told) {
    let plural = asked.path.rsplit('/').next().unwrap_or_default().to_owned();
    let Value::Array(items) = &mut value["items"] else { return };
    let Some(first) = items.first().cloned() else { return };
    for (i, item) in items.iter_mut().enumerate() {
        poison_prose(item, nth(i));
    }
    let paged = asked.get("continue").is_some_and(|c| !c.is_empty());
    for (i, (_, text)) in CORPUS.iter().enumerate().take_while(|_| !paged) {
        let mut copy = first.clone();
        let name = format!("evil-{i:02}");
        copy["metadata"]["name"] = json!(name);
        poison(&mut copy, text);
        copy["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-{plural:0>8.8}{i:04}"));
        let folder = asked.path.trim_end_matches('/');
        let called = copy["metadata"]["name"].as_str().unwrap_or_default();
        let called: String =
            url::form_urlencoded::byte_serialize(called.as_bytes()).collect::<String>().replace('+', "%20");
        told.lock().objects.insert(format!("{folder}/{called}"), copy.clone());
        items.push(copy);
    }
    if plural == "pods" {
        for item in items.iter() {
            told.note("pods", item["metadata"]["uid"].as_str().unwrap_or_default());
        }
    }
}

/// The Alertmanager: an alert of every hostile text.
pub fn alertmanager() -> Lie {
    Arc::new(|asked, value, told| {
        if asked.path.ends_with("/api/v2/status") {
            poison_prose(value, nth(5));
        }
        let Value::Array(groups) = value else { return };
        let alerts = match groups.first_mut() {
            Some(group) if asked.path.ends_with("/alerts/groups") => &mut group["alerts"],
            _ => return,
        };
        let Value::Array(alerts) = alerts else { return };
        let Some(first) = alerts.first().cloned() else { return };
        for (i, (_, text)) in CORPUS.iter().enumerate() {
            let mut copy = first.clone();
            copy["labels"]["alertname"] = json!(format!("Evil{i:02}"));
            poison(&mut copy["labels"], text);
            poison(&mut copy["annotations"], text);
            copy["labels"]["severity"] = json!("critical");
            copy["annotations"]["runbook_url"] = json!(format!("https://runbooks.example/{text}"));
            copy["labels"]["namespace"] = json!("momo-store");
            copy["fingerprint"] = json!(format!("{:016x}", 0xe0_0000 + i));
            alerts.push(copy);
        }
        for alert in groups.iter().flat_map(|g| g["alerts"].as_array().into_iter().flatten()) {
            told.note("alerts", alert["fingerprint"].as_str().unwrap_or_default());
        }
    })
}

/// Prometheus: hostile copies of series, hostile rules and build.
pub fn prometheus() -> Lie {
    Arc::new(|asked, value, _| {
        let text = nth(value.to_string().len());
        poison_prose(value, text);
        if asked.path.ends_with("/rules") {
            return;
        }
        let Value::Array(series) = &mut value["data"]["result"] else { return };
        let Some(first) = series.first().cloned() else { return };
        for i in 0..4 {
            let mut copy = first.clone();
            poison(&mut copy["metric"], nth(i * 5));
            copy["metric"]["evil"] = json!(nth(i * 5 + 1));
            series.push(copy);
        }
    })
}

/// The hostile lines: one a microsecond, from a time on.
pub fn lines() -> Vec<String> {
    let mut out: Vec<String> =
        CORPUS.iter().enumerate().map(|(i, (_, text))| format!("#{i:03}# {text}")).collect();
    out.push(format!("#{:03}# {}", out.len(), "x".repeat(LONG_LINE)));
    out
}

/// Loki: hostile lines in the stream of a pod of `backend`, from a time in nanoseconds on.
pub fn loki(from: i64) -> Lie {
    let known: Mutex<Option<Value>> = Mutex::default();
    Arc::new(move |asked, value, told| {
        if value["data"]["resultType"] != "streams" || asked.get("query").is_none_or(|q| q.contains("|=")) {
            return;
        }
        let Value::Array(streams) = &mut value["data"]["result"] else { return };
        let number = |name: &str| asked.get(name).and_then(|v| v.parse::<i64>().ok());
        let (Some(start), Some(end)) = (number("start"), number("end")) else { return };
        let (limit, backward) = (number("limit").unwrap_or(100), asked.get("direction") != Some("forward"));
        let mut known = known.lock().unwrap();
        let stream = streams.iter().map(|s| &s["stream"]).find(|s| s["app"] == "backend");
        if known.is_none() {
            *known = stream.cloned();
        }
        let Some(labels) = known.clone() else { return };
        drop(known);
        let mut all: Vec<(i64, Value, String)> = Vec::new();
        for stream in streams.drain(..) {
            for entry in stream["values"].as_array().into_iter().flatten() {
                let at = entry[0].as_str().and_then(|t| t.parse().ok()).unwrap_or_default();
                all.push((at, stream["stream"].clone(), entry[1].as_str().unwrap_or_default().to_owned()));
            }
        }
        if asked.get("query").is_some_and(|q| q.contains("backend")) {
            for (i, line) in (0..).zip(lines()) {
                let at = from + i * 1_000;
                if (start..end).contains(&at) {
                    all.push((at, labels.clone(), line));
                }
            }
        }
        all.sort_by_key(|(at, ..)| if backward { -at } else { *at });
        all.truncate(usize::try_from(limit).unwrap());
        for (at, stream, line) in all {
            let entry = json!([at.to_string(), line]);
            if let Some(number) = line.strip_prefix('#').and_then(|l| l.get(..3)) {
                told.note("lines", number);
            }
            match streams.iter_mut().find(|s| s["stream"] == stream) {
                Some(known) => known["values"].as_array_mut().unwrap().push(entry),
                None => streams.push(json!({"stream": stream, "values": [entry]})),
            }
        }
    })
}
