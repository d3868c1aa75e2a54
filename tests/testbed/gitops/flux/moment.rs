//! What a controller writes in the very moment in which a change is sent: a status is looked at again and passed over, a
//! wish is not.

use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::object;
use super::owned::Owned;
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
    let object = format!("hr/{name}");
    let command = ["flux", "suspend", &object, "--write", "--confirm", name, "--reason", "5xx"];
    let output = while_held(&proxy, &gate, NAMESPACE, &command, || {
        kubectl(["patch", RELEASES, name, "-n", NAMESPACE, "--type", "merge"].iter().chain(patch));
    });
    (output, proxy.writes().len())
}

/// Has deckwatch do something before a proxy, and something else done once the proxy's gate is reached, which is opened then.
fn while_held(
    proxy: &Recorder,
    gate: &Gate,
    namespace: &str,
    args: &[&str],
    meanwhile: impl FnOnce(),
) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("LANG", "C.UTF-8");
    command.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    command.env("KUBECONFIG", proxy.kubeconfig()).args(["-n", namespace]).args(args);
    let asked = std::thread::spawn(move || command.output().unwrap());
    until("the gate is reached", || gate.is_reached());
    meanwhile();
    gate.open(true);
    asked.join().unwrap()
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

#[test]
fn a_release_that_is_resumed_after_the_plan_was_made_is_not_written_to() {
    let owned = Owned::new("flux-resumed", "helm3");
    owned.hold();
    let before = owned.data();
    let rolled_back_while = |patch: &str| {
        let (proxy, gate) = (Recorder::start(User::Admin), Gate::closed());
        let held = gate.clone();
        // For the plan they are listed; the one that is held back is looked at again before the first write.
        proxy.follow(Box::new(move |seen| {
            let again = seen.path.ends_with("/namespaces/flux-resumed/helmreleases/demo");
            if again { Then::HoldBefore(held.clone()) } else { Then::Pass }
        }));
        let command = ["rollback", "demo", "1", "--write", "--confirm", "demo"];
        let output = while_held(&proxy, &gate, owned.namespace, &command, || {
            kubectl(["patch", RELEASES, "demo", "-n", owned.namespace, "--type", "merge", "-p", patch]);
        });
        let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), words, proxy.writes().len())
    };
    let (code, words, sent) = rolled_back_while(r#"{"spec":{"suspend":false}}"#);
    assert_eq!((code, sent), (Some(1), 0), "{words}");
    assert!(words.contains("nothing was sent: it was resumed after the plan was made"), "{words}");
    assert_eq!(owned.data(), before);

    // Whatever else somebody changes of it while it stays suspended is not in the way.
    owned.suspend_again();
    let (code, words, sent) = rolled_back_while(r#"{"spec":{"interval":"9m"}}"#);
    assert!(code == Some(0) && sent > 0, "{words}");
    assert_eq!(owned.data()["VERSION"], "1");
}
