//! The stand's git repositories, one per application.
//!
//! Owns `run/gitops/*`: each has the application's objects in `app/`, on the branch `main`, with a history of
//! several commits. Tests may commit to them too. Never reads or writes git's configuration of the user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::testbed::error::{On, Result};
use crate::testbed::stand::{self, Stand};

/// The branch that Applications follow.
pub const BRANCH: &str = "main";

/// Where the history that a repository begins with ends, wherever the branch is taken to.
const WHOLE: &str = "refs/testbed/whole";

/// The history that a repository begins with: image tag, batch size in the ConfigMap, the commit's message.
const HISTORY: [(&str, &str, &str); 4] = [
    ("1.0.0", "100", "the newsletter, version 1.0.0"),
    ("1.1.0", "100", "version 1.1.0"),
    ("1.1.0", "250", "larger batches"),
    ("1.2.0", "250", "version 1.2.0"),
];

/// Returns the folder of an application's repository.
pub fn path(stand: &Stand, app: &str) -> PathBuf {
    stand.dirs.run("gitops").join(app)
}

/// Returns an application's repository, made with its history where it is missing.
pub fn ensure(stand: &Stand, app: &str) -> Result<PathBuf> {
    let path = path(stand, app);
    if path.is_dir() {
        return Ok(path);
    }
    // Under another name until it is whole, for the next one would take it as it is.
    let new = stand.dirs.run("gitops").join(format!(".{app}.new"));
    if new.is_dir() {
        fs::remove_dir_all(&new).on(new.display())?;
    }
    fs::create_dir_all(new.join("app")).on(new.display())?;
    git(stand, &new, &["init", "--quiet", "--initial-branch", BRANCH])?;
    for (tag, batch, message) in HISTORY {
        for name in ["deployment.yaml", "settings.yaml"] {
            let values = [("app", app), ("tag", tag), ("batch", batch)];
            let text = stand.config_with(&format!("argo/app/{name}"), &values)?;
            let file = new.join("app").join(name);
            fs::write(&file, text).on(file.display())?;
        }
        record(stand, &new, message)?;
    }
    git(stand, &new, &["update-ref", WHOLE, "HEAD"])?;
    fs::rename(&new, &path).on(path.display())?;
    Ok(path)
}

/// Returns the ids of all commits, oldest first; before that the branch gets back what [`go_to`] took from it.
pub fn commits(stand: &Stand, repository: &Path) -> Result<Vec<String>> {
    git(stand, repository, &["merge", "--quiet", "--ff-only", WHOLE])?;
    let text = git(stand, repository, &["log", "--reverse", "--format=%H", BRANCH])?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Takes the branch to one of its commits, as if the later ones were not made yet.
pub fn go_to(stand: &Stand, repository: &Path, commit: &str) -> Result<()> {
    git(stand, repository, &["reset", "--quiet", "--hard", commit]).map(drop)
}

/// Commits another image tag, and returns the commit's id; that of the last one where it has the tag already.
pub fn set_tag(stand: &Stand, repository: &Path, tag: &str) -> Result<String> {
    let file = repository.join("app/deployment.yaml");
    let text = fs::read_to_string(&file).on(file.display())?;
    let changed = with_tag(&text, tag);
    if changed != text {
        fs::write(&file, changed).on(file.display())?;
        record(stand, repository, &format!("version {tag}"))?;
    }
    Ok(git(stand, repository, &["rev-parse", BRANCH])?.trim().to_owned())
}

/// Returns a text in which every image has that tag.
fn with_tag(text: &str, tag: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.rsplit_once(':').filter(|_| line.trim_start_matches([' ', '-']).starts_with("image: ")) {
            Some((image, _)) => out.push_str(&format!("{image}:{tag}\n")),
            None => out.push_str(line),
        }
    }
    out
}

fn record(stand: &Stand, repository: &Path, message: &str) -> Result<()> {
    git(stand, repository, &["add", "--all"])?;
    git(stand, repository, &["commit", "--quiet", "--message", message]).map(drop)
}

/// Runs git with nothing of the user's in it, and returns what it printed.
fn git(stand: &Stand, repository: &Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(args).stdin(Stdio::null());
    command.env("HOME", stand.dirs.run("home")).env_remove("XDG_CONFIG_HOME");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Momo").env(format!("GIT_{who}_EMAIL"), "momo@momo.example");
    }
    let what = format!("git {}", args.join(" "));
    stand::printed(&what, &command.output().on(&what)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_get_the_tag() {
        let text = "  - name: a\n    image: registry.example:5000/shop/a:1.0.0\n    port: 80:90\n";
        let with = "  - name: a\n    image: registry.example:5000/shop/a:1.3.0\n    port: 80:90\n";
        assert_eq!(with_tag(text, "1.3.0"), with);
    }
}
