//! Every document of ours has a schema in `docs/schemas/`, and what is printed keeps to it: a member that the
//! schema does not tell of fails, and so does a schema that no document is held to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::stand::Stand;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas")
}

fn schema(name: &str) -> Value {
    let path = folder().join(format!("deckwatch.{name}-1.json"));
    serde_json::from_str(
        &std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
    )
    .unwrap()
}

/// Demands that a document keeps to a schema.
pub fn hold(name: &str, document: &Value) {
    let schema = schema(name);
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(
        faults.is_empty(),
        "docs/schemas/deckwatch.{name}-1.json does not tell of this:\n{}",
        faults.join("\n")
    );
}

/// Documents that only print, by schema, with what prints them.
const PRINTED: &[(&str, &[&str])] = &[
    ("get", &["get", "pods", "-o", "json"]),
    ("get", &["get", "events", "-o", "json"]),
    ("table", &["snapshot", "deploy", "-o", "json"]),
    ("table", &["snapshot", "nodes", "-o", "json"]),
    ("watch", &["snapshot", "watch", "-o", "json"]),
    ("board", &["snapshot", "board", "-o", "json"]),
    ("timeline", &["timeline", "-o", "json"]),
    ("gitops", &["snapshot", "gitops", "-o", "json"]),
    ("sources", &["sources", "-o", "json"]),
    ("doctor", &["doctor", "-o", "json"]),
    ("diff", &["diff", "momo", "-o", "json"]),
    ("release-values", &["release", "values", "momo", "-o", "json"]),
    ("release-values", &["release", "values", "momo", "--all", "--reveal", "-o", "json"]),
    ("release-manifest", &["release", "manifest", "momo", "-o", "json"]),
    ("release-notes", &["release", "notes", "momo", "-o", "json"]),
    ("release-metadata", &["release", "metadata", "momo", "-o", "json"]),
    ("release-status", &["release", "status", "momo", "-o", "json"]),
    ("plan", &["rollback", "momo", "6", "--plan", "-o", "json"]),
    ("plan", &["rollback", "momo", "3", "--plan", "-o", "json"]),
    ("plan", &["rollback", "momo", "--strict-helm", "--no-hooks", "--plan", "-o", "json"]),
    ("plan", &["rollout", "restart", "deploy/backend", "--plan", "-o", "json"]),
    ("plan", &["delete", "deploy/backend", "--plan", "-o", "json"]),
    ("plan", &["drain", "worker-1", "--ignore-daemonsets", "--plan", "-o", "json"]),
    ("revisions", &["rollout", "history", "deploy/backend", "-o", "json"]),
    ("plan", &["silence", "add", "namespace=~.+", "-c", "maintenance", "--plan", "-o", "json"]),
    ("journal", &["snapshot", "journal", "-o", "json"]),
];

#[test]
fn what_is_printed_keeps_to_its_schema() {
    let stand = Stand::shared();
    for (name, args) in PRINTED {
        let document = stand.json(args);
        assert_eq!(document["schema"], format!("deckwatch.{name}/1"), "{args:?}");
        hold(name, &document);
    }
    let logs = stand.run(&[
        "logs",
        "deploy/backend",
        "--around",
        "-1m",
        "--before",
        "5s",
        "--after",
        "5s",
        "-o",
        "json",
    ]);
    for line in logs.out.lines() {
        hold("logs", &serde_json::from_str(line).unwrap());
    }
}

