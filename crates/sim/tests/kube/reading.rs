use http::Method;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::client::{fake, get, send};

#[tokio::test]
async fn a_request_without_a_valid_token_is_unauthorized_and_an_address_can_be_the_token() {
    let (stand, _) = fake().await;
    let answer = send(&stand, Method::GET, "/api/v1/pods", &[("authorization", "Bearer wrong")], "").await;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "Unauthorized", "reason": "Unauthorized", "code": 401,
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (401, status));
    let prefixed = format!("/k8s/clusters/{}/version", stand.token());
    let answer = send(&stand, Method::GET, &prefixed, &[("authorization", "Bearer wrong")], "").await;
    assert_eq!(answer.status, 401);
    assert!(stand.kubeconfig().contains(&format!("{}/k8s/clusters/{}", stand.url(), stand.token())));
}

#[tokio::test]
async fn refusals_are_worded_as_the_api_server_words_them() {
    let (stand, _) = fake().await;
    let missing = get(&stand, "/apis/apps/v1/namespaces/momo-store/deployments/nope").await;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "deployments.apps \"nope\" not found", "reason": "NotFound",
        "details": {"name": "nope", "group": "apps", "kind": "deployments"}, "code": 404,
    });
    assert_eq!((missing.status.as_u16(), missing.json()), (404, status));
    let unknown = get(&stand, "/apis/example.com/v1/things").await;
    assert_eq!((unknown.status.as_u16(), unknown.text()), (404, "404 page not found\n".to_owned()));
    let method = send(&stand, Method::POST, "/api/v1/pods", &[], "{}").await;
    assert_eq!((method.status.as_u16(), method.json()["reason"].clone()), (405, json!("MethodNotAllowed")));
    let field = get(&stand, "/api/v1/pods?fieldSelector=spec.colour%3Dred").await;
    assert_eq!(
        (field.status.as_u16(), field.json()["message"].clone()),
        (400, json!("field label not supported: spec.colour"))
    );
    let initial = get(&stand, "/api/v1/pods?watch=1&sendInitialEvents=true").await;
    assert_eq!((initial.status.as_u16(), initial.json()["reason"].clone()), (422, json!("Invalid")));
    let media = send(&stand, Method::GET, "/api/v1/pods", &[("accept", "text/html")], "").await;
    assert_eq!((media.status.as_u16(), media.json()["reason"].clone()), (406, json!("NotAcceptable")));
}

#[tokio::test]
async fn pages_add_up_to_the_list_as_it_was_even_when_the_cluster_moves_on() {
    let (stand, clock) = fake().await;
    let whole = get(&stand, "/api/v1/pods").await.json();
    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/api/v1/pods?limit=7".to_owned();
    loop {
        let page = get(&stand, &path).await.json();
        assert_eq!(page["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"]);
        seen.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(token) = page["metadata"]["continue"].as_str() else { break };
        let left = whole["items"].as_array().expect("items").len() - seen.len();
        assert_eq!(page["metadata"]["remainingItemCount"], json!(left));
        path = format!("/api/v1/pods?limit=7&continue={token}");
        crate::client::pass(&stand, &clock, 20);
    }
    assert_eq!(json!(seen), whole["items"]);
    let first = get(&stand, "/api/v1/pods?limit=1").await.json();
    stand.cluster().with(|world, _| world.store.compact());
    crate::client::pass(&stand, &clock, 120);
    stand.cluster().with(|world, _| world.store.compact());
    let token = first["metadata"]["continue"].as_str().expect("a token");
    let gone = get(&stand, &format!("/api/v1/pods?limit=1&continue={token}")).await;
    assert_eq!((gone.status.as_u16(), gone.json()["reason"].clone()), (410, json!("Expired")));
}

