//! A Helm rollback's own requests, sent to the stand.

use deckwatch_helm::merge::{Schema, three_way};
use deckwatch_helm::record::{Generation, Limits, RollbackInfo, Status, StoredRecord, object_name};
use deckwatch_helm::time::Now;
use deckwatch_helm::yaml11::read_manifest;
use deckwatch_sim::stand::Stand;
use http::Method;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::client::{NOW, fake, get, pass, patch, send};

const NS: &str = "momo-store";

fn path_of(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().expect("a name");
    format!("{}/{name}", collection(object))
}

fn collection(object: &Value) -> String {
    match object["kind"].as_str().expect("a kind") {
        "Deployment" => format!("/apis/apps/v1/namespaces/{NS}/deployments"),
        "Job" => format!("/apis/batch/v1/namespaces/{NS}/jobs"),
        kind => format!("/api/v1/namespaces/{NS}/{}s", kind.to_ascii_lowercase()),
    }
}

async fn record(stand: &Stand, version: i64) -> StoredRecord {
    let path = format!("/api/v1/namespaces/{NS}/secrets/{}", object_name("momo", version));
    StoredRecord::from_object(&get(stand, &path).await.json(), Limits::default()).expect("a record")
}

fn objects(record: &StoredRecord) -> Vec<Value> {
    let manifest = record.record.manifest().expect("a manifest");
    let documents = read_manifest(&manifest).expect("YAML");
    documents.into_iter().map(|d| d.value).collect()
}

/// Writes a record as Helm does: a POST for a new one, an unconditional PUT for another.
async fn write(stand: &Stand, stored: &StoredRecord, new: bool) {
    let now = Now { ns: NOW, offset_minutes: 0 };
    let all = format!("/api/v1/namespaces/{NS}/secrets");
    let (method, path, body) = if new {
        (Method::POST, all, stored.to_create(now))
    } else {
        (Method::PUT, format!("{all}/{}", stored.object_name), stored.to_update(now))
    };
    let done = send(stand, method, &path, &[], &body.expect("an object").to_string()).await;
    assert!(done.status.is_success(), "{}", done.text());
}

/// Rolls the release back to a revision as Helm 3 does, records included.
async fn roll_back(stand: &Stand, from: i64, to: i64) {
    let (current, wanted) = (record(stand, from).await, record(stand, to).await);
    let about = RollbackInfo {
        to,
        version: from + 1,
        now: Now { ns: NOW, offset_minutes: 0 },
        description: format!("Rollback to {to}"),
        generation: Generation::V3,
        method: deckwatch_helm::options::Method::ClientSide,
    };
    let mut new = wanted.clone();
    new.object_name = object_name("momo", from + 1);
    new.record = wanted.record.rolled_back(&current.record, &about).expect("a record");
    new.labels.clear();
    write(stand, &new, true).await;
    let (old, target) = (objects(&current), objects(&wanted));
    for object in &target {
        let mut object = object.clone();
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        object["metadata"]["annotations"] =
            json!({"meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": NS});
        let path = path_of(&object);
        let live = get(stand, &path).await;
        if live.status == 404 {
            let path = format!("{}?fieldManager=helm", collection(&object));
            assert_eq!(
                send(stand, Method::POST, &path, &[], &object.to_string()).await.status,
                201,
                "{path}"
            );
            continue;
        }
        let live = live.json();
        let before = old.iter().find(|o| path_of(o) == path).unwrap_or(&live);
        let schema = Schema::of_kind(
            object["apiVersion"].as_str().expect("a version"),
            object["kind"].as_str().expect("a kind"),
        );
        let change = three_way(before, &object, &live, schema.expect("a built-in kind")).expect("a patch");
        let done = patch(stand, &format!("{path}?fieldManager=helm"), "strategic-merge-patch", &change).await;
        assert_eq!(done.status, 200, "{path}: {}", done.text());
    }
    for gone in old.iter().filter(|o| target.iter().all(|t| path_of(t) != path_of(o))) {
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
        let done = send(stand, Method::DELETE, &path_of(gone), &[], &options.to_string()).await;
        assert_eq!(done.status, 200);
    }
    let mut superseded = current;
    superseded.record = superseded.record.with_status(&Status::Superseded, None).expect("a record");
    write(stand, &superseded, false).await;
    new.record = new.record.with_status(&Status::Deployed, None).expect("a record");
    write(stand, &new, false).await;
}

async fn backends(stand: &Stand) -> Vec<(String, bool)> {
    let path = format!("/api/v1/namespaces/{NS}/pods?labelSelector=app.kubernetes.io/name%3Dbackend");
    let list = get(stand, &path).await.json();
    let one = |pod: &Value| {
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or("").to_owned();
        (
            image.rsplit(':').next().unwrap_or("").to_owned(),
            pod["status"]["containerStatuses"][0]["ready"] == true,
        )
    };
    list["items"].as_array().expect("items").iter().map(one).collect()
}

