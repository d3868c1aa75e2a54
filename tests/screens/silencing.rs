//! Silences from the cockpit: what is asked for, which plan is wanted, and what confirming it does and does not.

use std::sync::Arc;

use deckwatch::app::effect::Query;
use deckwatch::app::msg::{Answer, Silenced};
use deckwatch::app::views::{View, alert};
use deckwatch::core::{Span, Untrusted};
use deckwatch::ops::silence::{SilenceId, Wish, spelled};
use deckwatch::ops::{Gate, Policy, Wanted};
use pretty_assertions::assert_eq;

use crate::snapshot::{lines, probe, text};
use crate::stage::{SIZES, Stage};
use crate::world::World;

fn opened(view: View) -> Stage {
    let mut stage = Stage::new(World::default(), view, SIZES[1], probe());
    stage.background();
    stage
}

/// Types a text, each character as a key.
fn typed(stage: &mut Stage, text: &str) {
    stage.send(deckwatch::app::Msg::Paste(text.to_owned()));
}

/// Runs a line of `:`.
fn run(stage: &mut Stage, line: &str) {
    stage.press(&[":"]);
    typed(stage, line);
    stage.press(&["enter"]);
}

/// Returns the plan that is asked for.
fn wanted(stage: &Stage) -> Option<Wanted> {
    stage.open.iter().find_map(|(_, q)| if let Query::Plan(wanted) = q { Some(wanted.clone()) } else { None })
}

/// Returns a wish for a new silence in words: `2h | alertname="X" | why`.
fn said(stage: &Stage) -> String {
    let Some(Wanted::Silence { at, wish: Wish::Add(draft) }) = wanted(stage) else {
        panic!("{:?}", wanted(stage));
    };
    assert_eq!(at, Some(Untrusted::from("alertmanager-0")));
    format!("{} | {} | {}", draft.length, spelled(&draft.matchers), draft.comment.raw())
}

const IDENTITY: &str =
    r#"alertname="Backend5xxHigh" namespace="momo-store" deployment="backend" severity="critical""#;

