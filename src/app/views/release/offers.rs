//! The part of a release's page that tells which versions of its chart the repositories have.
//!
//! Repositories are asked when the part is looked at, and anew when the page is refreshed: never unasked for.

use deckwatch_helm::index::Version;

use super::parts::line;
use crate::core::{Result, Untrusted, num};
use crate::ops::plan::DiffLine;
use crate::store::charts::{Candidate, Offered, candidates};

/// How many versions are shown; the command prints all.
const MOST: usize = 100;
/// How many characters of what an index says are shown.
const CLIP: usize = 60;

/// What is known of the versions of one chart.
#[derive(Debug, Default)]
pub struct Offers {
    /// The chart that was asked for.
    chart: String,
    answer: Option<Result<Vec<Offered>>>,
    /// How many answers came, for who keeps what was made of the last.
    pub answers: usize,
}

impl Offers {
    /// Returns whether a chart's versions are yet to be asked for.
    pub fn lack(&self, chart: &str) -> bool {
        self.answer.is_none() || self.chart != chart
    }

    /// Takes note of what is asked for.
    pub fn asked(&mut self, chart: &str) {
        chart.clone_into(&mut self.chart);
        self.answer = None;
    }

    /// Takes the answer.
    pub fn answered(&mut self, answer: Result<Vec<Offered>>) {
        self.answer = Some(answer);
        self.answers += 1;
    }

    /// Forgets the answer, so that it is asked for anew.
    pub fn forget(&mut self) {
        self.answer = None;
    }

    /// Returns the newer versions and the one that runs, each with its pipeline; first what is not known, and why.
    pub fn lines(&self, chart: &str, version: &str) -> Vec<DiffLine> {
        let offered = match &self.answer {
            Some(Ok(offered)) if self.chart == chart => offered,
            Some(Err(error)) if self.chart == chart => {
                let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}"));
                return std::iter::once(error.line()).chain(hint).map(|text| line('-', &text)).collect();
            }
            _ => return vec![line(' ', "asking the repositories…")],
        };
        let mut out: Vec<DiffLine> = offered.iter().flat_map(gaps).collect();
        let current = Version::parse(version);
        if current.is_none() {
            out.push(line('-', "what the release runs is no version that could be compared"));
        }
        let all = candidates(offered, current.as_ref(), false);
        let shown: Vec<&Candidate<'_>> =
            all.iter().filter(|one| one.than.is_none_or(std::cmp::Ordering::is_ge)).collect();
        let newer = shown.iter().filter(|one| one.than.is_some_and(std::cmp::Ordering::is_gt)).count();
        let head = num::counted(newer, "version", "versions");
        out.push(line('@', &format!("{head} newer than {} {}", clip(chart), clip(version))));
        let wide = shown.iter().take(MOST).map(|one| one.version.version.as_str().len()).max().unwrap_or(0);
        for one in shown.iter().take(MOST) {
            out.extend(told(one, chart, wide.min(CLIP)));
        }
        if shown.len() > MOST {
            out.push(line(
                '@',
                &format!("{} more: `deckwatch release versions` prints them", shown.len() - MOST),
            ));
        }
        if all.len() > shown.len() {
            out.push(line(
                '@',
                &format!("{} older", num::counted(all.len() - shown.len(), "version", "versions")),
            ));
        }
        out
    }
}

/// What a repository did not give.
fn gaps(offered: &Offered) -> Vec<DiffLine> {
    let name = offered.repository.safe();
    match &offered.versions {
        Err(error) => {
            let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}"));
            let told = std::iter::once(format!("{name}: {}", error.line())).chain(hint);
            told.map(|text| line('-', &text)).collect()
        }
        Ok(versions) => [(versions.skipped, "without a version"), (versions.dropped, "beyond the limit")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| {
                line('-', &format!("{name}: {} {why}", num::counted(*count, "entry", "entries")))
            })
            .collect(),
    }
}

