use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{NOW, lines, with};
use crate::core::Span;
use crate::ops::deed::{Act, App, Deed, Flux, Live, Raw, Refusal};

fn helm_release() -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": "momo", "namespace": "shop", "uid": "u-hr", "resourceVersion": "3",
            "labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
            "managedFields": [{"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:chart": {}}}}]},
        "spec": {"interval": "5m", "chart": {"spec": {"chart": "momo", "version": "0.0.1043"}}},
        "status": {"history": [{"chartName": "momo", "chartVersion": "0.0.1043", "version": 7}]},
    })
}

fn ask(deed: &Deed, object: &Value, plural: &str) -> Result<Act, Refusal> {
    deed.request(&Live::new(object, plural, &[]).unwrap(), NOW)
}

fn suspend(why: &str, until: Option<Span>) -> Deed {
    Deed::Flux {
        how: Flux::Suspend { by: "ops".into(), why: why.into(), until: until.map(|span| NOW + span) },
    }
}

#[test]
fn whoever_holds_flux_back_says_who_why_and_until_when_on_the_object_and_it_is_taken_away_again() {
    let held =
        ask(&suspend("5xx since 14:00", Some(Span::hours(2))), &helm_release(), "helmreleases").unwrap();
    assert_eq!(held.path(), "/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/momo");
    let Raw(body) = &held.body;
    assert_eq!(body["spec"], json!({"suspend": true}));
    assert_eq!(
        body["metadata"]["annotations"],
        json!({
            "deckwatch.dev/suspended-by": "ops", "deckwatch.dev/suspended-at": "2026-11-21T14:07:31Z",
            "deckwatch.dev/suspended-why": "5xx since 14:00", "deckwatch.dev/suspended-until": "2026-11-21T16:07:31Z",
        })
    );
    assert_eq!(held.query, [("fieldManager".to_owned(), "deckwatch".to_owned())]);
    let after = held.after.clone().unwrap();
    let again = ask(&suspend("x", None), &after, "helmreleases").unwrap_err();
    assert_eq!(again.to_string(), "it is already suspended");
    let reconcile = Deed::Flux { how: Flux::Reconcile };
    assert_eq!(
        ask(&reconcile, &after, "helmreleases").unwrap_err().to_string(),
        "it is suspended: resume it first"
    );
    let resume = Deed::Flux { how: Flux::Resume };
    let free = ask(&resume, &after, "helmreleases").unwrap();
    assert_eq!(lines(&free), ["suspended yes → no"]);
    let free = free.after.unwrap();
    assert_eq!(free["spec"]["suspend"], false);
    assert!(free["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty), "{free}");
    let told: Vec<String> = resume
        .warnings(&Live::new(&after, "helmreleases", &[]).unwrap())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told[0],
        "it is suspended by ops since 2026-11-21T14:07:31Z, until 2026-11-21T16:07:31Z: 5xx since 14:00"
    );
    assert_eq!(
        told[1],
        "Flux deploys again what git says: chart version 0.0.1043; its last release was momo 0.0.1043"
    );
}

#[test]
fn what_would_be_undone_or_says_nothing_is_not_held() {
    let mut owned = helm_release();
    owned["metadata"]["managedFields"][0]["fieldsV1"] = json!({"f:spec": {"f:suspend": {}}});
    let why = |deed: &Deed, object: &Value| ask(deed, object, "helmreleases").unwrap_err().to_string();
    assert_eq!(
        why(&suspend("x", None), &owned),
        "Kustomization flux-system/apps writes its `spec.suspend` and would undo this: suspend that"
    );
    assert!(why(&suspend(" ", None), &helm_release()).contains("say why"));
    assert!(why(&suspend("x", Some(Span::secs(-1))), &helm_release()).contains("in the past"));
    assert_eq!(why(&Deed::Flux { how: Flux::Resume }, &helm_release()), "it is not suspended");
    assert_eq!(
        super::refused(&suspend("x", None), &super::deployment()),
        "flux-suspend does not apply to a Deployment"
    );
}

fn application() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd", "uid": "u-app", "resourceVersion": "9"},
        "spec": {"project": "default", "source": {"repoURL": "file:///git", "path": "shop", "targetRevision": "main"},
                 "syncPolicy": {"automated": {"selfHeal": true, "prune": true}, "syncOptions": ["CreateNamespace=true"]}},
        "status": {"operationState": {"phase": "Succeeded"}, "history": [
            {"id": 4, "revision": "aaa", "source": {"repoURL": "file:///git", "path": "shop", "targetRevision": "main"}},
            {"id": 5, "revision": "bbb", "source": {"repoURL": "file:///git", "path": "shop", "targetRevision": "main"}},
        ]},
    })
}

fn app(how: App, object: &Value) -> Result<Act, Refusal> {
    ask(&Deed::App { how }, object, "applications")
}

fn back(id: Option<i64>) -> App {
    App::Back { id, by: "ops".into(), why: "5xx".into() }
}

