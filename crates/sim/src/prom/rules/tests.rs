use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pretty_assertions::assert_eq;
use tokio::sync::watch;

use super::state::Phase;
use super::*;
use crate::life::Lives;
use crate::shop::testing::{self, BAD, START};
use crate::shop::{Clock, SECOND};

/// A stand whose clock stands still until it is moved.
struct Stand {
    now: Arc<AtomicI64>,
    lives: watch::Sender<Arc<Lives>>,
    book: RuleBook,
}

fn stand(lives: Lives, speed: f64) -> Stand {
    let now = Arc::new(AtomicI64::new(START));
    let time = now.clone();
    let clock: Clock = Arc::new(move || time.load(Ordering::SeqCst));
    let (sender, receiver) = watch::channel(Arc::new(lives));
    let book = RuleBook::new(Feed::new(receiver, 1, speed, START, clock)).unwrap();
    Stand { now, lives: sender, book }
}

impl Stand {
    fn at(&self, seconds: i64) -> Vec<(String, Phase)> {
        self.now.store(START + seconds * SECOND, Ordering::SeqCst);
        let mut alerts: Vec<(String, Phase)> =
            self.book.alerts().iter().map(|a| (name(a), a.phase)).collect();
        alerts.sort_by(|a, b| a.0.cmp(&b.0));
        alerts
    }

    fn phase(&self, alert: &str, seconds: i64) -> Option<Phase> {
        self.at(seconds).into_iter().find(|(n, _)| n == alert).map(|(_, phase)| phase)
    }

    fn roll(&self, version: &str, seconds: i64) {
        let lives = testing::rolled((**self.lives.borrow()).clone(), version, START + seconds * SECOND);
        self.lives.send(Arc::new(lives)).unwrap();
    }
}

fn name(alert: &Alert) -> String {
    let who = ["service", "pod", "deployment"].map(|l| alert.labels.get(l)).concat();
    format!("{} {who}", alert.labels.get("alertname")).trim_end().to_owned()
}

#[test]
fn a_fresh_stand_has_been_firing_since_a_minute_after_the_bad_release() {
    let stand = stand(testing::lives(), 1.0);
    let alerts = stand.book.alerts();
    let firing = alerts.iter().find(|a| a.labels.get("alertname") == "Backend5xxHigh").unwrap();
    assert_eq!(firing.phase, Phase::Firing);
    assert_eq!(
        firing.labels,
        Labels::new([
            ("alertname", "Backend5xxHigh"),
            ("namespace", "momo-store"),
            ("service", "backend"),
            ("severity", "critical"),
        ])
    );
    let after = firing.active_at - BAD / 1_000_000;
    assert!((10_000..90_000).contains(&after), "active {after} ms after the release");
    assert_eq!(firing.fired_at, Some(firing.active_at + 30_000));
    assert!((0.10..0.14).contains(&firing.value), "{}", firing.value);
    let summary = &firing.annotations["summary"];
    assert!(summary.starts_with("backend in momo-store answers 1"), "{summary}");
    let blamed: Vec<&str> =
        alerts.iter().map(|a| a.labels.get("service")).filter(|s| !s.is_empty()).collect();
    assert!(blamed.iter().all(|s| *s == "backend"), "{blamed:?}");
}

