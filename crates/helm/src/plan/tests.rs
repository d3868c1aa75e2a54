use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::merge::{Patch, PatchKind};
use crate::options::{Method, Options, ServerSide};
use crate::record::{Generation, Status};
use crate::testing::{NAMESPACE, NOW, RELEASE, Revision, Stand, config_map, deployment, hook, kinds};

mod accounts;
mod owners;
mod strict;

const BACKEND: &str = "/apis/apps/v1/namespaces/momo-store/deployments/backend";
const ENV: &str = "/api/v1/namespaces/momo-store/configmaps/env";

fn two(target: &str, current: &str) -> Stand {
    Stand::new(&[Revision::new(6, "superseded", target), Revision::new(7, "deployed", current)])
}

fn actions(plan: &Plan) -> Vec<(String, &'static str)> {
    let name = |action: &Action| match action {
        Action::Create => "create",
        Action::Patch(_) => "patch",
        Action::Apply => "apply",
        Action::Replace => "replace",
        Action::Unchanged => "unchanged",
        Action::Delete => "delete",
        Action::Keep => "keep",
        Action::Gone => "gone",
    };
    plan.objects.iter().map(|object| (object.id.to_string(), name(&object.action))).collect()
}

fn revision(version: i64, status: &'static str, description: &str) -> crate::record::StoredRecord {
    let mut revision = Revision::new(version, status, "");
    revision.description = description.to_owned();
    revision.stored()
}

#[test]
fn the_default_is_the_newest_revision_that_was_good() {
    let history = [
        revision(1, "superseded", "Install complete"),
        revision(3, "superseded", "Upgrade complete"),
        revision(4, "superseded", "Upgrade \"momo\" failed: timed out"),
        revision(5, "failed", "Rollback \"momo\" failed: x"),
        revision(6, "pending-upgrade", "Preparing upgrade"),
        revision(7, "failed", "Upgrade \"momo\" failed: x"),
    ];
    let skip = |revision, why: &str| Skipped { revision, why: why.to_owned() };
    assert_eq!(
        choose_target(&history),
        Ok(TargetChoice {
            current: 7,
            target: 3,
            goes_on: false,
            skipped: vec![
                skip(6, "it is pending-upgrade"),
                skip(5, "it is failed"),
                skip(4, "it failed: Upgrade \"momo\" failed: timed out"),
            ],
            helm_picks: 6,
            helm_pick_exists: true,
        })
    );
}

#[test]
fn without_a_good_revision_none_is_chosen() {
    assert_eq!(choose_target(&[]), Err(Refusal::NoHistory));
    assert_eq!(choose_target(&[revision(1, "deployed", "")]), Err(Refusal::NoGoodRevision));
    assert_eq!(
        choose_target(&[revision(1, "failed", ""), revision(2, "failed", "")]),
        Err(Refusal::NoGoodRevision)
    );
    // A chart may say that something failed without the operation having failed.
    let choice =
        choose_target(&[revision(1, "superseded", "retry of failed: job"), revision(3, "deployed", "")])
            .unwrap();
    assert_eq!((choice.target, choice.helm_picks, choice.helm_pick_exists), (1, 2, false));
}

#[test]
fn a_rollback_that_was_never_finished_is_gone_on_with() {
    let of = |last: &'static str, description: &str| {
        let history = [
            revision(6, "superseded", "Upgrade complete"),
            revision(7, "deployed", "Upgrade complete"),
            revision(8, last, description),
        ];
        choose_target(&history).map(|choice| (choice.target, choice.goes_on))
    };
    assert_eq!(of("pending-rollback", "Rollback to 6"), Ok((6, true)));
    // One that is not in the history any more, or of another operation.
    assert_eq!(of("pending-rollback", "Rollback to 3"), Ok((7, false)));
    assert_eq!(of("pending-upgrade", "Preparing upgrade"), Ok((7, false)));
    assert_eq!(of("failed", "Rollback to 6"), Ok((7, false)));
}

