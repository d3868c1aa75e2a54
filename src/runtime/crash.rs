//! Reports of panics: what a maintainer needs to find the fault, and nothing that belongs to the user.
//!
//! Owns the trail of the last messages' kinds and a summary of the model, both kept while the cockpit
//! runs, and the file that a panic leaves: version, thread, place, summary, kinds, backtrace. Never holds
//! what a message carries, a name from a cluster, or a panic's computed message. Tested here and by
//! `tests/pty`.

use std::backtrace::Backtrace;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::inbox::Inbox;
use crate::app::{Model, Msg};
use crate::core::{Error, Kind};
use crate::store::health::SourceId;
use crate::term::{Crash, PanicPolicy, Survived};

/// How many kinds of messages are remembered.
const TRAIL: usize = 200;
/// The most reports of one process: a fault that comes again and again tells nothing new.
const MOST: usize = 5;
/// How the threads are named whose panics the cockpit survives.
pub const SOURCES: &str = "sources";

#[derive(Debug, Default)]
struct Trail {
    kinds: VecDeque<(&'static str, usize)>,
    summary: String,
}

/// Remembers what a report will tell; cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    folder: Arc<Path>,
    id: Arc<str>,
    trail: Arc<Mutex<Trail>>,
    left: Arc<AtomicUsize>,
}

impl Recorder {
    /// Returns a recorder that leaves its reports in the folder `crash` of deckwatch's state; `id` tells
    /// this process's from others.
    pub fn new(state: &Path, id: &str) -> Self {
        Self {
            folder: state.join("crash").into(),
            id: id.into(),
            trail: Arc::default(),
            left: Arc::default(),
        }
    }

    /// Remembers that a message came; the same kind again is counted.
    pub fn saw(&self, msg: &Msg) {
        let kind = msg.kind();
        let Ok(mut trail) = self.trail.try_lock() else { return };
        match trail.kinds.back_mut() {
            Some((last, times)) if *last == kind => *times += 1,
            _ => {
                if trail.kinds.len() == TRAIL {
                    trail.kinds.pop_front();
                }
                trail.kinds.push_back((kind, 1));
            }
        }
    }

    /// Remembers what the model is like.
    pub fn note(&self, model: &Model) {
        let Ok(mut trail) = self.trail.try_lock() else { return };
        trail.summary.clear();
        summary(model, &mut trail.summary).ok();
    }

    /// Leaves a report; returns where.
    pub fn report(&self, crash: &Crash) -> Option<PathBuf> {
        let number = self.left.fetch_add(1, Ordering::SeqCst);
        if number >= MOST {
            return None;
        }
        let path = self.folder.join(format!("{}-{number}.txt", self.id));
        let text = self.text(crash);
        write(&path, &text).ok().map(|()| path)
    }

    fn text(&self, crash: &Crash) -> String {
        let mut out = format!(
            "deckwatch {} on {} {}\nthread {} panicked at {}\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            crash.thread,
            crash.place
        );
        let message = crash.message.unwrap_or("(left out: it was computed and may hold data)");
        out.push_str(&format!("message: {message}\n"));
        let ended = if crash.survived { "it went on" } else { "it ended" };
        out.push_str(&format!("{ended}\n\n"));
        // The thread that panics may hold it: then the rest has to do.
        if let Ok(trail) = self.trail.try_lock() {
            out.push_str(&format!("model:\n{}\nlast messages, the newest last:\n", trail.summary));
            for (kind, times) in &trail.kinds {
                let times = if *times > 1 { format!(" ×{times}") } else { String::new() };
                out.push_str(&format!("  {kind}{times}\n"));
            }
        }
        out.push_str(&format!("\nbacktrace:\n{}\n", Backtrace::force_capture()));
        out
    }

    /// Returns what is done on a panic: sources' are survived and told, all leave a report.
    pub fn policy(&self, inbox: &Inbox) -> PanicPolicy {
        let (recorder, inbox) = (self.clone(), inbox.clone());
        PanicPolicy {
            survives: Box::new(|thread| thread.starts_with(SOURCES)),
            report: Box::new(move |crash| recorder.report(crash)),
            note: Box::new(move |survived| {
                // The thread that panics may hold the inbox.
                let inbox = inbox.clone();
                std::thread::spawn(move || inbox.send(Msg::Notice(told(&survived))));
            }),
        }
    }
}

fn told(survived: &Survived) -> Error {
    let report = survived.report.as_ref().map(|p| format!("; report: {}", p.display()));
    let detail = format!("a fault of deckwatch at {}{}", survived.place, report.unwrap_or_default());
    Error::new(Kind::Internal, "work behind the cockpit").detail(detail)
}

/// Writes names of views, counts and states: nothing from outside.
fn summary(model: &Model, out: &mut String) -> std::fmt::Result {
    let shared = &model.shared;
    let views: Vec<&str> = model.nav.pages().map(|p| p.view.name()).collect();
    writeln!(out, "  views {}", views.join(" > "))?;
    let (width, height) = shared.session.size;
    let pinned = if shared.moment.pinned().is_some() { "pinned" } else { "live" };
    writeln!(out, "  size {width}×{height}, moment {pinned}, dialogue {}", model.modal.is_some())?;
    writeln!(out, "  lists followed {}, alerts {}", model.watched.len(), shared.alerts.known.alerts.len())?;
    let (releases, records) = (shared.releases.list.len(), shared.releases.records.len());
    writeln!(out, "  releases {releases}, records read {records}")?;
    let (jobs, entries) = (shared.jobs.0.len(), shared.journal.len());
    writeln!(out, "  plans {jobs}, journal entries {entries}, notices {}", shared.notices.len())?;
    for (SourceId { kind, index }, health) in &shared.health {
        writeln!(out, "  source {} {index}: {:?}", kind.short(), health.state)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn crash(message: Option<&'static str>) -> Crash {
        Crash { thread: "main".to_owned(), place: "src/x.rs:1:2".to_owned(), message, survived: false }
    }

    #[test]
    fn a_report_tells_the_last_kinds_of_messages_and_nothing_that_they_carried() {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(dir.path(), "id");
        for _ in 0..300 {
            recorder.saw(&Msg::Paste("canary".to_owned()));
            recorder.saw(&Msg::Focus(true));
        }
        recorder.saw(&Msg::Focus(false));
        let path = recorder.report(&crash(Some("out of tea"))).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(path, dir.path().join("crash/id-0.txt"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(text.matches("\n  paste\n").count() + text.matches("\n  focus").count(), TRAIL);
        assert!(text.contains("focus ×2\n") && text.contains("message: out of tea\n"), "{text}");
        assert!(text.contains("thread main panicked at src/x.rs:1:2") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn a_computed_message_is_left_out_and_a_fault_that_comes_again_stops_being_reported() {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(dir.path(), "id");
        let reports: Vec<_> = (0..7).filter_map(|_| recorder.report(&crash(None))).collect();
        assert_eq!(reports.len(), MOST);
        assert!(std::fs::read_to_string(&reports[0]).unwrap().contains("message: (left out"));
    }

    #[test]
    fn a_report_is_left_also_while_the_trail_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(dir.path(), "id");
        let held = recorder.trail.lock().unwrap();
        assert!(recorder.report(&crash(None)).is_some());
        drop(held);
    }
}
