//! What manifests say in words of their own: nulls, directives, the YAML of 2005, numbers, and a lot of it.

use crate::helm::charts::{Template, Web, any, chart, config};
use crate::helm::scene::{ALL, CLIENT, Scene};

/// A release whose manifest is that text, before and after a change.
fn of(number: u32, name: &'static str, before: impl Into<String>, after: impl Into<String>) -> Scene {
    Scene::new(number, name, ALL)
        .install(chart([any("all", before)]))
        .upgrade(chart([any("all", after)]))
        .to(1)
}

fn web(change: impl Fn(&mut Web)) -> String {
    let mut web = Web::new("web", "1");
    change(&mut web);
    web.template().text
}

/// Returns them.
pub fn all() -> Vec<Scene> {
    let mut all = nulls();
    all.extend(yaml());
    all.extend(numbers());
    all.extend([Scene::new(39, "a release of hundreds of kilobytes", ALL)
        .install(chart(large(1)))
        .upgrade(chart(large(2)))
        .to(1)
        .sends(4)]);
    all
}

fn nulls() -> Vec<Scene> {
    let plain = || web(|_| {});
    let deletes = || web(|w| w.pod = "securityContext:\n  $patch: delete\n  runAsUser: 1");
    let orders = || web(|w| w.pod = "$setElementOrder/containers:\n- name: web");
    // What the server merges refuses fields that it does not know.
    let client =
        |name, before: String, after: String| Scene { variants: CLIENT, ..of(34, name, before, after) };
    // From a manifest with such a directive Helm comes to no other: the way back leads over an upgrade that failed.
    let back = |name, first: String, second: String| {
        Scene::new(34, name, CLIENT)
            .install(chart([any("all", first.clone())]))
            .upgrade(chart([any("all", second)]))
            .upgrade_fails(chart([any("all", first)]), "")
            .to(2)
    };
    vec![
        of(
            34,
            "a null where a map is, in the target",
            web(|w| w.meta = "annotations: null\nlabels:\n  x: null"),
            web(|w| w.meta = "annotations:\n  a: b\nlabels:\n  x: a"),
        ),
        of(
            34,
            "a null in what is left",
            web(|w| w.meta = "annotations:\n  a: b"),
            web(|w| w.meta = "annotations:\n  a: null"),
        ),
        of(
            34,
            "a null where a list is",
            web(|w| w.container = "args: null"),
            web(|w| w.container = "args: [a]"),
        ),
        client(
            "`$patch: replace` in the target",
            web(|w| w.spec = "strategy:\n  $patch: replace\n  type: Recreate"),
            plain(),
        ),
        client("`$patch: delete` in what is left", plain(), deletes()),
        client("`$setElementOrder` in what is left", plain(), orders()).fails(),
        Scene::new(34, "`$patch: delete` in the target", CLIENT)
            .install(chart([any("all", plain())]))
            .upgrade(chart([any("all", deletes())]))
            .upgrade(chart([any("all", plain())]))
            .to(2),
        back("`$setElementOrder` in the target", plain(), orders()),
        client(
            "a field that nobody knows",
            web(|w| w.pod = "nobodyKnows: 1"),
            web(|w| w.pod = "nobodyKnows: 2"),
        ),
    ]
}

