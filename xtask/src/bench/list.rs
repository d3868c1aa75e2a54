//! Pods of the testbed on the screen: the first rows, all of them, memory, keys, the filter, rest.

use std::time::{Duration, Instant};

use super::pty::Session;
use super::stand::Stand;
use super::start::since;
use super::storm::{idle, keys, told};
use super::table::{Row, Verdict, percentiles, time};
use super::{Bench, Result, peers, sys};

const SIZE: (u16, u16) = (180, 50);
const RUNS: usize = 5;
const LIMIT: Duration = Duration::from_secs(120);
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What the same pods cost without any client.
struct Bare {
    page: f64,
    gzip: f64,
    plain: f64,
    rows: Vec<Row>,
}

/// What deckwatch cost.
#[derive(Default)]
struct Own {
    first: Vec<f64>,
    all: Vec<f64>,
    resident: Vec<f64>,
}

/// Measures.
pub fn rows(bench: &Bench, stand: &Stand) -> Result<Vec<Row>> {
    println!("── pods on the testbed");
    stand.fill(bench.pods)?;
    let pods = stand.pods()?;
    let bare = bare(stand)?;
    let mut own = Own::default();
    let (mut kubectl, mut peak) = (Vec::new(), 0);
    // In turn, so that what else the machine does falls on both.
    for _ in 0..RUNS {
        one(bench, stand, pods, &mut own)?;
        let mut command = stand.command("kubectl");
        command.args(["get", "pods", "-A"]);
        let ended = sys::run(command)?;
        kubectl.push(ended.took.as_secs_f64());
        peak = peak.max(ended.peak);
    }
    let (first, all, kubectl) = (median(own.first), median(own.all), median(kubectl));
    let resident = median(own.resident);
    let mut rows = vec![
        Row::new("pods there", pods.to_string()),
        Row::new("first rows on the screen, from the start of the process", time(first))
            .beside("bare page of 500, protobuf, gzip", &time(bare.page), first / bare.page)
            .judged("≤ 1.5×", Verdict::at_most(first / bare.page, 1.5)),
        Row::new("all rows on the screen, from the start of the process", time(all))
            .beside("`kubectl get pods -A`", &time(kubectl), all / kubectl)
            .judged("≤ 0.15×", Verdict::at_most(all / kubectl, 0.15)),
        Row::new("all rows", time(all)).beside(
            "bare list, protobuf, gzip",
            &time(bare.gzip),
            all / bare.gzip,
        ),
        Row::new("all rows", time(all)).beside("bare list, protobuf", &time(bare.plain), all / bare.plain),
        Row::new("resident memory, 3 s after all rows", sys::mib(resident as u64))
            .beside("kubectl's peak", &sys::mib(peak), resident / peak as f64)
            .judged("≤ 45 MiB", Verdict::at_most(resident, 45.0 * 1_048_576.0)),
    ];
    for peer in peers::measure(stand, pods, SIZE) {
        match peer.figures {
            Ok(figures) => {
                let memory = resident / figures.resident as f64;
                let limits = if peer.name == "sofka" { (0.4, 0.12) } else { (1.0, 1.0) };
                rows.push(
                    Row::new("all rows", time(all))
                        .beside(peer.name, &time(figures.all), all / figures.all)
                        .judged(&format!("≤ {}×", limits.0), Verdict::at_most(all / figures.all, limits.0)),
                );
                rows.push(
                    Row::new("resident memory", sys::mib(resident as u64))
                        .beside(peer.name, &sys::mib(figures.resident), memory)
                        .judged(&format!("≤ {}×", limits.1), Verdict::at_most(memory, limits.1)),
                );
            }
            Err(why) => rows.push(Row::left_out(&format!("beside {}", peer.name), &why)),
        }
    }
    rows.extend(held(bench, stand, pods)?);
    rows.extend(bare.rows);
    Ok(rows)
}

fn median(values: Vec<f64>) -> f64 {
    percentiles(values).0
}

fn bare(stand: &Stand) -> Result<Bare> {
    let api = stand.api()?;
    let mut rows = Vec::new();
    let mut medians = Vec::new();
    for (what, path, gzip) in [
        ("bare API: page of 500, protobuf, gzip", "/api/v1/pods?limit=500", true),
        ("bare API: page of 500, protobuf", "/api/v1/pods?limit=500", false),
        ("bare API: whole list, protobuf, gzip", "/api/v1/pods", true),
        ("bare API: whole list, protobuf", "/api/v1/pods", false),
    ] {
        let mut all = Vec::new();
        let mut bytes = 0;
        for _ in 0..RUNS {
            let fetched = api.get(path, PROTOBUF, gzip)?;
            all.push(fetched.seconds);
            bytes = fetched.bytes;
        }
        let middle = median(all);
        medians.push(middle);
        rows.push(Row::new(what, format!("{}, {:.2} MB", time(middle), bytes as f64 / 1e6)));
    }
    match medians[..] {
        [page, _, gzip, plain] => Ok(Bare { page, gzip, plain, rows }),
        _ => Err("the bare API was not measured".to_owned()),
    }
}

fn open(bench: &Bench, stand: &Stand) -> Result<Session> {
    Session::start(&bench.deckwatch, &["--view", "pods", "-A"], &stand.variables, SIZE)
}

fn one(bench: &Bench, stand: &Stand, pods: usize, own: &mut Own) -> Result<()> {
    let session = open(bench, stand)?;
    let first = session.wait("the first rows", LIMIT, |s| s.text().contains("Running"))?;
    let all = session.wait("all rows", LIMIT, |s| peers::counts(&s.text(), pods))?;
    own.first.push(since(session.began, first));
    own.all.push(since(session.began, all));
    std::thread::sleep(Duration::from_secs(3));
    own.resident.push(sys::resident(session.pid()) as f64);
    Ok(())
}

/// What is measured on a list that stands: keys, the filter, rest.
fn held(bench: &Bench, stand: &Stand, pods: usize) -> Result<Vec<Row>> {
    let mut session = open(bench, stand)?;
    session.wait("all rows", LIMIT, |s| peers::counts(&s.text(), pods))?;
    std::thread::sleep(Duration::from_secs(3));
    let (p50, p95) = percentiles(keys(&mut session, 40)?);
    let mut rows = vec![
        Row::new("key `j` to its frame, quiet", told(p50, p95))
            .judged("p95 ≤ 3 ms", Verdict::at_most(p95, 0.003)),
    ];
    rows.extend(idle(&session));
    let (p50, p95) = percentiles(filter(&mut session)?);
    rows.push(
        Row::new("a filter typed at once, to the filtered screen", told(p50, p95))
            .judged("p95 ≤ 16 ms a keystroke", Verdict::at_most(p95, 0.016 * WORD.len() as f64)),
    );
    Ok(rows)
}

/// Names exactly one Deployment of the filling, so twenty pods.
const WORD: &str = "service-101";

fn filter(session: &mut Session) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for _ in 0..10 {
        session.keys("/")?;
        let typed: Instant = session.keys(WORD)?;
        let shown = session.wait("the filtered rows", LIMIT, |s| s.text().contains(" 20 pods"))?;
        all.push(since(typed, shown));
        session.keys("\r")?;
        session.keys("/")?;
        session.keys(&"\x7f".repeat(WORD.len()))?;
        session.keys("\r")?;
        session.wait("all rows again", LIMIT, |s| !s.text().contains(" 20 pods"))?;
    }
    Ok(all)
}
