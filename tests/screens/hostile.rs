//! Hostile texts through every view: what a lying server says in any field of text drives no terminal,
//! deceives no eye, and takes no more cells than it was measured to take.

use deckwatch::app::msg::Answer;
use deckwatch::app::views::{View, logs, text};
use deckwatch::core::{Resource, Window};
use deckwatch::store::batch::Batch;
use ratatui_core::buffer::{Buffer, CellWidth as _};

use crate::cases::{CASES, State};
use crate::snapshot::{lines, probe};
use crate::stage::{SIZES, Stage};
use crate::states::staged;
use crate::world::{World, ago, reference};

/// Escape sequences of every kind, and texts that look like something else.
const CORPUS: &[(&str, &str)] = &[
    ("CSI: clear the screen, move, colour", "\u{1b}[2J\u{1b}[1;1H\u{1b}[31mRED\u{1b}[0m"),
    ("CSI: ask the terminal to answer", "\u{1b}[6n\u{1b}[c\u{1b}[>q"),
    ("CSI: alternate screen, mouse, bracketed paste", "\u{1b}[?1049l\u{1b}[?1003h\u{1b}[?2004l"),
    ("OSC 0: the window's title", "\u{1b}]0;owned\u{7}"),
    ("OSC 8: a link elsewhere", "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\"),
    ("OSC 52: the clipboard", "\u{1b}]52;c;cm0gLXJmIC8K\u{7}"),
    ("DCS: sixel and requests", "\u{1b}Pq#0;2;0;0;0\u{1b}\\\u{1b}P$qm\u{1b}\\"),
    ("APC and PM and SOS", "\u{1b}_Gf=100;AAAA\u{1b}\\\u{1b}^pm\u{1b}\\\u{1b}Xsos\u{1b}\\"),
    ("C1 as one character", "\u{9b}31m\u{9d}0;t\u{9c}\u{90}q\u{9c}\u{85}\u{84}"),
    ("an escape that is never ended", "\u{1b}[31"),
    ("bidi overrides and isolates", "\u{202e}gpj.exe\u{202c}\u{2066}x\u{2069}\u{200f}"),
    ("zero width", "pro\u{200b}d\u{200d}\u{feff}\u{2060}\u{ad}"),
    (
        "a tower of marks",
        "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}",
    ),
    ("NUL, bell, backspaces, delete", "a\u{0}b\u{7}c\u{8}\u{8}\u{8}d\u{7f}"),
    ("carriage return over the line", "ready\rFAILED"),
    ("line ends and tabs", "one\ntwo\tthree\r\nfour\u{b}\u{c}\u{2028}\u{2029}"),
    ("invalid UTF-8, replaced", "a\u{fffd}b\u{fffd}\u{fffd}"),
    ("wide characters and emoji", "漢字漢字🚀👩‍👩‍👧‍👦🇩🇪"),
    ("tags, variation selectors, private use", "\u{e0041}\u{fe0f}\u{e000}\u{f8ff}\u{10fffd}"),
    ("marks beyond the usual blocks", "x\u{0e31}\u{0e31}\u{0e31}\u{0e31}\u{1ab0}\u{1ab0}\u{1ab0}\u{1ab0}"),
    ("Hangul fillers and blanks", "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{2800}\u{3000}"),
];

/// A very long text without a blank, and one of many words.
fn long() -> [&'static str; 2] {
    [Box::leak("x".repeat(20_000).into_boxed_str()), Box::leak("long words ".repeat(2_000).into_boxed_str())]
}

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Returns what is wrong with a screen.
fn faults(buffer: &Buffer) -> Vec<String> {
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
