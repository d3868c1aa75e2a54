//! Every source is found with nothing but a kubeconfig.

use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stand::{User, deckwatch_json};

#[test]
fn every_source_is_found_in_the_cluster_and_reached_by_port_forward() {
    let document = deckwatch_json(User::Admin, &["sources", "-o", "json"]);
    let rows = document["sources"].as_array().unwrap();
    let found: Vec<_> =
        rows.iter().map(|s| json!([s["kind"], s["found"], s["via"], s["state"], s["error"]])).collect();
    let by_forward = |kind: &str, service: &str| {
        json!([kind, format!("cluster: service monitoring/{service}"), "port-forward", "ready", null])
    };
    assert_eq!(
        found[1..],
        [
            by_forward("prometheus", "prometheus-server"),
            by_forward("loki", "loki"),
            by_forward("alertmanager", "alertmanager"),
        ]
    );
    assert_eq!((&rows[0]["kind"], &rows[0]["state"]), (&json!("kubernetes"), &json!("ready")));
}
