//! Plugins that behave, and every way in which they do not.

use std::io::Write as _;
use std::path::Path;

use pretty_assertions::assert_eq;

use super::*;

const V1: &str = "client.authentication.k8s.io/v1";

/// Writes a shell script into a folder and makes a plugin of it.
///
/// Another process writes it: what this one has open for writing is inherited by whatever another
/// test's thread forks, and until that runs its own program the kernel refuses to run this one.
pub fn script(folder: &Path, body: &str) -> Plugin {
    let path = folder.join("plugin");
    let mut install = std::process::Command::new("install");
    install.args(["-m", "755", "/dev/stdin"]).arg(&path).stdin(std::process::Stdio::piped());
    let mut install = install.spawn().unwrap();
    write!(install.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
    assert!(install.wait().unwrap().success());
    plugin(&path)
}

fn plugin(command: &Path) -> Plugin {
    Plugin {
        command: command.to_path_buf(),
        args: Vec::new(),
        env: Vec::new(),
        api_version: V1.to_owned(),
        install_hint: None,
        needs_terminal: false,
        cluster: None,
    }
}

/// Runs `work` with a paused clock that really stands still: a blocking task keeps it from jumping
/// ahead while the test waits for a real process.
pub async fn held<T>(work: impl Future<Output = T>) -> T {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let blocker = tokio::task::spawn_blocking(move || wait.recv().ok());
    let done = work.await;
    drop(release);
    blocker.await.unwrap();
    done
}

pub fn token_answer(token: &str, until: &str) -> String {
    format!(
        r#"echo '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"{token}","expirationTimestamp":"{until}"}}}}'"#
    )
}

async fn error_of(plugin: &Plugin) -> (Kind, String) {
    let error = plugin.run().await.unwrap_err();
    (error.kind, error.detail.map(|d| d.raw().to_owned()).unwrap_or_default())
}

#[tokio::test]
async fn a_plugin_that_says_a_token_and_writes_noise_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let answer = format!(
        r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"$T-$1","expirationTimestamp":"2030-01-01T00:00:00Z"}}}}"#
    );
    let mut plugin = script(folder.path(), &format!("echo logging in >&2\ncat <<EOF\n{answer}\nEOF"));
    plugin.args = vec!["b".to_owned()];
    plugin.env = vec![("T".to_owned(), SecretString::from("a"))];
    let said = plugin.run().await.unwrap();
    assert_eq!(said.token.unwrap().expose_secret(), "a-b");
    assert_eq!(said.until, Ts::parse_rfc3339("2030-01-01T00:00:00Z"));
}

#[tokio::test]
async fn a_plugin_has_no_terminal_no_input_and_a_session_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let plugin = script(
        folder.path(),
        &format!(
            "read line && echo input > {seen}\n(exec 3<>/dev/tty) 2>/dev/null && echo terminal >> {seen}\n\
             read _ _ _ _ _ sid _ < /proc/$$/stat && [ $sid = $$ ] && echo leader >> {seen}\n{answer}",
            seen = seen.display(),
            answer = token_answer("t", "2030-01-01T00:00:00Z")
        ),
    );
    plugin.run().await.unwrap();
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), "leader\n");
}

#[tokio::test]
async fn a_plugin_is_told_of_the_cluster_when_the_kubeconfig_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let mut plugin = script(
        folder.path(),
        &format!(
            "printf %s \"$KUBERNETES_EXEC_INFO\" > {}\n{}",
            seen.display(),
            token_answer("t", "2030-01-01T00:00:00Z")
        ),
    );
    plugin.cluster = Some(ClusterInfo {
        server: "https://k.example:6443".to_owned(),
        certificate_authority_data: Some("UEVN".to_owned()),
        config: Some(serde_json::json!({"audience": "a"})),
        ..ClusterInfo::default()
    });
    plugin.run().await.unwrap();
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&seen).unwrap()).unwrap();
    assert_eq!(
        told,
        serde_json::json!({
            "kind": "ExecCredential",
            "apiVersion": V1,
            "spec": {
                "interactive": false,
                "cluster": {
                    "server": "https://k.example:6443",
                    "certificate-authority-data": "UEVN",
                    "config": {"audience": "a"}
                }
            }
        })
    );
}

