//! Every kind, followed on the simulated stand over real connections while it fails and changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deckwatch_sim::cluster::clock::FakeClock;
use deckwatch_sim::kube::faults::Deny;
use deckwatch_sim::stand::{Options, Stand};
use pretty_assertions::assert_eq;
use tokio::sync::Notify;

use super::client::Client;
use super::config::{Choice, Env, Kubeconfig};
use super::get;
use super::logs;
use super::pace::RetryNow;
use super::proxy::{Backend, Port, ServiceProxy};
use super::pulse::Pulse;
use super::reflect::tests::Rows;
use super::reflect::{Reflector, Scope, Spec};
use crate::core::{Kind, Name, ObjectRef, Resource, Span, Uid};
use crate::sources::auth::wall_clock;
use crate::sources::transport::{Request, Transport as _};

const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";

async fn stand() -> (Stand, FakeClock) {
    let clock = FakeClock::at(1_790_000_000_000_000_000);
    let options = Options { clock: Arc::new(clock.clone()), driven: false, ..Options::default() };
    (Stand::start(options).await.unwrap(), clock)
}

fn pass(stand: &Stand, clock: &FakeClock, seconds: i64) {
    for _ in 0..seconds * 4 {
        clock.advance(250_000_000);
        stand.cluster().step();
    }
}

fn client(kubeconfig: &str) -> Client {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, kubeconfig).unwrap();
    let choice = Choice { kubeconfig: Some(path), ..Choice::default() };
    let target =
        Kubeconfig::load(&choice, &Env::default()).unwrap().target(&choice, &Env::default()).unwrap();
    Client::new(&target, wall_clock()).unwrap()
}

/// Makes something roll.
async fn change(client: &Client, round: usize) {
    let body = format!(
        r#"{{"spec":{{"replicas":{},"template":{{"metadata":{{"annotations":{{"round":"{round}"}}}}}}}}}}"#,
        2 + round % 3
    );
    let request = http::Request::patch(BACKEND).header("content-type", "application/merge-patch+json");
    let request = request.body(bytes::Bytes::from(body)).unwrap();
    let reply = client.raw_service().send_once(request, Span::secs(10), 1 << 20).await.unwrap();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

/// Waits until `done` says so, looking again after each piece of news.
async fn until(news: &Notify, mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        loop {
            let next = news.notified();
            if done().await {
                return;
            }
            next.await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), waiting).await.expect("never came about");
}

