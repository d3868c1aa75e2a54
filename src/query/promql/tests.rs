use proptest::prelude::*;

use super::*;

fn split(expr: &str) -> (String, &'static str, Limit, Option<&'static str>) {
    let t = threshold(expr).unwrap_or_else(|| panic!("no threshold in {expr}"));
    (t.expr, t.comparison.as_str(), t.limit, t.part_of)
}

#[test]
fn an_expression_is_split_into_what_is_drawn_and_its_limit() {
    for (expr, left, op, limit, part_of) in [
        ("a / b > 0.05", "a / b", ">", Limit::Scalar(0.05), None),
        ("(sum(rate(x[5m])) by (pod)) >= 3", "(sum by (pod) (rate(x[5m])))", ">=", Limit::Scalar(3.0), None),
        ("0.05 < (a / b)", "(a / b)", ">", Limit::Scalar(0.05), None),
        ("a > (14.4 * 0.001)", "a", ">", Limit::Scalar(14.4 * 0.001), None),
        ("a > bool -1", "a", ">", Limit::Scalar(-1.0), None),
        ("((a == 0))", "a", "==", Limit::Scalar(0.0), None),
        ("a > 1 and b > 2", "a", ">", Limit::Scalar(1.0), Some("and")),
        ("up and on (x) b != 2", "b", "!=", Limit::Scalar(2.0), Some("and")),
        ("(a > 1 or b > 2) unless c > 3", "a", ">", Limit::Scalar(1.0), Some("unless")),
        ("have != want", "have", "!=", Limit::Expression("want".into()), None),
    ] {
        assert_eq!(split(expr), (left.to_owned(), op, limit, part_of), "{expr}");
    }
}

#[test]
fn what_has_no_comparison_or_is_not_promql_has_no_threshold() {
    for expr in ["absent(up)", "a unless b > 3", "up{", "", "histogram_quantiles_over(x) > y["] {
        assert_eq!(threshold(expr), None, "{expr}");
    }
}

#[test]
fn comparisons_hold_as_promql_means_them() {
    for (c, yes, no) in [
        (Comparison::Above, 2.0, 1.0),
        (Comparison::AtLeast, 1.0, 0.5),
        (Comparison::Below, 0.5, 1.0),
        (Comparison::AtMost, 1.0, 2.0),
        (Comparison::Equal, 1.0, 2.0),
        (Comparison::NotEqual, f64::NAN, 1.0),
    ] {
        assert!(c.holds(yes, 1.0) && !c.holds(no, 1.0), "{}", c.as_str());
    }
    assert!(!Comparison::Above.holds(f64::NAN, 1.0));
}

#[test]
fn equalities_are_those_that_every_part_agrees_on() {
    let expr = r#"sum(rate(x{namespace="momo", code=~"5..", job="a", cluster=""}[5m]))
        / sum(rate({__name__="y", namespace="momo", job="b"}[5m])) > 0.01"#;
    assert_eq!(equalities(expr), [("namespace", "momo")].into_iter().collect());
    assert_eq!(
        equalities("topk(2, x{a=\"1\"} offset 5m) or -y{b=\"2\"}"),
        [("a", "1"), ("b", "2")].into_iter().collect()
    );
    assert_eq!(equalities("]["), Labels::default());
}

#[test]
fn the_widest_range_is_found_in_any_dialect() {
    for (expr, range) in [
        ("rate(x[5m]) / rate(y[1h30m])", Some(Span::mins(90))),
        ("max_over_time(rate(x[5m])[2h:1m])", Some(Span::hours(2))),
        (r#"x{a="[9h]"}[1m]"#, Some(Span::mins(1))),
        ("x[$__rate_interval] or y", None),
        ("x[", None),
        ("up", None),
    ] {
        assert_eq!(widest_range(expr), range, "{expr}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_not_parsed() {
    let nested = |n: usize| format!("{}a > 1{}", "(".repeat(n), ")".repeat(n));
    let chained = |n: usize, op: &str| format!("{} > 1", vec!["a"; n].join(op));
    for deep in [
        nested(300),
        nested(8_000),
        chained(300, " or "),
        chained(300, "+"),
        format!("{}a", "-".repeat(9_000)),
    ] {
        assert_eq!(threshold(&deep), None);
    }
    assert_eq!(threshold(&format!("a{{b=\"{}\"}} > 1", "x".repeat(LONGEST))), None);
    // The deepest that is let through fits the stack of a worker thread.
    let worker = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let found = [nested(DEEPEST - 1), chained(DEEPEST - 1, "+"), chained(DEEPEST - 1, " or ")]
            .map(|e| threshold(&e).is_some());
        let unary = format!("{}a{{b=\"c\"}} > 1", "-".repeat(DEEPEST - 1));
        (found, equalities(&unary).len())
    });
    assert_eq!(worker.unwrap().join().unwrap(), ([true, true, true], 1));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), "[a-c0-9 \\[\\](){}<>=!~+*/^%@:,\"'\\\\.-]{0,40}"]) {
        threshold(&text);
        equalities(&text);
        widest_range(&text);
    }
}

#[test]
fn every_alerting_rule_of_kube_prometheus_is_read() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rules");
    let Ok(files) = std::fs::read_dir(&dir) else {
        crate::query::skipped("rules of kube-prometheus");
        return;
    };
    let mut split = (0, 0);
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for expr in alert_expressions(&text) {
            assert!(parse(&expr).is_some(), "{expr}");
            split.0 += 1;
            split.1 += usize::from(threshold(&expr).is_some());
        }
    }
    assert!(split.0 > 100 && split.1 * 10 > split.0 * 8, "{split:?}");
}

fn alert_expressions(text: &str) -> Vec<String> {
    let doc: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    let groups = doc["spec"]["groups"].as_array().unwrap();
    let rules = groups.iter().flat_map(|g| g["rules"].as_array().unwrap());
    rules.filter(|r| r["alert"].is_string()).map(|r| r["expr"].as_str().unwrap().to_owned()).collect()
}
