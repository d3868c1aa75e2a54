//! The journal: one file per process, a line of JSON per entry, only ever appended to.
//!
//! Entries of a plan are on disk (fsync) before the write that they announce. Holds names, numbers and
//! sanitised text, never a secret. Where it can't be written, nothing is written to the cluster.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::write_private;
use crate::core::hold::Holds;
use crate::core::{Error, Kind, Result, Ts, Untrusted, Zone};
use crate::ops::{Record, What};

#[derive(Debug)]
struct State {
    /// `None` before the first entry.
    file: Option<std::result::Result<File, Error>>,
    records: Vec<Record>,
    /// Why the last entry is not safely there.
    broken: Option<Error>,
}

impl State {
    /// Returns the file, made with the first entry; a folder that can't be written is not tried again.
    fn file(&mut self, path: &Path) -> Result<&mut File> {
        let made = || open(path).map_err(|e| failed("open the journal", path, &e));
        self.file.get_or_insert_with(made).as_mut().map_err(|e| e.clone())
    }
}

/// The journal of this process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    state: Arc<Mutex<State>>,
    holds: Holds,
}

fn failed(what: &'static str, path: &Path, error: &io::Error) -> Error {
    let hint =
        "nothing is written to the cluster while the journal can't be: free the disk, or set XDG_STATE_HOME";
    Error::new(Kind::Io, what).on(path.display().to_string()).detail(error.to_string()).hint(hint)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create_new(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
}

impl Journal {
    /// Begins a new journal in a folder. No file is touched before the first entry; with it, a folder that
    /// can't be written is told.
    pub fn open(folder: &Path, now: Ts, random: u128) -> Self {
        let id = crate::ops::PlanId::new(now, random);
        let path = folder.join("journal").join(format!("{id}.jsonl"));
        let state = State { file: None, records: Vec::new(), broken: None };
        Self { path, state: Arc::new(Mutex::new(state)), holds: Holds::default() }
    }

    /// Returns the name that its file has, without a suffix.
    pub fn id(&self) -> String {
        self.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns the holds that are taken while an entry is written: meanwhile the process is neither
    /// ended nor stopped.
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry; those of a plan are synced to the disk before this returns.
    ///
    /// # Errors
    /// `Io` with the path, when the entry is not safely there.
    pub fn append(&self, record: &Record) -> Result<()> {
        let _hold = self.holds.take();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.records.push(record.clone());
        let mut line = serde_json::to_vec(record)
            .map_err(|e| Error::new(Kind::Internal, "write the journal").detail(e.to_string()))?;
        line.push(b'\n');
        if state.broken.is_some() {
            // The last entry may be torn: this one begins on a line of its own.
            line.insert(0, b'\n');
        }
        let file = state.file(&self.path)?;
        let synced = matches!(record.what, What::Intent { .. } | What::Write { .. } | What::Outcome { .. });
        let outcome = file.write_all(&line).and_then(|()| if synced { file.sync_data() } else { Ok(()) });
        state.broken = outcome.err().map(|e| failed("write the journal", &self.path, &e));
        state.broken.clone().map_or(Ok(()), Err)
    }

    /// Syncs everything to the disk.
    ///
    /// # Errors
    /// `Io` with the path; also that the last entry is not safely there.
    pub fn sync(&self) -> Result<()> {
        let _hold = self.holds.take();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &state.broken {
            return Err(error.clone());
        }
        let file = state.file(&self.path)?;
        file.sync_all().map_err(|e| failed("sync the journal", &self.path, &e))
    }

    /// Writes it as Markdown beside itself. Returns where.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn export_markdown(&self) -> Result<PathBuf> {
        let path = self.path.with_extension("md");
        let records = self.state.lock().unwrap_or_else(PoisonError::into_inner).records.clone();
        let text = markdown(&records);
        write_private(&path, &text).map_err(|e| failed("export the journal", &path, &e))?;
        Ok(path)
    }
}

/// Returns entries as a handover in Markdown: a table of time and entry, times in UTC.
pub fn markdown(records: &[Record]) -> String {
    let mut out = String::from("# deckwatch journal\n\nTimes are UTC.\n\n| time | entry |\n|---|---|\n");
    for record in records {
        out.push_str(&format!("| {} | {} |\n", record.at.date_clock(Zone::Utc), cell(&record.what.line())));
    }
    out
}

/// Reads the entries of a journal file as lines of JSON, for export by the command line.
///
/// # Errors
/// `Io` when the file can't be read.
pub fn read_lines(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|e| failed("read the journal", path, &e))?;
    Ok(text.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect())
}

