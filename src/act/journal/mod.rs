//! The journal: one per process, a line of JSON per entry, only ever appended to, each entry chained to all before it.
//!
//! Entries of a plan are on disk (fsync) before the write that they announce; of writes that follow one another at once, one
//! that announces them all is, and their own follow as fast as the disk takes them. Holds names, numbers and sanitised text,
//! never a secret. Where it can't be written, nothing is written to the cluster; what could not be written waits and
//! comes before the next entry. Past a size it goes on in another file; nothing is ever deleted. Who can write its files
//! can forge it: it is tamper-evident to whoever noted its head elsewhere, not tamper-proof.

mod aside;
pub mod chain;
mod disk;
pub mod files;
mod lines;
pub mod markdown;
pub mod read;
#[cfg(test)]
mod tests;
pub mod verify;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::write_private;
use crate::core::hold::Holds;
use crate::core::{Error, Kind, Result, Safe, Ts, num};
use crate::ops::{Record, What};
use aside::Aside;
use chain::{Chain, Hash, LONGEST_BODY};
use disk::Disk;

/// How large a file grows before the journal goes on in the next one, in bytes.
pub const FILE: u64 = 8 << 20;

/// How many entries wait at most for a disk that takes none.
const WAITING: usize = 10_000;

/// How many bytes of entries wait at most.
const WAITING_BYTES: usize = 32 << 20;

/// An entry that is not in the file yet.
#[derive(Debug)]
struct Waiting {
    /// Its fields, without braces.
    body: Vec<u8>,
    synced: bool,
}

#[derive(Debug)]
struct State {
    chain: Chain,
    /// The file that is written to; `None` before the first entry.
    disk: Option<Disk>,
    number: u32,
    /// The first file, held open for its lock.
    first: Option<File>,
    locked: bool,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Entries that found no place to wait since the last one that was written.
    lost: u64,
    /// Files that were left before they could be synced.
    doubtful: Vec<Disk>,
    /// What syncs beside the work, once something is to be.
    aside: Option<Aside>,
}

/// The journal of this process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    id: Arc<str>,
    folder: Arc<Path>,
    largest: u64,
    state: Arc<Mutex<State>>,
    holds: Holds,
}

fn failed(what: &'static str, path: &Path, error: &io::Error) -> Error {
    let hint =
        "nothing is written to the cluster while the journal can't be: free the disk, or set XDG_STATE_HOME";
    unread(what, path, error).hint(hint)
}

fn unread(what: &'static str, path: &Path, error: &io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Io };
    Error::new(kind, what).on(path.display().to_string()).detail(error.to_string())
}

impl Journal {
    /// Begins a new journal in a folder. No file is touched before the first entry; with it, a folder that
    /// can't be written is told.
    pub fn open(folder: &Path, now: Ts, random: u128) -> Self {
        Self::with(folder, now, random, FILE)
    }

    /// Begins a new journal whose files grow to another size, in bytes.
    pub fn with(folder: &Path, now: Ts, random: u128, largest: u64) -> Self {
        Self::of(folder, crate::ops::PlanId::new(now, random), largest)
    }

    /// Begins a journal whose name another process has chosen, to find it by.
    pub fn named(folder: &Path, id: crate::ops::PlanId) -> Self {
        Self::of(folder, id, FILE)
    }

    fn of(folder: &Path, id: crate::ops::PlanId, largest: u64) -> Self {
        let id = id.to_string();
        let state = State {
            chain: Chain::new(&id),
            disk: None,
            number: 0,
            first: None,
            locked: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost: 0,
            doubtful: Vec::new(),
            aside: None,
        };
        Self {
            id: id.into(),
            folder: folder.join("journal").into(),
            largest,
            state: Arc::new(Mutex::new(state)),
            holds: Holds::default(),
        }
    }

