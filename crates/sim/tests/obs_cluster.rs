//! The two halves of a stand together, on a clock that is moved by hand: the simulated cluster's
//! own lives, and the rules over the metrics that follow from them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use deckwatch_sim::catalog::NAMESPACE;
use deckwatch_sim::cluster::api::Write;
use deckwatch_sim::cluster::clock::FakeClock;
use deckwatch_sim::cluster::fields::Actor;
use deckwatch_sim::cluster::kinds::K;
use deckwatch_sim::cluster::{World, seed};
use deckwatch_sim::life::{Lives, Nanos};
use deckwatch_sim::observe::{self, Observe};
use deckwatch_sim::prom::RuleBook;
use deckwatch_sim::prom::rules::state::Phase;
use deckwatch_sim::shop::logs::Scribe;
use deckwatch_sim::shop::logs::kubelet::KubeletLogs;
use deckwatch_sim::shop::{Clock, Feed, SECOND};
use deckwatch_sim::stand::{self, Stand};
use tokio::sync::watch;

const NOW: Nanos = 1_795_000_000 * SECOND;

struct Both {
    world: World,
    now: Arc<AtomicI64>,
    lives: watch::Sender<Arc<Lives>>,
    feed: Feed,
    book: RuleBook,
}

fn both(seed: u64, speed: f64) -> Both {
    let world = seed::fresh(seed, speed, NOW);
    let now = Arc::new(AtomicI64::new(NOW));
    let time = now.clone();
    let clock: Clock = Arc::new(move || time.load(Ordering::SeqCst));
    let (lives, receiver) = watch::channel(Arc::new(world.lives()));
    let feed = Feed::new(receiver, seed, speed, NOW, clock);
    let book = RuleBook::new(feed.clone()).unwrap();
    Both { world, now, lives, feed, book }
}

impl Both {
    /// Lets a second pass.
    fn second(&mut self) {
        let now = self.now.load(Ordering::SeqCst);
        self.world.run(now, now + SECOND);
        self.lives.send_replace(Arc::new(self.world.lives()));
        self.now.store(now + SECOND, Ordering::SeqCst);
        self.book.advance();
    }

    fn phase(&self, name: &str, service: &str) -> Option<Phase> {
        let alerts = self.book.alerts();
        let found =
            alerts.iter().find(|a| a.labels.get("alertname") == name && a.labels.get("service") == service);
        found.map(|a| a.phase)
    }

    fn release(&mut self, version: &str) {
        let now = self.now.load(Ordering::SeqCst);
        let how = Write { actor: Actor::new("helm"), now, dry_run: false };
        let image = format!("registry.momo.example/shop/backend:{version}");
        self.world
            .change(K::Deployment, (NAMESPACE, "backend"), &how, |live| {
                let mut new = live.clone();
                new["spec"]["template"]["spec"]["containers"][0]["image"] = image.clone().into();
                Ok(new)
            })
            .unwrap();
    }

    /// Passes seconds until the alert is gone; returns how many, at most `most`.
    fn healed(&mut self, most: i64) -> Option<i64> {
        (1..=most).find(|_| {
            self.second();
            self.phase("Backend5xxHigh", "backend").is_none()
        })
    }
}

#[test]
fn a_fresh_stand_of_any_seed_fires_and_blames_the_backend_alone() {
    for seed in [1, 2, 3] {
        let both = both(seed, 1.0);
        assert_eq!(both.phase("Backend5xxHigh", "backend"), Some(Phase::Firing), "seed {seed}");
        let alerts = both.book.alerts();
        let alert = alerts.iter().find(|a| a.labels.get("alertname") == "Backend5xxHigh").unwrap();
        let since = NOW / 1_000_000 - alert.active_at;
        assert!((240_000..360_000).contains(&since), "seed {seed}: active for {since} ms");
        for alert in &alerts {
            let about = ["service", "pod", "deployment"].map(|l| alert.labels.get(l)).concat();
            assert!(about.is_empty() || about.starts_with("backend"), "seed {seed}: {}", alert.labels);
        }
    }
}

