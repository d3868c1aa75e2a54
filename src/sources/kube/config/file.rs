//! The kubeconfig's format, read leniently: unknown fields are ignored, `null` is the same as absent.
//!
//! Never follows a path or runs anything. An unreadable file is told by its line and column only,
//! because the text around it may be a token.

use serde::Deserialize;

use crate::core::{Error, Kind, Result, Untrusted};

/// The most bytes of one kubeconfig file.
pub const LARGEST: u64 = 4 << 20;

/// One file, or several merged.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Document {
    pub clusters: Option<Vec<Named<Cluster>>>,
    pub users: Option<Vec<Named<User>>>,
    pub contexts: Option<Vec<Named<Context>>>,
    #[serde(rename = "current-context")]
    pub current_context: Option<String>,
}

/// A named entry; the value's field name differs by list.
#[derive(Deserialize)]
pub struct Named<T> {
    #[serde(default)]
    pub name: String,
    #[serde(alias = "cluster", alias = "user", alias = "context", default = "Option::default")]
    pub value: Option<T>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Context {
    pub cluster: String,
    pub user: String,
    pub namespace: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Cluster {
    pub server: Option<String>,
    pub insecure_skip_tls_verify: Option<bool>,
    pub certificate_authority: Option<String>,
    pub certificate_authority_data: Option<String>,
    pub proxy_url: Option<String>,
    pub disable_compression: Option<bool>,
    pub tls_server_name: Option<String>,
    pub extensions: Option<Vec<Extension>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Extension {
    pub name: String,
    pub extension: Option<serde_json::Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct User {
    pub username: Option<String>,
    pub password: Option<String>,
    pub token: Option<String>,
    #[serde(rename = "tokenFile")]
    pub token_file: Option<String>,
    pub client_certificate: Option<String>,
    pub client_certificate_data: Option<String>,
    pub client_key: Option<String>,
    pub client_key_data: Option<String>,
    #[serde(rename = "as")]
    pub impersonate: Option<String>,
    #[serde(rename = "as-uid")]
    pub impersonate_uid: Option<String>,
    #[serde(rename = "as-groups")]
    pub impersonate_groups: Option<Vec<String>>,
    #[serde(rename = "as-user-extra")]
    pub impersonate_extra: Option<std::collections::BTreeMap<String, Vec<String>>>,
    pub auth_provider: Option<AuthProvider>,
    pub exec: Option<Exec>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuthProvider {
    pub name: String,
    pub config: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Exec {
    pub api_version: Option<String>,
    pub command: Option<String>,
    pub args: Option<Vec<String>>,
    pub env: Option<Vec<Variable>>,
    pub install_hint: Option<String>,
    pub interactive_mode: Option<String>,
    pub provide_cluster_info: Option<bool>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

/// Reads one kubeconfig.
pub fn parse(text: &str, on: &Untrusted) -> Result<Document> {
    if text.trim().is_empty() {
        return Ok(Document::default());
    }
    let budget = serde_saphyr::budget! {
        max_depth: 32,
        max_events: 400_000,
        max_aliases: 100,
        max_anchors: 100,
        max_documents: 1,
    };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    // A JSON kubeconfig is YAML too.
    let read: Result<Option<Document>, _> = serde_saphyr::from_str_with_options(text, options);
    read.map(Option::unwrap_or_default).map_err(|error| {
        let place = error.location().map_or_else(
            || "somewhere in it".to_owned(),
            |at| format!("at line {} column {}", at.line(), at.column()),
        );
        Error::new(Kind::Config, "read the kubeconfig")
            .on(on.clone())
            .detail(format!("it is not a kubeconfig, {place}"))
            .hint("`kubectl config view` says more")
    })
}
