//! What a rollback reads: records, kinds, live objects, rights, owners.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_helm::hooks::DeletePolicy;
use deckwatch_helm::options::Method;
use deckwatch_helm::plan::{
    Action, Autoscaler, BoundSides, Gvk, Kinds, Live, Mapping, ObjectId, Plan, PlanObject, Refusal,
};
use deckwatch_helm::record::{Driver, Limits, Record, StoredRecord, object_name, parse_object_name};
use deckwatch_helm::step::Place;
use futures::StreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::rights::Right;
use crate::core::{Error, Kind, Name, Result};
use crate::sources::kube::Client;

/// How many reads are under way at once.
const AT_ONCE: usize = 8;
/// From how many objects of a kind on they are listed.
const MANY: usize = 8;
/// How many objects a list has at most: the namespace may hold many more than the release.
const MOST_LISTED: usize = 200;
/// What Helm labels all that it makes with.
const MANAGED: &str = "app.kubernetes.io/managed-by=Helm";

/// The records of a release.
pub struct History {
    /// Those that can be read, in no order.
    pub records: Vec<StoredRecord>,
    /// Names and reasons of those that can't.
    pub unreadable: Vec<(String, String)>,
}

impl History {
    /// Leaves only the records that Helm sees where its environment says nothing: those in Secrets, where there are any.
    pub fn keep_one_driver(&mut self) {
        if self.records.iter().any(|record| record.driver == Driver::Secret) {
            self.records.retain(|record| record.driver == Driver::Secret);
        }
    }

