//! The API server's service proxy.

use deckwatch_wire::Status;
use http::Method;

use super::Backend;
use crate::core::{Error, Kind, Result, Untrusted};
use crate::sources::kube::answer;
use crate::sources::kube::client::{Client, Reply};
use crate::sources::transport::{
    Answer, Proxied, Request, Sending, SendingOnce, Transport, Unanswered, Write,
};
use crate::store::health::Via;

/// Reaches a service through the API server.
#[derive(Clone, Debug)]
pub struct ServiceProxy {
    client: Client,
    backend: Backend,
}

impl ServiceProxy {
    /// Makes one; nothing is sent yet.
    pub fn new(client: Client, backend: Backend) -> Self {
        Self { client, backend }
    }

    async fn ask(&self, request: Request) -> Result<Answer> {
        let backend = &self.backend;
        if request.method != Method::GET && (request.method != Method::POST || request.form.is_none()) {
            return Err(backend
                .error(Kind::Refused, "ask a source")
                .detail("only queries are sent this way"));
        }
        let path = self.path(&request.path)?;
        let form = request.form.filter(|_| request.method == Method::POST);
        let reply = self.client.proxied(&path, request.headers, form, request.limit, request.cap).await?;
        match own_words(&reply) {
            Some(said) => Err(self.refused(&reply, &said, "get and create")),
            None => Ok(Answer {
                status: reply.status,
                content_type: reply.header(&http::header::CONTENT_TYPE).map(str::to_owned),
                body: reply.body,
                took: reply.took,
            }),
        }
    }

    fn path(&self, below: &str) -> Result<String> {
        let Backend { namespace, .. } = &self.backend;
        let base = format!("/api/v1/namespaces/{namespace}/services/{}/proxy", self.backend.segment());
        Ok(format!("{base}{}", self.backend.path(below)?))
    }

    async fn once(&self, write: Write) -> Result<Answer, Unanswered> {
        let wrong = |e: &dyn std::fmt::Display| {
            let error = self.backend.error(Kind::Internal, "build a request").detail(e.to_string());
            Unanswered::unsent(error)
        };
        let mut made = http::Request::builder()
            .method(write.method)
            .uri(self.path(&write.path).map_err(Unanswered::unsent)?);
        for (name, value) in &write.headers {
            made = made.header(name, value);
        }
        if write.json.is_some() {
            made = made.header(http::header::CONTENT_TYPE, "application/json");
        }
        let made = made.body(write.json.unwrap_or_default().into()).map_err(|e| wrong(&e))?;
        let sent = self.client.raw_service().send_once(made, write.limit, write.cap).await;
        let reply = sent.map_err(|f| Unanswered { error: f.error, maybe_sent: f.maybe_sent })?;
        if let Some(said) = own_words(&reply) {
            // What it refuses it has not passed on; of what it could not pass on, only a dial that failed tells as much.
            let maybe_sent = reply.status >= 500 && !never_reached(&reply.body);
            let error = self.refused(&reply, &said, "create and delete");
            return Err(Unanswered { error, maybe_sent });
        }
        let (content_type, status, took) = (reply.content_type().to_owned(), reply.status, reply.took);
        Ok(Answer { status, content_type: Some(content_type), body: reply.body, took })
    }

    fn refused(&self, reply: &Reply, said: &Said, verbs: &str) -> Error {
        let backend = &self.backend;
        let what = "ask through the service proxy";
        match said {
            Said::Refusal(status) => {
                let kind = match reply.status {
                    401 => Kind::Auth,
                    403 => Kind::Denied,
                    404 => Kind::NotFound,
                    429 => Kind::Throttled,
                    503 => Kind::Unreachable,
                    _ => Kind::Server,
                };
                let error =
                    backend.error(kind, what).detail(format!("{} ({})", status.message, reply.status));
                match kind {
                    Kind::Denied => error.hint(format!(
                        "ask for {verbs} on services/proxy named {} in namespace {}",
                        backend.segment(),
                        backend.namespace
                    )),
                    Kind::Unreachable => error.hint(WAY),
                    _ => error,
                }
            }
            Said::NoWay(text) => backend.error(Kind::Unreachable, what).detail(text.as_str()).hint(WAY),
        }
    }
}

const WAY: &str = "the API server does not get through to the pods: is one ready? a network policy may forbid it \
where a port-forward works";

impl Transport for ServiceProxy {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.ask(request))
    }

    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        Box::pin(self.once(write))
    }

    fn proxied(&self) -> Option<Proxied> {
        let namespace = self.backend.namespace.to_string();
        Some(Proxied { namespace, segment: self.backend.segment() })
    }

    fn via(&self) -> Via {
        Via::ServiceProxy
    }

    fn address(&self) -> Untrusted {
        self.backend.address()
    }
}

/// Returns whether the API server says that no connection to the service was made.
fn never_reached(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
    ["no endpoints available for service", "dial tcp"].iter().any(|words| text.contains(words))
}

/// What the API server itself says in place of the service.
enum Said {
    /// A `Status`.
    Refusal(Box<Status>),
    /// Plain text about the way to the pod.
    NoWay(String),
}

/// Tells the API server's own answer from one of the service behind it.
fn own_words(reply: &Reply) -> Option<Said> {
    if reply.status < 400 {
        return None;
    }
    let status = answer::server_status(reply.content_type(), &reply.body);
    if let Some(status) = status.filter(|s| s.status == "Failure") {
        return Some(Said::Refusal(Box::new(status)));
    }
    let head = String::from_utf8_lossy(reply.body.get(..600).unwrap_or(&reply.body)).into_owned();
    let own = ["error trying to reach service", "Error trying to reach service"]
        .iter()
        .any(|s| head.starts_with(s))
        || (head.starts_with("Error: '") && head.contains("Trying to reach: '"));
    (own && matches!(reply.status, 502..=504)).then_some(Said::NoWay(head))
}
