//! The log's file: made with the first line, for its owner's eyes, never longer than a limit.
//!
//! When it is full it becomes the process's older half and a new one is begun. Of other processes' logs
//! the newest few are kept. Where it can't be written, lines are dropped: a log is never a reason to fail.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The most bytes of one file; a process has at most two.
const LONGEST: u64 = 4 << 20;
/// How many files of other processes are kept.
const KEPT: usize = 12;

/// See the module.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    limit: u64,
    written: u64,
    file: Option<File>,
    /// It can't be written: nothing is tried any more.
    given_up: bool,
}

impl LogFile {
    /// Returns a file of that name in a folder; nothing is touched yet.
    pub fn new(folder: &Path, id: &str) -> Self {
        let path = folder.join(format!("{id}.jsonl"));
        Self { path, limit: LONGEST, written: 0, file: None, given_up: false }
    }

    fn open(&mut self) -> io::Result<&mut File> {
        let file = if let Some(file) = self.file.take() {
            file
        } else {
            if let Some(folder) = self.path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
                tidy(folder);
            }
            let mut options = OpenOptions::new();
            options.create_new(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
            options.open(&self.path)?
        };
        Ok(self.file.insert(file))
    }

    fn turn_over(&mut self) -> io::Result<()> {
        self.file = None;
        self.written = 0;
        std::fs::rename(&self.path, self.path.with_extension("older.jsonl"))
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.written > 0 && self.written + line.len() as u64 > self.limit {
            self.turn_over()?;
        }
        self.open()?.write_all(line)?;
        self.written += line.len() as u64;
        Ok(())
    }
}

/// Removes the oldest files beyond those that are kept; their names sort by time.
fn tidy(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut logs: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    logs.sort();
    let beyond = logs.len().saturating_sub(KEPT);
    for old in logs.iter().take(beyond) {
        std::fs::remove_file(old).ok();
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.given_up && self.put(line).is_err() {
            self.given_up = true;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use pretty_assertions::assert_eq;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut out: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        out.sort();
        out
    }

    #[test]
    fn the_file_comes_with_the_first_line_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("log");
        let mut file = LogFile::new(&folder, "b");
        assert!(!folder.exists());
        file.write_all(b"one\n").unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("b.jsonl"))), (0o700, 0o600));
    }

    #[test]
    fn it_is_never_longer_than_its_limit_and_keeps_the_half_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = LogFile { limit: 10, ..LogFile::new(dir.path(), "b") };
        for n in 0..7 {
            writeln!(file, "line {n}").unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(names(dir.path()), ["b.jsonl", "b.older.jsonl"]);
        assert_eq!((read("b.older.jsonl"), read("b.jsonl")), ("line 5\n".into(), "line 6\n".into()));
    }

    #[test]
    fn the_oldest_logs_of_others_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..20 {
            std::fs::write(dir.path().join(format!("a{n:02}.jsonl")), "").unwrap();
        }
        LogFile::new(dir.path(), "b").write_all(b"x\n").unwrap();
        assert_eq!((names(dir.path()).len(), names(dir.path())[0].as_str()), (13, "a08.jsonl"));
    }

    #[test]
    fn a_folder_that_cannot_be_written_fails_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let mut file = LogFile::new(&blocked, "b");
        file.write_all(b"one\n").unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!(names(dir.path()), ["file"]);
    }
}
