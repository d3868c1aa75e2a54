//! Every way out of the terminal, and everything that must not hold or disturb it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libc::{SIGCONT, SIGHUP, SIGINT, SIGSTOP, SIGTERM};
use pretty_assertions::assert_eq;

use crate::harness::{DEADLINE, Launch, Session, script};

/// Returns the probe, built once from the sources as they are.
fn probe() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let deps = std::env::current_exe().unwrap();
            let target = deps.ancestors().nth(3).unwrap().to_owned();
            let mut cargo = Command::new(env!("CARGO"));
            // What cargo tells a test would make it build the dependencies anew for the example.
            for (name, _) in std::env::vars_os() {
                let text = name.to_string_lossy();
                if text.starts_with("CARGO_") && text != "CARGO_HOME" || text == "LD_LIBRARY_PATH" {
                    cargo.env_remove(&name);
                }
            }
            let status = cargo
                .args(["build", "--quiet", "--offline", "--package", "deckwatch", "--example", "term_probe"])
                .arg("--target-dir")
                .arg(&target)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status()
                .unwrap();
            assert!(status.success());
            target.join("debug/examples/term_probe")
        })
        .clone()
}

fn start() -> Session {
    let session = Launch::new(probe()).start();
    session.wait_for("probe 80x24 keys 0");
    session
}

#[test]
fn it_draws_takes_keys_and_leaves_by_quitting() {
    let session = start();
    assert!(session.termios() != session.termios_before());
    session.keys("jk").wait_for("keys 2 last k");
    session.keys("\x1b[A").wait_for("keys 3 last Up");
    session.keys("\x1b[200~a b\x1b[201~").wait_for("paste a b cut 0");
    session.keys("\x1b").wait_for("keys 4 last Esc");
    session.keys("c").wait_for("copied 18");
    session.wait("the copy", |s| s.checker.copies() == 1);
    session.wait("frames in one piece", |s| s.checker.frames() > 3);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", session.pid())).unwrap();
    let core: Vec<&str> =
        limits.lines().filter(|l| l.contains("core file")).flat_map(str::split_whitespace).collect();
    assert_eq!(core, ["Max", "core", "file", "size", "0", "0", "bytes"]);
    session.assert_grammar();
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn late_answers_of_the_terminal_are_not_keys() {
    let session = start();
    session.keys("\x1b[?62;22c\x1b]10;rgb:0/0/0\x1b\\\x1bP>|x\x1b\\\x1b[3;4Rj").wait_for("keys 1 last j");
    session.keys("q").wait_end();
}

#[test]
fn a_panic_of_the_first_thread_leaves_a_clean_terminal_and_its_message() {
    let session = start();
    session.keys("p");
    assert_eq!(session.wait_end().0, 101);
    session.wait_for("in the first thread");
    session.assert_left_clean();
}

#[test]
fn a_panic_of_another_thread_ends_the_program_with_a_clean_terminal_and_its_message() {
    let session = start();
    session.keys("t");
    assert_eq!(session.wait_end().0, 101);
    session.wait_for("in a thread");
    session.assert_left_clean();
}

#[test]
fn a_panic_of_another_thread_ends_even_a_program_that_hangs() {
    let session = start();
    session.keys("th");
    assert_eq!(session.wait_end().0, 101);
    session.assert_left_clean();
}

#[test]
fn a_panic_that_is_survived_never_touches_the_screen() {
    let session = start();
    session.keys("s").wait_for("survived");
    session.keys("j").wait_for("keys 2 last j");
    session.assert_grammar();
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
}

#[test]
fn signals_that_ask_to_end_are_obeyed_with_a_clean_terminal() {
    for (signal, code) in [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129)] {
        let session = start();
        session.signal(signal);
        assert_eq!(session.wait_end().0, code);
        session.assert_left_clean();
        session.assert_grammar();
    }
}

