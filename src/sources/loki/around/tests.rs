use proptest::prelude::*;

use super::machine::Machine;
use super::*;
use crate::core::{Error, Kind, Labels, Span, Ts, Window};
use crate::sources::loki::{Lines, Page};
use crate::store::logs::{Entry, Origin};

const AT: Ts = Ts::from_secs(1_763_733_600);

fn plan(page: usize) -> Plan {
    Plan { at: AT, now: AT + Span::hours(24), page, most: 5_000, budget: u64::MAX, cap: 100_000 }
}

fn stream(n: u8) -> Labels {
    [("pod", format!("p{n}"))].into_iter().collect()
}

fn entry(stream_: u8, ts: Ts, line: &str) -> Entry {
    Entry {
        ts,
        line: line.into(),
        labels: stream(stream_),
        metadata: Labels::default(),
        origin: Origin::Loki,
    }
}

/// A Loki that holds these lines, each stream in the order of arrival, and answers as Loki does: of all
/// streams together the first `limit` lines, printed stream by stream, in the order asked for.
struct Server {
    lines: Vec<Entry>,
    most: usize,
}

impl Server {
    fn answer(&self, asked: Lines) -> Page {
        let window = Window { start: asked.start, end: asked.end };
        let mut found: Vec<Entry> = self.lines.iter().filter(|e| window.contains(e.ts)).cloned().collect();
        found.sort_by_key(|e| e.ts);
        if asked.backward {
            found.reverse();
        }
        let limit = asked.limit.min(self.most);
        found.truncate(limit);
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        Page { entries: found, limit, categorized: true, ..Page::default() }
    }

    fn run(&self, machine: &mut Machine) -> Vec<Ask> {
        let mut log = Vec::new();
        loop {
            let asks = machine.asks();
            if asks.is_empty() {
                return log;
            }
            for ask in asks {
                let reply = match ask {
                    Ask::Lines(_, lines) => Reply::Page(self.answer(lines)),
                    Ask::Stats(_, window) => {
                        let inside = self.lines.iter().filter(|e| window.contains(e.ts));
                        Reply::Bytes(Some(inside.map(|e| e.line.raw().len() as u64).sum()))
                    }
                };
                machine.answer(&ask, Ok(reply));
                log.push(ask);
            }
        }
    }

    /// All lines as they are to be shown: by time, of one nanosecond by stream, of one stream as it holds them.
    fn expected(&self, window: Window) -> Vec<Entry> {
        let mut all: Vec<Entry> = self.lines.iter().filter(|e| window.contains(e.ts)).cloned().collect();
        all.sort_by(|a, b| a.ts.cmp(&b.ts).then_with(|| a.labels.cmp(&b.labels)));
        all
    }
}

fn shown(machine: &Machine) -> Vec<Entry> {
    machine.entries().cloned().collect()
}

fn twelve_hours() -> Window {
    Window { start: AT - Span::hours(12), end: AT + Span::hours(12) }
}

/// Lines near the moment, in clumps of equal nanoseconds, with doubled lines, in up to three streams.
fn lines() -> impl Strategy<Value = Vec<Entry>> {
    let near = prop_oneof![
        -3_i64..4,
        -40_000_000_000_i64..40_000_000_000,
        -40_000_000_000_000_i64..40_000_000_000_000
    ];
    let clump = (near, proptest::collection::vec((0_u8..3, 0_u8..3), 1..12));
    let clumps = proptest::collection::vec(clump, 0..25);
    clumps.prop_map(|clumps| {
        let one = |ns: i64, (s, text): (u8, u8)| entry(s, Ts(AT.0 + ns), ["a", "b", "c"][text as usize]);
        clumps.into_iter().flat_map(|(ns, lines)| lines.into_iter().map(move |l| one(ns, l))).collect()
    })
}

