//! The plan of a silence: from what the Alertmanager has.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::rights::{self, Right};
use super::super::said;
use super::super::who::Process;
use super::{Aim, Hides, MOST, Part, Prepared};
use crate::core::action::Risk;
use crate::core::{Kind, Name, Result, Safe, Span, Ts, Untrusted, Zone};
use crate::ops::deed::Raw;
use crate::ops::plan::{Doing, Shown, Silences, silence_phrase};
use crate::ops::silence::{self, Draft, Live, MANY, Reach, Request, SilenceId, Wish, check};
use crate::ops::{Plan, PlanId};
use crate::query::matcher::Matcher;
use crate::sources::alertmanager::Alertmanager;
use crate::sources::kube::Client;
use crate::store::alerts::Alert;

/// Who asks, and by which cluster's leave.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// The cluster's client, where there is a cluster: ways through it need rights.
    pub client: Option<&'a Client>,
    /// When.
    pub now: Ts,
}

/// What a plan is made of.
#[derive(Default)]
struct Made {
    shown: Vec<Shown>,
    parts: Vec<Part>,
    reach: Reach,
    refusals: Vec<String>,
    left_out: Vec<Safe>,
    notes: Vec<Safe>,
    risk: Option<Risk>,
}

/// Reads everything that a wish needs and makes the plan; nothing is written.
///
/// # Errors
/// What can't be read.
pub async fn prepare(
    manager: &Arc<Alertmanager>,
    asker: Asker<'_>,
    id: PlanId,
    wish: &Wish,
) -> Result<Prepared> {
    let now = asker.now;
    let made = match wish {
        Wish::Add(draft) => add(manager, now, draft).await?,
        Wish::Extend { id, length } => extend(manager, now, id, *length).await?,
        Wish::Expire { ids } => expire(manager, ids).await?,
    };
    let Made { shown, parts, reach, mut refusals, left_out, notes, risk } = made;
    let rights = rights(manager, asker.client, wish, &mut refusals).await;
    let transport = manager.transport();
    let address = format!("{} ({})", transport.address().clipped(200), transport.via().word());
    let silences = Silences {
        action: Safe::own(wish.name()),
        alertmanager: manager.name().clone(),
        address: Safe::of(&address),
        phrase: silence_phrase(&shown),
        silences: shown,
        reach,
        left_out,
    };
    let plan = Plan {
        id,
        made_at: now,
        what: Doing::Silence(Box::new(silences)),
        namespace: Name::default(),
        why: Vec::new(),
        owner: Safe::of(&format!("Alertmanager {}", manager.name().clipped(80))),
        rights,
        items: Vec::new(),
        refusals,
        notes,
        risk: risk.unwrap_or(Risk::Safe),
        user: Safe::default(),
        skew: None,
    };
    Ok(Prepared { plan: Arc::new(plan), manager: Arc::clone(manager), parts })
}

/// Returns the account of this process, as amtool does.
async fn account() -> Untrusted {
    let process = tokio::task::spawn_blocking(Process::this).await.unwrap_or_default();
    process.user.unwrap_or_else(|| format!("uid {}", process.uid)).into()
}

async fn add(manager: &Alertmanager, now: Ts, draft: &Draft) -> Result<Made> {
    let author = match draft.author.clone().filter(|a| !a.raw().trim().is_empty()) {
        Some(author) => author,
        None => account().await,
    };
    let (matchers, lasts) = (&draft.matchers, draft.length);
    let (request, starts, ends) = silence::add(matchers, now, lasts, (author.raw(), draft.comment.raw()));
    let mut made = Made::default();
    made.refusals.extend(check(draft).err());
    // What is refused already need not be asked about; what the Alertmanager does not take as a filter it takes in no
    // silence either.
    if made.refusals.is_empty() {
        match manager.alerts_of(matchers).await {
            Ok(alerts) => {
                made.reach = Reach::of(&alerts.alerts, &[]);
                made.notes = made.reach.warnings(matchers, lasts);
                made.notes.extend(beyond(alerts.dropped));
            }
            Err(error) if error.kind == Kind::BadQuery => made.refusals.push(error.line()),
            Err(error) => return Err(error),
        }
        made.notes.extend(same(manager, matchers).await);
    }
    let risk = made.reach.risk(matchers, lasts);
    made.risk = Some(risk);
    made.shown.push(Shown {
        id: None,
        matchers: matchers.clone(),
        starts_at: starts,
        ends_at: ends,
        until: None,
        keeps_id: true,
        created_by: author,
        comment: draft.comment.clone(),
    });
    let hides = Hides { matchers: matchers.clone(), lasts, risk, reach: made.reach.clone() };
    let aim = Aim::Add { hides };
    made.parts.push(Part { silence: "new silence".to_owned(), request, aim });
    Ok(made)
}

