//! Sources that the environment names, as promtool's, logcli's and amtool's users have it set.

use url::Url;

use super::source::{Basic, Secret, Source, Way};
use crate::core::{Error, Kind};
use crate::store::health::SourceKind;

/// Returns the sources that variables name, and what is wrong with those that cannot be used.
///
/// `PROMETHEUS_URL`; `LOKI_ADDR` with logcli's `LOKI_USERNAME`, `LOKI_PASSWORD`, `LOKI_BEARER_TOKEN`,
/// `LOKI_BEARER_TOKEN_FILE`, `LOKI_ORG_ID`, `LOKI_CA_CERT_PATH`, `LOKI_CLIENT_CERT_PATH`,
/// `LOKI_CLIENT_KEY_PATH`, `LOKI_TLS_SKIP_VERIFY`; `ALERTMANAGER_URL`, one or several with commas.
pub fn environment(get: impl Fn(&str) -> Option<String>) -> (Vec<Source>, Vec<Error>) {
    let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let (mut sources, mut errors) = (Vec::new(), Vec::new());
    let mut add = |kind, name: String, variable: &str, url: &str| match Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            let found = Source::new(kind, name);
            sources.push(Source { url: Some(url), via: Way::Direct, found: "environment".into(), ..found });
        }
        _ => {
            let error = Error::new(Kind::Config, "read the environment").on(variable.to_owned());
            // Whatever it is, what stands before the host may be a password.
            let shown = url.rsplit_once('@').map_or(url.to_owned(), |(_, host)| format!("[left out]@{host}"));
            errors.push(error.detail(shown).hint("a URL is wanted, as in http://localhost:9090"));
        }
    };
    if let Some(url) = get("PROMETHEUS_URL") {
        add(SourceKind::Prometheus, "prometheus".to_owned(), "PROMETHEUS_URL", &url);
    }
    if let Some(url) = get("LOKI_ADDR") {
        add(SourceKind::Loki, "loki".to_owned(), "LOKI_ADDR", &url);
    }
    if let Some(list) = get("ALERTMANAGER_URL") {
        for (n, url) in list.split(',').map(str::trim).filter(|u| !u.is_empty()).take(16).enumerate() {
            let name = if n == 0 { "alertmanager".to_owned() } else { format!("alertmanager-{}", n + 1) };
            add(SourceKind::Alertmanager, name, "ALERTMANAGER_URL", url);
        }
    }
    for loki in sources.iter_mut().filter(|s| s.kind == SourceKind::Loki) {
        like_logcli(loki, &get);
    }
    (sources, errors)
}

fn like_logcli(loki: &mut Source, get: &dyn Fn(&str) -> Option<String>) {
    // Secrets stay where they are: the variable is named, and read when it is needed.
    if let Some(user) = get("LOKI_USERNAME") {
        loki.basic = Some(Basic { user, password: Secret::Env("LOKI_PASSWORD".to_owned()) });
    }
    loki.bearer = match (get("LOKI_BEARER_TOKEN"), get("LOKI_BEARER_TOKEN_FILE")) {
        (Some(_), _) => Some(Secret::Env("LOKI_BEARER_TOKEN".to_owned())),
        (None, Some(path)) => Some(Secret::File(path.into())),
        (None, None) => None,
    };
    loki.tenant = get("LOKI_ORG_ID");
    loki.ca = get("LOKI_CA_CERT_PATH").map(Into::into);
    loki.cert = get("LOKI_CLIENT_CERT_PATH").map(Into::into);
    loki.key = get("LOKI_CLIENT_KEY_PATH").map(Into::into);
    loki.insecure = get("LOKI_TLS_SKIP_VERIFY")
        .is_some_and(|v| matches!(v.as_str(), "1" | "t" | "true" | "TRUE" | "True"));
}
