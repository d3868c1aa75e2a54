//! Servers that lie, down to the bytes that reach the terminal: none of what they say drives it, and all of
//! what they say is shown or counted.

mod lies;
pub mod records;

use std::collections::BTreeSet;
use std::time::Duration;

use deckwatch_sim::whole::Whole;
use pretty_assertions::assert_eq;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{LONG, Launch, Session};
use crate::liar::{Liar, Told};

/// A simulated stand behind four liars.
struct Stand {
    told: Told,
    kubeconfig: tempfile::NamedTempFile,
    urls: [String; 3],
    records: Vec<records::Kind>,
    /// When the hostile log lines begin, in nanoseconds.
    hour: i64,
    runtime: Option<Runtime>,
}

impl Stand {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        rustls::crypto::ring::default_provider().install_default().ok();
        let told = Told::default();
        let hour = hour_of_lies();
        let (whole, kubeconfig, urls, records) = runtime.block_on(async {
            let whole = Whole::start(1, 1.0).await.unwrap();
            let cluster = Liar::start(whole.stand().url(), lies::kubernetes(), told.clone()).await;
            let records = remember_records(&whole, &told).await;
            let [prometheus, loki, alertmanager] = whole.urls();
            let urls = [
                Liar::start(prometheus, lies::prometheus(), told.clone()).await.url,
                Liar::start(loki, lies::loki(hour), told.clone()).await.url,
                Liar::start(alertmanager, lies::alertmanager(), told.clone()).await.url,
            ];
            let kubeconfig = whole.stand().kubeconfig().replace(&whole.stand().url(), &cluster.url);
            (whole, kubeconfig, urls, records)
        });
        runtime.spawn(async move {
            let _whole = whole;
            std::future::pending::<()>().await;
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), kubeconfig).unwrap();
        Self { told, kubeconfig: file, urls, records, hour, runtime: Some(runtime) }
    }

    fn launch(&self, size: (u16, u16), args: &[&str]) -> Session {
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(size.0, size.1)
            .env("KUBECONFIG", self.kubeconfig.path())
            .env("PROMETHEUS_URL", &self.urls[0])
            .env("LOKI_ADDR", &self.urls[1])
            .env("ALERTMANAGER_URL", &self.urls[2]);
        for arg in args {
            launch = launch.arg(arg);
        }
        launch.start()
    }

    /// Runs a command of the command line with `-o json`. Returns the documents that it printed.
    fn json(&self, args: &[&str]) -> Vec<Value> {
        let home = tempfile::tempdir().unwrap();
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_deckwatch"))
            .args(args)
            .args(["-o", "json"])
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", self.kubeconfig.path())
            .env("PROMETHEUS_URL", &self.urls[0])
            .env("LOKI_ADDR", &self.urls[1])
            .env("ALERTMANAGER_URL", &self.urls[2])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&out.stderr);
        let documents = serde_json::Deserializer::from_slice(&out.stdout).into_iter();
        documents.collect::<Result<_, _>>().unwrap_or_else(|e| panic!("{args:?}: {e}; {told}"))
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// Returns when the hostile log lines begin: within five minutes of the moment at which the stand's alert began.
fn hour_of_lies() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_nanos()).unwrap() - 6 * 60 * 1_000_000_000
}

/// Takes a good record of the stand and remembers the bad ones that are made of it.
async fn remember_records(whole: &Whole, told: &Told) -> Vec<records::Kind> {
    let folder = "/api/v1/namespaces/momo-store/secrets";
    let url = format!("{}{folder}/sh.helm.release.v1.momo.v6", whole.stand().url());
    let answer = reqwest::Client::new().get(url).bearer_auth(whole.stand().token()).send().await.unwrap();
    let secret = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let told = told.clone();
    tokio::task::spawn_blocking(move || records::remember(folder, &secret, &told)).await.unwrap()
}

/// Asserts that nothing but our own grammar was written, and nothing was put into the clipboard.
fn harmless(session: &Session) {
    session.assert_grammar();
    assert_eq!(session.see(|s| s.checker.copies()), 0);
}

fn leave(session: &Session) {
    session.keys("\x03").wait_end();
    session.assert_left_clean();
    harmless(session);
}

/// Every view that has a name: how it is opened, its heading, and by what a lie in it is recognised: by how an
/// escape is shown, or by a name that the liars gave. The journal holds what this process did, no server's text.
pub const VIEWS: &[(&str, &str, Option<&str>)] = &[
    ("watch", "Unhealthy", Some("evil-")),
    ("alerts", "Alerts", Some("Evil")),
    ("pods -A", "pods", Some("evil-")),
    ("deployments", "deployments", Some("evil-")),
    ("statefulsets", "statefulsets", None),
    ("replicasets", "replicasets", Some("evil-")),
    ("jobs", "jobs", None),
    ("nodes", "nodes", Some("evil-")),
    ("services", "services", Some("evil-")),
    ("endpointslices", "endpointslices", Some("evil-")),
    ("events", "events", Some("^[")),
    ("namespaces", "namespaces", Some("evil-")),
    ("configmaps", "configmaps", Some("evil-")),
    ("secrets", "secrets", Some("evil-")),
    ("releases", "Helm releases", Some("evil-")),
    ("board", "Panels", None),
    ("timeline", "Timeline", Some("^[")),
    ("sources", "Sources", None),
    ("journal", "Journal", None),
];