#[test]
fn an_alert_is_silenced_from_the_list_its_page_and_the_line_of_commands() {
    let page = View::Alert(alert::AlertPage::new(World::default().the_alert().fingerprint));
    for view in [View::open("alerts").unwrap(), View::open("watch").unwrap(), page] {
        let mut stage = opened(view);
        run(&mut stage, "silence 2h rolling back release 7");
        assert_eq!(said(&stage), format!("2h | {IDENTITY} | rolling back release 7"));
    }
    let mut stage = opened(View::open("alerts").unwrap());
    run(&mut stage, r#"silence 30m namespace=~"momo.*" why  so"#);
    assert_eq!(said(&stage), r#"30m | namespace=~"momo.*" | why  so"#);
}

#[test]
fn the_line_that_asks_offers_the_alerts_labels_and_tells_what_is_wrong() {
    let mut stage = opened(View::open("alerts").unwrap());
    run(&mut stage, "do.silence");
    let last = |stage: &mut Stage| lines(&stage.draw()).pop().unwrap();
    let asks = last(&mut stage);
    assert!(asks.starts_with(&format!("silence Backend5xxHigh: 1h {IDENTITY}")), "{asks}");
    stage.press(&["enter"]);
    stage.resize((200, 60));
    assert!(last(&mut stage).contains("a comment is required"), "{}", last(&mut stage));
    assert_eq!(wanted(&stage), None);
    typed(&mut stage, "rolling back");
    stage.press(&["enter"]);
    assert_eq!(said(&stage), format!("1h | {IDENTITY} | rolling back"));
}

#[test]
fn what_no_alertmanager_has_can_not_be_silenced_and_the_menu_says_why() {
    let mut stage = opened(View::open("alerts").unwrap());
    let mut known = stage.world.alerts();
    known.alerts[0].told_by = vec!["rules".into()];
    stage.alerts(Ok(Answer::Alerts(known)));
    stage.resize((200, 60));
    stage.press(&["x"]);
    let screen = text(&stage.draw());
    assert!(screen.contains("no Alertmanager has it yet"), "{screen}");
    stage.press(&["esc"]);
    run(&mut stage, "silence 2h why");
    assert_eq!(wanted(&stage), None);
    // What another cluster's alert is about is not in sight here.
    let mut known = stage.world.alerts();
    let more = [("cluster", "other")];
    let labels =
        known.alerts[0].labels.iter().chain(more).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    known.alerts[0].labels = labels;
    stage.alerts(Ok(Answer::Alerts(known)));
    stage.press(&["x"]);
    let screen = text(&stage.draw());
    assert!(screen.contains("it is of cluster other"), "{screen}");
}

#[test]
fn silences_that_hide_an_alert_and_those_of_the_list_are_extended_and_ended() {
    let ids = ["8d6b6a2e-0000-4000-8000-000000000001", "8d6b6a2e-0000-4000-8000-000000000002"];
    let id = |n: usize| SilenceId::parse(ids[n]).unwrap();
    let mut stage = opened(View::open("alerts").unwrap());
    let mut known = stage.world.alerts();
    known.alerts[0].silenced_by = vec![ids[0].into(), ids[1].into()];
    stage.alerts(Ok(Answer::Alerts(known.clone())));
    run(&mut stage, "silence-expire");
    let Some(Wanted::Silence { wish: Wish::Expire { ids: all }, .. }) = wanted(&stage) else {
        panic!("{:?}", wanted(&stage));
    };
    assert_eq!(all, [id(0), id(1)]);
    let mut stage = opened(View::open("alerts").unwrap());
    stage.alerts(Ok(Answer::Alerts(known)));
    run(&mut stage, "silence-extend 2h");
    assert_eq!(wanted(&stage), None, "which of two is not to be told");

    let mut stage = opened(View::open("silences").unwrap());
    let all =
        vec![Silenced { at: "alertmanager-0".into(), silences: Ok(stage.world.silences()), dropped: 0 }];
    stage.answer(false, |_, query| {
        matches!(query, Query::Silences(_)).then(|| Ok(Answer::Silences(all.clone())))
    });
    run(&mut stage, "silence-extend 2h");
    let wish = Wish::Extend { id: id(0), length: Span::hours(2) };
    assert_eq!(wanted(&stage), Some(Wanted::Silence { at: Some("alertmanager-0".into()), wish }));
}

#[test]
fn confirming_a_narrow_silence_takes_a_key_and_arms_nothing() {
    let mut stage = opened(View::open("alerts").unwrap());
    run(&mut stage, "silence 2h why");
    let mut plan = stage.world.silence();
    plan.risk = deckwatch::core::action::Risk::Safe;
    let plan = Arc::new(plan);
    stage.answer(false, |_, query| {
        matches!(query, Query::Plan(_)).then(|| Ok(Answer::Plan(Arc::clone(&plan))))
    });
    stage.press(&["enter"]);
    stage.wait(Span::secs(1));
    let screen = text(&stage.draw());
    assert!(screen.contains("enter silences") && screen.contains("arms nothing"), "{screen}");
    assert!(screen.contains("reason (tab): rolling back release 7"), "{screen}");
    stage.press(&["enter"]);
    assert_eq!(stage.model.shared.jobs.running(), 0, "an enter confirms when it stays alone");
    stage.wake(Span::millis(150));
    assert_eq!(stage.model.shared.jobs.running(), 1);
    assert_eq!(stage.model.shared.gate.armed(stage.env.now), None);
}

#[test]
fn a_locked_context_confirms_no_silence() {
    let mut stage = opened(View::open("alerts").unwrap());
    stage.model.shared.gate = Gate::new(Policy { protected: false, locked: true });
    run(&mut stage, "silence 2h why");
    let plan = Arc::new(stage.world.silence());
    stage.answer(false, |_, query| {
        matches!(query, Query::Plan(_)).then(|| Ok(Answer::Plan(Arc::clone(&plan))))
    });
    stage.press(&["enter"]);
    stage.wait(Span::secs(1));
    stage.press(&["enter"]);
    assert_eq!(stage.model.shared.jobs.running(), 0);
    assert!(text(&stage.draw()).contains("locked"), "{}", text(&stage.draw()));
}
