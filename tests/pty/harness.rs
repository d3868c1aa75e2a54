//! Runs a program in a terminal of its own, types, and waits for what is on the screen.
//!
//! Every wait is for a condition, with a deadline; nothing sleeps. The program gets a home, a `TERM` and a
//! size of its own and no other variable of this process. What it leaves behind when it ends is told: line
//! settings, modes, bytes that are not of our grammar.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};

use crate::grammar::Checker;
use crate::sys;

/// How long a condition is waited for before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(45);

/// How long what the stand itself does may take: a start, a rollout, an alert that resolves.
pub const LONG: Duration = Duration::from_secs(150);

/// Waits until something holds that no screen shows.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs: one that has ended and nobody has asked about yet does not.
pub fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).is_some_and(|state| state != 'Z')
}

/// Returns the entries of every journal in a folder of state, journal by journal. The last line of a process that writes,
/// or was killed, may not be whole: it is passed over.
#[allow(dead_code, reason = "not every suite reads journals")]
pub fn entries(state: &Path) -> Vec<serde_json::Value> {
    let folder = std::fs::read_dir(state.join("deckwatch/journal")).into_iter().flatten();
    let mut files: Vec<PathBuf> = folder.map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    let text: String = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}

/// What is started.
pub struct Launch {
    command: CommandBuilder,
    size: PtySize,
    home: tempfile::TempDir,
}

impl Launch {
    /// Names a program; it will see a home of its own, `TERM=xterm-256color`, 80×24, UTC.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(program.as_ref());
        command.env_clear();
        command.cwd(home.path());
        for (name, value) in [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("TZ", "UTC"),
            ("LANG", "C.UTF-8"),
            ("SHELL", "/bin/sh"),
        ] {
            command.env(name, value);
        }
        command.env("HOME", home.path());
        for (name, dir) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
        ] {
            command.env(name, home.path().join(dir));
        }
        Self { command, size: size(80, 24), home }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the size in columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = size(columns, rows);
        self
    }

    /// Starts it in another folder than its home.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.cwd(folder);
        self
    }

    /// Returns the folder that is the program's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it.
    pub fn start(self) -> Session {
        let pair = native_pty_system().openpty(self.size).unwrap();
        let before = termios(&*pair.master);
        let mut child = pair.slave.spawn_command(self.command).unwrap();
        let pid = child.process_id().unwrap();
        let shared = Arc::new(Shared { state: Mutex::new(State::new(self.size)), changed: Condvar::new() });
        let io = Arc::new(sys::duplicate(pair.master.as_raw_fd().unwrap()).unwrap());
        let (wake, woken) = UnixStream::pair().unwrap();
        woken.set_nonblocking(true).unwrap();
        let reading = {
            let (shared, io) = (Arc::clone(&shared), Arc::clone(&io));
            std::thread::spawn(move || read(&shared, &io, &woken))
        };
        let waiting = Arc::clone(&shared);
        std::thread::spawn(move || {
            let status = child.wait().unwrap();
            waiting.lock().ended = Some((status, Instant::now()));
            waiting.changed.notify_all();
        });
        Session {
            shared,
            io: Some(io),
            master: Some(pair.master),
            slave: Some(pair.slave),
            wake,
            reading: Some(reading),
            pid,
            before,
            home: self.home,
        }
    }
}

/// A program that runs in a terminal.
pub struct Session {
    shared: Arc<Shared>,
    io: Option<Arc<File>>,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Kept open so that the last bytes and settings can be read after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    wake: UnixStream,
    reading: Option<std::thread::JoinHandle<()>>,
    pid: u32,
    before: String,
    home: tempfile::TempDir,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of the program.
pub struct State {
    parser: vt100::Parser,
    /// Judges the bytes.
    pub checker: Checker,
    /// Every byte that came out.
    pub bytes: Vec<u8>,
    ended: Option<(ExitStatus, Instant)>,
    paused: bool,
    stop: bool,
}

impl State {
    fn new(size: PtySize) -> Self {
        let parser = vt100::Parser::new(cells(size.rows), cells(size.cols), 0);
        let checker = Checker::default();
        Self { parser, checker, bytes: Vec::new(), ended: None, paused: false, stop: false }
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Returns whether the program has ended, however.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Returns the screen with its styles and modes.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }
}

impl Session {
    /// Types.
    pub fn keys(&self, keys: &str) -> &Self {
        self.bytes(keys.as_bytes())
    }