/// Keys that lead from the last row into whatever it offers.
pub const DEEPER: &[&str] = &["d", "y", "x", "\r", "\rl"];

fn walk(size: (u16, u16)) {
    let stand = Stand::start();
    let session = stand.launch(size, &[]);
    session.wait_long("Backend5xxHigh");
    for (view, heading, lie) in VIEWS {
        for deeper in DEEPER {
            session.keys(&format!(":{view}\r"));
            session.wait_within(LONG, &format!("the view {view}"), |s| {
                let text = s.text();
                text.contains(&format!("── {heading}")) && !text.contains("loading")
            });
            // A small home shows the worst of each kind only, which may be the shop's own.
            let lie = lie.filter(|_| *view != "watch" || size.1 > 24);
            if let Some(lie) = lie {
                session.keys("w").wait_within(LONG, &format!("a lie in {view}"), |s| s.text().contains(lie));
            }
            harmless(&session);
            for key in "G".chars().chain(deeper.chars()) {
                let before = session.see(|s| s.checker.frames());
                session.keys(&key.to_string()).taken();
                // A key may do nothing: what it brings is awaited for a moment only.
                session.settle(Duration::from_millis(250), |s| s.checker.frames() > before + 1);
                harmless(&session);
            }
            session.keys("\x1b");
        }
    }
    leave(&session);
}

#[test]
fn no_view_of_lying_servers_writes_a_byte_outside_the_grammar_at_80x24() {
    walk((80, 24));
}

#[test]
fn no_view_of_lying_servers_writes_a_byte_outside_the_grammar_at_200x60() {
    walk((200, 60));
}

#[test]
fn of_what_lying_servers_send_everything_is_shown_or_counted() {
    let stand = Stand::start();
    let session = stand.launch((120, 40), &[]);
    session.wait_long("Backend5xxHigh").wait_for("evil-00");
    // The lines around their own moment, which no page of the others cuts off: the number of those that a filter leaves.
    let lines = lies::lines().len();
    session.keys("\r").wait_for("likeliest first").keys("gl").wait_for("condition begins");
    session.keys("@").wait_for("enter pins").keys(&deckwatch::core::Ts(stand.hour).rfc3339()).keys("\r");
    session.keys("/#0\r").wait_for(&format!("{lines} lines of "));
    let heading = session.see(|s| s.text().lines().nth(1).unwrap_or_default().to_owned());
    assert!(heading.contains("1 shortened"), "{heading}");
    session.keys("gg").wait_for("#000#");
    let mut seen = BTreeSet::new();
    for _ in 0..lines {
        let text = session.see(crate::harness::State::text);
        seen.extend((0..lines).filter(|i| text.contains(&format!("#{i:03}#"))));
        let before = session.see(|s| s.checker.frames());
        session.keys("j").settle(Duration::from_secs(2), |s| s.checker.frames() > before);
    }
    assert_eq!(seen.len(), lines, "{seen:?}");
    assert_eq!(stand.told.count("lines"), lines);
    harmless(&session);
    let told = stand.json(&["logs", "deploy/backend", "-n", "momo-store", "--around", "-6m"]);
    let evil = |e: &&Value| e["line"].as_str().is_some_and(|l| l.starts_with('#'));
    let evil: Vec<&Value> = told.iter().filter(evil).collect();
    assert_eq!(evil.len(), lines);
    assert!(evil.iter().all(|e| e["line"].as_str().is_some_and(|l| l.len() <= 300_000)));
    // Pods, alerts and releases: as many as were sent.
    session.keys(":pods\r").wait_for("evil-0");
    session.wait_for(&format!("{} pods", stand.told.count("pods")));
    session.keys(":releases\r").wait_for("evil-00");
    session.wait_for(&format!("{} releases", stand.told.count("releases")));
    leave(&session);
}

#[test]
fn release_records_that_are_bombs_or_rubbish_are_told_and_cost_little() {
    let stand = Stand::start();
    let session = stand.launch((120, 40), &["--view", "releases"]);
    session.wait_for("record unreadable");
    for (i, kind) in stand.records.iter().enumerate() {
        session.keys(":releases\r").wait_for("evil-00").keys("gg").keys(&"j".repeat(i)).keys("\r");
        session.wait_for(&format!("Release momo-store/evil-{i:02}"));
        // Either it is read and has a chart, or why not is told.
        session.wait("the record", |s| !s.text().contains("reading…") && !s.text().contains("loading"));
        for tab in ["v", "m", "n", "d", "v"] {
            session.keys(tab).settle(Duration::from_millis(200), |_| false);
            harmless(&session);
        }
        let bad = session.see(|s| s.text().contains("can't be read: unreadable answer"));
        assert_eq!(bad, !kind.readable, "evil-{i:02}: {}", kind.what);
        session.keys("\x1b").wait_gone("Release momo-store/evil");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap().trim().to_owned();
    let kib: u64 = most.trim_end_matches(" kB").parse().unwrap();
    // Each bomb unpacks to 300 MB and more.
    assert!(kib < 290_000, "{most}");
    leave(&session);
}
