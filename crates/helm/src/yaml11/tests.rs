use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn value(text: &str) -> Value {
    parse_document(text).unwrap().unwrap_or(Value::Null)
}

fn scalar(text: &str) -> Value {
    value(&format!("a: {text}\n"))["a"].clone()
}

#[test]
fn words_for_true_and_false_are_booleans_and_other_spellings_are_text() {
    for text in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
        assert_eq!(scalar(text), json!(true), "{text}");
    }
    for text in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
        assert_eq!(scalar(text), json!(false), "{text}");
    }
    for text in ["yEs", "oN", "tRUE", "nO", "'yes'", "\"on\"", "!!str yes"] {
        assert!(scalar(text).is_string(), "{text}");
    }
}

#[test]
fn numbers_follow_go() {
    let cases = [
        ("0644", json!(420)),
        ("0o644", json!(420)),
        ("0O17", json!(15)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("-0x10", json!(-16)),
        ("1_000", json!(1000)),
        ("+12", json!(12)),
        ("08", json!(8)),
        ("0", json!(0)),
        ("-0", json!(0)),
        ("1e3", json!(1000)),
        ("1.0", json!(1)),
        ("1.", json!(1)),
        (".5", json!(0.5)),
        ("-.5", json!(-0.5)),
        ("-1.5e-3", json!(-0.0015)),
        ("9223372036854775807", json!(i64::MAX)),
        ("9223372036854775808", json!(9_223_372_036_854_775_808_u64 as f64)),
        ("4.611686018427387904e18", json!(4_611_686_018_427_388_000_i64)),
        ("0b+1", json!(1)),
        (".1_2", json!(0.12)),
    ];
    for (text, expected) in cases {
        assert_eq!(scalar(text), expected, "{text}");
    }
    for text in ["0x", "0b", "1e", "--1", "1:30", "0o8", "1.2.3", "e5", "._5", ".1_", "0b2", "0x1.8p3"] {
        assert!(scalar(text).is_string(), "{text} is {}", scalar(text));
    }
}

#[test]
fn nulls_and_times_are_what_helm_takes_them_for() {
    for text in ["", "~", "null", "Null", "NULL"] {
        assert_eq!(scalar(text), Value::Null, "{text:?}");
    }
    assert_eq!(scalar("2001-12-14"), json!("2001-12-14"));
    assert_eq!(scalar("2001-12-14T21:59:43.1Z"), json!("2001-12-14T21:59:43.1Z"));
    assert_eq!(scalar("!!timestamp 2001-1-2"), json!("2001-1-2"));
    assert!(parse_document("a: !!timestamp yesterday").is_err());
}

#[test]
fn infinite_numbers_are_refused_as_json_has_none() {
    for text in [".inf", "-.INF", ".nan"] {
        assert!(parse_document(&format!("a: {text}")).is_err(), "{text}");
    }
}

#[test]
fn tags_are_obeyed_or_refused() {
    assert_eq!(scalar("!!int \"12\""), json!(12));
    assert_eq!(scalar("!!float 1"), json!(1));
    assert_eq!(scalar("!!binary aGk="), json!("hi"));
    assert_eq!(scalar("!custom 12"), json!("12"));
    assert_eq!(scalar("! 12"), json!("12"));
    assert!(parse_document("a: !!int x").is_err());
    assert!(parse_document("a: !!bool 1").is_err());
}

#[test]
fn keys_that_are_no_text_become_text() {
    assert_eq!(
        value("1: a\ntrue: b\non: c\n0x10: d\n1.5: e\n1e30: f\n2001-01-01: g\n"),
        json!({"1": "a", "true": "c", "16": "d", "1.5": "e", "1e+30": "f", "2001-01-01": "g"})
    );
    assert!(parse_document("~: a").is_err());
    assert!(parse_document("[a]: b").is_err());
    assert!(parse_document("{a: b}: c").is_err());
}

#[test]
fn of_two_equal_keys_the_last_wins() {
    assert_eq!(value("a: 1\nb: 2\na: 3\n"), json!({"a": 3, "b": 2}));
}

#[test]
fn what_json_cannot_hold_is_no_error_where_something_comes_over_it() {
    assert_eq!(value("a: .inf\nb: 1\na: 2\n"), json!({"b": 1, "a": 2}));
    assert_eq!(value("a: [{~: 1}]\na: 2\n"), json!({"a": 2}));
    assert!(parse_document("a: 1\na: .inf\n").is_err());
    assert!(parse_document("1: .inf\n'1': 2\n").is_err(), "they are two keys before they are written");
    assert_eq!(value("0.0: a\n-0.0: b\n'0': c\n"), json!({"-0": "b", "0": "c"}));
    // A sign that comes late takes nothing from the integer of the same looks.
    assert_eq!(value("0.0: a\n0: b\n-0.0: c\n"), json!({"-0": "c", "0": "b"}));
}

#[test]
fn merge_keys_put_their_entries_in_at_their_place() {
    let base = "base: &b {x: 1, w: 2}\nmore: &m {w: 3, z: 4}\n";
    assert_eq!(value(&format!("{base}v: {{<<: *b, w: 9}}"))["v"], json!({"x": 1, "w": 9}));
    // What stands before the merge key is overwritten by it: so does Helm's parser.
    assert_eq!(value(&format!("{base}v: {{w: 9, <<: *b}}"))["v"], json!({"w": 2, "x": 1}));
    assert_eq!(value(&format!("{base}v: {{<<: [*b, *m]}}"))["v"], json!({"w": 2, "z": 4, "x": 1}));
    assert_eq!(value("v: {\"<<\": 1}")["v"], json!({"<<": 1}));
    assert!(parse_document("v: {<<: 1}").is_err());
    assert!(parse_document("v: {<<: [[a]]}").is_err());
}

#[test]
fn aliases_are_expanded_within_a_budget() {
    assert_eq!(value("a: &x [1, {b: 2}]\nc: *x\n"), json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}]}));
    assert_eq!(value("a: &x 1\nb: &x 2\nc: *x\n"), json!({"a": 1, "b": 2, "c": 2}));
    assert!(parse_document("a: *x").is_err());
    let error = parse_document("a: &x [*x]").unwrap_err();
    assert!(error.to_string().contains("contains itself"), "{error}");
    let mut bomb = String::from("a0: &a0 [l,l,l,l,l,l,l,l,l,l]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(",");
        bomb.extend([format!("a{level}: &a{level} [{refs}]\n")]);
    }
    assert!(matches!(
        parse_document(&bomb),
        Err(YamlError::Limit { what: "contains excessive aliasing", .. })
    ));
}

