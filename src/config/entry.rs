//! One `[[sources.…]]` entry: what it means, and what cannot be.

use std::ops::Range;

use toml::Spanned;

use super::file::Reader;
use super::problem::Problem;
use super::schema::{BasicDe, SecretDe, SourceDe};
use super::source::{Basic, Proxy, Secret, Service, Source, Way};
use crate::core::Span;
use crate::store::health::SourceKind;

impl Reader<'_> {
    pub(super) fn source(
        &mut self,
        kind: SourceKind,
        default: String,
        de: SourceDe,
        whole: Range<usize>,
    ) -> Source {
        let mut source = Source::new(kind, de.name.map_or(default, Spanned::into_inner));
        self.place(&mut source, de.url.as_ref(), de.service.as_ref(), de.via, whole);
        source.prefix = de.prefix;
        source.tenant = de.tenant;
        source.headers = de
            .headers
            .into_iter()
            .map(|(name, value)| {
                let secret = self.header(&name, value);
                (name, secret)
            })
            .collect();
        if let (Some(_), Some(bearer)) = (&de.basic, &de.bearer) {
            self.hinted(bearer.span(), "both basic and bearer", "one request carries one of them");
        }
        source.basic = de.basic.map(|basic| {
            let BasicDe { user, password } = basic.into_inner();
            Basic { user, password: self.secret(password) }
        });
        source.bearer = de.bearer.map(|bearer| self.secret(bearer));
        if let (Some(key), None) = (&de.key, &de.cert) {
            self.hinted(key.span(), "key without cert", "set cert to the file with the client's certificate");
        }
        source.ca = de.ca.map(|path| self.base.resolve(&path));
        source.cert = de.cert.map(|path| self.base.resolve(&path));
        source.key = de.key.map(|path| self.base.resolve(path.get_ref()));
        source.insecure = de.insecure;
        source.contexts = de.contexts;
        if let Some(text) = de.timeout {
            match Span::parse(text.get_ref()).filter(|s| (Span::millis(100)..=Span::mins(5)).contains(s)) {
                Some(limit) => source.timeout = limit,
                None => self.hinted(text.span(), "not a time limit", "from `100ms` to `5m`, as in `10s`"),
            }
        }
        if let Some(text) = de.proxy {
            source.proxy = match text.get_ref().as_str() {
                "none" => Proxy::None,
                "environment" => Proxy::Environment,
                url if ["http://", "https://", "socks5://"].iter().any(|s| url.starts_with(s)) => {
                    Proxy::Url(url.to_owned())
                }
                _ => {
                    self.hinted(
                        text.span(),
                        "not a proxy",
                        "`none`, `environment`, or an http, https or socks5 URL",
                    );
                    Proxy::None
                }
            };
        }
        source
    }

    fn place(
        &mut self,
        source: &mut Source,
        url: Option<&Spanned<String>>,
        service: Option<&Spanned<String>>,
        via: Way,
        whole: Range<usize>,
    ) {
        source.via = via;
        if let Some(text) = url {
            match url::Url::parse(text.get_ref())
                .ok()
                .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            {
                Some(url) => {
                    if url.password().is_some() && !self.plain {
                        self.plain_secret(text.span());
                    }
                    source.url = Some(url);
                }
                None => self.hinted(text.span(), "not a URL", "as in `https://prometheus.example:9090`"),
            }
        }
        if let Some(text) = service {
            source.service = Service::parse(text.get_ref());
            if source.service.is_none() {
                self.hinted(
                    text.span(),
                    "not a service",
                    "namespace/name:port, as in `monitoring/loki:3100`",
                );
            }
        }
        match (via, url, service) {
            (Way::Auto, None, None) => {
                self.hinted(whole, "neither url nor service", "say where the source is");
            }
            (Way::Direct, None, _) => self.hinted(whole, "via = \"direct\" without url", "set url"),
            (Way::ServiceProxy | Way::PortForward, _, None) => {
                self.hinted(whole, "this way needs a service", "set service to namespace/name:port");
            }
            _ => {}
        }
    }

    fn header(&mut self, name: &str, value: Spanned<SecretDe>) -> Secret {
        let lower = name.to_ascii_lowercase();
        let secret =
            ["auth", "token", "key", "secret", "cookie", "password"].iter().any(|w| lower.contains(w));
        let span = value.span();
        if http::HeaderName::try_from(name).is_err() {
            self.problem(span.clone(), format!("`{name}` is not the name of a header"));
        }
        match value.into_inner() {
            SecretDe::Plain(text) if !secret => Secret::Plain(text.into()),
            other => self.secret_of(other, span),
        }
    }

    fn secret(&mut self, secret: Spanned<SecretDe>) -> Secret {
        let span = secret.span();
        self.secret_of(secret.into_inner(), span)
    }

    fn secret_of(&mut self, secret: SecretDe, span: Range<usize>) -> Secret {
        match secret {
            SecretDe::Env(name) => Secret::Env(name),
            SecretDe::File(path) => Secret::File(self.base.resolve(&path)),
            SecretDe::Command(command) => {
                if command.first().is_none_or(String::is_empty) {
                    self.problem(span, "an empty command");
                }
                Secret::Command(command)
            }
            SecretDe::Plain(text) => {
                if !self.plain {
                    self.plain_secret(span);
                }
                Secret::Plain(text.into())
            }
        }
    }

    fn plain_secret(&mut self, span: Range<usize>) {
        const HINT: &str =
            "use { env = … }, { file = … } or { command = [ … ] }, or set general.allow_plain_secrets";
        let problem = Problem::at(self.text, span, "a secret in the file itself").hint(HINT);
        self.problems.push(problem.masked());
    }
}
