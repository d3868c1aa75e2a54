//! One stand: its folders and ports, and the tools called on it.
//!
//! Owns how the command-line tools of the stand are called: with a home of the run's own, so that
//! no cache or configuration of the user is read or written. Never decides what to call.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::certs;
use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::namespaced;
use super::ports::Ports;
use super::template;

/// The folders and ports of a stand that is up, or on its way.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Where its files lie.
    pub dirs: Dirs,
    /// Its ports.
    pub ports: Ports,
    /// Whether it runs in a network namespace of its own.
    pub namespaced: bool,
}

impl Stand {
    /// Returns the stand that was brought up before, if there is one.
    pub fn existing(dirs: Dirs) -> Result<Self> {
        match Ports::load(&dirs.run("")) {
            Some(ports) => Ok(Self { namespaced: namespaced::is(&dirs), dirs, ports }),
            None => {
                Err(Error::new("the testbed", "it is not up")
                    .hint("Bring it up with `cargo xtask testbed up`."))
            }
        }
    }

    /// Returns a stand of this workspace, with ports of its own.
    pub fn prepare(dirs: Dirs) -> Result<Self> {
        let run = dirs.run("");
        fs::create_dir_all(&run).on(run.display())?;
        let ports = Ports::load_or_choose(&run)?;
        Ok(Self { namespaced: namespaced::is(&dirs), dirs, ports })
    }

    /// Returns the folder of the run.
    pub fn run(&self) -> PathBuf {
        self.dirs.run("")
    }

    /// Returns a port by name.
    pub fn port(&self, name: &str) -> u16 {
        self.ports.get(name)
    }

    /// Returns the address `http://127.0.0.1:PORT` of a server.
    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.port(name))
    }

    /// Returns the address that the nodes have: that of every pod on the host's network.
    pub fn node(&self) -> &'static str {
        if self.namespaced { namespaced::NODE } else { "127.0.0.1" }
    }

    /// Returns the address that kwok and the monitoring servers listen on: more than loopback only where
    /// nobody else is.
    pub fn listen(&self) -> &'static str {
        if self.namespaced { "0.0.0.0" } else { "127.0.0.1" }
    }

    /// Returns the text of a template of `testbed/config`, filled with this stand's values.
    pub fn config(&self, name: &str) -> Result<String> {
        self.config_with(name, &[])
    }

    /// Returns the same, filled with other values as well.
    pub fn config_with(&self, name: &str, more: &[(&str, &str)]) -> Result<String> {
        let path = self.dirs.source("config").join(name);
        let text = fs::read_to_string(&path).on(path.display())?;
        let mut values: BTreeMap<String, String> =
            self.ports.iter().map(|(name, port)| (name.to_owned(), port.to_string())).collect();
        values.insert("run".to_owned(), self.run().display().to_string());
        values.insert("testbed".to_owned(), self.dirs.source("").display().to_string());
        values.insert("listen".to_owned(), self.listen().to_owned());
        values.insert("host-network".to_owned(), self.namespaced.to_string());
        values.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        template::fill(&text, &values).on(path.display())
    }

    /// Writes a template of `testbed/config`, filled, into the run's folder, and returns its path.
    pub fn write_config(&self, name: &str) -> Result<PathBuf> {
        let path = self.dirs.run("config").join(name);
        let dir = self.dirs.run("config");
        fs::create_dir_all(&dir).on(dir.display())?;
        fs::write(&path, self.config(name)?).on(path.display())?;
        Ok(path)
    }

    /// Returns a tool's command as the stand's administrator.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.dirs.tool(name));
        command
            .env("KUBECONFIG", certs::kubeconfig(&self.run(), "admin"))
            .env("HOME", self.dirs.run("home"))
            .env("TMPDIR", self.dirs.run("tmp"))
            .env_remove("HELM_NAMESPACE")
            .env_remove("HELM_DRIVER")
            .stdin(Stdio::null());
        command
    }

    /// Runs kubectl and returns what it printed, or its error.
    pub fn kubectl<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String> {
        let mut command = self.tool("kubectl");
        command.args(args);
        let what = describe(&command);
        printed(&what, &command.output().on(&what)?)
    }

    /// Applies objects by server-side apply: a second time changes nothing.
    pub fn apply(&self, what: &str, objects: &str) -> Result<()> {
        let mut command = self.tool("kubectl");
        command
            .args(["apply", "--server-side", "--force-conflicts", "--field-manager=testbed", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().on(format!("applying {what}"))?;
        let stdin = child.stdin.take();
        // Written beside the reading of the answers, or both pipes could fill up and wait for ever.
        let sent = std::thread::scope(|scope| {
            scope.spawn(|| stdin.map_or(Ok(()), |mut pipe| pipe.write_all(objects.as_bytes())));
            child.wait_with_output()
        });
        printed(&format!("applying {what}"), &sent.on(what)?).map(drop)
    }
}

fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    format!("{name} {}", args.join(" "))
}

/// Returns what a program printed; an error with its words when it failed.
pub fn printed(what: &str, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(what, output.status).hint(words.trim()))
}
