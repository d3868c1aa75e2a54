//! The real GitOps controllers on the stand, and what they do to a change that nobody told them of.
//!
//! `argo*` needs a stand `--with argo` and runs by `cargo xtask test gitops` only, for the controllers take minutes to
//! build. `flux*` needs a stand `--with flux`, which costs seconds, and is part of an ordinary run.

mod argo_cd;
mod argo_rollouts;
mod argo_twins;
mod flux;

use std::fmt::Debug;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stand::{User, deckwatch, kubectl, variable};

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

/// Asks until something is as it shall be; fails with what it is instead.
fn eventually<T: Debug + PartialEq>(limit: Duration, ask: impl Fn() -> T, expected: &T) {
    let end = Instant::now() + limit;
    loop {
        let now = ask();
        if now == *expected || Instant::now() >= end {
            assert_eq!(now, *expected, "after {limit:.0?}");
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Runs deckwatch as the administrator.
fn run(namespace: &str, command: &[&str]) -> Output {
    deckwatch(User::Admin, &[&["-n", namespace], command].concat())
}

/// Does something by deckwatch, confirmed by the object's name; returns the plan that was confirmed.
fn by_deckwatch(namespace: &str, name: &str, command: &[&str]) -> String {
    let plan = succeeded(command, run(namespace, &[command, &["--plan"]].concat()));
    succeeded(command, run(namespace, &[command, &["--write", "--confirm", name]].concat()));
    plan
}

/// The same for a reason, which only what is written can have.
fn by_deckwatch_for(namespace: &str, name: &str, command: &[&str], reason: &str) {
    let write = ["--write", "--confirm", name, "--reason", reason];
    succeeded(command, run(namespace, &[command, &write].concat()));
}

fn succeeded(command: &[&str], output: Output) -> String {
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out
}

/// Returns what the view tells of an object.
fn shown(namespace: &str, name: &str) -> Value {
    let output = run(namespace, &["snapshot", "gitops", "-o", "json"]);
    let view: Value = serde_json::from_str(&succeeded(&["snapshot"], output)).unwrap();
    let all = view["objects"].as_array().unwrap();
    let found = all.iter().find(|one| one["object"]["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {view}")).clone()
}

/// Asks deckwatch for what it must refuse, with these words; nothing is sent.
fn refused(namespace: &str, command: &[&str], words: &str) {
    let output = run(namespace, &[command, &["--plan"]].concat());
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "{command:?} was not refused: {said}");
    assert!(said.contains(words), "`{words}` is not in: {said}");
}