#[test]
fn depth_is_bounded_in_every_style() {
    let flow = format!("a: {}", "[".repeat(100_000));
    assert!(parse_document(&flow).is_err());
    let block = format!("{}a", "- ".repeat(10_000));
    assert!(matches!(parse_document(&block), Err(YamlError::Limit { .. })));
    let mut nested = String::new();
    for level in 0..5_000 {
        nested.push_str(&" ".repeat(level));
        nested.push_str("a:\n");
    }
    assert!(matches!(parse_document(&nested), Err(YamlError::Limit { .. })));
    let through_aliases: String = (1..400)
        .fold("a0: &a0 x\n".to_owned(), |all, level| format!("{all}a{level}: &a{level} [*a{}]\n", level - 1));
    assert!(parse_document(&through_aliases).is_err());
}

#[test]
fn characters_that_helms_parser_refuses_are_refused_with_their_line() {
    let error = parse_document("a: 1\nb: x\u{7}y\n").unwrap_err();
    assert_eq!(error, YamlError::Syntax { line: 2, what: "the character U+0007 is not allowed".to_owned() });
    assert!(parse_document("a: \u{7f}").is_err());
    assert!(parse_document("a: x\u{feff}y").is_err());
    assert_eq!(value("\u{feff}a: 1\n"), json!({"a": 1}));
}

