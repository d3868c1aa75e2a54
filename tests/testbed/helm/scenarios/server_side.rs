//! What the server merges: conflicts, taking over, and going from one way to the other.

use serde_json::json;

use crate::helm::charts::{Template, Web, chart, config, scaler, web};
use crate::helm::scene::{CLIENT, FOUR, FOUR_CLIENT, SERVER, Scene, Variant};

fn shop(version: &'static str) -> [Template; 2] {
    [web("web", version), config("a", &[("value", version)])]
}

fn of(name: &'static str, variants: &'static [Variant]) -> Scene {
    Scene::new(42, name, variants).install(chart(shop("1"))).upgrade(chart(shop("2"))).to(1)
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let by_hand = |scene: Scene| {
        scene.edited("configmaps/a", "kubectl-edit", json!({ "data": { "value": "by hand", "own": "x" } }))
    };
    vec![
        by_hand(of("somebody owns a field", SERVER)).fails(),
        by_hand(of("somebody owns a field, which is taken over", SERVER)).flags("--force-conflicts"),
        of("another number of replicas", SERVER).kubectl("scale deployment web --replicas=1").fails(),
        of("another number of replicas, which is taken over", SERVER)
            .kubectl("scale deployment web --replicas=1")
            .flags("--force-conflicts"),
        Scene::new(42, "an autoscaler's target without a number", SERVER)
            .install(chart([
                Web { replicas: "", ..Web::new("web", "1") }.template(),
                scaler("autoscaling/v2", "web", ""),
            ]))
            .upgrade(chart([
                Web { replicas: "", ..Web::new("web", "2") }.template(),
                scaler("autoscaling/v2", "web", ""),
            ]))
            .kubectl("scale deployment web --replicas=2")
            .to(1),
        of("what another tool has merged", SERVER).edited(
            "configmaps/a",
            "k9s",
            json!({ "metadata": { "labels": { "by": "k9s" } } }),
        ),
        by_hand(of("client-side all the same", SERVER)).flags("--server-side=false"),
        of("client-side all the same, and nobody owns anything", SERVER).flags("--server-side=false"),
        of("server-side for the first time", FOUR_CLIENT).flags("--server-side=true"),
        by_hand(of("server-side for the first time, and somebody owns a field", FOUR_CLIENT))
            .flags("--server-side=true")
            .fails(),
        by_hand(of("server-side for the first time, and a field is taken over", FOUR_CLIENT))
            .flags("--server-side=true --force-conflicts"),
        of("taking over without the server is refused", FOUR_CLIENT).flags("--force-conflicts").fails(),
        of("replacing and merging by the server exclude each other", SERVER).flags("--force-replace").fails(),
        of("client-side, said aloud", FOUR_CLIENT).flags("--server-side=false").sends(2),
        of("a description of one's own", FOUR).flags("--description back-again"),
        Scene::new(42, "going back to what was merged here, from what the server merged", CLIENT)
            .install(chart(shop("1")))
            .run(|place| {
                let mut helm = crate::stand::tool("helm4");
                let chart = place.charts[0].display().to_string();
                helm.args(["upgrade", "demo", &chart, "-n", place.namespace, "--server-side=true"]);
                crate::stand::printed(&mut helm);
            })
            .of_another()
            .to(1),
    ]
}
