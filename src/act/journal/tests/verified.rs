//! What is found of a file that was torn or changed.

use std::os::unix::fs::FileExt as _;

use super::*;

/// The lines of a file, each with its end.
fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

fn broken(set: &Set) -> (String, u64, String) {
    match verdict(set) {
        Verdict::Broken { file, line, why } => (file, line, why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journal_of_every_kind_of_entry_over_two_files_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    assert_eq!(good(&set), every_kind().len() as u64);
}

#[test]
fn every_single_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    for number in [0, 1] {
        let path = set.path(number);
        let whole = std::fs::read(&path).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let name = files::name(&set.id, number);
        let mut line = 1;
        // The lowest bit, and the one that tells small letters from capital ones.
        for (at, byte) in (0..).zip(&whole) {
            for bit in [0x01, 0x20] {
                file.write_all_at(&[byte ^ bit], at).unwrap();
                let found = broken(&set);
                assert_eq!((&found.0, found.1), (&name, line), "byte {at}, bit {bit}: {found:?}");
            }
            file.write_all_at(&[*byte], at).unwrap();
            line += u64::from(*byte == b'\n');
        }
    }
    assert_eq!(good(&set), every_kind().len() as u64);
}

#[test]
fn a_tail_that_was_cut_off_at_any_length_is_told_as_torn_and_as_nothing_worse() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let before = lines(&std::fs::read(set.path(0)).unwrap()).len() as u64;
    let whole = std::fs::read(set.path(1)).unwrap();
    let open = |number| std::fs::OpenOptions::new().write(true).open(set.path(number)).unwrap();
    let second = open(1);
    for len in (0..whole.len()).rev() {
        second.set_len(len as u64).unwrap();
        let ends = whole[..len].split(|b| *b == b'\n').count() as u64 - 1;
        let report = verify(&set).unwrap();
        let at_end = len == 0 || whole[len - 1] == b'\n';
        let file = files::name(&set.id, 1);
        let wanted = if at_end { Verdict::Good } else { Verdict::Torn { file, line: ends + 1 } };
        assert_eq!((report.entries, report.verdict), (before + ends, wanted), "{len}");
    }
    // In the middle of a journal nothing may be missing.
    std::fs::write(set.path(1), &whole).unwrap();
    let first = open(0);
    for len in (0..first.metadata().unwrap().len()).rev() {
        first.set_len(len).unwrap();
        broken(&set);
    }
}

#[test]
fn a_torn_tail_that_does_not_fit_is_no_torn_one() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let whole = std::fs::read(set.path(1)).unwrap();
    let last = lines(&whole).pop().unwrap();
    let before = &whole[..whole.len() - last.len()];
    let text = String::from_utf8(last.clone()).unwrap();
    for tail in [
        "x".to_owned(),
        "{\"n\":0".to_owned(),
        text[..90].replace("\"n\":", "\"n\": "),
        format!("{}}}", &text[..82]),
        format!("{}\u{1}", &text[..120]),
        format!("{} ", text.trim_end()),
        text[..text.len() - 8].replace("hash\":\"", "hash\":\"0"),
        text.trim_end().replace("copied", "Copied"),
    ] {
        std::fs::write(set.path(1), [before, tail.as_bytes()].concat()).unwrap();
        assert!(broken(&set).2.contains("no beginning of the entry"), "{tail}");
    }
    let bytes = [before, &last[..100], b"\xff\xff\xff"].concat();
    std::fs::write(set.path(1), bytes).unwrap();
    broken(&set);
}

