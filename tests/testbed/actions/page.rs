//! `docs/actions.md`: the table of what was seen.

use std::fmt::Write as _;
use std::path::Path;

use pretty_assertions::assert_eq;

use super::Seen;
use super::conditions::Condition;
use super::silences::ROWS;
use super::subjects::ACTIONS;

fn page(seen: &[Seen]) -> String {
    let mut text = String::from(
        "# Actions\n\n\
         What becomes of every action under every condition, as seen on the real API server and Alertmanager by\n\
         `tests/testbed/actions` through a proxy that counts what is sent and does what the condition says. No request\n\
         is sent twice in any of them. The page is made by that test.\n\n",
    );
    let mut row = |cells: Vec<String>| writeln!(text, "| {} |", cells.join(" | ")).unwrap();
    row(vec!["action".to_owned(), "command".to_owned(), "sends".to_owned()]);
    row(vec!["---".to_owned(); 3]);
    for action in ACTIONS {
        row(vec![action.name.to_owned(), format!("`{}`", action.command.join(" ")), action.sends.to_owned()]);
    }
    for (name, command, sends) in ROWS {
        row(vec![name.to_owned(), format!("`{command}`"), sends.to_owned()]);
    }
    text.push_str("\nThe conditions:\n\n");
    for condition in Condition::ALL {
        let (heading, what) = condition.heading();
        writeln!(text, "- **{heading}**: {what}.").unwrap();
    }
    for part in PARTS {
        let part = &Condition::ALL[part.0..part.1];
        text.push('\n');
        let heads = std::iter::once("action").chain(part.iter().map(|c| c.heading().0));
        writeln!(text, "| {} |", heads.collect::<Vec<_>>().join(" | ")).unwrap();
        writeln!(text, "| {} |", vec!["---"; part.len() + 1].join(" | ")).unwrap();
        for name in names() {
            writeln!(text, "{}", line(seen, name, part)).unwrap();
        }
    }
    text
}

/// The actions in their order.
fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|a| a.name).chain(ROWS.into_iter().map(|row| row.0))
}

/// The conditions are too many for one table.
const PARTS: [(usize, usize); 2] = [(0, 6), (6, 11)];

fn line(seen: &[Seen], action: &str, part: &[Condition]) -> String {
    let cell = |condition: &Condition| {
        let found = seen.iter().find(|s| s.action == action && s.condition == *condition);
        found.map_or("not tried", |s| s.words.as_str())
    };
    let cells: Vec<&str> = std::iter::once(action).chain(part.iter().map(cell)).collect();
    format!("| {} |", cells.join(" | "))
}

/// Compares the page with what was seen, or writes it.
pub fn compare(seen: &[Seen]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/actions.md");
    let whole = names().all(|name| seen.iter().any(|s| s.action == name));
    if whole && std::env::var_os("UPDATE_ACTIONS").is_some() {
        std::fs::write(&path, page(seen)).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if whole {
        assert_eq!(kept, page(seen));
    }
    for name in names().filter(|name| seen.iter().any(|s| s.action == *name)) {
        for part in PARTS {
            let line = line(seen, name, &Condition::ALL[part.0..part.1]);
            assert!(kept.lines().any(|l| l == line), "docs/actions.md does not say: {line}");
        }
    }
}
