//! The references in `docs/`, made from the program's own tables so that they cannot tell anything else.
//!
//! Owns the Markdown only; what it tells stands in `actions!`, the keymaps, the configuration's types and
//! `config.example.toml`, clap's tree and `views!`. `cargo xtask docs` writes the files, `tests/docs.rs` fails
//! when one differs.

mod command_line;
mod configuration;
mod keys;
mod views;

use super::args::Topic;
use crate::core::Result;

/// Every reference with its file.
pub const FILES: [(Topic, &str); 4] = [
    (Topic::Keys, "docs/keys.md"),
    (Topic::Configuration, "docs/configuration.md"),
    (Topic::CommandLine, "docs/command-line.md"),
    (Topic::Views, "docs/views.md"),
];

/// Returns a reference as Markdown.
///
/// # Errors
/// What of the built-in keymaps or the example configuration can't be read, or does not tell everything.
pub fn markdown(topic: Topic) -> Result<String> {
    match topic {
        Topic::Keys => keys::markdown(),
        Topic::Configuration => configuration::markdown(),
        Topic::CommandLine => Ok(command_line::markdown()),
        Topic::Views => Ok(views::markdown()),
    }
}

/// Returns the opening of a reference: its title, where it comes from, and what it is about.
fn opening(title: &str, from: &str, about: &str) -> String {
    format!(
        "# {title}\n\n<!-- Generated from {from}; `cargo xtask docs` writes it anew. -->\n\n{}\n",
        about.trim()
    )
}

/// Returns a table; cells hold Markdown, a bar in them is escaped.
fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = line(&head.map(str::to_owned));
    out.push_str(&format!("|{}\n", "---|".repeat(N)));
    out.extend(rows.into_iter().map(|row| line(&row)));
    out
}

/// Returns a text as code, nothing for an empty one.
fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text if text.contains('`') => format!("`` {text} ``"),
        text => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_not_broken_by_what_its_cells_say() {
        let rows = [["a|b".to_owned(), code("`")], [String::new(), code("x")]];
        assert_eq!(table(["K", "V"], rows), "| K | V |\n|---|---|\n| a\\|b | `` ` `` |\n|  | `x` |\n");
    }
}
