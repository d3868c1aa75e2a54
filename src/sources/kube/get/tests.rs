use std::collections::BTreeMap;

use deckwatch_wire::{FieldsV1, ObjectMeta, PartialObjectMetadata};
use http::Request;
use pretty_assertions::assert_eq;

use super::*;
use crate::core::{ClusterId, Safe};
use crate::sources::kube::testing::{Answer, Server, json, status, typed};
use crate::store::changes::Edit;

fn reference(resource: Resource, name: &str, uid: &str) -> ObjectRef {
    ObjectRef::new(&ClusterId("test".into()), resource, "shop", name, uid)
}

#[tokio::test]
async fn an_object_comes_without_its_managed_fields_and_another_ones_uid_is_refused() {
    let server = Server::new(|_| {
        json(
            200,
            &serde_json::json!({"kind": "Pod", "metadata": {"name": "p", "uid": "u", "managedFields": [1]}}),
        )
    });
    let client = server.client();
    let view = object(&client, &reference(Resource::Pod, "p", "u")).await.unwrap();
    assert_eq!(view.object, serde_json::json!({"kind": "Pod", "metadata": {"name": "p", "uid": "u"}}));
    assert_eq!(view.managed_fields, Some(serde_json::json!([1])));
    let error = object(&client, &reference(Resource::Pod, "p", "other")).await.unwrap_err();
    assert_eq!((error.kind, error.on.raw()), (Kind::Conflict, "shop/p"));
    let mut unknown = reference(Resource::Pod, "p", "");
    unknown.gvk.kind = "Widget".into();
    assert_eq!(object(&client, &unknown).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(object(&client, &reference(Resource::Pod, "", "")).await.unwrap_err().kind, Kind::Usage);
    assert_eq!(server.log(), ["GET /api/v1/namespaces/shop/pods/p"; 2]);
}

#[tokio::test]
async fn events_are_asked_by_uid_and_those_of_nodes_by_name() {
    let list = r#"{"kind":"EventList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"e"},"reason":"BackOff"}]}"#;
    let server = Server::new(move |_| typed(200, "application/json", list));
    let client = server.client();
    let found = events(&client, &reference(Resource::Pod, "p", "u-1")).await.unwrap();
    assert_eq!((found.objects.len(), found.objects[0].name(), found.more), (1, "e", false));
    events(&client, &reference(Resource::Pod, "p", "")).await.unwrap();
    let mut node = reference(Resource::Node, "n1", "u-2");
    node.namespace = Name::default();
    events(&client, &node).await.unwrap();
    assert_eq!(
        server.log(),
        [
            "GET /api/v1/namespaces/shop/events?limit=500&fieldSelector=involvedObject.uid%3Du-1",
            "GET /api/v1/namespaces/shop/events?limit=500&fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Dp",
            "GET /api/v1/events?limit=500&fieldSelector=involvedObject.kind%3DNode%2CinvolvedObject.name%3Dn1",
        ]
    );
}

#[tokio::test]
async fn a_list_is_read_page_by_page_up_to_what_is_wanted() {
    let server = Server::new(|request| {
        let next = if request.uri().query().unwrap().contains("continue=b") { "c" } else { "b" };
        let item = r#"{"metadata":{"name":"x"}}"#;
        let body = format!(
            r#"{{"kind":"PodList","metadata":{{"continue":"{next}"}},"items":[{item},{item},{{"metadata":7}}]}}"#
        );
        typed(200, "application/json", body)
    });
    let spec = Spec::all(Resource::Pod, Scope::All);
    let found = list(&server.client(), &spec, 3).await.unwrap();
    assert_eq!((found.objects.len(), found.undecodable.len(), found.more), (4, 2, true));
    assert_eq!(server.log().len(), 2);
}

#[tokio::test]
async fn a_record_is_read_from_either_storage_and_never_printed() {
    for (storage, body) in [
        (
            Resource::Secret,
            r#"{"kind":"Secret","metadata":{"name":"r","uid":"u","resourceVersion":"5","labels":{"owner":"helm"}},"data":{"release":"Q0FOQVJZ"}}"#,
        ),
        (
            Resource::ConfigMap,
            r#"{"kind":"ConfigMap","metadata":{"name":"r","uid":"u","resourceVersion":"5","labels":{"owner":"helm"}},"data":{"release":"CANARY"}}"#,
        ),
    ] {
        let server = Server::new(move |_| typed(200, "application/json", body));
        let (namespace, name) =
            (Name::new("shop").unwrap(), Name::new("sh.helm.release.v1.momo.v7").unwrap());
        let record = record(&server.client(), storage, &namespace, &name).await.unwrap();
        assert_eq!(
            record,
            HelmRecord {
                payload: b"CANARY".to_vec(),
                labels: BTreeMap::from([("owner".to_owned(), "helm".to_owned())]),
                resource_version: "5".to_owned(),
                uid: "u".to_owned(),
                created: None,
            }
        );
        assert!(!format!("{record:?}").contains("CANARY"));
    }
    for (body, kind) in [
        (r#"{"kind":"Secret","data":{}}"#, Kind::Decode),
        (r#"{"kind":"Secret","data":{"release":"CANARY!"}}"#, Kind::Decode),
        (r#"{"kind":"Secret","data":{"release":["CANARY"]}}"#, Kind::Decode),
        (r#"{"kind":"Pod"}"#, Kind::Decode),
    ] {
        let server = Server::new(move |_| typed(200, "application/json", body));
        let name = Name::new("x").unwrap();
        let error = record(&server.client(), Resource::Secret, &name, &name).await.unwrap_err();
        assert_eq!(error.kind, kind, "{body}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
}

#[tokio::test]
async fn the_server_says_what_it_is_and_who_we_are() {
    let server = Server::new(|request| match request.uri().path() {
        "/version" => json(200, &serde_json::json!({"major": "1", "minor": "34+", "gitVersion": "v1.34.2"})),
        _ => {
            json(201, &serde_json::json!({"status": {"userInfo": {"username": "ann", "groups": ["a", "b"]}}}))
        }
    });
    let client = server.client();
    assert_eq!(version(&client).await.unwrap().git_version.raw(), "v1.34.2");
    let who = whoami(&client).await.unwrap();
    assert_eq!((who.username.raw(), who.groups.len()), ("ann", 2));
}

#[tokio::test]
async fn older_servers_are_asked_who_we_are_by_the_versions_that_they_have() {
    let path = |version: &str| format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
    let of_1_26 = Server::new(move |request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        if request.uri().path() == path("v1alpha1") && body.contains("authentication.k8s.io/v1alpha1") {
            return json(201, &serde_json::json!({"status": {"userInfo": {"username": "ann"}}}));
        }
        typed(404, "text/plain", "404 page not found")
    });
    assert_eq!(whoami(&of_1_26.client()).await.unwrap().username.raw(), "ann");
    assert_eq!(of_1_26.log().len(), 3);
    let old = Server::new(|_| status(404, "NotFound", "no such api"));
    assert_eq!(whoami(&old.client()).await.unwrap_err().kind, Kind::NotFound);
    let refused = Server::new(|_| status(403, "Forbidden", "no"));
    assert_eq!(whoami(&refused.client()).await.unwrap_err().kind, Kind::Denied);
    assert_eq!(refused.log().len(), 1, "a refusal is an answer");
    for nobody in [r#"{"status":{}}"#, r#"{"status":{"userInfo":{"username":""}}}"#, "[]"] {
        let server = Server::new(move |_| typed(201, "application/json", nobody));
        assert_eq!(whoami(&server.client()).await.unwrap_err().kind, Kind::Decode, "{nobody}");
    }
}

fn written(name: &str, uid: &str, manager: &str, time: &str, fields: &str) -> ObjectMeta {
    let time = deckwatch_wire::Time::from_seconds(Ts::parse_rfc3339(time).unwrap().as_secs());
    let writer = deckwatch_wire::ManagedFieldsEntry {
        manager: manager.to_owned(),
        operation: "Update".to_owned(),
        time: Some(time),
        fields_v1: Some(FieldsV1 { raw: fields.as_bytes().to_vec() }),
        ..Default::default()
    };
    ObjectMeta {
        name: name.to_owned(),
        namespace: "shop".to_owned(),
        uid: uid.to_owned(),
        managed_fields: vec![writer],
        ..ObjectMeta::default()
    }
}

fn shop(request: &Request<bytes::Bytes>) -> Answer {
    let accept = request.headers()["accept"].to_str().unwrap();
    let encoding = Encoding::Protobuf;
    let answer = |metadata| {
        let object = PartialObjectMetadata { metadata };
        let body = deckwatch_wire::encode_object(encoding, &object).unwrap();
        typed(200, encoding.content_type(), body)
    };
    match request.uri().path().rsplit('/').next().unwrap() {
        "backend" if accept.contains("PartialObjectMetadata") => answer(written(
            "backend",
            "d",
            "helm",
            "2026-11-21T13:58:40Z",
            r#"{"f:metadata":{"f:labels":{}},"f:spec":{"f:replicas":{},"f:template":{"f:spec":{}}}}"#,
        )),
        "backend" => typed(
            200,
            "application/json",
            r#"{"kind":"Deployment","metadata":{"name":"backend"},"spec":{"template":{"spec":{
                "volumes":[{"name":"v","configMap":{"name":"files"}},{"name":"s","secret":{"secretName":"tls"}},
                    {"name":"p","projected":{"sources":[{"configMap":{"name":"ca"}}]}}],
                "containers":[{"name":"app","envFrom":[{"configMapRef":{"name":"env"}},{"configMapRef":{"name":"gone","optional":true}}],
                    "env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"tls","key":"k"}}},{"name":"B","value":"x"}]}]}}}}"#,
        ),
        "gone" => status(404, "NotFound", "no such config map"),
        "tls" => status(403, "Forbidden", "secrets is forbidden"),
        name => answer(written(
            name,
            name,
            "kubectl-edit",
            "2026-11-21T13:41:07Z",
            r#"{"f:data":{".":{},"f:A":{}}}"#,
        )),
    }
}

#[tokio::test]
async fn edits_of_a_workload_and_of_what_it_refers_to_are_told_with_what_could_not_be_read() {
    let server = Server::new(shop);
    let found = edits(&server.client(), &reference(Resource::Deployment, "backend", "d")).await.unwrap();
    let told: Vec<_> = found
        .edits
        .iter()
        .map(|Edit { object, manager, at, fields, .. }| {
            format!("{} {object} {manager}: {fields}", at.rfc3339())
        })
        .collect();
    assert_eq!(
        told,
        [
            "2026-11-21T13:58:40Z Deployment shop/backend helm: metadata.labels, spec.replicas, spec.template",
            "2026-11-21T13:41:07Z ConfigMap shop/ca kubectl-edit: data.A",
            "2026-11-21T13:41:07Z ConfigMap shop/env kubectl-edit: data.A",
            "2026-11-21T13:41:07Z ConfigMap shop/files kubectl-edit: data.A",
        ]
    );
    assert_eq!(found.edits[0].operation, Safe::of("Update"));
    assert_eq!((found.lacks.len(), found.lacks[0].kind, found.skipped), (1, Kind::Denied, 0));
    let requests = server.requests();
    let secrets: Vec<_> = requests.iter().filter(|r| r.uri().path().contains("/secrets/")).collect();
    assert_eq!(secrets.len(), 1);
    assert!(secrets.iter().all(|r| {
        let accept = r.headers()["accept"].to_str().unwrap();
        accept.split(',').all(|a| a.contains("as=PartialObjectMetadata"))
    }));
}
