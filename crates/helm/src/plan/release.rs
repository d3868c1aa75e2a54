//! The plan of a whole rollback.

use std::collections::BTreeMap;

use serde_json::Value;

use super::accounts;
use super::change::How;
use super::choice::{is_failure, left_behind, prune, unreadable};
use super::leaks;
use super::object::{ObjectId, PlanObject};
use super::objects::{Live, ObjectPlan, is_kept, plan_leaving, plan_target};
use super::owner::{Owner, OwnerKind, find_owner};
use super::refusal::{Doom, Refusal, Warning};
use super::replicas::{self, Autoscaler};
use super::sides::BoundSides;
use crate::hooks::RunHook;
use crate::managed::{FIELD_MANAGER, FLUX_MANAGER};
use crate::options::{Method, Options, ServerSide};
use crate::record::{Driver, Generation, RollbackInfo, Status, StoredRecord, object_name, user_labels};
use crate::time::Now;

/// How many bytes a Secret or a ConfigMap holds.
pub const MAX_STORED: usize = 1 << 20;

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// All records of the release that can be read.
    pub history: &'a [StoredRecord],
    /// The revision to roll back to.
    pub target: i64,
    /// The objects of both revisions.
    pub sides: &'a BoundSides,
    /// Why objects of theirs have no address on the server; then there are none in `sides`.
    pub unbound: &'a [Refusal],
    /// What the server has of each of them.
    pub live: &'a BTreeMap<ObjectId, Live>,
    /// Owners of the release as a whole that the caller found, such as a HelmRelease that names it.
    pub owners: &'a [Owner],
    /// The autoscalers of the namespaces that the objects are in.
    pub autoscalers: &'a [Autoscaler],
    /// Owners of which the caller knows that they are held back and at rest: what they own may be written.
    pub held: &'a [Owner],
    /// How it is to be carried out.
    pub options: &'a Options,
    /// The present.
    pub now: Now,
    /// A revision that is pending and of which the caller knows that nobody carries it out any more.
    pub dead: Option<i64>,
}

/// For how long a pending revision is taken to be carried out by somebody: Helm's own time limit.
pub const ABANDONED_AFTER_S: i64 = 300;

/// What a rollback would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// Where its records are.
    pub driver: Driver,
    /// The last revision.
    pub current: i64,
    /// The revision that is gone back to.
    pub target: i64,
    /// The revision that is made.
    pub makes: i64,
    /// Whose ways are followed.
    pub generation: Generation,
    /// How objects are applied.
    pub method: Method,
    /// Under which name fields are written.
    pub field_manager: &'static str,
    /// How it is carried out.
    pub options: Options,
    /// The log line of the new record.
    pub description: String,
    /// What becomes of each object: the target's in their order, then those that are deleted or kept.
    pub objects: Vec<ObjectPlan>,
    /// The hooks that run, in their order: those before the objects, then those after them.
    pub hooks: Vec<RunHook>,
    /// The pending revision that is passed over without anybody knowing that its operation is dead: it is only old.
    pub over: Option<i64>,
    /// Revisions whose records are removed first.
    pub prune: Vec<i64>,
    /// How many bytes the new record takes in its object.
    pub record_bytes: usize,
    /// Where it is known to fail, as Helm does; only where its ways are wanted.
    pub doom: Option<Doom>,
    /// What the reader must know about the release as a whole.
    pub warnings: Vec<Warning>,
    /// Why nothing is written; empty when the plan can be carried out.
    pub refusals: Vec<Refusal>,
    /// The record that would be created.
    pub new_record: Option<StoredRecord>,
}

impl Plan {
    /// Returns whether any container's image changes, or any pod is replaced.
    pub fn changes_running_code(&self) -> bool {
        self.objects.iter().any(|object| object.restart.is_some())
    }

    /// Returns how many pods are replaced.
    pub fn pods_restarted(&self) -> i64 {
        self.objects
            .iter()
            .filter_map(|object| object.restart.as_ref())
            .filter(|one| !one.waits)
            .map(|one| one.pods)
            .sum()
    }
}