#[tokio::test]
async fn a_rollback_to_a_good_revision_leaves_its_pods_running_and_its_objects() {
    let (stand, clock) = fake().await;
    roll_back(&stand, 7, 6).await;
    pass(&stand, &clock, 60);
    assert_eq!(backends(&stand).await, vec![("0.0.1042".to_owned(), true); 4]);
    let deployment = get(&stand, &format!("/apis/apps/v1/namespaces/{NS}/deployments/backend")).await.json();
    let status = &deployment["status"];
    assert_eq!(
        (&status["updatedReplicas"], &status["availableReplicas"], &status["observedGeneration"]),
        (&json!(4), &json!(4), &deployment["metadata"]["generation"])
    );
    assert_eq!(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "8");
    let states: Vec<Value> = [record(&stand, 7).await, record(&stand, 8).await]
        .iter()
        .map(|r| json!([r.labels, r.record.info().expect("info").description]))
        .collect();
    let labels = |status: &str, version: &str, stamp: i64| json!({"modifiedAt": stamp.to_string(), "name": "momo", "owner": "helm", "status": status, "version": version});
    let now = NOW / 1_000_000_000;
    let wanted = [
        json!([labels("superseded", "7", now - 6 * 60 + 2), "Upgrade complete"]),
        json!([labels("deployed", "8", now), "Rollback to 6"]),
    ];
    assert_eq!(states, wanted);
    assert_eq!(get(&stand, &format!("/api/v1/namespaces/{NS}/services/backend-metrics")).await.status, 200);
    assert_eq!(get(&stand, &format!("/apis/batch/v1/namespaces/{NS}/jobs/db-migrate-7")).await.status, 404);
    let environment = get(&stand, &format!("/api/v1/namespaces/{NS}/configmaps/backend-env")).await.json();
    assert_eq!(environment["data"]["DB_POOL_SIZE"], "16");
    let lives = stand.lives().borrow().clone();
    let exits =
        lives.pods.iter().filter(|p| p.version == "0.0.1042" && p.ended.is_none()).map(|p| p.exits.len());
    assert_eq!(exits.collect::<Vec<_>>(), [0; 4]);
    pass(&stand, &clock, 300);
    assert_eq!(backends(&stand).await, vec![("0.0.1042".to_owned(), true); 4]);
}

#[tokio::test]
async fn a_rollback_to_an_image_that_cannot_be_pulled_leaves_the_old_pods_and_misses_its_deadline() {
    let (stand, clock) = fake().await;
    // Pods that come and go count as progress: the deadline needs good ones beside the bad.
    roll_back(&stand, 7, 6).await;
    pass(&stand, &clock, 40);
    roll_back(&stand, 8, 5).await;
    pass(&stand, &clock, 45);
    let pods = backends(&stand).await;
    let new: Vec<_> = pods.iter().filter(|(tag, _)| tag == "0.0.1041").collect();
    assert_eq!((pods.len(), new.len(), new.iter().any(|(_, ready)| *ready)), (5, 2, false));
    let list = get(&stand, &format!("/api/v1/namespaces/{NS}/pods")).await.json();
    let waiting: Vec<String> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|p| &p["status"]["containerStatuses"][0]["state"]["waiting"]["reason"])
        .filter_map(|r| r.as_str())
        .filter(|r| r.contains("Pull"))
        .map(str::to_owned)
        .collect();
    assert_eq!(waiting, ["ImagePullBackOff", "ImagePullBackOff"]);
    pass(&stand, &clock, 620);
    let deployment = get(&stand, &format!("/apis/apps/v1/namespaces/{NS}/deployments/backend")).await.json();
    let going = deployment["status"]["conditions"]
        .as_array()
        .expect("conditions")
        .iter()
        .find(|c| c["type"] == "Progressing");
    assert_eq!(going.expect("a condition")["reason"], "ProgressDeadlineExceeded");
}

#[tokio::test]
async fn without_a_rollback_the_backends_go_on_being_killed() {
    let (stand, clock) = fake().await;
    let exits = |stand: &Stand| {
        let lives = stand.lives().borrow().clone();
        lives.pods.iter().filter(|p| p.version == "0.0.1043").map(|p| p.exits.len()).sum::<usize>()
    };
    let before = exits(&stand);
    pass(&stand, &clock, 300);
    assert!(exits(&stand) > before);
    let events =
        get(&stand, &format!("/api/v1/namespaces/{NS}/events?fieldSelector=reason%3DBackOff")).await.json();
    assert!(!events["items"].as_array().expect("items").is_empty());
}
