//! What Helm keeps of a release: deckwatch's words held against those of the real Helm 3 and Helm 4, on releases that each of
//! them has made.

use std::collections::BTreeSet;
use std::time::Duration;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stand::{User, deckwatch, deckwatch_json, deckwatch_text, kubectl, printed, tool, wait_until};

const RELEASE: &str = "probe";
/// What must not be printed unless it is asked for.
const SECRETS: [&str; 3] = ["hunter2", "aHVudGVyMg==", "swordfish"];

/// The chart: files and what is in them. Its values have all that computing can go wrong on.
const CHART: [(&str, &str); 11] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: probe\nversion: 0.0.1234\nappVersion: \"1.2\"\nannotations:\n  b: \"2\"\n  a: one, two\ndependencies:\n- name: sub\n  version: ~0.1\n  repository: \"\"\n",
    ),
    (
        "values.yaml",
        "text: plain\nempty: \"\"\nswitch: \"on\"\noctal: \"0644\"\ndate: \"2026-11-30\"\nnothing: null\nhalf: 0.5\nlarge: 1234567.5\nhuge: 12345678901234567890\nmillion: 1e6\nlist: [1, two, {three: null}]\ntable:\n  kept: 1\n  gone: 2\n  nothing: null\n  deep: {a: 1, b: {c: null, d: x}}\nshape: {a: 1}\nscalar: 1\nargs: [\"--log.level=info\", \"- dash\", \"a: b\", \"#no\", \"*\", \"it's\"]\nlong: the quick brown fox jumps over the lazy dog and then once more over the same lazy dog, who sleeps\nlines: |\n  one\n  two\na10: 1\na2: 2\nZ: 3\nbroken: false\nglobal: {region: ru, none: null}\nsub: {own: parent}\nselector: {}\n",
    ),
    ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.7\n"),
    ("charts/sub/values.yaml", "own: sub\nmore: 1\n"),
    (
        "charts/sub/templates/sub.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: probe-sub\ndata:\n  own: {{ .Values.own | quote }}\n",
    ),
    (
        "templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ if .Values.broken }}Not_A_Name{{ else }}probe{{ end }}\ndata:\n  text: {{ .Values.text | quote }}\n  script: |\n    one\n\n    {{ .Values.text }}\n",
    ),
    (
        "templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: probe\ndata:\n  password: {{ .Values.dbPassword | default \"x\" | b64enc }}\n",
    ),
    (
        "templates/deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: probe\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: probe}}\n  template:\n    metadata: {labels: {app: probe}}\n    spec:\n      nodeSelector: {{ .Values.selector | toJson }}\n      containers:\n      - {name: app, image: \"example/app:{{ .Values.text }}\"}\n",
    ),
    (
        "templates/job.yaml",
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: probe-migrate\n  annotations:\n    helm.sh/hook: pre-upgrade,pre-rollback\n    helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: before-hook-creation\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {name: app, image: example/migrate}\n",
    ),
    (
        "templates/test.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: probe-test\n  annotations: {helm.sh/hook: test}\nstringData:\n  password: hunter2\n",
    ),
    (
        "templates/NOTES.txt",
        "{{ .Release.Name }} says {{ .Values.text }}.\n\n  psql postgres://shop:swordfish@db/\n",
    ),
];

/// The first values: nulls that take away, shapes that differ, secrets.
const FIRST: &str = "dbPassword: hunter2\ntext: first\nnothing: null\ntable: {gone: null, added: null, nothing: null, deep: {b: {c: 1}}}\nshape: 5\nscalar: {a: 1}\nunknown: null\nlist: []\n";
const SECOND: &str = "dbPassword: hunter3\ntext: second\ntable: null\nmillion: 2e6\n";

/// The real Helm of one major version, in a namespace of its own.
struct Helm {
    major: u8,
    namespace: String,
    chart: tempfile::TempDir,
}

impl Helm {
    fn new(major: u8) -> Self {
        let helm =
            Self { major, namespace: format!("helm-{major}-reading"), chart: tempfile::tempdir().unwrap() };
        for (name, text) in CHART {
            helm.write(name, text);
        }
        helm
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.chart.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = tool(&format!("helm{}", self.major));
        command.args(["-n", &self.namespace]).args(args);
        command
    }

