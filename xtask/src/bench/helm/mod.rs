//! A rollback of a release of 60 objects, beside the real Helm's: the whole process, the plan, the writes, the memory.
//!
//! Whoever is measured goes back from the same second turn to the same first one, in turn with the others, and afterwards
//! every object must be as it was. How long the writes take is told by a watch on the release's records for all alike.

mod chart;
mod floor;
mod watch;

use std::process::Command;
use std::time::Instant;

use super::bare::Api;
use super::stand::Stand;
use super::table::{Row, Verdict, percentiles, time};
use super::{Bench, Result, sys};
use watch::Watch;

/// The title of its part.
pub const TITLE: &str = "A rollback of a release of 60 objects on the testbed";
/// How often each is measured.
pub const RUNS: usize = 11;

const RELEASE: &str = "sixty";
/// How often memory is looked at.
const LOOKS: usize = 3;
/// How much of Helm's time a rollback may take.
const LIMIT: f64 = 0.5;

/// Who rolls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Deckwatch,
    Helm3,
    Helm4,
}

/// What runs of one took, in seconds.
#[derive(Default)]
struct Took {
    whole: Vec<f64>,
    /// Until the first write was seen.
    before: Vec<f64>,
    /// From there to the last one.
    writes: Vec<f64>,
    /// Of a process that only plans.
    plan: Vec<f64>,
}

/// A release, and what measures it.
struct Scene<'a> {
    bench: &'a Bench,
    stand: &'a Stand,
    api: Api,
    namespace: &'static str,
    /// The program that installs and upgrades it.
    owner: String,
    chart: String,
}

/// Measures.
pub fn rows(bench: &Bench, stand: &Stand, runs: usize) -> Result<Vec<Row>> {
    println!("── a rollback of {} objects", chart::OBJECTS);
    let folder = bench.workspace.join("target/bench/sixty");
    chart::write(&folder).map_err(|e| format!("write {}: {e}", folder.display()))?;
    // Journals of this run alone, so that none of earlier ones are looked through.
    std::fs::remove_dir_all(state(bench)).ok();
    let scene = |namespace, owner: &str| -> Result<Scene<'_>> {
        let (owner, chart) = (stand.get(owner)?.to_owned(), folder.display().to_string());
        let scene = Scene { bench, stand, api: stand.api()?, namespace, owner, chart };
        scene.install()?;
        Ok(scene)
    };
    let client = scene("bench-rollback", "HELM3")?;
    let mut rows = of_client(&client, runs)?;
    client.uninstall()?;
    let server = scene("bench-rollback-applied", "HELM4")?;
    rows.extend(of_server(&server, runs)?);
    server.uninstall()?;
    Ok(rows)
}

/// Measures a release of Helm 3, whose objects are patched.
fn of_client(scene: &Scene<'_>, runs: usize) -> Result<Vec<Row>> {
    let all = [Who::Helm3, Who::Deckwatch, Who::Helm4];
    let [three, own, four] = interleaved(scene, all, runs)?;
    let floor = floor::patches(&scene.api, scene.namespace, runs)?;
    let (own_peak, three_peak, four_peak) =
        (peak(scene, Who::Deckwatch)?, peak(scene, Who::Helm3)?, peak(scene, Who::Helm4)?);
    let whole = "`deckwatch rollback --write --yes`, whole process, no wait";
    let mib = |bytes: f64| sys::mib(bytes as u64);
    Ok(vec![
        beside(whole, &own.whole, "`helm rollback` (Helm 3)", &three.whole).judged(
            &format!("≤ {LIMIT}×"),
            Verdict::at_most(median(&own.whole) / median(&three.whole), LIMIT),
        ),
        beside("the same", &own.whole, "Helm 4, the same release", &four.whole),
        beside("of it, until the first write", &own.before, "Helm 3", &three.before),
        beside("of it, from the first write to the last", &own.writes, "Helm 3", &three.writes),
        beside("the same", &own.writes, "Helm 4", &four.writes),
        beside(
            "the same",
            &own.writes,
            "bare API: each object read and patched, one after another on one connection",
            &floor,
        ),
        beside(
            "`deckwatch rollback --plan`, whole process, with the server's dry run of each object",
            &own.plan,
            "`helm rollback --dry-run` (Helm 3), without one",
            &three.plan,
        ),
        Row::new("peak resident memory, its processes added up", mib(own_peak)).beside(
            "Helm 3",
            &mib(three_peak),
            own_peak / three_peak,
        ),
        Row::new("the same", mib(own_peak)).beside("Helm 4", &mib(four_peak), own_peak / four_peak),
    ])
}

/// Measures a release of Helm 4, whose objects the server applies.
fn of_server(scene: &Scene<'_>, runs: usize) -> Result<Vec<Row>> {
    let [four, own] = interleaved(scene, [Who::Helm4, Who::Deckwatch], runs)?;
    Ok(vec![
        beside(
            "a release that the server applies: whole process",
            &own.whole,
            "`helm rollback` (Helm 4)",
            &four.whole,
        )
        .judged(&format!("≤ {LIMIT}×"), Verdict::at_most(median(&own.whole) / median(&four.whole), LIMIT)),
        beside("of it, from the first write to the last", &own.writes, "Helm 4", &four.writes),
    ])
}

