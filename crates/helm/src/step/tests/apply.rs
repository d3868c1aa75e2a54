//! The server applies.

use pretty_assertions::assert_eq;

use super::*;
use crate::options::ServerSide;

const WIDGETS: &str = "/namespaces/momo-store/widgets/w";
const APPLY: &str = "fieldManager=helm&fieldValidation=Strict&force=false";

/// The release of `stand`, as Helm 4 wrote it and the server applied it.
fn server() -> Stand {
    let good =
        [config_map("env", "one"), config_map("back", "x"), deployment("backend", "shop:1042", 3)].concat();
    let bad =
        [config_map("env", "two"), deployment("backend", "shop:1043", 3), config_map("gone", "x")].concat();
    of(&[(6, &good), (7, &bad)])
}

fn of(revisions: &[(i64, &str)]) -> Stand {
    let last = revisions.last().unwrap().0;
    let revision = |(version, manifest): &(i64, &str)| {
        let mut revision =
            Revision::new(*version, if *version == last { "deployed" } else { "superseded" }, manifest);
        revision.v4 = true;
        revision.extra = vec![("apply_method", json!("ssa"))];
        revision
    };
    let mut stand = Stand::new(&revisions.iter().map(revision).collect::<Vec<_>>());
    for path in objects(&stand) {
        stand.api.own(&path, "helm", "Apply");
    }
    stand
}

fn objects(stand: &Stand) -> Vec<String> {
    stand.api.objects.keys().filter(|path| !path.contains("/secrets/")).cloned().collect()
}

/// The same, patched by an earlier Helm and not applied yet.
fn patched() -> Stand {
    let mut stand = server();
    for path in objects(&stand) {
        stand.drift(&path, |object| {
            object["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
        });
        stand.api.own(&path, "helm", "Update");
    }
    stand
}

fn of_objects(api: &Api) -> Vec<String> {
    lines(api).into_iter().filter(|line| !line.contains("/secrets")).collect()
}

fn body<'a>(api: &'a Api, line: &str) -> &'a Value {
    let found = api.log.iter().find(|(other, _)| other == line).unwrap_or_else(|| panic!("no {line}"));
    found.1.as_ref().unwrap()
}

fn failed(what: &str) -> Outcome {
    Outcome::Failed { phase: Phase::Objects, what: what.to_owned(), record: Some(Status::Failed) }
}

#[test]
fn each_object_is_looked_at_and_then_applied() {
    let mut stand = server();
    let mut types = Vec::new();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, _, request| {
        types.extend((request.verb == Verb::Patch).then_some(request.content_type));
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(
        of_objects(&stand.api),
        [
            format!("GET {MAPS}/env"),
            format!("GET {MAPS}/env"),
            format!("PATCH {MAPS}/env?{APPLY}"),
            format!("GET {MAPS}/back"),
            format!("PATCH {MAPS}/back?{APPLY}"),
            format!("GET {BACKEND}"),
            format!("GET {BACKEND}"),
            format!("PATCH {BACKEND}?{APPLY}"),
            format!("GET {MAPS}/gone"),
            format!("DELETE {MAPS}/gone"),
        ]
    );
    assert_eq!(types, [Some("application/apply-patch+yaml"); 3]);
    assert_eq!(
        body(&stand.api, &format!("PATCH {MAPS}/back?{APPLY}")),
        &json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"A": "x"},
            "metadata": {
                "name": "back", "namespace": "momo-store",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "momo", "meta.helm.sh/release-namespace": "momo-store"},
            },
        })
    );
    assert_eq!(states(&stand.api), states_are(&[(6, "superseded"), (7, "superseded"), (8, "deployed")]));
    let told = |wanted: fn(&Event) -> bool| run.events.iter().filter(|event| wanted(event)).count();
    assert_eq!(told(|event| matches!(event, Event::Applied(_))), 2);
    assert_eq!(told(|event| matches!(event, Event::Created(_))), 1);
    assert_eq!(told(|event| matches!(event, Event::Differs(_))), 0);
    assert_eq!(record(&stand.api, 8).record.apply_method().unwrap().as_deref(), Some("ssa"));
}

