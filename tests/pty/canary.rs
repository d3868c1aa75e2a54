//! Secrets that are planted everywhere are nowhere afterwards: not in a byte that is drawn, not in a file that is
//! kept, not in what a command prints. There is no key that reveals one, so nothing is exempt.
//!
//! Variables of a manifest that hold secrets in the clear are shown as the manifest has them; none is planted there.

mod needles;
mod plant;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pretty_assertions::assert_eq;

use crate::harness::{LONG, Session};
use crate::hostile::{DEEPER, VIEWS};
use crate::stand::{SECRETS, Stand};
use needles::Canary;
use plant::Planted;

/// Returns what of the canaries is in a text, told with where the text was.
fn found(canaries: &[Canary], at: &str, text: &str, out: &mut BTreeSet<String>) {
    out.extend(canaries.iter().filter(|c| c.is_in(text)).map(|c| format!("{} in {at}", c.place)));
}

/// Looks through every byte that was written to a terminal, and through every frame that the bytes have drawn.
fn drawn(canaries: &[Canary], session: &Session, what: &str, out: &mut BTreeSet<String>) {
    let bytes = session.see(|s| s.bytes.clone());
    found(canaries, &format!("{what}: the bytes"), &String::from_utf8_lossy(&bytes), out);
    let size = session.see(|s| s.screen().size());
    let mut parser = vt100::Parser::new(size.0, size.1, 0);
    let end = b"\x1b[?2026l";
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let next = rest.windows(end.len()).position(|w| w == end).map_or(rest.len(), |at| at + end.len());
        parser.process(&rest[..next]);
        rest = &rest[next..];
        let text = parser.screen().contents();
        let mut here = BTreeSet::new();
        found(canaries, &format!("{what}: a frame"), &text, &mut here);
        for leak in here {
            if out.insert(leak.clone()) {
                // For whoever has to find it.
                let heading = text.lines().nth(1).unwrap_or_default().trim().to_owned();
                out.insert(format!("{leak}, first under {heading}"));
            }
        }
    }
}

/// Looks through every file below a folder.
fn kept(canaries: &[Canary], folder: &Path, out: &mut BTreeSet<String>) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += kept(canaries, &path, out);
        } else {
            files += 1;
            let name = path.file_name().unwrap_or_default().display().to_string();
            let kind = path.parent().and_then(Path::file_name).unwrap_or_default().display().to_string();
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            let ending = name.split_once('.').map_or("", |(_, ending)| ending);
            found(canaries, &format!("a file {kind}/….{ending}"), &text, out);
        }
    }
    files
}

/// Presses keys one by one; what they bring is awaited for a moment, for some bring nothing.
fn press(session: &Session, keys: &str) {
    for key in keys.chars() {
        let before = session.see(|s| s.checker.frames());
        session.keys(&key.to_string()).taken();
        session.settle(Duration::from_millis(200), |s| s.checker.frames() > before + 1);
    }
}

/// Opens a row of a table, found by a filter.
fn row(session: &Session, view: &str, row: &str) {
    session.keys(&format!(":{view} /{row}\r"));
    session
        .wait_for(&format!("── {view}  /{row} "))
        .wait(row, |s| s.text().lines().skip(2).any(|l| l.trim_start().starts_with(row)));
}

/// Confirms a plan that is shown.
fn confirm(session: &Session, done: &str) {
    session.wait_for("confirming arms for 10m").keys("d");
    press(session, "dppG");
    session.keys("\r").wait_for("reason (tab)").wait(" counts", |s| !s.text().contains(" …"));
    session.wait("enter counts", |s| s.text().contains("enter ") && s.text().contains("esc leaves it"));
    session.keys("\r").wait_long(done);
}

