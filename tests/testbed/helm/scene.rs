//! A scenario: what the real Helm does to a release in both namespaces, and the rollback that is then done twice.

use std::path::PathBuf;

use serde_json::Value;

use super::charts::Chart;
use super::real::Real;
use super::server::Server;
use crate::proxy::Script;

/// The release of every scenario.
pub const RELEASE: &str = "demo";

/// Which Helm makes the release, rolls it back, and is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// Helm 3.
    Three,
    /// Helm 4 with patches that it computes itself.
    FourClient,
    /// Helm 4 with patches that the server computes, as it does by default.
    FourServer,
    /// Made by Helm 3; everything afterwards is Helm 4's.
    Mixed,
}

impl Variant {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Three, Self::FourClient, Self::FourServer, Self::Mixed];

    /// Returns a word for names of objects.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Three => "v3",
            Self::FourClient => "v4c",
            Self::FourServer => "v4s",
            Self::Mixed => "mix",
        }
    }

    /// Returns the heading of its column.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Three => "Helm 3",
            Self::FourClient => "Helm 4, client-side",
            Self::FourServer => "Helm 4, server-side",
            Self::Mixed => "Helm 3, then 4",
        }
    }

    /// Returns the Helm that installs.
    pub const fn installs(self) -> &'static str {
        match self {
            Self::Three | Self::Mixed => "helm3",
            Self::FourClient | Self::FourServer => "helm4",
        }
    }

    /// Returns the Helm that does everything else.
    pub const fn helm(self) -> &'static str {
        match self {
            Self::Three => "helm3",
            Self::FourClient | Self::FourServer | Self::Mixed => "helm4",
        }
    }

    /// Returns the flags with which it installs.
    pub const fn install_flags(self) -> &'static [&'static str] {
        match self {
            Self::FourClient => &["--server-side=false"],
            Self::Three | Self::FourServer | Self::Mixed => &[],
        }
    }
}

/// Where Helm's patches are its own.
pub const CLIENT: &[Variant] = &[Variant::Three, Variant::FourClient, Variant::Mixed];
/// Everywhere.
pub const ALL: &[Variant] = &Variant::ALL;
/// What only Helm 3 has.
pub const THREE: &[Variant] = &[Variant::Three];
/// What only Helm 4 has.
pub const FOUR: &[Variant] = &[Variant::FourClient, Variant::FourServer, Variant::Mixed];
/// Where Helm 4 merges by itself.
pub const FOUR_CLIENT: &[Variant] = &[Variant::FourClient, Variant::Mixed];
/// What the server merges.
pub const SERVER: &[Variant] = &[Variant::FourServer];

/// Where a step is done.
pub struct Place<'a> {
    /// The run's namespace.
    pub namespace: &'a str,
    /// The variant.
    pub variant: Variant,
    /// The API server.
    pub server: &'a Server,
    /// The folder of each step's chart; of a step without one it is empty.
    pub charts: &'a [PathBuf],
}

impl Place<'_> {
    /// Returns the path of an object in the namespace: `configmaps/env`, `apps/v1/deployments/web`.
    pub fn path(&self, object: &str) -> String {
        let parts: Vec<&str> = object.split('/').collect();
        let namespace = self.namespace;
        match parts.as_slice() {
            [plural, name] => format!("/api/v1/namespaces/{namespace}/{plural}/{name}"),
            [group, version, plural, name] => {
                format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}")
            }
            _ => panic!("`{object}` names no object"),
        }
    }

    /// Returns the path of a revision's record.
    pub fn record(&self, revision: u32) -> String {
        self.path(&format!("secrets/sh.helm.release.v1.{RELEASE}.v{revision}"))
    }
}

/// Where a chart comes from.
pub enum Source {
    /// It is made up.
    Made(Chart),
    /// It is taken as it is.
    There(Real),
}

impl Source {
    /// Returns the chart that is taken as it is.
    pub const fn real(&self) -> Option<&Real> {
        match self {
            Self::Made(_) => None,
            Self::There(real) => Some(real),
        }
    }
}

impl From<Chart> for Source {
    fn from(chart: Chart) -> Self {
        Self::Made(chart)
    }
}

impl From<Real> for Source {
    fn from(real: Real) -> Self {
        Self::There(real)
    }
}

