//! Scenarios of `update`: keys in, effects and model out.

use std::sync::Arc;

use deckwatch_wire::core::Pod;
use pretty_assertions::assert_eq;

use super::{show, start, update};
use crate::app::effect::{Effect, Effects, Feed, Query, Scope, Timer};
use crate::app::input::Keymap;
use crate::app::model::{Job, Modal, Model, Session};
use crate::app::msg::{Answer, FeedMsg, Msg};
use crate::app::testing;
use crate::app::views::plan::PlanView;
use crate::app::views::{Env, View};
use crate::core::action::Action;
use crate::core::action::Context;
use crate::core::key::Key;
use crate::core::{ClusterId, Error, Kind, Name, Resource, Safe, Span, Ts, Zone};
use crate::ops::{Ended, Gate, How, JobMsg, Outcome, Plan, Policy, Record, Wanted, What};
use crate::store::alerts::Rule;
use crate::store::objects::Object;
use crate::ui::theme::{Depth, Glyphs, Theme};

const NOW: Ts = Ts(1_795_000_000_000_000_000);

/// A cockpit that nothing is behind.
struct Bench {
    model: Model,
    env: Env,
}

impl Bench {
    fn on(view: &str) -> Self {
        let env = Env {
            now: NOW,
            keymap: Arc::new(Keymap::load("default", &|_| None).unwrap()),
            theme: Arc::new(Theme::load("dark", &|_| None, Depth::None, Glyphs { unicode: true }).unwrap()),
        };
        let session = Session { cluster: ClusterId("momo demo".into()), started: NOW, ..testing::session() };
        let gate = Gate::new(Policy { protected: true, locked: false });
        let (model, _) = start(session, gate, View::open(view).unwrap(), Safe::own("me"), &env);
        Self { model, env }
    }

    /// Types keys, each written as keymaps write it.
    fn keys(&mut self, keys: &str) -> Effects {
        let mut effects = Effects::new();
        for key in keys.split_whitespace() {
            let key = Key::parse(key).unwrap();
            effects.extend(update(&mut self.model, Msg::Key { key, repeat: false }, &self.env));
        }
        effects
    }

