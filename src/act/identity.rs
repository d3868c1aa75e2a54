//! Who the API server takes us for, as it says itself: for the plan and the journal.
//!
//! Asked by `SelfSubjectReview`. With impersonation both are told: whom we act as and who logs in. Nothing is
//! guessed: a server that can't be asked makes it "not known". Tested on the simulated and a scripted server.

use crate::core::{Error, Kind, Result, Safe, Untrusted};
use crate::sources::kube::client::Client;
use crate::sources::kube::get::{Subject, login, whoami};

/// The most groups that are told.
const MOST: usize = 50;
/// The most characters of a name.
const LONGEST: usize = 256;
const NOT_ASKED: &str = "not known: the server has no SelfSubjectReview";

/// Who the API server takes us for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Identity {
    /// The user whose rights count.
    pub user: Safe,
    /// Its uid, where it has one.
    pub uid: Option<Safe>,
    /// Its groups, the first fifty of them; the last entry counts those beyond.
    pub groups: Vec<Safe>,
    /// Who logs in, where that is another who acts as the user; or why that is not known.
    pub login: Option<Safe>,
}

impl Identity {
    /// Returns it on one line, for the journal: `bob (groups ops, system:authenticated), acted as by ann`.
    pub fn line(&self) -> Safe {
        let mut line = self.user.to_string();
        if !self.groups.is_empty() {
            let groups: Vec<&str> = self.groups.iter().map(Safe::as_str).collect();
            line.push_str(&format!(" (groups {})", groups.join(", ")));
        }
        if let Some(login) = &self.login {
            line.push_str(&format!(", acted as by {login}"));
        }
        Safe::of(&line)
    }
}

/// Asks the server who we are; with impersonation, also who logs in. At most three short requests for each.
///
/// # Errors
/// Those of the request. That the server has no such question is none: then it is "not known", and whom we
/// act as is what the kubeconfig says.
pub async fn of(client: &Client) -> Result<Identity> {
    let acts_as = client.acts_as();
    let mut identity = match (whoami(client).await, acts_as) {
        (Ok(subject), _) => Identity::of(&subject),
        (Err(error), Some(acts_as)) if error.kind == Kind::NotFound => Identity::of(&Subject {
            username: acts_as.user.as_str().into(),
            uid: acts_as.uid.as_deref().unwrap_or("").into(),
            groups: acts_as.groups.iter().map(|g| g.as_str().into()).collect(),
        }),
        (Err(error), None) if error.kind == Kind::NotFound => {
            Identity { user: Safe::own(NOT_ASKED), uid: None, groups: Vec::new(), login: None }
        }
        (Err(error), _) => return Err(error),
    };
    if acts_as.is_some() {
        identity.login = Some(match login(client).await {
            Ok(subject) => short(&subject.username),
            Err(error) => unknown(&error),
        });
    }
    Ok(identity)
}

impl Identity {
    fn of(subject: &Subject) -> Self {
        let mut groups: Vec<Safe> = subject.groups.iter().take(MOST).map(short).collect();
        let more = subject.groups.len().saturating_sub(MOST);
        if more > 0 {
            groups.push(Safe::of(&format!("and {more} more")));
        }
        let uid = Some(&subject.uid).filter(|uid| !uid.is_empty()).map(short);
        Self { user: short(&subject.username), uid, groups, login: None }
    }
}

fn short(text: &Untrusted) -> Safe {
    text.clipped(LONGEST)
}

fn unknown(error: &Error) -> Safe {
    match error.kind {
        Kind::NotFound => Safe::own(NOT_ASKED),
        _ => Safe::of(&format!("not known: {}", error.line())),
    }
}

#[cfg(test)]
mod tests;
