//! What confirms a plan and what does not, in protected and in free contexts: pasted text, held keys, keys that were
//! typed ahead, and a list that moves below.
//!
//! That something confirmed nothing is shown twice: by the dialogue, which still waits after a key that came later was
//! answered, and at the end by the requests, of which there are no more than a person's own confirmation has sent.

use std::time::{Duration, Instant};

use deckwatch_sim::cluster::api::{DeleteOptions, Write};
use deckwatch_sim::cluster::fields::Actor;
use deckwatch_sim::cluster::kinds::K;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::harness::{Session, State};
use crate::stand::{CONFIG_MAPS, DEPLOYMENTS, Stand};

/// How often a held key comes again.
const REPEAT: Duration = Duration::from_millis(30);
/// The foot of a plan that is shown and not being confirmed.
const SHOWN: &str = "confirming arms for 10m";
/// The confirmation without a name, when `enter` counts.
const READY: &str = "enter restarts";
/// What stands before the typed name.
const NAME: &str = "then enter: ";
const STOP: i32 = 19;
const CONTINUE: i32 = 18;

fn paste(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// Returns what is typed for the name so far; none where no name is asked for.
fn typed(state: &State) -> Option<String> {
    let text = state.text();
    let (_, line) = text.lines().find_map(|l| l.split_once(NAME))?;
    Some(line.trim().to_owned())
}

fn wait_typed(session: &Session, name: &str) {
    session.wait(&format!("the typed name {name:?}"), |s| typed(s).as_deref() == Some(name));
}

/// Opens a table with the rows that a filter leaves, the cursor on the first.
fn table(session: &Session, view: &str, row: &str) {
    session.keys(&format!(":{view} /{row}\r"));
    session.wait(&format!("{row} in {view}"), |s| {
        let text = s.text();
        let mut lines = text.lines().skip_while(|l| !l.contains(&format!("── {view}  /{row} ")));
        lines.next().is_some() && lines.any(|l| l.trim_start().starts_with(row))
    });
}

/// Opens the plan to restart the backend.
fn restart(session: &Session) {
    table(session, "deployments", "backend");
    session.keys("r").wait_for("Restart Deployment momo-store/backend").wait_for(SHOWN);
}

/// Presses a key of the plan itself and sees it answered, twice: it is shown and not being confirmed.
fn assert_shown(session: &Session) {
    let owner = "no Flux, no Argo CD";
    session.keys("d").wait_gone(owner);
    session.keys("d").wait_for(owner).wait_for(SHOWN);
}

/// Goes to the reason and back: it is still being confirmed.
fn assert_asking(session: &Session) {
    session.keys("\t").wait_for("enter or tab leaves the reason").keys("\t").wait_for(READY);
}

/// Confirms as a person does, and sees that this alone was sent.
fn assert_one_restart(stand: &Stand, session: &Session, keys: &str) {
    assert_eq!(stand.writes(), [] as [&str; 0]);
    session.keys(keys).wait_for("✔ restarted: ");
    assert_eq!(stand.writes(), [format!("PATCH {DEPLOYMENTS}/backend")]);
    session.keys("\x03").wait_end();
    session.assert_left_clean();
    session.assert_grammar();
}

/// Presses a key again and again, as a held one does, until something holds, and on for a while. Returns whether it came
/// evenly: a machine that had no time for this test shows nothing.
fn hold(session: &Session, key: &str, on: Duration, mut holds: impl FnMut(&State) -> bool) -> bool {
    let start = Instant::now();
    let (mut held, mut last, mut longest) = (None::<Instant>, start, Duration::ZERO);
    loop {
        if held.is_none() && session.see(&mut holds) {
            held = Some(Instant::now());
        }
        if held.is_some_and(|since| since.elapsed() >= on) {
            return longest < Duration::from_millis(250);
        }
        assert!(start.elapsed() < crate::harness::DEADLINE, "{}", session.see(State::text));
        session.keys(key).settle(REPEAT, |_| false);
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
}

#[test]
fn a_pasted_name_confirms_nothing_wherever_it_lands_in_a_protected_context() {
    let stand = Stand::start(true);
    let session = stand.cockpit("deployments");
    table(&session, "deployments", "backend");
    stand.whole().stand().faults().freeze(true);
    session.keys("r").wait_for("Restart Deployment momo-store/backend");
    session.keys(&paste("backend\r")).keys(&paste("backend")).taken();
    stand.whole().stand().faults().freeze(false);
    session.wait_for(SHOWN);
    for text in ["backend", "backend\r", "backend\n", "\r", "\rbackend\r\r"] {
        session.keys(&paste(text));
        assert_shown(&session);
    }
    session.keys("\r").wait_for(NAME);
    for text in ["backend", "backend\r", "backend\r\n", "\rbackend\r\r"] {
        session.keys(&paste(text)).keys("z");
        wait_typed(&session, "z");
        session.keys("\r").wait_for("not the object's name").keys("\x7f");
        wait_typed(&session, "");
        // A paste that is cut off before its end mark, as a lost connection leaves it, is none of ours either.
        session.keys(&paste(text)).keys("\r").wait_for("not the object's name");
        session.keys("z").wait_gone("not the object's name").keys("\x7f");
        wait_typed(&session, "");
    }
    // Half typed, the rest pasted.
    session.keys("back").keys(&paste("end\r")).keys("\r").wait_for("not the object's name");
    wait_typed(&session, "back");
    assert_one_restart(&stand, &session, "end\r");
}

#[test]
fn pasted_line_ends_confirm_nothing_in_a_free_context() {
    let stand = Stand::start(false);
    let session = stand.cockpit("deployments");
    restart(&session);
    for text in ["\r", "\n", "backend\r", "\r\r\r"] {
        session.keys(&paste(text));
        assert_shown(&session);
    }
    session.keys("\r").wait_for(READY);
    for text in ["\r", "\r\n", "backend", "backend\r", "y\ryes\r"] {
        session.keys(&paste(text));
        assert_asking(&session);
    }
    assert_one_restart(&stand, &session, "\r");
}

#[test]
fn a_held_enter_confirms_nothing_and_a_deliberate_one_after_it_does_in_a_free_context() {
    for _ in 0..5 {
        let stand = Stand::start(false);
        let session = stand.cockpit("deployments");
        table(&session, "deployments", "backend");
        session.keys(":restart").wait_for("restart");
        // From the line that orders it, through the plan's being made and shown, into its confirmation.
        let even = hold(&session, "\r", Duration::from_secs(3), |s| s.text().contains("reason (tab): "));
        if even {
            session.wait_for(READY);
            assert_asking(&session);
            return assert_one_restart(&stand, &session, "\r");
        }
    }
    panic!("this machine had no time to hold a key");
}

#[test]
fn a_held_enter_confirms_nothing_in_a_protected_context() {
    let stand = Stand::start(true);
    let session = stand.cockpit("deployments");
    table(&session, "deployments", "backend");
    session.keys(":restart").wait_for("restart");
    hold(&session, "\r", Duration::from_secs(2), |s| typed(s).is_some());
    wait_typed(&session, "");
    assert_one_restart(&stand, &session, "backend\r");
}

/// How long a key is held before it comes again is the keyboard's own affair; and what a link or a process that stood
/// still held back comes all at once.
#[test]
fn enter_that_is_held_late_or_comes_in_a_burst_confirms_nothing() {
    let stand = Stand::start(false);
    let session = stand.cockpit("deployments");
    restart(&session);
    session.keys("\r").wait_for(READY);
    for burst in
        ["\r\r", "\r\r\r\r\r\r\r\r\r\r\r\r", "\x1b[13u\x1b[13;1:2u\x1b[13;1:3u", "\rx", "\x1b[13;1:2u"]
    {
        session.keys(burst).wait_gone(READY).wait_for(READY);
        assert_asking(&session);
    }
    hold(&session, "\r", Duration::from_secs(1), |_| true);
    session.wait_for(READY);
    // A process that stands still for longer than the quiet moment, while the key is held.
    session.signal(STOP);
    hold(&session, "\r", Duration::from_secs(1), |_| true);
    session.signal(CONTINUE);
    hold(&session, "\r", Duration::from_millis(300), |_| true);
    session.wait_for(READY);
    assert_asking(&session);
    assert_one_restart(&stand, &session, "\r");
}

/// Over a slow line an escape and the key after it arrive together and look like one with alt.
#[test]
fn enter_that_arrives_together_with_an_escape_leaves_the_confirmation() {
    let stand = Stand::start(false);
    let session = stand.cockpit("deployments");
    restart(&session);
    session.keys("\r").wait_for(READY).keys("\x1b\r").wait_gone(READY).wait_for(READY);
    session.keys("\x1b").wait_for(SHOWN);
    assert_shown(&session);
    session.keys("\r").wait_for(READY);
    assert_one_restart(&stand, &session, "\r");
}

#[test]
fn a_plan_that_was_read_is_the_same_when_its_confirmation_was_left() {
    let stand = Stand::start(false);
    let session = stand.cockpit("deployments");
    restart(&session);
    let plan =
        |s: &State| s.text().split_once("plan ").map(|(_, rest)| rest.chars().take(4).collect::<String>());
    let shown = session.see(plan);
    // Left before and after `enter` counts.
    session.keys("\r").wait_for("reason (tab)").keys("\x1b").wait_for(SHOWN);
    session.settle(Duration::from_secs(1), |s| plan(s) != shown);
    assert_eq!(session.see(plan), shown);
    session.keys("\r").wait_for(READY).keys("\x1b").wait_for(SHOWN);
    session.settle(Duration::from_millis(300), |s| plan(s) != shown);
    assert_eq!(session.see(plan), shown);
    session.keys("\r").wait_for(READY);
    assert_one_restart(&stand, &session, "\r");
}

#[test]
fn keys_that_are_typed_ahead_confirm_nothing() {
    for protected in [true, false] {
        let stand = Stand::start(protected);
        let session = stand.cockpit("deployments");
        for ahead in ["r\rbackend\r", ":restart\r\rbackend\r", "r\r\r\r\r", ":restart\r\r\rbackend\r\r"] {
            table(&session, "deployments", "backend");
            // In one piece, and one by one while the plan is being made.
            session.keys(ahead).wait_for("Restart Deployment momo-store/backend").wait_for(SHOWN);
            let text = session.see(State::text);
            assert!(!text.contains(NAME) && !text.contains("reason (tab)"), "{ahead:?}: {text}");
            table(&session, "deployments", "backend");
            stand.whole().stand().faults().freeze(true);
            for key in ahead.chars() {
                session.keys(&key.to_string()).taken();
            }
            session.wait_for("Restart Deployment momo-store/backend");
            stand.whole().stand().faults().freeze(false);
            session.wait_for(SHOWN);
            let text = session.see(State::text);
            assert!(!text.contains(NAME) && !text.contains("reason (tab)"), "{ahead:?}: {text}");
        }
        session.keys("\r").wait_for("reason (tab)");
        if !protected {
            session.wait_for(READY);
        }
        assert_one_restart(&stand, &session, if protected { "backend\r" } else { "\r" });
    }
}

#[test]
fn focus_and_size_change_nothing_of_a_confirmation() {
    for protected in [true, false] {
        let stand = Stand::start(protected);
        let session = stand.cockpit("deployments");
        table(&session, "deployments", "backend");
        session.keys("r\x1b[O").resize(120, 40).wait_for(SHOWN).keys("\x1b[I").resize(160, 45);
        assert_shown(&session);
        session.keys("\r").wait_for("reason (tab)");
        if protected {
            session.keys("back\x1b[O");
        }
        for (columns, rows) in [(80, 24), (200, 60), (160, 45)] {
            session.keys("\x1b[O").resize(columns, rows).keys("\x1b[I");
            session.wait("a frame of that size", |s| {
                s.text().lines().any(|l| l.contains('━') && l.chars().count() == usize::from(columns))
            });
            if protected {
                wait_typed(&session, "back");
            } else {
                session.wait_for(READY);
                assert_asking(&session);
            }
        }
        if protected {
            session.keys("\x1b[Ie\x1b[On\x1b[Id");
            wait_typed(&session, "backend");
        }
        assert_one_restart(&stand, &session, "\r");
    }
}

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

/// Deletes a ConfigMap at once, whatever the server answers just now.
fn vanish(stand: &Stand, name: &str) {
    let delete = |world: &mut deckwatch_sim::cluster::World, now| {
        world.delete(K::ConfigMap, ("momo-store", name), &DeleteOptions::default(), now)
    };
    assert!(stand.whole().stand().cluster().with(delete).is_ok());
}

/// Makes a ConfigMap at once, whatever the server answers just now.
fn appear(stand: &Stand, name: &str) {
    let create = |world: &mut deckwatch_sim::cluster::World, now| {
        let actor = Actor { manager: "test".to_owned(), subresource: "" };
        let how = Write { actor, now, dry_run: false };
        world.create(K::ConfigMap, "momo-store", map(name), &how)
    };
    assert!(stand.whole().stand().cluster().with(create).is_ok());
}

#[test]
fn the_target_is_the_row_under_the_cursor_however_the_rows_move() {
    let stand = Stand::start(true);
    for name in ["row-a", "row-b", "row-c"] {
        stand.create(CONFIG_MAPS, &map(name));
    }
    let session = stand.cockpit("configmaps");
    table(&session, "configmaps", "row-");
    session.wait_for("row-c").keys("j");
    // Sorted the other way round and ordered in one piece: nothing was drawn in between.
    session.keys("N:delete\r").wait_for("Delete ConfigMap momo-store/row-b").wait_for(SHOWN);
    session.keys("\x1b").wait_for("── configmaps");
    session.keys("N");
    // While the plan is being made a row comes above and the first one goes; while it is read, two more.
    stand.whole().stand().faults().freeze(true);
    session.keys(":delete\r").wait_for("Delete ConfigMap momo-store/row-b");
    vanish(&stand, "row-a");
    appear(&stand, "row-0");
    appear(&stand, "row-aa");
    stand.whole().stand().faults().freeze(false);
    session.wait_for(SHOWN);
    vanish(&stand, "row-0");
    appear(&stand, "row-ab");
    session.keys("\r").wait_for("type the object's name, row-b, then enter");
    vanish(&stand, "row-aa");
    session.keys("row-b\r").wait_for("✔ deleted: ");
    assert_eq!(stand.writes(), [format!("DELETE {CONFIG_MAPS}/row-b")]);
    for name in ["row-ab", "row-c"] {
        stand.get(&format!("{CONFIG_MAPS}/{name}"));
    }
    // A row that went stays for a while; nothing is done to the one beside it instead.
    session.keys("\x1b").wait_for("── configmaps").wait_for("2 configmaps");
    session.keys(":delete\r").wait_for("delete: the row is about no object");
    session.keys("\x03").wait_end();
    session.assert_grammar();
}

#[test]
fn an_object_that_was_made_anew_under_its_name_is_not_written_and_that_is_said() {
    for protected in [true, false] {
        let stand = Stand::start(protected);
        for name in ["once", "gone", "twice"] {
            stand.create(CONFIG_MAPS, &map(name));
        }
        let session = stand.cockpit("configmaps");
        let confirm = |name: &str| {
            session.keys("\r").wait_for("reason (tab)");
            if protected {
                session.keys(name);
                wait_typed(&session, name);
            } else {
                session.wait_for("enter deletes");
            }
        };
        let failed = |why: &str| {
            session.wait(why, |s| s.text().contains("✖ failed: ") && s.text().contains(why));
        };
        // Between the key and the plan.
        table(&session, "configmaps", "once");
        stand.whole().stand().faults().freeze(true);
        session.keys(":delete\r").wait_for("Delete ConfigMap momo-store/once");
        vanish(&stand, "once");
        appear(&stand, "once");
        stand.whole().stand().faults().freeze(false);
        session.wait_for("refused").wait_for("another object of the same name stands in its place");
        session.keys("\r").keys("\x1b").wait_for("── configmaps");
        // Between the plan and its confirmation.
        table(&session, "configmaps", "twice");
        session.keys(":delete\r").wait_for("Delete ConfigMap momo-store/twice").wait_for(SHOWN);
        confirm("twice");
        vanish(&stand, "twice");
        appear(&stand, "twice");
        session.keys("\r");
        failed("another object of the same name stands in its place: nothing was sent");
        // Gone and not made anew.
        table(&session, "configmaps", "gone");
        session.keys(":delete\r").wait_for("Delete ConfigMap momo-store/gone").wait_for(SHOWN);
        confirm("gone");
        vanish(&stand, "gone");
        session.keys("\r");
        failed("it is not there any more: nothing was sent");
        assert_eq!(stand.writes(), [] as [&str; 0]);
        session.keys("\x03").wait_end();
        session.assert_grammar();
    }
}

fn deployment(name: &str) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "a", "image": "registry.momo.example/shop/books:1"}]},
            },
        },
    })
}