#[tokio::test]
async fn selectors_choose_and_metadata_comes_alone_when_asked() {
    let (stand, _) = fake().await;
    let path = "/api/v1/namespaces/momo-store/secrets?labelSelector=owner%3Dhelm,status%21%3Dfailed&fieldSelector=type%3Dhelm.sh/release.v1";
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = send(&stand, Method::GET, path, &[("accept", accept)], "").await.json();
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    let records: Vec<(&str, &str, usize)> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| {
            let labels = &i["metadata"]["labels"];
            let text = |v: &'static str| labels[v].as_str().unwrap_or("");
            (text("version"), text("status"), i.as_object().map_or(0, serde_json::Map::len))
        })
        .collect();
    let wanted: Vec<(&str, &str, usize)> = ["1", "2", "3", "4", "6", "7"]
        .into_iter()
        .map(|v| (v, if v == "7" { "deployed" } else { "superseded" }, 3))
        .collect();
    assert_eq!(records, wanted);
}

#[tokio::test]
async fn tables_hold_the_cells_that_kubectl_prints() {
    let (stand, _) = fake().await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let table = |path: &'static str| {
        let stand = &stand;
        async move { send(stand, Method::GET, path, &[("accept", accept)], "").await.json() }
    };
    let deployments = table("/apis/apps/v1/namespaces/momo-store/deployments?includeObject=None").await;
    let columns: Vec<&str> = deployments["columnDefinitions"]
        .as_array()
        .expect("columns")
        .iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    assert_eq!(
        columns,
        ["Name", "Ready", "Up-to-date", "Available", "Age", "Containers", "Images", "Selector"]
    );
    let frontend = &deployments["rows"][2]["cells"];
    assert_eq!(
        frontend,
        &json!([
            "frontend",
            "3/3",
            3,
            3,
            "9d",
            "frontend",
            "registry.momo.example/shop/frontend:0.0.1040",
            "app.kubernetes.io/instance=momo,app.kubernetes.io/name=frontend"
        ])
    );
    let nodes = table("/api/v1/nodes").await;
    assert_eq!(nodes["rows"][0]["cells"][2], "control-plane");
    assert_eq!(nodes["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let jobs = table("/apis/batch/v1/namespaces/momo-store/jobs").await;
    assert_eq!(jobs["rows"][0]["cells"][1], "Complete");
}

#[tokio::test]
async fn large_lists_are_packed_for_those_who_take_gzip_and_protobuf_is_smaller() {
    let (stand, _) = fake().await;
    let plain = get(&stand, "/api/v1/pods").await;
    let headers = [("accept-encoding", "gzip")];
    let packed = send(&stand, Method::GET, "/api/v1/pods", &headers, "").await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut text)
        .expect("gzip");
    assert_eq!(text, plain.text());
    let accept = [("accept", "application/vnd.kubernetes.protobuf")];
    let small = send(&stand, Method::GET, "/api/v1/pods", &accept, "").await;
    assert_eq!(small.header("content-type"), "application/vnd.kubernetes.protobuf");
    assert!(small.body.starts_with(b"k8s\0") && small.body.len() < plain.body.len());
    let missing = send(&stand, Method::GET, "/api/v1/namespaces/momo-store/pods/nope", &accept, "").await;
    assert!(missing.status == 404 && missing.body.starts_with(b"k8s\0"));
}

#[tokio::test]
async fn readers_get_all_but_secrets_and_the_confined_only_their_namespace() {
    let (stand, _) = fake().await;
    let token = |kubeconfig: &str| {
        let at = kubeconfig.find("/k8s/clusters/").expect("an address") + "/k8s/clusters/".len();
        format!("Bearer {}", kubeconfig[at..].split_whitespace().next().expect("a token"))
    };
    let reader = token(&stand.reader_kubeconfig());
    let confined = token(&stand.confined_kubeconfig());
    let code = async |who: &str, path: &str| {
        let answer = send(&stand, Method::GET, path, &[("authorization", who)], "").await;
        (answer.status.as_u16(), answer.json()["message"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(code(&reader, "/api/v1/pods").await.0, 200);
    assert_eq!(
        code(&reader, "/api/v1/namespaces/momo-store/secrets").await,
        (403, "secrets is forbidden: User \"momo-reader\" cannot list resource \"secrets\" in API group \"\" in the \
            namespace \"momo-store\"".to_owned())
    );
    assert_eq!(code(&confined, "/api/v1/namespaces/momo-store/pods").await.0, 200);
    assert_eq!(
        code(&confined, "/api/v1/nodes/worker-1").await,
        (403, "nodes \"worker-1\" is forbidden: User \"momo-confined\" cannot get resource \"nodes\" in API group \"\" \
            at the cluster scope".to_owned())
    );
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "patch", "resource": "pods", "namespace": "momo-store"}},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = send(&stand, Method::POST, path, &[("authorization", &reader)], &review.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].clone()), (201, json!({"allowed": false})));
}

