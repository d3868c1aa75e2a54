//! Building the tools from their pinned modules.
//!
//! Owns the stamps beside the binaries: a tool is built again only when its `go.mod`, `go.sum`,
//! package or linker flags change. Never runs two builds at once (they eat all memory), and builds
//! what an ordinary stand does not have only when it is asked for. Tested by its stamps; the builds
//! themselves by `cargo xtask testbed build`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::crds;
use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::extras::Extra;
use super::tools::{self, Tool, ldflags};

/// Builds every tool that is missing or whose module changed, one after the other, and takes the
/// definitions of custom resources.
pub fn build_missing(dirs: &Dirs, extras: &[Extra]) -> Result<()> {
    build_some(dirs, &tools::of(extras))?;
    for set in std::iter::once("kwok").chain(extras.iter().flat_map(|extra| extra.sets().iter().copied())) {
        if let Some(set) = crds::find(set) {
            crds::take(dirs, set)?;
        }
    }
    link_helm(dirs)
}

/// Builds one tool if it is missing or its module changed; returns its path.
pub fn build_one(dirs: &Dirs, name: &str) -> Result<PathBuf> {
    let tools = tools::of(&[]);
    let wanted: Vec<&Tool> = tools.into_iter().filter(|tool| tool.name == name).collect();
    build_some(dirs, &wanted)?;
    Ok(dirs.tool(name))
}

fn build_some(dirs: &Dirs, wanted: &[&'static Tool]) -> Result<()> {
    let stamps = stamps(dirs)?;
    let mut missing = Vec::new();
    for tool in wanted.iter().copied() {
        let stamp = stamp(dirs, &tool.folder(), &[tool.package.as_bytes(), ldflags(tool).as_bytes()])?;
        let path = stamps.join(tool.name);
        let fresh = dirs.tool(tool.name).is_file() && fs::read_to_string(&path).is_ok_and(|old| old == stamp);
        if !fresh {
            missing.push((tool, path, stamp));
        }
    }
    for (at, (tool, path, stamp)) in missing.iter().enumerate() {
        println!("building {} ({} of {})", tool.name, at + 1, missing.len());
        let started = Instant::now();
        build(dirs, tool)?;
        fs::write(path, stamp).on(path.display())?;
        println!("  took {:.0?}", started.elapsed());
    }
    Ok(())
}

/// Returns the folder of stamps, made where it is missing.
pub fn stamps(dirs: &Dirs) -> Result<PathBuf> {
    let stamps = dirs.bin().join(".stamps");
    fs::create_dir_all(&stamps).on(stamps.display())?;
    Ok(stamps)
}

/// Returns what something is made of, as a hash: its module, a folder of the testbed's, and what is done with it.
pub fn stamp(dirs: &Dirs, module: &Path, parts: &[&[u8]]) -> Result<String> {
    let module = dirs.testbed().join(module);
    let mut hash = Sha256::new();
    let mut files = vec![module.join("go.mod"), module.join("go.sum")];
    let entries =
        fs::read_dir(&module).on(module.display())?.filter_map(|entry| entry.ok().map(|e| e.path()));
    files.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "go")));
    files.sort();
    for path in files {
        hash.update(fs::read(&path).on(path.display())?);
    }
    for part in parts {
        hash.update(part);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Fails with a hint where Go is not installed.
fn check_go() -> Result<()> {
    let found = Command::new("go").arg("version").output();
    match found {
        Ok(out) if out.status.success() => Ok(()),
        _ => Err(Error::new("the testbed's tools", "the command `go` is missing")
            .hint("Install Go 1.26 or newer: the real servers are built from their Go modules.")),
    }
}

/// Builds one tool into the folder of binaries.
fn build(dirs: &Dirs, tool: &Tool) -> Result<()> {
    let new = dirs.bin().join(format!(".{}.new", tool.name));
    let status = go(dirs, &tool.folder())?
        .args(["build", "-trimpath", "-ldflags", &ldflags(tool), "-o"])
        .arg(&new)
        .arg(tool.package)
        .status()
        .on(format!("go build {}", tool.package))?;
    if !status.success() {
        return Err(Error::new(format!("go build {}", tool.package), status)
            .hint("The lines above are Go's. The modules are fetched through GOPROXY once."));
    }
    let path = dirs.tool(tool.name);
    fs::rename(&new, &path).on(path.display())
}

/// Returns the command `go`, to be run in a tool's module.
pub fn go(dirs: &Dirs, module: &Path) -> Result<Command> {
    check_go()?;
    let mut go = Command::new("go");
    go.current_dir(dirs.testbed().join(module));
    go.env("GOFLAGS", "-buildvcs=false -p=2");
    Ok(go)
}

/// Lets `helm` be Helm 3 for those who source `env.sh`.
fn link_helm(dirs: &Dirs) -> Result<()> {
    let link = dirs.tool("helm");
    if fs::symlink_metadata(&link).is_ok() {
        return Ok(());
    }
    std::os::unix::fs::symlink("helm3", &link).on(link.display())
}
