//! What must be readable at a glance, at 80 columns too: names, distances, messages, counts that agree
//! with rows, rows that went a moment ago.

use std::sync::Arc;

use deckwatch::app::effect::Feed;
use deckwatch::app::msg::{Answer, FeedMsg, FeedState};
use deckwatch::app::views::{View, alert, logs, timeline};
use deckwatch::core::{Kind, Labels, Resource, Span, Window};
use deckwatch::store::alerts::Alert;
use deckwatch::store::batch::Edge;
use pretty_assertions::assert_eq;

use crate::snapshot::{lines, probe, text};
use crate::stage::{SIZES, Stage, error};
use crate::world::{World, ago, reference, uids};

const SMALL: (u16, u16) = SIZES[0];

fn opened(view: View, size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(World::default(), view, size, probe());
    stage.background();
    stage
}

fn named(name: &str) -> View {
    View::open(name).unwrap()
}

/// Returns the first line that holds a text.
fn line(stage: &mut Stage, needle: &str) -> String {
    let all = lines(&stage.draw());
    all.iter()
        .find(|l| l.contains(needle))
        .cloned()
        .unwrap_or_else(|| panic!("no {needle} in\n{}", all.join("\n")))
}

#[test]
fn an_alerts_row_tells_the_workload_the_value_and_the_release_at_80_columns() {
    for view in ["watch", "alerts"] {
        let row = line(&mut opened(named(view), SMALL), "Backend5xxHigh");
        let words: Vec<&str> = row.split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
        assert_eq!(words[..2], ["✖ critical", "Backend5xxHigh"], "{view}");
        assert!(words[2].ends_with("/backend"), "{view}: {row}");
        assert_eq!(words[3..], ["5.2 %", "6m", "3m after release 7"], "{view}");
        let wide = line(&mut opened(named(view), SIZES[1]), "Backend5xxHigh");
        assert!(wide.contains("momo-store/backend") && wide.contains("5.2 %  > 1 %"), "{view}: {wide}");
    }
}

#[test]
fn the_counts_above_alerts_count_the_rows_and_a_dead_mans_switch_is_a_sign_of_life() {
    let mut stage = opened(named("watch"), SIZES[1]);
    let heading = line(&mut stage, "── Alerts");
    assert!(heading.contains("2 firing · 1 pending · Watchdog alive"), "{heading}");
    let screen = text(&stage.draw());
    assert_eq!(
        ["✖ critical", "▲ warning", "◌ pending"].map(|w| screen.matches(w).count()),
        [1, 1, 1],
        "{screen}"
    );
    assert!(!screen.contains("no alerts"), "{screen}");

    let mut known = stage.world.alerts();
    known.alerts.retain(|a| a.name() == "Watchdog");
    stage.alerts(Ok(Answer::Alerts(known.clone())));
    let heading = line(&mut stage, "── Alerts");
    assert!(heading.contains("0 firing · Watchdog alive"), "{heading}");
    line(&mut stage, "no alerts; rules were evaluated 4s ago; Watchdog fires, so alerting is alive");
    known.alerts.clear();
    stage.alerts(Ok(Answer::Alerts(known)));
    assert!(!line(&mut stage, "── Alerts").contains("alive"));
}

#[test]
fn how_long_before_the_moment_a_change_came_is_whole_at_every_size() {
    for size in SIZES {
        let owner = Some(reference(Resource::Deployment, "backend"));
        let mut stage = opened(View::Timeline(timeline::Timeline::before(owner)), size);
        assert!(line(&mut stage, "6 → 7").contains("9m before"), "{size:?}");
        let mut page =
            opened(View::Alert(alert::AlertPage::new(World::default().the_alert().fingerprint)), size);
        assert!(line(&mut page, "6 → 7").contains("3m before"), "{size:?}");
    }
}

