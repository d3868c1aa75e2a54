//! `cargo xtask test`: everything that a change must pass, in tiers, with one closing count.
//!
//! Formatting and lints first, then every hermetic test of the workspace, then the tests on the real
//! servers, on a stand of their own. A test that leaves something out writes a line into the file named
//! by `DECKWATCH_SKIPPED`; those lines are printed and counted.

mod count;
mod parity;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use count::Counts;

use crate::testbed::extras::Extra;
use crate::testbed::own::{self, Own};

/// The tests on the real servers in the order in which they run, those of a line side by side: first those that change
/// nothing, then those that change what is their own, and last those that stop servers.
const ON_THE_STAND: [&[&str]; 3] = [
    &["reading::"],
    &["path::", "actions::", "crash::", "silence::", "helm::", "stuck::", "gitops::flux"],
    &["faults::"],
];

/// The tests that need the controllers of Argo, which take minutes to build: no part of an ordinary run.
const ARGO: &str = "gitops::argo";

/// Which tests.
#[derive(clap::Args)]
pub struct Args {
    /// All but `gitops` where nothing is said.
    #[arg(value_enum)]
    tier: Option<Tier>,
    /// Of the tests on the real servers, only those whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// On the real servers, all of what otherwise a fixed sample is taken from: takes much longer.
    #[arg(long)]
    full: bool,
}

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Tier {
    /// Formatting, lints and every test that needs nothing but Rust.
    Hermetic,
    /// The tests on the real servers.
    Testbed,
    /// Of these, the comparison of rollbacks with the real Helm's; with `--full` it writes `docs/helm-parity.md`.
    Helm,
    /// Those that need the real controllers of Argo CD and Argo Rollouts, with those of Flux's kinds.
    Gitops,
}

impl Tier {
    /// Returns what the stand of a run has besides an ordinary one.
    fn extras(tier: Option<Self>) -> &'static [Extra] {
        if tier == Some(Self::Gitops) { &[Extra::Argo, Extra::Flux] } else { &[Extra::Flux] }
    }
}

/// What is counted on the way.
struct Run {
    skipped: PathBuf,
    counts: Counts,
    /// Gates that failed, and runs that ended without a test that failed.
    broken: usize,
    left_out: Vec<String>,
    /// What failed tests and gates said.
    failures: Vec<String>,
}

/// Returns the workspace's root.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace());
    command
}

