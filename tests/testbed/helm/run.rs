//! A scenario carried out by the real Helm and by deckwatch, in both of its ways, and judged.

mod later;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::compare::{Difference, Left, differences};
use super::known::{self, Known};
use super::record::Write;
use super::scene::{Done, Place, RELEASE, Scene, Scope, Source, Step, Variant};
use super::server::{Server, volume};
use crate::proxy::Recorder;
use crate::stand::{User, printed, tool, variable};

/// How a scenario ended in a variant: a cell of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// All rollbacks are one.
    Same,
    /// deckwatch's own way differs as is known.
    Known(&'static known::Entry),
}

/// What the scenarios share.
pub struct Stage {
    /// The API server.
    pub server: Server,
    /// Tells the namespaces of this process from those of others.
    run: u32,
    /// Whether it is only a sample that is run.
    sample: bool,
}

/// Who rolls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Helm,
    /// deckwatch with `--strict-helm`.
    Strict,
    /// deckwatch in its own way.
    Plain,
}

/// One of the runs.
struct Side<'a> {
    stage: &'a Stage,
    scene: &'a Scene,
    variant: Variant,
    namespace: String,
    laid: &'a Laid,
    who: Who,
    /// The deckwatch that is run.
    binary: &'a Path,
    /// The fault that is switched on in it.
    fault: Option<&'a str>,
}

/// The charts of a scenario's steps; what a step has none of is empty.
struct Laid {
    /// Where Helm finds each chart.
    charts: Vec<PathBuf>,
    /// Where its values are.
    values: Vec<Option<PathBuf>>,
}

impl Stage {
    fn side<'a>(
        &'a self,
        place: usize,
        scene: &'a Scene,
        variant: Variant,
        laid: &'a Laid,
        (who, letter): (Who, &str),
    ) -> Side<'a> {
        let namespace = format!("parity-{}-{place}-{}", self.run, variant.slug());
        Side {
            stage: self,
            scene,
            variant,
            namespace: if scene.in_turn { namespace } else { format!("{namespace}-{letter}") },
            laid,
            who,
            binary: Path::new(env!("CARGO_BIN_EXE_deckwatch")),
            fault: None,
        }
    }

    /// Carries a scenario out by the real Helm and, with `--strict-helm`, by a binary with a fault; returns how they differ.
    pub fn compare_with(
        &self,
        place: usize,
        scene: &Scene,
        variant: Variant,
        (binary, fault): (&Path, Option<&str>),
    ) -> String {
        let folder = tempfile::tempdir().unwrap();
        let laid = Laid::new(scene, folder.path());
        let letters = if fault.is_some() { ["d", "e"] } else { ["f", "g"] };
        let helm = self.side(place, scene, variant, &laid, (Who::Helm, letters[0]));
        let ours =
            Side { binary, fault, ..self.side(place, scene, variant, &laid, (Who::Strict, letters[1])) };
        let (theirs, own) = (helm.whole().1, ours.whole().1);
        told(&theirs, &own, &differences(&theirs, &own))
    }

    /// Prepares it.
    pub fn new() -> Self {
        let sample = super::is_sample();
        Self { server: Server::connect(), run: std::process::id(), sample }
    }

    /// Deletes the namespaces of all runs, and waits for nothing.
    pub fn end(&self) {
        let list = self.server.get("/api/v1/namespaces").unwrap();
        let names =
            list["items"].as_array().into_iter().flatten().filter_map(|n| n["metadata"]["name"].as_str());
        for name in names.filter(|name| name.starts_with(&format!("parity-{}-", self.run))) {
            self.server.delete(&format!("/api/v1/namespaces/{name}"));
        }
    }

    /// Carries a scenario out in a variant. `place` is its place among all scenarios. Those that must be alone are judged one after
    /// the other.
    ///
    /// # Errors
    /// What differs and is not known to, or what is said to differ and does not.
    pub fn judge(&self, place: usize, scene: &Scene, variant: Variant) -> Result<Cell, String> {
        let folder = tempfile::tempdir().unwrap();
        let laid = Laid::new(scene, folder.path());
        let side = |who: Who, letter: &str| self.side(place, scene, variant, &laid, (who, letter));
        let (helm, strict, plain) = (side(Who::Helm, "a"), side(Who::Strict, "b"), side(Who::Plain, "c"));
        let (theirs, own, plainly) = if scene.is_alone() {
            (helm.whole(), strict.whole(), plain.whole())
        } else {
            std::thread::scope(|scope| {
                let (theirs, own) = (scope.spawn(|| helm.whole()), scope.spawn(|| strict.whole()));
                let plainly = plain.whole();
                let [theirs, own] = [theirs, own]
                    .map(|side| side.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                (theirs, own, plainly)
            })
        };
        meant(scene, variant, &theirs.1)?;
        let found = differences(&theirs.1, &own.1);
        if !found.is_empty() {
            return Err(format!("with --strict-helm:\n{}", told(&theirs.1, &own.1, &found)));
        }
        decide(scene, variant, &theirs.1, (&plainly.0, &plainly.1))
    }
}