fn beyond(dropped: usize) -> Option<Safe> {
    (dropped > 0)
        .then(|| Safe::of(&format!("{dropped} more alerts were not read: it may hide more than is told")))
}

/// Tells of a silence with the same matchers that is there already.
async fn same(manager: &Alertmanager, matchers: &[Matcher]) -> Option<Safe> {
    let sorted = |mut list: Vec<Matcher>| {
        list.sort();
        list
    };
    let wanted = sorted(matchers.to_vec());
    let list = manager.silences_json().await.ok()?;
    let found =
        list.silences.iter().map(Live).find(|live| {
            live.state() != "expired" && live.matchers().map(sorted).as_ref() == Some(&wanted)
        })?;
    let until = found.ends_at().map_or_else(|| "?".to_owned(), |at| at.date_clock(Zone::Utc));
    let id = found.id().map(|id| id.short().to_owned()).unwrap_or_default();
    Some(said(format!(
        "silence {id} has the same matchers already, until {until} UTC, by {}: extend it instead?",
        found.created_by().clipped(80)
    )))
}

/// Reads a silence; `None` when there is none of that id.
async fn read(manager: &Alertmanager, id: &SilenceId) -> Result<Option<Value>> {
    manager.silence_json(id.as_str()).await
}

const NONE: &str = "there is no such silence: it was never there, or was forgotten some days after its end";

fn shown(live: Live<'_>, id: &SilenceId) -> Shown {
    Shown {
        id: Some(id.clone()),
        matchers: live.matchers().unwrap_or_default(),
        starts_at: live.starts_at().unwrap_or_default(),
        ends_at: live.ends_at().unwrap_or_default(),
        until: None,
        keeps_id: true,
        created_by: live.created_by(),
        comment: live.comment(),
    }
}

async fn extend(manager: &Alertmanager, now: Ts, id: &SilenceId, length: Span) -> Result<Made> {
    let mut made = Made::default();
    let Some(found) = read(manager, id).await? else {
        made.refusals.push(NONE.to_owned());
        return Ok(made);
    };
    let live = Live(&found);
    let mut one = shown(live, id);
    let matchers = one.matchers.clone();
    match silence::extend(live, now, length) {
        Ok((request, ends, keeps_id)) => {
            one.until = Some(ends);
            one.keeps_id = keeps_id;
            made.notes.push(Safe::own(if keeps_id {
                "only its end moves: the Alertmanager changes it under its id"
            } else {
                "it begins soon: the Alertmanager may end it and make another one, with another id"
            }));
            let alerts = manager.alerts_of(&matchers).await?;
            made.reach = Reach::of(&alerts.alerts, &[id.as_str()]);
            made.notes.extend(made.reach.warnings(&matchers, length));
            made.notes.extend(beyond(alerts.dropped));
            let risk = made.reach.risk(&matchers, length);
            made.risk = Some(risk);
            let hides = Hides { matchers, lasts: length, risk, reach: made.reach.clone() };
            let aim = Aim::Extend { id: id.clone(), ends, planned: Raw(found.clone()), hides };
            made.parts.push(Part { silence: format!("silence {id}"), request, aim });
        }
        Err(why) => made.refusals.push(why),
    }
    made.shown.push(one);
    Ok(made)
}

