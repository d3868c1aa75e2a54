use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;

fn line(kind: LineKind, text: &str) -> Line {
    Line { kind, text: text.to_owned() }
}

const OLD: &str = "---\n# Source: c/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: env\ndata:\n  A: one\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: gone\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: same\n";
const NEW: &str = "---\n# Source: c/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: env\ndata:\n  A: two\n---\napiVersion: apps/v2\nkind: Deployment\nmetadata:\n  name: same\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: fresh\n  namespace: other\n";

#[test]
fn manifests_are_compared_object_by_object() {
    let options = Options { context: Some(1), reveal: false };
    let found = diff_manifests(OLD, NEW, "shop", options).unwrap();
    let heads: Vec<_> = found.iter().map(|diff| (diff.key.to_string(), diff.change)).collect();
    assert_eq!(
        heads,
        vec![
            ("shop, env, ConfigMap (v1)".to_owned(), Change::Modify),
            ("shop, same, Deployment (apps)".to_owned(), Change::Modify),
            ("shop, gone, Service (v1)".to_owned(), Change::Remove),
            ("other, fresh, Service (v1)".to_owned(), Change::Add),
        ]
    );
    assert_eq!(found[0].source.as_deref(), Some("c/cm.yaml"));
    assert_eq!(
        found[0].lines,
        vec![
            line(LineKind::Skipped, "5 unchanged lines"),
            line(LineKind::Same, "data:"),
            line(LineKind::Removed, "  A: one"),
            line(LineKind::Added, "  A: two"),
        ]
    );
}

#[test]
fn equal_manifests_have_no_difference() {
    assert_eq!(diff_manifests(OLD, OLD, "shop", Options::default()).unwrap(), vec![]);
    assert_eq!(diff_manifests(OLD, &format!("{OLD}\n\n"), "shop", Options::default()).unwrap(), vec![]);
}

#[test]
fn secrets_are_told_to_change_without_being_shown() {
    let secret = |data: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  a: {data}\n  b: eA==\n")
    };
    let (old, new) = (secret("aHVudGVyMg=="), secret("aHVudGVyMw=="));
    let found = diff_manifests(&old, &new, "shop", Options { context: None, reveal: false }).unwrap();
    assert_eq!(
        found[0].lines,
        vec![
            line(LineKind::Same, "apiVersion: v1"),
            line(LineKind::Same, "kind: Secret"),
            line(LineKind::Same, "metadata:"),
            line(LineKind::Same, "  name: s"),
            line(LineKind::Same, "data:"),
            line(LineKind::Removed, "  a: '-------- # (7 bytes)'"),
            line(LineKind::Added, "  a: '++++++++ # (7 bytes)'"),
            line(LineKind::Same, "  b: 'REDACTED # (1 bytes)'"),
        ]
    );
    let shown = diff_manifests(&old, &new, "shop", Options { context: Some(0), reveal: true }).unwrap();
    assert!(shown[0].lines.contains(&line(LineKind::Added, "  a: aHVudGVyMw==")));
}

#[test]
fn secrets_that_come_and_go_are_told_like_changed_ones_and_what_stays_behind_is_told() {
    let secret = |name: &str, more: &str| {
        format!("# Source: c/{name}.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n{more}")
    };
    let old = secret("gone", "data: {a: aHVudGVyMg==, b: eA==}\nstringData: {b: hunter2}\n");
    let kept = secret("kept", "  annotations: {helm.sh/resource-policy: keep}\ntype: Opaque\n");
    let new = secret("fresh", "stringData: {token: hunter2}\n");
    let found =
        diff_manifests(&format!("{old}---\n{kept}"), &new, "shop", Options { context: None, reveal: false });
    let found = found.unwrap();
    let heads: Vec<_> = found.iter().map(|diff| (diff.key.name.as_str(), diff.change)).collect();
    assert_eq!(heads, [("gone", Change::Remove), ("kept", Change::Keep), ("fresh", Change::Add)]);
    let texts = |at: usize| found[at].lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
    assert_eq!(
        texts(0),
        [
            "# Source: c/gone.yaml",
            "apiVersion: v1",
            "kind: Secret",
            "metadata:",
            "  name: gone",
            "data:",
            "  a: '-------- # (7 bytes)'",
            "  b: '-------- # (7 bytes)'",
        ]
    );
    assert!(found[0].lines.iter().all(|line| line.kind == LineKind::Removed));
    assert_eq!(texts(2)[5..], ["data:", "  token: '++++++++ # (7 bytes)'"]);
    assert!(found[2].lines.iter().all(|line| line.kind == LineKind::Added));
}

