//! The one table of actions: keys, palette, help and documentation all come from it.

use std::fmt;

/// Where an action applies. Keys are looked up in the view's own context, then in `List` (where the
/// view has rows), then in `Global`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere but in a dialogue or a text line.
    Global,
    /// Views with rows or lines to move over.
    List,
    /// The home view.
    Watch,
    /// The list of alerts.
    Alerts,
    /// One alert.
    AlertPage,
    /// The list of silences.
    Silences,
    /// Tables of Kubernetes objects.
    Table,
    /// Logs.
    Logs,
    /// Panels.
    Board,
    /// Helm releases.
    Releases,
    /// One release.
    ReleasePage,
    /// What is deployed from git.
    Gitops,
    /// Timeline and changes.
    Timeline,
    /// Sources.
    Sources,
    /// The journal.
    Journal,
    /// Text to read: YAML, values, manifests, diffs, help.
    Text,
    /// A plan before it is confirmed.
    Plan,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 17] = [
        Self::Global,
        Self::List,
        Self::Watch,
        Self::Alerts,
        Self::AlertPage,
        Self::Silences,
        Self::Table,
        Self::Logs,
        Self::Board,
        Self::Releases,
        Self::ReleasePage,
        Self::Gitops,
        Self::Timeline,
        Self::Sources,
        Self::Journal,
        Self::Text,
        Self::Plan,
    ];

    /// Returns the section's name in keymap files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Alerts => "alerts",
            Self::AlertPage => "alert",
            Self::Silences => "silences",
            Self::Table => "table",
            Self::Logs => "logs",
            Self::Board => "board",
            Self::Releases => "releases",
            Self::ReleasePage => "release",
            Self::Gitops => "gitops",
            Self::Timeline => "timeline",
            Self::Sources => "sources",
            Self::Journal => "journal",
            Self::Text => "text",
            Self::Plan => "plan",
        }
    }

    /// Returns whether the view of this context has rows or lines, so that `List` applies too.
    pub const fn has_rows(self) -> bool {
        !matches!(self, Self::Global | Self::Plan)
    }

    /// Returns the context of a section's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// The capability that an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// None: it changes what is shown.
    None,
    /// It asks a source.
    Read,
    /// It leads to a write, through the gate.
    Write,
}

/// The least risk of an action; its plan may only raise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Changes nothing that runs.
    Safe,
    /// Restarts or moves what runs.
    Disruptive,
    /// Removes what cannot be had back by repeating.
    Destructive,
}

/// What the table says of an action.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// The action.
    pub action: Action,
    /// Its name in keymap files, palette and documentation.
    pub name: &'static str,
    /// A few words for the line of keys.
    pub short: &'static str,
    /// What it does, for help and documentation.
    pub doc: &'static str,
    /// Where it applies.
    pub contexts: &'static [Context],
    /// What it needs.
    pub need: Need,
    /// Its least risk.
    pub risk: Risk,
}

macro_rules! actions {
    ($( $variant:ident $name:literal $short:literal [$($context:ident)+] $need:ident $risk:ident $doc:literal; )+) => {
        /// Everything that a key, the palette or a menu can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $( #[doc = $doc] $variant, )+ }

        impl Action {
            /// Every action with what is to be known of it, in the order of help.
            pub const TABLE: &'static [Info] = &[
                $( Info { action: Action::$variant, name: $name, short: $short, doc: $doc,
                    contexts: &[$(Context::$context),+], need: Need::$need, risk: Risk::$risk }, )+
            ];
        }
    };
}