/// Plans a rollback. Whatever speaks against it is among the plan's refusals, all of it at once.
pub fn plan(input: &PlanInput<'_>) -> Result<Plan, Refusal> {
    let last = input.history.iter().max_by_key(|stored| stored.record.version().unwrap_or(i64::MIN));
    let current = last.ok_or(Refusal::NoHistory)?;
    let is_target = |stored: &&StoredRecord| stored.record.version() == Ok(input.target);
    let target = input.history.iter().find(is_target).ok_or(Refusal::NoSuchRevision(input.target))?;
    let read = |err| unreadable(input.target, &err);
    let version = current.record.version().map_err(read)?;
    let (release, namespace) =
        (current.record.name().map_err(read)?, release_namespace(current).map_err(read)?);
    let applied = target.record.apply_method().map_err(read)?;
    let generation = generation(input.options, current, applied.as_deref()).map_err(read)?;
    let method = method(input.options, generation, applied.as_deref());
    let chosen =
        input.options.description.clone().filter(|text| !text.is_empty() && generation == Generation::V4);
    let description = chosen.unwrap_or_else(|| format!("Rollback to {}", input.target));
    let about = RollbackInfo {
        to: input.target,
        version: version + 1,
        now: input.now,
        description: description.clone(),
        generation,
        method,
    };
    let new_record = StoredRecord {
        driver: current.driver,
        object_name: object_name(&release, version + 1),
        namespace: current.namespace.clone(),
        labels: user_labels(&target.labels),
        uid: String::new(),
        resource_version: String::new(),
        record: if input.options.strict {
            let record = target.record.rolled_back(&current.record, &about);
            record.and_then(|record| record.as_written_by(generation)).map_err(read)?
        } else {
            target.record.rolled_back(&current.record, &about).map_err(read)?
        },
    };
    let mut refusals = check_records(current, target, input.now)?;
    let pending = refusals.iter().position(|r| matches!(r, Refusal::Pending { .. }));
    let pending = pending.map(|at| refusals.remove(at));
    let (over, pending) = passed_over(pending, input.dead, input.options.strict);
    refusals.extend(pending);
    let doom = doom(input, method);
    if doom.is_none() {
        refusals.extend(input.unbound.iter().cloned());
        refusals.extend(clashing(input.options, method).map(|(why, _)| Refusal::Options(why)));
    }
    refusals.extend(unknown_options(input.options, generation).map(Refusal::Options));
    let drivers_differ = input.history.iter().any(|stored| stored.driver != current.driver);
    refusals.extend(drivers_differ.then_some(Refusal::TwoDrivers));
    let mut warnings = release_warnings(current, target, input.sides)?;
    if input.options.strict {
        warnings.extend(input.owners.iter().map(|owner| Warning::OtherOwner(owner.to_string())));
    } else {
        let free = input.owners.iter().filter(|owner| !is_held(input, owner));
        refusals.extend(free.map(|owner| owned(&format!("release {release}"), owner)));
    }
    if !input.options.strict {
        warnings.extend(left_behind(input.history).is_none().then_some(Warning::NoBase));
        warnings.extend(orphans(input, (&release, &namespace)));
    }
    let how = How::of(method, input.options);
    let mut objects = plan_objects(input, how, (&release, &namespace), &mut refusals);
    accounts::warn(&mut objects);
    let record_bytes = new_record.stored_len().map_err(read)?;
    if record_bytes > MAX_STORED {
        refusals.push(Refusal::TooLarge { bytes: record_bytes, limit: MAX_STORED });
    }
    Ok(Plan {
        release,
        namespace,
        driver: current.driver,
        current: version,
        target: input.target,
        makes: version + 1,
        generation,
        method,
        field_manager: field_manager(input),
        options: input.options.clone(),
        description,
        objects,
        hooks: if input.options.no_hooks { Vec::new() } else { input.sides.hooks.clone() },
        over,
        prune: prune(input.history, input.options.max_history),
        record_bytes,
        doom,
        warnings,
        refusals,
        new_record: Some(new_record),
    })
}

/// Whose ways are followed: those that were asked for, else those of the Helm that wrote the release last. What the server
/// applied is left to the server: only Helm 4 does that.
fn generation(
    options: &Options,
    current: &StoredRecord,
    applied: Option<&str>,
) -> Result<Generation, crate::record::RecordError> {
    match options.helm {
        Some(generation) => Ok(generation),
        None if applied == Some("ssa") => Ok(Generation::V4),
        None => current.record.generation(),
    }
}