    /// Types bytes that may be no text.
    pub fn bytes(&self, bytes: &[u8]) -> &Self {
        let mut io: &File = self.io.as_ref().unwrap();
        let mut rest = bytes;
        let end = Instant::now() + DEADLINE;
        while !rest.is_empty() {
            assert!(Instant::now() < end, "the program does not read its keys");
            match io.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(e) => panic!("type {}: {e}", bytes.escape_ascii()),
            }
        }
        self
    }

    /// Waits until the program has read what was typed: an escape and a letter that are read at once are an alt key.
    pub fn taken(&self) -> &Self {
        let path = self.master.as_ref().unwrap().tty_name().unwrap();
        let terminal = sys::open_terminal(&path).unwrap();
        let end = Instant::now() + DEADLINE;
        while sys::unread(&terminal).unwrap() > 0 {
            assert!(Instant::now() < end, "the program does not read its keys");
            std::thread::yield_now();
        }
        self
    }

    /// Waits until a condition holds of what is known; fails with the screen otherwise.
    pub fn wait(&self, what: &str, holds: impl FnMut(&State) -> bool) -> &Self {
        self.wait_within(DEADLINE, what, holds)
    }

    /// Waits for something that takes its time.
    pub fn wait_long(&self, text: &str) -> &Self {
        self.wait_within(LONG, text, |s| s.text().contains(text))
    }

    /// Waits for a time at most until a condition holds.
    pub fn wait_within(&self, limit: Duration, what: &str, mut holds: impl FnMut(&State) -> bool) -> &Self {
        let end = Instant::now() + limit;
        let mut state = self.shared.lock();
        while !holds(&state) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let ended = state.ended.as_ref().map(|(s, _)| s.to_string());
                let text = state.text();
                drop(state);
                panic!("waited in vain for {what}; ended: {ended:?}; on the screen:\n{text}");
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self
    }

    /// Waits until a condition holds or the time is over; both are fine.
    pub fn settle(&self, limit: Duration, mut holds: impl FnMut(&State) -> bool) -> &Self {
        let end = Instant::now() + limit;
        let mut state = self.shared.lock();
        while !holds(&state) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) -> &Self {
        self.wait(text, |s| s.text().contains(text))
    }

    /// Waits until a text is no longer on the screen.
    pub fn wait_gone(&self, text: &str) -> &Self {
        self.wait(&format!("the end of {text}"), |s| !s.text().contains(text))
    }

    /// Waits until the program has ended; returns its exit code and when it did.
    pub fn wait_end(&self) -> (u32, Instant) {
        self.wait("the end of the program", |s| s.ended.is_some());
        let (status, at) = self.see(|s| s.ended.clone()).unwrap();
        assert!(status.signal().is_none(), "{status}");
        (status.exit_code(), at)
    }

    /// Kills the program as a host that has run out of memory does, and waits until it is gone.
    pub fn kill(&self) {
        self.signal(9).wait("the end of the program", |s| s.ended.is_some());
    }

