use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pretty_assertions::assert_eq;

use super::*;
use crate::sources::kube::testing::{Answer, Server, clock, status, typed};

async fn next(beats: &mut watch::Receiver<Beat>) -> Beat {
    beats.changed().await.unwrap();
    beats.borrow_and_update().clone()
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_is_noticed_within_ten_seconds_and_its_return_too() {
    let server = Server::new(|_| typed(200, "text/plain", "ok"));
    let pulse = Pulse::spawn(server.client(), clock(), RetryNow::default());
    let mut beats = pulse.beats();
    assert_eq!(next(&mut beats).await.alive, Some(true));
    for round in 0..20_u64 {
        // The freeze comes at another point between two probes each time.
        tokio::time::sleep(Duration::from_millis(210 * round)).await;
        beats.mark_unchanged();
        let frozen = Instant::now();
        server.freeze();
        let dead = beats.wait_for(|b| b.alive == Some(false)).await.unwrap().clone();
        assert!(frozen.elapsed() <= Duration::from_secs(8), "{:?}", frozen.elapsed());
        assert_eq!((dead.error.unwrap().kind, dead.epoch), (Kind::Timeout, round));
        server.thaw();
        let back = beats.wait_for(|b| b.alive == Some(true)).await.unwrap().clone();
        assert_eq!((back.error, back.epoch), (None, round + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn where_readyz_is_denied_the_version_is_asked() {
    let server = Server::new(|request| match request.uri().path() {
        "/readyz" => status(403, "Forbidden", "no"),
        _ => typed(200, "application/json", "{}"),
    });
    let pulse = Pulse::spawn(server.client(), clock(), RetryNow::default());
    let mut beats = pulse.beats();
    assert_eq!(next(&mut beats).await.alive, Some(true));
    next(&mut beats).await;
    assert_eq!(server.log(), ["GET /readyz", "GET /version", "GET /version"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_it_is_not_ready_is_no_server() {
    let server = Server::new(|_| typed(500, "text/plain", "[-]etcd failed"));
    let pulse = Pulse::spawn(server.client(), clock(), RetryNow::default());
    let beat = next(&mut pulse.beats()).await;
    assert_eq!((beat.alive, beat.error.unwrap().kind), (Some(false), Kind::Server));
}

#[tokio::test(start_paused = true)]
async fn probes_come_every_four_seconds_and_at_once_on_wish() {
    let server = Server::new(|_| Answer::Hang);
    let retry = RetryNow::default();
    let pulse = Pulse::spawn(server.client(), clock(), retry.clone());
    let mut beats = pulse.beats();
    let began = Instant::now();
    next(&mut beats).await;
    next(&mut beats).await;
    assert_eq!(began.elapsed(), Duration::from_secs(7));
    retry.now();
    next(&mut beats).await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_host_distrusts_its_connections() {
    let server = Server::new(|_| typed(200, "text/plain", "ok"));
    let ahead = Arc::new(AtomicI64::new(0));
    let (base, jump) = (clock(), Arc::clone(&ahead));
    let wall: WallClock = Arc::new(move || base() + Span(jump.load(Ordering::SeqCst)));
    let pulse = Pulse::spawn(server.client(), wall, RetryNow::default());
    let mut beats = pulse.beats();
    assert_eq!(next(&mut beats).await.epoch, 0);
    ahead.store(Span::mins(10).0, Ordering::SeqCst);
    let beat = next(&mut beats).await;
    assert_eq!((beat.epoch, beat.suspended, beat.alive), (1, Some(Span::mins(10)), Some(true)));
    let beat = next(&mut beats).await;
    assert_eq!((beat.epoch, beat.suspended), (1, None));
}
