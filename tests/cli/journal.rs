//! `deckwatch journal`: the handover, and whether the files are as they were written.

use std::path::PathBuf;

use serde_json::Value;

use crate::stand::Stand;

/// Returns the files of the journals of a stand, oldest first.
fn files(stand: &Stand) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(stand.file("state/deckwatch/journal")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

fn rolled_back() -> Stand {
    let stand = Stand::start(false);
    let ran = stand.run(&["rollback", "momo", "6", "--write", "--yes"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    stand
}

#[test]
fn the_journal_alone_and_its_export_are_a_handover_of_what_was_done() {
    let stand = rolled_back();
    let told = stand.run(&["journal", "export"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    for part in [
        "# deckwatch journal\n\nJournal ",
        "\n- Who: ",
        "\n- Where: ",
        "\n## Plans\n",
        ": roll back momo-store/momo 7 → 6\n",
        "| confirmed (--yes) as ",
        ": command line |\n",
        "| carried out by process ",
        "| ended, done: revision 8 is deployed, read back |\n",
        "| time | write | what became of it |\n",
        "/deployments/backend | done |\n",
    ] {
        assert!(told.out.contains(part), "{part} in\n{}", told.out);
    }
    assert_eq!(stand.run(&["journal"]).out, told.out);
    assert_eq!(stand.json(&["journal", "-o", "json"]), stand.json(&["journal", "export", "-o", "json"]));
}

#[test]
fn journals_are_verified_with_their_head_and_with_what_can_not_be_known() {
    let stand = Stand::start(false);
    let none = stand.run(&["journal", "verify"]);
    assert_eq!((none.code, none.err.as_str()), (0, ""));
    assert!(none.out.starts_with("There is no journal in "), "{}", none.out);
    // Two processes at once, in one folder.
    let args = ["rollback", "momo", "6", "--plan"];
    let others = [stand.command(&args).spawn().unwrap(), stand.command(&args).spawn().unwrap()];
    for other in others {
        assert!(other.wait_with_output().unwrap().status.success());
    }
    let told = stand.run(&["journal", "verify"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", told.out);
    for (line, file) in lines.iter().zip(files(&stand)) {
        assert!(line.starts_with(file.file_stem().unwrap().to_str().unwrap()), "{line}");
        let text = std::fs::read_to_string(&file).unwrap();
        let (_, head) = text.trim_end().rsplit_once("\"hash\":\"").unwrap();
        let head = head.trim_end_matches("\"}");
        assert!(line.ends_with(&format!("  good  head {head}")), "{line}");
    }
    assert!(told.out.contains("tamper-evident, not tamper-proof"), "{}", told.out);
    assert!(told.out.contains("compare the head"), "{}", told.out);
}

#[test]
fn a_changed_journal_ends_with_1_and_says_where_and_a_torn_one_does_not() {
    let stand = rolled_back();
    // The command's own; the process that carried the plan out has another.
    let file = files(&stand).into_iter().find(|f| f.extension().is_some_and(|e| e == "jsonl")).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    let verify = |args: &[&str]| {
        let args = [&["journal", "verify"], args].concat();
        let text = stand.run(&args);
        let document = stand.run(&[&args[..], &["-o", "json"]].concat());
        assert_eq!((text.code, text.err.as_str()), (document.code, document.err.as_str()));
        let document: Value = serde_json::from_str(&document.out).unwrap();
        assert_eq!(document["broken"], text.code == 1);
        (text.code, text.out, document["journals"][0].clone())
    };

    std::fs::write(&file, &whole[..whole.len() - 30]).unwrap();
    let last = whole.lines().count();
    let (code, text, found) = verify(&[]);
    assert_eq!((code, &found["verdict"], &found["entries"]), (0, &"torn".into(), &(last - 1).into()));
    assert!(text.contains(&format!("torn: line {last} of {name} was cut off")), "{text}");

    std::fs::write(&file, whole.replacen("\"reason\":\"command line\"", "\"reason\":\"command lime\"", 1))
        .unwrap();
    for way in [file.to_str().unwrap(), name, name.trim_end_matches(".jsonl")] {
        let (code, text, found) = verify(&[way]);
        let at = whole.lines().position(|l| l.contains("command line")).unwrap() + 1;
        assert_eq!((code, &found["verdict"], &found["line"]), (1, &"broken".into(), &at.into()), "{way}");
        assert!(text.contains(&format!("BROKEN at line {at} of {name}: it was changed")), "{text}");
    }

    let moved = file.with_file_name("01ARZ3NDEKTSV4RRFFQ69G5FAV.jsonl");
    std::fs::write(&file, &whole).unwrap();
    std::fs::rename(&file, &moved).unwrap();
    let (code, text, _) = verify(&[]);
    assert_eq!(code, 1);
    assert!(text.contains("of a journal of another name"), "{text}");
    let gone = stand.run(&["journal", "verify", name]);
    assert_eq!((gone.code, gone.out.as_str()), (1, ""));
    assert!(gone.err.contains("not found"), "{}", gone.err);
}

#[test]
fn where_the_journal_can_not_be_written_nothing_is_written_to_the_cluster() {
    let stand = Stand::start(false);
    let usual = stand.command(&["rollback", "momo", "6", "--write", "--yes"]);
    // No file may grow: the entries are refused, as by a full disk.
    let mut limited = std::process::Command::new("/bin/sh");
    limited.args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""]).arg(usual.get_program());
    limited.args(usual.get_args()).env_clear().current_dir(stand.file(""));
    limited.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = limited.stdin(std::process::Stdio::null()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()), "{err}");
    assert!(err.contains("write the journal: input/output on "), "{err}");
    assert!(err.contains("hint: nothing is written to the cluster while the journal can't be"), "{err}");
    assert_eq!(stand.writes(), Vec::<String>::new());
}
