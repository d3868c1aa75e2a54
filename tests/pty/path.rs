//! The incident path in the demo, by keys, from the first screen to healed; and what does not heal.
//!
//! The stand runs eight times faster than the clock; the cockpit and its tests do not know that it is one.

use deckwatch::core::Span;

use crate::harness::{LONG, Launch, Session};

fn demo(seed: u64, size: (u16, u16), more: &[&str]) -> Session {
    let mut launch = Launch::new(env!("CARGO_BIN_EXE_deckwatch")).size(size.0, size.1).arg("demo");
    launch = launch.arg("--seed").arg(seed.to_string()).arg("--speed").arg("8");
    for arg in more {
        launch = launch.arg(arg);
    }
    launch.start()
}

/// Keys, and how many they are.
struct Keys<'a> {
    session: &'a Session,
    pressed: usize,
}

impl Keys<'_> {
    fn press(&mut self, keys: &str) -> &Session {
        self.pressed += keys.chars().count();
        self.session.keys(keys)
    }
}

/// Presses the keys of the path up to the plan.
fn to_the_plan<'a>(session: &'a Session, what: &str) -> Keys<'a> {
    session.wait_long("Backend5xxHigh").wait_for("release  momo-store/momo  6 → 7");
    let mut keys = Keys { session, pressed: 0 };
    keys.press("\r").wait_for("likeliest first").wait_for("6 → 7");
    keys.press("gl").wait_for("condition begins");
    keys.press("gp").wait_for("Error ratio").wait_for("a value  last");
    keys.press("gc").wait_for("What changed before").wait_for("6 → 7");
    keys.press("\r").wait_for("Upgrade complete").wait_for("momo-store-0.0.1043");
    keys.press("r").wait_for("4 pods restart");
    assert!(keys.pressed <= 10, "{what}: {} keys", keys.pressed);
    keys
}

fn whats(entries: &[serde_json::Value]) -> Vec<&str> {
    let all = entries.iter().filter_map(|e| e["what"].as_str());
    all.filter(|w| matches!(*w, "alert" | "moment" | "logs" | "plan" | "intent" | "outcome" | "check"))
        .collect()
}

fn assert_told(entries: &[serde_json::Value]) {
    assert_eq!(whats(entries), ["alert", "moment", "logs", "plan", "intent", "outcome", "check"]);
    let of = |what: &str| entries.iter().find(|e| e["what"] == what).unwrap();
    assert_eq!(of("alert")["fingerprint"].as_str().unwrap().len(), 16);
    assert!(of("moment")["pinned"].is_string());
    assert!(of("logs")["query"].as_str().unwrap().contains("momo-store"));
    let plan = of("plan");
    assert_eq!((plan["from"].as_u64(), plan["to"].as_u64()), (Some(7), Some(6)));
    assert_eq!(of("intent")["plan"], plan["plan"]);
    assert_eq!((of("outcome")["outcome"].as_str(), &of("outcome")["plan"]), (Some("done"), &plan["plan"]));
    assert_eq!(of("check")["healed"].as_bool(), Some(true));
}

/// Returns whether the check tells the error ratio as a number.
fn measured(text: &str) -> bool {
    text.split_once("error ratio ").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Walks the whole path, from the first screen to the healed service.
fn walk(seed: u64, size: (u16, u16), protected: bool) {
    let what = format!("seed {seed} at {size:?}, protected: {protected}");
    let session = demo(seed, size, if protected { &["--protected"] } else { &[] });
    let mut keys = to_the_plan(&session, &what);
    if protected {
        keys.press("\r").wait_for("type the release's name");
        // Neither pasted nor held nor wrong, the name must be typed; it is not counted.
        session.bytes(b"\x1b[200~momo\r\x1b[201~");
        session.keys("mom\r").wait_for("not the release's name");
        session.keys("o");
        keys.press("\r").wait_for("✔ rolled back: revision 8");
    } else {
        // Typed ahead, a second `enter` confirms nothing: the prompt comes when one counts.
        keys.press("\r");
        session.keys("\r").wait_for("enter rolls back");
        keys.press("\r").wait_for("✔ rolled back: revision 8");
    }
    session.wait_long("✔ healed");
    let told = session.see(crate::harness::State::text);
    assert!(measured(&told), "{what}: {told}");
    assert!(keys.pressed <= 12, "{what}: {} keys", keys.pressed);
    assert_told(&session.journal());
    session.keys("\x03").wait_end();
    session.assert_left_clean();
    session.assert_grammar();
}

/// Walks at both sizes, protected and not, side by side: they mostly wait.
fn walk_with(seed: u64) {
    std::thread::scope(|scope| {
        for size in [(80, 24), (120, 40)] {
            for protected in [false, true] {
                scope.spawn(move || walk(seed, size, protected));
            }
        }
    });
}

#[test]
fn at_most_twelve_keys_lead_from_the_alert_to_the_healed_service_with_seed_1() {
    walk_with(1);
}

#[test]
fn at_most_twelve_keys_lead_from_the_alert_to_the_healed_service_with_seed_2() {
    walk_with(2);
}

#[test]
fn at_most_twelve_keys_lead_from_the_alert_to_the_healed_service_with_seed_3() {
    walk_with(3);
}

/// Returns how long ago the alert's condition began, as its page says.
fn age(text: &str) -> Option<Span> {
    let (_, rest) = text.split_once("   began ")?;
    let (_, rest) = rest.split_once('(')?;
    Span::parse(rest.split_once(" ago)")?.0)
}

#[test]
fn without_a_rollback_nothing_heals() {
    let session = demo(1, (120, 40), &[]);
    session.wait_long("Backend5xxHigh").wait_for("release  momo-store/momo  6 → 7");
    session.keys("\r").wait_for("likeliest first");
    let began = session.see(|s| age(&s.text())).unwrap();
    // Three times as long as the rolled back service needs.
    session.wait_within(LONG, "the alert firing on", |s| {
        let text = s.text();
        assert!(!text.contains("resolved"), "{text}");
        age(&text).is_some_and(|age| age >= began + Span::secs(45))
    });
    session.wait_for("✖ critical");
    session.keys("\x03").wait_end();
}

#[test]
fn a_rollback_to_another_bad_revision_does_not_heal() {
    let session = demo(3, (120, 40), &[]);
    session.wait_long("Backend5xxHigh").keys(":releases\r").wait_for("momo-store-0.0.1043");
    session.keys("\r").wait_for("Upgrade complete").keys("jjjj").wait_for("revision 3");
    session.keys("r").wait_for("7 → 3").wait_for("pods restart");
    session.keys("\r").wait_for("enter rolls back");
    session.keys("\r").wait_for("✔ rolled back: revision 8");
    session.wait_within(LONG, "the check's verdict", |s| measured(&s.text()));
    session.wait_for("not healed yet");
    let entries = session.journal();
    assert!(!whats(&entries).contains(&"check"), "{:?}", whats(&entries));
    session.keys("\x03").wait_end();
}