#[test]
fn the_line_ends_of_unicode_end_lines() {
    assert_eq!(value("a: 1\u{85}b: 2\u{2028}c: 3\n"), json!({"a": 1, "b": 2, "c": 3}));
    assert_eq!(value("a: |\n  x\u{85}  y\u{2029}  z\n")["a"], json!("x\ny\u{2029}z\n"));
    assert_eq!(value("a: x\u{2028}  y\n")["a"], json!("x\u{2028}y"));
    assert_eq!(value("a: x\r  y\r\n  z\n")["a"], json!("x y z"));
}

#[test]
fn a_colon_before_a_bracket_or_a_comma_is_a_part_of_the_word() {
    assert_eq!(
        value("a: [b:]\nc: {d:}\ne: [f:, {g:, h: i}]\n"),
        json!({
            "a": ["b:"], "c": {"d:": null}, "e": ["f:", {"g:": null, "h": "i"}],
        })
    );
    assert_eq!(
        value("a: [b: , {c: }]\nd: '[b:]'\ne: [x:y]\n"),
        json!({"a": [{"b": null}, {"c": null}], "d": "[b:]", "e": ["x:y"]})
    );
}

#[test]
fn a_document_may_be_one_block_of_text() {
    assert_eq!(value("|\n  text\n"), json!("text\n"));
    assert_eq!(value(">\ntext\n"), json!(""), "the text is not indented, and so stands behind the document");
    assert_eq!(value("just text"), json!("just text"));
}

#[test]
fn what_stands_behind_a_whole_document_is_not_looked_at() {
    assert_eq!(value("'a' 'b'\n"), json!("a"));
    assert_eq!(value("[a] }\n"), json!(["a"]));
    assert_eq!(value("a: 1\n...\n: ]["), json!({"a": 1}));
    assert_eq!(value("[]: a\n"), json!([]), "empty brackets are no key");
    assert!(parse_document("a: 1\n]").is_err());
    assert!(parse_document("...\na: 1").is_err());
}

