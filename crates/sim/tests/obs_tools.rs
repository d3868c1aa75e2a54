//! The simulated Prometheus, Loki and Alertmanager, asked by the real command-line tools, and the
//! queries of the simulated Prometheus compared with those of a real one over the same samples.
//! The tools are those of the testbed (`cargo xtask testbed build`); without them the tests say so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "the whole file is a test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use deckwatch_sim::shop::testing::{self, BAD, START};
use deckwatch_sim::shop::{Feed, SECOND};
use deckwatch_sim::{alertmanager, loki, prom};
use pretty_assertions::assert_eq;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Returns a tool of the testbed, or notes that the test is left out.
fn tool(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DECKWATCH_TESTBED_BIN").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/testbed/bin")),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: {} is not built (cargo xtask testbed build)", path.display());
    if let Some(list) = std::env::var_os("DECKWATCH_SKIPPED")
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(list)
    {
        let _noted = writeln!(file, "sim obs_tools: {name} is not built");
    }
    None
}

/// The three servers; they end with the value.
struct Stand {
    prom: SocketAddr,
    loki: SocketAddr,
    alertmanager: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn stand() -> Stand {
    let (_, lives) = tokio::sync::watch::channel(Arc::new(testing::lives()));
    let feed = Feed::new(lives, 1, 1.0, START, Arc::new(|| START));
    let book = prom::RuleBook::new(feed.clone()).unwrap();
    let stop = CancellationToken::new();
    let mut addresses = Vec::new();
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.push(listener.local_addr().unwrap());
        listeners.push(listener);
    }
    let mut next = listeners.into_iter();
    tokio::spawn(prom::serve(next.next().unwrap(), book.clone(), stop.clone()));
    tokio::spawn(loki::serve(next.next().unwrap(), feed, stop.clone()));
    tokio::spawn(alertmanager::serve(
        next.next().unwrap(),
        alertmanager::Alertmanager::new(book),
        stop.clone(),
    ));
    Stand { prom: addresses[0], loki: addresses[1], alertmanager: addresses[2], stop }
}

