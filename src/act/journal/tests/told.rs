//! What is read and told of a journal.

use super::super::markdown::handover;
use super::super::read::{Entry, Kept};
use super::*;

fn kept(lines: &[&str]) -> Kept {
    let mut kept = Kept::default();
    kept.lines.extend(lines.iter().map(|l| l.as_bytes().to_vec()));
    kept
}

fn of(records: &[Record]) -> Kept {
    let lines: Vec<String> = records.iter().map(|r| serde_json::to_string(r).unwrap()).collect();
    kept(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_entry_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let set = two_files(folder.path());
    let read: Vec<Entry> = read::lines(&set).unwrap().lines.iter().filter_map(|l| Entry::of(l)).collect();
    let written: Vec<Entry> = every_kind().into_iter().map(Entry::Known).collect();
    assert_eq!(read, written);
}

#[test]
fn every_kind_of_entry_keeps_to_the_schema_of_the_journal() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/deckwatch.journal-1.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept = read::lines(&two_files(folder.path())).unwrap();
    let entry = |line: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(line).unwrap();
    for line in &kept.lines {
        let document =
            serde_json::json!({ "schema": "deckwatch.journal/1", "entries": [entry(line)], "torn": 0 });
        let faults: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}

#[test]
fn what_is_not_there_is_not_written() {
    let record = Record {
        at: AT,
        what: What::Plan {
            plan: PlanId::new(AT, 7),
            action: Safe::own("restart"),
            namespace: None,
            release: None,
            from: None,
            to: None,
            objects: Vec::new(),
            summary: Safe::own("s"),
            digest: None,
        },
    };
    let json = serde_json::to_value(&record).unwrap();
    let members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["at", "what", "plan", "action", "summary"]);
    assert_eq!(Entry::of(json.to_string().as_bytes()), Some(Entry::Known(record)));
}

#[test]
fn words_of_the_file_are_those_of_the_screen() {
    for (json, word) in [
        (serde_json::to_string(&How::Enter), How::Enter.word()),
        (serde_json::to_string(&How::TypedName), How::TypedName.word()),
        (serde_json::to_string(&How::Yes), How::Yes.word()),
        (serde_json::to_string(&How::Confirm), How::Confirm.word()),
        (serde_json::to_string(&WriteState::Sending), WriteState::Sending.word()),
        (serde_json::to_string(&WriteState::Done), WriteState::Done.word()),
        (serde_json::to_string(&WriteState::Refused), WriteState::Refused.word()),
        (serde_json::to_string(&WriteState::Unknown), WriteState::Unknown.word()),
        (serde_json::to_string(&WriteState::NotSent), WriteState::NotSent.word()),
        (serde_json::to_string(&Ended::Done), Ended::Done.word()),
        (serde_json::to_string(&Ended::Failed), Ended::Failed.word()),
        (serde_json::to_string(&Ended::Unknown), Ended::Unknown.word()),
    ] {
        assert_eq!(json.unwrap(), format!("\"{word}\""));
    }
}

#[test]
fn the_handover_is_a_table_that_no_entry_can_break() {
    let text = handover("j", &of(&[note("a | b <script> `x`\n# [l](http://e) ![i](u) \\")]), 0);
    assert!(
        text.ends_with(
            "| 2001-09-09 01:46:40 | a \\| b &lt;script> 'x'⏎\\# \\[l\\](http://e) !\\[i\\](u) \\\\ |\n"
        ),
        "{text}"
    );
}

