//! A revision of a release, and how its objects are now.

use std::collections::BTreeSet;
use std::sync::Arc;

use deckwatch_helm::plan::{Gvk, Kinds};
use deckwatch_helm::ready::legacy::{Verdict, is_read, judge, wants};
use deckwatch_helm::record::{Generation, Record, user_labels};
use deckwatch_helm::step::Place;
use deckwatch_helm::yaml11::read_manifest;
use futures::StreamExt as _;
use serde_json::Value;

use crate::act::rollback::{self, kinds_of};
use crate::app::msg::Standing;
use crate::core::{Error, Kind, Name, Result, Untrusted};
use crate::sources::kube::Client;
use crate::store::releases::{ObjectNow, State};

/// How many reads are under way at once.
const AT_ONCE: usize = 8;

/// Reads the record of a revision and, where they are asked for, the objects of its manifest.
///
/// # Errors
/// A record that can't be read, a manifest that is none, or a server that does not say which kinds it serves. An object that
/// can't be read is no error: its state says so.
pub async fn ask(client: &Client, of: (&Name, &Name, u32), live: bool) -> Result<Standing> {
    let (namespace, release, revision) = of;
    let stored = rollback::record(client, namespace, release, revision).await?;
    let labels = user_labels(&stored.labels).into_iter().map(|(key, value)| (key, value.into())).collect();
    let objects = if live { objects(client, &stored.record, namespace).await? } else { Vec::new() };
    Ok(Standing { record: Arc::new(stored.record), labels, objects })
}

async fn objects(client: &Client, record: &Record, namespace: &Name) -> Result<Vec<ObjectNow>> {
    let bad = |why: String| Error::new(Kind::Decode, "read the manifest").detail(why);
    let manifest = record.manifest().map_err(|e| bad(e.to_string()))?;
    let all = read_manifest(&manifest).map_err(|e| bad(e.to_string()))?;
    let wanted: BTreeSet<Gvk> = all.iter().map(|object| Gvk::of(&object.value)).collect();
    let kinds = kinds_of(client, &wanted).await?;
    let reads = all.iter().map(|object| one(client, &kinds, &object.value, namespace));
    Ok(futures::stream::iter(reads.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await)
}

async fn one(client: &Client, kinds: &Kinds, object: &Value, namespace: &Name) -> ObjectNow {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let gvk = Gvk::of(object);
    let mut now = ObjectNow {
        api_version: gvk.api_version().into(),
        kind: gvk.kind.as_str().into(),
        namespace: text("/metadata/namespace").into(),
        name: text("/metadata/name").into(),
        state: State::Missing,
    };
    let Some(mapping) = kinds.get(&gvk) else {
        let error = Error::new(Kind::NotFound, "read an object").on(gvk.to_string());
        now.state = State::Unknown(error.detail("the server does not serve this kind"));
        return now;
    };
    if !mapping.namespaced {
        now.namespace = Untrusted::default();
    } else if now.namespace.is_empty() {
        now.namespace = namespace.into();
    }
    let place = Place {
        api_version: gvk.api_version(),
        kind: gvk.kind,
        resource: mapping.resource.clone(),
        namespace: now.namespace.raw().to_owned(),
        name: now.name.raw().to_owned(),
    };
    // Without a name the whole collection would be read, and these names would lead out of it.
    if matches!(place.name.as_str(), "" | "." | "..") {
        return now;
    }
    now.state = match client.get_json::<Value>(&place.path()).await {
        Ok(found) => state(client, &found, &place.namespace).await,
        Err(fail) if fail.error.kind == Kind::NotFound => State::Missing,
        Err(fail) => State::Unknown(fail.error),
    };
    now
}

/// Judges an object by the rules of Helm 3's `--wait --wait-for-jobs`, for which a Deployment's ReplicaSets are read too.
/// Kinds that these rules do not know are ready as soon as they are there.
async fn state(client: &Client, object: &Value, namespace: &str) -> State {
    if !is_read(&Gvk::of(object), true, Generation::V3) {
        return State::Ready;
    }
    let mut listed = Vec::new();
    if let Some(wants) = wants(object) {
        let place = Place {
            api_version: wants.api_version.to_owned(),
            kind: wants.kind.to_owned(),
            resource: wants.resource.to_owned(),
            namespace: namespace.to_owned(),
            name: String::new(),
        };
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("labelSelector", &wants.selector)
            .finish();
        match client.get_json::<Value>(&format!("{}?{query}", place.path())).await {
            Ok(mut list) => {
                if let Some(Value::Array(items)) = list.get_mut("items") {
                    listed = std::mem::take(items);
                }
            }
            Err(fail) => return State::Unknown(fail.error),
        }
    }
    match judge(object, &listed) {
        Verdict::Ready => State::Ready,
        Verdict::NotYet(why) | Verdict::Failing(why) => State::Unready(why.into()),
    }
}