#[test]
fn rolling_back_to_the_good_version_heals_and_stays_healed() {
    for (seed, speed, most) in [(1, 1.0, 120), (2, 1.0, 120), (1, 10.0, 20)] {
        let mut both = both(seed, speed);
        both.second();
        both.release("0.0.1042");
        let seconds = both.healed(most).unwrap_or_else(|| panic!("seed {seed}, speed {speed}: not healed"));
        for later in 0..30 {
            both.second();
            assert_eq!(both.phase("Backend5xxHigh", "backend"), None, "{later} s after {seconds} s");
        }
    }
}

#[test]
fn doing_nothing_or_going_to_another_bad_version_does_not_heal() {
    for version in [None, Some("0.0.1039"), Some("0.0.1041")] {
        let mut both = both(1, 1.0);
        if let Some(version) = version {
            both.release(version);
        }
        assert_eq!(both.healed(180), None, "{version:?}");
    }
}

#[test]
fn the_kubelets_lines_are_lokis_lines() {
    let mut both = both(1, 1.0);
    for _ in 0..20 {
        both.second();
    }
    let logs = KubeletLogs::new(both.feed.clone());
    let shop = both.feed.shop();
    let now = both.feed.now();
    let mut compared = 0;
    for pod in shop.pods().filter(|p| p.life.service == "backend" && p.run_at(now).is_some()) {
        let run = pod.run_at(now).unwrap();
        let from = run.start.max(now - 60 * SECOND);
        let lines = logs.lines(&pod.life.uid, "backend", false, from - 1);
        let stored = Scribe::new(&shop, from, now + 1).window(from, now + 1, |p| p.life.uid == pod.life.uid);
        let expected: Vec<(Nanos, String)> = stored.into_iter().map(|e| (e.line.at, e.line.text)).collect();
        compared += lines.len();
        assert_eq!(lines, expected, "{}", pod.life.name);
    }
    assert!(compared > 100, "{compared} lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_lead_to_the_servers_and_pods_have_their_lines() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let clock = FakeClock::at(NOW);
    let world = tokio::task::spawn_blocking(|| seed::fresh(1, 1.0, NOW)).await.unwrap();
    let stand = Stand::start(stand::Options {
        clock: Arc::new(clock.clone()),
        world: Some(world),
        driven: false,
        ..stand::Options::default()
    })
    .await
    .unwrap();
    let lives = stand.lives();
    let clock: Clock = Arc::new(move || deckwatch_sim::cluster::clock::Clock::now(&clock));
    let options = observe::Options { lives: lives.clone(), seed: 1, speed: 1.0, start: NOW, clock };
    let observe = Observe::start(options).await.unwrap();
    observe.link(stand.links());
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let get = async |path: &str| {
        let url = format!("{}{path}", stand.url());
        let answer = client.get(url).bearer_auth(stand.token()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let through =
        |service: &str, path: &str| format!("/api/v1/namespaces/monitoring/services/{service}/proxy{path}");
    let (status, alerts) = get(&through("http:alertmanager-operated:9093", "/api/v2/alerts")).await;
    assert!(status == 200 && alerts.contains("Backend5xxHigh"), "{status} {alerts}");
    let (status, rules) = get(&through("prometheus-operated:9090", "/api/v1/rules?type=alert")).await;
    assert!(status == 200 && rules.contains("Backend5xxHigh"), "{status} {rules}");
    let (status, labels) = get(&through("loki:3100", "/loki/api/v1/labels")).await;
    assert!(status == 200 && labels.contains("node_name"), "{status} {labels}");
    let pods = lives.borrow().pods.clone();
    let pod =
        pods.iter().find(|p| p.service == "backend" && p.ended.is_none() && !p.exits.is_empty()).unwrap();
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{}/log?timestamps=true", pod.name);
    let (status, before) = get(&format!("{path}&previous=true")).await;
    assert!(status == 200 && before.contains("trace_id"), "{status} {before}");
    let logs = observe.kubelet_logs().lines(&pod.uid, "backend", true, Nanos::MIN);
    assert_eq!(before.lines().count(), logs.len());
    observe.stop().await;
    stand.stop().await;
}
