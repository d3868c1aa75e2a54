use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::{Content, Deed};
use super::*;

fn images(pairs: &[(&str, &str)]) -> Deed {
    Deed::SetImage { images: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect() }
}

fn amounts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn resources(containers: &[&str], requests: &[(&str, &str)], limits: &[(&str, &str)]) -> Deed {
    Deed::SetResources {
        containers: containers.iter().map(|name| (*name).to_owned()).collect(),
        requests: amounts(requests),
        limits: amounts(limits),
    }
}

fn tags(pairs: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<String>> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
}

#[test]
fn an_image_is_set_by_the_name_of_its_container() {
    let act = ask(&images(&[("backend", "momo/backend:3")]), &deployment()).unwrap();
    assert_eq!(act.content, Content::Strategic);
    assert_eq!(
        act.body.0["spec"],
        json!({"template": {"spec": {
            "$setElementOrder/containers": [{"name": "backend"}, {"name": "proxy"}],
            "containers": [{"name": "backend", "image": "momo/backend:3"}],
        }}})
    );
    assert_eq!(lines(&act), ["image backend momo/backend:2 → momo/backend:3"]);
    assert_eq!(act.after.unwrap()["spec"]["template"]["spec"]["containers"][1]["image"], "envoy:1");
}

#[test]
fn init_containers_have_images_too_and_a_star_means_all() {
    let act = ask(&images(&[("migrate", "momo/migrate:3")]), &deployment()).unwrap();
    assert_eq!(lines(&act), ["image migrate (init) momo/migrate:2 → momo/migrate:3"]);
    let act = ask(&images(&[("*", "busybox:1")]), &deployment()).unwrap();
    assert_eq!(act.fields.len(), 3);
    let act = ask(&images(&[("report", "momo/report:6")]), &cron_job()).unwrap();
    assert_eq!(lines(&act), ["image report momo/report:5 → momo/report:6"]);
    assert!(ask(&images(&[("backend", "momo/backend:3")]), &pod("p")).is_ok());
}

#[test]
fn images_that_make_no_sense_are_refused() {
    let here = deployment();
    assert_eq!(refused(&images(&[("web", "a:1")]), &here), "it has no container `web`");
    assert_eq!(refused(&images(&[("backend", "momo/backend:2")]), &here), "it would change nothing");
    assert!(refused(&images(&[("*", "a:1"), ("proxy", "b:1")]), &here).contains("give no other"));
    assert!(refused(&images(&[]), &here).contains("no image"));
    assert!(refused(&images(&[("backend", "a b")]), &here).contains("is no image"));
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "uid": "u", "resourceVersion": "1"}});
    assert_eq!(refused(&images(&[("a", "b:1")]), &job), "set-image does not apply to a Job");
}

#[test]
fn requests_and_limits_are_set_and_others_stay() {
    let act = ask(&resources(&["backend"], &[("cpu", "250m")], &[("memory", "1Gi")]), &deployment()).unwrap();
    assert_eq!(
        lines(&act),
        [
            "spec.template.spec.containers[backend].resources.limits.memory 256Mi → 1Gi",
            "spec.template.spec.containers[backend].resources.requests.cpu 100m → 250m",
        ]
    );
    let after = act.after.unwrap();
    assert_eq!(
        after["spec"]["template"]["spec"]["containers"][0]["resources"],
        json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m"}})
    );
    let all = ask(&resources(&[], &[], &[("cpu", "2")]), &deployment()).unwrap();
    assert_eq!(all.fields.len(), 3, "init containers too");
}

#[test]
fn quantities_are_checked_before_the_server_does_it() {
    let here = deployment();
    for (deed, why) in [
        (resources(&[], &[("cpu", "a lot")], &[]), "`a lot` is no quantity of cpu, such as 100m or 256Mi"),
        (resources(&[], &[("cpu", "-1")], &[]), "cpu cannot be less than nothing"),
        (resources(&[], &[("c pu", "1")], &[]), "`c pu` is no resource"),
        (resources(&[], &[], &[]), "neither a request nor a limit is given"),
        (resources(&["web"], &[("cpu", "1")], &[]), "it has no container `web`"),
        (
            resources(&["backend"], &[("memory", "512Mi")], &[]),
            "the request of 512Mi memory would be above the limit of 256Mi",
        ),
        (resources(&["backend"], &[], &[("cpu", "1000m")]), "it would change nothing"),
    ] {
        assert_eq!(refused(&deed, &here), why);
    }
}

#[test]
fn labels_are_set_and_removed_by_a_merge_patch_of_what_changes() {
    let set = tags(&[("tier", Some("web")), ("app", Some("backend")), ("gone", None)]);
    let act = ask(&Deed::Label { set, overwrite: false }, &deployment()).unwrap();
    assert_eq!(act.content, Content::Merge);
    assert_eq!(
        act.body.0,
        json!({"metadata": {"labels": {"tier": "web"}, "uid": "u-dep", "resourceVersion": "41"}})
    );
    assert_eq!(lines(&act), ["metadata.labels.tier none → web"]);
    let act = ask(&Deed::Label { set: tags(&[("app", None)]), overwrite: false }, &deployment()).unwrap();
    assert_eq!(act.body.0["metadata"]["labels"], json!({"app": null}));
    assert_eq!(lines(&act), ["metadata.labels.app backend → none"]);
}

#[test]
fn what_is_there_is_overwritten_only_when_asked() {
    let set = || tags(&[("app", Some("web"))]);
    assert_eq!(
        refused(&Deed::Label { set: set(), overwrite: false }, &deployment()),
        "`app` already has the value `backend`, and overwriting is not allowed"
    );
    assert!(ask(&Deed::Label { set: set(), overwrite: true }, &deployment()).is_ok());
    let noted =
        with(deployment(), "/metadata/annotations", json!({"kubernetes.io/change-cause": "a", "team": "x"}));
    let cause = tags(&[("kubernetes.io/change-cause", Some("b"))]);
    assert!(ask(&Deed::Annotate { set: cause, overwrite: false }, &noted).is_ok());
    let team = tags(&[("team", Some("y"))]);
    assert!(refused(&Deed::Annotate { set: team, overwrite: false }, &noted).contains("`team` already"));
    let nothing = Deed::Label { set: tags(&[("gone", None)]), overwrite: false };
    assert_eq!(refused(&nothing, &deployment()), "it would change nothing");
}

#[test]
fn keys_and_values_are_those_that_the_api_takes() {
    let label = |key: &str, value: &str| Deed::Label { set: tags(&[(key, Some(value))]), overwrite: false };
    for (key, value) in [
        ("a/b/c", "x"),
        ("-a", "x"),
        ("", "x"),
        ("A_b/c", "x"),
        ("a", "x y"),
        ("a", "-"),
        ("a", &"v".repeat(64)),
    ] {
        assert!(refused(&label(key, value), &deployment()).contains("cannot be"), "{key} {value}");
    }
    for (key, value) in [("example.com/A_b.c", "x"), ("a", ""), ("a", "1.0")] {
        assert!(ask(&label(key, value), &deployment()).is_ok(), "{key} {value}");
    }
    let huge = Deed::Annotate { set: tags(&[("a", Some(&"x".repeat(300_000)))]), overwrite: true };
    assert!(refused(&huge, &deployment()).contains("256 KiB"));
}
