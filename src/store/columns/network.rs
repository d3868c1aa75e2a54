//! Services and EndpointSlices.

use std::collections::BTreeSet;

use deckwatch_wire::core::{Service, ServicePort};
use deckwatch_wire::discovery::{Endpoint, EndpointSlice};

use super::cell::{Cell, Text};
use super::health::{Health, Level};
use super::{Tabled, age, name, selector};
use crate::core::Resource;

const NONE: &str = "<none>";
/// Characters of a load balancer's addresses that narrow tables show.
const NARROW: usize = 16;
/// Ports and endpoints that are named before the rest is counted.
const NAMED: usize = 3;

impl Tabled for Service {
    const RESOURCE: Resource = Resource::Service;

    fn cells(&self) -> Vec<Cell> {
        let spec = &self.spec;
        let ip = spec.cluster_ips.first().unwrap_or(&spec.cluster_ip);
        let ports: Vec<String> = spec.ports.iter().map(port).collect();
        vec![
            name(&self.metadata),
            Cell::said(&spec.r#type),
            Cell::said_or(ip, NONE),
            external(self),
            Cell::said_or(&ports.join(","), NONE),
            age(&self.metadata),
            Cell::said_or(&selector::labels(&spec.selector), NONE),
        ]
    }

    fn condition(&self) -> Health {
        let waits = self.spec.r#type == "LoadBalancer" && balancer(self).is_empty();
        if waits && self.spec.external_ips.is_empty() {
            return Health::new(Level::Warning, "Pending")
                .because("no load balancer has given an address yet");
        }
        Health::said(Level::Ok, &self.spec.r#type)
    }
}

fn port(port: &ServicePort) -> String {
    if port.node_port > 0 {
        format!("{}:{}/{}", port.port, port.node_port, port.protocol)
    } else {
        format!("{}/{}", port.port, port.protocol)
    }
}

/// The addresses that a load balancer gave: each its IP, else its host name; sorted.
fn balancer(service: &Service) -> String {
    let address = |ingress: &deckwatch_wire::core::LoadBalancerIngress| {
        if ingress.ip.is_empty() { ingress.hostname.clone() } else { ingress.ip.clone() }
    };
    let given: BTreeSet<String> = service.status.load_balancer.ingress.iter().map(address).collect();
    given.into_iter().filter(|address| !address.is_empty()).collect::<Vec<_>>().join(",")
}

/// EXTERNAL-IP, whose load balancer's part is cut in narrow tables.
fn external(service: &Service) -> Cell {
    let own = service.spec.external_ips.join(",");
    match service.spec.r#type.as_str() {
        "ClusterIP" | "NodePort" => Cell::said_or(&own, NONE),
        "LoadBalancer" => {
            let full = balancer(service);
            let short = match full.char_indices().nth(NARROW - 3) {
                Some((at, _)) if full.len() > NARROW => format!("{}...", full.get(..at).unwrap_or_default()),
                _ => full.clone(),
            };
            let with_own = |given: &str| match (given, own.as_str()) {
                ("", "") => Text::Own("<pending>"),
                ("", one) | (one, "") => Text::said(one),
                (given, own) => Text::said(&format!("{given},{own}")),
            };
            Cell::Shortened { narrow: with_own(&short), wide: with_own(&full) }
        }
        "ExternalName" => Cell::said(&service.spec.external_name),
        _ => Cell::Text(Text::Own("<unknown>")),
    }
}

impl Tabled for EndpointSlice {
    const RESOURCE: Resource = Resource::EndpointSlice;

    fn cells(&self) -> Vec<Cell> {
        // A port without a number is a name, and the server keeps an absent name as an empty one.
        let port = |port: &deckwatch_wire::discovery::EndpointPort| match port.port {
            Some(number) => number.to_string(),
            None => port.name.clone().unwrap_or_default(),
        };
        vec![
            name(&self.metadata),
            Cell::said(&self.address_type),
            Cell::said(&first_few(self.ports.iter().map(port))),
            Cell::said(&first_few(
                self.endpoints.iter().flat_map(|endpoint| endpoint.addresses.iter().cloned()),
            )),
            age(&self.metadata),
        ]
    }

    fn condition(&self) -> Health {
        // An endpoint that does not say whether it is ready counts as ready.
        let ready = |endpoint: &&Endpoint| endpoint.conditions.ready != Some(false);
        let (all, ready) = (self.endpoints.len(), self.endpoints.iter().filter(ready).count());
        let reason = format!("{ready}/{all} endpoints ready");
        match (ready, all) {
            (_, 0) => Health::new(Level::Warning, "Empty").because("no endpoints"),
            (0, _) => Health::new(Level::Failing, "NotReady").because(&reason),
            (ready, all) if ready < all => Health::new(Level::Warning, "NotReady").because(&reason),
            _ => Health::new(Level::Ok, "Ready"),
        }
    }
}

/// Names the first few and counts the rest: `a,b,c + 2 more...`.
fn first_few(names: impl Iterator<Item = String>) -> String {
    let mut named = Vec::new();
    let mut count = 0;
    for name in names {
        count += 1;
        if named.len() < NAMED {
            named.push(name);
        }
    }
    let joined = named.join(",");
    match count {
        _ if count > NAMED => format!("{joined} + {} more...", count - NAMED),
        _ if joined.is_empty() => "<unset>".to_owned(),
        _ => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Ts;

    #[test]
    fn a_server_that_knows_one_address_only_is_believed() {
        let mut service = Service::default();
        "10.96.0.10".clone_into(&mut service.spec.cluster_ip);
        let shown = service.cells().get(2).map(|cell| cell.show(Ts(0), false).into_owned());
        assert_eq!(shown.as_deref(), Some("10.96.0.10"));
    }
}