async fn output(command: &mut Command) -> String {
    let mut command = std::mem::replace(command, Command::new("true"));
    command.env_clear();
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn get(address: SocketAddr, path: &str, params: &[(&str, &str)]) -> Value {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build();
    let url = url::Url::parse_with_params(&format!("http://{address}{path}"), params).unwrap();
    let text = client.unwrap().get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn provider() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_reads_the_simulated_prometheus() {
    let Some(promtool) = tool("promtool") else { return };
    let stand = stand().await;
    let server = format!("http://{}", stand.prom);
    let at = (START / SECOND).to_string();
    let query = "sum by (service) (rate(http_requests_total{code=~\"5..\"}[1m])) > 1";
    let text =
        output(Command::new(&promtool).args(["query", "instant", "--time", &at, &server, query])).await;
    assert!(text.starts_with("{service=\"backend\"} => "), "{text}");
    let (start, end) = ((BAD / SECOND).to_string(), at.clone());
    let range = ["query", "range", "--start", &start, "--end", &end, "--step", "60s", &server, "up"];
    let text = output(Command::new(&promtool).args(range)).await;
    assert!(text.contains("up{container=\"backend\""), "{text}");
    let series = ["query", "series", "--match", "ALERTS", "--start", &start, "--end", &end, &server];
    let text = output(Command::new(&promtool).args(series)).await;
    assert!(text.contains("alertname=\"Backend5xxHigh\""), "{text}");
    let labels = ["query", "labels", "--start", &start, "--end", &end, &server, "service"];
    let text = output(Command::new(&promtool).args(labels)).await;
    assert_eq!(text.lines().collect::<Vec<_>>(), ["backend", "catalog", "frontend", "payments"]);
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testbed/rules/momo-store.yaml");
    let text = output(Command::new(&promtool).args(["check", "rules", rules])).await;
    assert!(text.contains("SUCCESS: 9 rules found"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logcli_reads_the_simulated_loki() {
    let Some(logcli) = tool("logcli") else { return };
    let stand = stand().await;
    let address = format!("--addr=http://{}", stand.loki);
    let (from, to) = ("--from=2026-11-18T11:07:00Z", "--to=2026-11-18T11:09:00Z");
    let query = r#"{namespace="momo-store",container="backend"}"#;
    let mut lines = BTreeMap::new();
    for direction in [&["--forward"][..], &[]] {
        let mut command = Command::new(&logcli);
        command.args([
            "query",
            "--quiet",
            &address,
            from,
            to,
            "--limit=3000",
            "--batch=500",
            "--output=jsonl",
        ]);
        let text = output(command.args(direction).arg(query)).await;
        let mut list: Vec<String> = text
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap())
            .map(|l| format!("{} {}", l["timestamp"], l["line"]))
            .collect();
        list.sort();
        lines.insert(direction.len(), list);
    }
    assert!(lines[&0].len() > 1_000 && lines[&0].len() < 3_000, "{} lines", lines[&0].len());
    assert_eq!(lines[&0], lines[&1], "both directions, several pages each");
    let labels = output(Command::new(&logcli).args(["labels", "--quiet", &address, "app", from, to])).await;
    assert_eq!(labels.lines().collect::<Vec<_>>(), ["backend", "catalog", "frontend", "payments"]);
    let series = output(Command::new(&logcli).args(["series", "--quiet", &address, from, to, query])).await;
    assert!(series.contains("node_name=\"worker-"), "{series}");
    let count = format!("sum(count_over_time({query}[1m]))");
    let now = "--now=2026-11-18T11:08:00Z";
    let text = output(Command::new(&logcli).args(["instant-query", "--quiet", &address, now, &count])).await;
    assert!(serde_json::from_str::<Value>(&text).unwrap()[0]["value"][1].is_string(), "{text}");
    let stats = output(Command::new(&logcli).args(["stats", "--quiet", &address, from, to, query])).await;
    assert!(stats.contains("entries"), "{stats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_reads_and_silences_the_simulated_alertmanager() {
    let Some(amtool) = tool("amtool") else { return };
    let stand = stand().await;
    let address = format!("--alertmanager.url=http://{}", stand.alertmanager);
    let alerts = ["alert", "query", &address, "-o", "json", "alertname=Backend5xxHigh"];
    let text = output(Command::new(&amtool).args(alerts)).await;
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list[0]["labels"]["service"], "backend");
    assert_eq!(list[0]["status"]["state"], "active");
    let add = ["silence", "add", &address, "--author=on-call", "--comment=known", "--duration=8760h"];
    let id = output(Command::new(&amtool).args(add).args(["service=backend"])).await;
    let text = output(Command::new(&amtool).args(["silence", "query", &address, "-q"])).await;
    // It begins at the caller's clock, which is later than the stand's: pending until then.
    assert_eq!(text.trim(), id.trim());
    output(Command::new(&amtool).args(["silence", "expire", &address, id.trim()])).await;
    let text = output(Command::new(&amtool).args(["silence", "query", &address, "-q"])).await;
    assert_eq!(text.trim(), "");
    let text = output(Command::new(&amtool).args(["config", "show", &address])).await;
    assert!(text.contains("receiver: nobody"), "{text}");
}

/// A child that is killed when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Writes every sample of the half hour before the stand's start in the OpenMetrics format.
async fn open_metrics(stand: &Stand) -> String {
    let at = (START / SECOND).to_string();
    let params = [("query", "{__name__=~\"http.*|container.*|kube.*\"}[30m]"), ("time", &*at)];
    let all = get(stand.prom, "/api/v1/query", &params).await;
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for series in all["data"]["result"].as_array().unwrap() {
        let metric = series["metric"].as_object().unwrap();
        let name = metric["__name__"].as_str().unwrap();
        let labels: Vec<String> =
            metric.iter().filter(|(n, _)| *n != "__name__").map(|(n, v)| format!("{n}={v}")).collect();
        let text = families.entry(name.to_owned()).or_default();
        for value in series["values"].as_array().unwrap() {
            let (t, v) = (value[0].as_f64().unwrap(), value[1].as_str().unwrap());
            let _infallible = writeln!(text, "{name}{{{}}} {v} {t:.3}", labels.join(","));
        }
    }
    families.into_values().collect::<String>() + "# EOF\n"
}

type Points = BTreeMap<String, Vec<(i64, f64)>>;

/// Returns the points of a range query by series.
async fn points(address: SocketAddr, query: &str) -> Points {
    let (start, end) = ((BAD / SECOND - 200).to_string(), (START / SECOND).to_string());
    let params = [("query", query), ("start", &*start), ("end", &*end), ("step", "7")];
    let got = get(address, "/api/v1/query_range", &params).await;
    assert_eq!(got["status"], "success", "{query}: {got}");
    let point = |p: &Value| ((p[0].as_f64().unwrap() * 1e3) as i64, p[1].as_str().unwrap().parse().unwrap());
    let series = got["data"]["result"].as_array().unwrap().iter();
    series
        .map(|s| (s["metric"].to_string(), s["values"].as_array().unwrap().iter().map(point).collect()))
        .collect()
}

/// Queries of boards, rules and views, and the corners of the language.
const QUERIES: [&str; 24] = [
    "sum by (namespace, service) (rate(http_requests_total{code=~\"5..\"}[1m])) / sum by (namespace, service) (rate(http_requests_total[1m]))",
    "histogram_quantile(0.99, sum by (namespace, service, le) (rate(http_request_duration_seconds_bucket{service=\"backend\"}[1m])))",
    "histogram_quantile(0.5, rate(http_request_duration_seconds_bucket{route=\"/\"}[2m]))",
    "sum by (pod) (increase(http_requests_total[45s]))",
    "irate(http_requests_total{service=\"payments\"}[1m])",
    "rate(container_cpu_usage_seconds_total[1m])",
    "delta(container_memory_working_set_bytes[2m])",
    "deriv(container_memory_working_set_bytes[3m])",
    "predict_linear(container_memory_working_set_bytes[3m], 600)",
    "max_over_time(container_memory_working_set_bytes[1m]) / 1024 / 1024",
    "quantile_over_time(0.9, container_memory_working_set_bytes[2m])",
    "stddev_over_time(container_memory_working_set_bytes[2m])",
    "changes(kube_pod_container_status_restarts_total[5m]) > 0",
    "resets(http_requests_total{service=\"backend\"}[5m]) > bool 0",
    "sum(rate(http_requests_total[1m])) by (route) > 1 and sum(rate(http_requests_total{code!~\"2..\"}[1m])) by (route) > 0",
    "topk(2, sum by (pod) (rate(http_requests_total[1m])))",
    "avg without (pod, instance, uid) (http_request_duration_seconds_sum{service=\"frontend\"} / http_request_duration_seconds_count{service=\"frontend\"})",
    "rate(http_requests_total{service=\"frontend\"}[1m]) / on (pod, route) group_left sum by (pod, route) (rate(http_requests_total{service=\"frontend\"}[1m]))",
    "label_replace(sum by (pod) (rate(http_requests_total[1m])), \"short\", \"$1\", \"pod\", \".*-(.....)\")",
    "max_over_time(sum(rate(http_requests_total{code=~\"5..\"}[1m]))[2m:10s])",
    "rate(http_requests_total{service=\"catalog\"}[1m] offset 1m)",
    "count by (code) (http_requests_total{service=\"frontend\"}) unless on (code) vector(1)",
    "clamp_max(round(sum by (service) (rate(http_requests_total[1m])), 0.1), 30)",
    "absent(http_requests_total{service=\"nobody\"})",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_answers_the_same_over_the_same_samples() {
    let (Some(promtool), Some(prometheus)) = (tool("promtool"), tool("prometheus")) else { return };
    provider();
    let stand = stand().await;
    let folder = std::env::temp_dir().join(format!("deckwatch-obs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let metrics = folder.join("metrics.txt");
    std::fs::write(&metrics, open_metrics(&stand).await).unwrap();
    let blocks = folder.join("blocks");
    let mut create = Command::new(&promtool);
    create.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(&metrics).arg(&blocks);
    output(&mut create).await;
    std::fs::write(folder.join("prometheus.yaml"), "{}").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut command = Command::new(&prometheus);
    command.current_dir(&folder).stderr(std::process::Stdio::null()).args([
        "--config.file=prometheus.yaml",
        "--storage.tsdb.path=blocks",
        "--storage.tsdb.retention.time=3650d",
        &format!("--web.listen-address={free}"),
    ]);
    let server = Server(command.spawn().unwrap());
    wait_until_ready(free).await;
    let mut compared = 0;
    for query in QUERIES {
        let (real, ours) = (points(free, query).await, points(stand.prom, query).await);
        assert_eq!(real.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{query}");
        for (series, expected) in &real {
            let got = &ours[series];
            let times = |p: &[(i64, f64)]| p.iter().map(|p| p.0).collect::<Vec<_>>();
            assert_eq!(times(expected), times(got), "{query} {series}");
            for ((t, a), (_, b)) in expected.iter().zip(got) {
                let near = (a - b).abs() <= 1e-9 * a.abs().max(1e-6) || (a.is_nan() && b.is_nan());
                assert!(near, "{query} {series} at {t}: {a} there, {b} here");
                compared += 1;
            }
        }
        assert!(!real.is_empty() || query.contains("unless"), "{query} has no series");
    }
    drop(server);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(compared > 10_000, "{compared} points compared");
}

async fn wait_until_ready(address: SocketAddr) {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    for _ in 0..600 {
        let ready = client.get(format!("http://{address}/-/ready")).send().await;
        if ready.is_ok_and(|r| r.status().is_success()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the real Prometheus did not become ready");
}
