use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn set(text: &str) -> Set {
    Set::from_value(&serde_json::from_str(text).unwrap()).unwrap()
}

fn text(set: &Set) -> String {
    set.to_value().to_string()
}

fn element(text: &str) -> Element {
    Element::parse(text).unwrap().unwrap()
}

#[test]
fn a_step_is_written_as_it_is_read() {
    let steps = [
        "i:0",
        "i:1234",
        "i:-1",
        "f:",
        "f:spec",
        "f: with spaces ",
        "f:a:b",
        "f:spec-🚀",
        r"f:a\n",
        r#"k:{"name":"app"}"#,
        r#"k:{"name":" with spaces "}"#,
        r#"k:{"port":"8080","protocol":"TCP"}"#,
        r#"k:{"port":8080,"protocol":"TCP"}"#,
        r#"k:{"optional":null}"#,
        r#"k:{"json":{"A":1,"B":null,"C":"D","E":{"F":"G"}}}"#,
        r#"k:{"list":["1","2","3"]}"#,
        r#"k:{"name":"你好世界"}"#,
        "v:null",
        "v:true",
        "v:1234",
        "v:0.5",
        "v:-3",
        "v:1e+21",
        "v:1e-07",
        r#"v:"some-text""#,
        r#"v:{"some":" json "}"#,
    ];
    for step in steps {
        assert_eq!(element(step).text(), step);
    }
}

