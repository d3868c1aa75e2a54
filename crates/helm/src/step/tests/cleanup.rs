//! What was created is deleted again.

use pretty_assertions::assert_eq;

use super::*;
use crate::record::Generation;

/// A rollback that creates two objects, and whose last change may fail.
fn cleaning() -> Stand {
    let good =
        [config_map("one", "x"), config_map("two", "x"), deployment("backend", "shop:1042", 3)].concat();
    let mut stand = Stand::new(&[
        Revision::new(6, "superseded", &good),
        Revision::new(7, "deployed", &deployment("backend", "shop:1043", 3)),
    ]);
    stand.options.cleanup_on_fail = true;
    stand
}

fn failing() -> Stand {
    let mut stand = cleaning();
    stand.api.always = Some((format!("PATCH {BACKEND}"), Fault::Forbidden));
    stand
}

const REFUSED: &str = "cannot patch \"backend\" with kind Deployment: may not";

fn failed(what: &str) -> Outcome {
    Outcome::Failed { phase: Phase::Objects, what: what.to_owned(), record: Some(Status::Failed) }
}

#[test]
fn what_was_created_is_deleted_in_its_order_when_the_records_are_written() {
    let mut stand = failing();
    let run = run(&mut stand, 6);
    assert_eq!(run.outcome, failed(REFUSED));
    let lines = lines(&stand.api);
    let record = |revision| format!("PUT {SECRETS}/sh.helm.release.v1.momo.v{revision}");
    assert_eq!(
        lines[lines.len() - 4..],
        [record(7), record(8), format!("DELETE {MAPS}/one"), format!("DELETE {MAPS}/two")]
    );
    let delete = stand.api.log.last().unwrap();
    assert_eq!(delete.1, Some(json!({"propagationPolicy": "Background"})));
    let description = record_of(&stand);
    assert_eq!(description, format!("Rollback \"momo\" failed: {REFUSED}"));
    assert_eq!(run.events.iter().filter(|event| matches!(event, Event::CleanedUp(_))).count(), 2);
}

fn record_of(stand: &Stand) -> String {
    super::record(&stand.api, 8).record.info().unwrap().description
}

#[test]
fn nothing_is_deleted_without_the_option_or_when_it_goes_well_or_only_the_waiting_fails() {
    let mut without = failing();
    without.options.cleanup_on_fail = false;
    run(&mut without, 6);
    let mut well = cleaning();
    assert_eq!(run(&mut well, 6).outcome, Outcome::Done { notes: vec![] });
    let mut waiting = cleaning();
    let (plan, sides) = (waiting.plan(6), waiting.sides(6));
    let job = Job::new(&plan, waiting.history.last().unwrap(), &sides, NOW).unwrap().waiting(0);
    waiting.api.always = Some((format!("GET {MAPS}/two"), Fault::NotSent));
    let run = drive(&mut Engine::new(job), &mut waiting.api, |_, api, request| {
        // Only once it is waited for.
        if request.verb == Verb::Create && request.place.kind == "ConfigMap" {
            api.faults.clear();
        }
    });
    assert!(matches!(run.outcome, Outcome::Failed { .. }), "{:?}", run.outcome);
    for stand in [without, well] {
        assert!(!lines(&stand.api).iter().any(|line| line.starts_with("DELETE")));
    }
}

#[test]
fn what_cannot_be_deleted_is_told_in_helms_words() {
    let of = |helm, strict| {
        let mut stand = failing();
        stand.options.helm = Some(helm);
        stand.options.strict = strict;
        drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            if request.verb == Verb::Delete {
                api.faults.insert(api.log.len(), Fault::Forbidden);
            }
        })
        .outcome
    };
    let both = "unable to cleanup resources: may not, may not";
    let head = "an error occurred while cleaning up resources. original rollback error: ";
    let whole = format!("{head}{REFUSED}: {both}");
    assert_eq!(of(Generation::V3, false), failed(&whole));
    assert_eq!(of(Generation::V3, true), failed(&whole));
    assert_eq!(of(Generation::V4, false), failed(&whole));
    assert_eq!(of(Generation::V4, true), failed(&format!("{head}{both}")), "helm 4 loses the reason");
}

