//! Single answers: an object for the YAML view, its events, a Helm record, who and what the server is.
//!
//! Each function asks once; nothing is cached or retried. Contents of Secrets pass through here only in
//! [`object`] and [`record`]; masking is the views'. Tested with a scripted server.

mod edits;

pub use edits::edits;

use deckwatch_wire::core::{ConfigMap, Secret};
use deckwatch_wire::{Encoding, Limits, Undecodable};
use http::Method;
use serde::Deserialize;

use super::answer::{self, Asked, Fail};
use super::client::{Client, Get, Review, Since};
use super::reflect::list::page;
use super::reflect::{Scope, Spec};
use crate::core::{Error, Kind, Name, ObjectRef, Resource, Result, Ts, Untrusted};
use crate::store::objects::Object;

/// An object as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The object without its `managedFields`.
    pub object: serde_json::Value,
    /// Its `managedFields`.
    pub managed_fields: Option<serde_json::Value>,
}

/// Returns the path of an object of a kind that deckwatch knows.
pub fn path_of(object: &ObjectRef) -> Result<String> {
    let unknown =
        || Error::new(Kind::NotFound, "read").on(object.to_string()).detail("this kind is not known");
    let resource = object.resource().ok_or_else(unknown)?;
    if object.name.is_empty() || object.name.as_str().contains('?') {
        return Err(Error::new(Kind::Usage, "read")
            .on(object.to_string())
            .detail("this is no name of an object"));
    }
    Ok(resource.path(Some(object.namespace.as_str()), Some(object.name.as_str())))
}

/// Reads one object. One of another uid than the reference's is `Conflict`: it is not the same object.
pub async fn object(client: &Client, object: &ObjectRef) -> Result<View> {
    let path = path_of(object)?;
    let mut value: serde_json::Value = client.get_json(&path).await?;
    let metadata = value.get_mut("metadata").and_then(serde_json::Value::as_object_mut);
    let managed_fields = metadata.and_then(|m| m.remove("managedFields"));
    let uid = value.pointer("/metadata/uid").and_then(serde_json::Value::as_str).unwrap_or("");
    if !object.uid.is_empty() && uid != object.uid.0.as_str() {
        return Err(Asked::of(&Method::GET, &path)
            .error(Kind::Conflict)
            .detail("an object of the same name has taken its place"));
    }
    Ok(View { object: value, managed_fields })
}

/// All objects of a [`Spec`], read once.
#[derive(Debug, Default)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<Object>,
    /// Those that could not be read.
    pub undecodable: Vec<Undecodable>,
    /// Whether there are more than were wanted.
    pub more: bool,
}

/// Lists objects once, up to about `most`.
pub async fn list(client: &Client, spec: &Spec, most: usize) -> Result<Listing, Fail> {
    let mut listing = Listing::default();
    let mut token = String::new();
    loop {
        let page = page(client, spec, &token).await?;
        listing.objects.extend(page.objects);
        listing.undecodable.extend(page.undecodable);
        if page.next.is_empty() {
            return Ok(listing);
        }
        // An empty page that promises more would have no end.
        if listing.objects.len() >= most || page.next == token {
            listing.more = true;
            return Ok(listing);
        }
        token = page.next;
    }
}

/// Reads the events of one object: by uid where it is known, else by kind and name; of nodes always by
/// name, because kubelets do not write their uid.
pub async fn events(client: &Client, object: &ObjectRef) -> Result<Listing, Fail> {
    let kind = &*object.gvk.kind;
    let name = format!("involvedObject.kind={kind},involvedObject.name={}", object.name);
    let by_name = kind == "Node" || object.uid.is_empty();
    let fields = if by_name { name } else { format!("involvedObject.uid={}", object.uid.0) };
    let scope =
        if object.namespace.is_empty() { Scope::All } else { Scope::Namespace(object.namespace.clone()) };
    let spec = Spec { fields: Some(fields), ..Spec::all(Resource::Event, scope) };
    list(client, &spec, 2_000).await
}

