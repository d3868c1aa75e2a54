use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn deployment() -> Schema {
    Schema::of_kind("apps/v1", "Deployment").unwrap()
}

/// A Deployment whose pod has these fields.
fn pod(spec: &Value) -> Value {
    json!({"spec": {"template": {"spec": spec}}})
}

fn patch_of(old: &Value, target: &Value, live: &Value) -> Value {
    let patch = three_way(&pod(old), &pod(target), &pod(live), deployment()).unwrap();
    patch.pointer("/spec/template/spec").cloned().unwrap_or(patch)
}

#[test]
fn every_kind_of_the_table_is_found_and_others_are_not() {
    let kinds: Vec<_> = Schema::kinds().collect();
    assert!(kinds.len() > 80, "{}", kinds.len());
    for (api_version, kind) in kinds {
        assert!(Schema::of_kind(api_version, kind).is_some(), "{api_version} {kind}");
    }
    for (api_version, kind) in [
        ("apps/v1", "Deploymen"),
        ("apps/v1", "Deployments"),
        ("example.com/v1", "Widget"),
        ("apiregistration.k8s.io/v1", "APIService"),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
        ("", ""),
    ] {
        assert_eq!(Schema::of_kind(api_version, kind), None, "{api_version} {kind}");
    }
}

#[test]
fn nothing_changed_makes_an_empty_patch() {
    let spec = json!({"containers": [{"name": "a", "image": "x"}]});
    assert_eq!(patch_of(&spec, &spec, &spec), json!({}));
}

#[test]
fn drift_is_overwritten_what_was_removed_is_deleted_and_what_others_added_stays() {
    let old =
        json!({"nodeName": "n", "hostname": "h", "containers": [{"name": "a", "image": "1", "args": ["x"]}]});
    let target = json!({"nodeName": "n", "containers": [{"name": "a", "image": "2"}]});
    let live = json!({"nodeName": "drifted", "hostname": "h", "dnsPolicy": "ClusterFirst", "containers": [{"name": "a", "image": "1", "args": ["x"], "tty": true}, {"name": "sidecar"}]});
    assert_eq!(
        patch_of(&old, &target, &live),
        json!({
            "hostname": null, "nodeName": "n",
            "$setElementOrder/containers": [{"name": "a"}],
            "containers": [{"name": "a", "args": null, "image": "2"}],
        })
    );
}

#[test]
fn an_item_that_left_the_manifest_is_deleted_by_its_key() {
    let old = json!({"containers": [{"name": "a"}, {"name": "b"}]});
    let target = json!({"containers": [{"name": "a"}]});
    assert_eq!(
        patch_of(&old, &target, &old),
        json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b", "$patch": "delete"}]})
    );
}

#[test]
fn a_new_order_is_sent_even_without_other_changes() {
    let old = json!({"containers": [{"name": "a"}, {"name": "b"}]});
    let target = json!({"containers": [{"name": "b"}, {"name": "a"}]});
    assert_eq!(
        patch_of(&old, &target, &old),
        json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]})
    );
}

#[test]
fn volumes_keep_only_the_keys_of_the_target() {
    let old = json!({"volumes": [{"name": "v", "emptyDir": {}}]});
    let target = json!({"volumes": [{"name": "v", "configMap": {"name": "c"}}]});
    assert_eq!(
        patch_of(&old, &target, &old),
        json!({
            "$setElementOrder/volumes": [{"name": "v"}],
            "volumes": [{"name": "v", "configMap": {"name": "c"}, "emptyDir": null, "$retainKeys": ["configMap", "name"]}],
        })
    );
}

#[test]
fn scalars_that_are_merged_are_deleted_by_a_list_of_their_own() {
    let of = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    let (old, target, live) = (of(json!(["a", "b"])), of(json!(["b", "c"])), of(json!(["a", "b", "x"])));
    assert_eq!(
        three_way(&old, &target, &live, deployment()).unwrap(),
        json!({"metadata": {
            "$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["b", "c"], "finalizers": ["c"],
        }})
    );
}

