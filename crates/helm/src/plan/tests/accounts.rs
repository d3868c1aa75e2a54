//! Accounts that go while pods are still to be run by them.

use pretty_assertions::assert_eq;

use super::*;

/// An account, and a Deployment that is run by one.
fn shop(account: Option<&str>) -> String {
    let workload = deployment("backend", "shop:1", 2);
    match account {
        None => workload,
        Some(name) => {
            let named = format!("    spec:\n      serviceAccountName: {name}\n      containers:");
            let account = format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n");
            account + &workload.replace("    spec:\n      containers:", &named)
        }
    }
}

/// Goes back from the second manifest to the first; returns what is warned of at the Deployment.
fn warned(before: &str, after: &str) -> Vec<Warning> {
    let mut stand = two(before, after);
    // The server writes the older field beside the newer one.
    stand.drift(BACKEND, |live| {
        let pods = live["spec"]["template"]["spec"].as_object_mut().unwrap();
        if let Some(name) = pods.get("serviceAccountName").cloned() {
            pods.insert("serviceAccount".to_owned(), name);
        }
    });
    let plan = stand.plan(6);
    let found = plan.objects.into_iter().find(|object| object.id.gvk.kind == "Deployment").unwrap();
    found.warnings
}

#[test]
fn an_account_that_is_deleted_while_the_server_keeps_it_at_the_pods_is_told() {
    assert_eq!(warned(&shop(None), &shop(Some("shop"))), [Warning::AccountGoes("shop".to_owned())]);
    let told = Warning::AccountGoes("shop".to_owned()).to_string();
    assert_eq!(
        told,
        "its pods go on being run by the service account shop, which is deleted: no pod of it can be made any more"
    );
    // It goes, and another takes its place; nothing goes.
    assert_eq!(warned(&shop(Some("old")), &shop(Some("new"))), []);
    assert_eq!(warned(&shop(Some("shop")), &shop(Some("shop"))), []);
    // An account that is no account of Kubernetes.
    let other = shop(Some("shop"))
        .replace("apiVersion: v1\nkind: ServiceAccount", "apiVersion: example.com/v1\nkind: Widget");
    assert_eq!(warned(&shop(None), &other), []);
}