proptest! {
    #[test]
    fn paging_out_both_ways_yields_every_line_exactly_once_in_stable_order(lines in lines(), page in 1_usize..20) {
        let server = Server { lines, most: 5_000 };
        let mut machine = Machine::new(plan(page));
        server.run(&mut machine);
        let mut rounds = 0;
        while [Side::Before, Side::After].into_iter().any(|s| machine.reach(s) == Reach::More) {
            let known = shown(&machine);
            let first = machine.mark();
            machine.more(Side::Before);
            machine.more(Side::After);
            server.run(&mut machine);
            // What was shown stays where it was, seen from the moment.
            let now = shown(&machine);
            let offset = machine.mark() - first;
            prop_assert_eq!(&now[offset..offset + known.len()], &known[..]);
            rounds += 1;
            prop_assert!(rounds < 1_000);
        }
        prop_assert_eq!(shown(&machine), server.expected(twelve_hours()));
        prop_assert_eq!(machine.overfull(), &[] as &[Ts]);
        prop_assert_eq!(machine.reach(Side::Before), Reach::NothingWithin(Span::hours(12)));
    }

    #[test]
    fn a_bounded_window_is_read_whole_in_both_directions(lines in lines(), page in 1_usize..20, backward in any::<bool>()) {
        let server = Server { lines, most: 5_000 };
        let window = Window { start: AT - Span::secs(20), end: AT + Span::secs(20) };
        let mut scan = Scan::new(window, backward);
        let mut pages = Vec::new();
        while let Some(asked) = scan.ask(page, 5_000) {
            pages.push(scan.take(asked, server.answer(asked)).entries);
            prop_assert!(pages.len() < 2_000);
        }
        if backward {
            pages.reverse();
        }
        prop_assert_eq!(pages.concat(), server.expected(window));
    }

    #[test]
    fn a_servers_lower_limit_loses_no_line_in_silence(lines in lines(), page in 1_usize..20, most in 1_usize..20) {
        let server = Server { lines, most };
        let mut machine = Machine::new(Plan { cap: 100_000, ..plan(page) });
        server.run(&mut machine);
        for _ in 0..400 {
            machine.more(Side::Before);
            machine.more(Side::After);
            server.run(&mut machine);
        }
        let whole = |e: &Entry| !machine.overfull().contains(&e.ts);
        let got: Vec<Entry> = shown(&machine).into_iter().filter(whole).collect();
        let expected: Vec<Entry> = server.expected(twelve_hours()).into_iter().filter(whole).collect();
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn the_three_first_windows_do_not_overlap_and_miss_nothing() {
    let asks = Machine::new(plan(100)).asks();
    let page =
        |part, start: Ts, end: Ts, limit, backward| Ask::Lines(part, Lines { start, end, limit, backward });
    assert_eq!(
        asks,
        [
            page(Part::Tie, AT, Ts(AT.0 + 1), 5_000, false),
            page(Part::Side(Side::Before), AT - Span::secs(30), AT, 100, true),
            page(Part::Side(Side::After), Ts(AT.0 + 1), AT + Span::secs(30), 100, false),
        ]
    );
}

#[test]
fn windows_widen_until_there_are_enough_lines_and_large_ones_ask_their_size_first() {
    let server = Server { lines: vec![entry(0, AT - Span::mins(40), "old")], most: 5_000 };
    let mut machine = Machine::new(Plan { now: AT, ..plan(1) });
    let print = |ask: &Ask| match ask {
        Ask::Lines(Part::Side(Side::Before), l) => Some(format!("{} to {}", AT - l.start, AT - l.end)),
        Ask::Stats(Side::Before, w) => Some(format!("size of {} to {}", AT - w.start, AT - w.end)),
        _ => None,
    };
    let asked: Vec<String> = server.run(&mut machine).iter().filter_map(print).collect();
    assert_eq!(
        asked,
        [
            "30s to 0s",
            "5m to 30s",
            "size of 30m to 5m",
            "30m to 5m",
            "size of 2h to 30m",
            "2h to 30m",
            // A page of one line is full: its nanosecond is read alone, to be sure that it is whole.
            "40m to 39m59s",
        ]
    );
    assert_eq!(machine.reach(Side::Before), Reach::More);
    assert_eq!(machine.reach(Side::After), Reach::Now);
    assert_eq!(machine.read_until(Side::Before), AT - Span::mins(40));
}

#[test]
fn a_widening_beyond_the_budget_waits_for_permission() {
    let server = Server { lines: vec![entry(0, AT - Span::mins(10), "ten bytes!")], most: 5_000 };
    let mut machine = Machine::new(Plan { budget: 5, ..plan(10) });
    server.run(&mut machine);
    assert_eq!((machine.reach(Side::Before), machine.entries().count()), (Reach::Budget(10), 0));
    machine.more(Side::Before);
    assert_eq!(server.run(&mut machine), []);
    machine.allow(Side::Before);
    server.run(&mut machine);
    assert_eq!(
        (machine.reach(Side::Before), machine.entries().count()),
        (Reach::NothingWithin(Span::hours(12)), 1)
    );
}

#[test]
fn a_nanosecond_with_more_lines_than_the_server_gives_is_named() {
    let many: Vec<Entry> = (0..30).map(|_| entry(0, AT - Span::secs(1), "x")).collect();
    let server = Server {
        lines: [many, vec![entry(0, AT - Span::secs(2), "older"), entry(0, AT, "now")]].concat(),
        most: 20,
    };
    let mut machine = Machine::new(Plan { most: 20, ..plan(20) });
    server.run(&mut machine);
    machine.more(Side::Before);
    server.run(&mut machine);
    assert_eq!(machine.overfull(), [AT - Span::secs(1)]);
    assert_eq!((machine.entries().count(), machine.mark()), (22, 21));
    let tie = Server { lines: (0..30).map(|_| entry(0, AT, "x")).collect(), most: 20 };
    let mut machine = Machine::new(Plan { most: 20, ..plan(20) });
    tie.run(&mut machine);
    assert_eq!(machine.overfull(), [AT]);
}

#[test]
fn a_line_that_was_pointed_at_is_found_among_its_equals() {
    let lines = vec![
        entry(0, AT, "same"),
        entry(1, AT, "same"),
        entry(0, AT, "other"),
        entry(0, AT, "same"),
        entry(0, AT - Span::secs(1), "same"),
    ];
    let server = Server { lines, most: 5_000 };
    let mut machine = Machine::new(plan(10));
    server.run(&mut machine);
    assert_eq!([0, 1, 2].map(|n| machine.find("same", &stream(0), n)), [Some(1), Some(3), None]);
    assert_eq!(machine.find("same", &stream(1), 0), Some(4));
    assert_eq!(machine.find("gone", &stream(0), 0), None);
}

#[test]
fn a_side_that_fails_keeps_the_other_and_is_tried_again_on_request() {
    let server = Server {
        lines: vec![entry(0, AT - Span::secs(1), "b"), entry(0, AT + Span::secs(1), "a")],
        most: 5_000,
    };
    let mut machine = Machine::new(plan(1));
    let error = Error::new(Kind::Timeout, "read");
    for ask in machine.asks() {
        let reply = match ask {
            Ask::Lines(Part::Side(Side::Before) | Part::Tie, _) => Err(error.clone()),
            Ask::Lines(_, lines) => Ok(Reply::Page(server.answer(lines))),
            Ask::Stats(..) => panic!("not asked yet"),
        };
        machine.answer(&ask, reply);
    }
    server.run(&mut machine);
    assert_eq!((machine.reach(Side::Before), machine.entries().count()), (Reach::Failed(error.clone()), 1));
    assert_eq!(machine.tie_error(), Some(&error));
    machine.more(Side::Before);
    server.run(&mut machine);
    assert_eq!(
        (machine.reach(Side::Before), machine.entries().count(), machine.tie_error()),
        (Reach::More, 2, None)
    );
}

#[test]
fn lines_that_were_not_asked_for_are_left_out_and_counted() {
    let mut scan = Scan::new(Window { start: AT, end: AT + Span::secs(1) }, false);
    let asked = scan.ask(10, 10).unwrap();
    let taken = scan.take(
        asked,
        Page {
            entries: vec![entry(0, AT, "in"), entry(0, AT - Span::secs(9), "out")],
            limit: 10,
            ..Page::default()
        },
    );
    assert_eq!((taken.entries.len(), taken.stray, scan.is_done()), (1, 1, true));
}

#[test]
fn five_thousand_lines_of_one_nanosecond_are_read_once() {
    let mut lines: Vec<Entry> = (0..4_999).map(|n| entry(0, AT + Span::secs(1), &n.to_string())).collect();
    lines.push(entry(0, AT + Span::secs(2), "last"));
    let server = Server { lines, most: 5_000 };
    let mut machine = Machine::new(plan(100));
    server.run(&mut machine);
    machine.more(Side::After);
    server.run(&mut machine);
    let texts: Vec<String> = machine.entries().map(|e| e.line.raw().to_owned()).collect();
    let expected: Vec<String> = (0..4_999).map(|n| n.to_string()).chain(["last".to_owned()]).collect();
    assert_eq!((texts, machine.overfull()), (expected, &[] as &[Ts]));
}

#[test]
fn no_more_is_kept_than_may_be() {
    let lines = (1..200).map(|n| entry(0, AT - Span::secs(n), "x")).collect();
    let server = Server { lines, most: 5_000 };
    let mut machine = Machine::new(Plan { cap: 30, ..plan(10) });
    for _ in 0..20 {
        server.run(&mut machine);
        machine.more(Side::Before);
    }
    assert_eq!(machine.reach(Side::Before), Reach::Full);
    assert!(machine.mark() < 40, "{}", machine.mark());
}
