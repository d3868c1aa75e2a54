//! No core is written and no memory read: neither of the cockpit, nor of a command, nor of the process that carries a
//! plan out.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pretty_assertions::assert_eq;

use crate::harness::{Launch, Session, State, is_running, until};
use crate::stand::Stand;
use crate::sys;

const ABORT: i32 = 6;
const SEGMENT: i32 = 11;

/// The bit of SIGSEGV in a mask of signals.
const HANDLED: u64 = 1 << 10;

/// An account that owns nothing, for whom the superuser runs what he would see through himself.
const NOBODY: u32 = 65_534;

/// What a host allows that lets cores be written, and then the program.
const UNLIMITED: &str = "ulimit -c unlimited && exec \"$@\"";

/// Returns the options of the shell that starts the program as somebody who is not the superuser, cores allowed.
fn before(program: &Path) -> Vec<String> {
    let mut words: Vec<String> = ["sh", "-c", UNLIMITED, "sh"].map(str::to_owned).to_vec();
    if is_root() {
        let drop = [
            "setpriv".to_owned(),
            format!("--reuid={NOBODY}"),
            format!("--regid={NOBODY}"),
            "--clear-groups".to_owned(),
        ];
        words.extend(drop);
    }
    words.push(program.display().to_string());
    words
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Returns the binary where everybody may run it.
fn binary(folder: &Path) -> PathBuf {
    let path = folder.join("deckwatch");
    if std::fs::hard_link(env!("CARGO_BIN_EXE_deckwatch"), &path).is_err() {
        std::fs::copy(env!("CARGO_BIN_EXE_deckwatch"), &path).unwrap();
    }
    path
}

/// Gives a folder with everything in it to whom the program is run as.
fn give(folder: &Path) {
    if !is_root() {
        return;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The binary may be a second name of the one that was built.
        if path.is_dir() {
            give(&path);
        } else if path.file_name().is_some_and(|n| n != "deckwatch") {
            std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Asserts of a process that it may write no core, and that the kernel keeps it from being dumped: what stands of it
/// in `/proc` is then the superuser's, whoever runs it.
fn assert_no_core(pid: u32, what: &str) {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{what}: {core}");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let user = status.lines().find_map(|l| l.strip_prefix("Uid:")).unwrap().split_whitespace().next();
    assert_ne!(user, Some("0"), "{what} must not run as the superuser here");
    assert_eq!(owner(pid), 0, "{what} can be dumped");
    // What has ended has no memory, and is the superuser's too.
    assert!(is_running(pid), "{what} has ended");
}

/// Returns whose the files of a process in `/proc` are.
fn owner(pid: u32) -> u32 {
    std::fs::metadata(format!("/proc/{pid}/environ")).unwrap().uid()
}

/// Returns the names in a folder that are a core's.
fn cores(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().display().to_string());
    names.filter(|n| n.starts_with("core")).collect()
}

/// Returns whether a program that forbids nothing leaves a core in its folder on this host; where cores go elsewhere
/// the limits alone are looked at.
fn leaves_cores() -> bool {
    let folder = tempfile::tempdir().unwrap();
    give(folder.path());
    let words = before(Path::new("sh"));
    let mut control = Command::new(&words[0]);
    control.args(&words[1..]).args(["-c", "kill -SEGV $$"]).current_dir(folder.path());
    control.stdin(Stdio::null()).stderr(Stdio::null());
    assert!(!control.status().unwrap().success());
    !cores(folder.path()).is_empty()
}

/// Ends a process by a fault. The first is taken by the language's own handler, which looks for an overflow of the stack
/// and puts the default back.
fn fault(pid: u32) {
    sys::kill(pid, SEGMENT);
    until("the handler is gone", || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & HANDLED == 0
    });
    sys::kill(pid, SEGMENT);
}

/// A stand whose files are those of whom the program is run as.
fn stand() -> (Stand, PathBuf) {
    let stand = Stand::start(false);
    let program = binary(stand.folder());
    std::fs::create_dir(stand.file("state")).unwrap();
    std::fs::create_dir(stand.file("there")).unwrap();
    give(stand.folder());
    (stand, program)
}

fn cockpit(stand: &Stand, program: &Path, view: &str) -> Session {
    let words = before(program);
    let mut launch = Launch::new(&words[0])
        .size(160, 45)
        .env("KUBECONFIG", stand.file("kubeconfig"))
        .env("DECKWATCH_CONFIG_DIR", stand.folder())
        .env("XDG_STATE_HOME", stand.file("state"))
        .env("XDG_CACHE_HOME", stand.file("state"));
    for word in words[1..].iter().map(String::as_str).chain(["--view", view]) {
        launch = launch.arg(word);
    }
    give(launch.home());
    launch = launch.folder(&stand.file("there"));
    launch.start()
}

#[test]
fn the_cockpit_can_not_be_dumped_and_leaves_no_core() {
    let leaves = leaves_cores();
    for signal in [ABORT, SEGMENT] {
        let (stand, program) = stand();
        let session = cockpit(&stand, &program, "deployments");
        session.wait_for("backend");
        assert_no_core(session.pid(), "the cockpit");
        if signal == SEGMENT {
            fault(session.pid());
        } else {
            session.signal(signal);
        }
        session.wait("its end", State::has_ended);
        assert_eq!(cores(&stand.file("there")), [] as [&str; 0], "a host that leaves cores: {leaves}");
    }
}

#[test]
fn the_process_that_carries_a_plan_out_can_not_be_dumped_and_leaves_no_core() {
    let (stand, program) = stand();
    let session = cockpit(&stand, &program, "deployments");
    session
        .wait_for("backend")
        .keys("r")
        .wait_for("confirming arms for 10m")
        .keys("\r")
        .wait_for("enter restarts");
    stand.whole().stand().faults().hold_writes(Some("/deployments/backend"));
    session.keys("\r");
    until("the object is reached", || !stand.writes().is_empty());
    let entries: Vec<_> = stand.entries().into_iter().filter(|e| e["what"] == "runner").collect();
    let pid = u32::try_from(entries[0]["pid"].as_u64().unwrap()).unwrap();
    assert_no_core(pid, "the runner");
    fault(pid);
    until("the runner has ended", || !is_running(pid));
    stand.whole().stand().faults().hold_writes(None);
    session.wait_for("outcome unknown, nothing was sent again");
    session.keys("\x03").wait_end();
    for folder in [stand.file("there"), PathBuf::from("/")] {
        assert_eq!(cores(&folder), [] as [&str; 0]);
    }
}

#[test]
fn a_command_can_not_be_dumped_and_leaves_no_core() {
    let (stand, program) = stand();
    // It waits for its sources until it is told to end.
    stand.whole().stand().faults().freeze(true);
    for args in [&["get", "pods"][..], &["rollback", "momo", "--plan"], &["runner"]] {
        let mut child = command(&stand, &program, args);
        let pid = child.id();
        until("the program itself runs", || {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
            line.starts_with(program.as_os_str().as_encoded_bytes())
        });
        until("it is marked", || {
            assert!(is_running(pid), "it ended before it was marked");
            owner(pid) == 0
        });
        assert_no_core(pid, args[0]);
        fault(pid);
        assert!(child.wait().unwrap().code().is_none());
        assert_eq!(cores(&stand.file("there")), [] as [&str; 0]);
    }
}

fn command(stand: &Stand, program: &Path, args: &[&str]) -> Child {
    let words = before(program);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(args).env_clear().current_dir(stand.file("there"));
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", stand.file("there"));
    command.env("KUBECONFIG", stand.file("kubeconfig")).env("DECKWATCH_CONFIG_DIR", stand.folder());
    command.env("XDG_STATE_HOME", stand.file("state"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