/// Looks at everything that has a name, as deep as it goes.
fn everywhere(session: &Session) {
    for (view, heading, _) in VIEWS {
        for deeper in DEEPER {
            session.keys(&format!(":{view}\r"));
            session.wait_within(LONG, &format!("the view {view}"), |s| {
                let text = s.text();
                text.contains(&format!("── {heading}")) && !text.contains("loading")
            });
            press(session, "wG");
            press(session, deeper);
            session.keys("\x1b");
        }
    }
}

#[test]
fn no_planted_secret_is_drawn_or_kept_whatever_is_looked_at_and_done() {
    let stand = Stand::start(false);
    let planted = Planted::in_stand(&stand);
    let session = planted.cockpit(&stand, "secrets");
    session.wait_for("zz-planted");
    row(&session, "secrets", "zz-planted");
    for deeper in ["d", "y", "x", "c", "\r", "\x1b"] {
        press(&session, deeper);
        press(&session, "G\x1b");
    }
    // Actions on a Secret: told, shown, carried out.
    for (line, done) in [("label shift=night", "✔ labelled: "), ("annotate seen=yes", "✔ annotated: ")] {
        row(&session, "secrets", "zz-planted");
        session.keys(&format!(":{line}\r"));
        confirm(&session, done);
    }
    row(&session, "secrets", "zz-planted");
    session.keys(":delete\r").wait_for("confirming arms for 10m");
    press(&session, "dGp\x1b\x1b");
    // The release's page, every part of its last two revisions, and the way back to the one before.
    session.keys(":releases\r").wait_for("momo-store-0.0.1043").keys("\r").wait_for("Upgrade complete");
    for revision in ["", "j"] {
        press(&session, revision);
        for part in ["d", "v", "m", "n", "v", "d"] {
            press(&session, part);
            if part == "v" {
                // What was planted is there, hidden.
                session.wait_for("postgres://shop:REDACTED@db.momo.example").wait_for("password: 'REDACTED");
            }
            press(&session, &"\x04".repeat(6));
        }
    }
    session.keys("r").wait_for("7 → 6").wait_for("pods restart");
    confirm(&session, "✔ rolled back: revision 8");
    everywhere(&session);
    session.keys(":journal\r").wait_for("── Journal");
    press(&session, "eG");
    // What a fault of our own leaves behind, survived and not.
    #[cfg(debug_assertions)]
    {
        session.keys("\x1b[23~").wait_for("a fault of deckwatch at");
        session.keys("\x1b[24~");
        assert_eq!(session.wait_end().0, 101);
    }
    let mut leaks = BTreeSet::new();
    drawn(&planted.all, &session, "the cockpit", &mut leaks);
    let files = kept(&planted.all, &stand.file("state"), &mut leaks);
    kept(&planted.all, session.home(), &mut leaks);
    assert_eq!(leaks, BTreeSet::new());
    // The test means something only where there was something to look through.
    assert!(files >= 8, "{files} files");
    let live = stand.get(&format!("{SECRETS}/zz-planted"));
    assert_eq!(live["metadata"]["labels"]["shift"], "night");
}

