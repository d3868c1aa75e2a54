//! The API server's service proxy, on a stand in a network namespace of the test's own: it refuses endpoints
//! on loopback, which is all that the ordinary stand has.
//!
//! The test runs itself once more in there, by `cargo xtask testbed namespaced`. Where no namespace can be
//! made it notes that it is left out.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::proxy::Recorder;
use crate::stand::{
    User, apply, deckwatch, deckwatch_json, deckwatch_text, http, kubectl, tool, wait_until, xtask_program,
};

/// Set for the run in the namespace.
const INSIDE: &str = "DECKWATCH_TEST_IN_NAMESPACE";
/// This test, as the test binary calls it.
const NAME: &str = "reading::namespace::every_source_is_found_and_asked_by_the_service_proxy";
/// With it `testbed namespaced` says that no namespace can be made.
const NO_NAMESPACE: i32 = 77;
const LIMIT: Duration = Duration::from_secs(60);
const SOURCES: [(&str, &str, u16); 3] = [
    ("prometheus", "prometheus-server", 9090),
    ("loki", "loki", 3100),
    ("alertmanager", "alertmanager", 9093),
];

#[test]
fn every_source_is_found_and_asked_by_the_service_proxy() {
    if std::env::var_os(INSIDE).is_some() {
        inside();
        return;
    }
    let mut command = Command::new(xtask_program());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["testbed", "namespaced", "--"]);
    command.arg(std::env::current_exe().unwrap()).args(["--exact", NAME, "--nocapture"]).env(INSIDE, "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NO_NAMESPACE) {
        left_out(&words.trim().replace('\n', "; "));
        return;
    }
    assert!(output.status.success(), "in the namespace: {}\n{text}\n{words}", output.status);
    // No test of that name would be a success as well.
    assert!(text.contains("test result: ok. 1 passed"), "{text}\n{words}");
}

#[allow(clippy::print_stderr, reason = "what is left out is told aloud")]
fn left_out(why: &str) {
    eprintln!("skipped: the service proxy: {why}");
    if let Some(list) = std::env::var_os("DECKWATCH_SKIPPED") {
        let mut list = std::fs::File::options().create(true).append(true).open(list).unwrap();
        writeln!(list, "the service proxy on the real servers: {why}").unwrap();
    }
}

fn inside() {
    for name in ["PROMETHEUS_URL", "LOKI_ADDR", "ALERTMANAGER_URL"] {
        assert_eq!(std::env::var_os(name), None, "nothing but the kubeconfig leads to a source");
    }
    prepare();
    let recorder = Recorder::start(User::Admin);
    let admin = ["--kubeconfig", recorder.kubeconfig().to_str().unwrap()];
    every_source_is_ready(&admin);
    metrics_and_alerts_answer(&admin);
    logs_answer(&admin);
    the_requests_are_those_of_the_service_proxy(&recorder);
    with_get_alone_the_same_is_read();
    without_the_right_it_is_said_which_one_is_lacking();
}

/// What the sources are to tell: an alert that no rule knows, and a line in Loki; and the rights of a user who
/// may `get` by the service proxy and not `create`.
fn prepare() {
    let alert = json!([{ "labels": { "alertname": "ByHand", "namespace": "monitoring" } }]);
    http("http://127.0.0.1:9093/api/v2/alerts", Some(&alert));
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos().to_string();
    let labels = json!({ "namespace": "monitoring", "pod": "loki-0", "container": "loki" });
    let lines = json!({ "streams": [{ "stream": labels, "values": [[at, "by the service proxy"]] }] });
    http("http://127.0.0.1:3100/loki/api/v1/push", Some(&lines));
    let names = SOURCES.map(|(_, service, port)| format!("{service}:{port}"));
    let role = "rbac.authorization.k8s.io";
    apply(&json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "ServiceAccount",
          "metadata": { "name": "gets", "namespace": "monitoring" } },
        { "apiVersion": format!("{role}/v1"), "kind": "ClusterRole", "metadata": { "name": "gets" }, "rules": [
            { "apiGroups": [""], "resources": ["services"], "verbs": ["list"] },
            { "apiGroups": [""], "resources": ["services/proxy"], "verbs": ["get"], "resourceNames": names } ] },
        { "apiVersion": format!("{role}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": "gets" },
          "roleRef": { "apiGroup": role, "kind": "ClusterRole", "name": "gets" },
          "subjects": [{ "kind": "ServiceAccount", "name": "gets", "namespace": "monitoring" }] },
    ] }));
    wait_until(LIMIT, "Prometheus to have asked everybody", || {
        let text = http("http://127.0.0.1:9090/api/v1/query?query=up", None);
        let answer: Value = serde_json::from_str(&text).unwrap();
        (ups(&answer["data"]) == expected()).then_some(())
    });
}

/// Returns the jobs of what `up` gives, with their values.
fn ups(data: &Value) -> Vec<(String, String)> {
    let up = |one: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&one["metric"]["job"]), text(&one["value"][1]))
    };
    let mut all: Vec<_> = data["result"].as_array().unwrap().iter().map(up).collect();
    all.sort();
    all
}

