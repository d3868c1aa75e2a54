//! From the start of the process to its first frame, whatever the network does.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use super::pty::Session;
use super::table::{Row, Verdict, percentiles, time};
use super::{Bench, Result, sys};

const RUNS: usize = 20;
const TARGET: f64 = 0.050;
const LIMIT: Duration = Duration::from_secs(20);

/// Measures against a server that accepts and never answers, and against a port that refuses.
pub fn rows(bench: &Bench) -> Result<Vec<Row>> {
    println!("── start to first frame");
    let bare = alone(&bench.deckwatch)?;
    let silent = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("listen: {e}"))?;
    let port = silent.local_addr().map_err(|e| format!("listen: {e}"))?.port();
    // Taken and never read; the thread and its connections go with this process.
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silent.accept() {
            held.push(connection);
        }
    });
    let refusing = TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .map_err(|e| format!("listen: {e}"))?
        .port();
    let mut rows = Vec::new();
    for (what, port) in [
        ("start to first frame, the API server accepts and never answers", port),
        ("start to first frame, the API server refuses", refusing),
    ] {
        let (p50, p95) = percentiles(first_frames(&bench.deckwatch, port)?);
        let figure = format!("p50 {}, p95 {} ({RUNS} runs)", time(p50), time(p95));
        rows.push(
            Row::new(what, figure)
                .beside("`deckwatch --version`", &time(bare), p50 / bare)
                .judged("p95 ≤ 50 ms", Verdict::at_most(p95, TARGET)),
        );
    }
    Ok(rows)
}

/// How long the process alone takes.
fn alone(deckwatch: &Path) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..RUNS {
        let mut command = std::process::Command::new(deckwatch);
        command.arg("--version");
        all.push(sys::run(command)?.took.as_secs_f64());
    }
    Ok(percentiles(all).0)
}

fn first_frames(deckwatch: &Path, port: u16) -> Result<Vec<f64>> {
    let folder = std::env::temp_dir().join(format!("deckwatch-bench-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| format!("make {}: {e}", folder.display()))?;
    let file = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{port}', insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(&file, text).map_err(|e| format!("write {}: {e}", file.display()))?;
    let variables = [("KUBECONFIG".to_owned(), file.display().to_string())];
    let mut all = Vec::new();
    for _ in 0..RUNS {
        let session = Session::start(deckwatch, &[], &variables, (120, 40))?;
        let shown = session.wait("the first frame", LIMIT, |s| s.text().contains("read-only"))?;
        all.push(since(session.began, shown));
    }
    std::fs::remove_dir_all(&folder).ok();
    Ok(all)
}

/// Returns the seconds from one instant to a later one.
pub fn since(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64()
}
