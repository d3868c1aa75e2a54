//! The files of journals: `ID.jsonl`, and where one has grown too large, `ID.001.jsonl`, `ID.002.jsonl`, …

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// One journal: its name and its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The name that all its files share.
    pub id: String,
    /// The folder that they are in.
    pub folder: PathBuf,
    /// The numbers of the files that are there, in order.
    pub numbers: Vec<u32>,
}

/// Returns the name of a journal's file of a number.
pub fn name(id: &str, number: u32) -> String {
    if number == 0 { format!("{id}.jsonl") } else { format!("{id}.{number:03}.jsonl") }
}

/// Returns which journal a file is of, and its number; none for other files. A name that is not written as [`name`]
/// does is one of its own.
fn parts(path: &Path) -> Option<(String, u32)> {
    let file = path.file_name()?.to_str()?;
    let stem = file.strip_suffix(".jsonl").filter(|s| !s.is_empty())?;
    if let Some((id, number)) = stem.rsplit_once('.')
        && let Ok(number) = number.parse::<u32>()
        && number > 0
        && !id.is_empty()
        && name(id, number) == file
    {
        return Some((id.to_owned(), number));
    }
    Some((stem.to_owned(), 0))
}

impl Set {
    /// Returns where its file of a number is.
    pub fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(&self.id, number))
    }

    /// Returns where its first file is, or would be.
    pub fn first(&self) -> PathBuf {
        self.path(0)
    }
}

/// Returns the journals whose files lie in a folder, oldest first. Names that are no text are passed over.
///
/// # Errors
/// Those of the file system; a folder that is not there has none.
pub fn within(folder: &Path) -> io::Result<Vec<Set>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(parts(&entry?.path()));
    }
    found.sort();
    let mut sets: Vec<Set> = Vec::new();
    for (id, number) in found {
        match sets.last_mut().filter(|s| s.id == id) {
            Some(set) => set.numbers.push(number),
            None => sets.push(Set { id, folder: folder.to_owned(), numbers: vec![number] }),
        }
    }
    Ok(sets)
}

/// Returns the journals of a state folder, oldest first.
///
/// # Errors
/// As [`within`].
pub fn sets(state: &Path) -> io::Result<Vec<Set>> {
    within(&state.join("journal"))
}

/// Returns the journal that a file is of, with all its files.
///
/// # Errors
/// Those of the file system; `NotFound` when there is no such journal.
pub fn set_of(path: &Path) -> io::Result<Set> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "there is no such journal");
    let (id, _) = parts(path).ok_or_else(none)?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    within(folder)?.into_iter().find(|s| s.id == id).ok_or_else(none)
}

/// Opens a file for reading: what is no plain file, or a link, is refused and not waited for.
///
/// # Errors
/// Those of the file system.
pub fn open(path: &Path) -> io::Result<BufReader<File>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file"));
    }
    Ok(BufReader::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_their_journal_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jsonl", "a.002.jsonl", "a.1000.jsonl", "a.jsonl", "a.2.jsonl", "a.md", ".jsonl"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let sets = within(folder.path()).unwrap();
        let told: Vec<(&str, &[u32])> = sets.iter().map(|s| (&*s.id, &*s.numbers)).collect();
        assert_eq!(told, [("a", &[0, 2, 1000][..]), ("a.2", &[0]), ("b", &[0])]);
        assert_eq!(set_of(&folder.path().join("a.002.jsonl")).unwrap(), sets[0]);
        assert!(set_of(&folder.path().join("c.jsonl")).is_err());
    }

    #[test]
    fn what_is_no_plain_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("a.jsonl");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(open(&link).is_err() && open(folder.path()).is_err());
    }
}
