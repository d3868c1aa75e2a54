use deckwatch_helm::record::{Driver, Limits, Record, Status, StoredRecord};
use deckwatch_helm::time::Now;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{Deed, NOW, ask, lines, refused};

fn record(driver: Driver, status: &str) -> Value {
    let text = json!({"name": "momo", "namespace": "shop", "version": 8, "manifest": "", "extra": {"b": 1, "a": 2.50},
        "info": {"status": status, "description": "Preparing upgrade", "last_deployed": "2026-11-21T13:00:00Z"}});
    let stored = StoredRecord {
        driver,
        object_name: "sh.helm.release.v1.momo.v8".into(),
        namespace: "shop".into(),
        labels: [("team".to_owned(), "shop".to_owned())].into(),
        uid: String::new(),
        resource_version: String::new(),
        record: Record::from_top(serde_json::from_value(text).unwrap()),
    };
    let mut object = stored.to_create(Now { ns: 0, offset_minutes: 0 }).unwrap();
    for (key, value) in [("namespace", "shop"), ("uid", "u"), ("resourceVersion", "5")] {
        object["metadata"][key] = json!(value);
    }
    object
}

#[test]
fn the_pending_record_alone_is_marked_as_failed_bound_to_its_version() {
    for driver in [Driver::Secret, Driver::ConfigMap] {
        let object = record(driver, "pending-rollback");
        let act = ask(&Deed::Free, &object).unwrap();
        assert_eq!(
            act.path(),
            format!("/api/v1/namespaces/shop/{}s/sh.helm.release.v1.momo.v8", driver.kind().to_lowercase())
        );
        assert_eq!(lines(&act)[0], "status pending-rollback → failed");
        let body = &act.body.0;
        assert_eq!(body["metadata"]["resourceVersion"], "5");
        let labels = &body["metadata"]["labels"];
        assert_eq!((&labels["status"], &labels["team"]), (&json!("failed"), &json!("shop")));
        assert_eq!(labels["modifiedAt"], (NOW.0 / 1_000_000_000).to_string());
        let mut after = object.clone();
        after["data"]["release"] = body["data"]["release"].clone();
        let after = StoredRecord::from_object(&after, Limits::default()).unwrap().record;
        assert_eq!(after.info().unwrap().status, Status::Failed);
        assert_eq!(after.top().get("extra").unwrap().get(), r#"{"b":1,"a":2.5}"#);
    }
}

#[test]
fn what_is_not_pending_or_no_record_is_refused() {
    assert_eq!(
        refused(&Deed::Free, &record(Driver::Secret, "deployed")),
        "nothing is pending: revision 8 is deployed"
    );
    let other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "5"}, "data": {}});
    assert_eq!(refused(&Deed::Free, &other), "it is no record of a Helm release");
    assert_eq!(refused(&Deed::Free, &super::deployment()), "free does not apply to a Deployment");
}