    /// Returns what is wrong with a record that is newer than a revision and can't be read: what it stands for is not known.
    pub fn newest_unreadable(&self, current: &StoredRecord) -> Option<Refusal> {
        let current = current.record.version().ok()?;
        let revision = |name: &str| parse_object_name(name).map(|(_, revision)| revision);
        let all = self.unreadable.iter().filter_map(|(name, why)| Some((revision(name)?, why)));
        let (revision, why) =
            all.filter(|(revision, _)| *revision > current).max_by_key(|(number, _)| *number)?;
        Some(Refusal::Unreadable { revision, why: why.clone() })
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Reads every record of a release: Secrets, and ConfigMaps where there are no Secrets.
pub async fn history(client: &Client, namespace: &Name, release: &Name) -> Result<History> {
    let selector = format!("owner=helm,name={release}");
    let mut out = History { records: Vec::new(), unreadable: Vec::new() };
    let mut denied = None;
    let read = |plural: &'static str, fields: &'static str| {
        let mut pairs = vec![("labelSelector", selector.as_str())];
        if !fields.is_empty() {
            pairs.push(("fieldSelector", fields));
        }
        let path = format!("/api/v1/namespaces/{namespace}/{plural}?{}", query(&pairs));
        async move { client.get_json::<Value>(&path).await }
    };
    let (secrets, maps) = tokio::join!(read("secrets", "type=helm.sh/release.v1"), read("configmaps", ""));
    for (list, kind) in [(secrets, "Secret"), (maps, "ConfigMap")] {
        let list = match list {
            Ok(list) => list,
            Err(fail) if kind == "ConfigMap" && !out.records.is_empty() => {
                drop(fail);
                continue;
            }
            Err(fail) => {
                denied = Some(fail.error);
                continue;
            }
        };
        for item in list.get("items").and_then(Value::as_array).into_iter().flatten() {
            let mut item = item.clone();
            if let Some(map) = item.as_object_mut() {
                map.insert("kind".to_owned(), json!(kind));
            }
            let record = StoredRecord::from_object(&item, Limits::default());
            let own = |record: StoredRecord| match stranger(&record.record, namespace, release, None) {
                None => Ok(record),
                Some(why) => Err(why),
            };
            match record.map_err(|e| e.to_string()).and_then(own) {
                Ok(record) => out.records.push(record),
                Err(error) => {
                    let name =
                        item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?").to_owned();
                    out.unreadable.push((name, error));
                }
            }
        }
    }
    match denied {
        Some(error) if out.records.is_empty() => Err(error),
        _ => Ok(out),
    }
}

/// Reads one record of a release, with the object that holds it.
///
/// # Errors
/// Denied, not found, or a record that can't be read.
pub async fn record(
    client: &Client,
    namespace: &Name,
    release: &Name,
    revision: u32,
) -> Result<StoredRecord> {
    let name = object_name(release.as_str(), i64::from(revision));
    let read = |plural: &'static str| {
        let path = format!("/api/v1/namespaces/{namespace}/{plural}/{name}");
        async move { client.get_json::<Value>(&path).await.map_err(|f| f.error) }
    };
    let object = match read("secrets").await {
        Err(error) if error.kind == Kind::NotFound => read("configmaps").await?,
        other => other?,
    };
    let failed = |why: String| {
        Error::new(Kind::Decode, "read a release record").on(format!("{namespace}/{name}")).detail(why)
    };
    let stored = StoredRecord::from_object(&object, Limits::default()).map_err(|e| failed(e.to_string()))?;
    match stranger(&stored.record, namespace, release, Some(revision)) {
        None => Ok(stored),
        Some(why) => Err(failed(why)),
    }
}

/// Returns why a record is not that of the release, and revision where one is named, under whose name it is
/// stored. Whatever is kept or shown by a record's own words would otherwise stand for another release.
fn stranger(record: &Record, namespace: &Name, release: &Name, revision: Option<u32>) -> Option<String> {
    let (Ok(name), Ok(place), Ok(version)) = (record.name(), record.namespace(), record.version()) else {
        return Some("the record names no release, namespace or revision".to_owned());
    };
    let same = name == release.as_str()
        && place == namespace.as_str()
        && revision.is_none_or(|r| version == i64::from(r));
    (!same).then(|| format!("the record is that of {place}/{name} revision {version}"))
}

/// Asks the server how it serves the kinds of the manifests.
pub async fn kinds(client: &Client, wanted: &BTreeSet<Gvk>) -> Result<Kinds> {
    let versions: BTreeSet<String> = wanted.iter().map(Gvk::api_version).collect();
    let mut out: BTreeMap<Gvk, Mapping> = BTreeMap::new();
    let read = |version: String| async move {
        let path = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let list = client.get_json::<Value>(&path).await;
        (version, list)
    };
    let reads: Vec<_> = versions.into_iter().map(read).collect();
    let lists: Vec<_> = futures::stream::iter(reads).buffered(AT_ONCE).collect().await;
    for (version, list) in lists {
        let list = match list {
            Ok(list) => list,
            Err(fail) if fail.error.kind == Kind::NotFound => continue,
            Err(fail) => return Err(fail.error),
        };
        for resource in list.get("resources").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or("");
            if text("name").contains('/') {
                continue;
            }
            let gvk = Gvk::new(&version, text("kind"));
            let namespaced = resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false);
            out.insert(gvk, Mapping { resource: text("name").to_owned(), namespaced });
        }
    }
    Ok(out)
}

/// Reads every object of both sides: many of a kind by a list, and one by one what is in none.
pub async fn objects(client: &Client, sides: &BoundSides) -> BTreeMap<ObjectId, Live> {
    let all: BTreeMap<ObjectId, Place> = sides
        .old
        .iter()
        .chain(&sides.target)
        .chain(sides.orphans())
        .filter(|o| !o.id.name.is_empty())
        .map(|o| (o.id.clone(), Place::of(o)))
        .collect();
    let mut found = listed(client, &all).await;
    let read = |(id, place): (ObjectId, Place)| async move {
        let live = match client.get_json::<Value>(&place.path()).await {
            Ok(value) => Live::Found(value),
            Err(fail) if fail.error.kind == Kind::NotFound => Live::NotFound,
            Err(fail) => Live::Denied(fail.error.line()),
        };
        (id, live)
    };
    let alone = all.into_iter().filter(|(id, _)| !found.contains_key(id));
    let reads: Vec<_> = alone.map(read).collect();
    let alone: Vec<_> = futures::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
    found.extend(alone);
    found
}

