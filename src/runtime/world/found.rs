//! Sources that are found in the cluster.

use std::sync::Arc;

use serde_json::Value;

use super::connect::Found;
use super::{LIMIT, World};
use crate::config::source::Service;
use crate::core::{Error, Kind, Name, Result, Untrusted};
use crate::sources::discover::probe::{Connecting, probe};
use crate::sources::discover::{Candidate, Port, ServiceInfo, candidates};
use crate::sources::kube::Client;
use crate::sources::kube::proxy::{Backend, Port as BackendPort, PortForward, ServiceProxy};
use crate::sources::transport::SharedTransport;
use crate::store::health::{SourceKind, Via};

/// Where stacks of monitoring usually live, for those who may not list Services everywhere.
const USUAL: [&str; 8] =
    ["monitoring", "observability", "prometheus", "loki", "logging", "grafana", "kube-system", "default"];

/// The ways through the API server, in the order in which they are tried.
const WAYS: [Via; 2] = [Via::ServiceProxy, Via::PortForward];

/// Looks for a kind of source among the cluster's services.
///
/// # Errors
/// Why the services could not be read: then it is not known whether there is one.
pub async fn in_cluster(world: &Arc<World>, kind: SourceKind) -> Result<Vec<Found>> {
    let Ok(client) = world.client() else { return Ok(Vec::new()) };
    let services = services(client).await?;
    let wanted: Vec<Candidate> = candidates(&services).into_iter().filter(|c| c.kind == kind).collect();
    let of = client.clone();
    let connect = move |candidate: Candidate, via: Via| -> Connecting<'static> {
        let transport = transport(&of, &candidate.service, &candidate.prefix, via);
        Box::pin(async move { transport })
    };
    let outcome = probe(&wanted, &WAYS, &connect).await;
    let found: Vec<Found> = outcome
        .found
        .iter()
        .cloned()
        .map(|f| Found {
            name: Untrusted::from(format!("{}/{}", f.candidate.service.namespace, f.candidate.service.name)),
            by: f.candidate.found(),
            way: Ok(f.transport),
            limit: LIMIT,
        })
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    // Something looked like it and did not answer: that is an outage, not an absence.
    let silent = outcome.silent().map(|(c, error)| Found {
        name: Untrusted::from(c.service.to_string()),
        by: c.found(),
        way: Err(error),
        limit: LIMIT,
    });
    Ok(silent.into_iter().collect())
}

fn transport(client: &Client, service: &Service, prefix: &str, via: Via) -> Result<SharedTransport> {
    let backend = backend(service, prefix, false)?;
    Ok(match via {
        Via::PortForward => Arc::new(PortForward::new(client.clone(), backend)),
        Via::ServiceProxy | Via::Direct => Arc::new(ServiceProxy::new(client.clone(), backend)),
    })
}

/// Returns a service as the ways through the API server take it.
///
/// # Errors
/// `Config` for what is no name of Kubernetes.
pub fn backend(service: &Service, prefix: &str, https: bool) -> Result<Backend> {
    let name = |text: &str| {
        Name::new(text).ok_or_else(|| {
            Error::new(Kind::Config, "reach a service")
                .on(service.to_string())
                .detail("that is no name of Kubernetes")
        })
    };
    let port = match service.port.parse() {
        Ok(number) => BackendPort::Number(number),
        Err(_) => BackendPort::Name(name(&service.port)?),
    };
    Ok(Backend {
        namespace: name(&service.namespace)?,
        service: name(&service.name)?,
        port,
        https,
        prefix: prefix.to_owned(),
    })
}

/// Lists Services in the whole cluster, else in the usual namespaces, with how many of their endpoints are ready.
async fn services(client: &Client) -> Result<Vec<ServiceInfo>> {
    let lists = match client.get_json::<Value>("/api/v1/services").await {
        Ok(list) => vec![list],
        Err(fail) if fail.error.kind == Kind::Denied => {
            let reads = USUAL.map(|ns| async move {
                client.get_json::<Value>(&format!("/api/v1/namespaces/{ns}/services")).await.ok()
            });
            let read: Vec<Value> = futures::future::join_all(reads).await.into_iter().flatten().collect();
            // Nothing could be looked at: what is there is not known, and not "not installed".
            if read.is_empty() {
                return Err(fail.error.hint(
                    "set PROMETHEUS_URL, LOKI_ADDR and ALERTMANAGER_URL, or ask for the verb `list` on services",
                ));
            }
            read
        }
        Err(fail) => return Err(fail.error),
    };
    Ok(lists
        .iter()
        .flat_map(|list| list.get("items").and_then(Value::as_array).into_iter().flatten())
        .filter_map(info)
        .collect())
}

fn info(value: &Value) -> Option<ServiceInfo> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let labels = value.pointer("/metadata/labels").and_then(Value::as_object);
    let ports = value.pointer("/spec/ports").and_then(Value::as_array)?;
    let port = |p: &Value| {
        let number = p.get("port").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok())?;
        Some(Port { name: p.get("name").and_then(Value::as_str).unwrap_or("").to_owned(), number })
    };
    Some(ServiceInfo {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        labels: labels
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect(),
        ports: ports.iter().filter_map(port).collect(),
        headless: text("/spec/clusterIP") == "None",
        ready: None,
    })
}