#[test]
fn the_handover_tells_who_and_where_and_of_each_plan_how_it_ended() {
    let text = handover("01JOURNAL", &of(&every_kind()), 0);
    let plan = PlanId::new(AT, 7);
    let patch = "PATCH Deployment /apis/apps/v1/namespaces/momo-store/deployments/backend";
    let wanted = format!(
        "# deckwatch journal

Journal 01JOURNAL. Times are UTC.

- Who: ann from 10.0.0.1, process 4711
- Where: prod-ru1
- With: deckwatch 0.1.0
- When: 2001-09-09 01:46:40 to 2001-09-09 01:46:40

## What was seen and done

| time | entry |
|---|---|
| 2001-09-09 01:46:40 | opened on prod-ru1 with deckwatch 0.1.0 by ann from 10.0.0.1, process 4711 |
| 2001-09-09 01:46:40 | alert Backend5xxHigh (00000000deadbeef) → Deployment momo-store/backend |
| 2001-09-09 01:46:40 | moment pinned at 2001-09-09T01:46:40Z |
| 2001-09-09 01:46:40 | logs {{namespace=\"momo-store\"}} from 2001-09-09T01:46:40Z to 2001-09-09T01:46:40.000000001Z |
| 2001-09-09 01:46:40 | plan {plan}: roll back momo-store/momo 7 → 6: 1 changed, 2 unchanged |
| 2001-09-09 01:46:40 | plan {plan}: 7 → 6 failed: roll back: cancelled; hint: look at the release |
| 2001-09-09 01:46:40 | plan {plan}: not healed: errors 4 % > 1 % |
| 2001-09-09 01:46:40 | copied: ünïcode, \"quoted\", a,\\\\b |

## Plans

### Plan {plan}: roll back momo-store/momo 7 → 6

| time | plan |
|---|---|
| 2001-09-09 01:46:40 | planned: 1 changed, 2 unchanged (Deployment momo-store/backend) |
| 2001-09-09 01:46:40 | confirmed (typed name) as ann@example.org, overriding Friday evening: alert Backend5xxHigh |
| 2001-09-09 01:46:40 | carried out by process 4711 |
| 2001-09-09 01:46:40 | 2 objects to be written, one after the other; where nothing follows, any may have been |
| 2001-09-09 01:46:40 | told to stop before the next object |
| 2001-09-09 01:46:40 | ended, failed: roll back: cancelled; hint: look at the release |
| 2001-09-09 01:46:40 | checked, not healed: errors 4 % > 1 % |

| time | write | what became of it |
|---|---|---|
| 2001-09-09 01:46:40 | {patch} | refused: 409: it was changed |
| 2001-09-09 01:46:40 | {patch} | done |
"
    );
    pretty_assertions::assert_eq!(text, wanted);
}

#[test]
fn a_plan_that_nobody_knows_the_end_of_says_so() {
    let told = |end: usize| handover("j", &of(&every_kind()[4..end]), 0);
    assert!(told(5).contains("not confirmed: nothing was sent"), "{}", told(5));
    assert!(told(7).contains("nothing tells that anything was sent"), "{}", told(7));
    // Of what was announced together the entries may have been lost with the machine.
    assert!(told(9).contains("How it ended is not known"), "{}", told(9));
    let text = told(10);
    assert!(text.contains("about to be sent; what became of it is not known"), "{text}");
    assert!(text.contains("How it ended is not known"), "{text}");
}

#[test]
fn entries_of_kinds_that_are_not_known_and_those_that_are_wrong_are_shown() {
    let text = handover(
        "j",
        &kept(&[
            r#"{"n":0,"prev":"00","at":"2001-09-09T01:46:40Z","what":"scaled","to":3,"hash":"00"}"#,
            r#"{"at":"2001-09-09T01:46:40Z","what":"plan","plan":"no id","summary":"\u001b[2J|"}"#,
            r#"{"at":"yesterday","what":"note","text":"x"}"#,
        ]),
        2,
    );
    for row in [
        "| 2001-09-09 01:46:40 | scaled · to 3 |\n",
        "| 2001-09-09 01:46:40 | plan · plan no id · summary ^\\[\\[2J\\| |\n",
        "| ? | at yesterday · note · text x |\n",
        "\n2 entries could not be written into the files yet.\n",
    ] {
        assert!(text.contains(row), "{row} in\n{text}");
    }
}

#[test]
fn the_export_is_made_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::with(folder.path(), AT, 1, 2_000);
    fill(&journal);
    let path = journal.export_markdown().unwrap();
    assert_eq!(path, journal.path().with_extension("md"));
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, handover(&journal.id(), &of(&every_kind()), 0));
    assert_eq!(good(&set(&journal)), every_kind().len() as u64, "the export is no file of the journal");
}

#[test]
fn a_journal_that_only_tells_that_it_was_opened_tells_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), AT, 1);
    journal.append(&every_kind()[0]).unwrap();
    journal.append(&every_kind()[3]).unwrap();
    assert!(!read::tells(&set(&journal)).unwrap());
    journal.append(&note("x")).unwrap();
    assert!(read::tells(&set(&journal)).unwrap());
}
