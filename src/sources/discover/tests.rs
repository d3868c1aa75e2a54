use std::sync::Mutex;

use super::probe::Connecting;
use super::*;
use crate::core::{Error, Kind};
use crate::sources::http::fake::{Fake, answer};
use crate::store::health::Via;

fn service(name: &str, labels: &[(&str, &str)], ports: &[(&str, u16)]) -> ServiceInfo {
    ServiceInfo {
        namespace: "monitoring".into(),
        name: name.into(),
        labels: labels.iter().copied().collect(),
        ports: ports
            .iter()
            .map(|(name, number)| Port { name: (*name).to_owned(), number: *number })
            .collect(),
        headless: false,
        ready: None,
    }
}

fn ranked(services: &[ServiceInfo]) -> Vec<String> {
    let print =
        |c: Candidate| format!("{:?} {}:{}{} {:?}", c.kind, c.service.name, c.service.port, c.prefix, c.rank);
    candidates(services).into_iter().map(print).collect()
}

const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";

#[test]
fn kube_prometheus_stack_is_found_whole() {
    let services = [
        service(
            "prometheus-operated",
            &[("operated-prometheus", "true"), ("managed-by", "prometheus-operator")],
            &[("http-web", 9090)],
        ),
        service(
            "alertmanager-operated",
            &[("operated-alertmanager", "true")],
            &[("http-web", 9093), ("tcp-mesh", 9094), ("udp-mesh", 9094)],
        ),
        service(
            "kps-kube-prometheus-stack-prometheus",
            &[("app", "kube-prometheus-stack-prometheus")],
            &[("reloader-web", 8080), ("http-web", 9090)],
        ),
        service(
            "kps-kube-prometheus-stack-alertmanager",
            &[("app", "kube-prometheus-stack-alertmanager")],
            &[("http-web", 9093), ("reloader-web", 8080)],
        ),
        service(
            "kps-kube-prometheus-stack-operator",
            &[("app", "kube-prometheus-stack-operator")],
            &[("https", 443)],
        ),
        service("kps-kube-state-metrics", &[(NAME, "kube-state-metrics")], &[("http", 8080)]),
        service(
            "kps-prometheus-node-exporter",
            &[(NAME, "prometheus-node-exporter")],
            &[("http-metrics", 9100)],
        ),
        service("kps-grafana", &[(NAME, "grafana")], &[("http-web", 80)]),
    ];
    assert_eq!(
        ranked(&services),
        [
            "Prometheus prometheus-operated:9090 Operated",
            "Prometheus kps-kube-prometheus-stack-prometheus:9090 Labelled",
            "Alertmanager alertmanager-operated:9093 Operated",
            "Alertmanager kps-kube-prometheus-stack-alertmanager:9093 Labelled",
        ]
    );
}

#[test]
fn loki_s_charts_are_reached_at_the_component_that_answers() {
    let loki = |name: &str, component: &str, port: (&'static str, u16)| {
        service(name, &[(NAME, "loki"), (COMPONENT, component)], &[port, ("grpc", 9095)])
    };
    let services = [
        loki("loki-backend", "backend", ("http-metrics", 3100)),
        loki("loki-write", "write", ("http-metrics", 3100)),
        loki("loki-read", "read", ("http-metrics", 3100)),
        ServiceInfo {
            headless: true,
            ..loki("loki-query-frontend-headless", "query-frontend", ("http-metrics", 3100))
        },
        loki("loki-gateway", "gateway", ("http", 80)),
        service("loki-memberlist", &[(NAME, "loki")], &[("tcp", 7946)]),
        service("loki-canary", &[(NAME, "loki"), (COMPONENT, "canary")], &[("http-metrics", 3500)]),
        service("loki-chunks-cache", &[(NAME, "loki")], &[("memcached-client", 11_211)]),
        service("loki-stack", &[("app", "loki")], &[("http-metrics", 3100)]),
    ];
    assert_eq!(
        ranked(&services),
        [
            "Loki loki-gateway:80 Gateway",
            "Loki loki-query-frontend-headless:3100 Gateway",
            "Loki loki-read:3100 Labelled",
            "Loki loki-stack:3100 Labelled",
        ]
    );
    let out: Vec<_> = left_out(&services).into_iter().map(|o| o.0).collect();
    assert!(
        out.contains(&"monitoring/loki-canary".to_owned())
            && !out.contains(&"monitoring/loki-gateway".to_owned()),
        "{out:?}"
    );
}