#[test]
fn a_program_that_hangs_is_ended_by_a_hang_up_with_a_clean_terminal() {
    let session = start();
    session.keys("h").wait_for("probe");
    let sent = Instant::now();
    session.signal(SIGHUP);
    let (code, at) = session.wait_end();
    assert_eq!(code, 129);
    assert!(at - sent < Duration::from_secs(3), "{:?}", at - sent);
    session.assert_left_clean();
}

#[test]
fn a_terminal_that_goes_away_ends_the_program_within_two_seconds() {
    for hang in [false, true] {
        let mut session = start();
        if hang {
            session.keys("h");
        }
        let closed = Instant::now();
        session.hang_up();
        let (code, at) = session.wait_end();
        assert_eq!(code, 129);
        assert!(at - closed < Duration::from_secs(2), "{:?}", at - closed);
    }
}

/// The shell keeps the signal from its child: only the device itself tells of the end.
#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_the_program_and_costs_no_processor() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, path) = listen(dir.path());
    let script = format!("trap '' HUP; {} & echo $! > pid; wait $!; echo $? > code", probe().display());
    // A child in the background of a shell without job control stays in the foreground's group.
    let mut session = Launch::new("/bin/sh")
        .arg("-c")
        .arg(script.replace("& echo", "<&0 & echo"))
        .env("TERM_PROBE_SOCKET", &path)
        .start();
    let _lines = accept(&socket);
    session.keys("h").wait_for("probe 80x24");
    let pid = std::fs::read_to_string(session.home().join("pid")).unwrap();
    let closed = Instant::now();
    session.hang_up();
    let mut spent = 0;
    while let Some(now) = processor_ticks(pid.trim()) {
        spent = now;
        assert!(closed.elapsed() < Duration::from_secs(3), "still there");
        std::thread::yield_now();
    }
    session.wait_end();
    assert_eq!(std::fs::read_to_string(session.home().join("code")).unwrap().trim(), "129");
    assert!(spent < 30, "{spent} hundredths of a second");
}

