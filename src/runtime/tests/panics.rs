//! Faults of our own in what runs behind the cockpit: survived, told, and begun anew.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::stand::{Stand, id};
use crate::core::Kind;
use crate::store::health::{SourceKind, State};

#[tokio::test(start_paused = true)]
async fn a_fault_of_our_own_in_a_source_is_its_health_until_it_answers_again() {
    for kind in [SourceKind::Kubernetes, SourceKind::Prometheus, SourceKind::Loki, SourceKind::Alertmanager] {
        let mut stand = Stand::ready("sources").await;
        // The API server's connections are kept: without them the next probe has to make one.
        stand.world.client().unwrap().reset();
        stand.server(kind).panics.store(true, Ordering::SeqCst);
        let told = |s: &Stand| {
            let health = s.health(id(kind)).unwrap();
            health.state == State::Down && health.error.as_ref().is_some_and(|e| e.kind == Kind::Internal)
        };
        stand.within(Duration::from_secs(10), &format!("the fault in {kind:?} is told"), told).await;
        let ready = |s: &Stand| s.health(id(kind)).unwrap().state == State::Ready;
        stand.within(Duration::from_secs(18), &format!("{kind:?} is begun anew"), ready).await;
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_go_on_after_a_fault_of_our_own_in_reading_them() {
    let mut stand = Stand::ready("alerts").await;
    for kind in [SourceKind::Prometheus, SourceKind::Alertmanager] {
        stand.server(kind).panics.store(true, Ordering::SeqCst);
        let used = |s: &Stand| !s.server(kind).panics.load(Ordering::SeqCst);
        stand.within(Duration::from_secs(10), "the fault has come", used).await;
        let fresh = |s: &Stand| {
            let frame = s.frame();
            frame.contains("FromManager") && frame.contains("FromRules") && !frame.contains("partial")
        };
        stand.within(Duration::from_secs(18), "alerts are fresh", fresh).await;
    }
}
