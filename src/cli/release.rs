//! The command line of releases: the words of `helm list` and `helm get`.

use clap::{Args, Subcommand};

use super::args::Printed;

/// What is printed of a revision.
#[derive(Debug, Subcommand)]
pub enum ReleaseCommand {
    /// Prints the values that the user gave.
    Values {
        /// All values that it was rendered with: the chart's, with the user's over them.
        #[arg(long)]
        all: bool,
        /// Of which revision, and how.
        #[command(flatten)]
        of: Shown,
    },
    /// Prints the manifest: the objects, without hooks.
    Manifest(Shown),
    /// Prints the chart's notes.
    Notes(Shown),
    /// Prints the hooks.
    Hooks(Shown),
    /// Prints what is known of the revision and its chart.
    Metadata(Of),
    /// Prints the state of the revision, and how its objects are now.
    Status(Shown),
    /// Prints the versions of its chart that the configured repositories have, the newest first.
    Versions {
        /// Those that are not newer than the release's too.
        #[arg(long)]
        all: bool,
        /// Those that come before a release too, such as `1.0.0-rc.1`.
        #[arg(long)]
        devel: bool,
        /// How many are printed at most; 0 for all.
        #[arg(long, value_name = "N", default_value_t = 20)]
        max: usize,
        /// Of which revision's chart, and how.
        #[command(flatten)]
        of: Of,
    },
}

/// A revision of a release.
#[derive(Debug, Args)]
pub struct Of {
    /// The release.
    pub release: String,
    /// The revision; the newest when left out.
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}

/// A revision of a release, and whether secrets are shown.
#[derive(Debug, Args)]
pub struct Shown {
    /// Of which revision, and how it is printed.
    #[command(flatten)]
    pub of: Of,
    /// Prints what is secret as well: data of Secrets, values whose key says so, passwords in URLs.
    #[arg(long)]
    pub reveal: bool,
}

/// Which releases are listed, and how.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, as helm list has them")]
pub struct Listed {
    /// Of any state; so it is too when no state is named.
    #[arg(long)]
    pub all: bool,
    /// Those that are deployed; this and the following states may be combined.
    #[arg(long)]
    pub deployed: bool,
    /// Those whose last operation failed.
    #[arg(long)]
    pub failed: bool,
    /// Those with an operation under way, or one that died.
    #[arg(long)]
    pub pending: bool,
    /// Those that are superseded; alone, every superseded revision.
    #[arg(long)]
    pub superseded: bool,
    /// Those that were uninstalled with their history kept.
    #[arg(long)]
    pub uninstalled: bool,
    /// Those that are being uninstalled.
    #[arg(long)]
    pub uninstalling: bool,
    /// Only releases whose name matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<String>,
    /// Sorts by the time of the revision, not by name.
    #[arg(long)]
    pub date: bool,
    /// Sorts the other way round.
    #[arg(long)]
    pub reverse: bool,
    /// How many are printed at most; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub max: usize,
    /// How many are left out before the first.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
    /// Prints only names.
    #[arg(long)]
    pub short: bool,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}

/// Two revisions to compare.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, as helm-diff has them")]
pub struct Compared {
    /// The release.
    pub release: String,
    /// The revision that is left; the one before the other when left out. It may be the newer one: then the difference is
    /// what a rollback would do.
    pub from: Option<u32>,
    /// The revision that is gone to; the newest when left out.
    pub to: Option<u32>,
    /// How many unchanged lines are printed around each change, as helm-diff's `-C`; -1 for all.
    #[arg(short = 'C', long, value_name = "N", default_value_t = 3, allow_hyphen_values = true)]
    pub context_lines: i64,
    /// Prints of objects of this kind only that they differ; may be given more than once.
    #[arg(long, value_name = "KIND")]
    pub suppress: Vec<String>,
    /// Leaves hooks out.
    #[arg(long)]
    pub no_hooks: bool,
    /// Leaves the values out.
    #[arg(long)]
    pub no_values: bool,
    /// Ends with 2 where objects differ.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Prints what is secret as well.
    #[arg(long)]
    pub reveal: bool,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}
