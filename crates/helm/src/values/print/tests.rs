use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn texts_are_quoted_where_go_quotes_them() {
    for (text, written) in [
        ("", "\"\""),
        ("a", "a"),
        ("--log.level=info", "--log.level=info"),
        ("-", "'-'"),
        ("- a", "'- a'"),
        ("---a", "'---a'"),
        ("a: b", "'a: b'"),
        ("a:", "'a:'"),
        ("a:b", "a:b"),
        (":a", ":a"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("it's", "it's"),
        ("'", "''''"),
        ("{a}", "'{a}'"),
        ("$(A)", "$(A)"),
        ("*", "'*'"),
        (" a", "' a'"),
        ("on", "\"on\""),
        ("null", "\"null\""),
        ("0644", "\"0644\""),
        ("1e3", "\"1e3\""),
        ("1.2.3", "1.2.3"),
        ("22:22", "\"22:22\""),
        ("8080:80", "8080:80"),
        ("2026-11-30", "\"2026-11-30\""),
        ("2026-02-30", "2026-02-30"),
        ("2026-11-30T10:00:00Z", "\"2026-11-30T10:00:00Z\""),
        ("10Gi", "10Gi"),
        ("é", "é"),
        ("😀", "\"\\U0001F600\""),
        ("a\tb", "\"a\\tb\""),
        ("a\u{1b}", "\"a\\e\""),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n", "|\n  a"),
        ("a\n\n", "|+\n  a\n"),
        (" a\n", "|2\n   a"),
        ("a \nb", "\"a \\nb\""),
        ("a\n ", "\"a\\n \""),
        ("a\tb\n", "\"a\\tb\\n\""),
    ] {
        assert_eq!(to_yaml(&json!({ "k": text })), format!("k: {written}\n"), "{text:?}");
    }
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (json, written) in [
        ("1", "1"),
        ("-0.5", "-0.5"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-07"),
        ("0.0001", "0.0001"),
        ("123456789.5", "1.234567895e+08"),
        ("18446744073709551615", "18446744073709551615"),
        ("null", "null"),
        ("true", "true"),
    ] {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(to_yaml(&value), format!("{written}\n"));
    }
}

#[test]
fn keys_are_sorted_by_the_numbers_in_them_and_lists_stand_under_their_key() {
    let value = json!({
        "a10": {}, "a2": [], "B": [[1, [2]], {"x": [1], "a": {"z": 1}}], "-": null, "a": {"b": [{"c": 1, "d": 2}]}, "on": 1,
    });
    assert_eq!(
        to_yaml(&value),
        "'-': null\nB:\n- - 1\n  - - 2\n- a:\n    z: 1\n  x:\n  - 1\na:\n  b:\n  - c: 1\n    d: 2\na2: []\na10: {}\n\"on\": 1\n"
    );
    assert_eq!(
        (to_yaml(&json!({})), to_yaml(&json!([])), to_yaml(&json!([{}]))),
        ("{}\n".into(), "[]\n".into(), "- {}\n".into())
    );
}

#[test]
fn a_long_text_is_broken_at_a_blank_behind_the_80th_column() {
    let words = "word ".repeat(20);
    let text = to_yaml(&json!({ "k": words.trim() }));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].len(), lines[1]), (82, "  word word word word"));
    assert_eq!(to_yaml(&json!({ words.trim(): 1 })).lines().count(), 1, "a key is not broken");
}

#[test]
fn a_key_that_means_a_merge_is_written_without_quotes_as_helm_does() {
    // Helm's own writer does not quote it, though its reader then takes it for a merge.
    let text = to_yaml(&json!({ "k": { "<<": null, "=": 1, "a": "<<", "b": "=" } }));
    assert_eq!(text, "k:\n  <<: null\n  =: 1\n  a: <<\n  b: =\n");
    assert!(parse_document(&text).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    // `<<` is written as Helm writes it, and then read as what it means: see above.
    let text = prop_oneof![
        "[ -~]{0,12}".prop_filter("a merge key", |text| text != "<<"),
        "[a-z\n :#'\"|>-]{0,20}",
        "[0-9:.T-]{0,12}",
        "([a-z:'#-]{1,9} ){0,30}",
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
        // Values are always a table; a text alone would have to be written in another way.
        let value = crate::number::canonical(json!({ "k": value }));
        let text = to_yaml(&value);
        let again = parse_document(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(again.unwrap_or(Value::Null), value, "{}", text);
    }

    #[test]
    fn any_keys_are_sorted(keys in prop::collection::vec("[0-9a-zA-Z_\u{660}-\u{669}-]{0,8}", 0..40)) {
        let map: Map<String, Value> = keys.into_iter().map(|key| (key, Value::Null)).collect();
        let count = map.len();
        prop_assert_eq!(sorted(map.iter().collect()).len(), count);
    }
}