    /// Types a text.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            update(&mut self.model, Msg::Key { key: Key::char(c), repeat: false }, &self.env);
        }
    }

    fn due(&mut self, timer: Timer) {
        update(&mut self.model, Msg::Due(timer), &self.env);
    }

    fn pods(&mut self, names: &[&str]) {
        let pod = |name: &&str| {
            let mut pod = Pod::default();
            (*name).clone_into(&mut pod.metadata.name);
            pod.metadata.namespace = "momo-store".to_owned();
            pod.metadata.uid = format!("uid-of-{name}");
            Object::Pod(Arc::new(pod))
        };
        let news = FeedMsg::Page(names.iter().map(pod).collect());
        let feed = Feed::Objects(Resource::Pod);
        update(&mut self.model, Msg::Feed(feed, Scope::All, news), &self.env);
    }

    fn view(&self) -> &'static str {
        self.model.nav.top().view.name()
    }

    fn title(&self) -> String {
        let cx = crate::app::views::Draw { shared: &self.model.shared, env: &self.env };
        self.model.nav.top().view.pane().heading(&cx).title
    }

    fn candidates(&self) -> Vec<&str> {
        match &self.model.modal {
            Some(Modal::GoTo(goto)) => goto.found.iter().map(|c| c.text.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    fn told(&self) -> Vec<String> {
        self.model.shared.notices.iter().map(|n| n.text.to_string()).collect()
    }

    fn scope(&self) -> Option<&str> {
        self.model.shared.session.scope.namespace()
    }
}

fn quits(effects: &Effects) -> bool {
    effects.iter().any(|e| matches!(e, Effect::Quit))
}

#[test]
fn the_box_of_a_chords_endings_comes_after_300_ms_and_goes_with_the_chord() {
    let mut bench = Bench::on("watch");
    let effects = bench.keys("g");
    let at: Vec<Ts> = effects
        .iter()
        .filter_map(|e| if let Effect::After(Timer::Chord, at) = e { Some(*at) } else { None })
        .collect();
    assert_eq!((at, bench.model.chord_shown), (vec![NOW + Span::millis(300)], false));
    bench.due(Timer::Chord);
    assert!(bench.model.chord_shown);
    bench.keys("a");
    assert_eq!((bench.view(), bench.model.chord_shown), ("alerts", false));
    // The timer of a chord that has ended shows nothing.
    bench.due(Timer::Chord);
    assert!(!bench.model.chord_shown);
    bench.keys("g esc");
    assert!(bench.model.chord.is_empty());
}

#[test]
fn ctrl_c_quits_and_asks_first_while_work_is_running() {
    let mut bench = Bench::on("watch");
    assert!(quits(&bench.keys("ctrl-c")));
    let plan = Arc::new(Plan::example(NOW));
    let check = crate::app::model::jobs::Check::default();
    let job = Job::begun(Arc::clone(&plan), wanted(), NOW, check);
    bench.model.shared.jobs.0.insert(plan.id, job);
    assert!(!quits(&bench.keys("ctrl-c")));
    assert!(matches!(bench.model.modal, Some(Modal::Quit)));
    assert!(!quits(&bench.keys("n")) && bench.model.modal.is_none());
    // Pressed twice in haste it stays.
    assert!(!quits(&bench.keys("ctrl-c ctrl-c")) && bench.model.modal.is_none());
    assert!(quits(&bench.keys("ctrl-c y")));
}

#[test]
fn ctrl_d_moves_and_asks_nothing_of_the_cluster() {
    let mut bench = Bench::on("pods");
    let names: Vec<String> = (0..60).map(|i| format!("pod-{i:02}")).collect();
    bench.pods(&names.iter().map(String::as_str).collect::<Vec<_>>());
    bench.keys("j");
    let effects = bench.keys("ctrl-d");
    assert_eq!(effects.len(), 0, "{effects:?}");
    let subject = bench.model.nav.top().view.pane().subject(&bench.model.shared);
    assert_eq!(subject.object.map(|o| o.name.to_string()).as_deref(), Some("pod-14"));
    assert_eq!(bench.model.shared.cluster.of(Resource::Pod).len(), 60);
}

#[test]
fn a_few_letters_and_enter_open_what_they_mean() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("dpl");
    assert_eq!(bench.candidates().first(), Some(&"deployments"));
    bench.keys("enter");
    assert_eq!((bench.view(), bench.title().as_str()), ("table", "deployments"));
    bench.keys(":");
    bench.text("releases");
    bench.keys("enter");
    assert_eq!(bench.view(), "releases");
}

#[test]
fn arrows_choose_a_candidate_and_tab_takes_one() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("s");
    let second = bench.candidates().get(1).map(|c| (*c).to_owned()).unwrap();
    bench.keys("down down tab");
    match &bench.model.modal {
        Some(Modal::GoTo(goto)) => assert_eq!(goto.line.text(), second),
        other => panic!("{other:?}"),
    }
    bench.keys("esc :");
    bench.text("n");
    bench.keys("backspace");
    bench.text("ns");
    bench.keys("tab");
    match &bench.model.modal {
        Some(Modal::GoTo(goto)) => assert_eq!(goto.line.text(), "ns "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_word_of_ours_is_told_and_what_is_typed_whole_is_never_replaced() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("zzzz");
    bench.keys("enter");
    assert!(bench.told().iter().any(|t| t.contains("neither a view nor a kind")), "{:?}", bench.told());
    bench.keys(":");
    bench.text("q");
    assert!(quits(&bench.keys("enter")));
}

#[test]
fn actions_run_by_their_names_where_they_apply() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("app.help");
    bench.keys("enter");
    assert!(matches!(bench.model.modal, Some(Modal::Help { .. })));
    bench.keys("esc :");
    bench.text("plan.confirm");
    bench.keys("enter");
    assert!(bench.told().iter().any(|t| t.contains("does nothing in this view")), "{:?}", bench.told());
}

#[test]
fn a_namespace_keeps_its_digit_and_after_a_view_namespaces_are_offered() {
    let mut bench = Bench::on("pods");
    bench.pods(&["a"]);
    bench.keys(":");
    bench.text("ns ");
    assert_eq!(bench.candidates(), ["momo-store", "all"]);
    bench.text("one");
    bench.keys("enter");
    assert_eq!(bench.scope(), Some("one"));
    for name in ["two", "three"] {
        bench.keys(":");
        bench.text(&format!("ns {name}"));
        bench.keys("enter");
    }
    bench.keys("1");
    assert_eq!(bench.scope(), Some("one"));
    bench.keys("3");
    assert_eq!(bench.scope(), Some("three"));
    bench.keys("0");
    assert_eq!(bench.scope(), None);
    bench.keys("9");
    assert_eq!(bench.scope(), None);
    assert!(
        bench.told().contains(&"recent namespaces: 1 one, 2 two, 3 three".to_owned()),
        "{:?}",
        bench.told()
    );
    let recent: Vec<Name> = bench.model.shared.session.recent.clone();
    assert_eq!(recent.iter().map(Name::as_str).collect::<Vec<_>>(), ["one", "two", "three"]);
}

#[test]
fn a_page_that_was_covered_is_asked_again_when_it_is_seen_again() {
    let mut bench = Bench::on("pods");
    bench.pods(&["a"]);
    let asked = |effects: Effects| {
        let mut ids =
            effects.into_iter().filter_map(|e| if let Effect::Ask(id, _) = e { Some(id) } else { None });
        (ids.next(), ids.count())
    };
    let (first, 0) = asked(bench.keys("d")) else { panic!("asked more than once") };
    let error = Error::new(Kind::Timeout, "describe");
    update(&mut bench.model, Msg::Answer(first.unwrap(), Err(error)), &bench.env);
    bench.keys(":");
    bench.text("sources");
    bench.keys("enter");
    assert_eq!(bench.view(), "sources");
    assert!(matches!(asked(bench.keys("esc")), (Some(_), 0)));
}

#[test]
fn esc_takes_the_filter_first_and_then_the_page() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("pods");
    bench.keys("enter");
    bench.pods(&["a", "b"]);
    bench.keys("/");
    bench.text("b");
    bench.keys("enter");
    let filter = |bench: &Bench| bench.model.nav.top().view.pane().filter().map(str::to_owned);
    assert_eq!(filter(&bench).as_deref(), Some("b"));
    bench.keys("esc");
    assert_eq!((bench.view(), filter(&bench).as_deref()), ("table", Some("")));
    bench.keys("esc");
    assert_eq!(bench.view(), "watch");
    // The whole line goes at once.
    bench.keys(":");
    bench.text("pods momo-store");
    bench.keys("ctrl-u");
    assert!(matches!(&bench.model.modal, Some(Modal::GoTo(goto)) if goto.line.text().is_empty()));
}

