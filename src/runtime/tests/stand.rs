//! A small stand of four scripted servers and a cockpit that watches it; time is the test's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};

use crate::act::journal::Journal;
use crate::app::Msg;
use crate::app::effect::Scope;
use crate::app::input::Keymap;
use crate::app::model::Session;
use crate::app::update::start;
use crate::app::views::{Env, View};
use crate::core::key::{Code, Key};
use crate::core::{ClusterId, Error, Kind, Resource, Result, Safe, Span, Ts, Untrusted, Zone};
use crate::ops::{Gate, Policy};
use crate::runtime::effects::Executor;
use crate::runtime::headless::Headless;
use crate::runtime::inbox::Inbox;
use crate::runtime::world::{Kube, Named, Sources, World, alerts, beat, health, logs, probe};
use crate::sources::alertmanager::Alertmanager;
use crate::sources::kube::testing::{Answer, Chunk, Server, chunked, clock, json, status, target, typed};
use crate::sources::kube::{Pulse, RetryNow, Target};
use crate::sources::loki::Loki;
use crate::sources::prom::Prom;
use crate::sources::transport::{Answer as Told, Request, Sending, Transport};
use crate::store::health::{Health, SourceId, SourceKind, State, Via};
use crate::ui::theme::{Depth, Glyphs, Theme};

/// How far time goes between two looks of the cockpit.
const STEP: Duration = Duration::from_millis(50);

/// The four servers and the cockpit.
pub struct Stand {
    pub servers: [(SourceId, Arc<Server>); 4],
    pub cockpit: Headless,
    pub world: Arc<World>,
    /// Keeps the watches open.
    _feeds: Arc<Mutex<Vec<mpsc::Sender<Chunk>>>>,
    _state: tempfile::TempDir,
}

/// Carries requests to one of the servers, as a direct connection does.
struct Wire(&'static str, Arc<Server>);

impl Wire {
    fn error(&self, kind: Kind, detail: impl Into<Untrusted>) -> Error {
        Error::new(kind, "request").on(format!("http://{}", self.0)).detail(detail)
    }

    async fn exchange(&self, request: Request) -> Result<Told> {
        let lost = |e: &dyn std::fmt::Display| self.error(Kind::Unreachable, e.to_string());
        let dialled = tokio::time::timeout(Duration::from_secs(3), self.1.connect()).await;
        let stream = match dialled {
            Ok(stream) => stream.map_err(|e| e.on(format!("http://{}", self.0)))?,
            Err(_) => return Err(self.error(Kind::Timeout, "no connection within 3s")),
        };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| lost(&e))?;
        let running = tokio::spawn(connection);
        let sent = http::Request::builder()
            .method(request.method)
            .uri(request.path)
            .header(http::header::HOST, self.0)
            .body(Full::new(Bytes::from(request.form.unwrap_or_default())))
            .unwrap();
        let answer = sender.send_request(sent).await.map_err(|e| lost(&e))?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|e| lost(&e))?.to_bytes();
        running.abort();
        Ok(Told { status, content_type: Some("application/json".to_owned()), body, took: Span::millis(1) })
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Sending<'_> {
        let limit = request.limit;
        Box::pin(async move {
            let late = |_| Err(self.error(Kind::Timeout, format!("nothing whole within {limit}")));
            tokio::time::timeout(limit.to_std(), self.exchange(request)).await.unwrap_or_else(late)
        })
    }

    fn via(&self) -> Via {
        Via::Direct
    }

    fn address(&self) -> Untrusted {
        format!("http://{}", self.0).into()
    }
}