    /// Returns its name: that of its first file, without a suffix.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// Returns the holds that are taken while an entry is written: meanwhile the process is neither
    /// ended nor stopped.
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Returns where its first file is.
    pub fn path(&self) -> PathBuf {
        self.file(0)
    }

    fn file(&self, number: u32) -> PathBuf {
        self.folder.join(files::name(&self.id, number))
    }

    /// Returns the hash of the last entry in the files, none before the first: noted elsewhere, it shows later
    /// whether entries were changed or cut off.
    pub fn head(&self) -> Option<Hash> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).chain.head()
    }

    /// Appends an entry, after all those that still wait; those of a plan are synced to the disk before this returns.
    ///
    /// # Errors
    /// `Io` with the path, when the entry or one before it is not safely there: it waits, and is written before the
    /// next one. `TooLarge` when it fits into no line, which is noted instead.
    pub fn append(&self, record: &Record) -> Result<()> {
        let _hold = self.holds.take();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.put(&mut state, record, record.what.is_synced())
    }

    /// Appends an entry that one which is synced stands for: it is in the file before this returns, and on the disk soon
    /// after.
    ///
    /// # Errors
    /// As above; also when one that was appended so before could not be synced.
    pub fn append_covered(&self, record: &Record) -> Result<()> {
        let _hold = self.holds.take();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = state.aside.as_ref().and_then(Aside::failure);
        if let (Some(_), Some(disk)) = (&failure, &mut state.disk) {
            // Synced once more it might say that all is well: what is written from here on goes elsewhere.
            disk.leave();
        }
        self.put(&mut state, record, false)?;
        let number = state.number;
        let unsynced = |e: io::Error| failed("sync the journal", &self.file(number), &e);
        if let Some(error) = failure {
            return Err(unsynced(error));
        }
        let Some(file) = state.disk.as_ref().map(Disk::handle) else { return Ok(()) };
        if state.aside.is_none() {
            state.aside = Some(Aside::start().map_err(unsynced)?);
        }
        state.aside.as_ref().map_or(Ok(()), |aside| aside.ask(file?)).map_err(unsynced)
    }

    fn put(&self, state: &mut State, record: &Record, synced: bool) -> Result<()> {
        let mut entry = body(record)?;
        let long = (entry.len() > LONGEST_BODY).then_some(entry.len());
        if let Some(bytes) = long {
            entry = note(record.at, &format!("an entry of {bytes} bytes is left out: it is too long"))?;
        }
        if !state.has_room(&entry) {
            // That it fails is told below, where it is tried again.
            self.write(state).ok();
        }
        let kept = state.wait(entry, synced);
        self.write(state)?;
        if state.lost > 0 {
            let lost = num::counted(usize::try_from(state.lost).unwrap_or(usize::MAX), "entry", "entries");
            let text = note(record.at, &format!("{lost} lost: the journal could not be written"))?;
            state.lost = 0;
            state.wait(text, true);
            self.write(state)?;
        }
        match long {
            _ if !kept => Err(Error::new(Kind::Io, "write the journal")
                .on(self.id.to_string())
                .detail("too many entries wait already: this one is lost")),
            Some(bytes) => Err(Error::new(Kind::TooLarge, "write the journal")
                .on(self.id.to_string())
                .detail(format!("an entry of {bytes} bytes, where {LONGEST_BODY} are the most"))),
            None => Ok(()),
        }
    }

    /// Writes what waits and syncs everything to the disk.
    ///
    /// # Errors
    /// `Io` with the path: something is not safely there.
    pub fn sync(&self) -> Result<()> {
        let _hold = self.holds.take();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&mut state)?;
        let number = state.number;
        let Some(disk) = &mut state.disk else { return Ok(()) };
        disk.sync().map_err(|e| failed("sync the journal", &self.file(number), &e))
    }

    /// Writes what waits, in order, and syncs what asks for it.
    fn write(&self, state: &mut State) -> Result<()> {
        while let Some(entry) = state.waiting.front() {
            let (line, after) = state.chain.line(&entry.body);
            let synced = entry.synced;
            self.place(state, line.len() as u64)?;
            let number = state.number;
            let Some(disk) = &mut state.disk else { break };
            let before = disk.len();
            let written = disk.append(&line).and_then(|()| if synced { disk.sync() } else { Ok(()) });
            if let Err(error) = written {
                // A line that is whole but not synced is taken away and written anew. Where it can't be taken away it
                // stays and counts, and the next file goes on after it.
                if disk.len() > before && !disk.cut(before) {
                    state.done(after);
                }
                return Err(failed("write the journal", &self.file(number), &error));
            }
            state.done(after);
        }
        let mut error = None;
        state.doubtful.retain_mut(|disk| {
            let synced = disk.sync();
            let failed = synced.is_err();
            error = synced.err().or(error.take());
            failed
        });
        error.map_or(Ok(()), |e| Err(failed("sync the journal", &self.path(), &e)))
    }

    /// Sees to it that there is a file with room for a line.
    fn place(&self, state: &mut State, line: u64) -> Result<()> {
        let full = |d: &mut Disk| d.is_spoilt() || (d.len() > 0 && d.len() + line > self.largest);
        if let Some(mut disk) = state.disk.take_if(full) {
            state.number += 1;
            if disk.sync().is_err() {
                state.doubtful.push(disk);
            }
        }
        let path = self.file(state.number);
        let failed = |e: io::Error| failed("open the journal", &path, &e);
        if state.disk.is_none() {
            let disk = Disk::make(&path).map_err(failed)?;
            if state.number == 0 {
                state.first = disk.handle().ok();
            }
            state.disk = Some(disk);
        }
        if let (false, Some(first)) = (state.locked, &state.first) {
            state.locked = disk::lock(first);
        }
        state.disk.as_mut().map_or(Ok(()), |disk| disk.name(&path)).map_err(failed)
    }

    /// Writes what is in its files as Markdown beside them. Returns where.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn export_markdown(&self) -> Result<PathBuf> {
        let path = self.path().with_extension("md");
        let waiting = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.len() as u64 + state.lost
        };
        let set = files::set_of(&self.path()).map_err(|e| unread("read the journal", &self.path(), &e))?;
        let text = markdown::handover(&set.id, &read::lines(&set)?, waiting);
        write_private(&path, &text).map_err(|e| failed("export the journal", &path, &e))?;
        Ok(path)
    }
}