#[test]
fn an_old_record_that_cannot_be_read_is_passed_over_and_the_last_one_is_not() {
    let mut broken = revision(2, "superseded", "");
    broken.record = crate::record::Record::from_top(serde_json::from_str("{}").unwrap());
    let history = [revision(1, "superseded", ""), broken.clone(), revision(3, "deployed", "")];
    let choice = choose_target(&history).unwrap();
    assert_eq!((choice.target, choice.helm_pick_exists), (1, true));
    assert_eq!(choice.skipped[0].why, "its record cannot be read: the record has no `info`");
    let last_broken = [revision(1, "superseded", ""), broken];
    assert_eq!(
        choose_target(&last_broken),
        Err(Refusal::Unreadable { revision: 2, why: "the record has no `info`".to_owned() })
    );
}

#[test]
fn the_limit_takes_the_oldest_and_spares_the_newest_deployed() {
    let history = [
        revision(1, "superseded", ""),
        revision(2, "deployed", ""),
        revision(3, "deployed", ""),
        revision(4, "failed", ""),
        revision(5, "failed", ""),
    ];
    assert_eq!(prune(&history, 0), Vec::<i64>::new());
    assert_eq!(prune(&history, 6), Vec::<i64>::new());
    assert_eq!(prune(&history, 5), vec![1]);
    assert_eq!(prune(&history, 3), vec![1, 2, 4]);
    assert_eq!(prune(&history, 1), vec![1, 2, 4, 5]);
}

