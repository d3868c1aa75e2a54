//! The command line: what can be typed, with its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::deeds::{CronjobCommand, Delete, Drain, Named, On, RolloutCommand, Scale, SetCommand, Tags};
use super::gitops::{ArgocdCommand, FluxCommand};
use super::release::{Compared, Listed, ReleaseCommand};
use super::rollback::Rollback;
use super::silence::SilenceCommand;

/// What the exit codes mean, at the end of the help.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 partial (a source did not answer or was cut), \
4 denied, 5 the outcome of a write is not known.";

/// The on-call engineer's cockpit in a terminal.
#[derive(Debug, Parser)]
#[command(name = "deckwatch", version, about, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Which cluster, and where in it.
    #[command(flatten)]
    pub place: Place,
    /// Opens on this view: `alerts`, `pods`, `releases`, …
    #[arg(long, value_name = "VIEW")]
    pub view: Option<String>,
    /// Arms the cockpit from the start; only in contexts that the configuration does not protect.
    #[arg(long)]
    pub write: bool,
    /// What to do instead of opening the cockpit.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which cluster, and where in it.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The kubeconfig file.
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context; pinned for the session.
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The namespace.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// All namespaces.
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Acts as this user.
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Acts as a member of this group; may be given more than once.
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    pub as_groups: Vec<String>,
}

/// How something is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs: upstream's shape where there is one, else a document of `docs/schemas/`.
    Json,
}

/// How a table of objects is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableOutput {
    /// For people.
    #[default]
    Text,
    /// For people, with more columns, as `kubectl get -o wide`.
    Wide,
    /// For programs: a document of `docs/schemas/`.
    Json,
}

