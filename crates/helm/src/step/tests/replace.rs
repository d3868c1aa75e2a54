//! Objects are replaced.

use pretty_assertions::assert_eq;

use super::*;
use crate::record::Generation;

fn forced(helm: Generation) -> Stand {
    let mut stand = stand();
    stand.options.force_replace = true;
    stand.options.helm = Some(helm);
    stand
}

fn of_objects(api: &Api) -> Vec<String> {
    lines(api).into_iter().filter(|line| !line.contains("/secrets")).collect()
}

#[test]
fn each_object_is_looked_at_twice_and_put_with_the_version_that_it_has() {
    for (helm, query) in
        [(Generation::V3, "fieldManager=helm"), (Generation::V4, "fieldManager=helm&fieldValidation=Strict")]
    {
        let mut stand = forced(helm);
        stand.drift(BACKEND, |object| object["spec"]["paused"] = json!(true));
        let version = stand.api.objects[BACKEND]["metadata"]["resourceVersion"].clone();
        let run = run(&mut stand, 6);
        assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
        assert_eq!(
            of_objects(&stand.api),
            [
                format!("GET {MAPS}/env"),
                format!("GET {MAPS}/env"),
                format!("PUT {MAPS}/env?{query}"),
                format!("GET {MAPS}/back"),
                format!("POST {MAPS}?fieldManager=helm"),
                format!("GET {BACKEND}"),
                format!("GET {BACKEND}"),
                format!("PUT {BACKEND}?{query}"),
                format!("GET {MAPS}/gone"),
                format!("DELETE {MAPS}/gone"),
            ]
        );
        let put = stand.api.log.iter().find(|(line, _)| line.starts_with(&format!("PUT {BACKEND}"))).unwrap();
        let mut expected = stand.sides(6).target[2].value.clone();
        expected["metadata"]["resourceVersion"] = version;
        assert_eq!(put.1.as_ref(), Some(&expected));
        assert_eq!(stand.api.objects[BACKEND]["spec"].get("paused"), None, "what others set is gone");
        assert_eq!(run.events.iter().filter(|event| matches!(event, Event::Replaced(_))).count(), 2);
    }
}

#[test]
fn helm_4_looks_once_more_at_what_the_old_manifest_does_not_have() {
    for (helm, reads) in [(Generation::V3, 2), (Generation::V4, 3)] {
        let mut stand = forced(helm);
        stand.api.put(
            &format!("{MAPS}/back"),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back", "uid": "u", "resourceVersion": "9"}, "data": {"B": "2"}}),
        );
        let ended = run(&mut stand, 6);
        assert_eq!(ended.outcome, Outcome::Done { notes: vec![] });
        let get = format!("GET {MAPS}/back");
        assert_eq!(lines(&stand.api).iter().filter(|line| **line == get).count(), reads);
    }
}

#[test]
fn a_version_that_the_manifest_names_itself_is_sent_as_it_is() {
    let with = config_map("env", "one").replace("name: env", "name: env\n  resourceVersion: \"5\"");
    let mut stand = Stand::new(&[
        Revision::new(6, "superseded", &with),
        Revision::new(7, "deployed", &config_map("env", "two")),
    ]);
    stand.options.force_replace = true;
    let run = run(&mut stand, 6);
    assert_eq!(
        of_objects(&stand.api),
        [format!("GET {MAPS}/env"), format!("PUT {MAPS}/env?fieldManager=helm")]
    );
    let what = "failed to replace object: the object has been modified".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record: Some(Status::Failed) });
}

#[test]
fn what_vanishes_in_between_is_put_without_a_version_and_what_cannot_be_read_is_not() {
    let mut stand = forced(Generation::V3);
    let mut reads = 0;
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        if request.place.path() == BACKEND && request.verb == Verb::Get {
            reads += 1;
            if reads == 2 {
                api.objects.remove(BACKEND);
            }
        }
    });
    let put = stand.api.log.iter().find(|(line, _)| line.starts_with(&format!("PUT {BACKEND}"))).unwrap();
    assert_eq!(put.1.as_ref().unwrap()["metadata"].get("resourceVersion"), None);
    let what = "failed to replace object: not found".to_owned();
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record: Some(Status::Failed) });
    for (strict, puts) in [(false, 0), (true, 1)] {
        let mut stand = forced(Generation::V3);
        stand.options.strict = strict;
        stand.api.faults = [(3, Fault::Forbidden)].into();
        super::run(&mut stand, 6);
        let put = format!("PUT {MAPS}/env?fieldManager=helm");
        assert_eq!(lines(&stand.api).iter().filter(|line| **line == put).count(), puts, "strict: {strict}");
    }
}

/// What says all that it should may still hold what others put there, until it is replaced.
#[test]
fn a_replacement_that_may_not_have_arrived_is_not_taken_for_done_by_what_was_there_before() {
    let same = config_map("env", "one");
    for (fault, is_done) in [(Fault::LostBefore, false), (Fault::LostAfter, true)] {
        let mut stand =
            Stand::new(&[Revision::new(6, "superseded", &same), Revision::new(7, "deployed", &same)]);
        stand.options.force_replace = true;
        stand.drift(&format!("{MAPS}/env"), |object| object["data"]["B"] = json!("2"));
        stand.api.always = Some((format!("PUT {MAPS}/env"), fault));
        let outcome = run(&mut stand, 6).outcome;
        assert_eq!(matches!(outcome, Outcome::Done { .. }), is_done, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), !is_done, "{outcome:?}");
    }
}

#[test]
fn whatever_request_of_a_replacement_fails_in_whatever_way_the_end_is_told_truly() {
    for helm in [Generation::V3, Generation::V4] {
        let prepared = ready(forced(helm));
        let unknown = fails_truly(&prepared);
        assert!(unknown > 5, "{unknown}");
        fails_twice_truly(&prepared);
    }
}

#[test]
fn dry_runs_put_too() {
    let mut stand = forced(Generation::V4);
    stand.drift(BACKEND, |object| object["metadata"]["resourceVersion"] = json!("77"));
    let runs = dry_runs(&stand.plan(6), &stand.sides(6), "helm");
    let (_, put) = runs.iter().find(|(id, _)| id.name == "backend").unwrap();
    assert_eq!(line_of(put), format!("PUT {BACKEND}?fieldManager=helm&fieldValidation=Strict&dryRun=All"));
    assert_eq!(put.body.as_ref().unwrap()["metadata"]["resourceVersion"], json!("77"));
    assert!(!put.is_of_a_record());
}
