//! `argo app` and `argo commit`: an Application of the real Argo CD, and changes of what it follows.
//!
//! Owns the Application's text. A second call changes nothing where the Application follows the branch already.

use serde_json::Value;

use super::{APP, repository, text, wait_for};
use crate::testbed::error::Result;
use crate::testbed::stand::Stand;

const KIND: &str = "applications.argoproj.io";

/// The Application's command line.
#[derive(clap::Args)]
pub struct Args {
    /// The Application's name: of its repository and its Deployment too.
    #[arg(default_value = APP)]
    name: String,
    /// The namespace that its objects are put into; its name where nothing is said.
    #[arg(short, long)]
    namespace: Option<String>,
}

/// What is committed.
#[derive(clap::Args)]
pub struct CommitArgs {
    /// The Application's name.
    #[arg(default_value = APP)]
    name: String,
    /// The image tag.
    #[arg(long)]
    tag: String,
}

/// Makes the Application and returns when it is in sync with the branch and healthy.
///
/// The repository of a new one grows commit by commit while Argo CD follows it, so that its own history has an entry
/// for each. It follows the branch from the start: it would take another `targetRevision` for another wish, and
/// answer the first drift by a whole sync that is no healing.
pub fn make(stand: &Stand, args: &Args) -> Result<()> {
    let app =
        Application { stand, name: &args.name, namespace: args.namespace.as_ref().unwrap_or(&args.name) };
    let path = repository::ensure(stand, app.name)?;
    let commits = repository::commits(stand, &path)?;
    let walk = if app.is_there()? { Vec::new() } else { commits.clone() };
    for commit in &walk {
        repository::go_to(stand, &path, commit)?;
        app.apply()?;
        look(stand, app.name)?;
        app.wait(commit)?;
        println!("{} is at {commit}", app.name);
    }
    let Some(last) = commits.last() else { return Ok(()) };
    app.apply()?;
    app.wait(last)?;
    println!("{} follows {} of {}", app.name, repository::BRANCH, path.display());
    Ok(())
}

/// Commits another image tag, and lets Argo CD look at once, as a webhook would.
pub fn commit(stand: &Stand, args: &CommitArgs) -> Result<()> {
    let path = repository::ensure(stand, &args.name)?;
    let commit = repository::set_tag(stand, &path, &args.tag)?;
    let app = Application { stand, name: &args.name, namespace: "" };
    if app.is_there()? {
        look(stand, &args.name)?;
    }
    println!("{commit}");
    Ok(())
}

/// Asks Argo CD to look into the repository now.
fn look(stand: &Stand, name: &str) -> Result<()> {
    let look = "argocd.argoproj.io/refresh=normal";
    stand.kubectl(&["annotate", "--overwrite", KIND, name, "-n", "argocd", look]).map(drop)
}

struct Application<'a> {
    stand: &'a Stand,
    name: &'a str,
    namespace: &'a str,
}

impl Application<'_> {
    fn is_there(&self) -> Result<bool> {
        let args = ["get", KIND, self.name, "-n", "argocd", "--ignore-not-found", "-o", "name"];
        Ok(!self.stand.kubectl(&args)?.is_empty())
    }

    fn apply(&self) -> Result<()> {
        let values = [("app", self.name), ("namespace", self.namespace), ("revision", repository::BRANCH)];
        let text = self.stand.config_with("argo/application.yaml", &values)?;
        self.stand.apply("the Application", &text)
    }

    /// Waits until a commit is deployed and healthy.
    fn wait(&self, commit: &str) -> Result<Value> {
        wait_for(self.stand, (KIND, "argocd", self.name), |app| lacks(app, commit))
    }
}

/// Tells what an Application lacks to be at a commit and healthy.
fn lacks(app: &Value, commit: &str) -> Option<String> {
    let wanted = [
        ("/status/sync/revision", commit),
        ("/status/sync/status", "Synced"),
        ("/status/operationState/phase", "Succeeded"),
        ("/status/operationState/syncResult/revision", commit),
        ("/status/health/status", "Healthy"),
    ];
    let differs = wanted.into_iter().find(|(pointer, value)| text(app, pointer) != *value)?;
    let (pointer, value) = differs;
    let conditions = app.pointer("/status/conditions").map(Value::to_string).unwrap_or_default();
    let said = text(app, "/status/operationState/message");
    Some(format!("{pointer} is `{}` instead of `{value}` {said} {conditions}", text(app, pointer)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_application_is_there_when_the_commit_is_deployed_and_healthy() {
        let app = |sync: &str, deployed: &str, health: &str| {
            json!({"status": {
                "sync": {"status": sync, "revision": "abc"},
                "operationState": {"phase": "Succeeded", "syncResult": {"revision": deployed}},
                "health": {"status": health},
            }})
        };
        assert_eq!(lacks(&app("Synced", "abc", "Healthy"), "abc"), None);
        assert!(lacks(&app("OutOfSync", "abc", "Healthy"), "abc").unwrap().contains("`OutOfSync`"));
        assert!(lacks(&app("Synced", "abc", "Progressing"), "abc").unwrap().contains("`Progressing`"));
        assert!(lacks(&app("Synced", "def", "Healthy"), "abc").unwrap().contains("`def` instead of `abc`"));
        assert!(lacks(&app("Synced", "abc", "Healthy"), "def").unwrap().contains("`abc` instead of `def`"));
    }
}
