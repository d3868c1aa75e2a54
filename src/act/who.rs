//! Who is at the keyboard: the account behind the process, not only what the environment says.
//!
//! The account is the real user id's, asked of the host's directory of accounts within a limit: a directory
//! on the network that does not answer holds nothing up. What a person can set freely (`$USER`, `SUDO_USER`,
//! `SSH_CONNECTION`) is told beside it, never instead of it. Tested with processes of the tests' own making.

use std::io::IsTerminal as _;
use std::sync::mpsc;
use std::time::Duration;

use nix::unistd;

use crate::core::{Safe, Untrusted};

/// How long the host's directory of accounts may take.
const LIMIT: Duration = Duration::from_millis(300);
/// The most characters of a name that are kept.
const LONGEST: usize = 64;

/// Who is at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Who {
    /// The name of the real user id's account; none where the host does not know one, or not in time.
    pub user: Option<Safe>,
    /// The real user id.
    pub uid: u32,
    /// What `$USER` says, where that is another name.
    pub says: Option<Safe>,
    /// Who ran `sudo`, as it says.
    pub sudo_user: Option<Safe>,
    /// The host's name.
    pub host: Option<Safe>,
    /// The address that the SSH connection comes from, as sshd says.
    pub ssh_peer: Option<Safe>,
    /// The terminal, `/dev/pts/3`.
    pub tty: Option<Safe>,
}

/// What the operating system says of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The real user id.
    pub uid: u32,
    /// Its account's name.
    pub user: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// The terminal.
    pub tty: Option<String>,
}

impl Process {
    /// Asks the operating system; waits at most 300 ms.
    pub fn this() -> Self {
        let uid = unistd::getuid();
        let (answer, asked) = mpsc::sync_channel(1);
        // The directory may be a server; a thread that waits for it in vain ends with the process.
        let asking = std::thread::Builder::new().name("account".to_owned()).spawn(move || {
            let user = unistd::User::from_uid(uid).ok().flatten();
            answer.send(user.map(|user| user.name)).ok();
        });
        let user = asking.ok().and_then(|_| asked.recv_timeout(LIMIT).ok().flatten());
        let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
        let tty = if stdin.is_terminal() { unistd::ttyname(stdin) } else { unistd::ttyname(stderr) };
        Self {
            uid: uid.as_raw(),
            user,
            host: unistd::gethostname().ok().map(|name| name.to_string_lossy().into_owned()),
            tty: tty.ok().map(|path| path.to_string_lossy().into_owned()),
        }
    }
}

impl Who {
    /// Returns who is at the keyboard of this process; `env` reads its environment. Waits at most 300 ms.
    pub fn here(env: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::of(Process::this(), env)
    }

    /// Returns who is at the keyboard of a process with an environment.
    pub fn of(process: Process, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let kept = |text: String| Some(Untrusted::from(text.trim()).clipped(LONGEST));
        let kept = |text: Option<String>| text.filter(|t| !t.trim().is_empty()).and_then(kept);
        let first = |text: String| text.split_whitespace().next().map(str::to_owned);
        let (user, says) = (kept(process.user), kept(env("USER").or_else(|| env("LOGNAME"))));
        Self {
            says: says.filter(|says| user.as_ref() != Some(says)),
            user,
            uid: process.uid,
            sudo_user: kept(env("SUDO_USER")),
            host: kept(process.host),
            ssh_peer: kept(env("SSH_CONNECTION").or_else(|| env("SSH_CLIENT")).and_then(first)),
            tty: kept(process.tty),
        }
    }

    /// Returns its name, as it is written onto objects: `alice`, or `uid 1000`.
    pub fn name(&self) -> String {
        self.user.as_ref().map_or_else(|| format!("uid {}", self.uid), Safe::to_string)
    }

    /// Returns it on one line, for the journal:
    /// `alice (uid 1000, $USER says bob) on laptop, ssh from 10.0.0.7, sudo by carol`.
    pub fn line(&self) -> Safe {
        let mut account = format!("uid {}", self.uid);
        if let Some(says) = &self.says {
            account.push_str(&format!(", $USER says {says}"));
        }
        let mut line = match &self.user {
            Some(user) => format!("{user} ({account})"),
            None => account,
        };
        for (words, part) in
            [(" on ", &self.host), (", ssh from ", &self.ssh_peer), (", sudo by ", &self.sudo_user)]
        {
            if let Some(part) = part {
                line.push_str(words);
                line.push_str(part.as_str());
            }
        }
        Safe::of(&line)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn who(user: Option<&str>, vars: &[(&str, &str)]) -> Who {
        let process = Process {
            uid: 1000,
            user: user.map(str::to_owned),
            host: Some("laptop".to_owned()),
            tty: Some("/dev/pts/3".to_owned()),
        };
        Who::of(process, &|name| vars.iter().find(|v| v.0 == name).map(|v| v.1.to_owned()))
    }

    #[test]
    fn the_account_is_told_and_the_environment_only_beside_it() {
        for (user, vars, line) in [
            (Some("alice"), &[("USER", "alice")][..], "alice (uid 1000) on laptop"),
            (Some("alice"), &[], "alice (uid 1000) on laptop"),
            (Some("alice"), &[("USER", "bob")], "alice (uid 1000, $USER says bob) on laptop"),
            (None, &[("LOGNAME", "bob")], "uid 1000, $USER says bob on laptop"),
            (
                Some("deploy"),
                &[("SSH_CONNECTION", "10.0.0.7 51234 10.0.0.1 22"), ("SUDO_USER", "alice")],
                "deploy (uid 1000) on laptop, ssh from 10.0.0.7, sudo by alice",
            ),
            (
                Some("a"),
                &[("SSH_CLIENT", "fe80::1%eth0 1 22")],
                "a (uid 1000) on laptop, ssh from fe80::1%eth0",
            ),
            (
                Some("a"),
                &[("SSH_CONNECTION", " "), ("SUDO_USER", ""), ("USER", "")],
                "a (uid 1000) on laptop",
            ),
        ] {
            assert_eq!(who(user, vars).line().as_str(), line);
        }
        let nothing = Who::of(Process::default(), &|_| None);
        assert_eq!(nothing.line().as_str(), "uid 0");
    }

    #[test]
    fn what_the_environment_says_can_neither_drive_a_terminal_nor_fill_the_journal() {
        let long = "x".repeat(100_000);
        let line = who(Some("a\u{1b}[2J\nb"), &[("USER", &long), ("SUDO_USER", "e\u{202e}ve")]).line();
        assert_eq!(
            line.as_str(),
            format!(
                "a^[[2J⏎b (uid 1000, $USER says {}… (+99936 bytes)) on laptop, sudo by e\\u{{202e}}ve",
                "x".repeat(64)
            )
        );
    }

    #[test]
    fn this_process_has_an_account_and_a_host() {
        let process = Process::this();
        assert_eq!(process.uid, unistd::getuid().as_raw());
        assert_eq!(
            Some(process.uid),
            process
                .user
                .and_then(|name| { unistd::User::from_name(&name).unwrap().map(|user| user.uid.as_raw()) })
        );
        assert!(process.host.is_some_and(|host| !host.is_empty()));
    }
}
