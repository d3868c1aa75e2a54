use std::path::Path;

use super::source::{Proxy, Service};
use super::*;
use crate::core::time::{Clock, Weekday};
use crate::core::{Safe, Span, Ts};
use crate::ops::freeze::{Freeze, When};

fn base() -> Base {
    Base { directory: "/etc/deckwatch".into(), home: Some("/home/u".into()) }
}

fn read(text: &str) -> Result<Config, Problems> {
    parse(text, "config.toml", &base())
}

fn files(kind: &str) -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| {
            let path = f.unwrap().path();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn valid(name: &str) -> Config {
    let text = files("valid").into_iter().find(|f| f.0 == name).unwrap().1;
    read(&text).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_key_is_read() {
    let config = valid("whole");
    assert_eq!(
        config.general,
        General {
            theme: "light".into(),
            keymap: "vim".into(),
            zone: Zone::parse("Europe/Moscow").unwrap(),
            context: Some("prod-ru1".into()),
            log: LogLevel::Debug,
            allow_plain_secrets: false,
        }
    );
    assert_eq!(
        config.context("prod-ru1"),
        Context { readonly: Readonly::Locked, clusters: vec!["ru1".into()], ..Context::default() }
    );
    assert!(config.context("other").protected);
    assert_eq!(
        config.context("kind-dev"),
        Context { protected: false, namespace: Some("shop".into()), ..Context::default() }
    );
    assert_eq!(config.context("other"), Context::default());
    let [mimir, loki, am, am2] = &config.sources[..] else { panic!("{:?}", config.sources) };
    assert_eq!(
        format!("{mimir:?}"),
        format!(
            "{:?}",
            Source {
                url: Some("https://mimir.example/".parse().unwrap()),
                prefix: "/prometheus".into(),
                tenant: Some("a|b".into()),
                headers: vec![
                    ("X-Api-Key".into(), Secret::Env("KEY".into())),
                    ("X-Team".into(), Secret::Plain("a".into()))
                ],
                basic: Some(source::Basic { user: "u".into(), password: Secret::File("/home/u/pw".into()) }),
                ca: Some("/etc/deckwatch/ca.pem".into()),
                cert: Some("/etc/client.pem".into()),
                key: Some("/etc/deckwatch/client.key".into()),
                timeout: Span::mins(2),
                proxy: Proxy::Url("socks5://127.0.0.1:1080".into()),
                contexts: vec!["prod-ru1".into()],
                ..Source::new(SourceKind::Prometheus, "mimir")
            }
        )
    );
    assert_eq!((loki.name.as_str(), loki.via, loki.url.is_none()), ("loki", Way::PortForward, true));
    let service =
        Service { namespace: "monitoring".into(), name: "loki-gateway".into(), port: "http-metrics".into() };
    assert_eq!(loki.service.as_ref(), Some(&service));
    assert!(matches!(&loki.bearer, Some(Secret::Command(c)) if *c == ["pass", "loki"]));
    assert_eq!(
        (am.name.as_str(), am.insecure, am2.name.as_str(), &am2.proxy),
        ("alertmanager", true, "alertmanager-2", &Proxy::Environment)
    );
}

#[test]
fn repositories_are_read_with_their_charts_and_links() {
    let [nexus, museum] = &valid("whole").repositories[..] else { panic!() };
    assert_eq!((nexus.source.name.as_str(), nexus.source.timeout), ("nexus", Span::mins(1)));
    assert!(nexus.source.insecure && nexus.source.proxy == Proxy::Environment);
    assert!(matches!(&nexus.source.bearer, Some(Secret::Env(name)) if name == "NEXUS_TOKEN"));
    assert_eq!(nexus.source.ca.as_deref(), Some(Path::new("/etc/deckwatch/ca.pem")));
    assert!(nexus.has("momo-store", "prod-ru1"));
    assert!(!nexus.has("momo-store", "kind-dev") && !nexus.has("other", "prod-ru1"));
    let link = nexus.pipeline.as_ref().unwrap().of("momo-store", "0.0.1234");
    assert_eq!(link, "https://gitlab.example/shop/momo-store/-/pipelines?ref=0.0.1234");
    assert!(museum.has("other", "kind-dev") && museum.pipeline.is_none() && museum.source.basic.is_some());
}

#[test]
fn freezes_are_read_in_each_of_their_forms() {
    let at = |text| Ts::parse_rfc3339(text).unwrap();
    let clock = |text| Clock::parse(text).unwrap();
    let freeze = |name, contexts: &[&str], when, overridable| Freeze {
        name: Safe::own(name),
        contexts: contexts.iter().map(|c| (*c).to_owned()).collect(),
        when,
        overridable,
    };
    let fridays = When::Weekly {
        days: vec![Weekday::Fri, Weekday::Sat],
        from: clock("16:00"),
        to: clock("08:00"),
        zone: Zone::parse("Europe/Moscow").unwrap(),
    };
    let years_end = When::Once { start: at("2026-12-23T23:00:00Z"), end: at("2027-01-02T23:00:00Z") };
    let migration = When::Once { start: at("2026-12-05T15:00:00Z"), end: at("2026-12-05T23:00:00Z") };
    assert_eq!(
        valid("whole").freezes,
        Freezes(vec![
            freeze("Friday evening", &["prod-*"], fridays, true),
            freeze("year's end", &[], years_end, false),
            freeze("migration", &[], migration, true),
        ])
    );
    let nights = read("[[freeze]]\nname = \"n\"\nfrom = \"22:00\"\nzone = \"UTC\"").unwrap().freezes;
    let nights_are = When::Weekly { days: vec![], from: clock("22:00"), to: clock("24:00"), zone: Zone::Utc };
    assert_eq!(nights, Freezes(vec![freeze("n", &[], nights_are, true)]));
    let entry = |n: usize| format!("[[freeze]]\nname = \"{n}\"\ndays = [\"fri\"]\nzone = \"UTC\"\n");
    assert_eq!(read(&(0..100).map(entry).collect::<String>()).unwrap().freezes.0.len(), 100);
    let many = read(&(0..102).map(entry).collect::<String>()).unwrap_err().all;
    assert_eq!((many.len(), many[0].message.as_str()), (1, "more than 100 freezes"));
}

#[test]
fn plain_secrets_are_read_where_they_are_allowed_wherever_that_stands() {
    let config = valid("plain-secrets");
    assert!(matches!(config.sources[1].bearer, Some(Secret::Plain(_))));
    assert!(!format!("{config:?}").contains("plain\""), "no secret is printed");
}

#[test]
fn nothing_configured_is_the_default() {
    assert_eq!(format!("{:?}", valid("empty")), format!("{:?}", Config::default()));
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(
        format!("{:?}", Config::load(nowhere.path(), None).unwrap()),
        format!("{:?}", Config::default())
    );
}

#[test]
fn every_mistake_is_told_with_its_place_a_caret_and_a_hint() {
    let mut told = String::new();
    for (name, text) in files("invalid") {
        let problems = parse(&text, &format!("{name}.toml"), &base()).map(|c| format!("{c:?}"));
        told += &problems.expect_err(&name).to_string();
        told += "
";
    }
    assert!(!told.contains("hunter2"), "a secret in the wrong place is not repeated");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/invalid.txt");
    if std::env::var_os("DECKWATCH_BLESS").is_some() {
        std::fs::write(&expected, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(&expected).unwrap());
}

#[test]
fn the_example_documents_every_key_and_its_defaults_change_nothing() {
    let text = include_str!("../../config.example.toml");
    let uncomment = |defaults: bool| -> String {
        let line = |line: &str| match (line.strip_prefix("#: "), line.strip_prefix('#')) {
            (Some(example), _) => example.to_owned(),
            (None, Some(default)) if defaults && default.starts_with(|c: char| c.is_ascii_lowercase()) => {
                default.to_owned()
            }
            _ => line.to_owned(),
        };
        text.lines().map(|l| line(l) + "\n").collect()
    };
    assert_eq!(format!("{:?}", read(text).unwrap()), format!("{:?}", Config::default()));
    let (examples, all) = (uncomment(false), uncomment(true));
    let with_defaults = read(&all).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(format!("{with_defaults:?}"), format!("{:?}", read(&examples).unwrap()));
    assert_eq!((with_defaults.sources.len(), with_defaults.repositories.len()), (3, 2));
    // serde itself says which keys there are.
    assert_eq!(with_defaults.freezes.0.len(), 3);
    for section in ["[general]", "[contexts.a]", "[[sources.loki]]", "[[repositories]]", "[[freeze]]"] {
        let problems = read(&format!("{section}\nno_such_key_at_all = 1")).unwrap_err();
        let hint = problems.all[0].hint.clone().unwrap();
        let keys = hint.strip_prefix("known are: ").unwrap().split(", ");
        for key in keys {
            assert!(
                all.lines().any(|l| l.starts_with(&format!("{key} ="))),
                "{key} of {section} is not in the example"
            );
        }
    }
}

#[test]
fn a_file_is_read_from_its_directory_and_its_mistakes_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "[general]\ntheme = \"light\"\n").unwrap();
    assert_eq!(Config::load(dir.path(), None).unwrap().general.theme, "light");
    std::fs::write(dir.path().join("config.toml"), "[general]\nthem = 1\nzone = 2\n[x]\n").unwrap();
    let error = Config::load(dir.path(), None).unwrap_err();
    assert_eq!(error.kind, Kind::Config);
    assert_eq!(error.detail.unwrap().raw(), "line 2, column 1: unknown key `them` (and 1 more)");
    std::fs::write(dir.path().join("config.toml"), "#".repeat(2 << 20)).unwrap();
    assert_eq!(Config::load(dir.path(), None).unwrap_err().kind, Kind::Io);
}

#[test]
fn the_directory_is_the_named_one_else_xdgs_else_the_dotted_one() {
    let home = tempfile::tempdir().unwrap();
    let of = |vars: &[(&str, &str)]| {
        let get = |name: &str| vars.iter().find(|v| v.0 == name).map(|v| v.1.to_owned());
        directory(&Environment::read(get))
    };
    let at = home.path().to_str().unwrap();
    assert_eq!(
        of(&[("DECKWATCH_CONFIG_DIR", "/a"), ("XDG_CONFIG_HOME", "/x"), ("HOME", at)]),
        Some("/a".into())
    );
    assert_eq!(
        of(&[("DECKWATCH_CONFIG_DIR", ""), ("XDG_CONFIG_HOME", "/x"), ("HOME", at)]),
        Some("/x/deckwatch".into())
    );
    std::fs::create_dir_all(home.path().join(".config/deckwatch")).unwrap();
    assert_eq!(
        of(&[("XDG_CONFIG_HOME", "relative"), ("HOME", at)]),
        Some(home.path().join(".config/deckwatch"))
    );
}

fn env(vars: &'static [(&str, &str)]) -> (Vec<Source>, Vec<Error>) {
    environment(|name| vars.iter().find(|v| v.0 == name).map(|v| v.1.to_owned()))
}

#[test]
fn the_environment_names_sources_as_other_tools_have_it() {
    let (sources, errors) = env(&[
        ("PROMETHEUS_URL", "http://p:9090"),
        ("LOKI_ADDR", "https://loki.example"),
        ("LOKI_USERNAME", "u"),
        ("LOKI_PASSWORD", "secret"),
        ("LOKI_ORG_ID", "t"),
        ("LOKI_TLS_SKIP_VERIFY", "true"),
        ("ALERTMANAGER_URL", "http://a:9093, http://b:9093,"),
    ]);
    assert_eq!(errors, []);
    let names: Vec<_> =
        sources.iter().map(|s| (s.name.as_str(), s.url.as_ref().unwrap().as_str(), s.found.raw())).collect();
    assert_eq!(
        names,
        [
            ("prometheus", "http://p:9090/", "environment"),
            ("loki", "https://loki.example/", "environment"),
            ("alertmanager", "http://a:9093/", "environment"),
            ("alertmanager-2", "http://b:9093/", "environment"),
        ]
    );
    let loki = &sources[1];
    assert_eq!((loki.tenant.as_deref(), loki.insecure), (Some("t"), true));
    assert!(
        matches!(&loki.basic, Some(b) if b.user == "u" && matches!(&b.password, Secret::Env(v) if v == "LOKI_PASSWORD"))
    );
    let (tokens, _) = env(&[("LOKI_ADDR", "http://l"), ("LOKI_BEARER_TOKEN_FILE", "/t")]);
    assert!(matches!(&tokens[0].bearer, Some(Secret::File(p)) if p == Path::new("/t")));
    let (none, errors) = env(&[("PROMETHEUS_URL", "p:9090"), ("LOKI_ADDR", "")]);
    assert_eq!((none.len(), errors.len(), errors[0].on.raw()), (0, 1, "PROMETHEUS_URL"));
}

#[test]
fn the_file_comes_before_the_environment_kind_by_kind_and_context_by_context() {
    let config = valid("whole");
    let (environment, _) = env(&[("PROMETHEUS_URL", "http://p"), ("ALERTMANAGER_URL", "http://a")]);
    let of = |kind, context| -> Vec<String> {
        config
            .sources(kind, context, &environment)
            .into_iter()
            .map(|s| s.found.raw().to_owned() + " " + &s.name)
            .collect()
    };
    assert_eq!(of(SourceKind::Prometheus, "prod-ru1"), ["configuration mimir"]);
    assert_eq!(of(SourceKind::Prometheus, "kind-dev"), ["environment prometheus"]);
    assert_eq!(of(SourceKind::Alertmanager, "kind-dev").len(), 2);
    assert!(Config::default().sources(SourceKind::Loki, "x", &environment).is_empty());
}
