//! A transport for tests: a function answers, and what was asked is kept.

use std::sync::{Arc, Mutex};

use crate::core::{Result, Span, Untrusted};
use crate::sources::transport::{
    Answer, Request, Sending, SendingOnce, SharedTransport, Transport, Unanswered, Write,
};
use crate::store::health::Via;

type Handler = dyn Fn(&Request) -> Result<Answer> + Send + Sync;

/// See the module.
pub(crate) struct Fake {
    handler: Box<Handler>,
    asked: Mutex<Vec<Request>>,
}

impl Fake {
    pub(crate) fn new(handler: impl Fn(&Request) -> Result<Answer> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { handler: Box::new(handler), asked: Mutex::new(Vec::new()) })
    }

    /// Answers everything with the same body.
    pub(crate) fn always(status: u16, content_type: &str, body: &str) -> SharedTransport {
        let made = answer(status, content_type, body);
        Self::new(move |_| Ok(made.clone()))
    }

    /// What was asked so far: `GET /path` or `POST /path form`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let print = |r: &Request| match &r.form {
            Some(form) => format!("{} {} {form}", r.method, r.path),
            None => format!("{} {}", r.method, r.path),
        };
        self.asked.lock().unwrap().iter().map(print).collect()
    }
}

/// Returns an answer.
pub(crate) fn answer(status: u16, content_type: &str, body: &str) -> Answer {
    Answer {
        status,
        content_type: Some(content_type.to_owned()),
        body: body.to_owned().into(),
        took: Span::millis(3),
    }
}

/// Returns the parameters of a request, of its query and its form.
pub(crate) fn parameters(request: &Request) -> Vec<(String, String)> {
    let query = request.path.split_once('?').map_or("", |(_, q)| q);
    let form = request.form.as_deref().unwrap_or("");
    [query, form].iter().flat_map(|t| url::form_urlencoded::parse(t.as_bytes()).into_owned()).collect()
}

impl Transport for Fake {
    fn send(&self, request: Request) -> Sending<'_> {
        let answer = (self.handler)(&request);
        self.asked.lock().unwrap().push(request);
        Box::pin(std::future::ready(answer))
    }

    /// Writes are answered by the same function, their body in the form's place; its error is a lost reply, unless it
    /// is that nobody was reached.
    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        let Write { method, path, headers, json, limit, cap } = write;
        let request = Request { method, path, headers, form: json, limit, cap };
        let answer = (self.handler)(&request).map_err(|error| {
            let maybe_sent = error.kind != crate::core::Kind::Unreachable;
            Unanswered { error, maybe_sent }
        });
        self.asked.lock().unwrap().push(request);
        Box::pin(std::future::ready(answer))
    }

    fn via(&self) -> Via {
        Via::Direct
    }

    fn address(&self) -> Untrusted {
        "http://fake".into()
    }
}
