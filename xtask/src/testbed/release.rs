//! `release good|bad`: the shop's release, by the real Helm.
//!
//! Owns which chart version with which values is deployed. The history of a fresh stand follows
//! the shop's catalogue: six revisions, of which the sixth is good. A second call changes nothing
//! where the asked version is deployed already. Tested on the real servers.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::error::{Error, On, Result};
use super::stand::{self, Stand};

const RELEASE: &str = "momo";
const CHART: &str = "momo-store";

/// The versions that a fresh stand's release goes through until it is good, as the shop's
/// catalogue has them. Each has its values in `testbed/charts/values`.
const HISTORY: [&str; 6] = ["0.0.1037", "0.0.1038", "0.0.1039", "0.0.1040", "0.0.1041", "0.0.1042"];
/// The version whose image cannot be pulled: Helm waits for its pods, in vain, and its record's
/// status becomes `failed`.
const FAILS: &str = "0.0.1041";
const BAD: &str = "0.0.1043";

/// Which release is wanted.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// The last good chart version; on a fresh stand with the history before it.
    Good,
    /// The bad one, by an upgrade of what is there.
    Bad,
}

/// The release's command line.
#[derive(clap::Args)]
pub struct Args {
    /// Which release.
    which: Which,
    /// Helm's major version.
    #[arg(long, default_value = "3", value_parser = ["3", "4"])]
    helm: String,
    /// The namespace; it is created where it is missing.
    #[arg(short, long, default_value = CHART)]
    namespace: String,
    /// Remove the release first, so that the history is that of a fresh stand.
    #[arg(long)]
    fresh: bool,
}

/// Deploys the release and returns when its pods are as they will be.
pub fn release(stand: &Stand, args: &Args) -> Result<()> {
    let helm = Helm { stand, major: &args.helm, namespace: &args.namespace };
    if args.fresh && helm.history()?.is_some() {
        helm.run(&["uninstall", RELEASE, "--wait", "--timeout=60s"])?;
        helm.wait_until_empty()?;
    }
    let last = helm.history()?.and_then(|revisions| revisions.last().cloned());
    match (args.which, last) {
        (Which::Good, None) => {
            for version in HISTORY {
                helm.deploy(version)?;
            }
        }
        (Which::Bad, None) => {
            for version in HISTORY {
                helm.deploy(version)?;
            }
            helm.wait_for_rollout(Which::Good)?;
            helm.deploy(BAD)?;
        }
        (which, Some(last)) => {
            let [.., good] = HISTORY;
            let version = if which == Which::Good { good } else { BAD };
            if last == (format!("{CHART}-{version}"), "deployed".to_owned()) {
                println!("{CHART}-{version} is deployed already");
            } else {
                helm.deploy(version)?;
            }
        }
    }
    helm.wait_for_rollout(args.which)
}

/// Helm of one major version in one namespace.
struct Helm<'a> {
    stand: &'a Stand,
    major: &'a str,
    namespace: &'a str,
}

