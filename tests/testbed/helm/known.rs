//! Where deckwatch is known not to do what the real Helm does: what it can't do yet, and where it does otherwise for a
//! reason. A scenario that is named here and is alike fails, so that nothing stays here that has begun to work.

use super::scene::{ALL, CLIENT, SERVER, Scene, THREE, Variant};

/// What comes of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// deckwatch refuses, in these words, before anything is written.
    Refused(&'static str),
    /// Both go on, and each place that differs has one of these in it.
    Differs(&'static [&'static str]),
}

/// Scenarios that are known not to be alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Their numbers and names; all of a number where the name is empty.
    pub scenes: &'static [(u32, &'static str)],
    /// In which variants.
    pub variants: &'static [Variant],
    /// What comes of them.
    pub known: Known,
    /// What is said of it in the table.
    pub why: &'static str,
}

/// What deckwatch can't do yet.
pub const NOT_YET: &[Entry] = &[
    Entry {
        scenes: &[(16, "the hook is there already")],
        variants: SERVER,
        known: Known::Refused("has hooks that run on a rollback, which is not built yet"),
        why: "hooks are not built yet",
    },
    Entry {
        scenes: &[
            (15, "Jobs before and after"),
            (15, "in the order of their weights, then of their names"),
            (15, "one hook of both events"),
            (15, "the hooks are those of the revision that is gone back to"),
            (16, "the hook before fails"),
            (16, "the hook after fails"),
            (16, "the second hook before fails"),
            (17, "it is deleted before it is made"),
            (17, "it is deleted when it has succeeded"),
            (17, "it is deleted when it has failed, and does not fail"),
            (17, "it is deleted whatever becomes of it"),
            (17, "one is there from an earlier time, without a policy"),
            (18, ""),
            (19, ""),
        ],
        variants: ALL,
        known: Known::Refused("has hooks that run on a rollback, which is not built yet"),
        why: "hooks are not built yet",
    },
    Entry {
        scenes: &[(16, "the hook can't be made"), (17, "one is still going")],
        variants: CLIENT,
        known: Known::Refused("has hooks that run on a rollback, which is not built yet"),
        why: "hooks are not built yet",
    },
    Entry {
        scenes: &[(25, "")],
        variants: CLIENT,
        known: Known::Refused("`--force-replace` is not built yet"),
        why: "replacing objects is not built yet",
    },
    Entry {
        scenes: &[(29, "")],
        variants: ALL,
        known: Known::Refused(
            "is of a kind that is not built into Kubernetes; such objects are not rolled back yet",
        ),
        why: "kinds that are not built into Kubernetes are not rolled back yet",
    },
    Entry {
        scenes: &[(48, "in vain"), (48, "a balancer without an address is not ready to Helm 3")],
        variants: THREE,
        known: Known::Differs(&[OLD_RECORD]),
        why: "when it has waited in vain, Helm writes the old record once more, as it was",
    },
    Entry {
        scenes: &[(48, "by watching")],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Refused("`--wait=watcher` is not built yet"),
        why: "waiting by kstatus is not built yet",
    },
    Entry {
        scenes: &[(48, "in vain, as Helm 3 does")],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Differs(&[OLD_RECORD]),
        why: "when it has waited in vain, Helm writes the old record once more, as it was",
    },
    Entry {
        scenes: &[(48, "in vain")],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Differs(&[
            OLD_RECORD,
            "info.description: Helm \"Release \\\"demo\\\" failed: resource PersistentVolumeClaim",
        ]),
        why: "waiting by kstatus is not built yet",
    },
    Entry {
        scenes: &[(48, "a Job that does not begin")],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Differs(&["helm: ", "deckwatch: ", "requests"]),
        why: "waiting by kstatus is not built yet",
    },
    Entry {
        scenes: &[(48, "Jobs are waited for in vain")],
        variants: CLIENT,
        known: Known::Refused("`--wait-for-jobs` is not built yet"),
        why: "waiting for Jobs is not built yet",
    },
    Entry {
        scenes: &[(48, "pods are recreated")],
        variants: THREE,
        known: Known::Refused("`--recreate-pods` is not built yet"),
        why: "recreating pods is not built yet",
    },
    Entry {
        scenes: &[
            (49, "what was created is deleted when it fails"),
            (49, "it goes well, and nothing is cleaned up"),
        ],
        variants: CLIENT,
        known: Known::Refused("`--cleanup-on-fail` is not built yet"),
        why: "cleaning up is not built yet",
    },
    Entry {
        scenes: &[
            (42, "server-side for the first time"),
            (42, "server-side for the first time, and somebody owns a field"),
            (42, "server-side for the first time, and a field is taken over"),
        ],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Refused("`--server-side true` is not built yet"),
        why: "merging by the server is not built yet",
    },
    Entry {
        scenes: &[(42, "taking over without the server is refused")],
        variants: &[Variant::FourClient, Variant::Mixed],
        known: Known::Refused("`--force-conflicts` is not built yet"),
        why: "merging by the server is not built yet",
    },
    Entry {
        scenes: EVERY,
        variants: SERVER,
        known: Known::Refused("was applied with method `ssa`; only client-side apply is built yet"),
        why: "merging by the server is not built yet",
    },
];

