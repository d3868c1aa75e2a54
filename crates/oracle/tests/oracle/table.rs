//! The table of types.

use std::process::Command;

use super::program;

#[test]
fn the_table_of_types_is_the_one_of_the_go_types() {
    let Some(program) = program("the table of types") else { return };
    let output = Command::new(program).arg("table").output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let ours = include_str!("../../../helm/src/merge/table.tsv");
    let differ: Vec<_> =
        ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs).take(3).collect();
    assert_eq!(differ, [], "`cargo xtask oracle --table` writes the table anew");
    assert_eq!(ours.lines().count(), theirs.lines().count());
}
