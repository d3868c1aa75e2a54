//! A silence as the Alertmanager tells it.

use serde_json::Value;

use super::SilenceId;
use crate::core::{Ts, Untrusted};
use crate::query::matcher::Matcher;

/// A silence in the Alertmanager's own JSON, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a>(pub &'a Value);

impl<'a> Live<'a> {
    fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn time(self, key: &str) -> Option<Ts> {
        Ts::parse_rfc3339(self.text(key))
    }

    /// Returns its id.
    pub fn id(self) -> Option<SilenceId> {
        SilenceId::parse(self.text("id"))
    }

    /// Returns `active`, `pending` or `expired`; empty where it is not told.
    pub fn state(self) -> &'a str {
        self.0.pointer("/status/state").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns its matchers, all of which must match; none where one of them is not understood.
    pub fn matchers(self) -> Option<Vec<Matcher>> {
        let list = self.0.get("matchers")?.as_array()?;
        list.iter().map(|m| serde_json::from_value(m.clone()).ok()).collect()
    }

    /// Returns when it begins.
    pub fn starts_at(self) -> Option<Ts> {
        self.time("startsAt")
    }

    /// Returns when it ends.
    pub fn ends_at(self) -> Option<Ts> {
        self.time("endsAt")
    }

    /// Returns when it was changed last.
    pub fn updated_at(self) -> Option<Ts> {
        self.time("updatedAt")
    }

    /// Returns who made it.
    pub fn created_by(self) -> Untrusted {
        self.text("createdBy").into()
    }

    /// Returns why.
    pub fn comment(self) -> Untrusted {
        self.text("comment").into()
    }
}