fn auto_sync(on: bool) -> App {
    App::AutoSync { on, by: "ops".into(), why: String::new() }
}

#[test]
fn an_application_goes_back_by_one_request_that_also_keeps_it_there() {
    for id in [None, Some(4)] {
        let act = app(back(id), &application()).unwrap();
        assert_eq!(lines(&act), ["synced to deployment 4, revision aaa", "synced by itself yes → no"]);
        let Raw(steps) = &act.body;
        let steps = steps.as_array().unwrap();
        let paths: Vec<&str> = steps.iter().map(|step| step["path"].as_str().unwrap()).collect();
        assert_eq!(
            paths,
            [
                "/metadata/uid",
                "/metadata/resourceVersion",
                "/spec",
                "/operation",
                "/metadata/annotations",
                "/status/operationState"
            ]
        );
        assert_eq!(
            steps[4]["value"],
            json!({
                "deckwatch.dev/suspended-by": "ops", "deckwatch.dev/suspended-at": "2026-11-21T14:07:31Z",
                "deckwatch.dev/suspended-why": "5xx",
            })
        );
        assert_eq!(
            steps[2]["value"]["syncPolicy"]["automated"],
            json!({"selfHeal": true, "prune": true, "enabled": false})
        );
        assert_eq!(
            steps[3]["value"],
            json!({
                "sync": {"revision": "aaa", "source": {"repoURL": "file:///git", "path": "shop", "targetRevision": "main"},
                         "syncStrategy": {"apply": {}}, "syncOptions": ["CreateNamespace=true"]},
                "initiatedBy": {"username": "ops"},
            })
        );
        assert_eq!(steps[5]["op"], "remove");
    }
    // Where nothing brings git back by itself the spec stays as it is.
    let by_hand = with(application(), "/spec/syncPolicy", json!({}));
    let act = app(back(Some(4)), &by_hand).unwrap();
    assert!(act.body.0.as_array().unwrap().iter().all(|step| step["path"] != "/spec"));
}

#[test]
fn automatic_sync_is_turned_off_and_on_and_nothing_else_of_the_policy_changes() {
    let off = app(auto_sync(false), &application()).unwrap();
    let spec = &off.body.0[2]["value"];
    assert_eq!(
        spec["syncPolicy"],
        json!({"automated": {"selfHeal": true, "prune": true, "enabled": false}, "syncOptions": ["CreateNamespace=true"]})
    );
    let held = with(application(), "/spec", spec.clone());
    let held = with(held, "/metadata/annotations", off.body.0[3]["value"].clone());
    assert_eq!(app(auto_sync(false), &held).unwrap_err().to_string(), "it is not synced by itself");
    let on = app(auto_sync(true), &held).unwrap();
    assert_eq!(on.body.0[2]["value"]["syncPolicy"]["automated"]["enabled"], true);
    assert_eq!(on.body.0[3], json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    let deed = Deed::App { how: auto_sync(true) };
    let told = deed.warnings(&Live::new(&held, "applications", &[]).unwrap());
    assert_eq!(told[0].as_str(), "it is suspended by ops since 2026-11-21T14:07:31Z");
}

#[test]
fn an_application_that_is_busy_or_anothers_or_has_no_such_deployment_is_refused() {
    let why = |how, object: &Value| app(how, object).unwrap_err().to_string();
    let busy = with(application(), "/operation", json!({"sync": {}}));
    assert_eq!(why(back(None), &busy), "another operation on it is under way");
    let runs = with(application(), "/status/operationState", json!({"phase": "Running"}));
    assert_eq!(why(App::Sync { by: "ops".into() }, &runs), "another operation on it is under way");
    assert_eq!(app(back(Some(9)), &application()).unwrap_err(), Refusal::NoRevision(9));
    assert_eq!(
        app(back(None), &with(application(), "/status/history", json!([]))).unwrap_err(),
        Refusal::NoHistory
    );
    let made = with(
        application(),
        "/metadata/annotations",
        json!({"argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:argocd/shop"}),
    );
    assert_eq!(
        why(back(None), &made),
        "the Application root makes this one and would undo it: change it there"
    );
    let set = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "all", "uid": "u", "controller": true}]);
    let made = with(application(), "/metadata/ownerReferences", set);
    assert!(why(auto_sync(false), &made).contains("ApplicationSet all makes this Application"));
}

/// An API server drops what the kind's schema does not have: an older Argo CD goes on by itself.
#[test]
fn an_argo_cd_that_does_not_know_enabled_is_told_from_the_dry_run() {
    let known = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}});
    let dropped = json!({"spec": {"syncPolicy": {"automated": {"selfHeal": true}}}});
    for how in [back(None), auto_sync(false)] {
        assert_eq!((how.lasts(&known), how.lasts(&dropped)), (true, false));
    }
    assert!(auto_sync(true).lasts(&dropped) && App::Sync { by: "ops".into() }.lasts(&dropped));
}
