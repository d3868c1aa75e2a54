use std::sync::Arc;

use super::*;
use crate::core::Labels;
use crate::sources::http::fake::{Fake, answer, parameters};
use crate::store::alerts::State;

const JSON: &str = "application/json";

fn prom(status: u16, content_type: &str, body: &str) -> Prom {
    Prom::new(Fake::always(status, content_type, body), Span::secs(10))
}

async fn query(body: &str) -> Result<Matrix> {
    prom(200, JSON, body).query("x", Ts::from_secs(1)).await
}

fn window() -> Window {
    Window { start: Ts(1_763_733_600_123_456_789), end: Ts::from_secs(1_763_737_200) }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().copied().collect()
}

#[tokio::test]
async fn a_range_is_asked_as_a_form_with_limits() {
    let fake = Fake::new(|_| {
        Ok(answer(200, JSON, r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#))
    });
    let prom = Prom::new(fake.clone(), Span::secs(10));
    let matrix = prom.query_range("a{b=\"c d\"}", window(), Span::secs(15)).await.unwrap();
    assert_eq!(matrix, Matrix { step: Span::secs(15), ..Matrix::default() });
    assert_eq!(
        fake.asked(),
        [
            "POST /api/v1/query_range query=a%7Bb%3D%22c+d%22%7D&start=1763733600.123&end=1763737200.000&step=15.000&timeout=10.000&limit=501"
        ]
    );
}

#[tokio::test]
async fn samples_are_read_with_nan_and_infinities_and_gaps_stay_gaps() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"m","pod":"a"},"values":[[1000,"1.5"],[1015.5,"NaN"],[1060,"+Inf"],[1075,"-Inf"],[1090,"1e-07"]]}]},
        "warnings":["w"],"infos":["i"]}"#;
    let matrix = query(body).await.unwrap();
    let points = &matrix.series[0].points;
    assert_eq!(
        points.iter().map(|p| p.0.0 / 1_000_000).collect::<Vec<_>>(),
        [1_000_000, 1_015_500, 1_060_000, 1_075_000, 1_090_000]
    );
    let values: Vec<f64> = points.iter().map(|p| p.1).collect();
    assert_eq!(format!("{values:?}"), "[1.5, NaN, inf, -inf, 1e-7]");
    assert_eq!(matrix.series[0].labels, labels(&[("__name__", "m"), ("pod", "a")]));
    assert_eq!((matrix.warnings, matrix.infos), (vec!["w".into()], vec!["i".into()]));
}

#[tokio::test]
async fn vectors_and_scalars_are_series_of_one_point() {
    let vector = query(r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[5,"3"]}]}}"#).await.unwrap();
    assert_eq!(
        (&vector.series[0].labels, &vector.series[0].points[..]),
        (&labels(&[("a", "b")]), &[(Ts::from_secs(5), 3.0)][..])
    );
    let scalar =
        query(r#"{"status":"success","data":{"resultType":"scalar","result":[5,"3"]}}"#).await.unwrap();
    assert_eq!(&scalar.series[0].points[..], &[(Ts::from_secs(5), 3.0)]);
    let string =
        query(r#"{"status":"success","data":{"resultType":"string","result":[5,"x"]}}"#).await.unwrap_err();
    assert_eq!(string.kind, Kind::Decode);
}

#[tokio::test]
async fn native_histograms_without_values_are_counted_not_an_error() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"a":"1"},"histograms":[[1,{"count":"2","sum":"3","buckets":[[0,"1","2","2"]]}]]},
        {"metric":{"a":"2"},"values":[[1,"1"]],"histograms":[[2,{"count":"2","sum":"3"}]]},
        {"metric":{"a":"3"},"values":[[1,"1"]]}]}}"#;
    let matrix = query(body).await.unwrap();
    assert_eq!((matrix.histograms, matrix.series.len()), (2, 2));
    let instant = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"2","sum":"3"}]}]}}"#;
    let matrix = query(instant).await.unwrap();
    assert_eq!((matrix.histograms, matrix.series.len()), (1, 0));
}

#[tokio::test]
async fn series_beyond_the_limit_are_counted() {
    let one = r#"{"metric":{},"value":[1,"1"]},"#.repeat(620);
    let body = format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#,
        one.trim_end_matches(',')
    );
    let matrix = query(&body).await.unwrap();
    assert_eq!((matrix.series.len(), matrix.dropped), (500, 120));
}

