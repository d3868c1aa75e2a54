//! The runner's own process: from what it was handed to the last entry of its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::file::{make_private, write_private};
use super::super::journal::Journal;
use super::Handover;
use crate::core::{Error, Kind, Result, Safe};
use crate::ops::plan::Doing;
use crate::ops::{JobMsg, Outcome, Plan, Record, What};
use crate::sources::auth::{WallClock, wall_clock};
use crate::sources::kube::Client;

/// What is done when the process is told to end: the plan stops before its next object.
pub type Told = Box<dyn Fn() + Send>;

/// Carries out what is handed over and writes how it ends. Returns how it ended. `signals` begins to listen for those who
/// tell the process to end.
///
/// # Errors
/// Nothing was sent: what was handed over can't be used, or the journal can't be written.
pub fn run(handed: Handover, signals: impl FnOnce(Told) -> Result<()>) -> Result<Outcome> {
    let journal = Journal::named(&handed.state, handed.journal);
    let clock = wall_clock();
    let plan = Arc::clone(&handed.order.confirmed.plan);
    let stop = CancellationToken::new();
    let told = {
        let (journal, clock, plan, stop) = (journal.clone(), Arc::clone(&clock), plan.id, stop.clone());
        move || {
            if !stop.is_cancelled() {
                stop.cancel();
                journal.append(&Record { at: clock(), what: What::Cancel { plan } }).ok();
            }
        }
    };
    // Before its first entry: from then on it may be told to stop.
    signals(Box::new(told))?;
    begin(&journal, &clock, &handed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::new(Kind::Internal, "start the runtime").detail(e.to_string()))?;
    let tell = |news: JobMsg| {
        if let JobMsg::Step { number, of, text, finished } = news {
            let what = What::Step { plan: plan.id, number, of, text, finished };
            // Progress is for those who look on: that it can't be noted keeps nothing back.
            journal.append(&Record { at: clock(), what }).ok();
        }
    };
    let ended = runtime.block_on(async {
        let client = handed.target().and_then(|target| Client::new(&target, Arc::clone(&clock)));
        match client {
            Ok(client) => handed.order.run(&client, &clock, journal.clone(), stop, &tell).await,
            Err(error) => {
                let outcome = Outcome::Failed(error);
                let text = outcome.words();
                (outcome, text)
            }
        }
    });
    let (outcome, text) = ended;
    journal.append(&Record { at: clock(), what: What::ended(&plan, &outcome, text) }).ok();
    journal.sync()?;
    Ok(outcome)
}

/// The intent stands in this journal too, on disk before anything is sent.
fn begin(journal: &Journal, clock: &WallClock, handed: &Handover) -> Result<()> {
    let order = &handed.order.confirmed;
    // Later cockpits show the plan by it. What is only to be looked at before the confirmation may hold what people have
    // written into their objects, and is not kept.
    let mut plan = Plan::clone(&order.plan);
    for item in &mut plan.items {
        (item.diff, item.patch) = (Vec::new(), None);
    }
    if let Doing::Deed(deeds) = &mut plan.what
        && deeds.action.as_str() == "edit"
    {
        deeds.deed = serde_json::Value::Null;
    }
    let path = plan_file(&handed.state, &handed.journal.to_string());
    let text = serde_json::to_string(&plan).unwrap_or_default();
    let folder = path.parent().unwrap_or(&path);
    make_private(folder).and_then(|()| write_private(&path, &text)).map_err(|e| {
        Error::new(Kind::Io, "keep the plan").on(path.display().to_string()).detail(e.to_string())
    })?;
    let entries = [
        What::Opened {
            context: handed.context.clone(),
            version: Safe::own(env!("CARGO_PKG_VERSION")),
            server: Some(handed.server.clone()),
            who: handed.who.clone(),
        },
        What::made(&order.plan),
        order.intent(),
        What::Runner { plan: order.plan.id, pid: std::process::id() },
    ];
    for what in entries {
        journal.append(&Record { at: clock(), what })?;
    }
    journal.sync()
}

/// Returns where the plan of a runner's journal is kept.
pub fn plan_file(state: &Path, journal: &str) -> PathBuf {
    state.join("journal").join(format!("{journal}.plan.json"))
}
