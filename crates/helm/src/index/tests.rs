use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

/// As Nexus serves it: keys in no order, versions as they were uploaded, other charts beside.
const NEXUS: &str = r#"apiVersion: v1
entries:
  momo-store:
  - description: The momo shop
    apiVersion: v2
    appVersion: 0.0.999
    created: 2026-11-01T10:00:00.123456789Z
    digest: 0f4c
    name: momo-store
    urls:
    - momo-store-0.0.999.tgz
    version: 0.0.999
  - {apiVersion: v2, name: momo-store, version: 0.0.1234, appVersion: "0.0.1234", created: "2026-11-30T08:00:00Z", urls: [a.tgz]}
  - {apiVersion: v2, name: momo-store, version: 0.0.1234-rc.2, urls: [b.tgz]}
  - {apiVersion: v2, name: momo-store, version: 0.0.1234-rc.10, deprecated: true, urls: [b.tgz]}
  - {apiVersion: v2, name: momo-store, version: not-a-version}
  - {apiVersion: v2, name: momo-store, version: 1.0}
  -
  other:
  - {apiVersion: v2, name: other, version: 9.9.9}
generated: "2026-11-30T09:00:00Z"
"#;

fn told(versions: &Versions) -> Vec<&str> {
    versions.all.iter().map(|v| v.version.as_str()).collect()
}

#[test]
fn the_versions_of_a_chart_are_read_and_the_newest_comes_first() {
    let found = versions(NEXUS, "momo-store").unwrap();
    assert_eq!(told(&found), ["1", "0.0.1234", "0.0.1234-rc.10", "0.0.1234-rc.2", "0.0.999"]);
    assert_eq!((found.skipped, found.dropped), (2, 0));
    let newest = &found.all[1];
    assert_eq!((newest.app_version.as_str(), newest.created.as_str()), ("0.0.1234", "2026-11-30T08:00:00Z"));
    assert!(found.all[2].deprecated && found.all[2].version.is_prerelease());
    assert_eq!(found.all[4].created, "2026-11-01T10:00:00.123456789Z");
    assert_eq!(found.all[4].description, "The momo shop");
}

#[test]
fn an_index_in_json_is_one_too() {
    let json = r#"{"apiVersion":"v1","entries":{"a":[{"version":"0.1.0"},{"version":"0.2.0"}]}}"#;
    assert_eq!(told(&versions(json, "a").unwrap()), ["0.2.0", "0.1.0"]);
}

#[test]
fn what_is_no_index_is_refused_with_its_reason() {
    let refused = |text: &str| versions(text, "momo-store").unwrap_err();
    assert_eq!(refused(""), IndexError::NotAnIndex("it has no `apiVersion`"));
    assert_eq!(refused("<html>not found</html>"), IndexError::NotAnIndex("it has no `apiVersion`"));
    assert_eq!(
        refused("apiVersion: v1\nentries: []\n"),
        IndexError::NotAnIndex("its `entries` are no table")
    );
    assert_eq!(refused("apiVersion: v1\n"), IndexError::NoChart { count: 0 });
    assert_eq!(refused("apiVersion: v1\nentries: {a: [], b: []}\n"), IndexError::NoChart { count: 2 });
    assert!(matches!(refused("apiVersion: v1\nentries: {momo-store: 1}\n"), IndexError::NotAnIndex(_)));
    assert!(matches!(refused("apiVersion: [v1\n"), IndexError::Yaml(_)));
    assert_eq!(
        versions("apiVersion: v1\nentries: {momo-store: }\n", "momo-store").unwrap(),
        Versions::default()
    );
}

#[test]
fn hostile_indexes_cost_no_more_than_their_limits() {
    let long = " ".repeat(MAX_TEXT + 1);
    assert_eq!(versions(&long, "a").unwrap_err(), IndexError::TooLong { len: MAX_TEXT + 1 });
    let deep = format!("apiVersion: v1\nentries: {}", "[".repeat(5_000));
    assert!(matches!(versions(&deep, "a"), Err(IndexError::Yaml(_))));
    let laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\napiVersion: v1\n";
    assert!(matches!(versions(laughs, "a"), Err(IndexError::Yaml(_))));
    let many: Vec<String> = (0..MAX_VERSIONS + 5).map(|n| format!("  - version: 0.0.{n}\n")).collect();
    let many = many.concat();
    let found = versions(&format!("apiVersion: v1\nentries:\n  a:\n{many}"), "a").unwrap();
    assert_eq!((found.all.len(), found.dropped), (MAX_VERSIONS, 5));
    assert_eq!(found.all[0].version.as_str(), format!("0.0.{}", MAX_VERSIONS + 4));
}

#[test]
fn versions_are_ordered_as_semver_orders_them() {
    // The example of SemVer 2.0.0, §11, and what charts are called here.
    let ordered = [
        "0.0.2",
        "0.0.10",
        "0.0.999",
        "0.0.1234-rc.1",
        "0.0.1234",
        "v0.1",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1--",
        "2.0.0",
        "2.1.0",
        "2.1.1",
        "10.0.0",
    ];
    for pair in ordered.windows(2) {
        let [a, b] = pair else { panic!() };
        let (a, b) = (Version::parse(a).unwrap(), Version::parse(b).unwrap());
        assert!(a < b && a.precedence(&b) == std::cmp::Ordering::Less, "{a} is before {b}");
    }
    let of = |text: &str| Version::parse(text).unwrap();
    assert_eq!(of("1.0.0+a").precedence(&of("v1.0+b")), std::cmp::Ordering::Equal);
    assert!(of("1.0.0-99999999999999999999") < of("1.0.0-a"));
    for bad in [
        "",
        "v",
        "1.2.3.4",
        "1..2",
        "a.b.c",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3 ",
        "-1",
        "99999999999999999999.0.0",
        "1.0.0-é",
    ] {
        assert_eq!(Version::parse(bad), None, "{bad:?}");
    }
    assert_eq!(Version::parse(&format!("1.0.0-{}", "a".repeat(300))), None);
}

proptest! {
    #[test]
    fn the_order_is_one(a in "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,2}(-[a-z0-9-]{1,3}(\\.[0-9a-z]{1,3}){0,2})?(\\+[a-z]{1,2})?", b in "[0-9]{1,2}(\\.[0-9]{1,2}){0,2}(-[a-z0-9]{1,3})?", c in "[0-9]{1,2}(-[a-z0-9]{1,3})?") {
        let all = [a, b, c].map(|text| Version::parse(&text).unwrap());
        for x in &all {
            for y in &all {
                prop_assert_eq!(x.cmp(y), y.cmp(x).reverse());
                prop_assert_eq!(x.cmp(y).is_eq(), x == y);
                for z in &all {
                    prop_assert!(!(x < y && y < z) || x < z);
                }
            }
        }
    }

    #[test]
    fn reading_anything_never_panics(text in "[-a:v0-9. \n\\[\\]{}&*+]{0,80}") {
        drop(versions(&text, "a"));
        drop(versions(&format!("apiVersion: v1\nentries:\n  a:\n  - {text}"), "a"));
        drop(Version::parse(&text));
    }
}
