//! The level that Loki detects in a line when it takes it in. Owns the detection's rules; tested
//! below.

use serde_json::Value as Json;

use super::logql::pipeline::logfmt;

/// Words and the levels that they tell of.
const WORDS: [(&str, &str); 9] = [
    ("trace", "trace"),
    ("debug", "debug"),
    ("fatal", "fatal"),
    ("critical", "critical"),
    ("error", "error"),
    ("err", "error"),
    ("warning", "warn"),
    ("warn", "warn"),
    ("info", "info"),
];

/// Returns the level of a line, `unknown` when there is none.
pub fn detect(line: &str) -> &'static str {
    let named = if line.starts_with('{') {
        serde_json::from_str::<Json>(line).ok().and_then(|j| Some(j.get("level")?.as_str()?.to_lowercase()))
    } else if line.contains('=') {
        logfmt(line).into_iter().find(|(n, _)| n == "level").map(|(_, v)| v.to_lowercase())
    } else {
        None
    };
    let known = named.and_then(|n| WORDS.iter().find(|(word, _)| *word == n));
    known.map_or_else(|| first_word(line), |(_, level)| level)
}

/// Returns the level of the first word in the line that names one.
fn first_word(line: &str) -> &'static str {
    let lower = line.to_ascii_lowercase();
    let places = WORDS.iter().filter_map(|(word, level)| Some((bounded(&lower, word)?, *level)));
    places.min_by_key(|(at, _)| *at).map_or("unknown", |(_, level)| level)
}

fn bounded(line: &str, word: &str) -> Option<usize> {
    let left = |c: char| " \t\n[({\"=".contains(c);
    let right = |c: char| " \t\n[](){}:,!\"=".contains(c);
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|s| s.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|s| s.chars().next());
        before.is_none_or(left) && after.is_none_or(right)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_from_fields_and_else_from_words() {
        for (line, level) in [
            (r#"{"level":"error","msg":"info"}"#, "error"),
            (r#"{"msg":"x"}"#, "unknown"),
            ("ts=1 level=warn msg=\"an error\"", "warn"),
            ("panic: runtime error: invalid memory address", "error"),
            ("goroutine 7 [running]:", "unknown"),
            ("2026/11/21 08:00:00 [notice] 1#1: start", "unknown"),
            ("INFO started, then a warning", "info"),
            ("terrors", "unknown"),
        ] {
            assert_eq!(detect(line), level, "{line}");
        }
    }
}
