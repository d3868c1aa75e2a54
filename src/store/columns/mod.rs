//! What a table shows of each kind: the columns and cells of `kubectl get` and `kubectl get -o wide`, how they sort, and
//! how healthy the object is.
//!
//! Owns the words and numbers of rows. Cells keep times, not ages: whoever draws says what "now" is, so a row is made once
//! for each change of its object. Never reads a clock, never draws, and holds outside text only as [`Safe`]. Tested
//! against tables printed by Kubernetes' own printers from the same objects (`tests/`).

mod cell;
mod cluster;
mod config;
mod events;
mod health;
mod network;
mod pods;
mod pods_health;
mod selector;
mod workloads;

#[cfg(test)]
mod tests;

use deckwatch_wire::{Object, ObjectMeta};

pub use cell::{Cell, Key, Text};
pub use config::metadata_row;
pub use events::last_seen;
pub use health::{Health, Level};

use crate::core::{Resource, Ts};

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading, as kubectl prints it.
    pub name: &'static str,
    /// Whether it is shown in wide tables only.
    pub wide: bool,
}

/// One object as a row: a cell for each of its kind's [`columns`], and its health.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The cells, wide ones included.
    pub cells: Box<[Cell]>,
    /// How the object is.
    pub health: Health,
}

/// A kind that has rows.
pub trait Tabled: Object {
    /// Which kind it is.
    const RESOURCE: Resource;

    /// Returns the cells, in the order of the kind's columns.
    fn cells(&self) -> Vec<Cell>;

    /// Returns how the object is, its deletion aside.
    fn condition(&self) -> Health;

    /// Returns the row of the object.
    fn row(&self) -> Row {
        let health = self.condition();
        Row { cells: self.cells().into(), health: health.unless_deleted(self.meta()) }
    }
}

const fn narrow(name: &'static str) -> Column {
    Column { name, wide: false }
}

const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// Returns the columns of a kind, without the namespace, which tables over several namespaces put first.
#[rustfmt::skip]
pub const fn columns(resource: Resource) -> &'static [Column] {
    match resource {
        Resource::Pod => const { &[
            narrow("NAME"), narrow("READY"), narrow("STATUS"), narrow("RESTARTS"), narrow("AGE"),
            wide("IP"), wide("NODE"), wide("NOMINATED NODE"), wide("READINESS GATES"),
        ] },
        Resource::Deployment => const { &[
            narrow("NAME"), narrow("READY"), narrow("UP-TO-DATE"), narrow("AVAILABLE"), narrow("AGE"),
            wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR"),
        ] },
        Resource::StatefulSet => const { &[narrow("NAME"), narrow("READY"), narrow("AGE"), wide("CONTAINERS"), wide("IMAGES")] },
        Resource::DaemonSet => const { &[
            narrow("NAME"), narrow("DESIRED"), narrow("CURRENT"), narrow("READY"), narrow("UP-TO-DATE"),
            narrow("AVAILABLE"), narrow("NODE SELECTOR"), narrow("AGE"),
            wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR"),
        ] },
        Resource::ReplicaSet => const { &[
            narrow("NAME"), narrow("DESIRED"), narrow("CURRENT"), narrow("READY"), narrow("AGE"),
            wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR"),
        ] },
        Resource::Job => const { &[
            narrow("NAME"), narrow("STATUS"), narrow("COMPLETIONS"), narrow("DURATION"), narrow("AGE"),
            wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR"),
        ] },
        Resource::Node => const { &[
            narrow("NAME"), narrow("STATUS"), narrow("ROLES"), narrow("AGE"), narrow("VERSION"),
            wide("INTERNAL-IP"), wide("EXTERNAL-IP"), wide("OS-IMAGE"), wide("KERNEL-VERSION"), wide("CONTAINER-RUNTIME"),
        ] },
        Resource::Service => const { &[
            narrow("NAME"), narrow("TYPE"), narrow("CLUSTER-IP"), narrow("EXTERNAL-IP"), narrow("PORT(S)"), narrow("AGE"),
            wide("SELECTOR"),
        ] },
        Resource::EndpointSlice => const { &[
            narrow("NAME"), narrow("ADDRESSTYPE"), narrow("PORTS"), narrow("ENDPOINTS"), narrow("AGE"),
        ] },
        Resource::Event => const { &[
            narrow("LAST SEEN"), narrow("TYPE"), narrow("REASON"), narrow("OBJECT"), wide("SUBOBJECT"), wide("SOURCE"),
            narrow("MESSAGE"), wide("FIRST SEEN"), wide("COUNT"), wide("NAME"),
        ] },
        Resource::Namespace => const { &[narrow("NAME"), narrow("STATUS"), narrow("AGE")] },
        Resource::ConfigMap => const { &[narrow("NAME"), narrow("DATA"), narrow("AGE")] },
        Resource::Secret => const { &[narrow("NAME"), narrow("TYPE"), narrow("DATA"), narrow("AGE")] },
    }
}

/// Returns an instant of the wire as ours.
fn ts<const MICRO: bool>(stamp: deckwatch_wire::Stamp<MICRO>) -> Option<Ts> {
    stamp.nanos().map(Ts)
}

fn name(meta: &ObjectMeta) -> Cell {
    Cell::said(&meta.name)
}

fn age(meta: &ObjectMeta) -> Cell {
    Cell::Since(ts(meta.creation_timestamp))
}
