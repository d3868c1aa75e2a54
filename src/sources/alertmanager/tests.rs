use crate::store::alerts_json::to_api_json;
use std::sync::Arc;

use super::*;
use crate::core::{Labels, Ts};
use crate::query::matcher::Matcher;
use crate::sources::http::fake::{Fake, answer};
use crate::sources::prom::{Active, Rules};
use crate::store::alerts::{Rule, State};

const JSON: &str = "application/json";

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().copied().collect()
}

fn at(clock: &str) -> Ts {
    Ts::parse_rfc3339(&format!("2026-11-21T{clock}Z")).unwrap()
}

fn manager(name: &str, status: u16, body: &str) -> Alertmanager {
    Alertmanager::new(name, Fake::always(status, JSON, body), Span::secs(5))
}

/// An alert as an Alertmanager without `mutedBy` tells it.
fn told(labels: &str, fingerprint: &str, state: &str) -> String {
    format!(
        r#"{{"labels":{labels},"annotations":{{"summary":"s"}},"startsAt":"2026-11-21T08:00:00.5Z","endsAt":"2026-11-21T08:09:00Z",
        "updatedAt":"2026-11-21T08:05:00.123456Z","generatorURL":"http://p/graph?g0.expr=up","fingerprint":"{fingerprint}",
        "receivers":[{{"name":"r1"}}],"status":{{"state":"{state}","silencedBy":[],"inhibitedBy":[]}}}}"#
    )
}

fn rule() -> Arc<Rule> {
    Arc::new(Rule {
        name: "A".into(),
        group: "g".into(),
        query: "x > 1".into(),
        hold: Span::mins(2),
        labels: Labels::default(),
        annotations: Labels::default(),
        health: "ok".into(),
        last_error: None,
        last_evaluation: Some(at("08:05:10")),
        state: "firing".into(),
    })
}

fn active(pairs: &[(&str, &str)], state: State, began: &str) -> Active {
    Active {
        labels: labels(pairs),
        annotations: labels(&[("summary", "from the rule")]),
        state,
        active_at: Some(at(began)),
        value: Some(0.05),
        rule: Some(rule()),
    }
}

fn place<T>(name: &str, answer: T) -> Place<T> {
    Place { name: name.into(), answer: Ok(answer) }
}

fn rules(active: Vec<Active>) -> Vec<Place<Rules>> {
    vec![place("rules", Rules { active, ..Rules::default() })]
}

async fn alerts(body: &str) -> Alerts {
    manager("am", 200, body).alerts().await.unwrap()
}

