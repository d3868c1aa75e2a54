//! Custom resource definitions, read from the modules of those that own them.
//!
//! Owns one file per set beside the binaries, taken anew only when the module changes. Nothing of it is kept in
//! the workspace. Tested by `cargo xtask testbed build`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::build;
use super::dirs::Dirs;
use super::error::{Error, On, Result};
use super::stand::Stand;

/// How long the API server may take until it serves them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Definitions that are applied together.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Its name: of its file and its stamp.
    pub name: &'static str,
    /// The folder in `testbed/mods` that pins the modules.
    module: &'static str,
    /// The modules, and the folder of definitions in each.
    sources: &'static [(&'static str, &'static str)],
}

/// Every set.
const SETS: [Set; 4] = [
    Set { name: "kwok", module: "kwok", sources: &[("sigs.k8s.io/kwok", "kustomize/crd/bases")] },
    Set {
        name: "argo-cd",
        module: "argo-cd",
        sources: &[("github.com/argoproj/argo-cd/v3", "manifests/crds")],
    },
    Set {
        name: "argo-rollouts",
        module: "argo-rollouts",
        sources: &[("github.com/argoproj/argo-rollouts", "manifests/crds")],
    },
    Set {
        name: "flux",
        module: "flux-crds",
        sources: &[
            ("github.com/fluxcd/source-controller", "config/crd/bases"),
            ("github.com/fluxcd/kustomize-controller", "config/crd/bases"),
            ("github.com/fluxcd/helm-controller", "config/crd/bases"),
        ],
    },
];

/// Returns the set of that name.
pub fn find(name: &str) -> Option<&'static Set> {
    SETS.iter().find(|set| set.name == name)
}

/// Returns the file that a set was taken into.
fn path(dirs: &Dirs, name: &str) -> PathBuf {
    dirs.bin().join(format!("{name}-crds.yaml"))
}

/// Applies sets, and returns when the API server serves all kinds that were defined.
///
/// Not by `kubectl wait`, which fails on a definition that has no conditions yet.
pub fn apply(stand: &Stand, sets: &[&str]) -> Result<()> {
    for set in sets {
        let path = path(&stand.dirs, set);
        let text = fs::read_to_string(&path).on(path.display())?;
        stand.apply(&format!("the kinds of {set}"), &text)?;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let text = stand.kubectl(&["get", "crd", "-o", "json"])?;
        let list: Value = serde_json::from_str(&text).on("the definitions")?;
        let Some(name) = unserved(&list) else { return Ok(()) };
        if Instant::now() >= end {
            return Err(Error::new(name, format!("not served after {PATIENCE:.0?}")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Returns a definition of a list that the API server does not serve.
fn unserved(list: &Value) -> Option<String> {
    let items = list.get("items").and_then(Value::as_array)?;
    let served = |definition: &&Value| {
        let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
        let is = |condition: &Value| condition["type"] == "Established" && condition["status"] == "True";
        conditions.is_some_and(|conditions| conditions.iter().any(is))
    };
    let name = |definition: &Value| definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    items.iter().find(|definition| !served(definition)).map(name)
}

/// Returns the folder of the module that pins a set's, below `testbed`.
fn module_of(set: &Set) -> PathBuf {
    Path::new("mods").join(set.module)
}

/// Takes a set from its modules, unless that was done and they are the same.
pub fn take(dirs: &Dirs, set: &Set) -> Result<()> {
    let (path, noted) = (path(dirs, set.name), build::stamps(dirs)?.join(format!("{}-crds", set.name)));
    let mut parts = Vec::new();
    for (module, folder) in set.sources {
        parts.extend([module.as_bytes(), folder.as_bytes()]);
    }
    let stamp = build::stamp(dirs, &module_of(set), &parts)?;
    if path.is_file() && fs::read_to_string(&noted).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    println!("taking the kinds of {}", set.name);
    let mut all = String::new();
    for (module, folder) in set.sources {
        all.push_str(&definitions(&folder_of(dirs, set, module)?.join(folder))?);
    }
    // Beside it first: the old one may be a link that others read too.
    let new = dirs.bin().join(format!(".{}-crds.new", set.name));
    fs::write(&new, all).on(new.display())?;
    fs::rename(&new, &path).on(path.display())?;
    fs::write(&noted, stamp).on(noted.display())
}

/// Returns where Go keeps a module, in the version that is pinned; fetches it where it is missing.
fn folder_of(dirs: &Dirs, set: &Set, module: &str) -> Result<PathBuf> {
    let what = format!("go mod download {module}");
    let out =
        build::go(dirs, &module_of(set))?.args(["mod", "download", "-json", module]).output().on(&what)?;
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
    let field = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    field("Dir").map(PathBuf::from).ok_or_else(|| {
        let words = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        Error::new(what, field("Error").unwrap_or(words))
    })
}

/// Returns all definitions of a folder as one text.
fn definitions(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .on(folder.display())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        // How Kustomize is to put them together: no object of a cluster.
        .filter(|path| path.file_name().is_some_and(|name| name != "kustomization.yaml"))
        .collect();
    files.sort();
    let mut all = String::new();
    for file in &files {
        all.push_str("---\n");
        all.push_str(&fs::read_to_string(file).on(file.display())?);
        all.push('\n');
    }
    if files.is_empty() {
        return Err(Error::new(folder.display(), "no definitions in this folder"));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_set_names_modules_that_are_pinned() {
        let mods = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed/mods");
        for set in &SETS {
            let text = fs::read_to_string(mods.join(set.module).join("go.mod")).unwrap();
            let sums = fs::read_to_string(mods.join(set.module).join("go.sum")).unwrap();
            for (module, _) in set.sources {
                let pinned = |line: &str| line.trim().starts_with(&format!("{module} v"));
                assert!(text.lines().any(pinned), "{module} is not in {}/go.mod", set.module);
                assert!(sums.lines().any(pinned), "{module} is not in {}/go.sum", set.module);
            }
        }
    }

    #[test]
    fn definitions_of_a_folder_come_in_order_and_without_what_is_for_kustomize() {
        let folder = std::env::temp_dir().join(format!("deckwatch-crds-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in
            [("b.yaml", "kind: B"), ("a.yaml", "kind: A"), ("kustomization.yaml", "kind: K"), ("c.md", "c")]
        {
            fs::write(folder.join(name), text).unwrap();
        }
        let all = definitions(&folder);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(all.unwrap(), "---\nkind: A\n---\nkind: B\n");
    }

    #[test]
    fn a_definition_without_conditions_is_not_served_yet() {
        let established = json!({"metadata": {"name": "a"}, "status": {"conditions": [
            {"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"},
        ]}});
        let list = |second: Value| json!({"items": [established, second]});
        assert_eq!(unserved(&list(established.clone())), None);
        for status in [json!({}), json!({"conditions": [{"type": "Established", "status": "False"}]})] {
            let new = json!({"metadata": {"name": "b"}, "status": status});
            assert_eq!(unserved(&list(new)), Some("b".to_owned()));
        }
    }

    #[test]
    fn a_folder_without_definitions_is_an_error() {
        assert!(definitions(&std::env::temp_dir().join("deckwatch-no-such-folder")).is_err());
    }
}