#[tokio::test]
async fn failures_quote_the_plugins_complaint_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut plugin = script(folder.path(), "echo SECRET-OUT; echo 'no session: log in' >&2; exit 3");
    plugin.args = vec!["--secret=SECRET-ARG".to_owned()];
    plugin.env = vec![("TOKEN".to_owned(), SecretString::from("SECRET-ENV"))];
    let error = plugin.run().await.unwrap_err();
    assert_eq!(error.kind, Kind::Auth);
    assert_eq!(error.detail.as_ref().unwrap().raw(), "exit status: 3: no session: log in");
    let shown = format!("{error} {error:?} {plugin:?}");
    assert!(!shown.contains("SECRET"), "{shown}");
}

#[tokio::test]
async fn ten_megabytes_of_output_are_given_up_and_noise_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let flood = script(folder.path(), "head -c 10000000 /dev/zero");
    assert_eq!(error_of(&flood).await, (Kind::TooLarge, "its answer has more than 1 MiB".to_owned()));
    let noisy = script(folder.path(), "head -c 10000000 /dev/zero | tr '\\0' x >&2; exit 1");
    let (kind, detail) = error_of(&noisy).await;
    assert_eq!((kind, detail.len()), (Kind::Auth, "exit status: 1: ".len() + NOISE));
}

#[tokio::test]
async fn a_missing_plugin_is_told_with_the_install_hint() {
    let mut missing = plugin(Path::new("deckwatch-no-such-plugin"));
    missing.install_hint = Some(Untrusted::from("brew install\u{1b}[2J it"));
    let error = missing.run().await.unwrap_err();
    assert_eq!((error.kind, error.hint.as_deref()), (Kind::Auth, Some("brew install^[[2J it")));
}

#[tokio::test]
async fn answers_that_are_no_credentials_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, detail) in [
        ("hello".to_owned(), "its answer is not an ExecCredential (line 1 column 1)".to_owned()),
        (
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}"#.to_owned(),
            r#"it answered "client.authentication.k8s.io/v1alpha1" "ExecCredential""#.to_owned(),
        ),
        (
            format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}"}}"#),
            "its answer has no status".to_owned(),
        ),
        (
            format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{}}}}"#),
            "its answer has neither a token nor a certificate".to_owned(),
        ),
        (
            format!(
                r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"clientCertificateData":"x"}}}}"#
            ),
            "its answer has a certificate without a key, or a key alone".to_owned(),
        ),
        (
            format!(
                r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"t","expirationTimestamp":"soon"}}}}"#
            ),
            "its expirationTimestamp is not RFC 3339".to_owned(),
        ),
    ] {
        assert_eq!(error_of(&script(folder.path(), &format!("echo '{answer}'"))).await, (Kind::Auth, detail));
    }
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_hangs_is_killed_with_its_children_after_twenty_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let hanging = script(
        folder.path(),
        &format!(
            "sleep 1000 & echo $! > {p}.new; echo $$ >> {p}.new; mv {p}.new {p}; wait",
            p = pids.display()
        ),
    );
    let running = tokio::spawn(async move {
        let began = tokio::time::Instant::now();
        (error_of(&hanging).await, began.elapsed())
    });
    // The clock stands still while this waits in a blocking thread for the children to be there.
    let listed = tokio::task::spawn_blocking(move || {
        loop {
            match std::fs::read_to_string(&pids) {
                Ok(text) => break text,
                Err(_) => std::thread::yield_now(),
            }
        }
    });
    let listed = listed.await.unwrap();
    let ((kind, detail), took) = running.await.unwrap();
    assert_eq!((kind, detail.as_str()), (Kind::Timeout, "no answer within 20 s"));
    assert!(took >= LIMIT && took < LIMIT + Duration::from_secs(1), "{took:?}");
    for pid in listed.split_whitespace() {
        wait_until_gone(pid);
    }
}

fn wait_until_gone(pid: &str) {
    // A killed process stays in the table as a zombie until its parent looks: not running is what counts.
    let gone = || {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
        })
    };
    while !gone() {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_plugin_that_wants_a_terminal_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut plugin = script(folder.path(), "touch started");
    plugin.needs_terminal = true;
    assert_eq!(error_of(&plugin).await.0, Kind::Auth);
}