#[test]
fn what_helm_patched_becomes_what_it_applies_first_and_what_left_the_manifest_goes() {
    let (good, bad) =
        (config_map("env", "one"), config_map("env", "two").replace("data:\n", "data:\n  B: \"3\"\n"));
    let mut stand = of(&[(6, &good), (7, &bad)]);
    let env = format!("{MAPS}/env");
    stand.drift(&env, |object| {
        object["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
    });
    stand.api.own(&env, "helm", "Update");
    let before = stand.api.objects[&env].clone();
    let mut types = Vec::new();
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, _, request| {
        types.extend((request.verb == Verb::Patch).then_some(request.content_type));
    });
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let upgrade = format!("PATCH {env}?fieldManager=helm&fieldValidation=Strict");
    assert_eq!(
        of_objects(&stand.api),
        [format!("GET {env}"), format!("GET {env}"), upgrade.clone(), format!("PATCH {env}?{APPLY}")]
    );
    assert_eq!(types, [Some("application/json-patch+json"), Some("application/apply-patch+yaml")]);
    let mut entry = before["metadata"]["managedFields"][0].clone();
    entry["operation"] = json!("Apply");
    assert_eq!(
        body(&stand.api, &upgrade),
        &json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": [entry]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": before["metadata"]["resourceVersion"]},
        ])
    );
    assert_eq!(stand.api.objects[&env]["data"], json!({"A": "one"}));
}

#[test]
fn a_change_of_owners_that_comes_too_late_is_made_anew_for_what_is_live_then() {
    for late in [1, 4, 5] {
        let mut stand = patched();
        let env = format!("{MAPS}/env");
        let (mut conflicts, mut rests, mut sent) = (0, Vec::new(), Vec::new());
        let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            if request.content_type == Some("application/json-patch+json") && request.place.name == "env" {
                sent.push(request.body.clone());
                if conflicts < late {
                    conflicts += 1;
                    let object = api.objects.get_mut(&env).unwrap();
                    object["metadata"]["resourceVersion"] = json!(format!("late-{conflicts}"));
                }
            }
            rests.extend((request.delay_ms > 0).then_some(request.delay_ms));
        });
        let tries = (late + 1).min(5);
        assert_eq!(sent.len(), tries);
        assert_eq!(sent[1].as_ref().unwrap()[1]["value"], json!("late-1"));
        assert_eq!(rests, vec![10; tries - 1]);
        let applied = lines(&stand.api).contains(&format!("PATCH {env}?{APPLY}"));
        if late < 5 {
            assert_eq!((run.outcome, applied), (Outcome::Done { notes: vec![] }, true));
        } else {
            // Without Helm's words around it, as in Helm; the next objects are visited.
            assert_eq!((run.outcome, applied), (failed("the object has been modified"), false));
            assert!(stand.api.objects.contains_key(&format!("{MAPS}/back")));
        }
    }
}

#[test]
fn owners_are_changed_where_the_old_manifest_has_the_object_whatever_its_version_there() {
    let widget = |version: &str, size: u8| {
        format!(
            "apiVersion: example.com/{version}\nkind: Widget\nmetadata: {{name: w}}\nspec: {{size: {size}}}\n"
        )
    };
    let mut stand = of(&[(6, &widget("v1", 3)), (7, &widget("v1beta1", 4))]);
    let path = |version: &str| format!("/apis/example.com/{version}{WIDGETS}");
    // The server serves one object in both versions.
    let mut live = stand.api.objects.remove(&path("v1beta1")).unwrap();
    live["metadata"]["managedFields"] = json!([]);
    stand.api.put(&path("v1beta1"), live.clone());
    live["apiVersion"] = json!("example.com/v1");
    stand.api.put(&path("v1"), live);
    stand.api.own(&path("v1beta1"), "helm", "Update");
    assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] });
    assert_eq!(
        of_objects(&stand.api),
        [
            format!("GET {}", path("v1")),
            format!("GET {}", path("v1beta1")),
            format!("PATCH {}?fieldManager=helm&fieldValidation=Strict", path("v1beta1")),
            format!("PATCH {}?{APPLY}", path("v1")),
        ]
    );
}

#[test]
fn an_object_that_only_was_there_is_read_three_times_and_keeps_what_others_set() {
    let mut stand = server();
    let back = format!("{MAPS}/back");
    stand.api.put(
        &back,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back", "uid": "u", "resourceVersion": "9"}, "data": {"B": "2"}}),
    );
    let mut engine = engine(&stand, 6);
    assert_eq!(drive(&mut engine, &mut stand.api, |_, _, _| {}).outcome, Outcome::Done { notes: vec![] });
    let get = format!("GET {back}");
    let of_back: Vec<String> = lines(&stand.api)
        .into_iter()
        .filter(|line| line.contains("/back") && !line.contains("/backend"))
        .collect();
    assert_eq!(of_back, [get.clone(), get.clone(), get, format!("PATCH {back}?{APPLY}")]);
    assert_eq!(stand.api.objects[&back]["data"], json!({"A": "x", "B": "2"}));
}

