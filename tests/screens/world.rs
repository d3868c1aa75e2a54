//! A small shop that every test of the drawn screens looks at: objects, alerts, rules, releases, records,
//! lines, series and a plan, all made here, none read from a network.
//!
//! Every text that a server could choose goes through [`World::say`], so that the same shop can be told by
//! an honest server and by a hostile one.

use std::sync::Arc;

use deckwatch::app::msg::{AlertsAnswer, Listed};
use deckwatch::core::action::Risk;
use deckwatch::core::{ClusterId, Labels, Name, ObjectRef, Resource, Safe, Span, Ts, Uid, Untrusted, Window};
use deckwatch::ops::kept::{Kept, LISTINGS, Listing};
use deckwatch::ops::plan::{Change, DiffLine, Preview, Shown, Silences, silence_phrase};
use deckwatch::ops::silence::Reach;
use deckwatch::ops::{Doing, Item, Plan};
use deckwatch::query::matcher::Matcher;
use deckwatch::store::alerts::{Alert, Rule, State};
use deckwatch::store::batch::{Batch, Cuts, Edge, LogReach};
use deckwatch::store::changes::{Edit, Edits};
use deckwatch::store::health::{self, Health, SourceId, SourceKind, Via};
use deckwatch::store::logs::{Entry, Origin};
use deckwatch::store::objects::Object;
use deckwatch::store::releases::{Driver, Release, Revision};
use deckwatch::store::series::{Matrix, Series};
use deckwatch_helm::record::Record;
use serde_json::{Value, json};

/// 2026-11-21T14:07:31Z
pub const NOW: Ts = Ts::from_secs(1_795_270_051);
pub const NAMESPACE: &str = "momo-store";
/// The expression of the alert that everything is about.
pub const EXPR: &str = "sum(rate(http_errors_total[1m])) / sum(rate(http_requests_total[1m])) > 0.01";

pub fn cluster() -> ClusterId {
    ClusterId("prod-ru1".into())
}

pub fn ago(minutes: i64) -> Ts {
    NOW - Span::mins(minutes)
}

fn stamp(minutes: i64) -> String {
    ago(minutes).rfc3339()
}

/// What the servers say.
#[derive(Clone, Copy, Debug, Default)]
pub struct World {
    /// Added to every text that comes from outside.
    pub hostile: &'static str,
}

impl World {
    /// Returns a text of a server.
    pub fn say(self, text: &str) -> String {
        format!("{text}{}", self.hostile)
    }