#[tokio::test]
async fn an_alert_of_two_receivers_is_one_alert() {
    let one = told(r#"{"alertname":"A"}"#, "00000000000000ff", "active");
    let other = one.replace("r1", "r2");
    let fake = Fake::new(move |_| {
        Ok(answer(
            200,
            JSON,
            &format!(
                r#"[{{"labels":{{}},"receiver":{{"name":"r1"}},"alerts":[{one}]}},{{"alerts":[{other}]}},{{"alerts":null}}]"#
            ),
        ))
    });
    let read = Alertmanager::new("am", fake.clone(), Span::secs(5)).alerts().await.unwrap();
    assert_eq!(fake.asked(), ["GET /api/v2/alerts/groups"]);
    let [alert] = &read.alerts[..] else { panic!("{read:?}") };
    assert_eq!(
        alert,
        &Alert {
            fingerprint: crate::core::Fingerprint(255),
            labels: labels(&[("alertname", "A")]),
            annotations: labels(&[("summary", "s")]),
            state: State::Firing,
            starts_at: Some(at("08:00:00.5")),
            active_at: None,
            ends_at: Some(at("08:09:00")),
            updated_at: Some(at("08:05:00.123456")),
            value: None,
            generator_url: "http://p/graph?g0.expr=up".into(),
            receivers: vec!["r1".into(), "r2".into()],
            silenced_by: vec![],
            inhibited_by: vec![],
            muted_by: vec![],
            told_by: vec!["am".into()],
            rule: None,
        }
    );
}

#[tokio::test]
async fn where_there_are_no_groups_the_flat_list_is_read() {
    let fake = Fake::new(|r| {
        let groups = r.path.ends_with("groups");
        let list = format!("[{}]", told(r#"{"alertname":"A"}"#, "zz", "suppressed"));
        Ok(answer(if groups { 404 } else { 200 }, JSON, if groups { "404" } else { &list }))
    });
    let read = Alertmanager::new("am", fake, Span::secs(5)).alerts().await.unwrap();
    assert_eq!(read.alerts[0].state, State::Suppressed);
    assert_eq!(
        read.alerts[0].fingerprint,
        labels(&[("alertname", "A")]).fingerprint(),
        "a broken one is computed"
    );
}

#[tokio::test]
async fn errors_are_alertmanagers_own_words_or_the_page_in_between() {
    for (status, body, kind, detail) in [
        (400, r#""bad matcher format: x""#, Kind::BadQuery, "bad matcher format: x"),
        (500, r#"{"code":601,"message":"failed"}"#, Kind::Server, "failed"),
        (200, "<html>login</html>", Kind::Decode, "HTTP 200: login"),
        (502, "bad gateway", Kind::Server, "HTTP 502: bad gateway"),
        (
            403,
            r#"{"kind":"Status","message":"denied","code":403}"#,
            Kind::Denied,
            "HTTP 403 from the API server: denied",
        ),
    ] {
        let error = manager("am", status, body).silences().await.unwrap_err();
        assert_eq!((error.kind, error.detail.unwrap().raw()), (kind, detail), "{body}");
    }
    assert_eq!(manager("am", 200, "[{]").alerts().await.unwrap_err().kind, Kind::Decode);
    assert_eq!(manager("am", 200, "{}").status().await.unwrap_err().kind, Kind::Decode);
}

#[test]
fn only_a_string_with_500_is_the_alertmanager_s_own_failure() {
    for (status, body, own) in [
        (500, "\"disk full\"", Some("disk full")),
        (500, r#"{"code":500,"message":"failed"}"#, None),
        (500, "<html>", None),
        (500, "", None),
        (502, "\"bad gateway\"", None),
        (503, "\"overloaded\"", None),
        (408, "\"slow\"", None),
    ] {
        assert_eq!(own_failure(&answer(status, JSON, body)).as_deref(), own, "{status} {body}");
    }
}

#[tokio::test]
async fn silences_and_status_are_read() {
    let body = r#"[{"id":"i","status":{"state":"active"},"updatedAt":"x","comment":"c","createdBy":"me","endsAt":"2026-11-21T09:00:00Z","startsAt":"2026-11-21T08:00:00Z",
        "matchers":[{"name":"a","value":"b","isRegex":false},{"name":"c","value":"d.*","isRegex":true,"isEqual":false}]}]"#;
    let read = manager("am", 200, body).silences().await.unwrap();
    assert_eq!(
        read.silences,
        [Silence {
            id: "i".into(),
            state: "active".into(),
            matchers: vec![
                Matcher::equal("a", "b"),
                Matcher { op: crate::query::matcher::Op::NotRegex, ..Matcher::regex("c", "d.*") }
            ],
            starts_at: Some(at("08:00:00")),
            ends_at: Some(at("09:00:00")),
            created_by: "me".into(),
            comment: "c".into(),
        }]
    );
    let body = r#"{"cluster":{"name":"x","status":"ready","peers":[{"name":"a"},{"name":"b"}]},"config":{"original":"route: {}"},"uptime":"2026-11-21T07:00:00Z","versionInfo":{"version":"0.31.1"}}"#;
    let status = manager("am", 200, body).status().await.unwrap();
    assert_eq!(
        status,
        Status {
            version: "0.31.1".into(),
            started: Some(at("07:00:00")),
            cluster: "ready".into(),
            peers: 2,
            members: vec!["a".into(), "b".into()]
        }
    );
}

#[tokio::test]
async fn several_alertmanagers_are_merged_and_the_silent_one_is_named() {
    let shared = told(r#"{"alertname":"A","severity":"critical"}"#, "1", "active");
    let silenced =
        shared.replace(r#""state":"active","silencedBy":[]"#, r#""state":"suppressed","silencedBy":["id"]"#);
    let only = told(r#"{"alertname":"B"}"#, "2", "active");
    let managers = [
        manager("am-0", 200, &format!(r#"[{{"alerts":[{silenced}]}}]"#)),
        manager("am-1", 200, &format!(r#"[{{"alerts":[{only},{shared}]}}]"#)),
        manager("am-2", 502, "down"),
    ];
    let overview = overview(&managers, &[]).await;
    let shown: Vec<_> =
        overview.alerts.iter().map(|a| (a.name(), a.state, a.told_by.len(), a.silenced_by.len())).collect();
    assert_eq!(shown, [("A", State::Firing, 2, 1), ("B", State::Firing, 1, 0)]);
    assert_eq!(overview.answered, ["am-0".into(), "am-1".into()]);
    assert_eq!(
        overview.missing.iter().map(|(n, e)| (n.raw(), e.kind)).collect::<Vec<_>>(),
        [("am-2", Kind::Server)]
    );
}

#[tokio::test]
async fn a_rules_alert_is_joined_to_alertmanagers_although_external_labels_differ() {
    let sent = alerts(&format!(
        r#"[{{"alerts":[{},{}]}}]"#,
        told(r#"{"alertname":"A","namespace":"n","prometheus":"m/k8s"}"#, "1", "suppressed"),
        told(r#"{"alertname":"A","namespace":"n","pod":"p","prometheus":"m/k8s"}"#, "2", "active"),
    ))
    .await;
    let overview = merge(
        vec![place("am", sent)],
        rules(vec![
            active(&[("alertname", "A"), ("namespace", "n")], State::Firing, "07:58:00"),
            active(&[("alertname", "A"), ("namespace", "n"), ("pod", "p")], State::Pending, "07:57:00"),
            active(&[("alertname", "A"), ("namespace", "other")], State::Pending, "08:04:00"),
        ]),
    );
    let shown: Vec<_> =
        overview.alerts.iter().map(|a| (a.fingerprint.0, a.state, a.active_at, a.told_by.len())).collect();
    let pending = labels(&[("alertname", "A"), ("namespace", "other")]).fingerprint();
    assert_eq!(
        shown,
        [
            (2, State::Firing, Some(at("07:57:00")), 2),
            (pending.0, State::Pending, Some(at("08:04:00")), 1),
            (1, State::Suppressed, Some(at("07:58:00")), 2),
        ]
    );
    let joined = &overview.alerts[0];
    assert_eq!(
        (joined.value, joined.starts_at, joined.rule.is_some()),
        (Some(0.05), Some(at("08:00:00.5")), true)
    );
    assert_eq!(joined.annotations, labels(&[("summary", "s")]));
}

#[tokio::test]
async fn an_alert_of_another_cluster_in_the_same_alertmanager_is_not_taken_for_ours() {
    let sent = |name: &str, cluster: &str, fingerprint: &str| {
        told(&format!(r#"{{"alertname":"{name}","cluster":"{cluster}"}}"#), fingerprint, "active")
    };
    let both = alerts(&format!(
        r#"[{{"alerts":[{},{},{}]}}]"#,
        sent("A", "theirs", "1"),
        sent("A", "ours", "2"),
        sent("B", "ours", "3")
    ))
    .await;
    let ours = vec![
        active(&[("alertname", "A")], State::Firing, "07:00:00"),
        active(&[("alertname", "B")], State::Firing, "07:00:00"),
    ];
    let overview = merge(vec![place("am", both)], rules(ours));
    let known: Vec<_> = overview.alerts.iter().map(|a| (a.fingerprint.0, a.active_at.is_some())).collect();
    assert_eq!(known, [(1, false), (2, true), (3, true)]);
}

#[test]
fn without_an_alertmanager_the_rules_alone_make_the_list_and_replicas_no_doubles() {
    let told = || vec![active(&[("alertname", "A"), ("severity", "warning")], State::Firing, "07:58:00")];
    let later = vec![active(&[("alertname", "A"), ("severity", "warning")], State::Pending, "07:58:09")];
    let overview = merge(vec![], [rules(told()), rules(later)].into_iter().flatten().collect());
    let [alert] = &overview.alerts[..] else { panic!("{overview:?}") };
    assert_eq!((alert.state, alert.active_at, alert.starts_at), (State::Firing, Some(at("07:58:00")), None));
}

#[tokio::test]
async fn the_printed_alert_is_the_one_that_was_read() {
    let text = told(r#"{"alertname":"A"}"#, "00000000000000ff", "active");
    let read = alerts(&format!(r#"[{{"alerts":[{text}]}}]"#)).await;
    let mut expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    expected["status"]["mutedBy"] = serde_json::json!([]);
    expected["startsAt"] = "2026-11-21T08:00:00.500Z".into();
    expected["endsAt"] = "2026-11-21T08:09:00.000Z".into();
    expected["updatedAt"] = "2026-11-21T08:05:00.123Z".into();
    assert_eq!(to_api_json(&read.alerts[0]), expected);
}

#[test]
fn an_alert_of_the_rules_alone_is_printed_as_pending_or_active() {
    let overview = merge(
        vec![],
        rules(vec![
            active(&[("alertname", "A")], State::Firing, "07:58:00"),
            active(&[("alertname", "B")], State::Pending, "08:04:00"),
        ]),
    );
    let printed: Vec<_> = overview.alerts.iter().map(to_api_json).collect();
    assert_eq!(printed[0]["status"]["state"], "active");
    assert_eq!(printed[0]["startsAt"], "2026-11-21T08:00:00.000Z", "it fired when `for` had passed");
    assert_eq!(printed[1]["status"]["state"], "pending");
    assert_eq!(printed[1]["startsAt"], "2026-11-21T08:04:00.000Z");
    assert_eq!(printed[1]["endsAt"], "0001-01-01T00:00:00.000Z");
}

#[test]
fn the_fingerprint_is_the_one_that_alertmanager_computes() {
    // As Alertmanager 0.31.1 told it for these labels.
    let watchdog = labels(&[("alertname", "Watchdog"), ("severity", "none")]);
    assert_eq!(watchdog.fingerprint().to_string(), "448881ef475b9b26");
}
