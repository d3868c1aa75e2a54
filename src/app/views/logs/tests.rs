//! The view before answers: what it asks next, and what it says of what is missing.

use std::sync::Arc;

use pretty_assertions::assert_eq;

use super::*;
use crate::app::effect::{Effect, Effects};
use crate::app::input::Keymap;
use crate::app::model::{Model, Session};
use crate::app::testing;
use crate::app::update::start;
use crate::app::views::{Env, View};
use crate::core::{ClusterId, Kind, Labels, Safe};
use crate::ops::{Gate, Policy};
use crate::store::batch::Cuts;
use crate::store::logs::Origin;
use crate::ui::theme::{Depth, Glyphs, Theme};

const NOW: Ts = Ts(1_795_000_000_000_000_000);

fn ago(secs: i64) -> Ts {
    NOW - Span::secs(secs)
}

/// A view, and a cockpit that nothing is behind.
struct Bench {
    view: Logs,
    model: Model,
    env: Env,
}

impl Bench {
    fn new(make: impl FnOnce(ObjectRef) -> Logs) -> Self {
        let env = Env {
            now: NOW,
            keymap: Arc::new(Keymap::load("default", &|_| None).unwrap()),
            theme: Arc::new(Theme::load("dark", &|_| None, Depth::None, Glyphs { unicode: true }).unwrap()),
        };
        let cluster = ClusterId("test".into());
        let object = ObjectRef::new(&cluster, Resource::Pod, "shop", "web-1", "u1");
        let session = Session { cluster, size: (200, 30), started: NOW, ..testing::session() };
        let gate = Gate::new(Policy { protected: true, locked: false });
        let (model, _) = start(session, gate, View::open("sources").unwrap(), Safe::own("me"), &env);
        Self { view: make(object), model, env }
    }

