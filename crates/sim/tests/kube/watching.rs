use std::collections::BTreeMap;

use deckwatch_sim::cluster::api::Write;
use deckwatch_sim::cluster::fields::Actor;
use deckwatch_sim::cluster::kinds::K;
use deckwatch_sim::kube::protobuf::Schema;
use http::Method;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::client::{Watch, fake, get, pass, patch, send};

fn key(object: &Value) -> String {
    format!("{}/{}", object["metadata"]["namespace"], object["metadata"]["name"])
}

fn by_name(list: &Value) -> BTreeMap<String, Value> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| (key(item), item.clone())).collect()
}

/// Applies an event of a watch to what a list gave.
fn apply(objects: &mut BTreeMap<String, Value>, event: &Value) {
    let mut object = event["object"].clone();
    let map = object.as_object_mut().expect("an object");
    map.remove("kind");
    map.remove("apiVersion");
    match event["type"].as_str() {
        Some("ADDED") => assert_eq!(objects.insert(key(&object), object), None),
        Some("MODIFIED") => assert!(objects.insert(key(&object), object).is_some()),
        Some("DELETED") => assert!(objects.remove(&key(&object)).is_some()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watch_from_any_version_leads_from_its_list_to_the_newest_list() {
    let (stand, clock) = fake().await;
    let kinds = [
        "/api/v1/pods",
        "/api/v1/namespaces/momo-store/pods?labelSelector=app.kubernetes.io/name%3Dbackend",
        "/api/v1/pods?fieldSelector=status.phase%3DRunning",
        "/api/v1/events",
        "/apis/apps/v1/replicasets",
        "/apis/discovery.k8s.io/v1/endpointslices",
    ];
    let mut starts: Vec<(String, Value)> = Vec::new();
    for round in 0..4 {
        for path in kinds {
            starts.push((path.to_owned(), get(&stand, path).await.json()));
        }
        let replicas = json!({"spec": {"replicas": 2 + round}});
        patch(&stand, "/apis/apps/v1/namespaces/momo-store/deployments/catalog", "merge-patch", &replicas)
            .await;
        let template =
            json!({"spec": {"template": {"metadata": {"annotations": {"round": round.to_string()}}}}});
        patch(&stand, "/apis/apps/v1/namespaces/momo-store/deployments/backend", "merge-patch", &template)
            .await;
        pass(&stand, &clock, 9);
    }
    for (path, list) in starts {
        let newest = get(&stand, &path).await.json();
        let end = newest["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
        let mut objects = by_name(&list);
        let version = list["metadata"]["resourceVersion"].as_str().expect("a version");
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut watch =
            Watch::open(&stand, &format!("{path}{sign}watch=1&resourceVersion={version}&timeoutSeconds=1"))
                .await;
        let mut last = version.parse::<u64>().expect("a number");
        while let Some(event) = watch.next().await {
            let here = event["object"]["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok());
            let here: u64 = here.expect("a version");
            assert!(here > last, "versions grow");
            last = here;
            apply(&mut objects, &event);
        }
        assert!(last <= end.parse().expect("a number"));
        assert_eq!(objects, by_name(&newest), "{path} from {version}");
    }
}

#[tokio::test]
async fn a_watch_from_a_forgotten_version_is_told_that_it_is_gone() {
    let (stand, _) = fake().await;
    let mut watch = Watch::open(&stand, "/api/v1/pods?watch=1&resourceVersion=5").await;
    let event = watch.next().await.expect("an event");
    assert_eq!((event["type"].clone(), event["object"]["code"].clone()), (json!("ERROR"), json!(410)));
    assert_eq!(event["object"]["reason"], "Expired");
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_all_objects_and_sees_writes_at_once() {
    let (stand, _) = fake().await;
    let mut watch = Watch::open(&stand, "/api/v1/namespaces/loyalty/configmaps?watch=true").await;
    let first = watch.next().await.expect("an event");
    assert_eq!(
        (first["type"].clone(), first["object"]["metadata"]["name"].clone()),
        (json!("ADDED"), json!("kube-root-ca.crt"))
    );
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}).to_string();
    send(&stand, Method::POST, "/api/v1/namespaces/loyalty/configmaps", &[], &body).await;
    send(&stand, Method::DELETE, "/api/v1/namespaces/loyalty/configmaps/x", &[], "").await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let event = watch.next().await.expect("an event");
        seen.push((event["type"].clone(), event["object"]["metadata"]["name"].clone()));
    }
    assert_eq!(seen, [(json!("ADDED"), json!("x")), (json!("DELETED"), json!("x"))]);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_tell_the_newest_version_to_those_who_allow_them() {
    let (stand, _) = fake().await;
    let newest = get(&stand, "/api/v1/nodes").await.json()["metadata"]["resourceVersion"].clone();
    let start = newest.as_str().expect("a version");
    let path = format!(
        "/apis/batch/v1/jobs?watch=1&resourceVersion={start}&allowWatchBookmarks=true&timeoutSeconds=130"
    );
    let mut watch = Watch::open(&stand, &path).await;
    let wanted = json!({
        "type": "BOOKMARK",
        "object": {
            "kind": "Job", "apiVersion": "batch/v1",
            "metadata": {"resourceVersion": newest, "creationTimestamp": null},
        },
    });
    assert_eq!(watch.next().await, Some(wanted.clone()));
    assert_eq!(watch.next().await, Some(wanted));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_speaks_protobuf_and_tables_when_asked() {
    let (stand, _) = fake().await;
    let path = "/api/v1/namespaces/loyalty/configmaps?watch=1&timeoutSeconds=1";
    let accept = [("accept", "application/vnd.kubernetes.protobuf;stream=watch")];
    let frames = send(&stand, Method::GET, path, &accept, "").await;
    assert_eq!(frames.header("content-type"), "application/vnd.kubernetes.protobuf;stream=watch");
    let length = u32::from_be_bytes(frames.body[..4].try_into().expect("four bytes"));
    assert_eq!(frames.body.len(), length as usize + 4);
    let start = frames.body.windows(4).position(|w| w == b"k8s\0").expect("an envelope");
    let object = Schema::default().decode(&frames.body[start..]).expect("an object");
    assert_eq!(object["metadata"]["name"], "kube-root-ca.crt");
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let table = send(&stand, Method::GET, path, &accept, "").await.json();
    assert_eq!(table["object"]["columnDefinitions"][1]["name"], "Data");
    assert_eq!(table["object"]["rows"][0]["cells"], json!(["kube-root-ca.crt", 1, "21d"]));
}

#[tokio::test]
async fn a_frozen_server_keeps_what_its_watches_would_say_until_it_thaws() {
    let (stand, _) = fake().await;
    let version =
        get(&stand, "/api/v1/configmaps?limit=1").await.json()["metadata"]["resourceVersion"].clone();
    let path = format!("/api/v1/configmaps?watch=1&resourceVersion={}", version.as_str().expect("a version"));
    let mut watch = Watch::open(&stand, &path).await;
    stand.faults().freeze(true);
    stand.cluster().with(|world, now| {
        let how = Write { actor: Actor::new("test"), now, dry_run: false };
        world.create(K::ConfigMap, "data", json!({"metadata": {"name": "x"}}), &how).expect("created");
    });
    tokio::select! {
        biased;
        event = watch.next() => panic!("{event:?}"),
        () = async { for _ in 0..100 { tokio::task::yield_now().await; } } => {}
    }
    stand.faults().freeze(false);
    assert_eq!(watch.next().await.expect("an event")["object"]["metadata"]["name"], "x");
}
