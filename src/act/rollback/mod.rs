//! Rolling a Helm release back: the plan from what the server has, and the driver of the engine.
//!
//! `deckwatch-helm` decides what is sent and what answers mean; here it is read, previewed, sent once,
//! journalled and told.

mod drive;
mod live;
mod losses;
mod owners;
mod preview;
mod series;
mod show;

use std::path::Path;
use std::sync::Arc;

use deckwatch_helm::options::{Options, Wait};
use deckwatch_helm::plan::{
    BoundSides, Plan, PlanInput, Refusal, Sides, choose_target, helm_picks, left_behind, plan,
};
use deckwatch_helm::record::{Status, StoredRecord};
use deckwatch_helm::step::Job;
use deckwatch_helm::time::Now;

use super::runner::unfinished::abandoned;
use crate::core::{ClusterId, Error, Kind, Name, Result, Span, Ts};
use crate::ops::PlanId;
use crate::sources::kube::Client;

use owners::{Held, Owners};

pub(super) use drive::run;
pub use live::{kinds as kinds_of, record};

/// What is asked for.
pub struct Asked<'a> {
    /// The release's namespace.
    pub namespace: &'a Name,
    /// The release.
    pub release: &'a Name,
    /// To which revision; without one the last good one, or what Helm picks where its ways are wanted.
    pub to: Option<u32>,
    /// How it is to be carried out.
    pub options: &'a Options,
}

/// A plan with everything that carrying it out needs.
pub struct Prepared {
    /// The plan as it is shown.
    pub plan: Arc<crate::ops::Plan>,
    helm: Plan,
    current: StoredRecord,
    sides: BoundSides,
    /// Names of records that can't be read, where Helm's ways are wanted, which passes over them.
    unreadable: Vec<String>,
    holds: Vec<Held>,
}

/// What is carried out.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Work {
    /// What the engine is to do.
    job: Job,
    /// Who must still be held back when it begins.
    holds: Vec<Held>,
}

impl Prepared {
    /// Returns what is to be carried out. `wait`: how long it waits until everything is ready; as Helm's plain `--wait` does, where
    /// the plan does not say how.
    ///
    /// # Errors
    /// `Refused`, where the plan is.
    pub fn work(&self, wait: Option<Span>, now: Ts) -> Result<Work> {
        let refuse = |detail: String| Error::new(Kind::Refused, "roll back").detail(detail);
        let mut helm = self.helm.clone();
        if let Some(limit) = wait {
            helm.options.timeout_ns = limit.0;
            if helm.options.wait == Wait::None {
                helm.options.wait = Wait::plain(helm.generation);
            }
        }
        let job = Job::new(&helm, &self.current, &self.sides, helm_now(now));
        let job = job.map_err(|e| refuse(e.to_string()))?.passing_over(self.unreadable.clone());
        let job = match wait {
            Some(limit) => job.waiting(limit.0),
            None => job,
        };
        Ok(Work { job, holds: self.holds.clone() })
    }
}

/// Returns a time as Helm's records want it.
fn helm_now(now: Ts) -> Now {
    Now { ns: now.0, offset_minutes: 0 }
}

