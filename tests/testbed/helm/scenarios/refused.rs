//! What the server refuses, breaks at or is too busy for, object by object.

use serde_json::{Value, json};

use crate::helm::charts::{chart, config, secret, web};
use crate::helm::scene::{ALL, CLIENT, Scene};
use crate::proxy::{Seen, Then};

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
        "reason": reason, "message": message })
}

/// A release that changes one object, creates one, deletes one and changes a last one.
fn of(number: u32, name: &'static str) -> Scene {
    Scene::new(number, name, ALL)
        .install(chart([
            config("changed", &[("value", "1")]),
            config("created", &[("value", "1")]),
            web("last", "1"),
        ]))
        .upgrade(chart([
            config("changed", &[("value", "2")]),
            secret("deleted", &[("value", "2")]),
            web("last", "2"),
        ]))
        .to(1)
}

impl Scene {
    /// The server answers so to some requests, whoever sends them.
    fn answers(self, code: u16, body: Value, to: fn(&Seen) -> bool) -> Self {
        self.faults(move |_| {
            let body = body.clone();
            Box::new(move |seen| if to(seen) { Then::Answer(code, body.clone()) } else { Then::Pass })
        })
    }

    /// The same, so many times.
    fn answers_times(self, code: u16, body: Value, times: usize, to: fn(&Seen) -> bool) -> Self {
        self.faults(move |_| {
            let (body, mut left) = (body.clone(), times);
            Box::new(move |seen| {
                if left == 0 || !to(seen) || !seen.mutates() {
                    return Then::Pass;
                }
                left -= 1;
                Then::Answer(code, body.clone())
            })
        })
    }
}

fn is(seen: &Seen, method: &http::Method, end: &str) -> bool {
    seen.method == *method && seen.path.ends_with(end)
}

fn patches(seen: &Seen) -> bool {
    is(seen, &http::Method::PATCH, "/configmaps/changed")
}

/// What the server merges is created by a patch.
fn creates(seen: &Seen) -> bool {
    is(seen, &http::Method::POST, "/configmaps") || is(seen, &http::Method::PATCH, "/configmaps/created")
}

fn deletes(seen: &Seen) -> bool {
    is(seen, &http::Method::DELETE, "/secrets/deleted")
}

fn reads(seen: &Seen) -> bool {
    is(seen, &http::Method::GET, "/deployments/last")
}

fn creates_record(seen: &Seen) -> bool {
    is(seen, &http::Method::POST, "/secrets")
}

fn updates_old(seen: &Seen) -> bool {
    is(seen, &http::Method::PUT, "demo.v2")
}

fn updates_new(seen: &Seen) -> bool {
    is(seen, &http::Method::PUT, "demo.v3")
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let forbidden = || status(403, "Forbidden", "configmaps \"x\" is forbidden: User \"u\" cannot do it");
    let denied = || {
        status(400, "BadRequest", "admission webhook \"house.example\" denied the request: the house says no")
    };
    let broken = || {
        status(
            500,
            "InternalError",
            "Internal error occurred: failed calling webhook \"house.example\": context deadline exceeded",
        )
    };
    let busy = || {
        status(
            409,
            "Conflict",
            "Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified; please apply your changes to the latest version and try again",
        )
    };
    let late = || {
        status(
            409,
            "Conflict",
            "Operation cannot be fulfilled on configmaps \"changed\": the object has been modified",
        )
    };
    let full = || {
        status(
            403,
            "Forbidden",
            "configmaps \"created\" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=5, limited: count/configmaps=5",
        )
    };
    vec![
        of(44, "an object may not be changed").answers(403, forbidden(), patches).fails(),
        of(44, "an object may not be created").answers(403, forbidden(), creates).fails(),
        of(44, "an object may not be deleted, which Helm 4 takes for a failure")
            .answers(403, forbidden(), deletes)
            .fails()
            .only(&super::super::scene::Variant::ALL[1..]),
        of(44, "an object may not be deleted, which Helm 3 passes over")
            .answers(403, forbidden(), deletes)
            .only(super::super::scene::THREE),
        of(44, "an object may not be read").answers(403, forbidden(), reads).fails(),
        of(44, "the record may not be created").answers(403, forbidden(), creates_record).fails(),
        of(44, "the old record may not be changed").answers(403, forbidden(), updates_old),
        of(44, "the new record may not be changed").answers(403, forbidden(), updates_new).fails(),
        of(45, "the server breaks at an object").answers(500, broken(), patches).fails().only(CLIENT),
        of(46, "a webhook denies the first of the objects").answers(400, denied(), patches).fails(),
        of(46, "a webhook denies one that is created").answers(400, denied(), creates).fails(),
        of(47, "the quota is busy, twice").answers_times(409, busy(), 2, creates).only(CLIENT),
        of(47, "the quota is busy for good").answers_times(409, busy(), 99, creates).fails().only(CLIENT),
        of(47, "the quota is full").answers(403, full(), creates).fails(),
        of(47, "somebody changes it at the same time").answers_times(409, late(), 1, patches).fails(),
        of(47, "somebody changes what is deleted at the same time").answers_times(409, late(), 2, deletes),
        of(47, "too many requests, once").answers_times(
            429,
            status(429, "TooManyRequests", "slow down"),
            1,
            patches,
        ),
    ]
}
