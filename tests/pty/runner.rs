//! Plans are carried out by a process of their own: what ends the cockpit does not end them, and the next start tells
//! what became of them.

use std::sync::Arc;

use deckwatch_sim::whole::Whole;
use pretty_assertions::assert_eq;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{LONG, Launch, Session, entries, is_running, until};
use crate::sys;

const TERM: i32 = 15;
const KILL: i32 = 9;
const RECORDS: &str = "/api/v1/namespaces/momo-store/secrets/sh.helm.release.v1.momo.v";

/// The object in the middle of the release.
const MIDDLE: &str = "/deployments/backend";

/// A simulated stand whose API server keeps a write waiting, and a folder for the state of cockpits.
struct Stand {
    runtime: Runtime,
    whole: Arc<Whole>,
    kubeconfig: tempfile::NamedTempFile,
    state: tempfile::TempDir,
}

impl Stand {
    fn start() -> Self {
        Self::at_speed(1.0)
    }

    fn at_speed(speed: f64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        rustls::crypto::ring::default_provider().install_default().ok();
        let whole = Arc::new(runtime.block_on(Whole::start(1, speed)).unwrap());
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(kubeconfig.path(), whole.stand().kubeconfig()).unwrap();
        Self { runtime, whole, kubeconfig, state: tempfile::tempdir().unwrap() }
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

    fn cockpit(&self, view: &str) -> Session {
        Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(160, 45)
            .env("KUBECONFIG", self.kubeconfig.path())
            .env("XDG_STATE_HOME", self.state.path())
            .arg("--view")
            .arg(view)
            .start()
    }

    /// Brings a cockpit to the middle of a rollback: an object's write is sent and not answered.
    fn in_the_middle(&self) -> Session {
        let session = self.cockpit("releases");
        session.wait_for("momo-store-0.0.1043").keys("\r").wait_for("Upgrade complete");
        session.keys("r").wait_for("4 pods restart").keys("\r").wait_for("type the release's name");
        self.whole.stand().faults().hold_writes(Some(MIDDLE));
        session.keys("momo\r");
        until("the object is reached", || self.writes().iter().any(|path| path.contains(MIDDLE)));
        session
    }

    fn go_on(&self) {
        self.whole.stand().faults().hold_writes(None);
    }

    /// Returns the entries of every journal.
    fn entries(&self) -> Vec<Value> {
        entries(self.state.path())
    }

    /// Returns the process that carries the plan out.
    fn runner(&self) -> u32 {
        let entries = self.entries();
        let pid = entries.iter().find(|e| e["what"] == "runner").and_then(|e| e["pid"].as_u64());
        u32::try_from(pid.unwrap()).unwrap()
    }

    /// Waits until the process that carries the plan out is gone.
    fn wait_runner(&self) {
        let pid = self.runner();
        until("the runner has ended", || !is_running(pid));
    }
}

fn of<'a>(entries: &'a [Value], what: &'a str) -> impl Iterator<Item = &'a Value> {
    entries.iter().filter(move |e| e["what"] == what)
}

/// The rollback ended well though nobody looked on, and the next cockpit says so once.
fn assert_goes_on(stand: &Stand) {
    assert_eq!(stand.status(8).as_deref(), Some("pending-rollback"));
    stand.go_on();
    stand.wait_runner();
    assert_eq!(stand.status(8).as_deref(), Some("deployed"));
    assert_eq!(stand.status(7).as_deref(), Some("superseded"));
    let next = stand.cockpit("journal");
    next.wait_for("roll back momo-store/momo 7 → 6, confirmed ").wait_for("of an earlier process: done: ");
    next.keys("\x03").wait_end();
    let entries = stand.entries();
    assert_eq!(of(&entries, "found").count(), 1);
    let again = stand.cockpit("journal");
    again.wait_for("opened on ").keys("\x03").wait_end();
    assert_eq!(of(&stand.entries(), "found").count(), 1);
}

#[test]
fn quitting_leaves_a_rollback_to_its_own_process_and_the_next_start_tells_its_end() {
    let stand = Stand::start();
    let session = stand.in_the_middle();
    session.keys("\x03").wait_for("it goes on without the cockpit. Quit? y / n").keys("y");
    assert_eq!(session.wait_end().0, 0);
    session.wait_for(&format!("rollback of momo-store/momo 7 → 6 goes on in process {}", stand.runner()));
    session.assert_left_clean();
    assert_goes_on(&stand);
}

#[test]
fn a_terminal_that_goes_away_and_a_signal_leave_a_rollback_to_its_own_process() {
    for end in ["hang-up", "signal", "kill"] {
        let stand = Stand::start();
        let mut session = stand.in_the_middle();
        match end {
            "hang-up" => {
                session.hang_up();
                session.wait_end();
            }
            "signal" => assert_eq!(session.signal(TERM).wait_end().0, 143),
            _ => session.kill(),
        }
        assert_goes_on(&stand);
    }
}

#[test]
fn a_runner_that_is_killed_is_missed_at_once_and_what_it_left_is_told() {
    let stand = Stand::start();
    let session = stand.in_the_middle();
    sys::kill(stand.runner(), KILL);
    session
        .wait_for("outcome unknown, nothing was sent again")
        .wait_for("revision 8 is left pending-rollback");
    stand.go_on();
    session.keys("\x03").wait_end();
    let entries = stand.entries();
    let outcome = of(&entries, "outcome").next().unwrap();
    assert_eq!(outcome["outcome"], "unknown");
    let writes = stand.writes();
    let after = writes.iter().skip_while(|path| !path.contains(MIDDLE)).skip(1);
    assert_eq!(after.collect::<Vec<_>>(), [] as [&String; 0], "{writes:?}");
}

#[test]
fn when_both_are_killed_the_next_start_tells_what_the_records_say() {
    let stand = Stand::start();
    let session = stand.in_the_middle();
    sys::kill(stand.runner(), KILL);
    session.kill();
    stand.go_on();
    let next = stand.cockpit("journal");
    next.wait_for("revision 8 is left pending-rollback");
    // Its process is known to be gone: nobody has to wait to roll it back on.
    next.keys(":releases\r").wait_for("momo-store-0.0.104").keys("\r").wait_for("pending-rollback");
    next.keys("r").wait_for("Roll back momo-store/momo   8 → 6").wait_for("was never finished");
    next.keys("\r").wait_for("type the release's name").keys("momo\r");
    next.wait_within(LONG, "revision 9", |s| s.text().contains("✔ rolled back: revision 9"));
    assert_eq!(stand.status(9).as_deref(), Some("deployed"));
    next.quit();
    let entries = stand.entries();
    let found = of(&entries, "found").next().unwrap();
    assert_eq!(found["outcome"], "unknown");
    assert!(found["hint"].as_str().unwrap().contains("nobody carries it out any more"), "{found}");
}

#[test]
fn a_second_cockpit_follows_a_rollback_that_runs_and_tells_that_it_was_stopped() {
    let stand = Stand::start();
    let first = stand.in_the_middle();
    first.kill();
    let second = stand.cockpit("journal");
    second.wait_for("is still being carried out").wait_for("▶ 1 running");
    // What it is about leads to it, and there it can be stopped.
    second.keys(":releases\r").wait_for("pending-rollback").keys("\r").wait_for("Rollback to 6");
    second.keys("r").wait_for("Roll back momo-store/momo   7 → 6").wait_for("s stop");
    second.keys("s").wait_for("Stop before the next object? y / n").keys("n").wait_gone("y / n");
    second.keys("s").wait_for("Stop before the next object? y / n").keys("y");
    until("it is told", || of(&stand.entries(), "cancel").count() == 1);
    stand.go_on();
    stand.wait_runner();
    assert_eq!(stand.status(8).as_deref(), Some("failed"));
    second.wait_for("✖ ");
    second.keys(":journal\r").wait_for("of an earlier process: failed: ").quit();
    let writes = stand.writes();
    let after = writes.iter().skip_while(|path| !path.contains(MIDDLE)).skip(1);
    let objects: Vec<&String> = after.filter(|path| !path.starts_with(RECORDS)).collect();
    assert_eq!(objects, [] as [&String; 0], "{writes:?}");
}

#[test]
fn the_incident_path_goes_on_where_the_terminal_went_away_in_the_middle_of_the_rollback() {
    let stand = Stand::at_speed(8.0);
    let mut session = stand.cockpit("watch");
    session.wait_long("Backend5xxHigh").wait_for("release  momo-store/momo  6 → 7");
    session.keys("\r").wait_for("likeliest first").wait_for("6 → 7");
    session.keys("gc").wait_for("What changed before").wait_for("6 → 7");
    session.keys("\r").wait_for("Upgrade complete").keys("r").wait_for("4 pods restart");
    session.keys("\r").wait_for("type the release's name");
    stand.whole.stand().faults().hold_writes(Some(MIDDLE));
    session.keys("momo\r");
    until("the object is reached", || stand.writes().iter().any(|path| path.contains(MIDDLE)));
    session.hang_up();
    session.wait_end();
    stand.go_on();
    stand.wait_runner();
    let next = stand.cockpit("journal");
    next.wait_for("of an earlier process: done: ");
    next.keys(":alerts\r").wait_within(LONG, "a healed service", |s| {
        let text = s.text();
        text.contains("── Alerts") && !text.contains("loading") && !text.contains("Backend5xxHigh")
    });
    next.keys("\x03").wait_end();
    next.assert_left_clean();
}