#[test]
fn objects_are_created_changed_left_and_deleted() {
    let target = [config_map("env", "one"), config_map("same", "x"), config_map("back", "x")].concat();
    let current = [
        config_map("env", "two"),
        config_map("same", "x"),
        config_map("gone", "x"),
        config_map("kept", "x"),
        config_map("lost", "x"),
    ]
    .concat();
    let mut stand = two(&target, &current);
    stand.drift("/api/v1/namespaces/momo-store/configmaps/kept", |object| {
        object["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
    });
    stand.api.objects.remove("/api/v1/namespaces/momo-store/configmaps/lost");
    let plan = stand.plan(6);
    assert_eq!(plan.refusals, vec![]);
    let expected = [
        ("ConfigMap momo-store/env", "patch"),
        ("ConfigMap momo-store/same", "unchanged"),
        ("ConfigMap momo-store/back", "create"),
        ("ConfigMap momo-store/gone", "delete"),
        ("ConfigMap momo-store/kept", "keep"),
        ("ConfigMap momo-store/lost", "gone"),
    ];
    assert_eq!(actions(&plan), expected.map(|(id, action)| (id.to_owned(), action)));
    assert_eq!(
        plan.objects[0].action,
        Action::Patch(Patch { kind: PatchKind::Strategic, body: json!({"data": {"A": "one"}}) })
    );
    assert_eq!(plan.objects[0].source.as_deref(), Some("momo/templates/env.yaml"));
    assert_eq!((plan.current, plan.target, plan.makes, plan.generation), (7, 6, 8, Generation::V3));
    assert_eq!(plan.description, "Rollback to 6");
    let info = plan.new_record.unwrap().record.info().unwrap();
    assert_eq!((info.status, info.description), (Status::PendingRollback, "Rollback to 6".to_owned()));
}

#[test]
fn a_changed_image_restarts_the_pods_and_says_so() {
    let stand = two(&deployment("backend", "shop:1042", 3), &deployment("backend", "shop:1043", 4));
    let plan = stand.plan(6);
    let images = vec![("app".to_owned(), "shop:1043".to_owned(), "shop:1042".to_owned())];
    assert_eq!(plan.objects[0].restart, Some(Restart { pods: 4, waits: false, images }));
    assert_eq!((plan.changes_running_code(), plan.pods_restarted()), (true, 4));
    let stand = two(&deployment("backend", "shop:1", 3), &deployment("backend", "shop:1", 4));
    assert_eq!(
        (stand.plan(6).objects[0].restart.clone(), stand.plan(6).changes_running_code()),
        (None, false)
    );
}

#[test]
fn drift_that_is_set_back_is_told_and_drift_that_stays_is_not() {
    let mut stand = two(&deployment("backend", "shop:1", 3), &deployment("backend", "shop:2", 3));
    stand.drift(BACKEND, |object| {
        object["spec"]["replicas"] = json!(9);
        object["spec"]["paused"] = json!(true);
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("shop:hotfix");
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl-scale", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
    });
    let object = stand.plan(6).objects.remove(0);
    let field = |path: &str, live, target| DriftField { path: path.to_owned(), live: Some(live), target };
    assert_eq!(
        object.drift,
        vec![
            field("spec.replicas", json!(9), json!(3)),
            field("spec.template.spec.containers[app].image", json!("shop:hotfix"), json!("shop:1")),
        ]
    );
    assert_eq!(object.warnings, vec![Warning::ReplicasSetByOther("kubectl-scale".to_owned())]);
    assert!(object.restart.unwrap().waits, "a paused Deployment waits");
}

#[test]
fn quantities_that_mean_the_same_are_no_drift_and_restart_nothing() {
    let limits = |cpu: &str| {
        format!("{}        resources: {{limits: {{cpu: {cpu}}}}}\n", deployment("backend", "shop:1", 3))
    };
    let mut stand = two(&limits("\"0.1\""), &limits("\"0.1\""));
    stand.drift(BACKEND, |object| {
        object["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = json!("100m");
    });
    let object = stand.plan(6).objects.remove(0);
    // Helm sends such a patch every time.
    assert!(matches!(object.action, Action::Patch(_)));
    assert_eq!((object.drift, object.restart, object.no_effect), (vec![], None, true));
}

#[test]
fn an_object_that_is_live_without_being_in_the_old_manifest_is_adopted() {
    let mut stand =
        two(&[config_map("env", "1"), config_map("extra", "1")].concat(), &config_map("env", "1"));
    let mut foreign = stand.api.objects[ENV].clone();
    foreign["metadata"]["name"] = json!("extra");
    foreign["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("other");
    foreign["data"] = json!({"B": "2"});
    stand.api.put("/api/v1/namespaces/momo-store/configmaps/extra", foreign);
    let object = stand.plan(6).objects.remove(1);
    assert!(object.adopts);
    assert_eq!(object.warnings, vec![Warning::ForeignRelease("momo-store/other".to_owned())]);
    let Action::Patch(patch) = object.action else { panic!("a patch") };
    assert_eq!(patch.body["data"], json!({"A": "1", "B": null}));
    assert_eq!(patch.body["metadata"]["uid"], json!(null), "as Helm sends it");
}

#[test]
fn values_of_secrets_are_hidden_in_drift_and_patch() {
    let secret =
        |value: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{a: {value}}}\n");
    let mut stand = two(&secret("b25l"), &secret("dHdv"));
    stand.drift("/api/v1/namespaces/momo-store/secrets/s", |object| {
        object["data"]["a"] = json!("aHVudGVyMg==");
    });
    let object = stand.plan(6).objects.remove(0);
    assert_eq!(object.masked_patch(), Some(json!({"data": {"a": "REDACTED # (4 bytes)"}})));
    assert_eq!(object.drift[0].live, Some(json!("REDACTED # (12 bytes)")));
    assert_eq!(object.drift[0].target, json!("REDACTED # (4 bytes)"));
}

#[test]
fn what_a_secret_is_written_with_as_text_is_no_drift() {
    let secret = |text: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {text}}}\n")
    };
    let live = |text: &str| {
        let mut stand = two(&secret("one"), &secret("two"));
        stand.drift("/api/v1/namespaces/momo-store/secrets/s", |object| {
            object.as_object_mut().unwrap().remove("stringData");
            object["data"] = json!({ "a": text });
        });
        stand.plan(6).objects.remove(0).drift
    };
    // As the server keeps `two`.
    assert_eq!(live("dHdv"), vec![]);
    assert_eq!(live("aHVudGVyMg==")[0].path, "data.a");
}

#[test]
fn deleting_what_holds_more_than_itself_is_warned_of() {
    let extra = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n";
    let stand = two(&config_map("env", "1"), &format!("{}{extra}", config_map("env", "1")));
    let plan = stand.plan(6);
    let warnings: Vec<_> = plan.objects.iter().flat_map(|object| object.warnings.clone()).collect();
    assert_eq!(warnings, vec![Warning::DeletesDefinition, Warning::DeletesClaim, Warning::DeletesNamespace]);
    assert_eq!(plan.objects[1].id.to_string(), "CustomResourceDefinition widgets.example.com");
}

