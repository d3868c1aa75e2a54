//! Where Helm fails on the way, and deckwatch only with its ways.

use pretty_assertions::assert_eq;

use super::*;
use crate::options::{ServerSide, Wait};
use crate::plan::{Doom, Gvk, Owner, OwnerKind, PlanInput, Refusal, Sides, plan};
use crate::testing::{NAMESPACE, RELEASE, kinds};

fn strict(mut stand: Stand) -> Stand {
    stand.options.strict = true;
    stand
}

fn plan_with(stand: &Stand, unbound: &[Refusal], owners: &[Owner]) -> crate::plan::Plan {
    let sides = if unbound.is_empty() { stand.sides(6) } else { crate::plan::BoundSides::default() };
    let live = stand.live(&sides);
    let input = PlanInput {
        history: &stand.history,
        target: 6,
        sides: &sides,
        unbound,
        live: &live,
        owners,
        autoscalers: &[],
        held: &[],
        options: &stand.options,
        now: NOW,
        dead: None,
    };
    plan(&input).unwrap()
}

#[test]
fn a_kind_that_is_gone_is_refused_or_leaves_the_release_pending() {
    let gone = [Refusal::UnknownKind(Gvk::new("parity.example/v1", "Widget"))];
    assert_eq!(plan_with(&stand(), &gone, &[]).refusals, gone);
    let mut strict = strict(stand());
    let plan = plan_with(&strict, &gone, &[]);
    assert_eq!((plan.refusals.len(), plan.doom.is_some()), (0, true));
    let job =
        Job::new(&plan, strict.history.last().unwrap(), &crate::plan::BoundSides::default(), NOW).unwrap();
    let run = drive(&mut Engine::new(job), &mut strict.api, |_, _, _| {});
    let what = gone[0].to_string();
    let record = Some(Status::PendingRollback);
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record });
    // Another reason beside it is one of its own.
    let both = [gone[0].clone(), Refusal::NoName(Gvk::new("v1", "ConfigMap"))];
    assert_eq!(plan_with(&strict, &both, &[]).refusals, both);
    let expected =
        states_are(&[(5, "superseded"), (6, "superseded"), (7, "deployed"), (8, "pending-rollback")]);
    assert_eq!(states(&strict.api), expected);
}

#[test]
fn what_does_not_go_together_fails_both_records_before_the_first_object() {
    let mut stand = strict(stand());
    stand.options.force_conflicts = true;
    stand.options.server_side = ServerSide::No;
    let plan = plan_with(&stand, &[], &[]);
    let Some(Doom::Options(why)) = plan.doom.clone() else { panic!("{:?}", plan.doom) };
    let before = said(&stand.api);
    let run = run(&mut stand, 6);
    let record = Some(Status::Failed);
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what: why, record });
    assert_eq!(
        states(&stand.api),
        states_are(&[(5, "superseded"), (6, "superseded"), (7, "superseded"), (8, "failed")])
    );
    assert_eq!(said(&stand.api), before);
}

#[test]
fn an_object_without_a_name_fails_when_helm_comes_to_it() {
    let nameless = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: env-}\n";
    let target = [config_map("aaa", "1"), nameless.to_owned()].concat();
    let revisions =
        [Revision::new(6, "superseded", &target), Revision::new(7, "deployed", &config_map("zzz", "1"))];
    let refused = Sides::read(&revisions[1].stored().record, &revisions[0].stored().record).unwrap();
    assert!(refused.bind(&kinds(), RELEASE, NAMESPACE, false).is_err());
    let mut stand = strict(Stand::new(&revisions));
    let run = run(&mut stand, 6);
    let what = "could not get information about the resource: resource name may not be empty".to_owned();
    let record = Some(Status::Failed);
    assert_eq!(run.outcome, Outcome::Failed { phase: Phase::Objects, what, record });
    assert!(lines(&stand.api).iter().all(|line| !line.ends_with("/configmaps/")), "{:?}", lines(&stand.api));
}

#[test]
fn an_owner_is_told_of_and_stops_only_who_does_not_want_helms_ways() {
    let owner = Owner { kind: OwnerKind::FluxHelmRelease, name: "flux/demo".to_owned() };
    let owners = [owner.clone()];
    let refused = plan_with(&stand(), &[], &owners);
    assert!(matches!(refused.refusals[..], [Refusal::Owned { .. }]), "{:?}", refused.refusals);
    let strict = plan_with(&strict(stand()), &[], &owners);
    assert_eq!((strict.refusals.len(), strict.warnings.len()), (0, 1));
    assert!(strict.warnings[0].to_string().contains(&owner.to_string()));
}

#[test]
fn a_record_that_cannot_be_read_is_none_to_helm_until_it_stands_in_the_way() {
    let mut stand = strict(stand());
    let mut spoiled = stand.api.objects[&format!("{SECRETS}/sh.helm.release.v1.momo.v7")].clone();
    spoiled["metadata"]["name"] = json!("sh.helm.release.v1.momo.v8");
    spoiled["data"]["release"] = json!("!");
    stand.api.put(&format!("{SECRETS}/sh.helm.release.v1.momo.v8"), spoiled);
    let (mut stand, job) = ready(stand);
    let job = job.passing_over(vec!["sh.helm.release.v1.momo.v8".to_owned()]);
    let run = drive(&mut Engine::new(job), &mut stand.api, |_, _, _| {});
    let Outcome::Failed { phase: Phase::Locking, record: None, .. } = run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert_eq!(stand.api.log.len(), 2);
}

#[test]
fn a_wish_to_wait_in_one_way_is_not_made_another() {
    let mut stand = stand();
    stand.options.wait = Wait::Legacy;
    stand.options.helm = Some(crate::record::Generation::V4);
    let (_, job) = ready(stand);
    assert_eq!(job.waiting(1).options.wait, Wait::Legacy);
}
