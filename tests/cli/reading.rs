//! What the subcommands print that only read.

use serde_json::Value;

use crate::stand::{Stand, members};

/// Returns the words of a table's first line.
fn head(text: &str) -> Vec<&str> {
    text.lines().next().unwrap().split("   ").map(str::trim).filter(|w| !w.is_empty()).collect()
}

#[test]
fn get_prints_the_columns_of_kubectl() {
    let stand = Stand::shared();
    let narrow = stand.run(&["get", "pods"]).out;
    assert_eq!(head(&narrow), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    let wide = stand.run(&["get", "pods", "-o", "wide"]).out;
    let more = ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"];
    assert_eq!(head(&wide)[5..], more);
    let everywhere = stand.run(&["get", "pods", "-A"]).out;
    assert_eq!(head(&everywhere)[..2], ["NAMESPACE", "NAME"]);
    assert!(everywhere.lines().count() > narrow.lines().count());
    let one = stand.run(&["get", "deploy", "backend"]).out;
    assert_eq!(one.lines().count(), 2, "{one}");
}

#[test]
fn logs_around_a_time_are_entries_within_the_window_in_order() {
    let stand = Stand::shared();
    let args =
        ["logs", "deploy/backend", "--around", "-2m", "--before", "20s", "--after", "20s", "-o", "json"];
    let ran = stand.run(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let entries: Vec<Value> = ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(entries.len() > 10, "{}", entries.len());
    for entry in &entries {
        assert_eq!(members(entry)[..4], ["ts", "line", "labels", "source"]);
        assert_eq!(entry["labels"]["namespace"], "momo-store", "{entry}");
    }
    let times: Vec<i64> = entries.iter().map(|e| e["ts"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted());
    assert!(times[times.len() - 1] - times[0] <= 40_000_000_000);
    let text = stand.run(&args[..8]).out;
    let first = text.lines().next().unwrap();
    assert!(first.contains("Z backend-"), "{first}");
}

#[test]
fn a_query_is_the_data_of_prometheus() {
    let stand = Stand::shared();
    let vector = stand.json(&["query", "up", "--at", "-1m", "-o", "json"]);
    assert_eq!((members(&vector), &vector["resultType"]), (vec!["resultType", "result"], &"vector".into()));
    let first = &vector["result"][0];
    assert_eq!(members(first), ["metric", "value"]);
    assert!(
        first["value"][0].is_number() && matches!(first["value"][1].as_str(), Some("0" | "1")),
        "{first}"
    );
    let matrix = stand.json(&["query", "up", "--range", "2m", "-o", "json"]);
    assert_eq!(matrix["resultType"], "matrix");
    assert!(matrix["result"][0]["values"].as_array().unwrap().len() > 10);
    let wrong = stand.run(&["query", "up("]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("parse error"), "{}", wrong.err);
}

#[test]
fn alerts_are_the_array_of_alertmanagers_api() {
    let stand = Stand::shared();
    let alerts = stand.json(&["alerts", "-o", "json"]);
    let firing = alerts.as_array().unwrap().iter().find(|a| a["labels"]["alertname"] == "Backend5xxHigh");
    let fields = [
        "annotations",
        "endsAt",
        "fingerprint",
        "receivers",
        "startsAt",
        "status",
        "updatedAt",
        "generatorURL",
        "labels",
    ];
    assert_eq!(members(firing.unwrap()), fields);
    let text = stand.run(&["alerts"]).out;
    assert_eq!(head(&text), ["STATE", "SEVERITY", "ALERT", "ABOUT", "VALUE", "SINCE"]);
    assert!(text.contains("Deployment momo-store/backend"), "{text}");
}

#[test]
fn releases_and_history_have_helms_own_fields() {
    let stand = Stand::shared();
    let list = stand.json(&["releases", "-A", "-o", "json"]);
    let one = &list.as_array().unwrap()[0];
    let fields = ["name", "namespace", "revision", "updated", "status", "chart", "app_version"];
    assert_eq!(members(one), fields);
    assert_eq!(
        (&one["name"], &one["revision"], &one["chart"]),
        (&"momo".into(), &"7".into(), &"momo-store-0.0.1043".into())
    );
    assert!(one["updated"].as_str().unwrap().ends_with(" +0000 UTC"), "{one}");
    let history = stand.json(&["history", "momo", "-o", "json"]);
    let rows = history.as_array().unwrap();
    let fields = ["revision", "updated", "status", "chart", "app_version", "description"];
    assert_eq!((rows.len(), members(&rows[6])), (7, fields.to_vec()));
    assert_eq!((&rows[6]["revision"], &rows[6]["status"]), (&7.into(), &"deployed".into()));
}

#[test]
fn a_difference_is_of_two_revisions_the_last_two_unless_told() {
    let stand = Stand::shared();
    let text = stand.run(&["diff", "momo"]).out;
    assert!(text.starts_with("--- momo revision 6\n+++ momo revision 7\n"), "{text}");
    assert!(text.contains("\n-     tag: 0.0.1042\n") && text.contains("\n+     tag: 0.0.1043\n"), "{text}");
    let document = stand.json(&["diff", "momo", "3", "4", "-o", "json"]);
    assert_eq!((&document["from"], &document["to"]), (&3.into(), &4.into()));
    let missing = stand.run(&["diff", "momo", "6", "99"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("hint: `deckwatch history momo`"), "{}", missing.err);
}

#[test]
fn lists_are_printed_plainly_without_the_screen_around_them() {
    let stand = Stand::shared();
    let sources = stand.run(&["sources"]).out;
    assert_eq!(head(&sources)[..4], ["SOURCE", "STATE", "VIA", "ADDRESS"]);
    assert_eq!(sources.lines().count(), 5, "{sources}");
    let timeline = stand.run(&["timeline"]).out;
    assert_eq!(head(&timeline), ["TIME", "WHAT", "CHANGE", "SOURCE"]);
    for text in [&sources, &timeline] {
        assert!(!text.contains("LIVE") && !text.contains("? keys"), "{text}");
    }
    let doctor = stand.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.err);
    assert!(doctor.out.contains("momo-demo, freed by the configuration"), "{}", doctor.out);
}

#[test]
fn a_snapshot_is_one_frame_of_the_asked_size() {
    let frame = Stand::shared().run(&["snapshot", "watch", "--size", "100x20"]).out;
    assert_eq!(frame.lines().count(), 20);
    assert!(frame.lines().all(|l| l.chars().count() <= 100), "{frame}");
    assert!(frame.starts_with(" momo-demo "), "{frame}");
}

#[test]
fn completions_name_every_subcommand_but_the_hidden_one() {
    let script = Stand::shared().run(&["completions", "bash"]).out;
    for name in ["alerts", "rollback", "journal", "doctor"] {
        assert!(script.contains(name), "{name}");
    }
    let help = Stand::shared().run(&["--help"]).out;
    assert!(help.contains("Exit codes: 0 done") && !help.contains("reference"), "{help}");
}