/// How objects are applied: as the revision that is rolled back to was, where nothing else is asked for.
fn method(options: &Options, generation: Generation, applied: Option<&str>) -> Method {
    match (generation, options.server_side) {
        (Generation::V3, _) | (_, ServerSide::No) => Method::ClientSide,
        (_, ServerSide::Yes) => Method::ServerSide,
        (_, ServerSide::Auto) if applied == Some("ssa") => Method::ServerSide,
        (_, ServerSide::Auto) => Method::ClientSide,
    }
}

/// Returns the pending revision that is old enough to be passed over, or the refusal that stays. Helm's rollback passes over
/// any: only its other commands look whether somebody is at work.
fn passed_over(pending: Option<Refusal>, dead: Option<i64>, strict: bool) -> (Option<i64>, Option<Refusal>) {
    match pending {
        Some(Refusal::Pending { revision, .. }) if dead == Some(revision) => (None, None),
        Some(Refusal::Pending { revision, .. }) if strict => (Some(revision), None),
        Some(Refusal::Pending { revision, age_seconds: Some(age), .. }) if age >= ABANDONED_AFTER_S => {
            (Some(revision), None)
        }
        other => (None, other),
    }
}

/// The namespace of a release: its record's, else its object's.
fn release_namespace(current: &StoredRecord) -> Result<String, crate::record::RecordError> {
    let namespace = current.record.namespace()?;
    Ok(if namespace.is_empty() { current.namespace.clone() } else { namespace })
}

/// Checks what the records alone tell against a rollback: it can be asked before anything else is read.
pub(super) fn check_records(
    current: &StoredRecord,
    target: &StoredRecord,
    now: Now,
) -> Result<Vec<Refusal>, Refusal> {
    let mut refusals = Vec::new();
    let info = current.record.info().map_err(|err| unreadable(0, &err))?;
    if info.status.is_pending() {
        let age_seconds = info.last_deployed.map(|began| now.ns.saturating_sub(began.ns) / 1_000_000_000);
        let revision = current.record.version().map_err(|err| unreadable(0, &err))?;
        refusals.push(Refusal::Pending { revision, status: info.status, age_seconds });
    }
    let revision = target.record.version().map_err(|err| unreadable(0, &err))?;
    let read = |err| unreadable(revision, &err);
    match target.record.apply_method().map_err(read)? {
        Some(method) if method != "csa" && method != "ssa" => {
            refusals.push(Refusal::ApplyMethod { revision, method });
        }
        _ => {}
    }
    Ok(refusals)
}

/// Returns where Helm fails once it has created the new record. Whoever does not want everything as Helm does it is told
/// before.
fn doom(input: &PlanInput<'_>, method: Method) -> Option<Doom> {
    if !input.options.strict {
        return None;
    }
    let unknown = |refusal: &Refusal| matches!(refusal, Refusal::UnknownKind(_));
    if !input.unbound.is_empty() && input.unbound.iter().all(unknown) {
        let why: Vec<String> = input.unbound.iter().map(Refusal::to_string).collect();
        return Some(Doom::Build(why.join(" && ")));
    }
    let clash = || clashing(input.options, method).next();
    if input.unbound.is_empty() { clash().map(|(_, why)| Doom::Options(why.to_owned())) } else { None }
}

/// What does not go together, in our words and in those of Helm, which says it only once it has created the new record.
fn clashing(options: &Options, method: Method) -> impl Iterator<Item = (&'static str, &'static str)> {
    let server = method == Method::ServerSide;
    let all = [
        (
            options.force_replace && server,
            "what the server applies is not replaced: choose one of the two",
            "invalid operation: cannot use server-side apply and force replace together",
        ),
        (
            options.force_conflicts && !server,
            "conflicts can only be forced where the server applies",
            "invalid client update option(s): forceConflicts enabled when serverSideApply disabled",
        ),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, ours, helms)| (ours, helms))
}

/// What the command of that Helm does not take.
fn unknown_options(options: &Options, generation: Generation) -> impl Iterator<Item = &'static str> {
    let all = [
        (
            options.force_replace && options.force_conflicts,
            "what is replaced has no conflicts to be forced: choose one of the two",
        ),
        (
            options.server_side == ServerSide::Yes && generation == Generation::V3,
            "Helm 3 does not have the server apply anything",
        ),
        (options.recreate_pods && generation == Generation::V4, "only Helm 3 recreates pods"),
        (options.repair && options.strict, "Helm repairs nothing that earlier failures left behind"),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why)
}

