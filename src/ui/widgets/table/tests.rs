use std::cell::RefCell;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::core::Untrusted;
use crate::ui::widgets::testing::{ascii, draw, role_runs, text, theme};

struct Pods {
    names: Vec<&'static str>,
    asked: RefCell<Vec<usize>>,
}

impl Rows for Pods {
    fn len(&self) -> usize {
        self.names.len()
    }

    fn row(&self, index: usize) -> Row {
        self.asked.borrow_mut().push(index);
        let name = Untrusted::from(self.names[index]).safe();
        let status = Line::new().with("✖ ", Role::Failing).with("CrashLoopBackOff", Role::Failing);
        let cells = vec![
            Line::from(Words::Safe(name)),
            Line::from(Words::of(&index.to_string())),
            if index == 1 { status } else { Line::new().with("Running", Role::Ok) },
            Line::from("worker-3"),
        ];
        Row { cells, marked: index == 2, role: None }
    }
}

fn pods(names: &[&'static str]) -> Pods {
    Pods { names: names.to_vec(), asked: RefCell::default() }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("NAME", 6, 40).pinned(),
        Column::new("RESTARTS", 4, 10).right().shed(2),
        Column::new("STATUS", 7, 24).shed(1),
        Column::new("NODE", 8, 20).shed(3),
    ]
}

fn table(rows: &Pods, width: u16, height: u16, place: Place) -> Vec<String> {
    let columns = columns();
    let sample = Sample::default();
    let table =
        Table { columns: &columns, rows, place, sample: &sample, sorted: Some((1, true)), headed: true };
    text(&draw(width, height, |b, a| {
        table.draw(b, a, &theme());
    }))
}

#[test]
fn rows_are_drawn_in_columns_as_wide_as_their_content() {
    let rows = pods(&["backend-7c5d-x2x", "frontend-5f", "漢字-pod"]);
    assert_eq!(
        table(&rows, 70, 5, Place { selected: Some(0), ..Place::default() }),
        [
            "  NAME              RESTARTS↓  STATUS              NODE",
            "  backend-7c5d-x2x          0  Running             worker-3",
            "  frontend-5f               1  ✖ CrashLoopBackOff  worker-3",
            "● 漢字-pod                  2  Running             worker-3",
            "",
        ]
    );
}

#[test]
fn a_narrow_screen_drops_columns_in_their_order_and_cuts_what_is_left() {
    let rows = pods(&["backend-7c5d-x2x", "frontend-5f"]);
    assert_eq!(
        table(&rows, 45, 3, Place::default()),
        [
            "  NAME        RESTARTS↓  STATUS      NODE",
            "  backend-7…          0  Running     worker-3",
            "  frontend-…          1  ✖ CrashLo…  worker-3",
        ]
        .map(str::to_owned)
    );
    assert_eq!(table(&rows, 24, 3, Place::default())[0], "  NAME    REST…  STATUS›");
    assert_eq!(table(&rows, 20, 3, Place::default())[1], "  backend…  Running");
    assert_eq!(table(&rows, 6, 3, Place::default())[1], "  bac…");
    assert_eq!(table(&rows, 1, 3, Place::default())[1], "");
}

#[test]
fn scrolled_sideways_the_name_stays() {
    let rows = pods(&["backend-7c5d-x2x"]);
    let place = Place { left: 2, ..Place::default() };
    assert_eq!(table(&rows, 50, 2, place), [" ‹NAME              NODE", "  backend-7c5d-x2x  worker-3"]);
    let far = Place { left: 99, ..Place::default() };
    assert_eq!(table(&rows, 50, 2, far)[0], " ‹NAME              NODE");
}

#[test]
fn only_rows_on_the_screen_are_asked_for() {
    let names: Vec<&str> = std::iter::repeat_n("pod", 10_000).collect();
    let rows = pods(&names);
    table(&rows, 80, 6, Place { selected: Some(9_000), ..Place::default() });
    assert_eq!(*rows.asked.borrow(), (8_996..=9_000).collect::<Vec<_>>());
}