#[test]
fn fields_that_cannot_change_and_lists_with_equal_keys_are_warned_of() {
    let of = |app: &str| {
        deployment("backend", "shop:1", 3)
            .replace("matchLabels: {app: backend}", &format!("matchLabels: {{app: {app}}}"))
    };
    let twice = format!("{}        env: [{{name: A, value: x}}, {{name: A, value: z}}]\n", of("old"));
    let object = two(&twice, &of("new")).plan(6).objects.remove(0);
    assert_eq!(
        object.warnings,
        vec![
            Warning::DuplicateKeys("spec.template.spec.containers[0].env".to_owned()),
            Warning::Immutable("spec.selector".to_owned()),
        ]
    );
}

#[test]
fn hooks_that_a_rollback_runs_are_told_in_their_order_and_others_are_not() {
    let mut target = Revision::new(6, "superseded", &config_map("env", "1"));
    let hook = |name: &str, event: &str| hook(name, "Job", &[event], &json!({}));
    target.extra = vec![(
        "hooks",
        json!([
            hook("test", "test"),
            hook("migrate", "pre-rollback"),
            hook("clear", "post-rollback"),
            hook("backup", "pre-rollback"),
            hook("up", "pre-upgrade")
        ]),
    )];
    let stand = Stand::new(&[target.clone(), Revision::new(7, "deployed", &config_map("env", "2"))]);
    let names = |plan: &Plan| -> Vec<String> { plan.hooks.iter().map(|hook| hook.name.clone()).collect() };
    let plan = stand.plan(6);
    assert_eq!(
        (names(&plan), plan.refusals),
        (vec!["backup".into(), "migrate".into(), "clear".into()], vec![])
    );
    // The hooks of the revision that is left do not run.
    assert_eq!(stand.plan(7).hooks, vec![]);
    // What can't be read would fail in the midst of the rollback.
    let mut broken = hook("broken", "pre-rollback");
    broken["manifest"] = json!("a: [");
    target.extra = vec![("hooks", json!([broken]))];
    let refused = Sides::read(&target.stored().record, &target.stored().record);
    assert!(matches!(refused, Err(Refusal::HookManifest { revision: 6, .. })), "{refused:?}");
}

/// A release of two revisions that Helm 4 wrote, applied in these ways.
fn applied(target: &str, current: &str, ways: [&str; 2]) -> Stand {
    let revision = |version, status, manifest: &str, way: &str| {
        let mut revision = Revision::new(version, status, manifest);
        revision.extra = vec![("apply_method", json!(way))];
        revision.v4 = true;
        revision
    };
    let [to, from] = ways;
    Stand::new(&[revision(6, "superseded", target, to), revision(7, "deployed", current, from)])
}

#[test]
fn objects_are_applied_as_those_of_the_target_were() {
    let (one, two) = ([config_map("env", "1"), config_map("back", "x")].concat(), config_map("env", "2"));
    let stand = applied(&one, &two, ["ssa", "csa"]);
    let plan = stand.plan(6);
    assert_eq!((&plan.refusals, plan.method, plan.generation), (&vec![], Method::ServerSide, Generation::V4));
    assert_eq!(
        actions(&plan),
        [("ConfigMap momo-store/env", "apply"), ("ConfigMap momo-store/back", "create")]
            .map(|(id, action)| (id.to_owned(), action))
    );
    let plan = stand.plan(7);
    assert_eq!((&plan.refusals, plan.method, plan.generation), (&vec![], Method::ClientSide, Generation::V4));
    let unknown = applied(&one, &two, ["dance", "csa"]).plan(6).refusals;
    assert_eq!(unknown, vec![Refusal::ApplyMethod { revision: 6, method: "dance".to_owned() }]);
}

