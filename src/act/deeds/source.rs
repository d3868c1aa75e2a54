//! What Flux would deploy of an object of its own: what the source that it names has ready.
//!
//! Facts: `spec.sourceRef` of a Kustomization, `spec.chartRef` or `status.helmChart` of a HelmRelease, and
//! `status.artifact.revision` of sources (`source.toolkit.fluxcd.io`).

use serde_json::Value;

use super::super::said;
use crate::core::{Kind, Name, Safe};
use crate::ops::deed::Live;
use crate::sources::kube::Client;

/// The kinds of sources with their plurals.
const KINDS: [(&str, &str); 5] = [
    ("GitRepository", "gitrepositories"),
    ("OCIRepository", "ocirepositories"),
    ("HelmChart", "helmcharts"),
    ("HelmRepository", "helmrepositories"),
    ("Bucket", "buckets"),
];
/// The versions in which they may be served.
const VERSIONS: [&str; 2] = ["v1", "v1beta2"];

/// A source that an object names.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    kind: &'static str,
    plural: &'static str,
    namespace: Name,
    name: Name,
}

/// Returns what must be known of what the object's source has; nothing where it names none.
pub async fn look(client: &Client, live: &Live<'_>) -> Option<Safe> {
    let Named { kind, plural, namespace, name } = named(live.object)?;
    let (namespace, name) = (namespace.as_str(), name.as_str());
    let called = format!("{kind} {namespace}/{name}");
    for version in VERSIONS {
        let path = format!("/apis/source.toolkit.fluxcd.io/{version}/namespaces/{namespace}/{plural}/{name}");
        return Some(match client.get_json::<Value>(&path).await {
            Ok(source) => said(ready(&source, &called)),
            Err(fail) if fail.error.kind == Kind::NotFound => continue,
            Err(fail) => said(format!("what {called} has ready is not known: {}", fail.error.line())),
        });
    }
    Some(said(format!("{called}, its source, is not there: Flux has nothing to deploy")))
}

fn ready(source: &Value, called: &str) -> String {
    let revision = source.pointer("/status/artifact/revision").and_then(Value::as_str);
    match revision.filter(|text| !text.is_empty()) {
        Some(revision) => format!("{called} has `{revision}` ready: that is what will be deployed"),
        None => format!("{called} has nothing ready"),
    }
}

fn named(object: &Value) -> Option<Named> {
    let text = |at: &str| object.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty());
    let of = |kind: &str, namespace: &str, name: &str| {
        let (kind, plural) = KINDS.into_iter().find(|(known, _)| *known == kind)?;
        Some(Named { kind, plural, namespace: Name::new(namespace)?, name: Name::new(name)? })
    };
    let here = text("/metadata/namespace")?;
    for at in ["/spec/chartRef", "/spec/sourceRef"] {
        if let (Some(kind), Some(name)) = (text(&format!("{at}/kind")), text(&format!("{at}/name"))) {
            return of(kind, text(&format!("{at}/namespace")).unwrap_or(here), name);
        }
    }
    let (namespace, name) = text("/status/helmChart")?.split_once('/')?;
    of("HelmChart", namespace, name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(object: &Value) -> Option<String> {
        named(object).map(|n| format!("{} {}/{}", n.plural, n.namespace.as_str(), n.name.as_str()))
    }

    #[test]
    fn each_kind_names_its_source_in_its_own_place() {
        let of = |spec: Value, status: Value| json!({"metadata": {"namespace": "shop"}, "spec": spec, "status": status});
        let reference = json!({"kind": "GitRepository", "name": "apps", "namespace": "flux-system"});
        let kustomization = of(json!({"sourceRef": reference}), json!({}));
        assert_eq!(source(&kustomization).as_deref(), Some("gitrepositories flux-system/apps"));
        let reference = of(json!({"chartRef": {"kind": "OCIRepository", "name": "momo"}}), json!({}));
        assert_eq!(source(&reference).as_deref(), Some("ocirepositories shop/momo"));
        let chart = of(json!({"chart": {}}), json!({"helmChart": "flux-system/shop-momo"}));
        assert_eq!(source(&chart).as_deref(), Some("helmcharts flux-system/shop-momo"));
        // A name that is none does not become a path.
        assert_eq!(
            source(&of(json!({"sourceRef": {"kind": "Bucket", "name": "../secrets"}}), json!({}))),
            None
        );
        assert_eq!(source(&of(json!({}), json!({}))), None);
    }

    #[test]
    fn what_is_ready_is_told_by_its_revision() {
        let has = json!({"status": {"artifact": {"revision": "main@sha1:1a2b3c"}}});
        assert_eq!(
            ready(&has, "GitRepository a/b"),
            "GitRepository a/b has `main@sha1:1a2b3c` ready: that is what will be deployed"
        );
        assert_eq!(ready(&json!({}), "Bucket a/b"), "Bucket a/b has nothing ready");
    }
}
