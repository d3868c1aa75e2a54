use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::options::Method;
use crate::time::{Now, Stamp};

const V3: &str = r#"{"name":"momo","info":{"first_deployed":"2026-11-20T10:00:00.5+03:00","last_deployed":"2026-11-20T11:00:00.25+03:00","deleted":"","description":"Upgrade complete","status":"deployed","notes":"Hello <you>"},"chart":{"metadata":{"name":"momo","version":"0.0.1042","appVersion":"1.2","apiVersion":"v2"},"lock":null,"templates":[{"name":"a","data":"eA=="}],"values":{"replicas":4.0,"big":12345678901234567890123},"schema":null,"files":[]},"config":{"dbPassword":"hunter2"},"manifest":"---\n# Source: momo/a.yaml\nkind: ConfigMap\n","hooks":[{"name":"h","kind":"Job","path":"momo/h.yaml","manifest":"kind: Job","events":["pre-rollback"],"last_run":{"started_at":"","completed_at":"","phase":""},"weight":-5,"delete_policies":null}],"version":6,"namespace":"momo-store","later":{"z":1,"a":1.50}}"#;
const V4: &str = r#"{"name":"momo","info":{"last_deployed":"2026-11-20T12:00:00Z","description":"Rollback to 5","status":"superseded","rollback_revision":5},"manifest":"","version":7,"namespace":"momo-store","apply_method":"ssa"}"#;
const NOW: Now = Now { ns: 1_795_246_848_000_000_001, offset_minutes: 180 };

fn record(json: &str) -> Record {
    Record::from_top(serde_json::from_str(json).unwrap())
}

fn pack(json: &[u8]) -> String {
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    packer.write_all(json).unwrap();
    STANDARD.encode(packer.finish().unwrap())
}

