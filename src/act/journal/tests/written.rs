//! What is written, and what a disk that fails leaves of it.

use std::fs::{File, OpenOptions, metadata};
use std::os::unix::fs::PermissionsExt as _;

use super::super::disk::Disk;
use super::super::{WAITING, chain};
use super::*;
use crate::core::Kind;

fn device(path: &str) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

/// Puts something else in the place of a journal's file; returns that.
fn replace(journal: &Journal, disk: Disk) -> Disk {
    journal.state.lock().unwrap().disk.replace(disk).unwrap()
}

#[test]
fn entries_are_lines_of_a_file_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    assert_eq!(journal.head(), None);
    journal.append(&note("one")).unwrap();
    journal.append(&note("two\u{1b}[2J")).unwrap();
    let lines = std::fs::read_to_string(journal.path()).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].starts_with("{\"n\":0,\"prev\":\"") && lines[1].starts_with("{\"n\":1,\"prev\":\""));
    assert!(lines.len() == 2 && lines[1].contains("two^[[2J"), "{lines:?}");
    let hash = |line: &str| line.rsplit_once(",\"hash\":\"").unwrap().1.trim_end_matches("\"}").to_owned();
    assert!(lines[1].contains(&format!("\"prev\":\"{}\"", hash(lines[0]))));
    assert_eq!(journal.head().unwrap().to_string(), hash(lines[1]));
    let mode = |path: &Path| metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&journal.path()), mode(&folder.path().join("journal"))), (0o600, 0o700));
    assert_eq!(files::sets(folder.path()).unwrap(), [set(&journal)]);
}

#[test]
fn the_first_entry_follows_from_the_journals_name() {
    use sha2::{Digest as _, Sha256};
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("one")).unwrap();
    let line = std::fs::read_to_string(journal.path()).unwrap();
    let hex = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"))
    };
    let prev = hex(format!("deckwatch.journal/1 {}", journal.id()).as_bytes());
    assert!(line.starts_with(&format!("{{\"n\":0,\"prev\":\"{prev}\",\"at\":\"")), "{line}");
    let (sealed, seal) = line.rsplit_once(",\"hash\":\"").unwrap();
    assert_eq!(seal, format!("{}\"}}\n", hex(sealed.as_bytes())));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_once_it_can_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let journal = Journal::open(&blocked, Ts::from_secs(1), 1);
    let error = journal.append(&note("one")).unwrap_err();
    assert_eq!(error.kind, Kind::Io);
    assert!(error.to_string().contains("nothing is written to the cluster"));
    assert!(journal.sync().is_err());
    std::fs::remove_file(&blocked).unwrap();
    journal.append(&note("two")).unwrap();
    assert_eq!(texts(&set(&journal)), ["one", "two"]);
    assert_eq!(good(&set(&journal)), 2);
}

#[test]
fn after_an_entry_that_could_not_be_written_nothing_counts_as_synced_until_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    // A device that is always full stands for a disk that is.
    let rest = replace(&journal, Disk::of(device("/dev/full"), 0));
    assert_eq!(journal.append(&intent()).unwrap_err().kind, Kind::Io);
    assert_eq!(journal.append(&note("late")).unwrap_err().kind, Kind::Io);
    assert_eq!(journal.sync().unwrap_err().kind, Kind::Io);
    replace(&journal, rest);
    journal.append(&note("kept")).unwrap();
    journal.sync().unwrap();
    let told = texts(&set(&journal));
    assert_eq!((told.len(), &*told[0], &*told[2], &*told[3]), (4, "first", "late", "kept"));
    assert_eq!(good(&set(&journal)), 4);
}

#[test]
fn what_was_written_of_an_entry_is_taken_away_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    let whole = metadata(journal.path()).unwrap().len();
    // As a write that fails half-way leaves it.
    std::io::Write::write_all(
        &mut OpenOptions::new().append(true).open(journal.path()).unwrap(),
        b"{\"n\":1",
    )
    .unwrap();
    assert!(matches!(verdict(&set(&journal)), Verdict::Torn { line: 2, .. }));
    assert!(journal.state.lock().unwrap().disk.as_mut().unwrap().cut(whole));
    journal.append(&note("second")).unwrap();
    assert_eq!(good(&set(&journal)), 2);
}