actions! {
    Quit "app.quit" "quit" [Global Plan] None Safe "Quits; asks first while work is running.";
    Suspend "app.suspend" "suspend" [Global Plan] None Safe "Suspends to the shell; `fg` comes back.";
    GoTo "app.go-to" "go to" [Global] None Safe "Opens the line for a view, a resource or a command, with completion.";
    Help "app.help" "keys" [Global] None Safe "Shows the keys that work here.";
    Back "app.back" "back" [Global Plan] None Safe "Goes back one level; closes what is open first.";
    Menu "app.actions" "actions" [Global] None Safe "Shows every action on the row, with its key, its risk and why it is not available.";
    Redraw "app.redraw" "redraw" [Global] None Safe "Draws the whole screen anew.";
    NextZone "app.zone" "zone" [Global] None Safe "Changes the zone that times are shown in: the configured one, UTC, this machine's own.";
    Refresh "app.refresh" "refresh" [Global] Read Safe "Asks again what this view shows, and sources that wait, now.";
    AllNamespaces "app.all-namespaces" "all namespaces" [Global] Read Safe "Shows all namespaces.";
    Namespace1 "app.namespace-1" "recent" [Global] Read Safe "Shows the first of the recent namespaces.";
    Namespace2 "app.namespace-2" "recent" [Global] Read Safe "Shows the second of the recent namespaces.";
    Namespace3 "app.namespace-3" "recent" [Global] Read Safe "Shows the third of the recent namespaces.";
    Namespace4 "app.namespace-4" "recent" [Global] Read Safe "Shows the fourth of the recent namespaces.";
    Namespace5 "app.namespace-5" "recent" [Global] Read Safe "Shows the fifth of the recent namespaces.";
    Namespace6 "app.namespace-6" "recent" [Global] Read Safe "Shows the sixth of the recent namespaces.";
    Namespace7 "app.namespace-7" "recent" [Global] Read Safe "Shows the seventh of the recent namespaces.";
    Namespace8 "app.namespace-8" "recent" [Global] Read Safe "Shows the eighth of the recent namespaces.";
    Namespace9 "app.namespace-9" "recent" [Global] Read Safe "Shows the ninth of the recent namespaces.";
    ThisNamespace "app.this-namespace" "its namespace" [Table Releases] Read Safe "Shows only the namespace of the row.";

    MomentLine "moment.set" "pin the moment" [Global] None Safe "Opens the moment line with the row's time offered; enter pins it.";
    MomentLive "moment.live" "live" [Global] None Safe "Returns to live.";
    MomentBack "moment.step-back" "earlier" [Global] None Safe "Steps the moment back by half a window.";
    MomentForward "moment.step-forward" "later" [Global] None Safe "Steps the moment forward by half a window.";
    MomentPrevious "moment.previous" "previous moment" [Global] None Safe "Goes back in the history of moments.";
    MomentNext "moment.next" "next moment" [Global] None Safe "Goes forward in the history of moments.";
    MomentWiden "moment.widen" "widen" [Global] None Safe "Doubles the window.";
    MomentNarrow "moment.narrow" "narrow" [Global] None Safe "Halves the window.";

    Down "list.down" "down" [List] None Safe "Moves down.";
    Up "list.up" "up" [List] None Safe "Moves up.";
    HalfDown "list.half-page-down" "half page down" [List] None Safe "Moves down half a page.";
    HalfUp "list.half-page-up" "half page up" [List] None Safe "Moves up half a page.";
    First "list.first" "first" [List] None Safe "Goes to the first row.";
    Last "list.last" "last" [List] None Safe "Goes to the last row; logs follow from there.";
    Left "list.left" "left" [List] None Safe "Scrolls left; moves a panel's crosshair back.";
    Right "list.right" "right" [List] None Safe "Scrolls right; moves a panel's crosshair forward.";
    Open "list.open" "open" [List] Read Safe "Opens what the row is about.";
    Filter "list.filter" "filter" [List] None Safe "Filters: text, regular expression, `!` inverse, `-l` labels, `-f` fuzzy.";
    Mark "list.mark" "mark" [List] None Safe "Marks the row.";
    Wide "list.wide" "wide" [List] None Safe "Shows the wide columns; wraps lines in logs and texts.";
    Faults "list.faults" "faults only" [List] None Safe "Shows only rows that are not well.";
    Copy "list.copy" "copy" [List] None Safe "Opens the copy menu: name, uid, line, kubectl or logcli command, status for a chat.";
    SortName "list.sort-name" "sort by name" [Table] None Safe "Sorts by name; every sorting key turns the order when pressed again.";
    SortAge "list.sort-age" "sort by age" [Table] None Safe "Sorts by age; events by when they were seen last.";
    SortStatus "list.sort-status" "sort by status" [Table] None Safe "Sorts by status.";
    SortReady "list.sort-ready" "sort by ready" [Table] None Safe "Sorts by how many are ready.";
    SortRestarts "list.sort-restarts" "sort by restarts" [Table] None Safe "Sorts by restarts.";
    SortType "list.sort-type" "sort by type" [Table] None Safe "Sorts by type.";
    SortIp "list.sort-ip" "sort by IP" [Table] None Safe "Sorts by IP address; shows the wide columns.";
    SortNode "list.sort-node" "sort by node" [Table] None Safe "Sorts by node; shows the wide columns.";
    SortDesired "list.sort-desired" "sort by desired" [Table] None Safe "Sorts by how many are wanted.";
    SortCurrent "list.sort-current" "sort by current" [Table] None Safe "Sorts by how many there are.";
    SortUpToDate "list.sort-up-to-date" "sort by up to date" [Table] None Safe "Sorts by how many are up to date.";
    SortAvailable "list.sort-available" "sort by available" [Table] None Safe "Sorts by how many are available.";
    SortNext "list.sort-next" "sort by next" [Table] None Safe "Sorts by the next column that is shown.";

    GoLogs "go.logs" "logs around" [Global] Read Safe "Goes to the logs around the moment, for the object.";
    GoPanels "go.panels" "panels" [Global] Read Safe "Goes to the panels of the object at the moment.";
    GoTimeline "go.timeline" "timeline" [Global] Read Safe "Goes to the timeline around the moment.";
    GoChanges "go.changes" "what changed" [Global] Read Safe "Goes to what changed before the moment, for the object.";
    GoRelease "go.release" "release" [Global] Read Safe "Goes to the Helm release that the object belongs to.";
    GoAlerts "go.alerts" "alerts" [Global] Read Safe "Goes to the alerts.";
    GoEvents "go.events" "events" [Global] Read Safe "Goes to the events of the object.";
    GoNode "go.node" "node" [Global] Read Safe "Goes to the node of the pod.";
    GoOwner "go.owner" "owner" [Global] Read Safe "Goes to the owner of the object.";
    GoRunbook "go.runbook" "runbook" [Global] None Safe "Shows where the alert's runbook is.";

    Bind "alert.bind" "bind" [Watch Alerts AlertPage] None Safe "Binds the alert to an object, once; it is remembered.";

    Logs "object.logs" "logs" [Table Watch AlertPage] Read Safe "Shows the logs of the object, live.";
    PreviousLogs "object.previous-logs" "previous logs" [Table] Read Safe "Shows the logs of the container before its last restart.";
    Describe "object.describe" "describe" [Table] Read Safe "Describes the object: its state, containers, conditions and events.";
    Yaml "object.yaml" "yaml" [Table AlertPage] Read Safe "Shows the object as YAML.";
    Free "release.free" "free" [Releases ReleasePage] Write Disruptive "Opens the plan that marks a release's pending revision as failed, so that it can be changed again.";
    Roll "object.roll" "roll back" [Releases ReleasePage Timeline] Write Disruptive "Opens the plan of a rollback of the release.";

    DoRestart "do.restart" "restart" [Table Watch AlertPage Gitops] Write Disruptive "Opens the plan to replace a workload's pods, by its own strategy.";
    DoUndo "do.undo" "undo rollout" [Table Watch AlertPage Gitops] Write Disruptive "Opens the plan to put an earlier revision's pod template back.";
    DoPause "do.pause" "pause rollout" [Table Watch AlertPage Gitops] Write Safe "Opens the plan to pause a Deployment's rollout.";
    DoResume "do.resume" "resume rollout" [Table Watch AlertPage Gitops] Write Safe "Opens the plan to let a paused Deployment roll out.";
    DoScale "do.scale" "scale" [Table Watch AlertPage] Write Safe "Opens the plan to set how many replicas run.";
    DoSetImage "do.set-image" "set image" [Table Watch AlertPage] Write Disruptive "Opens the plan to set the images of containers.";
    DoSetResources "do.set-resources" "set resources" [Table Watch AlertPage] Write Disruptive "Opens the plan to set requests and limits of containers.";
    DoDelete "do.delete" "delete" [Table] Write Disruptive "Opens the plan to delete the object, or all marked ones.";
    DoEvict "do.evict" "evict" [Table Watch AlertPage] Write Disruptive "Opens the plan to evict pods, as far as their disruption budgets allow.";
    DoCordon "do.cordon" "cordon" [Table] Write Safe "Opens the plan to keep new pods off a node.";
    DoUncordon "do.uncordon" "uncordon" [Table] Write Safe "Opens the plan to let new pods onto a node again.";
    DoDrain "do.drain" "drain" [Table] Write Disruptive "Opens the plan to evict everything from a node that may leave it.";
    DoTrigger "do.trigger" "run now" [Table] Write Disruptive "Opens the plan to run a CronJob now.";
    DoSuspend "do.suspend" "suspend" [Table] Write Safe "Opens the plan to stop a CronJob from starting Jobs.";
    DoUnsuspend "do.unsuspend" "unsuspend" [Table] Write Safe "Opens the plan to let a CronJob start Jobs again.";
    DoEdit "do.edit" "edit" [Table AlertPage] Write Disruptive "Opens the object in $EDITOR; what is saved becomes a plan.";
    DoLabel "do.label" "label" [Table] Write Safe "Opens the plan to set or remove labels.";
    DoAnnotate "do.annotate" "annotate" [Table] Write Safe "Opens the plan to set or remove annotations.";

    DoFluxSuspend "do.flux-suspend" "hold Flux back" [Gitops] Write Disruptive "Opens the plan to hold Flux back from the object: asks why, and for how long.";
    DoFluxResume "do.flux-resume" "let Flux go on" [Gitops] Write Disruptive "Opens the plan to let Flux go on with the object; it tells what git will deploy again.";
    DoFluxReconcile "do.flux-reconcile" "reconcile" [Gitops] Write Disruptive "Opens the plan to have Flux look at the object now.";
    DoAppRollback "do.app-rollback" "go back" [Gitops] Write Disruptive "Opens the plan to take an Application back to an earlier deployment, and to turn its automatic sync off.";
    DoAutoSyncOn "do.auto-sync-on" "auto-sync on" [Gitops] Write Disruptive "Opens the plan to have Argo CD sync the Application by itself.";
    DoAutoSyncOff "do.auto-sync-off" "auto-sync off" [Gitops] Write Disruptive "Opens the plan to stop Argo CD from syncing the Application by itself.";
    DoAppSync "do.app-sync" "sync" [Gitops] Write Disruptive "Opens the plan to sync the Application to what git says now.";
    DoAbort "do.abort" "abort" [Gitops] Write Disruptive "Opens the plan to give a Rollout's new revision up: traffic goes back to the stable one.";
    DoRetry "do.retry" "retry" [Gitops] Write Disruptive "Opens the plan to try an aborted Rollout again.";
    DoPromote "do.promote" "promote" [Gitops] Write Disruptive "Opens the plan to let a Rollout go on to its next step.";
    DoPromoteFull "do.promote-full" "promote in full" [Gitops] Write Disruptive "Opens the plan to let a Rollout go over at once, without its steps, pauses and analyses.";

    DoSilence "do.silence" "silence" [Watch Alerts AlertPage] Write Safe "Opens the plan to silence the alert at its Alertmanager: asks how long, which labels, and why.";
    DoSilenceExtend "do.silence-extend" "extend silence" [Watch Alerts AlertPage Silences] Write Safe "Opens the plan to give a silence a later end.";
    DoSilenceExpire "do.silence-expire" "expire silence" [Watch Alerts AlertPage Silences] Write Safe "Opens the plan to end a silence, or all those that hide the alert.";

    Scope "logs.scope" "scope" [Logs] Read Safe "Changes whose logs are shown: container, pod, workload, namespace, node.";
    Older "logs.older" "older" [Logs] Read Safe "Reads older lines.";
    Newer "logs.newer" "newer" [Logs] Read Safe "Reads newer lines.";

    NextTab "page.next-tab" "next" [ReleasePage AlertPage] None Safe "Shows the next part of the page.";
    PreviousTab "page.previous-tab" "previous" [ReleasePage AlertPage] None Safe "Shows the previous part of the page.";
    Diff "release.diff" "diff" [ReleasePage Plan] Read Safe "Shows what the revision changed against the one before it.";
    Values "release.values" "values" [ReleasePage] Read Safe "Shows the revision's values, secrets masked.";
    Computed "release.computed" "all values" [ReleasePage] Read Safe "Shows all values that the revision was rendered with, the chart's too, secrets masked.";
    Manifest "release.manifest" "manifest" [ReleasePage] Read Safe "Shows the revision's manifest, secrets masked.";
    Hooks "release.hooks" "hooks" [ReleasePage] Read Safe "Shows the revision's hooks and how they last ran, secrets masked.";
    Notes "release.notes" "notes" [ReleasePage] Read Safe "Shows the revision's notes.";
    Metadata "release.metadata" "metadata" [ReleasePage] Read Safe "Shows what is known of the revision and its chart.";
    Versions "release.versions" "versions" [ReleasePage] Read Safe "Shows which newer versions of the chart the configured repositories have, with their pipelines.";

    Patches "plan.patches" "patches" [Plan] None Safe "Shows the patches that would be sent.";
    Wait "plan.wait" "wait" [Plan] None Safe "Switches whether the rollback waits until everything is ready.";
    Stop "plan.stop" "stop" [Plan] None Safe "Stops the plan that runs before its next object; asks first.";
    Confirm "plan.confirm" "go on" [Plan] Write Disruptive "Goes on to the confirmation.";

    Export "journal.export" "export" [Journal] None Safe "Writes the journal as Markdown into a file.";
}