    fn labels<const N: usize>(self, pairs: [(&str, &str); N]) -> Labels {
        let more = (!self.hostile.is_empty()).then(|| (self.say("evil"), self.say("label")));
        pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).chain(more).collect()
    }

    fn meta(self, name: &str, namespace: &str, minutes: i64, owner: Option<(&str, &str)>) -> Value {
        let owners = owner.map(|(kind, name)| {
            json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true})
        });
        json!({
            "name": name, "namespace": namespace, "uid": format!("uid-{name}"), "resourceVersion": "7",
            "creationTimestamp": stamp(minutes), "labels": {"app": "backend", "evil": self.say("label")},
            "annotations": {
                "meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": NAMESPACE,
                "note": self.say("annotation"),
            },
            "ownerReferences": owners.into_iter().collect::<Vec<_>>(),
            "managedFields": [{"manager": self.say("helm"), "operation": "Update", "time": stamp(minutes)}],
        })
    }

    fn workload(self, name: &str, (ready, wanted): (u32, u32)) -> Value {
        json!({
            "metadata": self.meta(name, NAMESPACE, 60 * 24 * 9, None),
            "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": self.say("nexus.example/momo:0.0.1043")}]},
            }},
            "status": {"replicas": wanted, "readyReplicas": ready, "updatedReplicas": wanted, "availableReplicas": ready,
                "unavailableReplicas": wanted - ready},
        })
    }

    fn set(self, name: &str, owner: &str, minutes: i64, revision: &str) -> Value {
        let mut set = self.workload(owner, (1, 2));
        set["metadata"] = self.meta(name, NAMESPACE, minutes, Some(("Deployment", owner)));
        set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(revision);
        set
    }

    fn pod(self, name: &str, owner: &str, crashes: bool) -> Value {
        let state = if crashes {
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": self.say("back-off 40s")}})
        } else {
            json!({"running": {"startedAt": stamp(6)}})
        };
        let last = crashes.then(|| {
            json!({"terminated": {"exitCode": 137, "reason": self.say("OOMKilled"), "finishedAt": stamp(1), "startedAt": stamp(3)}})
        });
        json!({
            "metadata": self.meta(name, NAMESPACE, 9, Some(("ReplicaSet", owner))),
            "spec": {"nodeName": "worker-3", "containers": [{"name": "app", "image": self.say("nexus.example/momo:0.0.1043")}]},
            "status": {
                "phase": "Running", "podIP": "10.1.4.7", "hostIP": "10.0.0.3", "startTime": stamp(9),
                "conditions": [{"type": "Ready", "status": if crashes { "False" } else { "True" }}],
                "containerStatuses": [{
                    "name": "app", "ready": !crashes, "restartCount": if crashes { 4 } else { 0 }, "state": state,
                    "lastState": last.unwrap_or_else(|| json!({})), "image": self.say("nexus.example/momo:0.0.1043"),
                }],
            },
        })
    }

    /// Returns the objects of a kind.
    pub fn objects(self, resource: Resource) -> Vec<Object> {
        let made = match resource {
            Resource::Deployment => vec![self.workload("backend", (2, 4)), self.workload("frontend", (3, 3))],
            Resource::StatefulSet => vec![self.workload("postgres", (1, 1))],
            Resource::ReplicaSet => vec![
                self.set("backend-6f9c8d7b5", "backend", 60 * 24, "6"),
                self.set("backend-7c5d9f8b6", "backend", 9, "7"),
                self.set("frontend-5d8f7c6b9", "frontend", 60 * 24, "6"),
            ],
            Resource::Pod => vec![
                self.pod("backend-7c5d9f8b6-x2xkl", "backend-7c5d9f8b6", true),
                self.pod("backend-7c5d9f8b6-9kkqp", "backend-7c5d9f8b6", false),
                self.pod("frontend-5d8f7c6b9-4hd2v", "frontend-5d8f7c6b9", false),
            ],
            Resource::Node => vec![json!({
                "metadata": self.meta("worker-3", "", 60 * 24 * 40, None),
                "spec": {},
                "status": {
                    "conditions": [
                        {"type": "Ready", "status": "True", "lastTransitionTime": stamp(60 * 24 * 39)},
                        {"type": "MemoryPressure", "status": "False", "reason": self.say("KubeletHasSufficientMemory"),
                            "lastTransitionTime": stamp(45)},
                    ],
                    "nodeInfo": {"kubeletVersion": self.say("v1.35.0"), "osImage": self.say("Talos"), "kernelVersion": self.say("6.12")},
                },
            })],
            Resource::Service => vec![json!({
                "metadata": self.meta("backend", NAMESPACE, 60 * 24 * 9, None),
                "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7", "selector": {"app": "backend"},
                    "ports": [{"port": 80, "protocol": "TCP"}]},
            })],
            Resource::Event => vec![self.event("BackOff", 1, 12), self.event("Unhealthy", 4, 1)],
            Resource::Secret => {
                vec![json!({"metadata": self.meta("backend-db", NAMESPACE, 60 * 24 * 9, None)})]
            }
            _ => Vec::new(),
        };
        made.into_iter().map(|value| object(resource, value)).collect()
    }

    fn event(self, reason: &str, minutes: i64, count: u32) -> Value {
        json!({
            "metadata": self.meta(&format!("backend-event-{minutes}"), NAMESPACE, minutes, None),
            "involvedObject": {"kind": "Pod", "apiVersion": "v1", "namespace": NAMESPACE, "name": "backend-7c5d9f8b6-x2xkl",
                "uid": "uid-backend-7c5d9f8b6-x2xkl"},
            "reason": self.say(reason), "type": "Warning", "count": count, "lastTimestamp": stamp(minutes),
            "message": self.say("Back-off restarting failed container app in pod backend-7c5d9f8b6-x2xkl"),
        })
    }

    fn alert(self, name: &str, severity: &str, state: State, began: i64, value: f64, expr: &str) -> Alert {
        let labels = self.labels([
            ("alertname", name),
            ("severity", severity),
            ("namespace", NAMESPACE),
            ("deployment", if name == "Watchdog" { "" } else { "backend" }),
        ]);
        let rule = Rule {
            name: name.into(),
            group: self.say("shop").into(),
            query: self.say(expr).into(),
            hold: Span::mins(2),
            labels: Labels::default(),
            annotations: Labels::default(),
            health: "ok".into(),
            last_error: None,
            last_evaluation: Some(NOW - Span::secs(4)),
            state: "firing".into(),
        };
        Alert {
            fingerprint: labels.fingerprint(),
            annotations: self.labels([
                ("summary", &self.say("5.2 % of the requests to backend fail")),
                ("description", &self.say("More than 1 % for two minutes.")),
                ("runbook_url", &self.say("https://runbooks.example/Backend5xxHigh")),
            ]),
            labels,
            state,
            starts_at: (state == State::Firing).then(|| ago(began - 2)),
            active_at: Some(ago(began)),
            ends_at: None,
            updated_at: None,
            value: Some(value),
            generator_url: self.say("http://prometheus:9090/graph?g0.expr=up").into(),
            receivers: vec![self.say("oncall").into()],
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
            told_by: vec![self.say("alertmanager-0").into(), "rules".into()],
            rule: Some(Arc::new(rule)),
        }
    }

    /// Returns what the places that know of alerts say.
    pub fn alerts(self) -> AlertsAnswer {
        let latency =
            "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 0.8";
        AlertsAnswer {
            alerts: vec![
                self.alert("Backend5xxHigh", "critical", State::Firing, 6, 0.052, EXPR),
                self.alert("BackendP99High", "warning", State::Firing, 5, 2.8, latency),
                self.alert(
                    "PodCrashLooping",
                    "warning",
                    State::Pending,
                    1,
                    3.0,
                    "increase(restarts[10m]) >= 3",
                ),
                self.alert("Watchdog", "none", State::Firing, 60 * 24 * 3, 1.0, "vector(1)"),
            ],
            rules: Vec::new(),
            places: vec![(self.say("alertmanager-0").into(), None), ("rules".into(), None)],
            evaluated: Some(NOW - Span::secs(4)),
            ..AlertsAnswer::default()
        }
    }

    /// Returns the alert that everything is about.
    pub fn the_alert(self) -> Alert {
        self.alerts().alerts.into_iter().next().unwrap()
    }

    /// Returns the releases.
    pub fn releases(self) -> Vec<Release> {
        let revision = |number: u32, status: &str, minutes: i64| Revision {
            number,
            status: self.say(status).into(),
            created: ago(minutes),
            modified: None,
        };
        vec![Release {
            namespace: Name::lossy(NAMESPACE),
            name: Name::lossy("momo"),
            driver: Driver::Secret,
            revisions: vec![
                revision(5, "superseded", 60 * 24 * 3),
                revision(6, "superseded", 60 * 24),
                revision(7, "deployed", 9),
            ],
        }]
    }

    /// Returns a record of the release.
    pub fn record(self, version: u32) -> Arc<Record> {
        let tag = if version >= 7 { "0.0.1043" } else { "0.0.1042" };
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let manifest = format!(
            "---\n# Source: momo/templates/backend.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: backend\n  annotations:\n    note: {}\nspec:\n  replicas: 4\n  template:\n    spec:\n      containers:\n      - name: app\n        image: {}\n",
            quoted(&self.say("manifest")),
            quoted(&self.say(&format!("nexus.example/momo:{tag}"))),
        );
        let top = json!({
            "name": "momo", "namespace": NAMESPACE, "version": version, "manifest": manifest,
            "config": {"image": {"tag": self.say(tag)}, "password": "hunter2"},
            "chart": {
                "metadata": {
                    "name": self.say("momo-store"), "version": self.say(tag), "appVersion": self.say(tag),
                    "annotations": {"team": self.say("shop")}, "dependencies": [{"name": self.say("postgres")}],
                },
                "values": {"image": {"pullPolicy": "IfNotPresent"}, "note": self.say("a value of the chart's")},
            },
            "hooks": [{
                "name": self.say("migrate"), "kind": "Job", "path": self.say("momo/templates/migrate.yaml"), "weight": -5,
                "events": ["pre-upgrade", self.say("pre-rollback")], "delete_policies": ["before-hook-creation"],
                "last_run": {"started_at": stamp(9), "completed_at": stamp(8), "phase": self.say("Succeeded")},
                "manifest": format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {}\n", quoted(&self.say("migrate"))),
            }],
            "info": {"first_deployed": "2026-11-01T00:00:00Z", "last_deployed": stamp(9), "deleted": "",
                "description": self.say("Upgrade complete"), "status": "deployed", "notes": self.say("Open the shop at /")},
        });
        Arc::new(Record::from_top(serde_json::from_str(&top.to_string()).unwrap()))
    }

    /// Returns one object as the API server prints it.
    pub fn yaml(self) -> Arc<Value> {
        let mut value = self.workload("backend", (2, 4));
        value["apiVersion"] = json!("apps/v1");
        value["kind"] = json!("Deployment");
        Arc::new(value)
    }

    /// Returns who edited what.
    pub fn edits(self) -> Edits {
        let edits = vec![Edit {
            object: reference(Resource::ConfigMap, "backend-env"),
            manager: Untrusted::from(self.say("kubectl-edit")).safe(),
            operation: Safe::own("Update"),
            subresource: Safe::own(""),
            at: ago(20),
            fields: Untrusted::from(self.say("data.FEATURES")).safe(),
        }];
        Edits { edits, ..Edits::default() }
    }

    /// Returns a line around the moment.
    pub fn lines(self) -> Vec<Entry> {
        let texts = [
            r#"{"ts":"2026-11-21T14:01:30.482Z","level":"info","msg":"GET /products/ 200","ms":12,"trace_id":"4bf92f35"}"#,
            r#"{"ts":"2026-11-21T14:01:31.120Z","level":"error","msg":"dial tcp 10.1.4.7:5432: connection refused","trace_id":"9c01be77"}"#,
            "level=warn msg=\"slow query\" ms=812",
            "panic: runtime error: invalid memory address or nil pointer dereference",
        ];
        let line = |(i, text): (usize, &str)| Entry {
            ts: ago(6) + Span::millis(i as i64 * 137 - 200),
            line: self.say(text).into(),
            labels: self.labels([
                ("namespace", NAMESPACE),
                ("pod", "backend-7c5d9f8b6-x2xkl"),
                ("container", "app"),
            ]),
            metadata: Labels::default(),
            origin: if i == 3 { Origin::Kubelet } else { Origin::Loki },
        };
        texts.into_iter().enumerate().map(line).collect()
    }

    /// Returns an answer with lines.
    pub fn batch(self, entries: Vec<Entry>) -> Batch {
        let reach = |lines| LogReach {
            lines,
            oldest: Some(ago(6)),
            newest: Some(ago(5)),
            asked: true,
            ..Default::default()
        };
        let from_loki = entries.iter().filter(|e| e.origin == Origin::Loki).count();
        Batch {
            query: Untrusted::from(self.say(r#"{namespace="momo-store",pod=~"backend-.*"}"#)).safe(),
            window: Some(Window { start: ago(21), end: ago(-9) }),
            loki: reach(from_loki),
            kubelet: reach(entries.len() - from_loki),
            older: Edge::More(ago(6)),
            newer: Edge::Now(ago(0)),
            cuts: Cuts { unreachable_pods: 1, ..Cuts::default() },
            entries,
        }
    }

    /// Returns series for a panel over a window.
    pub fn matrix(self, window: Window) -> Matrix {
        let step = Span::secs(15);
        let points = |height: f64| -> Arc<[(Ts, f64)]> {
            let count = window.span().0 / step.0;
            let at = |i: i64| window.start + step.times(i);
            (0..count).map(|i| (at(i), if at(i) > ago(6) { height } else { height / 50.0 })).collect()
        };
        let series =
            |code: &str, height| Series { labels: self.labels([("code", code)]), points: points(height) };
        Matrix { series: vec![series("500", 0.052)], step, ..Matrix::default() }
    }

    /// Returns a plan to roll the release back.
    pub fn plan(self) -> Plan {
        let own = |text: &str| Untrusted::from(self.say(text)).safe();
        let line = |sign, text: &str| DiffLine { sign, text: own(text) };
        let item = |kind, name: &str, change, preview| Item {
            object: reference(kind, name),
            change,
            fields: vec![own("image")],
            patch: Some(own("{\"spec\":{}}")),
            diff: vec![line('-', "image: momo:0.0.1043"), line('+', "image: momo:0.0.1042")],
            restarts: if kind == Resource::Deployment { 4 } else { 0 },
            drift: Vec::new(),
            preview,
        };
        let mut plan = Plan::example(NOW - Span::secs(2));
        plan.why = vec![own("6 is the last revision that was deployed and healthy")];
        plan.items = vec![
            item(Resource::Deployment, "backend", Change::Patch, Preview::DryRun),
            item(Resource::ConfigMap, "backend-env", Change::Patch, Preview::DryRun),
            item(Resource::Service, "backend", Change::Unchanged, Preview::Nothing),
        ];
        plan.notes = vec![own("webhooks allow it")];
        let Doing::Rollback(rollback) = &mut plan.what else { unreachable!() };
        rollback.from.chart = own("momo-store-0.0.1043");
        rollback.to.chart = own("momo-store-0.0.1042");
        plan.risk = Risk::Disruptive;
        plan
    }

    /// Returns the silences of one Alertmanager, in its own JSON.
    pub fn silences(self) -> Vec<Value> {
        let one = |n: u8, state: &str, service: &str, (starts, ends): (i64, i64)| {
            json!({
                "id": format!("8d6b6a2e-0000-4000-8000-{n:012}"), "status": {"state": state},
                "matchers": [
                    {"name": "alertname", "value": self.say("Backend5xxHigh"), "isRegex": false, "isEqual": true},
                    {"name": "service", "value": self.say(service), "isRegex": true, "isEqual": true},
                ],
                "startsAt": stamp(starts), "endsAt": stamp(ends), "updatedAt": stamp(starts),
                "createdBy": self.say("vera"), "comment": self.say("rolling back release 7"),
            })
        };
        vec![
            one(1, "active", "backend|catalog", (12, -48)),
            one(2, "pending", "search", (-30, -90)),
            one(3, "expired", "backend", (300, 240)),
        ]
    }

    /// Returns what is looked after: a HelmRelease that is held for two hours and one whose time is over, a source, two
    /// Applications and a canary.
    pub fn kept(self) -> Vec<Listed> {
        let metadata = |name: &str, held: Option<(i64, i64)>| {
            let annotations = held.map(|(since, until)| {
                json!({
                    "deckwatch.dev/suspended-by": self.say("vera"), "deckwatch.dev/suspended-at": stamp(since),
                    "deckwatch.dev/suspended-why": self.say("5xx since 14:00"), "deckwatch.dev/suspended-until": stamp(until),
                })
            });
            json!({"name": name, "namespace": NAMESPACE, "uid": format!("uid-{name}"), "annotations": annotations})
        };
        let ready = |status: &str, reason: &str| json!([{"type": "Ready", "status": status, "reason": self.say(reason), "message": self.say("stored artifact")}]);
        let objects = |kind: &str| match kind {
            "HelmRelease" => vec![
                json!({"metadata": metadata("momo", Some((12, -108))), "spec": {"suspend": true},
                    "status": {"history": [{"chartVersion": self.say("0.0.1043")}], "conditions": ready("True", "x")}}),
                json!({"metadata": metadata("search", Some((200, 20))), "spec": {"suspend": true},
                    "status": {"history": [{"chartVersion": self.say("1.2.0")}], "conditions": ready("True", "x")}}),
            ],
            "GitRepository" => vec![json!({"metadata": metadata("apps", None),
                "status": {"artifact": {"revision": self.say("main@sha1:1a2b3c")},
                    "conditions": ready("False", "GitOperationFailed")}})],
            "Application" => vec![
                json!({"metadata": metadata("newsletter", None), "spec": {"syncPolicy": {"automated": {"enabled": false}}},
                    "status": {"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"},
                        "history": [{"id": 4, "revision": self.say("1a2b3c4d")}]}}),
                json!({"metadata": metadata("catalog", None), "spec": {"syncPolicy": {"automated": {}}},
                    "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"},
                        "history": [{"id": 9, "revision": self.say("5e6f7a8b")}]}}),
            ],
            "Rollout" => vec![json!({"metadata": metadata("gateway", None),
                "spec": {"strategy": {"canary": {"steps": [{}, {}, {}, {}]}}},
                "status": {"phase": "Paused", "currentStepIndex": 1, "message": self.say("CanaryPauseStep")}})],
            _ => Vec::new(),
        };
        let list = |listing: &'static Listing| {
            let read = |item: &Value| Kept::of(listing, "v1", &cluster(), item).unwrap();
            let kept = objects(listing.kind).iter().map(read).collect();
            Listed { listing, told: Ok(Some(kept)), cut: false }
        };
        LISTINGS.iter().map(list).collect()
    }

    /// Returns a plan to silence the alert.
    pub fn silence(self) -> Plan {
        let own = |text: &str| Untrusted::from(self.say(text)).safe();
        let alerts = self.alerts().alerts;
        let shown = Shown {
            id: None,
            matchers: vec![Matcher::equal("alertname", self.say("Backend5xxHigh"))],
            starts_at: NOW,
            ends_at: NOW + Span::hours(2),
            until: None,
            keeps_id: true,
            created_by: self.say("vera").into(),
            comment: self.say("rolling back release 7").into(),
        };
        let silences = Silences {
            action: Safe::own("silence"),
            alertmanager: self.say("alertmanager-0").into(),
            address: own("http://10.0.0.9:9093/ (direct)"),
            phrase: silence_phrase(std::slice::from_ref(&shown)),
            silences: vec![shown],
            reach: Reach::of(alerts.iter().take(2), &[]),
            left_out: Vec::new(),
        };
        Plan {
            what: Doing::Silence(Box::new(silences)),
            namespace: Name::default(),
            owner: own("Alertmanager alertmanager-0"),
            rights: Safe::own("the Alertmanager's own: it is asked when it is sent"),
            notes: vec![own("it hides alerts of 2 names")],
            user: Safe::default(),
            ..Plan::example(NOW - Span::secs(2))
        }
    }

    /// Returns a source that answers.
    pub fn source(self, kind: SourceKind) -> Health {
        Health {
            id: SourceId { kind, index: 0 },
            address: self.say("https://10.0.0.1:6443").into(),
            found: self.say("configuration").into(),
            via: Via::Direct,
            state: health::State::Ready,
            since: ago(30),
            last_good: Some(NOW - Span::secs(1)),
            latency: Some(Span::millis(12)),
            next_try: None,
            error: None,
        }
    }
}

