//! The way to a source that the configuration names: its URL, or its service through the API server.
//!
//! A way that cannot carry what the source's settings ask for is refused by name of the setting, never
//! taken without it. Of several ways the first that answers is taken. Tested with a scripted API server.

use std::sync::Arc;

use super::World;
use super::found::backend;
use crate::config::Source;
use crate::core::{Error, Kind, Result};
use crate::sources::auth::Blob;
use crate::sources::discover::probe::identify;
use crate::sources::http::Direct;
use crate::sources::http::dressed::Dressed;
use crate::sources::kube::Client;
use crate::sources::kube::config::Authority;
use crate::sources::kube::proxy::{PortForward, ServiceProxy};
use crate::sources::transport::SharedTransport;
use crate::store::health::Via;

/// Makes the way to a source.
///
/// # Errors
/// What the last of its ways said.
pub async fn of_source(world: &World, source: &Source) -> Result<SharedTransport> {
    choose(&world.client(), source).await
}

async fn choose(client: &Result<&Client>, source: &Source) -> Result<SharedTransport> {
    let ways = ways(source);
    // One way needs no choice: whether it answers is the probe's to say, and it is kept while it does not.
    if let [via @ Via::Direct] = ways.as_slice() {
        return make(client, source, *via);
    }
    let mut last = Error::new(Kind::Config, "reach a source")
        .on(source.name.clone())
        .detail("its `via` leaves no way: it has neither `url` nor `service` for it");
    for via in ways {
        let outcome = async {
            let transport = make(client, source, via)?;
            identify(source.kind, &transport, source.timeout).await.map(|_| transport)
        };
        match outcome.await {
            Ok(transport) => return Ok(transport),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Returns the ways that a source's `via` and its places leave, in the order in which they are tried.
fn ways(source: &Source) -> Vec<Via> {
    let there = |via: &Via| match via {
        Via::Direct => source.url.is_some(),
        Via::ServiceProxy | Via::PortForward => source.service.is_some(),
    };
    source.via.tries().iter().copied().filter(there).collect()
}

fn make(client: &Result<&Client>, source: &Source, via: Via) -> Result<SharedTransport> {
    carries(source, via)?;
    let Some(service) = source.service.as_ref().filter(|_| via != Via::Direct) else {
        return Direct::new(source).map(|d| Arc::new(d) as SharedTransport);
    };
    let client = client.clone()?.clone();
    let backend = backend(service, &source.prefix, tls(source))?;
    let inner: SharedTransport = if via == Via::PortForward {
        Arc::new(PortForward::new(client, backend).trusting(authority(source)))
    } else {
        Arc::new(ServiceProxy::new(client, backend))
    };
    Dressed::new(inner, source).map(|d| Arc::new(d) as SharedTransport)
}

/// Returns whether the service speaks TLS: by its port, or by settings that make no sense without.
fn tls(source: &Source) -> bool {
    let port = source.service.as_ref().map_or("", |s| s.port.as_str());
    port.starts_with("https") || matches!(port, "443" | "8443") || source.ca.is_some() || source.insecure
}

fn authority(source: &Source) -> Authority {
    match &source.ca {
        _ if source.insecure => Authority::Unchecked,
        Some(ca) => Authority::Given(Blob::File(ca.clone())),
        None => Authority::System,
    }
}

/// Checks that a way carries everything that the source's settings ask for.
fn carries(source: &Source, via: Via) -> Result<()> {
    let refused = |setting: &str, why: &str, hint: &'static str| {
        Err(Error::new(Kind::Config, "reach a source")
            .on(source.name.clone())
            .detail(format!("`{setting}` does not go by {}: {why}", via.word()))
            .hint(hint))
    };
    if via == Via::Direct {
        return Ok(());
    }
    if source.cert.is_some() {
        let why = "no certificate of a client is shown to the service";
        return refused("cert", why, "set url, and via = \"direct\"");
    }
    if via == Via::ServiceProxy {
        let forward = "set via = \"port-forward\"";
        let own = source.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let setting = [
            (source.bearer.is_some(), "bearer"),
            (source.basic.is_some(), "basic"),
            (own, "headers.Authorization"),
        ];
        if let Some((_, setting)) = setting.into_iter().find(|(set, _)| *set) {
            let why = "the API server takes the header Authorization for its own and passes none on";
            return refused(setting, why, forward);
        }
        if source.ca.is_some() && !source.insecure {
            return refused("ca", "the API server checks no certificate of a service", forward);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use secrecy::SecretString;

    use super::*;
    use crate::config::Secret;
    use crate::config::source::{Basic, Service, Way};
    use crate::core::Span;
    use crate::sources::kube::testing::{Server, typed};
    use crate::sources::transport::Request;
    use crate::store::health::SourceKind;

    fn loki(port: &str) -> Source {
        let service = Service { namespace: "monitoring".into(), name: "loki".into(), port: port.into() };
        Source { service: Some(service), ..Source::new(SourceKind::Loki, "loki") }
    }

    fn secret() -> Secret {
        Secret::Plain(SecretString::from("s3cret"))
    }

    fn said(source: &Source, via: Via) -> String {
        carries(source, via).map_or_else(
            |e| format!("{} | {}", e.detail.unwrap().raw(), e.hint.unwrap_or_default()),
            |()| "carried".to_owned(),
        )
    }

    #[test]
    fn auto_goes_by_the_url_and_then_by_the_service_and_a_named_way_by_itself() {
        use Via::{Direct, PortForward, ServiceProxy};
        let url = url::Url::parse("http://loki:3100").ok();
        let both = |via| Source { via, url: url.clone(), ..loki("3100") };
        assert_eq!(ways(&both(Way::Auto)), [Direct, ServiceProxy, PortForward]);
        assert_eq!(ways(&both(Way::PortForward)), [PortForward]);
        assert_eq!(ways(&both(Way::ServiceProxy)), [ServiceProxy]);
        assert_eq!(ways(&both(Way::Direct)), [Direct]);
        assert_eq!(ways(&loki("3100")), [ServiceProxy, PortForward]);
        assert_eq!(ways(&Source { service: None, ..both(Way::Auto) }), [Direct]);
        assert_eq!(ways(&Source { via: Way::PortForward, service: None, ..both(Way::Auto) }), []);
    }

    #[test]
    fn what_the_service_proxy_cannot_carry_is_refused_by_its_setting() {
        let plain =
            Source { tenant: Some("a".into()), headers: vec![("X-Team".into(), secret())], ..loki("80") };
        assert_eq!(said(&plain, Via::ServiceProxy), "carried");
        let forward = "| set via = \"port-forward\"";
        let taken = "the API server takes the header Authorization for its own and passes none on";
        let basic = Some(Basic { user: "u".into(), password: secret() });
        for (setting, source) in [
            ("bearer", Source { bearer: Some(secret()), ..loki("80") }),
            ("basic", Source { basic, ..loki("80") }),
            (
                "headers.Authorization",
                Source { headers: vec![("authorization".into(), secret())], ..loki("80") },
            ),
        ] {
            assert_eq!(
                said(&source, Via::ServiceProxy),
                format!("`{setting}` does not go by service proxy: {taken} {forward}")
            );
            assert_eq!(said(&source, Via::PortForward), "carried");
        }
        let ca = Source { ca: Some("ca.pem".into()), ..loki("80") };
        assert_eq!(
            said(&ca, Via::ServiceProxy),
            format!(
                "`ca` does not go by service proxy: the API server checks no certificate of a service {forward}"
            )
        );
        assert_eq!(said(&ca, Via::PortForward), "carried");
        let cert = Source { cert: Some("c.pem".into()), ..loki("80") };
        assert_eq!(
            said(&cert, Via::PortForward),
            "`cert` does not go by port-forward: no certificate of a client is shown to the service | set url, and via = \"direct\""
        );
        assert_eq!(said(&cert, Via::Direct), "carried");
    }

    #[test]
    fn a_service_speaks_tls_where_its_port_or_its_settings_say_so() {
        for (port, speaks) in
            [("80", false), ("http", false), ("443", true), ("8443", true), ("https-web", true)]
        {
            assert_eq!(tls(&loki(port)), speaks, "{port}");
        }
        let ca = Source { ca: Some("ca.pem".into()), ..loki("3100") };
        let insecure = Source { insecure: true, ..loki("3100") };
        assert_eq!((tls(&ca), tls(&insecure)), (true, true));
        assert!(matches!(authority(&ca), Authority::Given(_)));
        assert!(matches!(authority(&insecure), Authority::Unchecked));
        // Without a word about the certificate it is checked.
        assert!(matches!(authority(&loki("443")), Authority::System));
    }

    #[tokio::test]
    async fn a_url_that_does_not_answer_is_followed_by_the_service_with_tenant_and_headers() {
        let server = Server::new(|_| typed(200, "application/json", r#"{"version":"3.5.0"}"#));
        let source = Source {
            url: url::Url::parse("http://127.0.0.1:9").ok(),
            tenant: Some("team-a".into()),
            headers: vec![("X-Team".into(), secret())],
            prefix: "/logs".into(),
            ..loki("3100")
        };
        let client = server.client();
        let way = choose(&Ok(&client), &source).await.unwrap();
        assert_eq!(way.via(), Via::ServiceProxy);
        let request = Request {
            method: http::Method::GET,
            path: "/loki/api/v1/labels".into(),
            headers: Vec::new(),
            form: None,
            limit: Span::secs(5),
            cap: 1000,
        };
        way.send(request).await.unwrap();
        let asked = server.requests().pop().unwrap();
        let path = "/api/v1/namespaces/monitoring/services/loki:3100/proxy/logs/loki/api/v1/labels";
        assert_eq!(asked.uri().path(), path);
        assert_eq!(
            (&asked.headers()["x-scope-orgid"], &asked.headers()["x-team"]),
            (&http::HeaderValue::from_static("team-a"), &http::HeaderValue::from_static("s3cret"),)
        );
        // With a token the service proxy is passed over, and not used without it.
        let bearer = Source { bearer: Some(secret()), via: Way::ServiceProxy, ..source };
        assert_eq!(choose(&Ok(&client), &bearer).await.err().unwrap().kind, Kind::Config);
    }
}
