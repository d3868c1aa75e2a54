//! Each server frozen, black-holed and killed in turn: it is marked, keys go on, it comes back by itself.
//!
//! What is asserted is the order of things. How long each took is printed, for those who read it.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::Session;
use crate::hole::Hole;
use crate::stand::{User, cockpit, shop, variable, xtask};
use crate::sys;

/// A server by its name on the stand, and its mark in the header.
const SERVERS: [(&str, &str); 4] =
    [("kube-apiserver", "k8s"), ("prometheus", "prom"), ("loki", "loki"), ("alertmanager", "am")];

/// How long a mark may take to change before the test gives up.
const LIMIT: Duration = Duration::from_secs(45);

fn run_file(path: &str) -> Value {
    let file = std::path::Path::new(&variable("DECKWATCH_TESTBED_RUN")).join(path);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn pid(server: &str) -> u32 {
    u32::try_from(run_file(&format!("pids/{server}"))["pid"].as_u64().unwrap()).unwrap()
}

fn port(server: &str) -> u16 {
    u16::try_from(run_file("ports.json")[server].as_u64().unwrap()).unwrap()
}

/// A server that is stopped; it goes on when this is dropped, also after a failure.
struct Frozen(u32);

impl Frozen {
    fn new(server: &str) -> Self {
        let pid = pid(server);
        sys::kill(pid, libc::SIGSTOP);
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        sys::kill(self.0, libc::SIGCONT);
    }
}

/// A cockpit whose every source lies behind a hole of its own.
struct Watched {
    session: Session,
    holes: Vec<Hole>,
    _kubeconfig: tempfile::NamedTempFile,
}

fn watched() -> Watched {
    let holes: Vec<Hole> = SERVERS.iter().map(|(name, _)| Hole::before(port(name))).collect();
    let url = |i: usize| format!("http://127.0.0.1:{}", holes[i].port());
    let text = std::fs::read_to_string(User::Admin.kubeconfig()).unwrap();
    let kubeconfig = tempfile::NamedTempFile::new().unwrap();
    let (real, ours) = (port("kube-apiserver").to_string(), holes[0].port().to_string());
    std::fs::write(
        kubeconfig.path(),
        text.replace(&format!("127.0.0.1:{real}"), &format!("127.0.0.1:{ours}")),
    )
    .unwrap();
    let launch = cockpit(User::Admin, (120, 40), true).env("KUBECONFIG", kubeconfig.path());
    let launch =
        launch.env("PROMETHEUS_URL", url(1)).env("LOKI_ADDR", url(2)).env("ALERTMANAGER_URL", url(3));
    let session = launch.arg("-A").arg("--view").arg("pods").start();
    let watched = Watched { session, holes, _kubeconfig: kubeconfig };
    watched.all_well();
    watched
}

impl Watched {
    fn all_well(&self) {
        self.session.wait_within(LIMIT, "every source answering, and a live table", |s| {
            let text = s.text();
            let mut lines = text.lines();
            let (head, rule) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            // A server may be marked as there before the table was read for the first time.
            SERVERS.iter().all(|(_, mark)| head.contains(&format!("{mark} ●"))) && rule.contains("live ─")
        });
    }

    /// Waits until a server is marked, and shows meanwhile and afterwards that keys draw frames.
    fn marked(&self, server: &str, mark: &str) -> Duration {
        let began = Instant::now();
        self.session.keys("?").wait_for("Quits").keys("\x1b").wait_gone("Quits");
        self.session.wait_within(LIMIT, &format!("{server} marked"), |s| {
            let text = s.text();
            !text.lines().next().unwrap_or_default().contains(&format!("{mark} ●"))
        });
        let took = began.elapsed();
        if server == "kube-apiserver" {
            self.session.wait_within(LIMIT, "an old table with its age", |s| s.text().contains("stale:"));
        }
        self.session.keys("?").wait_for("Quits").keys("\x1b").wait_gone("Quits");
        took
    }

    fn recovers(&self) -> Duration {
        let began = Instant::now();
        self.all_well();
        began.elapsed()
    }
}

#[test]
fn a_server_that_freezes_or_is_cut_off_is_marked_and_comes_back_by_itself() {
    shop();
    let watched = watched();
    for (i, (server, mark)) in SERVERS.into_iter().enumerate() {
        let frozen = Frozen::new(server);
        let marked = watched.marked(server, mark);
        drop(frozen);
        println!("{server} frozen: marked after {marked:.1?}, back after {:.1?}", watched.recovers());
        watched.holes[i].let_through(false);
        let marked = watched.marked(server, mark);
        watched.holes[i].let_through(true);
        println!("{server} black-holed: marked after {marked:.1?}, back after {:.1?}", watched.recovers());
    }
    watched.session.keys("\x03").wait_end();
    watched.session.assert_left_clean();
}

#[test]
fn a_server_that_is_killed_is_marked_and_comes_back_by_itself() {
    shop();
    let watched = watched();
    for (server, mark) in SERVERS {
        sys::kill(pid(server), libc::SIGKILL);
        let marked = watched.marked(server, mark);
        xtask(&["testbed", "up"]);
        println!("{server} killed: marked after {marked:.1?}, back after {:.1?}", watched.recovers());
    }
    watched.session.keys("\x03").wait_end();
    watched.session.assert_left_clean();
}