/// Returns a reference to an object of the shop.
pub fn reference(resource: Resource, name: &str) -> ObjectRef {
    let namespace = if resource.names().namespaced { NAMESPACE } else { "" };
    ObjectRef::new(&cluster(), resource, namespace, name, &format!("uid-{name}"))
}

/// Returns an object of its JSON.
pub fn object(resource: Resource, value: Value) -> Object {
    fn read<T: serde::de::DeserializeOwned>(value: Value) -> Arc<T> {
        Arc::new(serde_json::from_value(value).unwrap())
    }
    match resource {
        Resource::Pod => Object::Pod(read(value)),
        Resource::Deployment => Object::Deployment(read(value)),
        Resource::StatefulSet => Object::StatefulSet(read(value)),
        Resource::DaemonSet => Object::DaemonSet(read(value)),
        Resource::ReplicaSet => Object::ReplicaSet(read(value)),
        Resource::Job => Object::Job(read(value)),
        Resource::Node => Object::Node(read(value)),
        Resource::Service => Object::Service(read(value)),
        Resource::Event => Object::Event(read(value)),
        Resource::Namespace => Object::Namespace(read(value)),
        other => Object::Meta(read(value), other),
    }
}

/// Returns the uids of objects.
pub fn uids(objects: &[Object]) -> Vec<Uid> {
    objects.iter().map(Object::uid).collect()
}
