#![expect(clippy::float_cmp, reason = "the expected numbers are exact")]

use pretty_assertions::assert_eq;

use super::*;

/// Series kept by hand.
struct Kept(Vec<Series>);

impl Store for Kept {
    fn select(&self, selector: &Selector, from: i64, to: i64) -> Result<Vec<Series>, QueryError> {
        let cut = |s: &Series| Series {
            labels: s.labels.clone(),
            samples: s.samples.iter().filter(|p| from <= p.t && p.t <= to).copied().collect(),
        };
        Ok(self.0.iter().filter(|s| selector.matches(&s.labels)).map(cut).collect())
    }
}

fn series(metric: &str, labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let labels = Labels::new(labels.iter().copied()).with(NAME, metric);
    Series { labels, samples: samples.iter().map(|(t, v)| Sample { t: t * 1_000, v: *v }).collect() }
}

fn ask(store: &Kept, query: &str, at: i64) -> Result<Vec<(String, f64)>, QueryError> {
    match instant(store, &parse(query)?, at * 1_000)? {
        Value::Vector(v) => Ok(v.into_iter().map(|(l, v)| (l.to_string(), v)).collect()),
        Value::Scalar(v) => Ok(vec![("scalar".into(), v)]),
        other => panic!("{other:?}"),
    }
}

fn one(store: &Kept, query: &str, at: i64) -> f64 {
    let found = ask(store, query, at).unwrap();
    assert_eq!(found.len(), 1, "{query}: {found:?}");
    found[0].1
}

/// A counter that is scraped every five seconds, two units each time.
fn counter() -> Kept {
    let samples: Vec<(i64, f64)> = (0..=24).map(|i| (1_000 + i * 5, 10.0 + i as f64 * 2.0)).collect();
    Kept(vec![series("c", &[("a", "x")], &samples)])
}

#[test]
fn rates_are_extrapolated_as_prometheus_does() {
    let store = counter();
    // (1060, 1120]: samples at 1065 … 1120 (12 of them), a rise of 22 in 55 s; both ends are
    // nearer than 1.1 intervals, so it is stretched to the whole minute: 22 × 60/55 = 24.
    assert!((one(&store, "increase(c[1m])", 1_120) - 24.0).abs() < 1e-9);
    assert!((one(&store, "rate(c[1m])", 1_120) - 0.4).abs() < 1e-9);
    // At 1122 the window is (1062, 1122]: 3 s to the first sample and 2 s after the last.
    assert!((one(&store, "increase(c[1m])", 1_122) - 22.0 * 60.0 / 55.0).abs() < 1e-9);
    // Long after the last sample only half an interval is added at the end, and all at the start.
    assert!((one(&store, "increase(c[1m])", 1_140) - 14.0 * (35.0 + 5.0 + 2.5) / 35.0).abs() < 1e-9);
    // At the beginning the counter's own zero limits the stretch: 10 at 1000 with 2 per 5 s would
    // have been zero 25 s before, further than half an interval.
    assert!((one(&store, "increase(c[1m])", 1_010) - 4.0 * (10.0 + 2.5) / 10.0).abs() < 1e-9);
    assert_eq!(ask(&store, "rate(c[5s])", 1_120).unwrap(), vec![], "one sample has no rate");
    assert!((one(&store, "irate(c[1m])", 1_120) - 0.4).abs() < 1e-9);
    assert!((one(&store, "deriv(c[1m])", 1_120) - 0.4).abs() < 1e-9);
}

#[test]
fn a_counter_that_begins_within_the_window_is_not_stretched_below_zero() {
    let store = Kept(vec![series("c", &[], &[(1_003, 1.0), (1_008, 3.0), (1_013, 5.0)])]);
    // Zero lies 2.5 s before the first sample, the window's start 3 s before it.
    assert!((one(&store, "increase(c[13s])", 1_013) - 4.0 * (10.0 + 2.5) / 10.0).abs() < 1e-9);
}

#[test]
fn a_reset_counts_what_came_after_it() {
    let store = Kept(vec![series("c", &[], &[(1_005, 90.0), (1_010, 100.0), (1_015, 4.0), (1_020, 10.0)])]);
    // 10 up to the reset, then 10 from nothing: 20 in 15 s, stretched to (1000, 1020].
    assert!((one(&store, "increase(c[20s])", 1_020) - 20.0 * 20.0 / 15.0).abs() < 1e-9);
    assert_eq!(one(&store, "resets(c[20s])", 1_020), 1.0);
    assert!((one(&store, "delta(c[20s])", 1_020) - -80.0 * 20.0 / 15.0).abs() < 1e-9);
}

