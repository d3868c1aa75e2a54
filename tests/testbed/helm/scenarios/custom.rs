//! Kinds that are not built into Kubernetes: their objects, their definitions, and both gone.

use serde_json::json;

use crate::helm::charts::{Template, chart, config, custom, definition};
use crate::helm::scene::{ALL, Place, Scene};
use crate::helm::server::until;

const GROUP: &str = "parity.example";
const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.parity.example";

fn a(value: &'static str) -> Template {
    config("a", &[("value", value)])
}

fn widget(spec: &str) -> Template {
    custom(GROUP, "Widget", "w", spec)
}

/// Defines the kind, and waits until it is served.
fn define(place: &Place<'_>) {
    let open = json!({ "type": "object", "properties": { "spec": {
        "type": "object", "x-kubernetes-preserve-unknown-fields": true } } });
    let body = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.parity.example" },
        "spec": { "group": GROUP, "scope": "Namespaced",
            "names": { "kind": "Widget", "plural": "widgets", "singular": "widget" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": open } }] } });
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let (status, said) = place.server.send(http::Method::POST, path, "application/json", &body);
    assert_eq!(status, 201, "{said}");
    served(place);
}

/// Waits until the kind is served.
fn served(place: &Place<'_>) {
    let path = format!("/apis/parity.example/v1/namespaces/{}/widgets", place.namespace);
    until("the kind to be served", || place.server.get(&path).is_some());
}

/// Takes the definition away, and waits until the kind is gone.
fn undefine(place: &Place<'_>) {
    place.server.delete_and_wait(DEFINITION);
    until("the kind to be gone", || place.server.get("/apis/parity.example/v1").is_none());
}

fn of(number: u32, name: &'static str) -> Scene {
    Scene::new(number, name, ALL).cluster(&[DEFINITION])
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    const FIRST: &str = "size: 1\nlist: [{name: a, value: 1}, {name: b}]\nnested:\n  keep: x\n  drop: y";
    const SECOND: &str = "size: 2\nlist: [{name: b}, {name: c}]\nnested:\n  keep: z\nadded: true";
    const OBJECT: &str = "parity.example/v1/widgets/w";
    vec![
        of(29, "an object of a custom kind")
            .run(define)
            .install(chart([a("1"), widget(FIRST)]))
            .upgrade(chart([a("2"), widget(SECOND)]))
            .to(1)
            .sends(2),
        of(29, "what somebody changed on it is not seen")
            .conflicts()
            .run(define)
            .install(chart([a("1"), widget(FIRST)]))
            .upgrade(chart([a("2"), widget(SECOND)]))
            .edited(OBJECT, "kubectl-edit", json!({ "spec": { "size": 9, "nested": { "keep": "by hand" }, "own": 1 } }))
            .to(1)
            .sends(2),
        of(29, "the same in both revisions: what somebody changed stays")
            .conflicts()
            .run(define)
            .install(chart([a("1"), widget(FIRST)]))
            .upgrade(chart([a("2"), widget(FIRST)]))
            .edited(OBJECT, "kubectl-edit", json!({ "spec": { "size": 9 } }))
            .to(1)
            // Helm's own label and annotations stand in the target alone.
            .sends(2),
        of(29, "one is added, one is removed")
            .run(define)
            .install(chart([a("1"), widget(FIRST)]))
            .upgrade(chart([a("1"), custom(GROUP, "Widget", "other", SECOND)]))
            .to(1)
            .sends(2),
        of(29, "its kind is defined in the same release")
            .install(chart([a("1"), definition(GROUP, "Widget")]))
            .run(served)
            .upgrade(chart([a("1"), definition(GROUP, "Widget"), widget(FIRST)]))
            .to(1)
            .sends(1),
        of(30, "a definition goes, and its objects with it")
            .install(chart([a("1")]))
            .upgrade(chart([a("1"), definition(GROUP, "Widget")]))
            .run(served)
            .run(|place| {
                let path = format!("/apis/parity.example/v1/namespaces/{}/widgets", place.namespace);
                let body = json!({ "apiVersion": "parity.example/v1", "kind": "Widget", "metadata": { "name": "w" } });
                let (status, said) = place.server.send(http::Method::POST, &path, "application/json", &body);
                assert_eq!(status, 201, "{said}");
            })
            .to(1)
            .sends(1)
            // A definition is gone when its objects are, which takes the server a while.
            .restless(),
        of(30, "a definition is changed")
            .install(chart([a("1"), definition(GROUP, "Widget")]))
            .run(served)
            .upgrade(chart([a("1"), shortened()]))
            .to(1)
            .sends(1),
        of(38, "the target has an object of a kind that is gone")
            .run(define)
            .install(chart([a("1"), widget(FIRST)]))
            .upgrade(chart([a("2")]))
            .run(undefine)
            .to(1)
            .fails()
            .sends(0),
        of(38, "what is left has an object of a kind that is gone")
            .run(define)
            .install(chart([a("1")]))
            .upgrade(chart([a("2"), widget(FIRST)]))
            .run(undefine)
            .to(1)
            .fails()
            .sends(0),
    ]
}

/// The same definition with a short name and a column.
fn shortened() -> Template {
    let mut template = definition(GROUP, "Widget");
    template.text =
        template.text.replace("    plural: widgets\n", "    plural: widgets\n    shortNames: [wi]\n");
    template.text = template.text.replace(
        "    storage: true\n",
        "    storage: true\n    additionalPrinterColumns:\n    - name: Size\n      type: integer\n      jsonPath: .spec.size\n",
    );
    template
}
