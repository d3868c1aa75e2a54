//! Hostile texts through every view: what a lying server says in any field of text drives no terminal,
//! deceives no eye, and takes no more cells than it was measured to take.

use deckwatch::app::msg::Answer;
use deckwatch::app::views::{View, logs, text};
use deckwatch::core::{Resource, Window};
use deckwatch::store::batch::Batch;
use ratatui_core::buffer::{Buffer, CellWidth as _};

use crate::cases::{CASES, State};
use crate::corpus::{CORPUS, deceives, long};
use crate::snapshot::{lines, probe};
use crate::stage::{SIZES, Stage};
use crate::states::staged;
use crate::world::{World, ago, reference};

/// Returns what is wrong with a screen.
pub fn faults(buffer: &Buffer) -> Vec<String> {
    let mut out = Vec::new();
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            if symbol.chars().any(deceives) {
                out.push(format!("{x},{y} holds {symbol:?}"));
            }
            if symbol.chars().count() > 4 {
                out.push(format!("{x},{y} holds a tower: {symbol:?}"));
            }
            let controls = symbol.chars().any(char::is_control);
            let width = if controls { 1 } else { symbol.cell_width().max(1) };
            if x + width > area.right() {
                out.push(format!("{x},{y} is wider than the row: {symbol:?}"));
            }
            // What a wide character covers is blank, or the terminal and the buffer disagree from here on.
            for covered in x + 1..(x + width).min(area.right()) {
                if !matches!(buffer[(covered, y)].symbol(), " " | "") {
                    out.push(format!(
                        "{covered},{y} is covered and holds {:?}",
                        buffer[(covered, y)].symbol()
                    ));
                }
            }
            x += width;
        }
    }
    out
}

fn every_screen(hostile: &'static str, name: &str, wrong: &mut Vec<String>) {
    let world = World { hostile };
    for (case, state) in CASES.iter().flat_map(|c| State::ALL.map(|s| (c, s))) {
        let Ok(mut stage) = staged(case, state, SIZES[0], world) else { continue };
        for size in SIZES {
            stage.resize(size);
            let found = faults(&stage.draw());
            wrong.extend(
                found.into_iter().take(2).map(|f| format!("{name}: {} {state:?} {size:?}: {f}", case.name)),
            );
        }
    }
}

#[test]
fn no_text_of_a_server_leaves_a_trace_but_letters_in_any_view() {
    let mut wrong = Vec::new();
    for (name, hostile) in CORPUS {
        every_screen(hostile, name, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn very_long_texts_are_cut_to_their_places() {
    let mut wrong = Vec::new();
    for hostile in long() {
        every_screen(hostile, "long", &mut wrong);
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn dialogues_and_pages_behind_keys_are_as_harmless() {
    let mut wrong = Vec::new();
    let all: String = CORPUS.iter().map(|(_, text)| *text).collect();
    let world = World { hostile: Box::leak(all.into_boxed_str()) };
    for size in SIZES {
        let mut check = |stage: &mut Stage, what: &str| {
            wrong.extend(faults(&stage.draw()).into_iter().take(2).map(|f| format!("{what} {size:?}: {f}")));
        };
        for case in CASES {
            let Ok(mut stage) = staged(case, State::Stale, size, world)
                .or_else(|_| staged(case, State::Partial, size, world))
            else {
                continue;
            };
            for keys in [&["?"][..], &["esc", "x"], &["esc", "@"], &["esc", "w"], &["!"], &["enter"]] {
                stage.press(keys);
                check(&mut stage, &format!("{} {keys:?}", case.name));
            }
            stage.send(deckwatch::app::Msg::Paste(world.hostile.to_owned()));
            stage.send(deckwatch::app::Msg::Done(world.hostile.into()));
            check(&mut stage, &format!("{} pasted", case.name));
        }
        let mut stage = Stage::new(world, View::Text(text::Text::runbook(&world.the_alert())), size, probe());
        check(&mut stage, "runbook");
        stage.press(&["/"]);
        stage.send(deckwatch::app::Msg::Paste(world.hostile.to_owned()));
        check(&mut stage, "filter");
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Returns a stage with the logs of these lines.
fn read(world: World, batch: Batch, size: (u16, u16)) -> Stage {
    let window = Window { start: ago(7), end: ago(5) };
    let view = logs::Logs::whole(reference(Resource::Deployment, "backend"), window);
    let mut stage = Stage::new(world, View::Logs(view), size, probe());
    stage.answer(false, |_, _| Some(Ok(Answer::Logs(Box::new(batch.clone())))));
    stage
}

#[test]
fn of_hostile_log_lines_every_one_is_shown_and_the_cut_ones_are_counted() {
    let longest = long();
    let texts: Vec<&str> = CORPUS.iter().map(|(_, text)| *text).chain(longest).collect();
    let world = World::default();
    let mut batch = world.batch(Vec::new());
    let first = world.lines().remove(0);
    // Each line has a number in front, by which it is found on the screen.
    let entry = |(i, text): (usize, &&str)| deckwatch::store::logs::Entry {
        line: format!("#{i:03}# {text}").into(),
        ..first.clone()
    };
    batch.entries = texts.iter().enumerate().map(entry).collect();
    batch.cuts.clipped = 2;
    for size in SIZES {
        let mut stage = read(world, batch.clone(), size);
        let mut seen = std::collections::BTreeSet::new();
        stage.press(&["g", "g"]);
        for _ in 0..texts.len() * 2 {
            let buffer = stage.draw();
            assert_eq!(faults(&buffer), Vec::<String>::new(), "{size:?}");
            for line in lines(&buffer) {
                seen.extend((0..texts.len()).filter(|i| line.contains(&format!("#{i:03}#"))));
            }
            stage.press(&["j"]);
        }
        assert_eq!(seen.len(), texts.len(), "{size:?}: shown {seen:?}");
        let heading = lines(&stage.draw()).remove(1);
        assert!(heading.contains(&format!("{} lines", texts.len())), "{heading}");
        let json = stage.model.nav.top().view.pane().json(&stage.model.shared);
        assert_eq!(json.as_array().map(Vec::len), Some(texts.len()));
    }
    let wide = lines(&read(world, batch, SIZES[2]).draw()).remove(1);
    assert!(wide.contains("2 shortened") && wide.contains("1 pod out of reach"), "{wide}");
}

#[test]
fn the_check_of_screens_finds_what_it_looks_for() {
    let area = ratatui_core::layout::Rect::new(0, 0, 4, 1);
    for bad in ["\u{1b}", "\u{202e}", "a\u{200b}", "\u{9b}", "z\u{300}\u{301}\u{302}\u{303}"] {
        let mut buffer = Buffer::empty(area);
        buffer[(1, 0)].set_symbol(bad);
        assert_eq!(faults(&buffer).len(), 1, "{bad:?}");
    }
    let mut buffer = Buffer::empty(area);
    buffer[(0, 0)].set_symbol("漢");
    buffer[(1, 0)].set_symbol("x");
    buffer[(3, 0)].set_symbol("漢");
    assert_eq!(faults(&buffer).len(), 2);
}
