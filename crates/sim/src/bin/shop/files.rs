//! Log files in CRI's format, one per run of a container, and the place up to which lines are
//! written everywhere. Owns the folder; a restart takes back what lies behind that place, so that
//! each line is written once. Tested below.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use deckwatch_sim::life::Nanos;
use deckwatch_sim::shop::logs::Entry;
use deckwatch_sim::shop::logs::text::rfc3339;

/// The name of the file that holds the place.
const CURSOR: &str = ".cursor";
/// How much of a file's end is looked at when lines are taken back.
const TAIL: u64 = 64 << 20;

/// A folder of log files.
pub struct Folder {
    root: PathBuf,
}

/// Returns the path of a run's file below the folder.
pub fn path(entry: &Entry) -> PathBuf {
    let life = &entry.pod.life;
    PathBuf::from(format!("{}_{}_{}", life.namespace, life.name, life.uid))
        .join(&life.service)
        .join(format!("{}.log", entry.run))
}

impl Folder {
    /// Opens the folder and takes back lines from the place on.
    pub fn open(root: &Path) -> io::Result<(Self, Option<Nanos>)> {
        fs::create_dir_all(root)?;
        let this = Self { root: root.to_owned() };
        let cursor = fs::read_to_string(root.join(CURSOR)).ok().and_then(|t| t.trim().parse().ok());
        if let Some(cursor) = cursor {
            for file in this.all()? {
                take_back(&file, cursor)?;
            }
        }
        Ok((this, cursor))
    }

    fn all(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for pod in fs::read_dir(&self.root)?.flatten().filter(|e| e.path().is_dir()) {
            for container in fs::read_dir(pod.path())?.flatten().filter(|e| e.path().is_dir()) {
                found.extend(fs::read_dir(container.path())?.flatten().map(|e| e.path()));
            }
        }
        Ok(found)
    }

    /// Appends entries to their files.
    pub fn append(&self, entries: &[Entry]) -> io::Result<()> {
        let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
        for entry in entries {
            let text = texts.entry(path(entry)).or_default();
            let line = &entry.line;
            let _infallible = writeln!(text, "{} {} F {}", rfc3339(line.at), line.stream.name(), line.text);
        }
        for (path, text) in texts {
            let path = self.root.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Notes that everything before `cursor` is written everywhere.
    pub fn advance(&self, cursor: Nanos) -> io::Result<()> {
        let new = self.root.join(".cursor.new");
        fs::write(&new, cursor.to_string())?;
        fs::rename(new, self.root.join(CURSOR))
    }

    /// Returns the folder's path.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Cuts a file before its first line that is not older than `cursor`.
fn take_back(path: &Path, cursor: Nanos) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let mut offset = begin;
    for line in tail.split_inclusive(|b| *b == b'\n') {
        let stamp = line.split(|b| *b == b' ').next().and_then(|s| std::str::from_utf8(s).ok());
        let at =
            stamp.and_then(|s| DateTime::parse_from_rfc3339(s).ok()).and_then(|t| t.timestamp_nanos_opt());
        if at.is_some_and(|at| at >= cursor) || !line.ends_with(b"\n") {
            return File::options().write(true).open(path)?.set_len(offset);
        }
        offset += line.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use deckwatch_sim::life::{Lives, PodLife};
    use deckwatch_sim::shop::Shop;
    use deckwatch_sim::shop::logs::Scribe;

    use super::*;

    const SECOND: Nanos = 1_000_000_000;
    const START: Nanos = 1_795_000_000 * SECOND;

    fn shop() -> Shop {
        let pod = PodLife {
            namespace: "momo-store".into(),
            name: "backend-1-x".into(),
            uid: "u".into(),
            service: "backend".into(),
            version: "0.0.1043".into(),
            node: "n".into(),
            started: Some(START),
            ended: None,
            exits: vec![],
            waiting: None,
        };
        Shop::new(1, 1.0).with(&Lives { pods: vec![pod], deployments: vec![] }, START)
    }

    fn window(from: i64, to: i64) -> Vec<Entry> {
        let (from, to) = (START + from * SECOND, START + to * SECOND);
        let shop = shop();
        Scribe::new(&shop, from, to).window(from, to, |_| true)
    }

    #[test]
    fn after_a_restart_each_line_is_in_its_file_once() {
        let root = std::env::temp_dir().join(format!("deckwatch-shop-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&root);
        let (folder, cursor) = Folder::open(&root).unwrap();
        assert_eq!(cursor, None);
        folder.append(&window(0, 10)).unwrap();
        folder.advance(START + 10 * SECOND).unwrap();
        // Written, but the place was not moved on: the program was killed.
        folder.append(&window(10, 14)).unwrap();
        let (folder, cursor) = Folder::open(&root).unwrap();
        assert_eq!(cursor, Some(START + 10 * SECOND));
        folder.append(&window(10, 20)).unwrap();
        let entries = window(0, 20);
        let expected: Vec<String> = entries
            .iter()
            .map(|e| format!("{} {} F {}", rfc3339(e.line.at), e.line.stream.name(), e.line.text))
            .collect();
        let text = fs::read_to_string(root.join(path(&entries[0]))).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert!(expected.len() > 50);
        assert_eq!(text.lines().map(str::to_owned).collect::<Vec<_>>(), expected);
    }
}
