use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;

/// What is laid over what, and what Helm 3.22 and Helm 4.3 make of it.
struct Row {
    what: &'static str,
    chart: &'static str,
    user: &'static str,
    v3: &'static str,
    v4: &'static str,
}

const fn row(
    what: &'static str,
    chart: &'static str,
    user: &'static str,
    v3: &'static str,
    v4: &'static str,
) -> Row {
    Row { what, chart, user, v3, v4 }
}

const ROWS: [Row; 22] = [
    row("nothing is an empty table", "null", "null", "{}", "{}"),
    row("the chart's alone", r#"{"a":1}"#, "null", r#"{"a":1}"#, r#"{"a":1}"#),
    row("the user's alone", "{}", r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#),
    row("a scalar takes a scalar's place", r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":2}"#, r#"{"a":2}"#),
    row(
        "tables are merged however deep",
        r#"{"a":{"b":{"c":1,"d":2}}}"#,
        r#"{"a":{"b":{"c":3}}}"#,
        r#"{"a":{"b":{"c":3,"d":2}}}"#,
        r#"{"a":{"b":{"c":3,"d":2}}}"#,
    ),
    row("a list takes a list's place", r#"{"a":[1,2]}"#, r#"{"a":[3]}"#, r#"{"a":[3]}"#, r#"{"a":[3]}"#),
    row("an empty list too", r#"{"a":[1]}"#, r#"{"a":[]}"#, r#"{"a":[]}"#, r#"{"a":[]}"#),
    row(
        "an empty table takes nothing away",
        r#"{"a":{"b":1}}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"b":1}}"#,
        r#"{"a":{"b":1}}"#,
    ),
    row("a null takes the chart's away", r#"{"a":1,"b":2}"#, r#"{"a":null}"#, r#"{"b":2}"#, r#"{"b":2}"#),
    row("a whole table too", r#"{"a":{"b":1}}"#, r#"{"a":null}"#, "{}", "{}"),
    row("and where the chart has a null", r#"{"a":null}"#, r#"{"a":null}"#, "{}", "{}"),
    row("where the chart has nothing, a null stays", "{}", r#"{"a":null}"#, r#"{"a":null}"#, r#"{"a":null}"#),
    row(
        "a null takes away below the top too",
        r#"{"a":{"b":1,"c":2}}"#,
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"c":2}}"#,
        r#"{"a":{"c":2}}"#,
    ),
    row(
        "below the top it stays where the chart has a null itself",
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"b":null}}"#,
    ),
    row(
        "and where the chart has nothing",
        r#"{"a":{"c":1}}"#,
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"c":1,"b":null}}"#,
        r#"{"a":{"c":1,"b":null}}"#,
    ),
    row(
        "nulls of a table that the chart does not have stay",
        r#"{"z":1}"#,
        r#"{"a":{"b":null}}"#,
        r#"{"a":{"b":null},"z":1}"#,
        r#"{"a":{"b":null},"z":1}"#,
    ),
    row(
        "nulls of the chart are kept by Helm 3 only",
        r#"{"a":null,"b":{"c":null,"d":{"e":null}},"l":[null,{"x":null}]}"#,
        "{}",
        r#"{"a":null,"b":{"c":null,"d":{"e":null}},"l":[null,{"x":null}]}"#,
        r#"{"b":{"d":{}},"l":[null,{"x":null}]}"#,
    ),
    row(
        "also in tables that are merged",
        r#"{"a":{"b":null,"c":1,"t":{"u":null}}}"#,
        r#"{"a":{"d":2}}"#,
        r#"{"a":{"d":2,"b":null,"c":1,"t":{"u":null}}}"#,
        r#"{"a":{"d":2,"c":1,"t":{}}}"#,
    ),
    row(
        "a table stays over a scalar",
        r#"{"a":1}"#,
        r#"{"a":{"b":2}}"#,
        r#"{"a":{"b":2}}"#,
        r#"{"a":{"b":2}}"#,
    ),
    row("a scalar stays over a table", r#"{"a":{"b":2}}"#, r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#),
    row(
        "below the top as well",
        r#"{"a":{"b":1,"c":{"d":1},"e":[1]}}"#,
        r#"{"a":{"b":{"x":1},"c":"y","e":{"f":1}}}"#,
        r#"{"a":{"b":{"x":1},"c":"y","e":{"f":1}}}"#,
        r#"{"a":{"b":{"x":1},"c":"y","e":{"f":1}}}"#,
    ),
    row("what is no table counts as empty", "[1]", r#""text""#, "{}", "{}"),
];

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn values_are_laid_over_one_another_as_each_helm_does_it() {
    for row in &ROWS {
        for (generation, wanted) in [(Generation::V3, row.v3), (Generation::V4, row.v4)] {
            let computed = coalesce(read(row.chart), read(row.user), generation);
            assert_eq!(computed.values, read(wanted), "{}, {generation:?}", row.what);
        }
    }
}

#[test]
fn what_has_no_room_is_told_by_its_path_and_never_by_its_value() {
    let chart = json!({
        "scalar": "hunter2", "none": null, "table": {"a": 1}, "list": [1],
        "deep": {"scalar": 1, "table": {"a": "hunter2"}, "none": null, "same": 1, "both": {"x": 1}},
    });
    let user = json!({
        "scalar": {"b": 1}, "none": {"b": 1}, "table": 2, "list": [2],
        "deep": {"scalar": {"b": 1}, "table": [1], "none": {"b": 1}, "same": 2, "both": {"x": {"y": 1}}},
    });
    let dropped = |path: &str, table| Dropped { path: path.to_owned(), table };
    for generation in [Generation::V3, Generation::V4] {
        let computed = coalesce(chart.clone(), user.clone(), generation);
        assert_eq!(computed.values, user, "nothing of the chart is left");
        assert_eq!(
            computed.dropped,
            [
                dropped("deep.both.x", false),
                dropped("deep.scalar", false),
                dropped("deep.table", true),
                dropped("scalar", false),
                dropped("table", true),
            ]
        );
    }
}

#[test]
fn a_record_is_computed_as_the_helm_that_wrote_it_does_it() {
    let of = |deleted: &str| {
        let json = format!(
            r#"{{"info":{{{deleted}"status":"deployed"}},"chart":{{"metadata":{{"name":"c"}},"values":{{"n":null,"big":9007199254740993,"f":4.0}}}},"config":{{"x":1e3}}}}"#
        );
        Record::from_top(serde_json::from_str(&json).unwrap())
    };
    let (v3, v4) = (of(r#""deleted":"","#), of(""));
    let text = |record: &Record| computed(record).unwrap().values.to_string();
    assert_eq!(text(&v3), r#"{"x":1000,"n":null,"big":9007199254740992,"f":4}"#);
    assert_eq!(text(&v4), r#"{"x":1000,"big":9007199254740992,"f":4}"#);
    assert_eq!(given(&v4).unwrap().to_string(), r#"{"x":1000}"#);
    let bare = Record::from_top(serde_json::from_str(r#"{"info":{},"config":null}"#).unwrap());
    assert_eq!((given(&bare).unwrap(), computed(&bare).unwrap().values), (json!({}), json!({})));
    let odd = Record::from_top(serde_json::from_str(r#"{"info":{},"chart":5}"#).unwrap());
    assert!(computed(&odd).is_err(), "what is no chart has no values");
}
