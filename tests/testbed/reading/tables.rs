//! `get -o wide` against kubectl, cell by cell.

use std::collections::BTreeMap;

use crate::stand::{SHOP, User, deckwatch_text, kubectl, shop};

/// Rows by their first cells, each with its cells by the names of the columns.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// Takes a table apart by where its heads begin: cells may hold blanks.
fn table(text: &str) -> Table {
    let mut lines = text.lines();
    // Without rows there is no head either.
    let Some(head) = lines.next() else { return Table::new() };
    let mut starts: Vec<usize> = Vec::new();
    let chars: Vec<char> = head.chars().collect();
    for at in 0..chars.len() {
        let begins =
            chars[at] != ' ' && (at == 0 || (chars[at - 1] == ' ' && (at < 2 || chars[at - 2] == ' ')));
        if begins {
            starts.push(at);
        }
    }
    let cut = |line: &str, i: usize| {
        let all: Vec<char> = line.chars().collect();
        let end = starts.get(i + 1).copied().unwrap_or(all.len()).min(all.len());
        let start = starts[i].min(end);
        all[start..end].iter().collect::<String>().trim_end().to_owned()
    };
    let names: Vec<String> = (0..starts.len()).map(|i| cut(head, i)).collect();
    lines
        .map(|line| {
            let cells: Vec<String> = (0..starts.len()).map(|i| cut(line, i)).collect();
            let key = names.iter().zip(&cells).filter(|(n, _)| *n == "NAMESPACE" || *n == "NAME");
            let key = key.map(|(_, c)| c.as_str()).collect::<Vec<_>>().join("/");
            (key, names.iter().cloned().zip(cells).collect())
        })
        .collect()
}

/// Compares a table: kubectl is asked before and after, and each cell must be what it said one of these times.
fn compare(kind: &str, place: &[&str]) {
    let ask = || {
        let args = ["get", kind, "-o", "wide"].into_iter().chain(place.iter().copied());
        table(&kubectl(args))
    };
    // What moves meanwhile is asked for again: a pod that dies between two questions is in neither.
    for attempt in 0..5 {
        let before = ask();
        let mut args = vec!["get", kind, "-o", "wide"];
        args.extend(place);
        let ours = table(&deckwatch_text(User::Admin, &args));
        let after = ask();
        if before.keys().ne(after.keys()) && attempt < 4 {
            continue;
        }
        assert_eq!(ours.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "rows of {kind}");
        let mut wrong = Vec::new();
        for (key, row) in &ours {
            assert_eq!(
                row.keys().collect::<Vec<_>>(),
                after[key].keys().collect::<Vec<_>>(),
                "columns of {kind}"
            );
            for (column, cell) in row {
                let theirs = [&before[key][column], &after[key][column]];
                // Of Secrets only metadata are read, and the table says so.
                if kind == "secrets" && cell == "<not read>" && matches!(column.as_str(), "TYPE" | "DATA") {
                    continue;
                }
                if !(theirs.contains(&cell) || column == "AGE" && between(theirs, cell)) {
                    wrong.push(format!("{key} {column}: {cell:?}, kubectl {theirs:?}"));
                }
            }
        }
        if wrong.is_empty() {
            return;
        }
        assert!(attempt < 4, "{kind}:\n{}", wrong.join("\n"));
    }
}

/// Returns whether an age lies between two others: seconds go by between the questions.
fn between(theirs: [&String; 2], ours: &str) -> bool {
    let seconds = |text: &str| deckwatch::core::Span::parse(text).map(|s| s.0);
    match (seconds(theirs[0]), seconds(ours), seconds(theirs[1])) {
        (Some(a), Some(b), Some(c)) => a <= b && b <= c,
        _ => false,
    }
}

#[test]
fn pods_and_deployments_are_kubectls_cell_by_cell() {
    shop();
    for kind in ["pods", "deploy"] {
        assert!(!table(&kubectl(["get", kind, "-A"])).is_empty(), "no {kind}");
        compare(kind, &["-A"]);
        compare(kind, &["-n", SHOP]);
    }
}

#[test]
fn every_other_kind_is_kubectls_too() {
    shop();
    for kind in [
        "statefulsets",
        "daemonsets",
        "replicasets",
        "jobs",
        "services",
        "endpointslices",
        "configmaps",
        "secrets",
    ] {
        compare(kind, &["-A"]);
    }
    compare("nodes", &[]);
}