#[test]
fn conflicts_are_collected_in_helms_words_and_can_be_forced() {
    let mut stand = server();
    let owner = json!({"manager": "kubectl-edit", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:A": {}}}});
    stand.drift(&format!("{MAPS}/env"), |object| {
        object["data"]["A"] = json!("edited");
        object["metadata"]["managedFields"].as_array_mut().unwrap().push(owner.clone());
    });
    let mut forced = Stand { api: stand.api.clone(), ..server() };
    assert_eq!(
        run(&mut stand, 6).outcome,
        failed(
            "conflict occurred while applying object momo-store/env /v1, Kind=ConfigMap: Apply failed with 1 conflict: \"kubectl-edit\": f:data.f:A"
        )
    );
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/back")), "the others are visited");
    assert!(stand.api.objects.contains_key(&format!("{MAPS}/gone")), "nothing is deleted");
    forced.options.force_conflicts = true;
    assert_eq!(run(&mut forced, 6).outcome, Outcome::Done { notes: vec![] });
    assert_eq!(forced.api.objects[&format!("{MAPS}/env")]["data"], json!({"A": "one"}));
    let apply = "?fieldManager=helm&fieldValidation=Strict&force=true";
    assert!(lines(&forced.api).contains(&format!("PATCH {MAPS}/back{apply}")));
}

#[test]
fn what_the_server_says_is_told_in_helms_words() {
    let env = format!("PATCH {MAPS}/env?{APPLY}");
    let backend = format!("PATCH {BACKEND}?{APPLY}");
    let back = format!("PATCH {MAPS}/back?{APPLY}");
    let cases = [
        (
            &env,
            Fault::Forbidden,
            "server-side apply failed for object momo-store/env /v1, Kind=ConfigMap: may not",
        ),
        (
            &backend,
            Fault::ServerError,
            "server-side apply failed for object momo-store/backend apps/v1, Kind=Deployment: the server broke",
        ),
        (&env, Fault::Unsupported, "server-side apply not available on the server: what is that"),
        (
            &back,
            Fault::Forbidden,
            "failed to create resource: server-side apply failed for object momo-store/back /v1, Kind=ConfigMap: may not",
        ),
        (
            &back,
            Fault::Conflict,
            "failed to create resource: conflict occurred while applying object momo-store/back /v1, Kind=ConfigMap: the object has been modified",
        ),
    ];
    for (line, fault, what) in cases {
        let mut stand = server();
        stand.api.always = Some((line.clone(), fault));
        assert_eq!(run(&mut stand, 6).outcome, failed(what));
    }
    let upgrade = format!("PATCH {MAPS}/env?fieldManager=helm&fieldValidation=Strict");
    let mut stand = patched();
    // Each request is looked for by a part of its line: the apply would be found too.
    let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
        let fault = (line_of(request) == upgrade).then_some((api.log.len(), Fault::Forbidden));
        api.faults.extend(fault);
    });
    assert_eq!(
        run.outcome,
        failed(
            "failed to patch object to upgrade CSA field manager momo-store/env /v1, Kind=ConfigMap: may not"
        )
    );
    // The second look at the first object.
    let mut stand = server();
    stand.api.faults = [(3, Fault::Forbidden)].into();
    assert_eq!(
        super::run(&mut stand, 6).outcome,
        failed("failed to get object momo-store/env /v1, Kind=ConfigMap: may not")
    );
    let mut stand = server();
    stand.drift(&format!("{MAPS}/env"), |object| {
        object["metadata"]["managedFields"][0]["fieldsV1"] = json!({"x": {}});
    });
    let outcome = super::run(&mut stand, 6).outcome;
    let Outcome::Failed { what, .. } = outcome else { panic!("{outcome:?}") };
    assert!(
        what.starts_with("failed to upgrade managed fields for object momo-store/env /v1, Kind=ConfigMap: "),
        "{what}"
    );
}

#[test]
fn only_conflicts_of_a_quota_are_tried_again_and_only_where_nothing_was() {
    let back = format!("PATCH {MAPS}/back?{APPLY}");
    for (times, tries, is_done) in [(1, 2, true), (4, 5, true), (5, 5, false)] {
        let mut stand = server();
        let (mut sent, mut rests) = (0, Vec::new());
        let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            if line_of(request) == back {
                sent += 1;
                rests.push(request.delay_ms);
                api.faults.extend((sent <= times).then_some((api.log.len(), Fault::Quota)));
            }
        });
        assert_eq!(
            (sent, matches!(run.outcome, Outcome::Done { .. })),
            (tries, is_done),
            "{:?}",
            run.outcome
        );
        assert_eq!(rests, [vec![0], vec![10; tries - 1]].concat());
    }
    for (line, fault) in [(&back, Fault::Conflict), (&format!("PATCH {MAPS}/env?{APPLY}"), Fault::Quota)] {
        let mut stand = server();
        stand.api.always = Some((line.clone(), fault));
        run(&mut stand, 6);
        assert_eq!(lines(&stand.api).iter().filter(|other| *other == line).count(), 1, "{line}");
    }
}

#[test]
fn whatever_request_of_an_apply_fails_in_whatever_way_the_end_is_told_truly() {
    for stand in [server(), patched()] {
        let prepared = ready(stand);
        let unknown = fails_truly(&prepared);
        assert!(unknown > 5, "{unknown}");
        fails_twice_truly(&prepared);
    }
}

