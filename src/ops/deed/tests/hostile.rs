use proptest::prelude::*;
use serde_json::json;

use super::super::drain::{self, Options};
use super::super::rollout::{history, status};
use super::super::{Cascade, Deed, Live, Raw, same_but_status};
use super::*;

fn deeds() -> Vec<Deed> {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    vec![
        Deed::Restart,
        Deed::Undo { to: None },
        Deed::Undo { to: Some(i64::MAX) },
        Deed::Pause,
        Deed::Resume,
        Deed::Scale { replicas: i32::MAX, current: Some(i32::MIN) },
        Deed::Scale { replicas: 1, current: None },
        Deed::SetImage { images: vec![pair("*", "a:1")] },
        Deed::SetResources {
            containers: Vec::new(),
            requests: [pair("cpu", "1e2147483647")].into(),
            limits: [pair("cpu", "0.0000000001")].into(),
        },
        Deed::Delete { grace_s: Some(i64::MAX), force: false, cascade: Cascade::Orphan },
        Deed::Delete { grace_s: None, force: true, cascade: Cascade::Background },
        Deed::Evict { grace_s: Some(i64::MIN) },
        Deed::Evict { grace_s: None },
        Deed::Cordon,
        Deed::Uncordon,
        Deed::Trigger { name: "a".to_owned(), operation: "o".to_owned() },
        Deed::Suspend,
        Deed::Unsuspend,
        Deed::Label {
            set: [("a".to_owned(), Some("b".to_owned())), ("c".to_owned(), None)].into(),
            overwrite: true,
        },
        Deed::Annotate { set: [("a".to_owned(), Some("b".to_owned()))].into(), overwrite: false },
        Deed::Edit { edited: Raw(deployment()), from: None },
        Deed::Edit { edited: Raw(json!({"spec": 7})), from: None },
    ]
}

fn objects() -> Vec<Value> {
    vec![
        deployment(),
        stateful_set(),
        cron_job(),
        pod("p"),
        node(),
        replica_set("1", 1, "a:1"),
        controller_revision(1, "a:1"),
    ]
}

/// Asks everything of an object; nothing may panic, and what is sent must be bound to it.
fn everything(object: &Value, revisions: &[Value]) {
    status(object);
    let pods = std::slice::from_ref(object);
    drain::choose(object, pods, pods, None, &Options::default(), NOW);
    drain::choose(&node(), pods, pods, None, &Options { force: true, ..Options::default() }, NOW);
    let Ok(live) = Live::builtin(object, revisions) else { return };
    history(&live);
    for deed in deeds() {
        deed.warnings(&live);
        assert!(deed.risk_on(&live) >= deed.risk());
        match deed.request(&live, NOW) {
            Err(refusal) => assert!(!refusal.to_string().is_empty()),
            Ok(act) => {
                assert!(act.body.0.to_string().contains(&live.place.uid));
                assert!(!act.fields.is_empty());
                assert!(!act.path().contains(".."));
                act.judge(object, Some(object));
                act.judge(object, revisions.first());
            }
        }
    }
}

#[test]
fn objects_with_any_part_missing_or_of_another_type_are_refused_or_done_never_a_panic() {
    let odd = [json!(null), json!(u64::MAX), json!("x"), json!([null, 1, {}])];
    for object in objects() {
        let mut paths = vec![String::new()];
        pointers(&object, "", &mut paths);
        for path in paths {
            for value in &odd {
                let mut broken = object.clone();
                if let Some(place) = broken.pointer_mut(&path) {
                    *place = value.clone();
                }
                everything(
                    &broken,
                    &[broken.clone(), replica_set("1", 1, "b:1"), controller_revision(1, "b:1")],
                );
            }
        }
    }
}

fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{at}/{key}");
        out.push(path.clone());
        pointers(child, &path, out);
    }
}

#[test]
fn names_that_would_leave_their_path_are_refused() {
    for (at, bad) in [
        ("/metadata/name", "../../secrets/s"),
        ("/metadata/name", ".."),
        ("/metadata/name", ""),
        ("/metadata/name", "a?dryRun=All"),
        ("/metadata/namespace", "a/b"),
        ("/metadata/uid", ""),
        ("/metadata/uid", "u\u{1b}"),
        ("/apiVersion", "apps/../v1"),
    ] {
        let object = with(deployment(), at, json!(bad));
        let refusal = Live::new(&object, "deployments", &[]).unwrap_err().to_string();
        assert!(refusal.starts_with("the object cannot be read") && !refusal.contains('\u{1b}'), "{refusal}");
    }
    let object = deployment();
    assert!(Live::new(&object, "deployments/x", &[]).is_err());
    assert!(ask(&Deed::Restart, &with(deployment(), "/metadata/resourceVersion", json!(41))).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9./:-]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![
        "[a-z]{1,4}",
        prop::sample::select(vec![
            "metadata",
            "spec",
            "status",
            "template",
            "containers",
            "name",
            "labels",
            "$patch",
            "image"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_document_panics(spec in any_json(), extra in any_json()) {
        for object in objects() {
            let object = with(object, "/spec", spec.clone());
            everything(&object, std::slice::from_ref(&extra));
            prop_assert!(same_but_status(&object, &object));
            if let Ok(live) = Live::builtin(&object, &[]) {
                let edited = Raw(with(object.clone(), "/spec", extra.clone()));
                drop(Deed::Edit { edited, from: None }.request(&live, NOW));
            }
        }
    }

    #[test]
    fn an_edit_that_is_applied_is_seen_as_applied(replicas in 0..100_i64, image in "[a-z]{1,8}:[0-9]", label in "[a-z]{1,8}") {
        let before = deployment();
        let mut edited = with(before.clone(), "/spec/replicas", json!(replicas));
        edited["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        edited["metadata"]["labels"]["x"] = json!(label);
        let act = ask(&Deed::Edit { edited: Raw(edited), from: None }, &before).unwrap();
        let back = with(act.after.clone().unwrap(), "/metadata/resourceVersion", json!("42"));
        prop_assert_eq!(act.judge(&before, Some(&back)), super::super::Seen::Applied);
        prop_assert_eq!(act.judge(&before, Some(&before)), super::super::Seen::NotYet);
    }
}
