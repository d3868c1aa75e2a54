//! The chart whose releases are rolled back: 60 objects, two turns of each.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// How many objects it has.
pub const OBJECTS: usize = 60;

/// Writes a chart of 45 ConfigMaps and 15 Deployments; Deployments without pods, so that only requests are measured.
pub fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("templates"))?;
    fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: sixty\nversion: 0.0.1\n")?;
    fs::write(folder.join("values.yaml"), "turn: 0\n")?;
    let mut text = String::new();
    for i in 0..45 {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{i:02}\n  \
             labels: {{app: sixty, turn: 't{{{{ .Values.turn }}}}'}}\ndata:\n  turn: '{{{{ .Values.turn }}}}'\n"
        );
        for key in 0..20 {
            let _ =
                writeln!(text, "  key-{key:02}: 'a value as services have them, number {key} of config {i}'");
        }
    }
    for i in 0..15 {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-{i:02}\n  \
             labels: {{app: sixty, turn: 't{{{{ .Values.turn }}}}'}}\nspec:\n  replicas: 0\n  \
             selector: {{matchLabels: {{app: service-{i:02}}}}}\n  template:\n    \
             metadata: {{labels: {{app: service-{i:02}}}}}\n    spec:\n      containers:\n      - name: app\n        \
             image: 'registry.example/service-{i:02}:0.0.{{{{ .Values.turn }}}}'\n        \
             ports: [{{containerPort: 8080}}]\n"
        );
    }
    fs::write(folder.join("templates/all.yaml"), text)
}