fn stored(json: &str, labels: &[(&str, &str)]) -> StoredRecord {
    StoredRecord {
        driver: Driver::Secret,
        object_name: object_name("momo", 6),
        namespace: "momo-store".to_owned(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        uid: "u".to_owned(),
        resource_version: "1".to_owned(),
        record: record(json),
    }
}

#[test]
fn a_helm_3_record_is_read() {
    let record = decode(&pack(V3.as_bytes()), Limits::default()).unwrap();
    assert_eq!(record.name().unwrap(), "momo");
    assert_eq!(record.namespace().unwrap(), "momo-store");
    assert_eq!(record.version().unwrap(), 6);
    assert_eq!(record.generation().unwrap(), Generation::V3);
    assert_eq!(record.apply_method().unwrap(), None);
    assert_eq!(record.config().unwrap(), json!({"dbPassword": "hunter2"}));
    assert_eq!(record.chart().unwrap().unwrap().label(), "momo-0.0.1042");
    assert_eq!(
        record.info().unwrap(),
        Info {
            first_deployed: Stamp::parse("2026-11-20T10:00:00.5+03:00"),
            last_deployed: Stamp::parse("2026-11-20T11:00:00.25+03:00"),
            deleted: None,
            description: "Upgrade complete".to_owned(),
            status: Status::Deployed,
            rollback_revision: None,
            notes: "Hello <you>".to_owned(),
        }
    );
    let hook = Hook {
        name: "h".to_owned(),
        kind: "Job".to_owned(),
        path: "momo/h.yaml".to_owned(),
        manifest: "kind: Job".to_owned(),
        events: vec!["pre-rollback".to_owned()],
        weight: -5,
        ..Hook::default()
    };
    assert_eq!(record.hooks().unwrap(), vec![hook]);
}

#[test]
fn a_helm_4_record_is_read() {
    let record = decode(&pack(V4.as_bytes()), Limits::default()).unwrap();
    assert_eq!(record.generation().unwrap(), Generation::V4);
    assert_eq!(record.apply_method().unwrap().as_deref(), Some("ssa"));
    let info = record.info().unwrap();
    assert_eq!(
        (info.rollback_revision, info.first_deployed, info.status),
        (Some(5), None, Status::Superseded)
    );
    assert_eq!(record.chart().unwrap(), None);
}

#[test]
fn a_record_from_before_packing_is_read() {
    let record = decode(&STANDARD.encode(V3), Limits::default()).unwrap();
    assert_eq!(record.version().unwrap(), 6);
}

#[test]
fn base64_in_lines_is_read_and_anything_else_is_refused() {
    let text = pack(V3.as_bytes());
    let (head, tail) = text.split_at(40);
    assert_eq!(decode(&format!("{head}\r\n{tail}\n"), Limits::default()).unwrap(), record(V3));
    for bad in ["%%%", "a", "YQ", "YQ==YQ=="] {
        assert!(matches!(decode(bad, Limits::default()), Err(RecordError::Base64(_))), "{bad}");
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let bomb = pack(&vec![b' '; 20 << 20]);
    assert!(bomb.len() < 64 << 10, "the test's bomb is no bomb");
    let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
    assert_eq!(decode(&bomb, limits), Err(RecordError::TooBig { limit: 1 << 20 }));
    let limits = Limits { text: 100, ..Limits::default() };
    assert_eq!(decode(&bomb, limits), Err(RecordError::TextTooLong { len: bomb.len(), limit: 100 }));
}

#[test]
fn what_is_exactly_as_large_as_the_limit_is_read() {
    let limits = Limits { unpacked: V3.len(), ..Limits::default() };
    assert_eq!(decode(&pack(V3.as_bytes()), limits).unwrap(), record(V3));
    let limits = Limits { unpacked: V3.len() - 1, ..Limits::default() };
    assert_eq!(decode(&pack(V3.as_bytes()), limits), Err(RecordError::TooBig { limit: V3.len() - 1 }));
}

#[test]
fn broken_gzip_and_broken_json_are_told_apart() {
    let packed = STANDARD.decode(pack(V3.as_bytes())).unwrap();
    let cut = STANDARD.encode(&packed[..packed.len() - 10]);
    assert!(matches!(decode(&cut, Limits::default()), Err(RecordError::Gzip(_))));
    for bad in ["[]", "{", "1", "{\"a\":}"] {
        assert!(
            matches!(decode(&pack(bad.as_bytes()), Limits::default()), Err(RecordError::Json(_))),
            "{bad}"
        );
    }
}

#[test]
fn deep_nesting_is_an_error_where_it_is_looked_at_and_survives_where_it_is_not() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let json = format!(r#"{{"name":"a","info":{{}},"config":{{"deep":{deep}}},"version":1}}"#);
    let record = decode(&pack(json.as_bytes()), Limits::default()).unwrap();
    assert_eq!(record.version().unwrap(), 1);
    assert!(matches!(record.config(), Err(RecordError::WrongType { field: "config", .. })));
    let again = decode(&encode(&record).unwrap(), Limits::default()).unwrap();
    assert_eq!(again, record);
}

#[test]
fn fields_of_a_wrong_type_are_errors() {
    let bad = record(r#"{"name":1,"info":[],"version":"6","manifest":{},"hooks":{},"chart":[]}"#);
    assert!(bad.name().is_err() && bad.info().is_err() && bad.version().is_err() && bad.manifest().is_err());
    assert!(bad.hooks().is_err() && bad.chart().is_err() && bad.generation().is_err());
    let empty = record("{}");
    assert_eq!(empty.name(), Err(RecordError::Missing("name")));
    assert_eq!(empty.version(), Err(RecordError::Missing("version")));
    assert_eq!(empty.info(), Err(RecordError::Missing("info")));
    assert_eq!(empty.hooks(), Ok(Vec::new()));
}

#[test]
fn which_helm_wrote_a_record_is_told_by_its_times_and_its_apply_method() {
    let of =
        |info: &str, method: &str| record(&format!(r#"{{"info":{info}{method}}}"#)).generation().unwrap();
    assert_eq!(of(r#"{"deleted":""}"#, ""), Generation::V3);
    assert_eq!(of(r#"{"deleted":"2026-11-20T12:00:00Z"}"#, ""), Generation::V3);
    assert_eq!(of(r#"{"deleted":"2026-11-20T12:00:00Z"}"#, r#","apply_method":"csa""#), Generation::V4);
    assert_eq!(of("{}", ""), Generation::V4);
    // Helm 3 keeps no field that it does not know: who wrote the empty time wrote last.
    assert_eq!(of(r#"{"deleted":""}"#, r#","apply_method":"csa""#), Generation::V3);
}

#[test]
fn a_change_of_state_touches_nothing_else() {
    let changed = record(V3).with_status(&Status::Superseded, None).unwrap();
    let expected = V3.replace(r#""status":"deployed""#, r#""status":"superseded""#);
    assert_eq!(serde_json::to_string(changed.top()).unwrap(), expected);
    let failed = record(V3).with_status(&Status::Failed, Some("no \"x\"")).unwrap();
    let expected = V3
        .replace("Upgrade complete", r#"no \"x\""#)
        .replace(r#""status":"deployed""#, r#""status":"failed""#);
    assert_eq!(serde_json::to_string(failed.top()).unwrap(), expected);
}

#[test]
fn the_record_of_a_rollback_is_written_as_helm_3_writes_it() {
    let about = RollbackInfo {
        to: 6,
        version: 8,
        now: NOW,
        description: "Rollback to 6".to_owned(),
        generation: Generation::V3,
        method: Method::ClientSide,
    };
    let current = record(&V3.replace("2026-11-20T10:00:00.5", "2026-01-01T00:00:00"));
    let new = record(V3).rolled_back(&current, &about).unwrap();
    let start = V3.find(r#""info":"#).unwrap();
    let end = V3.find(r#","chart""#).unwrap();
    let info = r#""info":{"first_deployed":"2026-01-01T00:00:00+03:00","last_deployed":"2026-11-21T10:40:48.000000001+03:00","deleted":"","description":"Rollback to 6","status":"pending-rollback","notes":"Hello <you>"}"#;
    let expected =
        format!("{}{info}{}", &V3[..start], &V3[end..]).replace(r#""version":6"#, r#""version":8"#);
    assert_eq!(serde_json::to_string(new.top()).unwrap(), expected);
}

#[test]
fn the_record_of_a_rollback_is_written_as_helm_4_writes_it() {
    let about = RollbackInfo {
        to: 6,
        version: 8,
        now: Now { offset_minutes: 0, ..NOW },
        description: "Rollback to 6".to_owned(),
        generation: Generation::V4,
        method: Method::ClientSide,
    };
    let new = record(V3).rolled_back(&record(V4), &about).unwrap();
    let info: Value = serde_json::from_str(new.top().get("info").unwrap().get()).unwrap();
    assert_eq!(
        info,
        json!({"last_deployed": "2026-11-21T07:40:48.000000001Z", "description": "Rollback to 6", "status": "pending-rollback", "rollback_revision": 6, "notes": "Hello <you>"})
    );
    assert_eq!(new.apply_method().unwrap().as_deref(), Some("csa"));
}

#[test]
fn names_of_objects_go_both_ways() {
    assert_eq!(object_name("a.v2", 13), "sh.helm.release.v1.a.v2.v13");
    assert_eq!(parse_object_name("sh.helm.release.v1.a.v2.v13"), Some(("a.v2", 13)));
    for bad in [
        "",
        "sh.helm.release.v1.",
        "sh.helm.release.v1.a",
        "sh.helm.release.v1..v1",
        "sh.helm.release.v1.a.v01",
        "sh.helm.release.v1.a.v-1",
        "sh.helm.release.v1.a.v99999999999999999999",
    ] {
        assert_eq!(parse_object_name(bad), None, "{bad}");
    }
}

#[test]
fn a_created_secret_carries_the_users_labels_and_the_time_of_creation() {
    let stored =
        stored(V3, &[("team", "shop"), ("modifiedAt", "1"), ("createdAt", "1"), ("status", "deployed")]);
    let object = stored.to_create(NOW).unwrap();
    assert_eq!(
        object["metadata"],
        json!({"name": "sh.helm.release.v1.momo.v6", "labels": {
            "team": "shop", "createdAt": "1795246848", "name": "momo", "owner": "helm", "status": "deployed", "version": "6",
        }})
    );
    assert_eq!((&object["type"], &object["kind"]), (&json!("helm.sh/release.v1"), &json!("Secret")));
    let again = StoredRecord::from_object(&object, Limits::default()).unwrap();
    assert_eq!(again.record, stored.record);
}

#[test]
fn an_updated_record_keeps_the_labels_that_it_came_with() {
    let fresh = stored(V3, &[("team", "shop")]).to_update(NOW).unwrap();
    assert_eq!(
        fresh["metadata"]["labels"],
        json!({"team": "shop", "modifiedAt": "1795246848", "name": "momo", "owner": "helm", "status": "deployed", "version": "6"})
    );
    let queried =
        stored(V3, &[("createdAt", "5"), ("modifiedAt", "6"), ("status", "failed")]).to_update(NOW).unwrap();
    // Helm itself overwrites the new time with the one that the record came with.
    assert_eq!(
        queried["metadata"]["labels"],
        json!({"createdAt": "5", "modifiedAt": "6", "name": "momo", "owner": "helm", "status": "deployed", "version": "6"})
    );
}

#[test]
fn config_maps_hold_the_text_itself() {
    let mut stored = stored(V3, &[]);
    stored.driver = Driver::ConfigMap;
    let object = stored.to_create(NOW).unwrap();
    assert_eq!(object.get("type"), None);
    assert_eq!(
        decode(object["data"]["release"].as_str().unwrap(), Limits::default()).unwrap(),
        stored.record
    );
    let mut item = object.clone();
    item.as_object_mut().unwrap().remove("kind");
    assert_eq!(StoredRecord::from_object(&item, Limits::default()).unwrap().driver, Driver::ConfigMap);
}

#[test]
fn objects_without_a_record_are_refused_by_name() {
    let object = json!({"kind": "Secret", "metadata": {"name": "x"}, "data": {}});
    let error = StoredRecord::from_object(&object, Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "Secret `x` holds no release record: it has no data key `release`");
    for odd in [
        json!(null),
        json!([]),
        json!({"kind": "Pod"}),
        json!({"data": 1}),
        json!({"kind": "Secret", "data": {"release": 1}}),
    ] {
        assert!(StoredRecord::from_object(&odd, Limits::default()).is_err());
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let number =
        prop_oneof!["-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", Just("1.0".to_owned())];
    let leaf = prop_oneof![
        number,
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just("null".to_owned()),
        Just("\"\\u003cb\\u003e\"".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
        let entry = (key, inner.clone()).prop_map(|(key, value)| format!("{key} :{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec(entry, 0..5).prop_map(|items| format!("{{{}}}", items.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn every_byte_of_every_value_survives(fields in prop::collection::vec(("[a-zA-Z_]{1,8}", any_json()), 0..8)) {
        let body: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let json = format!("{{{}}}", body.join(","));
        let first = decode(&pack(json.as_bytes()), Limits::default()).unwrap();
        let again = decode(&encode(&first).unwrap(), Limits::default()).unwrap();
        prop_assert_eq!(&again, &first);
        let kept: Vec<(String, String)> = again.top().iter().map(|(key, raw)| (key.to_owned(), raw.get().to_owned())).collect();
        prop_assert_eq!(kept, fields);
    }

    #[test]
    fn a_rollback_rewrites_only_its_own_fields(config in any_json(), extra in any_json(), version in 1..1_000i64) {
        let json = format!(r#"{{"extra":{extra},"name":"a","info":{{"status":"deployed"}},"config":{config},"version":{version},"namespace":"n"}}"#);
        let target = record(&json);
        let about = RollbackInfo { to: version, version: version + 1, now: NOW, description: "d".to_owned(), generation: Generation::V3, method: Method::ClientSide };
        let new = target.rolled_back(&target, &about).unwrap();
        for key in ["extra", "name", "config", "namespace"] {
            prop_assert_eq!(new.top().get(key).unwrap().get(), target.top().get(key).unwrap().get());
        }
        prop_assert_eq!(new.version().unwrap(), version + 1);
        prop_assert_eq!(new.top().len(), target.top().len());
    }

    #[test]
    fn decoding_anything_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
        let mut bytes = bytes;
        if magic {
            bytes.splice(0..0, [0x1f, 0x8b, 0x08]);
        }
        drop(decode(&STANDARD.encode(&bytes), Limits::default()));
        drop(decode(&String::from_utf8_lossy(&bytes), Limits::default()));
    }

    #[test]
    fn labels_of_the_user_are_kept_apart(labels in prop::collection::btree_map("[a-z]{1,6}", "[a-z]{0,3}", 0..6)) {
        let system = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];
        let mut all: BTreeMap<String, String> = labels.clone();
        all.extend(system.iter().map(|key| ((*key).to_owned(), "x".to_owned())));
        let mut expected = labels;
        expected.retain(|key, _| !system.contains(&key.as_str()));
        prop_assert_eq!(user_labels(&all), expected);
    }
}

#[test]
fn metadata_are_those_of_the_revision_and_of_its_chart() {
    let told = record(V3).metadata().unwrap();
    assert_eq!(
        told,
        Metadata {
            name: "momo".to_owned(),
            chart: "momo".to_owned(),
            version: "0.0.1042".to_owned(),
            app_version: "1.2".to_owned(),
            namespace: "momo-store".to_owned(),
            revision: 6,
            status: "deployed".to_owned(),
            deployed_at: "2026-11-20T11:00:00+03:00".to_owned(),
            ..Metadata::default()
        }
    );
    assert_eq!(told.apply_words(), "client-side apply (defaulted)");
    let chart = r#""chart":{"metadata":{"name":"c","version":"1","annotations":{"b":"2","a":null},"dependencies":[{"name":"z","version":"~1","repository":"","enabled":true},null,{"name":"a"}]}},"#;
    let told = record(&V4.replace(r#""manifest""#, &format!(r#"{chart}"manifest""#))).metadata().unwrap();
    assert_eq!(told.dependency_names(), ["a", "z"]);
    assert_eq!(json!(told.dependencies[0])["version"], "~1");
    assert_eq!(json!(told.annotations), json!({"a": "", "b": "2"}));
    assert_eq!(told.apply_words(), "server-side apply");
    // Without a chart Helm 3 stops with a fault of its own.
    assert_eq!(record(V4).metadata().unwrap().chart, "MISSING");
    let odd = V4.replace(r#""manifest""#, r#""chart":{"metadata":{"annotations":[]}},"manifest""#);
    assert!(matches!(record(&odd).metadata(), Err(RecordError::WrongType { .. })));
}