#[test]
fn a_scaling_tells_its_numbers_before_the_name_of_the_set() {
    let mut stage = opened(named("timeline"), SMALL);
    let event = serde_json::json!({
        "metadata": {"name": "e", "namespace": "momo-store", "uid": "e"}, "reason": "ScalingReplicaSet", "type": "Normal",
        "involvedObject": {"kind": "Deployment", "apiVersion": "apps/v1", "namespace": "momo-store", "name": "frontend"},
        "message": "Scaled up replica set frontend-5d8f7c6b9 from 3 to 4", "lastTimestamp": ago(2).rfc3339(),
    });
    stage.list(Resource::Event, vec![crate::world::object(Resource::Event, event)]);
    assert!(line(&mut stage, "scaled").contains("Deployment momo-store/frontend  3 → 4  frontend-5d8f7c6b9"));
}

#[test]
fn the_cursor_passes_lines_of_one_nanosecond_that_are_alike() {
    let view =
        logs::Logs::whole(reference(Resource::Deployment, "backend"), Window { start: ago(7), end: ago(5) });
    let mut stage = opened(View::Logs(view), SMALL);
    let first = stage.world.lines().remove(0);
    let mut batch = stage.world.batch(vec![first; 30]);
    batch.older = Edge::Looked(ago(600));
    stage.answer(false, |_, _| Some(Ok(Answer::Logs(Box::new(batch.clone())))));
    stage.press(&["g", "g"]);
    for at in 0..30 {
        let buffer = stage.draw();
        let selected = (0..24).find(|y| buffer[(0, *y)].bg != ratatui_core::style::Color::Reset);
        assert_eq!(selected, Some(2 + at.min(19)), "after {at} keys");
        stage.press(&["j"]);
    }
}

#[test]
fn the_cursor_is_seen_among_opened_lines_and_the_mark_of_the_moment() {
    let view =
        logs::Logs::whole(reference(Resource::Deployment, "backend"), Window { start: ago(7), end: ago(5) });
    let mut stage = opened(View::Logs(view), SMALL);
    let first = stage.world.lines().remove(0);
    let entry = |i: i64| deckwatch::store::logs::Entry {
        ts: stage.env.now + Span::millis(i * 10 - 300),
        line: format!("{i} {}", "long ".repeat(40)).into(),
        ..first.clone()
    };
    let entries: Vec<_> = (0..60).map(entry).collect();
    let batch = stage.world.batch(entries);
    stage.answer(false, |_, _| Some(Ok(Answer::Logs(Box::new(batch.clone())))));
    for open in [false, true] {
        stage.press(&["g", "g"]);
        for at in 0..60 {
            let buffer = stage.draw();
            let all = lines(&buffer);
            let selected = (2..24).find(|y| buffer[(0, *y)].bg != ratatui_core::style::Color::Reset);
            let row = all.get(usize::from(selected.unwrap_or(0))).cloned().unwrap_or_default();
            assert!(row.contains(&format!(" {at} long")), "opened {open}, line {at}: {row}");
            stage.press(&["j"]);
        }
        stage.press(&["enter"]);
    }
}

