//! The real GitOps controllers on the stand, and what they do to a change that nobody told them of.
//!
//! `argo*` needs a stand `--with argo` and runs by `cargo xtask test gitops` only, for the controllers take minutes to
//! build. `flux*` needs a stand `--with flux`, which costs seconds, and is part of an ordinary run.

mod argo_cd;
mod argo_rollouts;
mod flux;

use std::path::Path;

use serde_json::Value;

use crate::stand::{kubectl, variable};

/// Returns an object.
fn object(kind: &str, namespace: &str, name: &str) -> Value {
    serde_json::from_str(&kubectl(["get", kind, name, "-n", namespace, "-o", "json"])).unwrap()
}

/// Returns the image of an object's first container.
fn image(object: &Value) -> &str {
    object["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap()
}

/// Removes what an earlier run on the same stand has left of a test's own: its Application, namespace and repository.
fn fresh(name: &str) {
    kubectl(["delete", "applications.argoproj.io", name, "-n", "argocd", "--ignore-not-found"]);
    kubectl(["delete", "namespace", name, "--ignore-not-found"]);
    std::fs::remove_dir_all(Path::new(&variable("DECKWATCH_TESTBED_RUN")).join("gitops").join(name)).ok();
}
