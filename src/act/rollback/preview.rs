//! The server's dry run of everything that a plan would send.

use std::collections::BTreeMap;

use bytes::Bytes;
use deckwatch_helm::plan::{Action, BoundSides, ObjectId, Plan};
use deckwatch_helm::step::Place;
use futures::StreamExt as _;
use http::Method;

use super::said;
use crate::core::{Error, Kind};
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

/// What admission says when it refuses; the server answers 403 for it as for a missing right, and 500 for a webhook
/// that does not answer.
const ADMISSION: [&str; 5] = [
    "admission webhook",
    "failed calling webhook",
    "exceeded quota",
    "violates PodSecurity",
    "denied request",
];

/// Returns what a failed dry run says of the write itself: it would be refused too, or nothing is known.
fn judge(error: &Error, allowed: bool) -> Preview {
    let line = error.line();
    let admission = ADMISSION.iter().any(|words| line.contains(words));
    let refused = match error.kind {
        // A webhook with side effects has no dry run; it says nothing of the write.
        _ if line.contains("does not support dry run") => false,
        Kind::Denied => allowed || admission,
        Kind::Server => admission,
        Kind::Timeout | Kind::Unreachable | Kind::Throttled | Kind::Refused => false,
        _ => true,
    };
    let why = said(line);
    if refused { Preview::Refused(why) } else { Preview::Computed(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_admission_refuses_is_refused_and_what_nobody_answered_is_not_known() {
        let refused = |kind, detail: &str, allowed| {
            let error = Error::new(kind, "try").on("deployments/backend").detail(detail);
            matches!(judge(&error, allowed), Preview::Refused(_))
        };
        let rbac = r#"deployments.apps "backend" is forbidden: User "me" cannot patch resource (403)"#;
        let quota = r#"pods "a" is forbidden: exceeded quota: compute, requested: cpu=1 (403)"#;
        let webhook = r#"admission webhook "validation.gatekeeper.sh" denied the request: no (403)"#;
        let away = r#"failed calling webhook "policy.example": context deadline exceeded (500)"#;
        let no_dry_run = r#"admission webhook "mutate.example" does not support dry run (400)"#;
        assert!(!refused(Kind::Denied, rbac, false) && refused(Kind::Denied, rbac, true));
        assert!(refused(Kind::Denied, quota, false) && refused(Kind::Denied, webhook, false));
        assert!(refused(Kind::Server, away, true) && !refused(Kind::Server, "it broke (500)", true));
        assert!(
            !refused(Kind::BadQuery, no_dry_run, true) && refused(Kind::BadQuery, "is immutable (422)", true)
        );
        assert!(!refused(Kind::Timeout, "no answer", true) && !refused(Kind::Unreachable, "refused", true));
    }
}
