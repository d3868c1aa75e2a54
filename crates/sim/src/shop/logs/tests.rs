use std::collections::BTreeMap;

use pretty_assertions::assert_eq;

use super::*;
use crate::shop::testing;

const HOUR: Nanos = 3_600 * SECOND;

fn texts(entries: &[Entry]) -> Vec<(Nanos, String, String)> {
    entries.iter().map(|e| (e.line.at, e.pod.life.name.clone(), e.line.text.clone())).collect()
}

#[test]
fn a_window_asked_for_twice_or_in_parts_holds_the_same_lines() {
    let shop = testing::stand(1);
    let (from, to) = (testing::BAD + 60 * SECOND, testing::BAD + 90 * SECOND);
    let whole = texts(&Scribe::new(&shop, from, to).window(from, to, |_| true));
    assert!(whole.len() > 300, "{} lines in half a minute", whole.len());
    let mut parts = Vec::new();
    let mut at = from;
    while at < to {
        let next = (at + 7_123_456_789).min(to);
        parts.extend(texts(&Scribe::new(&shop, at, next).window(at, next, |_| true)));
        at = next;
    }
    assert_eq!(parts, whole);
    let wide = Scribe::new(&shop, from - HOUR, to + HOUR);
    assert_eq!(texts(&wide.window(from, to, |_| true)), whole);
}

#[test]
fn every_failed_request_of_a_counter_has_its_line() {
    let shop = testing::stand(2);
    let (from, to) = (testing::BAD + 120 * SECOND, testing::BAD + 240 * SECOND);
    for pod in shop.pods().filter(|p| p.life.service == "backend" && p.run_at(to).is_some()) {
        let run = pod.run_at(to).unwrap();
        let from = from.max(run.start);
        let traffic = Traffic::new(&shop, pod, run).unwrap();
        let failed = |at| -> i64 {
            let tally = traffic.tally(at);
            let classes = traffic.plan().classes.iter().zip(&tally);
            classes.filter(|(c, _)| c.code >= 500).map(|(_, v)| v).sum()
        };
        let lines = container(&shop, &pod.life.uid, None, from, to);
        let found = lines.iter().filter(|l| l.text.contains(r#""status":50"#)).count() as i64;
        assert!(found > 0, "{} fails", pod.life.name);
        // The instants of lines lie inside the microsecond of the count, hence one at each end.
        assert!((found - (failed(to) - failed(from))).abs() <= 1, "{}", pod.life.name);
        let sampled = lines.iter().filter(|l| l.text.contains(r#""status":20"#)).count() as i64;
        let all: i64 = traffic
            .tally(to)
            .iter()
            .zip(traffic.tally(from))
            .take(traffic.plan().classes.len())
            .map(|(a, b)| a - b)
            .sum();
        let expected = (all - found) as f64 / requests::SAMPLE as f64;
        assert!((sampled as f64 / expected - 1.0).abs() < 0.25, "{sampled} of about {expected}");
    }
}

#[test]
fn one_trace_id_runs_through_the_services() {
    let shop = testing::stand(3);
    let (from, to) = (testing::BAD - 60 * SECOND, testing::BAD - 50 * SECOND);
    let mut by_trace: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in Scribe::new(&shop, from, to).window(from, to, |_| true) {
        let text = &entry.line.text;
        let Some(id) = text.split("trace_id").nth(1) else { continue };
        let id: String = id.chars().filter(char::is_ascii_hexdigit).take(32).collect();
        assert_eq!(id.len(), 32, "{text}");
        by_trace.entry(id).or_default().push(entry.pod.life.service.clone());
    }
    let through = |services: &[&str]| {
        by_trace.values().filter(|found| services.iter().all(|s| found.iter().any(|f| f == s))).count()
    };
    assert!(through(&["frontend", "backend", "catalog"]) > 20);
    assert!(through(&["frontend", "backend", "catalog", "payments"]) > 3);
}

#[test]
fn a_bad_release_prints_stacks_and_lines_of_one_instant_and_a_killed_container_no_last_word() {
    let shop = testing::stand(4);
    let (from, to) = (testing::BAD, testing::BAD + 300 * SECOND);
    let entries = Scribe::new(&shop, from, to).window(from, to, |_| true);
    assert!(entries.iter().any(|e| e.line.text.starts_with("panic: ")));
    assert!(entries.iter().any(|e| e.line.text.starts_with("goroutine ")));
    let twins = entries.windows(2).filter(|w| w[0].line.at == w[1].line.at).count();
    assert!(twins > 50, "{twins} pairs of one instant");
    let foreign = entries
        .windows(2)
        .filter(|w| w[0].line.at == w[1].line.at && w[0].pod.life.uid != w[1].pod.life.uid)
        .count();
    assert!(foreign > 5, "{foreign} pairs of one instant in two pods");
    for pod in shop.pods() {
        for exit in &pod.life.exits {
            let gap = exit.restarted.unwrap_or(to);
            assert_eq!(container(&shop, &pod.life.uid, None, exit.at, gap), vec![]);
        }
    }
    let per_second = entries.len() / 300;
    assert!((15..120).contains(&per_second), "{per_second} lines a second in the whole shop");
}

#[test]
fn lines_of_one_run_are_told_apart() {
    let shop = testing::stand(5);
    let pod = shop.pods().find(|p| p.runs.len() > 1).unwrap().clone();
    let (from, to) = (pod.runs[0].start, testing::BAD + 330 * SECOND);
    let all = container(&shop, &pod.life.uid, None, from, to);
    let parts: usize =
        (0..pod.runs.len() as u32).map(|r| container(&shop, &pod.life.uid, Some(r), from, to).len()).sum();
    assert_eq!(parts, all.len());
    let second = container(&shop, &pod.life.uid, Some(1), from, to);
    assert!(second.iter().all(|l| l.at >= pod.runs[1].start));
    assert!(second[0].text.contains("starting"), "{}", second[0].text);
}
