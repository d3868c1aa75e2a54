//! Everything that enters `update`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::effect::{Feed, QueryId, Scope, Timer};
use crate::core::key::Key;
use crate::core::{Error, Fingerprint, Labels, Name, ObjectRef, Safe, Ts, Uid, Untrusted};
use crate::ops;
use crate::store::alerts::{Alert, Rule};
use crate::store::batch::Batch;
use crate::store::changes::Edits;
use crate::store::charts::Offered;
use crate::store::health::Health;
use crate::store::objects::Object;
use crate::store::releases::{ObjectNow, Release};
use crate::store::series::Matrix;

/// One message.
#[derive(Debug)]
pub enum Msg {
    /// A key; `repeat` when the terminal says that it is held.
    Key {
        /// The key.
        key: Key,
        /// Whether it is held.
        repeat: bool,
    },
    /// Pasted text; never a key, never a confirmation.
    Paste(String),
    /// The terminal's new size in cells.
    Resized(u16, u16),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// A timer is due.
    Due(Timer),
    /// News of a list and watch.
    Feed(Feed, Scope, FeedMsg),
    /// The answer to a question.
    Answer(QueryId, Result<Answer, Error>),
    /// A source's health changed.
    Health(Health),
    /// A plan of an earlier process that has no end yet.
    Taken(Box<Taken>),
    /// A running plan's news.
    Job(ops::PlanId, ops::JobMsg),
    /// An object that is to be edited was read.
    Opened(ObjectRef, Result<Arc<serde_json::Value>, Error>),
    /// An object comes back from the editor: as it was opened, and as it was saved; none where nothing was changed.
    Edited(ObjectRef, Arc<serde_json::Value>, Result<Option<Saved>, Error>),
    /// An entry was written into the journal, or could not be.
    Journalled(ops::Record, Result<(), Error>),
    /// What alerts were bound to in earlier sessions.
    Bound(BTreeMap<Fingerprint, ObjectRef>),
    /// Something to tell the person.
    Notice(Error),
    /// Something was done that the person asked for.
    Done(Untrusted),
}

impl Msg {
    /// Returns its kind, without anything that it carries: for reports of a crash.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Paste(_) => "paste",
            Self::Resized(..) => "resized",
            Self::Focus(_) => "focus",
            Self::Bound(_) => "bound",
            Self::Due(timer) => match timer {
                Timer::Clock => "due clock",
                Timer::Alerts => "due alerts",
                Timer::Chord => "due chord",
                Timer::Page(_) => "due page",
                Timer::Settle => "due settle",
                Timer::Notice(_) => "due notice",
            },
            Self::Feed(_, _, news) => match news {
                FeedMsg::Page(_) => "feed page",
                FeedMsg::Synced(_) => "feed synced",
                FeedMsg::Changes { .. } => "feed changes",
                FeedMsg::Unreadable(_) => "feed unreadable",
                FeedMsg::Releases(_) => "feed releases",
                FeedMsg::State(_) => "feed state",
            },
            Self::Answer(_, Err(_)) => "answer error",
            Self::Answer(_, Ok(answer)) => match answer {
                Answer::Alerts(_) => "answer alerts",
                Answer::Range(_) => "answer range",
                Answer::Logs(_) => "answer logs",
                Answer::Object(_) => "answer object",
                Answer::Edits(_) => "answer edits",
                Answer::Record(_) => "answer record",
                Answer::Standing(_) => "answer standing",
                Answer::Versions(_) => "answer versions",
                Answer::Revisions(_) => "answer revisions",
                Answer::Silences(_) => "answer silences",
                Answer::Kept(_) => "answer kept",
                Answer::Plan(_) => "answer plan",
            },
            Self::Health(_) => "health",
            Self::Taken(_) => "taken",
            Self::Job(..) => "job",
            Self::Opened(..) => "opened",
            Self::Edited(..) => "edited",
            Self::Journalled(..) => "journalled",
            Self::Notice(_) => "notice",
            Self::Done(_) => "done",
        }
    }
}

/// A plan of an earlier process.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Which.
    pub id: ops::PlanId,
    /// What it was to do, in words.
    pub aim: crate::core::Safe,
    /// When it was confirmed.
    pub confirmed: Ts,
    /// The plan as it was shown, where it was kept.
    pub shown: Option<Arc<ops::Plan>>,
    /// Whether its process is still there.
    pub live: bool,
}

/// What was saved in an editor.
#[derive(Debug)]
pub struct Saved {
    /// The object.
    pub object: serde_json::Value,
    /// Where the text is kept for a day; nothing is kept of Secrets.
    pub kept: Option<Safe>,
}

