//! Ending the cockpit while a rollback runs: it stops before the next object, and the release's records say so. What is
//! half done must not stay pending, which nobody could change any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deckwatch_sim::whole::Whole;
use pretty_assertions::assert_eq;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{DEADLINE, Launch, Session};

const TERM: i32 = 15;
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(5);
const RECORDS: &str = "/api/v1/namespaces/momo-store/secrets/sh.helm.release.v1.momo.v";

/// The object in the middle of the release.
const MIDDLE: &str = "/deployments/backend";

/// A simulated stand whose API server keeps a write waiting.
struct Stand {
    runtime: Runtime,
    whole: Arc<Whole>,
    kubeconfig: tempfile::NamedTempFile,
}

impl Stand {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        rustls::crypto::ring::default_provider().install_default().ok();
        let whole = Arc::new(runtime.block_on(Whole::start(1, 1.0)).unwrap());
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(kubeconfig.path(), whole.stand().kubeconfig()).unwrap();
        Self { runtime, whole, kubeconfig }
    }

    /// Returns the state of a revision, as its record's label says.
    fn status(&self, revision: u32) -> Option<String> {
        let (stand, path) = (self.whole.stand(), format!("{RECORDS}{revision}"));
        let ask = async {
            let url = format!("{}{path}", stand.url());
            let answer = reqwest::Client::new().get(url).bearer_auth(stand.token()).send().await.unwrap();
            serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap()
        };
        let record = self.runtime.block_on(ask);
        record["metadata"]["labels"]["status"].as_str().map(str::to_owned)
    }

    /// Returns the paths that were patched, put or deleted, oldest first.
    fn writes(&self) -> Vec<String> {
        let requests = self.whole.stand().faults().requests().into_iter();
        let sent = requests.filter(|r| !r.query.contains("dryRun=All"));
        sent.filter(|r| matches!(r.method.as_str(), "PATCH" | "PUT" | "DELETE")).map(|r| r.path).collect()
    }

    /// Brings a cockpit to the middle of a rollback: an object's write is sent and not answered.
    fn in_the_middle(&self) -> Session {
        let session = Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(120, 40)
            .env("KUBECONFIG", self.kubeconfig.path())
            .arg("--view")
            .arg("releases")
            .start();
        session.wait_for("momo-store-0.0.1043").keys("\r").wait_for("Upgrade complete");
        session.keys("r").wait_for("4 pods restart").keys("\r").wait_for("type the release's name");
        self.whole.stand().faults().hold_writes(Some(MIDDLE));
        session.keys("momo\r");
        until("the object is reached", || self.writes().iter().any(|path| path.contains(MIDDLE)));
        session
    }

    /// Answers the write when the plan is told to stop.
    fn go_on(&self, session: &Session) {
        until("the plan is told to stop", || session.log().contains("plans told to stop"));
        self.whole.stand().faults().hold_writes(None);
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(LOOK);
    }
}

fn assert_halted(stand: &Stand, session: &Session) {
    assert_eq!(stand.status(8).as_deref(), Some("failed"));
    let journal = session.journal();
    let outcome = journal.iter().find(|e| e["what"] == "outcome").unwrap();
    assert_eq!(outcome["outcome"], "failed");
    let text = outcome["text"].as_str().unwrap();
    assert!(text.contains("cancelled after ") && text.contains("the new record says failed"), "{text}");
    let writes = stand.writes();
    let after = writes.iter().skip_while(|path| !path.contains(MIDDLE)).skip(1);
    let objects: Vec<&String> = after.filter(|path| !path.starts_with(RECORDS)).collect();
    assert_eq!(objects, [] as [&String; 0], "{writes:?}");
}

#[test]
fn quitting_stops_a_rollback_before_the_next_object_and_its_record_says_so() {
    let stand = Stand::start();
    let session = stand.in_the_middle();
    session.keys("\x03").wait_for("Quit? y / n").keys("y").wait_for("it stops before its next object");
    stand.go_on(&session);
    assert_eq!(session.wait_end().0, 0);
    session.wait_for("cancelled after ");
    session.assert_left_clean();
    assert_halted(&stand, &session);
}

#[test]
fn a_signal_stops_a_rollback_before_the_next_object_and_its_record_says_so() {
    let stand = Stand::start();
    let session = stand.in_the_middle();
    session.signal(TERM);
    stand.go_on(&session);
    assert_eq!(session.wait_end().0, 143);
    session.assert_left_clean();
    assert_halted(&stand, &session);
}

#[test]
fn a_lost_terminal_stops_a_rollback_before_the_next_object_and_its_record_says_so() {
    let stand = Stand::start();
    let mut session = stand.in_the_middle();
    session.hang_up();
    stand.go_on(&session);
    session.wait_end();
    assert_halted(&stand, &session);
}