#[test]
fn lists_without_a_merge_key_are_replaced_whole() {
    let old = json!({"containers": [{"name": "a", "args": ["1", "2"]}]});
    let target = json!({"containers": [{"name": "a", "args": ["2"]}]});
    let patch = patch_of(&old, &target, &old);
    assert_eq!(patch["containers"], json!([{"name": "a", "args": ["2"]}]));
}

#[test]
fn a_selector_of_a_budget_is_replaced_whole() {
    let schema = Schema::of_kind("policy/v1", "PodDisruptionBudget").unwrap();
    let of = |labels: Value| json!({"spec": {"selector": {"matchLabels": labels}}});
    let patch =
        three_way(&of(json!({"a": "1"})), &of(json!({"b": "1"})), &of(json!({"a": "1"})), schema).unwrap();
    assert_eq!(patch, of(json!({"b": "1"})));
}

#[test]
fn a_missing_merge_key_is_an_error_with_gos_text() {
    let old = json!({"containers": [{"image": "x", "ports": [{"containerPort": 1}]}]});
    let target = json!({"containers": [{"name": "a"}]});
    let error = three_way(&pod(&old), &pod(&target), &pod(&old), deployment()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "map: map[image:x ports:[map[containerPort:1]]] does not contain declared merge key: name"
    );
}

#[test]
fn fields_that_the_type_does_not_know_may_stay_but_not_change() {
    let of = |x: Value| json!({"spec": {"bogus": x}});
    assert_eq!(
        three_way(&of(json!({"a": 1})), &of(json!({"a": 1})), &of(json!({"a": 1})), deployment()),
        Ok(json!({}))
    );
    let error = three_way(&of(json!({"a": 1})), &of(json!({"a": 2})), &json!({}), deployment()).unwrap_err();
    assert_eq!(
        error,
        MergeError::UnknownField { owner: "DeploymentSpec".to_owned(), field: "\"bogus\"".to_owned() }
    );
}

#[test]
fn an_explicit_null_deletes_and_an_absent_field_that_was_there_does_too() {
    let with = |replicas: Value| json!({"spec": {"replicas": replicas}});
    let live = with(json!(5));
    assert_eq!(
        three_way(&with(json!(2)), &with(Value::Null), &live, deployment()).unwrap(),
        with(Value::Null)
    );
    assert_eq!(
        three_way(&with(json!(2)), &json!({"spec": {}}), &live, deployment()).unwrap(),
        with(Value::Null)
    );
    assert_eq!(
        three_way(&json!({"spec": {}}), &json!({"spec": {}}), &live, deployment()).unwrap(),
        json!({})
    );
}

#[test]
fn an_integer_and_a_float_are_two_types() {
    let of = |value: Value| json!({"metadata": {"generation": value}});
    assert_eq!(three_way(&of(json!(1)), &of(json!(1)), &of(json!(1.0)), deployment()).unwrap(), of(json!(1)));
}