#[test]
fn the_screen_follows_the_selection_as_little_as_needed() {
    let at =
        |selected, top, len, height| Place { selected: Some(selected), top, left: 0 }.shown(len, height).top;
    assert_eq!([at(5, 0, 100, 10), at(10, 0, 100, 10), at(3, 5, 100, 10), at(99, 0, 100, 10)], [0, 1, 3, 90]);
    // Rows have gone: the screen stays full.
    assert_eq!(at(50, 45, 20, 10), 10);
    assert_eq!(Place { selected: Some(3), top: 2, left: 0 }.shown(0, 10), Place::default());
}

#[test]
fn states_marks_and_the_selection_have_their_roles() {
    let theme = theme();
    let rows = pods(&["a", "b", "c"]);
    let columns = columns();
    let sample = Sample::of(&rows);
    let place = Place { selected: Some(0), ..Place::default() };
    let table = Table { columns: &columns, rows: &rows, place, sample: &sample, sorted: None, headed: true };
    let buffer = draw(60, 4, |b, a| {
        table.draw(b, a, &theme);
    });
    assert_eq!(role_runs(&buffer, &theme, Role::Failing), ["2: 20-37 ✖ CrashLoopBackOff"]);
    assert_eq!(
        role_runs(&buffer, &theme, Role::Marked),
        ["3: 0-59 ●  c              2  Running             worker-3".replace("●  c", "● c")]
    );
    assert_eq!(role_runs(&buffer, &theme, Role::Selected).len(), 1);
    let plain = draw(60, 4, |b, a| {
        table.draw(b, a, &ascii());
    });
    assert!(text(&plain)[3].starts_with("* c"));
}

#[test]
fn one_changed_status_on_a_large_screen_writes_few_bytes() {
    struct All(&'static str);
    impl Rows for All {
        fn len(&self) -> usize {
            500
        }
        fn row(&self, index: usize) -> Row {
            let status = if index == 17 { self.0 } else { "Running" };
            let name = Words::of(&format!("backend-7c5d9f-{index:05}"));
            let role = if index == 17 { Role::Failing } else { Role::Ok };
            Row {
                cells: vec![name.into(), "0".into(), Line::new().with(status, role), "worker-3".into()],
                ..Row::default()
            }
        }
    }
    let (columns, sample, theme) = (columns(), Sample::default(), theme());
    let mut screen = crate::term::Screen::new((200, 60).into(), true);
    let mut bytes = |rows: &All| {
        let mut out = Vec::new();
        let table = Table {
            columns: &columns,
            rows,
            place: Place::default(),
            sample: &sample,
            sorted: None,
            headed: true,
        };
        screen
            .draw(&mut out, |f| {
                let area = f.area();
                table.draw(f.buffer(), area, &theme);
            })
            .unwrap();
        out.len()
    };
    bytes(&All("Running"));
    let changed = bytes(&All("Failed"));
    assert!((1..=300).contains(&changed), "{changed} bytes");
    assert_eq!(bytes(&All("Failed")), 0);
}

proptest! {
    #[test]
    fn any_size_and_place_can_be_drawn(w in 0_u16..60, h in 0_u16..8, selected in 0_usize..9, top in 0_usize..9, left in 0_usize..9, n in 0_usize..5) {
        let names: Vec<&str> = ["backend-7c5d-x2x", "漢字漢字漢字", "", "frontend", "x"].into_iter().take(n).collect();
        let (rows, columns, sample) = (pods(&names), columns(), Sample::default());
        let place = Place { selected: Some(selected), top, left };
        let table = Table { columns: &columns, rows: &rows, place, sample: &sample, sorted: None, headed: true };
        draw(w, h, |b, a| {
            table.draw(b, a, &Theme::plain());
        });
    }
}

#[test]
fn a_path_that_is_too_long_keeps_its_end_and_a_table_may_have_no_titles() {
    let columns = [Column::new("ABOUT", 6, 12).keeps_end(), Column::new("AGE", 3, 5)];
    let rows = made(1, |_| Row { cells: vec!["momo-store/backend".into(), "5m".into()], ..Row::default() });
    let sample = Sample::default();
    let table = |headed| {
        let table = Table {
            columns: &columns,
            rows: &rows,
            place: Place::default(),
            sample: &sample,
            sorted: None,
            headed,
        };
        text(&draw(30, 2, |b, a| {
            table.draw(b, a, &theme());
        }))
    };
    assert_eq!(table(true), ["  ABOUT         AGE", "  …ore/backend  5m"]);
    assert_eq!(table(false), ["  …ore/backend  5m", ""]);
}
