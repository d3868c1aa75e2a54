use pretty_assertions::assert_eq;
use serde_json::json;

use super::clock::MINUTE;
use super::json::{int, list, name, text};
use super::kinds::K;
use super::{World, seed};
use crate::catalog::{NAMESPACE, service};

const NOW: i64 = 1_790_000_000_000_000_000;

fn images(world: &World) -> Vec<String> {
    let mut images: Vec<String> = world
        .store
        .within(K::Pod, NAMESPACE)
        .flat_map(|p| list(p, &["spec", "containers"]))
        .map(|c| text(c, &["image"]).rsplit('/').next().unwrap_or("").to_owned())
        .collect();
    images.sort();
    images.dedup();
    images
}

#[test]
fn a_fresh_stand_runs_revision_7_and_its_backends_have_been_killed_for_memory() {
    let world = seed::fresh(1, 1.0, NOW);
    assert_eq!(
        images(&world),
        ["backend:0.0.1043", "catalog:0.0.1038", "frontend:0.0.1040", "payments:0.0.1037"].map(str::to_owned)
    );
    let lives = world.lives();
    let backends: Vec<_> = lives
        .pods
        .iter()
        .filter(|p| p.service == "backend" && p.version == "0.0.1043" && p.ended.is_none())
        .collect();
    assert_eq!(backends.len(), service("backend").map_or(0, |s| s.replicas as usize));
    assert!(backends.iter().all(|p| p.exits.iter().all(|e| e.code == 137 && e.reason == "OOMKilled")));
    assert!(backends.iter().map(|p| p.exits.len()).sum::<usize>() > 4, "{backends:#?}");
    let revisions: Vec<(String, i64)> = world
        .store
        .within(K::ReplicaSet, NAMESPACE)
        .filter(|r| name(r).starts_with("backend"))
        .map(|r| {
            let revision = text(r, &["metadata", "annotations", "deployment.kubernetes.io/revision"]);
            (revision.to_owned(), int(r, &["spec", "replicas"]))
        })
        .collect();
    let mut sorted = revisions;
    sorted.sort();
    assert_eq!(sorted, (1..=7).map(|n| (n.to_string(), if n == 7 { 4 } else { 0 })).collect::<Vec<_>>());
}

#[test]
fn the_same_seed_makes_the_same_cluster() {
    let (one, two) = (seed::fresh(7, 1.0, NOW), seed::fresh(7, 1.0, NOW));
    for info in super::kinds::KINDS {
        assert_eq!(one.store.all(info.id).collect::<Vec<_>>(), two.store.all(info.id).collect::<Vec<_>>());
    }
    assert_eq!(one.lives(), two.lives());
}

#[test]
fn the_history_can_be_walked_back_to_any_version_that_is_remembered() {
    let mut world = seed::fresh(1, 1.0, NOW);
    let version = world.store.version();
    let before: Vec<_> = world.store.all(K::Pod).cloned().collect();
    world.run(NOW, NOW + 5 * MINUTE);
    assert!(world.store.version() > version);
    let then: Vec<_> = world.store.at(K::Pod, version).expect("remembered").into_values().collect();
    assert_eq!(then, before);
    world.store.compact();
    assert!(world.store.at(K::Pod, version).is_err());
}

#[test]
fn a_faster_stand_does_the_same_in_less_time() {
    let healed = |speed: f64| {
        let mut world = seed::fresh(2, speed, NOW);
        let how = super::api::Write { actor: super::fields::Actor::new("helm"), now: NOW, dry_run: false };
        let good = json!({ "image": "registry.momo.example/shop/backend:0.0.1042" });
        world
            .change(K::Deployment, (NAMESPACE, "backend"), &how, |live| {
                let mut new = live.clone();
                new["spec"]["template"]["spec"]["containers"][0]["image"] = good["image"].clone();
                Ok(new)
            })
            .expect("changed");
        let mut now = NOW;
        let bad = |world: &World| {
            let lives = world.lives();
            lives.pods.iter().any(|p| p.service == "backend" && p.version == "0.0.1043" && p.ended.is_none())
        };
        while bad(&world) && now < NOW + 5 * MINUTE {
            world.run(now, now + MINUTE / 600);
            now += MINUTE / 600;
        }
        now - NOW
    };
    let (slow, fast) = (healed(1.0), healed(10.0));
    assert!(slow < MINUTE, "{slow}");
    assert!(fast < slow / 5, "{fast} {slow}");
}
