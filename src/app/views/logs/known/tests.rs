use pretty_assertions::assert_eq;

use super::*;
use crate::core::{Error, Kind, Labels};

const SECOND: i64 = 1_000_000_000;

fn at(secs: i64) -> Ts {
    Ts((1_000_000 + secs) * SECOND)
}

fn entry(origin: Origin, pod: &str, secs: i64, line: &str) -> Entry {
    let labels: Labels = [("pod", pod), ("container", "app")].into_iter().collect();
    Entry { ts: at(secs), line: line.into(), labels, metadata: Labels::default(), origin }
}

fn loki(secs: i64, line: &str) -> Entry {
    entry(Origin::Loki, "a", secs, line)
}

fn kubelet(pod: &str, secs: i64, line: &str) -> Entry {
    entry(Origin::Kubelet, pod, secs, line)
}

fn asked() -> LogReach {
    LogReach { asked: true, ..LogReach::default() }
}

fn batch(entries: Vec<Entry>, older: Edge, newer: Edge) -> Batch {
    Batch { entries, older, newer, loki: asked(), ..Batch::default() }
}

fn refused() -> Error {
    Error::new(Kind::Timeout, "read Loki's lines")
}

fn known(entries: Vec<Entry>, older: Edge, newer: Edge) -> Known {
    let mut known = Known::default();
    known.begin(batch(entries, older, newer));
    known
}

fn shown(known: &Known) -> Vec<&str> {
    known.lines.iter().map(|e| e.line.raw()).collect()
}

#[test]
fn a_window_is_read_on_until_all_of_it_was_looked_at() {
    let whole = Window { start: at(-48 * 3_600), end: at(300) };
    let mut known = known(vec![loki(0, "near")], Edge::Looked(at(-12 * 3_600)), Edge::Now(at(10)));
    let mut asked = Vec::new();
    while let [Some(LogPage::Older(page)), None] = known.ask_rest(whole) {
        asked.push(((page.start - at(0)).0 / SECOND / 3_600, (page.end - at(0)).0 / SECOND / 3_600));
        assert_eq!(known.read_only(whole), Some(Window { start: page.end, end: whole.end }));
        known.take_older(batch(Vec::new(), Edge::Looked(page.start), Edge::Unknown), true);
    }
    assert_eq!(asked, [(-24, -12), (-36, -24), (-48, -36)]);
    assert_eq!((known.ask_rest(whole), known.read_only(whole)), ([None, None], None));
}

#[test]
fn a_page_begins_where_the_side_was_read_not_at_the_outermost_line() {
    // The kubelet has an old line of a pod that Loki has nothing of; Loki's are read to 50 only.
    let mut known = known(vec![kubelet("b", 10, "k"), loki(60, "x")], Edge::More(at(50)), Edge::More(at(70)));
    let Some(LogPage::Older(page)) = known.ask_older() else { panic!() };
    assert_eq!(page.end, at(50));
    known
        .take_older(batch(vec![loki(5, "o"), loki(20, "p")], Edge::Looked(page.start), Edge::Unknown), false);
    assert_eq!(shown(&known), ["o", "k", "p", "x"]);
    let Some(LogPage::Newer { window, .. }) = known.ask_newer() else { panic!() };
    assert_eq!(window.start, at(70));
}

#[test]
fn the_kubelets_lines_of_the_same_nanosecond_stay_when_older_ones_come() {
    let mut known = known(vec![kubelet("b", 10, "k"), loki(10, "x")], Edge::More(at(10)), Edge::Now(at(10)));
    known.take_older(batch(vec![loki(9, "w"), loki(10, "x")], Edge::More(at(9)), Edge::Unknown), false);
    let mut lines = shown(&known);
    lines.sort_unstable();
    assert_eq!(lines, ["k", "w", "x"]);
}

#[test]
fn a_line_that_comes_late_is_found_and_one_that_comes_again_is_there_once() {
    let mut known = known(vec![loki(95, "a"), loki(99, "b")], Edge::Unknown, Edge::Now(at(100)));
    let Some(LogPage::Newer { window, .. }) = known.ask_newer() else { panic!() };
    assert_eq!(window.start, at(90));
    // Loki takes in another pod's line only now; what is known comes once more.
    let late = entry(Origin::Loki, "b", 97, "late");
    known.take_newer(
        batch(vec![loki(95, "a"), late, loki(99, "b"), loki(101, "c")], Edge::Unknown, Edge::Now(at(102))),
        false,
    );
    assert_eq!(shown(&known), ["a", "late", "b", "c"]);
    assert_eq!((known.newer.clone(), known.loki.lines), (Edge::Now(at(102)), 2));
}

#[test]
fn the_kubelets_line_gives_way_when_loki_has_it() {
    let mut known = known(vec![kubelet("a", 95, "x")], Edge::Unknown, Edge::Now(at(96)));
    known.take_newer(batch(vec![loki(95, "x")], Edge::Unknown, Edge::Now(at(98))), false);
    let origins: Vec<_> = known.lines.iter().map(|e| e.origin).collect();
    assert_eq!(origins, [Origin::Loki]);
}

