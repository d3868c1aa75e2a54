//! Requests: paths, queries and media types as the API server reads them.
//!
//! Owns: parsing only. Never looks at the cluster. Tested below and through the server.

use http::header::ACCEPT;
use http::{HeaderMap, Method};

use crate::cluster::kinds::{self, Kind};
use crate::cluster::status::ApiError;

/// What a path leads to.
#[derive(Clone, Debug)]
pub enum Target {
    /// `/version`, `/healthz`, discovery: everything that is not a resource.
    Plain(String),
    /// A resource.
    Resource(Resource),
    /// A review that is posted and answered, such as `selfsubjectaccessreviews`.
    Review(&'static str),
    /// Nothing that this server knows.
    Unknown,
}

/// A path to objects.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The kind.
    pub kind: &'static Kind,
    /// Namespace, empty for cluster-wide kinds and for all namespaces.
    pub namespace: String,
    /// Name, empty for collections.
    pub name: String,
    /// Subresource, empty for the object itself.
    pub subresource: String,
    /// What follows the subresource (of `proxy`).
    pub rest: String,
}

/// Reviews that the server answers: group and plural.
pub const REVIEWS: [(&str, &str, &str); 4] = [
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
];

/// Reads a path.
pub fn target(path: &str) -> Target {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Target::Plain(path.to_owned()),
    };
    if rest == [""] {
        return Target::Plain(path.trim_end_matches('/').to_owned());
    }
    if version == "v1"
        && let [plural] = rest
        && let Some((_, plural, _)) = REVIEWS.iter().find(|(g, p, _)| *g == group && p == plural)
    {
        return Target::Review(plural);
    }
    resource(group, version, rest).map_or(Target::Unknown, Target::Resource)
}

fn resource(group: &str, version: &str, parts: &[&str]) -> Option<Resource> {
    let (namespace, rest) = match parts {
        ["namespaces", ns, plural, ..] if *plural != "status" && *plural != "finalize" => {
            (*ns, parts.get(2..).unwrap_or_default())
        }
        _ => ("", parts),
    };
    let (plural, rest) = rest.split_first()?;
    let kind = kinds::find(group, version, plural)?;
    if !namespace.is_empty() && !kind.namespaced {
        return None;
    }
    let name = rest.first().copied().unwrap_or("");
    let subresource = rest.get(1).copied().unwrap_or("");
    if !subresource.is_empty() && !kind.subresources.contains(&subresource) {
        return None;
    }
    let tail = rest.get(2..).unwrap_or_default().join("/");
    if !tail.is_empty() && subresource != "proxy" {
        return None;
    }
    let owned = |s: &str| decode(s);
    Some(Resource {
        kind,
        namespace: owned(namespace),
        name: owned(name),
        subresource: subresource.to_owned(),
        rest: tail,
    })
}

fn decode(part: &str) -> String {
    // A lone `key` of a form is decoded as paths are, but for `+`.
    let guarded = part.replace('+', "%2B");
    url::form_urlencoded::parse(guarded.as_bytes()).next().map(|(k, _)| k.into_owned()).unwrap_or_default()
}

/// A query string.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Returns the first value of a parameter, empty when there is none.
    pub fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    /// Returns whether a parameter is true.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "1" | "t" | "True" | "TRUE")
    }

    /// Returns a parameter as a number.
    pub fn number(&self, key: &str) -> Result<Option<i64>, ApiError> {
        let text = self.get(key);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            ApiError::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))
        })
    }

    /// Returns whether the request is a dry run.
    pub fn dry_run(&self) -> Result<bool, ApiError> {
        match self.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                let text = format!("Unsupported value: \"{other}\": supported values: \"All\"");
                let cause = ("dryRun", "FieldValueNotSupported", text.as_str());
                Err(ApiError::invalid_options("PatchOptions", "meta.k8s.io", &[cause]))
            }
        }
    }
}