/// Everything that prints.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints alerts of every place that knows of them.
    Alerts(Printed),
    /// Prints objects as `kubectl get` does.
    Get {
        /// The kind: `pods`, `deploy`, `nodes`, …
        kind: String,
        /// One object's name.
        name: Option<String>,
        /// How it is printed.
        #[arg(short, long, value_enum, default_value_t)]
        output: TableOutput,
    },
    /// Prints log lines of a pod or workload around a time.
    Logs {
        /// Whose: `backend-7c5d-x2x`, `deploy/backend`, `pod/x`.
        target: String,
        /// The time: `14:02`, `-15m`, RFC 3339; now when left out.
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        around: Option<String>,
        /// How far back.
        #[arg(long, value_name = "LENGTH", default_value = "5m")]
        before: String,
        /// How far forward.
        #[arg(long, value_name = "LENGTH", default_value = "5m")]
        after: String,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
    /// Prints what a PromQL expression gives.
    Query {
        /// The expression.
        expr: String,
        /// At this time: `14:02`, `-15m`, RFC 3339; now when left out.
        #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "range")]
        at: Option<String>,
        /// Over this length of time before now, as in `1h`.
        #[arg(long, value_name = "LENGTH")]
        range: Option<String>,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
    /// Prints what happened, over all sources.
    Timeline(Printed),
    /// Prints Helm releases: of each the newest revision.
    Releases(Listed),
    /// Prints a release's history, oldest first.
    History {
        /// The release.
        release: String,
        /// How many revisions are printed at most: the newest ones.
        #[arg(long, value_name = "N", default_value_t = 256)]
        max: usize,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
    /// Prints what differs between two revisions of a release, as helm-diff does.
    Diff(Compared),
    /// Prints what Helm keeps of a revision of a release.
    Release {
        /// What of it.
        #[command(subcommand)]
        command: ReleaseCommand,
    },
    /// Rolls a release back; prints the plan, or carries it out.
    Rollback(Box<Rollback>),
    /// Marks a release's pending revision as failed, so that the release can be changed again.
    Free {
        /// The release.
        release: String,
        /// How it is confirmed and printed.
        #[command(flatten)]
        sent: Sent,
    },
    /// Restarts, undoes, pauses and resumes rollouts.
    Rollout {
        /// Which of them.
        #[command(subcommand)]
        command: RolloutCommand,
    },
    /// Sets how many replicas run.
    Scale(Scale),
    /// Sets images and resources of containers.
    Set {
        /// Which of them.
        #[command(subcommand)]
        command: SetCommand,
    },
    /// Deletes objects.
    Delete(Delete),
    /// Evicts pods, as far as their disruption budgets allow.
    Evict {
        /// Seconds that a pod gets to end; its own when left out.
        #[arg(long, value_name = "SECONDS")]
        grace_period: Option<i64>,
        /// The pods, and how.
        #[command(flatten)]
        pods: Named,
    },
    /// Keeps new pods off nodes.
    Cordon(Named),
    /// Keeps new pods off nodes and evicts those that are on them.
    Drain(Drain),
    /// Lets new pods onto nodes again.
    Uncordon(Named),
    /// Runs, suspends and resumes CronJobs.
    Cronjob {
        /// Which of them.
        #[command(subcommand)]
        command: CronjobCommand,
    },
    /// Holds Flux back from objects, lets it go on, asks it to look.
    Flux {
        /// Which of them.
        #[command(subcommand)]
        command: FluxCommand,
    },
    /// Rolls Applications of Argo CD back, syncs them, turns automatic sync on and off.
    Argocd {
        /// Which of them.
        #[command(subcommand)]
        command: ArgocdCommand,
    },
    /// Opens an object in $EDITOR; what is saved becomes the plan.
    Edit(On),
    /// Sets or removes labels.
    Label(Tags),
    /// Sets or removes annotations.
    Annotate(Tags),
    /// Makes, extends, ends and lists silences at an Alertmanager.
    Silence {
        /// Which of them.
        #[command(subcommand)]
        command: SilenceCommand,
    },
    /// Prints every source with its state.
    Sources(Printed),
    /// Prints one frame of a view.
    Snapshot {
        /// The view.
        view: String,
        /// Columns and rows, as in `120x40`.
        #[arg(long, value_name = "COLUMNSxROWS", default_value = "120x40")]
        size: String,
        /// How it is printed: the frame, or what the view shows as a document.
        #[command(flatten)]
        printed: Printed,
    },
    /// Prints the newest journal: what was seen and done.
    #[command(args_conflicts_with_subcommands = true)]
    Journal {
        /// What else to do with journals.
        #[command(subcommand)]
        command: Option<JournalCommand>,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
    /// Opens the cockpit on a stand simulated inside this process.
    Demo(Demo),
    /// Prints what was found of configuration, cluster, sources and terminal, and what to do about it.
    Doctor(Printed),
    /// Prints the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Carries a plan out that is handed over through standard input.
    #[command(hide = true)]
    Runner,
    /// Prints a generated reference as Markdown, for `cargo xtask docs`.
    #[command(hide = true)]
    Reference {
        /// Which one.
        topic: Topic,
    },
}

/// The references that are generated from the program's own tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// Actions and their keys.
    Keys,
    /// The settings of `config.toml`.
    Configuration,
    /// Subcommands and options.
    CommandLine,
    /// Views and kinds of objects.
    Views,
}

/// How something is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Printed {
    /// How it is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Whether a plan is only printed, and how it is confirmed.
#[derive(Clone, Debug, Args)]
pub struct Sent {
    /// Prints the plan and sends nothing.
    #[arg(long, conflicts_with = "write")]
    pub plan: bool,
    /// Carries it out.
    #[arg(long)]
    pub write: bool,
    /// Confirms the plan in a context that is not protected.
    #[arg(long, requires = "write")]
    pub yes: bool,
    /// Confirms the plan by the name of the release or object; protected contexts ask for it.
    #[arg(long, value_name = "NAME", requires = "write")]
    pub confirm: Option<String>,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT", requires = "write")]
    pub reason: Option<String>,
    /// Overrides a freeze, where the configuration lets a person do so: with --reason and --confirm.
    #[arg(long, requires_all = ["write", "reason", "confirm"])]
    pub override_freeze: bool,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}

/// What to do with journals.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Prints the newest journal as a handover.
    Export {
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
    /// Tells whether journals are as they were written: every entry whole, in its place, and followed by the next.
    Verify {
        /// Files or names of journals, each with all files of its rotation; all of the state folder when left out.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
}

/// The demo.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Draws other names, times and lines.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Makes the stand's own processes this many times faster.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Starts the stand, prints how to reach it, and stays.
    #[arg(long)]
    pub serve: bool,
    /// Leaves the context protected: the rollback asks for the release's name.
    #[arg(long)]
    pub protected: bool,
}
