//! The calls into libc that the terminal needs: termios, poll, the window size, signals' dispositions,
//! limits. The only module with `unsafe`; everything above it is safe Rust.
//!
//! Never decides anything: each function is one system call with its errors. Tested through `guard`,
//! `input` and the pty tests.
#![allow(unsafe_code, reason = "termios, poll, ioctl, sigaction and setrlimit have no safe form in std")]

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use ratatui_core::layout::Size;

/// The line settings of a terminal.
#[derive(Clone, Copy)]
pub struct Termios(libc::termios);

impl Termios {
    /// Returns the settings of a terminal.
    pub fn get(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let mut out = MaybeUninit::<libc::termios>::uninit();
        // SAFETY: the descriptor is borrowed, `out` is large enough, and it is read only on success.
        check(unsafe { libc::tcgetattr(fd.as_raw_fd(), out.as_mut_ptr()) })?;
        // SAFETY: tcgetattr has filled it.
        Ok(Self(unsafe { out.assume_init() }))
    }

    /// Sets them at once, without waiting for output to drain (which a stalled link would never do).
    pub fn set(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: the descriptor is borrowed and the settings are a whole `termios`.
        retry(|| unsafe { libc::tcsetattr(fd.as_raw_fd(), libc::TCSANOW, &raw const self.0) })
    }

    /// Returns the same settings in raw mode: bytes as typed, no echo, no signals from keys.
    #[must_use]
    pub fn raw(&self) -> Self {
        let mut raw = self.0;
        // SAFETY: `raw` is a whole `termios` of our own.
        unsafe { libc::cfmakeraw(&raw mut raw) };
        Self(raw)
    }

    /// Returns whether lines are edited and keys make signals, as a shell expects.
    pub fn is_cooked(&self) -> bool {
        let wanted = libc::ICANON | libc::ECHO | libc::ISIG;
        self.0.c_lflag & wanted == wanted
    }
}

impl PartialEq for Termios {
    fn eq(&self, other: &Self) -> bool {
        let key = |t: &libc::termios| (t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_cc);
        key(&self.0) == key(&other.0)
    }
}

impl std::fmt::Debug for Termios {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let t = &self.0;
        write!(f, "i{:o} o{:o} c{:o} l{:o} {:?}", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_cc)
    }
}

/// What [`poll`] found on one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// There is something to read.
    pub readable: bool,
    /// There is room to write.
    pub writable: bool,
    /// The other side is gone.
    pub hung_up: bool,
}

/// What to wait for on a descriptor; a hang-up is always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
    /// Nothing but a hang-up.
    HangUp,
}

/// Waits until one of the descriptors is ready or `limit` has passed; an interruption counts as "nothing".
pub fn poll<const N: usize>(
    fds: [(BorrowedFd<'_>, Want); N],
    limit: Option<Duration>,
) -> io::Result<[Found; N]> {
    let mut raw = fds.map(|(fd, want)| libc::pollfd {
        fd: fd.as_raw_fd(),
        events: match want {
            Want::Read => libc::POLLIN,
            Want::Write => libc::POLLOUT,
            Want::HangUp => 0,
        },
        revents: 0,
    });
    // A limit below one millisecond must not become "at once" and spin.
    let ms = limit.map_or(-1, |d| i32::try_from(d.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
    // SAFETY: `raw` holds N entries, all descriptors are borrowed for the call.
    let n = unsafe { libc::poll(raw.as_mut_ptr(), N as libc::nfds_t, ms) };
    if n < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        return Ok([Found::default(); N]);
    }
    Ok(raw.map(|p| Found {
        readable: p.revents & libc::POLLIN != 0,
        writable: p.revents & libc::POLLOUT != 0,
        hung_up: p.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0,
    }))
}

/// Returns the size of a terminal in cells; zero where it does not know.
pub fn size(fd: BorrowedFd<'_>) -> io::Result<Size> {
    let mut out = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: TIOCGWINSZ writes one `winsize`, and `out` is one.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCGWINSZ, out.as_mut_ptr()) })?;
    // SAFETY: zeroed at first and filled by the call.
    let out = unsafe { out.assume_init() };
    Ok(Size { width: out.ws_col, height: out.ws_row })
}

