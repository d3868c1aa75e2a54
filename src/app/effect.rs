//! What `update` asks the outside to do, as data.

use std::sync::Arc;

use crate::core::{Fingerprint, Name, ObjectRef, Resource, Safe, Span, Ts, Untrusted, Window};
use crate::ops;
use crate::query::profile;

/// The effects of one message, in order.
pub type Effects = Vec<Effect>;

/// A place that can have one question open: a view (0 for what runs behind all views) and a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The page's number, 0 for the background.
    pub page: u32,
    /// The part of it.
    pub part: u16,
}

/// A question's identity: answers to older generations of a slot are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryId {
    /// Who asks.
    pub slot: Slot,
    /// Which of its questions.
    pub generation: u64,
}

/// Where objects are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The whole cluster.
    #[default]
    All,
    /// One namespace.
    Namespace(Name),
}

impl Scope {
    /// Returns the namespace, if it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Namespace(name) => Some(name.as_str()),
        }
    }

    /// Returns whether an object of that namespace is inside.
    pub fn holds(&self, namespace: &str) -> bool {
        self.namespace().is_none_or(|ns| ns == namespace)
    }
}

/// A list and watch that runs while some view needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Objects of a kind.
    Objects(Resource),
    /// Metadata of Helm's release records.
    Releases,
}

/// Whose logs are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogScope {
    /// How wide.
    pub scope: profile::Scope,
    /// Of what.
    pub target: profile::Target,
    /// Pods that are known to belong to it now, for the kubelet.
    pub pods: Vec<PodContainers>,
}

/// A pod with its containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodContainers {
    /// The pod.
    pub pod: Name,
    /// Its containers.
    pub containers: Vec<Name>,
}

/// Which lines are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPage {
    /// Around an instant.
    Around(Ts),
    /// The newest ones.
    Newest,
    /// Those of a window before what is there, from its end.
    Older(Window),
    /// Those of a window after what is there, from its beginning.
    Newer {
        /// The window; it may overlap what is there, for lines that come late.
        window: Window,
        /// From when the kubelet's are wanted, which may have been read farther than Loki's, or less far.
        kubelet: Ts,
    },
}

/// A question to a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Alerts of every Alertmanager and rule.
    Alerts,
    /// PromQL over a window.
    Range {
        /// The expression.
        expr: Arc<str>,
        /// The window, aligned to the step.
        window: Window,
        /// The step.
        step: Span,
    },
    /// PromQL over a window, asked where an alert's rule is evaluated.
    RuleRange {
        /// The places that told of the alert.
        told_by: Vec<Untrusted>,
        /// The expression.
        expr: Arc<str>,
        /// The window, aligned to the step.
        window: Window,
        /// The step.
        step: Span,
    },
    /// Log lines.
    Logs {
        /// Whose.
        scope: LogScope,
        /// Which.
        page: LogPage,
        /// How far around.
        window: Window,
        /// How many lines at most.
        limit: usize,
        /// Whether the container before the last restart is meant.
        previous: bool,
    },
    /// An object as JSON.
    Object(ObjectRef),
    /// Who edited what: managedFields of an object and of the ConfigMaps and Secrets that it refers to.
    Edits(ObjectRef),
    /// One record of a release.
    Record {
        /// Namespace.
        namespace: Name,
        /// Release.
        release: Name,
        /// Revision.
        revision: u32,
    },
    /// One revision of a release with what is not in its record.
    Standing {
        /// Namespace.
        namespace: Name,
        /// Release.
        release: Name,
        /// Revision.
        revision: u32,
        /// Whether its objects are read.
        live: bool,
    },
    /// The versions of a chart in every repository that may have it.
    Versions(Untrusted),
    /// The revisions of a workload.
    Revisions(ObjectRef),
    /// Silences of every Alertmanager, or of the one of that name.
    Silences(Option<Untrusted>),
    /// What Flux, Argo CD and Argo Rollouts look after, in these namespaces.
    Kept(Scope),
    /// A plan.
    Plan(ops::Wanted),
}

/// Something to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Ask a source; the answer comes as [`super::Msg::Answer`].
    Ask(QueryId, Query),
    /// The answer is no longer wanted.
    Cancel(Slot),
    /// Start a list and watch.
    Watch(Feed, Scope),
    /// Stop it.
    Unwatch(Feed, Scope),
    /// Send [`super::Msg::Due`] at that time.
    After(Timer, Ts),
    /// Try all sources that wait, now.
    RetrySources,
    /// Put text on the clipboard.
    Copy(Safe),
    /// Write an entry into the journal.
    Journal(ops::Record),
    /// Carry out a confirmed plan.
    Run(Box<ops::Confirmed>),
    /// Stop a running plan before its next object.
    Stop(ops::PlanId),
    /// Write the journal as Markdown into the state folder.
    ExportJournal,
    /// Read what alerts were bound to.
    ReadBindings,
    /// Look for plans that earlier processes have left without an end.
    Recover,
    /// Remember what an alert is bound to, or that it is bound no more.
    Bind(Fingerprint, Option<ObjectRef>),
    /// Read an object to be edited; it comes as [`super::Msg::Opened`].
    Open(ObjectRef),
    /// Hand the terminal to the editor; what is saved comes as [`super::Msg::Edited`].
    Edit(ObjectRef, Arc<serde_json::Value>),
    /// Draw the whole screen anew.
    Redraw,
    /// Suspend to the shell.
    Suspend,
    /// End.
    Quit,
}

impl Effect {
    /// Returns its name, without anything that it carries.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ask(..) => "ask",
            Self::Cancel(_) => "cancel",
            Self::Watch(..) => "watch",
            Self::Unwatch(..) => "unwatch",
            Self::After(..) => "after",
            Self::RetrySources => "retry-sources",
            Self::Copy(_) => "copy",
            Self::Journal(_) => "journal",
            Self::ReadBindings => "read-bindings",
            Self::Recover => "recover",
            Self::Bind(..) => "bind",
            Self::Run(_) => "run",
            Self::Stop(_) => "stop",
            Self::ExportJournal => "export-journal",
            Self::Open(_) => "open",
            Self::Edit(..) => "edit",
            Self::Redraw => "redraw",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
        }
    }
}

/// A timer's name; asking for one again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The clock in the header and ages.
    Clock,
    /// The next poll of alerts.
    Alerts,
    /// The box of chords.
    Chord,
    /// A page asks again what it shows live.
    Page(u32),
    /// The moment has come to rest and is asked.
    Settle,
    /// A notice goes.
    Notice(u32),
}
