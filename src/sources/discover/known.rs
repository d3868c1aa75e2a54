//! What is known of how each kind is installed: names, labels, ports, and what only looks like it.

use super::{Candidate, Rank, ServiceInfo};
use crate::config::Service;
use crate::store::health::SourceKind;

/// How one kind of source is recognised.
pub struct Known {
    pub kind: SourceKind,
    /// Pairs of labels that all must be there, in the order of trust.
    labels: &'static [(&'static [(&'static str, &'static str)], Rank)],
    /// Parts of names of services.
    pub words: &'static [&'static str],
    /// Endings of names that make it a gateway.
    gateways: &'static [&'static str],
    /// Port numbers, the usual one first.
    ports: &'static [u16],
    /// The one number that says something by itself.
    telling: u16,
}

pub const KINDS: &[Known] = &[
    Known {
        kind: SourceKind::Prometheus,
        labels: &[
            (&[("operated-prometheus", "true")], Rank::Operated),
            (&[("app", "kube-prometheus-stack-prometheus")], Rank::Labelled),
            (&[("app", "prometheus"), ("component", "server")], Rank::Labelled),
            (&[("app", "prometheus-server")], Rank::Labelled),
            (&[("app", "prometheus-operator-prometheus")], Rank::Labelled),
            (&[("app", "rancher-monitoring-prometheus")], Rank::Labelled),
            (&[("app", "prometheus-prometheus")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "prometheus")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "thanos-query")], Rank::Labelled),
            (
                &[("app.kubernetes.io/name", "thanos"), ("app.kubernetes.io/component", "query")],
                Rank::Labelled,
            ),
            (&[("app", "thanos-query")], Rank::Labelled),
            (&[("app", "thanos-querier")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "vmsingle")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "victoria-metrics-single")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "vmselect")], Rank::Labelled),
        ],
        words: &["prometheus", "thanos-query", "vmsingle", "vmselect", "victoria-metrics", "mimir"],
        gateways: &["mimir-nginx", "mimir-gateway", "mimir-query-frontend", "thanos-query-frontend"],
        ports: &[9090, 80, 8080, 8428, 8429, 8481, 10902],
        telling: 9090,
    },
    Known {
        kind: SourceKind::Loki,
        labels: &[
            (
                &[("app.kubernetes.io/name", "loki"), ("app.kubernetes.io/component", "gateway")],
                Rank::Gateway,
            ),
            (
                &[("app.kubernetes.io/name", "loki"), ("app.kubernetes.io/component", "query-frontend")],
                Rank::Gateway,
            ),
            (&[("app.kubernetes.io/name", "loki"), ("app.kubernetes.io/component", "read")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "loki")], Rank::Labelled),
            (&[("app", "loki")], Rank::Labelled),
        ],
        words: &["loki"],
        gateways: &["loki-gateway", "loki-query-frontend", "loki-distributed-gateway"],
        ports: &[3100, 80, 8080],
        telling: 3100,
    },
    Known {
        kind: SourceKind::Alertmanager,
        labels: &[
            (&[("operated-alertmanager", "true")], Rank::Operated),
            (&[("app", "kube-prometheus-stack-alertmanager")], Rank::Labelled),
            (&[("app", "prometheus"), ("component", "alertmanager")], Rank::Labelled),
            (&[("app", "rancher-monitoring-alertmanager")], Rank::Labelled),
            (&[("app", "alertmanager")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "alertmanager")], Rank::Labelled),
            (&[("app.kubernetes.io/name", "vmalertmanager")], Rank::Labelled),
        ],
        words: &["alertmanager"],
        gateways: &[],
        ports: &[9093, 80, 8080],
        telling: 9093,
    },
];

