//! The figures of `benches/cockpit`: built with the release profile, run, and judged.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use super::Result;
use super::table::{Row, Verdict, time};

/// One figure as the program prints it.
#[derive(Debug, Deserialize)]
struct Figure {
    id: String,
    p50: f64,
    p95: f64,
    runs: usize,
}

/// What a figure is about and what is wanted of it.
struct Target {
    id: &'static str,
    what: &'static str,
    kind: Kind,
}

enum Kind {
    /// Milliseconds of which the 95th percentile must not be above.
    Ms(f64),
    /// Milliseconds without a target.
    MsShown,
    /// Bytes of which the 95th percentile must not be above.
    Bytes(f64),
    /// A rate of which the median must not be below.
    Rate(f64),
}

const TARGETS: [Target; 11] = [
    Target {
        id: "list.10k",
        what: "10,000 decoded pods to the first frame with all of them",
        kind: Kind::MsShown,
    },
    Target {
        id: "changes.key_to_frame",
        what: "25 changes (50 ms of 500 a second) decoded and taken into 10,000 pods, a key, the frame",
        kind: Kind::Ms(16.0),
    },
    Target {
        id: "quiet.key_to_frame",
        what: "a key among 10,000 quiet pods, to its frame",
        kind: Kind::Ms(3.0),
    },
    Target {
        id: "filter.keystroke",
        what: "a keystroke of the filter over 10,000 pods, to its frame",
        kind: Kind::Ms(16.0),
    },
    Target {
        id: "one_change.bytes",
        what: "bytes written when one pod's status changes, 200×60",
        kind: Kind::Bytes(300.0),
    },
    Target {
        id: "panel.frame",
        what: "a panel of 200 series × 2,000 points, one frame",
        kind: Kind::Ms(16.0),
    },
    Target { id: "logs.decoded", what: "lines of Loki's answers decoded", kind: Kind::Rate(200_000.0) },
    Target {
        id: "logs.intake",
        what: "lines taken in by the view, a frame for every 5,000",
        kind: Kind::Rate(200_000.0),
    },
    Target {
        id: "search.text",
        what: "a text that is not there searched in 1,000,000 lines",
        kind: Kind::Ms(100.0),
    },
    Target {
        id: "search.common",
        what: "a text that is in every fifth of 1,000,000 lines",
        kind: Kind::Ms(100.0),
    },
    Target { id: "search.regex", what: "a regular expression over 1,000,000 lines", kind: Kind::Ms(100.0) },
];

/// Builds the program. Returns where it is.
pub fn build(workspace: &Path) -> Result<PathBuf> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["bench", "--no-run", "--bench", "cockpit", "--message-format=json"])
        .current_dir(workspace)
        .stderr(Stdio::inherit());
    let output = command.output().map_err(|e| format!("cargo bench: {e}"))?;
    if !output.status.success() {
        return Err("benches/cockpit does not build".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let built = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok()).find_map(|message| {
        let ours = message["target"]["name"] == "cockpit" && message["target"]["kind"][0] == "bench";
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    });
    built.ok_or_else(|| "cargo did not say where benches/cockpit is".to_owned())
}

/// Runs the program and judges its figures.
pub fn rows(program: &Path) -> Result<Vec<Row>> {
    println!("── in process");
    let output = Command::new(program).stderr(Stdio::inherit()).output();
    let output = output.map_err(|e| format!("benches/cockpit: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<Figure> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let row = |target: &Target| match figures.iter().find(|f| f.id == target.id) {
        Some(figure) => judge(target, figure),
        None => Row::left_out(target.what, "benches/cockpit ended before it"),
    };
    Ok(TARGETS.iter().map(row).collect())
}

fn judge(target: &Target, figure: &Figure) -> Row {
    let runs = figure.runs;
    let times = |f: &Figure| format!("p50 {}, p95 {} ({runs} runs)", time(f.p50 / 1e3), time(f.p95 / 1e3));
    match target.kind {
        Kind::Ms(limit) => Row::new(target.what, times(figure))
            .judged(&format!("p95 ≤ {limit} ms"), Verdict::at_most(figure.p95, limit)),
        Kind::MsShown => Row::new(target.what, times(figure)),
        Kind::Bytes(limit) => Row::new(target.what, format!("p50 {}, p95 {}", figure.p50, figure.p95))
            .judged(&format!("≤ {limit}"), Verdict::at_most(figure.p95, limit)),
        Kind::Rate(limit) => Row::new(target.what, format!("{:.0} lines/s ({runs} runs)", figure.p50))
            .judged(&format!("≥ {limit} lines/s"), Verdict::at_least(figure.p50, limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_judged_by_its_own_target() {
        let figure = |id: &str, p50, p95| Figure { id: id.to_owned(), p50, p95, runs: 9 };
        let of = |id: &str| TARGETS.iter().find(|t| t.id == id).unwrap();
        let slow = judge(of("filter.keystroke"), &figure("filter.keystroke", 5.0, 16.5));
        assert_eq!(
            slow,
            Row::new(
                "a keystroke of the filter over 10,000 pods, to its frame",
                "p50 5.0 ms, p95 16.5 ms (9 runs)"
            )
            .judged("p95 ≤ 16 ms", Verdict::Missed)
        );
        let fast = judge(of("logs.decoded"), &figure("logs.decoded", 3e5, 4e5));
        assert_eq!(
            fast,
            Row::new("lines of Loki's answers decoded", "300000 lines/s (9 runs)")
                .judged("≥ 200000 lines/s", Verdict::Met)
        );
    }
}
