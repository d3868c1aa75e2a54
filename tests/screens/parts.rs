//! The parts of a release's page, each reached by its key: as snapshots, and with hostile texts in all that is told.

use deckwatch::app::effect::Query;
use deckwatch::app::msg::Answer;
use deckwatch::app::views::{View, release};
use deckwatch::core::{Error, Kind, Name};
use deckwatch::store::charts::{Link, Links, Offered};
use deckwatch_helm::index::versions;

use crate::corpus::{CORPUS, long};
use crate::hostile::faults;
use crate::snapshot::{compare, frame, probe, text};
use crate::stage::{SIZES, Stage};
use crate::world::{NAMESPACE, World};

/// Every part with its key.
const PARTS: [(&str, &str); 8] = [
    ("d", "diff"),
    ("v", "values"),
    ("V", "all values"),
    ("m", "manifest"),
    ("h", "hooks"),
    ("n", "notes"),
    ("i", "metadata"),
    ("o", "versions"),
];

fn link() -> Link {
    Link::parse("https://gitlab.example/shop/{chart}/-/pipelines?ref={version}").unwrap()
}

/// The versions of two repositories, one of which is of no use.
fn offered(world: World) -> Vec<Offered> {
    let entry = |version: &str, more: &str| {
        let quoted = |text: &str| serde_json::to_string(&world.say(text)).unwrap();
        format!(
            "{{version: {version}, created: {}, description: {}{more}}}",
            quoted("2026-11-20T14:00:00Z"),
            quoted("The shop")
        )
    };
    let list = [
        entry("0.0.999", ""),
        entry("0.0.1043", ""),
        entry("0.0.1100", ""),
        entry("0.0.1234", ", deprecated: true"),
        entry("0.0.1235-rc.1", ""),
        "{version: latest}".to_owned(),
    ];
    let chart = serde_json::to_string(&world.say("momo-store")).unwrap();
    let name = world.say("momo-store");
    let read = versions(&format!("apiVersion: v1\nentries: {{{chart}: [{}]}}\n", list.join(", ")), &name);
    let error = Error::new(Kind::Auth, "read the index of a repository").on("museum".to_owned());
    vec![
        Offered {
            repository: world.say("nexus").as_str().into(),
            versions: read.map_err(|e| Error::new(Kind::Decode, "read the index").detail(e.to_string())),
            pipeline: Some(link()),
        },
        Offered {
            repository: "museum".into(),
            versions: Err(error.detail(world.say("HTTP 401")).hint("set basic or bearer")),
            pipeline: None,
        },
    ]
}

/// Returns the page with all its records read.
fn page(world: World, size: (u16, u16)) -> Stage {
    let view = View::Release(release::ReleasePage::new(Name::lossy(NAMESPACE), Name::lossy("momo"), None));
    let mut stage = Stage::new(world, view, size, probe());
    stage.model.shared.releases.links = Links(vec![(Vec::new(), link())]);
    stage.background();
    for _ in 0..3 {
        stage.answer(false, |_, query| match query {
            Query::Record { revision, .. } => Some(Ok(Answer::Record(world.record(*revision)))),
            _ => None,
        });
    }
    stage
}

fn answered(stage: &mut Stage) {
    let world = stage.world;
    stage.answer(false, |_, query| {
        matches!(query, Query::Versions(_)).then(|| Ok(Answer::Versions(offered(world))))
    });
}

#[test]
fn every_part_has_its_key_and_looks_as_it_did() {
    let mut out = String::new();
    for (key, name) in PARTS {
        for size in SIZES {
            let mut stage = page(World::default(), size);
            stage.press(&[key]);
            answered(&mut stage);
            let screen = text(&stage.draw());
            assert!(screen.contains(name), "{name} is not among the parts\n{screen}");
            assert!(!screen.contains("hunter2"), "{screen}");
            out.push_str(&format!("=== {name} {}x{}\n{}\n", size.0, size.1, frame(&stage.draw(), false)));
        }
    }
    compare("release-parts", &out).unwrap_or_else(|e| panic!("{e}\nUPDATE_SCREENS=1 writes them anew"));
}

#[test]
fn repositories_are_asked_when_their_versions_are_looked_at_and_anew_on_refresh() {
    let mut stage = page(World::default(), SIZES[1]);
    let asked = |stage: &Stage| stage.open.iter().filter(|(_, q)| matches!(q, Query::Versions(_))).count();
    for (key, _) in PARTS.iter().take(7) {
        stage.press(&[key]);
    }
    assert_eq!(asked(&stage), 0, "nobody has looked");
    stage.press(&["o"]);
    assert_eq!(asked(&stage), 1);
    assert!(text(&stage.draw()).contains("asking the repositories"));
    answered(&mut stage);
    let screen = text(&stage.draw());
    assert!(screen.contains("2 versions newer than momo-store 0.0.1043"), "{screen}");
    assert!(screen.contains("museum: read the index of a repository"), "{screen}");
    stage.press(&["v", "o"]);
    assert_eq!(asked(&stage), 0, "what is known is not asked again");
    stage.refresh();
    assert_eq!(asked(&stage), 1);
    stage.answer(false, |_, query| {
        let error = Error::new(Kind::Config, "look for versions").hint("name one in config.toml");
        matches!(query, Query::Versions(_)).then_some(Err(error))
    });
    let screen = text(&stage.draw());
    assert!(screen.contains("look for versions") && screen.contains("hint: name one"), "{screen}");
}

#[test]
fn no_text_of_a_record_or_an_index_leaves_a_trace_but_letters_in_any_part() {
    let mut wrong = Vec::new();
    let hostile = CORPUS.iter().copied().chain(long().map(|text| ("long", text)));
    for (name, text) in hostile {
        let mut stage = page(World { hostile: text }, SIZES[0]);
        for (key, part) in PARTS {
            stage.press(&[key]);
            answered(&mut stage);
            let found = faults(&stage.draw());
            wrong.extend(found.into_iter().take(2).map(|fault| format!("{name}: {part}: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}
