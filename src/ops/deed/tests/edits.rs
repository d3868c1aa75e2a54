use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::{Content, Deed, Live, Raw};
use super::*;

fn edit(edited: Value) -> Deed {
    Deed::Edit { edited: Raw(edited), from: None }
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "s", "namespace": "a", "uid": "u-s", "resourceVersion": "2"},
        "data": {"password": "aHVudGVyMg==", "user": "YmFja2VuZA=="},
    })
}

#[test]
fn an_edit_is_the_strategic_patch_between_what_was_opened_and_what_was_saved() {
    let mut edited = deployment();
    edited["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
    edited["spec"]["replicas"] = json!(5);
    edited["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().remove(1);
    let act = ask(&edit(edited), &deployment()).unwrap();
    assert_eq!(act.content, Content::Strategic);
    assert_eq!(
        act.body.0,
        json!({
            "spec": {
                "replicas": 5,
                "template": {"spec": {
                    "$setElementOrder/containers": [{"name": "backend"}],
                    "containers": [{"$patch": "delete", "name": "proxy"}],
                }},
            },
            "metadata": {"uid": "u-dep", "resourceVersion": "41"},
        })
    );
    assert_eq!(act.query[1], ("fieldValidation".to_owned(), "Strict".to_owned()));
    assert_eq!(lines(&act)[0], "spec.replicas 4 → 5");
    assert!(lines(&act)[1].starts_with("spec.template.spec.containers[proxy] {"), "{:?}", lines(&act));
}

#[test]
fn a_custom_resource_is_edited_by_a_merge_patch() {
    let object = json!({"apiVersion": "example.com/v1", "kind": "Shop",
        "metadata": {"name": "s", "namespace": "a", "uid": "u", "resourceVersion": "1"}, "spec": {"open": true, "n": 1}});
    let edited = with(object.clone(), "/spec", json!({"open": false}));
    let live = Live::new(&object, "shops", &[]).unwrap();
    let act = edit(edited).request(&live, NOW).unwrap();
    assert_eq!(
        (act.content, act.path()),
        (Content::Merge, "/apis/example.com/v1/namespaces/a/shops/s".to_owned())
    );
    assert_eq!(act.body.0["spec"], json!({"open": false, "n": null}));
    assert_eq!(lines(&act), ["spec.open true → false", "spec.n 1 → none"]);
}

#[test]
fn an_edit_never_makes_it_another_object() {
    for (at, value, name) in [
        ("/kind", "StatefulSet", "kind"),
        ("/apiVersion", "apps/v2", "apiVersion"),
        ("/metadata/name", "x", "metadata.name"),
        ("/metadata/namespace", "x", "metadata.namespace"),
        ("/metadata/uid", "x", "metadata.uid"),
    ] {
        let edited = with(deployment(), at, json!(value));
        assert_eq!(
            refused(&edit(edited), &deployment()),
            format!("{name} cannot be changed: it would be another object")
        );
    }
    assert!(refused(&edit(json!([])), &deployment()).contains("no object"));
}

#[test]
fn an_edit_of_an_older_version_is_told_and_the_servers_fields_are_left_alone() {
    let older = with(deployment(), "/metadata/resourceVersion", json!("40"));
    assert_eq!(refused(&edit(older), &deployment()), "it has changed since it was opened in the editor");
    assert_eq!(refused(&edit(deployment()), &deployment()), "it would change nothing");
    let own = with(deployment(), "/metadata/generation", json!(77));
    let own = with(own, "/metadata/creationTimestamp", json!("2020-01-01T00:00:00Z"));
    assert_eq!(refused(&edit(own), &deployment()), "it would change nothing");
}

#[test]
fn an_edit_holds_while_only_the_status_moves_on_and_never_writes_it() {
    let opened = with(deployment(), "/status", json!({"readyReplicas": 4}));
    let edited = with(opened.clone(), "/spec/replicas", json!(5));
    let deed = Deed::Edit { edited: Raw(edited), from: Some(Raw(opened.clone())) };
    let later = with(opened.clone(), "/metadata/resourceVersion", json!("99"));
    let later = with(later, "/status", json!({"readyReplicas": 3, "replicas": 4}));
    let act = ask(&deed, &later).unwrap();
    assert_eq!(act.body.0["spec"], json!({"replicas": 5}));
    assert_eq!(
        (&act.body.0["status"], &act.body.0["metadata"]["resourceVersion"]),
        (&Value::Null, &json!("99"))
    );
    // What somebody types into the status is no change: the server would drop it.
    let typed = with(opened.clone(), "/status/readyReplicas", json!(9));
    let typed = Deed::Edit { edited: Raw(typed), from: Some(Raw(opened.clone())) };
    assert_eq!(refused(&typed, &later), "it would change nothing");
    let other = with(later, "/spec/paused", json!(true));
    assert_eq!(refused(&deed, &other), "it has changed since it was opened in the editor");
}

#[test]
fn values_of_secrets_are_sent_and_never_shown() {
    let edited = with(secret(), "/data/password", json!("bmV3IG9uZQ=="));
    let deed = edit(edited);
    let act = ask(&deed, &secret()).unwrap();
    assert_eq!(act.body.0["data"], json!({"password": "bmV3IG9uZQ=="}));
    assert_eq!(lines(&act), ["data.password -------- # (7 bytes) → ++++++++ # (7 bytes)"]);
    let shown =
        format!("{act:?} {:?} {} {deed:?} {}", act.fields, act.after.as_ref().unwrap(), deed.for_journal());
    for hidden in ["bmV3IG9uZQ", "aHVudGVyMg", "YmFja2VuZA", "hunter2", "new one"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[test]
fn a_hidden_value_is_never_written_as_it_is_shown() {
    for (field, value) in [("data", "REDACTED # (7 bytes)"), ("stringData", "++++++++ # (7 bytes)")] {
        let edited = with(secret(), &format!("/{field}"), json!({"password": value}));
        assert!(refused(&edit(edited), &secret()).contains("hidden value"), "{field}");
    }
}

#[test]
fn the_copy_that_apply_keeps_is_not_shown_either() {
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let object = with(secret(), "/metadata/annotations", json!({key: "{\"data\": \"hunter2\"}"}));
    let set = [(key.to_owned(), Some("{\"data\": \"hunter3\"}".to_owned()))];
    let deed = Deed::Annotate { set: set.into(), overwrite: false };
    let why = refused(&deed, &object);
    assert!(!why.contains("hunter2"), "{why}");
    assert!(!deed.for_journal().to_string().contains("hunter3"));
}