fn yaml() -> Vec<Scene> {
    const OLD: &str = "automountServiceAccountToken: off\nhostNetwork: no\nshareProcessNamespace: Yes\nterminationGracePeriodSeconds: 0x1e\n\
        securityContext:\n  runAsUser: 1_000\n  fsGroup: 0o17\nvolumes:\n- name: c\n  configMap:\n    name: env\n    defaultMode: 0644";
    const NEW: &str = "automountServiceAccountToken: on\nhostNetwork: n\nshareProcessNamespace: y\nterminationGracePeriodSeconds: 31\n\
        securityContext:\n  runAsUser: 1001\nvolumes:\n- name: c\n  configMap:\n    name: env\n    defaultMode: 0400";
    const ANCHORS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: anchors\n  labels: &labels\n    app: x\n    tier: back\n  annotations:\n    <<: *labels\n    more: z\ndata:\n  a: &v \"1\"\n  b: *v\n";
    const TWICE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: \"1\"\n  a: \"2\"\n  b: \"x\"\n";
    let list = |value: &str| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: one}}\n  data: {{a: \"{value}\"}}\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: two}}\n  stringData: {{a: \"{value}\"}}\n"
        )
    };
    let several = |value: &str| {
        format!(
            "# only a comment\n---\n\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: one}}\ndata: {{a: '{value}'}}\n---\n# another\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: two}} # at the end\ndata:\n  text: |\n    ---\n    not a document {value}\n  folded: >-\n    a\n    b {value}\n"
        )
    };
    let lines = |value: &str| {
        format!(
            "apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: crlf\r\ndata:\r\n  a: |\r\n    x\r\n    {value}\r\n"
        )
    };
    let texts = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: texts\n  annotations: {{time: 2001-01-01, tilde: \"~\"}}\ndata:\n  a: \"on\"\n  b: '0644'\n  c: \"{value}\"\n  d: \"\\u00e9\\t\"\n  e: '1e3'\n  f: \"08\"\n"
        )
    };
    vec![
        of(
            35,
            "yes, no, on, off, and octal, hexadecimal and grouped numbers",
            web(|w| w.pod = OLD),
            web(|w| w.pod = NEW),
        )
        .sampled(),
        of(35, "anchors and merged maps", ANCHORS, ANCHORS.replace("app: x", "app: other")),
        of(35, "one key twice", TWICE, TWICE.replace("\"x\"", "\"y\"")),
        of(35, "a List", list("1"), list("2")),
        of(35, "comments, empty documents and texts that look like an end", several("1"), several("2")),
        of(35, "lines that end as on Windows", lines("1"), lines("2")),
        of(35, "texts that look like something else", texts("1"), texts("2")),
    ]
}

fn numbers() -> Vec<Scene> {
    const EXACT: &str = "terminationGracePeriodSeconds: 9007199254740993";
    const NEXT: &str = "terminationGracePeriodSeconds: 9007199254740992";
    let port = |target: &'static str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {{app: web}}\n  ports:\n  - port: 80\n    targetPort: {target}\n"
        )
    };
    vec![
        of(36, "beyond what a float holds", web(|w| w.pod = EXACT), web(|w| w.pod = NEXT)),
        of(36, "a port by number and by name", port("80"), port("http")),
        of(36, "a port by name and by number", port("http"), port("80")),
        of(
            36,
            "quantities in other words",
            web(|w| w.container = "resources:\n  limits:\n    cpu: 0.5\n    memory: 1Gi\n  requests:\n    cpu: 1e-1\n    memory: 1.5e3"),
            web(|w| w.container = "resources:\n  limits:\n    cpu: 500m\n    memory: 1073741824\n  requests:\n    cpu: 200m\n    memory: \"1500\""),
        )
        .sampled(),
        of(36, "a part of a strategy in percent and as a number", web(|w| w.spec = "strategy:\n  rollingUpdate:\n    maxSurge: 25%\n    maxUnavailable: 1"), web(|w| w.spec = "strategy:\n  rollingUpdate:\n    maxSurge: 2\n    maxUnavailable: 10%")),
        of(36, "a number that ends in .0", web(|w| w.spec = "minReadySeconds: 5.0"), web(|w| w.spec = "minReadySeconds: 6")),
    ]
}

/// Texts that don't pack well: the records come near to what a Secret holds.
fn large(turn: u64) -> Vec<Template> {
    (0..4)
        .map(|n| {
            let mut state = turn * 4 + n + 1;
            let text: String = (0..70_000)
                .map(|_| {
                    // A linear congruential generator, to be the same every time.
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    char::from(b'a' + u8::try_from((state >> 33) % 26).unwrap())
                })
                .collect();
            let name = ["large-0", "large-1", "large-2", "large-3"][usize::try_from(n).unwrap()];
            config(name, &[("text", text.as_str())])
        })
        .collect()
}
