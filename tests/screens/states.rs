//! The six states of every view of the table, at three sizes, compared with snapshots that people have
//! looked at; and what each state must say whatever it looks like.

use deckwatch::app::views::{Truth, View};

use crate::cases::{CASES, Case, State};
use crate::snapshot::{compare, frame, probe, text};
use crate::stage::{SIZES, Stage};
use crate::world::World;

/// Returns a stage with a view in a state, or why there is no such state.
pub fn staged(case: &Case, state: State, size: (u16, u16), world: World) -> Result<Stage, &'static str> {
    let mut stage = Stage::new(world, (case.open)(world), size, probe());
    (case.bring)(&mut stage, state)?;
    Ok(stage)
}

#[test]
fn every_view_of_the_table_has_its_states_here_and_no_other_has() {
    let mut known: Vec<&str> = View::TABLE.iter().map(|e| e.name).collect();
    let mut here: Vec<&str> = CASES.iter().map(|c| c.view).collect();
    known.sort_unstable();
    here.sort_unstable();
    here.dedup();
    assert_eq!(here, known);
}

#[test]
fn every_view_opens_as_the_view_that_the_table_names() {
    for case in CASES {
        assert_eq!((case.open)(World::default()).name(), case.view, "{}", case.name);
    }
}

#[test]
fn the_six_states_of_every_view_look_as_they_did() {
    let mut wrong = Vec::new();
    for case in CASES {
        let mut out = String::new();
        for state in State::ALL {
            for size in SIZES {
                let head = format!("=== {} {state:?} {}x{}\n", case.name, size.0, size.1);
                match staged(case, state, size, World::default()) {
                    Err(_) if size != SIZES[0] => {}
                    Err(why) => out.push_str(&format!("=== {} {state:?}: none, for {why}\n\n", case.name)),
                    Ok(mut stage) => {
                        out.push_str(&head);
                        out.push_str(&frame(&stage.draw(), size == SIZES[1]));
                        out.push('\n');
                    }
                }
            }
        }
        wrong.extend(compare(case.name, &out).err());
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_SCREENS=1 writes them anew", wrong.join("\n"));
}

fn is(truth: &Truth, state: State) -> bool {
    match state {
        State::Loading => matches!(truth, Truth::Loading),
        State::Empty => matches!(truth, Truth::Empty(_)),
        State::Denied => matches!(truth, Truth::Denied(_)),
        State::Stale => matches!(truth, Truth::Stale(..)),
        State::Partial => matches!(truth, Truth::Partial(_)),
        State::Failed => matches!(truth, Truth::Failed(_)),
    }
}

/// Returns a screen's words on one line, so that a sentence that was wrapped is found.
fn flowing(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_state_says_what_it_must() {
    let mut wrong = Vec::new();
    for case in CASES {
        for (state, size) in State::ALL.into_iter().flat_map(|s| SIZES.map(|size| (s, size))) {
            let Ok(mut stage) = staged(case, state, size, World::default()) else { continue };
            let screen = flowing(&text(&stage.draw()));
            let truth = stage.truth();
            let mut must = |what: &str, holds: bool| {
                if !holds {
                    wrong.push(format!(
                        "{} {state:?} {size:?}: {what}: {truth:?}\n{}",
                        case.name,
                        text(&stage_draw(case, state, size))
                    ));
                }
            };
            must("is not in that state", is(&truth, state));
            must("does not show its badge", screen.contains(state.badge()));
            match &truth {
                Truth::Stale(..) => {
                    let age = if case.view == "plan" { "6m2s ago" } else { "3m ago" };
                    must("does not say its age", screen.contains(age));
                }
                Truth::Denied(error) | Truth::Failed(error) => {
                    let others = State::ALL.into_iter().filter(|s| *s != state);
                    must(
                        "shows the badge of another state",
                        others.clone().all(|s| !screen.contains(&format!("{} ──", s.badge()))),
                    );
                    must("does not show the error", screen.contains(&flowing(&error.line())));
                    let hint = error.hint.as_deref().unwrap_or("no hint was given");
                    must("does not show the hint", screen.contains(&format!("hint: {hint}")));
                }
                Truth::Partial(what) => must("does not say what is missing", screen.contains(&flowing(what))),
                Truth::Empty(why) => {
                    must("does not say why that is no outage", screen.contains(&flowing(why)));
                }
                Truth::Loading | Truth::Good(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn stage_draw(case: &Case, state: State, size: (u16, u16)) -> ratatui_core::buffer::Buffer {
    staged(case, state, size, World::default()).unwrap().draw()
}