#[test]
fn what_the_server_applies_is_laid_over_what_is_live() {
    let with = |image: &str, name: &str| {
        format!("{}        env: [{{name: {name}, value: x}}]\n", deployment("backend", image, 3))
    };
    let (one, two) = (with("shop:1", "C"), with("shop:2", "A"));
    let mut stand = applied(&one, &two, ["ssa", "ssa"]);
    stand.drift(BACKEND, |object| {
        object["spec"]["replicas"] = json!(9);
        object["spec"]["template"]["spec"]["containers"][0]["env"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "B", "value": "y"}));
        object["status"] = json!({"replicas": 9});
    });
    stand.api.own(BACKEND, "helm", "Apply");
    let object = stand.plan(6).objects.remove(0);
    let result = object.result.unwrap();
    assert_eq!(
        result["spec"]["template"]["spec"]["containers"],
        json!([{"name": "app", "image": "shop:1", "env": [{"name": "B", "value": "y"}, {"name": "C", "value": "x"}]}])
    );
    assert_eq!((&result["spec"]["replicas"], &result["status"]["replicas"]), (&json!(3), &json!(9)));
    assert_eq!(object.drift.iter().map(|field| field.path.as_str()).collect::<Vec<_>>(), ["spec.replicas"]);
    assert_eq!(object.restart.unwrap().pods, 9);
    assert_eq!((object.warnings, object.no_effect), (vec![], false));
    // What is there already: it is applied, and that has no effect.
    let stand = applied(&two, &two, ["ssa", "ssa"]);
    let object = stand.plan(6).objects.remove(0);
    assert_eq!((object.action, object.no_effect, object.restart), (Action::Apply, true, None));
}

#[test]
fn the_server_takes_nothing_from_what_only_was_there() {
    let (one, two) = ([config_map("env", "1"), config_map("back", "x")].concat(), config_map("env", "2"));
    let mut stand = applied(&one, &two, ["ssa", "ssa"]);
    stand.api.put(
        "/api/v1/namespaces/momo-store/configmaps/back",
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "back"}, "data": {"B": "2"}}),
    );
    let object = stand.plan(6).objects.remove(1);
    assert!(object.adopts);
    assert_eq!(object.result.unwrap()["data"], json!({"A": "x", "B": "2"}));
}

#[test]
fn taking_over_what_helm_patched_is_warned_of() {
    let mut stand = applied(&config_map("env", "1"), &config_map("env", "2"), ["ssa", "csa"]);
    stand.api.own(ENV, "helm", "Update");
    assert_eq!(stand.plan(6).objects[0].warnings, vec![Warning::TakesFieldsOver]);
    assert_eq!(stand.plan(7).objects[0].warnings, vec![], "patches take nothing over");
}

#[test]
fn custom_resources_are_applied_by_the_server_like_all_others() {
    let widget = |size: u8| {
        format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{size: {size}}}\n")
    };
    let mut stand = applied(&widget(3), &widget(4), ["ssa", "ssa"]);
    stand.drift("/apis/example.com/v1/namespaces/momo-store/widgets/w", |object| {
        object["spec"] = json!({"size": 9, "owner": "somebody"});
    });
    let object = stand.plan(6).objects.remove(0);
    assert_eq!((object.action, object.warnings), (Action::Apply, vec![]));
    assert_eq!(object.result.unwrap()["spec"], json!({"size": 3, "owner": "somebody"}));
}