fn kubernetes(feeds: &Arc<Mutex<Vec<mpsc::Sender<Chunk>>>>) -> Arc<Server> {
    let feeds = Arc::clone(feeds);
    Server::new(move |request| {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
        if path == "/readyz" {
            return typed(200, "text/plain", "ok");
        }
        if query.contains("watch=true") {
            let (feed, answer) = chunked("application/json");
            feeds.lock().unwrap().push(feed);
            return answer;
        }
        let plural = path.rsplit('/').next().unwrap();
        let Some(resource) = Resource::ALL.iter().find(|r| r.names().plural == plural) else {
            return status(404, "NotFound", "no such path");
        };
        let pod = serde_json::json!({ "metadata": { "name": "web-1", "namespace": "shop", "uid": "u1",
            "resourceVersion": "5", "creationTimestamp": "2026-11-21T11:00:00Z" } });
        let items = if plural == "pods" { vec![pod] } else { Vec::new() };
        let (kind, version) = if resource.names().metadata_only {
            ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned())
        } else {
            (resource.names().kind, resource.api_version())
        };
        json(
            200,
            &serde_json::json!({ "kind": format!("{kind}List"), "apiVersion": version,
            "metadata": { "resourceVersion": "10" }, "items": items }),
        )
    })
}

const ALERT: &str = r#"{"labels":{"alertname":"FromManager","severity":"critical"},"annotations":{},"fingerprint":"00000000000000ff",
    "startsAt":"2026-11-21T11:50:00Z","endsAt":"2026-11-21T12:50:00Z","updatedAt":"2026-11-21T11:59:00Z","generatorURL":"",
    "receivers":[{"name":"r"}],"status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}"#;
const RULES: &str = r#"{"status":"success","data":{"groups":[{"name":"g","file":"f","interval":30,"rules":[{"type":"alerting",
    "name":"FromRules","query":"up == 0","duration":60,"state":"firing","health":"ok","lastEvaluation":"2026-11-21T11:59:50Z",
    "labels":{"severity":"warning"},"annotations":{},"alerts":[{"labels":{"alertname":"FromRules","severity":"warning"},
    "annotations":{},"state":"firing","activeAt":"2026-11-21T11:40:00Z","value":"1e+00"}]}]}]}}"#;

fn told(body: &str) -> Answer {
    typed(200, "application/json", body.to_owned())
}

