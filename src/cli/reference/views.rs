//! `docs/views.md`: every view and every kind of objects that has a table.

use super::{code, opening, table};
use crate::app::views::View;
use crate::core::Resource;
use crate::store::columns;

const ABOUT: &str = "\
What deckwatch shows. A view with a name opens by `:name`, by `deckwatch --view NAME`, and is printed by
`deckwatch snapshot NAME`; the others are reached from a row. Each says how true it is: loading, live, empty, denied,
stale since when, partial, or failed.";

/// Returns the reference.
pub fn markdown() -> String {
    let mut out = opening("Views", "`views!` and the table of kinds", ABOUT);
    out.push('\n');
    let list = |names: &[&str]| names.iter().map(|n| code(n)).collect::<Vec<_>>().join(" ");
    out.push_str(&table(
        ["View", "Other names", "Opened", "What it shows"],
        View::TABLE.iter().map(|e| {
            let opened = if e.opens.is_some() { "by name" } else { "from a row" };
            [code(e.name), list(e.aliases), opened.to_owned(), e.doc.to_owned()]
        }),
    ));
    out.push_str(
        "\n## Kinds of objects\n\nEach is a table with the columns of `kubectl get`; those in parentheses are shown \
         when wide (`w`, or `-o wide`).\n\n",
    );
    out.push_str(&table(
        ["Name", "Other names", "Kind", "Columns"],
        Resource::ALL.into_iter().map(|r| {
            let n = r.names();
            let version =
                if n.group.is_empty() { n.version.to_owned() } else { format!("{}/{}", n.group, n.version) };
            let kind = format!("{version} {}", n.kind);
            let columns = columns::columns(r);
            let shown =
                columns.iter().map(|c| if c.wide { format!("({})", c.name) } else { c.name.to_owned() });
            [code(n.plural), list(n.aliases), kind, shown.collect::<Vec<_>>().join(", ")]
        }),
    ));
    out
}