/// The verb that RBAC knows for a request.
pub fn verb(method: &Method, resource: &Resource, query: &Query) -> &'static str {
    let one = !resource.name.is_empty();
    match *method {
        Method::GET | Method::HEAD if one => "get",
        Method::GET | Method::HEAD if query.flag("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if one => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

/// How objects are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

/// What is made of objects before they are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// Nothing.
    Object,
    /// A `Table`, as `kubectl get` asks for.
    Table,
    /// Their metadata alone.
    Metadata,
}

/// The answer's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The encoding.
    pub format: Format,
    /// The transformation.
    pub shape: As,
}

/// JSON objects.
pub const PLAIN: Form = Form { format: Format::Json, shape: As::Object };

const SUPPORTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Chooses the first form of the `Accept` header that the server has, protobuf only where it is spoken.
pub fn negotiate(headers: &HeaderMap, protobuf: bool) -> Result<Form, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    for choice in accept.split(',') {
        let mut parts = choice.split(';').map(str::trim);
        let media = parts.next().unwrap_or("");
        let format = match media {
            "application/json" | "*/*" | "application/*" | "" => Format::Json,
            "application/vnd.kubernetes.protobuf" if protobuf => Format::Protobuf,
            _ => continue,
        };
        let (mut kind, mut group, mut version) = ("", "", "");
        for (key, value) in parts.filter_map(|p| p.split_once('=')) {
            match key.trim() {
                "as" => kind = value.trim(),
                "g" => group = value.trim(),
                "v" => version = value.trim(),
                _ => {}
            }
        }
        let shape = match (kind, group, version) {
            ("", ..) => As::Object,
            ("Table", "meta.k8s.io", "v1") if format == Format::Json => As::Table,
            ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1") => As::Metadata,
            _ => continue,
        };
        return Ok(Form { format, shape });
    }
    Err(ApiError::not_acceptable(SUPPORTED))
}

/// Returns the manager of a write: the parameter, else the user agent up to its first slash.
pub fn manager(query: &Query, headers: &HeaderMap) -> String {
    let named = query.get("fieldManager");
    if !named.is_empty() {
        return named.to_owned();
    }
    let agent = headers.get(http::header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("unknown");
    agent.split('/').next().unwrap_or("unknown").chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(path: &str) -> Option<(&'static str, String, String, String, String)> {
        match target(path) {
            Target::Resource(r) => Some((r.kind.plural, r.namespace, r.name, r.subresource, r.rest)),
            _ => None,
        }
    }

    #[test]
    fn paths_lead_to_resources() {
        let is = |p: &'static str, n: &str, name: &str, sub: &str, rest: &str| {
            Some((p, n.to_owned(), name.to_owned(), sub.to_owned(), rest.to_owned()))
        };
        assert_eq!(at("/api/v1/pods"), is("pods", "", "", "", ""));
        assert_eq!(at("/api/v1/namespaces/a"), is("namespaces", "", "a", "", ""));
        assert_eq!(at("/api/v1/namespaces/a/pods/b/log"), is("pods", "a", "b", "log", ""));
        assert_eq!(at("/apis/apps/v1/namespaces/a/deployments"), is("deployments", "a", "", "", ""));
        assert_eq!(
            at("/api/v1/namespaces/m/services/http:loki:3100/proxy/loki/api/v1/labels"),
            is("services", "m", "http:loki:3100", "proxy", "loki/api/v1/labels")
        );
        assert_eq!(at("/apis/apps/v1/unknowns"), None);
        assert_eq!(at("/api/v1/namespaces/a/nodes"), None);
    }

    #[test]
    fn the_first_known_form_of_the_accept_header_is_taken() {
        let form = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("a header"));
            negotiate(&headers, true).map_err(|e| e.code)
        };
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(form(table), Ok(Form { format: Format::Json, shape: As::Table }));
        let proto = "application/vnd.kubernetes.protobuf, */*";
        assert_eq!(form(proto), Ok(Form { format: Format::Protobuf, shape: As::Object }));
        assert_eq!(form("text/html"), Err(406));
    }
}