/// Which of its targets Prometheus reaches: all but the shop, which does not run in the namespace.
fn expected() -> Vec<(String, String)> {
    [("alertmanager", "1"), ("kube-state-metrics", "1"), ("momo-store", "0"), ("prometheus", "1")]
        .map(|(job, value)| (job.to_owned(), value.to_owned()))
        .to_vec()
}

fn json_of(user: &[&str], args: &[&str]) -> Value {
    deckwatch_json(User::Admin, &[user, args].concat())
}

fn every_source_is_ready(user: &[&str]) {
    let document = json_of(user, &["sources", "-o", "json"]);
    let rows = document["sources"].as_array().unwrap();
    let found: Vec<Value> = rows
        .iter()
        .map(|s| json!([s["kind"], s["address"], s["found"], s["via"], s["state"], s["error"]]))
        .collect();
    let by_proxy = SOURCES.map(|(kind, service, port)| {
        let address = format!("http://monitoring/{service}:{port}");
        let found = format!("cluster: service monitoring/{service}");
        json!([kind, address, found, "service-proxy", "ready", null])
    });
    assert_eq!(found[1..], by_proxy);
}

fn metrics_and_alerts_answer(user: &[&str]) {
    assert_eq!(ups(&json_of(user, &["query", "up", "-o", "json"])), expected());
    wait_until(LIMIT, "the alert that only Alertmanager knows, and that of a rule", || {
        let alerts = json_of(user, &["alerts", "-o", "json"]);
        let names: Vec<&Value> =
            alerts.as_array().unwrap().iter().map(|a| &a["labels"]["alertname"]).collect();
        ["ByHand", "Watchdog"].iter().all(|name| names.contains(&&json!(name))).then_some(())
    });
}

fn logs_answer(user: &[&str]) {
    let logs = [user, &["logs", "pod/loki-0", "-n", "monitoring", "-o", "json"]].concat();
    let lines = wait_until(LIMIT, "the line in Loki", || {
        let text = deckwatch_text(User::Admin, &logs);
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let loki: Vec<Value> = lines.into_iter().filter(|l| l["source"] == "loki").collect();
        (!loki.is_empty()).then_some(loki)
    });
    assert_eq!(lines.iter().map(|l| &l["line"]).collect::<Vec<_>>(), ["by the service proxy"]);
}

fn the_requests_are_those_of_the_service_proxy(recorder: &Recorder) {
    let seen = recorder.seen();
    let forwards = seen.iter().filter(|s| s.path.ends_with("/portforward")).count();
    assert_eq!(forwards, 0, "no port-forward is tried where the service proxy answers");
    let base = "/api/v1/namespaces/monitoring/services/";
    let proxied: BTreeSet<String> =
        seen.iter().filter_map(|s| Some(format!("{} {}", s.method, s.path.strip_prefix(base)?))).collect();
    for request in [
        "POST prometheus-server:9090/proxy/api/v1/query_range",
        "GET prometheus-server:9090/proxy/api/v1/rules",
        "GET loki:3100/proxy/loki/api/v1/query_range",
        "GET alertmanager:9093/proxy/api/v2/alerts/groups",
    ] {
        assert!(proxied.contains(request), "{request} is not among {proxied:#?}");
    }
}

/// Queries are sent by POST, for which the API server wants `create`; where it refuses, by GET.
fn with_get_alone_the_same_is_read() {
    let who = "system:serviceaccount:monitoring:gets";
    for (verb, may) in [("get", "yes"), ("create", "no")] {
        let question = ["auth", "can-i", verb, "services/prometheus-server:9090", "--subresource=proxy"];
        let place = ["-n", "monitoring", "--as", who];
        let output = tool("kubectl").args(question).args(place).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), may, "{verb}");
    }
    let token = kubectl(["create", "token", "gets", "-n", "monitoring"]);
    let text = kubectl(["config", "view", "--raw", "-o", "json"]);
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["users"][0]["user"] = json!({ "token": token.trim() });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config.to_string()).unwrap();
    let gets = ["--kubeconfig", file.path().to_str().unwrap()];
    every_source_is_ready(&gets);
    metrics_and_alerts_answer(&gets);
}

/// The reader may look at everything and go neither way.
fn without_the_right_it_is_said_which_one_is_lacking() {
    let output = deckwatch(User::Reader, &["sources", "-o", "json"]);
    assert_eq!(output.status.code(), Some(3), "a part of the sources");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = document["sources"].as_array().unwrap();
    let told: Vec<Value> = rows.iter().map(|s| json!([s["kind"], s["state"], s["hint"]])).collect();
    let denied = SOURCES.map(|(kind, service, port)| {
        let hint = format!(
            "ask for get and create on services/proxy named {service}:{port} in namespace monitoring, \
             or for get and create on pods/portforward in namespace monitoring"
        );
        json!([kind, "denied", hint])
    });
    assert_eq!(told[1..], denied);
    let output = deckwatch(User::Reader, &["query", "up"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("services/proxy named prometheus-server:9090"), "{words}");
}
