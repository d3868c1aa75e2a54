//! What the tests of plans and engines share: a small release, the kinds of a server, and a small API server in memory.

mod apply;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::merge::{Patch, PatchKind, apply};
use crate::options::Options;
use crate::plan::left_behind;
use crate::plan::{
    Autoscaler, BoundSides, Gvk, Kinds, Live, Mapping, ObjectId, Plan, PlanInput, Sides, plan,
};
use crate::record::{Driver, Limits, Record, StoredRecord, object_name};
use crate::step::{Answer, Reply, Request, Verb};
use crate::time::Now;

pub const NAMESPACE: &str = "momo-store";
pub const RELEASE: &str = "momo";
/// 2026-11-21T07:40:48Z
pub const NOW: Now = Now { ns: 1_795_246_848_000_000_000, offset_minutes: 0 };

/// The kinds that the tests' server serves.
pub fn kinds() -> Kinds {
    let all = [
        ("v1", "ConfigMap", "configmaps", true),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
        ("v1", "Secret", "secrets", true),
        ("v1", "Service", "services", true),
        ("v1", "Pod", "pods", true),
        ("v1", "ServiceAccount", "serviceaccounts", true),
        ("v1", "Namespace", "namespaces", false),
        ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
        ("apps/v1", "Deployment", "deployments", true),
        ("apps/v1", "StatefulSet", "statefulsets", true),
        ("batch/v1", "Job", "jobs", true),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
        ("example.com/v1", "Widget", "widgets", true),
        ("example.com/v1beta1", "Widget", "widgets", true),
        ("batch.example.com/v1", "Job", "jobs", true),
    ];
    let mapping = |resource: &str, namespaced| Mapping { resource: resource.to_owned(), namespaced };
    all.into_iter().map(|(version, kind, name, own)| (Gvk::new(version, kind), mapping(name, own))).collect()
}

pub fn config_map(name: &str, value: &str) -> String {
    format!(
        "---\n# Source: momo/templates/{name}.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  A: \"{value}\"\n"
    )
}

pub fn deployment(name: &str, image: &str, replicas: u8) -> String {
    format!(
        "---\n# Source: momo/templates/{name}.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      containers:\n      - name: app\n        image: {image}\n"
    )
}

/// A hook as a record holds it, with an object of its kind; `more` are further keys of the record's.
pub fn hook(name: &str, kind: &str, events: &[&str], more: &Value) -> Value {
    let version = if kind == "Job" { "batch/v1" } else { "v1" };
    let manifest = format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n");
    let last_run = json!({"started_at": "", "completed_at": "", "phase": ""});
    let mut hook = json!({"name": name, "kind": kind, "path": format!("momo/templates/{name}.yaml"),
        "manifest": manifest, "events": events, "last_run": last_run});
    for (key, value) in more.as_object().into_iter().flatten() {
        hook[key] = value.clone();
    }
    hook
}

/// A revision of the release.
#[derive(Clone)]
pub struct Revision {
    pub version: i64,
    pub status: &'static str,
    pub description: String,
    pub manifest: String,
    /// When it was deployed: by default 10 minutes ago.
    pub deployed: &'static str,
    pub extra: Vec<(&'static str, Value)>,
    pub v4: bool,
    pub labels: Vec<(&'static str, &'static str)>,
}

impl Revision {
    pub fn new(version: i64, status: &'static str, manifest: &str) -> Self {
        Self {
            version,
            status,
            description: "Upgrade complete".to_owned(),
            manifest: manifest.to_owned(),
            deployed: "2026-11-21T07:30:48Z",
            extra: Vec::new(),
            v4: false,
            labels: Vec::new(),
        }
    }

