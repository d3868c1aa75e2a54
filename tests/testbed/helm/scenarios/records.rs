//! Records: elsewhere, labelled, spoiled, and written by tools that don't know all of them.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::helm::charts::{Chart, chart, config};
use crate::helm::record::open_release;
use crate::helm::scene::{ALL, Place, RELEASE, SERVER, Scene};
use crate::stand::{printed, tool};

fn at(value: &'static str) -> Chart {
    chart([config("a", &[("value", value)])])
}

/// Puts a record's data in the place of what it has; its labels stay.
fn put(place: &Place<'_>, revision: u32, data: &[u8]) {
    let path = place.record(revision);
    let mut object = place.server.get(&path).unwrap();
    object["data"]["release"] = json!(base64::engine::general_purpose::STANDARD.encode(data));
    object["metadata"].as_object_mut().unwrap().remove("managedFields");
    let (status, said) = place.server.send(http::Method::PUT, &path, "application/json", &object);
    assert_eq!(status, 200, "{said}");
}

/// Writes a record anew as JSON that is not packed, changed.
fn rewrite(place: &Place<'_>, revision: u32, change: impl Fn(&mut Value)) {
    let mut object = place.server.get(&place.record(revision)).unwrap();
    open_release(&mut object);
    let mut release = object["data"]["release"].clone();
    change(&mut release);
    let text = base64::engine::general_purpose::STANDARD.encode(release.to_string());
    put(place, revision, text.as_bytes());
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let three = |name| Scene::new(41, name, ALL).install(at("1")).upgrade(at("2")).upgrade(at("3")).to(1);
    vec![
        Scene::new(41, "records in ConfigMaps", ALL)
            .variables(&[("HELM_DRIVER", "configmap")])
            .install(at("1"))
            .upgrade(at("2"))
            .to(1)
            .sends(1),
        Scene::new(41, "records in ConfigMaps, fewer are to stay", ALL)
            .variables(&[("HELM_DRIVER", "configmap")])
            .install(at("1"))
            .upgrade(at("2"))
            .upgrade(at("3"))
            .flags("--history-max 2")
            .to(2)
            .sends(1),
        Scene::new(41, "records in Secrets and in ConfigMaps", ALL)
            .install(at("1"))
            .upgrade(at("2"))
            .run(|place| {
                let chart = place.charts[1].display().to_string();
                let mut helm = tool(place.variant.helm());
                helm.args(["upgrade", "--install", RELEASE, &chart, "-n", place.namespace]);
                printed(helm.env("HELM_DRIVER", "configmap"));
            })
            .to(1)
            .sends(1),
        Scene::new(41, "labels of the user's own", ALL)
            .install_with(at("1"), "--labels team=shop,old=yes")
            .upgrade_with(at("2"), "--labels team=other,new=yes")
            .to(1)
            .sends(1)
            .sampled(),
        three("a record that is not packed").run(|place| rewrite(place, 1, |_| {})).sends(1),
        three("a record with members that nobody knows")
            .run(|place| rewrite(place, 1, |release| release["later"] = json!({ "z": 1.50 })))
            .sends(1),
        three("an old record is spoiled").run(|place| put(place, 2, b"spoiled")).sends(1),
        three("the record that is gone back to is spoiled")
            .run(|place| put(place, 1, b"spoiled"))
            .fails()
            .sends(0),
        three("the last record is spoiled").run(|place| put(place, 3, b"spoiled")).fails().sends(0),
        Scene::new(43, "a tool that knew only Helm 3 has written the record anew", SERVER)
            .install(at("1"))
            .upgrade(at("2"))
            .run(|place| {
                rewrite(place, 1, |release| {
                    release.as_object_mut().unwrap().remove("apply_method");
                });
            })
            .to(1)
            .sends(1),
    ]
}