/// Names that belong to an installation but do not answer queries: part of the name, and what it is.
const NOT_A_SOURCE: &[(&str, &str)] = &[
    ("exporter", "an exporter"),
    ("kube-state-metrics", "an exporter"),
    ("pushgateway", "takes metrics, answers no queries"),
    ("adapter", "an adapter"),
    ("canary", "a canary"),
    ("memcached", "a cache"),
    ("-cache", "a cache"),
    ("memberlist", "gossip among the replicas"),
    ("gossip", "gossip among the replicas"),
    ("discovery", "for the replicas themselves"),
    ("msteams", "a receiver of alerts"),
    ("webhook", "a webhook"),
    ("blackbox", "an exporter"),
    ("promtail", "an agent"),
    ("grafana", "Grafana"),
    ("kubecost", "belongs to Kubecost"),
    ("-distributor", "a component that answers no queries"),
    ("-ingester", "a component that answers no queries"),
    ("-compactor", "a component that answers no queries"),
    ("-index-gateway", "a component that answers no queries"),
    ("-store-gateway", "a component that answers no queries"),
    ("-storegateway", "a component that answers no queries"),
    ("-write", "a component that answers no queries"),
    ("-backend", "a component that answers no queries"),
    ("-query-scheduler", "a component that answers no queries"),
    ("-bloom-", "a component that answers no queries"),
    ("-pattern-", "a component that answers no queries"),
];

/// Returns why a service is no source although it may look like one.
pub fn exclusion(service: &ServiceInfo) -> Option<&'static str> {
    if service.labels.get("release") == Some("kubecost") {
        return Some("belongs to Kubecost");
    }
    if service.name.ends_with("operator") {
        return Some("an operator");
    }
    NOT_A_SOURCE.iter().find(|(part, _)| service.name.contains(part)).map(|(_, why)| *why)
}

/// Returns the service as a candidate of a kind, if anything speaks for it.
pub fn candidate(known: &Known, service: &ServiceInfo) -> Option<Candidate> {
    let (rank, reason) = evidence(known, service)?;
    let port = port(known, service, rank)?;
    Some(Candidate {
        kind: known.kind,
        service: Service {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
            port: port.to_string(),
        },
        prefix: prefix(service).to_owned(),
        rank,
        reason,
        headless: service.headless,
    })
}

fn evidence(known: &Known, service: &ServiceInfo) -> Option<(Rank, String)> {
    if let Some(ending) = known.gateways.iter().find(|g| service.name.ends_with(*g)) {
        return Some((Rank::Gateway, format!("its name ends with {ending}")));
    }
    let held = |pairs: &[(&str, &str)]| pairs.iter().all(|(k, v)| service.labels.get(k) == Some(*v));
    if let Some((pairs, rank)) = known.labels.iter().find(|(pairs, _)| held(pairs)) {
        let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        return Some((*rank, format!("label {}", pairs.join(","))));
    }
    // `prometheus-alertmanager` is named after both; it is the second.
    let other = known.kind != SourceKind::Alertmanager && service.name.contains("alertmanager");
    if let Some(word) = known.words.iter().find(|w| !other && service.name.contains(*w)) {
        return Some((Rank::Named, format!("its name holds {word}")));
    }
    let by_port = service.ports.iter().any(|p| p.number == known.telling);
    by_port.then(|| (Rank::Port, format!("port {}", known.telling)))
}

/// Returns the port that answers queries: the usual number, else the only HTTP port of a labelled service.
fn port(known: &Known, service: &ServiceInfo, rank: Rank) -> Option<u16> {
    let aside = |name: &str| {
        ["grpc", "reloader", "gossip", "memberlist", "mesh", "cluster", "telemetry"]
            .iter()
            .any(|w| name.contains(w))
    };
    let open: Vec<_> = service.ports.iter().filter(|p| !aside(&p.name)).collect();
    let usual = known.ports.iter().find(|n| open.iter().any(|p| p.number == **n)).copied();
    let by_name =
        || open.iter().find(|p| matches!(p.name.as_str(), "web" | "http-web" | "http" | "http-metrics"));
    match (usual, rank) {
        (Some(number), _) => Some(number),
        (None, Rank::Port | Rank::Named) => None,
        (None, _) => by_name().or_else(|| open.first().filter(|_| open.len() == 1)).map(|p| p.number),
    }
}

/// Returns the path that an installation of this name answers below.
fn prefix(service: &ServiceInfo) -> &'static str {
    if service.name.contains("vmselect") {
        "/select/0/prometheus"
    } else if service.name.contains("mimir") {
        "/prometheus"
    } else {
        ""
    }
}
