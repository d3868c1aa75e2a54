//! A source's credentials and headers on a way that does not add them itself.
//!
//! A direct connection has them built in; the service proxy and a port-forward only carry requests.
//! Which of them a way can carry is decided where it is chosen.

use super::auth::Credentials;
use crate::config::Source;
use crate::core::{Result, Untrusted};
use crate::sources::transport::{
    Answer, Proxied, Request, Sending, SendingOnce, SharedTransport, Transport, Unanswered, Write,
};
use crate::store::health::Via;

/// A way with the headers of one source.
pub struct Dressed {
    inner: SharedTransport,
    credentials: Credentials,
}

impl Dressed {
    /// Returns the way with what the source's configuration says is sent along.
    ///
    /// # Errors
    /// `Config` for a header that HTTP does not allow.
    pub fn new(inner: SharedTransport, source: &Source) -> Result<Self> {
        Ok(Self { inner, credentials: Credentials::of(source)? })
    }

    async fn ask(&self, mut request: Request) -> Result<Answer> {
        let mut headers = self.credentials.headers().await?;
        for (name, value) in std::mem::take(&mut request.headers) {
            headers.insert(name, value);
        }
        request.headers = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let answer = self.inner.send(request).await?;
        if answer.status == 401 {
            self.credentials.forget().await;
        }
        Ok(answer)
    }

    async fn once(&self, mut write: Write) -> Result<Answer, Unanswered> {
        let mut headers = self.credentials.headers().await.map_err(Unanswered::unsent)?;
        headers.extend(std::mem::take(&mut write.headers));
        write.headers = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let answer = self.inner.send_once(write).await?;
        if answer.status == 401 {
            self.credentials.forget().await;
        }
        Ok(answer)
    }
}

impl Transport for Dressed {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.ask(request))
    }

    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        Box::pin(self.once(write))
    }

    fn proxied(&self) -> Option<Proxied> {
        self.inner.proxied()
    }

    fn via(&self) -> Via {
        self.inner.via()
    }

    fn address(&self) -> Untrusted {
        self.inner.address()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::config::Secret;
    use crate::core::Span;
    use crate::sources::http::fake::{Fake, answer};
    use crate::store::health::SourceKind;

    #[tokio::test]
    async fn what_the_configuration_says_is_sent_along_and_the_requests_own_headers_win() {
        let fake = Fake::new(|request| {
            let mut all: Vec<String> =
                request.headers.iter().map(|(k, v)| format!("{k}: {}", v.to_str().unwrap())).collect();
            all.sort();
            Ok(answer(200, "text/plain", &all.join("\n")))
        });
        let plain = |text: &str| Secret::Plain(SecretString::from(text));
        let source = Source {
            tenant: Some("team-a".into()),
            headers: vec![("X-Team".into(), plain("a")), ("Accept".into(), plain("text/plain"))],
            bearer: Some(plain("t0k3n")),
            ..Source::new(SourceKind::Loki, "loki")
        };
        let dressed = Dressed::new(fake, &source).unwrap();
        let request = Request {
            method: http::Method::GET,
            path: "/x".into(),
            headers: vec![(http::header::ACCEPT, "application/json".parse().unwrap())],
            form: None,
            limit: Span::secs(1),
            cap: 1000,
        };
        let said = dressed.send(request).await.unwrap();
        assert_eq!(
            said.body,
            "accept: application/json\nauthorization: Bearer t0k3n\nx-scope-orgid: team-a\nx-team: a"
        );
        assert_eq!((dressed.via(), dressed.address().raw()), (Via::Direct, "http://fake"));
        let bad = Source { headers: vec![("no name".into(), plain("x"))], ..source };
        assert!(Dressed::new(Fake::always(200, "", "") as SharedTransport, &bad).is_err());
    }
}
