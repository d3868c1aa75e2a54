//! Alertmanagers, and the alerts of all places that know of any, merged.
//!
//! Reads alerts, silences and the status; several Alertmanagers are merged by fingerprint, and the
//! rules' own alerts are joined to theirs in [`merge()`]. A place that does not answer is named beside
//! the alerts of those that do. Tested with a scripted transport.

mod decode;
pub mod merge;

use http::Method;

pub use decode::{Silence, SilenceMatcher, Status};
pub use merge::{Overview, Place, merge};

use super::http::page;
use super::prom::{Capped, Prom};
use super::transport::{Answer, Request, SharedTransport};
use crate::core::{Error, Kind, Result, Span, Untrusted};
use crate::query::matcher::Matcher;
use crate::store::alerts::Alert;

const MOST_BYTES: usize = 32 << 20;
const MOST_SILENCES: usize = 20_000;

/// A client of one Alertmanager.
pub struct Alertmanager {
    name: Untrusted,
    transport: SharedTransport,
    limit: Span,
}

/// The alerts of one Alertmanager.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    /// The alerts, each once, in the server's order.
    pub alerts: Vec<Alert>,
    /// Alerts beyond our limit.
    pub dropped: usize,
}

/// The silences of one Alertmanager.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Silences {
    /// The silences, expired ones too.
    pub silences: Vec<Silence>,
    /// Silences beyond our limit.
    pub dropped: usize,
}

/// The silences of one Alertmanager in its own JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SilencesJson {
    /// The silences, expired ones too, active ones first.
    pub silences: Vec<serde_json::Value>,
    /// Silences beyond our limit.
    pub dropped: usize,
}

impl Alertmanager {
    /// Returns a client; `name` is the one that alerts carry in `told_by`.
    pub fn new(name: impl Into<Untrusted>, transport: SharedTransport, limit: Span) -> Self {
        Self { name: name.into(), transport, limit }
    }

    /// Returns its name.
    pub fn name(&self) -> &Untrusted {
        &self.name
    }

    /// Returns how the source is reached.
    pub fn transport(&self) -> &SharedTransport {
        &self.transport
    }

    /// Reads the alerts. `/alerts/groups` is asked, because only it tells of mutes by time intervals;
    /// where there is no such route, `/alerts`.
    ///
    /// # Errors
    /// Those of the way; `Decode` where something else answers.
    pub async fn alerts(&self) -> Result<Alerts> {
        const WHAT: &str = "read alerts";
        let read = |e| self.unreadable(WHAT, e);
        let answer = self.get("/api/v2/alerts/groups").await?;
        if answer.status == 404 {
            let answer = self.get("/api/v2/alerts").await?;
            return decode::alerts(&self.body(WHAT, &answer)?, &self.name).map_err(read);
        }
        decode::groups(&self.body(WHAT, &answer)?, &self.name).map_err(read)
    }

    /// Reads the silences.
    ///
    /// # Errors
    /// As [`Self::alerts`].
    pub async fn silences(&self) -> Result<Silences> {
        const WHAT: &str = "read silences";
        let answer = self.get("/api/v2/silences").await?;
        decode::silences(&self.body(WHAT, &answer)?).map_err(|e| self.unreadable(WHAT, e))
    }

    /// Reads the silences in the Alertmanager's own JSON: expired ones too, in its order.
    ///
    /// # Errors
    /// As [`Self::alerts`].
    pub async fn silences_json(&self) -> Result<SilencesJson> {
        const WHAT: &str = "read silences";
        let answer = self.get("/api/v2/silences").await?;
        let list: Capped<serde_json::Value, MOST_SILENCES> =
            serde_json::from_slice(&self.body(WHAT, &answer)?)
                .map_err(|e| self.unreadable(WHAT, e.to_string()))?;
        Ok(SilencesJson { silences: list.items, dropped: list.dropped })
    }

    /// Reads one silence in the Alertmanager's own JSON; `id` is a UUID. `None` when it is not there.
    ///
    /// # Errors
    /// As [`Self::alerts`].
    pub async fn silence_json(&self, id: &str) -> Result<Option<serde_json::Value>> {
        const WHAT: &str = "read a silence";
        let answer = self.get(&format!("/api/v2/silence/{id}")).await?;
        // The Alertmanager says nothing with it; a page would be somebody else's.
        if answer.status == 404 && answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let silence = serde_json::from_slice(&self.body(WHAT, &answer)?);
        silence.map(Some).map_err(|e| self.unreadable(WHAT, e.to_string()))
    }

