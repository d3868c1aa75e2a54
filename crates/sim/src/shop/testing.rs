//! Lives fed by hand, for the tests of the shop and of the servers over it.

use std::sync::Arc;

use crate::life::{DeploymentLife, Exit, Lives, Nanos, PodLife};
use crate::shop::{SECOND, Shop};

/// When the bad release was made.
pub const BAD: Nanos = 1_795_000_000 * SECOND;
/// When the stand starts: minutes later.
pub const START: Nanos = BAD + 360 * SECOND;

/// Returns a pod that runs from `started` on.
pub fn pod(service: &str, version: &str, number: u32, started: Nanos) -> PodLife {
    let name = format!("{service}-{:08x}-{number:05}", crate::shop::hash::text(version) as u32);
    PodLife {
        namespace: "momo-store".into(),
        uid: format!("uid-{name}"),
        name,
        service: service.into(),
        version: version.into(),
        node: format!("worker-{}", number % 3 + 1),
        started: Some(started),
        ended: None,
        exits: vec![],
        waiting: None,
    }
}

/// Returns the lives of a fresh stand: the good `backend` of a day, replaced one pod after the
/// other by the bad one, whose first pod has been killed once.
pub fn lives() -> Lives {
    let day = BAD - 86_400 * SECOND;
    let mut pods = Vec::new();
    for (service, replicas) in [("frontend", 3), ("catalog", 2), ("payments", 2)] {
        pods.extend((0..replicas).map(|i| pod(service, "0.0.1037", i, day + i64::from(i) * SECOND)));
    }
    for i in 0..4 {
        let at = BAD + i64::from(i) * 10 * SECOND;
        pods.push(PodLife {
            ended: Some(at + 8 * SECOND),
            ..pod("backend", "0.0.1042", i, day + i64::from(i) * SECOND)
        });
        pods.push(pod("backend", "0.0.1043", i, at + 3 * SECOND));
    }
    let killed = Exit {
        at: BAD + 200 * SECOND,
        reason: "OOMKilled".into(),
        code: 137,
        restarted: Some(BAD + 215 * SECOND),
    };
    if let Some(first) = pods.iter_mut().find(|p| p.version == "0.0.1043") {
        first.exits.push(killed);
    }
    let deployments = [("frontend", 3, 1), ("backend", 4, 7), ("catalog", 2, 1), ("payments", 2, 1)]
        .map(|(name, replicas, generation)| DeploymentLife {
            namespace: "momo-store".into(),
            name: name.into(),
            replicas,
            available: replicas,
            generation,
        })
        .to_vec();
    Lives { pods, deployments }
}

/// Returns the lives after `backend` was rolled to `version` at `at`, pod by pod in ten seconds.
pub fn rolled(mut lives: Lives, version: &str, at: Nanos) -> Lives {
    let old = lives.pods.iter_mut().filter(|p| p.service == "backend" && p.ended.is_none());
    for (i, pod) in old.enumerate() {
        pod.ended = Some(at + (i as i64 * 2 + 3) * SECOND);
    }
    for i in 0..4 {
        let mut life = pod("backend", version, i, at + i64::from(i) * 2 * SECOND);
        life.uid = format!("{}-{at}", life.uid);
        lives.pods.push(life);
    }
    lives
}

/// Returns the shop of [`lives`].
pub fn stand(seed: u64) -> Arc<Shop> {
    Arc::new(Shop::new(seed, 1.0).with(&lives(), START))
}
