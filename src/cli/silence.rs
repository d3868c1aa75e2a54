//! The command line of silences: amtool's words.

use clap::{Args, Subcommand};

use super::args::{Printed, Sent};

/// What is done with silences.
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Hides alerts for a time; prints the plan with what it hides now, or carries it out.
    Add(Add),
    /// Gives a silence a later end.
    Extend {
        /// Its id.
        id: String,
        /// How long it is to last from now on, as in `2h`.
        #[arg(short, long, value_name = "LENGTH")]
        duration: String,
        /// Where, and how it is confirmed and printed.
        #[command(flatten)]
        at: At,
    },
    /// Ends silences now.
    Expire {
        /// Their ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Where, and how it is confirmed and printed.
        #[command(flatten)]
        at: At,
    },
    /// Prints silences: those that have not ended.
    #[command(visible_alias = "query")]
    List {
        /// Only silences that have all of these matchers: `alertname=X`, `pod=~a.*`.
        #[arg(value_name = "MATCHER")]
        matchers: Vec<String>,
        /// Prints those that have ended instead.
        #[arg(long)]
        expired: bool,
        /// Which Alertmanager, where there are several; all of them when left out.
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// How it is printed.
        #[command(flatten)]
        printed: Printed,
    },
}

/// A new silence.
#[derive(Debug, Args)]
pub struct Add {
    /// Which alerts: all must match. `a=b`, `a!=b`, `a=~re`, `a!~re`; a first bare word is an alert's name.
    #[arg(required = true, value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// How long.
    #[arg(short, long, value_name = "LENGTH", default_value = "1h")]
    pub duration: String,
    /// Why: whoever finds the silence reads it.
    #[arg(short, long, value_name = "TEXT")]
    pub comment: String,
    /// Who; the account of this process when left out.
    #[arg(short, long, value_name = "NAME")]
    pub author: Option<String>,
    /// Where, and how it is confirmed and printed.
    #[command(flatten)]
    pub at: At,
}

/// Where a silence is changed, and how.
#[derive(Debug, Args)]
pub struct At {
    /// Which Alertmanager, where there are several that are no cluster.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// How it is confirmed and printed.
    #[command(flatten)]
    pub sent: Sent,
}
