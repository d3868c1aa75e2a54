//! The whole cockpit in a terminal, over pods that `benches/cockpit` makes: keys under changes, and a quiet list.

use std::path::Path;
use std::time::Duration;

use super::pty::Session;
use super::start::since;
use super::table::{Row, Verdict, percentiles, time};
use super::{Result, sys};

const SIZE: (u16, u16) = (180, 50);
const PODS: &str = "10000";
const LIMIT: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(10);

/// Measures keys under 500 changes a second and without any, and what a quiet list costs.
pub fn rows(program: &Path) -> Result<Vec<Row>> {
    println!("── the whole cockpit over pods made here");
    let mut rows = Vec::new();
    {
        let mut session = Session::start(program, &["storm", PODS, "500"], &[], SIZE)?;
        session.wait("the list", LIMIT, |s| s.text().contains("10,000 pods"))?;
        let (p50, p95) = percentiles(keys(&mut session, 100)?);
        rows.push(
            Row::new("key `j` to its frame, 500 changes a second", told(p50, p95))
                .judged("p95 ≤ 16 ms", Verdict::at_most(p95, 0.016)),
        );
        let before = sys::busy(session.pid());
        std::thread::sleep(QUIET);
        let busy = sys::busy(session.pid()).saturating_sub(before).as_secs_f64();
        rows.push(Row::new("CPU in 10 s under 500 changes a second, making them included", time(busy)));
    }
    let mut session = Session::start(program, &["storm", PODS, "0"], &[], SIZE)?;
    session.wait("the list", LIMIT, |s| s.text().contains("10,000 pods"))?;
    let (p50, p95) = percentiles(keys(&mut session, 100)?);
    rows.push(
        Row::new("key `j` to its frame, quiet", told(p50, p95))
            .judged("p95 ≤ 3 ms", Verdict::at_most(p95, 0.003)),
    );
    rows.extend(idle(&session));
    rows.push(Row::new("resident memory", sys::mib(sys::resident(session.pid()))));
    Ok(rows)
}

pub fn told(p50: f64, p95: f64) -> String {
    format!("p50 {}, p95 {}", time(p50), time(p95))
}

/// Presses `j` and `k` in turn, unevenly, and returns how long each took to move the cursor on the screen.
pub fn keys(session: &mut Session, times: usize) -> Result<Vec<f64>> {
    let mut all = Vec::with_capacity(times);
    session.wait("a selected row", LIMIT, |s| s.selected().is_some())?;
    for i in 0..times {
        // People don't type in step with the frames.
        std::thread::sleep(Duration::from_millis(70 + (i as u64 * 37) % 41));
        let before = session.see(super::pty::State::selected);
        let pressed = session.keys(if i % 2 == 0 { "j" } else { "k" })?;
        let moved =
            session.wait("the cursor's move", LIMIT, |s| s.selected().is_some() && s.selected() != before)?;
        all.push(since(pressed, moved));
    }
    Ok(all)
}

/// Leaves a program alone for ten seconds: CPU time and bytes.
pub fn idle(session: &Session) -> Vec<Row> {
    let (busy, bytes) = rest(session);
    let share = busy / QUIET.as_secs_f64();
    vec![
        Row::new("idle for 10 s: CPU", format!("{} ({:.2} %)", time(busy), share * 100.0))
            .judged("≤ 0.2 %", Verdict::at_most(share, 0.002)),
        Row::new("idle for 10 s: bytes written (the clock's)", bytes.to_string()),
    ]
}

/// Returns the CPU seconds and the bytes of ten seconds in which nobody does anything.
pub fn rest(session: &Session) -> (f64, usize) {
    std::thread::sleep(Duration::from_secs(1));
    let (busy, bytes) = (sys::busy(session.pid()), session.see(|s| s.bytes));
    std::thread::sleep(QUIET);
    let busy = sys::busy(session.pid()).saturating_sub(busy);
    let bytes = session.see(|s| s.bytes) - bytes;
    (busy.as_secs_f64(), bytes)
}
