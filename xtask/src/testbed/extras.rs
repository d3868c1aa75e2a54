//! What a stand has only when it is asked for: `--with argo`, `--with flux`.
//!
//! Owns the note in the run's folder that says what was asked for, so that a later `up` and `status` know.
//! Never part of an ordinary stand, whose build and start get no longer by it. Tested on the real servers.

use std::fs;
use std::process::{Command, Stdio};

use super::argo;
use super::crds;
use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::servers::Server;
use super::stand::Stand;

/// A part that is not there unless it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Extra {
    /// Argo CD's application controller and repo server, Argo Rollouts' controller, a git repository.
    Argo,
    /// The kinds of Flux, without its controllers.
    Flux,
}

/// Both, in the order in which they are built.
const EXTRAS: [Extra; 2] = [Extra::Argo, Extra::Flux];

/// Which of them a command is about.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct With {
    /// Also this, which an ordinary stand does not have; may be given twice.
    #[arg(long = "with", value_name = "WHAT", value_enum, value_delimiter = ',')]
    extras: Vec<Extra>,
}

impl With {
    /// Returns what was asked for.
    pub fn extras(&self) -> &[Extra] {
        &self.extras
    }
}

impl Extra {
    fn name(self) -> &'static str {
        match self {
            Self::Argo => "argo",
            Self::Flux => "flux",
        }
    }

    /// Returns the sets of definitions that it brings, by their names in [`crds`].
    pub fn sets(self) -> &'static [&'static str] {
        match self {
            Self::Argo => &["argo-cd", "argo-rollouts"],
            Self::Flux => &["flux"],
        }
    }

    /// Returns one kind of each of those sets.
    fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Argo => &["applications.argoproj.io", "appprojects.argoproj.io", "rollouts.argoproj.io"],
            Self::Flux => &[
                "helmreleases.helm.toolkit.fluxcd.io",
                "kustomizations.kustomize.toolkit.fluxcd.io",
                "gitrepositories.source.toolkit.fluxcd.io",
            ],
        }
    }

    /// Returns the programs that must be installed on the machine, and the Debian package of each.
    fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Argo => &[("redis-server", "redis-server"), ("git", "git")],
            Self::Flux => &[],
        }
    }
}

/// Returns what a stand's run was asked to have, together with what is asked for now.
pub fn of(dirs: &Dirs, now: &[Extra]) -> Vec<Extra> {
    let mut all = EXTRAS.to_vec();
    all.retain(|extra| now.contains(extra) || note(dirs, *extra).is_file());
    all
}

/// Notes in the run's folder what the stand has from now on.
pub fn keep(dirs: &Dirs, extras: &[Extra]) -> Result<()> {
    for extra in extras {
        let note = note(dirs, *extra);
        let folder = dirs.run("with");
        fs::create_dir_all(&folder).on(folder.display())?;
        fs::write(&note, "").on(note.display())?;
    }
    Ok(())
}

fn note(dirs: &Dirs, extra: Extra) -> std::path::PathBuf {
    dirs.run("with").join(extra.name())
}

/// Fails with a hint where a program that cannot be built is not installed.
pub fn check(extras: &[Extra]) -> Result<()> {
    let mut missing: Vec<_> = extras.iter().flat_map(|extra| extra.programs()).collect();
    missing.retain(|(program, _)| !runs(program));
    let (programs, packages): (Vec<_>, Vec<_>) = missing.into_iter().copied().unzip();
    if programs.is_empty() {
        return Ok(());
    }
    Err(Error::new("--with argo", format!("not installed: {}", programs.join(", ")))
        .hint(format!("On Debian: `apt-get install {}`.", packages.join(" "))))
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns the servers that these bring, in the order in which they are started.
pub fn servers(extras: &[Extra]) -> Vec<Server> {
    if extras.contains(&Extra::Argo) { argo::servers::ALL.to_vec() } else { Vec::new() }
}

/// Applies the kinds and objects that the servers of these need before they are started.
pub fn prepare(stand: &Stand, extras: &[Extra]) -> Result<()> {
    let sets: Vec<_> = extras.iter().flat_map(|extra| extra.sets()).copied().collect();
    if sets.is_empty() {
        return Ok(());
    }
    crds::apply(stand, &sets)?;
    if extras.contains(&Extra::Argo) { argo::prepare(stand) } else { Ok(()) }
}

/// Tells what the cluster lacks of these; `None` when it has all of their kinds.
pub fn lacking(stand: &Stand, extras: &[Extra]) -> Result<Option<String>> {
    let kinds: Vec<_> = extras.iter().flat_map(|extra| extra.kinds()).copied().collect();
    if kinds.is_empty() {
        return Ok(None);
    }
    let mut args = vec!["get", "crd", "--ignore-not-found", "-o", "name", "--request-timeout=5s"];
    args.extend(&kinds);
    let there = stand.kubectl(&args)?;
    let lacks = |kind: &&&str| !there.lines().any(|line| line.ends_with(&format!("/{kind}")));
    Ok(kinds.iter().find(lacks).map(|kind| format!("the kind {kind} is not there")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_installed_is_told_from_one_that_is() {
        assert!(runs("git"));
        assert!(!runs("deckwatch-no-such-program"));
    }

    #[test]
    fn every_set_of_kinds_that_an_extra_brings_can_be_taken() {
        for set in EXTRAS.iter().flat_map(|extra| extra.sets()) {
            assert!(crds::find(set).is_some(), "{set}");
        }
    }
}