#[test]
fn the_grammar_of_flow_collections_is_helms() {
    assert_eq!(
        value("[a, b: c, ? d : e, {f, g: h,},]"),
        json!(["a", {"b": "c"}, {"d": "e"}, {"f": null, "g": "h"}])
    );
    assert_eq!(value("{a, ? c, ? d : e}"), json!({"a": null, "c": null, "d": "e"}));
    for text in ["[,]", "[a b: c", "[? : a]", "[?]", "a: [b\nc: d]\n]", "{a: b c: d}"] {
        assert!(parse_document(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_has_its_colon_within_1024_characters_of_its_line() {
    let long = "k".repeat(1024);
    assert_eq!(value(&format!("{long}: 1")), json!({long.clone(): 1}));
    assert!(parse_document(&format!("{long}k: 1")).is_err());
    assert!(parse_document("a\n b: 1").is_err());
    assert!(parse_document("a: 1\nb\nc: 2").is_err());
}

#[test]
fn tabs_stand_where_no_key_may_begin() {
    assert_eq!(value("a:\tb\nc: [\td,\te]\nf: g\th\n"), json!({"a": "b", "c": ["d", "e"], "f": "g\th"}));
    for text in ["\ta: b", "a:\n\tb: c", "- \ta: b", "a: |\n\tb", "a: b\n\tc"] {
        assert!(parse_document(text).is_err(), "{text:?}");
    }
}

#[test]
fn directives_and_handles_of_tags_are_obeyed() {
    assert_eq!(value("%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\n"), json!({"a": "1"}));
    assert_eq!(value("a: !!%69nt '1'\n"), json!({"a": 1}));
    for text in [
        "%YAML 1.2\n---\na: 1\n",
        "%X\n---\na",
        "%YAML 1.1\na: 1",
        "a: !e!str 1",
        "%TAG !e! x\n%TAG !e! y\n---\n",
    ] {
        assert!(parse_document(text).is_err(), "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    assert_eq!(scalar("!!binary Yf/+Yg=="), json!("a\u{fffd}\u{fffd}b"));
}

#[test]
fn block_texts_keep_their_lines() {
    assert_eq!(value("a: |\n  x\n   y\n\nb: >-\n  one\n  two\n"), json!({"a": "x\n y\n", "b": "one two"}));
    assert_eq!(value("a: |+\n  x\n\n"), json!({"a": "x\n\n"}));
}

#[test]
fn a_manifest_is_split_and_comments_only_are_skipped() {
    let manifest = "---\n# Source: c/a.yaml\napiVersion: v1\nkind: A\n---\n# nothing\n---\n\n--- # end\n# Source: c/b.yaml\n# more\napiVersion: v1\nkind: B\n";
    let objects = read_manifest(manifest).unwrap();
    let found: Vec<_> =
        objects.iter().map(|object| (object.source.as_deref(), object.value["kind"].as_str())).collect();
    assert_eq!(found, vec![(Some("c/a.yaml"), Some("A")), (Some("c/b.yaml"), Some("B"))]);
    assert_eq!(objects[1].text, "# Source: c/b.yaml\n# more\napiVersion: v1\nkind: B\n");
}

#[test]
fn a_separator_inside_a_text_is_none_and_one_with_more_behind_it_is_an_error() {
    assert_eq!(read_manifest("kind: A\ndata: |\n  ---\n  x\n").unwrap().len(), 1);
    assert!(read_manifest("kind: A\n--- b\nkind: B\n").is_err());
    assert!(read_manifest("kind: A\n----\n").is_err());
}

#[test]
fn windows_line_ends_are_read() {
    let objects = read_manifest("---\r\nkind: A\r\ndata: |\r\n  x\r\n  y\r\n---\r\nkind: B\r\n").unwrap();
    let values: Vec<_> = objects.into_iter().map(|object| object.value).collect();
    assert_eq!(values, vec![json!({"kind": "A", "data": "x\ny\n"}), json!({"kind": "B"})]);
}

#[test]
fn lists_are_flattened_and_lend_their_kind() {
    let manifest =
        "apiVersion: v1\nkind: BList\nitems:\n- {apiVersion: v1, kind: A}\n- {x: 1}\n- ~\n---\nkind: C\n";
    let values: Vec<_> = read_manifest(manifest).unwrap().into_iter().map(|object| object.value).collect();
    assert_eq!(
        values,
        vec![
            json!({"apiVersion": "v1", "kind": "A"}),
            json!({"x": 1, "kind": "B", "apiVersion": "v1"}),
            json!({"kind": "B", "apiVersion": "v1"}),
            json!({"kind": "C"})
        ]
    );
    assert_eq!(read_manifest("kind: List\nitems: []\n").unwrap(), vec![]);
    assert_eq!(read_manifest("kind: List\nitems: ~\n").unwrap(), vec![]);
}

#[test]
fn lists_that_helm_refuses_are_refused() {
    for items in [
        "{}",
        "[[]]",
        "[a]",
        "[{kind: A}]",
        "[{apiVersion: v1}]",
        "[{kind: A, apiVersion: b/}]",
        "[{items: []}]",
    ] {
        assert!(read_manifest(&format!("apiVersion: v1\nkind: List\nitems: {items}\n")).is_err(), "{items}");
    }
    assert!(
        read_manifest("apiVersion: v1\nkind: List\nitems: [{a: b}]\n").is_err(),
        "`List` lends an empty kind"
    );
    assert!(read_manifest("apiVersion: a/b/c\nkind: A\n").is_err());
}

#[test]
fn a_manifest_with_too_many_objects_is_refused() {
    let many = "---\nkind: A\n".repeat(10_001);
    assert!(read_manifest(&many).unwrap_err().to_string().contains("more than 10000 objects"));
    let list = format!("kind: List\nitems:\n{}", "- {kind: A, apiVersion: v1}\n".repeat(10_001));
    assert!(read_manifest(&list).is_err());
    assert_eq!(read_manifest(&"---\nkind: A\n".repeat(10_000)).unwrap().len(), 10_000);
}

#[test]
fn json_is_a_manifest_too() {
    let values: Vec<_> = read_manifest("{\"kind\":\"A\",\"n\":1.0}\n{\"kind\":\"B\"}")
        .unwrap()
        .into_iter()
        .map(|object| object.value)
        .collect();
    assert_eq!(values, vec![json!({"kind": "A", "n": 1}), json!({"kind": "B"})], "a float is written again");
    assert_eq!(read_manifest("{kind: A}\n---\nkind: B\n").unwrap().len(), 2);
}

#[test]
fn a_stream_of_json_may_end_as_yaml_after_its_first_object() {
    let kinds = |text: &str| -> Option<Vec<String>> {
        let objects = read_manifest(text).ok()?;
        Some(objects.into_iter().map(|object| object.value["kind"].to_string()).collect())
    };
    let kinds_are = |text: &str, wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|kind| format!("\"{kind}\"")).collect();
        assert_eq!(kinds(text), Some(wanted), "{text}");
    };
    kinds_are("{\"kind\":\"A\"}\n---\nkind: B\n", &["A", "B"]);
    kinds_are("{\"kind\":\"A\"} kind: B\n", &["A", "B"]);
    kinds_are("{\"kind\":\"A\"}\n{kind: B}", &["A", "B"]);
    kinds_are("{kind: A}\n---\n{kind: B}", &["A", "B"]);
    for text in [
        "{\"kind\":\"A\"}{\"kind\":\"B\"}\n---\nkind: C\n",
        "{\"kind\":\"A\"}---",
        "{\"kind\":\"A\",\"n\":1e400}",
    ] {
        assert_eq!(kinds(text), None, "{text}");
    }
}

#[test]
fn a_word_or_a_number_of_json_ends_where_it_is_complete() {
    let count = |text: &str| read_manifest(text).ok().map(|objects| objects.len());
    assert_eq!(count("{\"kind\":\"A\"}nullnull{\"kind\":\"B\"}null"), Some(2), "nulls are no objects");
    assert_eq!(count("{\"kind\":\"A\"}01: b\nkind: B\n"), None, "a number is no object");
    assert_eq!(count("{\"kind\":\"A\"}true: b\nkind: B\n"), None);
    for not_complete in ["1.", "-", "1e", "nul"] {
        let text = format!("{{\"kind\":\"A\"}}{not_complete}: b\nkind: B\n");
        assert_eq!(count(&text), Some(2), "`{not_complete}` is YAML");
    }
}

#[test]
fn half_a_character_of_json_is_the_sign_for_what_cannot_be_read() {
    let read =
        |text: &str| read_manifest(&format!("{{\"kind\":\"{text}\"}}")).unwrap()[0].value["kind"].clone();
    assert_eq!(read("\\ud83d\\ude00"), "😀");
    assert_eq!(read("a\\ud800b"), "a\u{fffd}b");
    assert_eq!(read("\\uD83D\\ud83d\\uDE00\\udE00"), "\u{fffd}😀\u{fffd}");
    assert_eq!(read("\\\\ud800"), "\\ud800", "a backslash and letters");
}

#[test]
fn a_separator_that_is_none_for_the_parser_is_content() {
    assert_eq!(read_manifest("kind: A\n---# x\nkind: B\n").unwrap().len(), 2, "it ends a document");
    assert!(read_manifest("---# x\nkind: A\n").is_err(), "but does not begin one");
}

#[test]
fn errors_name_the_document_and_its_template() {
    let error = read_manifest("---\n# Source: c/a.yaml\nkind: A\n---\n# Source: c/b.yaml\nkind: B\na: *x\n")
        .unwrap_err();
    assert!(error.to_string().starts_with("document 2 (from `c/b.yaml`): line"), "{error}");
    assert!(read_manifest("a: 1\n").unwrap_err().to_string().contains("no `kind`"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "[a-z\n :#'\"|>-]{0,20}",
        Just("0644".to_owned()),
        Just("on".to_owned()),
        any::<String>()
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let value = crate::number::canonical(value);
        let text = to_yaml(&value);
        let again = parse_document(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(again.unwrap_or(Value::Null), value, "{}", text);
    }

    #[test]
    fn reading_anything_never_panics(text in "[-:?\\[\\]{},&*#!|>'\"%@`a0. \n\t~<]{0,60}") {
        drop(parse_document(&text));
        drop(read_manifest(&text));
    }
}