#[test]
fn a_naive_model_and_the_evaluation_agree_on_steady_counters() {
    // A rate model of its own: a steady counter's increase over any window is slope × window.
    for (slope, step, window) in [(1.0, 5, 60), (0.25, 5, 300), (7.0, 1, 30), (3.5, 15, 120)] {
        let samples: Vec<(i64, f64)> =
            (0..=600 / step).map(|i| (10_000 + i * step, 1e6 + (i * step) as f64 * slope)).collect();
        let store = Kept(vec![series("c", &[], &samples)]);
        for at in [10_400, 10_455, 10_600] {
            let got = one(&store, &format!("increase(c[{window}s])"), at);
            assert!(
                (got / (slope * f64::from(window)) - 1.0).abs() < 1e-6,
                "{slope} {step} {window} {at}: {got}"
            );
        }
    }
}

#[test]
fn instant_and_range_queries_agree() {
    let store = counter();
    for query in ["c", "rate(c[30s])", "sum(increase(c[20s])) * 2", "c > 30", "max_over_time(c[15s])"] {
        let expr = parse(query).unwrap();
        let ranged = range(&store, &expr, 1_000_000, 1_130_000, 7_000).unwrap();
        let mut points = Vec::new();
        for at in (1_000_000..=1_130_000).step_by(7_000) {
            if let Value::Vector(v) = instant(&store, &expr, at).unwrap() {
                points.extend(v.into_iter().map(|(l, v)| (l, Sample { t: at, v })));
            }
        }
        let flat: Vec<(Labels, Sample)> = ranged
            .into_iter()
            .flat_map(|s| s.samples.into_iter().map(move |p| (s.labels.clone(), p)))
            .collect();
        assert_eq!(flat, points, "{query}");
        assert!(!flat.is_empty(), "{query}");
    }
}

#[test]
fn a_stale_series_is_gone_at_once_and_a_silent_one_after_five_minutes() {
    let mut ended = series("g", &[("a", "ended")], &[(1_000, 1.0), (1_005, 1.0)]);
    ended.samples.push(Sample { t: 1_010_000, v: stale() });
    let silent = series("g", &[("a", "silent")], &[(1_000, 2.0)]);
    let store = Kept(vec![ended, silent]);
    let at = |t| ask(&store, "g", t).unwrap().into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    assert_eq!(at(1_009), vec![1.0, 2.0]);
    assert_eq!(at(1_010), vec![2.0]);
    assert_eq!(at(1_299), vec![2.0]);
    assert_eq!(at(1_300), Vec::<f64>::new(), "the look-back is open at its start");
    assert_eq!(one(&store, "sum(count_over_time(g{a=\"ended\"}[1m]))", 1_020), 2.0);
}

#[test]
fn quantiles_of_histograms_are_interpolated_within_their_bucket() {
    let bucket = |le, v| series("b", &[("le", le), ("s", "x")], &[(1_000, v)]);
    let store =
        Kept(vec![bucket("0.1", 50.0), bucket("0.5", 90.0), bucket("1", 100.0), bucket("+Inf", 100.0)]);
    let q = |q: &str| one(&store, &format!("histogram_quantile({q}, b)"), 1_000);
    assert!((q("0.5") - 0.1).abs() < 1e-12);
    assert!((q("0.25") - 0.05).abs() < 1e-12);
    assert!((q("0.7") - 0.3).abs() < 1e-12);
    assert!((q("0.95") - 0.75).abs() < 1e-12);
    assert_eq!(q("1"), 1.0);
    assert_eq!(q("1.5"), f64::INFINITY);
    let open = Kept(vec![bucket("0.1", 1.0), bucket("+Inf", 10.0)]);
    assert_eq!(one(&open, "histogram_quantile(0.9, b)", 1_000), 0.1);
    let empty = Kept(vec![bucket("0.1", 0.0), bucket("+Inf", 0.0)]);
    assert!(one(&empty, "histogram_quantile(0.9, b)", 1_000).is_nan());
}

