//! A stand in a network namespace of its own, where the API server's service proxy works.
//!
//! The proxy refuses endpoints on loopback, so the nodes need another address, and a free machine
//! has none to give. In a namespace there is one: the monitoring pods are on the host's network, and
//! the real servers listen on their containers' ports. The processes have a namespace of their own as
//! well: whatever ends this command ends them. Never touches another stand. Tested by the tests on the
//! real servers, which run some of themselves in here.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus, Output, Stdio};

use super::build;
use super::dirs::Dirs;
use super::down;
use super::envfile;
use super::error::{Error, On, Result};
use super::ports::Ports;
use super::stand::Stand;

/// The nodes' address, of those that belong to nobody (RFC 5737).
pub const NODE: &str = "192.0.2.10";

/// The ports of the monitoring servers: those of their containers in `monitoring.yaml`.
const PORTS: [(&str, u16); 3] = [("prometheus", 9090), ("loki", 3100), ("alertmanager", 9093)];

/// The variables that lead to a source without the API server; in here they are not set.
const DIRECT: [&str; 3] = ["PROMETHEUS_URL", "LOKI_ADDR", "ALERTMANAGER_URL"];

/// The exit code that says that no namespace can be made here.
const NONE: u8 = 77;

/// The namespaces: network and processes. The first process in there ends with this one, and the others
/// with it.
const FLAGS: [&str; 5] = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Gives the new namespace its addresses.
const ADDRESSES: [&[&str]; 2] =
    [&["link", "set", "lo", "up"], &["address", "add", "192.0.2.10/32", "dev", "lo"]];

/// Tells whether a stand is one of these.
pub fn is(dirs: &Dirs) -> bool {
    dirs.run("namespaced").is_file()
}

/// Goes into a namespace and runs the command there, beside a stand. Returns only when it cannot.
pub fn enter(dirs: &Dirs, command: &[OsString]) -> Result<ExitCode> {
    let Some(flags) = flags() else {
        return Ok(ExitCode::from(NONE));
    };
    // Out here there is a network.
    build::build_missing(dirs, &[])?;
    let me = std::env::current_exe().on("this program's own path")?;
    let mut unshare = Command::new("unshare");
    unshare.args(flags).arg(me).args(["testbed", "inside", "--"]).args(command);
    unshare.env("DECKWATCH_TESTBED_BIN", dirs.bin());
    unshare.env("DECKWATCH_TESTBED_DIR", dirs.beside("namespaced").root());
    Err(Error::new("unshare", unshare.exec()))
}

/// Brings the stand up in the namespace that this process is in, runs the command, takes the stand down.
pub fn inside(dirs: &Dirs, command: &[OsString]) -> Result<ExitCode> {
    if std::process::id() != 1 {
        return Err(Error::new("testbed inside", "this is no namespace of its own")
            .hint("Call `cargo xtask testbed namespaced -- COMMAND`."));
    }
    fs::create_dir_all(dirs.root()).on(dirs.root().display())?;
    let folder = File::open(dirs.root()).on(dirs.root().display())?;
    if folder.try_lock().is_err() {
        return Err(Error::new(dirs.root().display(), "another command has its stand there"));
    }
    if dirs.run("").is_dir() {
        // What a run that was killed has left: its processes are gone, its files are not.
        down::end(dirs)?;
    }
    let ended = beside_a_stand(dirs, command);
    down::end(dirs)?;
    fs::remove_dir(dirs.root()).on(dirs.root().display())?;
    ended.map(code)
}

fn beside_a_stand(dirs: &Dirs, command: &[OsString]) -> Result<ExitStatus> {
    for args in ADDRESSES {
        let out = Command::new("ip").args(args).output().on("ip")?;
        if !out.status.success() {
            return Err(Error::new(format!("ip {}", args.join(" ")), words(&out)));
        }
    }
    let run = dirs.run("");
    fs::create_dir_all(&run).on(run.display())?;
    let mark = dirs.run("namespaced");
    fs::write(&mark, "").on(mark.display())?;
    Ports::choose_with(&run, &PORTS)?;
    bring_up()?;

    let stand = Stand::existing(dirs.clone())?;
    let (program, args) = command.split_first().ok_or_else(|| Error::new("the command", "none was named"))?;
    let mut command = Command::new(program);
    command.args(args).envs(envfile::values(&stand));
    for name in DIRECT {
        command.env_remove(name);
    }
    command.status().on(program.display())
}

/// Brings the stand up by another process: the first one of a namespace hears no ctrl-c, that one does.
/// What it says goes to the standard error, since the standard output is the command's.
fn bring_up() -> Result<()> {
    let me = std::env::current_exe().on("this program's own path")?;
    let mut up = Command::new(me);
    up.args(["testbed", "up"]).stdin(Stdio::null()).stdout(std::io::stderr());
    let status = up.status().on("testbed up")?;
    if status.success() { Ok(()) } else { Err(Error::new("testbed up", status)) }
}

/// Returns what `unshare` is to be told; `None`, with the reason printed, where it cannot do it.
fn flags() -> Option<Vec<&'static str>> {
    let mut why = String::new();
    // As root, else as somebody who is root in there only.
    for more in [&[][..], &["--map-root-user"]] {
        let flags: Vec<_> = more.iter().chain(&FLAGS).copied().collect();
        let tried = Command::new("unshare").args(&flags).args(["ip", "link", "set", "lo", "up"]).output();
        match tried {
            Ok(out) if out.status.success() => return Some(flags),
            Ok(out) => why = words(&out),
            Err(error) => why = format!("unshare: {error}"),
        }
    }
    eprintln!("no network namespace can be made here: {why}");
    None
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Returns a command's exit code; that of a shell where a signal ended it.
fn code(status: ExitStatus) -> ExitCode {
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    number.and_then(|number| u8::try_from(number).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_listen_where_the_services_say() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed/config/monitoring.yaml");
        let text = fs::read_to_string(path).unwrap();
        for (name, port) in PORTS {
            assert_eq!(text.matches(&format!("containerPort: {port}\n")).count(), 1, "{name}");
        }
    }

    #[test]
    fn the_address_that_the_namespace_gets_is_the_nodes() {
        assert!(ADDRESSES.iter().any(|args| args.contains(&format!("{NODE}/32").as_str())));
    }

    #[test]
    fn a_command_ended_by_a_signal_ends_as_in_a_shell() {
        assert_eq!(code(ExitStatus::from_raw(3 << 8)), ExitCode::from(3));
        assert_eq!(code(ExitStatus::from_raw(15)), ExitCode::from(143));
    }
}
