//! Which proxy, if any, stands between us and a server.
//!
//! Owns the rules: a proxy of the kubeconfig is always used; one of the environment (`HTTPS_PROXY`,
//! `HTTP_PROXY`, `ALL_PROXY`) unless the *server's* host is excluded by `NO_PROXY` or is this host
//! itself. Never reads the environment (it is given) and never connects. Tested by tables.

use std::fmt;
use std::net::IpAddr;

use secrecy::SecretString;

use crate::core::{Error, Kind, Result, Untrusted};

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Speaks {
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT over TLS.
    Https,
    /// SOCKS5; names are resolved by the proxy.
    Socks5,
}

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// How it is spoken to.
    pub speaks: Speaks,
    /// Its host, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub login: Option<(String, SecretString)>,
    /// Where it was set: `proxy-url`, or the variable's name.
    pub from: &'static str,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (from {})", self.address(), self.from)
    }
}

impl Proxy {
    /// Returns the address that is shown, without user and password.
    pub fn address(&self) -> Untrusted {
        let scheme = match self.speaks {
            Speaks::Http => "http",
            Speaks::Https => "https",
            Speaks::Socks5 => "socks5",
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        Untrusted::from(format!("{scheme}://{host}:{}", self.port))
    }

    /// Reads a proxy's URL; without a scheme it is an HTTP proxy.
    pub fn parse(text: &str, from: &'static str) -> Result<Self> {
        let wrong =
            |detail: &str| Error::new(Kind::Config, "read the proxy's address").on(from).detail(detail);
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        // The parser's error is left out: it may quote the password.
        let url = url::Url::parse(&with_scheme).map_err(|_| wrong("it is not a URL"))?;
        let (speaks, port) = match url.scheme() {
            "http" => (Speaks::Http, 80),
            "https" => (Speaks::Https, 443),
            "socks5" | "socks5h" => (Speaks::Socks5, 1080),
            _ => return Err(wrong("its scheme is none of http, https, socks5, socks5h")),
        };
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("it has no host"))?;
        let login = (!url.username().is_empty())
            .then(|| (decoded(url.username()), SecretString::from(decoded(url.password().unwrap_or("")))));
        Ok(Self {
            speaks,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            login,
            from,
        })
    }
}

fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

/// Chooses the proxy for a server: that of the kubeconfig, else that of the environment.
///
/// `variable` looks up an environment variable. An unreadable address is an error of kind `Config`:
/// going around a proxy in silence could send a token another way than was meant.
pub fn choose(
    proxy_url: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
    server: &http::Uri,
) -> Result<Option<Proxy>> {
    if let Some(url) = proxy_url.filter(|u| !u.trim().is_empty()) {
        return Proxy::parse(url, "proxy-url").map(Some);
    }
    let either = |upper: &'static str, lower: &str| {
        variable(upper).or_else(|| variable(lower)).filter(|v| !v.trim().is_empty()).map(|v| (v, upper))
    };
    let https = server.scheme_str() != Some("http");
    let own = if https { either("HTTPS_PROXY", "https_proxy") } else { either("HTTP_PROXY", "http_proxy") };
    let Some((url, from)) = own.or_else(|| either("ALL_PROXY", "all_proxy")) else { return Ok(None) };
    let host = server.host().unwrap_or("").trim_matches(['[', ']']);
    let port = server.port_u16().unwrap_or(if https { 443 } else { 80 });
    let no_proxy = either("NO_PROXY", "no_proxy").map(|(v, _)| v).unwrap_or_default();
    if is_this_host(host) || excluded(&no_proxy, host, port) {
        return Ok(None);
    }
    Proxy::parse(&url, from).map(Some)
}

/// Returns whether a host is this one: never reached by a proxy of the environment.
pub fn is_this_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether `NO_PROXY` excludes a host: by `*`, address, CIDR block, name with its subdomains,
/// `.name` for subdomains only; each name or address with an optional port.
pub fn excluded(no_proxy: &str, host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let ip = host.parse::<IpAddr>().ok();
    no_proxy.split(',').map(|entry| entry.trim().to_ascii_lowercase()).filter(|e| !e.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            let parsed = (network.parse::<IpAddr>(), bits.parse::<u32>());
            return matches!((parsed, ip), ((Ok(network), Ok(bits)), Some(ip)) if in_block(network, bits, ip));
        }
        let (name, wanted) = split_port(&entry);
        if wanted.is_some_and(|wanted| wanted != port) {
            return false;
        }
        match (name.trim_matches(['[', ']']).parse::<IpAddr>(), ip) {
            (Ok(listed), Some(ip)) => listed == ip,
            (Ok(_), None) | (Err(_), Some(_)) => false,
            (Err(_), None) => name_excludes(name, &host),
        }
    })
}

fn name_excludes(name: &str, host: &str) -> bool {
    let name = name.strip_prefix('*').unwrap_or(name);
    match name.strip_prefix('.') {
        Some(domain) => host.strip_suffix(domain).is_some_and(|head| head.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|head| head.ends_with('.')),
    }
}

/// Splits `host:port` and `[v6]:port`; a bare IPv6 address has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn in_block(network: IpAddr, bits: u32, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