#[test]
fn an_object_that_was_not_created_is_deleted_only_where_everything_is_as_in_helm() {
    for (strict, deleted) in [(false, vec!["one"]), (true, vec!["one", "two"])] {
        let mut stand = cleaning();
        stand.options.strict = strict;
        let outcome = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            let body = request.body.as_ref();
            let name = body.and_then(|body| body.pointer("/metadata/name")).and_then(Value::as_str);
            if request.verb == Verb::Create && name == Some("two") {
                api.faults.insert(api.log.len(), Fault::Forbidden);
            }
        })
        .outcome;
        assert_eq!(outcome, failed("failed to create resource: may not"));
        let lines = lines(&stand.api);
        let found: Vec<&str> =
            lines.iter().filter_map(|line| line.strip_prefix(&format!("DELETE {MAPS}/"))).collect();
        assert_eq!(found, deleted, "strict: {strict}");
    }
}

#[test]
fn where_nothing_was_created_nothing_is_said_but_where_everything_is_as_in_helm() {
    let of = |helm, strict| {
        let mut stand = Stand::new(&[
            Revision::new(6, "superseded", &deployment("backend", "shop:1042", 3)),
            Revision::new(7, "deployed", &deployment("backend", "shop:1043", 3)),
        ]);
        stand.options.cleanup_on_fail = true;
        stand.options.helm = Some(helm);
        stand.options.strict = strict;
        stand.api.always = Some((format!("PATCH {BACKEND}"), Fault::Forbidden));
        run(&mut stand, 6).outcome
    };
    assert_eq!(of(Generation::V4, false), failed(REFUSED));
    let none = "unable to cleanup resources: object not found, skipping delete: no objects visited";
    let head = "an error occurred while cleaning up resources. original rollback error: ";
    assert_eq!(of(Generation::V3, true), failed(&format!("{head}{REFUSED}: {none}")));
    assert_eq!(of(Generation::V4, true), failed(&format!("{head}{none}")));
}

#[test]
fn a_deletion_whose_answer_is_lost_is_looked_for() {
    for (fault, known) in [(Fault::LostAfter, true), (Fault::LostBefore, false)] {
        let mut stand = failing();
        let mut first = true;
        let outcome = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            if request.verb == Verb::Delete && std::mem::take(&mut first) {
                api.faults.insert(api.log.len(), fault);
            }
        })
        .outcome;
        assert!(!stand.api.objects.contains_key(&format!("{MAPS}/two")), "the next one is deleted");
        if known {
            assert_eq!(outcome, failed(REFUSED));
        } else {
            let Outcome::Unknown { what, record: Some(Status::Failed), .. } = outcome else {
                panic!("{outcome:?}")
            };
            assert!(
                what.ends_with(
                    "it is not known whether ConfigMap momo-store/one was deleted: connection reset"
                ),
                "{what}"
            );
        }
    }
}

#[test]
fn a_deletion_of_which_the_server_itself_says_that_it_failed_is_known_to_have() {
    let mut stand = failing();
    let outcome = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        if request.verb == Verb::Delete && request.place.name == "one" {
            api.faults.insert(api.log.len(), Fault::ServerError);
        }
    })
    .outcome;
    let what = format!(
        "an error occurred while cleaning up resources. original rollback error: {REFUSED}: unable to cleanup resources: the server broke"
    );
    assert_eq!(outcome, failed(&what));
}

/// After any failure of any request, what is left of what was created is told.
#[test]
fn whatever_request_of_a_cleanup_fails_the_end_is_told_truly() {
    let faults = [
        Fault::NotSent,
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::ServerError,
        Fault::GatewayAfter,
        Fault::Forbidden,
        Fault::Throttled,
        Fault::Conflict,
    ];
    let job = ready(cleaning()).1;
    let mut clean = failing().api;
    drive(&mut Engine::new(job.clone()), &mut clean, |_, _, _| {});
    // The patch fails in one way: this is why there is something to clean up.
    let others = (0..clean.log.len()).filter(|number| !clean.log[*number].0.starts_with("PATCH"));
    for number in others {
        for fault in faults {
            let mut api = failing().api;
            api.faults = [(number, fault)].into();
            let run = drive(&mut Engine::new(job.clone()), &mut api, |_, _, _| {});
            let case = format!("request {number} ({}), {fault:?}: {:?}", clean.log[number].0, run.outcome);
            let cleaned: Vec<&str> = run
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::CleanedUp(id) => Some(id.name.as_str()),
                    _ => None,
                })
                .collect();
            let left: Vec<&str> = ["one", "two"]
                .into_iter()
                .filter(|name| api.objects.contains_key(&format!("{MAPS}/{name}")))
                .collect();
            assert!(cleaned.iter().all(|name| !left.contains(name)), "{case}");
            let told = match &run.outcome {
                Outcome::Failed { what, .. } => what.contains("unable to cleanup resources"),
                Outcome::Unknown { .. } => true,
                Outcome::Done { .. } => panic!("{case}"),
            };
            assert!(left.is_empty() || told, "{case}");
        }
    }
}