#[test]
fn the_history_of_alerts_is_there_from_the_start() {
    let stand = stand(testing::lives(), 1.0);
    let alert =
        stand.book.alerts().into_iter().find(|a| a.labels.get("alertname") == "Backend5xxHigh").unwrap();
    let snapshot = stand.book.snapshot();
    let at =
        |query: &str, t: i64| match promql::instant(&snapshot, &promql::parse(query).unwrap(), t).unwrap() {
            Value::Vector(v) => v.into_iter().map(|(_, v)| v).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    let state = |s: &str| format!("ALERTS{{alertname=\"Backend5xxHigh\",alertstate=\"{s}\"}}");
    assert_eq!(at(&state("pending"), alert.active_at - 1_000), Vec::<f64>::new());
    assert_eq!(at(&state("pending"), alert.active_at + 1_000), vec![1.0]);
    assert_eq!(at(&state("firing"), alert.active_at + 1_000), Vec::<f64>::new());
    assert_eq!(at(&state("pending"), alert.active_at + 31_000), Vec::<f64>::new(), "stale once it fires");
    assert_eq!(at(&state("firing"), START / 1_000_000), vec![1.0]);
    let since = at("ALERTS_FOR_STATE{alertname=\"Backend5xxHigh\"}", START / 1_000_000);
    assert_eq!(since, vec![(alert.active_at / 1_000) as f64]);
    let hours = at("ALERTS{alertname=\"Watchdog\"}", START / 1_000_000 - 2 * 3_600_000);
    assert_eq!(hours, vec![1.0], "the watchdog has fired for hours");
}

#[test]
fn rolling_back_to_a_good_version_resolves_within_a_minute_of_the_last_bad_pod() {
    let stand = stand(testing::lives(), 1.0);
    assert_eq!(stand.phase("Backend5xxHigh backend", 20), Some(Phase::Firing));
    stand.roll("0.0.1042", 20);
    // The last bad pod is gone nine seconds later.
    assert_eq!(stand.phase("Backend5xxHigh backend", 35), Some(Phase::Firing));
    assert_eq!(stand.phase("Backend5xxHigh backend", 20 + 9 + 60), None);
    for minute in 2..6 {
        assert_eq!(stand.phase("Backend5xxHigh backend", minute * 60), None, "minute {minute}");
    }
    assert_eq!(stand.at(560), vec![("Watchdog".to_owned(), Phase::Firing)]);
}

#[test]
fn rolling_back_to_a_bad_version_or_not_at_all_does_not_heal() {
    for version in [None, Some("0.0.1039"), Some("0.0.1043")] {
        let stand = stand(testing::lives(), 1.0);
        if let Some(version) = version {
            stand.roll(version, 20);
        }
        for half_minute in [1, 2, 3, 5, 7] {
            let phase = stand.phase("Backend5xxHigh backend", half_minute * 30);
            assert_eq!(phase, Some(Phase::Firing), "{version:?} after {half_minute} half minutes");
        }
    }
}

#[test]
fn pods_that_never_start_change_nothing() {
    let stand = stand(testing::lives(), 1.0);
    let mut lives = testing::lives();
    let mut waiting = testing::pod("backend", "0.0.1041", 9, START);
    waiting.started = None;
    waiting.waiting = Some("ImagePullBackOff".into());
    lives.pods.push(waiting);
    stand.lives.send(Arc::new(lives)).unwrap();
    for minute in 1..4 {
        assert_eq!(
            stand.phase("Backend5xxHigh backend", minute * 60),
            Some(Phase::Firing),
            "minute {minute}"
        );
    }
}

#[test]
fn a_good_stand_has_nothing_but_the_watchdog() {
    let mut lives = testing::lives();
    lives.pods.retain(|p| p.version != "0.0.1043");
    for pod in &mut lives.pods {
        pod.ended = None;
    }
    let stand = stand(lives, 1.0);
    for minute in [0, 1, 4] {
        assert_eq!(stand.at(minute * 60), vec![("Watchdog".to_owned(), Phase::Firing)], "minute {minute}");
    }
}

#[test]
fn a_fast_stand_heals_as_many_times_faster() {
    let stand = stand(testing::lives(), 10.0);
    assert_eq!(stand.phase("Backend5xxHigh backend", 5), Some(Phase::Firing));
    stand.roll("0.0.1042", 5);
    assert_eq!(stand.phase("Backend5xxHigh backend", 5 + 9 + 8), None);
}

#[test]
fn a_crash_loop_and_missing_replicas_are_told_and_resolved() {
    let stand = stand(testing::lives(), 1.0);
    let mut lives = testing::lives();
    let pod = lives.pods.iter_mut().find(|p| p.version == "0.0.1043" && p.exits.is_empty()).unwrap();
    let name = pod.name.clone();
    pod.exits.push(crate::life::Exit {
        at: START + 10 * SECOND,
        reason: "OOMKilled".into(),
        code: 137,
        restarted: None,
    });
    for deployment in &mut lives.deployments {
        if deployment.name == "backend" {
            deployment.available = 3;
        }
    }
    stand.now.store(START + 10 * SECOND, Ordering::SeqCst);
    stand.lives.send(Arc::new(lives)).unwrap();
    stand.at(10);
    let looping = format!("PodCrashLooping {name}");
    assert_eq!(stand.phase(&looping, 60), Some(Phase::Pending));
    assert_eq!(stand.phase(&looping, 160), Some(Phase::Firing));
    assert_eq!(stand.phase("DeploymentReplicasMismatch backend", 160), Some(Phase::Firing));
    stand.lives.send(Arc::new(testing::rolled(testing::lives(), "0.0.1042", START + 161 * SECOND))).unwrap();
    stand.at(162);
    assert_eq!(stand.phase("DeploymentReplicasMismatch backend", 180), None);
    assert_eq!(stand.phase(&looping, 500), None);
}