/// Returns the fields of an entry as they stand in its line: JSON without the braces.
fn body(record: &Record) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(record)
        .map_err(|e| Error::new(Kind::Internal, "write the journal").detail(e.to_string()))?;
    let inner = json.strip_prefix(b"{").and_then(|j| j.strip_suffix(b"}"));
    inner.map(<[u8]>::to_vec).ok_or_else(|| Error::new(Kind::Internal, "write the journal"))
}

/// Returns a note of the journal's own.
fn note(at: Ts, text: &str) -> Result<Vec<u8>> {
    body(&Record { at, what: What::Note { text: Safe::of(text) } })
}

impl State {
    fn has_room(&self, body: &[u8]) -> bool {
        self.waiting.len() < WAITING && self.waiting_bytes + body.len() <= WAITING_BYTES
    }

    /// Lets an entry wait. Returns whether there was room for it; else it is counted.
    fn wait(&mut self, body: Vec<u8>, synced: bool) -> bool {
        let room = self.has_room(&body);
        if room {
            self.waiting_bytes += body.len();
            self.waiting.push_back(Waiting { body, synced });
        } else {
            self.lost += 1;
        }
        room
    }

    /// The first one that waited is in the file.
    fn done(&mut self, after: Chain) {
        self.chain = after;
        if let Some(entry) = self.waiting.pop_front() {
            self.waiting_bytes -= entry.body.len();
        }
    }
}
