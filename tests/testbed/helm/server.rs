//! The API server itself, asked without a proxy and without a process: what is there, and when it has come to rest.

use std::time::{Duration, Instant};

use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::stand::User;

/// How long controllers may take to come to rest.
const REST: Duration = Duration::from_secs(60);
/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What asks for the resources of all groups at once.
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A connection as the stand's administrator.
pub struct Server {
    client: kube::Client,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Connects.
    pub fn connect() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let file = Kubeconfig::read_from(User::Admin.kubeconfig()).unwrap();
            let config =
                kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
            kube::Client::try_from(config).unwrap()
        });
        Self { client, runtime }
    }

    /// Sends a request. Returns the status and the body.
    pub fn send(&self, method: Method, path: &str, content_type: &str, body: &Value) -> (u16, Value) {
        self.runtime.block_on(send(&self.client, method, path, content_type, body))
    }

    /// Returns an object, if it is there.
    pub fn get(&self, path: &str) -> Option<Value> {
        match self.send(Method::GET, path, "application/json", &Value::Null) {
            (200, body) => Some(body),
            (404, _) => None,
            (status, body) => panic!("{path}: {status}: {body}"),
        }
    }

    /// Makes a namespace.
    pub fn make_namespace(&self, name: &str) {
        let body = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let (status, said) = self.send(Method::POST, "/api/v1/namespaces", "application/json", &body);
        assert_eq!(status, 201, "{said}");
        // Pods are refused before it is there.
        let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        until(&format!("a service account in {name}"), || self.get(&account).is_some());
    }

    /// Deletes what is at a path, and waits for nothing.
    pub fn delete(&self, path: &str) {
        let options =
            json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background" });
        let (status, said) = self.send(Method::DELETE, path, "application/json", &options);
        assert!(matches!(status, 200 | 202 | 404), "{path}: {status}: {said}");
    }

    /// Deletes what is at a path, and waits until it is gone.
    pub fn delete_and_wait(&self, path: &str) {
        self.delete(path);
        until(&format!("{path} to be gone"), || self.get(path).is_none());
    }

    /// Returns every object of a namespace, but events.
    pub fn everything(&self, namespace: &str) -> Vec<Value> {
        self.runtime.block_on(everything(&self.client, namespace))
    }

    /// Waits until the controllers have nothing more to do in a namespace. Returns every object of it.
    pub fn settled(&self, namespace: &str) -> Vec<Value> {
        let end = Instant::now() + REST;
        loop {
            let all = self.everything(namespace);
            let Some(why) = all.iter().find_map(|object| restless(object, &all)) else { return all };
            assert!(Instant::now() < end, "{namespace} does not come to rest: {why}");
            std::thread::sleep(LOOK);
        }
    }
}

/// Waits until something is so.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + REST;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

async fn send(
    client: &kube::Client,
    method: Method,
    path: &str,
    content_type: &str,
    body: &Value,
) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    answer(client, request.header(header::ACCEPT, "application/json"), body).await
}

async fn answer(client: &kube::Client, request: http::request::Builder, body: Vec<u8>) -> (u16, Value) {
    let response = client.send(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn everything(client: &kube::Client, namespace: &str) -> Vec<Value> {
    let lists = listable(client).await.into_iter().map(|(api_version, kind, resource)| async move {
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let path = format!("/{root}/{api_version}/namespaces/{namespace}/{resource}");
        let (status, mut list) = send(client, Method::GET, &path, "application/json", &Value::Null).await;
        // Between discovery and list a kind may go.
        assert!(matches!(status, 200 | 404), "{path}: {status}: {list}");
        let mut items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
        for item in &mut items {
            item["apiVersion"] = json!(api_version);
            item["kind"] = json!(kind);
        }
        items
    });
    futures::future::join_all(lists).await.concat()
}

/// Returns version, kind and plural of all that can be listed in a namespace, each in its group's preferred version.
async fn listable(client: &kube::Client) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for root in ["/api", "/apis"] {
        let request = Request::builder().uri(root).header(header::ACCEPT, DISCOVERY);
        let (status, list) = answer(client, request, Vec::new()).await;
        assert_eq!((status, &list["kind"]), (200, &json!("APIGroupDiscoveryList")), "{root}");
        for group in list["items"].as_array().into_iter().flatten() {
            let name = group["metadata"]["name"].as_str().unwrap_or_default();
            let mut seen: Vec<&str> = Vec::new();
            for version in group["versions"].as_array().into_iter().flatten() {
                for resource in version["resources"].as_array().into_iter().flatten() {
                    let plural = resource["resource"].as_str().unwrap();
                    let verbs = resource["verbs"].as_array().unwrap();
                    let wanted = resource["scope"] == "Namespaced"
                        && verbs.contains(&json!("list"))
                        && plural != "events"
                        && !seen.contains(&plural);
                    if wanted {
                        seen.push(plural);
                        let version = version["version"].as_str().unwrap();
                        let api_version =
                            if name.is_empty() { version.to_owned() } else { format!("{name}/{version}") };
                        let kind = resource["responseKind"]["kind"].as_str().unwrap().to_owned();
                        found.push((api_version, kind, plural.to_owned()));
                    }
                }
            }
        }
    }
    found
}

/// Returns why a controller is not done with an object, if it is not.
fn restless(object: &Value, all: &[Value]) -> Option<String> {
    let kind = object["kind"].as_str().unwrap();
    let (meta, spec, status) = (&object["metadata"], &object["spec"], &object["status"]);
    let name = format!("{kind} {}", meta["name"]);
    // What a finalizer of somebody's own keeps does not go by waiting.
    let finalizers = meta["finalizers"].as_array().into_iter().flatten();
    let kept = finalizers.filter_map(Value::as_str).any(|f| f.starts_with("parity.example/"));
    if meta.get("deletionTimestamp").is_some() && !kept {
        return Some(format!("{name} is still going"));
    }
    let owners = meta["ownerReferences"].as_array().into_iter().flatten();
    let orphan = owners.filter(|o| o["controller"] == true).find(|owner| {
        !all.iter().any(|other| other["metadata"]["uid"] == owner["uid"]) && owner["kind"] != "Node"
    });
    if let Some(owner) = orphan {
        return Some(format!("{name} belongs to {owner}, which is gone"));
    }
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let observed = number(&status["observedGeneration"]) >= number(&meta["generation"]);
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let all_are = |fields: &[&str], count: i64| fields.iter().all(|field| number(&status[*field]) == count);
    let rests = match kind {
        // A rollout that stands still has been seen, which is all that it will be.
        "Deployment" if spec["paused"] == true => observed,
        "Deployment" => observed && all_are(&["replicas", "updatedReplicas", "availableReplicas"], wanted),
        "StatefulSet" => {
            observed
                && all_are(&["replicas", "readyReplicas"], wanted)
                && status["currentRevision"] == status["updateRevision"]
        }
        "ReplicaSet" => observed && all_are(&["replicas"], wanted),
        "DaemonSet" => observed && all_are(&["numberReady"], number(&status["desiredNumberScheduled"])),
        "Job" => spec["suspend"] == true || status["conditions"].as_array().is_some_and(|c| !c.is_empty()),
        _ => true,
    };
    (!rests).then(|| format!("{name}: spec {spec}, status {status}"))
}