#[test]
fn applying_follows_the_directives() {
    let live = json!({"spec": {"template": {"spec": {
        "containers": [{"name": "a", "image": "1"}, {"name": "x", "image": "1"}, {"name": "b"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    }}}, "metadata": {"finalizers": ["a", "b", "x"]}});
    let patch = json!({"spec": {"template": {"spec": {
        "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
        "containers": [{"name": "c"}, {"name": "a", "image": "2"}, {"name": "b", "$patch": "delete"}],
        "$setElementOrder/volumes": [{"name": "v"}],
        "volumes": [{"name": "v", "configMap": {"name": "c"}, "emptyDir": null, "$retainKeys": ["configMap", "name"]}],
    }}}, "metadata": {
        "$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["c", "b"], "finalizers": ["c"],
        "annotations": {"gone": null, "new": "1"},
    }});
    assert_eq!(
        strategic_apply(&live, &patch, deployment()).unwrap(),
        json!({"spec": {"template": {"spec": {
            "containers": [{"name": "x", "image": "1"}, {"name": "c"}, {"name": "a", "image": "2"}],
            "volumes": [{"name": "v", "configMap": {"name": "c"}}],
        }}}, "metadata": {"finalizers": ["c", "b", "x"], "annotations": {"new": "1"}}})
    );
}

#[test]
fn items_that_were_appended_in_place_of_deleted_ones_count_as_the_servers() {
    // The API machinery's own slip, kept: after a deletion the first new item sorts behind what only the server has.
    let live = pod(&json!({"containers": [{"name": "gone"}, {"name": "x"}, {"name": "y"}]}));
    let patch = pod(&json!({
        "$setElementOrder/containers": [{"name": "new"}],
        "containers": [{"name": "new"}, {"name": "gone", "$patch": "delete"}],
    }));
    assert_eq!(
        strategic_apply(&live, &patch, deployment()).unwrap(),
        pod(&json!({"containers": [{"name": "x"}, {"name": "y"}, {"name": "new"}]}))
    );
}

#[test]
fn floats_are_compared_to_the_last_bit() {
    let schema = Schema::of_kind("v1", "ConfigMap").unwrap();
    let live: Value = serde_json::from_str(r#"{"data":{"a":7e191}}"#).unwrap();
    let target = crate::yaml11::parse_document("data: {a: 7E191}").unwrap().unwrap();
    assert_eq!(three_way(&target, &target, &live, schema).unwrap(), json!({}));
}

#[test]
fn a_whole_map_or_list_can_be_replaced_or_deleted() {
    let live = json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}], "securityContext": {"runAsUser": 1}}}}});
    let patch = pod(
        &json!({"containers": [{"$patch": "replace"}, {"name": "z"}], "securityContext": {"$patch": "replace", "runAsGroup": 2}}),
    );
    assert_eq!(
        strategic_apply(&live, &patch, deployment()).unwrap(),
        pod(&json!({"containers": [{"name": "z"}], "securityContext": {"runAsGroup": 2}}))
    );
    let patch = pod(&json!({"securityContext": {"$patch": "delete"}}));
    assert_eq!(
        strategic_apply(&live, &patch, deployment()).unwrap(),
        pod(&json!({"containers": [{"name": "a"}], "securityContext": {}}))
    );
}

#[test]
fn custom_resources_are_compared_with_the_old_manifest_only() {
    let old = json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"a": 1, "b": [1, 2], "c": {"d": 1}}});
    let mut target = old.clone();
    let live = json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"a": 99}});
    assert_eq!(create_patch(&old, &target, Some(&live)).unwrap(), None);
    target["spec"] = json!({"b": [1], "c": {"d": 1, "e": null}});
    assert_eq!(
        create_patch(&old, &target, Some(&live)).unwrap(),
        Some(Patch {
            kind: PatchKind::Merge,
            body: json!({"spec": {"a": null, "b": [1], "c": {"e": null}}})
        })
    );
}

#[test]
fn built_in_kinds_get_a_strategic_patch_and_an_empty_one_is_none() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}});
    assert_eq!(create_patch(&object, &object, Some(&object)).unwrap(), None);
    let drifted = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "2", "b": "3"}});
    let patch = create_patch(&object, &object, Some(&drifted)).unwrap().unwrap();
    assert_eq!(patch, Patch { kind: PatchKind::Strategic, body: json!({"data": {"a": "1"}}) });
    assert_eq!(apply(&drifted, &patch).unwrap()["data"], json!({"a": "1", "b": "3"}));
    assert_eq!(patch.kind.content_type(), "application/strategic-merge-patch+json");
}

#[test]
fn what_does_not_fit_its_type_is_patched_two_way_as_helm_does() {
    let object = |port: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": port}]}});
    let live = json!({"apiVersion": "v1", "kind": "Service", "spec": {"clusterIP": "drifted"}});
    let patch = create_patch(&object(json!(80)), &object(json!("81")), Some(&live)).unwrap().unwrap();
    assert_eq!(patch, Patch { kind: PatchKind::Merge, body: json!({"spec": {"ports": [{"port": "81"}]}}) });
    let schema = Schema::of_kind("v1", "Service").unwrap();
    assert_eq!(
        misfit(schema, &object(json!("81"))),
        Some(Misfit { path: "spec.ports[0].port".to_owned(), why: "string is no int32".to_owned() })
    );
    assert_eq!(misfit(schema, &object(json!(81.0))), None);
    assert_eq!(misfit(schema, &json!({"spec": {"unknown": [1], "type": null}})), None);
}

