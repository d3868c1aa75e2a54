//! Syncing beside the work: entries that an earlier one stands for need not be waited for one by one.
//!
//! Owns the thread that syncs, which lives as long as the journal, and the first failure that it has not told yet. Never
//! writes an entry.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Syncs files in a thread of its own, one after the other.
#[derive(Debug)]
pub struct Aside {
    files: SyncSender<File>,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Aside {
    /// Begins.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> io::Result<Self> {
        // One that waits has not begun: it syncs what is written until then, too.
        let (files, asked) = sync_channel::<File>(1);
        let failed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failed);
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            for file in asked {
                if let Err(error) = file.sync_data() {
                    told.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        })?;
        Ok(Self { files, failed })
    }

    /// Has what is in the file by now synced soon.
    ///
    /// # Errors
    /// The thread is gone.
    pub fn ask(&self, file: File) -> io::Result<()> {
        match self.files.try_send(file) {
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(io::Error::other("nothing syncs it any more")),
        }
    }

    /// Returns what failed since this was asked last.
    pub fn failure(&self) -> Option<io::Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