#[test]
fn a_step_that_is_written_in_another_way_is_the_same_step() {
    let cases = [
        (r#"k:{ "protocol":"udp","port":443}"#, r#"k:{"port":443,"protocol":"udp"}"#),
        (r#"k: {"name":"a"} "#, r#"k:{"name":"a"}"#),
        (r#"k:{"name\u002dlong":"a"}"#, r#"k:{"name-long":"a"}"#),
        (r#"v:"\ud83d\ude80""#, r#"v:"🚀""#),
        ("v: 3", "v:3"),
        ("v:3.0", "v:3"),
        ("v:-0.0", "v:-0"),
        // Beyond 2^53 a number is what a float makes of it.
        ("v:9007199254740993", "v:9007199254740992"),
        // What could end a script is escaped within values, and not within the names of keys.
        (r#"k:{"a<b":"x&y"}"#, r#"k:{"a<b":"x\u0026y"}"#),
    ];
    for (read, written) in cases {
        assert_eq!(element(read), element(written), "{read}");
        assert_eq!(element(read).text(), written);
    }
}

#[test]
fn what_is_no_step_is_an_error_and_what_may_be_one_later_is_dropped() {
    let bad = [
        "",
        "f",
        "k",
        "no-colon",
        "é:x",
        "i:x",
        "i:1.5",
        "i:",
        "i: 0",
        "i:0 ",
        "v:",
        "v:no json",
        "k:no json",
        "k:[]",
        "k:1",
        r#"k:{"name":x}"#,
        r#"v:{"a":"b""#,
        r#"v:{"a":1} {"b":2}"#,
        r#"k:{"a":1} x"#,
        r#"v:{"some":" \x41"}"#,
    ];
    for step in bad {
        assert_eq!(Element::parse(step), Err(FieldsError::Element(step.to_owned())));
    }
    assert_eq!(Element::parse("r:later"), Ok(None));
    assert_eq!(text(&set(r#"{"f:a":{},"r:b":{}}"#)), r#"{"f:a":{}}"#);
    for (fields, error) in [
        (json!([]), FieldsError::NotAnObject),
        (json!("text"), FieldsError::NotAnObject),
        (json!({"f:a": 1}), FieldsError::NotAnObject),
        (json!({"f:a": {"f:b": []}}), FieldsError::NotAnObject),
        (json!({"": {}}), FieldsError::Element(String::new())),
    ] {
        assert_eq!(Set::from_value(&fields), Err(error));
    }
    assert_eq!(Set::from_value(&Value::Null), Ok(Set::default()));
}

/// Each step stands before the next.
#[test]
fn steps_are_ordered_by_kind_and_numbers_as_numbers() {
    let order = [
        "f:ant",
        "f:bee",
        r#"k:{"horse":1}"#,
        r#"k:{"horse":2}"#,
        r#"k:{"horse":10}"#,
        r#"k:{"horse":10,"port":1}"#,
        r#"k:{"horse":"1"}"#,
        r#"k:{"ibex":0}"#,
        "v:-1",
        "v:2",
        "v:10",
        r#"v:"10""#,
        r#"v:"2""#,
        "v:false",
        "v:true",
        "v:[]",
        "v:[1]",
        "v:[1,2]",
        "v:[2]",
        "v:{}",
        r#"v:{"a":1}"#,
        r#"v:{"a":2}"#,
        "v:null",
        "i:1",
        "i:2",
        "i:10",
    ];
    for (at, one) in order.iter().enumerate() {
        for (other_at, other) in order.iter().enumerate() {
            assert_eq!(element(one).cmp(&element(other)), at.cmp(&other_at), "{one} and {other}");
        }
    }
}

#[test]
fn a_set_is_written_in_its_order_whatever_order_it_is_read_in() {
    let cases = [
        (
            r#"{"i:2":{},"v:true":{},"v:\"aa\"":{},"v:3":{},"k:{\"port\":443,\"protocol\":\"udp\"}":{},"k:{\"port\":80,\"protocol\":\"tcp\"}":{},"f:b":{},"f:a":{},"i:1":{}}"#,
            r#"{"f:a":{},"f:b":{},"k:{\"port\":80,\"protocol\":\"tcp\"}":{},"k:{\"port\":443,\"protocol\":\"udp\"}":{},"v:3":{},"v:\"aa\"":{},"v:true":{},"i:1":{},"i:2":{}}"#,
        ),
        (
            r#"{"f:spec":{"f:list":{"k:{\"name\":\"b\"}":{"f:name":{},".":{}},"k:{\"name\":\"a\"}":{}},".":{}}}"#,
            r#"{"f:spec":{".":{},"f:list":{"k:{\"name\":\"a\"}":{},"k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}}"#,
        ),
        // A dot alone says no more than nothing at all does.
        (r#"{"f:data":{".":{}}}"#, r#"{"f:data":{}}"#),
        (r#"{"f:a":{"f:b":{}}}"#, r#"{"f:a":{"f:b":{}}}"#),
        ("{}", "{}"),
    ];
    for (read, written) in cases {
        assert_eq!(text(&set(read)), written);
    }
}

#[test]
fn a_union_has_the_fields_of_both() {
    let cases = [
        (r#"{"f:a":{}}"#, r#"{"f:b":{}}"#, r#"{"f:a":{},"f:b":{}}"#),
        (r#"{"f:a":{"f:x":{}}}"#, r#"{"f:a":{"f:y":{}}}"#, r#"{"f:a":{"f:x":{},"f:y":{}}}"#),
        // A member and its children are not the same.
        (r#"{"f:a":{}}"#, r#"{"f:a":{"f:y":{}}}"#, r#"{"f:a":{".":{},"f:y":{}}}"#),
        ("{}", r#"{"f:a":{}}"#, r#"{"f:a":{}}"#),
    ];
    for (one, other, both) in cases {
        assert_eq!(text(&set(one).union(&set(other))), both);
    }
}

fn entry(manager: &str, operation: &str, version: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": version, "time": "2026-11-21T07:30:48Z", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn live(entries: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "env", "resourceVersion": "17", "managedFields": entries}})
}

/// What the managed fields become when `managers` are taken over by `helm`; `None` when nothing is sent.
fn taken_over(entries: &[Value], managers: &[&str]) -> Option<Vec<Value>> {
    let upgrade = upgrade(&live(entries), managers, "helm").unwrap()?;
    let operations = upgrade.patch.as_array().unwrap();
    assert_eq!(operations.len(), 2);
    assert_eq!(operations[1], json!({"op": "replace", "path": "/metadata/resourceVersion", "value": "17"}));
    assert_eq!(
        (&operations[0]["op"], &operations[0]["path"]),
        (&json!("replace"), &json!("/metadata/managedFields"))
    );
    Some(operations[0]["value"].as_array().unwrap().clone())
}

#[test]
fn without_an_entry_that_applies_the_newest_update_becomes_it() {
    let fields = json!({"f:data": {".": {}, "f:key": {}, "f:legacy": {}}});
    assert_eq!(
        taken_over(&[entry("helm", "Update", "v1", &fields)], &["helm"]),
        Some(vec![entry("helm", "Apply", "v1", &fields)])
    );
    // Of two versions, the first in the list; the other is dropped.
    let other = json!({"f:data": {"f:other": {}}});
    let entries = [
        entry("kubectl", "Update", "v1", &other),
        entry("helm", "Update", "v2", &fields),
        entry("helm", "Update", "v1", &other),
    ];
    assert_eq!(
        taken_over(&entries, &["helm"]),
        Some(vec![entry("kubectl", "Update", "v1", &other), entry("helm", "Apply", "v2", &fields)])
    );
}

#[test]
fn an_update_is_merged_into_the_entry_that_applies_it_in_the_same_version() {
    let applied = json!({"f:data": {".": {}, "f:key": {}}});
    let patched = json!({"f:data": {"f:key2": {}}, "f:metadata": {"f:annotations": {"f:hello": {}}}});
    let both = json!({"f:data": {".": {}, "f:key": {}, "f:key2": {}}, "f:metadata": {"f:annotations": {"f:hello": {}}}});
    let gone = json!({"f:data": {"f:key3": {}}});
    let entries = [
        entry("helm", "Apply", "v5", &applied),
        entry("helm", "Update", "v1", &gone),
        entry("helm", "Update", "v5", &patched),
        entry("other", "Update", "v5", &gone),
    ];
    assert_eq!(
        taken_over(&entries, &["helm"]),
        Some(vec![entry("helm", "Apply", "v5", &both), entry("other", "Update", "v5", &gone)])
    );
    // None of the same version: they are dropped without being merged.
    let entries = [entry("helm", "Apply", "v5", &applied), entry("helm", "Update", "v1", &gone)];
    assert_eq!(taken_over(&entries, &["helm"]), Some(vec![entry("helm", "Apply", "v5", &applied)]));
    // The same fields twice: one of them goes.
    let entries = [entry("helm", "Apply", "v1", &applied), entry("helm", "Update", "v1", &applied)];
    assert_eq!(taken_over(&entries, &["helm"]), Some(vec![entry("helm", "Apply", "v1", &applied)]));
}

#[test]
fn several_managers_are_taken_over_into_one() {
    let status = json!({"f:status": {"f:phase": {}}});
    let data = json!({"f:data": {"f:key": {}}});
    let both = json!({"f:data": {"f:key": {}}, "f:status": {"f:phase": {}}});
    let entries = [entry("one", "Update", "v1", &status), entry("two", "Update", "v1", &data)];
    assert_eq!(taken_over(&entries, &["two", "one"]), Some(vec![entry("helm", "Apply", "v1", &both)]));
}

#[test]
fn what_is_not_the_managers_or_of_a_subresource_stays() {
    let fields = json!({"f:data": {"f:key": {}}});
    let mut status = entry("helm", "Update", "v1", &fields);
    status["subresource"] = json!("status");
    let entries = [entry("kubectl", "Apply", "v1", &fields), status.clone()];
    assert_eq!(taken_over(&entries, &["helm"]), None);
    let entries = [entry("helm", "Update", "v1", &fields), status.clone()];
    assert_eq!(taken_over(&entries, &["helm"]), Some(vec![entry("helm", "Apply", "v1", &fields), status]));
    assert_eq!(taken_over(&[entry("helm", "Apply", "v1", &fields)], &["helm"]), None);
    assert_eq!(taken_over(&[], &["helm"]), None);
    assert_eq!(upgrade(&json!({"metadata": {"name": "env"}}), &["helm"], "helm"), Ok(None));
    // Entries that are none: the client sees no managed fields at all.
    assert_eq!(taken_over(&[entry("helm", "Update", "v1", &fields), json!("x")], &["helm"]), None);
}

#[test]
fn an_entry_without_a_time_gets_none_and_one_that_cannot_be_read_is_an_error() {
    let mut old = entry("helm", "Update", "v1", &json!({"f:data": {}}));
    old.as_object_mut().unwrap().shift_remove("time");
    let mut new = old.clone();
    new["operation"] = json!("Apply");
    assert_eq!(taken_over(&[old.clone()], &["helm"]), Some(vec![new]));
    old["fieldsV1"] = json!({"bad": {}});
    assert_eq!(
        upgrade(&live(&[old.clone()]), &["helm"], "helm"),
        Err(FieldsError::Element("bad".to_owned()))
    );
    old.as_object_mut().unwrap().shift_remove("fieldsV1");
    assert_eq!(upgrade(&live(&[old]), &["helm"], "helm"), Err(FieldsError::NotAnObject));
}

/// The client reads the server's answer into maps and writes those with their keys sorted as texts. Where that is not the
/// order of the set, what it makes of the set differs in bytes, and it is sent.
#[test]
fn what_only_differs_in_bytes_is_sent_as_helm_does_and_changes_nothing() {
    let ports = |first: &str, second: &str| json!({"f:ports": {first: {}, second: {}}});
    let small_first = ports(r#"k:{"port":80}"#, r#"k:{"port":443}"#);
    let entries = [entry("helm", "Apply", "v1", &small_first)];
    let sent = upgrade(&live(&entries), &["helm"], "helm").unwrap().unwrap();
    assert!(!sent.changes);
    assert_eq!(sent.patch[0]["value"], json!(entries));
    // In whatever order they came.
    let sent = upgrade(
        &live(&[entry("helm", "Apply", "v1", &ports(r#"k:{"port":443}"#, r#"k:{"port":80}"#))]),
        &["helm"],
        "helm",
    );
    assert_eq!(sent.unwrap().unwrap().patch[0]["value"][0]["fieldsV1"].to_string(), small_first.to_string());
    // Nobody looks at what others own.
    assert_eq!(taken_over(&[entry("kubectl", "Apply", "v1", &small_first)], &["helm"]), None);
    // Both orders are one here.
    assert_eq!(
        taken_over(
            &[entry("helm", "Apply", "v1", &ports(r#"k:{"port":80}"#, r#"k:{"port":90}"#))],
            &["helm"]
        ),
        None
    );
    // A character that the two writers write differently.
    let odd = json!({"f:data": {"f:a&b": {}}});
    assert_eq!(
        taken_over(&[entry("helm", "Apply", "v1", &odd)], &["helm"]),
        Some(vec![entry("helm", "Apply", "v1", &odd)])
    );
    // What is merged changes something.
    let entries = [entry("helm", "Apply", "v1", &odd), entry("helm", "Update", "v1", &odd)];
    assert!(upgrade(&live(&entries), &["helm"], "helm").unwrap().unwrap().changes);
}

#[test]
fn an_object_is_applied_when_the_manager_owns_what_it_says_and_nothing_else() {
    let object = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"ports": [{"port": 80}], "clusterIPs": ["10.0.0.1"], "selector": {"app": "web"}, "externalIPs": ["a", "b"]},
    });
    let fields = json!({
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {
            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            "f:clusterIPs": {},
            "f:selector": {},
            "f:externalIPs": {"v:\"a\"": {}, "v:\"b\"": {}},
        },
    });
    let holds = |fields: &Value, object: &Value| {
        holds_exactly(&live(&[entry("helm", "Apply", "v1", fields)]), "helm", object)
    };
    assert!(holds(&fields, &object));
    // It would be given a field, or one would be taken from it.
    let mut more = object.clone();
    more["spec"]["type"] = json!("NodePort");
    assert!(!holds(&fields, &more));
    for path in ["/metadata/labels/app", "/spec/ports/0/port", "/spec/selector", "/spec/clusterIPs"] {
        let mut less = object.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(key);
        assert!(!holds(&fields, &less), "{path}");
    }
    for (list, item) in [("ports", json!({"port": 81})), ("externalIPs", json!("c"))] {
        let mut more = object.clone();
        more["spec"][list].as_array_mut().unwrap().push(item);
        assert!(!holds(&fields, &more), "{list}");
        let mut less = object.clone();
        less["spec"][list].as_array_mut().unwrap().remove(0);
        assert!(!holds(&fields, &less), "{list}");
    }
    // Another manager, another operation, another version.
    assert!(!holds_exactly(&live(&[entry("kubectl", "Apply", "v1", &fields)]), "helm", &object));
    assert!(!holds_exactly(&live(&[entry("helm", "Update", "v1", &fields)]), "helm", &object));
    assert!(!holds_exactly(&live(&[entry("helm", "Apply", "v2", &fields)]), "helm", &object));
    assert!(!holds_exactly(&json!({"metadata": {}}), "helm", &object));
}

fn any_element() -> impl Strategy<Value = Element> {
    let names = prop::sample::select(vec!["a", "b", "c:d", "é"]);
    let port = prop::sample::select(vec![80, 443, 8080]);
    prop_oneof![
        4 => names.clone().prop_map(|name| Element::Field(name.to_owned())),
        1 => (names, port.clone()).prop_map(|(name, port)| Element::Key(vec![("name".to_owned(), json!(name)), ("port".to_owned(), json!(port))])),
        1 => port.prop_map(|port| Element::Item(json!(port))),
        1 => (0i64..12).prop_map(Element::Index),
    ]
}

fn any_set() -> impl Strategy<Value = Set> {
    prop::collection::vec(prop::collection::vec(any_element(), 1..4), 0..12).prop_map(|paths| {
        let mut set = Set::default();
        for path in paths {
            let (last, before) = path.split_last().unwrap();
            let parent =
                before.iter().fold(&mut set, |at, step| at.children.entry(step.clone()).or_default());
            parent.members.insert(last.clone());
        }
        set
    })
}

/// All paths of a set, each as the texts of its steps.
fn paths(set: &Set) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = set.members.iter().map(|element| vec![element.text()]).collect();
    for (element, below) in &set.children {
        all.extend(paths(below).into_iter().map(|path| [vec![element.text()], path].concat()));
    }
    all.sort();
    all
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(set in any_set()) {
        prop_assert_eq!(Set::from_value(&set.to_value()).unwrap(), set);
    }

    #[test]
    fn a_union_does_not_depend_on_order_and_repeats_nothing(a in any_set(), b in any_set(), c in any_set()) {
        prop_assert_eq!(text(&a.union(&b)), text(&b.union(&a)));
        prop_assert_eq!(a.union(&a), a.clone());
        prop_assert_eq!(a.union(&b).union(&b), a.union(&b));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.union(&Set::default()), a);
    }

    #[test]
    fn a_union_has_the_paths_of_both_and_no_others(a in any_set(), b in any_set()) {
        let mut both = [paths(&a), paths(&b)].concat();
        both.sort();
        both.dedup();
        prop_assert_eq!(paths(&a.union(&b)), both);
    }

    #[test]
    fn an_upgrade_is_made_once(a in any_set(), b in any_set()) {
        let mut object = live(&[entry("helm", "Update", "v1", &a.to_value()), entry("helm", "Apply", "v1", &b.to_value())]);
        let first = upgrade(&object, &["helm"], "helm").unwrap().unwrap();
        prop_assert!(first.changes);
        object["metadata"]["managedFields"] = first.patch[0]["value"].clone();
        let second = upgrade(&object, &["helm"], "helm").unwrap();
        prop_assert!(second.is_none_or(|again| !again.changes));
    }
}
