//! The few system calls of the harness that have no safe form in std.
#![allow(unsafe_code, reason = "kill, poll and fcntl have no safe form in std")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

/// Returns a file of our own on a descriptor that stays open meanwhile, set non-blocking.
pub fn duplicate(fd: RawFd) -> io::Result<File> {
    // SAFETY: the caller holds the descriptor open for this call.
    let own: OwnedFd = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
    // SAFETY: plain flags on a descriptor that is ours.
    if unsafe { libc::fcntl(own.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(own.into())
}

/// Waits until one of two descriptors can be read; a hang-up counts.
pub fn wait_readable(a: BorrowedFd<'_>, b: BorrowedFd<'_>) {
    let entry = |fd: BorrowedFd<'_>| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut fds = [entry(a), entry(b)];
    // SAFETY: two whole entries of our own.
    unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) };
}

/// Returns how many bytes wait to be read from a terminal.
pub fn unread(terminal: &File) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: the call writes one integer of our own.
    if unsafe { libc::ioctl(terminal.as_raw_fd(), libc::FIONREAD, &raw mut count) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Opens a terminal without making it this process's own.
pub fn open_terminal(path: &std::path::Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
    std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Sends a signal to a process that the harness has started.
pub fn kill(pid: u32, signal: i32) {
    // SAFETY: no memory is touched.
    unsafe { libc::kill(pid as libc::pid_t, signal) };
}
