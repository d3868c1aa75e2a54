//! An object in the person's own editor: written out as YAML, read back as what was saved.
//!
//! Owns the file that is edited: in a folder and of a mode that only its owner may read, and gone afterwards. A text that
//! cannot be read is handed to the editor again with the reason above it, so that nothing that was typed is lost.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use deckwatch_helm::yaml11::{parse_document, to_yaml};
use serde_json::Value;

use crate::act::file::{make_private, write_private};
use crate::core::{Error, Kind, ObjectRef, Result, Safe, Untrusted};
use crate::ops::PlanId;

/// The largest text that is read back, in bytes: what the API server takes is less.
const LARGEST: u64 = 8 << 20;

/// Lets a person edit an object. Returns what was saved; none where nothing was changed.
///
/// # Errors
/// The file can't be written or read, the editor can't be started or fails, what was saved is no YAML.
pub fn edit(folder: &Path, object: &ObjectRef, opened: &Value) -> Result<Option<Value>> {
    edit_with(folder, object, opened, &|path| start(&chosen(), path))
}

fn edit_with(
    folder: &Path,
    object: &ObjectRef,
    opened: &Value,
    editor: &dyn Fn(&Path) -> io::Result<ExitStatus>,
) -> Result<Option<Value>> {
    let wrong = |what: &str, detail: String| Error::new(Kind::Io, "edit").on(what.to_owned()).detail(detail);
    let id = PlanId::new(super::now(), super::random());
    let path = folder.join(format!("{id}.yaml"));
    let head = format!(
        "# {object}\n# Lines that begin with `#` are left out. What is saved becomes a plan: nothing is sent before it is\n\
         # confirmed. An empty text leaves the object as it is.\n"
    );
    // Who wrote which field is the server's, and longer than the object.
    let mut shown = opened.clone();
    if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let mut text = format!("{head}{}", to_yaml(&shown));
    let kept = Kept(path.clone());
    make_private(folder).map_err(|e| wrong(&folder.display().to_string(), e.to_string()))?;
    let mut mistake: Option<Safe> = None;
    loop {
        write_private(&path, &text).map_err(|e| wrong(&path.display().to_string(), e.to_string()))?;
        let ended = editor(&path).map_err(|e| wrong("the editor", e.to_string()))?;
        if !ended.success() {
            return Err(wrong("the editor", format!("it ended with {ended}: nothing was changed")));
        }
        let saved = read(&path).map_err(|e| wrong(&path.display().to_string(), e.to_string()))?;
        let body: Vec<&str> = saved.lines().filter(|line| !line.starts_with('#')).collect();
        let body = format!("{}\n", body.join("\n"));
        // Who saves what was refused once more wants to leave.
        if let (Some(mistake), true) = (&mistake, saved == text) {
            kept.keep();
            let detail = format!("what was saved can't be read: {mistake}; it is kept in {}", path.display());
            return Err(Error::new(Kind::Decode, "edit").on(object.to_string()).detail(detail));
        }
        if body.trim().is_empty() {
            return Ok(None);
        }
        match parse_document(&body) {
            Ok(Some(edited)) if edited == shown => return Ok(None),
            Ok(Some(edited)) => return Ok(Some(edited)),
            Ok(None) => return Ok(None),
            Err(error) => {
                let why = Untrusted::from(error.to_string()).clipped(300);
                text = format!("# It can't be read: {why}\n{head}{body}");
                mistake = Some(why);
            }
        }
    }
}

/// The file, which goes with it unless it is to be kept.
struct Kept(PathBuf);

impl Kept {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn read(path: &Path) -> io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > LARGEST {
        return Err(io::Error::other(format!("{length} bytes are more than an object may have")));
    }
    std::fs::read_to_string(path)
}

/// Returns the editor as kubectl chooses it.
fn chosen() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    ["KUBE_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(named).unwrap_or_else(|| "vi".to_owned())
}

/// Starts an editor, which may be a command with arguments, and waits for it.
fn start(editor: &str, path: &Path) -> io::Result<ExitStatus> {
    Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path).status()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::ExitStatusExt as _;

    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;
    use crate::core::{ClusterId, Resource};

    type Edit = Box<dyn Fn(&str) -> String>;

    fn object() -> (ObjectRef, Value) {
        let object = ObjectRef::new(&ClusterId("demo".into()), Resource::ConfigMap, "shop", "env", "u1");
        let opened = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "env", "namespace": "shop"},
            "data": {"mode": "on", "port": "0644", "text": "two\nlines\n"}});
        (object, opened)
    }

    /// Edits by functions, one for each time that the editor is opened.
    fn by(edits: Vec<Edit>) -> (Result<Option<Value>>, Vec<String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let (object, opened) = object();
        let (edits, seen) = (RefCell::new(edits.into_iter()), RefCell::new(Vec::new()));
        let saved = edit_with(&folder.path().join("edit"), &object, &opened, &|path| {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            let text = std::fs::read_to_string(path).unwrap();
            let edit = edits.borrow_mut().next().unwrap();
            std::fs::write(path, edit(&text)).unwrap();
            seen.borrow_mut().push(text);
            Ok(ExitStatus::from_raw(0))
        });
        (saved, seen.into_inner(), folder)
    }

    fn files(folder: &tempfile::TempDir) -> usize {
        std::fs::read_dir(folder.path().join("edit")).unwrap().count()
    }

    #[test]
    fn what_is_saved_is_the_object_and_nothing_changed_is_none() {
        let (saved, seen, folder) = by(vec![Box::new(|text| text.replace("mode: \"on\"", "mode: \"off\""))]);
        assert!(seen[0].starts_with("# ConfigMap shop/env\n"), "{}", seen[0]);
        assert_eq!(
            saved.unwrap().unwrap()["data"],
            json!({"mode": "off", "port": "0644", "text": "two\nlines\n"})
        );
        assert_eq!(files(&folder), 0);
        assert_eq!(by(vec![Box::new(str::to_owned)]).0.unwrap(), None);
        assert_eq!(by(vec![Box::new(|_| "# nothing\n".to_owned())]).0.unwrap(), None);
    }

    #[test]
    fn a_text_that_cannot_be_read_is_opened_again_with_the_reason_and_kept_in_the_end() {
        let broken = |_: &str| "data: {a: [\n".to_owned();
        let (saved, seen, folder) = by(vec![Box::new(broken), Box::new(|_| "data: {a: b}\n".to_owned())]);
        assert_eq!(saved.unwrap().unwrap(), json!({"data": {"a": "b"}}));
        assert!(
            seen[1].starts_with("# It can't be read: ") && seen[1].ends_with("data: {a: [\n"),
            "{}",
            seen[1]
        );
        assert_eq!(files(&folder), 0);
        let (saved, _, folder) = by(vec![Box::new(broken), Box::new(str::to_owned)]);
        assert!(saved.unwrap_err().to_string().contains("it is kept in "));
        assert_eq!(files(&folder), 1);
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (object, opened) = object();
        let path = folder.path().join("edit");
        let failed = edit_with(&path, &object, &opened, &|_| Ok(ExitStatus::from_raw(1 << 8)));
        assert!(failed.unwrap_err().to_string().contains("nothing was changed"));
        assert!(edit_with(&path, &object, &opened, &|path| start("false --", path)).is_err());
        assert_eq!(files(&folder), 0);
    }
}
