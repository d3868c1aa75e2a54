//! What all pages read: the session, the moment, what is known, the gate, the journal, notices.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use deckwatch_helm::record::Record as HelmRecord;

use super::{Asks, Cluster, Jobs};
use crate::app::effect::{Effect, Effects, Scope};
use crate::app::msg::{AlertsAnswer, FeedState};
use crate::core::{ClusterId, Error, Fingerprint, Moment, Name, ObjectRef, Safe, Ts, Zone};
use crate::ops::{Gate, Record, What};
use crate::store::charts::Links;
use crate::store::health::{Health, SourceId};
use crate::store::releases::Release;

/// Where the cockpit looks.
#[derive(Clone, Debug)]
pub struct Session {
    /// The pinned context.
    pub cluster: ClusterId,
    /// Which namespaces are shown.
    pub scope: Scope,
    /// Namespaces shown so far, each at its digit.
    pub recent: Vec<Name>,
    /// The zone of all times.
    pub zone: Zone,
    /// The zone that was configured.
    pub own_zone: Zone,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// When the cockpit was started.
    pub started: Ts,
    /// Whether the terminal has the focus.
    pub focused: bool,
}

/// Alerts with their age.
#[derive(Clone, Debug, Default)]
pub struct AlertState {
    /// The last answer.
    pub known: AlertsAnswer,
    /// When it came.
    pub at: Option<Ts>,
    /// Why the last question failed as a whole.
    pub error: Option<Error>,
}

/// Releases with their state, and the records that were read.
#[derive(Clone, Debug, Default)]
pub struct ReleaseState {
    /// Releases by namespace and name.
    pub list: Vec<Release>,
    /// How true the list is.
    pub state: FeedState,
    /// Records whose metadata could not be read.
    pub unreadable: usize,
    /// Where the pipelines of charts are.
    pub links: Links,
    /// Records by namespace, release and revision.
    pub records: HashMap<(Name, Name, u32), Arc<HelmRecord>>,
}

/// A line to tell the person, until it expires.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its number.
    pub id: u32,
    /// The text.
    pub text: Safe,
    /// Whether it is an error.
    pub error: bool,
    /// How often it came.
    pub times: u32,
}

/// What all pages share.
#[derive(Debug)]
pub struct Shared {
    /// Where the cockpit looks.
    pub session: Session,
    /// What else its cluster is called: by the kubeconfig's entry for it, and by the configuration.
    pub names: Vec<String>,
    /// The moment.
    pub moment: Moment,
    /// Objects.
    pub cluster: Cluster,
    /// Alerts.
    pub alerts: AlertState,
    /// What alerts were bound to by hand.
    pub bound: BTreeMap<Fingerprint, ObjectRef>,
    /// Releases.
    pub releases: ReleaseState,
    /// Sources.
    pub health: BTreeMap<SourceId, Health>,
    /// The gate.
    pub gate: Gate,
    /// Running and finished plans.
    pub jobs: Jobs,
    /// This process's journal.
    pub journal: Vec<Record>,
    /// Why the journal can't be written.
    pub journal_error: Option<Error>,
    /// Notices.
    pub notices: VecDeque<Notice>,
    /// Open questions.
    pub asks: Asks,
}

const JOURNAL_SHOWN: usize = 10_000;
const NOTICES: usize = 8;

impl Shared {
    /// Returns an empty state for a session.
    pub fn new(session: Session, gate: Gate) -> Self {
        Self {
            session,
            names: Vec::new(),
            moment: Moment::default(),
            cluster: Cluster::default(),
            alerts: AlertState::default(),
            bound: BTreeMap::new(),
            releases: ReleaseState::default(),
            health: BTreeMap::new(),
            gate,
            jobs: Jobs::default(),
            journal: Vec::new(),
            journal_error: None,
            notices: VecDeque::new(),
            asks: Asks::default(),
        }
    }

    /// Returns whether a label `cluster` means the cluster that is looked at: by the name of the context or of
    /// its cluster, whole or as clouds end them (`gke_project_zone_NAME`, `arn:…:cluster/NAME`, `user@NAME`).
    pub fn answers_to(&self, label: &str) -> bool {
        let own = std::iter::once(self.session.cluster.0.raw());
        own.chain(self.names.iter().map(String::as_str))
            .any(|name| name == label || name.rsplit(['/', '_', '@']).next() == Some(label))
    }

    /// Writes into the journal.
    pub fn journal(&mut self, at: Ts, what: What, effects: &mut Effects) {
        let record = Record { at, what };
        self.noted(record.clone());
        effects.push(Effect::Journal(record));
    }

    /// Shows an entry that somebody else has written.
    pub fn noted(&mut self, record: Record) {
        if self.journal.len() == JOURNAL_SHOWN {
            self.journal.remove(0);
        }
        self.journal.push(record);
    }

    /// Tells the person something; the same text again is counted.
    pub fn tell(&mut self, text: Safe, error: bool) -> u32 {
        if let Some(notice) = self.notices.iter_mut().find(|n| n.text == text) {
            notice.times += 1;
            return notice.id;
        }
        if self.notices.len() == NOTICES {
            self.notices.pop_front();
        }
        let id = self.notices.back().map_or(1, |n| n.id + 1);
        self.notices.push_back(Notice { id, text, error, times: 1 });
        id
    }

    /// Returns the release of that namespace and name.
    pub fn release(&self, namespace: &str, name: &str) -> Option<&Release> {
        self.releases.list.iter().find(|r| r.namespace.as_str() == namespace && r.name.as_str() == name)
    }
}
