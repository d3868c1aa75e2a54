//! Whoever carries a plan out, or looks on, is killed at every write in turn: records, journal and cluster explain each
//! other, the next start says what became of it, and the real Helm goes on from there.
//!
//! All of it with `DECKWATCH_FULL` only, else a sample.

mod drained;
mod released;
mod scene;

use std::sync::Mutex;

use scene::{Blow, Kill, Phase};

/// How many are under way at the same time.
const AT_ONCE: usize = 2;

/// Returns the blows: at every write, before the server gets it and before its answer arrives; of the looker-on, whose
/// end changes nothing, once a write.
fn blows(writes: usize) -> Vec<Blow> {
    let full = std::env::var_os("DECKWATCH_FULL").is_some();
    let of = |at| {
        let lookers = [Kill::HangUpRunner, Kill::Cockpit, Kill::HangUp, Kill::Terminal];
        let before = [Kill::Both, Kill::Runner, Kill::StopRunner].into_iter().chain(lookers);
        let after = [Kill::Both, Kill::Runner];
        let before = before.map(move |kill| Blow { at, phase: Phase::Before, kill });
        before.chain(after.map(move |kill| Blow { at, phase: Phase::After, kill }))
    };
    let all = (1..=writes).flat_map(of).collect::<Vec<_>>();
    if full {
        return all;
    }
    // Every kind of blow, and the first, the last and a middle write.
    let sampled = |blow: &Blow| match (blow.kill, blow.phase) {
        (Kill::Both, Phase::Before) => blow.at == 1 || blow.at == writes,
        (Kill::Both, Phase::After) => blow.at == 1,
        (Kill::Runner, Phase::After) | (Kill::StopRunner | Kill::Terminal, Phase::Before) => {
            blow.at == writes / 2 + 1
        }
        _ => false,
    };
    all.into_iter().filter(sampled).collect()
}

/// Strikes every blow, some at the same time. Fails with what was not as it must be.
fn strike(writes: usize, one: impl Fn(usize, Blow) -> Result<(), String> + Sync) {
    let next = Mutex::new(blows(writes).into_iter());
    let wrong = Mutex::new(Vec::new());
    let count = Mutex::new(0);
    std::thread::scope(|scope| {
        for lane in 0..AT_ONCE {
            let (next, wrong, count, one) = (&next, &wrong, &count, &one);
            scope.spawn(move || {
                loop {
                    let Some(blow) = next.lock().unwrap().next() else { return };
                    *count.lock().unwrap() += 1;
                    if let Err(why) = one(lane, blow) {
                        wrong.lock().unwrap().push(format!("{blow:?}: {why}"));
                    }
                }
            });
        }
    });
    let (wrong, count) = (wrong.into_inner().unwrap(), count.into_inner().unwrap());
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count > 0);
}