#[test]
fn following_goes_on_where_a_page_was_full_and_begins_before_the_end_where_it_was_not() {
    let mut known = known(Vec::new(), Edge::Unknown, Edge::Now(at(100)));
    let start = |known: &Known| match known.ask_newer() {
        Some(LogPage::Newer { window, .. }) => window.start,
        other => panic!("{other:?}"),
    };
    known.take_newer(batch(vec![loki(92, "x")], Edge::Unknown, Edge::More(at(93))), false);
    assert_eq!(start(&known), at(93), "a full page within the overlap does not stand still");
    known.take_newer(batch(vec![loki(99, "y")], Edge::Unknown, Edge::Now(at(103))), false);
    assert_eq!(start(&known), at(93));
    let failed = Edge::Failed(at(93), refused());
    known.take_newer(batch(Vec::new(), Edge::Unknown, failed), false);
    assert_eq!(start(&known), at(93), "failing again and again does not go back in time");
    assert_eq!(known.loki.error, Some(refused()));
    known.take_newer(batch(Vec::new(), Edge::Unknown, Edge::Now(at(110))), false);
    assert_eq!(known.loki.error, None);
}

#[test]
fn a_kubelet_that_did_not_answer_is_asked_again_from_where_it_was_read() {
    let mut known = known(Vec::new(), Edge::Unknown, Edge::Now(at(100)));
    let kubelet = |known: &Known| match known.ask_newer() {
        Some(LogPage::Newer { kubelet, .. }) => kubelet,
        other => panic!("{other:?}"),
    };
    let page = |secs: i64, until: Option<Ts>| Batch {
        kubelet: LogReach { until, error: until.is_none().then(refused), ..asked() },
        ..batch(Vec::new(), Edge::Unknown, Edge::Now(at(secs)))
    };
    known.take_newer(page(102, Some(at(102))), false);
    known.take_newer(page(130, None), false);
    assert_eq!((kubelet(&known), known.kubelet.error.clone()), (at(92), Some(refused())));
    known.take_newer(page(9_000, None), false);
    assert_eq!(kubelet(&known), at(9_000) - OVERLAP - AGAIN);
    known.take_newer(page(9_002, Some(at(9_002))), false);
    assert_eq!((kubelet(&known), known.kubelet.error.clone()), (at(8_992), None));
}

#[test]
fn a_failed_page_is_told_until_its_side_is_read_and_ends_the_reading_of_a_whole_window() {
    let whole = Window { start: at(-100), end: at(100) };
    let mut known = known(vec![loki(0, "x")], Edge::More(at(-10)), Edge::Now(at(5)));
    known.take_older(batch(Vec::new(), Edge::Failed(at(-10), refused()), Edge::Unknown), true);
    assert_eq!(known.ask_rest(whole), [None, None]);
    assert_eq!(known.read_only(whole), Some(Window { start: at(-10), end: at(100) }));
    known.take_newer(batch(Vec::new(), Edge::Unknown, Edge::Now(at(7))), true);
    assert_eq!(known.loki.error, Some(refused()), "the other side does not make up for it");
    known.take_older(batch(Vec::new(), Edge::Looked(at(-100)), Edge::Unknown), true);
    assert_eq!((known.loki.error.clone(), known.read_only(whole)), (None, None));
}

fn many(from: i64, count: usize) -> Vec<Entry> {
    (0..count).map(|i| loki(from + i as i64 / 2, "x")).collect()
}

#[test]
fn of_too_many_lines_whole_nanoseconds_go_and_can_be_read_again() {
    let mut known = known(many(0, KEPT), Edge::More(at(0)), Edge::Now(at(KEPT as i64)));
    known.take_older(batch(many(-3, 5), Edge::More(at(-3)), Edge::Unknown), false);
    // Two lines a second: the cut falls between two seconds.
    let last = known.lines.last().map(|e| e.ts).unwrap();
    assert_eq!((known.lines.len(), known.dropped), (KEPT - 1, 6));
    assert_eq!(known.newer, Edge::More(last + Span::secs(1)));
    known.take_newer(batch(many(KEPT as i64, 7), Edge::Unknown, Edge::Now(at(99_999))), false);
    let first = known.lines.first().map(|e| e.ts).unwrap();
    assert_eq!(known.older, Edge::More(Ts(first.0 - SECOND + 1)));
    assert!(known.lines.len() <= KEPT, "{}", known.lines.len());
}

#[test]
fn a_window_that_is_read_whole_drops_nothing_and_stops_when_it_is_full() {
    let whole = Window { start: at(-100_000), end: at(100_000) };
    let mut known = known(many(0, KEPT - 10), Edge::More(at(0)), Edge::More(at(KEPT as i64)));
    assert!(known.ask_rest(whole).iter().all(Option::is_some));
    known.take_older(batch(many(-20, 40), Edge::More(at(-20)), Edge::Unknown), true);
    assert_eq!((known.lines.len(), known.dropped), (KEPT + 30, 0));
    assert_eq!(known.ask_rest(whole), [None, None]);
    assert_eq!(known.read_only(whole), Some(Window { start: at(-20), end: at(KEPT as i64) }));
}

#[test]
fn what_pages_that_overlap_have_cut_is_counted_once() {
    let mut known = known(Vec::new(), Edge::Unknown, Edge::Now(at(100)));
    let page = |clipped| Batch {
        cuts: Cuts { clipped, ..Cuts::default() },
        ..batch(Vec::new(), Edge::Unknown, Edge::Now(at(100)))
    };
    for clipped in [1, 1, 2, 2, 0, 1] {
        known.take_newer(page(clipped), false);
    }
    assert_eq!(known.cuts.clipped, 3);
}
