//! From a service's port to a pod that is ready, and the port that it listens on.

use deckwatch_wire::core::{Pod, ServicePort};
use deckwatch_wire::discovery::EndpointSlice;

use super::{Backend, Port};
use crate::core::{Kind, Name, Resource, Result};
use crate::sources::kube::client::Client;
use crate::sources::kube::get::{self, Listing};
use crate::sources::kube::reflect::{Scope, Spec};
use crate::store::objects::Object;

/// Where a connection is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The pod.
    pub pod: Name,
    /// Its port.
    pub port: u16,
}

/// Finds a ready pod behind a service.
///
/// By the service's EndpointSlices; where these may not be read, by its selector and its pods.
/// Errors: `NotFound` for a missing service or port, `Unreachable` when no pod is ready.
pub async fn place(client: &Client, backend: &Backend) -> Result<Place> {
    let service = service(client, backend).await?;
    let scope = Scope::Namespace(backend.namespace.clone());
    let labels = Some(format!("kubernetes.io/service-name={}", backend.service));
    let spec = Spec { labels, ..Spec::all(Resource::EndpointSlice, scope.clone()) };
    match get::list(client, &spec, 1_000).await {
        Ok(found) => by_slices(&found, &service.port).ok_or_else(|| {
            let error = backend.error(Kind::Unreachable, "find a pod behind the service");
            error.detail("no pod behind it is ready")
        }),
        Err(fail) if fail.error.kind == Kind::Denied && !service.selector.is_empty() => {
            let spec = Spec { labels: Some(service.selector.clone()), ..Spec::all(Resource::Pod, scope) };
            let pods = get::list(client, &spec, 1_000).await?;
            by_pods(&pods, &service.port).ok_or_else(|| {
                let error = backend.error(Kind::Unreachable, "find a pod behind the service");
                error.detail("none of its pods is ready")
            })
        }
        Err(fail) => Err(fail.error),
    }
}

struct Found {
    port: ServicePort,
    /// The selector, as a label selector.
    selector: String,
}

async fn service(client: &Client, backend: &Backend) -> Result<Found> {
    let path = Resource::Service.path(Some(backend.namespace.as_str()), Some(backend.service.as_str()));
    let service: deckwatch_wire::core::Service = client.get_json(&path).await?;
    let wanted = |p: &&ServicePort| match &backend.port {
        Port::Number(n) => p.port == i32::from(*n),
        Port::Name(name) => p.name == name.as_str(),
    };
    let port = service.spec.ports.iter().find(wanted).cloned().ok_or_else(|| {
        backend.error(Kind::NotFound, "find the service's port").detail("the service has no such port")
    })?;
    let pairs: Vec<String> = service.spec.selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    Ok(Found { port, selector: pairs.join(",") })
}

fn by_slices(found: &Listing, port: &ServicePort) -> Option<Place> {
    let slices =
        found.objects.iter().filter_map(|o| if let Object::EndpointSlice(s) = o { Some(s) } else { None });
    slices.into_iter().find_map(|slice| by_slice(slice, port))
}

fn by_slice(slice: &EndpointSlice, port: &ServicePort) -> Option<Place> {
    let named = slice.ports.iter().find(|p| p.name.as_deref().unwrap_or("") == port.name)?;
    let number = u16::try_from(named.port?).ok()?;
    slice.endpoints.iter().find_map(|endpoint| {
        let pod = endpoint.target_ref.as_ref().filter(|t| t.kind == "Pod")?;
        // Absent means ready, as for every consumer of slices.
        let ready = endpoint.conditions.ready != Some(false) && endpoint.conditions.terminating != Some(true);
        Some(Place { pod: Name::new(&pod.name).filter(|_| ready)?, port: number })
    })
}

fn by_pods(found: &Listing, port: &ServicePort) -> Option<Place> {
    let pods = found.objects.iter().filter_map(|o| if let Object::Pod(p) = o { Some(p) } else { None });
    pods.filter(|pod| is_ready(pod)).find_map(|pod| {
        let target = &port.target_port;
        let containers = pod.spec.containers.iter();
        let number = match (target.str_val.as_str(), target.int_val) {
            ("", 0) => port.port,
            ("", number) => number,
            (name, _) => containers.flat_map(|c| &c.ports).find(|p| p.name == name)?.container_port,
        };
        Some(Place { pod: Name::new(&pod.metadata.name)?, port: u16::try_from(number).ok()? })
    })
}

fn is_ready(pod: &Pod) -> bool {
    let ready = pod.status.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True");
    ready && pod.metadata.deletion_timestamp.is_none()
}