/// News of a list and watch.
#[derive(Debug)]
pub enum FeedMsg {
    /// The first pages, while the list is being read.
    Page(Vec<Object>),
    /// The list is whole: what it did not name is gone.
    Synced(Vec<Uid>),
    /// Changes, the last one of each object.
    Changes {
        /// New and changed objects.
        applied: Vec<Object>,
        /// Removed ones.
        removed: Vec<Uid>,
    },
    /// Objects that exist but could not be decoded: on the list, or changed into what can't be read.
    Unreadable(Vec<Unreadable>),
    /// Releases, each with all its revisions.
    Releases(Vec<Release>),
    /// Its state.
    State(FeedState),
}

/// An object that exists but could not be decoded; what is known of it may be nothing but its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its uid, where it was found.
    pub uid: Option<Uid>,
    /// Its namespace, empty where it was not found.
    pub namespace: String,
    /// Its name, empty where it was not found.
    pub name: String,
    /// What is wrong with it.
    pub why: Untrusted,
}

/// How true a list is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FeedState {
    /// Not whole yet.
    #[default]
    Loading,
    /// Whole and followed.
    Live,
    /// Being listed again.
    Resync,
    /// Not heard of since then.
    Stale {
        /// The last sign of life.
        since: Ts,
        /// Why.
        error: Option<Error>,
    },
    /// The right is missing.
    Denied(Error),
    /// It failed.
    Failed(Error),
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Alerts.
    Alerts(AlertsAnswer),
    /// Series.
    Range(Arc<Matrix>),
    /// Log lines.
    Logs(Box<Batch>),
    /// An object, as the API server sent it.
    Object(Arc<serde_json::Value>),
    /// Edits of an object and what it refers to.
    Edits(Edits),
    /// A record.
    Record(Arc<deckwatch_helm::record::Record>),
    /// A revision of a release, and how its objects are now.
    Standing(Box<Standing>),
    /// The versions of a chart in each repository that was asked.
    Versions(Vec<Offered>),
    /// The revisions of a workload, oldest first.
    Revisions(Vec<ops::deed::rollout::Past>),
    /// Silences of each Alertmanager that was asked.
    Silences(Vec<Silenced>),
    /// What Flux, Argo CD and Argo Rollouts look after, by kind.
    Kept(Vec<Listed>),
    /// A plan.
    Plan(Arc<ops::Plan>),
}

/// A revision of a release with what is not in its record.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The record.
    pub record: Arc<deckwatch_helm::record::Record>,
    /// The labels that the user gave.
    pub labels: BTreeMap<String, Untrusted>,
    /// The objects of its manifest in its order, where they were asked for.
    pub objects: Vec<ObjectNow>,
}

/// The objects of one kind of those that Flux, Argo CD and Argo Rollouts have.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The kind.
    pub listing: &'static ops::kept::Listing,
    /// The objects, nothing where the kind is not installed, or why there are none to tell.
    pub told: crate::core::Result<Option<Vec<ops::kept::Kept>>>,
    /// Whether there are more than are read.
    pub cut: bool,
}

/// The silences of one Alertmanager.
#[derive(Clone, Debug)]
pub struct Silenced {
    /// Its name.
    pub at: Untrusted,
    /// The silences in its own JSON, or why there are none to tell.
    pub silences: crate::core::Result<Vec<serde_json::Value>>,
    /// How many more it has than are read.
    pub dropped: usize,
}

/// Alerts of every place that was asked.
#[derive(Clone, Debug, Default)]
pub struct AlertsAnswer {
    /// The alerts, merged.
    pub alerts: Vec<Alert>,
    /// What each alert's expression asks for by equality, of the labels that an object is found by.
    pub asked: BTreeMap<Fingerprint, Labels>,
    /// The alerting rules that are known.
    pub rules: Vec<Arc<Rule>>,
    /// Places that were asked: their names, and why they did not answer.
    pub places: Vec<(Untrusted, Option<Error>)>,
    /// When the oldest of those that did not answer now had told what is still shown of it.
    pub since: Option<Ts>,
    /// When rules were evaluated last.
    pub evaluated: Option<Ts>,
}

/// What a row or a page is about: it travels with `g` jumps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// The object.
    pub object: Option<ObjectRef>,
    /// The alert.
    pub alert: Option<crate::core::Fingerprint>,
    /// The silence: its Alertmanager and its id.
    pub silence: Option<(Untrusted, crate::ops::silence::SilenceId)>,
    /// The release: namespace, name and, where it is about one, revision.
    pub release: Option<(Name, Name, Option<u32>)>,
    /// The time, where it is about one.
    pub time: Option<Ts>,
}