    /// Does something with the view. Returns the pages that it asks for.
    fn with(&mut self, what: impl FnOnce(&mut Logs, &mut Cx<'_>)) -> Vec<LogPage> {
        let mut effects = Effects::new();
        let Self { view, model, env } = self;
        let mut cx = Cx { shared: &mut model.shared, env, effects: &mut effects, page: 7, open: None };
        what(view, &mut cx);
        let asked = effects.into_iter().filter_map(|e| match e {
            Effect::Ask(_, Query::Logs { page, .. }) => Some(page),
            _ => None,
        });
        asked.collect()
    }

    /// Answers a part, as if it were the only one that was open.
    fn answer(&mut self, part: u16, batch: Batch) -> Vec<LogPage> {
        let mut effects = Effects::new();
        self.model.shared.asks.drop_page(7, &mut effects);
        self.with(|view, cx| view.answer(part, Ok(Answer::Logs(Box::new(batch))), cx))
    }

    fn text(&self) -> String {
        let area = Rect { x: 0, y: 0, width: 200, height: 20 };
        let mut buffer = Buffer::empty(area);
        self.view.draw(&Draw { shared: &self.model.shared, env: &self.env }, area, &mut buffer);
        buffer.content().iter().map(ratatui_core::buffer::Cell::symbol).collect()
    }

    fn draw<T>(&self, what: impl FnOnce(&Logs, &Draw<'_>) -> T) -> T {
        what(&self.view, &Draw { shared: &self.model.shared, env: &self.env })
    }
}

fn entry(secs: i64, line: &str) -> Entry {
    let labels: Labels = [("pod", "web-1"), ("container", "app")].into_iter().collect();
    Entry { ts: ago(secs), line: line.into(), labels, metadata: Labels::default(), origin: Origin::Loki }
}

fn batch(entries: Vec<Entry>, older: Edge, newer: Edge) -> Batch {
    let loki = LogReach { lines: entries.len(), asked: true, ..LogReach::default() };
    Batch { entries, loki, older, newer, ..Batch::default() }
}

fn denied() -> Error {
    Error::new(Kind::Denied, "get pods/log").on("shop/web-1").hint("ask for get on pods/log")
}

#[test]
fn followed_lines_are_asked_from_before_the_last_answer_on() {
    let mut bench = Bench::new(|object| Logs::new(object, false));
    assert_eq!(bench.with(Pane::init), [LogPage::Newest]);
    // No line at all: what comes later is followed all the same.
    bench.answer(MAIN, batch(Vec::new(), Edge::Looked(ago(43_200)), Edge::Now(NOW)));
    let asked = bench.with(Pane::refresh);
    let [LogPage::Newer { window, .. }] = asked[..] else { panic!("{asked:?}") };
    assert_eq!(window.start, NOW - known::OVERLAP);
}

#[test]
fn a_whole_window_is_asked_on_until_it_is_there_and_what_is_missing_is_told() {
    let window = Window { start: ago(48 * 3_600), end: ago(-300) };
    let mut bench = Bench::new(|object| Logs::whole(object, window));
    bench.with(Pane::init);
    let far = ago(12 * 3_600);
    let asked = bench.answer(MAIN, batch(vec![entry(5, "x")], Edge::Looked(far), Edge::Now(NOW)));
    assert_eq!(asked, [LogPage::Older(Window { start: ago(24 * 3_600), end: far })]);
    assert_eq!(bench.draw(|view, cx| view.missing(cx.shared.session.zone)).len(), 1);
    let error = Error::new(Kind::Timeout, "read Loki's lines");
    let asked = bench.answer(OLDER, batch(Vec::new(), Edge::Failed(far, error), Edge::Unknown));
    assert_eq!(asked, []);
    let missing = bench.draw(|view, cx| view.missing(cx.shared.session.zone));
    assert_eq!(missing[0], "loki: read Loki's lines: no answer");
    assert!(missing[1].starts_with("Loki was read only from "), "{missing:?}");
    let asked = bench.answer(MAIN, batch(vec![entry(5, "x")], Edge::Looked(window.start), Edge::Now(NOW)));
    assert_eq!((asked, bench.draw(|view, cx| view.missing(cx.shared.session.zone))), (vec![], vec![]));
}

#[test]
fn the_foot_says_how_far_was_looked_and_does_not_say_that_there_is_nothing() {
    let mut bench = Bench::new(|object| Logs::new(object, true));
    bench.with(Pane::init);
    let at = ago(12 * 3_600);
    bench.answer(MAIN, batch(vec![entry(5, "x")], Edge::Looked(at), Edge::Now(NOW)));
    let text = bench.text();
    assert!(text.contains(&format!("no older lines back to {}", at.near(NOW, Zone::Utc))), "{text}");
    let error = Error::new(Kind::Timeout, "read Loki's lines");
    bench.answer(MAIN, batch(vec![entry(5, "x")], Edge::Failed(at, error), Edge::More(NOW)));
    let text = bench.text();
    assert!(text.contains("older: no answer") && text.contains("more newer"), "{text}");
}

#[test]
fn a_part_without_lines_says_which_source_refused_and_what_to_do() {
    let mut bench = Bench::new(|object| Logs::new(object, true));
    bench.with(Pane::init);
    let kubelet = LogReach { asked: true, error: Some(denied()), ..LogReach::default() };
    bench.answer(MAIN, Batch { kubelet, ..batch(Vec::new(), Edge::Looked(ago(9)), Edge::Now(NOW)) });
    assert_eq!(bench.draw(Pane::truth), Truth::Partial("kubelet: denied".to_owned()));
    let text = bench.text();
    for part in ["get pods/log: denied on shop/web-1", "hint: ask for get on pods/log"] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn a_view_that_every_source_refused_is_denied() {
    let mut bench = Bench::new(|object| Logs::new(object, true));
    bench.with(Pane::init);
    bench.with(|view, cx| view.answer(MAIN, Err(denied()), cx));
    assert_eq!(bench.draw(Pane::truth), Truth::Denied(denied()));
    assert!(bench.text().contains("hint: ask for get on pods/log"));
}

#[test]
fn every_cut_is_told_in_the_heading_and_what_is_missing_in_the_notes() {
    let mut bench = Bench::new(|object| Logs::new(object, true));
    bench.with(Pane::init);
    let cuts = Cuts {
        clipped: 1,
        clipped_bytes: 9,
        doubles: 2,
        bad_utf8: 3,
        undated: 4,
        stray: 5,
        unreachable_pods: 6,
        unasked: 7,
        capped: 8,
        tailed: 9,
        overfull: 10,
        held: 11,
    };
    bench.answer(MAIN, Batch { cuts, ..batch(vec![entry(5, "x")], Edge::Looked(ago(9)), Edge::Now(NOW)) });
    let losses = "1 shortened · 6 pods out of reach · 7 containers not asked · 8 containers cut short · \
                  9 containers with their last lines only · 10 nanoseconds cut · 11 held back";
    let odd = "3 bad bytes · 4 without a time · 5 unasked and left out";
    assert_eq!(
        bench.draw(|view, cx| view.heading(cx).count),
        format!("1 line · {losses} · {odd} · 2 doubles")
    );
    assert_eq!(bench.draw(|view, _| view.missing(Zone::Utc)), [format!("cut: {losses}")]);
    assert_eq!(bench.view.oddities().as_deref(), Some(odd));
}

#[test]
fn a_warning_of_loki_makes_its_lines_a_part() {
    let mut bench = Bench::new(|object| Logs::new(object, true));
    bench.with(Pane::init);
    let mut answer = batch(vec![entry(5, "x")], Edge::Looked(ago(9)), Edge::Now(NOW));
    answer.loki.warnings = vec!["2 of 3 ingesters\u{1b}[31m".into()];
    bench.answer(MAIN, answer);
    let Truth::Partial(what) = bench.draw(Pane::truth) else { panic!() };
    assert!(what.starts_with("loki warns: 2 of 3 ingesters") && !what.contains('\u{1b}'), "{what:?}");
    assert_eq!(bench.draw(|view, _| view.missing(Zone::Utc)).len(), 1);
}
