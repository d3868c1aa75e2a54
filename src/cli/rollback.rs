//! The command line of `deckwatch rollback`: Helm's own flags, under Helm's own names.

use clap::{Args, ValueEnum};
use deckwatch_helm::options::{self, Options};
use deckwatch_helm::record::Generation;

use super::args::Sent;
use crate::core::{Error, Kind, Result, Span};

/// How many characters Helm lets a description have.
const LONGEST_DESCRIPTION: usize = 256;

/// A rollback.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The release.
    pub release: String,
    /// The revision to go back to; the last good one when left out.
    pub revision: Option<u32>,
    /// Waits until everything is ready, as the release's own Helm judges it, or as `watcher` (kstatus) or `legacy` (Helm 3)
    /// does; `hookOnly` waits for hooks alone.
    #[arg(long, value_name = "FOR", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub wait: Option<Waits>,
    /// How long it waits, and how long each hook may take.
    #[arg(long, value_name = "LENGTH", default_value = "5m")]
    pub timeout: String,
    /// How Helm would be told to do it.
    #[command(flatten)]
    pub flags: Flags,
    /// How it is confirmed and printed.
    #[command(flatten)]
    pub sent: Sent,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Waits {
    /// What the release's own Helm waits for.
    #[value(name = "true", hide = true)]
    Plain,
    /// Readiness as kstatus judges it.
    Watcher,
    /// Readiness as Helm 3 judges it.
    Legacy,
    /// Hooks alone.
    #[value(name = "hookOnly", alias = "false")]
    HookOnly,
}

/// Whether the server merges what is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ServerSide {
    /// As the revision that is gone back to was applied.
    #[default]
    Auto,
    /// Always.
    True,
    /// Never.
    False,
}

/// Whose ways are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HelmMajor {
    /// Those of Helm 3.
    #[value(name = "3")]
    Three,
    /// Those of Helm 4.
    #[value(name = "4")]
    Four,
}

/// The flags of `helm rollback` that change what is sent.
#[derive(Clone, Debug, Args)]
pub struct Flags {
    /// Does everything as Helm does it, also what is known to go wrong: without a revision it takes the one before the last,
    /// it asks neither who is at work nor what the server would refuse, and it leaves what Helm leaves.
    #[arg(long)]
    pub strict_helm: bool,
    /// Takes away what revisions that failed have left behind: their objects, and fields of others. Helm never does.
    #[arg(long, conflicts_with = "strict_helm")]
    pub repair: bool,
    /// Follows the ways of this Helm; of the one that wrote the release when left out.
    #[arg(long, value_name = "MAJOR", value_enum)]
    pub helm: Option<HelmMajor>,
    /// Waits for Jobs until they are complete, where it waits at all.
    #[arg(long)]
    pub wait_for_jobs: bool,
    /// Runs no hooks.
    #[arg(long)]
    pub no_hooks: bool,
    /// Deletes what it created when it fails.
    #[arg(long)]
    pub cleanup_on_fail: bool,
    /// Deletes the pods of what it changed, so that they start anew; of Helm 3.
    #[arg(long)]
    pub recreate_pods: bool,
    /// Replaces objects instead of patching them.
    #[arg(long, visible_alias = "force", conflicts_with = "force_conflicts")]
    pub force_replace: bool,
    /// Lets the server merge what is applied; of Helm 4.
    #[arg(long, value_name = "WHETHER", value_enum, default_value_t)]
    pub server_side: ServerSide,
    /// Takes fields over that others own, where the server merges.
    #[arg(long)]
    pub force_conflicts: bool,
    /// How many records the release keeps; 0 is no limit.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub history_max: usize,
    /// What the new record says of itself, instead of `Rollback to N`; of Helm 4.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
}

