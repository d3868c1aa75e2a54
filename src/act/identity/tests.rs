use deckwatch_sim::cluster::clock::FakeClock;
use deckwatch_sim::stand::{Options, Stand};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::sources::auth::wall_clock;
use crate::sources::kube::config::{Choice, Env, Impersonation, Kubeconfig};
use crate::sources::kube::testing::{Server, json as answer, status, target};

const PATH: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

async fn stand() -> Stand {
    let clock = FakeClock::at(1_790_000_000_000_000_000);
    Stand::start(Options { clock: std::sync::Arc::new(clock), driven: false, ..Options::default() })
        .await
        .unwrap()
}

async fn on_stand(kubeconfig: &str, as_user: Option<&str>, as_groups: &[&str]) -> Result<Identity> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, kubeconfig).unwrap();
    let choice = Choice {
        kubeconfig: Some(path),
        as_user: as_user.map(str::to_owned),
        as_groups: as_groups.iter().map(|g| (*g).to_owned()).collect(),
        ..Choice::default()
    };
    let env = Env::default();
    let target = Kubeconfig::load(&choice, &env).unwrap().target(&choice, &env).unwrap();
    of(&Client::new(&target, wall_clock()).unwrap()).await
}

fn line(identity: &Identity) -> &'static str {
    Box::leak(identity.line().to_string().into_boxed_str())
}

#[tokio::test]
async fn the_stands_users_are_told_who_they_are_and_whom_they_act_as() {
    let stand = stand().await;
    let reader = on_stand(&stand.reader_kubeconfig(), None, &[]).await.unwrap();
    assert_eq!(line(&reader), "momo-reader (groups system:authenticated)");
    let admin = on_stand(&stand.kubeconfig(), None, &[]).await.unwrap();
    let name = admin.user.clone();
    assert_eq!(admin.groups, [Safe::own("system:masters"), Safe::own("system:authenticated")]);
    assert_eq!(admin.login, None);
    let acting = on_stand(&stand.kubeconfig(), Some("eve"), &["break-glass"]).await.unwrap();
    assert_eq!(
        acting,
        Identity {
            user: Safe::own("eve"),
            uid: None,
            groups: vec![Safe::own("break-glass"), Safe::own("system:authenticated")],
            login: Some(name.clone()),
        }
    );
    assert_eq!(line(&acting), format!("eve (groups break-glass, system:authenticated), acted as by {name}"));
    let refused = on_stand(&stand.reader_kubeconfig(), Some("eve"), &[]).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Denied);
}

fn acting() -> crate::sources::kube::config::Target {
    let mut target = target();
    target.impersonate = Some(Impersonation {
        user: "bob".to_owned(),
        uid: Some("7".to_owned()),
        groups: vec!["ops".to_owned()],
        extra: vec![],
    });
    target
}

#[tokio::test]
async fn only_the_question_who_logs_in_goes_without_impersonation() {
    let server = Server::new(|request| {
        let name = if request.headers().contains_key("impersonate-user") { "bob" } else { "ann" };
        answer(201, &json!({"status": {"userInfo": {"username": name, "groups": ["ops"]}}}))
    });
    let identity = of(&server.client_for(&acting())).await.unwrap();
    assert_eq!(line(&identity), "bob (groups ops), acted as by ann");
    let sent = server.requests();
    let headers: Vec<usize> = sent
        .iter()
        .map(|r| r.headers().keys().filter(|k| k.as_str().starts_with("impersonate-")).count())
        .collect();
    assert_eq!((server.log(), headers), (vec![format!("POST {PATH}"); 2], vec![3, 0]));
}

#[tokio::test]
async fn a_server_without_the_question_leaves_it_unknown() {
    let old = Server::new(|_| status(404, "NotFound", "the server could not find the requested resource"));
    let identity = of(&old.client()).await.unwrap();
    assert_eq!(line(&identity), "not known: the server has no SelfSubjectReview");
    let identity = of(&old.client_for(&acting())).await.unwrap();
    assert_eq!(
        (line(&identity), identity.uid),
        (
            "bob (groups ops), acted as by not known: the server has no SelfSubjectReview",
            Some(Safe::own("7"))
        )
    );
    let broken = Server::new(|_| status(500, "InternalError", "etcd is away"));
    assert_eq!(of(&broken.client()).await.unwrap_err().kind, Kind::Server);
}

#[tokio::test]
async fn a_server_that_lies_can_neither_drive_a_terminal_nor_fill_the_journal() {
    let server = Server::new(|_| {
        let groups: Vec<String> = (0..5000).map(|n| format!("g{n}\u{1b}[2J")).collect();
        answer(201, &json!({"status": {"userInfo": {"username": "x\n".repeat(100_000), "groups": groups}}}))
    });
    let identity = of(&server.client()).await.unwrap();
    assert_eq!(identity.groups.len(), 51);
    assert_eq!(identity.groups[0], Safe::own("g0^[[2J"));
    assert_eq!(identity.groups[50], Safe::own("and 4950 more"));
    assert!(identity.user.as_str().chars().count() < 300, "{}", identity.user);
    assert!(!identity.line().as_str().contains(['\u{1b}', '\n']));
}