#[test]
fn where_a_file_cannot_be_cut_back_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    // A device that takes nothing and can't be cut, in which something is left.
    drop(replace(&journal, Disk::of(device("/dev/full"), 5)));
    assert!(journal.append(&intent()).is_err());
    journal.append(&note("last")).unwrap();
    let set = set(&journal);
    assert_eq!(set.numbers, [0, 1]);
    assert_eq!((texts(&set).len(), good(&set)), (3, 3));
    // What the device would have left: the beginning of the entry that the next file begins with.
    let next = std::fs::read(set.path(1)).unwrap();
    let first = std::fs::read(set.path(0)).unwrap();
    for (left, expected) in [(&next[..9], true), (&next[..next.len() / 2 - 9], true), (b"{\"n\":2", false)] {
        std::fs::write(set.path(0), [&first, left].concat()).unwrap();
        assert_eq!(verdict(&set) == Verdict::Good, expected, "{:?}", String::from_utf8_lossy(left));
        let kept = read::lines(&set).unwrap();
        assert_eq!((kept.lines.len(), kept.torn), (3, u64::from(!expected)));
    }
}

#[test]
fn an_entry_that_is_written_but_not_synced_is_no_safe_one() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    // A device that takes everything and can't be synced.
    let rest = replace(&journal, Disk::of(device("/dev/null"), 0));
    journal.append(&note("not asked to be synced")).unwrap();
    assert!(journal.sync().is_err() && journal.append(&intent()).is_err() && journal.sync().is_err());
    drop(rest);
}

#[test]
fn an_entry_that_could_not_be_synced_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    let rest = replace(&journal, Disk::of(device("/dev/null"), 0));
    assert_eq!(journal.append(&intent()).unwrap_err().kind, Kind::Io);
    replace(&journal, rest);
    journal.sync().unwrap();
    assert_eq!((texts(&set(&journal)).len(), good(&set(&journal))), (2, 2));
}

#[test]
fn an_entry_that_is_neither_synced_nor_taken_away_again_stays_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    journal.append(&note("first")).unwrap();
    // A device that takes everything, can't be synced and can't be cut.
    drop(replace(&journal, Disk::of(device("/dev/null"), 5)));
    assert!(journal.append(&intent()).is_err());
    assert!(journal.append(&note("third")).is_err() && journal.sync().is_err());
    // It counts as written: what comes after it does not take its place.
    let next = std::fs::read_to_string(set(&journal).path(1)).unwrap();
    assert!(next.starts_with("{\"n\":2,") && next.contains("third"), "{next}");
}

#[test]
fn past_a_size_the_journal_goes_on_in_another_file_and_nothing_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::with(folder.path(), AT, 1, 1_000);
    let wanted: Vec<String> = (0..40).map(|i| format!("note {i}")).collect();
    for text in &wanted {
        journal.append(&note(text)).unwrap();
    }
    let set = set(&journal);
    assert!(
        set.numbers.len() > 5 && set.numbers.iter().eq(&(0..set.numbers.len() as u32).collect::<Vec<_>>())
    );
    assert!(set.path(1).ends_with(format!("{}.001.jsonl", journal.id())));
    for number in &set.numbers {
        let file = metadata(set.path(*number)).unwrap();
        assert!(file.len() <= 1_000 && file.permissions().mode() & 0o777 == 0o600, "{number}");
    }
    assert_eq!((texts(&set), good(&set)), (wanted, 40));
    // An entry that is larger than a file has one of its own.
    journal.append(&note(&"x".repeat(2_000))).unwrap();
    journal.sync().unwrap();
    journal.append(&note("after")).unwrap();
    assert_eq!(good(&super::set(&journal)), 42);
}

#[test]
fn entries_that_wait_are_bounded_and_what_is_lost_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let journal = Journal::open(&blocked, Ts::from_secs(1), 1);
    for i in 0..WAITING + 5 {
        assert!(journal.append(&note(&i.to_string())).is_err());
    }
    std::fs::remove_file(&blocked).unwrap();
    journal.append(&note("back")).unwrap();
    let told = texts(&set(&journal));
    assert_eq!(told.len(), WAITING + 2);
    assert_eq!(told[0], "0");
    assert_eq!(told[WAITING..], ["back", "5 entries lost: the journal could not be written"]);
    assert_eq!(good(&set(&journal)), WAITING as u64 + 2);
}

