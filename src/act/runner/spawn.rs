//! Starting a runner, and telling one to stop.

use std::path::PathBuf;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::SecretString;
use tokio::process::Command;
use tokio::sync::watch;

use super::Handover;
use crate::core::{Error, Kind, Result};
use crate::sources::auth::session;

/// A runner of ours.
#[derive(Debug)]
pub struct Spawned {
    /// Its process id; another process may have it once this one has ended.
    pub pid: u32,
    /// Becomes true when it has ended.
    pub ended: watch::Receiver<bool>,
}

/// Starts a runner and hands it a text.
///
/// The program is this one, also where its file was replaced meanwhile. Its standard streams lead nowhere: it speaks by
/// its journal.
///
/// # Errors
/// Nothing was sent: it could not be started, or did not take what was handed to it.
pub async fn spawn(text: SecretString) -> Result<Spawned> {
    let failed = |what: String| {
        Error::new(Kind::Io, "start the runner")
            .detail(format!("nothing was sent: {what}"))
            .hint("a plan is carried out by a process of its own: is the limit of processes reached?")
    };
    let mut command = Command::new(program().map_err(|e| failed(e.to_string()))?);
    command.arg("runner").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.current_dir("/").kill_on_drop(false);
    session::detach(&mut command);
    let mut child = command.spawn().map_err(|e| failed(e.to_string()))?;
    let pid = child.id().ok_or_else(|| failed("it has no process id".to_owned()))?;
    let pipe = child.stdin.take().ok_or_else(|| failed("it has no pipe".to_owned()))?;
    let pipe = pipe.into_owned_fd().map_err(|e| failed(e.to_string()))?;
    let written = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::from(pipe);
        Handover::write(&text, file)
    });
    match written.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(failed(error.line())),
        Err(error) => return Err(failed(error.to_string())),
    }
    let (tell, ended) = watch::channel(false);
    tokio::spawn(async move {
        child.wait().await.ok();
        tell.send_replace(true);
    });
    Ok(Spawned { pid, ended })
}

fn program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe() }
}

/// Tells a runner to stop before its next object. Returns whether it was there to be told.
pub fn stop(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 1);
    pid.is_some_and(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM).is_ok())
}
