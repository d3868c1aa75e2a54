//! Where deckwatch does otherwise than the real Helm, for a reason, unless it is told to do everything as Helm does it.
//!
//! With `--strict-helm` nothing differs. A scenario that is named here and is alike fails, so that nothing stays here that
//! is not so any more.

use super::scene::{ALL, CLIENT, FOUR, FOUR_CLIENT, SERVER, Scene, THREE, Variant};

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

const DRY_RUN: &str = "what the server would refuse is found before anything is written";
const HOOK: &str = "after a hook that failed the release is failed, where Helm leaves it pending-rollback";
const KEEPS: &str =
    "a record keeps every member that it has, where Helm writes those that its own version knows";
const FLAGS: &str = "flags that exclude each other are found before the record is written";
const GOOD: &str =
    "without a revision it goes to the last one that was good, where Helm takes the one before the last";
/// What the preflight says then.
const REFUSED: Known = Known::Refused("the server's dry run refuses");
/// The record's last writing, which Helm does not come to, and what it says.
const FAILED: Known = Known::Differs(&[
    "secrets/sh.helm.release.v1.demo.v3",
    ".metadata.labels.status",
    ".data.release.info.description",
    ".data.release.info.status",
    ".last_run.",
]);

/// Where deckwatch does otherwise.
pub const DEVIATIONS: &[Entry] = &[
    Entry {
        scenes: &[(5, "no revision is named, and the one before the last failed")],
        variants: FOUR,
        known: Known::Differs(&[
            ".data.value",
            "persistentvolumeclaims",
            ".data.release.info.description",
            ".data.release.info.rollback_revision",
            ".data.release.chart",
            ".data.release.manifest",
        ]),
        why: GOOD,
    },
    Entry {
        scenes: &[(5, "no revision is named, and the one before the last failed")],
        variants: THREE,
        known: Known::Differs(&[
            ".data.value",
            "persistentvolumeclaims",
            ".data.release.info.description",
            ".data.release.chart",
            ".data.release.manifest",
        ]),
        why: GOOD,
    },
    Entry {
        scenes: &[
            (10, "a rollback that fails at an object"),
            (20, "a Job's template"),
            (21, "a StatefulSet's claims"),
            (21, "a StatefulSet's service"),
            (22, "a Deployment's selector"),
            (23, "a headless Service"),
            (24, "a claim that shrinks"),
            (44, "an object may not be changed"),
            (44, "an object may not be created"),
            (46, "a webhook denies the first of the objects"),
            (46, "a webhook denies one that is created"),
            (47, "the quota is full"),
            (49, "what was created is deleted when it fails"),
            (49, "what was created stays when it fails"),
        ],
        variants: ALL,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[
            (6, "it goes to the last revision, over what somebody changed"),
            (26, "what was kept is added again"),
            (27, "an image by hand"),
            (27, "a variable changed by hand"),
            (27, "a label changed by hand"),
            (27, "keys of a ConfigMap changed, added and removed by hand"),
            (28, "kubectl scale, the same number in both"),
            (29, "what somebody changed on it is not seen"),
            (29, "the same in both revisions: what somebody changed stays"),
            (42, "somebody owns a field"),
            (42, "another number of replicas"),
            (51, "an object that nobody's release made is taken over"),
        ],
        variants: SERVER,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[
            (25, "a Job's template, replaced"),
            (25, "a Deployment's selector, replaced"),
            (45, "the server breaks at an object"),
        ],
        variants: CLIENT,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[(44, "an object may not be deleted, which Helm 3 passes over")],
        variants: THREE,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[(44, "an object may not be deleted, which Helm 4 takes for a failure")],
        variants: FOUR,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[(42, "server-side for the first time, and somebody owns a field")],
        variants: FOUR_CLIENT,
        known: REFUSED,
        why: DRY_RUN,
    },
    Entry {
        scenes: &[(44, "an object may not be read")],
        variants: ALL,
        known: Known::Refused("cannot be read"),
        why: "what may not be read is found before anything is written",
    },
    Entry {
        scenes: &[(34, "`$setElementOrder` in what is left")],
        variants: CLIENT,
        known: Known::Refused("no patch can be made"),
        why: "an object for which no patch can be made is found before anything is written",
    },
    Entry {
        scenes: &[(11, "the last revision is pending: its upgrade died")],
        variants: ALL,
        known: Known::Refused("somebody may be at work; after 5 minutes it can be passed over"),
        why: "a release that is pending for less than five minutes is left alone until its name is typed",
    },
    Entry {
        scenes: &[
            (16, "the hook before fails"),
            (16, "the hook after fails"),
            (16, "the second hook before fails"),
            (18, "logs of a hook that fails are shown"),
        ],
        variants: ALL,
        known: FAILED,
        why: HOOK,
    },
    Entry { scenes: &[(16, "the hook can't be made")], variants: CLIENT, known: FAILED, why: HOOK },
    Entry { scenes: &[(17, "one is still going")], variants: FOUR_CLIENT, known: FAILED, why: HOOK },
    Entry {
        scenes: &[(17, "one is still going")],
        variants: THREE,
        known: Known::Differs(&[
            "secrets/sh.helm.release.v1.demo.v3",
            ".metadata.labels.status",
            ".data.release.info.description",
            ".data.release.info.status",
            "createdAt",
            "modifiedAt",
        ]),
        why: HOOK,
    },
    Entry {
        scenes: &[
            (38, "the target has an object of a kind that is gone"),
            (38, "what is left has an object of a kind that is gone"),
        ],
        variants: ALL,
        known: Known::Refused("the server does not know the kind"),
        why: "kinds that the server does not know any more are found before the record is written, where Helm leaves the release pending-rollback",
    },
    Entry {
        scenes: &[(41, "a record with members that nobody knows")],
        variants: ALL,
        known: Known::Differs(&[".data.release.later"]),
        why: KEEPS,
    },
    Entry {
        scenes: &[(14, "the first install failed")],
        variants: &[Variant::Mixed],
        known: Known::Differs(&[".data.release.chart.schemamodtime"]),
        why: KEEPS,
    },
    Entry {
        scenes: &[(42, "going back to what was merged here, from what the server merged")],
        variants: THREE,
        known: Known::Differs(&["modtime", ".data.release.info.deleted", ".data.release.apply_method"]),
        why: KEEPS,
    },
    Entry {
        scenes: &[(41, "records in Secrets and in ConfigMaps")],
        variants: ALL,
        known: Known::Refused("the release has records in Secrets and in ConfigMaps"),
        why: "with records in Secrets and in ConfigMaps it is not known which of them are true",
    },
    Entry {
        scenes: &[(41, "the last record is spoiled")],
        variants: ALL,
        known: Known::Refused("cannot be read"),
        why: "where the newest record can't be read, what is deployed is not known",
    },
    Entry {
        scenes: &[(42, "taking over without the server is refused")],
        variants: FOUR_CLIENT,
        known: Known::Refused("conflicts can only be forced where the server applies"),
        why: FLAGS,
    },
    Entry {
        scenes: &[(42, "replacing and merging by the server exclude each other")],
        variants: SERVER,
        known: Known::Refused("choose one of the two"),
        why: FLAGS,
    },
    Entry {
        scenes: &[(50, "an object whose name the server draws")],
        variants: &[Variant::FourClient],
        known: Known::Refused("has no name of its own"),
        why: "an object without a name is found before the record is written",
    },
    Entry {
        scenes: &[(52, "Flux owns the objects")],
        variants: ALL,
        known: Known::Refused("is owned by Flux"),
        why: "what somebody else deploys is changed there",
    },
];

fn is((number, name): &(u32, &str), scene: &Scene) -> bool {
    *number == scene.number && (name.is_empty() || *name == scene.name)
}

impl Entry {
    /// Returns whether it is about a scenario.
    pub fn names(&self, scene: &Scene) -> bool {
        self.scenes.iter().any(|named| is(named, scene))
    }
}

/// Returns what is known of a scenario in a variant.
pub fn of(scene: &Scene, variant: Variant) -> Option<&'static Entry> {
    DEVIATIONS.iter().find(|entry| entry.names(scene) && entry.variants.contains(&variant))
}
