//! Few colours or none: what a colour says, a glyph and a word say too.

use std::collections::BTreeMap;

use deckwatch::app::views::alerts::badge;
use deckwatch::store::alerts::State as AlertState;
use deckwatch::ui::theme::{Depth, Glyphs, Theme};
use ratatui_core::buffer::Buffer;
use ratatui_core::style::Color;

use crate::cases::{CASES, Case, State};
use crate::snapshot::text;
use crate::stage::{SIZES, Stage};
use crate::world::World;

fn drawn(case: &Case, state: State, size: (u16, u16), theme: &Theme) -> Option<Buffer> {
    let world = World::default();
    let mut stage = Stage::new(world, (case.open)(world), size, theme.clone());
    (case.bring)(&mut stage, state).ok()?;
    Some(stage.draw())
}

fn theme(name: &str, depth: Depth) -> Theme {
    Theme::load(name, &|_| None, depth, Glyphs { unicode: true }).unwrap()
}

#[test]
fn without_colours_no_cell_has_one_and_every_state_still_has_its_glyph_and_word() {
    let theme = theme("dark", Depth::None);
    for case in CASES {
        for size in SIZES {
            let mut seen: BTreeMap<String, State> = BTreeMap::new();
            for state in State::ALL {
                let Some(buffer) = drawn(case, state, size, &theme) else { continue };
                let plain = |c: Color| c == Color::Reset;
                assert!(
                    buffer.content().iter().all(|c| plain(c.fg) && plain(c.bg)),
                    "{} {state:?}",
                    case.name
                );
                let screen = text(&buffer);
                // The heading is the second line: there the state stands, and no other one's badge.
                let heading = screen.lines().nth(1).unwrap_or("").to_owned();
                let badges: Vec<State> =
                    State::ALL.into_iter().filter(|s| heading.contains(s.badge())).collect();
                assert_eq!(badges, [state], "{} {size:?}: {heading}", case.name);
                assert_eq!(seen.insert(screen, state), None, "{} {state:?} looks like another", case.name);
            }
        }
    }
}

#[test]
fn on_sixteen_colours_only_those_are_used_in_both_themes() {
    for name in ["dark", "light"] {
        let theme = theme(name, Depth::Ansi16);
        for (case, state) in CASES.iter().flat_map(|c| State::ALL.map(|s| (c, s))) {
            let Some(buffer) = drawn(case, state, SIZES[0], &theme) else { continue };
            let few = |c: Color| !matches!(c, Color::Rgb(..) | Color::Indexed(_));
            assert!(
                buffer.content().iter().all(|c| few(c.fg) && few(c.bg)),
                "{name} {} {state:?}",
                case.name
            );
        }
    }
}

#[test]
fn every_alert_tells_its_state_by_a_glyph_and_a_word() {
    let mut alerts = World::default().alerts().alerts;
    let mut silenced = alerts[0].clone();
    silenced.state = AlertState::Suppressed;
    alerts.push(silenced);
    let told: Vec<String> = alerts.iter().map(|a| format!("{} {}", badge(a).0, badge(a).1)).collect();
    assert_eq!(told, ["✖ critical", "▲ warning", "◌ pending", "✔ alive", "∅ silenced"]);
}