#[test]
fn what_is_replaced_loses_what_others_set_and_keeps_what_the_server_writes() {
    let mut stand = two(&deployment("backend", "shop:1", 3), &deployment("backend", "shop:1", 4));
    stand.options.force_replace = true;
    stand.drift(BACKEND, |object| {
        object["spec"]["paused"] = json!(true);
        object["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
        object["status"] = json!({"replicas": 4});
    });
    let object = stand.plan(6).objects.remove(0);
    assert_eq!((&object.action, &object.warnings), (&Action::Replace, &vec![Warning::Replaced]));
    let result = object.result.unwrap();
    assert_eq!((result["spec"].get("paused"), &result["spec"]["replicas"]), (None, &json!(3)));
    assert_eq!(result["status"], json!({"replicas": 4}));
    assert_eq!(result["metadata"]["uid"], json!("uid-backend"));
    // What the server filled in is no reason to restart; what somebody wrote into the template is.
    assert_eq!(object.restart, None);
    stand.drift(BACKEND, |object| {
        object["spec"]["template"]["metadata"]["annotations"] =
            json!({"kubectl.kubernetes.io/restartedAt": "x"});
    });
    assert!(stand.plan(6).objects[0].restart.is_some());
}

#[test]
fn options_that_do_not_go_together_are_refused_before_anything_is_written() {
    let refused = |ways: [&str; 2], change: &dyn Fn(&mut Options)| {
        let mut stand = applied(&config_map("env", "1"), &config_map("env", "2"), ways);
        change(&mut stand.options);
        stand.plan(6).refusals.len()
    };
    let (server, client) = (["ssa", "ssa"], ["csa", "csa"]);
    assert_eq!(refused(server, &|options| options.force_replace = true), 1);
    assert_eq!(refused(client, &|options| options.force_replace = true), 0);
    assert_eq!(refused(server, &|options| options.force_conflicts = true), 0);
    assert_eq!(refused(client, &|options| options.force_conflicts = true), 1);
    let both = |options: &mut Options| (options.force_conflicts, options.force_replace) = (true, true);
    assert_eq!((refused(server, &both), refused(client, &both)), (2, 2));
    assert_eq!(refused(client, &|options| options.recreate_pods = true), 1);
    let third = |options: &mut Options| {
        options.helm = Some(Generation::V3);
        options.recreate_pods = true;
    };
    assert_eq!(refused(client, &third), 0);
    let third = |options: &mut Options| {
        options.helm = Some(Generation::V3);
        options.server_side = ServerSide::Yes;
    };
    assert_eq!(refused(client, &third), 1);
    // Over the server's way the options have the last word.
    assert_eq!(
        refused(server, &|options| {
            options.server_side = ServerSide::No;
            options.force_replace = true;
        }),
        0
    );
}

#[test]
fn an_object_without_a_name_is_refused_in_the_target_and_passed_over_in_what_is_left() {
    let generated = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\n";
    let with = [config_map("env", "1"), generated.to_owned()].concat();
    let record = |version, manifest: &str| Revision::new(version, "superseded", manifest).stored().record;
    let (plain, nameless) = (record(6, &config_map("env", "1")), record(7, &with));
    let job = Gvk::new("batch/v1", "Job");
    let refusals =
        Sides::read(&plain, &nameless).unwrap().bind(&kinds(), RELEASE, NAMESPACE, false).unwrap_err();
    assert_eq!(refusals, vec![Refusal::NoName(job.clone())]);
    // An upgrade to such a revision fails in Helm; going back from it does not.
    let sides = Sides::read(&nameless, &plain).unwrap().bind(&kinds(), RELEASE, NAMESPACE, false).unwrap();
    assert_eq!((sides.leaving().count(), &sides.nameless), (0, &vec![job.clone()]));
    let plan = two(&config_map("env", "1"), &with).plan(6);
    assert_eq!((plan.refusals, plan.warnings), (vec![], vec![Warning::Nameless(job)]));
}

#[test]
fn a_pending_release_is_refused_while_somebody_may_be_at_work_and_passed_over_afterwards() {
    let of = |deployed| {
        let mut pending = Revision::new(7, "pending-upgrade", "");
        pending.deployed = deployed;
        Stand::new(&[Revision::new(6, "deployed", ""), pending])
    };
    let refusals = of("2026-11-21T07:37:28Z").plan(6).refusals;
    assert_eq!(
        refusals,
        vec![Refusal::Pending { revision: 7, status: Status::PendingUpgrade, age_seconds: Some(200) }]
    );
    assert!(refusals[0].to_string().starts_with("revision 7 is pending-upgrade since 3 minutes: "));
    let old = of("2026-11-21T07:35:48Z").plan(6);
    assert_eq!((old.refusals, old.over, old.warnings), (vec![], Some(7), vec![Warning::CurrentPending]));
    // Who knows that it is dead need not wait.
    let mut dead = of("2026-11-21T07:40:47Z");
    dead.dead = Some(7);
    let dead = dead.plan(6);
    assert_eq!((dead.refusals, dead.over, dead.warnings), (vec![], None, vec![Warning::CurrentPending]));
    // Helm's rollback never looks.
    let mut strict = of("2026-11-21T07:40:47Z");
    strict.options.strict = true;
    let strict = strict.plan(6);
    assert_eq!((strict.refusals, strict.over), (vec![], Some(7)));
}

#[test]
fn kinds_that_are_not_served_are_refused_before_anything_is_read() {
    let unknown = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\n";
    let nameless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n";
    let twice = [config_map("env", "1"), config_map("env", "2")].concat();
    let manifest = format!("{twice}---\n{unknown}---\n{nameless}");
    let record = Revision::new(6, "superseded", &manifest).stored().record;
    let empty = Revision::new(7, "deployed", "").stored().record;
    let refusals =
        Sides::read(&empty, &record).unwrap().bind(&kinds(), RELEASE, NAMESPACE, false).unwrap_err();
    let id = |api: &str, kind: &str, name: &str| ObjectId {
        gvk: Gvk::new(api, kind),
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
    };
    assert_eq!(
        refusals,
        vec![
            Refusal::Twice { revision: 6, object: Box::new(id("v1", "ConfigMap", "env")) },
            Refusal::UnknownKind(Gvk::new("policy/v1beta1", "PodSecurityPolicy")),
            Refusal::NoName(Gvk::new("v1", "ConfigMap")),
        ]
    );
}

#[test]
fn a_custom_resource_gets_what_differs_between_the_manifests_and_its_drift_is_not_seen() {
    let widget = |size: u8, colours: &str| {
        format!(
            "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\n  labels: {{app.kubernetes.io/managed-by: Helm}}\n  annotations: {{meta.helm.sh/release-name: momo, meta.helm.sh/release-namespace: momo-store}}\nspec:\n  size: {size}\n  colours: [{colours}]\n"
        )
    };
    let path = "/apis/example.com/v1/namespaces/momo-store/widgets/w";
    let mut stand = two(&widget(3, "red"), &widget(4, "red, blue"));
    stand.drift(path, |object| {
        object["spec"]["size"] = json!(9);
        object["spec"]["owner"] = json!("somebody");
    });
    let plan = stand.plan(6);
    assert_eq!(plan.refusals, vec![]);
    let object = &plan.objects[0];
    assert_eq!(
        object.action,
        Action::Patch(Patch {
            kind: PatchKind::Merge,
            body: json!({"spec": {"size": 3, "colours": ["red"]}})
        })
    );
    assert_eq!(
        object.result.as_ref().unwrap()["spec"],
        json!({"size": 3, "colours": ["red"], "owner": "somebody"})
    );
    assert_eq!((&object.drift, &object.warnings), (&vec![], &vec![Warning::NotBuiltIn]));
    assert!(!object.no_effect);
    // Both manifests say the same: nothing is sent, whatever is live.
    let mut stand = two(&widget(3, "red"), &widget(3, "red"));
    stand.drift(path, |object| object["spec"]["size"] = json!(9));
    let plan = stand.plan(6);
    assert_eq!(
        (&plan.objects[0].action, &plan.objects[0].warnings),
        (&Action::Unchanged, &vec![Warning::NotBuiltIn])
    );
    // Nothing can have drifted where nothing is.
    let created = two(&widget(3, "red"), &config_map("env", "1")).plan(6).objects.remove(0);
    assert_eq!((created.action, created.warnings), (Action::Create, vec![]));
}

#[test]
fn a_custom_resource_that_only_is_named_like_a_built_in_one_is_not_taken_for_it() {
    let job = "apiVersion: batch.example.com/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {image: IMAGE}}\n";
    let stand = two(&job.replace("IMAGE", "shop:1"), &job.replace("IMAGE", "shop:2"));
    let object = stand.plan(6).objects.remove(0);
    assert_eq!((object.warnings, object.restart), (vec![Warning::NotBuiltIn], None));
}

#[test]
fn a_manifest_that_cannot_be_read_is_refused_with_its_line() {
    let bad = Revision::new(6, "superseded", "kind: A\na: *x\n").stored().record;
    let empty = Revision::new(7, "deployed", "").stored().record;
    let Err(Refusal::Manifest { revision: 6, why }) = Sides::read(&empty, &bad) else { panic!("refused") };
    assert!(why.starts_with("document 1: line 2:"), "{why}");
}

#[test]
fn what_may_not_be_read_is_refused() {
    let stand = two(&config_map("env", "1"), &config_map("env", "2"));
    let sides = stand.sides(6);
    let mut live = stand.live(&sides);
    for answer in live.values_mut() {
        *answer = Live::Denied("forbidden".to_owned());
    }
    let input = PlanInput {
        history: &stand.history,
        target: 6,
        sides: &sides,
        unbound: &[],
        live: &live,
        owners: &[],
        autoscalers: &[],
        held: &[],
        options: &crate::options::Options { max_history: 0, ..Default::default() },
        now: NOW,
        dead: None,
    };
    let object = Box::new(sides.target[0].id.clone());
    assert_eq!(plan(&input).unwrap().refusals, vec![Refusal::Denied { object, why: "forbidden".to_owned() }]);
    let missing = PlanInput { target: 5, ..input };
    assert_eq!(plan(&missing), Err(Refusal::NoSuchRevision(5)));
}

#[test]
fn a_record_that_would_not_fit_is_refused() {
    // Random enough not to be packed away.
    let mut state = 1u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((state >> 33) % 26) as u8)
    })
    .take(1_600_000)
    .collect();
    let mut target = Revision::new(6, "superseded", &config_map("env", "1"));
    target.extra = vec![("config", json!({"noise": noise}))];
    let stand = Stand::new(&[target, Revision::new(7, "deployed", &config_map("env", "2"))]);
    let plan = stand.plan(6);
    assert_eq!(plan.refusals, vec![Refusal::TooLarge { bytes: plan.record_bytes, limit: MAX_STORED }]);
}

