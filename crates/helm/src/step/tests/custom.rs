//! Custom resources, and what is only read.

use pretty_assertions::assert_eq;

use super::*;

const WIDGET: &str = "/apis/example.com/v1/namespaces/momo-store/widgets/w";

fn widget(size: u8) -> String {
    format!("---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{size: {size}}}\n")
}

/// What Helm itself writes into objects, so that nothing but the rest differs.
fn stamped(manifest: &str) -> String {
    manifest.replace(
        "{name: w}",
        "{name: w, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: momo, meta.helm.sh/release-namespace: momo-store}}",
    )
}

fn two(target: &str, current: &str, v4: bool) -> Stand {
    let mut revisions = [Revision::new(6, "superseded", target), Revision::new(7, "deployed", current)];
    for revision in &mut revisions {
        revision.v4 = v4;
    }
    Stand::new(&revisions)
}

/// The lines of the requests that are about objects.
fn of_objects(api: &Api) -> Vec<String> {
    lines(api).into_iter().filter(|line| !line.contains("/secrets")).collect()
}

#[test]
fn a_custom_resource_is_patched_two_way_and_its_drift_stays() {
    let mut stand = two(&widget(3), &widget(4), false);
    stand.drift(WIDGET, |object| {
        object["spec"]["size"] = json!(9);
        object["spec"]["owner"] = json!("somebody");
    });
    assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] });
    let get = format!("GET {WIDGET}");
    assert_eq!(of_objects(&stand.api), [get.clone(), get, format!("PATCH {WIDGET}?fieldManager=helm")]);
    let patch = stand.api.log.iter().find(|(line, _)| line.starts_with("PATCH")).unwrap();
    assert_eq!(
        patch.1,
        Some(json!({
            "metadata": {
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": "momo-store"},
            },
            "spec": {"size": 3},
        }))
    );
    assert_eq!(stand.api.objects[WIDGET]["spec"], json!({"size": 3, "owner": "somebody"}));
}

#[test]
fn what_does_not_change_is_read_three_times_and_nothing_is_sent() {
    let same = stamped(&widget(3));
    let mut custom = two(&same, &same, false);
    custom.drift(WIDGET, |object| object["spec"]["size"] = json!(9));
    let events = run(&mut custom, 6).events;
    assert_eq!(of_objects(&custom.api), vec![format!("GET {WIDGET}"); 3]);
    assert!(events.iter().any(|event| matches!(event, Event::Unchanged(_))));
    let mut built_in = two(&config_map("env", "one"), &config_map("env", "one"), true);
    assert_eq!(run(&mut built_in, 6).outcome, Outcome::Done { notes: vec![] });
    assert_eq!(of_objects(&built_in.api), vec![format!("GET {MAPS}/env"); 3]);
}

#[test]
fn what_cannot_be_read_for_the_third_time_fails_as_in_helm() {
    let same = config_map("env", "one");
    let mut stand = two(&[same.clone(), config_map("env2", "x")].concat(), &same, false);
    // The list of the records, the new one, and two looks come before.
    stand.api.faults = [(4, Fault::Forbidden)].into();
    let run = run(&mut stand, 6);
    let what = "failed to refresh resource information: may not".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record: Some(Status::Failed) });
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/env2")), "the next object is visited");
}

#[test]
fn helm_4_reads_an_object_once_more_that_the_old_manifest_does_not_have() {
    let (target, current) =
        ([config_map("env", "1"), config_map("back", "x")].concat(), config_map("env", "2"));
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back", "uid": "u", "resourceVersion": "9"}, "data": {"B": "2"}});
    for (v4, reads) in [(false, 2), (true, 3)] {
        let mut stand = two(&target, &current, v4);
        stand.api.put(&format!("{MAPS}/back"), foreign.clone());
        assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] });
        let get = format!("GET {MAPS}/back");
        assert_eq!(lines(&stand.api).iter().filter(|line| **line == get).count(), reads);
        assert_eq!(stand.api.objects[&format!("{MAPS}/back")]["data"], json!({"A": "x"}));
    }
    // Its second look ends the visit when it fails.
    let mut stand = two(&target, &current, true);
    stand.api.put(&format!("{MAPS}/back"), foreign);
    stand.api.faults = [(6, Fault::Forbidden)].into();
    assert_eq!(
        run(&mut stand, 6).outcome,
        Outcome::Failed {
            phase: Phase::Objects,
            what: "original object ConfigMap with the name \"back\" not found".to_owned(),
            record: Some(Status::Failed)
        }
    );
}

/// A reply that is lost is read back for custom resources too: what is there must say what was sent.
#[test]
fn a_custom_resource_whose_creation_is_not_known_is_compared() {
    for (fault, is_done) in [(Fault::LostAfter, true), (Fault::LostBefore, false)] {
        let mut stand = two(&widget(3), "", false);
        stand.api.always = Some(("POST /apis/example.com".to_owned(), fault));
        let outcome = run(&mut stand, 6).outcome;
        assert_eq!(matches!(outcome, Outcome::Done { .. }), is_done, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), !is_done, "{outcome:?}");
    }
    // Somebody else's of the same name is not ours.
    let mut stand = two(&widget(3), "", false);
    stand.api.always = Some(("POST /apis/example.com".to_owned(), Fault::LostBefore));
    let mut engine = engine(&stand, 6);
    let ended = drive(&mut engine, &mut stand.api, |_, api, request| {
        if request.verb == Verb::Create && request.place.kind == "Widget" {
            api.put(WIDGET, json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 4}}));
        }
    });
    assert!(matches!(ended.outcome, Outcome::Unknown { .. }), "{:?}", ended.outcome);
}

#[test]
fn a_secret_that_is_written_as_text_is_known_again() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: two}\n";
    let mut stand = two(secret, "", false);
    stand.api.always = Some((format!("POST {SECRETS}?fieldManager"), Fault::LostBefore));
    let mut engine = engine(&stand, 6);
    // The server keeps it as data.
    let ended = drive(&mut engine, &mut stand.api, |_, api, request| {
        if request.verb == Verb::Create && request.place.path() == SECRETS && !request.query.is_empty() {
            let mut kept = request.body.clone().unwrap();
            kept.as_object_mut().unwrap().shift_remove("stringData");
            kept["data"] = json!({"a": "dHdv"});
            api.put(&format!("{SECRETS}/s"), kept);
        }
    });
    assert_eq!(ended.outcome, Outcome::Done { notes: vec![] });
}
