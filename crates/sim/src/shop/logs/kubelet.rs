//! What the kubelets of a simulated cluster keep of the lines: the files of the current run and of
//! the one before, until they are rotated away. Tested below.

use crate::kube::logs::PodLogs;
use crate::life::Nanos;
use crate::shop::logs::container;
use crate::shop::runs::Run;
use crate::shop::{Feed, SECOND};

/// How far back a container's file reaches: then it has been rotated.
const REACH: Nanos = 1_800 * SECOND;

/// The files of all kubelets.
#[derive(Clone)]
pub struct KubeletLogs {
    feed: Feed,
}

impl KubeletLogs {
    /// Returns the files of the pods that `feed` tells of.
    pub fn new(feed: Feed) -> Self {
        Self { feed }
    }

    /// Returns the lines of a container after `since` (exclusive), oldest first: of its current (or
    /// last) run, or of the one before when `previous`.
    pub fn lines(&self, pod_uid: &str, name: &str, previous: bool, since: Nanos) -> Vec<(Nanos, String)> {
        let shop = self.feed.shop();
        let now = self.feed.now();
        let Some(pod) = shop.pod(pod_uid).filter(|p| p.life.service == name) else { return Vec::new() };
        let begun = pod.runs.partition_point(|r| r.start <= now);
        let Some(run) = begun.checked_sub(1 + usize::from(previous)).and_then(|i| pod.runs.get(i)) else {
            return Vec::new();
        };
        let (from, to) = reach(run, since, now);
        let lines = container(&shop, pod_uid, Some(run.number), from, to);
        lines.into_iter().map(|l| (l.at, l.text)).collect()
    }
}

impl PodLogs for KubeletLogs {
    fn lines(&self, pod_uid: &str, container: &str, previous: bool, since: Nanos) -> Vec<(Nanos, String)> {
        Self::lines(self, pod_uid, container, previous, since)
    }
}

/// Returns the window of a run's lines that are still there.
fn reach(run: &Run, since: Nanos, now: Nanos) -> (Nanos, Nanos) {
    let to = run.end.map_or(now + 1, |end| end.min(now + 1));
    (since.saturating_add(1).max(run.start).max(to - REACH), to)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pretty_assertions::assert_eq;
    use tokio::sync::watch;

    use super::*;
    use crate::shop::testing::{self, START};

    #[test]
    fn the_current_run_and_the_one_before_are_kept_and_no_line_comes_twice() {
        let (_, lives) = watch::channel(Arc::new(testing::lives()));
        let logs = KubeletLogs::new(Feed::new(lives, 1, 1.0, START, Arc::new(|| START)));
        let killed = testing::lives().pods.into_iter().find(|p| !p.exits.is_empty()).unwrap();
        let exit = killed.exits[0].clone();
        let current = logs.lines(&killed.uid, "backend", false, Nanos::MIN);
        let previous = logs.lines(&killed.uid, "backend", true, Nanos::MIN);
        assert!(current.iter().all(|l| l.0 >= exit.restarted.unwrap()) && !current.is_empty());
        assert!(previous.iter().all(|l| l.0 < exit.at) && !previous.is_empty());
        let middle = current[current.len() / 2].0;
        let later = logs.lines(&killed.uid, "backend", false, middle);
        let expected: Vec<_> = current.iter().filter(|l| l.0 > middle).cloned().collect();
        assert_eq!(later, expected);
        assert_eq!(logs.lines(&killed.uid, "other", false, Nanos::MIN), vec![]);
        assert_eq!(logs.lines("nobody", "backend", false, Nanos::MIN), vec![]);
        let first = testing::pod("catalog", "0.0.1037", 0, 0);
        assert_eq!(logs.lines(&first.uid, "catalog", true, Nanos::MIN), vec![], "no run before the first");
    }
}