fn shelf() -> Kept {
    Kept(vec![
        series("m", &[("job", "a"), ("pod", "1")], &[(1_000, 1.0)]),
        series("m", &[("job", "a"), ("pod", "2")], &[(1_000, 2.0)]),
        series("m", &[("job", "b"), ("pod", "3")], &[(1_000, 4.0)]),
        series("limit", &[("job", "a"), ("team", "x")], &[(1_000, 10.0)]),
        series("limit", &[("job", "b"), ("team", "y")], &[(1_000, 20.0)]),
    ])
}

#[test]
fn aggregations_group_by_and_without() {
    let store = shelf();
    let ask = |q: &str| ask(&store, q, 1_000).unwrap();
    let pair = |l: &str, v: f64| (l.to_owned(), v);
    assert_eq!(ask("sum by (job) (m)"), vec![pair("{job=\"a\"}", 3.0), pair("{job=\"b\"}", 4.0)]);
    assert_eq!(ask("avg without (pod) (m)"), vec![pair("{job=\"a\"}", 1.5), pair("{job=\"b\"}", 4.0)]);
    assert_eq!(ask("count(m)"), vec![pair("{}", 3.0)]);
    assert_eq!(ask("min(m)"), vec![pair("{}", 1.0)]);
    assert_eq!(ask("quantile(0.5, m)"), vec![pair("{}", 2.0)]);
    assert_eq!(ask("topk(1, m)"), vec![pair("m{job=\"b\", pod=\"3\"}", 4.0)]);
    assert_eq!(ask("bottomk by (job) (1, m)").len(), 2);
    assert_eq!(ask("stddev(m{job=\"a\"})"), vec![pair("{}", 0.5)]);
    assert_eq!(ask("count_values(\"v\", m{job=\"b\"})"), vec![pair("{v=\"4\"}", 1.0)]);
    assert_eq!(ask("group(m)"), vec![pair("{}", 1.0)]);
}

#[test]
fn operators_match_series_as_asked() {
    let store = shelf();
    let ask = |q: &str| ask(&store, q, 1_000);
    let ok = |q: &str| ask(q).unwrap();
    let pair = |l: &str, v: f64| (l.to_owned(), v);
    assert_eq!(
        ok("m / on (job) group_left (team) limit"),
        vec![
            pair("{job=\"a\", pod=\"1\", team=\"x\"}", 0.1),
            pair("{job=\"a\", pod=\"2\", team=\"x\"}", 0.2),
            pair("{job=\"b\", pod=\"3\", team=\"y\"}", 0.2),
        ]
    );
    assert_eq!(
        ok("sum by (job) (m) / on (job) limit"),
        vec![pair("{job=\"a\"}", 0.3), pair("{job=\"b\"}", 0.2)]
    );
    assert_eq!(ok("sum by (job) (m) * ignoring (team) limit").len(), 2);
    assert_eq!(ok("m > 1"), vec![pair("m{job=\"a\", pod=\"2\"}", 2.0), pair("m{job=\"b\", pod=\"3\"}", 4.0)]);
    assert_eq!(ok("m{job=\"b\"} > bool 5"), vec![pair("{job=\"b\", pod=\"3\"}", 0.0)]);
    assert_eq!(ok("m and on (job) limit{team=\"y\"}"), vec![pair("m{job=\"b\", pod=\"3\"}", 4.0)]);
    assert_eq!(ok("m unless on (job) limit{team=\"y\"}").len(), 2);
    assert_eq!(ok("m{job=\"b\"} or limit{team=\"x\"}").len(), 2);
    assert_eq!(ok("-m{job=\"b\"}"), vec![pair("{job=\"b\", pod=\"3\"}", -4.0)]);
    assert_eq!(ok("1 + 2 * 3 ^ 2"), vec![pair("scalar", 19.0)]);
    assert_eq!(ok("2 > bool 1"), vec![pair("scalar", 1.0)]);
    assert_eq!(ok("10 - m{job=\"b\"}"), vec![pair("{job=\"b\", pod=\"3\"}", 6.0)]);
    let error = ask("limit * on (job) m").unwrap_err().to_string();
    assert!(
        error.contains("many-to-many matching not allowed: matching labels must be unique on one side"),
        "{error}"
    );
    let error = ask("m * on (job) limit").unwrap_err().to_string();
    assert!(error.contains("many-to-one matching must be explicit"), "{error}");
    let error = ask("round({job=\"a\", __name__=~\"m|limit\"} unless {pod=\"1\"} unless {pod=\"2\"})");
    assert_eq!(error.unwrap(), vec![pair("{job=\"a\", team=\"x\"}", 10.0)]);
}