#[test]
fn other_installations_come_with_their_ports_and_prefixes() {
    for (given, expected) in [
        (
            service("prom-server", &[("app", "prometheus"), ("component", "server")], &[("http", 80)]),
            "Prometheus prom-server:80 Labelled",
        ),
        (
            service(
                "prom-prometheus-server",
                &[(NAME, "prometheus"), (COMPONENT, "server")],
                &[("http", 80)],
            ),
            "Prometheus prom-prometheus-server:80 Labelled",
        ),
        (
            service("x-mimir-nginx", &[(NAME, "mimir")], &[("http-metric", 80)]),
            "Prometheus x-mimir-nginx:80/prometheus Gateway",
        ),
        (
            service("vmselect-main", &[(NAME, "vmselect")], &[("http", 8481)]),
            "Prometheus vmselect-main:8481/select/0/prometheus Labelled",
        ),
        (
            service("vmsingle-main", &[(NAME, "vmsingle")], &[("http", 8428)]),
            "Prometheus vmsingle-main:8428 Labelled",
        ),
        (
            service("thanos-query", &[(NAME, "thanos-query")], &[("grpc", 10_901), ("http", 10_902)]),
            "Prometheus thanos-query:10902 Labelled",
        ),
        (service("metrics", &[], &[("", 9090)]), "Prometheus metrics:9090 Port"),
        (service("my-prometheus", &[], &[("http", 8080)]), "Prometheus my-prometheus:8080 Named"),
        (
            service("prometheus-alertmanager", &[], &[("http", 80)]),
            "Alertmanager prometheus-alertmanager:80 Named",
        ),
        (
            service("odd", &[(NAME, "loki")], &[("http-metrics", 4000), ("grpc", 9095)]),
            "Loki odd:4000 Labelled",
        ),
    ] {
        assert_eq!(ranked(&[given]), [expected]);
    }
}

#[test]
fn what_only_looks_like_a_source_is_left_out_with_the_reason() {
    for (name, reason) in [
        ("prometheus-pushgateway", "takes metrics, answers no queries"),
        ("prometheus-operator", "an operator"),
        ("prometheus-node-exporter", "an exporter"),
        ("prometheus-adapter", "an adapter"),
        ("prometheus-msteams", "a receiver of alerts"),
    ] {
        let services = [service(name, &[], &[("http", 9090)])];
        assert_eq!(
            (candidates(&services).len(), left_out(&services)),
            (0, vec![(format!("monitoring/{name}"), reason)])
        );
    }
    let asleep = ServiceInfo { ready: Some(0), ..service("loki", &[("app", "loki")], &[("http", 3100)]) };
    assert_eq!(
        left_out(std::slice::from_ref(&asleep)),
        [("monitoring/loki".to_owned(), "no endpoint is ready")]
    );
    assert_eq!(candidates(&[asleep]), []);
    let kubecost = service(
        "kubecost-prometheus-server",
        &[("release", "kubecost"), ("app", "prometheus"), ("component", "server")],
        &[("http", 80)],
    );
    assert_eq!(candidates(&[kubecost]), []);
    assert_eq!(
        candidates(&[service("web", &[], &[("http", 80)]), service("prometheus", &[], &[("grpc", 9090)])]),
        []
    );
}

/// Answers like the source that the candidate's name says, or fails as it says.
fn stand(candidate: Candidate, via: Via) -> Connecting<'static> {
    Box::pin(async move {
        let name = candidate.service.name.clone();
        if via == Via::ServiceProxy && name.contains("walled") {
            return Err(Error::new(Kind::Denied, "service proxy"));
        }
        if name.contains("hang") {
            std::future::pending::<()>().await;
        }
        let prefix = candidate.prefix;
        Ok(Fake::new(move |r| {
            if name.contains("prefixed") && prefix.is_empty() {
                return Ok(answer(404, "text/plain", "404 page not found"));
            }
            let body = match r.path.as_str() {
                "/api/v1/status/buildinfo" if name.contains("prom") => {
                    r#"{"status":"success","data":{"version":"3.1"}}"#
                }
                "/loki/api/v1/status/buildinfo" if name.contains("loki") => {
                    r#"{"version":"3.7","revision":"x"}"#
                }
                "/api/v2/status" if name.contains("alertmanager") => {
                    r#"{"cluster":{"status":"ready"},"versionInfo":{"version":"0.31"},"uptime":"2026-11-21T07:00:00Z"}"#
                }
                _ => "<html>something else</html>",
            };
            Ok(answer(200, "x", body))
        }) as SharedTransport)
    })
}

use crate::sources::transport::SharedTransport;

const WAYS: [Via; 2] = [Via::ServiceProxy, Via::PortForward];

fn outcome(found: &probe::Outcome) -> Vec<String> {
    found
        .found
        .iter()
        .map(|f| {
            format!("{} {:?} {}{}", f.candidate.service.name, f.via, f.version.raw(), f.candidate.prefix)
        })
        .collect()
}

