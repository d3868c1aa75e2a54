//! Scalars in every spelling.

use crate::constructs::Construct;
use crate::random::Random;

/// Words without quotes, by what they look like; not all are what they look like.
const WORDS: [(Construct, &[&str]); 11] = [
    (Construct::BoolWord, &BOOLS),
    (Construct::NullWord, &NULLS),
    (
        Construct::Octal,
        &["0644", "00", "-0644", "0777", "08", "09", "0_7", "01777777777777777777777", "0888"],
    ),
    (Construct::OctalO, &["0o17", "0O17", "0o8", "0o", "-0o17", "0o_7"]),
    (
        Construct::Hex,
        &["0x1F", "0X1f", "-0x10", "+0x10", "0x", "0xG", "0x7fffffffffffffff", "0xffffffffffffffff", "0x_1"],
    ),
    (Construct::Binary, &["0b101", "0B101", "-0b101", "0b12", "0b", "0b+1", "0b-1", "-0b-1", "0b_1"]),
    (Construct::Underscore, &["1_000", "1__0", "_1", "1_", "1_000.5", "1e1_0", "-1_0", "._5", ".1_2", "+_"]),
    (Construct::Float, &FLOATS),
    (Construct::Exponent, &EXPONENTS),
    (Construct::LargeInteger, &INTEGERS),
    (Construct::Timestamp, &TIMES),
];

const FLOATS: [&str; 21] = [
    "1.0",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "0.1",
    "0.000001",
    "0.0000001",
    "3.4028236e38",
    "-0.0",
    ".",
    "..",
    "1.2.3",
    "0.",
    "100000.0",
    "1234567.8",
    "0x1.8p3",
    "1.5f",
    "123456.0",
    "-0",
    "+12",
];

const EXPONENTS: [&str; 16] = [
    "1e3",
    "1E+3",
    "1e-7",
    "1.5e300",
    "1e400",
    "-1e400",
    "1e18",
    "1e19",
    "1e21",
    "12e03",
    "0e0",
    "1e",
    "e5",
    ".5e1",
    "1.e2",
    "4.611686018427387904e18",
];

const INTEGERS: [&str; 9] = [
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678",
    "9007199254740993",
    "+9223372036854775808",
];

const TIMES: [&str; 11] = [
    "2001-12-14",
    "2001-12-14T21:59:43.10-05:00",
    "2001-1-2",
    "2001-12-14 21:59:43.1",
    "2001-2-30",
    "2001-12-14t21:59:43Z",
    "2001-12-14T1:2:3,5+24:60",
    "2001-12-14 1:2:3Z",
    "1:30",
    "1:30:59",
    "2001-12-14T21:59:43",
];

/// Words that are texts wherever they stand.
const TEXTS: [&str; 18] = [
    "a",
    "abc",
    "<<",
    "=",
    "v1.2",
    "10Gi",
    "100m",
    "a:b",
    "http://x/y",
    "a b",
    "1,000",
    "-a",
    "a# b",
    "a%",
    "a@b",
    "a'b",
    "a\"b",
    "a&b*c!d|e>f",
];

/// Words that end a document, or mean something else than themselves.
const ODD: [&str; 34] = [
    "%a", "@a", "`a", "x: y", "-", "+", "?a", ":a", "--", "- a", "? a", ": a", "a:", "a,b", "a]", "a}b", "!",
    "&", "*", "|", ">", "'", "\"", "a?b", "#a", "a #b", "a #", "'a' #b", ".inf", "-.INF", "+.Inf", ".nan",
    "[", "{",
];

/// All spellings of true and false, and some that are none.
const BOOLS: [&str; 26] = [
    "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE", "n", "N", "no", "No", "NO",
    "off", "Off", "OFF", "false", "False", "FALSE", "yEs", "oN", "tRUE", "nO",
];

/// All spellings of null, and some that are none.
const NULLS: [&str; 7] = ["~", "null", "Null", "NULL", "", "nULL", "~~"];

const ALPHABETS: [&str; 6] =
    ["0123456789", "0123456789abcdefxob_+-.eE", "01_b", "aynot.-", "0123456789.eE+-", "0123456789-T:Z.,"];

/// The characters that mean something.
const ODD_ALPHABET: &str = "ab:,#?-[]{}&*!|>'\" %@`\\";

/// Returns a word without quotes, and what it looks like. `odd`: whether it may mean something else than itself.
pub fn word(random: &mut Random, odd: bool) -> (Option<Construct>, String) {
    let made = |random: &mut Random, alphabet: &str| -> String {
        (0..=random.below(10)).map(|_| char::from(*random.pick(alphabet.as_bytes()))).collect()
    };
    if odd {
        let text = if random.one_in(2) { random.text(&ODD).to_owned() } else { made(random, ODD_ALPHABET) };
        return (None, text.trim().to_owned());
    }
    match random.below(16) {
        0..=3 => {
            let alphabet = random.text(&ALPHABETS);
            let text = made(random, alphabet);
            // A dash alone, or a colon at the end, is none of the word's.
            (None, if text.starts_with('-') || text.ends_with(':') { format!("x{text}x") } else { text })
        }
        4 => (None, random.text(&TEXTS).to_owned()),
        _ => {
            let (construct, words) = random.pick(&WORDS);
            (Some(*construct), random.text(words).to_owned())
        }
    }
}

/// Texts with characters beyond ASCII.
pub const UNICODE: [&str; 7] =
    ["é ü 日本", "😀", "a\u{a0}b", "\u{3000}", "ÿ\u{d7ff}\u{e000}\u{fffd}", "ｙｅｓ", "\u{301}x"];

/// The line ends of Unicode.
pub const BREAKS: [&str; 3] = ["\u{85}", "\u{2028}", "\u{2029}"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_spelling_of_the_words_of_yaml_is_asked() {
        let mut random = Random::of_case(1, 1);
        let words: BTreeSet<String> = (0..20_000).map(|_| word(&mut random, false).1).collect();
        for spelling in BOOLS.iter().chain(&NULLS) {
            assert!(words.contains(*spelling), "{spelling}");
        }
    }
}
