//! What is sent, and where to.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn dry_runs_are_the_same_requests_and_are_reads() {
    let stand = stand();
    let runs = dry_runs(&stand.plan(6), &stand.sides(6), "helm");
    let lines: Vec<String> = runs.iter().map(|(_, request)| line_of(request)).collect();
    assert_eq!(
        lines,
        [
            format!("PATCH {MAPS}/env?fieldManager=helm&dryRun=All"),
            format!("POST {MAPS}?fieldManager=helm&dryRun=All"),
            format!("PATCH {BACKEND}?fieldManager=helm&dryRun=All"),
            format!("DELETE {MAPS}/gone?propagationPolicy=Background&dryRun=All"),
        ]
    );
    assert!(runs.iter().all(|(_, request)| request.class() == Class::Read));
    // With a body, the server would not read the query, and delete.
    assert!(runs.iter().all(|(_, request)| request.verb != Verb::Delete || request.body.is_none()));
}

#[test]
fn paths_are_escaped_and_cluster_scoped_kinds_have_no_namespace() {
    let place = Place {
        api_version: "rbac.authorization.k8s.io/v1".to_owned(),
        kind: "ClusterRole".to_owned(),
        resource: "clusterroles".to_owned(),
        namespace: String::new(),
        name: "system:a/b?c".to_owned(),
    };
    assert_eq!(place.path(), "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%2Fb%3Fc");
    let role =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n";
    let mut stand = Stand::new(&[Revision::new(6, "superseded", role), Revision::new(7, "deployed", "")]);
    run(&mut stand, 6);
    assert!(stand.api.objects.contains_key("/apis/rbac.authorization.k8s.io/v1/clusterroles/r"));
    let made = stand.api.log.iter().find(|(line, _)| line.contains("clusterroles?")).unwrap();
    assert_eq!(made.1.as_ref().unwrap()["metadata"].get("namespace"), None);
    let first = Request::new(Verb::Get, place);
    assert!(line_of(&first).starts_with("GET /apis/"));
}

#[test]
fn a_record_is_known_wherever_it_is_named() {
    let mut stand = stand();
    let mut of_records = Vec::new();
    drive(&mut engine(&stand, 6), &mut stand.api, |_, _, request| {
        if request.class() == Class::Write {
            of_records.push((request.verb, request.is_of_a_record()));
        }
    });
    let records: Vec<Verb> = of_records.iter().filter(|(_, is)| *is).map(|(verb, _)| *verb).collect();
    assert_eq!(records, [Verb::Create, Verb::Update, Verb::Update]);
    assert_eq!(of_records.len(), 3 + 4);
}

#[test]
fn an_object_is_known_by_its_kind_and_name_whatever_its_version() {
    let id = |version: &str| ObjectId {
        gvk: crate::plan::Gvk::new(&format!("apps/{version}"), "Deployment"),
        namespace: "n".to_owned(),
        name: "a".to_owned(),
    };
    assert!(id("v1").matches(&id("v1beta1")));
}