/// Nothing changes, so nothing tells whether it was done; it need not be told.
#[test]
fn an_apply_that_changes_nothing_is_done_whether_its_answer_is_lost_or_it_itself() {
    let same = config_map("env", "one");
    for fault in [Fault::LostBefore, Fault::LostAfter, Fault::GatewayAfter] {
        let mut stand = of(&[(6, &same), (7, &same)]);
        stand.api.always = Some((APPLY.to_owned(), fault));
        assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] }, "{fault:?}");
    }
    // Where Helm owns more than that, it takes something away, and it is not known whether it did.
    let mut stand = of(&[(6, &same), (7, &same)]);
    stand.drift(&format!("{MAPS}/env"), |object| {
        object["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]["f:B"] = json!({});
        object["data"]["B"] = json!("2");
    });
    stand.api.always = Some((APPLY.to_owned(), Fault::LostBefore));
    let outcome = run(&mut stand, 6).outcome;
    let Outcome::Unknown { what, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(what, "whether ConfigMap momo-store/env was applied: connection reset");
}

#[test]
fn a_change_of_owners_whose_answer_is_lost_is_looked_for_and_never_sent_again() {
    let upgrade = format!("PATCH {MAPS}/env?fieldManager=helm&fieldValidation=Strict");
    let with = |fault: Fault, meanwhile: &dyn Fn(&mut Api)| {
        let mut stand = patched();
        let (mut at, mut sent) = (None, 0);
        let run = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            let this = line_of(request) == upgrade;
            sent += usize::from(this);
            if this && at.is_none() {
                at = Some(api.log.len());
                api.faults.insert(api.log.len(), fault);
            } else if at.map(|at| at + 1) == Some(api.log.len()) {
                meanwhile(api);
            }
        });
        (run.outcome, sent)
    };
    let nothing = |_: &mut Api| {};
    assert_eq!(with(Fault::LostAfter, &nothing), (Outcome::Done { notes: vec![] }, 1));
    let (outcome, sent) = with(Fault::LostBefore, &nothing);
    let Outcome::Unknown { what, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        (what.as_str(), sent),
        ("whether ConfigMap momo-store/env was given new owners: connection reset", 1)
    );
    // Once somebody wrote, what was lost cannot arrive any more: another one is made.
    let touched = |api: &mut Api| {
        let object = api.objects.get_mut(&format!("{MAPS}/env")).unwrap();
        object["metadata"]["resourceVersion"] = json!("touched");
    };
    assert_eq!(with(Fault::LostBefore, &touched), (Outcome::Done { notes: vec![] }, 2));
    // The server itself said that it failed.
    let (outcome, sent) = with(Fault::ServerError, &nothing);
    assert_eq!(
        (outcome, sent),
        (
            failed(
                "failed to patch object to upgrade CSA field manager momo-store/env /v1, Kind=ConfigMap: the server broke"
            ),
            1
        )
    );
}

#[test]
fn the_ways_can_be_chosen_over_the_records() {
    let mut stand = server();
    stand.options.server_side = ServerSide::No;
    assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![] });
    assert!(lines(&stand.api).contains(&format!("PATCH {MAPS}/env?fieldManager=helm")));
    assert_eq!(record(&stand.api, 8).record.apply_method().unwrap().as_deref(), Some("csa"));
}

#[test]
fn an_object_that_came_or_went_since_the_plan_is_applied_all_the_same() {
    let mut stand = server();
    let mut engine = engine(&stand, 6);
    stand.api.put(
        &format!("{MAPS}/back"),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back", "resourceVersion": "9"}, "data": {}}),
    );
    let run = drive(&mut engine, &mut stand.api, |_, _, _| {});
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    let differs: Vec<_> = run.events.iter().filter(|event| matches!(event, Event::Differs(_))).collect();
    assert_eq!(differs.len(), 1);
}

#[test]
fn dry_runs_ask_the_server_to_apply_without_applying() {
    let mut stand = server();
    stand.options.force_conflicts = true;
    let runs = dry_runs(&stand.plan(6), &stand.sides(6), "helm");
    let lines: Vec<String> = runs.iter().map(|(_, request)| line_of(request)).collect();
    let apply = "?fieldManager=helm&fieldValidation=Strict&force=true&dryRun=All";
    assert_eq!(
        lines,
        [
            format!("PATCH {MAPS}/env{apply}"),
            format!("PATCH {MAPS}/back{apply}"),
            format!("PATCH {BACKEND}{apply}"),
            format!("DELETE {MAPS}/gone?propagationPolicy=Background&dryRun=All"),
        ]
    );
    assert!(runs.iter().all(|(_, request)| request.class() == Class::Read));
}