#[test]
fn a_structured_line_shows_its_message_first_and_opened_it_is_shown_as_it_came() {
    let view =
        logs::Logs::whole(reference(Resource::Deployment, "backend"), Window { start: ago(7), end: ago(5) });
    let mut stage = opened(View::Logs(view), SMALL);
    let batch = stage.world.batch(stage.world.lines());
    stage.answer(false, |_, _| Some(Ok(Answer::Logs(Box::new(batch.clone())))));
    let row = line(&mut stage, "GET /products");
    assert!(row.contains("info    GET /products/ 200  ms=12  trace_id="), "{row}");
    stage.press(&["enter"]);
    line(&mut stage, r#"{"ts":"2026-11-21T14:01:30.482Z""#);
}

#[test]
fn rows_that_went_stay_greyed_with_when_they_went_and_are_not_counted() {
    let mut stage = opened(named("pods"), SIZES[1]);
    let pods = stage.world.objects(Resource::Pod);
    let gone = uids(&pods).remove(0);
    stage.feed(Feed::Objects(Resource::Pod), FeedMsg::Changes { applied: Vec::new(), removed: vec![gone] });
    stage.wait(Span::secs(12));
    let row = line(&mut stage, "x2xkl");
    assert!(row.contains("CrashLoopBackOff") && row.contains("✝ gone 12s ago"), "{row}");
    assert!(line(&mut stage, "── pods").contains("2 pods · live"));
    let page = stage.model.nav.top().id;
    stage.wait(Span::secs(18));
    stage.send(deckwatch::app::Msg::Due(deckwatch::app::effect::Timer::Page(page)));
    assert!(!text(&stage.draw()).contains("x2xkl"));
}

#[test]
fn rows_that_may_no_longer_be_read_are_not_called_gone() {
    let mut stage = opened(named("pods"), SIZES[1]);
    let denied = error(stage.world, Kind::Denied, "list pods");
    stage.feed(Feed::Objects(Resource::Pod), FeedMsg::State(FeedState::Denied(denied)));
    assert!(!text(&stage.draw()).contains("gone"));
}

#[test]
fn the_moment_is_drawn_in_the_focused_panel_at_every_size() {
    for size in SIZES {
        let mut stage = opened(named("watch"), size);
        stage.press(&["g", "p"]);
        assert!(matches!(&stage.model.nav.top().view, View::Board(_)));
        let world = stage.world;
        let data = |w: Window| {
            // A line all over the plot: nothing lies over data, and still the moment is seen.
            let mut matrix = world.matrix(w);
            let points: Vec<_> =
                matrix.series[0].points.iter().enumerate().map(|(i, (t, _))| (*t, (i % 2) as f64)).collect();
            matrix.series[0].points = points.into();
            Answer::Range(Arc::new(matrix))
        };
        stage.answer(false, |_, query| match query {
            deckwatch::app::effect::Query::Range { window, .. } => Some(Ok(data(*window))),
            _ => None,
        });
        let screen = lines(&stage.draw());
        let focused = screen.iter().position(|l| l.contains("▸ Requests by code")).unwrap();
        let axis = screen.iter().skip(focused).find(|l| l.contains('╵')).unwrap();
        assert!(axis.contains('▲'), "{size:?}\n{}", screen.join("\n"));
    }
}

#[test]
fn help_has_its_place_in_the_line_of_keys_at_every_size() {
    for (view, size) in
        ["watch", "alerts", "pods", "releases", "sources"].into_iter().flat_map(|v| SIZES.map(|s| (v, s)))
    {
        let last = lines(&opened(named(view), size).draw()).pop().unwrap();
        assert!(last.contains("? keys"), "{view} {size:?}: {last}");
    }
}

#[test]
fn alerts_of_one_workload_each_name_their_own_pod() {
    let pods = ["backend-7c5d9f8b6-x2xkl", "backend-7c5d9f8b6-9kkqp"];
    let mut answer = World::default().alerts();
    let crashing = answer.alerts.iter().find(|a| a.labels.get("alertname") == Some("PodCrashLooping"));
    let crashing = crashing.unwrap().clone();
    answer.alerts = pods
        .iter()
        .map(|pod| {
            let own = [("pod", *pod)].into_iter();
            let others = crashing.labels.iter().filter(|(n, _)| *n != "deployment");
            let labels: Labels = others.chain(own).collect();
            Alert { fingerprint: labels.fingerprint(), labels, ..crashing.clone() }
        })
        .collect();
    let mut stage = opened(named("alerts"), SIZES[1]);
    stage.alerts(Ok(Answer::Alerts(answer)));
    for pod in pods {
        assert!(line(&mut stage, pod).contains("PodCrashLooping"), "{pod}");
    }
}
