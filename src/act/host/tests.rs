use pretty_assertions::assert_eq;

use super::*;

const SESSION: &str = "0::/user.slice/user-1000.slice/session-3.scope\n";
const MANAGER: &str = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope\n";

/// A host: its files, and that systemd has started it.
struct Host(tempfile::TempDir);

impl Host {
    fn new(cgroup: &str) -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(host.0.path().join("run/systemd/system")).unwrap();
        host.with("proc/self/cgroup", cgroup).with("proc/1/comm", "systemd\n")
    }

    fn with(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn logind(self, file: &str, settings: &str) -> Self {
        self.with(&format!("{file}/zz.conf"), &format!("[Login]\n{settings}\n"))
    }

    fn killers(&self, user: &str) -> Vec<String> {
        killers(Some(user), self.0.path()).iter().map(Safe::to_string).collect()
    }

    /// The setting because of which sessions are ended.
    fn because(&self, user: &str) -> Option<String> {
        let mut told = self.killers(user);
        assert!(told.len() <= 1, "{told:?}");
        let (_, rest) = told.pop()?.split_once('(').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        rest.split_once(')').map(|(setting, _)| setting.to_owned())
    }
}

fn because(settings: &str, user: &str) -> Option<String> {
    Host::new(SESSION).with("etc/systemd/logind.conf", settings).because(user)
}

#[test]
fn what_logind_is_told_to_end_is_told_with_the_file_that_says_so() {
    let host =
        Host::new(SESSION).with("etc/systemd/logind.conf", "[Login]\n# a comment\nKillUserProcesses = yes\n");
    assert_eq!(
        host.killers("alice"),
        ["logind ends what this login session has begun when the session ends (KillUserProcesses=yes in \
          /etc/systemd/logind.conf): stay logged in until it is through, or run deckwatch by `systemd-run --user \
          --scope` with lingering on (`loginctl enable-linger`)"]
    );
    for quiet in [
        "[Login]\n#KillUserProcesses=yes\n;KillUserProcesses=yes\n",
        "[Login]\nKillUserProcesses=no\n",
        "[Login]\nKillUserProcesses=yes\nKillUserProcesses=off\n",
        "",
        "KillUserProcesses\n=\n[Login",
        "[Login]\nKillUserProcesses=perhaps\n",
    ] {
        assert_eq!(because(quiet, "alice"), None, "{quiet:?}");
    }
    let is = Some("KillUserProcesses=yes in /etc/systemd/logind.conf".to_owned());
    for loud in
        ["KillUserProcesses=1", "KillUserProcesses= TRUE ", "KillUserProcesses=on\nKillUserProcesses=perhaps"]
    {
        assert_eq!(because(&format!("[Login]\n{loud}\n"), "alice"), is, "{loud:?}");
    }
}

#[test]
fn the_lists_of_users_come_before_the_setting_for_all() {
    let yes = Some("KillUserProcesses=yes in /etc/systemd/logind.conf".to_owned());
    let only = Some("KillOnlyUsers in /etc/systemd/logind.conf".to_owned());
    for (settings, user, expected) in [
        ("KillUserProcesses=yes", "root", None),
        ("KillUserProcesses=yes\nKillExcludeUsers=", "root", yes.clone()),
        ("KillUserProcesses=yes\nKillExcludeUsers=bob alice", "alice", None),
        ("KillUserProcesses=yes\nKillExcludeUsers=bob\nKillExcludeUsers=\"alice\"", "alice", None),
        (
            "KillUserProcesses=yes\nKillExcludeUsers=alice\nKillExcludeUsers=\nKillExcludeUsers=bob",
            "alice",
            yes.clone(),
        ),
        ("KillUserProcesses=yes\nKillExcludeUsers=bob \\\n  alice", "alice", None),
        ("KillUserProcesses=no\nKillOnlyUsers=alice", "alice", only.clone()),
        ("KillUserProcesses=yes\nKillOnlyUsers=bob", "alice", None),
        ("KillUserProcesses=yes\nKillOnlyUsers=bob\nKillOnlyUsers=", "alice", yes),
        ("KillOnlyUsers=alice\nKillExcludeUsers=alice", "alice", None),
    ] {
        assert_eq!(because(&format!("[Login]\n{settings}\n"), user), expected, "{settings:?}");
    }
}

#[test]
fn later_files_override_earlier_ones_wherever_they_are() {
    let base = || Host::new(SESSION).with("usr/lib/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n");
    assert_eq!(base().because("a").as_deref(), Some("KillUserProcesses=yes in /usr/lib/systemd/logind.conf"));
    // Of main files the first one counts alone.
    assert_eq!(base().with("etc/systemd/logind.conf", "[Login]\n").because("a"), None);
    // The others count by their names, whatever their folders are.
    let no = base().logind("usr/lib/systemd/logind.conf.d", "KillUserProcesses=no");
    assert_eq!(no.because("a"), None);
    let early = no.with("etc/systemd/logind.conf.d/aa.conf", "[Login]\nKillUserProcesses=yes\n");
    assert_eq!(early.because("a"), None, "zz.conf is read after aa.conf");
    let late = early.with("run/systemd/logind.conf.d/zzz.conf", "[Login]\nKillUserProcesses=yes\n");
    let is = "KillUserProcesses=yes in /run/systemd/logind.conf.d/zzz.conf";
    assert_eq!(late.because("a").as_deref(), Some(is));
    // Of one name that in the more important folder counts, even where it masks the other.
    std::fs::create_dir_all(late.0.path().join("etc/systemd/logind.conf.d")).unwrap();
    std::os::unix::fs::symlink("/dev/null", late.0.path().join("etc/systemd/logind.conf.d/zzz.conf"))
        .unwrap();
    assert_eq!(late.because("a"), None);
    let other = late.with("etc/systemd/logind.conf.d/zzzz.txt", "[Login]\nKillUserProcesses=yes\n");
    assert_eq!(other.because("a"), None, "only *.conf is read");
}