#[test]
fn names_with_doubled_letters_are_typed_quickly_each_letter_once() {
    let stand = Stand::start(true);
    stand.create(DEPLOYMENTS, &deployment("bookkeeper-aabbcc"));
    for name in ["momo-sstore", "aaa"] {
        stand.create(CONFIG_MAPS, &map(name));
    }
    let session = stand.cockpit("deployments");
    table(&session, "deployments", "bookkeeper");
    session.keys("r").wait_for("Restart Deployment momo-store/bookkeeper-aabbcc").wait_for(SHOWN);
    session.keys("\r").wait_for(NAME);
    // In one piece, then again letter by letter.
    session.keys("bookkeeper-aabbcc");
    wait_typed(&session, "bookkeeper-aabbcc");
    session.keys(&"\x7f".repeat(17));
    wait_typed(&session, "");
    for letter in "bookkeeper-aabbcc".chars() {
        session.keys(&letter.to_string()).taken();
    }
    wait_typed(&session, "bookkeeper-aabbcc");
    session.keys("\r").wait_for("✔ restarted: ");
    // A letter too few is not the name.
    table(&session, "configmaps", "momo-sstore");
    session.keys(":delete\r").wait_for(SHOWN).keys("\r").wait_for(NAME);
    session.keys("momo-store\r").wait_for("not the object's name");
    session.keys(&"\x7f".repeat(5)).keys("sstore\r").wait_for("✔ deleted: ");
    // A terminal that tells held keys apart: letters count, and a held `enter` behind them does not.
    table(&session, "configmaps", "aaa");
    session.keys(":delete\r").wait_for("Delete ConfigMap momo-store/aaa").wait_for(SHOWN);
    session.keys("\r").wait_for(NAME).keys("\x1b[97u\x1b[97;1:2u\x1b[97;1:2u");
    wait_typed(&session, "aaa");
    session.keys("\x1b[13;1:2u\x1b[O").keys("b");
    wait_typed(&session, "aaab");
    session.keys("\x7f\r").wait_for("✔ deleted: ");
    let wanted = ["PATCH", "DELETE", "DELETE"];
    let sent = stand.writes();
    assert_eq!(sent.iter().filter_map(|w| w.split(' ').next()).collect::<Vec<_>>(), wanted, "{sent:?}");
    session.keys("\x03").wait_end();
    session.assert_grammar();
}