#[test]
fn lines_that_were_removed_swapped_doubled_or_put_in_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let other = Journal::open(folder.path(), AT, 2);
    fill(&other);
    let foreign = lines(&std::fs::read(other.path()).unwrap());
    for number in [0, 1] {
        let path = set.path(number);
        let whole = lines(&std::fs::read(&path).unwrap());
        let write = |lines: &[Vec<u8>]| std::fs::write(&path, lines.concat()).unwrap();
        for at in 0..whole.len() {
            let line = at as u64 + 1;
            let last = number == 1 && at + 1 == whole.len();
            let mut removed = whole.clone();
            removed.remove(at);
            write(&removed);
            if last {
                assert_eq!(verdict(&set), Verdict::Good, "what is cut off the end can't be known");
            } else {
                assert!(broken(&set).2.contains("belongs"));
            }
            let mut doubled = whole.clone();
            doubled.insert(at, whole[at].clone());
            write(&doubled);
            assert_eq!(broken(&set).1, line + 1);
            let mut put_in = whole.clone();
            put_in.insert(at, foreign[at].clone());
            write(&put_in);
            assert_eq!(broken(&set).1, line);
            put_in[at] = b"\n".to_vec();
            write(&put_in);
            assert_eq!(broken(&set).1, line);
            if at > 0 {
                let mut swapped = whole.clone();
                swapped.swap(at - 1, at);
                write(&swapped);
                assert_eq!(broken(&set).1, line - 1);
            }
        }
        write(&whole);
    }
    assert_eq!(good(&set), every_kind().len() as u64);
}

#[test]
fn a_line_of_another_journal_at_the_same_place_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let other = Journal::open(folder.path(), AT, 2);
    fill(&other);
    let foreign = lines(&std::fs::read(other.path()).unwrap());
    let mut own = lines(&std::fs::read(set.path(0)).unwrap());
    own[3] = foreign[3].clone();
    std::fs::write(set.path(0), own.concat()).unwrap();
    let found = broken(&set);
    assert_eq!((found.1, &*found.2), (4, "it does not follow the entry before it"));
}

#[test]
fn files_that_are_renamed_or_missing_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::with(folder.path(), AT, 1, 2_000);
    fill(&journal);
    let whole = set(&journal);
    assert!(whole.numbers.len() > 2);
    let aside = folder.path().join("aside");
    for (missing, found) in [(0, 0), (1, 1)] {
        std::fs::rename(whole.path(missing), &aside).unwrap();
        let (file, line, why) = broken(&set(&journal));
        assert_eq!((file, line), (files::name(&whole.id, found), 0));
        assert!(why.contains("missing"), "{why}");
        std::fs::rename(&aside, whole.path(missing)).unwrap();
    }
    let renamed = whole.folder.join("01ARZ3NDEKTSV4RRFFQ69G5FAV.jsonl");
    std::fs::rename(whole.path(0), &renamed).unwrap();
    let found = broken(&files::set_of(&renamed).unwrap());
    assert_eq!((found.1, &*found.2), (1, "it is the first entry of a journal of another name"));
    // Files of one journal in each other's place.
    std::fs::rename(whole.path(1), whole.path(0)).unwrap();
    std::fs::rename(&renamed, whole.path(1)).unwrap();
    assert_eq!(broken(&set(&journal)).1, 1);
}

#[test]
fn a_line_without_end_is_not_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let whole = std::fs::read(set.path(1)).unwrap();
    let long = [&whole[..], &vec![b' '; super::super::chain::LONGEST + 7], b"\n"].concat();
    std::fs::write(set.path(1), long).unwrap();
    assert!(broken(&set).2.contains("longer than any entry"));
    let kept = read::lines(&set).unwrap();
    assert_eq!((kept.lines.len(), kept.torn), (every_kind().len(), 1));
}

#[test]
fn a_file_without_a_chain_is_not_called_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("01ARZ3NDEKTSV4RRFFQ69G5FAV.jsonl");
    std::fs::write(&path, "{\"at\":\"2026-01-01T00:00:00Z\",\"what\":\"note\",\"text\":\"x\"}\n").unwrap();
    assert_eq!(broken(&files::set_of(&path).unwrap()).1, 1);
    std::fs::write(&path, "").unwrap();
    assert_eq!(good(&files::set_of(&path).unwrap()), 0);
}