impl Laid {
    /// Writes what is made up into a folder, and the values of what is there.
    fn new(scene: &Scene, folder: &Path) -> Self {
        let of = |(at, done): (usize, &Done)| match &done.step {
            Step::Install(Source::Made(chart)) | Step::Upgrade(Source::Made(chart)) => {
                let path = folder.join(format!("step-{at}"));
                chart.write(&path);
                (path, None)
            }
            Step::Install(Source::There(real)) | Step::Upgrade(Source::There(real)) => {
                let values = folder.join(format!("values-{at}.yaml"));
                std::fs::write(&values, real.values).unwrap();
                (real.path.clone(), Some(values))
            }
            _ => (PathBuf::new(), None),
        };
        let (charts, values) = scene.steps.iter().enumerate().map(of).unzip();
        Self { charts, values }
    }

    /// Returns what Helm is told of a step's chart.
    fn args(&self, at: usize) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let values = self.values[at].iter().flat_map(|values| ["--values".to_owned(), text(values)]);
        std::iter::once(text(&self.charts[at])).chain(values).collect()
    }

    /// Returns what Helm is told of the last chart.
    fn last(&self) -> Vec<String> {
        self.args(self.charts.iter().rposition(|path| path.exists()).unwrap())
    }
}

/// The scenario does what it says: the real Helm ends as it is meant to, and sends what is meant to be sent.
fn meant(scene: &Scene, variant: Variant, helm: &Left) -> Result<(), String> {
    if helm.well == scene.must_fail(variant) {
        return Err(format!("the scenario is not what it says: the real Helm said {}", helm.said));
    }
    let objects = helm.writes.iter().filter(|write| !write.is_of_record()).count();
    let meant = scene.sends.filter(|_| variant != Variant::FourServer);
    if meant.is_some_and(|meant| meant != objects) {
        let lines: Vec<String> = helm.writes.iter().map(Write::line).collect();
        return Err(format!(
            "the scenario is not what it says: the real Helm wrote {objects} objects:\n    {}",
            lines.join("\n    ")
        ));
    }
    Ok(())
}

fn decide(
    scene: &Scene,
    variant: Variant,
    helm: &Left,
    (before, ours): (&[Value], &Left),
) -> Result<Cell, String> {
    let found = differences(helm, ours);
    let told = || told(helm, ours, &found);
    let Some(entry) = known::of(scene, variant) else {
        return if found.is_empty() { Ok(Cell::Same) } else { Err(told()) };
    };
    let fits = match entry.known {
        Known::Refused(words) => {
            !ours.well && ours.said.contains(words) && ours.writes.is_empty() && ours.is_untouched(before)
        }
        Known::Differs(all) => {
            let places = || found.iter().flat_map(|difference| &difference.places);
            let is_known = |place: &String| all.iter().any(|part| place.contains(part));
            let is_there = |part: &&str| places().any(|place| place.contains(part));
            places().all(is_known) && all.iter().all(is_there)
        }
    };
    if fits {
        return Ok(Cell::Known(entry));
    }
    let writes: Vec<String> = ours.writes.iter().map(Write::line).collect();
    Err(format!(
        "it is not as `known.rs` says ({:?}). If it has begun to work, take it off the table.\n    deckwatch: {}\n    it sent: {writes:#?}\n{}",
        entry.known,
        ours.said.trim(),
        if found.is_empty() { "nothing differs".to_owned() } else { told() }
    ))
}

