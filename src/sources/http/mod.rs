//! Direct connections to a source: one client each, its credentials bound to its origin.
//!
//! Never follows a redirect, never takes a proxy from the environment unasked, never retries, never
//! reads more than the request's cap (counted after decompression). Tested against a scripted server
//! on loopback.

pub mod auth;
mod cause;
pub mod dressed;
#[cfg(test)]
pub(crate) mod fake;
pub mod page;
#[cfg(test)]
pub(crate) mod scripted;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use url::{Host, Url};

use super::transport::{Answer, Request, Sending, SendingOnce, Transport, Unanswered, Write};
use crate::config::{Source, source::Proxy};
use crate::core::{Error, Kind, Result, Span, Untrusted};
use crate::store::health::Via;

const CONNECT: Duration = Duration::from_secs(3);
const LARGEST_PEM: u64 = 1 << 20;

/// A direct connection to one source.
pub struct Direct {
    client: reqwest::Client,
    base: Url,
    credentials: auth::Credentials,
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Direct {
    /// Returns a connection to the source's URL; reads its certificate files, opens nothing.
    ///
    /// # Errors
    /// `Config` for a URL, a header or a certificate file that cannot be used.
    pub fn new(source: &Source) -> Result<Self> {
        let url = source.url.clone().ok_or_else(|| {
            Error::new(Kind::Config, "connect directly").on(source.name.clone()).hint("set url")
        })?;
        let (base, userinfo) = base_of(url, &source.prefix)?;
        let mut credentials = auth::Credentials::of(source)?;
        if let Some((user, password)) = userinfo {
            credentials.set_basic(&user, password);
        }
        Ok(Self { client: client_of(source)?, base, credentials })
    }

    async fn exchange(&self, request: Request) -> Result<Answer> {
        let on = || Untrusted::from(self.base.as_str());
        let url = self.url(&request.path)?;
        let mut headers = self.credentials.headers().await?;
        for (name, value) in request.headers {
            headers.insert(name, value);
        }
        let mut builder = self.client.request(request.method, url).headers(headers);
        if let Some(form) = request.form {
            builder =
                builder.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let begun = tokio::time::Instant::now();
        let whole = async {
            let response = builder.send().await.map_err(|e| cause::of(&e).on(on()))?;
            refuse_redirect(&self.base, &response)?;
            let status = response.status().as_u16();
            let content_type = response
                .headers()
                .get(http::header::CONTENT_TYPE)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).chars().take(200).collect());
            let body = body_of(response, request.cap).await.map_err(|e| e.on(on()))?;
            Ok::<_, Error>(Answer { status, content_type, body, took: Span::default() })
        };
        let limit = request.limit;
        let late =
            |_| Error::new(Kind::Timeout, "request").on(on()).detail(format!("nothing whole within {limit}"));
        let mut answer = tokio::time::timeout(limit.to_std(), whole).await.map_err(late)??;
        answer.took = Span(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX));
        if answer.status == 401 {
            self.credentials.forget().await;
        }
        Ok(answer)
    }

    /// Sends a write. The connection pool gives a request to another connection only where it was not begun on the
    /// first one.
    async fn once(&self, write: Write) -> Result<Answer, Unanswered> {
        let on = || Untrusted::from(self.base.as_str());
        let url = self.url(&write.path).map_err(Unanswered::unsent)?;
        let mut headers = self.credentials.headers().await.map_err(Unanswered::unsent)?;
        headers.extend(write.headers);
        let mut builder = self.client.request(write.method, url).headers(headers);
        if let Some(json) = write.json {
            builder = builder.header(http::header::CONTENT_TYPE, "application/json").body(json);
        }
        let begun = tokio::time::Instant::now();
        let whole = async {
            let response = builder.send().await.map_err(|e| {
                let maybe_sent = !e.is_connect() && !e.is_builder();
                Unanswered { error: cause::of(&e).on(on()), maybe_sent }
            })?;
            let status = response.status().as_u16();
            let body = body_of(response, write.cap).await.map_err(|e| Unanswered::lost(e.on(on())))?;
            Ok((status, body))
        };
        let limit = write.limit;
        let late =
            |_| Error::new(Kind::Timeout, "request").on(on()).detail(format!("nothing whole within {limit}"));
        let answered = tokio::time::timeout(limit.to_std(), whole).await;
        let (status, body) = answered.map_err(|e| Unanswered::lost(late(e)))??;
        if status == 401 {
            self.credentials.forget().await;
        }
        let took = Span(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX));
        Ok(Answer { status, content_type: None, body, took })
    }

    /// Returns the URL of a path below the base; never one of another origin.
    fn url(&self, path: &str) -> Result<Url> {
        let text = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let url = path.starts_with('/').then(|| Url::parse(&text).ok()).flatten();
        url.filter(|u| u.origin() == self.base.origin()).ok_or_else(|| {
            Error::new(Kind::Internal, "build a request").on(self.base.as_str()).detail(path.to_owned())
        })
    }
}

impl Transport for Direct {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }

    fn send_once(&self, write: Write) -> SendingOnce<'_> {
        Box::pin(self.once(write))
    }

    fn via(&self) -> Via {
        Via::Direct
    }

    fn address(&self) -> Untrusted {
        Untrusted::from(self.base.as_str())
    }
}

