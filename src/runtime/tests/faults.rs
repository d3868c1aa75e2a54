//! Each server frozen, killed and black-holed in turn: marked, told with its error and the time of its
//! last good answer, the others good, keys taken, back by itself or at once on wish.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::stand::{Stand, id};
use crate::core::{Kind, Span};
use crate::sources::kube::testing::Server;
use crate::store::health::{SourceKind, State};

const KINDS: [SourceKind; 4] =
    [SourceKind::Kubernetes, SourceKind::Prometheus, SourceKind::Loki, SourceKind::Alertmanager];
/// The promise.
const MARKED: Duration = Duration::from_secs(10);
/// The longest back-off, and one probe.
const BACK: Duration = Duration::from_secs(15 + 3);

/// A fault: its name, how it is made, and how its error begins, of the API server and of others.
struct Fault {
    name: &'static str,
    make: fn(&Server),
    kind: Kind,
    kubernetes: &'static str,
    other: &'static str,
}

const FAULTS: [Fault; 3] = [
    Fault {
        name: "frozen",
        make: Server::freeze,
        kind: Kind::Timeout,
        kubernetes: "no answer for 3 s",
        other: "nothing whole within 3s",
    },
    Fault {
        name: "killed",
        make: Server::kill,
        kind: Kind::Unreachable,
        kubernetes: "connection refused",
        other: "connection refused",
    },
    Fault {
        name: "black-holed",
        make: Server::black_hole,
        kind: Kind::Timeout,
        kubernetes: "no answer for 3 s",
        other: "no connection within 3s",
    },
];

fn down(stand: &Stand, kind: SourceKind) -> bool {
    stand.health(id(kind)).unwrap().state == State::Down
}

async fn fall(stand: &mut Stand, fault: &Fault, kind: SourceKind) {
    (fault.make)(stand.server(kind));
    stand.within(MARKED, &format!("{kind:?} {} is down", fault.name), |s| down(s, kind)).await;
}

