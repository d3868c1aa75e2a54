//! What actions are tried under, and what must come of it.

use serde_json::{Value, json};

use super::subjects::{Action, Subject};
use crate::proxy::{Script, Then};
use crate::stand::{apply, kubectl};

/// What an action is tried under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Allowed,
    Denied,
    Replaced,
    Changed,
    Lost,
    Webhook,
    NoDryRun,
    NoJournal,
    ReadOnly,
    Locked,
    Protected,
}

impl Condition {
    pub const ALL: [Self; 11] = [
        Self::Allowed,
        Self::Denied,
        Self::Replaced,
        Self::Changed,
        Self::Lost,
        Self::Webhook,
        Self::NoDryRun,
        Self::NoJournal,
        Self::ReadOnly,
        Self::Locked,
        Self::Protected,
    ];

    /// Returns a word for names of objects.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Replaced => "replaced",
            Self::Changed => "changed",
            Self::Lost => "lost",
            Self::Webhook => "webhook",
            Self::NoDryRun => "nodryrun",
            Self::NoJournal => "nojournal",
            Self::ReadOnly => "readonly",
            Self::Locked => "locked",
            Self::Protected => "protected",
        }
    }

    /// Returns the heading of its column, and what it is.
    pub const fn heading(self) -> (&'static str, &'static str) {
        match self {
            Self::Allowed => ("allowed", "everything is as it should be"),
            Self::Denied => ("denied", "the user may read, and nothing else"),
            Self::Replaced => (
                "replaced",
                "between plan and sending, the object is deleted and another of its name is made",
            ),
            Self::Changed => ("changed", "between plan and sending, somebody changes the object"),
            Self::Lost => ("reply lost", "the server does it, and its answer never arrives"),
            Self::Webhook => ("refused", "an admission policy of the cluster refuses it"),
            Self::NoDryRun => {
                ("no dry run", "a webhook with side effects keeps the server from trying it before")
            }
            Self::NoJournal => ("no journal", "the journal can't be written"),
            Self::ReadOnly => ("read-only", "nobody has said that it may write: `--plan`"),
            Self::Locked => ("locked", "the configuration says `readonly = \"locked\"`"),
            Self::Protected => ("protected", "the context is protected: `--yes`, then `--confirm NAME`"),
        }
    }

    /// Returns what the configuration says of the context.
    pub const fn configuration(self) -> &'static str {
        match self {
            Self::Locked => "protected = false\nreadonly = \"locked\"",
            Self::Protected => "protected = true",
            _ => "protected = false",
        }
    }

    /// Returns what the proxy does. What happens between plan and sending happens when the object is read for the
    /// second time, right before its request would be sent; to a release it happens when its plan is done, which a dry
    /// run ends.
    pub fn script(self, action: &'static Action, namespace: &str, name: &str) -> Script {
        let path = action.path(namespace, name);
        // Before the plan it is read for the editor.
        let second = if action.name == "edit" { 3 } else { 2 };
        let releases = action.subject == Subject::Release;
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let mut reads = 0;
        let mut lost = false;
        Box::new(move |seen| {
            let dry = seen.query.split('&').any(|part| part == "dryRun=All");
            let counts = if releases { dry } else { seen.method == http::Method::GET && seen.path == path };
            if counts {
                reads += 1;
                match self {
                    Self::Replaced if reads == second || releases => action.replace(&namespace, &name),
                    Self::Changed if reads == second || releases => action.change(&namespace, &name),
                    _ => {}
                }
            }
            match self {
                Self::NoDryRun if dry => Then::Answer(400, no_dry_run()),
                Self::Lost if seen.mutates() && !lost => {
                    lost = true;
                    Then::Lose
                }
                _ => Then::Pass,
            }
        })
    }
}

fn no_dry_run() -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 400,
        "reason": "BadRequest",
        "message": "admission webhook \"audit.example.org\" does not support dry run" })
}

/// Lets the server refuse every change in a namespace and to nodes that carry a label, and waits until it does.
pub fn refuse(namespace: &str, node: &str) {
    let policy = |name: &str, resources: &str, scope: &str| {
        json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": { "name": name }, "spec": { "failurePolicy": "Fail",
                "matchConstraints": { "resourceRules": [{ "apiGroups": ["*"], "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE", "DELETE"], "resources": [resources], "scope": scope }] },
                "validations": [{ "expression": "false", "message": "the house says no" }] } })
    };
    let binding = |name: &str, selects: Value| {
        json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": { "name": name },
            "spec": { "policyName": name, "validationActions": ["Deny"], "matchResources": selects } })
    };
    let here =
        json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": namespace } } });
    let nodes = json!({ "objectSelector": { "matchLabels": { "refused": "yes" } } });
    apply(&json!({ "apiVersion": "v1", "kind": "List", "items": [
        policy("actions-objects", "*/*", "Namespaced"), binding("actions-objects", here),
        policy("actions-nodes", "nodes", "Cluster"), binding("actions-nodes", nodes) ] }));
    let limit = std::time::Duration::from_secs(60);
    crate::stand::wait_until(limit, "the policy to be in force", || {
        let mut made = crate::stand::tool("kubectl");
        made.args(["create", "configmap", "probe", "-n", namespace, "--dry-run=server"]);
        let mut node_made = crate::stand::tool("kubectl");
        node_made.args(["annotate", "node", node, "a=b", "--dry-run=server"]);
        let refused = |output: std::process::Output| !output.status.success();
        (refused(made.output().unwrap()) && refused(node_made.output().unwrap())).then_some(())
    });
}

/// Takes the refusals away.
pub fn allow() {
    for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
        kubectl(["delete", kind, "actions-objects", "actions-nodes", "--ignore-not-found"]);
    }
}
