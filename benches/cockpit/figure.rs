//! A figure: what was measured, how often, and what came out.

use std::time::{Duration, Instant};

/// Measures `work` many times and tells the figure in milliseconds.
pub fn milliseconds(id: &str, times: usize, mut work: impl FnMut(usize)) {
    let mut all: Vec<Duration> = Vec::with_capacity(times);
    for i in 0..times {
        let began = Instant::now();
        work(i);
        all.push(began.elapsed());
    }
    tell(id, "ms", all.iter().map(|d| d.as_secs_f64() * 1e3).collect());
}

/// Tells a figure: its median, 95th percentile and greatest value.
pub fn tell(id: &str, unit: &str, mut all: Vec<f64>) {
    all.sort_by(f64::total_cmp);
    let part = |of: f64| all[((all.len() - 1) as f64 * of).round() as usize];
    let figure = serde_json::json!({
        "id": id, "unit": unit, "runs": all.len(), "p50": part(0.5), "p95": part(0.95), "max": part(1.0),
    });
    println!("{figure}");
}