#[tokio::test(start_paused = true)]
async fn every_server_that_fails_in_any_way_is_down_within_ten_seconds_with_its_error() {
    for fault in &FAULTS {
        for kind in KINDS {
            // The fault comes at another point between two probes each time.
            let mut stand = Stand::ready("sources").await;
            let offset = Span::millis(733 * (kind as i64 + 1));
            let begun = stand.now();
            stand.within(Duration::from_secs(5), "some time", |s| s.now() - begun >= offset).await;
            let failed = stand.now();
            fall(&mut stand, fault, kind).await;
            let health = stand.health(id(kind)).unwrap().clone();
            let (error, good) = (health.error.unwrap(), health.last_good.unwrap());
            let wanted = if kind == SourceKind::Kubernetes { fault.kubernetes } else { fault.other };
            let detail = error.detail.as_ref().unwrap().raw().to_owned();
            assert_eq!(error.kind, fault.kind, "{kind:?} {}: {}", fault.name, error.line());
            assert!(detail.contains(wanted), "{kind:?} {}: {detail}", fault.name);
            assert!(good <= failed && failed - good <= Span::secs(6), "{kind:?} {}", fault.name);
            assert!(health.next_try.unwrap() > stand.now() - Span::secs(1), "{kind:?} {}", fault.name);
            for other in KINDS.iter().filter(|k| **k != kind) {
                let state = stand.health(id(*other)).unwrap().state;
                assert_eq!(state, State::Ready, "{other:?} while {kind:?} is {}", fault.name);
            }
            assert!(stand.frame().contains("✖"), "{}", stand.frame());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_taken_and_frames_drawn_while_any_server_is_away() {
    for fault in &FAULTS {
        for kind in KINDS {
            let mut stand = Stand::ready("pods").await;
            (fault.make)(stand.server(kind));
            for view in ["alerts", "sources", "pods", "releases", "timeline"] {
                let began = tokio::time::Instant::now();
                for key in format!(":{view}").chars() {
                    stand.press(key, false);
                }
                stand.cockpit.send(crate::app::Msg::Key {
                    key: crate::core::key::Key {
                        code: crate::core::key::Code::Enter,
                        ctrl: false,
                        alt: false,
                    },
                    repeat: false,
                });
                let title = stand.frame().lines().nth(1).unwrap().to_lowercase();
                assert!(title.contains(view), "{view} while {kind:?} is {}: {title}", fault.name);
                assert_eq!(began.elapsed(), Duration::ZERO);
                let next = stand.now() + Span::secs(2);
                stand.within(Duration::from_secs(3), "two seconds", |s| s.now() >= next).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_rests_on_the_api_server_says_stale_with_its_age_and_the_alerts_stay_good() {
    for fault in &FAULTS {
        let mut stand = Stand::ready("pods").await;
        fall(&mut stand, fault, SourceKind::Kubernetes).await;
        stand
            .within(Duration::from_secs(1), "pods are stale", |s| {
                let frame = s.frame();
                frame.contains("▲ stale: ") && frame.contains("web-1")
            })
            .await;
        stand.within(Duration::from_secs(30), "the age grows", |s| s.frame().contains("stale: 2")).await;
        let alerts = crate::app::views::View::open("alerts").unwrap();
        stand.cockpit.open(alerts);
        stand
            .within(Duration::from_secs(6), "alerts are fresh", |s| {
                let frame = s.frame();
                frame.contains("FromManager") && frame.contains("FromRules") && !frame.contains("stale")
            })
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_of_a_silent_place_stay_with_their_age_and_those_of_the_other_stay_fresh() {
    for fault in &FAULTS {
        for (kind, name) in [(SourceKind::Alertmanager, "am"), (SourceKind::Prometheus, "rules")] {
            let mut stand = Stand::ready("alerts").await;
            fall(&mut stand, fault, kind).await;
            let wanted = format!("◐ partial: {name} did not answer, last heard");
            stand.within(Duration::from_secs(4), &wanted, |s| s.frame().contains(&wanted)).await;
            let frame = stand.frame();
            assert!(frame.contains("FromManager") && frame.contains("FromRules"), "{frame}");
            assert!(stand.now() - stand.cockpit.model.shared.alerts.at.unwrap() <= Span::secs(6));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_are_stale_when_every_place_is_silent() {
    for fault in &FAULTS {
        let mut stand = Stand::ready("alerts").await;
        (fault.make)(stand.server(SourceKind::Alertmanager));
        (fault.make)(stand.server(SourceKind::Prometheus));
        let stale = |s: &Stand| s.frame().contains("▲ stale: ");
        stand.within(Duration::from_secs(14), "alerts are stale", stale).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_server_that_is_back_is_ready_again_within_its_back_off_without_a_key() {
    for fault in &FAULTS {
        for kind in KINDS {
            let mut stand = Stand::ready("pods").await;
            fall(&mut stand, fault, kind).await;
            // Long enough for the back-off to have grown to its longest.
            let begun = stand.now();
            stand.within(Duration::from_secs(130), "two minutes", |s| s.now() - begun > Span::mins(2)).await;
            assert!(down(&stand, kind), "{kind:?} {}", fault.name);
            stand.server(kind).restore();
            let ready = |s: &Stand| s.health(id(kind)).unwrap().state == State::Ready;
            stand.within(BACK, &format!("{kind:?} is back after {}", fault.name), ready).await;
            if kind == SourceKind::Kubernetes {
                let live = |s: &Stand| s.frame().contains("1 pod · live");
                stand.within(Duration::from_secs(5), "pods are live", live).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_try_again_now_wakes_every_source_at_once() {
    for fault in &FAULTS {
        for kind in KINDS {
            let mut stand = Stand::ready("alerts").await;
            fall(&mut stand, fault, kind).await;
            let begun = stand.now();
            stand.within(Duration::from_secs(100), "a while", |s| s.now() - begun > Span::secs(90)).await;
            stand.server(kind).restore();
            stand.press('r', true);
            let ready = |s: &Stand| s.health(id(kind)).unwrap().state == State::Ready;
            let limit = Duration::from_millis(500);
            stand.within(limit, &format!("{kind:?} is back after {}", fault.name), ready).await;
            let fresh = |s: &Stand| {
                let frame = s.frame();
                !frame.contains("stale") && !frame.contains("partial")
            };
            stand.within(Duration::from_secs(2), "alerts are fresh", fresh).await;
        }
    }
}