#[test]
fn sessions_are_ended_only_where_this_process_is_in_one_of_a_systemd() {
    let yes = "[Login]\nKillUserProcesses=yes\n";
    for quiet in
        ["0::/system.slice/ssh.service\n", "0::/\n", "", "nonsense", "0::/user.slice/session-of-mine\n"]
    {
        assert_eq!(
            Host::new(quiet).with("etc/systemd/logind.conf", yes).killers("alice"),
            Vec::<String>::new()
        );
    }
    let old = "12:pids:/\n1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n0::/\n";
    assert_eq!(Host::new(old).with("etc/systemd/logind.conf", yes).killers("alice").len(), 1);
    let other = Host::new(SESSION).with("etc/systemd/logind.conf", yes);
    std::fs::remove_dir(other.0.path().join("run/systemd/system")).unwrap();
    assert_eq!(other.killers("alice"), Vec::<String>::new());
}

#[test]
fn the_users_service_manager_ends_all_but_those_of_users_who_linger() {
    let host = Host::new(MANAGER);
    let told = host.killers("alice");
    assert!(
        told.len() == 1 && told[0].contains("user@1000.service") && told[0].contains("enable-linger"),
        "{told:?}"
    );
    let host = host.with("var/lib/systemd/linger/alice", "");
    assert_eq!(host.killers("alice"), Vec::<String>::new());
    assert_eq!(host.killers("bob").len(), 1);
    assert_eq!(host.killers("../linger/alice"), Vec::<String>::new());
    assert_eq!(killers(None, host.0.path()), []);
}

#[test]
fn a_service_of_systemd_run_ends_with_its_first_process_and_a_scope_does_not() {
    let unit = |name: &str, file: &str| {
        let host = Host::new(&format!("0::/system.slice/{name}\n"));
        host.with(&format!("run/systemd/transient/{name}"), file).killers("alice")
    };
    let told = unit("run-u5.service", "[Service]\nExecStart=\"/bin/bash\"\n");
    assert!(told.len() == 1 && told[0].starts_with("run-u5.service ends with its first process"), "{told:?}");
    for quiet in ["KillMode=process", "RemainAfterExit=yes", "ExitType=cgroup"] {
        assert_eq!(unit("run-u5.service", &format!("[Service]\n{quiet}\n")), Vec::<String>::new());
    }
    assert_eq!(unit("run-u5.scope", "[Scope]\n"), Vec::<String>::new());
    assert_eq!(unit("ssh.service", "[Service]\n"), Vec::<String>::new());
    assert_eq!(
        unit("run-u5.scope", "[Scope]\nRuntimeMaxSec=1h\n"),
        ["systemd ends run-u5.scope after RuntimeMaxSec=1h"]
    );
    let own = Host::new("0::/user.slice/user-7.slice/user@7.service/app.slice/run-r1.scope\n")
        .with("var/lib/systemd/linger/alice", "")
        .with("run/user/7/systemd/transient/run-r1.scope", "[Scope]\n")
        .with("run/user/7/systemd/transient/run-r1.scope.d/50-x.conf", "[Scope]\nRuntimeMaxSec=60s\n");
    assert_eq!(own.killers("alice"), ["systemd ends run-r1.scope after RuntimeMaxSec=60s"]);
    assert_eq!(
        Host::new("0::/system.slice/run-u5.service\n").killers("alice"),
        Vec::<String>::new(),
        "no file"
    );
}

#[test]
fn a_first_process_that_is_a_shell_is_told_and_an_init_is_not() {
    let comm = |name: &str| {
        let host = Host(tempfile::tempdir().unwrap()).with("proc/1/comm", name);
        host.killers("root")
    };
    for shell in ["bash\n", "sh", "deckwatch\n"] {
        let told = comm(shell);
        assert!(told.len() == 1 && told[0].contains(&format!("(PID 1) is {},", shell.trim())), "{told:?}");
    }
    for init in ["systemd\n", "tini", "sshd\n", "init", "", "bashful"] {
        assert_eq!(comm(init), Vec::<String>::new(), "{init}");
    }
    assert_eq!(killers(Some("root"), Path::new("/nonexistent")), []);
}

#[test]
fn files_that_are_hostile_are_bounded_and_drive_no_terminal() {
    let unit = "run-\u{1b}[2J.scope";
    let host = Host::new(&format!("0::/system.slice/{unit}\n"))
        .with(&format!("run/systemd/transient/{unit}"), "RuntimeMaxSec=\u{1b}]0;x\u{7}\n")
        .with("etc/systemd/logind.conf", &"KillUserProcesses=yes\n".repeat(100_000));
    let told = host.killers("alice");
    assert!(told.len() == 1 && !told[0].contains(['\u{1b}', '\u{7}']), "{told:?}");
}