/// Something that is done in both namespaces before the rollback.
pub enum Step {
    /// `helm install`.
    Install(Source),
    /// `helm upgrade`.
    Upgrade(Source),
    /// `helm rollback`.
    Rollback(u32),
    /// `helm uninstall`.
    Uninstall,
    /// `kubectl …`.
    Kubectl(&'static str),
    /// Anything else.
    Run(Box<dyn Fn(&Place<'_>) + Send + Sync>),
}

/// A step with its flags, and whether the real Helm must fail at it.
pub struct Done {
    pub step: Step,
    pub flags: &'static str,
    pub fails: bool,
}

/// Where a rollback goes wrong.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The run's namespace.
    pub namespace: String,
    /// The variant.
    pub variant: Variant,
    /// The folder of each step's chart.
    pub charts: Vec<PathBuf>,
}

/// Makes what a proxy does while a rollback goes through it.
pub type Faults = Box<dyn Fn(Scope) -> Script + Send + Sync>;

/// A scenario.
pub struct Scene {
    /// Its number in the plan of the suite.
    pub number: u32,
    /// What it is, in words; with the number it is told apart from all others.
    pub name: &'static str,
    /// Where it makes sense.
    pub variants: &'static [Variant],
    /// What is done before.
    pub steps: Vec<Done>,
    /// The revision that is named; none is named where there is none.
    pub to: Option<u32>,
    /// The rollback's flags: they are the same for both.
    pub flags: &'static str,
    /// Whether the real Helm's rollback must fail.
    pub fails: bool,
    /// Whether it fails where the server merges: somebody else owns a field.
    pub conflicts: bool,
    /// How many writes beside those of records the real Helm sends with patches of its own.
    pub sends: Option<usize>,
    /// Paths of its cluster-scoped objects: then the runs come one after the other, under the same names.
    pub cluster: Vec<&'static str>,
    /// Whether the runs come one after the other, in a namespace of one name: a digest of a text that names it is then the same.
    /// Cluster-scoped objects are found by what Helm writes on them.
    pub in_turn: bool,
    /// Claims for which a volume is there before the release.
    pub claims: &'static [&'static str],
    /// Whether controllers never come to rest; what they make is then not compared.
    pub restless: bool,
    /// Whether the other Helm wrote the last record: then deckwatch is told whose ways are wanted, which the records do not
    /// tell.
    pub of_another: bool,
    /// Whether the real Helm goes on from there in both namespaces: an upgrade, a rollback, and the uninstallation.
    pub goes_on: bool,
    /// Whether that is left to the runs of all scenarios: it takes long.
    pub is_long: bool,
    /// Whether it is among those that are run every time.
    pub sampled: bool,
    /// What the proxies do.
    pub faults: Option<Faults>,
    /// Variables for both rollbacks, and for all of Helm's commands before.
    pub variables: &'static [(&'static str, &'static str)],
    /// Namespaces of the scenario's own beside the run's: their names begin with the run's.
    pub beside: &'static [&'static str],
}

impl Scene {
    /// Begins one.
    pub fn new(number: u32, name: &'static str, variants: &'static [Variant]) -> Self {
        Self {
            number,
            name,
            variants,
            steps: Vec::new(),
            to: None,
            flags: "",
            fails: false,
            conflicts: false,
            sends: None,
            cluster: Vec::new(),
            in_turn: false,
            claims: &[],
            restless: false,
            of_another: false,
            goes_on: false,
            is_long: false,
            sampled: false,
            faults: None,
            variables: &[],
            beside: &[],
        }
    }

    fn step(mut self, step: Step, flags: &'static str, fails: bool) -> Self {
        self.steps.push(Done { step, flags, fails });
        self
    }

    /// `helm install`.
    pub fn install(self, chart: impl Into<Source>) -> Self {
        self.step(Step::Install(chart.into()), "", false)
    }

    /// `helm install` with flags.
    pub fn install_with(self, chart: Chart, flags: &'static str) -> Self {
        self.step(Step::Install(chart.into()), flags, false)
    }

    /// `helm install`, which fails.
    pub fn install_fails(self, chart: Chart, flags: &'static str) -> Self {
        self.step(Step::Install(chart.into()), flags, true)
    }

    /// `helm upgrade`.
    pub fn upgrade(self, chart: impl Into<Source>) -> Self {
        self.step(Step::Upgrade(chart.into()), "", false)
    }

    /// `helm upgrade` with flags.
    pub fn upgrade_with(self, chart: Chart, flags: &'static str) -> Self {
        self.step(Step::Upgrade(chart.into()), flags, false)
    }