/// Where deckwatch does otherwise, also when it is told to do as Helm does.
pub const DEVIATIONS: &[Entry] = &[
    Entry {
        scenes: &[(38, "")],
        variants: ALL,
        known: Known::Refused("the server does not know the kind parity.example/v1 Widget"),
        why: "where the server does not serve a kind any more, Helm creates its record, fails, and leaves the release pending",
    },
    Entry {
        scenes: &[(41, "a record with members that nobody knows")],
        variants: CLIENT,
        known: Known::Differs(&[".data.release.later: only deckwatch"]),
        why: "members of a record that Helm does not know are lost to Helm; deckwatch keeps them",
    },
    Entry {
        scenes: &[(41, "the last record is spoiled")],
        variants: CLIENT,
        known: Known::Refused("the release changed since the plan: its last revision is 3"),
        why: "where the last record can't be read, Helm tries to create it anew and is refused by the server",
    },
    Entry {
        scenes: &[(41, "records in Secrets and in ConfigMaps")],
        variants: CLIENT,
        known: Known::Refused("the release has records in Secrets and in ConfigMaps"),
        why: "where records are in Secrets and in ConfigMaps, Helm takes those that its environment tells it to",
    },
    Entry {
        scenes: &[(11, "the last revision is pending: its upgrade died"), (14, "the first install failed")],
        variants: &[Variant::Mixed],
        known: Known::Differs(&["info.deleted: only deckwatch: \"\"", "chart.schemamodtime: only Helm"]),
        why: "of a record that Helm 3 wrote, Helm 4 leaves an empty time out and adds one; deckwatch leaves what is not to be \
              changed as it is",
    },
    Entry {
        scenes: &[(50, "an object whose name the server draws")],
        variants: &[Variant::FourClient],
        known: Known::Refused("an object of kind v1 ConfigMap has no name"),
        why: "where an object has no name, Helm creates its record and fails",
    },
    Entry {
        scenes: &[(52, "")],
        variants: CLIENT,
        known: Known::Refused("is owned by Flux HelmRelease `flux/demo`: change it there"),
        why: "Helm writes what Flux owns, which would undo it",
    },
];

/// All that nothing else is known of.
const EVERY: &[(u32, &str)] = &[(0, "")];

/// Where the server merges and what is done has nothing to do with that.
pub const FINE: &[(u32, &str)] = &[
    (7, "there is no revision before the first"),
    (7, "the revision was removed from the history"),
    (7, "there never was such a revision"),
    (14, "the first install failed, and no revision is named"),
    (41, "the record that is gone back to is spoiled"),
    (43, "a tool that knew only Helm 3 has written the record anew"),
];

/// The old record that is written once more.
const OLD_RECORD: &str = "-PUT /api/v1/namespaces/NAMESPACE/secrets/sh.helm.release.v1.demo.v2 → 200";

fn is((number, name): &(u32, &str), scene: &Scene) -> bool {
    (*number == 0 || *number == scene.number) && (name.is_empty() || *name == scene.name)
}

impl Entry {
    /// Returns whether it is about a scenario.
    pub fn names(&self, scene: &Scene) -> bool {
        let fine = || FINE.iter().any(|fine| is(fine, scene));
        self.scenes.iter().any(|named| is(named, scene)) && !(self.scenes == EVERY && fine())
    }
}

/// Returns what is known of a scenario in a variant.
pub fn of(scene: &Scene, variant: Variant) -> Option<&'static Entry> {
    let all = DEVIATIONS.iter().chain(NOT_YET);
    all.into_iter().find(|entry| entry.names(scene) && entry.variants.contains(&variant))
}