type UserInfo = Option<(String, secrecy::SecretString)>;

/// Returns the base of a source without credentials, and the credentials that its URL carried.
fn base_of(mut url: Url, prefix: &str) -> Result<(Url, UserInfo)> {
    let bad = |why: &str, hint: &'static str| {
        Err(Error::new(Kind::Config, "read a source's URL").detail(why.to_owned()).hint(hint))
    };
    let user = url.username().to_owned();
    let password = url.password().unwrap_or("").to_owned();
    if url.set_username("").is_err()
        || url.set_password(None).is_err()
        || !matches!(url.scheme(), "http" | "https")
    {
        return bad(url.scheme(), "use http:// or https://");
    }
    let local = match url.host() {
        Some(Host::Ipv4(ip)) => is_link_local(ip.into()),
        Some(Host::Ipv6(ip)) => is_link_local(ip.into()),
        _ => false,
    };
    if local {
        return bad(
            "a link-local address",
            "clouds answer there with credentials of the host: it is never a source",
        );
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = format!("{}/{}", url.path().trim_end_matches('/'), prefix.trim_matches('/'));
    url.set_path(path.trim_end_matches('/'));
    let decode = |s: String| {
        let pair = format!("x={}", s.replace('+', "%2B"));
        url::form_urlencoded::parse(pair.as_bytes()).next().map_or(String::new(), |(_, v)| v.into_owned())
    };
    let userinfo = (!user.is_empty()).then(|| (decode(user), decode(password).into()));
    Ok((url, userinfo))
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_link_local())
        }
    }
}

fn client_of(source: &Source) -> Result<reqwest::Client> {
    // rustls wants one provider per process; whoever comes second finds the same one in place.
    rustls::crypto::ring::default_provider().install_default().ok();
    let bad = |what: &'static str, path: &Path, e: &dyn std::fmt::Display| {
        Error::new(Kind::Config, what).on(path.display().to_string()).detail(e.to_string())
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("deckwatch/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4)
        .tls_danger_accept_invalid_certs(source.insecure);
    builder = match &source.proxy {
        Proxy::None => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Url(url) => {
            let proxy = reqwest::Proxy::all(url).map_err(|_| {
                Error::new(Kind::Config, "use a proxy")
                    .on(source.name.clone())
                    .hint("http://, https:// or socks5://")
            })?;
            builder.no_proxy().proxy(proxy)
        }
    };
    let plain = source.url.as_ref().is_some_and(|url| url.scheme() == "http");
    if plain && matches!(source.proxy, Proxy::None) {
        // Nothing is ever encrypted here: reading all of the host's authorities would only take time, again for each source.
        builder = builder.tls_certs_only([]);
    }
    if let Some(ca) = &source.ca {
        let certs = reqwest::Certificate::from_pem_bundle(&read_pem(ca)?)
            .map_err(|e| bad("read certificates", ca, &e))?;
        if certs.is_empty() {
            return Err(bad("read certificates", ca, &"no certificate in the file"));
        }
        builder = builder.tls_certs_only(certs);
    }
    if let Some(cert) = &source.cert {
        let mut pem = read_pem(cert)?;
        if let Some(key) = &source.key {
            pem.push(b'\n');
            pem.extend(read_pem(key)?);
        }
        let identity =
            reqwest::Identity::from_pem(&pem).map_err(|e| bad("read a client certificate", cert, &e))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|e| cause::of(&e).on(source.name.clone()))
}

fn read_pem(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let fail = |e: &dyn std::fmt::Display| {
        Error::new(Kind::Config, "read a certificate file")
            .on(path.display().to_string())
            .detail(e.to_string())
    };
    let file = std::fs::File::open(path).map_err(|e| fail(&e))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_PEM).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
    Ok(bytes)
}

fn refuse_redirect(base: &Url, response: &reqwest::Response) -> Result<()> {
    if !response.status().is_redirection() {
        return Ok(());
    }
    let location = response.headers().get(http::header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("");
    let target = base.join(location).ok();
    let host = target.as_ref().and_then(Url::host_str).unwrap_or("nowhere").to_owned();
    let path = target.map_or(String::new(), |t| t.path().to_ascii_lowercase());
    let login =
        ["login", "oauth", "sso", "auth", "signin"].iter().any(|w| path.contains(w) || host.contains(w));
    let (kind, hint) = if login {
        (Kind::Auth, "a login page is in front of the source: configure a token, or reach it by port-forward")
    } else {
        (
            Kind::Decode,
            "redirects are not followed, they could carry credentials elsewhere: configure the final URL",
        )
    };
    let status = response.status().as_u16();
    Err(Error::new(kind, "request")
        .on(base.as_str())
        .detail(format!("{status} redirect to {host}"))
        .hint(hint))
}

async fn body_of(mut response: reqwest::Response, cap: usize) -> Result<bytes::Bytes> {
    let over = || Error::new(Kind::TooLarge, "read the answer").detail(format!("more than {cap} bytes"));
    if response.content_length().is_some_and(|n| n > cap as u64) {
        return Err(over());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| cause::of(&e))? {
        if body.len() + chunk.len() > cap {
            return Err(over());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests;
