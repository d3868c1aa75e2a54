//! The command line of actions on objects: kubectl's words where kubectl has them.

use clap::{Args, Subcommand};

use super::args::{Printed, Sent};

/// `KIND/NAME …` and how the plan is confirmed.
#[derive(Debug, Args)]
pub struct On {
    /// The objects: `deploy/backend`, `pod/x`, `node/worker-1`.
    #[arg(required = true, value_name = "KIND/NAME")]
    pub objects: Vec<String>,
    /// How it is confirmed and printed.
    #[command(flatten)]
    pub sent: Sent,
}

/// Names of objects whose kind the command tells, and how the plan is confirmed.
#[derive(Debug, Args)]
pub struct Named {
    /// Their names.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// How it is confirmed and printed.
    #[command(flatten)]
    pub sent: Sent,
}

/// Rollouts of Deployments, StatefulSets and DaemonSets.
#[derive(Debug, Subcommand)]
pub enum RolloutCommand {
    /// Replaces the pods, by the workload's own strategy.
    Restart(On),
    /// Puts an earlier revision's pod template back.
    Undo {
        /// The revision; the one before the current when left out.
        #[arg(long, value_name = "REVISION")]
        to_revision: Option<i64>,
        /// What, and how.
        #[command(flatten)]
        on: On,
    },
    /// Pauses a Deployment's rollout.
    Pause(On),
    /// Lets a paused Deployment roll out.
    Resume(On),
    /// Gives an Argo Rollout's new revision up: traffic goes back to the stable one.
    Abort(On),
    /// Tries an aborted Argo Rollout again.
    Retry(On),
    /// Lets an Argo Rollout go on to its next step.
    Promote {
        /// Over at once, without what is left of steps, pauses and analyses.
        #[arg(long)]
        full: bool,
        /// What, and how.
        #[command(flatten)]
        on: On,
    },
    /// Tells how far a rollout is, until it is done.
    Status {
        /// The workload: `deploy/backend`.
        #[arg(value_name = "KIND/NAME")]
        object: String,
        /// Whether it is followed to its end.
        #[arg(long, value_name = "WHETHER", default_value_t = true, action = clap::ArgAction::Set)]
        watch: bool,
        /// How long it is followed: `5m`; as long as it takes when left out.
        #[arg(long, value_name = "TIME")]
        timeout: Option<String>,
    },
    /// Lists the revisions of a workload.
    History {
        /// The workload: `deploy/backend`.
        #[arg(value_name = "KIND/NAME")]
        object: String,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
}

/// What of a workload is set.
#[derive(Debug, Subcommand)]
pub enum SetCommand {
    /// Sets images of containers.
    Image {
        /// The object: `deploy/backend`.
        #[arg(value_name = "KIND/NAME")]
        object: String,
        /// Images by container, `*` for all: `backend=nginx:2`.
        #[arg(required = true, value_name = "CONTAINER=IMAGE")]
        images: Vec<String>,
        /// How it is confirmed and printed.
        #[command(flatten)]
        sent: Sent,
    },
    /// Sets requests and limits of containers.
    Resources {
        /// The objects: `deploy/backend`.
        #[command(flatten)]
        on: On,
        /// Requests: `cpu=100m,memory=256Mi`.
        #[arg(long, value_name = "AMOUNTS", default_value = "")]
        requests: String,
        /// Limits: `cpu=1,memory=1Gi`.
        #[arg(long, value_name = "AMOUNTS", default_value = "")]
        limits: String,
        /// The containers, separated by commas; all when left out.
        #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
        containers: Vec<String>,
    },
}

/// What is done to CronJobs.
#[derive(Debug, Subcommand)]
pub enum CronjobCommand {
    /// Runs it now.
    Trigger {
        /// The CronJob.
        name: String,
        /// The Job's name; made of the CronJob's and the plan's when left out.
        #[arg(long, value_name = "NAME", default_value = "")]
        job: String,
        /// How it is confirmed and printed.
        #[command(flatten)]
        sent: Sent,
    },
    /// Stops it from starting Jobs.
    Suspend(Named),
    /// Lets it start Jobs again.
    Resume(Named),
}

/// How many replicas.
#[derive(Debug, Args)]
pub struct Scale {
    /// How many.
    #[arg(long, value_name = "COUNT")]
    pub replicas: i32,
    /// How many there must be now.
    #[arg(long, value_name = "COUNT")]
    pub current_replicas: Option<i32>,
    /// What, and how.
    #[command(flatten)]
    pub on: On,
}

/// What is deleted, and how.
#[derive(Debug, Args)]
pub struct Delete {
    /// Seconds that a pod gets to end; its own when left out.
    #[arg(long, value_name = "SECONDS")]
    pub grace_period: Option<i64>,
    /// Does not wait for pods to end.
    #[arg(long)]
    pub force: bool,
    /// What happens to what belongs to it: `background`, `foreground` or `orphan`.
    #[arg(long, value_name = "HOW", default_value = "background", value_parser = ["background", "foreground", "orphan"])]
    pub cascade: String,
    /// What, and how.
    #[command(flatten)]
    pub on: On,
}

/// Which nodes are drained, and how.
#[derive(Debug, Args)]
pub struct Drain {
    /// Leaves pods of DaemonSets where they are instead of refusing.
    #[arg(long)]
    pub ignore_daemonsets: bool,
    /// Lets pods go that keep data in emptyDir volumes.
    #[arg(long)]
    pub delete_emptydir_data: bool,
    /// Lets pods go that no controller brings back.
    #[arg(long)]
    pub force: bool,
    /// Seconds that each pod gets to end; its own when left out.
    #[arg(long, value_name = "SECONDS")]
    pub grace_period: Option<i64>,
    /// How long it may take until all pods are gone: `5m`; 10 minutes when left out.
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Passes over pods that have been ending for longer than that.
    #[arg(long, value_name = "SECONDS")]
    pub skip_wait_for_delete_timeout: Option<i64>,
    /// The nodes.
    #[command(flatten)]
    pub nodes: Named,
}

/// Labels or annotations.
#[derive(Debug, Args)]
pub struct Tags {
    /// The object: `deploy/backend`.
    #[arg(value_name = "KIND/NAME")]
    pub object: String,
    /// What is set and removed: `key=value`, `key-`.
    #[arg(required = true, value_name = "KEY=VALUE", allow_hyphen_values = false)]
    pub pairs: Vec<String>,
    /// Replaces values that are there.
    #[arg(long)]
    pub overwrite: bool,
    /// How it is confirmed and printed.
    #[command(flatten)]
    pub sent: Sent,
}
