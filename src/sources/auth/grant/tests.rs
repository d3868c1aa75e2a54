use std::sync::atomic::{AtomicI64, Ordering};

use pretty_assertions::assert_eq;

use super::*;
use crate::sources::auth::exec::tests::{held, script, token_answer};

struct Scene {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Scene {
    fn new() -> Self {
        let now = Ts::parse_rfc3339("2026-11-21T14:00:00Z").unwrap();
        Self { folder: tempfile::tempdir().unwrap(), now: Arc::new(AtomicI64::new(now.0)) }
    }

    fn clock(&self) -> WallClock {
        let now = Arc::clone(&self.now);
        Arc::new(move || Ts(now.load(Ordering::SeqCst)))
    }

    fn advance(&self, span: Span) {
        self.now.fetch_add(span.0, Ordering::SeqCst);
    }

    /// Credentials of a plugin that writes a line for each of its runs.
    fn plugin(&self, body: &str) -> Arc<Credentials> {
        let plugin =
            script(self.folder.path(), &format!("echo run >> {}\n{body}", self.runs_file().display()));
        Arc::new(Credentials::new(Login::Plugin(Arc::new(plugin)), None, self.clock()))
    }

    fn runs_file(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.runs_file()).unwrap_or_default().lines().count()
    }
}

