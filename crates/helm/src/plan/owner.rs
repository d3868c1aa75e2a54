//! Who else writes an object: controllers that would undo a rollback, or that a rollback would fight.

use std::fmt;

use serde_json::Value;

/// What owns an object beside Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// Flux' helm-controller.
    FluxHelmRelease,
    /// Flux' kustomize-controller.
    FluxKustomization,
    /// An Argo CD Application.
    ArgoCd,
    /// An Argo Rollout.
    ArgoRollout,
}

/// An owner, as far as the object tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// What it is.
    pub kind: OwnerKind,
    /// Its name, with its namespace where that is known; empty when only its controller's hand is seen.
    pub name: String,
}

impl Owner {
    /// Returns whether this is what stands behind another one, which may know less: only the kind where just a
    /// controller's hand was seen.
    pub fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && (other.name.is_empty() || self.name == other.name)
    }

    /// Returns what is to be done instead of writing what it owns.
    pub(super) fn advice(&self) -> &'static str {
        match self.kind {
            OwnerKind::FluxHelmRelease => "change it in git, or suspend that first",
            OwnerKind::FluxKustomization | OwnerKind::ArgoCd | OwnerKind::ArgoRollout => "change it there",
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            OwnerKind::FluxHelmRelease => "Flux HelmRelease",
            OwnerKind::FluxKustomization => "Flux Kustomization",
            OwnerKind::ArgoCd => "Argo CD Application",
            OwnerKind::ArgoRollout => "Argo Rollout",
        };
        if self.name.is_empty() { write!(f, "a {kind}") } else { write!(f, "{kind} `{}`", self.name) }
    }
}

/// Finds who owns an object, from its labels, annotations, owner references and the managers of its fields.
///
/// Argo CD's instance label is not looked at: every chart sets it.
pub fn find_owner(object: &Value) -> Option<Owner> {
    let text = |map: &str, key: &str| {
        let map = object.get("metadata")?.get(map)?;
        map.get(key)?.as_str().filter(|text| !text.is_empty())
    };
    let flux = |group: &str| {
        let name = text("labels", &format!("{group}/name"))?;
        let namespace = text("labels", &format!("{group}/namespace"));
        Some(namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}")))
    };
    if let Some(name) = flux("helm.toolkit.fluxcd.io") {
        return Some(Owner { kind: OwnerKind::FluxHelmRelease, name });
    }
    if let Some(name) = flux("kustomize.toolkit.fluxcd.io") {
        return Some(Owner { kind: OwnerKind::FluxKustomization, name });
    }
    if let Some(id) = text("annotations", "argocd.argoproj.io/tracking-id") {
        let name = id.split(':').next().unwrap_or_default().to_owned();
        return Some(Owner { kind: OwnerKind::ArgoCd, name });
    }
    by_kind(object).or_else(|| by_reference(object)).or_else(|| by_manager(object))
}

fn by_kind(object: &Value) -> Option<Owner> {
    let api_version = object.get("apiVersion")?.as_str()?;
    let is_rollout = object.get("kind")?.as_str()? == "Rollout" && api_version.starts_with("argoproj.io/");
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let by_label =
        object.pointer("/metadata/labels").and_then(|labels| labels.get("rollouts-pod-template-hash"));
    (is_rollout || by_label.is_some()).then(|| Owner {
        kind: OwnerKind::ArgoRollout,
        name: if is_rollout { name.to_owned() } else { String::new() },
    })
}

fn by_reference(object: &Value) -> Option<Owner> {
    let references = object.pointer("/metadata/ownerReferences")?.as_array()?;
    references.iter().find_map(|reference| {
        let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = match (text("apiVersion").split('/').next().unwrap_or_default(), text("kind")) {
            ("argoproj.io", "Rollout") => OwnerKind::ArgoRollout,
            ("argoproj.io", "Application" | "ApplicationSet") => OwnerKind::ArgoCd,
            ("helm.toolkit.fluxcd.io", _) => OwnerKind::FluxHelmRelease,
            ("kustomize.toolkit.fluxcd.io", _) => OwnerKind::FluxKustomization,
            _ => return None,
        };
        Some(Owner { kind, name: text("name").to_owned() })
    })
}

fn by_manager(object: &Value) -> Option<Owner> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    entries.iter().find_map(|entry| {
        // Who only writes the status owns nothing that a rollback writes.
        if entry.get("subresource").and_then(Value::as_str).is_some_and(|name| !name.is_empty()) {
            return None;
        }
        let kind = match entry.get("manager")?.as_str()? {
            "helm-controller" => OwnerKind::FluxHelmRelease,
            "kustomize-controller" => OwnerKind::FluxKustomization,
            "argocd-controller" | "argocd-application-controller" => OwnerKind::ArgoCd,
            "rollouts-controller" => OwnerKind::ArgoRollout,
            _ => return None,
        };
        Some(Owner { kind, name: String::new() })
    })
}
