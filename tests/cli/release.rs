//! `deckwatch releases`, `history` and `release`: what Helm keeps of a release, told without what is secret.

use std::collections::BTreeMap;

use deckwatch_helm::record::{Driver, Record, StoredRecord, object_name};
use deckwatch_helm::time::Now;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::schemas::hold;
use crate::stand::Stand;

/// What must not be printed unless it is asked for.
const SECRETS: [&str; 4] = ["hunter2", "aHVudGVyMg==", "swordfish", "opensesame"];
const MANIFEST: &str = "---\n# Source: odd/templates/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: odd\ndata:\n  a: aHVudGVyMg==\n---\n# Source: odd/templates/deploy.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: backend\n---\n# Source: odd/templates/gadget.yaml\napiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: g\n---\n# Source: odd/templates/none.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: not-there\n";

/// A record in the words of Helm 4, with everything that one can hold.
fn record(revision: i64, status: &str) -> Value {
    json!({
        "name": "odd", "namespace": "momo-store", "version": revision, "apply_method": "ssa",
        "info": {
            "first_deployed": "2026-11-29T10:00:00.25+03:00", "last_deployed": format!("2026-11-29T1{revision}:00:00.5+03:00"),
            "description": "Rollback\u{1b}[2J to 1", "status": status, "rollback_revision": 1,
            "notes": "connect to postgres://shop:swordfish@db/\u{1b}[31m\n",
        },
        "chart": {
            "metadata": {
                "name": "odd", "version": "0.0.9", "appVersion": "1.2", "annotations": { "b": "2", "a": "\u{202e}1" },
                "dependencies": [{ "name": "z", "version": "~1", "repository": "https://charts.example" }, { "name": "a" }],
            },
            "values": { "image": { "tag": "1", "pullPolicy": null }, "list": [1], "gone": 1, "shape": { "a": 1 } },
        },
        "config": { "image": { "tag": "2" }, "gone": null, "shape": 1, "apiToken": "opensesame" },
        "manifest": MANIFEST,
        "hooks": [
            { "name": "migrate", "kind": "Job", "path": "odd/templates/migrate.yaml", "manifest": "kind: Job\nmetadata:\n  name: migrate\n",
              "events": ["pre-upgrade", "pre-rollback"], "weight": -5, "delete_policies": ["before-hook-creation"],
              "last_run": { "started_at": "2026-11-29T11:00:00Z", "completed_at": "2026-11-29T11:00:09Z", "phase": "Succeeded" } },
            { "name": "probe", "kind": "Secret", "path": "odd/templates/probe.yaml", "manifest": "apiVersion: v1\nkind: Secret\nmetadata: {name: probe}\nstringData: {a: hunter2}\n",
              "events": ["test"], "last_run": { "started_at": "2026-11-29T11:00:00Z", "completed_at": "2026-11-29T11:01:00Z", "phase": "Failed" } },
        ],
    })
}

fn post(stand: &Stand, record: &Value) {
    let revision = record["version"].as_i64().unwrap();
    let labels = [("team", "shop"), ("name", "odd")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let stored = StoredRecord {
        driver: Driver::Secret,
        object_name: object_name("odd", revision),
        namespace: "momo-store".to_owned(),
        labels: BTreeMap::from(labels),
        uid: String::new(),
        resource_version: String::new(),
        record: Record::from_top(serde_json::from_str(&record.to_string()).unwrap()),
    };
    let object = stored.to_create(Now { ns: 1_795_000_000_000_000_000, offset_minutes: 0 }).unwrap();
    stand.post("/api/v1/namespaces/momo-store/secrets", &object);
}

/// A record whose payload nobody can read.
fn post_broken(stand: &Stand, revision: i64) {
    let labels =
        json!({ "name": "odd", "owner": "helm", "status": "deployed", "version": revision.to_string() });
    stand.post(
        "/api/v1/namespaces/momo-store/secrets",
        &json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "data": { "release": "bm90aGluZw==" },
            "metadata": { "name": object_name("odd", revision), "labels": labels },
        }),
    );
}

/// Returns what a command printed that ended well, or with code 3.
fn printed(stand: &Stand, args: &[&str], code: i32) -> String {
    let ran = stand.run(args);
    assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
    ran.out
}