fn shown(grant: &Grant) -> &str {
    grant.header.as_ref().unwrap().to_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_plugin_runs_once_for_all_who_wait_and_again_near_its_expiry() {
    let scene = Scene::new();
    let credentials = scene.plugin(&token_answer("t", "2026-11-21T14:10:00Z"));
    let (a, b, c) =
        held(async { tokio::join!(credentials.grant(), credentials.grant(), credentials.grant()) }).await;
    assert_eq!((shown(&a.unwrap()), b.unwrap().serial, c.unwrap().serial), ("Bearer t", 1, 1));
    assert_eq!(scene.runs(), 1);
    scene.advance(Span::mins(9));
    tokio::time::advance(Duration::from_mins(9)).await;
    assert_eq!((held(credentials.grant()).await.unwrap().serial, scene.runs()), (1, 1));
    scene.advance(Span::secs(51));
    assert_eq!((held(credentials.grant()).await.unwrap().serial, scene.runs()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_already_does_not_run_the_plugin_for_every_request() {
    let scene = Scene::new();
    let credentials = scene.plugin(&token_answer("t", "2026-11-21T13:00:00Z"));
    for _ in 0..5 {
        held(credentials.grant()).await.unwrap();
    }
    assert_eq!(scene.runs(), 1);
    tokio::time::advance(Duration::from_secs(6)).await;
    held(credentials.grant()).await.unwrap();
    assert_eq!(scene.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_grant_is_renewed_once_however_many_tell_of_it() {
    let scene = Scene::new();
    let credentials = scene.plugin(&token_answer("t", "2026-11-21T15:00:00Z"));
    let old = held(credentials.grant()).await.unwrap().serial;
    assert!(credentials.refuse(old).await && credentials.refuse(old).await);
    let new = held(credentials.grant()).await.unwrap().serial;
    assert!(credentials.refuse(old).await);
    assert_eq!((held(credentials.grant()).await.unwrap().serial, new, scene.runs()), (2, 2, 2));
    let fixed = Credentials::new(Login::Token(SecretString::from("x")), None, scene.clock());
    let serial = fixed.grant().await.unwrap().serial;
    assert!(!fixed.refuse(serial).await);
}

#[tokio::test(start_paused = true)]
async fn a_failing_plugin_fails_all_who_wait_and_rests_before_it_is_run_again() {
    let scene = Scene::new();
    let credentials = scene.plugin("exit 1");
    let (a, b) = held(async { tokio::join!(credentials.grant(), credentials.grant()) }).await;
    assert_eq!((a.unwrap_err().kind, b.unwrap_err().kind, scene.runs()), (Kind::Auth, Kind::Auth, 1));
    held(credentials.grant()).await.unwrap_err();
    assert_eq!(scene.runs(), 1);
    credentials.retry_now();
    held(credentials.grant()).await.unwrap_err();
    assert_eq!(scene.runs(), 2);
    tokio::time::advance(PAUSE).await;
    held(credentials.grant()).await.unwrap_err();
    assert_eq!(scene.runs(), 3);
}

#[tokio::test]
async fn a_plugin_can_be_watched_and_cancelled() {
    let scene = Scene::new();
    let credentials = scene.plugin("sleep 1000");
    let mut waiting = credentials.waiting();
    let asking = tokio::spawn({
        let credentials = Arc::clone(&credentials);
        async move { credentials.grant().await }
    });
    let told = waiting.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert_eq!((told.plugin.raw(), told.since.rfc3339()), ("plugin", "2026-11-21T14:00:00Z".to_owned()));
    credentials.cancel();
    assert_eq!(asking.await.unwrap().unwrap_err().kind, Kind::Cancelled);
    assert!(waiting.borrow().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_token_file_is_read_again_when_it_changes() {
    let scene = Scene::new();
    let path = scene.folder.path().join("token");
    let credentials = Credentials::new(Login::TokenFile(path.clone(), None), None, scene.clock());
    assert_eq!(credentials.grant().await.unwrap_err().kind, Kind::Io);
    std::fs::write(&path, "one\n").unwrap();
    tokio::time::advance(PAUSE).await;
    assert_eq!(shown(credentials.grant().await.unwrap().as_ref()), "Bearer one");
    std::fs::write(&path, "second\n").unwrap();
    assert_eq!(shown(credentials.grant().await.unwrap().as_ref()), "Bearer one");
    tokio::time::advance(LOOK).await;
    assert_eq!(shown(credentials.grant().await.unwrap().as_ref()), "Bearer second");
}

#[tokio::test]
async fn certificates_come_from_files_and_from_plugins() {
    let scene = Scene::new();
    let data = |name: &str| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sources/auth/testdata")).join(name)
    };
    let pair = Certificate { chain: Blob::File(data("client.pem")), key: Blob::File(data("client.key")) };
    let grant = Credentials::new(Login::Nobody, Some(pair), scene.clock()).grant().await.unwrap();
    assert_eq!((grant.identity.is_some(), grant.header.is_some()), (true, false));
    assert_eq!(grant.certificate_ends.unwrap().year(), 2126);

    let text = |name: &str| std::fs::read_to_string(data(name)).unwrap().replace('\n', "\\\\n");
    let said = scene.plugin(&format!(
        r#"printf '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{{"clientCertificateData":"{}","clientKeyData":"{}"}}}}'"#,
        text("client.pem"),
        text("client.key")
    ));
    assert!(said.grant().await.unwrap().identity.is_some());
}

#[tokio::test]
async fn nothing_that_can_be_printed_holds_a_secret() {
    let scene = Scene::new();
    let canary = "CANARY";
    let logins = [
        Login::Token(SecretString::from(canary)),
        Login::Basic("user".to_owned(), SecretString::from(canary)),
        Login::TokenFile(PathBuf::from("/nowhere"), Some(SecretString::from(canary))),
    ];
    for login in logins {
        let blob = Blob::Inline(SecretSlice::from(canary.as_bytes().to_vec()));
        let pair = Certificate { chain: blob.clone(), key: blob };
        let credentials = Credentials::new(login.clone(), Some(pair), scene.clock());
        let error = credentials.grant().await.unwrap_err();
        let plain = Credentials::new(login.clone(), None, scene.clock());
        let grant = plain.grant().await.unwrap();
        let printed = format!("{credentials:?} {login:?} {error:?} {grant:?} {:?}", grant.header);
        assert!(!printed.contains(canary) && !printed.contains("Q0FOQVJZ"), "{printed}");
    }
    let bad = Credentials::new(Login::Token(SecretString::from("CANARY\u{1}")), None, scene.clock());
    assert!(!format!("{:?}", bad.grant().await.unwrap_err()).contains(canary));
}

/// A token that says when it ends, and that time.
fn jwt(seconds: i64) -> (String, Ts) {
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = part(&format!("{{\"exp\":{seconds}}}"));
    (format!("{}.{claims}.c2ln", part("{\"alg\":\"RS256\"}")), Ts::from_secs(seconds))
}

#[tokio::test]
async fn how_long_credentials_last_is_what_they_themselves_say() {
    let scene = Scene::new();
    let (token, ends) = jwt(1_795_270_000);
    let path = scene.folder.path().join("token");
    std::fs::write(&path, format!("{token}\n")).unwrap();
    let secret = |text: &str| SecretString::from(text.to_owned());
    let data = |name: &str| {
        PathBuf::from(format!("{}/src/sources/auth/testdata/{name}", env!("CARGO_MANIFEST_DIR")))
    };
    let pair =
        || Some(Certificate { chain: Blob::File(data("client.pem")), key: Blob::File(data("client.key")) });
    let certificate_ends = Ts::parse_rfc3339("2126-10-28T08:16:15Z");
    let of = |until, renews| Lasting { until, renews };
    for (login, certificate, lasting) in [
        (Login::Nobody, None, of(None, false)),
        (Login::Nobody, pair(), of(certificate_ends, false)),
        (Login::Token(secret("opaque")), None, of(None, false)),
        (Login::Token(secret(&token)), None, of(Some(ends), false)),
        (Login::Token(secret(&token)), pair(), of(Some(ends), false)),
        (Login::Basic("u".to_owned(), secret(&token)), None, of(None, false)),
        (Login::TokenFile(path.clone(), None), None, of(Some(ends), true)),
        (Login::TokenFile(path.clone(), None), pair(), of(certificate_ends, false)),
        (
            Login::TokenFile(scene.folder.path().join("none"), Some(secret(&token))),
            None,
            of(Some(ends), false),
        ),
    ] {
        let shown = format!("{login:?} {}", certificate.is_some());
        let credentials = Credentials::new(login, certificate, scene.clock());
        assert_eq!(credentials.lasting().await.unwrap(), lasting, "{shown}");
    }
    let missing =
        Credentials::new(Login::TokenFile(scene.folder.path().join("none"), None), None, scene.clock());
    assert_eq!(missing.lasting().await.unwrap_err().kind, Kind::Io);
}

#[tokio::test(start_paused = true)]
async fn of_a_plugins_word_and_its_token_the_earlier_end_counts_and_it_is_run_but_once() {
    let (token, ends) = jwt(Ts::parse_rfc3339("2026-11-21T14:20:00Z").unwrap().as_secs());
    for (says, until) in [
        ("2026-11-21T14:10:00Z", Ts::parse_rfc3339("2026-11-21T14:10:00Z").unwrap()),
        ("2026-11-21T14:30:00Z", ends),
    ] {
        let scene = Scene::new();
        let credentials = scene.plugin(&token_answer(&token, says));
        for _ in 0..2 {
            let lasting = held(credentials.lasting()).await.unwrap();
            assert_eq!(lasting, Lasting { until: Some(until), renews: true });
        }
        assert_eq!(scene.runs(), 1);
    }
}