/// One of Helm's release records, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct HelmRecord {
    /// The payload: base64 of gzip of JSON.
    pub payload: Vec<u8>,
    /// The record's labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Its version.
    pub resource_version: String,
    /// Its uid.
    pub uid: String,
    /// When it was created.
    pub created: Option<Ts>,
}

impl std::fmt::Debug for HelmRecord {
    /// Prints no payload: it holds values and rendered Secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HelmRecord")
            .field("labels", &self.labels)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// Reads one release record from a Secret or a ConfigMap.
///
/// Errors: `Decode` when it has no `release` entry, beside those of every request.
pub async fn record(client: &Client, storage: Resource, namespace: &Name, name: &Name) -> Result<HelmRecord> {
    let path = storage.path(Some(namespace.as_str()), Some(name.as_str()));
    let asked = Asked::of(&Method::GET, &path);
    let accept = match storage {
        Resource::ConfigMap => client.encoding().accept::<ConfigMap>(),
        _ => client.encoding().accept::<Secret>(),
    };
    let reply = client.get(Get { accept: &accept, ..Get::json(&path) }).await?;
    let encoding = Encoding::from_content_type(reply.content_type())
        .ok_or_else(|| answer::not_kubernetes(&asked, &reply.headers, b"").error)?;
    let unreadable = |e: deckwatch_wire::Error| answer::unreadable(&asked, &e).error;
    let limits = Limits::default();
    let (payload, meta) = if storage == Resource::ConfigMap {
        let mut map: ConfigMap =
            deckwatch_wire::decode_object(encoding, &reply.body, &limits).map_err(unreadable)?;
        (map.data.remove("release").map(String::into_bytes), map.metadata)
    } else {
        let mut secret: Secret =
            deckwatch_wire::decode_object(encoding, &reply.body, &limits).map_err(unreadable)?;
        (secret.data.remove("release"), secret.metadata)
    };
    Ok(HelmRecord {
        payload: payload.ok_or_else(|| asked.error(Kind::Decode).detail("it has no entry `release`"))?,
        labels: meta.labels,
        resource_version: meta.resource_version,
        uid: meta.uid,
        created: meta.creation_timestamp.nanos().map(Ts),
    })
}

/// What the server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Version {
    /// `1`.
    pub major: Untrusted,
    /// `34`, `34+`.
    pub minor: Untrusted,
    /// `v1.34.2`.
    pub git_version: Untrusted,
    /// `linux/amd64`.
    pub platform: Untrusted,
}

/// Reads the server's version.
pub async fn version(client: &Client) -> Result<Version> {
    Ok(client.get_json("/version").await?)
}

/// Who the server takes us for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The user.
    pub username: Untrusted,
    /// Its uid.
    pub uid: Untrusted,
    /// Its groups.
    pub groups: Vec<Untrusted>,
}

/// Asks whom the server takes us for. Servers before 1.26, and some of the two releases after it, have no
/// such question: `NotFound`.
pub async fn whoami(client: &Client) -> Result<Subject> {
    who(client, Review::Subject).await
}

/// Asks the same of who logs in, whomever the client acts as.
pub async fn login(client: &Client) -> Result<Subject> {
    who(client, Review::Login).await
}

async fn who(client: &Client, review: fn(Since) -> Review) -> Result<Subject> {
    let mut missing = Error::new(Kind::NotFound, "ask who we are");
    for since in Since::ALL {
        let body = serde_json::json!({"apiVersion": since.api_version(), "kind": "SelfSubjectReview"});
        let said = match client.review(review(since), &body).await {
            Ok(said) => said,
            Err(fail) if fail.error.kind == Kind::NotFound => {
                missing = fail.error;
                continue;
            }
            Err(fail) => return Err(fail.error),
        };
        let user = said.pointer("/status/userInfo").cloned().unwrap_or_default();
        let user = serde_json::from_value::<Subject>(user).ok().filter(|user| !user.username.is_empty());
        let nobody = || Error::new(Kind::Decode, "ask who we are").detail("the answer names no user");
        return user.ok_or_else(nobody);
    }
    Err(missing)
}

#[cfg(test)]
mod tests;
