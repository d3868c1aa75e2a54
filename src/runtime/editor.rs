//! An object in the person's own editor: written out as YAML, read back as what was saved.
//!
//! Owns the files that are edited, in a folder and of a mode that only their owner may read. Nothing that was typed is lost:
//! a text that cannot be read is handed to the editor again with the reason above it, and what was saved is kept for a day,
//! since the server may refuse it. Of Secrets nothing is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use deckwatch_helm::mask;
use deckwatch_helm::yaml11::{parse_document, to_yaml};
use serde_json::Value;

use crate::act::file::{make_private, write_private};
use crate::app::msg::Saved;
use crate::core::{Error, Kind, ObjectRef, Result, Safe, Untrusted};
use crate::ops::PlanId;

/// The largest text that is read back, in bytes: what the API server takes is less.
const LARGEST: u64 = 8 << 20;
/// How long what was saved is kept.
const KEPT: Duration = Duration::from_hours(24);

/// Lets a person edit an object. Returns what was saved; none where nothing was changed.
///
/// # Errors
/// The file can't be written or read, the editor can't be started or fails, what was saved is no YAML; where the text is
/// kept is told.
pub fn edit(folder: &Path, object: &ObjectRef, opened: &Value) -> Result<Option<Saved>> {
    edit_with(folder, object, opened, &|path| start(&chosen(), path))
}

/// Removes what one edit has left, once it is not wanted any more.
pub fn forget(kept: &Safe) {
    if let Some(folder) = Path::new(kept.as_str()).parent() {
        std::fs::remove_dir_all(folder).ok();
    }
}

fn edit_with(
    folder: &Path,
    object: &ObjectRef,
    opened: &Value,
    editor: &dyn Fn(&Path) -> io::Result<ExitStatus>,
) -> Result<Option<Saved>> {
    sweep(folder);
    let place = Place::make(folder, mask::is_secret(opened))?;
    let outcome = rounds(&place, object, opened, editor);
    match outcome {
        Ok(Some(object)) => Ok(Some(Saved { object, kept: place.keep() })),
        Ok(None) => Ok(None),
        Err(error) => Err(match place.keep() {
            Some(path) => error.hint(format!("what was saved is kept for a day in {path}")),
            None => error,
        }),
    }
}

fn wrong(what: &str, detail: impl std::fmt::Display) -> Error {
    Error::new(Kind::Io, "edit").on(what.to_owned()).detail(detail.to_string())
}

/// Hands the text to the editor until it can be read.
fn rounds(
    place: &Place,
    object: &ObjectRef,
    opened: &Value,
    editor: &dyn Fn(&Path) -> io::Result<ExitStatus>,
) -> Result<Option<Value>> {
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
    let mut mistake: Option<Safe> = None;
    for round in 1.. {
        // Each round has a file of its own: what was typed before is still there if this one can't be written.
        let path = place.file(round);
        let named = path.display().to_string();
        write_private(&path, &text).map_err(|e| wrong(&named, e))?;
        place.last.set(round);
        let ended = editor(&path).map_err(|e| wrong("the editor", e))?;
        if !ended.success() {
            return Err(wrong("the editor", format_args!("it ended with {ended}: nothing is changed")));
        }
        let saved = read(&path).map_err(|e| wrong(&named, e))?;
        // Who saves what was refused once more wants to leave.
        if let (Some(mistake), true) = (&mistake, saved == text) {
            let detail = format!("what was saved can't be read: {mistake}");
            return Err(Error::new(Kind::Decode, "edit").on(object.to_string()).detail(detail));
        }
        let body: Vec<&str> = saved.lines().filter(|line| !line.starts_with('#')).collect();
        let body = format!("{}\n", body.join("\n"));
        match parse_document(&body) {
            _ if body.trim().is_empty() => return Ok(None),
            Ok(None) => return Ok(None),
            Ok(Some(edited)) if edited == shown => return Ok(None),
            Ok(Some(edited)) => return Ok(Some(edited)),
            Err(error) => {
                let why = Untrusted::from(error.to_string()).clipped(300);
                text = format!("# It can't be read: {why}\n{head}{body}");
                mistake = Some(why);
            }
        }
    }
    Ok(None)
}

