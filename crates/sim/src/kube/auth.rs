//! Who asks, and what they may do.
//!
//! Owns: bearer tokens, the rights of the stand's users, reviews of them. The words of a refusal
//! are the API server's. Tested through the server.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::faults::Faults;
use crate::cluster::json::text;
use crate::cluster::kinds::KINDS;
use crate::cluster::status::ApiError;

/// What a user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Reading everything but Secrets.
    Reader,
    /// Reading one namespace, without Secrets.
    Confined(String),
    /// Nothing: whoever has no rights here, but may be acted as.
    Nobody,
}

impl Role {
    /// Returns the groups that the stand's users are in.
    pub fn groups(&self) -> Vec<String> {
        let masters = (*self == Self::Admin).then_some("system:masters");
        masters.into_iter().chain(["system:authenticated"]).map(str::to_owned).collect()
    }
}

/// A user of the stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Bearer token.
    pub token: String,
    /// Rights.
    pub role: Role,
}

/// An action that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// Verb.
    pub verb: &'a str,
    /// API group.
    pub group: &'a str,
    /// Plural with subresource: `pods/log`.
    pub resource: &'a str,
    /// Namespace, empty for all.
    pub namespace: &'a str,
    /// Name, empty for collections.
    pub name: &'a str,
}

/// What stands before the paths of a kubeconfig's server: this and a token.
///
/// Clients built on client-go send no credentials without TLS, so the address itself is one.
pub const PREFIX: &str = "/k8s/clusters/";

/// Returns the token that a path begins with, and the path behind it.
pub fn unprefixed(path: &str) -> (&str, &str) {
    let Some(rest) = path.strip_prefix(PREFIX) else { return ("", path) };
    rest.find('/').map_or((rest, "/"), |end| rest.split_at(end))
}

/// Returns the user of a request: by its header, else by its address.
pub fn user<'a>(users: &'a [User], headers: &HeaderMap, address: &str) -> Result<&'a User, ApiError> {
    let token = match headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()) {
        Some(header) => header.strip_prefix("Bearer ").unwrap_or(""),
        None => address,
    };
    users.iter().find(|u| u.token == token && !token.is_empty()).ok_or_else(ApiError::unauthorized)
}

/// Who a request is answered as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller<'a> {
    /// The user.
    pub user: Cow<'a, User>,
    /// Its uid, where it has one.
    pub uid: String,
    /// Its groups.
    pub groups: Vec<String>,
}

/// Returns whom a user acts as: itself, or whom the headers of impersonation name. Only an administrator may.
pub fn caller<'a>(
    users: &'a [User],
    user: &'a User,
    headers: &HeaderMap,
    faults: &Faults,
) -> Result<Caller<'a>, ApiError> {
    let value = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let wanted = value("impersonate-user");
    if wanted.is_empty() {
        let groups = user.role.groups();
        return Ok(Caller { user: Cow::Borrowed(user), uid: String::new(), groups });
    }
    let mut action =
        Action { verb: "impersonate", group: "", resource: "users", namespace: "", name: &wanted };
    check(user, faults, action)?;
    let named: Vec<String> = headers
        .get_all("impersonate-group")
        .iter()
        .filter_map(|v| v.to_str().ok().map(str::to_owned))
        .collect();
    for name in &named {
        action = Action { resource: "groups", name, ..action };
        check(user, faults, action)?;
    }
    let known = users.iter().find(|u| u.name == wanted).map(Cow::Borrowed);
    let nobody = || Cow::Owned(User { name: wanted.clone(), token: String::new(), role: Role::Nobody });
    let authenticated = "system:authenticated".to_owned();
    let groups = named.into_iter().filter(|g| *g != authenticated).chain([authenticated.clone()]).collect();
    Ok(Caller { user: known.unwrap_or_else(nobody), uid: value("impersonate-uid"), groups })
}