#[tokio::test]
async fn errors_are_told_by_their_type() {
    for (status, kind, said, expected) in [
        (400, "bad_data", "1:5: parse error: unexpected <by>", Kind::BadQuery),
        (422, "execution", "found duplicate series for the match group", Kind::BadQuery),
        (503, "timeout", "query timed out in expression evaluation", Kind::Timeout),
        (499, "canceled", "context canceled", Kind::Cancelled),
        (404, "not_found", "x", Kind::NotFound),
        (500, "internal", "x", Kind::Server),
        (503, "unavailable", "x", Kind::Server),
        (429, "too_many_requests", "x", Kind::Throttled),
        (401, "", "no", Kind::Auth),
        (200, "whatever", "x", Kind::Server),
    ] {
        let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"{said}"}}"#);
        let error = prom(status, JSON, &body).query("x", Ts(0)).await.unwrap_err();
        assert_eq!((error.kind, error.detail), (expected, Some(said.into())), "{status} {kind}");
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_data_and_says_what_it_is() {
    for (status, body, kind) in [
        (200, "<html><title>Log in</title></html>", Kind::Decode),
        (502, "<html>bad gateway</html>", Kind::Server),
        (200, r#"{"message":"not prometheus"}"#, Kind::Decode),
        (200, r#"{"status":"success"}"#, Kind::Decode),
        (200, "", Kind::Decode),
        (404, "404 page not found", Kind::NotFound),
        (503, "Service Unavailable", Kind::Server),
        (403, r#"{"kind":"Status","message":"forbidden"}"#, Kind::Denied),
    ] {
        let error = prom(status, "text/html", body).build_info().await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
    }
}

#[tokio::test]
async fn where_post_is_refused_get_is_used_from_then_on() {
    for code in [403, 405] {
        let fake = Fake::new(move |r| {
            let refused = r.method == Method::POST;
            Ok(answer(
                if refused { code } else { 200 },
                JSON,
                r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            ))
        });
        let prom = Prom::new(fake.clone(), Span::secs(10));
        prom.query("up", Ts(0)).await.unwrap();
        prom.query("up", Ts(0)).await.unwrap();
        let methods: Vec<_> =
            fake.asked().iter().map(|a| a.split(' ').next().unwrap_or("").to_owned()).collect();
        assert_eq!(methods, ["POST", "GET", "GET"]);
        assert!(fake.asked()[1].starts_with("GET /api/v1/query?query=up&time=0.000"));
    }
    let closed = Fake::new(|_| Err(Error::new(Kind::Denied, "proxy")));
    let prom = Prom::new(closed.clone(), Span::secs(10));
    assert_eq!(prom.query("up", Ts(0)).await.unwrap_err().kind, Kind::Denied);
    assert!(!prom.get_only.load(Ordering::Relaxed) && closed.asked().len() == 2);
}

#[tokio::test]
async fn rules_bring_their_alerts_pending_ones_too() {
    let body = r#"{"status":"success","data":{"groups":[{"name":"shop","file":"f","rules":[
        {"type":"recording","name":"r","query":"x"},
        {"type":"alerting","state":"firing","name":"Backend5xxHigh","query":"e > 0.05","duration":120,"labels":{"severity":"critical"},
         "annotations":{"summary":"s"},"health":"ok","lastError":"","evaluationTime":0.001,"lastEvaluation":"2026-11-21T08:00:00.5Z",
         "alerts":[{"labels":{"alertname":"Backend5xxHigh","namespace":"momo-store"},"annotations":{"summary":"5 %"},"state":"firing","activeAt":"2026-11-21T07:58:00Z","value":"5.2e-02"},
                   {"labels":{"alertname":"Backend5xxHigh","namespace":"other"},"annotations":{},"state":"pending","activeAt":"2026-11-21T07:59:00Z","value":"1e+00"},
                   {"labels":{},"state":"inactive"}]},
        {"type":"alerting","state":"inactive","name":"Quiet","query":"y","duration":0,"health":"err","lastError":"many-to-many","lastEvaluation":"0001-01-01T00:00:00Z"}]}]}}"#;
    let rules = prom(200, JSON, body).rules("").await.unwrap();
    assert_eq!(rules.evaluated, Ts::parse_rfc3339("2026-11-21T08:00:00.5Z"));
    assert_eq!((rules.rules.len(), rules.active.len(), rules.dropped), (2, 2, 0));
    let rule = &rules.rules[0];
    assert_eq!((rule.hold, rule.last_error.clone(), rule.query.raw()), (Span::mins(2), None, "e > 0.05"));
    assert_eq!(
        (rules.rules[1].last_error.clone(), rules.rules[1].last_evaluation),
        (Some("many-to-many".into()), None)
    );
    assert_eq!(
        rules.active[1],
        Active {
            labels: labels(&[("alertname", "Backend5xxHigh"), ("namespace", "other")]),
            annotations: Labels::default(),
            state: State::Pending,
            active_at: Ts::parse_rfc3339("2026-11-21T07:59:00Z"),
            value: Some(1.0),
            rule: Some(Arc::clone(rule)),
        }
    );
}

#[tokio::test]
async fn rules_and_alerts_of_other_servers_are_read_too() {
    let fake = Fake::new(|r| {
        let body = if r.path.contains("/alerts") {
            r#"{"status":"success","data":{"alerts":[{"labels":{"alertname":"X"},"state":"firing","activeAt":"2026-11-21T07:58:00Z","value":1}]}}"#
        } else {
            r#"{"status":"success","data":{"groups":null}}"#
        };
        Ok(answer(200, JSON, body))
    });
    let prom = Prom::new(fake.clone(), Span::secs(10));
    assert_eq!(prom.rules("/prometheus").await.unwrap(), Rules::default());
    let alerts = prom.alerts("").await.unwrap();
    assert_eq!((alerts.active[0].value, alerts.active[0].rule.is_none()), (Some(1.0), true));
    assert_eq!(fake.asked(), ["GET /prometheus/api/v1/rules?type=alert", "GET /api/v1/alerts"]);
}

#[tokio::test]
async fn the_expression_reaches_the_server_as_it_is() {
    let expr = "sum(rate(x{a=~\"b|c\"}[5m])) > 0.05 # ünï & more=1\n";
    let fake = Fake::new(move |r| {
        assert!(parameters(r).contains(&("query".to_owned(), expr.to_owned())));
        Ok(answer(200, JSON, r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#))
    });
    Prom::new(fake.clone(), Span::secs(10)).query(expr, Ts(0)).await.unwrap();
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn times_are_printed_with_milliseconds() {
    assert_eq!([seconds(0), seconds(1_500_999_999), seconds(-1)], ["0.000", "1.500", "-0.001"]);
}
