//! How the whole program leaves: its exit codes, its reports of crashes, what the journal and the log hold.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::harness::{Launch, Session, is_running, script, until};

const HUP: i32 = 1;
const TERM: i32 = 15;

fn demo() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(120, 40).arg("demo").arg("--speed").arg("8")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

fn state(session: &Session, folder: &str) -> Vec<PathBuf> {
    files(&session.home().join("state/deckwatch").join(folder))
}

#[test]
fn signals_and_quitting_end_it_with_the_codes_that_a_shell_expects() {
    for (signal, code) in [(None, 0), (Some(TERM), 143), (Some(HUP), 129), (Some(2), 130)] {
        let session = demo().start();
        session.wait_long("Backend5xxHigh");
        match signal {
            Some(signal) => session.signal(signal),
            None => session.keys("\x03"),
        };
        assert_eq!(session.wait_end().0, code, "{signal:?}");
        session.assert_left_clean();
        assert_eq!(state(&session, "crash"), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_rollback_that_a_signal_interrupts_leaves_whole_entries_and_its_intent() {
    let session = demo().start();
    session.wait_long("Backend5xxHigh").keys(":releases\r").wait_for("momo-store-0.0.1043");
    session.keys("\r").wait_for("Upgrade complete").keys("jj").keys("r").wait_for("pods restart");
    session.keys("\r").wait_for("enter rolls back");
    session.keys("\r").signal(TERM);
    assert_eq!(session.wait_end().0, 143);
    session.assert_left_clean();
    // Whether the key or the signal came first is open; a write without an intent is not.
    for entries in session.journals() {
        let at = |what: &str| entries.iter().position(|e| e["what"] == what);
        if let Some(runner) = at("runner") {
            // Its stand went with the cockpit: it finds nobody to ask and ends.
            let pid = u32::try_from(entries[runner]["pid"].as_u64().unwrap()).unwrap();
            until("the runner has ended", || !is_running(pid));
        }
        if let Some(write) = at("write") {
            assert!(at("intent").is_some_and(|intent| intent < write), "{entries:?}");
        }
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_crash_of_any_thread_gives_the_terminal_back_and_says_where_its_report_lies() {
    for (key, thread, message) in
        [("\x1b[24~", "main", "a failpoint in the loop"), ("\x1b[21~", "unnamed", "a failpoint in a thread")]
    {
        let session = demo().env("DECKWATCH_FAILPOINTS", "1").start();
        session.wait_long("Backend5xxHigh").keys(key);
        assert_eq!(session.wait_end().0, 101);
        session.assert_left_clean();
        session.wait_for("the report lies in").wait_for("state/deckwatch/crash/");
        let reports = state(&session, "crash");
        assert_eq!(reports.len(), 1);
        let mode = std::fs::metadata(&reports[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&reports[0]).unwrap();
        for wanted in [
            &format!("thread {thread} panicked at "),
            &format!("message: {message}\nit ended"),
            "views watch",
            "source k8s 0: Ready",
            "answer alerts",
            "backtrace:",
        ] {
            assert!(text.contains(wanted), "{wanted} in\n{text}");
        }
        for payload in ["momo-store", "Backend5xxHigh"] {
            assert!(!text.contains(payload), "{payload} in\n{text}");
        }
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_fault_behind_the_cockpit_is_survived_reported_and_told() {
    let session = demo().env("DECKWATCH_FAILPOINTS", "1").start();
    session
        .wait_long("Backend5xxHigh")
        .keys("\x1b[23~")
        .wait_for("a fault of deckwatch at src/runtime/effects.rs");
    let reports = state(&session, "crash");
    assert_eq!(reports.len(), 1);
    assert!(std::fs::read_to_string(&reports[0]).unwrap().contains("it went on"));
    session.keys(":pods\r").wait_for("backend-").keys("\x03");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn the_log_is_lines_of_json_for_its_owner_that_tell_sources_requests_and_the_end() {
    let session = demo().env("DECKWATCH_LOG", "debug").start();
    session.wait_long("Backend5xxHigh").keys(":releases\r").wait_for("momo-store-0.0.1043").keys("\x03");
    assert_eq!(session.wait_end().0, 0);
    let logs = state(&session, "log");
    assert_eq!(logs.len(), 1);
    assert_eq!(std::fs::metadata(&logs[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&logs[0]).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let any = |what: &str, holds: &dyn Fn(&serde_json::Value) -> bool| {
        assert!(lines.iter().any(holds), "no line tells {what}:\n{text}");
    };
    any("the start", &|l| l["message"] == "started" && l["version"].is_string());
    any("a source", &|l| l["message"] == "source" && l["kind"] == "loki" && l["state"] == "Ready");
    any("an effect", &|l| l["message"] == "effect" && l["name"] == "watch");
    any("the end", &|l| l["message"] == "effect" && l["name"] == "quit");
    for path in ["/api/v1/namespaces/momo-store/pods", "/api/v2/alerts/groups", "/api/v1/rules", "/readyz"] {
        let whole = |l: &serde_json::Value| {
            l["message"] == "request"
                && l["path"].as_str() == Some(path)
                && l["method"] == "GET"
                && l["status"] == 200
                && l["ms"].is_u64()
        };
        any(path, &whole);
    }
    assert!(lines.iter().all(|l| l["path"].as_str().is_none_or(|p| !p.contains('?'))), "{text}");
    session.assert_grammar();
}

#[test]
fn nothing_is_logged_where_it_is_off() {
    let session = demo().env("DECKWATCH_LOG", "off").start();
    session.wait_long("Backend5xxHigh").keys("\x03");
    assert_eq!((session.wait_end().0, state(&session, "log")), (0, vec![]));
}

/// Serves until the process ends: whatever is asked is refused with a page that repeats the request, as
/// careless proxies do.
pub fn parrot() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut request = [0; 8192];
                let n = stream.read(&mut request).unwrap_or(0);
                let said = String::from_utf8_lossy(&request[..n]).replace("\r\n", " ");
                let answer = format!(
                    "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
                    said.len()
                );
                stream.write_all(answer.as_bytes()).ok();
            });
        }
    });
    port
}

/// Returns every file below a folder that holds one of the canaries.
fn holding(folder: &Path, canaries: &[&str], out: &mut Vec<String>) {
    for path in files(folder) {
        if path.is_dir() {
            holding(&path, canaries, out);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let found = canaries.iter().filter(|c| text.contains(**c));
            out.extend(found.map(|c| format!("{c} in {}", path.display())));
        }
    }
}

#[test]
fn no_secret_reaches_the_log_even_when_servers_and_programs_repeat_it() {
    const CANARIES: [&str; 6] = [
        "canary-bearer-1",
        "canary-password-2",
        "canary-plugin-3",
        "canary-header-4",
        "canary-url-5",
        "Y2FuYXJ5",
    ];
    let port = parrot();
    let launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(120, 40).env("DECKWATCH_LOG", "debug");
    let secrets = tempfile::tempdir().unwrap();
    let plugin = secrets.path().join("plugin");
    script(&plugin, "echo 'token: canary-plugin-3 was refused' >&2\nexit 1\n");
    let kubeconfig = secrets.path().join("kubeconfig");
    std::fs::write(
        &kubeconfig,
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters:\n- name: c\n  cluster: {{server: \"http://127.0.0.1:{port}\"}}\n\
             contexts:\n- name: c\n  context: {{cluster: c, user: u}}\n\
             users:\n- name: u\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      \
             command: {}\n      interactiveMode: Never\n",
            plugin.display()
        ),
    )
    .unwrap();
    let config = secrets.path().join("config.toml");
    std::fs::write(
        &config,
        format!(
            "[general]\nallow_plain_secrets = true\n\
             [[sources.prometheus]]\nurl = \"http://127.0.0.1:{port}\"\nbearer = \"canary-bearer-1\"\n\
             headers = {{ X-Api-Key = \"canary-header-4\" }}\n\
             [[sources.loki]]\nurl = \"http://me:canary-url-5@127.0.0.1:{port}\"\n\
             [[sources.alertmanager]]\nurl = \"http://127.0.0.1:{port}\"\n\
             basic = {{ user = \"me\", password = \"canary-password-2\" }}\n"
        ),
    )
    .unwrap();
    let session = launch
        .arg("--view")
        .arg("sources")
        .env("KUBECONFIG", &kubeconfig)
        .env("DECKWATCH_CONFIG_DIR", secrets.path())
        .start();
    session.wait("three failures", |s| s.text().matches("down").count() >= 3);
    session.keys("\x12").keys("\x03");
    assert_eq!(session.wait_end().0, 0);
    let log = std::fs::read_to_string(&state(&session, "log")[0]).unwrap();
    // The test means something only when what was repeated was logged at all.
    assert!(log.contains("[left out]") && log.contains("plugin"), "{log}");
    let mut found = Vec::new();
    holding(session.home(), &CANARIES, &mut found);
    assert_eq!(found, [] as [String; 0], "{log}");
}