#[test]
fn functions_of_one_instant_do_what_they_say() {
    let store = shelf();
    let ask = |q: &str| ask(&store, q, 1_000).unwrap();
    let pair = |l: &str, v: f64| (l.to_owned(), v);
    assert_eq!(ask("clamp_max(m{pod=\"3\"}, 3)"), vec![pair("{job=\"b\", pod=\"3\"}", 3.0)]);
    assert_eq!(ask("clamp_min(m{pod=\"1\"}, 3)"), vec![pair("{job=\"a\", pod=\"1\"}", 3.0)]);
    assert_eq!(ask("round(m{pod=\"1\"} + 0.5)"), vec![pair("{job=\"a\", pod=\"1\"}", 2.0)]);
    assert_eq!(
        ask("label_replace(m{pod=\"3\"}, \"n\", \"p-$1\", \"pod\", \"(.*)\")"),
        vec![pair("m{job=\"b\", n=\"p-3\", pod=\"3\"}", 4.0)]
    );
    assert_eq!(
        ask("label_join(m{pod=\"3\"}, \"n\", \"/\", \"job\", \"pod\")"),
        vec![pair("m{job=\"b\", n=\"b/3\", pod=\"3\"}", 4.0)]
    );
    assert_eq!(ask("absent(none{job=\"a\", x=~\"y\"})"), vec![pair("{job=\"a\"}", 1.0)]);
    assert_eq!(ask("absent(m)"), vec![]);
    assert_eq!(ask("vector(time())"), vec![pair("{}", 1_000.0)]);
    assert_eq!(ask("scalar(m{pod=\"3\"})"), vec![pair("scalar", 4.0)]);
    assert_eq!(ask("sort_desc(m)").iter().map(|p| p.1).collect::<Vec<_>>(), vec![4.0, 2.0, 1.0]);
    assert_eq!(ask("timestamp(m{pod=\"3\"})"), vec![pair("{job=\"b\", pod=\"3\"}", 1_000.0)]);
    assert_eq!(ask("sum(sum_over_time(m[10s]))"), vec![pair("{}", 7.0)]);
    assert_eq!(ask("max_over_time(sum(m)[20s:5s])"), vec![pair("{}", 7.0)]);
    assert_eq!(ask("m{pod=\"3\"} offset -10s").len(), 1);
    assert_eq!(ask("m{pod=\"3\"} offset 10s"), vec![]);
    assert_eq!(ask("m{pod=\"3\"} @ 1100").len(), 1);
    assert_eq!(ask("m{pod!=\"3\", job!~\"a|c\"}"), vec![]);
}

#[test]
fn what_is_not_held_and_what_is_not_promql_is_refused() {
    let store = shelf();
    let error = |q: &str| ask(&store, q, 1_000).unwrap_err();
    assert_eq!(error("hour(m)"), QueryError::NotHeld("the function \"hour\"".into()));
    assert_eq!(error("hour(m)").to_string(), "the function \"hour\" is not held by the demo stand");
    assert_eq!(error("").to_string(), "1:1: parse error: no expression found in input");
    assert_eq!(error("sum(m").to_string(), "1:6: parse error: unclosed left parenthesis");
    assert_eq!(error("m)").to_string(), "1:2: parse error: unexpected right parenthesis ')'");
    assert!(matches!(error("nonsense(m)"), QueryError::Parse(_)));
    assert!(matches!(error(&"(".repeat(5_000)), QueryError::Parse(_)));
    assert!(matches!(error(&format!("{}m{}", "(".repeat(5_000), ")".repeat(5_000))), QueryError::Parse(_)));
    assert!(matches!(error(&format!("{}1", "-".repeat(5_000))), QueryError::Parse(_)));
    assert!(matches!(error(&"m or ".repeat(20_000)), QueryError::Parse(_)));
    assert!(matches!(error(&vec!["m"; 2_000].join(" or ")), QueryError::Parse(_)));
}

#[test]
fn numbers_are_written_as_prometheus_writes_them() {
    let written: Vec<String> = [
        0.0,
        1.0,
        0.1,
        1e-7,
        123_456_789.125,
        1e21,
        2.5e22,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.5,
    ]
    .map(number)
    .to_vec();
    let expected =
        ["0", "1", "0.1", "1e-7", "123456789.125", "1e+21", "2.5e+22", "NaN", "+Inf", "-Inf", "-0.5"];
    assert_eq!(written, expected);
}
