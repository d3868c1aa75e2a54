//! Whether what a plan will do is allowed: asked of the API server before it is shown.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::core::Result;
use crate::sources::kube::Client;
use crate::sources::kube::client::Review;

/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// Something that must be allowed; without a name to all objects of the kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The verb of RBAC: `patch`.
    pub verb: &'static str,
    /// The group; empty for the core group.
    pub group: String,
    /// The plural: `deployments`.
    pub resource: String,
    /// The subresource: `scale`.
    pub subresource: Option<String>,
    /// The namespace; empty for the whole cluster.
    pub namespace: String,
    /// The name; empty for all.
    pub name: String,
}

impl Right {
    fn of_all(&self) -> Self {
        Self { name: String::new(), ..self.clone() }
    }

    fn words(&self) -> String {
        let part = self.subresource.as_ref().map_or_else(String::new, |s| format!("/{s}"));
        format!("{} {}{part} {}", self.verb, self.resource, self.name).trim_end().to_owned()
    }
}

/// Asks whether all of these are allowed. Returns what is missing, in words.
///
/// # Errors
/// When a question is not answered: what is allowed is then not known.
pub async fn missing(client: &Client, wanted: BTreeSet<Right>) -> Result<Vec<String>> {
    // Who may do it to all of a kind may do it to each: sixty questions become a few.
    let kinds: BTreeSet<Right> = wanted.iter().map(Right::of_all).collect();
    let denied = not_allowed(client, kinds).await?;
    let single = wanted.into_iter().filter(|right| denied.contains(&right.of_all()));
    let missing = not_allowed(client, single.collect()).await?;
    Ok(missing.iter().map(Right::words).collect())
}

/// Returns which of these the server does not allow.
async fn not_allowed(client: &Client, rights: BTreeSet<Right>) -> Result<BTreeSet<Right>> {
    let ask = |right: Right| async move {
        let Right { verb, group, resource, subresource, namespace, name } = &right;
        let subresource = subresource.as_deref().unwrap_or_default();
        let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": { "verb": verb, "group": group, "resource": resource,
                "subresource": subresource, "namespace": namespace, "name": name } } });
        let answer = client.review(Review::Access, &body).await.map_err(|f| f.error)?;
        let allowed = answer.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false);
        Ok((!allowed).then_some(right))
    };
    let asks: Vec<_> = rights.into_iter().map(ask).collect();
    let answers: Vec<Result<Option<Right>>> = futures::stream::iter(asks).buffered(AT_ONCE).collect().await;
    answers.into_iter().filter_map(Result::transpose).collect()
}
