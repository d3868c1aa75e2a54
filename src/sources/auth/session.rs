//! Child processes in a session of their own: without our terminal, and killed as a whole.
//!
//! The only place of this layer with unsafe code: `setsid` between fork and exec, and `kill` of a
//! process group. Both are single system calls that are safe at that point.

use std::io;

use tokio::process::Command;

/// Makes the child the leader of a new session, so that it has no controlling terminal to write to or
/// to ask for a password on, and so that the group can be killed as one.
#[expect(unsafe_code, reason = "setsid must run in the child, between fork and exec")]
pub fn detach(command: &mut Command) {
    // SAFETY: setsid is async-signal-safe, takes nothing and touches no memory of ours.
    unsafe {
        command.pre_exec(|| if libc::setsid() == -1 { Err(io::Error::last_os_error()) } else { Ok(()) });
    }
}

/// A process group that is killed when this is dropped, unless it was let go.
#[derive(Debug)]
pub struct Group(Option<i32>);

impl Group {
    /// Takes charge of the group that a detached child leads.
    pub fn of(pid: Option<u32>) -> Self {
        Self(pid.and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 1))
    }

    /// Leaves the group alone: its leader has ended by itself.
    pub fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    #[expect(unsafe_code, reason = "the standard library kills processes, not groups")]
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // SAFETY: kill takes two numbers; a group that is gone answers ESRCH.
            unsafe {
                libc::kill(-pid, libc::SIGKILL);
            }
        }
    }
}