async fn expire(manager: &Alertmanager, ids: &[SilenceId]) -> Result<Made> {
    let once: BTreeSet<&SilenceId> = ids.iter().collect();
    let mut made = Made::default();
    if once.is_empty() || once.len() > MOST {
        made.refusals.push(format!("{} silences: one plan ends from 1 to {MOST}", once.len()));
        return Ok(made);
    }
    let mut unfit = Vec::new();
    for id in ids.iter().filter(|id| once.contains(id)) {
        if made.shown.iter().any(|s| s.id.as_ref() == Some(id)) {
            continue;
        }
        let found = read(manager, id).await?;
        let request: Result<Request, String> = match &found {
            None => Err(NONE.to_owned()),
            Some(found) => silence::expire(Live(found), id),
        };
        match (request, found) {
            (Ok(request), Some(found)) => {
                made.shown.push(shown(Live(&found), id));
                let aim = Aim::Expire { id: id.clone(), planned: Raw(found) };
                made.parts.push(Part { silence: format!("silence {id}"), request, aim });
            }
            (request, _) => {
                unfit.push(said(format!("silence {id}: {}", request.err().unwrap_or_default())));
            }
        }
    }
    // Of several those that can't be ended are left out; when none is left there is nothing to confirm.
    if made.parts.is_empty() {
        made.refusals.extend(unfit.iter().map(ToString::to_string));
        return Ok(made);
    }
    made.notes.extend(unfit.iter().map(|line| said(format!("left out: {line}"))));
    made.left_out = unfit;
    let own: Vec<&str> = made.shown.iter().filter_map(|s| s.id.as_ref()).map(SilenceId::as_str).collect();
    let alerts = manager.alerts().await?;
    let ours = |alert: &&Alert| alert.silenced_by.iter().any(|id| own.contains(&id.raw()));
    let held = Reach::of(alerts.alerts.iter().filter(ours), &own);
    let free = |alert: &&Alert| ours(alert) && alert.silenced_by.iter().all(|id| own.contains(&id.raw()));
    made.reach = Reach::of(alerts.alerts.iter().filter(free), &own);
    let stay = held.count - made.reach.count;
    made.notes.extend((stay > 0).then(|| said(format!("{stay} stay silenced by others"))));
    let nothing = made.reach.count == 0;
    made.notes
        .extend(nothing.then(|| Safe::own("nothing comes back now: no firing alert is hidden by it alone")));
    let still = made.reach.otherwise;
    made.notes.extend((still > 0).then(|| said(format!("{still} of them stay inhibited or muted"))));
    made.notes.extend(beyond(alerts.dropped));
    let many = made.parts.len() > 1 || made.reach.count > MANY;
    made.risk = Some(if many { Risk::Disruptive } else { Risk::Safe });
    Ok(made)
}

/// Tells which rights the way to the Alertmanager needs, and refuses where one is missing.
async fn rights(
    manager: &Alertmanager,
    client: Option<&Client>,
    wish: &Wish,
    refusals: &mut Vec<String>,
) -> Safe {
    let (Some(proxied), Some(client)) = (manager.transport().proxied(), client) else {
        return Safe::own("the Alertmanager's own: it is asked when it is sent");
    };
    let verb = match wish {
        Wish::Add(_) | Wish::Extend { .. } => "create",
        Wish::Expire { .. } => "delete",
    };
    let words = format!("{verb} services/proxy {} in {}", proxied.segment, proxied.namespace);
    let right = Right {
        verb,
        group: String::new(),
        resource: "services".to_owned(),
        subresource: Some("proxy".to_owned()),
        namespace: proxied.namespace,
        name: proxied.segment,
    };
    match rights::missing(client, BTreeSet::from([right])).await {
        Ok(missing) if missing.is_empty() => said(format!("{words} ✔")),
        Ok(_) => {
            refusals
                .push(format!("missing rights: {words}: through the API server a change is such a request"));
            said(format!("missing: {words}"))
        }
        Err(error) => said(format!("could not be asked: {}", error.line())),
    }
}
