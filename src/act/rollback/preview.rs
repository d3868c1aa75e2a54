//! The server's dry run of everything that a plan would send.

use std::collections::BTreeMap;

use bytes::Bytes;
use deckwatch_helm::plan::{Action, BoundSides, ObjectId, Plan};
use deckwatch_helm::step::Place;
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
    let work: Vec<(ObjectId, Work)> =
        plan.objects.iter().filter_map(|o| Some((o.id.clone(), work(o, sides)?))).collect();
    let ask = |(id, work): (ObjectId, Work)| async move {
        let preview = send(client, &work, allowed).await;
        (id, preview)
    };
    let asks: Vec<_> = work.into_iter().map(ask).collect();
    futures::stream::iter(asks).buffer_unordered(AT_ONCE).collect().await
}

struct Work {
    method: Method,
    path: String,
    content_type: &'static str,
    body: Bytes,
}

fn work(object: &deckwatch_helm::plan::ObjectPlan, sides: &BoundSides) -> Option<Work> {
    let bound = sides.target.iter().chain(&sides.old).find(|o| o.id == object.id)?;
    let place = Place::of(bound);
    Some(match &object.action {
        Action::Create => {
            let path = Place { name: String::new(), ..place }.path();
            Work {
                method: Method::POST,
                path,
                content_type: "application/json",
                body: bound.value.to_string().into(),
            }
        }
        Action::Patch(patch) => Work {
            method: Method::PATCH,
            path: place.path(),
            content_type: patch.kind.content_type(),
            body: patch.body.to_string().into(),
        },
        Action::Delete => Work {
            method: Method::DELETE,
            path: place.path(),
            content_type: "application/json",
            body: Bytes::new(),
        },
        Action::Unchanged | Action::Keep | Action::Gone => return None,
    })
}

async fn send(client: &Client, work: &Work, allowed: bool) -> Preview {
    let query: &[(&str, &str)] = if work.method == Method::DELETE {
        &[("propagationPolicy", "Background")]
    } else {
        &[("fieldManager", "helm")]
    };
    let answer =
        client.dry_run(work.method.clone(), &work.path, query, work.content_type, work.body.clone()).await;
    match answer {
        Ok(_) => Preview::DryRun,
        Err(fail) => judge(&fail.error, allowed),
    }
}