fn prometheus() -> Arc<Server> {
    Server::new(|request| match request.uri().path() {
        "/api/v1/status/buildinfo" => told(r#"{"status":"success","data":{"version":"3.5.0"}}"#),
        "/api/v1/rules" => told(RULES),
        _ => told(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#),
    })
}

fn loki() -> Arc<Server> {
    Server::new(|request| match request.uri().path() {
        "/loki/api/v1/status/buildinfo" => told(r#"{"version":"3.5.0"}"#),
        _ => told(r#"{"status":"success","data":[]}"#),
    })
}

fn alertmanager() -> Arc<Server> {
    Server::new(|request| match request.uri().path() {
        "/api/v2/status" => told(
            r#"{"cluster":{"status":"ready"},"versionInfo":{"version":"0.28.0"},"uptime":"2026-11-21T10:00:00Z","config":{"original":""}}"#,
        ),
        _ => told(&format!(r#"[{{"labels":{{}},"receiver":{{"name":"r"}},"alerts":[{ALERT}]}}]"#)),
    })
}

pub const fn id(kind: SourceKind) -> SourceId {
    SourceId { kind, index: 0 }
}

impl Stand {
    /// Starts all four and lets the cockpit see them well.
    pub async fn ready(view: &str) -> Self {
        let mut stand = Self::new(view, &target());
        let well = |s: &Self| {
            s.servers.iter().all(|(id, _)| s.health(*id).is_some_and(|h| h.state == State::Ready))
                && s.cockpit.model.shared.alerts.at.is_some()
                && (view != "pods" || s.frame().contains("web-1"))
        };
        stand.within(Duration::from_secs(10), "all is well", well).await;
        stand
    }

    /// Starts all four, with a cockpit that has seen nothing yet and reaches the API server as a target says.
    pub fn new(view: &str, target: &Target) -> Self {
        let feeds = Arc::default();
        let servers = [
            (id(SourceKind::Kubernetes), kubernetes(&feeds)),
            (id(SourceKind::Prometheus), prometheus()),
            (id(SourceKind::Loki), loki()),
            (id(SourceKind::Alertmanager), alertmanager()),
        ];
        let server = |at: usize| Arc::clone(&servers[at].1);
        let (clock, inbox, retry) = (clock(), Inbox::default(), RetryNow::default());
        let (now, limit) = (clock(), Span::secs(20));
        let client = server(0).client_for(target);
        let pulse = Pulse::spawn(client.clone(), Arc::clone(&clock), retry.clone());
        let book = health::Book::new(inbox.clone());
        for (id, _) in &servers {
            book.enter(*id, Untrusted::from("http://test"), Untrusted::from("test"), Via::Direct, now);
        }
        let sources = Sources {
            proms: vec![Named {
                id: servers[1].0,
                name: Untrusted::from("prometheus"),
                source: Arc::new(Prom::new(Arc::new(Wire("prom", server(1))), limit)),
            }],
            lokis: vec![Named {
                id: servers[2].0,
                name: Untrusted::from("loki"),
                source: Arc::new(Loki::new(Arc::new(Wire("loki", server(2))), limit)),
            }],
            managers: vec![Named {
                id: servers[3].0,
                name: Untrusted::from("am"),
                source: Arc::new(Alertmanager::new("am", Arc::new(Wire("am", server(3))), limit)),
            }],
            ..Sources::default()
        };
        let (_, sources) = watch::channel(Some(Arc::new(sources)));
        let world = Arc::new(World {
            cluster: ClusterId(Untrusted::from("test")),
            kube: Ok(Kube { client, pulse }),
            sources,
            repositories: Vec::new(),
            mappings: logs::Mappings::default(),
            heard: alerts::Heard::default(),
            health: book,
            retry,
            clock,
            runners: None,
            plans: Mutex::default(),
        });
        tokio::spawn(beat::follow(Arc::clone(&world)));
        tokio::spawn(probe::follow(Arc::clone(&world)));
        let state = tempfile::tempdir().unwrap();
        let journal = Journal::open(state.path(), now, 1);
        let handle = tokio::runtime::Handle::current();
        let executor = Executor::on(handle, Arc::clone(&world), inbox.clone(), journal);
        let env = Env {
            now,
            keymap: Arc::new(Keymap::load("default", &|_| None).unwrap()),
            theme: Arc::new(Theme::load("dark", &|_| None, Depth::None, Glyphs { unicode: true }).unwrap()),
        };
        let session = Session {
            cluster: world.cluster.clone(),
            scope: Scope::All,
            recent: Vec::new(),
            zone: Zone::Utc,
            own_zone: Zone::Utc,
            size: (100, 30),
            started: now,
            focused: true,
        };
        let gate = Gate::new(Policy::default());
        let (model, first) = start(session, gate, View::open(view).unwrap(), Safe::own("tester"), &env);
        let cockpit = Headless::new(model, env, inbox, executor, first);
        Self { servers, cockpit, world, _feeds: feeds, _state: state }
    }

    pub fn server(&self, kind: SourceKind) -> &Arc<Server> {
        &self.servers.iter().find(|(id, _)| id.kind == kind).unwrap().1
    }

    pub fn health(&self, id: SourceId) -> Option<&Health> {
        self.cockpit.model.shared.health.get(&id)
    }

    pub fn now(&self) -> Ts {
        (self.world.clock)()
    }

    pub fn frame(&self) -> String {
        self.cockpit.frame(100, 30)
    }

    /// Lets time go on until something holds; fails when it does not in time. Returns how long it took.
    pub async fn within(&mut self, limit: Duration, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let began = tokio::time::Instant::now();
        loop {
            self.cockpit.tick();
            if holds(self) {
                return began.elapsed();
            }
            let health: Vec<_> = self.cockpit.model.shared.health.values().collect();
            assert!(began.elapsed() < limit, "not within {limit:?}: {what}\n{health:?}\n{}", self.frame());
            tokio::time::sleep(STEP).await;
        }
    }

    /// Presses a key; it must be taken at once, whatever the sources do.
    pub fn press(&mut self, key: char, ctrl: bool) {
        self.cockpit.send(Msg::Key { key: Key { code: Code::Char(key), ctrl, alt: false }, repeat: false });
    }
}
