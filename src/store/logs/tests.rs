use proptest::prelude::*;

use super::*;

fn entry(origin: Origin, pod: &str, container: Option<&str>, ts: i64, line: &str) -> Entry {
    let labels = [("pod", pod)].into_iter().chain(container.map(|c| ("container", c))).collect();
    Entry { ts: Ts(ts), line: line.into(), labels, metadata: Labels::default(), origin }
}

fn loki(ts: i64, line: &str) -> Entry {
    entry(Origin::Loki, "p", Some("c"), ts, line)
}

fn kubelet(ts: i64, line: &str) -> Entry {
    entry(Origin::Kubelet, "p", Some("c"), ts, line)
}

fn place(entry: &Entry) -> Option<Place> {
    let pod = entry.labels.get("pod")?.to_owned();
    Some(Place { pod, container: entry.labels.get("container").map(str::to_owned) })
}

fn shown(joined: &Joined) -> Vec<(i64, &str, Origin)> {
    joined.entries.iter().map(|e| (e.ts.0, e.line.raw(), e.origin)).collect()
}

fn seam(pod: &str, container: &str, after: Option<i64>) -> Seam {
    Seam { place: Place { pod: pod.into(), container: Some(container.into()) }, after: after.map(Ts) }
}

#[test]
fn the_kubelet_takes_over_after_lokis_newest_line() {
    let joined = join(
        vec![loki(1, "a"), loki(3, "b")],
        vec![
            kubelet(1, "a"),
            kubelet(2, "not in loki, but covered"),
            kubelet(3, "b"),
            kubelet(3, "same time, other line"),
            kubelet(4, "c"),
        ],
        None,
        place,
    );
    assert_eq!(
        shown(&joined),
        [
            (1, "a", Origin::Loki),
            (3, "b", Origin::Loki),
            (3, "same time, other line", Origin::Kubelet),
            (4, "c", Origin::Kubelet),
        ]
    );
    assert_eq!((joined.duplicates, joined.covered, joined.held), (1, 2, 0));
    assert_eq!(joined.seams, [seam("p", "c", Some(3))]);
}

#[test]
fn where_loki_has_nothing_of_a_container_the_kubelet_is_all_there_is() {
    let other = |ts, line| entry(Origin::KubeletPrevious, "p", Some("sidecar"), ts, line);
    let joined =
        join(vec![loki(5, "a")], vec![other(1, "x"), kubelet(2, "covered"), other(9, "y")], None, place);
    assert_eq!(
        shown(&joined),
        [(1, "x", Origin::KubeletPrevious), (5, "a", Origin::Loki), (9, "y", Origin::KubeletPrevious)]
    );
    assert_eq!(joined.seams, [seam("p", "sidecar", None)]);
    let alone = join(vec![], vec![kubelet(2, "b"), kubelet(1, "a")], None, place);
    assert_eq!(shown(&alone), [(1, "a", Origin::Kubelet), (2, "b", Origin::Kubelet)]);
}

#[test]
fn what_lies_beyond_the_part_of_loki_that_is_read_is_held_back() {
    let joined = join(
        vec![loki(5, "a")],
        vec![kubelet(6, "b"), kubelet(10, "c"), kubelet(11, "d")],
        Some(Ts(10)),
        place,
    );
    assert_eq!(shown(&joined), [(5, "a", Origin::Loki), (6, "b", Origin::Kubelet)]);
    assert_eq!(joined.held, 2);
}

#[test]
fn equal_lines_at_the_seam_are_dropped_as_often_as_loki_has_them() {
    let joined = join(
        vec![loki(5, "x"), loki(5, "x")],
        vec![kubelet(5, "x"), kubelet(5, "x"), kubelet(5, "x")],
        None,
        place,
    );
    assert_eq!((joined.entries.len(), joined.duplicates), (3, 2));
}

#[test]
fn a_loki_that_tells_pods_only_covers_all_their_containers() {
    let pod_only = entry(Origin::Loki, "p", None, 5, "a");
    let joined =
        join(vec![pod_only], vec![kubelet(4, "old"), kubelet(5, "a"), kubelet(6, "new")], None, place);
    assert_eq!(shown(&joined), [(5, "a", Origin::Loki), (6, "new", Origin::Kubelet)]);
    assert_eq!((joined.duplicates, joined.covered), (1, 1));
}

proptest! {
    #[test]
    fn shown_and_counted_is_all_that_was_given(
        of_loki in proptest::collection::vec((0_i64..9, 0_u8..3, 0_u8..2), 0..20),
        of_kubelet in proptest::collection::vec((0_i64..12, 0_u8..3, 0_u8..3), 0..20),
        until in proptest::option::of(0_i64..12),
    ) {
        let line = |n: u8| ["x", "y", "z"][n as usize];
        let pod = |n: u8| ["p", "q", "r"][n as usize];
        let loki: Vec<Entry> = of_loki.iter().map(|(ts, l, p)| entry(Origin::Loki, pod(*p), Some("c"), *ts, line(*l))).collect();
        let kubelet: Vec<Entry> = of_kubelet.iter().map(|(ts, l, p)| entry(Origin::Kubelet, pod(*p), Some("c"), *ts, line(*l))).collect();
        let joined = join(loki.clone(), kubelet.clone(), until.map(Ts), place);
        let counted = joined.duplicates + joined.covered + joined.held;
        prop_assert_eq!(joined.entries.len() + counted, loki.len() + kubelet.len());
        prop_assert!(joined.entries.is_sorted_by_key(|e| e.ts));
        prop_assert_eq!(joined.entries.iter().filter(|e| e.origin == Origin::Loki).count(), loki.len());
    }
}