#[test]
fn odd_documents_are_errors_and_never_panics() {
    let error = |old: Value, new: Value| three_way(&old, &new, &old, deployment()).unwrap_err();
    assert_eq!(error(json!([]), json!({})), MergeError::NotAnObject);
    let of = |list: Value| pod(&json!({"containers": list}));
    assert!(matches!(error(of(json!([{"name": "a"}])), of(json!([1]))), MergeError::MixedList(_)));
    assert!(matches!(error(of(json!([[1]])), of(json!([]))), MergeError::ListOfLists));
    assert!(matches!(error(of(json!([null])), of(json!([]))), MergeError::Panics(_)));
    let name = json!([{"name": {"a": 1}}]);
    assert!(matches!(error(of(name.clone()), of(name)), MergeError::Panics(_)));
    let long: Vec<Value> = (0..20_001).map(|at| json!({"name": at.to_string()})).collect();
    assert!(matches!(error(of(json!(long)), of(json!([]))), MergeError::TooLong { .. }));
    let deep = (0..300).fold(json!(1), |inner, _| json!({"containers": [{"name": "a", "x": inner}]}));
    assert!(three_way(&pod(&deep), &pod(&json!({})), &pod(&deep), deployment()).is_ok());
}

/// The text of the error that a patch of a pod's fields is refused with.
fn refusal(live: &Value, patch: &Value) -> String {
    strategic_apply(&pod(live), &pod(patch), deployment()).unwrap_err().to_string()
}

#[test]
fn refusals_have_gos_texts() {
    let containers = |list: Value| json!({"containers": list});
    let both =
        |a: Value, b: Value| three_way(&pod(&a), &pod(&b), &json!({}), deployment()).unwrap_err().to_string();
    assert_eq!(
        both(containers(json!([{"name": "a"}])), containers(json!([1, "b"]))),
        "list element types are not identical: [[map[name:a]] [1 b]]"
    );
    assert_eq!(
        refusal(&json!({}), &json!({"$setElementOrder/containers": null})),
        "expected a []interface {}, but received a %!s(<nil>)"
    );
    assert_eq!(
        refusal(
            &json!({"nodeSelector": {"a": "b"}}),
            &json!({"nodeSelector": {"$patch": 5, "b": [null, 1.5]}})
        ),
        "unknown patch type: %!s(int64=5) in map: map[$patch:5 b:[<nil> 1.5]]"
    );
    assert_eq!(
        refusal(
            &containers(json!([{"name": "a"}])),
            &containers(json!([{"name": "a", "$patch": {"b": [true, null]}}]))
        ),
        "unknown patch type: map[b:[%!s(bool=true) <nil>]] in map: map[$patch:map[b:[true <nil>]] name:a]"
    );
    assert_eq!(
        refusal(&json!({}), &json!({"$deleteFromPrimitiveListA": []})),
        "invalid patch format of primitive list"
    );
    assert_eq!(
        refusal(&json!({}), &json!({"$setElementOrder/containers": [], "$setElementOrder": []})),
        "invalid patch format of setElementOrder list"
    );
    assert_eq!(
        refusal(&containers(json!([])), &json!({"$setElementOrder/containers": [{"name": "a"}]})),
        "no elements in any of the given slices"
    );
}

#[test]
fn fields_are_named_as_go_names_their_types() {
    let error = |a: Value, b: Value| two_way(&a, &b, deployment()).unwrap_err().to_string();
    let of = |field: &str, value: i32| pod(&json!({field: {"a": {"b": value}}}));
    assert_eq!(
        error(pod(&json!({"bo\"gus": {"a": 1}})), pod(&json!({"bo\"gus": {"a": 2}}))),
        "unable to find api field in struct PodSpec for the json field \"bo\\\"gus\""
    );
    assert_eq!(
        error(of("nodeSelector", 1), of("nodeSelector", 2)),
        "merging an object in json but data type is not struct, instead is: map"
    );
    let created = |value: i32| json!({"metadata": {"creationTimestamp": {"a": {"b": value}}}});
    assert_eq!(
        error(created(1), created(2)),
        "unable to find api field in struct Time for the json field \"a\""
    );
}