    /// `helm upgrade`, which fails.
    pub fn upgrade_fails(self, chart: Chart, flags: &'static str) -> Self {
        self.step(Step::Upgrade(chart.into()), flags, true)
    }

    /// An earlier `helm rollback`, by the real one in both namespaces.
    pub fn rolled_back(self, to: u32) -> Self {
        self.step(Step::Rollback(to), "", false)
    }

    /// The same, which fails.
    pub fn rollback_failed(self, to: u32) -> Self {
        self.step(Step::Rollback(to), "", true)
    }

    /// `helm uninstall` that keeps the records.
    pub fn uninstalled(self) -> Self {
        self.step(Step::Uninstall, "--keep-history", false)
    }

    /// `kubectl …` in the namespace, its arguments separated by blanks.
    pub fn kubectl(self, args: &'static str) -> Self {
        self.step(Step::Kubectl(args), "", false)
    }

    /// Anything else.
    pub fn run(self, what: impl Fn(&Place<'_>) + Send + Sync + 'static) -> Self {
        self.step(Step::Run(Box::new(what)), "", false)
    }

    /// A merge patch by somebody, of an object as in [`Place::path`].
    pub fn edited(self, object: &'static str, manager: &'static str, patch: Value) -> Self {
        self.run(move |place| {
            let path = format!("{}?fieldManager={manager}", place.path(object));
            let (status, said) =
                place.server.send(http::Method::PATCH, &path, "application/merge-patch+json", &patch);
            assert_eq!(status, 200, "{path}: {said}");
        })
    }

    /// It makes sense in these variants only.
    pub fn only(mut self, variants: &'static [Variant]) -> Self {
        self.variants = variants;
        self
    }

    /// The revision that the rollback goes to.
    pub fn to(mut self, revision: u32) -> Self {
        self.to = Some(revision);
        self
    }

    /// The rollback's flags.
    pub fn flags(mut self, flags: &'static str) -> Self {
        self.flags = flags;
        self
    }

    /// The real Helm's rollback fails.
    pub fn fails(mut self) -> Self {
        self.fails = true;
        self
    }

    /// The real Helm's rollback fails where the server merges.
    pub fn conflicts(mut self) -> Self {
        self.conflicts = true;
        self
    }

    /// Returns whether the real Helm's rollback must fail in a variant.
    pub fn must_fail(&self, variant: Variant) -> bool {
        self.fails || (self.conflicts && variant == Variant::FourServer)
    }

    /// How many objects the real Helm writes.
    pub fn sends(mut self, count: usize) -> Self {
        self.sends = Some(count);
        self
    }

    /// It has cluster-scoped objects at these paths.
    pub fn cluster(mut self, paths: &[&'static str]) -> Self {
        self.cluster = paths.to_vec();
        self
    }

    /// The runs come one after the other, in a namespace of one name.
    pub fn in_turn(mut self) -> Self {
        self.in_turn = true;
        self
    }

    /// Returns whether its runs come one after the other, while nobody else has objects in the cluster's scope.
    pub fn is_alone(&self) -> bool {
        self.in_turn || !self.cluster.is_empty()
    }

    /// These claims find a volume.
    pub fn claims(mut self, names: &'static [&'static str]) -> Self {
        self.claims = names;
        self
    }

    /// It has namespaces beside its own, with these endings.
    pub fn beside(mut self, endings: &'static [&'static str]) -> Self {
        self.beside = endings;
        self
    }

    /// The other Helm wrote its last record.
    pub fn of_another(mut self) -> Self {
        self.of_another = true;
        self
    }

    /// Its controllers never come to rest.
    pub fn restless(mut self) -> Self {
        self.restless = true;
        self
    }

    /// The real Helm goes on from there.
    pub fn goes_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// What comes afterwards is left to the runs of all scenarios.
    pub fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    /// It is run every time.
    pub fn sampled(mut self) -> Self {
        self.sampled = true;
        self
    }

    /// What the proxies do, made for each run.
    pub fn faults(mut self, make: impl Fn(Scope) -> Script + Send + Sync + 'static) -> Self {
        self.faults = Some(Box::new(make));
        self
    }

    /// Variables for all of Helm's commands and both rollbacks.
    pub fn variables(mut self, variables: &'static [(&'static str, &'static str)]) -> Self {
        self.variables = variables;
        self
    }
}
