//! The server's dry run of everything that a plan would send.

use std::collections::BTreeMap;

use bytes::Bytes;
use deckwatch_helm::plan::{BoundSides, ObjectId, Plan};
use deckwatch_helm::step::{Request, Verb, dry_runs};
use futures::StreamExt as _;
use http::Method;

use super::super::dryrun::judge;
use crate::core::{Error, Kind, Result};
use crate::ops::plan::Preview;
use crate::sources::kube::Client;

/// As many as connections are kept.
const AT_ONCE: usize = 8;

/// How much of the server's words is looked at, in bytes.
const MOST: usize = 4_096;

/// What became of the dry runs.
pub type Tries = BTreeMap<ObjectId, Option<Error>>;

/// Asks for a dry run of every object's change. Returns what each failed with.
pub async fn all(client: &Client, plan: &Plan, sides: &BoundSides) -> Tries {
    let ask = |(id, request): (ObjectId, Request)| async move {
        let mut failed = send(client, &request).await.err();
        // What Helm has patched becomes what it applies before it applies, which no dry run can show.
        if failed.as_ref().is_some_and(|error| is_with_oneself(error, plan.field_manager)) {
            failed = send(client, &request.forced()).await.err();
        }
        (id, failed)
    };
    let asks: Vec<_> = dry_runs(plan, sides, plan.field_manager).into_iter().map(ask).collect();
    futures::stream::iter(asks).buffer_unordered(AT_ONCE).collect().await
}

/// Returns what they say of the writes themselves. `allowed`: the user is known to have every right that they need.
pub fn judged(tries: Tries, allowed: bool) -> BTreeMap<ObjectId, Preview> {
    let judged = |failed: Option<Error>| failed.map_or(Preview::DryRun, |error| judge(&error, allowed));
    tries.into_iter().map(|(id, failed)| (id, judged(failed))).collect()
}

/// Returns whether the server would only not apply because the applier owns the fields already, by another way of writing.
fn is_with_oneself(error: &Error, manager: &str) -> bool {
    if error.kind != Kind::Conflict {
        return false;
    }
    let text = error.detail.as_ref().map(|detail| detail.clipped(MOST)).unwrap_or_default();
    let text = text.as_str();
    let Some((count, owners)) =
        text.split_once("Apply failed with ").and_then(|(_, told)| told.split_once(" conflict"))
    else {
        return false;
    };
    // One is told in a line, more of them with a line for each field.
    let told = if count == "1" { 1 } else { owners.matches("⏎- ").count() };
    let own = format!("with \"{manager}\" using ");
    // Of a list that was cut, nothing is known.
    count == told.to_string() && owners.matches("with \"").count() == owners.matches(&own).count()
}

async fn send(client: &Client, request: &Request) -> Result<()> {
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
    let answer = client.dry_run(method, &request.place.path(), &query, content_type, body).await;
    answer.map(drop).map_err(|fail| fail.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conflicts_with_what_was_patched_by_the_same_name_are_none() {
        let is_own = |kind, detail: &str| {
            let error = Error::new(kind, "patch configmaps").on("demo/a").detail(detail);
            is_with_oneself(&error, "helm")
        };
        let conflict = |detail: &str| is_own(Kind::Conflict, detail);
        let one = r#"Apply failed with 1 conflict: conflict with "helm" using v1: .data.value (409)"#;
        let two =
            "Apply failed with 2 conflicts: conflicts with \"helm\" using v1:\n- .data.a\n- .data.b (409)";
        assert!(conflict(one) && conflict(two));
        assert!(!is_own(Kind::BadQuery, one));
        assert!(!conflict(&one.replace("helm", "kubectl-edit")));
        assert!(!conflict(&one.replace("\"helm\"", "\"helm\" with subresource \"scale\"")));
        assert!(!conflict(&two.replace("2 conflicts", "3 conflicts")), "one is not told");
        let both = "Apply failed with 2 conflicts: conflicts with \"helm\" using v1:\n- .data.a\nconflicts with \"x\" using v1:\n- .data.b (409)";
        assert!(!conflict(both));
        assert!(!conflict("the object has been modified (409)"));
    }
}
