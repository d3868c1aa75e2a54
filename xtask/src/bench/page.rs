//! `docs/bench.md` in sections: one is put in the place of another, and each says which code it is about.

use super::helm;

/// How a section begins.
const SECTION: &str = "\n## ";
/// How the line begins that says which code figures are about.
const CODE: &str = "- code: ";

/// Returns a page with a section, which begins with its heading, in the place of that of the same title, or at the end.
pub fn put(page: &str, title: &str, section: &str) -> String {
    let begin = page.find(&format!("{SECTION}{title}\n")).unwrap_or(page.len());
    let rest = page.get(begin + 1..).unwrap_or_default();
    let end = rest.find(SECTION).map_or(page.len(), |at| begin + 1 + at);
    let part = |range: std::ops::Range<usize>| page.get(range).unwrap_or_default();
    format!("{}{section}{}", part(0..begin), part(end..page.len()))
}

/// Says whether the figures of a page are about the code of that hash: those that were measured together, and each section
/// that was measured apart.
pub fn check(page: &str, hash: &str) -> String {
    let mut parts = page.split(SECTION);
    let head = parts.next().unwrap_or_default();
    let apart = parts.filter_map(|part| Some((part.lines().next()?, code(part)?)));
    let mut out = told("docs/bench.md", code(head) == Some(hash), "cargo xtask bench");
    for (title, code) in apart {
        let command = if title == helm::TITLE { "cargo xtask bench helm" } else { "cargo xtask bench" };
        out.push_str(&told(&format!("docs/bench.md, {title:?}"), code == hash, command));
    }
    out
}

fn told(what: &str, same: bool, command: &str) -> String {
    if same {
        format!("{what}: the figures are of this code\n")
    } else {
        format!("{what}: stale: the figures are of other code; `{command}` measures anew\n")
    }
}

fn code(part: &str) -> Option<&str> {
    part.lines().find_map(|line| line.strip_prefix(CODE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# Costs\n\n- code: aa\n\n## One\n\n| 1 |\n\n## Two\n\n- code: bb\n\n| 2 |\n\n## Three\n\n| 3 |\n";

    #[test]
    fn a_section_is_put_in_the_place_of_the_one_of_its_title_alone() {
        let two = "\n## Two\n\n- code: cc\n\n| new |\n";
        let expected = PAGE.replace("- code: bb\n\n| 2 |", "- code: cc\n\n| new |");
        assert_eq!(put(PAGE, "Two", two), expected);
        assert_eq!(put(&expected, "Two", two), expected);
        let three = "\n## Three\n\n| 4 |\n";
        assert_eq!(put(PAGE, "Three", three), PAGE.replace("| 3 |", "| 4 |"));
        assert_eq!(put(PAGE, "Four", "\n## Four\n"), format!("{PAGE}\n## Four\n"));
    }

    #[test]
    fn what_was_measured_apart_is_judged_by_its_own_code() {
        let says = |hash| check(PAGE, hash);
        assert_eq!(says("aa").matches("of this code").count(), 1);
        assert!(says("aa").contains("\"Two\": stale"));
        assert!(says("bb").starts_with("docs/bench.md: stale"));
        assert!(says("bb").contains("\"Two\": the figures are of this code"));
        assert_eq!(says("cc").matches("stale").count(), 2);
    }
}