/// Returns those of the objects that lists have, of kinds that there are many of. What no list has may be there all the same:
/// lists are cut, and who may read an object may not be allowed to list them.
async fn listed(client: &Client, all: &BTreeMap<ObjectId, Place>) -> BTreeMap<ObjectId, Live> {
    let mut kinds: BTreeMap<String, BTreeMap<&str, (&ObjectId, &Place)>> = BTreeMap::new();
    for (id, place) in all {
        let list = Place { name: String::new(), ..place.clone() };
        kinds.entry(list.path()).or_default().insert(&place.name, (id, place));
    }
    // Of Secrets only those are asked for that are meant.
    kinds.retain(|path, wanted| wanted.len() >= MANY && !path.ends_with("/secrets"));
    let read = |path: String| async move {
        let query = query(&[("limit", &MOST_LISTED.to_string()), ("labelSelector", MANAGED)]);
        let list = client.get_json::<Value>(&format!("{path}?{query}")).await;
        (path, list.unwrap_or(Value::Null))
    };
    let reads: Vec<_> = kinds.keys().cloned().map(read).collect();
    let lists: Vec<_> = futures::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
    let mut found = BTreeMap::new();
    for (path, mut list) in lists {
        let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
        for item in items.unwrap_or_default() {
            let name = item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let Some((id, place)) = kinds.get(&path).and_then(|wanted| wanted.get(name)) else { continue };
            if let Some(whole) = as_alone(item, place) {
                found.insert((*id).clone(), Live::Found(whole));
            }
        }
    }
    found
}

/// Returns an object of a list as the server has it alone: it says what it is.
fn as_alone(item: Value, place: &Place) -> Option<Value> {
    let Value::Object(item) = item else { return None };
    let mut whole = serde_json::Map::new();
    whole.insert("apiVersion".to_owned(), json!(place.api_version));
    whole.insert("kind".to_owned(), json!(place.kind));
    whole.extend(item.into_iter().filter(|(key, _)| !matches!(key.as_str(), "kind" | "apiVersion")));
    Some(Value::Object(whole))
}

/// Finds the autoscalers of the namespaces in which the target has objects with replicas.
///
/// # Errors
/// When they can't be read: whether the replicas are an autoscaler's is then not known.
pub async fn autoscalers(client: &Client, sides: &BoundSides) -> Result<Vec<Autoscaler>> {
    let scaled = |object: &&PlanObject| {
        let old = sides.old_of(&object.id).map(|old| &old.value);
        [Some(&object.value), old]
            .into_iter()
            .flatten()
            .any(|value| value.pointer("/spec/replicas").is_some())
    };
    let namespaces: BTreeSet<&str> =
        sides.target.iter().filter(scaled).map(|object| object.id.namespace.as_str()).collect();
    let mut found = Vec::new();
    for namespace in namespaces {
        let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
        let list: Value = match client.get_json(&path).await {
            Ok(list) => list,
            Err(fail) if fail.error.kind == Kind::NotFound => continue,
            Err(fail) => return Err(fail.error),
        };
        for item in list.get("items").and_then(Value::as_array).into_iter().flatten() {
            let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            found.push(Autoscaler {
                id: ObjectId {
                    gvk: Gvk::new("autoscaling/v2", "HorizontalPodAutoscaler"),
                    namespace: namespace.to_owned(),
                    name: text("/metadata/name").to_owned(),
                },
                target: ObjectId {
                    gvk: Gvk::new(text("/spec/scaleTargetRef/apiVersion"), text("/spec/scaleTargetRef/kind")),
                    namespace: namespace.to_owned(),
                    name: text("/spec/scaleTargetRef/name").to_owned(),
                },
            });
        }
    }
    Ok(found)
}

