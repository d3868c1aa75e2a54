//! The server's dry run of everything that a plan would send.

use std::collections::BTreeMap;

use bytes::Bytes;
use deckwatch_helm::plan::{BoundSides, ObjectId, Plan};
use deckwatch_helm::step::{Request, Verb, dry_runs};
use futures::StreamExt as _;
use http::Method;

use super::super::dryrun::judge;
use crate::ops::plan::Preview;
use crate::sources::kube::Client;

const AT_ONCE: usize = 4;

/// Asks for a dry run of every object's change. `allowed`: the user is known to have every right that it needs.
pub async fn all(
    client: &Client,
    plan: &Plan,
    sides: &BoundSides,
    allowed: bool,
) -> BTreeMap<ObjectId, Preview> {
    let ask = |(id, request): (ObjectId, Request)| async move {
        let preview = send(client, &request, allowed).await;
        (id, preview)
    };
    let asks: Vec<_> = dry_runs(plan, sides, "helm").into_iter().map(ask).collect();
    futures::stream::iter(asks).buffer_unordered(AT_ONCE).collect().await
}

async fn send(client: &Client, request: &Request, allowed: bool) -> Preview {
    let method = match request.verb {
        Verb::Get | Verb::List => Method::GET,
        Verb::Create => Method::POST,
        Verb::Update => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    };
    // The client says itself that it is a dry run.
    let query: Vec<(&str, &str)> =
        request.query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let body = request.body.as_ref().map_or_else(Bytes::new, |body| body.to_string().into());
    let content_type = request.content_type.unwrap_or("application/json");
    match client.dry_run(method, &request.place.path(), &query, content_type, body).await {
        Ok(_) => Preview::DryRun,
        Err(fail) => judge(&fail.error, allowed),
    }
}