#[test]
fn a_rollback_to_the_current_revision_sets_drift_back() {
    let mut stand = two(&config_map("env", "1"), &config_map("env", "2"));
    stand.drift(ENV, |object| object["data"]["A"] = json!("drifted"));
    let plan = stand.plan(7);
    assert_eq!((plan.current, plan.target, plan.makes), (7, 7, 8));
    assert_eq!(
        plan.objects[0].drift,
        vec![DriftField { path: "data.A".to_owned(), live: Some(json!("drifted")), target: json!("2") }]
    );
}

#[test]
fn how_an_object_changes_is_shown_without_what_the_server_writes() {
    use crate::diff::{Line, LineKind, Options};
    let mut stand = two(&config_map("env", "1"), &config_map("env", "2"));
    stand.drift(ENV, |object| object["metadata"]["managedFields"] = json!([{"manager": "helm"}]));
    let lines = stand.plan(6).objects[0].diff(Options { context: Some(0), reveal: false });
    let line = |kind, text: &str| Line { kind, text: text.to_owned() };
    assert_eq!(
        lines,
        vec![
            line(LineKind::Skipped, "2 unchanged lines"),
            line(LineKind::Removed, "  A: \"2\""),
            line(LineKind::Added, "  A: \"1\""),
            line(LineKind::Skipped, "9 unchanged lines"),
        ]
    );
    let stand = two("", &config_map("env", "2"));
    let lines = stand.plan(6).objects[0].diff(Options { context: None, reveal: false });
    assert!(!lines.is_empty() && lines.iter().all(|line| line.kind == LineKind::Removed));
}

#[test]
fn failures_before_are_warned_of() {
    let mut target = Revision::new(6, "superseded", "");
    target.description = "Upgrade \"momo\" failed: x".to_owned();
    let stand = Stand::new(&[target, Revision::new(7, "failed", "")]);
    assert_eq!(stand.plan(6).warnings, vec![Warning::TargetFailed, Warning::CurrentFailed, Warning::NoBase]);
    let stand = Stand::new(&[Revision::new(6, "superseded", ""), Revision::new(7, "uninstalled", "")]);
    assert_eq!(stand.plan(6).warnings, vec![Warning::Uninstalled]);
}
