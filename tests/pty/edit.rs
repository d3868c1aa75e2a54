//! `e` on a row: the person's editor, and the plan that comes of what was saved.

use deckwatch_sim::whole::Whole;
use pretty_assertions::assert_eq;

use crate::harness::{Launch, Session, script, until};

struct Stand {
    runtime: tokio::runtime::Runtime,
    whole: Whole,
    kubeconfig: tempfile::NamedTempFile,
    folder: tempfile::TempDir,
}

impl Stand {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        rustls::crypto::ring::default_provider().install_default().ok();
        let whole = runtime.block_on(Whole::start(1, 1.0)).unwrap();
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(kubeconfig.path(), whole.stand().kubeconfig()).unwrap();
        Self { runtime, whole, kubeconfig, folder: tempfile::tempdir().unwrap() }
    }

    /// Opens the table of Deployments, on `catalog`, with an editor that is a shell script.
    fn on_catalog(&self, editor: &str) -> Session {
        let path = self.folder.path().join("editor");
        script(&path, editor);
        let session = Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(140, 40)
            .env("KUBECONFIG", self.kubeconfig.path())
            .env("EDITOR", &path)
            .env("SEEN", self.folder.path().join("seen"))
            .arg("-n")
            .arg("momo-store")
            .arg("--view")
            .arg("deploy")
            .start();
        session.wait_for("catalog").keys("/catalog\r").wait_for("1 deployment of");
        session
    }

    fn writes(&self) -> Vec<(String, String)> {
        let requests = self.whole.stand().faults().requests().into_iter();
        let writes = requests.filter(|r| r.method == "PATCH" && !r.query.contains("dryRun=All"));
        writes.map(|r| (r.path, r.body)).collect()
    }
}

#[test]
fn what_is_saved_in_the_editor_is_planned_confirmed_and_sent_once() {
    let stand = Stand::start();
    let edit = "cp \"$1\" \"$SEEN\"\nsed -i 's/^  replicas: .*/  replicas: 3/' \"$1\"";
    let session = stand.on_catalog(edit);
    session.keys("e").wait_for("Edit Deployment momo-store/catalog").wait_for("spec.replicas 2 → 3");
    let seen = std::fs::read_to_string(stand.folder.path().join("seen")).unwrap();
    assert!(seen.starts_with("# Deployment momo-store/catalog\n"), "{seen}");
    assert!(!seen.contains("managedFields"), "{seen}");
    session.keys("\r").wait_for("type the object's name").keys("catalog\r").wait_for("✔ changed");
    let writes = stand.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    let body: serde_json::Value = serde_json::from_str(&writes[0].1).unwrap();
    assert_eq!(body["spec"], serde_json::json!({ "replicas": 3 }));
    // What was saved is kept for a day: the server might have refused it.
    let kept = std::fs::read_dir(session.home().join("state/deckwatch/edit")).unwrap();
    assert_eq!(kept.count(), 1);
    session.keys("\x03");
    session.wait("the end or a question", |s| s.has_ended() || s.text().contains("Quit? y / n"));
    if !session.see(crate::harness::State::has_ended) {
        session.keys("y");
    }
    session.wait_end();
    session.assert_left_clean();
}

#[test]
fn an_editor_that_changes_nothing_or_fails_sends_nothing_and_the_screen_is_whole_again() {
    let stand = Stand::start();
    let session = stand.on_catalog("test ! -e \"$SEEN\"; code=$?; : > \"$SEEN\"; clear; exit $code");
    session.keys("e").wait_for("edit: nothing was changed").wait_for("1 deployment of");
    session.keys("e").wait_for("it ended with exit status: 1");
    assert_eq!(stand.writes(), []);
    session.keys("\x03").wait_end();
    session.assert_left_clean();
}

#[test]
fn somebody_elses_change_meanwhile_is_a_conflict_that_says_so() {
    let stand = Stand::start();
    let seen = stand.folder.path().join("seen");
    let wait = "cp \"$1\" \"$SEEN\"\nwhile [ -e \"$SEEN\" ]; do sleep 0.05; done\nsed -i 's/^  replicas: .*/  replicas: 3/' \"$1\"";
    let session = stand.on_catalog(wait);
    session.keys("e");
    until("the editor is open", || seen.exists());
    let url = format!("{}/apis/apps/v1/namespaces/momo-store/deployments/catalog", stand.whole.stand().url());
    let token = stand.whole.stand().token();
    stand.runtime.block_on(async {
        let patch = reqwest::Client::new().patch(url).bearer_auth(token);
        let patch = patch.header("content-type", "application/merge-patch+json");
        let answer = patch.body(r#"{"metadata":{"annotations":{"somebody":"else"}}}"#).send().await.unwrap();
        assert!(answer.status().is_success());
    });
    std::fs::remove_file(&seen).unwrap();
    session.wait_for("it has changed since it was opened in the editor");
    assert_eq!(stand.writes().len(), 1);
    session.keys("\x03").wait_end();
}
