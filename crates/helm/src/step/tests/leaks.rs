//! What earlier failures left behind.

use pretty_assertions::assert_eq;

use super::*;
use crate::plan::{Action, Warning};
use crate::testing::{NAMESPACE, RELEASE};

/// Revision 5 was good; 6 added a sidecar, an annotation and two ConfigMaps, and failed; 7 went back to 5, and failed too. All
/// that 6 added is live.
fn stand() -> Stand {
    let good = [config_map("env", "one"), deployment("backend", "shop:1042", 3)].concat();
    let more = deployment("backend", "shop:1043", 3)
        .replace("      containers:\n", "      containers:\n      - {name: sidecar, image: proxy}\n");
    let more = more.replace("  name: backend\nspec", "  name: backend\n  annotations: {team: blue}\nspec");
    let bad = [config_map("env", "two"), config_map("left", "x"), config_map("taken", "x"), more].concat();
    let mut failed = Revision::new(6, "superseded", &bad);
    failed.description = "Upgrade \"momo\" failed: context deadline exceeded".to_owned();
    let mut back = Revision::new(7, "failed", &good);
    back.description = "Rollback \"momo\" failed: may not".to_owned();
    let mut stand = Stand::new(&[Revision::new(5, "superseded", &good), failed.clone(), back]);
    let before = Stand::new(&[failed]);
    for (path, object) in before.api.objects {
        if !path.contains("/secrets/") {
            stand.api.put(&path, object);
        }
    }
    // Another release has taken one of them over since.
    for (name, release) in [("left", RELEASE), ("taken", "another"), ("env", RELEASE)] {
        stand.drift(&format!("{MAPS}/{name}"), |object| {
            object["metadata"]["annotations"] =
                json!({"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": NAMESPACE});
        });
    }
    stand
}

fn containers(stand: &Stand) -> usize {
    stand.api.objects[BACKEND]["spec"]["template"]["spec"]["containers"].as_array().unwrap().len()
}

#[test]
fn it_is_told_and_stays_as_with_helm() {
    let mut stand = stand();
    let plan = stand.plan(5);
    let orphans: Vec<&Warning> =
        plan.warnings.iter().filter(|warning| matches!(warning, Warning::Orphan(_))).collect();
    assert_eq!(orphans, [&Warning::Orphan(format!("ConfigMap {NAMESPACE}/left"))]);
    let backend = plan.objects.iter().find(|object| object.id.name == "backend").unwrap();
    let leaks = Warning::Leaks(vec![
        "metadata.annotations.team".to_owned(),
        "spec.template.spec.containers[sidecar]".to_owned(),
    ]);
    assert!(backend.warnings.contains(&leaks), "{:?}", backend.warnings);
    assert_eq!(run(&mut stand, 5).outcome, Outcome::Done { notes: vec![] });
    assert_eq!(containers(&stand), 2);
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/left")));
}

#[test]
fn on_request_it_is_taken_away_and_nothing_else() {
    let mut stand = stand();
    stand.options.repair = true;
    let plan = stand.plan(5);
    let deleted: Vec<&str> =
        plan.objects.iter().filter(|o| o.action == Action::Delete).map(|o| o.id.name.as_str()).collect();
    assert_eq!(deleted, ["left"]);
    assert_eq!(run(&mut stand, 5).outcome, Outcome::Done { notes: vec![] });
    assert_eq!(containers(&stand), 1);
    assert_eq!(stand.api.objects[BACKEND].pointer("/metadata/annotations/team"), None);
    assert!(!stand.api.objects.contains_key(&format!("{MAPS}/left")));
    // It is another release's now.
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/taken")));
}

#[test]
fn what_others_put_there_is_no_leak() {
    let mut stand = stand();
    stand.options.repair = true;
    stand.drift(BACKEND, |object| {
        let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap();
        containers.push(json!({"name": "injected", "image": "mesh"}));
        object["metadata"]["annotations"]["seen"] = json!("yes");
    });
    run(&mut stand, 5);
    assert_eq!(containers(&stand), 2);
    assert_eq!(stand.api.objects[BACKEND]["metadata"]["annotations"]["seen"], json!("yes"));
}

#[test]
fn after_a_good_revision_nothing_is_looked_for() {
    let mut good = stand();
    good.history[2] = Revision::new(7, "deployed", &config_map("env", "one")).stored();
    let plan = good.plan(5);
    assert_eq!(plan.warnings, vec![]);
    // As Helm does it, nothing is ever looked for.
    let mut strict = stand();
    strict.options.strict = true;
    assert!(strict.plan(5).warnings.iter().all(|warning| !matches!(warning, Warning::Orphan(_))));
}
