//! The stand's processes: started in a session of their own, known by pid and start, ended by them.
//!
//! Owns `run/pids/*`. A pid alone is not trusted: the system may have given it to somebody else,
//! so the time of its start and the boot are compared before a signal is sent. Tested with `sleep`.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use serde::{Deserialize, Serialize};

use super::error::{Error, On, Result};

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The server's name: of its pid file and its log.
    pub name: String,
    /// The binary.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the cleared environment.
    pub env: Vec<(String, String)>,
}

/// A process that was started, as its pid file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The process, which leads its session and group.
    pub pid: i32,
    /// When it started, in the system's own words, and in which boot.
    pub started: String,
}

impl Running {
    /// Tells whether this very process still runs; one that only waits to be reaped does not.
    pub fn alive(&self) -> bool {
        identity(self.pid).is_some_and(|now| now == self.started)
    }

    /// Sends a signal to the process and its group, if it is still this very process.
    pub fn signal(&self, signal: Signal) {
        if !self.alive() {
            return;
        }
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _gone = kill_process_group(pid, signal);
        }
    }
}

/// Starts a server detached from this command and writes its pid file.
///
/// This command calls itself as `testbed detach`, which opens a new session and becomes the
/// server: so the server outlives the terminal, and its pid is known from the start.
pub fn start(spec: &Spec, run: &Path) -> Result<Running> {
    let log = log_file(run, &spec.name);
    make_parent(&log)?;
    let out = File::options().create(true).append(true).open(&log).on(log.display())?;
    let err = out.try_clone().on(log.display())?;
    let me = std::env::current_exe().on("this program's own path")?;
    let home = run.join("home");
    let tmp = run.join("tmp");
    for dir in [&home, &tmp] {
        fs::create_dir_all(dir).on(dir.display())?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new(me);
    command
        .args(["testbed", "detach", "--"])
        .arg(&spec.program)
        .args(&spec.args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", &home)
        .env("TMPDIR", &tmp)
        .env("TZ", "UTC")
        .envs(spec.env.iter().map(|(k, v)| (k, v)))
        .current_dir(run)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err);
    let child = command.spawn().on(format!("starting {}", spec.name))?;
    let pid = i32::try_from(child.id()).on("a process id")?;
    let started = identity(pid).ok_or_else(|| {
        Error::new(format!("starting {}", spec.name), "it ended at once").hint(tail(run, &spec.name))
    })?;
    let running = Running { pid, started };
    let file = pid_file(run, &spec.name);
    make_parent(&file)?;
    let text = serde_json::to_string(&running).on(file.display())?;
    fs::write(&file, text).on(file.display())?;
    Ok(running)
}

/// Becomes another program, in a new session. Returns only when that fails.
pub fn detach(program: &[std::ffi::OsString]) -> Error {
    let Some((name, args)) = program.split_first() else {
        return Error::new("detach", "no program was named");
    };
    if let Err(e) = rustix::process::setsid() {
        return Error::new("a new session", e);
    }
    Error::new(name.to_string_lossy(), Command::new(name).args(args).exec())
}

/// Returns the process of that name, when its pid file is there and it still runs.
pub fn find(run: &Path, name: &str) -> Option<Running> {
    let text = fs::read_to_string(pid_file(run, name)).ok()?;
    let running: Running = serde_json::from_str(&text).ok()?;
    running.alive().then_some(running)
}

/// Returns all processes of the stand that still run, with their names.
pub fn all(run: &Path) -> Vec<(String, Running)> {
    let Ok(entries) = fs::read_dir(run.join("pids")) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| find(run, &name).map(|running| (name, running)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Ends processes: asks all of them, waits, and kills those that stay. Returns who is left.
pub fn stop(processes: &[(String, Running)], patience: Duration) -> Vec<String> {
    for (_, process) in processes {
        process.signal(Signal::TERM);
        process.signal(Signal::CONT); // a frozen one must hear it
    }
    if !wait_until_gone(processes, patience) {
        for (_, process) in processes {
            process.signal(Signal::KILL);
        }
        wait_until_gone(processes, Duration::from_secs(5));
    }
    processes.iter().filter(|(_, p)| p.alive()).map(|(name, _)| name.clone()).collect()
}

fn wait_until_gone(processes: &[(String, Running)], patience: Duration) -> bool {
    let end = Instant::now() + patience;
    loop {
        if processes.iter().all(|(_, p)| !p.alive()) {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns the last lines of a server's log, for an error message.
pub fn tail(run: &Path, name: &str) -> String {
    let path = log_file(run, name);
    let text = fs::read(&path).unwrap_or_default();
    let start = text.len().saturating_sub(6_000);
    let text = String::from_utf8_lossy(text.get(start..).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
    format!("The end of {}:\n{}", path.display(), last.join("\n"))
}

/// Returns the path of a server's log.
pub fn log_file(run: &Path, name: &str) -> PathBuf {
    run.join("logs").join(format!("{name}.log"))
}

fn pid_file(run: &Path, name: &str) -> PathBuf {
    run.join("pids").join(name)
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(dir) => fs::create_dir_all(dir).on(dir.display()),
        None => Ok(()),
    }
}

/// Returns what tells this process from another one with the same pid; `None` when it is gone.
fn identity(pid: i32) -> Option<String> {
    test_kill_process(Pid::from_raw(pid)?).ok()?;
    if Path::new("/proc/self/stat").exists() { identity_by_proc(pid) } else { identity_by_ps(pid) }
}

fn identity_by_proc(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold spaces: count after the last one.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{} {}", fields.get(19)?, boot.trim()))
}

fn identity_by_ps(pid: i32) -> Option<String> {
    let out = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests;
