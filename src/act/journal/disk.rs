//! The file that is written to: made for its owner alone, only ever appended to, cut back after a write that failed.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A file of the journal.
#[derive(Debug)]
pub struct Disk {
    file: File,
    /// How much of it is whole entries.
    len: u64,
    /// Whether something was written that is not synced yet.
    dirty: bool,
    /// Whether its name is safely in its folder.
    named: bool,
    /// Whether bytes that are no entry could not be taken away again, or something in it could not be synced: nothing more is
    /// written to it.
    spoilt: bool,
}

impl Disk {
    /// Makes a file that is not there yet, and its folder. That its name is safely there is seen to by [`Self::name`].
    ///
    /// # Errors
    /// Those of the file system; a file that is there already, and a link, are refused.
    pub fn make(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.create_new(true).append(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        Ok(Self { file: options.open(path)?, len: 0, dirty: false, named: false, spoilt: false })
    }

    /// Syncs the folder, once, so that the file is still there after a crash of the machine.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn name(&mut self, path: &Path) -> io::Result<()> {
        if let (false, Some(folder)) = (self.named, path.parent()) {
            File::open(folder)?.sync_all()?;
            self.named = true;
        }
        Ok(())
    }

    /// Returns how many bytes of whole entries it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether nothing more may be written to it.
    pub fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    /// Sees to it that nothing more is written to it.
    pub fn leave(&mut self) {
        self.spoilt = true;
    }

    /// Returns another handle, which shares its locks.
    ///
    /// # Errors
    /// Those of the system.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Appends a line. Where that fails, what was written of it is taken away again.
    ///
    /// # Errors
    /// Those of the file system: the line is not there, or the file is spoilt.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(line);
        if written.is_ok() {
            self.len += line.len() as u64;
            self.dirty = true;
        } else {
            self.cut(self.len);
        }
        written
    }

    /// Syncs what was written.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Cuts it back to a length. Returns whether nothing else is in it now; otherwise it is spoilt.
    pub fn cut(&mut self, len: u64) -> bool {
        let is = |file: &File| file.metadata().is_ok_and(|m| m.len() == len);
        self.spoilt = !is(&self.file) && self.file.set_len(len).is_err();
        if !self.spoilt {
            self.len = len;
        }
        !self.spoilt
    }

    /// Returns what stands for a file of that many bytes.
    #[cfg(test)]
    pub fn of(file: File, len: u64) -> Self {
        Self { file, len, dirty: false, named: true, spoilt: false }
    }
}

/// Locks a file for as long as its handle lives. Returns whether it is locked; who is just looking whether it is holds
/// it for a moment.
pub fn lock(file: &File) -> bool {
    file.try_lock().is_ok()
}

/// Returns whether somebody holds a file locked. What can't be told counts as held: nobody is called dead without
/// knowing.
pub fn is_locked(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
    }
}
