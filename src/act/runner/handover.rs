//! What a runner is handed: written into a pipe by its parent, read from its standard input.

use std::io::{Read, Write};
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::super::Order;
use crate::core::{Error, Kind, Result, Safe};
use crate::ops::PlanId;
use crate::sources::kube::Target;

/// The most bytes of a handover: the records of two revisions, and some more.
const MOST: u64 = 128 << 20;

/// Everything that a runner needs.
#[derive(Serialize, Deserialize)]
pub struct Handover {
    /// Where state is kept: journal and log.
    pub state: PathBuf,
    /// The name of its journal.
    pub journal: PlanId,
    /// The name of the journal of who starts it.
    pub parent: Safe,
    /// The context.
    pub context: Safe,
    /// The API server's address.
    pub server: Safe,
    /// Who is at the keyboard.
    pub who: Safe,
    /// The cluster, as [`Target::hand_over`] writes it.
    target: String,
    /// What is to be done.
    pub order: Order,
}

impl std::fmt::Debug for Handover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handover").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// Returns what tells a cluster from others of the same context's name.
pub fn address(target: &Target) -> Safe {
    Safe::of(&target.server.to_string())
}

/// Who hands over, and to which journal.
pub struct Parties {
    /// Where state is kept.
    pub state: PathBuf,
    /// The name of the runner's journal.
    pub journal: PlanId,
    /// The name of the parent's.
    pub parent: Safe,
    /// The context.
    pub context: Safe,
    /// Who is at the keyboard.
    pub who: Safe,
}

impl Handover {
    /// Returns what a runner is handed for an order.
    ///
    /// # Errors
    /// When the cluster can't be written down.
    pub fn new(parties: Parties, target: &Target, order: Order) -> Result<Self> {
        let Parties { state, journal, parent, context, who } = parties;
        let server = address(target);
        let target = target.hand_over()?.expose_secret().to_owned();
        Ok(Self { state, journal, parent, context, server, who, target, order })
    }

    /// Returns the cluster.
    ///
    /// # Errors
    /// When what was handed over is no cluster.
    pub fn target(&self) -> Result<Target> {
        Target::taken_over(&self.target)
    }

    /// Writes it down for the pipe.
    ///
    /// # Errors
    /// `Internal`; nothing of it is shown.
    pub fn text(&self) -> Result<SecretString> {
        let failed = |e: serde_json::Error| {
            Error::new(Kind::Internal, "hand a plan over").detail(format!("column {}", e.column()))
        };
        serde_json::to_string(self).map(SecretString::from).map_err(failed)
    }

    /// Writes a text into a pipe and closes it.
    ///
    /// # Errors
    /// `Io`, when the runner does not read it.
    pub fn write(text: &SecretString, mut pipe: impl Write) -> Result<()> {
        let failed = |e: std::io::Error| Error::new(Kind::Io, "hand a plan over").detail(e.to_string());
        pipe.write_all(text.expose_secret().as_bytes()).and_then(|()| pipe.flush()).map_err(failed)
    }

    /// Reads what is handed over, up to the pipe's end.
    ///
    /// # Errors
    /// `Io`, `TooLarge` or `Internal` for a text that is none; nothing of it is shown.
    pub fn read(pipe: impl Read) -> Result<Self> {
        const WHAT: &str = "take a plan over";
        let mut text = String::new();
        pipe.take(MOST + 1)
            .read_to_string(&mut text)
            .map_err(|e| Error::new(Kind::Io, WHAT).detail(e.to_string()))?;
        if text.len() as u64 > MOST {
            return Err(Error::new(Kind::TooLarge, WHAT).detail("it has more than 128 MiB"));
        }
        let text = SecretString::from(text);
        serde_json::from_str(text.expose_secret()).map_err(|e| {
            Error::new(Kind::Internal, WHAT)
                .detail(format!("what was handed over is none: column {}", e.column()))
        })
    }
}