    /// Returns what `look` sees of what is known now.
    pub fn see<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) -> &Self {
        let mut state = self.shared.lock();
        state.parser.set_size(cells(rows), cells(columns));
        drop(state);
        self.master.as_ref().unwrap().resize(size(columns, rows)).unwrap();
        self
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: i32) -> &Self {
        sys::kill(self.pid, signal);
        self
    }

    /// Quits, also where it is asked whether that is meant.
    #[allow(dead_code, reason = "not every suite quits so")]
    pub fn quit(&self) {
        const ASKS: &str = "Quit? y / n";
        self.keys("\x03").wait("the end or a question", |s| s.has_ended() || s.text().contains(ASKS));
        if !self.see(State::has_ended) {
            self.keys("y");
        }
        self.wait_end();
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the program's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the entries of its own journal, every line of which is whole.
    pub fn journal(&self) -> Vec<serde_json::Value> {
        let mut own =
            self.journals().into_iter().filter(|entries| !entries.iter().any(|e| e["what"] == "runner"));
        let entries = own.next().unwrap();
        assert_eq!(own.count(), 0, "one program keeps one journal");
        entries
    }

    /// Returns the entries of its journal and of those of the processes that it had carry out plans, a journal each.
    pub fn journals(&self) -> Vec<Vec<serde_json::Value>> {
        let folder = self.home.path().join("state/deckwatch/journal");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|p| p.extension().is_some_and(|e| e == "jsonl"));
        files.sort();
        let read = |file: &PathBuf| {
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.ends_with('\n'), "the last entry is torn: {text}");
            text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
        };
        files.iter().map(read).collect()
    }

    /// Stops (`true`) reading what the program writes, as ctrl-s or a stalled link does, or goes on.
    pub fn stall(&self, on: bool) -> &Self {
        self.shared.lock().paused = on;
        (&self.wake).write_all(&[1]).unwrap();
        self
    }

    /// Returns the line settings of the terminal now.
    pub fn termios(&self) -> String {
        termios(&**self.master.as_ref().unwrap())
    }

    /// Returns the line settings from before the program was started.
    pub fn termios_before(&self) -> &str {
        &self.before
    }

    /// Closes the terminal, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.stop_reading();
        self.io = None;
        self.slave = None;
        self.master = None;
    }

    /// Demands that the ended program has left the terminal as it found it and wrote nothing foreign.
    pub fn assert_left_clean(&self) {
        assert_eq!(self.termios(), self.before, "line settings");
        // The last bytes may still be on their way.
        self.wait("a terminal in its first state", |s| {
            s.checker.leaks().is_empty() && s.checker.open().is_empty() && !s.screen().alternate_screen()
        });
    }

    /// Demands that every byte so far is of our grammar.
    pub fn assert_grammar(&self) {
        assert_eq!(self.see(|s| s.checker.faults()), Vec::<String>::new());
    }

    fn stop_reading(&mut self) {
        self.shared.lock().stop = true;
        (&self.wake).write_all(&[1]).ok();
        if let Some(thread) = self.reading.take() {
            thread.join().ok();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.shared.lock().ended.is_none() {
            sys::kill(self.pid, libc::SIGKILL);
        }
        self.stop_reading();
    }
}

fn read(shared: &Shared, io: &File, woken: &UnixStream) {
    let mut buf = vec![0_u8; 65536];
    loop {
        let (paused, stop) = {
            let state = shared.lock();
            (state.paused, state.stop)
        };
        if stop {
            return;
        }
        if paused {
            sys::wait_readable(woken.as_fd(), woken.as_fd());
        } else {
            sys::wait_readable(io.as_fd(), woken.as_fd());
        }
        let mut stream = woken;
        while stream.read(&mut [0; 16]).is_ok_and(|n| n > 0) {}
        if shared.lock().paused {
            continue;
        }
        let mut io = io;
        match io.read(&mut buf) {
            Ok(0) => return,
            Ok(n) => {
                let mut state = shared.lock();
                state.parser.process(&buf[..n]);
                state.checker.feed(&buf[..n]);
                state.bytes.extend_from_slice(&buf[..n]);
                drop(state);
                shared.changed.notify_all();
            }
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            // The other end is gone.
            Err(_) => return,
        }
    }
}

fn termios(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n.max(1)).unwrap()
}

/// Writes an executable shell script.
///
/// Another process writes it: what this one has open for writing is inherited by whatever another
/// test's thread forks, and until that runs its own program the kernel refuses to run this one.
pub fn script(path: &Path, body: &str) {
    let mut install = std::process::Command::new("install");
    install.args(["-m", "755", "/dev/stdin"]).arg(path).stdin(std::process::Stdio::piped());
    let mut install = install.spawn().unwrap();
    write!(install.stdin.take().unwrap(), "#!/bin/sh\n{body}").unwrap();
    assert!(install.wait().unwrap().success());
}