impl Action {
    /// Returns what the table says of it.
    pub fn info(self) -> &'static Info {
        // The table is made by the same macro as the enum, in the same order.
        &Self::TABLE[self as usize]
    }

    /// Returns the action of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|i| i.name == name).map(|i| i.action)
    }

    /// Returns the name that is nearest to a misspelt one, by the letters to insert, remove or change.
    pub fn nearest(name: &str) -> Option<&'static str> {
        Self::TABLE.iter().map(|i| i.name).min_by_key(|known| distance(name, known))
    }
}

/// Returns the Levenshtein distance of two names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let change = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = change.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_finds_its_own_row_and_names_are_unique() {
        let mut names = std::collections::HashSet::new();
        for info in Action::TABLE {
            assert_eq!(info.action.info().name, info.name);
            assert_eq!(Action::parse(info.name), Some(info.action));
            assert!(names.insert(info.name), "{} twice", info.name);
            assert!(info.doc.ends_with('.') && !info.short.is_empty(), "{}", info.name);
        }
    }

    #[test]
    fn only_what_leads_to_a_write_is_more_than_safe() {
        for info in Action::TABLE {
            assert!(info.need == Need::Write || info.risk == Risk::Safe, "{}", info.name);
        }
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        assert_eq!(Action::nearest("go.log"), Some("go.logs"));
    }
}
