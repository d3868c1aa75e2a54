//! What the system says of processes: how long they ran, how much memory they took.
#![allow(unsafe_code, reason = "wait4, kill and the clocks of processes have no safe form in std")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;

/// A program that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When it was started.
    pub began: Instant,
    /// From its start to its end.
    pub took: Duration,
    /// The most memory that it had, in bytes.
    pub peak: u64,
}

/// Runs a program to its end; what it prints is read and dropped. It must succeed.
pub fn run(mut command: Command) -> Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("start {name}: {e}"))?;
    let mut said = child.stderr.take();
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        said.as_mut().map(|s| s.read_to_string(&mut text));
        text
    });
    if let Some(mut out) = child.stdout.take() {
        let mut chunk = vec![0_u8; 1 << 16];
        while out.read(&mut chunk).is_ok_and(|n| n > 0) {}
    }
    let mut status = 0;
    // SAFETY: a structure of plain numbers, for which zeros are fine.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both are our own; the process is our child and nobody else waits for it.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage) };
    let took = began.elapsed();
    let complaints = complaints.join().unwrap_or_default();
    if waited < 0 || !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
        let last = complaints.lines().last().unwrap_or("it says nothing");
        return Err(format!("{name} failed: {last}"));
    }
    let peak = u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024;
    Ok(Ended { began, took, peak })
}

/// Runs a program to its end. Returns the most memory that it and each process that it has started had, added up, in bytes;
/// looked at again and again, so that the last milliseconds may be missed.
pub fn peaks(mut command: Command) -> Result<u64> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| format!("start {name}: {e}"))?;
    let mut most: BTreeMap<u32, u64> = BTreeMap::new();
    let status = loop {
        for pid in family(child.id()) {
            let peak = memory(pid, "VmHWM:");
            let known = most.entry(pid).or_default();
            *known = peak.max(*known);
        }
        if let Some(status) = child.try_wait().map_err(|e| format!("wait for {name}: {e}"))? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    if status.success() { Ok(most.values().sum()) } else { Err(format!("{name}: {status}")) }
}

/// Returns a process and all that descend from it.
fn family(pid: u32) -> Vec<u32> {
    let mut out = vec![pid];
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|c| c.parse().ok()) {
            out.extend(family(child));
        }
    }
    out
}

/// Returns the memory that a process holds now, in bytes.
pub fn resident(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, which: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(which));
    let kib: u64 = line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kib * 1024
}

/// Returns the time that a process has run so far, all of its threads together, ended ones included.
pub fn busy(pid: u32) -> Duration {
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes a number of our own.
    let found = unsafe { libc::clock_getcpuclockid(pid.cast_signed(), &raw mut clock) } == 0;
    // SAFETY: writes a structure of our own.
    if !found || unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Ends a process that was started here.
pub fn kill(pid: u32) {
    // SAFETY: no memory is touched.
    unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
}

/// Prints bytes as MiB.
pub fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_well_is_measured_and_one_that_fails_is_told() {
        let ended = run(Command::new("true")).unwrap();
        assert!(ended.peak > 0 && !ended.took.is_zero());
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo no such thing >&2; exit 3"]);
        assert_eq!(run(failing).unwrap_err(), "sh failed: no such thing");
    }

    #[test]
    fn what_a_program_starts_counts_too() {
        let alone = peaks(Command::new("true")).unwrap();
        let mut parent = Command::new("sh");
        parent.args(["-c", "sh -c 'read line < /proc/self/stat; sleep 0.2' & wait"]);
        assert!(peaks(parent).unwrap() > alone);
        assert!(family(std::process::id()).contains(&std::process::id()));
    }

    #[test]
    fn this_process_has_memory_and_has_run() {
        let own = std::process::id();
        assert!(resident(own) > 100_000 && !busy(own).is_zero());
    }
}
