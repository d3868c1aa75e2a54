//! Pods start anew.

use pretty_assertions::assert_eq;

use super::*;

const PODS: &str = "/api/v1/namespaces/momo-store/pods";

fn service(port: u16) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{tier: web}}, ports: [{{port: {port}}}]}}\n"
    )
}

/// A release with a Service, a Deployment that does not change, a ConfigMap, and one that is created.
fn restarting() -> Stand {
    let same = deployment("backend", "shop:1042", 3);
    let good = [config_map("env", "one"), service(80), same.clone(), deployment("new", "shop:1", 1)].concat();
    let bad = [config_map("env", "two"), service(81), same].concat();
    let mut stand = Stand::new(&[Revision::new(6, "superseded", &good), Revision::new(7, "deployed", &bad)]);
    stand.options.recreate_pods = true;
    let pod = |name: &str, labels: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "momo-store", "uid": format!("uid-{name}"), "labels": labels}});
    let pods = [
        pod("a", json!({"app": "backend", "tier": "web"})),
        pod("b", json!({"app": "backend"})),
        pod("c", json!({"app": "new"})),
    ];
    for pod in pods {
        stand.api.put(&format!("{PODS}/{}", pod["metadata"]["name"].as_str().unwrap()), pod.clone());
    }
    stand
}

fn of_pods(api: &Api) -> Vec<String> {
    lines(api).into_iter().filter(|line| line.contains("/pods")).collect()
}

#[test]
fn the_pods_of_what_was_changed_are_deleted_before_the_records_say_that_it_is_over() {
    let mut stand = restarting();
    let run = run(&mut stand, 6);
    assert_eq!(run.outcome, Outcome::Done { notes: vec![] });
    assert_eq!(
        of_pods(&stand.api),
        [
            format!("GET {PODS}?labelSelector=tier=web"),
            format!("DELETE {PODS}/a"),
            format!("GET {PODS}?labelSelector=app=backend"),
            format!("DELETE {PODS}/b"),
        ],
        "those of what was created stay"
    );
    let delete = stand.api.log.iter().find(|(line, _)| line.starts_with("DELETE")).unwrap();
    assert_eq!(
        delete.1,
        Some(json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "uid-a"}}))
    );
    let all = lines(&stand.api);
    let deployed = all.iter().position(|line| line.ends_with("status=deployed")).unwrap();
    assert_eq!(all[deployed - 1], format!("DELETE {PODS}/b"));
    assert_eq!(run.events.iter().filter(|event| matches!(event, Event::Restarted { .. })).count(), 2);
}

#[test]
fn pods_stay_without_the_option_and_when_it_fails() {
    let mut without = restarting();
    without.options.recreate_pods = false;
    run(&mut without, 6);
    let mut failing = restarting();
    failing.api.always = Some((format!("PATCH {MAPS}/env"), Fault::Forbidden));
    run(&mut failing, 6);
    for stand in [without, failing] {
        assert_eq!(of_pods(&stand.api), Vec::<String>::new());
    }
}

#[test]
fn the_first_error_ends_it_and_is_only_noted() {
    for (line, fault, why) in [
        (format!("GET {PODS}?labelSelector=tier"), Fault::Forbidden, "may not"),
        (format!("DELETE {PODS}/a"), Fault::Forbidden, "may not"),
        // Another pod has its name by now.
        (format!("DELETE {PODS}/a"), Fault::Conflict, "the object has been modified"),
    ] {
        let mut stand = restarting();
        stand.api.always = Some((line.clone(), fault));
        let note =
            format!("unable to recreate pods for object momo-store/web because an error occurred: {why}");
        assert_eq!(run(&mut stand, 6).outcome, Outcome::Done { notes: vec![note] });
        assert_eq!(
            of_pods(&stand.api).last(),
            Some(&line).filter(|_| line.starts_with("DELETE")).or(of_pods(&stand.api).last())
        );
        assert!(!lines(&stand.api).contains(&format!("DELETE {PODS}/b")));
        assert_eq!(lines(&stand.api).iter().filter(|other| other.contains(&line)).count(), 1, "once");
    }
}

#[test]
fn a_pod_that_is_gone_ends_it_only_where_everything_is_as_in_helm() {
    for (strict, notes) in [(false, 0), (true, 1)] {
        let mut stand = restarting();
        stand.options.strict = strict;
        let outcome = drive(&mut engine(&stand, 6), &mut stand.api, |_, api, request| {
            if line_of(request) == format!("DELETE {PODS}/a") {
                api.objects.remove(&format!("{PODS}/a"));
            }
        })
        .outcome;
        let Outcome::Done { notes: found } = outcome else { panic!("{outcome:?}") };
        assert_eq!(found.len(), notes);
        assert_eq!(stand.api.objects.contains_key(&format!("{PODS}/b")), strict);
    }
}

#[test]
fn a_pod_whose_deletion_is_not_known_is_looked_for() {
    for (fault, notes) in [(Fault::LostAfter, 0), (Fault::LostBefore, 1), (Fault::ServerError, 1)] {
        let mut stand = restarting();
        stand.api.always = Some((format!("DELETE {PODS}/a"), fault));
        let outcome = run(&mut stand, 6).outcome;
        let Outcome::Done { notes: found } = outcome else { panic!("{outcome:?}") };
        assert_eq!(found.len(), notes, "{fault:?}: {found:?}");
        assert_eq!(lines(&stand.api).iter().filter(|line| **line == format!("DELETE {PODS}/a")).count(), 1);
    }
}

#[test]
fn who_cancels_keeps_the_other_pods() {
    let mut stand = restarting();
    let outcome = drive(&mut engine(&stand, 6), &mut stand.api, |engine, _, request| {
        if request.verb == Verb::Delete {
            engine.cancel();
        }
    })
    .outcome;
    let note = "pods were not made to start anew: cancelled".to_owned();
    assert_eq!(outcome, Outcome::Done { notes: vec![note] });
    assert!(stand.api.objects.contains_key(&format!("{PODS}/b")));
}