impl Helm<'_> {
    fn command(&self) -> Command {
        let mut command = self.stand.tool(&format!("helm{}", self.major));
        for (name, folder) in [
            ("HELM_CACHE_HOME", "helm/cache"),
            ("HELM_CONFIG_HOME", "helm/config"),
            ("HELM_DATA_HOME", "helm/data"),
        ] {
            command.env(name, self.stand.dirs.run(folder));
        }
        command.args(["--namespace", self.namespace]);
        command
    }

    fn run(&self, args: &[&str]) -> Result<String> {
        let what = format!("helm{} {}", self.major, args.join(" "));
        stand::printed(&what, &self.command().args(args).output().on(&what)?)
    }

    /// Returns chart and status of every revision, oldest first; `None` when there is no release.
    fn history(&self) -> Result<Option<Vec<(String, String)>>> {
        let out = self.command().args(["history", RELEASE, "-o", "json"]).output().on("helm history")?;
        if !out.status.success() && String::from_utf8_lossy(&out.stderr).contains("release: not found") {
            return Ok(None);
        }
        let text = stand::printed("helm history", &out)?;
        let revisions: Vec<Value> = serde_json::from_str(&text).on("the answer of helm history")?;
        let field =
            |r: &Value, name: &str| r.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Some(revisions.iter().map(|r| (field(r, "chart"), field(r, "status"))).collect()))
    }

    /// Packages the chart in that version and upgrades or installs the release.
    fn deploy(&self, version: &str) -> Result<()> {
        let chart = self.package(version)?;
        let values = self.stand.dirs.source("charts/values").join(format!("{version}.yaml"));
        let mut command = self.command();
        command.args(["upgrade", "--install", RELEASE]).arg(chart).arg("-f").arg(values);
        command.arg("--create-namespace");
        if self.major == "4" {
            command.arg("--server-side=false");
        }
        if version == FAILS {
            command.args(["--wait", "--timeout=6s"]);
        }
        let what = format!("helm{} upgrade --install {RELEASE} {CHART}-{version}", self.major);
        let out = command.output().on(&what)?;
        if version == FAILS {
            let words = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            if out.status.success() {
                return Err(Error::new(what, "it succeeded, though its image cannot be pulled"));
            }
            let last = words.lines().last().unwrap_or_default();
            println!("{CHART}-{version} failed, as it should: {last}");
            return Ok(());
        }
        stand::printed(&what, &out)?;
        println!("{CHART}-{version} is deployed");
        Ok(())
    }

    fn package(&self, version: &str) -> Result<std::path::PathBuf> {
        let folder = self.stand.dirs.run("charts");
        fs::create_dir_all(&folder).on(folder.display())?;
        let chart = self.stand.dirs.source("charts").join(CHART);
        let (chart, to) = (chart.display().to_string(), folder.display().to_string());
        self.run(&["package", &chart, "--version", version, "--app-version", version, "-d", &to])?;
        Ok(folder.join(format!("{CHART}-{version}.tgz")))
    }

    /// Waits until nothing of the release is left, its pods included.
    fn wait_until_empty(&self) -> Result<()> {
        let selector = format!("app.kubernetes.io/instance={RELEASE}");
        let args = ["wait", "pod", "-n", self.namespace, "-l", &selector, "--for=delete", "--timeout=60s"];
        self.stand.kubectl(&args).map(drop)
    }

    /// Waits until the Deployments have rolled out. The bad release's backend may never be whole
    /// for long: there it is enough that its pods are the new ones.
    fn wait_for_rollout(&self, which: Which) -> Result<()> {
        let end = std::time::Instant::now() + Duration::from_mins(2);
        loop {
            let path = "jsonpath={range .items[*]}{.metadata.name} {.metadata.generation} \
                        {.status.observedGeneration} {.spec.replicas} {.status.replicas} \
                        {.status.updatedReplicas} {.status.readyReplicas}{\"\\n\"}{end}";
            let selector = format!("app.kubernetes.io/instance={RELEASE}");
            let text =
                self.stand.kubectl(&["get", "deploy", "-n", self.namespace, "-l", &selector, "-o", path])?;
            let rolled = text.lines().filter(|line| rolled_out(line, which)).count();
            if rolled == text.lines().count() && rolled > 0 {
                return Ok(());
            }
            if std::time::Instant::now() >= end {
                return Err(Error::new("the rollout", "not done after two minutes").hint(text.trim()));
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// Tells whether a line of `name generation observed wanted there updated ready` is at its end.
fn rolled_out(line: &str, which: Which) -> bool {
    let fields: Vec<&str> = line.split(' ').collect();
    let [name, generation, observed, wanted, there, updated, ready] = fields[..] else { return false };
    let crashing = which == Which::Bad && name == "backend";
    generation == observed && wanted == there && wanted == updated && (wanted == ready || crashing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_over_when_every_pod_is_new_and_ready() {
        assert!(rolled_out("frontend 3 3 3 3 3 3", Which::Good));
        assert!(!rolled_out("frontend 3 2 3 3 3 3", Which::Good));
        assert!(!rolled_out("frontend 3 3 3 4 3 3", Which::Good));
        assert!(!rolled_out("backend 3 3 4 4 4 2", Which::Good));
        assert!(rolled_out("backend 3 3 4 4 4 2", Which::Bad));
        assert!(!rolled_out("frontend 3 3 3 3 3 ", Which::Good));
    }
}
