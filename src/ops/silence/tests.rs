use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;
use crate::core::action::Risk;
use crate::core::{Labels, Ts};
use crate::query::alertmanager::matcher;
use crate::store::alerts::{Alert, State};

const NOW: Ts = Ts::from_secs(1_800_000_000);
const ID: &str = "8d6b6a2e-0000-4000-8000-00000000000a";

fn id() -> SilenceId {
    SilenceId::parse(ID).unwrap()
}

fn matchers(texts: &[&str]) -> Vec<Matcher> {
    texts.iter().map(|text| matcher(text).unwrap()).collect()
}

fn draft(texts: &[&str], comment: &str, length: Span) -> Draft {
    Draft { matchers: matchers(texts), length, comment: comment.into(), author: None }
}

fn live(state: &str, starts: Span, ends: Span) -> Value {
    let time = |at: Ts| at.rfc3339_millis_in(crate::core::Zone::Utc);
    json!({
        "id": ID, "status": {"state": state}, "updatedAt": time(NOW - Span::hours(1)),
        "matchers": [{"name": "a", "value": "b", "isRegex": false, "isEqual": true}],
        "startsAt": time(NOW + starts), "endsAt": time(NOW + ends),
        "createdBy": "ann", "comment": "c", "annotations": {"ticket": "7"},
    })
}

