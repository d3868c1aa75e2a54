//! Runs of a container: a pod's life cut at the ends of its container. Owns the reading of
//! [`PodLife`]; never invents a time. Tested below.

use crate::life::{Nanos, PodLife};

/// One run of a pod's container, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many runs came before.
    pub number: u32,
    /// When it started.
    pub start: Nanos,
    /// When it ended; `None` while it runs.
    pub end: Option<Nanos>,
}

impl Run {
    /// Whether the container runs at `at`.
    pub fn holds(&self, at: Nanos) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

/// Returns the runs of a pod, oldest first.
pub fn runs(pod: &PodLife) -> Vec<Run> {
    let mut found = Vec::new();
    let mut next = pod.started;
    for exit in &pod.exits {
        let Some(start) = next else { break };
        found.push(Run { number: found.len() as u32, start, end: Some(exit.at.max(start)) });
        next = exit.restarted;
    }
    if let Some(start) = next {
        found.push(Run { number: found.len() as u32, start, end: None });
    }
    if let Some(ended) = pod.ended {
        found.retain(|run| run.start < ended);
        for run in &mut found {
            run.end = Some(run.end.map_or(ended, |end| end.min(ended)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::Exit;

    #[test]
    fn a_life_is_cut_at_the_ends_of_its_container() {
        let exit = |at, restarted| Exit { at, reason: "OOMKilled".into(), code: 137, restarted };
        let pod = PodLife {
            namespace: "n".into(),
            name: "p".into(),
            uid: "u".into(),
            service: "backend".into(),
            version: "v".into(),
            node: "w".into(),
            started: Some(10),
            ended: Some(95),
            exits: vec![exit(40, Some(50)), exit(70, Some(80))],
            waiting: None,
        };
        let expected = vec![
            Run { number: 0, start: 10, end: Some(40) },
            Run { number: 1, start: 50, end: Some(70) },
            Run { number: 2, start: 80, end: Some(95) },
        ];
        assert_eq!(runs(&pod), expected);
        let down = PodLife { exits: vec![exit(40, None)], ended: None, ..pod.clone() };
        assert_eq!(runs(&down), vec![Run { number: 0, start: 10, end: Some(40) }]);
        assert_eq!(runs(&PodLife { started: None, ..pod }), vec![]);
    }
}
