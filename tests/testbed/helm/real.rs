//! Charts that are taken as they are: those of others, which lie beside the project, and one of ours.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::scene::{Scene, Step};

/// A chart as somebody has published it, with values of one's own.
#[derive(Clone, Debug)]
pub struct Real {
    /// Where it lies: a folder, or a packed file.
    pub path: PathBuf,
    /// The values, in YAML.
    pub values: &'static str,
}

/// Returns one of others: a packed file of that name.
pub fn published(file: &str, values: &'static str) -> Real {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/charts").join(file);
    Real { path, values }
}

/// Returns one of ours: a folder of that name among the testbed's charts.
pub fn ours(name: &str, values: &'static str) -> Real {
    Real { path: Path::new(env!("CARGO_MANIFEST_DIR")).join("testbed/charts").join(name), values }
}

/// Returns the charts of a scenario that are not there; a file that was handed on without them has none of others.
fn lacking(scene: &Scene) -> Vec<String> {
    let charts = scene.steps.iter().filter_map(|done| match &done.step {
        Step::Install(source) | Step::Upgrade(source) => source.real(),
        _ => None,
    });
    let mut paths: Vec<String> = charts
        .filter(|real| !real.path.exists())
        .map(|real| real.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    paths.dedup();
    paths
}

/// Returns whether all charts of a scenario are there; says aloud what is left out where they are not.
pub fn are_there(scene: &Scene) -> bool {
    let lacking = lacking(scene);
    if lacking.is_empty() {
        return true;
    }
    let why = format!("`{}`: there is no {}", scene.name, lacking.join(", "));
    left_out(&why);
    false
}

#[allow(clippy::print_stderr, reason = "what is left out is told aloud")]
fn left_out(why: &str) {
    eprintln!("skipped: {why}");
    if let Some(list) = std::env::var_os("DECKWATCH_SKIPPED") {
        let mut list = std::fs::File::options().create(true).append(true).open(list).unwrap();
        writeln!(list, "a rollback of a chart of others: {why}").unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::scene::{ALL, Scene};

    #[test]
    fn a_scenario_whose_chart_is_not_there_is_left_out() {
        let of = |real: Real| Scene::new(53, "x", ALL).install(real.clone()).upgrade(real);
        let lost = published("never-1.0.0.tgz", "");
        assert_eq!(lacking(&of(lost)), ["never-1.0.0.tgz"]);
        assert_eq!(lacking(&of(ours("momo-store", ""))), [""; 0]);
    }
}