#[test]
fn what_helm_keeps_is_printed_in_its_own_words_and_nothing_secret_unless_asked() {
    let stand = Stand::start(false);
    post(&stand, &record(1, "superseded"));
    post(&stand, &record(2, "deployed"));
    let text = |args: &[&str]| printed(&stand, &[&["release"], args].concat(), 0);
    assert_eq!(
        text(&["values", "odd"]),
        "USER-SUPPLIED VALUES:\napiToken: 'REDACTED # (10 bytes)'\ngone: null\nimage:\n  tag: \"2\"\nshape: 1\n"
    );
    assert_eq!(
        text(&["values", "odd", "--all", "--reveal"]),
        "COMPUTED VALUES:\napiToken: opensesame\nimage:\n  tag: \"2\"\nlist:\n- 1\nshape: 1\n"
    );
    let dropped = stand.run(&["release", "values", "odd", "--all"]).err;
    assert_eq!(dropped, "deckwatch: shape: the chart has a table there, the user's values have none\n");
    assert_eq!(text(&["manifest", "odd", "--reveal"]), format!("{MANIFEST}\n"));
    let masked = text(&["manifest", "odd"]);
    assert!(
        masked.contains("\n  a: 'REDACTED # (7 bytes)'\n") && masked.contains("kind: Gadget"),
        "{masked}"
    );
    assert_eq!(
        text(&["notes", "odd", "--reveal"]),
        "NOTES:\nconnect to postgres://shop:swordfish@db/^[[31m\n\n"
    );
    assert_eq!(text(&["notes", "odd"]), "NOTES:\nconnect to postgres://shop:REDACTED@db/^[[31m\n\n");
    let hooks = text(&["hooks", "odd", "--reveal"]);
    assert!(hooks.starts_with(
        "---\n# Source: odd/templates/migrate.yaml\nkind: Job\nmetadata:\n  name: migrate\n\n---\n"
    ));
    assert!(hooks.ends_with("stringData: {a: hunter2}\n\n"), "{hooks}");
    assert_eq!(
        text(&["metadata", "odd", "--revision", "1"]),
        "NAME: odd\nCHART: odd\nVERSION: 0.0.9\nAPP_VERSION: 1.2\nANNOTATIONS: a=\\u{202e}1,b=2\nLABELS: team=shop\n\
         DEPENDENCIES: a,z\nNAMESPACE: momo-store\nREVISION: 1\nSTATUS: superseded\n\
         DEPLOYED_AT: 2026-11-29T11:00:00+03:00\nAPPLY_METHOD: server-side apply\n"
    );
    for args in [
        &["release", "values", "odd"][..],
        &["release", "values", "odd", "--all"],
        &["release", "manifest", "odd"],
        &["release", "notes", "odd"],
        &["release", "hooks", "odd"],
        &["release", "metadata", "odd"],
        &["release", "status", "odd"],
        &["history", "odd"],
        &["releases"],
        &["diff", "odd", "1", "2"],
    ] {
        for output in ["text", "json"] {
            let ran = stand.run(&[args, &["-o", output]].concat());
            let all = ran.out + &ran.err;
            for secret in SECRETS {
                assert!(!all.contains(secret), "{secret} in {args:?} -o {output}");
            }
        }
    }
    hold("release-hooks", &stand.json(&["release", "hooks", "odd", "-o", "json"]));
    hold("release-metadata", &stand.json(&["release", "metadata", "odd", "-o", "json"]));
    let none = stand.run(&["release", "values", "odd", "--revision", "9"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    assert!(
        none.err.contains("odd revision 9") && none.err.contains("`deckwatch history odd`"),
        "{}",
        none.err
    );
}

#[test]
fn the_status_tells_of_every_object_how_it_is_and_of_what_is_not_known() {
    let stand = Stand::start(false);
    post(&stand, &record(2, "deployed"));
    let text = printed(&stand, &["release", "status", "odd"], 3);
    let document = stand.run(&["release", "status", "odd", "-o", "json"]);
    hold("release-status", &serde_json::from_str(&document.out).unwrap());
    let (head, rest) = text.split_once("RESOURCES:\n").unwrap();
    assert_eq!(
        head,
        "NAME: odd\nLAST DEPLOYED: Sun Nov 29 12:00:00 2026\nNAMESPACE: momo-store\nSTATUS: deployed\nREVISION: 2\n\
         DESCRIPTION: Rollback^[[2J to 1\n"
    );
    let (table, rest) = rest.split_once("\n\n").unwrap();
    let rows: Vec<Vec<&str>> =
        table.lines().map(|l| l.split("   ").map(str::trim).filter(|c| !c.is_empty()).collect()).collect();
    assert_eq!(rows[0], ["KIND", "NAMESPACE", "NAME", "STATE"]);
    assert_eq!(rows[1], ["Secret", "momo-store", "odd", "not there"]);
    assert_eq!(rows[2][..3], ["Deployment", "momo-store", "backend"]);
    assert!(rows[2][3] == "ready" || rows[2][3].starts_with("not ready: "), "{rows:?}");
    assert_eq!(rows[3][..2], ["Gadget", "g"]);
    assert!(rows[3][2].contains("the server does not serve this kind"), "{rows:?}");
    assert_eq!(rows[4], ["ConfigMap", "momo-store", "not-there", "not there"]);
    assert_eq!(
        rest,
        "TEST SUITE:     probe\nLast Started:   Sun Nov 29 11:00:00 2026\nLast Completed: Sun Nov 29 11:01:00 2026\n\
         Phase:          Failed\nNOTES:\nconnect to postgres://shop:REDACTED@db/^[[31m\n"
    );
}

#[test]
fn a_record_that_cannot_be_read_is_a_row_that_says_so() {
    let stand = Stand::start(false);
    post(&stand, &record(1, "superseded"));
    post(&stand, &record(2, "deployed"));
    post_broken(&stand, 3);
    let history = stand.run(&["history", "odd", "-o", "json"]);
    let rows: Value = serde_json::from_str(&history.out).unwrap();
    assert_eq!((history.code, rows.as_array().unwrap().len()), (3, 3));
    assert_eq!((&rows[1]["revision"], &rows[1]["rollback_revision"]), (&2.into(), &1.into()));
    assert_eq!(rows[1]["updated"], "2026-11-29T12:00:00.5+03:00");
    assert_eq!((&rows[2]["status"], &rows[2]["chart"]), (&"deployed".into(), &Value::Null));
    assert!(rows[2]["error"].as_str().unwrap().contains("not"), "{rows}");
    let text = printed(&stand, &["history", "odd", "--max", "2"], 3);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].contains("APP VERSION   ROLLBACK   DESCRIPTION"), "{text}");
    assert!(
        lines[1].starts_with("2          Sun Nov 29 12:00:00 2026   deployed   odd-0.0.9   1.2"),
        "{text}"
    );
    assert!(lines[1].ends_with("   1          Rollback^[[2J to 1"), "{text}");
    assert!(lines[2].starts_with("3 ") && lines[2].contains("can't be read: "), "{text}");
    let list = printed(&stand, &["releases", "--filter", "^odd$", "--failed"], 3);
    assert!(
        list.lines().nth(1).unwrap().contains("can't be read: "),
        "a broken record is of no known state: {list}"
    );
    let newest = stand.run(&["release", "values", "odd"]);
    assert_eq!((newest.code, newest.out.as_str()), (1, ""), "an older revision is not taken for it");
    assert_eq!(stand.run(&["release", "values", "odd", "--revision", "2"]).code, 0);
}

