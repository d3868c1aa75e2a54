//! The API server itself, asked without a proxy and without a process: what is there, and when it has come to rest.

use std::time::{Duration, Instant};

use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::stand::User;

/// How long controllers may take to come to rest.
const REST: Duration = Duration::from_secs(120);
/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The storage class of claims that find a volume.
const CLASS: &str = "parity";

/// What every namespace has.
const ALWAYS_THERE: [&str; 2] = ["/configmaps/kube-root-ca.crt", "/serviceaccounts/default"];

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

    /// Returns an object once nobody is about to delete it any more, if it is there then.
    pub fn get_settled(&self, path: &str) -> Option<Value> {
        let mut found = None;
        until(&format!("{path} to be gone"), || {
            found = self.get(path);
            found.as_ref().is_none_or(|object| object.pointer("/metadata/deletionTimestamp").is_none())
        });
        found
    }

    /// Makes a namespace, where there is none.
    pub fn make_namespace(&self, name: &str) {
        if self.get(&format!("/api/v1/namespaces/{name}")).is_some() {
            return;
        }
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

    /// Deletes what is in a namespace, but what every namespace has; where it is `waited` for, until all is gone. The namespace
    /// itself stays: to delete one takes the server hundreds of requests, and with dozens of them it falls far behind.
    pub fn sweep(&self, namespace: &str, waited: bool) {
        let left = || {
            let all = self.runtime.block_on(lists(&self.client, Some(namespace)));
            all.into_iter()
                .filter(|(path, _)| !ALWAYS_THERE.iter().any(|own| path.ends_with(own)))
                .collect::<Vec<_>>()
        };
        for (path, object) in left() {
            if object["metadata"].get("ownerReferences").is_none() {
                self.delete(&path);
            }
        }
        if waited {
            until(&format!("nothing in {namespace}"), || left().is_empty());
        }
    }

    /// Returns every object of a namespace, but events.
    pub fn everything(&self, namespace: &str) -> Vec<Value> {
        let all = self.runtime.block_on(lists(&self.client, Some(namespace)));
        all.into_iter().map(|(_, object)| object).collect()
    }

    /// Returns every cluster-scoped object that a release of a namespace owns.
    pub fn of_releases(&self, namespace: &str) -> Vec<Value> {
        let all = self.runtime.block_on(lists(&self.client, None)).into_iter().map(|(_, object)| object);
        let owner = "/metadata/annotations/meta.helm.sh~1release-namespace";
        all.filter(|object| object.pointer(owner).is_some_and(|owner| owner == namespace)).collect()
    }

    /// Deletes such an object, and waits until it is gone.
    pub fn delete_object(&self, object: &Value) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let resources = self.runtime.block_on(listable(&self.client, "Cluster"));
        let found = resources.into_iter().find(|(version, of, _)| (version, of) == (&api_version, &kind));
        let (.., resource) = found.unwrap_or_else(|| panic!("{kind} of {api_version} is not served"));
        self.delete_and_wait(&format!(
            "{}/{}",
            list_of(&api_version, None, &resource),
            text(&object["metadata"]["name"])
        ));
    }

    /// Makes a volume for a claim.
    pub fn make_volume(&self, namespace: &str, claim: &str) {
        let name = format!("{namespace}-{claim}");
        let body = json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": name }, "spec": {
            "accessModes": ["ReadWriteOnce"], "capacity": { "storage": "1Gi" }, "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain", "hostPath": { "path": "/nowhere" },
            "claimRef": { "namespace": namespace, "name": claim } } });
        let (status, said) = self.send(Method::POST, "/api/v1/persistentvolumes", "application/json", &body);
        assert_eq!(status, 201, "{said}");
    }

    /// Waits until the controllers have nothing more to do in a namespace. Returns every object of it.
    pub fn settled(&self, namespace: &str) -> Vec<Value> {
        let end = Instant::now() + REST;
        loop {
            let (paths, all): (Vec<_>, Vec<_>) =
                self.runtime.block_on(lists(&self.client, Some(namespace))).into_iter().unzip();
            let restless =
                all.iter().enumerate().find_map(|(at, object)| Some((at, restless(object, &all)?)));
            let Some((at, why)) = restless else { return all };
            // All of them are a hundred requests: they are only asked for again when this one has changed, or is gone.
            let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
            while self.get(&paths[at]).is_some_and(|now| version(&now) == version(&all[at])) {
                assert!(Instant::now() < end, "{namespace} does not come to rest: {why}");
                std::thread::sleep(LOOK);
            }
        }
    }
}

/// Returns the path of the volume of a claim.
pub fn volume(namespace: &str, claim: &str) -> String {
    format!("/api/v1/persistentvolumes/{namespace}-{claim}")
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
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

/// Returns the path of a list.
fn list_of(api_version: &str, namespace: Option<&str>, resource: &str) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    let place = namespace.map(|namespace| format!("namespaces/{namespace}/")).unwrap_or_default();
    format!("/{root}/{api_version}/{place}{resource}")
}

/// Returns every object of a namespace, or of the cluster's scope, each with its path.
async fn lists(client: &kube::Client, namespace: Option<&str>) -> Vec<(String, Value)> {
    let scope = if namespace.is_some() { "Namespaced" } else { "Cluster" };
    let lists = listable(client, scope).await.into_iter().map(|(api_version, kind, resource)| async move {
        let path = list_of(&api_version, namespace, &resource);
        let (status, mut list) = send(client, Method::GET, &path, "application/json", &Value::Null).await;
        // Between discovery and list a kind may go.
        assert!(matches!(status, 200 | 404), "{path}: {status}: {list}");
        let mut items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
        for item in &mut items {
            item["apiVersion"] = json!(api_version);
            item["kind"] = json!(kind);
        }
        let path_of = |item: &Value| format!("{path}/{}", item["metadata"]["name"].as_str().unwrap());
        items.into_iter().map(|item| (path_of(&item), item)).collect::<Vec<_>>()
    });
    futures::future::join_all(lists).await.concat()
}

/// Returns version, kind and plural of all that can be listed in a scope, each in its group's preferred version.
async fn listable(client: &kube::Client, scope: &str) -> Vec<(String, String, String)> {
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
                    let wanted = resource["scope"] == scope
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
        "PersistentVolumeClaim" if spec["storageClassName"] == CLASS => status["phase"] == "Bound",
        // Whoever takes the finalizer away gets it back.
        "PersistentVolumeClaim" => {
            let mut finalizers = meta["finalizers"].as_array().into_iter().flatten();
            meta.get("deletionTimestamp").is_some() || finalizers.any(|f| f == "kubernetes.io/pvc-protection")
        }
        "Job" => spec["suspend"] == true || status["conditions"].as_array().is_some_and(|c| !c.is_empty()),
        _ => true,
    };
    (!rests).then(|| format!("{name}: spec {spec}, status {status}"))
}