/// Lets each roll back in turn; who begins changes from round to round. The first round warms all up and does not count.
fn interleaved<const N: usize>(scene: &Scene<'_>, all: [Who; N], runs: usize) -> Result<[Took; N]> {
    let mut took = std::array::from_fn(|_| Took::default());
    for round in 0..=runs {
        for at in 0..N {
            let at = (at + round) % N;
            if let (Some(who), Some(took)) = (all.get(at), took.get_mut(at)) {
                let mut scratch = Took::default();
                scene.roll_back(*who, if round == 0 { &mut scratch } else { took })?;
            }
        }
        println!("   round {round} of {runs}");
    }
    Ok(took)
}

/// Returns the median of the most memory that a rollback takes, in bytes.
fn peak(scene: &Scene<'_>, who: Who) -> Result<f64> {
    let mut peaks = Vec::new();
    for _ in 0..LOOKS {
        let to = scene.turn()?;
        peaks.push(sys::peaks(scene.rollback(who, &to)?)? as f64);
        scene.settled()?;
    }
    Ok(median(&peaks))
}

fn beside(what: &str, own: &[f64], peer: &str, theirs: &[f64]) -> Row {
    Row::new(what, told(own)).beside(peer, &told(theirs), median(own) / median(theirs))
}

fn told(values: &[f64]) -> String {
    let (p50, p95) = percentiles(values.to_vec());
    format!("p50 {}, p95 {} ({} runs)", time(p50), time(p95), values.len())
}

fn median(values: &[f64]) -> f64 {
    percentiles(values.to_vec()).0
}

fn state(bench: &Bench) -> std::path::PathBuf {
    bench.workspace.join("target/bench/state")
}

impl Scene<'_> {
    fn install(&self) -> Result<()> {
        self.stand.ask(&self.owner, &["uninstall", RELEASE, "-n", self.namespace, "--ignore-not-found"])?;
        let place = ["-n", self.namespace, "--create-namespace", "--set", "turn=1"];
        self.stand.ask(&self.owner, &[&["install", RELEASE, &self.chart][..], &place[..]].concat())?;
        Ok(())
    }

    fn uninstall(&self) -> Result<()> {
        self.stand.ask(&self.owner, &["uninstall", RELEASE, "-n", self.namespace]).map(drop)
    }

    /// Takes every object to the second turn. Returns the revision of the first one.
    fn turn(&self) -> Result<String> {
        let place = ["-n", self.namespace, "--set", "turn=2"];
        self.stand.ask(&self.owner, &[&["upgrade", RELEASE, &self.chart][..], &place[..]].concat())?;
        self.before()
    }

    /// Measures one rollback, and the plan of it before.
    fn roll_back(&self, who: Who, took: &mut Took) -> Result<()> {
        let to = self.turn()?;
        if let Some(plan) = self.plan(who, &to)? {
            took.plan.push(sys::run(plan)?.took.as_secs_f64());
        }
        let watch = Watch::open(&self.api, self.namespace)?;
        let ended = sys::run(self.rollback(who, &to)?)?;
        let (first, last) = watch.close()?;
        let since = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64();
        took.whole.push(ended.took.as_secs_f64());
        took.before.push(since(ended.began, first));
        took.writes.push(since(first, last));
        self.settled()
    }

    /// Returns the command of a rollback.
    fn rollback(&self, who: Who, to: &str) -> Result<Command> {
        let mut command = self.program(who)?;
        command.args(["rollback", RELEASE, to, "-n", self.namespace]);
        if who == Who::Deckwatch {
            command.args(["--write", "--yes"]);
        }
        Ok(command)
    }

    /// Returns the command that only plans it; none for what has no part in that.
    fn plan(&self, who: Who, to: &str) -> Result<Option<Command>> {
        let flag = match who {
            Who::Deckwatch => "--plan",
            Who::Helm3 => "--dry-run",
            Who::Helm4 => return Ok(None),
        };
        let mut command = self.program(who)?;
        command.args(["rollback", RELEASE, to, "-n", self.namespace, flag]);
        Ok(Some(command))
    }

    fn program(&self, who: Who) -> Result<Command> {
        Ok(match who {
            Who::Helm3 => self.stand.command(self.stand.get("HELM3")?),
            Who::Helm4 => self.stand.command(self.stand.get("HELM4")?),
            Who::Deckwatch => {
                let mut command = self.stand.command(&self.bench.deckwatch.display().to_string());
                command.env("XDG_STATE_HOME", state(self.bench));
                command
            }
        })
    }

    /// Returns the revision before the last one.
    fn before(&self) -> Result<String> {
        let text = self.stand.ask(&self.owner, &["history", RELEASE, "-n", self.namespace, "-o", "json"])?;
        let all: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("helm history: {e}"))?;
        let last = all.as_array().and_then(|r| r.last()?["revision"].as_u64());
        let before = last.and_then(|n| n.checked_sub(1)).filter(|n| *n > 0);
        before.map(|n| n.to_string()).ok_or_else(|| "helm history names no earlier revision".to_owned())
    }

    /// Demands that the rollback has really taken every object back.
    fn settled(&self) -> Result<()> {
        let label = "app=sixty,turn=t1";
        let what = ["get", "configmaps,deployments", "-n", self.namespace, "-o", "name", "-l", label];
        match self.stand.ask("kubectl", &what)?.lines().count() {
            chart::OBJECTS => Ok(()),
            other => Err(format!("after a rollback {other} of {} objects are as they were", chart::OBJECTS)),
        }
    }
}
