//! How long is waited at most: what `--timeout` means where.
//!
//! A limit of nothing is no limit in one place, over at once in another, and thirty seconds in a third. Helm's sources,
//! v3.22.0 and v4.3.1:
//!
//! | what | Helm 3 | Helm 4, legacy | Helm 4, else |
//! |---|---|---|---|
//! | readiness | `context.WithTimeout` (wait.go `waitForResources`): 0 and less are over at once | `ContextWithOptionalTimeout` (wait.go `contextWithTimeout`): 0 and less are no limit | `DefaultStatusWatcherTimeout` (statuswait.go): 0 is 30 s, less is no limit |
//! | a hook | `ContextWithOptionalTimeout` (client.go `watchUntilReady`) | as readiness | as readiness |
//! | a deletion | `context.WithTimeout` (wait.go `waitForDeletedResources`) | as readiness | as readiness |

use crate::options::Wait;
use crate::record::Generation;

/// What kstatus' watcher takes instead of no limit, in nanoseconds.
const WATCHER_DEFAULT_NS: i64 = 30_000_000_000;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// That the objects are ready.
    Readiness,
    /// That a hook has run.
    Hook,
    /// That a hook of an earlier run is gone.
    Deletion,
}

/// Returns how long is waited at most, in nanoseconds; 0 is over at once, `None` is as long as it takes.
pub fn limit_ns(awaited: Awaited, helm: Generation, wait: Wait, timeout_ns: i64) -> Option<i64> {
    let optional = (timeout_ns > 0).then_some(timeout_ns);
    match (helm, wait, awaited) {
        // Helm 3 has no watcher; whoever asks for it gets Helm 4's.
        (Generation::V4, Wait::None | Wait::Watcher, _)
        | (Generation::V3, Wait::Watcher, Awaited::Readiness) => match timeout_ns {
            0 => Some(WATCHER_DEFAULT_NS),
            _ => optional,
        },
        (Generation::V4, Wait::Legacy, _) | (Generation::V3, _, Awaited::Hook) => optional,
        (Generation::V3, _, Awaited::Readiness | Awaited::Deletion) => Some(timeout_ns.max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_means_three_things() {
        const S: i64 = 1_000_000_000;
        use Awaited::{Deletion, Hook, Readiness};
        use Generation::{V3, V4};
        for (awaited, helm, wait, nothing, negative) in [
            (Readiness, V3, Wait::Legacy, Some(0), Some(0)),
            (Hook, V3, Wait::None, None, None),
            (Hook, V3, Wait::Legacy, None, None),
            (Deletion, V3, Wait::None, Some(0), Some(0)),
            (Deletion, V3, Wait::Legacy, Some(0), Some(0)),
            (Readiness, V4, Wait::Legacy, None, None),
            (Hook, V4, Wait::Legacy, None, None),
            (Deletion, V4, Wait::Legacy, None, None),
            (Readiness, V4, Wait::Watcher, Some(30 * S), None),
            (Hook, V4, Wait::Watcher, Some(30 * S), None),
            (Deletion, V4, Wait::Watcher, Some(30 * S), None),
            (Hook, V4, Wait::None, Some(30 * S), None),
            (Readiness, V3, Wait::Watcher, Some(30 * S), None),
        ] {
            let limit = |timeout_ns| limit_ns(awaited, helm, wait, timeout_ns);
            assert_eq!(
                (limit(0), limit(-S), limit(S)),
                (nothing, negative, Some(S)),
                "{awaited:?} {helm:?} {wait:?}"
            );
        }
    }
}
