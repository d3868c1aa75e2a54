use pretty_assertions::assert_eq;

use super::metric::{Counted, join};
use super::pipeline::Record;
use super::*;

const JSON: &str = r#"{"level":"error","msg":"m","status":500,"nested":{"a":1,"b":[1]}}"#;
const LOGFMT: &str = "level=info msg=\"x y\" duration=12ms";
const PLAIN: &str = "plain line";

fn stages(query: &str) -> Vec<Stage> {
    match parse(&format!("{{namespace=\"n\"}} {query}")).unwrap() {
        Query::Log(query) => query.stages,
        Query::Metric(_) => panic!("{query} is a metric query"),
    }
}

/// Returns what parsers find in a line, `None` where the pipeline drops it.
fn parsed(query: &str, line: &str) -> Option<String> {
    let stream = Labels::new([("namespace", "n"), ("pod", "p")]);
    let metadata = Labels::new([("detected_level", "error")]);
    let mut record = Record { line, stream, metadata, parsed: Labels::default() };
    record.pass(&stages(query)).then(|| record.parsed.to_string())
}

#[test]
fn errors_are_those_of_the_real_loki() {
    // Each was answered by Loki 3.7.
    for (query, error) in [
        ("", "parse error : syntax error: unexpected $end"),
        (
            r#"{namespace="n""#,
            "parse error at line 1, col 15: syntax error: unexpected $end, expecting } or ,",
        ),
        (r#"{namespace="n"} | json | foo"#, "parse error at line 1, col 29: syntax error: unexpected $end"),
        (r#"{namespace="n"} | json |"#, "parse error at line 1, col 25: syntax error: unexpected $end"),
        (
            r#"{namespace="n"} |= x"#,
            "parse error at line 1, col 20: syntax error: unexpected IDENTIFIER, expecting STRING or ip",
        ),
        (
            "{namespace=n}",
            "parse error at line 1, col 12: syntax error: unexpected IDENTIFIER, expecting STRING",
        ),
        ("sum(", "parse error at line 1, col 5: syntax error: unexpected $end"),
        ("namespace", "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        (r#"foo({namespace="n"}[1m])"#, "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        (r#"count_over_time({namespace="n"})"#, "parse error at line 1, col 32: syntax error: unexpected )"),
        (
            r#"{namespace="n"} |~ "(""#,
            r#"parse error : stage '|~ "("' : error parsing regexp: missing closing ): `(`"#,
        ),
    ] {
        assert_eq!(parse(query).err().map(|e| e.0), Some(error.to_owned()), "{query}");
    }
    for query in ["{}", "{a=~\".*\"}", "{a!=\"b\"}"] {
        let error = parse(query).err().unwrap().0;
        assert!(
            error.starts_with("parse error : queries require at least one regexp or equality matcher"),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_held_is_refused_by_name() {
    for (query, what) in [
        (r#"{a="b"} | line_format "x""#, "the stage \"line_format\""),
        (r#"sum(rate({a="b"} | json | unwrap x [1m]))"#, "the stage \"unwrap\""),
        (r#"rate({a="b"}[1m]) / rate({a="b"}[1m])"#, "operators between queries"),
        (r#"quantile_over_time(0.9, {a="b"} [1m])"#, "\"quantile_over_time\""),
        (r#"{a="b"} | json x="y""#, "parameters of parsers"),
        ("1 + 1", "numbers as queries"),
    ] {
        let error = parse(query).err().unwrap().0;
        assert!(error.starts_with("parse error at line 1, col "), "{error}");
        assert!(error.ends_with(&format!("the demo stand does not hold {what}")), "{error}");
    }
    for hostile in
        ["(".repeat(20_000), format!("{{a=\"b\"}} {}", "| json ".repeat(4_000)), "sum(".repeat(8_000)]
    {
        assert!(parse(&hostile).is_err());
    }
    let nested = format!("{{a=\"b\"}} | {}x=\"y\"{}", "(".repeat(8_000), ")".repeat(8_000));
    assert!(parse(&nested).is_err());
}

#[test]
fn parsers_find_what_the_real_loki_finds() {
    let error = r#"{__error__="JSONParserErr", __error_details__="Value looks like object, but can't find closing '}' symbol"}"#;
    assert_eq!(parsed("| json", JSON).unwrap(), r#"{level="error", msg="m", nested_a="1", status="500"}"#);
    assert_eq!(parsed("| json", PLAIN).unwrap(), error);
    assert_eq!(parsed("| json", LOGFMT).unwrap(), error);
    assert_eq!(parsed("| logfmt", LOGFMT).unwrap(), r#"{duration="12ms", level="info", msg="x y"}"#);
    assert_eq!(parsed("| logfmt", PLAIN).unwrap(), "{}");
    assert_eq!(parsed("| logfmt", JSON).unwrap(), "{}");
    assert_eq!(parsed("| json", r#"{"pod":"q"}"#).unwrap(), r#"{pod_extracted="q"}"#);
}

#[test]
fn filters_keep_and_drop_lines() {
    let kept = |query: &str| [JSON, LOGFMT, PLAIN].map(|line| parsed(query, line).is_some());
    assert_eq!(kept(r#"|= "error" != "foo" |~ "m|b" !~ "zz""#), [true, false, false]);
    assert_eq!(kept(r#"|= "plain" or "info""#), [false, true, true]);
    assert_eq!(kept("# nothing\n|= `plain`"), [false, false, true]);
    assert_eq!(kept(r#"| json | level="error""#), [true, false, false]);
    assert_eq!(kept(r#"| json | status>=500 and msg=~"m|n""#), [true, false, false]);
    assert_eq!(kept("| json | status > 500"), [false, false, false]);
    assert_eq!(kept(r#"| logfmt | duration > 10ms and level="info" or level="x""#), [false, true, false]);
    assert_eq!(kept(r#"| logfmt | (duration < 10ms or level!="info")"#), [true, false, true]);
    assert_eq!(kept(r#"| foo!="""#), [false, false, false]);
    assert_eq!(kept(r#"| pod="p" | detected_level="error""#), [true, true, true]);
    assert_eq!(kept(r#"| json | __error__="""#), [true, false, false]);
    assert_eq!(parsed("| json | drop msg, nested_a", JSON).unwrap(), r#"{level="error", status="500"}"#);
    assert_eq!(parsed("| json | keep level", JSON).unwrap(), r#"{level="error"}"#);
}

#[test]
fn counts_are_of_the_range_that_ends_at_the_instant() {
    let mut counted = Counted::default();
    let labels = |pod: &str| Labels::new([("pod", pod), ("app", "a")]);
    for (pod, at) in [("p", 10), ("q", 10), ("p", 20), ("p", 30)] {
        counted.add(labels(pod), at, 5).unwrap();
    }
    let sums =
        |at, range| counted.at(RangeOp::Count, at, range).into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    assert_eq!(sums(30, 20), vec![2.0], "the start is open, the end closed");
    assert_eq!(sums(30, 21), vec![3.0, 1.0]);
    assert_eq!(sums(9, 100), Vec::<f64>::new());
    let bytes = counted.at(RangeOp::Bytes, 30, 100);
    assert_eq!(bytes.iter().map(|(_, v)| *v).collect::<Vec<_>>(), vec![15.0, 5.0]);
    let by = Grouping { labels: vec!["app".into()], without: false };
    assert_eq!(join(VectorOp::Sum, &by, bytes.clone()), vec![(Labels::new([("app", "a")]), 20.0)]);
    assert_eq!(join(VectorOp::TopK(1), &Grouping::default(), bytes), vec![(labels("p"), 15.0)]);
    let broken = Labels::new([("__error__", "JSONParserErr")]);
    let error = counted.add(broken, 40, 1).unwrap_err().0;
    assert!(
        error.starts_with("pipeline error: 'JSONParserErr' for series: '{__error__=\"JSONParserErr\"}'.\n"),
        "{error}"
    );
}