fn told(helm: &Left, ours: &Left, found: &[Difference]) -> String {
    // Where nothing was sent, all that it has not done differs too.
    if ours.writes.is_empty() && !ours.well && !helm.writes.is_empty() {
        return format!("deckwatch refuses: {}", ours.said.trim());
    }
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Side<'_> {
    /// Does everything. Returns what was there before the rollback, and what it has left.
    fn whole(&self) -> (Vec<Value>, Left) {
        let server = &self.stage.server;
        for namespace in self.namespaces() {
            server.make_namespace(&namespace);
        }
        for claim in self.scene.claims {
            server.make_volume(&self.namespace, claim);
        }
        for at in 0..self.scene.steps.len() {
            self.step(at);
            self.objects();
        }
        let before = self.objects();
        let proxy = Recorder::start(User::Admin);
        if let Some(faults) = &self.scene.faults {
            let scope = Scope {
                namespace: self.namespace.clone(),
                variant: self.variant,
                charts: self.laid.charts.clone(),
            };
            proxy.follow(faults(scope));
        }
        let output = self.roll_back(&proxy);
        let writes = proxy.sent().iter().map(Write::of).collect();
        let left = Left {
            namespace: self.namespace.clone(),
            objects: self.objects(),
            later: self.goes_on(),
            writes,
            well: output.status.success(),
            said: said(&output),
        };
        self.clear();
        (before, left)
    }

    /// The run's namespace and those beside it.
    fn namespaces(&self) -> Vec<String> {
        let beside = self.scene.beside.iter().map(|ending| format!("{}{ending}", self.namespace));
        std::iter::once(self.namespace.clone()).chain(beside).collect()
    }

    /// Returns all objects that are compared, when the controllers have come to rest.
    fn objects(&self) -> Vec<Value> {
        let server = &self.stage.server;
        let mut all = Vec::new();
        for namespace in self.namespaces() {
            if self.scene.restless {
                let own = |object: &Value| {
                    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
                    !owners.into_iter().any(|owner| owner["controller"] == true)
                };
                all.extend(server.everything(&namespace).into_iter().filter(own));
            } else {
                all.extend(server.settled(&namespace));
            }
        }
        all.extend(self.scene.cluster.iter().filter_map(|path| server.get_settled(path)));
        if self.scene.in_turn {
            all.extend(server.of_releases(&self.namespace));
        }
        all
    }

    fn step(&self, at: usize) {
        let done = &self.scene.steps[at];
        let variant = self.variant;
        let output = match &done.step {
            Step::Install(_) => {
                let mut command = self.helm(variant.installs(), &["install", RELEASE]);
                command
                    .args(self.laid.args(at))
                    .args(variant.install_flags())
                    .args(done.flags.split_whitespace())
                    .output()
            }
            Step::Upgrade(_) => {
                let mut command = self.helm(variant.helm(), &["upgrade", RELEASE]);
                command.args(self.laid.args(at)).args(done.flags.split_whitespace()).output()
            }
            Step::Rollback(to) => {
                let mut command = self.helm(variant.helm(), &["rollback", RELEASE, &to.to_string()]);
                command.args(done.flags.split_whitespace()).output()
            }
            Step::Uninstall => {
                let mut command = self.helm(variant.helm(), &["uninstall", RELEASE]);
                command.args(done.flags.split_whitespace()).output()
            }
            Step::Kubectl(args) => {
                tool("kubectl").args(["-n", &self.namespace]).args(args.split_whitespace()).output()
            }
            Step::Run(work) => {
                return work(&Place {
                    namespace: &self.namespace,
                    variant,
                    server: &self.stage.server,
                    charts: &self.laid.charts,
                });
            }
        };
        let output = output.unwrap();
        assert_eq!(!output.status.success(), done.fails, "step {}: {}", at + 1, said(&output));
    }

    fn helm(&self, name: &str, args: &[&str]) -> Command {
        let mut command = tool(name);
        command.args(args).args(["-n", &self.namespace]).envs(self.scene.variables.iter().copied());
        command
    }

    /// Rolls back as the scenario says, through a proxy.
    fn roll_back(&self, proxy: &Recorder) -> Output {
        let mut args: Vec<String> = self.scene.to.iter().map(ToString::to_string).collect();
        args.extend(self.scene.flags.split_whitespace().map(str::to_owned));
        self.back(&args, &proxy.kubeconfig().display().to_string())
    }

    /// Rolls back with arguments, by way of a kubeconfig.
    fn back(&self, args: &[String], kubeconfig: &str) -> Output {
        if self.who == Who::Helm {
            // Without what an earlier command has learned of the server's kinds: it is kept for hours.
            let cache = tempfile::tempdir().unwrap();
            let mut command = self.helm(self.variant.helm(), &["rollback", RELEASE]);
            command.args(args).env("KUBECONFIG", kubeconfig);
            return command.env("KUBECACHEDIR", cache.path()).output().unwrap();
        }
        let home = tempfile::tempdir().unwrap();
        let phrase = match self.who {
            Who::Plain => {
                // Past the proxy: what it does to the first of something is meant for the rollback.
                let mut plan = self.ours(home.path(), args);
                plan.env("KUBECONFIG", variable("KUBECONFIG")).args(["--plan", "-o", "json"]);
                phrase(&plan.output().unwrap())
            }
            _ => None,
        };
        let mut command = self.ours(home.path(), args);
        command.env("KUBECONFIG", kubeconfig);
        if self.who == Who::Strict {
            command.arg("--strict-helm");
        }
        command.args(["--write", "--confirm", phrase.as_deref().unwrap_or(RELEASE)]).output().unwrap()
    }

    /// Returns deckwatch's rollback with arguments, without what it is confirmed by.
    fn ours(&self, home: &Path, args: &[String]) -> Command {
        let mut command = self.deckwatch(home);
        command.args(["rollback", RELEASE]).args(args);
        if self.variant == Variant::Mixed {
            // Where Helm 4 has not written anything yet, the records say that it is Helm 3's.
            command.args(["--helm", "4"]);
        }
        if self.variant == Variant::Three && self.scene.of_another {
            command.args(["--helm", "3"]);
        }
        command
    }

    /// Returns deckwatch in the run's namespace.
    fn deckwatch(&self, home: &Path) -> Command {
        let mut command = Command::new(self.binary);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").env("LANG", "C.UTF-8");
        if let Some(fault) = self.fault {
            command.env("DECKWATCH_FAULT", fault);
        }
        command.env("HOME", home).env("XDG_STATE_HOME", home.join("state"));
        command.env("DECKWATCH_CONFIG_DIR", variable("DECKWATCH_CONFIG_DIR"));
        command.envs(self.scene.variables.iter().copied());
        command.args(["-n", &self.namespace]);
        command
    }

    /// Takes away what the run has made, but its namespace; of what is under one name for both it waits until it is gone.
    fn clear(&self) {
        let server = &self.stage.server;
        for namespace in self.namespaces() {
            self.free(&namespace);
            server.sweep(&namespace, self.scene.in_turn);
        }
        for path in &self.scene.cluster {
            server.delete_and_wait(path);
        }
        for claim in self.scene.claims {
            let path = volume(&self.namespace, claim);
            if self.scene.in_turn { server.delete_and_wait(&path) } else { server.delete(&path) }
        }
        if self.scene.in_turn {
            for object in server.of_releases(&self.namespace) {
                server.delete_object(&object);
            }
            self.undefine();
        }
    }

    /// Takes the definitions away that Helm does not count among a release's objects: those of a chart's `crds`.
    fn undefine(&self) {
        let own = self.laid.charts.iter().rfind(|path| path.exists()).unwrap().display().to_string();
        let definitions = printed(&mut self.helm(self.variant.helm(), &["show", "crds", &own]));
        if definitions.contains("kind:") {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(definitions.as_bytes()).unwrap();
            printed(tool("kubectl").args(["delete", "--ignore-not-found", "-f"]).arg(file.path()));
        }
    }
}

impl Side<'_> {
    /// Takes the finalizers away that a scenario has set: nobody else does.
    fn free(&self, namespace: &str) {
        let server = &self.stage.server;
        for object in server.everything(namespace) {
            let finalizers = object["metadata"]["finalizers"].as_array().into_iter().flatten();
            if !finalizers.filter_map(Value::as_str).any(|f| f.starts_with("parity.example/")) {
                continue;
            }
            let path = object["metadata"]["name"].as_str().unwrap();
            assert_eq!(object["kind"], "ConfigMap", "only ConfigMaps have such finalizers here");
            let path = format!("/api/v1/namespaces/{namespace}/configmaps/{path}");
            let patch = serde_json::json!({ "metadata": { "finalizers": null } });
            server.send(http::Method::PATCH, &path, "application/merge-patch+json", &patch);
        }
    }
}

/// Returns what a plan says is to be typed: the release's name, or the names of what is lost.
fn phrase(plan: &Output) -> Option<String> {
    let plan: Value = serde_json::from_slice(&plan.stdout).ok()?;
    plan["phrase"].as_str().map(str::to_owned)
}

fn said(output: &Output) -> String {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    // The server may quote whole objects.
    format!("{out}{err}").chars().take(2_000).collect()
}
