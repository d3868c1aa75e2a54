//! Bringing the stand up, and finding it already up.
//!
//! Owns the order: each server is started once those that it needs are well. What is well is left
//! alone, so that a second time changes nothing; what is frozen or dead is started anew. Tested by
//! `cargo xtask testbed up` on the real servers.

use std::fs::{self, File};
use std::process::Command;
use std::time::{Duration, Instant};

use super::build;
use super::certs;
use super::cluster;
use super::dirs::Dirs;
use super::envfile;
use super::error::{Error, On, Result};
use super::extras::{self, Extra};
use super::health::{self, Health};
use super::proc;
use super::servers::{self, APISERVER, CONTROL, ETCD, MONITORING, SHOP, Server};
use super::stand::Stand;

/// How long a server may take until it is well.
const PATIENCE: Duration = Duration::from_mins(2);

/// Brings everything up, with what is asked for besides, and returns when all answer.
pub fn up(dirs: Dirs, with: &[Extra]) -> Result<()> {
    let started = Instant::now();
    let _lock = lock(&dirs)?;
    let extras = extras::of(&dirs, with);
    extras::check(&extras)?;
    build::build_missing(&dirs, &extras)?;
    let stand = Stand::prepare(dirs)?;
    extras::keep(&stand.dirs, &extras)?;
    // In a namespace cargo would have no network, and nobody asks about the shop there.
    if !stand.namespaced {
        build_shop(&stand)?;
    }
    if is_whole(&stand) {
        println!("the testbed is up already: source {}", stand.dirs.env_sh().display());
        return Ok(());
    }
    certs::make(&stand.run(), stand.port("kube-apiserver"))?;
    for name in ["prometheus.yaml", "alertmanager.yaml", "loki.yaml", "kwok.yaml"] {
        stand.write_config(name)?;
    }
    for dir in ["data", "pod-logs", "exec"] {
        let dir = stand.dirs.run(dir);
        fs::create_dir_all(&dir).on(dir.display())?;
    }
    let quiet = stand.dirs.run("quiet.log");
    fs::write(&quiet, "2026-01-01T00:00:00.000000000Z stdout F started\n").on(quiet.display())?;

    for server in &MONITORING {
        ensure(&stand, server)?;
    }
    ensure(&stand, &ETCD)?;
    health::wait(&stand, &ETCD, PATIENCE)?;
    ensure(&stand, &APISERVER)?;
    health::wait(&stand, &APISERVER, PATIENCE)?;
    cluster::prepare_kwok(&stand)?;
    for server in &CONTROL {
        ensure(&stand, server)?;
    }
    cluster::fill_in(&stand)?;
    for server in CONTROL.iter().chain(&MONITORING) {
        health::wait(&stand, server, PATIENCE)?;
    }
    cluster::wait(&stand, PATIENCE)?;
    extras::prepare(&stand, &extras)?;
    let mut last = extras::servers(&extras);
    last.extend(has_shop(&stand).then_some(SHOP));
    for server in &last {
        ensure(&stand, server)?;
    }
    for server in &last {
        health::wait(&stand, server, PATIENCE)?;
    }
    envfile::write(&stand)?;
    println!("the testbed is up after {:.1?}: source {}", started.elapsed(), stand.dirs.env_sh().display());
    Ok(())
}

/// Returns the servers that this stand has: the shop only once it is built, others only where they were asked for.
pub fn servers_of(stand: &Stand) -> Vec<Server> {
    let mut all = servers::all();
    all.extend(extras::servers(&extras::of(&stand.dirs, &[])));
    if !has_shop(stand) {
        all.retain(|server| server.name != SHOP.name);
    }
    all
}

/// Tells whether every server is well and the cluster is complete.
fn is_whole(stand: &Stand) -> bool {
    stand.dirs.env_sh().is_file()
        && health::ask_all(stand, &servers_of(stand)).iter().all(|h| *h == Health::Well)
        && matches!(cluster::lacking(stand), Ok(None))
        && matches!(extras::lacking(stand, &extras::of(&stand.dirs, &[])), Ok(None))
}

/// Starts a server, unless it runs and answers. One that runs and does not answer is replaced.
fn ensure(stand: &Stand, server: &Server) -> Result<()> {
    let run = stand.run();
    if let Some(running) = proc::find(&run, server.name) {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if health::ask(stand, server) == Health::Well {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        println!("{} does not answer: starting it anew", server.name);
        let left = proc::stop(&[(server.name.to_owned(), running)], Duration::from_secs(10));
        if !left.is_empty() {
            return Err(Error::new(server.name, "the process that does not answer cannot be ended"));
        }
    }
    println!("starting {}", server.name);
    proc::start(&server.spec(stand), &run).map(drop)
}

fn has_shop(stand: &Stand) -> bool {
    stand.dirs.run("bin/deckwatch-shop").is_file()
}

/// Builds the shop's process and copies it into the run, so that a later build does not touch it.
fn build_shop(stand: &Stand) -> Result<()> {
    let manifest = stand.dirs.workspace().join("crates/sim/Cargo.toml");
    let manifest = fs::read_to_string(&manifest).on(manifest.display())?;
    if !manifest.contains("\"deckwatch-shop\"") {
        println!("the shop's process is not in this workspace: going on without it");
        return Ok(());
    }
    let out = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(stand.dirs.workspace())
        .args(["build", "--quiet", "-p", "deckwatch-sim", "--bin", "deckwatch-shop"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(std::process::Stdio::inherit())
        .output()
        .on("cargo build deckwatch-shop")?;
    if !out.status.success() {
        return Err(Error::new("cargo build deckwatch-shop", out.status));
    }
    let built = String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message.get("executable")?.as_str().map(str::to_owned))
        .next_back()
        .ok_or_else(|| Error::new("cargo build deckwatch-shop", "cargo named no program"))?;
    let dir = stand.dirs.run("bin");
    fs::create_dir_all(&dir).on(dir.display())?;
    let (new, path) = (dir.join(".deckwatch-shop.new"), dir.join("deckwatch-shop"));
    let same = match (fs::read(&built), fs::read(&path)) {
        (Ok(built), Ok(old)) => built == old,
        _ => false,
    };
    if same {
        return Ok(());
    }
    fs::copy(&built, &new).on(&built)?;
    fs::rename(&new, &path).on(path.display())?;
    // One that runs is of the old program: it is started anew below.
    if let Some(old) = proc::find(&stand.run(), SHOP.name) {
        proc::stop(&[(SHOP.name.to_owned(), old)], Duration::from_secs(5));
    }
    Ok(())
}

/// Takes the lock that keeps two commands from bringing up or down the same stand at once.
pub fn lock(dirs: &Dirs) -> Result<File> {
    // Beside the binaries: it must not be removed while somebody waits for it.
    fs::create_dir_all(dirs.bin()).on(dirs.bin().display())?;
    let path = dirs.bin().join(".lock");
    let file = File::options().create(true).append(true).open(&path).on(path.display())?;
    if file.try_lock().is_err() {
        println!("waiting for another command on this testbed");
        file.lock().on(path.display())?;
    }
    Ok(file)
}