impl Rollback {
    /// Returns how it is to be carried out, and how long it waits until everything is ready.
    ///
    /// # Errors
    /// `Usage`: a length that is none, or a description that is too long.
    pub fn options(&self) -> Result<(Options, Option<Span>)> {
        let wrong = |on: &str, detail: String| Error::new(Kind::Usage, "roll back").on(on).detail(detail);
        let timeout = Span::parse(&self.timeout)
            .ok_or_else(|| wrong(&self.timeout, "--timeout is a length, as in 5m".to_owned()))?;
        let flags = &self.flags;
        let long = flags.description.as_ref().map_or(0, |text| text.chars().count());
        if long > LONGEST_DESCRIPTION {
            let detail = format!("it has {long} characters; Helm takes {LONGEST_DESCRIPTION}");
            return Err(wrong("--description", detail));
        }
        let options = Options {
            helm: flags.helm.map(|helm| match helm {
                HelmMajor::Three => Generation::V3,
                HelmMajor::Four => Generation::V4,
            }),
            // What a plain `--wait` means is known with the plan.
            wait: match self.wait {
                Some(Waits::Watcher) => options::Wait::Watcher,
                Some(Waits::Legacy) => options::Wait::Legacy,
                Some(Waits::Plain | Waits::HookOnly) | None => options::Wait::None,
            },
            wait_for_jobs: flags.wait_for_jobs,
            timeout_ns: timeout.0,
            no_hooks: flags.no_hooks,
            cleanup_on_fail: flags.cleanup_on_fail,
            recreate_pods: flags.recreate_pods,
            force_replace: flags.force_replace,
            server_side: match flags.server_side {
                ServerSide::Auto => options::ServerSide::Auto,
                ServerSide::True => options::ServerSide::Yes,
                ServerSide::False => options::ServerSide::No,
            },
            force_conflicts: flags.force_conflicts,
            max_history: flags.history_max,
            description: flags.description.clone(),
            repair: flags.repair,
            strict: flags.strict_helm,
        };
        let waits = matches!(self.wait, Some(Waits::Plain | Waits::Watcher | Waits::Legacy));
        Ok((options, waits.then_some(timeout)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn read(args: &[&str]) -> std::result::Result<Rollback, String> {
        let line = [&["deckwatch", "rollback", "momo"], args].concat();
        match Cli::try_parse_from(line).map_err(|e| e.to_string())?.command {
            Some(Command::Rollback(rollback)) => Ok(*rollback),
            other => Err(format!("{other:?}")),
        }
    }

    fn options(args: &[&str]) -> (Options, Option<Span>) {
        read(args).unwrap().options().unwrap()
    }

    #[test]
    fn without_flags_it_is_what_helm_does_without_flags() {
        assert_eq!(options(&["6", "--plan"]), (Options::default(), None));
    }

    #[test]
    fn every_flag_of_helm_has_its_place() {
        let all = [
            "--strict-helm",
            "--helm=4",
            "--wait=legacy",
            "--wait-for-jobs",
            "--timeout=90s",
            "--no-hooks",
            "--cleanup-on-fail",
            "--recreate-pods",
            "--force-conflicts",
            "--server-side=true",
            "--history-max=0",
            "--description=back",
        ];
        let expected = Options {
            helm: Some(Generation::V4),
            wait: options::Wait::Legacy,
            wait_for_jobs: true,
            timeout_ns: 90_000_000_000,
            no_hooks: true,
            cleanup_on_fail: true,
            recreate_pods: true,
            force_replace: false,
            server_side: options::ServerSide::Yes,
            force_conflicts: true,
            max_history: 0,
            description: Some("back".to_owned()),
            repair: false,
            strict: true,
        };
        assert!(options(&["--repair"]).0.repair);
        assert_eq!(options(&all), (expected, Some(Span::secs(90))));
        for force in ["--force", "--force-replace"] {
            assert!(options(&[force]).0.force_replace, "{force}");
            assert!(read(&[force, "--force-conflicts"]).unwrap_err().contains("cannot be used with"));
        }
    }

    #[test]
    fn waiting_is_said_as_to_either_helm() {
        use options::Wait;
        let limit = Some(Span::mins(5));
        for (said, wait, waits) in [
            ("--wait", Wait::None, limit),
            ("--wait=true", Wait::None, limit),
            ("--wait=watcher", Wait::Watcher, limit),
            ("--wait=hookOnly", Wait::None, None),
            ("--wait=false", Wait::None, None),
        ] {
            let (options, span) = options(&[said]);
            assert_eq!((options.wait, span), (wait, waits), "{said}");
        }
        // A word after it is the revision's place.
        assert!(read(&["--wait", "watcher"]).is_err());
    }

    #[test]
    fn a_description_is_as_long_as_helm_lets_it_be() {
        let of = |long: usize| read(&["--description", &"é".repeat(long)]).unwrap().options();
        assert!(of(256).is_ok());
        assert!(of(257).unwrap_err().line().contains("257"));
    }
}