#[test]
fn no_planted_secret_is_printed_by_a_command() {
    let stand = Stand::start(false);
    let planted = Planted::in_stand(&stand);
    let views: Vec<Vec<&str>> = VIEWS
        .iter()
        .map(|(view, ..)| vec!["snapshot", view.split(' ').next().unwrap_or(view), "--size", "200x60"])
        .collect();
    let mut commands: Vec<Vec<&str>> = [
        &["get", "secrets"][..],
        &["get", "secrets", "zz-planted"],
        &["get", "configmaps", "-A"],
        &["alerts"],
        &["timeline"],
        &["sources"],
        &["doctor"],
        &["releases"],
        &["history", "momo"],
        &["diff", "momo", "6", "7"],
        &["diff", "momo", "7", "6"],
        &["query", "up"],
        &["logs", "deploy/backend"],
        &["rollback", "momo", "6", "--plan"],
        &["label", "secret/zz-planted", "a=b", "--plan"],
        &["annotate", "secret/zz-planted", "a=b", "--plan"],
        &["annotate", "secret/zz-planted", "kubectl.kubernetes.io/last-applied-configuration-", "--plan"],
        &[
            "annotate",
            "secret/zz-planted",
            "kubectl.kubernetes.io/last-applied-configuration=x",
            "--overwrite",
            "--plan",
        ],
        &["delete", "secret/zz-planted", "--plan"],
        &["label", "secret/zz-planted", "a=b", "--write", "--yes"],
        &["rollback", "momo", "6", "--write", "--yes"],
        &["delete", "secret/zz-planted", "--write", "--yes"],
        &["journal"],
        &["journal", "export"],
        &["journal", "verify"],
    ]
    .map(<[&str]>::to_vec)
    .to_vec();
    commands.splice(0..0, views);
    let mut leaks = BTreeSet::new();
    for kubeconfig in ["kubeconfig", "plugged"] {
        for words in &commands {
            let writes = words.contains(&"--write");
            for output in ["text", "json"] {
                // What was done once is not there to be done again.
                if writes && (kubeconfig == "plugged" || output == "text") {
                    continue;
                }
                let what = format!("{} -o {output} ({kubeconfig})", words.join(" "));
                let (code, told) = planted.run(&stand, kubeconfig, &[words, &["-o", output][..]].concat());
                let gone = kubeconfig == "plugged" && words.contains(&"secret/zz-planted");
                assert!(
                    matches!(code, 0 | 3) || gone || words[1..].contains(&"zz-planted"),
                    "{what}: {code}: {told}"
                );
                found(&planted.all, &what, &told, &mut leaks);
            }
        }
    }
    kept(&planted.all, &stand.file("state"), &mut leaks);
    assert_eq!(leaks, BTreeSet::new());
}

/// Servers that repeat what they were sent, plugins that talk, and files with a mistake in the line of the secret.
#[test]
fn no_planted_secret_is_told_by_what_fails() {
    let stand = Stand::start(false);
    let planted = Planted::in_stand(&stand);
    let mut leaks = BTreeSet::new();
    std::thread::scope(|scope| {
        // They mostly wait for what does not come.
        let run = |(what, vars): plant::Broken| {
            let (planted, stand) = (&planted, &stand);
            scope.spawn(move || fail(planted, stand, &what, &vars))
        };
        let running: Vec<_> = planted.broken().into_iter().map(run).collect();
        for thread in running {
            leaks.extend(thread.join().unwrap());
        }
    });
    kept(&planted.all, &stand.file("state"), &mut leaks);
    assert_eq!(leaks, BTreeSet::new());
}

/// Looks at the sources, in the cockpit and by commands, where something fails. Returns what leaked.
fn fail(planted: &Planted, stand: &Stand, what: &str, vars: &[(String, String)]) -> BTreeSet<String> {
    let mut leaks = BTreeSet::new();
    for words in [&["doctor"][..], &["sources", "-o", "json"], &["get", "pods"]] {
        let mut command = planted.command(stand, "kubeconfig", words);
        let told = told(command.envs(vars.iter().cloned())).1;
        found(&planted.all, &format!("{} where {what}", words.join(" ")), &told, &mut leaks);
    }
    let launch = vars.iter().fold(planted.launch(stand), |launch, (name, value)| launch.env(name, value));
    let session = launch.arg("--view").arg("sources").start();
    session.settle(Duration::from_secs(20), |s| {
        s.has_ended() || s.text().contains("── Sources") && !s.text().contains("connecting")
    });
    press(&session, "jjjj");
    session.keys("\x03").wait_end();
    drawn(&planted.all, &session, &format!("the cockpit where {what}"), &mut leaks);
    kept(&planted.all, session.home(), &mut leaks);
    leaks
}

/// Runs a command. Returns its exit code and everything that it printed.
fn told(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    (output.status.code().unwrap_or(-1), text)
}
