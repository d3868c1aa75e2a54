//! The command line of what git deploys: Flux in the words of `flux`, Argo CD in those of `argocd app`.

use clap::Subcommand;

use super::args::Sent;
use super::deeds::{Named, On};

/// Objects of Flux.
#[derive(Debug, Subcommand)]
pub enum FluxCommand {
    /// Holds Flux back from objects: `hr/momo`, `ks/apps`; --reason says why, on the objects themselves.
    Suspend {
        /// Until when it is meant to be held, from now on: `2h`.
        #[arg(long = "for", value_name = "LENGTH")]
        length: Option<String>,
        /// What, and how.
        #[command(flatten)]
        on: On,
    },
    /// Lets Flux go on with objects; the plan says what git will deploy.
    Resume(On),
    /// Asks Flux to look at objects now.
    Reconcile(On),
}

/// Applications of Argo CD.
#[derive(Debug, Subcommand)]
pub enum ArgocdCommand {
    /// Goes back to an earlier deployment, and turns automatic sync off so that it stays.
    Rollback {
        /// The Application.
        application: String,
        /// The id in its history; the one before the last when left out.
        id: Option<i64>,
        /// How it is confirmed and printed.
        #[command(flatten)]
        sent: Sent,
    },
    /// Turns automatic sync on or off.
    AutoSync {
        /// Whether it is on.
        #[arg(value_name = "on|off", value_parser = ["on", "off"])]
        state: String,
        /// Which Applications, and how.
        #[command(flatten)]
        applications: Named,
    },
    /// Syncs Applications to what git says now.
    Sync(Named),
}