#[test]
fn a_field_in_other_letters_is_taken_for_the_field() {
    let of = |name: &str, image: &str| pod(&json!({name: [{"name": "a", "image": image}]}));
    let patch = two_way(&of("CONTAINERS", "1"), &of("CONTAINERS", "2"), deployment()).unwrap();
    assert_eq!(
        patch,
        pod(
            &json!({"CONTAINERS": [{"name": "a", "image": "2"}], "$setElementOrder/CONTAINERS": [{"name": "a"}]})
        )
    );
}

#[test]
fn kinds_that_are_served_no_more_are_built_in_for_helm() {
    for (api_version, kind) in [
        ("policy/v1beta1", "PodDisruptionBudget"),
        ("extensions/v1beta1", "Ingress"),
        ("batch/v1beta1", "CronJob"),
        ("apps/v1beta1", "Deployment"),
    ] {
        assert!(Schema::of_kind(api_version, kind).is_some(), "{api_version} {kind}");
    }
    let budget = |labels: Value| json!({"spec": {"selector": {"matchLabels": labels}}});
    let of = |version: &str| {
        let schema = Schema::of_kind(version, "PodDisruptionBudget").unwrap();
        two_way(&budget(json!({"a": "1"})), &budget(json!({"b": "1"})), schema).unwrap()
    };
    assert_eq!(of("policy/v1"), budget(json!({"b": "1"})), "it is replaced whole");
    assert_eq!(of("policy/v1beta1"), budget(json!({"a": null, "b": "1"})), "and was merged");
}

#[test]
fn a_list_behind_a_pointer_is_not_looked_at_and_one_elsewhere_is_refused() {
    let of = |field: &str, list: Value| pod(&json!({field: list}));
    let patch = two_way(&of("securityContext", json!([1])), &of("securityContext", json!([2])), deployment());
    assert_eq!(patch.unwrap(), of("securityContext", json!([2])));
    let error = two_way(&of("restartPolicy", json!([1])), &of("restartPolicy", json!([2])), deployment());
    assert_eq!(error.unwrap_err().to_string(), "expected slice or array type, but got: struct");
}

#[test]
fn merge_keys_of_any_type_are_compared_until_go_has_a_panic() {
    let of = |names: &[Value]| {
        let items: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        pod(&json!({"containers": items}))
    };
    let patch = two_way(&of(&[json!({"a": 1})]), &of(&[json!("b")]), deployment()).unwrap();
    assert_eq!(
        patch["spec"]["template"]["spec"]["containers"][1],
        json!({"name": {"a": 1}, "$patch": "delete"})
    );
    let error = two_way(&of(&[json!({"a": 1})]), &of(&[json!({"a": 1})]), deployment()).unwrap_err();
    assert!(matches!(error, MergeError::Panics(_)), "{error}");
    let order = json!({"$setElementOrder/tolerations": [{"key": "a"}], "tolerations": [{"key": "a"}]});
    assert!(refusal(&json!({}), &order).contains("panic"));
}

#[test]
fn items_behind_the_order_are_refused_even_with_a_directive() {
    let patch = json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a"}, {"name": "b", "$patch": "replace"}]});
    assert_eq!(
        refusal(&json!({"containers": [{"name": "a"}]}), &patch),
        "The order in patch list:\n[map[name:a] map[$patch:replace name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n"
    );
}

#[test]
fn the_keys_of_items_are_looked_for_before_their_types() {
    assert_eq!(
        refusal(&json!({"containers": [{}, 1]}), &json!({"$setElementOrder/containers": [{"name": "a"}]})),
        "map: map[] does not contain declared merge key: name"
    );
}

#[test]
fn what_is_added_after_a_deletion_is_deduplicated_in_place() {
    let schema = Schema::of_kind("v1", "Node").unwrap();
    let live = json!({"spec": {"podCIDRs": ["c", "c", "a"]}});
    let patch = json!({"spec": {"$deleteFromPrimitiveList/podCIDRs": ["a"], "podCIDRs": ["d"]}});
    let expected = json!({"spec": {"podCIDRs": ["c", "d"]}});
    assert_eq!(strategic_apply(&live, &patch, schema).unwrap(), expected);
}

