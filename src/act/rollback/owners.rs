//! Who owns a release beside Helm, and whether that is held back.
//!
//! A HelmRelease that is suspended and at rest does not undo a rollback: what it owns may be written then, as long as nobody
//! resumes it. Facts: helm-controller `internal/reconcile` (it takes no step while `spec.suspend` is true, and stops none).

use deckwatch_helm::plan::{Owner, OwnerKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::said;
use crate::core::{Error, Kind, Safe, Zone};
use crate::ops::deed::{Hold, flux};
use crate::sources::kube::Client;

/// The owners of a release.
#[derive(Debug, Default)]
pub struct Owners {
    /// All of them.
    pub all: Vec<Owner>,
    /// Those that are held back.
    pub held: Vec<Owner>,
    /// Those of them that have not come to rest.
    pub at_work: Vec<Owner>,
    /// Where those that are held back are.
    pub holds: Vec<Held>,
    /// What must be known of those that are held back.
    pub notes: Vec<Safe>,
}

/// An owner that was held back when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    owner: String,
    path: String,
}

impl Held {
    /// Looks whether it still is, right before the first write.
    ///
    /// # Errors
    /// It is not, or that can't be told: then nothing is to be sent.
    pub async fn still(&self, client: &Client) -> Result<(), Error> {
        let not_sent = |kind, why: &str| {
            let error = Error::new(kind, "roll back").on(self.owner.clone());
            error.detail(format!("nothing was sent: {why}"))
        };
        match client.get_json::<Value>(&self.path).await {
            Ok(owner) if !flux::is_held(&owner) => {
                Err(not_sent(Kind::Conflict, "it was resumed after the plan was made")
                    .hint("Flux would undo the rollback: suspend it again, and plan anew"))
            }
            Ok(owner) if flux::is_busy(&owner) => Err(not_sent(Kind::Conflict, "Flux is at work on it")
                .hint("wait until it is idle, and plan anew")),
            Ok(_) => Ok(()),
            // It may have been deleted together with what it deployed, or left it to Helm.
            Err(fail) if fail.error.kind == Kind::NotFound => {
                Err(not_sent(Kind::Conflict, "it is gone since the plan was made").hint("plan anew"))
            }
            Err(fail) => {
                let why = format!("whether it is still suspended can't be read: {}", fail.error.line());
                Err(not_sent(fail.error.kind, &why))
            }
        }
    }
}

impl Owners {
    /// Judges the HelmReleases that are about a release, each with its path.
    pub fn of(releases: &[(String, Value)]) -> Self {
        let mut owners = Self::default();
        for (path, release) in releases {
            let text = |p: &str| release.pointer(p).and_then(Value::as_str).unwrap_or("");
            let name = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
            let owner = Owner { kind: OwnerKind::FluxHelmRelease, name };
            owners.all.push(owner.clone());
            if !flux::is_held(release) {
                continue;
            }
            owners.held.push(owner.clone());
            owners.holds.push(Held { owner: owner.to_string(), path: path.clone() });
            if flux::is_busy(release) {
                owners.at_work.push(owner.clone());
            }
            owners.notes.push(said(format!("{owner} is {}", Hold::of(release).words(Zone::Utc))));
            owners.notes.push(said(format!("once it is resumed: {}", flux::will_deploy(release))));
        }
        owners
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn release(suspend: bool, reconciling: &str) -> (String, Value) {
        let release = json!({
            "metadata": {"name": "momo", "namespace": "flux", "annotations": {"deckwatch.dev/suspended-by": "ops"}},
            "spec": {"suspend": suspend, "chart": {"spec": {"version": "1.2.3"}}},
            "status": {"conditions": [{"type": "Reconciling", "status": reconciling}]},
        });
        ("/momo".to_owned(), release)
    }

    #[test]
    fn one_that_is_suspended_is_held_and_told_of_and_one_that_is_at_work_is_waited_for() {
        let free = Owners::of(&[release(false, "True")]);
        assert_eq!((free.all.len(), free.held.len(), free.at_work.len(), free.notes.len()), (1, 0, 0, 0));
        let held = Owners::of(&[release(true, "False")]);
        assert_eq!((held.all.len(), held.held.len(), held.at_work.len()), (1, 1, 0));
        assert_eq!(held.holds, [Held { owner: held.held[0].to_string(), path: "/momo".to_owned() }]);
        let notes: Vec<&str> = held.notes.iter().map(Safe::as_str).collect();
        assert_eq!(
            notes,
            [
                "Flux HelmRelease `flux/momo` is suspended by ops",
                "once it is resumed: Flux deploys again what git says: chart version 1.2.3",
            ]
        );
        assert_eq!(Owners::of(&[release(true, "True")]).at_work, held.held);
    }
}