#[test]
fn an_entry_that_fits_into_no_line_is_refused_and_noted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    let error = journal.append(&note(&"x".repeat(chain::LONGEST))).unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    let most = chain::LONGEST_BODY - serde_json::to_vec(&note("")).unwrap().len() + 2;
    journal.append(&note(&"x".repeat(most))).unwrap();
    let told = texts(&set(&journal));
    assert!(told.len() == 2 && told[0].ends_with("is left out: it is too long"), "{}", told[0]);
    assert_eq!(good(&set(&journal)), 2);
}

#[test]
fn an_entry_is_not_begun_while_the_process_is_being_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), Ts::from_secs(1), 1);
    let pause = journal.holds().pause(std::time::Duration::from_secs(10));
    let writing = journal.clone();
    let writer = std::thread::spawn(move || writing.append(&note("late")));
    std::thread::yield_now();
    assert!(!journal.path().exists());
    drop(pause);
    writer.join().unwrap().unwrap();
    assert_eq!(texts(&set(&journal)), ["late"]);
    assert!(!journal.holds().any());
}

#[test]
fn a_journal_is_live_for_as_long_as_somebody_can_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::with(folder.path(), AT, 1, 300);
    assert!(!read::is_live(&journal.path()), "it has no file yet");
    (0..3).for_each(|i| journal.append(&note(&i.to_string())).unwrap());
    let first = journal.path();
    let other = journal.clone();
    drop(journal);
    assert!(read::is_live(&first) && read::is_live(&first), "looking takes nothing away");
    drop(other);
    assert!(!read::is_live(&first));
}

#[test]
fn journals_of_one_folder_do_not_touch_each_other() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for random in 0..4 {
            let journal = Journal::with(folder.path(), AT, random, 2_000);
            scope.spawn(move || (0..50).for_each(|i| journal.append(&note(&i.to_string())).unwrap()));
        }
    });
    let sets = files::sets(folder.path()).unwrap();
    assert_eq!(sets.iter().map(good).collect::<Vec<u64>>(), [50; 4]);
}

fn sending() -> Record {
    let write = |r: &Record| matches!(r.what, What::Write { state: WriteState::Sending, .. });
    every_kind().into_iter().find(write).unwrap()
}

#[test]
fn an_entry_that_another_stands_for_is_in_the_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::with(folder.path(), AT, 1, 2_900);
    journal.append(&note("first")).unwrap();
    for n in 1..=20 {
        journal.append_covered(&sending()).unwrap();
        assert_eq!(texts(&set(&journal)).len(), 1 + n);
    }
    journal.append(&intent()).unwrap();
    assert!(set(&journal).numbers.len() > 1, "the next file goes on meanwhile");
    assert_eq!(good(&set(&journal)), 22);
}

#[test]
fn that_an_entry_which_another_stands_for_could_not_be_synced_is_told_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), AT, 1);
    journal.append(&note("first")).unwrap();
    // A device that takes everything and can't be synced.
    let rest = replace(&journal, Disk::of(device("/dev/null"), 0));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let error = loop {
        assert!(std::time::Instant::now() < end, "nothing was told");
        match journal.append_covered(&sending()) {
            Ok(()) => std::thread::yield_now(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, Kind::Io);
    assert!(error.to_string().contains("sync the journal"), "{error}");
    // It is not asked again whether all is well now.
    assert!(set(&journal).numbers.len() > 1, "{:?}", set(&journal).numbers);
    drop(rest);
}

#[test]
fn what_another_stands_for_is_written_nowhere_while_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), AT, 1);
    journal.append(&note("first")).unwrap();
    let rest = replace(&journal, Disk::of(device("/dev/full"), 0));
    assert_eq!(journal.append_covered(&sending()).unwrap_err().kind, Kind::Io);
    replace(&journal, rest);
    journal.append_covered(&sending()).unwrap();
    assert_eq!((texts(&set(&journal)).len(), good(&set(&journal))), (3, 3));
}