fn told(one: &Candidate<'_>, chart: &str, wide: usize) -> Vec<DiffLine> {
    let version = one.version;
    let mut text = format!("{:<wide$}  {:<7}", clip(version.version.as_str()), one.place());
    for more in [
        if version.deprecated { "deprecated".to_owned() } else { String::new() },
        clip(&version.created),
        one.repository.repository.safe().to_string(),
        clip(&version.description),
    ] {
        if !more.is_empty() {
            text.push_str("  ");
            text.push_str(&more);
        }
    }
    let link = one.pipeline(chart).map(|link| line(' ', &format!("{:wide$}  {link}", "")));
    std::iter::once(line(' ', text.trim_end())).chain(link).collect()
}

fn clip(text: &str) -> String {
    Untrusted::from(text).clipped(CLIP).to_string()
}

#[cfg(test)]
mod tests {
    use deckwatch_helm::index::versions;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::core::{Error, Kind};
    use crate::store::charts::Link;

    fn texts(lines: &[DiffLine]) -> Vec<String> {
        lines.iter().map(|l| format!("{}{}", l.sign, l.text)).collect()
    }

    fn offered(name: &str, list: &str) -> Offered {
        Offered {
            repository: name.into(),
            versions: Ok(versions(&format!("apiVersion: v1\nentries: {{momo: [{list}]}}\n"), "momo").unwrap()),
            pipeline: Link::parse("https://gitlab.example/{chart}?ref={version}"),
        }
    }

    #[test]
    fn newer_versions_come_first_with_their_pipelines_and_what_is_missing_before_them() {
        let mut offers = Offers::default();
        assert!(offers.lack("momo"));
        offers.asked("momo");
        assert_eq!(texts(&offers.lines("momo", "0.0.1043")), [" asking the repositories…"]);
        let list = "{version: 0.0.999}, {version: 0.0.1043}, {version: 0.0.1234, created: \"2026\\e[2J\", deprecated: true}, {}";
        let broken = Offered {
            versions: Err(Error::new(Kind::NotFound, "read the index").hint("look")),
            ..offered("b", "")
        };
        offers.answered(Ok(vec![offered("nexus", list), broken]));
        assert!(!offers.lack("momo") && offers.lack("other"));
        assert_eq!(
            texts(&offers.lines("momo", "0.0.1043")),
            [
                "-nexus: 1 entry without a version",
                "-b: read the index: not found",
                "-hint: look",
                "@1 version newer than momo 0.0.1043",
                " 0.0.1234  newer    deprecated  2026^[[2J  nexus",
                "           https://gitlab.example/momo?ref=0.0.1234",
                " 0.0.1043  current  nexus",
                "           https://gitlab.example/momo?ref=0.0.1043",
                "@1 version older",
            ]
        );
        assert_eq!(texts(&offers.lines("other", "1")), [" asking the repositories…"]);
        offers.forget();
        assert!(offers.lack("momo"));
        offers.answered(Err(Error::new(Kind::Config, "look for versions").hint("name one")));
        assert_eq!(
            texts(&offers.lines("momo", "1")),
            ["-look for versions: configuration", "-hint: name one"]
        );
    }

    #[test]
    fn no_more_are_shown_than_a_person_reads() {
        let list: Vec<String> = (0..300).map(|n| format!("{{version: 0.0.{n}}}")).collect();
        let mut offers = Offers::default();
        offers.asked("momo");
        offers.answered(Ok(vec![offered("nexus", &list.join(", "))]));
        let lines = texts(&offers.lines("momo", "0.0.50"));
        assert_eq!(lines.len(), 1 + 2 * MOST + 2);
        assert_eq!(lines[0], "@249 versions newer than momo 0.0.50");
        assert_eq!(lines[1], " 0.0.299  newer    nexus");
        assert_eq!(lines[1 + 2 * MOST], "@150 more: `deckwatch release versions` prints them");
    }
}
