//! Pushes lines to Loki with Promtail's labels: in order, repeated until taken. Owns the request;
//! what Loki refuses as wrong is reported and left out, since repeating it would never end.

use std::collections::BTreeMap;
use std::time::Duration;

use deckwatch_sim::loki::source::promtail;
use deckwatch_sim::shop::labels::Labels;
use deckwatch_sim::shop::logs::Entry;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Failure, report};

/// Lines of one request at most.
const BATCH: usize = 2_000;
/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(5);

/// A Loki.
pub struct Loki {
    client: reqwest::Client,
    url: String,
}

impl Loki {
    /// Returns the Loki at a base address.
    pub fn new(base: &str) -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(15))
            .build()?;
        Ok(Self { client, url: format!("{}/loki/api/v1/push", base.trim_end_matches('/')) })
    }

    /// Pushes entries until Loki has taken them; `false` when `stop` came first.
    pub async fn push(&self, entries: &[Entry], stop: &CancellationToken) -> bool {
        for part in entries.chunks(BATCH) {
            if !self.part(&body(part), stop).await {
                return false;
            }
        }
        true
    }

    async fn part(&self, body: &Value, stop: &CancellationToken) -> bool {
        let mut wait = Duration::from_millis(200);
        loop {
            match self.once(body).await {
                Ok(status) if status < 400 => return true,
                Ok(status) if status < 500 && status != 429 => {
                    report(&format!("{}: {status}; these lines are left out", self.url));
                    return true;
                }
                Ok(status) => report(&format!("{}: {status}; again in {wait:?}", self.url)),
                Err(failure) => report(&format!("{}: {failure}; again in {wait:?}", self.url)),
            }
            if stop.is_cancelled() {
                return false;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST);
        }
    }

    async fn once(&self, body: &Value) -> Result<u16, Failure> {
        let request = self.client.post(&self.url).header("content-type", "application/json");
        Ok(request.body(body.to_string()).send().await?.status().as_u16())
    }
}

/// Returns the document of a push.
fn body(entries: &[Entry]) -> Value {
    let mut streams: BTreeMap<Labels, Vec<Value>> = BTreeMap::new();
    for entry in entries {
        let labels = promtail(&entry.pod, entry.run, entry.line.stream);
        streams.entry(labels).or_default().push(json!([entry.line.at.to_string(), entry.line.text]));
    }
    let stream = |(labels, values): (Labels, Vec<Value>)| json!({"stream": labels.json(), "values": values});
    json!({"streams": streams.into_iter().map(stream).collect::<Vec<_>>()})
}