/// Returns user and system time of a process in clock ticks; `None` when it is gone or a zombie.
fn processor_ticks(pid: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    (fields[0] != "Z").then(|| fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap())
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_everything_back() {
    let session = Launch::new("/bin/sh").arg("-i").env("PS1", "shell> ").env("ENV", "").start();
    session.wait_for("shell> ");
    let cooked = session.termios();
    for round in 1..=2 {
        session.keys(&if round == 1 { format!("{}\r", probe().display()) } else { "fg\r".to_owned() });
        session.wait("the program", |s| s.text().contains("probe 80x24") && s.checker.is_on(2004));
        session.keys("\x1a");
        session.wait("the shell", |s| s.checker.leaks().is_empty() && s.text().contains("shell> "));
        session.keys("echo line-$((40 + 2))\r").wait_for("line-42");
        assert_eq!(session.termios(), cooked);
    }
    // What is typed before `fg` is not taken for keys of the program.
    session.keys("fg\r").wait_for("back");
    session.resize(100, 30).wait_for("probe 100x30");
    session.keys("q").wait("the shell", |s| !s.screen().alternate_screen());
    session.keys("exit 7\r");
    assert_eq!(session.wait_end().0, 7);
}

#[test]
fn a_stop_from_outside_leaves_the_modes_right_when_it_goes_on() {
    let session = start();
    session.signal(SIGSTOP);
    let before = session.see(|s| s.bytes.len());
    session.signal(SIGCONT);
    session.wait("the modes again", |s| s.bytes[before..].windows(8).any(|w| w == b"\x1b[?1049h"));
    session.keys("j").wait_for("keys 1 last j");
    session.keys("q").wait_end();
    session.assert_left_clean();
}

#[test]
fn an_editor_gets_the_terminal_whole_and_what_it_leaves_on_is_turned_off() {
    let launch = Launch::new(probe());
    // Types a line, leaves the mouse on and the echo off, and dies badly.
    let body = "{WAIT}rm go\nread line\nprintf 'read <%s>\\033[?1000h\\033[?25l' \"$line\"\n{WAIT}stty -echo\nexit 3\n";
    let editor = editor(launch.home(), body);
    let session = launch.env("EDITOR", &editor).start();
    session.wait_for("probe 80x24 keys 0");
    let raw = session.termios();
    session.keys("e").wait("the editor", |s| !s.screen().alternate_screen());
    assert_eq!(session.termios(), session.termios_before());
    // The editor is slow: whoever else reads would be first.
    session.keys("every key is mine q\r").wait_for("every key is mine q");
    std::fs::write(session.home().join("go"), "").unwrap();
    session.wait("its output", |s| String::from_utf8_lossy(&s.bytes).contains("read <every key is mine q>"));
    // Half a line that nobody has read is not taken for keys afterwards.
    session.keys("half-a-line").wait_for("half-a-line");
    std::fs::write(session.home().join("go"), "").unwrap();
    session.wait_for("editor exit status: 3");
    session.wait("no mouse", |s| !s.checker.is_on(1000));
    assert_eq!(session.termios(), raw);
    session.keys("j").wait_for("keys 2 last j");
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
}

#[test]
fn keys_that_make_signals_are_the_editors_while_it_runs() {
    let launch = Launch::new("/bin/sh").arg("-i").env("PS1", "shell> ").env("ENV", "");
    let editor = editor(
        launch.home(),
        "trap 'exit 5' INT\necho in-editor\n{WAIT}echo on-again\nread line\nread line\n",
    );
    let session = launch.env("EDITOR", &editor).start();
    session.wait_for("shell> ");
    session.keys(&format!("{}\r", probe().display())).wait_for("probe 80x24 keys 0");
    session
        .keys("e")
        .wait("the editor", |s| !s.screen().alternate_screen() && s.text().contains("in-editor"));
    // Both are stopped, and both go on.
    session.keys("\x1a").wait("the shell", |s| s.text().matches("shell> ").count() == 2);
    session.keys("fg\r");
    std::fs::write(session.home().join("go"), "").unwrap();
    session.wait_for("on-again").keys("line\r").keys("\x03").wait_for("editor exit status: 5");
    session.keys("j").wait_for("last j");
    session.keys("q").wait("the shell", |s| !s.screen().alternate_screen());
    session.keys("exit 0\r");
    assert_eq!(session.wait_end().0, 0);
}

#[test]
fn a_signal_of_the_editors_that_comes_with_its_end_does_not_end_us() {
    let launch = Launch::new(probe());
    let editor = editor(launch.home(), "kill -INT $PPID\nexit 5\n");
    let session = launch.env("EDITOR", &editor).start();
    session.wait_for("probe 80x24 keys 0");
    // A signal that is taken too late is taken while nothing is edited: each round ends in keys.
    for round in 0..10 {
        session.keys("e").wait_for(&format!("keys {} last e", 3 * round + 1));
        session.keys("j").wait_for(&format!("keys {} last j", 3 * round + 2));
        session.keys("k").wait_for(&format!("keys {} last k", 3 * round + 3));
    }
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
}

#[test]
fn hostile_text_never_drives_the_terminal() {
    let session = start();
    for text in [
        "\x1b]0;title\x07\x1b]52;c;eA==\x07\x1b[2J\x1b[?1049l",
        "\x1bP$q m\x1b\\\x1b_G\x1b\\\x1bc\x1b(0",
        "\u{9b}31m\u{90}x\u{9c}\u{202e}evil\u{2066}\u{200b}\u{feff}",
        "a\rb\nc\x08\x7f\x00\x0e\x0f",
        "\u{1f468}\u{200d}\u{1f469} e\u{301}\u{301}\u{301}\u{301}\u{301}",
    ] {
        session.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }
    // Not UTF-8.
    session.bytes(b"\x1b[200~\xff\xfe\x80\x9b2J\xc2\x1b[201~");
    session.keys("j").wait_for("keys 1 last j").wait_for("paste ^[]0;title^G");
    session.assert_grammar();
    session.keys("q").wait_end();
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn a_terminal_that_does_not_read_holds_neither_keys_nor_state() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, path) = listen(dir.path());
    let session = Launch::new(probe()).size(200, 60).env("TERM_PROBE_SOCKET", &path).start();
    let mut lines = accept(&socket);
    session.wait_for("probe 200x60 keys 0");
    session.stall(true);
    // Frames of 12,000 cells each: the pseudo-terminal is full after the first.
    session.keys("f");
    for _ in 0..200 {
        session.keys("k");
    }
    for seen in 0..201 {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.starts_with("Key("), "{seen}: {line}");
    }
    session.keys("f").stall(false).wait_for("probe 200x60 keys 202 last f");
    session.assert_grammar();
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
}