#[test]
fn a_jump_from_an_alert_shows_what_its_rule_has_looked_at() {
    let mut bench = Bench::on("alerts");
    let mut alert =
        testing::alert(&[("alertname", "SLOBurnFast"), ("namespace", "momo-store"), ("pod", "a")]);
    alert.rule = Some(Arc::new(Rule {
        hold: Span::mins(2),
        query: "rate(errors[1h]) / rate(requests[5m]) > 0.1".into(),
        ..Rule::default()
    }));
    bench.pods(&["a"]);
    bench.model.shared.alerts.known.alerts.push(alert);
    bench.model.shared.alerts.at = Some(NOW);
    bench.model.unsettled = true;
    bench.keys("g l");
    let moment = &bench.model.shared.moment;
    assert_eq!((moment.pinned(), moment.before()), (Some(testing::NOW), Span::mins(72)));
}

/// Opens a plan that has been made.
fn open_plan(bench: &mut Bench) {
    let plan = Arc::new(Plan::example(NOW));
    let view = PlanView::new(wanted());
    let effects = show(&mut bench.model, View::Plan(view), &bench.env);
    let id = effects.iter().find_map(|e| if let Effect::Ask(id, _) = e { Some(*id) } else { None }).unwrap();
    update(&mut bench.model, Msg::Answer(id, Ok(Answer::Plan(plan))), &bench.env);
}

#[test]
fn an_enter_without_a_name_confirms_when_it_stays_alone_and_was_looked_after_in_time() {
    let mut bench = Bench::on("watch");
    bench.model.shared.gate = Gate::new(Policy { protected: false, locked: false });
    open_plan(&mut bench);
    let page = Timer::Page(bench.model.nav.top().id);
    let at = |bench: &mut Bench, ms: i64, keys: &str| {
        bench.env.now = NOW + Span::millis(ms);
        let effects = if keys.is_empty() {
            update(&mut bench.model, Msg::Due(page), &bench.env)
        } else {
            bench.keys(keys)
        };
        effects.iter().any(|e| matches!(e, Effect::Run(_)))
    };
    at(&mut bench, 0, "enter");
    // Too early; then one that another key follows; then one after which the process stood still.
    for (ms, keys) in [
        (400, "enter"),
        (900, "enter"),
        (1_000, "enter"),
        (1_060, ""),
        (1_600, "enter"),
        (1_700, "tab"),
        (1_800, "tab"),
        (2_000, ""),
        (2_500, "enter"),
        (3_200, ""),
    ] {
        assert!(!at(&mut bench, ms, keys), "{ms} {keys}");
    }
    assert!(drawn(&bench).contains("press it again"), "{}", drawn(&bench));
    assert!(!at(&mut bench, 3_300, "enter") && !at(&mut bench, 3_449, ""));
    assert!(at(&mut bench, 3_450, ""));
}