/// Lists anew. A fault that was meant for the followers and is still queued must not answer here: their
/// number is bounded, so asking again gets past them.
async fn fresh(client: &Client, resource: Resource) -> BTreeMap<Uid, (String, String)> {
    let found = loop {
        match get::list(client, &Spec::all(resource, Scope::All), 100_000).await {
            Err(queued) if matches!(queued.status, 410 | 429 | 503) => {}
            answer => break answer.unwrap(),
        }
    };
    let row =
        |o: &crate::store::objects::Object| (o.uid(), (o.name().to_owned(), o.resource_version().to_owned()));
    found.objects.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_followed_equals_a_fresh_list_of_every_kind_after_faults() {
    let (stand, clock) = stand().await;
    let client = client(&stand.kubeconfig());
    let retry = RetryNow::default();
    let pulse = Pulse::spawn(client.clone(), wall_clock(), retry.clone());
    let news = Arc::new(Notify::new());
    let mut followed = Vec::new();
    for resource in Resource::ALL {
        let spec = Spec::all(resource, Scope::All);
        let (reflector, mut events) =
            Reflector::spawn(client.clone(), spec, &pulse, retry.clone(), wall_clock());
        let rows = Arc::new(Mutex::new(Rows::default()));
        let (told, heard) = (Arc::clone(&rows), Arc::clone(&news));
        let reading = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                told.lock().unwrap().apply(event);
                heard.notify_one();
            }
        });
        followed.push((resource, rows, reflector, reading));
    }
    let live = |followed: &[(Resource, Arc<Mutex<Rows>>, Reflector, _)]| {
        followed.iter().all(|(_, rows, ..)| rows.lock().unwrap().states.last().is_some_and(|s| s == "live"))
    };
    until(&news, async || live(&followed)).await;
    for round in 0..6 {
        let faults = stand.faults();
        match round {
            0 => faults.drop_watches(),
            1 => {
                faults.answer_next(2, 410, "/pods");
                faults.drop_watches();
            }
            2 => {
                faults.answer_next(6, 503, "/api/v1/");
                faults.drop_watches();
            }
            3 => {
                faults.deny(Deny::new("watch", "replicasets"));
                faults.drop_watches();
            }
            4 => faults.answer_next(1, 429, "/events"),
            _ => {}
        }
        change(&client, round).await;
        pass(&stand, &clock, 9);
    }
    stand.faults().allow_all();
    retry.now();
    until(&news, async || {
        retry.now();
        live(&followed)
    })
    .await;
    for (resource, rows, ..) in &followed {
        let truth = fresh(&client, *resource).await;
        until(&news, async || rows.lock().unwrap().known == truth).await;
        assert_eq!(rows.lock().unwrap().undecodable, 0, "{resource:?}");
    }
    let pods =
        followed.iter().find(|f| f.0 == Resource::Pod).map(|f| f.1.lock().unwrap().known.len()).unwrap();
    assert!(pods > 5, "{pods}");
    for (.., reading) in followed {
        reading.abort();
    }
    stand.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_objects_edits_events_records_and_rights_are_read_from_the_stand() {
    let (stand, clock) = stand().await;
    let client = client(&stand.kubeconfig());
    pass(&stand, &clock, 5);
    let spec = Spec::all(Resource::Deployment, Scope::Namespace(Name::new("momo-store").unwrap()));
    let found = get::list(&client, &spec, 100).await.unwrap();
    let backend = found.objects.iter().find(|o| o.name() == "backend").unwrap().reference(client.cluster());
    let view = get::object(&client, &backend).await.unwrap();
    assert_eq!(view.object["kind"], "Deployment");
    let edits = get::edits(&client, &backend).await.unwrap();
    assert_eq!(edits.lacks, []);
    get::events(&client, &backend).await.unwrap();
    assert!(get::version(&client).await.unwrap().git_version.raw().starts_with("v1."));

    let records = Spec::releases(Resource::Secret, Scope::Namespace(Name::new("momo-store").unwrap()));
    let records = get::list(&client, &records, 100).await.unwrap();
    assert_eq!(records.objects.len(), 7);
    let name = Name::new(records.objects[0].name()).unwrap();
    let record =
        get::record(&client, Resource::Secret, &Name::new("momo-store").unwrap(), &name).await.unwrap();
    assert!(record.payload.starts_with(b"H4sI"), "not base64 of gzip");

    let gone = ObjectRef { name: Name::new("nobody").unwrap(), uid: Uid::default(), ..backend };
    assert_eq!(get::object(&client, &gone).await.unwrap_err().kind, Kind::NotFound);
    let pod = Name::new("nobody").unwrap();
    let missing = logs::Wanted::all(Name::new("momo-store").unwrap(), pod, None);
    assert_eq!(logs::read(&client, &missing).await.unwrap_err().error.kind, Kind::NotFound);

    let reader = self::client(&stand.reader_kubeconfig());
    let secrets = Spec::all(Resource::Secret, Scope::All);
    assert_eq!(get::list(&reader, &secrets, 10).await.unwrap_err().error.kind, Kind::Denied);
    let nowhere = Backend {
        namespace: Name::new("momo-store").unwrap(),
        service: Name::new("nowhere").unwrap(),
        port: Port::Number(80),
        https: false,
        prefix: String::new(),
    };
    let request = Request {
        method: http::Method::GET,
        path: "/".to_owned(),
        headers: Vec::new(),
        form: None,
        limit: Span::secs(5),
        cap: 1 << 20,
    };
    let error = ServiceProxy::new(client.clone(), nowhere).send(request).await.unwrap_err();
    assert!(matches!(error.kind, Kind::NotFound | Kind::Unreachable), "{error:?}");
    stand.stop().await;
}