#[tokio::test]
async fn everybody_is_told_who_they_are_and_an_administrator_may_act_as_others() {
    let (stand, _) = fake().await;
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}).to_string();
    let info = async |headers: &[(&str, &str)]| {
        let answer = send(&stand, Method::POST, path, headers, &review).await;
        (
            answer.status.as_u16(),
            answer.json()["status"]["userInfo"].clone(),
            answer.json()["message"].clone(),
        )
    };
    let (status, me, _) = info(&[]).await;
    assert_eq!((status, me["groups"].clone()), (201, json!(["system:masters", "system:authenticated"])));
    let (_, reader, _) = info(&[("impersonate-user", "momo-reader"), ("impersonate-uid", "7")]).await;
    assert_eq!(reader, json!({"username": "momo-reader", "groups": ["system:authenticated"], "uid": "7"}));
    // The rights are those of whom one acts as.
    let acting = [("impersonate-user", "eve"), ("impersonate-group", "ops")];
    let (_, eve, _) = info(&acting).await;
    assert_eq!(eve, json!({"username": "eve", "groups": ["ops", "system:authenticated"]}));
    let pods = "/api/v1/namespaces/momo-store/pods";
    let denied = send(&stand, Method::GET, pods, &acting, "").await;
    assert_eq!(
        (denied.status.as_u16(), denied.json()["message"].clone()),
        (
            403,
            json!(
                "pods is forbidden: User \"eve\" cannot list resource \"pods\" in API group \"\" in the namespace \
            \"momo-store\""
            )
        )
    );
    let kubeconfig = stand.reader_kubeconfig();
    let at = kubeconfig.find("/k8s/clusters/").expect("an address") + "/k8s/clusters/".len();
    let bearer = format!("Bearer {}", kubeconfig[at..].split_whitespace().next().expect("a token"));
    let (status, _, message) = info(&[("authorization", &bearer), ("impersonate-user", "eve")]).await;
    assert_eq!(
        (status, message),
        (
            403,
            json!(
                "users \"eve\" is forbidden: User \"momo-reader\" cannot impersonate resource \"users\" in API \
            group \"\" at the cluster scope"
            )
        )
    );
}

#[tokio::test]
async fn discovery_is_told_in_both_forms() {
    let (stand, _) = fake().await;
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let groups = send(&stand, Method::GET, "/apis", &[("accept", accept)], "").await;
    assert_eq!(
        groups.header("content-type"),
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    );
    let mut aggregated: Vec<String> = Vec::new();
    for item in groups.json()["items"].as_array().expect("items") {
        for resource in item["versions"][0]["resources"].as_array().expect("resources") {
            aggregated.push(format!("{}/{}", item["metadata"]["name"], resource["resource"]));
        }
    }
    let mut plain: Vec<String> = Vec::new();
    for group in get(&stand, "/apis").await.json()["groups"].as_array().expect("groups") {
        let version = group["preferredVersion"]["groupVersion"].as_str().expect("a version");
        let list = get(&stand, &format!("/apis/{version}")).await.json();
        for resource in list["resources"].as_array().expect("resources") {
            let name = resource["name"].as_str().expect("a name");
            if !name.contains('/') {
                plain.push(format!("{}/{:?}", group["name"], name));
            }
        }
    }
    assert_eq!(aggregated, plain);
    assert_eq!(get(&stand, "/readyz").await.text(), "ok");
    assert_eq!(get(&stand, "/version").await.json()["gitVersion"], "v1.34.2");
}
