//! A program in a terminal of its own: keys in, the screen out, with the instant of every byte.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Result, sys};

/// What came out so far.
pub struct State {
    parser: vt100::Parser,
    /// When the last bytes came.
    pub last: Instant,
    /// How many reads brought something.
    pub reads: usize,
    /// How many bytes came.
    pub bytes: usize,
}

impl State {
    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Returns the row that is drawn as selected: the first below the headings with a background of its own.
    pub fn selected(&self) -> Option<u16> {
        let screen = self.parser.screen();
        let (rows, _) = screen.size();
        (2..rows.get()).find(|row| {
            screen.cell(*row, 6).is_some_and(|c| c.inverse() || c.bgcolor() != vt100::Color::Default)
        })
    }
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// A program that runs in a terminal.
pub struct Session {
    shared: Shared,
    input: Box<dyn Write + Send>,
    pid: u32,
    /// When it was started.
    pub began: Instant,
    _master: Box<dyn MasterPty + Send>,
    _home: Home,
}

/// A home folder that goes with the program.
struct Home(std::path::PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Session {
    /// Starts a program with these arguments and variables, and a home of its own.
    pub fn start(
        program: &Path,
        args: &[&str],
        variables: &[(String, String)],
        (columns, rows): (u16, u16),
    ) -> Result<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let home = std::env::temp_dir().join(format!("deckwatch-bench-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&home).map_err(|e| format!("make {}: {e}", home.display()))?;
        let home = Home(home);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let failed = |e: &dyn std::fmt::Display| format!("start {} in a terminal: {e}", program.display());
        let pair = native_pty_system().openpty(size).map_err(|e| failed(&e))?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.cwd(&home.0);
        for (name, value) in [("TERM", "xterm-256color"), ("TZ", "UTC"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            command.env(name, &home.0);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let reader = pair.master.try_clone_reader().map_err(|e| failed(&e))?;
        let input = pair.master.take_writer().map_err(|e| failed(&e))?;
        let began = Instant::now();
        let mut child = pair.slave.spawn_command(command).map_err(|e| failed(&e))?;
        let pid = child.process_id().ok_or_else(|| failed(&"it has ended"))?;
        drop(pair.slave);
        let cells = |n: u16| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let state = State { parser, last: began, reads: 0, bytes: 0 };
        let shared: Shared = Arc::new((Mutex::new(state), Condvar::new()));
        let seen = Arc::clone(&shared);
        std::thread::spawn(move || read(reader, &seen));
        std::thread::spawn(move || child.wait());
        Ok(Self { shared, input, pid, began, _master: pair.master, _home: home })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something holds. Returns when the bytes came that made it so.
    pub fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut(&State) -> bool,
    ) -> Result<Instant> {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if holds(&state) {
                return Ok(state.last);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = state.text();
                let shown: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(4).collect();
                return Err(format!("{what} did not come in {limit:?}; the screen begins {shown:?}"));
            }
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns what `look` sees now.
    pub fn see<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Types. Returns when.
    pub fn keys(&mut self, keys: &str) -> Result<Instant> {
        let now = Instant::now();
        self.input
            .write_all(keys.as_bytes())
            .and_then(|()| self.input.flush())
            .map_err(|e| format!("type: {e}"))?;
        Ok(now)
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        sys::kill(self.pid);
    }
}

fn read(mut reader: Box<dyn std::io::Read + Send>, shared: &Shared) {
    let mut chunk = vec![0_u8; 1 << 16];
    while let Ok(n) = reader.read(&mut chunk) {
        if n == 0 {
            return;
        }
        let now = Instant::now();
        let mut state = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.parser.process(chunk.get(..n).unwrap_or_default());
        state.last = now;
        state.reads += 1;
        state.bytes += n;
        drop(state);
        shared.1.notify_all();
    }
}
