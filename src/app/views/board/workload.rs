//! The built-in board of a workload: what is asked for each panel.

use crate::core::num::Unit;
use crate::core::{ObjectRef, Resource, Span};
use crate::query::quote::string as quote;

/// A panel of the board.
pub struct Panel {
    /// Its title.
    pub title: &'static str,
    /// Its unit.
    pub unit: Unit,
    query: &'static str,
}

/// The panels. `$ns` and `$name` are quoted strings, `$pods` a quoted regular expression, `$w` the rate's window.
pub const PANELS: [Panel; 6] = [
    Panel {
        title: "Requests by code",
        unit: Unit::PerSecond,
        query: "sum by (code) (rate(http_requests_total{namespace=$ns,pod=~$pods}[$w]))",
    },
    Panel {
        title: "Error ratio",
        unit: Unit::Ratio,
        query: "sum(rate(http_requests_total{namespace=$ns,pod=~$pods,code=~\"5..\"}[$w])) / sum(rate(http_requests_total{namespace=$ns,pod=~$pods}[$w]))",
    },
    Panel {
        title: "Latency P50 P95 P99",
        unit: Unit::Seconds,
        query: "label_replace(histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=$ns,pod=~$pods}[$w]))), \"quantile\", \"P50\", \"\", \"\") \
                or label_replace(histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=$ns,pod=~$pods}[$w]))), \"quantile\", \"P95\", \"\", \"\") \
                or label_replace(histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=$ns,pod=~$pods}[$w]))), \"quantile\", \"P99\", \"\", \"\")",
    },
    Panel {
        title: "CPU by pod",
        unit: Unit::Cores,
        query: "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=$ns,pod=~$pods,container!=\"\",image!=\"\"}[$w]))",
    },
    Panel {
        title: "Memory by pod",
        unit: Unit::Bytes,
        query: "sum by (pod) (container_memory_working_set_bytes{namespace=$ns,pod=~$pods,container!=\"\",image!=\"\"})",
    },
    Panel {
        title: "Restarts by pod",
        unit: Unit::None,
        query: "sum by (pod) (kube_pod_container_status_restarts_total{namespace=$ns,pod=~$pods})",
    },
];

impl Panel {
    /// Returns the expression for an object at a step.
    pub fn expr(&self, owner: &ObjectRef, step: Span) -> String {
        let pods = pods_regex(owner);
        let window = Span::secs((step.as_secs() * 4).max(60)).to_string();
        let text = self.query.replace("$pods", &quote(&pods));
        text.replace("$ns", &quote(owner.namespace.as_str()))
            .replace("$name", &quote(owner.name.as_str()))
            .replace("$w", &window)
    }
}

/// Returns the expression of an object's error ratio over a window, for the check after a rollback.
pub fn error_ratio(owner: &ObjectRef, window: Span) -> String {
    let text = PANELS.iter().find(|p| p.title == "Error ratio").map_or("", |p| p.query);
    let text =
        text.replace("$pods", &quote(&pods_regex(owner))).replace("$ns", &quote(owner.namespace.as_str()));
    text.replace("$w", &window.to_string())
}

/// Returns a regular expression of the names that an object's pods have, dead ones included. Names hold
/// nothing that a regular expression reads but the dot.
fn pods_regex(owner: &ObjectRef) -> String {
    let name = owner.name.as_str().replace('.', "\\.");
    match owner.resource() {
        Some(Resource::Pod) => name,
        Some(Resource::Deployment) => format!("{name}-[a-z0-9]+-[a-z0-9]{{5}}"),
        Some(Resource::StatefulSet) => format!("{name}-[0-9]+"),
        _ => format!("{name}-[a-z0-9]+"),
    }
}
