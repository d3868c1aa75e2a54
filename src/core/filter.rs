//! The filter that `/` opens, the same in every table and in the logs.
//!
//! Grammar, as in k9s: `text` (a substring without regard to case, or a regular expression where it
//! holds one of its characters), `!text` (inverse), `-l key=value,key!=value` (labels), `-f text`
//! (fuzzy: the letters in order).

use regex::{Regex, RegexBuilder};

/// A compiled filter.
#[derive(Clone, Debug, Default)]
pub enum Filter {
    /// Lets everything through.
    #[default]
    All,
    /// A substring.
    Text(Needle),
    /// A regular expression.
    Regex(Box<Regex>),
    /// The letters in order, kept in lower case.
    Fuzzy(String),
    /// Labels: key, whether equal, value.
    Labels(Vec<(String, bool, String)>),
    /// The opposite.
    Not(Box<Self>),
}

const LONGEST: usize = 256;

impl Filter {
    /// Compiles what a person typed.
    ///
    /// # Errors
    /// The message of a regular expression that does not compile or is longer than 256 bytes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(format!("a filter is at most {LONGEST} bytes long"));
        }
        if text.is_empty() || text == "!" {
            return Ok(Self::All);
        }
        if let Some(rest) = text.strip_prefix('!') {
            return Ok(Self::Not(Box::new(Self::parse(rest)?)));
        }
        if let Some(rest) = text.strip_prefix("-l") {
            return Ok(Self::Labels(parse_labels(rest)));
        }
        if let Some(rest) = text.strip_prefix("-f") {
            return Ok(Self::Fuzzy(rest.trim().to_lowercase()));
        }
        if text.contains(['*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$', '\\']) {
            let regex = RegexBuilder::new(text).case_insensitive(true).size_limit(1 << 20).build();
            return regex.map(|r| Self::Regex(Box::new(r))).map_err(|e| reason(&e));
        }
        Ok(Self::Text(Needle::new(text)))
    }

    /// Returns whether it lets everything through.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Returns whether a row with this text and these labels is let through.
    pub fn matches<'a>(&self, text: &str, label: impl Fn(&str) -> Option<&'a str> + Copy) -> bool {
        match self {
            Self::All => true,
            Self::Text(t) => t.is_in(text),
            Self::Regex(r) => r.is_match(text),
            Self::Fuzzy(t) => {
                let mut letters = text.chars().flat_map(char::to_lowercase);
                t.chars().all(|want| letters.any(|c| c == want))
            }
            Self::Labels(terms) => {
                terms.iter().all(|(key, equal, value)| (label(key) == Some(value.as_str())) == *equal)
            }
            Self::Not(inner) => !inner.matches(text, label),
        }
    }
}

fn parse_labels(text: &str) -> Vec<(String, bool, String)> {
    let term = |t: &str| {
        let (key, equal, value) = if let Some((k, v)) = t.split_once("!=") {
            (k, false, v)
        } else {
            let (k, v) = t.split_once("==").or_else(|| t.split_once('='))?;
            (k, true, v)
        };
        Some((key.trim().to_owned(), equal, value.trim().to_owned()))
    };
    text.split(',').filter_map(term).collect()
}

/// A text that is looked for without regard to case.
#[derive(Clone, Debug)]
pub struct Needle {
    /// In lower case.
    text: String,
    /// Where its rarest byte is: that one is searched, the others are compared.
    rare: usize,
}

/// Bytes of log lines and names, the most frequent first; all others are rarer.
const FREQUENT: &[u8] = b"e0ta1oi2ns3r\"dlc:,_-./45678 9pmu";

impl Needle {
    /// Returns the text, to be looked for.
    pub fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let rank = |b: u8| FREQUENT.iter().position(|f| *f == b).unwrap_or(usize::MAX);
        let rare = text.bytes().enumerate().max_by_key(|(_, b)| rank(*b)).map_or(0, |(at, _)| at);
        Self { text, rare }
    }

    /// Returns whether a text holds it, without allocating where both are ASCII.
    pub fn is_in(&self, text: &str) -> bool {
        if self.text.is_ascii() {
            holds(text.as_bytes(), self.text.as_bytes(), self.rare)
        } else {
            text.to_lowercase().contains(&self.text)
        }
    }
}

/// Returns whether `text` holds `needle` (ASCII in lower case), searching the needle's byte at `rare`.
fn holds(text: &[u8], needle: &[u8], rare: usize) -> bool {
    let Some(byte) = needle.get(rare) else { return needle.is_empty() };
    let here = |at: usize| {
        let found = at.checked_sub(rare).and_then(|from| text.get(from..from + needle.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(needle))
    };
    let upper = byte.to_ascii_uppercase();
    if upper == *byte {
        memchr::memchr_iter(*byte, text).any(here)
    } else {
        memchr::memchr2_iter(*byte, upper, text).any(here)
    }
}

/// Returns whether `text` holds `needle` (already in lower case), without allocating for ASCII.
pub fn contains_ignore_case(text: &str, needle: &str) -> bool {
    if needle.is_ascii() {
        return holds(text.as_bytes(), needle.as_bytes(), 0);
    }
    text.to_lowercase().contains(needle)
}

/// Returns why a pattern is none, in one line: the library draws the pattern with a mark below it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find_map(|l| l.strip_prefix("error: ")).unwrap_or("too large or unknown");
    format!("no regular expression: {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str, text: &str) -> bool {
        let label = |key: &str| (key == "app").then_some("web");
        Filter::parse(filter).unwrap().matches(text, label)
    }

    #[test]
    fn the_grammar_is_that_of_k9s() {
        for (filter, text, expected) in [
            ("", "x", true),
            ("BACK", "backend-1", true),
            ("back.*1$", "backend-1", true),
            ("!back", "backend-1", false),
            ("!^front", "backend-1", true),
            ("-f bk1", "backend-1", true),
            ("-f 1b", "backend-1", false),
            ("-l app=web", "", true),
            ("-l app!=web", "", false),
            ("-l app=web,tier=db", "", false),
            ("!-l tier=db", "", true),
            ("ÄÖ", "xäöx", true),
        ] {
            assert_eq!(passes(filter, text), expected, "{filter:?} on {text:?}");
        }
    }

    #[test]
    fn a_text_is_found_wherever_it_stands_and_however_it_is_written() {
        let words = ["Connection REFUSED", "x", "ee", "\"level\":\"error\"", "Ä", "9", "q-e"];
        let texts = [
            "",
            "e",
            "xee",
            "connection refusedx",
            "CONNECTION REFUSE",
            "a \"LEVEL\":\"Error\"",
            "eq-E",
            "ä9",
        ];
        for word in words {
            for text in texts {
                let plain = text.to_lowercase().contains(&word.to_lowercase());
                assert_eq!(Needle::new(word).is_in(text), plain, "{word:?} in {text:?}");
                assert_eq!(contains_ignore_case(text, &word.to_lowercase()), plain, "{word:?} in {text:?}");
            }
        }
    }

    #[test]
    fn what_does_not_compile_says_why() {
        assert!(Filter::parse("(").unwrap_err().contains("unclosed"));
        assert!(Filter::parse(&"a".repeat(300)).unwrap_err().contains("256"));
    }
}