/// Returns lines of a journal file as a handover in Markdown; a line that is torn says so.
pub fn markdown_of_lines(lines: &[String]) -> String {
    let mut out = String::from("# deckwatch journal\n\nTimes are UTC.\n\n| time | entry |\n|---|---|\n");
    for line in lines {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or(serde_json::Value::Null);
        let at = value
            .get("at")
            .and_then(serde_json::Value::as_str)
            .and_then(Ts::parse_rfc3339)
            .map_or_else(|| "?".to_owned(), |at| at.date_clock(Zone::Utc));
        let mut words = Vec::new();
        for (key, inner) in value.as_object().into_iter().flatten().filter(|(k, _)| *k != "at") {
            let text = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
            words.push(if key == "what" { text } else { format!("{key} {text}") });
        }
        let text = if words.is_empty() { "(a torn line)".to_owned() } else { words.join(" · ") };
        out.push_str(&format!("| {at} | {} |\n", cell(&text)));
    }
    out
}

fn cell(text: &str) -> String {
    let safe = Untrusted::from(text).safe();
    safe.as_str().replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "'")
}

/// Returns the journal files of a folder, oldest first.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("journal")).into_iter().flatten().flatten();
    let mut out: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::core::Safe;

    fn record(text: &str) -> Record {
        Record { at: Ts::from_secs(1_000_000_000), what: What::Note { text: Safe::of(text) } }
    }

    #[test]
    fn entries_are_lines_of_a_file_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
        journal.append(&record("one")).unwrap();
        journal.append(&record("two\u{1b}[2J")).unwrap();
        let lines = read_lines(journal.path()).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].contains("two^[[2J"), "{lines:?}");
        assert_eq!(std::fs::metadata(journal.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(files(folder.path()), [journal.path().to_path_buf()]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let journal = Journal::open(&blocked, Ts::from_secs(1), 1);
        let error = journal.append(&record("one")).unwrap_err();
        assert_eq!(error.kind, Kind::Io);
        assert!(error.to_string().contains("nothing is written to the cluster"));
        assert!(journal.sync().is_err());
    }

    #[test]
    fn after_an_entry_that_could_not_be_written_nothing_counts_as_synced_until_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
        // A device that is always full stands for a disk that is.
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let good = journal.state.lock().unwrap().file.replace(Ok(full));
        assert_eq!(journal.append(&record("lost")).unwrap_err().kind, Kind::Io);
        journal.state.lock().unwrap().file = good;
        assert_eq!(journal.sync().unwrap_err().kind, Kind::Io);
        journal.append(&record("kept")).unwrap();
        journal.sync().unwrap();
        let lines = read_lines(journal.path()).unwrap();
        assert!(lines.len() == 1 && lines[0].contains("kept"), "{lines:?}");
    }

    #[test]
    fn an_entry_is_not_begun_while_the_process_is_being_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
        let pause = journal.holds().pause(std::time::Duration::from_secs(10));
        let writing = journal.clone();
        let writer = std::thread::spawn(move || writing.append(&record("late")));
        std::thread::yield_now();
        assert!(!journal.path().exists());
        drop(pause);
        writer.join().unwrap().unwrap();
        assert_eq!(read_lines(journal.path()).unwrap().len(), 1);
        assert!(!journal.holds().any());
    }

    #[test]
    fn the_handover_is_a_table_that_no_entry_can_break() {
        let text = markdown(&[record("a | b <script> `x`")]);
        assert!(text.ends_with("| 2001-09-09 01:46:40 | a \\| b &lt;script> 'x' |\n"), "{text}");
    }
}