    /// Reads the alerts that all of these matchers choose, whatever hides them.
    ///
    /// # Errors
    /// As [`Self::alerts`]; `BadQuery` with the Alertmanager's words for matchers that it does not take.
    pub async fn alerts_of(&self, matchers: &[Matcher]) -> Result<Alerts> {
        const WHAT: &str = "read the alerts that it would hide";
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(matchers.iter().map(|m| ("filter", m.alertmanager())))
            .finish();
        let answer = self.get(&format!("/api/v2/alerts?{query}")).await?;
        decode::alerts(&self.body(WHAT, &answer)?, &self.name).map_err(|e| self.unreadable(WHAT, e))
    }

    /// Reads version, start and peers; the probe of discovery.
    ///
    /// # Errors
    /// As [`Self::alerts`].
    pub async fn status(&self) -> Result<Status> {
        const WHAT: &str = "probe Alertmanager";
        let answer = self.get("/api/v2/status").await?;
        decode::status(&self.body(WHAT, &answer)?).map_err(|e| self.unreadable(WHAT, e))
    }

    async fn get(&self, path: &str) -> Result<Answer> {
        let request = Request {
            method: Method::GET,
            path: path.to_owned(),
            headers: Vec::new(),
            form: None,
            limit: self.limit,
            cap: MOST_BYTES,
        };
        self.transport.send(request).await
    }

    /// Returns the body of a success. Alertmanager's own errors are a JSON string, or an object with a
    /// message; all else is a page of somebody in between.
    fn body(&self, what: &'static str, answer: &Answer) -> Result<bytes::Bytes> {
        if answer.status == 200
            && answer.body.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'[' | b'{'))
        {
            return Ok(answer.body.clone());
        }
        Err(self.refusal(what, answer))
    }

    /// Returns the error that an answer is which is no success.
    pub fn refusal(&self, what: &'static str, answer: &Answer) -> Error {
        match own_words(answer) {
            Some(text) => {
                Error::new(page::kind_of(answer.status), what).on(self.transport.address()).detail(text)
            }
            None => page::error(what, self.transport.address(), answer),
        }
    }

    fn unreadable(&self, what: &'static str, detail: String) -> Error {
        Error::new(Kind::Decode, what).on(self.transport.address()).detail(detail)
    }
}

/// Returns what the Alertmanager itself says in an answer that is no success; `None` where somebody in between, or
/// nobody, says something.
fn own_words(answer: &Answer) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Said {
        Text(String),
        Object { code: i64, message: String },
    }
    let said = match serde_json::from_slice::<Said>(&answer.body) {
        Ok(Said::Text(text)) => Some(text),
        Ok(Said::Object { message, code }) if code != 0 => Some(message),
        _ => None,
    };
    said.filter(|_| !answer.body.windows(15).any(|w| w == b"\"kind\":\"Status\""))
}

/// Returns the Alertmanager's own words that it has not done what was asked: only its handlers answer 500 with a JSON
/// string. Any other failure may be that of somebody in between, who does not know what was done.
pub fn own_failure(answer: &Answer) -> Option<String> {
    (answer.status == 500).then(|| serde_json::from_slice(&answer.body).ok()).flatten()
}

/// A rules API to read alerts from: its client, the path before its own, and the name of the place.
pub struct RulesPlace<'a> {
    /// The name that alerts carry in `told_by`: `rules`, `rules of loki`.
    pub name: Untrusted,
    /// The client.
    pub prom: &'a Prom,
    /// Empty for Prometheus, `/prometheus` for Loki's ruler.
    pub base: &'a str,
}

/// Reads all places at the same time and merges what they tell.
pub async fn overview(managers: &[Alertmanager], rules: &[RulesPlace<'_>]) -> Overview {
    let ask_managers = futures::future::join_all(
        managers.iter().map(|m| async { Place { name: m.name.clone(), answer: m.alerts().await } }),
    );
    let ask_rules = futures::future::join_all(
        rules.iter().map(|r| async { Place { name: r.name.clone(), answer: r.prom.rules(r.base).await } }),
    );
    let (managers, rules) = futures::future::join(ask_managers, ask_rules).await;
    merge(managers, rules)
}

#[cfg(test)]
mod tests;