#[tokio::test]
async fn the_surest_candidate_that_answers_is_taken_and_all_tries_are_told() {
    let services = [
        service("other-prometheus", &[("operated-prometheus", "true")], &[("web", 9090)]),
        service("walled-prom", &[(NAME, "prometheus")], &[("web", 9090)]),
        service("zz-prom", &[(NAME, "prometheus")], &[("web", 9090)]),
        service("loki", &[], &[("http", 3100)]),
        service("prefixed-alertmanager", &[], &[("http", 9093)]),
    ];
    let fake_first = |c: Candidate, via: Via| {
        let c = Candidate {
            service: Service {
                name: c.service.name.replace("other-prometheus", "impostor"),
                ..c.service.clone()
            },
            ..c
        };
        stand(c, via)
    };
    let result = probe(&candidates(&services), &WAYS, &fake_first).await;
    assert_eq!(
        outcome(&result),
        [
            "walled-prom PortForward 3.1",
            "loki ServiceProxy ",
            "prefixed-alertmanager ServiceProxy 0.31/alertmanager"
        ]
    );
    let told: Vec<_> = result
        .tried
        .iter()
        .map(|t| (t.candidate.service.name.as_str(), t.via, t.error.as_ref().map(|e| e.kind)))
        .collect();
    assert_eq!(
        told,
        [
            ("other-prometheus", Via::ServiceProxy, Some(Kind::Decode)),
            ("other-prometheus", Via::PortForward, Some(Kind::Decode)),
            ("walled-prom", Via::ServiceProxy, Some(Kind::Denied)),
            ("walled-prom", Via::PortForward, None),
            ("zz-prom", Via::ServiceProxy, None),
            ("loki", Via::ServiceProxy, None),
            ("prefixed-alertmanager", Via::ServiceProxy, Some(Kind::NotFound)),
            ("prefixed-alertmanager", Via::ServiceProxy, None),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_costs_two_seconds_a_way_and_stops_nobody() {
    let services = [
        service("hang-prometheus", &[("operated-prometheus", "true")], &[("web", 9090)]),
        service("prom", &[(NAME, "prometheus")], &[("web", 9090)]),
    ];
    let begun = tokio::time::Instant::now();
    let result = probe(&candidates(&services), &WAYS, &stand).await;
    assert_eq!((outcome(&result), begun.elapsed().as_secs()), (vec!["prom ServiceProxy 3.1".to_owned()], 4));
    assert_eq!(
        result.tried.iter().filter(|t| t.error.as_ref().is_some_and(|e| e.kind == Kind::Timeout)).count(),
        2
    );
}

#[tokio::test]
async fn no_more_are_asked_than_may_be() {
    let services: Vec<ServiceInfo> =
        (0..20).map(|n| service(&format!("web-{n:02}"), &[], &[("", 9090)])).collect();
    let asked = Mutex::new(0);
    let connect = |c: Candidate, via: Via| {
        *asked.lock().unwrap() += 1;
        stand(c, via)
    };
    let result = probe(&candidates(&services), &WAYS[..1], &connect).await;
    assert_eq!((result.found.len(), result.unasked, *asked.lock().unwrap()), (0, 14, 6));
}

#[tokio::test]
async fn where_all_ways_are_forbidden_every_right_that_would_do_is_named() {
    let services = [
        service("forbidden-prom", &[(NAME, "prometheus")], &[("web", 9090)]),
        service("other-prometheus", &[("operated-prometheus", "true")], &[("web", 9090)]),
    ];
    let connect = |c: Candidate, via: Via| -> Connecting<'static> {
        if !c.service.name.contains("forbidden") {
            return stand(Candidate { service: Service { name: "impostor".into(), ..c.service }, ..c }, via);
        }
        let error = Error::new(Kind::Denied, "go").on(via.word()).hint(format!("ask for {}", via.word()));
        Box::pin(async move { Err(error) })
    };
    let result = probe(&candidates(&services), &WAYS, &connect).await;
    let (candidate, error) = result.silent().unwrap();
    let expected =
        Error::new(Kind::Denied, "go").on("service proxy").hint("ask for service proxy, or for port-forward");
    assert_eq!((candidate.service.name.as_str(), error), ("forbidden-prom", expected));
}

#[tokio::test]
async fn of_a_way_that_is_forbidden_and_one_that_fails_the_failure_is_told() {
    let services = [
        service("a-prom", &[(NAME, "prometheus")], &[("web", 9090)]),
        service("b-prom", &[(NAME, "prometheus")], &[("web", 9090)]),
    ];
    let connect = |c: Candidate, via: Via| -> Connecting<'static> {
        let kind = if via == Via::ServiceProxy { Kind::Denied } else { Kind::Unreachable };
        Box::pin(async move { Err(Error::new(kind, "go").on(c.service.name)) })
    };
    let result = probe(&candidates(&services), &WAYS, &connect).await;
    let (candidate, error) = result.silent().unwrap();
    assert_eq!(
        (candidate.service.name.as_str(), error),
        ("a-prom", Error::new(Kind::Unreachable, "go").on("a-prom"))
    );
}