#[test]
fn a_confirmation_that_is_left_keeps_the_plan_and_its_escape_is_a_key_of_its_own() {
    let mut bench = Bench::on("watch");
    bench.model.shared.gate = Gate::new(Policy { protected: false, locked: false });
    open_plan(&mut bench);
    let page = Timer::Page(bench.model.nav.top().id);
    bench.keys("enter");
    bench.env.now = NOW + Span::secs(1);
    // It leaves the confirmation and opens it again.
    bench.keys("alt-enter esc");
    assert!(drawn(&bench).contains("confirming arms for 10m"), "{}", drawn(&bench));
    bench.env.now = NOW + Span::secs(3);
    let effects = update(&mut bench.model, Msg::Due(page), &bench.env);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Ask(..) | Effect::Run(_))), "{effects:?}");
    assert!(drawn(&bench).contains("confirming arms for 10m"), "{}", drawn(&bench));
    // A person's own wish makes it anew.
    let effects = bench.keys("ctrl-r");
    assert!(effects.iter().any(|e| matches!(e, Effect::Ask(_, Query::Plan(_)))), "{effects:?}");
}

#[test]
fn a_plan_has_the_keys_of_every_page_and_its_confirmation_only_its_own() {
    let mut bench = Bench::on("watch");
    open_plan(&mut bench);
    bench.keys(":");
    assert!(matches!(bench.model.modal, Some(Modal::GoTo(_))));
    bench.keys("esc ?");
    assert!(matches!(bench.model.modal, Some(Modal::Help { .. })));
    bench.keys("esc enter");
    bench.text(":?gl@.");
    assert!(bench.model.modal.is_none() && bench.view() == "plan");
    assert!(drawn(&bench).contains("then enter: :?gl@. "), "{}", drawn(&bench));
    let effects = bench.keys("enter");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Run(_))), "{effects:?}");
    assert!(drawn(&bench).contains("not the release's name"), "{}", drawn(&bench));
}

#[test]
fn a_running_rollback_is_seen_on_every_page_opened_again_and_its_end_is_told() {
    let mut bench = Bench::on("journal");
    let plan = Arc::new(Plan::example(NOW));
    let check = crate::app::model::jobs::Check::default();
    bench.model.shared.jobs.0.insert(plan.id, Job::begun(Arc::clone(&plan), wanted(), NOW, check));
    let intent =
        What::Intent { plan: plan.id, how: How::Enter, reason: Safe::own("r"), user: None, overrides: None };
    bench.model.shared.noted(Record { at: NOW, what: intent });
    assert!(drawn(&bench).contains("▶ 1 running"), "{}", drawn(&bench));
    // From its entry in the journal.
    bench.keys("G enter");
    assert_eq!(bench.view(), "plan");
    assert!(drawn(&bench).contains("waiting for the server's first answer"), "{}", drawn(&bench));
    bench.keys("esc");
    // A plan for the same release is the one that runs.
    let again = PlanView::new(wanted());
    let effects = show(&mut bench.model, View::Plan(again), &bench.env);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Ask(_, Query::Plan(_)))), "{effects:?}");
    assert!(drawn(&bench).contains("running · step 0"), "{}", drawn(&bench));
    bench.keys("esc");
    let what = What::Outcome {
        plan: plan.id,
        from: Some(7),
        to: Some(6),
        outcome: Ended::Failed,
        text: Safe::own("cancelled"),
        hint: None,
    };
    let error = Error::new(Kind::Server, "roll back").detail("cancelled");
    let ended = JobMsg::Ended(Outcome::Failed(error), Box::new(Record { at: NOW, what }));
    let effects = update(&mut bench.model, Msg::Job(plan.id, ended), &bench.env);
    assert!(
        bench.told().contains(&"rollback of momo-store/momo 7 → 6: failed".to_owned()),
        "{:?}",
        bench.told()
    );
    // Its entry is on disk already: it is shown, not written again.
    assert!(!effects.iter().any(|e| matches!(e, Effect::Journal(_))), "{effects:?}");
    assert!(bench.model.shared.journal.iter().any(|r| matches!(r.what, What::Outcome { .. })));
    assert!(!drawn(&bench).contains("▶ 1 running"));
}