#[test]
fn what_is_deleted_from_something_else_than_a_list_of_scalars_is_merged() {
    let live = pod(&json!({"nodeSelector": {"a": "1"}, "containers": [{"name": "a"}], "hostname": "h"}));
    let patch = pod(&json!({
        "$deleteFromPrimitiveList/nodeSelector": {"b": "2"},
        "$deleteFromPrimitiveList/containers": [{"name": "a", "image": "x"}],
        "$deleteFromPrimitiveList/hostname": "i",
    }));
    assert_eq!(
        strategic_apply(&live, &patch, deployment()).unwrap(),
        pod(
            &json!({"nodeSelector": {"a": "1", "b": "2"}, "containers": [{"name": "a", "image": "x"}], "hostname": "i"})
        )
    );
}

#[test]
fn a_float_without_a_fraction_is_sent_as_an_integer_and_is_none_before() {
    let of = |value: Value| json!({"metadata": {"generation": value}});
    assert_eq!(
        two_way(&of(json!(0)), &of(json!(0.0)), deployment()).unwrap().to_string(),
        of(json!(0)).to_string()
    );
    let widget = |value: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": value});
    assert_eq!(create_patch(&widget(json!(1)), &widget(json!(1.0)), None).unwrap(), None);
}

#[test]
fn types_are_read_as_go_reads_them() {
    let fits = |api_version: &str, kind: &str, value: Value| {
        misfit(Schema::of_kind(api_version, kind).unwrap(), &value).is_none()
    };
    let lease = |time: &str| fits("coordination.k8s.io/v1", "Lease", json!({"spec": {"renewTime": time}}));
    assert!(lease("2026-11-21T07:40:48.000000Z"));
    assert!(!lease("2026-11-21T07:40:48Z"), "a fraction of six digits is missing");
    let secret = |value: Value| fits("v1", "Secret", json!({"data": {"a": value}}));
    assert!(secret(json!("YR==")) && secret(json!("YQ\n==")) && secret(json!([1, 2.0, null])));
    assert!(!secret(json!("YQ=")) && !secret(json!([1.5])) && !secret(json!(1)));
    let schema = |inner: Value| {
        let outer = json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": inner}}]}});
        fits("apiextensions.k8s.io/v1", "CustomResourceDefinition", outer)
    };
    assert!(schema(
        json!({"items": {"maxLength": 2.0}, "additionalProperties": true, "dependencies": {"a": ["b"]}})
    ));
    assert!(schema(json!({"items": "anything", "maxLength": 1e20})));
    assert!(!schema(json!({"items": {"maxLength": 1e20}})), "what is inside is read more strictly");
    assert!(!schema(json!({"items": [{"type": 1}]})) && !schema(json!({"additionalProperties": "a"})));
    assert!(!schema(json!({"dependencies": {"a": [1]}})));
}

/// Image, environment and arguments.
type AnyContainer = (Option<String>, Vec<Value>, Option<Vec<String>>);

/// Small Deployments over few names, so that lists overlap.
fn any_spec() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["a", "b", "c", "d"];
    let env = prop::collection::btree_map(name.clone(), prop::option::of("[xyz]"), 0..4).prop_map(|all| {
        all.into_iter()
            .map(|(name, value)| json!({"name": name, "value": value.unwrap_or_default()}))
            .collect::<Vec<_>>()
    });
    let fields = (prop::option::of("[12]"), env, prop::option::of(prop::collection::vec("[pq]", 0..3)));
    let containers = prop::collection::btree_map(name.clone(), fields, 0..4)
        .prop_map(|all| {
            let one = |(name, (image, env, args)): (String, AnyContainer)| {
                let mut one = json!({"name": name});
                if let Some(image) = image {
                    one["image"] = json!(image);
                }
                if !env.is_empty() {
                    one["env"] = json!(env);
                }
                if let Some(args) = args {
                    one["args"] = json!(args);
                }
                one
            };
            all.into_iter().map(one).collect::<Vec<_>>()
        })
        .prop_shuffle();
    let labels = prop::collection::btree_map(name.clone(), "[12]", 0..3);
    let finalizers = prop::collection::btree_set(name, 0..4)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_shuffle();
    (containers, labels, finalizers, prop::option::of(0..3)).prop_map(
        |(containers, labels, finalizers, replicas)| {
            let mut object = json!({"metadata": {"labels": labels}, "spec": {"template": {"spec": {}}}});
            if !containers.is_empty() {
                object["spec"]["template"]["spec"]["containers"] = json!(containers);
            }
            if !finalizers.is_empty() {
                object["metadata"]["finalizers"] = json!(finalizers);
            }
            if let Some(replicas) = replicas {
                object["spec"]["replicas"] = json!(replicas);
            }
            object
        },
    )
}