#[test]
fn of_equally_long_alignments_the_one_of_helm_diff_is_shown() {
    // What helm-diff 3.15.11 prints of a ConfigMap with these lines, `=` for those that are in both.
    for (old, new, shown) in [
        ("a b", "b a", "-a =b +a"),
        ("a b c", "a x b x c", "=a +x =b +x =c"),
        ("x a x a", "a x a x", "-x =a =x =a +x"),
        ("a a a", "a", "=a -a -a"),
        ("a", "a a a", "=a +a +a"),
        ("p q r s", "s r q p", "-p -q -r =s +r +q +p"),
        ("a b c d", "a c c d", "=a -b +c =c =d"),
        ("k k v v k", "v k k v", "+v =k =k -v =v -k"),
    ] {
        let text = |words: &str| format!("kind: A\n{}\nend: 1\n", words.replace(' ', ": 1\n") + ": 1");
        let lines = super::lines::diff_lines_as_helm_diff(&text(old), &text(new), None);
        let inner = lines.get(1..lines.len() - 1).unwrap();
        let signs = inner.iter().map(|line| {
            let sign = match line.kind {
                LineKind::Removed => '-',
                LineKind::Added => '+',
                _ => '=',
            };
            format!("{sign}{}", line.text.trim_end_matches(": 1"))
        });
        assert_eq!(signs.collect::<Vec<_>>().join(" "), shown, "{old} to {new}");
    }
}

#[test]
fn items_of_a_list_are_compared_one_by_one() {
    let list = |x: u8| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: A, metadata: {{name: a}}, x: {x}}}\n- {{apiVersion: v1, kind: B, metadata: {{name: b}}}}\n"
        )
    };
    let found =
        diff_manifests(&list(1), &list(2), "shop", Options { context: Some(0), reveal: false }).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key.kind, "A");
    let one = |x: u8| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: A, metadata: {{name: a}}, x: {x}}}\n"
        )
    };
    let found =
        diff_manifests(&one(1), &one(2), "shop", Options { context: Some(0), reveal: false }).unwrap();
    assert_eq!(found[0].lines[1].text, "x: 1", "an item alone is told without its list");
}

#[test]
fn a_release_is_its_objects_and_its_hooks_without_tests() {
    let json = r#"{"manifest":"kind: A\n","hooks":[{"path":"h","manifest":"kind: H","events":["pre-rollback"]},{"path":"t","manifest":"kind: T","events":["test"]}]}"#;
    let record = crate::record::Record::from_top(serde_json::from_str(json).unwrap());
    assert_eq!(release_text(&record, false).unwrap(), "kind: A\n\n---\n# Source: h\nkind: H");
    assert!(release_text(&record, true).unwrap().ends_with("# Source: t\nkind: T"));
}

#[test]
fn values_are_compared_leaf_by_leaf_with_secrets_hidden() {
    let old = json!({"image": {"tag": "1"}, "hosts": ["a"], "token": "aaaa", "gone": 1});
    let new = json!({"image": {"tag": "2"}, "hosts": ["a", "b"], "token": "bbbb"});
    let change = |path: &str, old, new| ValueChange { path: path.to_owned(), old, new };
    assert_eq!(
        diff_values(&old, &new, Options::default()),
        vec![
            change("gone", Some(json!(1)), None),
            change("hosts[1]", None, Some(json!("b"))),
            change("image.tag", Some(json!("1")), Some(json!("2"))),
            change("token", Some(json!("-------- # (4 bytes)")), Some(json!("++++++++ # (4 bytes)"))),
        ]
    );
    let lines = diff_values_lines(&old, &new, Options::default());
    assert!(lines.iter().all(|line| !line.text.contains("aaaa") && !line.text.contains("bbbb")));
}

#[test]
fn texts_that_are_too_long_to_compare_are_shown_whole_between_their_equal_ends() {
    let of = |word: &str| format!("head\n{}tail\n", format!("{word}\n").repeat(15_000));
    let lines = diff_lines(&of("a"), &of("b"), Some(0));
    assert_eq!(lines.len(), 30_002);
    assert_eq!(lines.first(), Some(&line(LineKind::Skipped, "1 unchanged lines")));
    assert_eq!(lines.last(), Some(&line(LineKind::Skipped, "1 unchanged lines")));
    // A small change in a long text is still found.
    let long = "x\n".repeat(60_000);
    assert_eq!(diff_lines(&long, &format!("{long}y\n"), Some(0)).len(), 2);
}

#[test]
fn texts_that_differ_only_in_their_last_line_end_are_equal() {
    assert_eq!(diff_lines("a\nb", "a\nb\n", Some(0)), vec![line(LineKind::Skipped, "2 unchanged lines")]);
}