#[test]
fn releases_are_listed_by_state_name_and_time_as_helm_lists_them() {
    let stand = Stand::start(false);
    post(&stand, &record(1, "failed"));
    post(&stand, &record(2, "pending-upgrade"));
    let names = |args: &[&str]| -> Vec<String> {
        let list = stand.json(&[&["releases", "-o", "json"], args].concat());
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        list.as_array()
            .unwrap()
            .iter()
            .map(|r| format!("{}.{}", text(r, "name"), text(r, "revision")))
            .collect()
    };
    assert_eq!(names(&[]), ["momo.7", "odd.2"]);
    assert_eq!(names(&["--all"]), ["momo.7", "odd.2"]);
    assert_eq!(names(&["--pending"]), ["odd.2"]);
    assert_eq!(names(&["--failed"]), [""; 0], "what failed before is not what is");
    assert_eq!(names(&["--deployed", "--pending"]), ["momo.7", "odd.2"]);
    assert_eq!(names(&["--filter", "^m"]), ["momo.7"]);
    assert_eq!(names(&["--reverse"]), ["odd.2", "momo.7"]);
    assert_eq!(names(&["--date"]), ["odd.2", "momo.7"], "the oldest first");
    assert_eq!(names(&["--max", "1"]), ["momo.7"]);
    assert_eq!(names(&["--max", "1", "--offset", "1"]), ["odd.2"]);
    assert_eq!(names(&["--offset", "9"]), [""; 0]);
    let superseded = names(&["--superseded"]);
    assert_eq!(superseded.first().map(String::as_str), Some("momo.1"), "alone, every superseded revision");
    assert!(superseded.len() > 2, "{superseded:?}");
    assert_eq!(names(&["--superseded", "--failed"]), [""; 0]);
    assert_eq!(stand.json(&["releases", "--short", "-o", "json"]), json!(["momo", "odd"]));
    assert_eq!(printed(&stand, &["releases", "--short"], 0), "momo\nodd\n");
    let wrong = stand.run(&["releases", "--filter", "("]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    let odd = printed(&stand, &["releases", "--pending"], 0);
    assert!(odd.contains("2026-11-29 12:00:00.5 +0300 +0300   pending-upgrade   odd-0.0.9   1.2"), "{odd}");
}

#[test]
fn a_difference_is_told_as_helm_diff_tells_it() {
    let stand = Stand::start(false);
    let manifest = |tag: &str, more: &str| {
        format!(
            "---\n# Source: odd/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  one: \"1\"\n  tag: {tag}\n  two: \"2\"\n{more}"
        )
    };
    let secret = |name: &str, value: &str, annotations: &str| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n{annotations}data:\n  k: {value}\n"
        )
    };
    let keep = "  annotations:\n    helm.sh/resource-policy: keep\n";
    let (mut old, mut new) = (record(1, "superseded"), record(2, "deployed"));
    old["manifest"] =
        json!(manifest("x", &(secret("s", "aHVudGVyMg==", "") + &secret("kept", "eA==", keep))));
    new["manifest"] = json!(manifest("y", &(secret("s", "c3dvcmRmaXNo", "") + &secret("more", "eA==", ""))));
    new["hooks"] = json!([old["hooks"][1].clone()]);
    post(&stand, &old);
    post(&stand, &new);
    let plain = ["diff", "odd", "1", "2", "--no-values", "--no-hooks"];
    let text = printed(&stand, &[&plain[..], &["-C", "1"]].concat(), 0);
    assert_eq!(
        text,
        "--- odd revision 1\n+++ odd revision 2\n\
         momo-store, a, ConfigMap (v1) has changed:\n...\n    one: \"1\"\n-   tag: x\n+   tag: y\n    two: \"2\"\n\
         momo-store, s, Secret (v1) has changed:\n...\n  data:\n-   k: '-------- # (7 bytes)'\n+   k: '++++++++ # (9 bytes)'\n\
         momo-store, kept, Secret (v1) stays: its annotation helm.sh/resource-policy keeps it\n\
         momo-store, more, Secret (v1) has been added:\n+ apiVersion: v1\n+ kind: Secret\n+ metadata:\n+   name: more\n+ data:\n\
         +   k: '++++++++ # (1 bytes)'\n"
    );
    let shown =
        printed(&stand, &[&plain[..], &["-C", "-1", "--reveal", "--suppress", "ConfigMap"]].concat(), 0);
    assert!(
        shown.contains("(v1) has changed:\n+ Changes suppressed on sensitive content of type ConfigMap\n"),
        "{shown}"
    );
    assert!(
        shown.contains(
            "  kind: Secret\n  metadata:\n    name: s\n  data:\n-   k: aHVudGVyMg==\n+   k: c3dvcmRmaXNo\n"
        ),
        "{shown}"
    );
    // Backwards it is what a rollback would do; the hook that is no test comes back with it.
    let back = printed(&stand, &["diff", "odd", "2", "1"], 0);
    assert!(back.contains("momo-store, migrate, Job (v1) has been added:"), "{back}");
    assert!(!back.contains("probe"), "a hook of tests is left out: {back}");
    hold("diff", &stand.json(&["diff", "odd", "1", "2", "--suppress", "Secret", "-o", "json"]));
    assert_eq!(stand.run(&["diff", "odd", "1", "2", "--detailed-exitcode"]).code, 2);
    let same = stand.run(&["diff", "odd", "2", "2", "--detailed-exitcode"]);
    assert_eq!((same.code, same.err.as_str()), (0, "deckwatch: the two revisions do not differ\n"));
    let none = stand.run(&["diff", "odd", "9", "2"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("odd revision 9"), "{}", none.err);
}