fn wanted() -> Wanted {
    Wanted::rollback(Name::lossy("momo-store"), Name::lossy("momo"), None)
}

/// Returns the screen as text.
fn drawn(bench: &Bench) -> String {
    let area = ratatui_core::layout::Rect::new(0, 0, 100, 30);
    let mut buffer = ratatui_core::buffer::Buffer::empty(area);
    crate::app::views::screen::draw(&bench.model, &bench.env, area, &mut buffer);
    let row = |y: u16| {
        (0..100)
            .filter_map(|x| buffer.cell((x, y)))
            .map(ratatui_core::buffer::Cell::symbol)
            .collect::<String>()
    };
    (0..30).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_key_that_came_together_with_an_escape_is_not_lost() {
    let mut bench = Bench::on("watch");
    bench.keys(":");
    bench.text("pods");
    bench.keys("enter x alt-:");
    // The menu is closed, and the line asked for.
    assert!(matches!(bench.model.modal, Some(Modal::GoTo(_))));
    assert_eq!(bench.model.nav.top().view.pane().context(), Context::Table);
    bench.keys("esc alt-:");
    assert!(matches!(bench.model.modal, Some(Modal::GoTo(_))));
    assert_eq!(bench.model.nav.top().view.pane().context(), Context::Watch);
}

#[test]
fn namespaces_are_named_after_a_view_as_kubectl_names_them() {
    let mut bench = Bench::on("pods");
    bench.pods(&["a"]);
    let mut run = |line: &str| {
        bench.keys(":");
        bench.text(line);
        bench.keys("enter");
        (bench.scope().map(str::to_owned), bench.told())
    };
    for (line, scope) in [
        ("pods one", Some("one")),
        ("deploy -n two", Some("two")),
        ("pods -A", None),
        ("svc --namespace=three", Some("three")),
        ("pods all /x y", None),
        ("ns -n four", Some("four")),
        ("ns -A", None),
    ] {
        let (now, told) = run(line);
        assert_eq!(now.as_deref(), scope, "{line}: {told:?}");
    }
    for line in ["pods -x", "pods One", "ns Two", "pods one two", "nothing one", "pods -n"] {
        let (now, told) = run(line);
        assert_eq!(now, None, "{line}: {told:?}");
    }
    let (_, told) = run("pods one two");
    assert!(told.iter().any(|t| t.contains("`two` is too much after `pods`")), "{told:?}");
}

#[test]
fn z_goes_through_the_configured_zone_utc_and_this_machines_own() {
    let mut bench = Bench::on("watch");
    let moscow = Zone::parse("Europe/Moscow").unwrap();
    bench.model.shared.session.own_zone = moscow;
    bench.model.shared.session.zone = moscow;
    let mut seen = Vec::new();
    for _ in 0..3 {
        bench.keys("z");
        seen.push(bench.model.shared.session.zone);
    }
    assert_eq!(seen, [Zone::Utc, Zone::Local, moscow]);
}

#[test]
fn the_menu_shows_every_action_on_the_row_and_why_one_is_not_available() {
    let mut bench = Bench::on("pods");
    bench.keys("x");
    let Some(Modal::Menu(menu)) = &bench.model.modal else { panic!("no menu") };
    let row = |action| menu.rows.iter().find(|(a, _)| *a == action).unwrap();
    for action in [Action::Describe, Action::Yaml, Action::Logs, Action::Open, Action::Copy, Action::GoLogs] {
        assert!(row(action).1.is_some(), "{action} on no row");
    }
    bench.keys("esc");
    bench.pods(&["a"]);
    bench.keys("x");
    let Some(Modal::Menu(menu)) = &bench.model.modal else { panic!("no menu") };
    let row = |action| menu.rows.iter().find(|(a, _)| *a == action).unwrap().1.as_deref();
    assert_eq!((row(Action::Describe), row(Action::Copy)), (None, None));
    assert_eq!(row(Action::GoRunbook), Some("the row is about no alert"));
}

#[test]
fn the_copy_menu_holds_what_the_row_is_about_and_copies_what_is_chosen() {
    let mut bench = Bench::on("pods");
    bench.pods(&["a"]);
    bench.keys("j c");
    let Some(Modal::Copy(copies)) = &bench.model.modal else { panic!("no menu") };
    let rows: Vec<(&str, &str)> = copies.rows.iter().map(|(what, text)| (*what, text.as_str())).collect();
    assert_eq!(
        rows[..3],
        [
            ("name", "a"),
            ("uid", "uid-of-a"),
            ("kubectl command", "kubectl --context 'momo demo' -n momo-store get pods a -o yaml"),
        ]
    );
    assert!(rows.last().is_some_and(|(what, _)| *what == "status for a chat"), "{rows:?}");
    let effects = bench.keys("2");
    let copied: Vec<&str> = effects
        .iter()
        .filter_map(|e| if let Effect::Copy(t) = e { Some(t.as_str()) } else { None })
        .collect();
    assert_eq!((copied, bench.model.modal.is_none()), (vec!["uid-of-a"], true));
}

#[test]
fn d_asks_for_the_object_and_describes_it() {
    let mut bench = Bench::on("pods");
    bench.pods(&["a"]);
    let effects = bench.keys("j d");
    assert_eq!(bench.title(), "Describe · Pod momo-store/a");
    let (id, _) = effects
        .iter()
        .find_map(|e| if let Effect::Ask(id, Query::Object(o)) = e { Some((*id, o.clone())) } else { None })
        .unwrap();
    let value =
        serde_json::json!({ "kind": "Pod", "metadata": { "name": "a" }, "status": { "phase": "Running" } });
    let answer = Ok(crate::app::msg::Answer::Object(Arc::new(value)));
    update(&mut bench.model, Msg::Answer(id, answer), &bench.env);
    let document = bench.model.nav.top().view.pane().json(&bench.model.shared);
    let lines = document["lines"].as_array().unwrap();
    assert!(lines.iter().any(|l| l == "Status:                Running"), "{lines:?}");
    assert!(lines.iter().any(|l| l == "Events:                none known"), "{lines:?}");
}

#[test]
fn b_binds_an_alert_to_an_object_and_takes_it_away_again() {
    let mut bench = Bench::on("alerts");
    let alert = testing::alert(&[("alertname", "DiskFull")]);
    let fingerprint = alert.fingerprint;
    bench.model.shared.alerts.known.alerts.push(alert);
    bench.model.shared.alerts.at = Some(NOW);
    bench.model.unsettled = true;
    let mut node = deckwatch_wire::core::Node::default();
    "worker-1".clone_into(&mut node.metadata.name);
    "uid-1".clone_into(&mut node.metadata.uid);
    let news = FeedMsg::Page(vec![Object::Node(Arc::new(node))]);
    update(&mut bench.model, Msg::Feed(Feed::Objects(Resource::Node), Scope::All, news), &bench.env);
    let about = |bench: &Bench| {
        let subject = bench.model.nav.top().view.pane().subject(&bench.model.shared);
        subject.object.map(|o| o.to_string())
    };
    bench.keys("j b");
    assert_eq!(about(&bench), None);
    bench.text("wk1");
    let effects = bench.keys("enter");
    assert_eq!(about(&bench).as_deref(), Some("Node worker-1"));
    let bound: Vec<_> = effects
        .iter()
        .filter_map(|e| if let Effect::Bind(f, o) = e { Some((*f, o.is_some())) } else { None })
        .collect();
    assert_eq!(bound, [(fingerprint, true)]);
    // The first candidate of an alert that is bound is nothing.
    bench.keys("b");
    let effects = bench.keys("enter");
    assert!(effects.iter().any(|e| matches!(e, Effect::Bind(f, None) if *f == fingerprint)), "{effects:?}");
    assert_eq!(about(&bench), None);
}

#[test]
fn shift_letters_sort_by_a_column_turn_the_order_and_say_which_there_is_not() {
    let names = |bench: &mut Bench| {
        bench.due(Timer::Clock);
        let document = bench.model.nav.top().view.pane().json(&bench.model.shared);
        let rows = document["rows"].as_array().unwrap().clone();
        rows.iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut bench = Bench::on("pods");
    bench.pods(&["b", "a", "c"]);
    bench.keys("j N");
    bench.keys("j");
    assert_eq!(names(&mut bench), ["c", "b", "a"]);
    bench.keys("N j");
    assert_eq!(names(&mut bench), ["a", "b", "c"]);
    bench.keys("D");
    assert!(
        bench.told().contains(&"sort by desired: pods have no column DESIRED".to_owned()),
        "{:?}",
        bench.told()
    );
}