/// Returns whether a user may do something.
pub fn may(user: &User, faults: &Faults, action: Action<'_>) -> bool {
    if faults.denies(action.verb, action.resource, action.namespace) {
        return false;
    }
    let reads = matches!(action.verb, "get" | "list" | "watch");
    let secret = action.resource == "secrets";
    let (known, proxied) = (
        matches!(action.resource.split('/').nth(1), None | Some("log" | "status" | "scale")),
        action.resource.ends_with("/proxy") || action.resource.ends_with("/portforward"),
    );
    match &user.role {
        Role::Admin => true,
        Role::Nobody => false,
        Role::Reader => reads && !secret && known && !proxied,
        Role::Confined(ns) => {
            reads && !secret && known && action.namespace == ns && action.resource != "nodes"
        }
    }
}

/// Refuses what a user may not do.
pub fn check(user: &User, faults: &Faults, action: Action<'_>) -> Result<(), ApiError> {
    if may(user, faults, action) {
        return Ok(());
    }
    let Action { verb, group, resource, namespace, name } = action;
    let plural = resource.split('/').next().unwrap_or(resource);
    let dotted = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
    let subject = if name.is_empty() { dotted } else { format!("{dotted} \"{name}\"") };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let message = format!(
        "{subject} is forbidden: User \"{}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}",
        user.name
    );
    Err(ApiError::forbidden(message, plural, group, name))
}

/// Answers a review that a user has posted.
pub fn review(caller: &Caller<'_>, faults: &Faults, plural: &str, posted: &Value) -> Value {
    let user = &*caller.user;
    let mut answer = posted.clone();
    let (group, kind) =
        super::request::REVIEWS.iter().find(|(_, p, _)| *p == plural).map_or(("", ""), |(g, _, k)| (*g, *k));
    crate::cluster::json::set(&mut answer, &["apiVersion"], format!("{group}/v1"));
    crate::cluster::json::set(&mut answer, &["kind"], kind);
    let status = match plural {
        "selfsubjectreviews" => {
            let mut info = json!({ "username": user.name, "groups": caller.groups });
            if !caller.uid.is_empty() {
                crate::cluster::json::set(&mut info, &["uid"], caller.uid.as_str());
            }
            json!({ "userInfo": info })
        }
        "selfsubjectrulesreviews" => rules(user, faults, text(posted, &["spec", "namespace"])),
        _ => access(user, faults, &posted["spec"]),
    };
    crate::cluster::json::set(&mut answer, &["status"], status);
    answer
}

fn access(user: &User, faults: &Faults, spec: &Value) -> Value {
    let asked = &spec["resourceAttributes"];
    if asked.is_null() {
        return json!({ "allowed": true });
    }
    let (plural, sub) = (text(asked, &["resource"]), text(asked, &["subresource"]));
    let resource = if sub.is_empty() { plural.to_owned() } else { format!("{plural}/{sub}") };
    let action = Action {
        verb: text(asked, &["verb"]),
        group: text(asked, &["group"]),
        resource: &resource,
        namespace: text(asked, &["namespace"]),
        name: text(asked, &["name"]),
    };
    json!({ "allowed": may(user, faults, action) })
}

fn rules(user: &User, faults: &Faults, namespace: &str) -> Value {
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    let mut rules = Vec::new();
    for info in KINDS {
        let subs = info.subresources.iter().map(|s| format!("{}/{s}", info.plural));
        for resource in std::iter::once(info.plural.to_owned()).chain(subs) {
            let action = |verb| Action { verb, group: info.group, resource: &resource, namespace, name: "" };
            let allowed: Vec<&str> = verbs.iter().copied().filter(|v| may(user, faults, action(v))).collect();
            if !allowed.is_empty() {
                rules.push(json!({ "verbs": allowed, "apiGroups": [info.group], "resources": [resource] }));
            }
        }
    }
    json!({
        "resourceRules": rules,
        "nonResourceRules": [{ "verbs": ["get"], "nonResourceURLs": ["*"] }],
        "incomplete": false,
    })
}
