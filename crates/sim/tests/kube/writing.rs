use http::Method;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::client::{fake, get, patch, send};

const MAPS: &str = "/api/v1/namespaces/momo-store/configmaps";
const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

#[tokio::test]
async fn a_name_is_created_once_and_an_old_version_is_not_written_over_a_newer_one() {
    let (stand, _) = fake().await;
    let agent = [("user-agent", "deckwatch/0.1")];
    let made = send(&stand, Method::POST, MAPS, &agent, &map("x").to_string()).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["metadata"]["managedFields"][0]["manager"], "deckwatch");
    let again = send(&stand, Method::POST, MAPS, &[], &map("x").to_string()).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["message"].clone()),
        (409, json!("configmaps \"x\" already exists"))
    );
    let path = format!("{MAPS}/x");
    let changed = patch(&stand, &path, "merge-patch", &json!({"data": {"b": "2"}})).await.json();
    assert_eq!(changed["data"], json!({"a": "1", "b": "2"}));
    let stale = send(&stand, Method::PUT, &path, &[], &made.to_string()).await;
    assert_eq!(stale.status, 409);
    assert_eq!(
        stale.json()["message"],
        "Operation cannot be fulfilled on configmaps \"x\": the object has been modified; please apply your changes \
         to the latest version and try again"
    );
    let unconditional = send(&stand, Method::PUT, &path, &[], &map("x").to_string()).await.json();
    assert_eq!(unconditional["data"], json!({"a": "1"}));
    assert_eq!(unconditional["metadata"]["uid"], made["metadata"]["uid"]);
}

#[tokio::test]
async fn a_dry_run_answers_as_the_write_would_and_changes_nothing() {
    let (stand, _) = fake().await;
    let before = get(&stand, BACKEND).await.json();
    let step = json!({"spec": {"replicas": 9}});
    let dry = patch(&stand, &format!("{BACKEND}?dryRun=All"), "strategic-merge-patch", &step).await.json();
    assert_eq!(
        (dry["spec"]["replicas"].clone(), dry["metadata"]["generation"].clone()),
        (json!(9), json!(8))
    );
    assert_eq!(get(&stand, BACKEND).await.json(), before);
    let deleted = send(&stand, Method::DELETE, &format!("{BACKEND}?dryRun=All"), &[], "").await;
    assert_eq!((deleted.status.as_u16(), get(&stand, BACKEND).await.status.as_u16()), (200, 200));
    let made = send(&stand, Method::POST, &format!("{MAPS}?dryRun=All"), &[], &map("y").to_string()).await;
    assert_eq!((made.status.as_u16(), get(&stand, &format!("{MAPS}/y")).await.status.as_u16()), (201, 404));
    let odd = send(&stand, Method::POST, &format!("{MAPS}?dryRun=Some"), &[], &map("y").to_string()).await;
    assert_eq!(odd.status, 422);
}

#[tokio::test]
async fn every_kind_of_patch_is_applied_and_server_side_apply_is_refused() {
    let (stand, _) = fake().await;
    let containers =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "backend", "image": "i:1"}]}}}});
    let strategic =
        patch(&stand, &format!("{BACKEND}?dryRun=All"), "strategic-merge-patch", &containers).await.json();
    let container = &strategic["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        (container["image"].clone(), container["ports"][0]["name"].clone()),
        (json!("i:1"), json!("http"))
    );
    let step = json!([{"op": "replace", "path": "/spec/replicas", "value": 2}]);
    let json = patch(&stand, &format!("{BACKEND}?dryRun=All"), "json-patch", &step).await.json();
    assert_eq!(json["spec"]["replicas"], 2);
    let bad = json!([{"op": "test", "path": "/spec/replicas", "value": 77}]);
    assert_eq!(patch(&stand, BACKEND, "json-patch", &bad).await.status, 422);
    let apply =
        send(&stand, Method::PATCH, BACKEND, &[("content-type", "application/apply-patch+yaml")], "a: 1")
            .await;
    assert_eq!((apply.status.as_u16(), apply.json()["reason"].clone()), (415, json!("UnsupportedMediaType")));
    let selector = json!({"spec": {"selector": {"matchLabels": {"other": "x"}}}});
    let immutable = patch(&stand, BACKEND, "merge-patch", &selector).await;
    assert_eq!((immutable.status.as_u16(), immutable.json()["reason"].clone()), (422, json!("Invalid")));
    let job = "/apis/batch/v1/namespaces/momo-store/jobs/db-migrate-7";
    let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "i:2"}]);
    let text =
        patch(&stand, job, "json-patch", &image).await.json()["message"].as_str().unwrap_or("").to_owned();
    assert!(
        text.starts_with("Job.batch \"db-migrate-7\" is invalid: spec.template: Invalid value:"),
        "{text}"
    );
    assert!(text.ends_with("field is immutable"), "{text}");
}

#[tokio::test]
async fn deletions_honour_preconditions_and_take_dependents_along() {
    let (stand, clock) = fake().await;
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "other"}});
    let refused = send(&stand, Method::DELETE, BACKEND, &[], &options.to_string()).await;
    assert_eq!(refused.status, 409);
    let text = refused.json()["message"].as_str().unwrap_or("").to_owned();
    assert!(text.contains("Precondition failed: UID in precondition: other, UID in object meta: "), "{text}");
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    let done = send(&stand, Method::DELETE, BACKEND, &[], &options.to_string()).await;
    assert_eq!((done.status.as_u16(), done.json()["status"].clone()), (200, json!("Success")));
    crate::client::pass(&stand, &clock, 10);
    let selector = "labelSelector=app.kubernetes.io/name%3Dbackend";
    for path in ["/api/v1/namespaces/momo-store/pods", "/apis/apps/v1/namespaces/momo-store/replicasets"] {
        assert_eq!(get(&stand, &format!("{path}?{selector}")).await.json()["items"], json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_deleted_pod_stops_in_its_time_and_is_replaced() {
    let (stand, clock) = fake().await;
    let pods = "/api/v1/namespaces/momo-store/pods?labelSelector=app.kubernetes.io/name%3Dcatalog";
    let names = async || -> Vec<String> {
        let list = get(&stand, pods).await.json();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|i| i["metadata"]["name"].as_str().map(str::to_owned)).collect()
    };
    let before = names().await;
    let victim = before.first().expect("a pod");
    let path = format!("/api/v1/namespaces/momo-store/pods/{victim}");
    let answer = send(&stand, Method::DELETE, &path, &[], "").await.json();
    assert_eq!(
        (answer["kind"].clone(), answer["metadata"]["deletionGracePeriodSeconds"].clone()),
        (json!("Pod"), json!(30))
    );
    assert!(names().await.contains(victim));
    crate::client::pass(&stand, &clock, 12);
    let after = names().await;
    assert!(after.len() == 2 && !after.contains(victim), "{before:?} {after:?}");
}
