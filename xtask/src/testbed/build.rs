//! Building the tools from their pinned modules.
//!
//! Owns the stamps beside the binaries: a tool is built again only when its `go.mod`, `go.sum`,
//! package or linker flags change. Never runs two builds at once (they eat all memory). Tested by
//! its stamps; the builds themselves by `cargo xtask testbed build`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::tools::{OWN, TOOLS, Tool, ldflags};

/// Builds every tool that is missing or whose module changed, one after the other.
pub fn build_missing(dirs: &Dirs) -> Result<()> {
    build_some(dirs, |_| true)?;
    if !dirs.kwok_crds().is_file() {
        take_kwok_crds(dirs)?;
    }
    link_helm(dirs)
}

/// Builds one tool if it is missing or its module changed; returns its path.
pub fn build_one(dirs: &Dirs, name: &str) -> Result<PathBuf> {
    build_some(dirs, |tool| tool.name == name)?;
    Ok(dirs.tool(name))
}

fn build_some(dirs: &Dirs, wanted: impl Fn(&Tool) -> bool) -> Result<()> {
    let stamps = dirs.bin().join(".stamps");
    fs::create_dir_all(&stamps).on(stamps.display())?;
    let mut missing = Vec::new();
    for tool in TOOLS.iter().filter(|tool| wanted(tool)) {
        let stamp = stamp(dirs, tool)?;
        let path = stamps.join(tool.name);
        let fresh = dirs.tool(tool.name).is_file() && fs::read_to_string(&path).is_ok_and(|old| old == stamp);
        if !fresh {
            missing.push((tool, path, stamp));
        }
    }
    if !missing.is_empty() {
        check_go()?;
    }
    for (at, (tool, path, stamp)) in missing.iter().enumerate() {
        println!("building {} ({} of {})", tool.name, at + 1, missing.len());
        let started = Instant::now();
        build(dirs, tool)?;
        if tool.name == "kwok" {
            take_kwok_crds(dirs)?;
        }
        fs::write(path, stamp).on(path.display())?;
        println!("  took {:.0?}", started.elapsed());
    }
    Ok(())
}

/// Returns what a tool's binary is made of, as a hash.
fn stamp(dirs: &Dirs, tool: &Tool) -> Result<String> {
    let module = dirs.testbed().join(tool.folder());
    let mut hash = Sha256::new();
    let mut files = vec![module.join("go.mod"), module.join("go.sum")];
    if tool.package == OWN {
        let entries =
            fs::read_dir(&module).on(module.display())?.filter_map(|entry| entry.ok().map(|e| e.path()));
        files.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "go")));
        files.sort();
    }
    for path in files {
        hash.update(fs::read(&path).on(path.display())?);
    }
    hash.update(tool.package);
    hash.update(ldflags(tool));
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
    let status = go(dirs, &tool.folder())
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
fn go(dirs: &Dirs, module: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dirs.testbed().join(module));
    go.env("GOFLAGS", "-buildvcs=false -p=2");
    go
}

/// Writes kwok's custom resource definitions, read from its module, beside its binary.
fn take_kwok_crds(dirs: &Dirs) -> Result<()> {
    check_go()?;
    let what = "the definitions of kwok's resources";
    let out = go(dirs, Path::new("mods/kwok"))
        .args(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"])
        .output()
        .on("go list -m sigs.k8s.io/kwok")?;
    let module = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    if module.is_empty() {
        return Err(Error::new(what, "Go does not have the module's folder"));
    }
    let folder = Path::new(&module).join("kustomize/crd/bases");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .on(folder.display())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    let mut all = String::new();
    for file in &files {
        all.push_str("---\n");
        all.push_str(&fs::read_to_string(file).on(file.display())?);
    }
    if files.is_empty() {
        return Err(Error::new(what, format!("no files in {}", folder.display())));
    }
    let path = dirs.kwok_crds();
    fs::write(&path, all).on(path.display())
}

/// Lets `helm` be Helm 3 for those who source `env.sh`.
fn link_helm(dirs: &Dirs) -> Result<()> {
    let link = dirs.tool("helm");
    if fs::symlink_metadata(&link).is_ok() {
        return Ok(());
    }
    std::os::unix::fs::symlink("helm3", &link).on(link.display())
}