/// Checks that whatever `target` says is so in `result`.
fn says(target: &Value, result: &Value, path: &str) -> Result<(), TestCaseError> {
    match (target, result) {
        (Value::Object(target), Value::Object(result)) => {
            for (key, value) in target {
                let found = result.get(key).unwrap_or(&Value::Null);
                says(value, found, &format!("{path}.{key}"))?;
            }
        }
        (Value::Array(target), Value::Array(result))
            if target.iter().all(|item| item.get("name").is_some()) =>
        {
            for item in target {
                let found = result.iter().find(|other| other["name"] == item["name"]).unwrap_or(&Value::Null);
                says(item, found, &format!("{path}[{}]", item["name"]))?;
            }
        }
        (Value::Array(target), Value::Array(result)) if path.ends_with("finalizers") => {
            prop_assert!(target.iter().all(|item| result.contains(item)), "{}", path);
        }
        (target, result) => prop_assert_eq!(target, result, "{}", path),
    }
    Ok(())
}

proptest! {
    #[test]
    fn after_a_rollback_the_live_object_says_what_the_target_says(old in any_spec(), target in any_spec(), live in any_spec()) {
        let patch = three_way(&old, &target, &live, deployment()).unwrap();
        let result = strategic_apply(&live, &patch, deployment()).unwrap();
        says(&target, &result, "")?;
        // Doing it again changes nothing.
        let again = three_way(&target, &target, &result, deployment()).unwrap();
        prop_assert_eq!(strategic_apply(&result, &again, deployment()).unwrap(), result);
    }

    #[test]
    fn without_drift_the_result_is_the_target(old in any_spec(), target in any_spec()) {
        let patch = three_way(&old, &target, &old, deployment()).unwrap();
        let mut result = strategic_apply(&old, &patch, deployment()).unwrap();
        // A list whose last item was deleted stays behind, empty.
        comparable(&mut result);
        let mut expected = target;
        comparable(&mut expected);
        prop_assert_eq!(result, expected);
    }

    #[test]
    fn what_neither_manifest_knows_stays(old in any_spec(), target in any_spec()) {
        let mut live = old.clone();
        live["spec"]["paused"] = json!(true);
        live["metadata"]["labels"]["foreign"] = json!("x");
        let patch = three_way(&old, &target, &live, deployment()).unwrap();
        let result = strategic_apply(&live, &patch, deployment()).unwrap();
        prop_assert_eq!(&result["spec"]["paused"], &json!(true));
        prop_assert_eq!(&result["metadata"]["labels"]["foreign"], &json!("x"));
    }

    #[test]
    fn a_two_way_patch_leads_from_one_to_the_other(a in any_spec(), b in any_spec()) {
        let patch = two_way(&a, &b, deployment()).unwrap();
        let mut result = strategic_apply(&a, &patch, deployment()).unwrap();
        let mut expected = b;
        comparable(&mut result);
        comparable(&mut expected);
        prop_assert_eq!(result, expected);
    }

    #[test]
    fn a_merge_patch_leads_from_one_to_the_other(a in any_spec(), b in any_spec()) {
        let patch = merge_diff(a.as_object().unwrap(), b.as_object().unwrap());
        let mut result = a.clone();
        merge_apply(&mut result, &Value::Object(patch.clone()));
        prop_assert_eq!(&result, &b);
        prop_assert_eq!(patch.is_empty(), a == b);
    }
}

/// Drops empty lists, and the order of finalizers: a patch says their new order only when it is not the sorted one.
fn comparable(value: &mut Value) {
    if let Value::Object(map) = value {
        map.values_mut().for_each(comparable);
        if let Some(Value::Array(items)) = map.get_mut("finalizers") {
            items.sort_by_key(Value::to_string);
        }
        map.retain(|_, item| !matches!(item, Value::Array(items) if items.is_empty()));
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(comparable);
    }
}
