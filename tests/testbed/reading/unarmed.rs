//! A proxy before the API server sees no mutating request while every view is walked through unarmed.

use std::collections::BTreeMap;

use deckwatch::app::views::View;
use pretty_assertions::assert_eq;

use crate::harness::Session;
use crate::proxy::{Recorder, Seen};
use crate::stand::{User, cockpit, shop};

/// Opens the cockpit on a view and waits until the view has what it shows.
fn open(recorder: &Recorder, name: &str) -> Session {
    let launch = cockpit(User::Admin, (120, 40), true).env("KUBECONFIG", recorder.kubeconfig());
    let session = launch.arg("-A").arg("--view").arg(name).start();
    session.wait_long("●").wait_gone("loading…");
    session
}

/// Walks to a view of the table; those that are only reached from a row, by keys.
fn walk(recorder: &Recorder, view: &str) -> Session {
    match view {
        "alert" => {
            let session = open(recorder, "alerts");
            session.wait_long("Watchdog").keys("/Watchdog\r\r").wait_for("What changed before");
            session
        }
        "table" => {
            let session = open(recorder, "pods");
            session.wait_for("READY").keys("w").wait_for("NODE");
            for kind in ["deploy", "sts", "ds", "rs", "jobs", "nodes", "svc", "events", "cm", "secrets"] {
                session.keys(&format!(":{kind}\r")).wait_gone("loading…");
            }
            session
        }
        "logs" => {
            let session = open(recorder, "pods");
            session
                .wait_for("backend-")
                .keys("/backend\r")
                .keys("l")
                .wait_for("Logs · Pod")
                .wait_for("loki ");
            session
        }
        "text" => {
            let session = open(recorder, "pods");
            session.wait_for("backend-").keys("y").wait_for("apiVersion");
            session
        }
        "release" => {
            let session = open(recorder, "releases");
            session.wait_for("momo").keys("\r").wait_for("Upgrade complete");
            session
        }
        "plan" => {
            let session = open(recorder, "releases");
            session.wait_for("momo").keys("\r").wait_for("Upgrade complete").keys("jj");
            session
                .keys("r")
                .wait_for("pods restart")
                .keys("d")
                .wait_for("unchanged lines")
                .keys("\x1b")
                .wait_for("history ");
            session
        }
        "board" => {
            let session = open(recorder, "deploy");
            session.wait_for("backend").keys("/backend\r").keys("gp").wait_for("Error ratio");
            session
        }
        name => open(recorder, name),
    }
}

#[test]
fn no_view_sends_a_mutating_request_while_unarmed_and_each_reads() {
    shop();
    let mut reads: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in View::TABLE {
        let recorder = Recorder::start(User::Admin);
        let session = walk(&recorder, entry.name);
        session.keys("\x03").wait_end();
        let seen = recorder.seen();
        let mutating: Vec<&Seen> = seen.iter().filter(|s| s.mutates()).collect();
        assert_eq!(mutating, Vec::<&Seen>::new(), "{}", entry.name);
        // The pulse is asked whatever is shown: it is no read of the view's.
        let read = |s: &&Seen| s.method == http::Method::GET && s.path.starts_with("/api");
        reads.insert(entry.name, seen.iter().filter(read).count());
    }
    let silent: Vec<_> = reads.iter().filter(|(_, n)| **n == 0).collect();
    assert_eq!(silent, Vec::new(), "{reads:?}");
}