fn alert(name: &str, silenced_by: &[&str]) -> Alert {
    let labels: Labels = [("alertname", name), ("pod", "a")].into_iter().collect();
    Alert {
        fingerprint: labels.fingerprint(),
        labels,
        annotations: Labels::default(),
        state: State::Firing,
        starts_at: None,
        active_at: None,
        ends_at: None,
        updated_at: None,
        value: None,
        generator_url: "".into(),
        receivers: Vec::new(),
        silenced_by: silenced_by.iter().map(|id| (*id).into()).collect(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        told_by: Vec::new(),
        rule: None,
    }
}

#[test]
fn an_id_is_a_uuid_and_nothing_else() {
    assert_eq!(id().short(), "8d6b6a2e");
    for bad in
        ["", "x", "../status", "8d6b6a2e-0000-4000-8000-00000000000g", "8d6b6a2e00004000800000000000000a"]
    {
        assert_eq!(SilenceId::parse(bad), None, "{bad}");
    }
    assert!(serde_json::from_value::<SilenceId>(json!("../x")).is_err());
}

#[test]
fn what_the_alertmanager_would_refuse_is_refused_before_it_is_asked() {
    let hour = Span::hours(1);
    let why = |texts: &[&str], comment: &str, length| check(&draft(texts, comment, length)).unwrap_err();
    assert!(why(&[], "c", hour).contains("at least one matcher is needed"));
    for all in [&["a="][..], &["a=~.*"], &["a=~x|", "b="]] {
        assert!(why(all, "c", hour).contains("must not match the empty string"), "{all:?}");
    }
    assert!(why(&["a=b"], "  ", hour).contains("a comment is required"));
    assert!(why(&["a=b"], "c", Span(0)).contains("longer than nothing"));
    assert!(why(&["a=b"], "c", Span::hours(24 * 400)).contains("longer than a year"));
    for taken in [&["a=b"][..], &["a!=b"], &["a=", "b=~.+"], &["a=~("]] {
        assert_eq!(check(&draft(taken, "c", hour)), Ok(()), "{taken:?}");
    }
}

#[test]
fn a_new_silence_is_sent_in_the_api_s_shape_with_times_that_are_told_back() {
    let now = NOW + Span(123_456_789);
    let (request, starts, ends) = add(&matchers(&["a=~\"b|c\""]), now, Span::hours(2), ("ann", "why \"so\""));
    assert_eq!((request.method, request.path.as_str()), ("POST", "/api/v2/silences"));
    let body = json!({
        "matchers": [{"name": "a", "value": "b|c", "isRegex": true, "isEqual": true}],
        "startsAt": "2027-01-15T08:00:00.123Z", "endsAt": "2027-01-15T10:00:00.123Z",
        "createdBy": "ann", "comment": "why \"so\"",
    });
    assert_eq!(request.body, Some(body));
    assert_eq!(ends - starts, Span::hours(2));
}

#[test]
fn only_the_end_moves_and_all_else_goes_back_as_it_came() {
    let silence = live("active", Span::hours(-1), Span::hours(1));
    let (request, ends, keeps) = extend(Live(&silence), NOW, Span::hours(3)).unwrap();
    assert_eq!((ends, keeps), (NOW + Span::hours(3), true));
    let body = request.body.unwrap();
    assert_eq!((&body["id"], &body["annotations"]["ticket"]), (&ID.into(), &"7".into()));
    assert_eq!((body.get("status"), body.get("updatedAt")), (None, None));
    assert_eq!(
        (&body["startsAt"], &body["endsAt"]),
        (&silence["startsAt"], &"2027-01-15T11:00:00.000Z".into())
    );
    let why = |silence: &Value, length| extend(Live(silence), NOW, length).unwrap_err();
    assert!(why(&silence, Span::mins(30)).contains("lasts longer already"));
    assert!(why(&live("expired", Span::hours(-2), Span::hours(-1)), Span::hours(1)).contains("has expired"));
    assert!(why(&silence, Span(0)).contains("longer than nothing"));
    // One that begins soon may have begun when it arrives: then another one takes its place.
    let soon = live("pending", Span::mins(1), Span::hours(1));
    assert!(!extend(Live(&soon), NOW, Span::hours(3)).unwrap().2);
    let later = live("pending", Span::hours(1), Span::hours(2));
    assert!(extend(Live(&later), NOW, Span::hours(3)).unwrap().2);
}

#[test]
fn a_silence_is_ended_by_its_id_and_not_twice() {
    let active = live("active", Span(0), Span::hours(1));
    let request = expire(Live(&active), &id()).unwrap();
    assert_eq!((request.method, request.path), ("DELETE", format!("/api/v2/silence/{ID}")));
    assert!(expire(Live(&live("expired", Span(0), Span(0))), &id()).unwrap_err().contains("already"));
}

#[test]
fn what_was_made_is_found_by_all_that_was_sent_and_nothing_else_is() {
    let (request, ..) = add(&matchers(&["a=b", "c!=d"]), NOW, Span::hours(1), ("ann", "c"));
    let body = request.body.unwrap();
    let told = |change: &dyn Fn(&mut Value)| {
        let mut silence = body.clone();
        silence["id"] = ID.into();
        change(&mut silence);
        created(&[silence], &body, &BTreeSet::new())
    };
    let found = Seen::Applied(id());
    assert_eq!(told(&|_| {}), found);
    // The order of matchers is the server's; it begins when the server gets it, not before it was sent.
    assert_eq!(told(&|s| s["matchers"].as_array_mut().unwrap().reverse()), found);
    assert_eq!(told(&|s| s["startsAt"] = "2027-01-15T08:00:03.000Z".into()), found);
    for (key, other) in [
        ("startsAt", json!("2027-01-15T07:59:59.000Z")),
        ("endsAt", json!("2027-01-15T09:00:00.001Z")),
        ("createdBy", json!("bob")),
        ("comment", json!("d")),
        ("matchers", json!([])),
    ] {
        assert_eq!(told(&|s| s[key] = other.clone()), Seen::NotYet, "{key}");
    }
    let mut same = body.clone();
    same["id"] = ID.into();
    assert_eq!(created(&[same], &body, &BTreeSet::from([id()])), Seen::NotYet);
}

#[test]
fn a_later_end_and_an_end_are_told_by_the_id() {
    let planned = live("active", Span::hours(-1), Span::hours(1));
    let longer = live("active", Span::hours(-1), Span::hours(3));
    let (ends, applied) = (NOW + Span::hours(3), Seen::Applied(id()));
    assert_eq!(extended(&planned, Some(&longer), ends), applied);
    assert_eq!(extended(&planned, Some(&planned), ends), Seen::NotYet);
    assert_eq!(extended(&planned, Some(&live("active", Span::hours(-1), Span::hours(2))), ends), Seen::Moved);
    assert_eq!(extended(&planned, None, ends), Seen::Moved);
    let ended = live("expired", Span::hours(-1), Span(0));
    assert_eq!(expired(&planned, Some(&ended)), applied);
    assert_eq!(expired(&planned, Some(&planned)), Seen::NotYet);
    assert_eq!(expired(&planned, Some(&longer)), Seen::Moved);
    // That it has begun meanwhile is a change too.
    assert!(!same_but_status(
        &live("pending", Span(0), Span::hours(1)),
        &live("active", Span(0), Span::hours(1))
    ));
}

#[test]
fn a_narrow_and_short_one_is_safe_and_others_are_not() {
    let one = matchers(&["alertname=X"]);
    let risk = |alerts: &[Alert], texts: &[&str], lasts| Reach::of(alerts, &[]).risk(&matchers(texts), lasts);
    let hour = Span::hours(1);
    let named = |names: &[&str]| names.iter().map(|n| alert(n, &[])).collect::<Vec<_>>();
    for (alerts, texts, lasts, expected) in [
        (named(&["X"; 10]), &["alertname=X"][..], hour, Risk::Safe),
        (named(&["X"; 11]), &["alertname=X"], hour, Risk::Disruptive),
        (named(&["X", "Y"]), &["pod=a"], hour, Risk::Disruptive),
        (named(&["Watchdog"]), &["alertname=Watchdog"], hour, Risk::Disruptive),
        (named(&[]), &["alertname=X"], Span::hours(24), Risk::Safe),
        (named(&[]), &["alertname=X"], Span::hours(25), Risk::Disruptive),
        (named(&[]), &["alertname!=X"], hour, Risk::Disruptive),
        (named(&[]), &["alertname=~\".+\""], hour, Risk::Disruptive),
        (named(&[]), &["severity!=\"none\"", "alertname=~\".*\""], hour, Risk::Disruptive),
        (named(&[]), &["pod=", "alertname=~."], hour, Risk::Safe),
        (named(&[]), &["alertname=~x|"], hour, Risk::Disruptive),
        (named(&[]), &["alertname=~(?<=x)y"], hour, Risk::Disruptive),
        (named(&[]), &["alertname=~.+", "pod=~a.*"], hour, Risk::Safe),
    ] {
        assert_eq!(risk(&alerts, texts, lasts), expected, "{} {texts:?} {lasts}", alerts.len());
    }
    let reach = Reach::of(&[alert("X", &["s1"]), alert("X", &[ID]), alert("Y", &[])], &[ID]);
    assert_eq!((reach.words().as_str(), reach.otherwise), ("3 alerts: X ×2, Y", 1));
    let notes = |r: &Reach, m: &[Matcher]| {
        r.warnings(m, hour).iter().map(|n| n.as_str().to_owned()).collect::<Vec<_>>().join("; ")
    };
    assert!(notes(&Reach::default(), &one).contains("it hides nothing now"));
    assert!(
        notes(&reach, &matchers(&["pod=a"])).contains("1 of them is silenced, inhibited or muted already")
    );
    assert!(notes(&reach, &matchers(&["pod=a"])).contains("it hides alerts of 2 names"));
    for wide in [&["alertname=~\".+\""][..], &["severity!=\"none\"", "alertname=~\".*\""]] {
        assert!(notes(&reach, &matchers(wide)).contains("it hides every alert, or nearly"), "{wide:?}");
    }
    assert!(notes(&reach, &matchers(&["a!=b"])).contains("its matchers only exclude: it hides every alert"));
    assert!(!notes(&reach, &one).contains("every alert"));
    let watchdog = Reach::of(&[alert("Watchdog", &[])], &[]);
    assert!(notes(&watchdog, &one).contains("Watchdog is a dead-man's switch"));
}

#[test]
fn what_hides_far_more_or_other_alerts_than_were_shown_has_outgrown_it() {
    let of = |names: &[&str]| Reach::of(&names.iter().map(|n| alert(n, &[])).collect::<Vec<_>>(), &[]);
    for (shown, now, texts, outgrown) in [
        (of(&["X"; 2]), of(&["X"; 12]), &["pod=a"][..], false),
        (of(&["X"; 2]), of(&["X"; 13]), &["pod=a"], true),
        (of(&["X"; 20]), of(&["X"; 40]), &["pod=a"], false),
        (of(&["X"; 20]), of(&["X"; 41]), &["pod=a"], true),
        (of(&["X"; 3]), of(&["X"]), &["pod=a"], false),
        (of(&["X", "Y"]), of(&["X", "Z"]), &["pod=a"], true),
        // Its name is what was asked for.
        (of(&[]), of(&["X"]), &["alertname=X"], false),
        (of(&[]), of(&["X"]), &["alertname=~X"], true),
        (of(&[]), of(&["Watchdog"]), &["alertname=Watchdog"], true),
        (of(&["Watchdog"]), of(&["Watchdog"]), &["pod=a"], false),
    ] {
        assert_eq!(now.outgrows(&shown, &matchers(texts)), outgrown, "{} {texts:?}", now.words());
    }
}

#[test]
fn what_was_made_is_compared_with_what_was_asked_for() {
    let (request, ..) = add(&matchers(&["a=b", "c!=d"]), NOW, Span::hours(1), ("ann", "c"));
    let body = request.body.unwrap();
    let told = |change: &dyn Fn(&mut Value)| {
        let mut silence = body.clone();
        change(&mut silence);
        differs(&body, &silence)
    };
    assert_eq!(told(&|s| s["matchers"].as_array_mut().unwrap().reverse()), None);
    assert_eq!(told(&|s| s["startsAt"] = "2027-01-15T08:00:03.000Z".into()), None);
    let why = |change: &dyn Fn(&mut Value)| told(change).unwrap();
    assert_eq!(why(&|s| s["endsAt"] = "2027-01-15T10:00:00Z".into()), "it ends at 2027-01-15T10:00:00Z");
    assert_eq!(why(&|s| s["endsAt"] = Value::Null), "it tells no end");
    assert_eq!(why(&|s| s["matchers"] = json!([])), "its matchers are ");
    assert_eq!(why(&|s| s["matchers"] = Value::Null), "its matchers are not understood");
}

#[test]
fn what_is_typed_to_confirm_it_is_never_nothing_and_can_be_seen() {
    use crate::ops::plan::{Shown, silence_phrase};
    let shown = |texts: &[&str], id: Option<SilenceId>| Shown {
        id,
        matchers: matchers(texts),
        starts_at: NOW,
        ends_at: NOW,
        until: None,
        keeps_id: true,
        created_by: "".into(),
        comment: "".into(),
    };
    let phrase = |texts: &[&str], id| silence_phrase(&[shown(texts, id)]).to_string();
    assert_eq!(phrase(&["a=b"], Some(id())), "8d6b6a2e");
    assert_eq!(phrase(&["a=b", "alertname=X"], None), "X");
    assert_eq!(phrase(&["a=", "b=~c.*"], None), "c.*");
    let long = format!("a={}", "x".repeat(61));
    for hidden in ["a=\u{202e}b", "a=\"b \"", "a!=", long.as_str()] {
        assert_eq!(phrase(&[hidden], None), "silence", "{hidden}");
    }
    assert_eq!(silence_phrase(&[]).as_str(), "silence");
}
