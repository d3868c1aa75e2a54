//! The shape of `config.toml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::source::Way;
use super::{LogLevel, Readonly};
use crate::core::time::Weekday;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneralDe {
    pub theme: Option<String>,
    pub keymap: Option<String>,
    pub zone: Option<Spanned<String>>,
    pub context: Option<String>,
    #[serde(default)]
    pub log: LogLevel,
    #[serde(default)]
    pub allow_plain_secrets: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextDe {
    pub protected: Option<bool>,
    #[serde(default)]
    pub readonly: Readonly,
    pub namespace: Option<String>,
    #[serde(default)]
    pub clusters: Vec<String>,
}

/// Days and clocks may be written as texts or as TOML's own dates and times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeDe {
    pub name: Spanned<String>,
    #[serde(default)]
    pub contexts: Vec<Spanned<String>>,
    pub days: Option<Spanned<Vec<Weekday>>>,
    pub from: Option<Spanned<toml::Value>>,
    pub to: Option<Spanned<toml::Value>>,
    pub until: Option<Spanned<toml::Value>>,
    pub zone: Option<Spanned<String>>,
    pub start: Option<Spanned<toml::Value>>,
    pub end: Option<Spanned<toml::Value>>,
    #[serde(rename = "override")]
    pub overridable: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDe {
    pub name: Option<Spanned<String>>,
    pub url: Option<Spanned<String>>,
    pub service: Option<Spanned<String>>,
    #[serde(default)]
    pub via: Way,
    #[serde(default)]
    pub prefix: String,
    pub tenant: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, Spanned<SecretDe>>,
    pub basic: Option<Spanned<BasicDe>>,
    pub bearer: Option<Spanned<SecretDe>>,
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<Spanned<String>>,
    #[serde(default)]
    pub insecure: bool,
    pub timeout: Option<Spanned<String>>,
    pub proxy: Option<Spanned<String>>,
    #[serde(default)]
    pub contexts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryDe {
    pub name: Spanned<String>,
    pub url: Spanned<String>,
    #[serde(default)]
    pub charts: Vec<String>,
    pub pipeline: Option<Spanned<String>>,
    #[serde(default)]
    pub headers: BTreeMap<String, Spanned<SecretDe>>,
    pub basic: Option<Spanned<BasicDe>>,
    pub bearer: Option<Spanned<SecretDe>>,
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<Spanned<String>>,
    #[serde(default)]
    pub insecure: bool,
    pub timeout: Option<Spanned<String>>,
    pub proxy: Option<Spanned<String>>,
    #[serde(default)]
    pub contexts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicDe {
    pub user: String,
    pub password: Spanned<SecretDe>,
}

/// `{ env = "NAME" }`, `{ file = "path" }`, `{ command = ["program", "argument"] }`, or the secret itself.
pub enum SecretDe {
    Env(String),
    File(String),
    Command(Vec<String>),
    Plain(String),
}

impl<'de> Deserialize<'de> for SecretDe {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = SecretDe;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("where the secret is: { env = … }, { file = … } or { command = [ … ] }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretDe, E> {
                Ok(SecretDe::Plain(text.to_owned()))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<SecretDe, A::Error> {
                use serde::de::Error as _;
                const KEYS: &[&str] = &["env", "file", "command"];
                let none = || A::Error::custom("a secret is had from one place: env, file or command");
                let secret = match map.next_key::<String>()?.ok_or_else(none)?.as_str() {
                    "env" => SecretDe::Env(map.next_value()?),
                    "file" => SecretDe::File(map.next_value()?),
                    "command" => SecretDe::Command(map.next_value()?),
                    other => return Err(A::Error::unknown_field(other, KEYS)),
                };
                if map.next_key::<String>()?.is_some() {
                    return Err(none());
                }
                Ok(secret)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
