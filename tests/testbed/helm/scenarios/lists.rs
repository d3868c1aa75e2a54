//! Lists and maps: merged by keys, replaced as a whole, switched from one member to another.

use crate::helm::charts::{Template, Web, any, chart, service};
use crate::helm::scene::{ALL, CLIENT, Scene};

fn web(version: &'static str, change: impl Fn(Web) -> Web) -> Template {
    change(Web::new("web", version)).template()
}

/// A scenario of a Deployment in two forms.
fn of(number: u32, name: &'static str, before: Web, after: Web) -> Scene {
    Scene::new(number, name, ALL)
        .install(chart([before.template()]))
        .upgrade(chart([after.template()]))
        .to(1)
        .sends(1)
}

const W: Web = Web::new("web", "1");

/// Returns them.
pub fn all() -> Vec<Scene> {
    let mut all = keys();
    all.extend(switches());
    all.extend(whole());
    all
}

fn keys() -> Vec<Scene> {
    const TWICE: &[(&str, &str)] = &[("A", "1"), ("B", "1"), ("A", "2")];
    const ONCE: &[(&str, &str)] = &[("B", "1"), ("A", "2")];
    const BOTH: &str = "ports:\n- containerPort: 53\n  protocol: TCP\n- containerPort: 53\n  protocol: UDP";
    const TCP: &str = "ports:\n- containerPort: 53\n  protocol: TCP";
    const OTHERS: &str = "ports:\n- containerPort: 54\n- containerPort: 53\n  protocol: TCP";
    vec![
        // What the server merges may not have one key twice.
        Scene { variants: CLIENT, ..of(31, "a variable twice in the target", Web { env: TWICE, ..W }, Web { env: ONCE, ..W }) },
        Scene { variants: CLIENT, ..of(31, "a variable twice in what is left", Web { env: ONCE, ..W }, Web { env: TWICE, ..W }) },
        of(31, "variables in another order", Web { env: &[("A", "1"), ("B", "2"), ("C", "3")], ..W }, Web { env: &[("C", "3"), ("A", "1"), ("D", "4")], ..W }).sampled(),
        // The server keys ports by number and protocol, the patch by number alone.
        Scene::new(31, "a port with two protocols in the target", CLIENT)
            .install(chart([web("1", |w| Web { container: BOTH, ..w })]))
            .upgrade(chart([web("1", |w| Web { container: TCP, ..w })]))
            .to(1),
        Scene::new(31, "a port with two protocols in what is left", CLIENT)
            .install(chart([web("1", |w| Web { container: TCP, ..w })]))
            .upgrade(chart([web("1", |w| Web { container: BOTH, ..w })]))
            .to(1),
        of(31, "ports in another order", Web { container: TCP, ..W }, Web { container: OTHERS, ..W }),
        Scene::new(31, "a Service's ports in another order", ALL)
            .install(chart([service("web", "ports:\n- name: a\n  port: 80\n- name: b\n  port: 81")]))
            .upgrade(chart([service("web", "ports:\n- name: c\n  port: 82\n- name: b\n  port: 81\n- name: a\n  port: 80\n  targetPort: 8080")]))
            .to(1)
            .sends(1)
            .sampled(),
    ]
}

fn switches() -> Vec<Scene> {
    const EMPTY: &str = "volumes:\n- name: data\n  emptyDir: {}";
    const HOST: &str = "volumes:\n- name: data\n  hostPath:\n    path: /tmp";
    const CONFIG: &str = "volumes:\n- name: data\n  configMap:\n    name: env\n    defaultMode: 0644\n- name: more\n  emptyDir: {}";
    const ROLLING: &str =
        "strategy:\n  type: RollingUpdate\n  rollingUpdate:\n    maxSurge: 1\n    maxUnavailable: 0";
    const RECREATE: &str = "strategy:\n  type: Recreate";
    vec![
        of(32, "a volume of another type", Web { pod: EMPTY, ..W }, Web { pod: HOST, ..W }).sampled(),
        of(
            32,
            "a volume of another type, and one that was added",
            Web { pod: HOST, ..W },
            Web { pod: CONFIG, ..W },
        ),
        of(32, "volumes that are all removed", W, Web { pod: CONFIG, ..W }),
        of(32, "from Recreate to RollingUpdate", Web { spec: ROLLING, ..W }, Web { spec: RECREATE, ..W })
            .sampled(),
        of(32, "from RollingUpdate to Recreate", Web { spec: RECREATE, ..W }, Web { spec: ROLLING, ..W }),
        // Its older twin, `serviceAccount`, is the server's own and stays: the pods keep the account.
        of(32, "an account that is not named any more", W, Web { pod: "serviceAccountName: shop", ..W }),
        // From none to Recreate the server merges nothing that is valid.
        of(32, "from a strategy to none", W, Web { spec: RECREATE, ..W }).only(CLIENT),
        of(
            32,
            "a probe of another type",
            Web { container: "readinessProbe:\n  tcpSocket:\n    port: 80", ..W },
            Web { container: "readinessProbe:\n  httpGet:\n    path: /\n    port: 80", ..W },
        ),
    ]
}

fn whole() -> Vec<Scene> {
    const RULES: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n  - host: a.example\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {number: 80}}}\n";
    const OTHER_RULES: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n  - host: b.example\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {number: 81}}}\n  - host: a.example\n    http:\n      paths:\n      - path: /x\n        pathType: Exact\n        backend: {service: {name: web, port: {number: 80}}}\n";
    let role = |verbs: &str| {
        any(
            "role",
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: web\nrules:\n- apiGroups: [\"\"]\n  resources: [secrets]\n  verbs: [get]\n- apiGroups: [apps]\n  resources: [deployments]\n  verbs: {verbs}\n"
            ),
        )
    };
    vec![
        of(
            33,
            "arguments",
            Web { container: "args: [--a, --b=1]\ncommand: [run]", ..W },
            Web { container: "args: [--b=1, --c, --a]", ..W },
        )
        .sampled(),
        of(
            33,
            "tolerations",
            Web {
                pod: "tolerations:\n- key: a\n  operator: Exists\n- key: b\n  operator: Equal\n  value: \"x\"",
                ..W
            },
            Web { pod: "tolerations:\n- key: b\n  operator: Equal\n  value: \"y\"", ..W },
        ),
        of(
            33,
            "tolerations that are all removed",
            W,
            Web { pod: "tolerations:\n- key: a\n  operator: Exists", ..W },
        ),
        Scene::new(33, "rules of a Role", ALL)
            .install(chart([role("[get]")]))
            .upgrade(chart([role("[get, list, watch]")]))
            .to(1)
            .sends(1),
        Scene::new(33, "rules of an Ingress, lists in lists", ALL)
            .install(chart([any("ingress", RULES)]))
            .upgrade(chart([any("ingress", OTHER_RULES)]))
            .to(1)
            .sends(1)
            .sampled(),
    ]
}
