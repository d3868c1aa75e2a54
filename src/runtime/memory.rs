//! What is remembered between sessions: which alert is bound to which object.
//!
//! One small file in the state folder, read after the first frame and written whole, beside and then in place of
//! the old one. A file that can't be read is told and never overwritten. Holds names only.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::act::file::write_private;
use crate::core::{ClusterId, Error, Fingerprint, Kind, ObjectRef, Resource, Result};

/// The most bytes that the file may have.
const LARGEST: u64 = 1 << 20;

/// One binding as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bound {
    context: String,
    alert: String,
    kind: String,
    namespace: String,
    name: String,
}

/// The file.
#[derive(Clone, Debug)]
pub struct Memory {
    path: PathBuf,
}

impl Memory {
    /// Returns the memory of a state folder.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("bindings.json") }
    }

    fn failed(&self, what: &'static str, error: &dyn std::fmt::Display) -> Error {
        Error::new(Kind::Io, what)
            .on(self.path.display().to_string())
            .detail(error.to_string())
            .hint("bindings of alerts are not remembered until the file can be read and written")
    }

    fn all(&self) -> Result<Vec<Bound>> {
        let fail = |e: &dyn std::fmt::Display| self.failed("read the bindings of alerts", e);
        match std::fs::metadata(&self.path) {
            Ok(meta) if meta.len() > LARGEST => return Err(fail(&"it is too large")),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            _ => {}
        }
        let text = std::fs::read_to_string(&self.path).map_err(|e| fail(&e))?;
        serde_json::from_str(&text).map_err(|e| fail(&e))
    }

    /// Returns what is bound in a context.
    ///
    /// # Errors
    /// `Io` when there is a file that can't be read.
    pub fn read(&self, cluster: &ClusterId) -> Result<BTreeMap<Fingerprint, ObjectRef>> {
        let here = |b: &Bound| b.context == cluster.0.raw();
        let object = |b: &Bound| {
            let reference = ObjectRef::new(cluster, Resource::parse(&b.kind)?, &b.namespace, &b.name, "");
            Some((Fingerprint::parse(&b.alert)?, reference))
        };
        Ok(self.all()?.iter().filter(|b| here(b)).filter_map(object).collect())
    }

    /// Remembers a binding, or forgets it.
    ///
    /// # Errors
    /// `Io` when the file can't be read or written.
    pub fn write(&self, cluster: &ClusterId, alert: Fingerprint, object: Option<&ObjectRef>) -> Result<()> {
        let (context, alert) = (cluster.0.raw().to_owned(), alert.to_string());
        let mut all = self.all()?;
        all.retain(|b| b.context != context || b.alert != alert);
        if let Some((object, resource)) = object.and_then(|o| Some((o, o.resource()?))) {
            let (namespace, name) = (object.namespace.to_string(), object.name.to_string());
            all.push(Bound { context, alert, kind: resource.names().plural.to_owned(), namespace, name });
        }
        let text = serde_json::to_string_pretty(&all)
            .map_err(|e| self.failed("remember the binding of an alert", &e))?;
        self.replace(&text).map_err(|e| self.failed("remember the binding of an alert", &e))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let beside = self.path.with_extension(format!("json.{}", std::process::id()));
        write_private(&beside, text)?;
        std::fs::rename(&beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_remembered_for_its_context_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(&folder.path().join("deckwatch"));
        let (here, there) = (ClusterId("here".into()), ClusterId("there".into()));
        let object = |c: &ClusterId| ObjectRef::new(c, Resource::Deployment, "momo-store", "backend", "uid");
        assert_eq!(memory.read(&here).unwrap(), BTreeMap::new());
        memory.write(&here, Fingerprint(7), Some(&object(&here))).unwrap();
        memory.write(&there, Fingerprint(7), Some(&object(&there))).unwrap();
        // Whatever its uid will be: the name is what is remembered.
        let known = ObjectRef::new(&here, Resource::Deployment, "momo-store", "backend", "");
        assert_eq!(memory.read(&here).unwrap(), [(Fingerprint(7), known)].into());
        memory.write(&here, Fingerprint(7), None).unwrap();
        assert_eq!(memory.read(&here).unwrap(), BTreeMap::new());
        assert_eq!(memory.read(&there).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path());
        std::fs::write(folder.path().join("bindings.json"), "{ broken").unwrap();
        let cluster = ClusterId("here".into());
        assert_eq!(memory.read(&cluster).unwrap_err().kind, Kind::Io);
        let object = ObjectRef::new(&cluster, Resource::Node, "", "worker-1", "");
        assert_eq!(memory.write(&cluster, Fingerprint(1), Some(&object)).unwrap_err().kind, Kind::Io);
        assert_eq!(std::fs::read_to_string(folder.path().join("bindings.json")).unwrap(), "{ broken");
    }
}