/// Finds the Flux HelmReleases that name the release, where their kind is served, each with its path.
///
/// Where all of them may not be listed, those of the release's namespace are: the objects' own labels tell of the rest.
///
/// # Errors
/// When the server serves the kind but its objects can't be read: whether there is an owner is then not known.
pub async fn release_owners(
    client: &Client,
    namespace: &Name,
    release: &Name,
) -> Result<Vec<(String, Value)>> {
    for version in ["v2", "v2beta2", "v2beta1"] {
        let within = |namespace: &str| {
            format!("/apis/helm.toolkit.fluxcd.io/{version}/namespaces/{namespace}/helmreleases")
        };
        let path = format!("/apis/helm.toolkit.fluxcd.io/{version}/helmreleases");
        let mut list = client.get_json::<Value>(&path).await;
        if list.as_ref().is_err_and(|f| f.error.kind == Kind::Denied) {
            list = client.get_json::<Value>(&within(namespace.as_str())).await;
        }
        let list = match list {
            Ok(list) => list,
            Err(fail) if fail.error.kind == Kind::NotFound => continue,
            // An API server asks for the right before it looks whether the kind is there at all.
            Err(fail) if fail.error.kind == Kind::Denied && !serves(client, version).await => continue,
            Err(fail) => return Err(fail.error),
        };
        let items = list.get("items").and_then(Value::as_array).into_iter().flatten();
        let ours = items.filter(|item| names(item, namespace.as_str(), release.as_str()));
        let text = |item: &Value, at: &str| item.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
        let path = |item: &Value| {
            format!("{}/{}", within(&text(item, "/metadata/namespace")), text(item, "/metadata/name"))
        };
        return Ok(ours.map(|item| (path(item), item.clone())).collect());
    }
    Ok(Vec::new())
}

/// Whether the server serves a version of Flux's group; discovery is open to everybody by default.
async fn serves(client: &Client, version: &str) -> bool {
    let path = format!("/apis/helm.toolkit.fluxcd.io/{version}");
    !matches!(client.get_json::<Value>(&path).await, Err(fail) if fail.error.kind == Kind::NotFound)
}

/// Whether a HelmRelease is about a release: by `releaseName`, else by its own name, in its storage's namespace.
fn names(item: &Value, namespace: &str, release: &str) -> bool {
    let text = |p: &str| item.pointer(p).and_then(Value::as_str).filter(|t| !t.is_empty());
    let own = text("/metadata/name").unwrap_or("");
    let target = text("/spec/targetNamespace");
    let default = target.map_or_else(|| own.to_owned(), |t| format!("{t}-{own}"));
    let name = text("/spec/releaseName").map_or(default, str::to_owned);
    let stored = text("/spec/storageNamespace").or_else(|| text("/metadata/namespace")).unwrap_or("");
    shortened(&name) == release && stored == namespace
}

/// Returns the name that Flux gives a release: of one that is longer than Helm lets it be the beginning, and a hash of all of it.
/// Facts: helm-controller `internal/release/name.go`.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 53;
    const HASH: usize = 12;
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let hash = Sha256::digest(name.as_bytes())
        .iter()
        .fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
    let start = name.get(..LONGEST - HASH - 1).unwrap_or(name);
    format!("{start}-{}", hash.get(..HASH).unwrap_or(&hash))
}

