//! What comes after the rollback: the real Helm goes on from what deckwatch has left, and deckwatch from what the real Helm has.

use serde_json::{Value, json};

use super::{Side, said};
use crate::helm::compare::Later;
use crate::helm::scene::{RELEASE, Variant};
use crate::stand::{printed, variable};

impl Side<'_> {
    /// Goes on from what was left, by turns: the real Helm upgrades, who is judged rolls back once more, the real Helm rolls back and
    /// uninstalls. Returns what each has left, from the rollback that is judged on.
    pub(super) fn goes_on(&self) -> Vec<Later> {
        if !self.scene.goes_on || (self.scene.is_long && self.stage.sample) {
            return Vec::new();
        }
        let helm = self.variant.helm();
        let now = |what| Later { what, objects: self.objects(), history: self.history() };
        let done = |what, args: &[&str], more: &[String]| {
            let output = self.helm(helm, args).args(more).output().unwrap();
            assert!(output.status.success(), "{what}: {}", said(&output));
            now(what)
        };
        let mut after = vec![now("the rollback")];
        after.push(done("Helm's upgrade", &["upgrade", RELEASE], &self.laid.last()));
        // It is named: what is meant where none is, is a matter of its own.
        let last = self.last();
        let output = self.back(&[(last - 1).to_string()], &variable("KUBECONFIG"));
        assert!(output.status.success(), "once more: {}", said(&output));
        after.push(now("a second rollback"));
        after.push(done("Helm's rollback", &["rollback", RELEASE], &[]));
        after.push(done("Helm's uninstallation", &["uninstall", RELEASE, "--keep-history"], &[]));
        after
    }

    /// Returns the newest revision, as the real Helm says it.
    fn last(&self) -> u64 {
        let text = printed(&mut self.helm(self.variant.helm(), &["history", RELEASE, "-o", "json"]));
        let rows: Value = serde_json::from_str(&text).unwrap();
        rows.as_array().unwrap().iter().filter_map(|row| row["revision"].as_u64()).max().unwrap()
    }

    /// Returns the release's history as the real Helm prints it, without times; deckwatch must print the same, times and all.
    fn history(&self) -> Value {
        let home = tempfile::tempdir().unwrap();
        let theirs = |more: &[&str]| {
            let args = [&["history", RELEASE], more].concat();
            printed(&mut self.helm(self.variant.helm(), &args))
        };
        let ours = |more: &[&str]| {
            let mut command = self.deckwatch(home.path());
            command.env("KUBECONFIG", variable("KUBECONFIG")).args(["history", RELEASE]).args(more);
            printed(&mut command)
        };
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let documents = read(&theirs(&["-o", "json"]));
        assert_eq!(read(&ours(&["-o", "json"])), documents, "`history -o json`: deckwatch's, Helm's");
        // Helm 4 has a table with one column more, which is deckwatch's.
        let wide: &[&str] = if self.variant == Variant::Three { &[] } else { &["--show-rollback-revision"] };
        let mut table = rows(&theirs(wide));
        assert_eq!(rows(&ours(&[])), table, "`history`: deckwatch's, Helm's");
        for row in &mut table {
            row.remove(1);
        }
        json!({ "table": table, "documents": undated(documents) })
    }
}

/// Returns the rows of a table of revisions, each with its cells: first the number, then the time.
fn rows(table: &str) -> Vec<Vec<String>> {
    /// How wide Go's `time.ANSIC` is, always: there may be two blanks in it.
    const TIME: usize = 24;
    let at = table.find("UPDATED").unwrap();
    let cells = |line: &str| -> Vec<String> {
        let (number, rest) = line.split_at(at);
        let (time, rest) = rest.split_at(TIME.min(rest.len()));
        let rest = rest.replace('\t', "  ");
        let rest = rest.split("  ").filter(|cell| !cell.trim().is_empty());
        [number, time].into_iter().chain(rest).map(|cell| cell.trim().to_owned()).collect()
    };
    table.lines().map(cells).collect()
}

/// Takes the times out of a history.
fn undated(mut documents: Value) -> Value {
    for row in documents.as_array_mut().unwrap() {
        assert!(row.as_object_mut().unwrap().remove("updated").is_some(), "{row}");
    }
    documents
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn cells_are_told_apart_though_a_time_has_two_blanks() {
        let table = "REVISION\tUPDATED                 \tSTATUS    \tDESCRIPTION     \n\
                     1       \tTue Dec  1 00:05:09 2026\tsuperseded\tInstall complete\n";
        let expected = [
            ["REVISION", "UPDATED", "STATUS", "DESCRIPTION"],
            ["1", "Tue Dec  1 00:05:09 2026", "superseded", "Install complete"],
        ];
        assert_eq!(rows(table), expected);
    }
}