#[test]
fn a_terminal_that_does_not_read_does_not_keep_the_program_from_ending() {
    let session = Launch::new(probe()).size(200, 60).start();
    session.wait_for("probe 200x60 keys 0");
    session.stall(true);
    session.keys("fkkkkkkkkkkkkkkkkkkkk");
    session.signal(SIGTERM);
    assert_eq!(session.wait_end().0, 143);
    assert_eq!(session.termios(), session.termios_before());
}

#[test]
fn a_slow_link_still_gets_its_modes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, path) = listen(dir.path());
    let session = Launch::new(probe()).size(200, 60).env("TERM_PROBE_SOCKET", &path).start();
    let mut lines = accept(&socket);
    session.wait_for("probe 200x60 keys 0");
    session.stall(true);
    session.keys("fkkkkq");
    let mut line = String::new();
    while !line.contains("Char('q')") {
        line.clear();
        lines.read_line(&mut line).unwrap();
    }
    session.stall(false);
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn sizes_from_one_cell_up_are_drawn_and_a_new_size_is_taken_at_once() {
    let session = Launch::new(probe()).size(1, 1).start();
    session.wait_for("p");
    session.resize(300, 100).wait_for("probe 300x100");
    session.resize(20, 5).wait_for("probe 20x5 keys 0").wait_gone("300x100");
    for n in 0..50 {
        session.resize(40 + n, 10 + n);
    }
    session.wait_for("probe 89x59");
    session.keys("q");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
}

#[test]
fn all_modes_that_can_be_asked_for_are_turned_off_again() {
    let session = Launch::new(probe()).env("TERM", "xterm-kitty").env("TERM_PROBE_MOUSE", "1").start();
    session.wait_for("probe 80x24");
    session.keys("\x1b[<0;3;4M").wait_for("mouse 2,3");
    for mode in [1000, 1002, 1004, 1006, 1049, 2004] {
        assert!(session.see(|s| s.checker.is_on(mode)), "{mode}");
    }
    session.keys("\x1b[113;1u");
    assert_eq!(session.wait_end().0, 0);
    session.assert_left_clean();
    session.assert_grammar();
}

#[test]
fn without_a_terminal_it_says_so_and_writes_no_sequence() {
    let out = Command::new("setsid")
        .arg(probe())
        .stdin(std::process::Stdio::null())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stderr);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    assert!(text.contains("open the terminal"), "{text}");
    assert!(!text.contains("\u{1b}[?"), "{text}");
}

/// Writes an editor; where its body says `{WAIT}` it waits for the file `go`.
fn editor(dir: &std::path::Path, body: &str) -> PathBuf {
    let path = dir.join("editor");
    let body = body.replace("{WAIT}", "until [ -e go ]; do sleep 0.02; done\n");
    script(&path, &body);
    path
}

fn listen(dir: &std::path::Path) -> (UnixListener, PathBuf) {
    let path = dir.join("inputs");
    (UnixListener::bind(&path).unwrap(), path)
}

fn accept(socket: &UnixListener) -> BufReader<UnixStream> {
    let (stream, _) = socket.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    BufReader::new(stream)
}