/// Throws away what was typed and not yet read.
pub fn flush_input(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is borrowed for the call.
    check(unsafe { libc::tcflush(fd.as_raw_fd(), libc::TCIFLUSH) })
}

/// Returns the path of the terminal behind a descriptor.
pub fn tty_name(fd: BorrowedFd<'_>) -> io::Result<std::path::PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut buf = [0_u8; 256];
    // SAFETY: the buffer's length is passed along; on success it holds a C string.
    let code = unsafe { libc::ttyname_r(fd.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len()) };
    if code != 0 {
        return Err(io::Error::from_raw_os_error(code));
    }
    let name = CStr::from_bytes_until_nul(&buf).map_err(io::Error::other)?;
    Ok(std::ffi::OsStr::from_bytes(name.to_bytes()).into())
}

/// Forbids core dumps: they would hold tokens and secrets.
///
/// The limit keeps the kernel from writing a file. A program that takes cores through a pipe gets them all the same, so
/// where there is such a thing the process is made one that can't be dumped; others of the same account, but for the
/// superuser's, then can't read its memory either. A program that it runs is dumped as it may be, but writes no file.
pub fn forbid_core_dumps() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a whole `rlimit` of our own.
    let limited = check(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) });
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    limited
}

/// Stops the whole process group, as the shell's ctrl-z does; returns when it is continued.
///
/// The others first (a wrapper such as `sudo` or `tee` must stop too), while we look away: our own copy
/// might be taken by any thread at any time, and stop us a second time after we were continued. Then this
/// thread, which the kernel stops before `raise` returns. In an orphaned group, where nobody could
/// continue us, the kernel ignores it and this returns at once.
pub fn stop_group() -> io::Result<()> {
    let away = Disposition::set(libc::SIGTSTP, libc::SIG_IGN)?;
    // SAFETY: plain call without memory.
    check(unsafe { libc::kill(0, libc::SIGTSTP) })?;
    let default = Disposition::set(libc::SIGTSTP, libc::SIG_DFL)?;
    // SAFETY: the same.
    let outcome = check(unsafe { libc::raise(libc::SIGTSTP) });
    // In the order of their nesting.
    drop(default);
    drop(away);
    outcome
}

/// What is done on a signal, in force while this lives; what was done before comes back on drop.
#[derive(Debug)]
pub struct Disposition {
    signal: libc::c_int,
    before: SavedAction,
}

struct SavedAction(libc::sigaction);

impl std::fmt::Debug for SavedAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sigaction")
    }
}

impl Disposition {
    /// Sets the default action of a signal.
    pub fn default_of(signal: libc::c_int) -> io::Result<Self> {
        Self::set(signal, libc::SIG_DFL)
    }

    fn set(signal: libc::c_int, what: libc::sighandler_t) -> io::Result<Self> {
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: a zeroed `sigaction` with SIG_DFL or SIG_IGN is valid; both pointers are to our own memory.
        unsafe {
            let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            action.sa_sigaction = what;
            check(libc::sigaction(signal, &raw const action, before.as_mut_ptr()))?;
            Ok(Self { signal, before: SavedAction(before.assume_init()) })
        }
    }
}

impl Drop for Disposition {
    fn drop(&mut self) {
        // SAFETY: `before` is what sigaction gave us for this very signal.
        unsafe { libc::sigaction(self.signal, &raw const self.before.0, std::ptr::null_mut()) };
    }
}

/// Ends the process now: no destructors, no buffers, no waiting for threads.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: never returns and touches no memory.
    unsafe { libc::_exit(code) }
}

fn check(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn retry(mut call: impl FnMut() -> libc::c_int) -> io::Result<()> {
    loop {
        match check(call()) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