    pub fn stored(&self) -> StoredRecord {
        let mut info = json!({
            "first_deployed": "2026-11-01T00:00:00Z",
            "last_deployed": self.deployed,
            "deleted": "",
            "description": self.description,
            "status": self.status,
        });
        if self.v4 {
            info.as_object_mut().unwrap().shift_remove("deleted");
        }
        let mut record = json!({"name": RELEASE, "info": info, "manifest": self.manifest, "version": self.version, "namespace": NAMESPACE});
        for (key, value) in &self.extra {
            record[*key] = value.clone();
        }
        let mut labels: BTreeMap<String, String> = [
            ("name", RELEASE.to_owned()),
            ("owner", "helm".to_owned()),
            ("status", self.status.to_owned()),
            ("version", self.version.to_string()),
            ("createdAt", "1795000000".to_owned()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        labels.extend(self.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        StoredRecord {
            driver: Driver::Secret,
            object_name: object_name(RELEASE, self.version),
            namespace: NAMESPACE.to_owned(),
            labels,
            uid: format!("uid-{}", self.version),
            resource_version: self.version.to_string(),
            record: Record::from_top(serde_json::from_str(&record.to_string()).unwrap()),
        }
    }
}

/// Some histories, a server that holds them, and what a rollback between two of its revisions is made from.
pub struct Stand {
    pub history: Vec<StoredRecord>,
    pub api: Api,
    pub options: Options,
    pub dead: Option<i64>,
    pub autoscalers: Vec<Autoscaler>,
    /// Owners that are held back.
    pub held: Vec<crate::plan::Owner>,
}

impl Stand {
    /// A server on which the last revision is live as Helm made it.
    pub fn new(revisions: &[Revision]) -> Self {
        let history: Vec<StoredRecord> = revisions.iter().map(Revision::stored).collect();
        let mut api = Api::default();
        for stored in &history {
            let mut object = stored.to_update(NOW).unwrap();
            object["metadata"]["namespace"] = json!(NAMESPACE);
            object["metadata"]["uid"] = json!(stored.uid);
            object["metadata"]["resourceVersion"] = json!(stored.resource_version);
            object["metadata"]["labels"] = json!(stored.labels);
            api.put(&path_of(stored), object);
        }
        api.version = 100;
        let last = history.last().unwrap();
        let sides =
            Sides::read(&last.record, &last.record).unwrap().bind(&kinds(), RELEASE, NAMESPACE, false);
        if let Ok(sides) = sides {
            for object in &sides.target {
                let mut value = object.value.clone();
                api.version += 1;
                value["metadata"]["uid"] = json!(format!("uid-{}", object.id.name));
                value["metadata"]["resourceVersion"] = json!(api.version.to_string());
                api.put(&crate::step::Place::of(object).path(), value);
            }
        }
        Self {
            history,
            api,
            options: Options { max_history: 0, ..Options::default() },
            dead: None,
            autoscalers: Vec::new(),
            held: Vec::new(),
        }
    }

    pub fn sides(&self, target: i64) -> BoundSides {
        let current = &self.history.last().unwrap().record;
        let target =
            &self.history.iter().find(|stored| stored.record.version() == Ok(target)).unwrap().record;
        let earlier = left_behind(&self.history).filter(|_| !self.options.strict).unwrap_or_default();
        let sides = Sides::read(current, target).unwrap().after(earlier.into_iter().map(|s| &s.record));
        sides.bind(&kinds(), RELEASE, NAMESPACE, self.options.strict).unwrap()
    }

    pub fn live(&self, sides: &BoundSides) -> BTreeMap<ObjectId, Live> {
        let of = |object: &crate::plan::PlanObject| match self
            .api
            .objects
            .get(&crate::step::Place::of(object).path())
        {
            Some(live) => Live::Found(live.clone()),
            None => Live::NotFound,
        };
        sides.all().map(|object| (object.id.clone(), of(object))).collect()
    }

    pub fn plan(&self, target: i64) -> Plan {
        let sides = self.sides(target);
        let live = self.live(&sides);
        let input = PlanInput {
            history: &self.history,
            target,
            sides: &sides,
            unbound: &[],
            live: &live,
            owners: &[],
            autoscalers: &self.autoscalers,
            held: &self.held,
            options: &self.options,
            now: NOW,
            dead: self.dead,
        };
        plan(&input).unwrap()
    }

    /// Changes a live object behind everybody's back.
    pub fn drift(&mut self, path: &str, change: impl FnOnce(&mut Value)) {
        let object = self.api.objects.get_mut(path).unwrap_or_else(|| panic!("no {path}"));
        change(object);
    }
}

pub fn path_of(stored: &StoredRecord) -> String {
    crate::step::Place::of_record(stored).path()
}

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request never leaves, and that is known.
    NotSent,
    /// The request never arrives.
    LostBefore,
    /// The server acts; the answer never arrives.
    LostAfter,
    /// The server answers with a failure of its own, before acting.
    ServerError,
    /// A gateway answers after the server acted.
    GatewayAfter,
    /// The user may not.
    Forbidden,
    /// Too many requests.
    Throttled,
    /// Somebody else changed it at the same time.
    Conflict,
    /// Somebody else used the same quota at the same time.
    Quota,
    /// The server does not know what is sent.
    Unsupported,
}

const QUOTA: &str = "Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified; please apply your changes to the latest version and try again";

/// An API server in memory.
#[derive(Clone, Default)]
pub struct Api {
    pub objects: BTreeMap<String, Value>,
    pub version: u64,
    /// Every request as a line, with its body beside it.
    pub log: Vec<(String, Option<Value>)>,
    /// Which request, from 0, goes wrong how.
    pub faults: HashMap<usize, Fault>,
    /// Requests on whose line this text is found always go wrong.
    pub always: Option<(String, Fault)>,
    /// What containers have printed, by the path of their pod.
    pub logs: BTreeMap<String, String>,
}

impl Api {
    pub fn put(&mut self, path: &str, object: Value) {
        self.objects.insert(path.to_owned(), object);
    }

    pub fn handle(&mut self, request: &Request) -> Reply {
        let line = line_of(request);
        let number = self.log.len();
        self.log.push((line.clone(), request.body.clone()));
        let always = self.always.as_ref().filter(|(text, _)| line.contains(text)).map(|(_, fault)| *fault);
        match self.faults.get(&number).copied().or(always) {
            None => Reply::Answer(self.act(request)),
            Some(Fault::NotSent) => Reply::NotSent("connection refused".to_owned()),
            Some(Fault::LostBefore) => Reply::Lost("connection reset".to_owned()),
            Some(Fault::LostAfter) => {
                self.act(request);
                Reply::Lost("connection reset".to_owned())
            }
            Some(Fault::ServerError) => Reply::Answer(status(500, "InternalError", "the server broke")),
            Some(Fault::GatewayAfter) => {
                self.act(request);
                Reply::Answer(Answer::new(504, Value::Null))
            }
            Some(Fault::Forbidden) => Reply::Answer(status(403, "Forbidden", "may not")),
            Some(Fault::Throttled) => Reply::Answer(Answer {
                retry_after_ms: Some(2_000),
                ..status(429, "TooManyRequests", "slow down")
            }),
            Some(Fault::Conflict) => Reply::Answer(status(409, "Conflict", "the object has been modified")),
            Some(Fault::Quota) => Reply::Answer(status(409, "Conflict", QUOTA)),
            Some(Fault::Unsupported) => Reply::Answer(status(415, "UnsupportedMediaType", "what is that")),
        }
    }

    fn act(&mut self, request: &Request) -> Answer {
        let path = request.place.path();
        let body = request.body.clone().unwrap_or(Value::Null);
        let missing = || status(404, "NotFound", "not found");
        match request.verb {
            Verb::Get if request.logs => {
                self.logs.get(&path).map_or_else(missing, |text| Answer::new(200, json!(text)))
            }
            Verb::Get => {
                self.objects.get(&path).map_or_else(missing, |object| Answer::new(200, object.clone()))
            }
            Verb::List => Answer::new(200, json!({"kind": "List", "items": self.list(request)})),
            Verb::Create => {
                let name = body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let path = format!("{path}/{name}");
                if self.objects.contains_key(&path) {
                    return status(409, "AlreadyExists", "already exists");
                }
                let mut object = body;
                object["metadata"]["uid"] = json!(format!("uid-new-{name}"));
                if !request.place.namespace.is_empty() {
                    object["metadata"]["namespace"] = json!(request.place.namespace);
                }
                Answer::new(201, self.store(&path, object))
            }
            Verb::Update => {
                let Some(old) = self.objects.get(&path) else { return missing() };
                let mut object = body;
                if !is_version_of(&object["metadata"]["resourceVersion"], old) {
                    return status(409, "Conflict", "the object has been modified");
                }
                object["metadata"]["uid"] = old["metadata"]["uid"].clone();
                Answer::new(200, self.store(&path, object))
            }
            Verb::Patch if request.content_type == Some("application/apply-patch+yaml") => {
                self.apply(&path, request, &body)
            }
            Verb::Patch if request.content_type == Some("application/json-patch+json") => {
                self.change_owners(&path, &body)
            }
            Verb::Patch => {
                let Some(old) = self.objects.get(&path) else { return missing() };
                let kind = match request.content_type {
                    Some("application/strategic-merge-patch+json") => PatchKind::Strategic,
                    _ => PatchKind::Merge,
                };
                let mut object = apply(old, &Patch { kind, body }).unwrap();
                // What only the server writes cannot be removed.
                object["metadata"]["uid"] = old["metadata"]["uid"].clone();
                Answer::new(200, self.store(&path, object))
            }
            Verb::Delete => {
                self.objects.remove(&path).map_or_else(missing, |object| Answer::new(200, object))
            }
        }
    }

    fn apply(&mut self, path: &str, request: &Request, body: &Value) -> Answer {
        let query =
            |key: &str| request.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let (manager, force) = (query("fieldManager").unwrap_or_default(), query("force") == Some("true"));
        let old = self.objects.get(path).cloned();
        match apply::applied(old.as_ref(), body, manager, force) {
            Err(conflicts) => status(409, "Conflict", &conflicts),
            Ok(same) if Some(&same) == old.as_ref() => Answer::new(200, same),
            Ok(mut object) => {
                if old.is_none() {
                    object["metadata"]["uid"] = json!(format!("uid-new-{}", request.place.name));
                }
                Answer::new(if old.is_none() { 201 } else { 200 }, self.store(path, object))
            }
        }
    }

    /// A JSON patch of the managed fields for one resource version.
    fn change_owners(&mut self, path: &str, operations: &Value) -> Answer {
        let Some(old) = self.objects.get(path).cloned() else { return status(404, "NotFound", "not found") };
        let mut object = old.clone();
        for operation in operations.as_array().unwrap() {
            assert_eq!(operation["op"], json!("replace"));
            *object.pointer_mut(operation["path"].as_str().unwrap()).unwrap() = operation["value"].clone();
        }
        if !is_version_of(&object["metadata"]["resourceVersion"], &old) {
            return status(409, "Conflict", "the object has been modified");
        }
        if object == old {
            return Answer::new(200, object);
        }
        Answer::new(200, self.store(path, object))
    }

    /// Writes down that a manager owns all that an object says.
    pub fn own(&mut self, path: &str, manager: &str, operation: &str) {
        let object = self.objects.get_mut(path).unwrap_or_else(|| panic!("no {path}"));
        let entry = apply::entry(object, manager, operation);
        let entries = object["metadata"].as_object_mut().unwrap().entry("managedFields").or_insert(json!([]));
        entries.as_array_mut().unwrap().push(entry);
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn list(&self, request: &Request) -> Vec<Value> {
        let selector =
            request.query.iter().find(|(key, _)| key == "labelSelector").map(|(_, value)| value.as_str());
        let wanted: Vec<(&str, &str)> = selector
            .into_iter()
            .flat_map(|all| all.split(','))
            .filter_map(|one| one.split_once('='))
            .collect();
        let prefix = format!("{}/", request.place.path());
        let matches = |object: &&Value| {
            wanted.iter().all(|(key, value)| object["metadata"]["labels"][*key].as_str() == Some(value))
        };
        let all = self.objects.iter().filter(|(path, _)| path.starts_with(&prefix)).map(|(_, object)| object);
        let mut items: Vec<Value> = all.filter(matches).cloned().collect();
        for item in &mut items {
            let map = item.as_object_mut().unwrap();
            map.shift_remove("kind");
            map.shift_remove("apiVersion");
            if request.metadata_only {
                map.shift_remove("data");
            }
        }
        items
    }

    /// The states that the records say, by the revision, in both the label and the record.
    pub fn states(&self) -> Vec<(i64, String)> {
        let mut states: Vec<(i64, String)> = self
            .objects
            .iter()
            .filter(|(path, _)| path.contains("/secrets/sh.helm"))
            .map(|(_, object)| {
                let stored = StoredRecord::from_object(object, Limits::default()).unwrap();
                let status = stored.record.info().unwrap().status;
                assert_eq!(stored.labels["status"], status.as_str(), "label and record agree");
                (stored.record.version().unwrap(), status.as_str().to_owned())
            })
            .collect();
        states.sort();
        states
    }
}

pub fn line_of(request: &Request) -> String {
    let query: Vec<String> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let question = if query.is_empty() { "" } else { "?" };
    format!("{} {}{question}{}", request.verb.method(), request.path(), query.join("&"))
}

/// Whether a version that is sent, if one is, is that of an object.
fn is_version_of(version: &Value, object: &Value) -> bool {
    version.is_null() || *version == object["metadata"]["resourceVersion"]
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    Answer::new(code, json!({"kind": "Status", "code": code, "reason": reason, "message": message}))
}
