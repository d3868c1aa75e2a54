//! What a controller writes in the very moment in which a change is sent: a status is looked at again and passed over, a
//! wish is not.

use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::object;
use crate::harness::until;
use crate::proxy::{Gate, Recorder, Then};
use crate::stand::{User, apply, kubectl};

const NAMESPACE: &str = "flux-moment";
const RELEASES: &str = "helmreleases.helm.toolkit.fluxcd.io";

/// Suspends a HelmRelease, while something is patched between the last look at it and what is sent. Returns what came of
/// it, and how often something was sent.
fn suspended_while(name: &str, patch: &[&str]) -> (Output, usize) {
    apply(&json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"interval": "5m", "suspend": false, "chartRef": {"kind": "OCIRepository", "name": "momo"}},
    }));
    let (proxy, gate) = (Recorder::start(User::Admin), Gate::closed());
    let (held, mut first) = (gate.clone(), true);
    proxy.follow(Box::new(move |seen| {
        if seen.mutates() && std::mem::take(&mut first) { Then::HoldBefore(held.clone()) } else { Then::Pass }
    }));
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("LANG", "C.UTF-8");
    command.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    command.env("KUBECONFIG", proxy.kubeconfig()).args(["-n", NAMESPACE, "flux", "suspend"]);
    command.arg(format!("hr/{name}")).args(["--write", "--confirm", name, "--reason", "5xx"]);
    let asked = std::thread::spawn(move || command.output().unwrap());
    until("it is sent", || gate.is_reached());
    kubectl(["patch", RELEASES, name, "-n", NAMESPACE, "--type", "merge"].iter().chain(patch));
    gate.open(true);
    (asked.join().unwrap(), proxy.writes().len())
}

#[test]
fn a_status_that_is_written_in_the_same_moment_is_passed_over_and_a_wish_is_not() {
    kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found"]);
    kubectl(["create", "namespace", NAMESPACE]);
    let is_suspended = |name: &str| object(RELEASES, NAMESPACE, name)["spec"]["suspend"] == true;

    let status = r#"{"status":{"failures":1}}"#;
    let (output, sent) = suspended_while("status", &["--subresource", "status", "-p", status]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    assert_eq!((is_suspended("status"), sent), (true, 2));

    let (output, sent) = suspended_while("wish", &["-p", r#"{"spec":{"interval":"9m"}}"#]);
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success() && words.contains("it changed since the plan was made"), "{words}");
    assert_eq!((is_suspended("wish"), sent), (false, 1));
}