    fn text(&self, args: &[&str]) -> String {
        printed(&mut self.command(args))
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[args, &["-o", "json"]].concat())).unwrap()
    }

    /// Upgrades or installs with values, and options of its own. Returns whether it went well.
    fn upgrade(&self, values: &str, more: &[&str]) -> bool {
        self.write("own.yaml", values);
        let chart = self.chart.path();
        let (chart, own) = (chart.to_str().unwrap(), chart.join("own.yaml"));
        let args =
            ["upgrade", "--install", RELEASE, chart, "--create-namespace", "-f", own.to_str().unwrap()];
        self.command(&[&args[..], more].concat()).output().unwrap().status.success()
    }

    /// Makes the history: installed, upgraded, failed, rolled back, and an upgrade whose Helm was killed.
    fn history(&self) {
        kubectl(["delete", "namespace", &self.namespace, "--ignore-not-found", "--wait"]);
        assert!(self.upgrade(FIRST, &["--labels", "team=shop"]));
        assert!(self.upgrade(SECOND, &[]));
        assert!(!self.upgrade(SECOND, &["--set", "broken=true"]), "a name that cannot be is refused");
        self.text(&["rollback", RELEASE, "1"]);
        self.write("own.yaml", &format!("{SECOND}selector: {{nowhere: node}}\n"));
        let (chart, own) = (self.chart.path(), self.chart.path().join("own.yaml"));
        let mut upgrade = self.command(&["upgrade", RELEASE]);
        upgrade.arg(chart).arg("-f").arg(own).args(["--wait", "--timeout", "120s"]);
        let mut running = upgrade.spawn().unwrap();
        wait_until(Duration::from_secs(60), "the upgrade that waits for pods", || {
            let history = self.json(&["history", RELEASE]);
            let pending = history.as_array()?.iter().any(|r| r["status"] == "pending-upgrade");
            // Not one that goes, nor the hook's: while that runs, nothing is upgraded yet.
            let nowhere = "jsonpath={.items[*].spec.nodeSelector}";
            let pods = kubectl(["get", "pods", "-n", &self.namespace, "-l", "app=probe", "-o", nowhere]);
            (pending && pods.contains("node")).then_some(())
        });
        running.kill().unwrap();
        running.wait().unwrap();
    }

    /// Runs deckwatch in the same namespace.
    fn ours(&self, args: &[&str]) -> Vec<String> {
        args.iter().map(|a| (*a).to_owned()).chain(["-n".to_owned(), self.namespace.clone()]).collect()
    }

    fn our_json(&self, args: &[&str]) -> Value {
        let args = self.ours(&[args, &["-o", "json"]].concat());
        deckwatch_json(User::Admin, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn our_text(&self, args: &[&str]) -> String {
        let args = self.ours(args);
        deckwatch_text(User::Admin, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

#[test]
fn what_helm_3_keeps_is_told_in_its_own_words() {
    compared(&Helm::new(3));
}

#[test]
fn what_helm_4_keeps_is_told_in_its_own_words() {
    compared(&Helm::new(4));
}

fn compared(helm: &Helm) {
    helm.history();
    the_history_is_the_same(helm);
    the_lists_are_the_same(helm);
    for revision in ["1", "2", "3", "4", "5"] {
        values_are_the_same(helm, revision);
        texts_are_the_same(helm, revision);
        metadata_are_the_same(helm, revision);
        the_status_is_the_same(helm, revision);
        nothing_secret_is_shown(helm, revision);
    }
    the_differences_are_the_same(helm);
    uninstalled(helm);
    // Others look at what changed in the last hour: this is not theirs.
    kubectl(["delete", "namespace", &helm.namespace, "--wait"]);
}

fn the_history_is_the_same(helm: &Helm) {
    let theirs = helm.json(&["history", RELEASE]);
    let states: Vec<&str> =
        theirs.as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["superseded", "superseded", "failed", "deployed", "pending-upgrade"]);
    assert_eq!(helm.our_json(&["history", RELEASE]), theirs);
    assert_eq!(
        helm.our_json(&["history", RELEASE, "--max", "2"]),
        helm.json(&["history", RELEASE, "--max", "2"])
    );
    let more: &[&str] = if helm.major == 4 { &["--show-rollback-revision"] } else { &[] };
    let table = helm.text(&[&["history", RELEASE], more].concat());
    assert_eq!(cells(&helm.our_text(&["history", RELEASE])), cells(&table));
    assert_eq!(theirs[3].get("rollback_revision").is_some(), helm.major == 4);
}

/// Returns the cells of a table that are not empty.
fn cells(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.replace('\t', "   ")
            .split("  ")
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect()
    };
    text.lines().map(cells).filter(|row: &Vec<String>| !row.is_empty()).collect()
}

fn the_lists_are_the_same(helm: &Helm) {
    // Without a state Helm 3 lists deployed and failed ones; Helm 4 and deckwatch list all.
    let all: &[&str] = if helm.major == 3 { &["--all"] } else { &[] };
    for states in [
        &[][..],
        &["--pending"],
        &["--failed"],
        &["--deployed"],
        &["--superseded"],
        &["--failed", "--pending"],
    ] {
        let theirs = if states.is_empty() { all } else { states };
        let ours = helm.our_json(&[&["releases"], states].concat());
        assert_eq!(sorted(&ours), sorted(&helm.json(&[&["list"], theirs].concat())), "{states:?}");
    }
    assert_eq!(cells(&helm.our_text(&["releases"])), cells(&helm.text(&[&["list"], all].concat())));
    assert_eq!(helm.our_json(&["releases", "--short"]), helm.json(&[&["list", "--short"], all].concat()));
    assert_eq!(helm.our_json(&["releases", "--filter", "^nope"]), json!([]));
}

/// Of releases of one name Helm tells in no certain order.
fn sorted(list: &Value) -> Vec<String> {
    let mut rows: Vec<String> = list.as_array().unwrap().iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

fn values_are_the_same(helm: &Helm, revision: &str) {
    for all in [false, true] {
        let more: &[&str] = if all { &["--all"] } else { &[] };
        let theirs = [&["get", "values", RELEASE, "--revision", revision], more].concat();
        let ours = [&["release", "values", RELEASE, "--revision", revision, "--reveal"], more].concat();
        assert_eq!(helm.our_json(&ours)["values"], helm.json(&theirs), "revision {revision}, all: {all}");
        assert_eq!(helm.our_text(&ours), helm.text(&theirs), "revision {revision}, all: {all}");
    }
}

fn texts_are_the_same(helm: &Helm, revision: &str) {
    for what in ["manifest", "hooks", "notes"] {
        let ours = helm.our_text(&["release", what, RELEASE, "--revision", revision, "--reveal"]);
        let theirs = helm.text(&["get", what, RELEASE, "--revision", revision]);
        assert!(!theirs.is_empty(), "{what}");
        assert_eq!(ours, theirs, "{what} of revision {revision}");
    }
    let hooks = helm.our_json(&["release", "hooks", RELEASE, "--revision", revision, "--reveal"]);
    let theirs = &helm.json(&["status", RELEASE, "--revision", revision])["hooks"];
    for (ours, theirs) in hooks["hooks"].as_array().unwrap().iter().zip(theirs.as_array().unwrap()) {
        for key in ["name", "kind", "path", "manifest", "events", "delete_policies"] {
            let empty = if theirs[key].is_null() { json!([]) } else { theirs[key].clone() };
            assert_eq!(ours[key], empty, "{key}");
        }
        assert_eq!(ours["weight"], theirs.get("weight").cloned().unwrap_or(json!(0)));
        let run = |of: &Value, key: &str| of["last_run"][key].as_str().unwrap_or_default().to_owned();
        for key in ["started_at", "completed_at", "phase"] {
            assert_eq!(run(ours, key), run(theirs, key), "{key}");
        }
    }
}

fn metadata_are_the_same(helm: &Helm, revision: &str) {
    let args = [RELEASE, "--revision", revision];
    let ours = helm.our_json(&[&["release", "metadata"], &args[..]].concat());
    let theirs = helm.json(&[&["get", "metadata"], &args[..]].concat());
    for (key, value) in theirs.as_object().unwrap() {
        assert_eq!(&ours[key], value, "{key} of revision {revision}");
    }
    assert_eq!(theirs.get("labels").is_some(), helm.major == 4 && ours["labels"] != json!({}));
    let (ours, theirs) = (
        helm.our_text(&[&["release", "metadata"], &args[..]].concat()),
        helm.text(&[&["get", "metadata"], &args[..]].concat()),
    );
    if helm.major == 4 {
        assert_eq!(ours, theirs);
    } else {
        let missing: Vec<&str> =
            theirs.lines().filter(|line| !ours.lines().any(|own| own == *line)).collect();
        assert_eq!(missing, [""; 0], "{ours}");
    }
}

fn the_status_is_the_same(helm: &Helm, revision: &str) {
    let args = [RELEASE, "--revision", revision];
    let more: &[&str] = if helm.major == 3 { &["--show-desc", "--show-resources"] } else { &[] };
    let ours = helm.our_json(&[&["release", "status", "--reveal"], &args[..]].concat());
    let theirs = helm.json(&[&["status"], &args[..], more].concat());
    for key in ["name", "namespace", "version"] {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    assert_eq!(ours["apply_method"], theirs.get("apply_method").cloned().unwrap_or(Value::Null));
    for key in
        ["first_deployed", "last_deployed", "deleted", "description", "status", "rollback_revision", "notes"]
    {
        let told = theirs["info"].get(key).filter(|v| **v != json!("")).cloned().unwrap_or(Value::Null);
        assert_eq!(ours["info"][key], told, "{key} of revision {revision}");
    }
    // Helm leaves out what is not there, and adds pods that are none of the manifest's.
    let there: BTreeSet<(String, String)> = objects(&ours, |state| state != "missing");
    let resources = theirs["info"]["resources"].as_object().unwrap();
    let own = resources.iter().filter(|(kind, _)| !kind.contains("(related)"));
    let told: BTreeSet<(String, String)> = own
        .flat_map(|(_, objects)| objects.as_array().unwrap())
        .map(|o| (o["kind"].as_str().unwrap().to_owned(), o["metadata"]["name"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(there, told, "revision {revision}");
    let all = objects(&ours, |_| true);
    let missing: Vec<_> = all.difference(&there).collect();
    assert_eq!(missing.len(), usize::from(revision == "3"), "{missing:?}");
    let unready = objects(&ours, |state| state == "unready");
    assert_eq!(unready, [("Deployment".to_owned(), "probe".to_owned())].into(), "its new pods find no node");
    let (ours, theirs) = (
        helm.our_text(&[&["release", "status", "--reveal"], &args[..]].concat()),
        helm.text(&[&["status"], &args[..], more].concat()),
    );
    let outside = |text: &str| {
        let (head, rest) = text.split_once("RESOURCES:\n").unwrap();
        // Tests that never ran are not told of.
        let after = ["TEST SUITE", "NOTES:"].iter().filter_map(|heading| rest.find(heading)).min();
        head.to_owned() + &rest[after.unwrap_or(rest.len())..]
    };
    assert_eq!(outside(&ours), outside(&theirs), "revision {revision}");
}

fn objects(status: &Value, which: impl Fn(&str) -> bool) -> BTreeSet<(String, String)> {
    let all = status["resources"].as_array().unwrap().iter();
    let text = |o: &Value, key: &str| o[key].as_str().unwrap().to_owned();
    all.filter(|o| which(o["state"].as_str().unwrap())).map(|o| (text(o, "kind"), text(o, "name"))).collect()
}

fn nothing_secret_is_shown(helm: &Helm, revision: &str) {
    for what in ["values", "manifest", "hooks", "notes", "metadata", "status"] {
        for output in ["text", "json"] {
            let args = helm.ours(&["release", what, RELEASE, "--revision", revision, "-o", output]);
            let ran = deckwatch(User::Admin, &args.iter().map(String::as_str).collect::<Vec<_>>());
            let all = String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap();
            assert!(!all.is_empty(), "{args:?}");
            for secret in SECRETS {
                assert!(!all.contains(secret), "{secret} in {args:?}");
            }
        }
    }
}

/// What helm-diff tells of two revisions, and of a rollback: it is a plugin of Helm's, and asks it for what it compares.
fn the_differences_are_the_same(helm: &Helm) {
    let theirs = |args: &[&str]| {
        let mut command = tool("helm-diff");
        let helm_itself = tool(&format!("helm{}", helm.major));
        command.env("HELM_BIN", helm_itself.get_program()).env("HELM_NAMESPACE", &helm.namespace);
        printed(command.args(args).arg("--no-color"))
    };
    // It sorts the two: only a rollback is told the other way round.
    let pairs = [("1", "2"), ("2", "3"), ("3", "4"), ("4", "5"), ("1", "5"), ("1", "4")];
    for context in ["-1", "0", "3"] {
        let (own_context, context) = (format!("--context-lines={context}"), format!("--context={context}"));
        // Values are compared by deckwatch alone, which also says first what is compared.
        let ours = |from: &str, to: &str, more: &[&str]| {
            let text =
                helm.our_text(&[&["diff", RELEASE, from, to, "--no-values", &own_context], more].concat());
            without_nothing(text.lines().skip(2))
        };
        for (from, to) in pairs {
            for (more, own) in [
                (&[][..], &[][..]),
                (&["--show-secrets"], &["--reveal"]),
                (&["--suppress=Deployment"], &["--suppress=Deployment"]),
            ] {
                let told = theirs(&[&["revision", RELEASE, from, to, &context], more].concat());
                let told = without_nothing(told.lines());
                assert_eq!(ours(from, to, own), told, "{from} to {to}, {context} {more:?}");
            }
        }
        let told = theirs(&["rollback", RELEASE, "2", &context]);
        assert_eq!(ours("5", "2", &[]), without_nothing(told.lines()), "a rollback, {context}");
        assert!(told.contains("has changed:"), "{told}");
    }
}

/// Returns a difference without what helm-diff tells of nothing: it takes an object that is not there for an empty line, so that
/// an empty line of one that comes or goes is the same in both, and one more is removed or added where there is none. Secrets are
/// written anew by it to mask them, and it takes the end of the last line for another empty one.
fn without_nothing<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    #[derive(Clone, Copy, PartialEq)]
    enum Block {
        Whole,
        Changed,
        Secret,
    }
    let mut told: Vec<&str> = Vec::new();
    let mut block = Block::Changed;
    let end = |told: &mut Vec<&str>, block: Block| {
        for nothing in ["", "..."] {
            if block == Block::Secret && told.last() == Some(&nothing) {
                told.pop();
            }
        }
    };
    for line in lines {
        let is = |head: &str| line.ends_with(head) && !line.starts_with([' ', '+', '-']);
        if is("has changed:") || is("has been removed:") || is("has been added:") {
            end(&mut told, block);
            block = match line {
                _ if !is("has changed:") => Block::Whole,
                _ if line.contains(", Secret (v1) ") => Block::Secret,
                _ => Block::Changed,
            };
        }
        if block != Block::Whole || !matches!(line, "" | "+ " | "- " | "...") {
            told.push(line);
        }
    }
    end(&mut told, block);
    told.join("\n")
}

/// What is left of a release that was uninstalled with its history.
fn uninstalled(helm: &Helm) {
    helm.text(&["uninstall", RELEASE, "--keep-history"]);
    assert_eq!(
        sorted(&helm.our_json(&["releases", "--uninstalled"])),
        sorted(&helm.json(&["list", "--uninstalled"]))
    );
    assert_eq!(helm.our_json(&["releases", "--uninstalled"]).as_array().unwrap().len(), 1);
    assert_eq!(helm.our_json(&["history", RELEASE]), helm.json(&["history", RELEASE]));
    let theirs = helm.json(&["status", RELEASE]);
    assert_eq!(helm.our_json(&["release", "status", RELEASE])["info"]["deleted"], theirs["info"]["deleted"]);
}
