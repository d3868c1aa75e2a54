//! What the cockpit costs in process: changes taken in, keys, the filter, panels, log lines.
//!
//! Each figure is a line of JSON; `cargo xtask bench` reads them and compares them with the targets. Nothing here judges: a
//! slow machine is no failed test. `storm` runs the whole cockpit on this terminal instead, over pods that are made here,
//! so that `xtask` can press keys and count bytes.
#![allow(missing_docs, reason = "a program of its own")]
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![allow(clippy::print_stdout, reason = "figures are its output")]

mod figure;
mod lines;
mod panel;
mod pods;
mod session;
mod storm;
mod table;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["storm", pods, rate] => storm::run(pods.parse().unwrap(), rate.parse().unwrap()),
        only => {
            let wanted = |group: &str| only.is_empty() || only.contains(&group);
            if wanted("table") {
                table::run();
            }
            if wanted("panel") {
                panel::run();
            }
            if wanted("lines") {
                lines::run();
            }
        }
    }
}