fn has_go() -> bool {
    let mut command = Command::new("go");
    command.arg("version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|s| s.success())
}

impl Run {
    fn gate(&mut self, name: &str, args: &[&str]) {
        println!("── {name}");
        if !cargo(args).status().is_ok_and(|s| s.success()) {
            self.fail(name, &format!("cargo {} failed", args.join(" ")));
        }
    }

    fn fail(&mut self, what: &str, why: &dyn std::fmt::Display) {
        let line = format!("✖ {what}: {why}");
        println!("{line}");
        self.failures.push(line);
        self.broken += 1;
    }

    /// Runs tests, printing as they go.
    fn tests(&mut self, args: &[&str], variables: &[(&str, String)]) {
        let mut command = cargo(args);
        command.env("DECKWATCH_SKIPPED", &self.skipped).env_remove("KUBECONFIG");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let said = count::run(&mut command);
        self.counts.add(said.counts);
        self.failures.extend(said.failures);
        if !said.content && said.counts.failed == 0 {
            self.fail("tests", &format!("cargo {} ended without a test that failed", args.join(" ")));
        }
    }

    fn hermetic(&mut self) {
        self.gate("formatting", &["fmt", "--all", "--check"]);
        self.gate("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
        // Not among the targets that are tested by themselves, and so not among all of them.
        let testbed = ["clippy", "-p", "deckwatch", "--test", "testbed", "--quiet", "--", "-D", "warnings"];
        self.gate("lints of the tests on the real servers", &testbed);
        println!("── tests");
        self.tests(&["test", "--workspace", "--no-fail-fast"], &[]);
    }

    /// Runs the tests on the real servers, on a stand that begins and ends with them.
    fn on_the_stand(&mut self, args: &Args) {
        println!("── the real servers");
        let stand = match Own::up(Tier::extras(args.tier)) {
            Ok(stand) => stand,
            Err(error) => return self.fail("the tests' stand", &error),
        };
        let mut variables = match stand.variables() {
            Ok(variables) => variables,
            Err(error) => return self.fail("the tests' stand", &error),
        };
        if let Ok(me) = std::env::current_exe() {
            variables.push(("DECKWATCH_XTASK", me.display().to_string()));
        }
        if args.full {
            variables.push(("DECKWATCH_FULL", "1".to_owned()));
        }
        if args.tier == Some(Tier::Helm) && args.full {
            variables.push(("DECKWATCH_PARITY", parity::body(&workspace()).display().to_string()));
            match parity::faulty(&workspace()) {
                Ok(path) => variables.push(("DECKWATCH_FAULTY", path.display().to_string())),
                Err(error) => self.fail("the deckwatch with faults", &error),
            }
        }
        for filters in lines(args.only.as_deref(), args.tier) {
            let mut args = vec!["test", "-p", "deckwatch", "--test", "testbed", "--"];
            args.extend(&filters);
            // One that brings a killed server back would replace one that another test has frozen.
            let alone = filters.iter().any(|filter| filter.starts_with("faults::"));
            args.extend(alone.then_some("--test-threads=1"));
            // The comparison finds the faults that are put into a deckwatch of its own.
            let seeded = variables.iter().any(|(name, _)| *name == "DECKWATCH_FAULTY");
            args.extend(seeded.then_some("--include-ignored"));
            self.tests(&args, &variables);
        }
    }

    fn close(mut self) -> ExitCode {
        let noted = fs::read_to_string(&self.skipped).unwrap_or_default();
        self.left_out.extend(noted.lines().map(str::to_owned));
        for line in &self.left_out {
            println!("skipped: {line}");
        }
        println!("{}", parity::check(&workspace()));
        // Once more at the end: a long run's output is read from there.
        if !self.failures.is_empty() {
            println!("── what failed");
        }
        for line in &self.failures {
            println!("{line}");
        }
        let failed = self.counts.failed + self.broken;
        let skipped = self.counts.ignored + self.left_out.len();
        println!("{} passed, {failed} failed, {skipped} skipped", self.counts.passed);
        if failed == 0 && self.counts.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Returns what the test binary is told to run, call by call: names, and what to leave out.
fn lines(only: Option<&str>, tier: Option<Tier>) -> Vec<Vec<&str>> {
    match (only, tier) {
        (Some(text), Some(Tier::Gitops)) => vec![vec![text]],
        (None, Some(Tier::Gitops)) => vec![vec!["gitops::"]],
        (None, Some(Tier::Helm)) => vec![vec!["helm::"]],
        (Some(text), _) => vec![vec![text, "--skip", ARGO]],
        (None, _) => ON_THE_STAND.iter().map(|filters| filters.to_vec()).collect(),
    }
}

/// Runs the tests.
pub fn run(args: &Args) -> ExitCode {
    let skipped = workspace().join("target").join("skipped.txt");
    fs::create_dir_all(workspace().join("target")).ok();
    fs::write(&skipped, "").ok();
    let mut run =
        Run { skipped, counts: Counts::default(), broken: 0, left_out: Vec::new(), failures: Vec::new() };
    let go = has_go();
    if go {
        // Before all tests: some compare what is simulated with the real command-line tools.
        println!("── the testbed's tools");
        if let Err(error) = own::build_tools(Tier::extras(args.tier)) {
            run.fail("the testbed's tools", &error);
        }
    } else {
        run.left_out.push("the real servers: Go is not installed, so the testbed can't be built".to_owned());
        if std::env::var("CI").is_ok_and(|v| v == "true") {
            run.fail("the real servers", &"with CI=true they may not be left out");
        }
    }
    if matches!(args.tier, None | Some(Tier::Hermetic)) {
        run.hermetic();
    }
    if go && args.tier != Some(Tier::Hermetic) {
        run.on_the_stand(args);
    }
    let page = args.tier == Some(Tier::Helm) && args.full;
    let judged = go && page && run.counts.failed + run.broken == 0;
    if judged && let Err(error) = parity::write(&workspace()) {
        run.fail("docs/helm-parity.md", &error);
    }
    run.close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_run_leaves_out_what_needs_the_controllers_of_argo() {
        for tier in [None, Some(Tier::Testbed), Some(Tier::Helm)] {
            assert_eq!(Tier::extras(tier), [Extra::Flux]);
            assert!(lines(None, tier).concat().iter().all(|filter| !ARGO.contains(filter)));
            assert_eq!(lines(Some("rollback"), tier), [["rollback", "--skip", "gitops::argo"]]);
        }
    }

    #[test]
    fn a_run_of_gitops_has_both_and_runs_nothing_else() {
        assert_eq!(Tier::extras(Some(Tier::Gitops)), [Extra::Argo, Extra::Flux]);
        assert_eq!(lines(None, Some(Tier::Gitops)), [["gitops::"]]);
        assert_eq!(lines(Some("canary"), Some(Tier::Gitops)), [["canary"]]);
    }
}
