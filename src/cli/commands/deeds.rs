//! Actions on objects: `rollout`, `scale`, `set`, `delete`, `evict`, `cordon`, `drain`, `cronjob`, `label`, `annotate`.

use serde_json::json;

use super::carry::{self, Ran};
use super::{PATIENCE, gitops, headless, note, print, print_json, signals};
use crate::app::effect::{Query, Scope};
use crate::app::msg::{Answer, Saved};
use crate::app::views::View;
use crate::cli::args::{Command, Output, Place, Sent};
use crate::cli::deeds::{CronjobCommand, Delete, Named, On, RolloutCommand, SetCommand, Tags};
use crate::core::ids::Gvk;
use crate::core::{ClusterId, Error, Kind, Name, ObjectRef, Resource, Result, Safe, Uid};
use crate::ops::deed::drain::Options;
use crate::ops::deed::{Cascade, Deed, Raw, Refusal, Step, parse};
use crate::ops::{Outcome, Plan, Wanted};
use crate::runtime::{editor, headless::Headless};

/// Carries out a command that is an action on objects; gives others back.
///
/// # Errors
/// What is wrong with it, and why it was refused or failed.
pub fn run(command: Command, place: &Place) -> std::result::Result<Result<u8>, Box<Command>> {
    let (deed, objects, sent) = match read(command)? {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    Ok(carry(place, deed, &objects, &sent))
}

/// A command that is an action: what is done, to which objects, and how it is confirmed and printed.
pub type Read = Result<(Deed, Vec<String>, Sent)>;

fn read(command: Command) -> std::result::Result<Read, Box<Command>> {
    let on = |deed: Deed, on: On| Ok((deed, on.objects, on.sent));
    let named = |deed: Deed, kind: &str, named: Named| {
        let objects = named.names.iter().map(|name| format!("{kind}/{name}")).collect();
        Ok((deed, objects, named.sent))
    };
    Ok(match command {
        Command::Rollout { command } => match command {
            RolloutCommand::Restart(objects) => on(Deed::Restart, objects),
            RolloutCommand::Undo { to_revision, on: objects } => on(Deed::Undo { to: to_revision }, objects),
            RolloutCommand::Pause(objects) => on(Deed::Pause, objects),
            RolloutCommand::Resume(objects) => on(Deed::Resume, objects),
            RolloutCommand::Abort(objects) => on(Deed::Step { step: Step::Abort }, objects),
            RolloutCommand::Retry(objects) => on(Deed::Step { step: Step::Retry }, objects),
            RolloutCommand::Promote { full, on: objects } => {
                let step = if full { Step::PromoteFull } else { Step::Promote };
                on(Deed::Step { step }, objects)
            }
            other @ (RolloutCommand::Status { .. } | RolloutCommand::History { .. }) => {
                return Err(Box::new(Command::Rollout { command: other }));
            }
        },
        Command::Scale(scale) => {
            on(Deed::Scale { replicas: scale.replicas, current: scale.current_replicas }, scale.on)
        }
        Command::Set { command } => set(command),
        Command::Delete(Delete { grace_period, force, cascade, on: objects }) => {
            let cascade = match cascade.as_str() {
                "foreground" => Cascade::Foreground,
                "orphan" => Cascade::Orphan,
                _ => Cascade::Background,
            };
            on(Deed::Delete { grace_s: grace_period, force, cascade }, objects)
        }
        Command::Evict { grace_period, pods } => named(Deed::Evict { grace_s: grace_period }, "pods", pods),
        Command::Cordon(nodes) => named(Deed::Cordon, "nodes", nodes),
        Command::Uncordon(nodes) => named(Deed::Uncordon, "nodes", nodes),
        Command::Drain(drain) => {
            let timeout = drain.timeout.as_deref().map(parse::timeout).transpose();
            let options = timeout.map(|timeout| Options {
                ignore_daemonsets: drain.ignore_daemonsets,
                delete_emptydir: drain.delete_emptydir_data,
                force: drain.force,
                grace_s: drain.grace_period,
                timeout,
                skip_ending_s: drain.skip_wait_for_delete_timeout,
            });
            match options {
                Ok(options) => named(Deed::Drain(options), "nodes", drain.nodes),
                Err(why) => Err(wrong("drain", &why)),
            }
        }
        Command::Cronjob { command } => match command {
            CronjobCommand::Trigger { name, job, sent } => {
                let deed = Deed::Trigger { name: job, operation: String::new() };
                named(deed, "cronjobs", Named { names: vec![name], sent })
            }
            CronjobCommand::Suspend(jobs) => named(Deed::Suspend, "cronjobs", jobs),
            CronjobCommand::Resume(jobs) => named(Deed::Unsuspend, "cronjobs", jobs),
        },
        Command::Flux { command } => gitops::flux(command),
        Command::Argocd { command } => Ok(gitops::argocd(command)),
        // What is saved in the editor makes it whole.
        Command::Edit(objects) => {
            on(Deed::Edit { edited: Raw(serde_json::Value::Null), from: None }, objects)
        }
        Command::Label(tags) => tagged(tags, |set, overwrite| Deed::Label { set, overwrite }),
        Command::Annotate(tags) => tagged(tags, |set, overwrite| Deed::Annotate { set, overwrite }),
        other => return Err(Box::new(other)),
    })
}

fn wrong(deed: &str, refusal: &Refusal) -> Error {
    refusal.error(deed, "the command line")
}

fn set(command: SetCommand) -> Read {
    match command {
        SetCommand::Image { object, images, sent } => {
            let images = parse::images(&images).map_err(|e| wrong("set image", &e))?;
            Ok((Deed::SetImage { images }, vec![object], sent))
        }
        SetCommand::Resources { on, requests, limits, containers } => {
            let amounts = |text: &str| parse::amounts(text).map_err(|e| wrong("set resources", &e));
            let (requests, limits) = (amounts(&requests)?, amounts(&limits)?);
            Ok((Deed::SetResources { containers, requests, limits }, on.objects, on.sent))
        }
    }
}

fn tagged(
    tags: Tags,
    deed: impl FnOnce(std::collections::BTreeMap<String, Option<String>>, bool) -> Deed,
) -> Read {
    let set = parse::tags(&tags.pairs).map_err(|e| wrong("set labels or annotations", &e))?;
    Ok((deed(set, tags.overwrite), vec![tags.object], tags.sent))
}

/// The group of Flux' sources.
const SOURCES: &str = "source.toolkit.fluxcd.io";

/// Kinds that have no table of their own here.
const OTHERS: [(&str, &str, &str, &[&str]); 11] = [
    ("argoproj.io", "v1alpha1", "Application", &["applications", "application", "app"]),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", &["helmreleases", "helmrelease", "hr"]),
    ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", &["kustomizations", "kustomization", "ks"]),
    (SOURCES, "v1", "GitRepository", &["gitrepositories", "gitrepository", "gitrepo"]),
    (SOURCES, "v1", "HelmRepository", &["helmrepositories", "helmrepository", "helmrepo"]),
    (SOURCES, "v1", "HelmChart", &["helmcharts", "helmchart", "hc"]),
    (SOURCES, "v1", "OCIRepository", &["ocirepositories", "ocirepository", "ocirepo"]),
    (SOURCES, "v1", "Bucket", &["buckets", "bucket"]),
    ("argoproj.io", "v1alpha1", "Rollout", &["rollouts", "rollout", "ro"]),
    ("batch", "v1", "CronJob", &["cronjobs", "cronjob", "cj"]),
    ("", "v1", "ReplicationController", &["replicationcontrollers", "replicationcontroller", "rc"]),
];

/// Reads `KIND/NAME`.
fn object(text: &str, cluster: &ClusterId, namespace: Option<&Name>) -> Result<ObjectRef> {
    let usage = |detail: &str| Error::new(Kind::Usage, "name an object").on(text.to_owned()).detail(detail);
    let (kind, name) =
        text.split_once('/').ok_or_else(|| usage("an object is named as KIND/NAME, as in deploy/backend"))?;
    let name = Name::new(name).ok_or_else(|| usage("no object can be called so"))?;
    let lower = kind.to_lowercase();
    let other = OTHERS.iter().find(|(.., names)| names.contains(&lower.as_str()));
    let (gvk, namespaced) = match (Resource::parse(kind), other) {
        (Some(resource), _) => (Gvk::from(resource), resource.names().namespaced),
        (None, Some((group, version, kind, _))) => {
            (Gvk { group: (*group).into(), version: (*version).into(), kind: (*kind).into() }, true)
        }
        (None, None) => return Err(usage("this kind is not known")),
    };
    let namespace = match (namespaced, namespace) {
        (false, _) => Name::default(),
        (true, Some(namespace)) => namespace.clone(),
        (true, None) => return Err(usage("name its namespace with -n")),
    };
    Ok(ObjectRef { cluster: cluster.clone(), gvk, namespace, name, uid: Uid::default() })
}

/// Reads `KIND/NAME` where the command is.
///
/// # Errors
/// `Usage`: what is no such thing.
pub fn here(headless: &Headless, text: &str) -> Result<ObjectRef> {
    let session = &headless.model.shared.session;
    let namespace = match &session.scope {
        Scope::Namespace(name) => Some(name),
        Scope::All => None,
    };
    object(text, &session.cluster, namespace)
}

fn carry(place: &Place, deed: Deed, objects: &[String], sent: &Sent) -> Result<u8> {
    let what = deed.name();
    carry::said(sent, what, &objects.join(" "))?;
    let home = View::open("sources").ok_or_else(|| Error::new(Kind::Internal, "open sources"))?;
    let mut headless = headless(place, home, (160, 60))?;
    let objects: Result<Vec<ObjectRef>> = objects.iter().map(|text| here(&headless, text)).collect();
    let mut kept = None;
    let made = objects.and_then(|objects| {
        let deed = if let Deed::Edit { .. } = deed {
            let (deed, text) = edited(&mut headless, &objects)?;
            kept = text;
            deed
        } else {
            deed
        };
        let wanted = Wanted::Deed { deed, objects };
        carry::plan(&mut headless, &wanted).map(|plan| (plan, wanted))
    });
    let (plan, wanted) = match made {
        Ok(made) => made,
        Err(error) => {
            headless.finish();
            keeps(kept.as_ref());
            return Err(error);
        }
    };
    let output = sent.printed.output;
    if sent.plan {
        headless.finish();
        keeps(kept.as_ref());
        return carry::show(&plan, output);
    }
    let ran = carry::carry_out(headless, &plan, wanted, sent, None);
    match (&ran, &kept) {
        (Ok(Ran { outcome: Outcome::Done, .. }), Some(text)) => editor::forget(text),
        _ => keeps(kept.as_ref()),
    }
    let ran = ran?;
    ended(&plan, ran, output)
}

/// Prints how a plan ended. Returns the exit code.
///
/// # Errors
/// Why it failed.
pub fn ended(plan: &Plan, ran: Ran, output: Output) -> Result<u8> {
    match output {
        Output::Json => print_json(&outcome_json(plan, &ran)).map(drop)?,
        Output::Text => {
            let lines: Vec<&str> = ran.steps.iter().map(|(text, _)| text.as_str()).collect();
            print(&format!("{}\n(plan {})\n", lines.join("\n"), plan.id)).map(drop)?;
        }
    }
    for line in plan.left_out() {
        note(&format!("left out: {line}"));
    }
    let partial = !plan.left_out().is_empty();
    ran.code().map(|code| if code == 0 && partial { PARTIAL } else { code })
}

/// Lets the person edit the object. Returns the deed of what was saved, and where the text is kept.
fn edited(headless: &mut Headless, objects: &[ObjectRef]) -> Result<(Deed, Option<Safe>)> {
    let [object] = objects else {
        return Err(Error::new(Kind::Usage, "edit").detail("one object at a time is edited"));
    };
    let Answer::Object(opened) = headless.ask(Query::Object(object.clone()), PATIENCE)? else {
        return Err(Error::new(Kind::Internal, "edit"));
    };
    let saved = signals::of_another(|| editor::edit(&headless.folder(), object, &opened))?;
    let unchanged = || Error::new(Kind::Refused, "edit").on(object.to_string()).detail("nothing was changed");
    let Saved { object: saved, kept } = saved.ok_or_else(unchanged)?;
    let from = Some(Raw(serde_json::Value::clone(&opened)));
    Ok((Deed::Edit { edited: Raw(saved), from }, kept))
}

/// Says where the text is that was saved and did not become what it was to become.
fn keeps(kept: Option<&Safe>) {
    if let Some(path) = kept {
        note(&format!("what you saved is kept for a day in {path}"));
    }
}

/// The exit code where a part is missing.
const PARTIAL: u8 = 3;

fn outcome_json(plan: &Plan, ran: &Ran) -> serde_json::Value {
    let steps: Vec<_> = ran.steps.iter().map(|(text, _)| text).collect();
    json!({
        "schema": "deckwatch.outcome/1",
        "plan": plan.id, "action": plan.action(), "target": plan.target(),
        "outcome": ran.outcome.word(), "objects": steps, "left_out": plan.left_out(), "error": ran.error().map(Error::line),
    })
}