/// Reads everything that a rollback needs and makes the plan; nothing is written.
///
/// # Errors
/// What can't be read: the records, the kinds, the rights.
pub async fn prepare(
    client: &Client,
    cluster: &ClusterId,
    id: PlanId,
    now: Ts,
    asked: &Asked<'_>,
    state: Option<&Path>,
) -> Result<Prepared> {
    let (namespace, name, options) = (asked.namespace, asked.release, asked.options);
    let mut history = live::history(client, namespace, name).await?;
    if options.strict {
        history.keep_one_driver();
    }
    // To Helm 0 is no revision at all.
    let to = asked.to.filter(|to| *to != 0);
    let choice = choose_target(&history.records);
    let chosen = match (to, &choice) {
        (Some(to), _) => Ok(i64::from(to)),
        (None, _) if options.strict => helm_picks(&history.records),
        (None, Ok(choice)) => Ok(choice.target),
        (None, Err(refusal)) => Err(refusal.clone()),
    };
    let target = chosen.map_err(|refusal| refused(namespace, name, &refusal))?;
    let of = |number: i64| history.records.iter().find(|r| r.record.version() == Ok(number));
    let current = history.records.iter().max_by_key(|r| r.record.version().unwrap_or(i64::MIN));
    let current = current.cloned().ok_or_else(|| refused(namespace, name, &Refusal::NoHistory))?;
    if let Some(refusal) = history.newest_unreadable(&current).filter(|_| !options.strict) {
        return Err(refused(namespace, name, &refusal));
    }
    let wanted =
        of(target).cloned().ok_or_else(|| refused(namespace, name, &Refusal::NoSuchRevision(target)))?;
    let dead = going(&current).filter(|(to, revision)| {
        let numbers = u32::try_from(*to).ok().zip(u32::try_from(*revision).ok());
        let abandoned = |numbers| state.is_some_and(|s| abandoned(s, client, namespace, name, numbers));
        numbers.is_some_and(abandoned)
    });
    let dead = dead.map(|(_, revision)| revision);
    let sides = Sides::read(&current.record, &wanted.record).map_err(|r| refused(namespace, name, &r))?;
    let earlier = left_behind(&history.records).filter(|_| !options.strict).unwrap_or_default();
    let sides = sides.after(earlier.into_iter().map(|stored| &stored.record));
    let kinds = live::kinds(client, &sides.kinds()).await?;
    let bound = sides.bind(&kinds, name.as_str(), namespace.as_str(), options.strict);
    let (bound, unbound) = match bound {
        Ok(bound) => (bound, Vec::new()),
        Err(refusals) => (BoundSides::default(), refusals),
    };
    let objects = &bound;
    let (found, owners, autoscalers) = tokio::join!(
        live::objects(client, objects),
        live::release_owners(client, namespace, name),
        live::autoscalers(client, objects),
    );
    let (owners, unasked) = match owners {
        Ok(releases) => (Owners::of(&releases), None),
        Err(error) => (Owners::default(), Some(error)),
    };
    let (autoscalers, unscaled) = match autoscalers {
        Ok(autoscalers) => (autoscalers, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let input = PlanInput {
        history: &history.records,
        target,
        sides: objects,
        unbound: &unbound,
        live: &found,
        owners: &owners.all,
        held: &owners.held,
        autoscalers: &autoscalers,
        options,
        now: helm_now(now),
        dead,
    };
    let mut made = plan(&input).map_err(|r| refused(namespace, name, &r))?;
    made.refusals.extend(owners.at_work.iter().cloned().map(Refusal::AtWork));
    let (rights, tries, losses) = tokio::join!(
        live::rights(client, &made, objects),
        preview::all(client, &made, objects),
        losses::read(client, &made),
    );
    let allowed = rights.as_ref().is_ok_and(Vec::is_empty);
    let previews = preview::judged(tries, allowed);
    let chosen = match (to, options.strict, choice) {
        (Some(_), ..) => show::Chosen::ByHand,
        (None, true, _) => show::Chosen::ByHelm,
        (None, false, choice) => choice.map_or(show::Chosen::ByHand, show::Chosen::Good),
    };
    let shown = show::Inputs {
        id,
        now,
        cluster,
        helm: &made,
        chosen: &chosen,
        current: &current,
        target: &wanted,
        history: &history,
        rights: &rights,
        owners: &owners,
        unasked: unasked.as_ref(),
        unscaled: unscaled.as_ref(),
        losses: &losses,
        previews: &previews,
    };
    let plan = Arc::new(show::show(&shown));
    let unreadable = history.unreadable.into_iter().map(|(name, _)| name).filter(|_| options.strict);
    let unreadable = unreadable.collect();
    Ok(Prepared { plan, helm: made, current, sides: bound, unreadable, holds: owners.holds })
}

/// Returns where a rollback that was never finished was going, and its revision.
fn going(current: &StoredRecord) -> Option<(i64, i64)> {
    let info = current.record.info().ok().filter(|info| info.status == Status::PendingRollback)?;
    let to = info.description.strip_prefix("Rollback to ")?.parse().ok()?;
    Some((to, current.record.version().ok()?))
}

fn refused(namespace: &Name, name: &Name, refusal: &Refusal) -> Error {
    Error::new(Kind::Refused, "plan a rollback").on(format!("{namespace}/{name}")).detail(refusal.to_string())
}