/// The objects are announced, once, and nothing is written to one that is not.
fn announced(entries: &[Value]) {
    let places = |what: &'static str| entries.iter().enumerate().filter(move |(_, e)| e["what"] == what);
    let series: Vec<_> = places("series").collect();
    let [(at, announced)] = series[..] else { panic!("{series:#?}") };
    let objects: Vec<&str> =
        announced["objects"].as_array().unwrap().iter().map(|o| o.as_str().unwrap()).collect();
    assert_eq!((objects.len(), announced["of"].as_u64()), (10, Some(10)), "{announced}");
    let sending = places("write").filter(|(_, e)| e["state"] == "sending");
    let (of_records, of_objects): (Vec<_>, Vec<_>) = sending.partition(|(_, e)| {
        e["text"].as_str().unwrap().contains("sh.helm.release.v1.")
            || e["text"].as_str().unwrap().starts_with("POST Secret")
    });
    assert!(!of_objects.is_empty() && of_objects.iter().all(|(index, _)| *index > at), "{entries:#?}");
    assert!(
        of_records.first().is_some_and(|(index, _)| *index < at),
        "the lock is taken before: {entries:#?}"
    );
    for (_, write) in of_objects {
        let text = write["text"].as_str().unwrap();
        // What is made is sent to where all of its kind are.
        let (_, place) = text.split_once(' ').unwrap();
        let is = |object: &&str| *object == place || object.starts_with(&format!("{place}/"));
        assert!(objects.iter().any(is), "{text} is not among {objects:?}");
    }
}

#[test]
fn a_rollback_and_its_journal_keep_to_their_schemas() {
    let stand = Stand::start(false);
    let ended = stand.json(&["rollback", "momo", "6", "--write", "--yes", "-o", "json"]);
    hold("rollback", &ended);
    let folder = PathBuf::from(stand.file("state/deckwatch/journal"));
    let mut entries = Vec::new();
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    for file in files.filter(|f| f.extension().is_some_and(|e| e == "jsonl")) {
        let text = std::fs::read_to_string(file).unwrap();
        entries.extend(text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()));
    }
    let whats: BTreeSet<&str> = entries.iter().filter_map(|e| e["what"].as_str()).collect();
    assert_eq!(whats, ["intent", "opened", "outcome", "plan", "runner", "series", "step", "write"].into());
    announced(&entries);
    hold("journal", &serde_json::json!({ "schema": "deckwatch.journal/1", "entries": entries, "torn": 0 }));
    hold("journal", &stand.json(&["journal", "export", "-o", "json"]));
    hold("verify", &stand.json(&["journal", "verify", "-o", "json"]));
    let restart = ["rollout", "restart", "deploy/catalog", "--write", "--yes", "-o", "json"];
    hold("outcome", &stand.json(&restart));
    let silence = ["silence", "add", "X", "-c", "x", "--write", "--yes", "-o", "json"];
    hold("outcome", &stand.json(&silence));
    hold("journal", &stand.json(&["journal", "export", "-o", "json"]));
    let list = stand.json(&["silence", "list", "-o", "json"]);
    let id = list[0]["id"].as_str().unwrap();
    for other in [&["silence", "extend", id, "-d", "2h"][..], &["silence", "expire", id]] {
        hold("plan", &stand.json(&[other, &["--plan", "-o", "json"]].concat()));
    }
}

#[test]
fn every_schema_is_held_to_and_closes_every_object() {
    fn open(value: &Value, at: &str, out: &mut Vec<String>) {
        if let Some(map) = value.as_object() {
            if map.contains_key("properties") && map.get("additionalProperties") != Some(&Value::Bool(false))
            {
                out.push(at.to_owned());
            }
            map.iter().for_each(|(k, v)| open(v, &format!("{at}/{k}"), out));
        }
        if let Some(list) = value.as_array() {
            list.iter().enumerate().for_each(|(i, v)| open(v, &format!("{at}/{i}"), out));
        }
    }
    let printed = PRINTED.iter().map(|(name, _)| *name).chain([
        "logs",
        "outcome",
        "release-hooks",
        "release-versions",
        "rollback",
        "verify",
    ]);
    let held: BTreeSet<String> = printed.map(|n| format!("deckwatch.{n}-1.json")).collect();
    let files: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, held);
    for file in &files {
        let name = file.strip_prefix("deckwatch.").and_then(|f| f.strip_suffix("-1.json")).unwrap();
        let mut opened = Vec::new();
        open(&schema(name), "", &mut opened);
        assert_eq!(opened, Vec::<String>::new(), "{file} leaves objects open");
    }
}
