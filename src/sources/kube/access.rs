//! What the user may do, as the server says, remembered for a minute.
//!
//! A courtesy to the person: the server's own answer to the real request is what counts. Never decides
//! anything by itself. Tested with a scripted server and a paused clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join;
use serde::Deserialize;
use tokio::time::Instant;

use super::client::{Client, Review};
use crate::core::{Error, Kind, Resource, Result, Untrusted};

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_mins(1);
/// The most answers that are remembered.
const MOST: usize = 4096;

/// May I do this?
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Question {
    /// `get`, `list`, `create`, …
    pub verb: &'static str,
    /// The API group, empty for core.
    pub group: String,
    /// The plural.
    pub resource: String,
    /// The subresource, empty for none.
    pub subresource: String,
    /// The namespace, empty for all.
    pub namespace: String,
    /// The object's name, empty for any.
    pub name: String,
}

impl Question {
    /// Returns a question about a verb on a kind.
    pub fn of(verb: &'static str, resource: Resource, namespace: Option<&str>) -> Self {
        let names = resource.names();
        Self {
            verb,
            group: names.group.to_owned(),
            resource: names.plural.to_owned(),
            namespace: namespace.unwrap_or("").to_owned(),
            ..Self::default()
        }
    }

    /// Returns the same question about a subresource.
    #[must_use]
    pub fn below(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }

    /// Returns the same question about one object.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

/// The server's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, where the server says.
    pub reason: Untrusted,
}

/// Asks the server what the user may do.
#[derive(Clone, Debug)]
pub struct Access {
    client: Client,
    known: Arc<Mutex<HashMap<Question, (Instant, Verdict)>>>,
}

/// One rule of what the user may do in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// Verbs; `*` is all.
    pub verbs: Vec<Untrusted>,
    /// Groups; `*` is all.
    pub api_groups: Vec<Untrusted>,
    /// Resources; `*` is all.
    pub resources: Vec<Untrusted>,
    /// Names; empty is all.
    pub resource_names: Vec<Untrusted>,
}

/// What the user may do in a namespace: for hints only, servers may not know all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rules {
    /// The rules.
    pub resource_rules: Vec<Rule>,
    /// Whether the server says that there may be more.
    pub incomplete: bool,
}

impl Access {
    /// Makes one with nothing known.
    pub fn new(client: Client) -> Self {
        Self { client, known: Arc::default() }
    }

    /// Asks whether something is allowed.
    pub async fn may(&self, question: &Question) -> Result<Verdict> {
        if let Some((at, verdict)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(question)
            && at.elapsed() < BELIEVED
        {
            return Ok(verdict.clone());
        }
        let q = question;
        let body = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": q.verb, "group": q.group, "resource": q.resource, "subresource": q.subresource,
                "namespace": q.namespace, "name": q.name,
            }},
        });
        let said = self.client.review(Review::Access, &body).await?;
        let allowed = said.pointer("/status/allowed").and_then(serde_json::Value::as_bool);
        let Some(allowed) = allowed else {
            return Err(Error::new(Kind::Decode, "ask for rights").detail("the answer has no status.allowed"));
        };
        let reason = said.pointer("/status/reason").and_then(serde_json::Value::as_str).unwrap_or("");
        let verdict = Verdict { allowed, reason: Untrusted::from(reason) };
        self.remember(question, &verdict);
        Ok(verdict)
    }

    fn remember(&self, question: &Question, verdict: &Verdict) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(question.clone(), (Instant::now(), verdict.clone()));
    }

    /// Asks whether a kind may be listed, in one namespace or in all.
    pub async fn may_list(&self, resource: Resource, namespace: Option<&str>) -> Result<bool> {
        Ok(self.may(&Question::of("list", resource, namespace)).await?.allowed)
    }

    /// Asks whether a source can be queried through the service proxy: by GET, and by POST too.
    ///
    /// `segment` is the name as it stands in the path, `https:prometheus:9090`: rules may name it.
    pub async fn may_proxy(&self, namespace: &str, segment: &str) -> Result<(bool, bool)> {
        let ask = |verb| Question::of(verb, Resource::Service, Some(namespace)).below("proxy").named(segment);
        let (get, create) = (ask("get"), ask("create"));
        let (get, create) = try_join(self.may(&get), self.may(&create)).await?;
        Ok((get.allowed, create.allowed))
    }

    /// Asks whether ports of pods can be forwarded: by WebSocket that takes `get`, and on newer servers
    /// `create` as well.
    pub async fn may_forward(&self, namespace: &str) -> Result<bool> {
        let ask = |verb| Question::of(verb, Resource::Pod, Some(namespace)).below("portforward");
        let (get, create) = (ask("get"), ask("create"));
        let (get, create) = try_join(self.may(&get), self.may(&create)).await?;
        Ok(get.allowed && create.allowed)
    }

    /// Asks for all rules of a namespace.
    pub async fn rules(&self, namespace: &str) -> Result<Rules> {
        let body = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        });
        let said = self.client.review(Review::Rules, &body).await?;
        let status = said.get("status").cloned().unwrap_or_default();
        serde_json::from_value(status).map_err(|_| {
            Error::new(Kind::Decode, "ask for rights").on(namespace).detail("the rules are unreadable")
        })
    }

    /// Forgets what is known.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::sources::kube::testing::{Server, json};

    #[tokio::test(start_paused = true)]
    async fn each_question_is_asked_once_a_minute() {
        let server = Server::new(|request| {
            let asked: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            let verb = &asked["spec"]["resourceAttributes"]["verb"];
            json(201, &serde_json::json!({"status": {"allowed": verb != "create", "reason": "RBAC"}}))
        });
        let access = Access::new(server.client());
        for _ in 0..3 {
            assert_eq!(access.may_proxy("m", "https:prom:9090").await, Ok((true, false)));
        }
        assert_eq!((access.may_forward("m").await, server.log().len()), (Ok(false), 4));
        let body: serde_json::Value = serde_json::from_slice(server.requests()[0].body()).unwrap();
        assert_eq!(
            body["spec"]["resourceAttributes"],
            serde_json::json!({"verb": "get", "group": "", "resource": "services", "subresource": "proxy",
                "namespace": "m", "name": "https:prom:9090"})
        );
        tokio::time::advance(BELIEVED).await;
        assert_eq!(access.may_list(Resource::Pod, None).await, Ok(true));
        access.may_forward("m").await.unwrap();
        assert_eq!(server.log().len(), 7);
    }

    #[tokio::test]
    async fn rules_are_read_and_say_when_they_are_not_all() {
        let rules = serde_json::json!({"status": {"incomplete": true, "nonResourceRules": [],
            "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}});
        let server = Server::new(move |_| json(201, &rules));
        let said = Access::new(server.client()).rules("n").await.unwrap();
        assert!(said.incomplete);
        assert_eq!(said.resource_rules[0].resources, [Untrusted::from("pods")]);
        let odd = Server::new(|_| json(201, &serde_json::json!({})));
        let access = Access::new(odd.client());
        assert_eq!(access.may_list(Resource::Pod, None).await.unwrap_err().kind, Kind::Decode);
    }
}