fn release_warnings(
    current: &StoredRecord,
    target: &StoredRecord,
    sides: &BoundSides,
) -> Result<Vec<Warning>, Refusal> {
    let info = |stored: &StoredRecord| stored.record.info().map_err(|err| unreadable(0, &err));
    let (current, target) = (info(current)?, info(target)?);
    let failed =
        target.status == Status::Failed || target.status.is_pending() || is_failure(&target.description);
    let all = [
        (failed, Warning::TargetFailed),
        (current.status == Status::Failed, Warning::CurrentFailed),
        (current.status.is_pending(), Warning::CurrentPending),
        (current.status == Status::Uninstalled, Warning::Uninstalled),
    ];
    let held = all.into_iter().filter(|(holds, _)| *holds).map(|(_, warning)| warning);
    Ok(held.chain(sides.nameless.iter().cloned().map(Warning::Nameless)).collect())
}

fn plan_objects(
    input: &PlanInput<'_>,
    how: How,
    release: (&str, &str),
    refusals: &mut Vec<Refusal>,
) -> Vec<ObjectPlan> {
    let unread = Live::Denied("it was not read".to_owned());
    let live_of = |id: &ObjectId| input.live.get(id).unwrap_or(&unread);
    let (sides, strict) = (input.sides, input.options.strict);
    let targets = sides.target.iter().map(|object| {
        let old = sides.old_of(&object.id);
        (object, plan_leaky(input, object, old, live_of(&object.id), release, how))
    });
    let leaving = sides.leaving().map(|object| (object, plan_leaving(object, live_of(&object.id), release)));
    let orphans =
        sides.orphans().filter(|object| input.options.repair && is_ours(live_of(&object.id), release));
    let orphans = orphans.map(|object| (object, plan_orphan(object, live_of(&object.id), release)));
    let mut plans = Vec::new();
    for (object, planned) in targets.chain(leaving).chain(orphans) {
        let live = match live_of(&object.id) {
            Live::Found(live) => find_owner(live),
            Live::NotFound | Live::Denied(_) => None,
        };
        let owner = live.or_else(|| find_owner(&object.value));
        let nameless = object.id.name.is_empty().then(|| Refusal::NoName(object.id.gvk.clone()));
        let mut plan = match nameless.map_or(planned, Err) {
            Ok(plan) => Some(plan),
            // Helm comes to it, and then fails there or passes it over.
            Err(why @ (Refusal::Denied { .. } | Refusal::NoPatch { .. } | Refusal::NoName(_))) if strict => {
                Some(ObjectPlan::unforeseen(object, &why))
            }
            Err(refusal) => {
                refusals.push(refusal);
                None
            }
        };
        match (owner, &mut plan) {
            (Some(owner), Some(plan)) if strict => plan.warnings.push(Warning::OtherOwner(owner.to_string())),
            (Some(owner), _) if !strict && !is_held(input, &owner) => {
                refusals.push(owned(&object.id.to_string(), &owner));
            }
            _ => {}
        }
        plans.extend(plan);
    }
    plans
}

/// Whether a live object says that it is the release's.
fn is_ours(live: &Live, (release, namespace): (&str, &str)) -> bool {
    let Live::Found(live) = live else { return false };
    let says = |key: &str, value: &str| {
        let annotations = live.pointer("/metadata/annotations");
        annotations.and_then(|all| all.get(key)).and_then(Value::as_str) == Some(value)
    };
    says("meta.helm.sh/release-name", release) && says("meta.helm.sh/release-namespace", namespace)
}

/// Plans the deletion of an object that a failed revision left behind.
fn plan_orphan(object: &PlanObject, live: &Live, release: (&str, &str)) -> Result<ObjectPlan, Refusal> {
    let mut plan = plan_leaving(object, live, release)?;
    plan.warnings.push(Warning::OrphanDeleted);
    Ok(plan)
}