/// The folder of one edit, which goes with it unless it is to be kept: editors leave files of their own beside the text.
struct Place {
    folder: PathBuf,
    /// Whether it is a Secret's: then nothing is kept.
    secret: bool,
    last: std::cell::Cell<u32>,
    keeps: std::cell::Cell<bool>,
}

impl Place {
    fn make(folder: &Path, secret: bool) -> Result<Self> {
        let folder = folder.join(PlanId::new(super::now(), super::random()).to_string());
        make_private(&folder).map_err(|e| wrong(&folder.display().to_string(), e))?;
        Ok(Self { folder, secret, last: std::cell::Cell::new(0), keeps: std::cell::Cell::new(false) })
    }

    fn file(&self, round: u32) -> PathBuf {
        self.folder.join(format!("{round}.yaml"))
    }

    /// Keeps the text, where it may be kept. Returns where it is.
    fn keep(&self) -> Option<Safe> {
        let is_kept = !self.secret && self.last.get() > 0;
        self.keeps.set(is_kept);
        is_kept.then(|| Safe::of(&self.file(self.last.get()).display().to_string()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keeps.get() {
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Removes what earlier edits have left for longer than it is kept.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
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
    fn by(edits: Vec<Edit>) -> (Result<Option<Saved>>, Vec<String>, tempfile::TempDir) {
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
        let saved = saved.unwrap().unwrap();
        assert_eq!(saved.object["data"], json!({"mode": "off", "port": "0644", "text": "two\nlines\n"}));
        // The server may refuse it: until that is known the text is kept.
        let kept = saved.kept.unwrap();
        assert!(std::fs::read_to_string(kept.as_str()).unwrap().contains("mode: \"off\""));
        forget(&kept);
        assert_eq!(files(&folder), 0);
        for edit in [str::to_owned, |_: &str| "# nothing\n".to_owned()] {
            let (saved, _, folder) = by(vec![Box::new(edit)]);
            assert!(saved.unwrap().is_none());
            assert_eq!(files(&folder), 0);
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_opened_again_with_the_reason_and_kept_in_the_end() {
        let broken = |_: &str| "data: {a: [\n".to_owned();
        let (saved, seen, folder) = by(vec![Box::new(broken), Box::new(|_| "data: {a: b}\n".to_owned())]);
        assert_eq!(saved.unwrap().unwrap().object, json!({"data": {"a": "b"}}));
        assert!(
            seen[1].starts_with("# It can't be read: ") && seen[1].ends_with("data: {a: [\n"),
            "{}",
            seen[1]
        );
        assert_eq!(files(&folder), 1);
        let (saved, _, folder) = by(vec![Box::new(broken), Box::new(str::to_owned)]);
        assert!(saved.unwrap_err().hint.unwrap().contains("is kept for a day in "));
        assert_eq!(files(&folder), 1);
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (object, opened) = object();
        let path = folder.path().join("edit");
        let failed = edit_with(&path, &object, &opened, &|_| Ok(ExitStatus::from_raw(1 << 8)));
        let failed = failed.unwrap_err();
        assert!(failed.to_string().contains("nothing is changed"));
        assert!(failed.hint.unwrap().contains("1.yaml"));
        assert!(edit_with(&path, &object, &opened, &|path| start("false --", path)).is_err());
        // Of a Secret nothing is kept.
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "eA=="}});
        let before = files(&folder);
        let failed = edit_with(&path, &object, &secret, &|_| Ok(ExitStatus::from_raw(1 << 8)));
        assert_eq!((failed.unwrap_err().hint, files(&folder)), (None, before));
    }
}