/// Asks whether everything that the plan will do is allowed. Returns what is missing, in words.
pub async fn rights(client: &Client, plan: &Plan, sides: &BoundSides) -> Result<Vec<String>> {
    let mut wanted: BTreeSet<Right> = BTreeSet::new();
    let records = match plan.driver {
        deckwatch_helm::record::Driver::Secret => "secrets",
        deckwatch_helm::record::Driver::ConfigMap => "configmaps",
    };
    let prune = (!plan.prune.is_empty()).then_some("delete");
    for verb in ["list", "create", "update"].into_iter().chain(prune) {
        wanted.insert(Right {
            verb,
            group: String::new(),
            resource: records.to_owned(),
            subresource: None,
            namespace: plan.namespace.clone(),
            name: String::new(),
        });
    }
    for object in &plan.objects {
        let verbs: &[&str] = match &object.action {
            // The server asks for both when it creates what it applies.
            Action::Create if plan.method == Method::ServerSide => &["create", "patch"],
            Action::Create => &["create"],
            Action::Patch(_) | Action::Apply => &["patch"],
            Action::Replace => &["update"],
            Action::Delete => &["delete"],
            Action::Unchanged | Action::Keep | Action::Gone => &["get"],
        };
        let bound = sides.target.iter().chain(&sides.old).find(|o| o.id == object.id);
        let Some(bound) = bound else { continue };
        let namespace = if bound.mapping.namespaced { object.id.namespace.clone() } else { String::new() };
        for verb in verbs.iter().copied() {
            wanted.insert(Right {
                verb,
                group: object.id.gvk.group.clone(),
                resource: bound.mapping.resource.clone(),
                subresource: None,
                namespace: namespace.clone(),
                name: if verb == "create" { String::new() } else { object.id.name.clone() },
            });
        }
    }
    for hook in &plan.hooks {
        let mut verbs = vec!["get", "create"];
        let when = [DeletePolicy::BeforeCreation, DeletePolicy::Succeeded, DeletePolicy::Failed];
        verbs.extend(when.iter().any(|when| hook.is_deleted(*when)).then_some("delete"));
        for (object, verb) in hook.objects.iter().flat_map(|o| verbs.iter().map(move |verb| (o, *verb))) {
            let namespaced = object.mapping.namespaced;
            wanted.insert(Right {
                verb,
                group: object.id.gvk.group.clone(),
                resource: object.mapping.resource.clone(),
                subresource: None,
                namespace: if namespaced { object.id.namespace.clone() } else { String::new() },
                name: if verb == "create" { String::new() } else { object.id.name.clone() },
            });
        }
    }
    super::super::rights::missing(client, wanted).await
}

#[cfg(test)]
mod tests {
    use deckwatch_helm::record::RawMap;

    use super::*;

    #[test]
    fn an_object_of_a_list_is_as_the_server_tells_it_alone() {
        let place = Place {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            resource: "deployments".to_owned(),
            namespace: "store".to_owned(),
            name: "web".to_owned(),
        };
        let item = json!({ "metadata": { "name": "web" }, "spec": {} });
        let alone = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{}}"#;
        assert_eq!(as_alone(item, &place).unwrap().to_string(), alone);
        // A custom resource says in a list, too, what it is.
        let item: Value = serde_json::from_str(alone).unwrap();
        assert_eq!(as_alone(item, &place).unwrap().to_string(), alone);
        assert_eq!(as_alone(json!("web"), &place), None);
    }

    #[test]
    fn a_record_under_another_releases_name_is_a_stranger() {
        let name = |text: &str| Name::new(text).unwrap();
        let record = |json: &str| Record::from_top(serde_json::from_str::<RawMap>(json).unwrap());
        let good = record(r#"{"name":"momo","namespace":"store","version":6}"#);
        let asked = |name_: &str, place: &str, r| stranger(&good, &name(place), &name(name_), r);
        assert_eq!((asked("momo", "store", Some(6)), asked("momo", "store", None)), (None, None));
        for (release, place, revision) in
            [("evil", "store", Some(6)), ("momo", "other", None), ("momo", "store", Some(7))]
        {
            let why = asked(release, place, revision).unwrap();
            assert_eq!(why, "the record is that of store/momo revision 6");
        }
        let none = record(r#"{"name":5}"#);
        assert!(stranger(&none, &name("store"), &name("momo"), None).is_some());
    }

    #[test]
    fn a_helm_release_is_about_the_release_that_flux_makes_of_it() {
        let long = "a-very-long-name-of-a-helm-release-of-more-than-fifty-three-characters";
        let about = |spec: Value, release: &str, namespace: &str| {
            let item = json!({"metadata": {"name": "momo", "namespace": "flux"}, "spec": spec});
            names(&item, namespace, release)
        };
        assert!(about(json!({}), "momo", "flux"));
        assert!(about(json!({"targetNamespace": "shop"}), "shop-momo", "flux"));
        assert!(about(json!({"releaseName": "own", "storageNamespace": "shop"}), "own", "shop"));
        assert!(!about(json!({"releaseName": "own"}), "momo", "flux") && !about(json!({}), "momo", "shop"));
        let named = json!({"releaseName": long});
        assert!(about(named.clone(), "a-very-long-name-of-a-helm-release-of-mo-57677ecf5f5d", "flux"));
        assert!(!about(named, long, "flux"));
    }
}