/// Returns what is to be told of objects that failed revisions left behind and that stay.
fn orphans<'a>(input: &'a PlanInput<'_>, release: (&'a str, &'a str)) -> impl Iterator<Item = Warning> + 'a {
    let is_live =
        move |object: &&PlanObject| input.live.get(&object.id).is_some_and(|live| is_ours(live, release));
    let stay = input.sides.orphans().filter(|_| !input.options.repair);
    stay.filter(is_live).map(|object| Warning::Orphan(object.id.to_string()))
}

/// Plans an object of the target, of which failed revisions may have left fields behind.
fn plan_leaky(
    input: &PlanInput<'_>,
    object: &PlanObject,
    old: Option<&PlanObject>,
    live: &Live,
    release: (&str, &str),
    how: How,
) -> Result<ObjectPlan, Refusal> {
    let mut plan = plan_scaled(input, object, old, live, release, how)?;
    let earlier = input.sides.earlier_of(&object.id);
    let Some(old) = old.filter(|_| how == How::Patch && !input.options.strict) else { return Ok(plan) };
    let Some(union) = leaks::union(earlier.chain([old])).filter(|union| *union != old.value) else {
        return Ok(plan);
    };
    let all = PlanObject { value: union, ..old.clone() };
    let Ok(mut repaired) = plan_scaled(input, object, Some(&all), live, release, how) else {
        return Ok(plan);
    };
    let result = |plan: &ObjectPlan| plan.result.clone().unwrap_or_default();
    let leaked = leaks::gone(&result(&plan), &result(&repaired));
    if leaked.is_empty() {
        return Ok(plan);
    }
    if input.options.repair {
        repaired.original = Some(all.value);
        repaired.warnings.push(Warning::LeaksRepaired(leaked));
        return Ok(repaired);
    }
    plan.warnings.push(Warning::Leaks(leaked));
    Ok(plan)
}

/// Plans an object of the target, whose replicas may be an autoscaler's.
fn plan_scaled(
    input: &PlanInput<'_>,
    object: &PlanObject,
    old: Option<&PlanObject>,
    live: &Live,
    release: (&str, &str),
    how: How,
) -> Result<ObjectPlan, Refusal> {
    let scaler = input.autoscalers.iter().find(|scaler| scaler.target.matches(&object.id));
    let is_set = replicas::is_set(&object.value, old.map(|old| &old.value));
    let (Some(scaler), true, Live::Found(value)) = (scaler, is_set, live) else {
        return plan_target(object, old, live, release, (how, field_manager(input)));
    };
    let (live_number, manifest, by) = (replicas::text(value), replicas::text(&object.value), scaler.name());
    if input.options.strict || leaves(input, &scaler.id) {
        let mut plan = plan_target(object, old, live, release, (how, field_manager(input)))?;
        if live_number != manifest {
            plan.warnings.push(Warning::ReplicasTaken { live: live_number, manifest, by });
        }
        return Ok(plan);
    }
    let mut kept = object.clone();
    replicas::keep(&mut kept.value, value);
    let mut plan = plan_target(&kept, old, live, release, (how, field_manager(input)))?;
    plan.keeps_replicas = true;
    if live_number != manifest {
        plan.warnings.push(Warning::ReplicasKept { live: live_number, manifest, by });
    }
    Ok(plan)
}

/// Returns whether the rollback deletes an object.
fn leaves(input: &PlanInput<'_>, id: &ObjectId) -> bool {
    let stays = |live: &Live| matches!(live, Live::Found(live) if is_kept(live));
    input.sides.leaving().any(|left| left.id.matches(id) && !input.live.get(&left.id).is_some_and(stays))
}

/// Whether an owner is known to be held back.
fn is_held(input: &PlanInput<'_>, owner: &Owner) -> bool {
    input.held.iter().any(|held| held.is(owner))
}

/// Under which name fields are written: what helm-controller has written stays its own, so that it finds its fields again
/// once it is let go. Under another name both would own them, and what one of them gives up would stay.
fn field_manager(input: &PlanInput<'_>) -> &'static str {
    let flux = input.held.iter().any(|owner| owner.kind == OwnerKind::FluxHelmRelease);
    if flux && !input.options.strict { FLUX_MANAGER } else { FIELD_MANAGER }
}

fn owned(object: &str, owner: &Owner) -> Refusal {
    Refusal::Owned { object: object.to_owned(), owner: owner.clone() }
}
