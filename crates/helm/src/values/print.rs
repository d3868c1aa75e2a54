//! Values as Helm prints them: JSON written by the YAML emitter of Go's `go.yaml.in/yaml/v2`, which `sigs.k8s.io/yaml` is made of.
//!
//! Owns the layout to the byte: which texts are quoted and how, the order of keys (natural: `a2` before `a10`), lines that are
//! broken behind the 80th column, and numbers as Go writes them. So a text of Helm's and one of ours can be compared.
//! Tested by tables, by reading back what was written, and against Go's own emitter.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::number::go_float;
use crate::yaml11::parse_document;

/// A text is broken at the first blank behind this column.
const WIDTH: usize = 80;
/// Keys that are longer, in bytes, are written behind a question mark.
const LONGEST_KEY: usize = 128;

/// Returns a value as a YAML document that ends with a newline.
pub fn to_yaml(value: &Value) -> String {
    let mut out = Out::default();
    match value {
        Value::Object(map) if !map.is_empty() => out.mapping(map, 0),
        Value::Array(items) if !items.is_empty() => out.sequence(items, 0),
        other => out.scalar(other, 2, false),
    }
    if !out.text.ends_with('\n') {
        out.text.push('\n');
    }
    out.text
}

#[derive(Default)]
struct Out {
    text: String,
    /// Characters since the line's beginning.
    column: usize,
}

impl Out {
    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column = if is_break(c) { 0 } else { self.column + 1 };
    }

    fn write(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn indent(&mut self, to: usize) {
        while self.column < to {
            self.put(' ');
        }
    }

    fn line(&mut self, indent: usize) {
        self.put('\n');
        self.indent(indent);
    }

    /// Writes a mapping that is not empty; its first key stands where the writing is.
    fn mapping(&mut self, map: &Map<String, Value>, indent: usize) {
        let entries: Vec<(&String, &Value)> = map.iter().collect();
        for (at, (key, value)) in sorted(entries).into_iter().enumerate() {
            if at > 0 {
                self.end_line();
                self.indent(indent);
            }
            let simple = key.len() <= LONGEST_KEY && !key.contains(is_break);
            let compact = !simple;
            if simple {
                self.string(key, indent + 2, true);
            } else {
                self.write("? ");
                self.string(key, indent + 2, false);
                self.end_line();
                self.indent(indent);
            }
            self.put(':');
            match value {
                Value::Object(map) if !map.is_empty() && compact => {
                    self.put(' ');
                    self.mapping(map, indent + 2);
                }
                Value::Object(map) if !map.is_empty() => {
                    self.line(indent + 2);
                    self.mapping(map, indent + 2);
                }
                Value::Array(items) if !items.is_empty() && compact => {
                    self.put(' ');
                    self.sequence(items, indent + 2);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.line(indent);
                    self.sequence(items, indent);
                }
                other => {
                    self.put(' ');
                    self.scalar(other, indent + 2, false);
                }
            }
        }
    }

    /// Writes a list that is not empty; its first dash stands where the writing is.
    fn sequence(&mut self, items: &[Value], indent: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.end_line();
                self.indent(indent);
            }
            self.write("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.mapping(map, indent + 2),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + 2),
                other => self.scalar(other, indent + 2, false),
            }
        }
    }

    /// Ends a line; a literal block has ended its own.
    fn end_line(&mut self) {
        if self.column > 0 || !self.text.ends_with('\n') {
            self.put('\n');
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, key: bool) {
        match value {
            Value::Object(_) => self.write("{}"),
            Value::Array(_) => self.write("[]"),
            Value::String(text) => self.string(text, indent, key),
            Value::Number(number) if number.is_f64() => {
                let float = number.as_f64().unwrap_or_default();
                self.write(&go_float(float, false));
            }
            other => self.write(&other.to_string()),
        }
    }

    fn string(&mut self, text: &str, indent: usize, key: bool) {
        let facts = Facts::of(text);
        if text.contains('\n') {
            if facts.literal && !key {
                self.literal(text, indent);
            } else {
                self.double_quoted(text, indent, key);
            }
        } else if !reads_as_text(text, &facts) {
            self.double_quoted(text, indent, key);
        } else if facts.plain {
            self.broken(text, indent, key, false);
        } else if facts.single {
            self.put('\'');
            self.broken(text, indent, key, true);
            self.put('\'');
        } else {
            self.double_quoted(text, indent, key);
        }
    }

    /// Writes a plain text, or the inside of one in single quotes, broken at a blank behind the last column.
    fn broken(&mut self, text: &str, indent: usize, key: bool, quoted: bool) {
        let chars: Vec<char> = text.chars().collect();
        let (mut blank, mut ended) = (false, false);
        let last = text.len().saturating_sub(1);
        let mut byte = 0;
        for (at, c) in chars.iter().copied().enumerate() {
            let next_is_blank = chars.get(at + 1) == Some(&' ');
            let within = !quoted || (byte > 0 && byte < last);
            byte += c.len_utf8();
            if c == ' ' {
                if !key && !blank && self.column > WIDTH && within && !next_is_blank {
                    self.line(indent);
                } else {
                    self.put(' ');
                }
                blank = true;
            } else if is_break(c) {
                self.put(c);
                ended = true;
            } else {
                if ended {
                    self.indent(indent);
                }
                if c == '\'' && quoted {
                    self.put('\'');
                }
                self.put(c);
                (blank, ended) = (false, false);
            }
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put('2');
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next()) {
            (false, _) => self.put('-'),
            (true, before) if before.is_none_or(is_break) => self.put('+'),
            _ => {}
        }
        self.put('\n');
        let mut begins = true;
        for c in text.chars() {
            if is_break(c) {
                begins = true;
            } else if std::mem::take(&mut begins) {
                self.indent(indent);
            }
            self.put(c);
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.put('"');
        let mut blank = false;
        let last = text.len().saturating_sub(1);
        // It looks for a byte order mark always at the beginning, and so takes every character for one.
        let marked = text.starts_with('\u{feff}');
        for (byte, c) in text.char_indices() {
            if marked || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.write(&escaped(c));
                blank = false;
            } else if c == ' ' {
                if !key && !blank && self.column > WIDTH && byte > 0 && byte < last {
                    self.line(indent);
                    if text.as_bytes().get(byte + 1) == Some(&b' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                blank = true;
            } else {
                self.put(c);
                blank = false;
            }
        }
        self.put('"');
    }
}

fn escaped(c: char) -> String {
    let known = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{known}")
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the emitter takes for printable; of four bytes it knows nothing.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// In which ways a text may be written.
struct Facts {
    plain: bool,
    single: bool,
    literal: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut break_then_blank, mut blank_then_break) =
            (false, false, false, false);
        let mut before: Option<char> = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            let blank_before = before.is_none_or(|c| matches!(c, ' ' | '\t' | '\0') || is_break(c));
            indicators |= match c {
                '#' => blank_before,
                ':' => blank_follows,
                '?' | '-' if before.is_none() => blank_follows,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    before.is_none()
                }
                _ => false,
            };
            special |= !is_printable(c);
            breaks |= is_break(c);
            break_then_blank |= c == ' ' && before.is_some_and(is_break);
            blank_then_break |= is_break(c) && before == Some(' ');
            before = Some(c);
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let edges = text.starts_with(edge) || text.ends_with(edge);
        Self {
            plain: !(indicators || breaks || special || edges || break_then_blank || blank_then_break),
            single: !(break_then_blank || blank_then_break || special),
            literal: !(text.ends_with(' ') || blank_then_break || special),
        }
    }
}

/// Whether a text without quotes is read as the same text, and not as a number, a switch, a time or nothing.
fn reads_as_text(text: &str, facts: &Facts) -> bool {
    let Some(first) = text.chars().next() else { return false };
    if !matches!(
        first,
        '0'..='9' | '+' | '-' | '.' | 'y' | 'Y' | 'n' | 'N' | 't' | 'T' | 'f' | 'F' | 'o' | 'O' | '~'
    ) {
        return true;
    }
    if is_base_60(text) || (facts.plain && is_time(text)) {
        return false;
    }
    // What cannot stand without quotes is no number either.
    !facts.plain || matches!(parse_document(text), Ok(Some(Value::String(read))) if read == text)
}

/// Numbers to the base of 60 are read by other parsers.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    let head =
        parts.next().is_some_and(|head| head.starts_with(|c: char| c.is_ascii_digit()) && digits(head));
    let rest: Vec<&str> = parts.collect();
    let sixtieth = |part: &str| match part.as_bytes() {
        [c] | [b'0'..=b'5', c] => c.is_ascii_digit(),
        _ => false,
    };
    let Some((last, middle)) = rest.split_last() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    head && middle.iter().all(|part| sixtieth(part)) && sixtieth(last) && digits(fraction)
}

/// A date, or a date and a clock: a document with a tag of times says so, or refuses.
fn is_time(text: &str) -> bool {
    let dated = text
        .get(..5)
        .is_some_and(|head| head.ends_with('-') && head.bytes().take(4).all(|c| c.is_ascii_digit()));
    let day_ok = || {
        let date = text.split(['T', 't', ' ']).next().unwrap_or(text);
        let mut parts = date.split('-').map(|part| part.parse::<usize>().unwrap_or(0));
        let (year, month, day) =
            (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = [31, 28 + usize::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        month.checked_sub(1).and_then(|at| days.get(at)).is_some_and(|days| day <= *days)
    };
    dated && day_ok() && parse_document(&format!("!!timestamp {text}\n")).is_ok_and(|read| read.is_some())
}

/// Sorts entries as the emitter does. Its order may contradict itself for hostile keys: a sort of the standard library would
/// end the program over that.
fn sorted<'a>(mut entries: Vec<(&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = entries.split_off(entries.len() / 2);
    let (mut left, mut right) =
        (sorted(entries).into_iter().peekable(), sorted(right).into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if natural(b.0, a.0) == Ordering::Less => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        match next {
            Some(entry) => out.push(entry),
            None => return out,
        }
    }
}

/// Letters by their code, digits by the number that they make up, all else before letters.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let digit = |of: &[char], at: usize| of.get(at).copied().filter(char::is_ascii_digit);
    for (at, (x, y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(y),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        // A zero behind other digits of one number counts for its place, not as a leading one.
        let mut before = (0..at).rev().map_while(|at| digit(&a, at));
        let begun = (*x == '0' || *y == '0') && before.any(|c| c != '0');
        let run = |of: &[char]| {
            let digits: Vec<i64> =
                (at..).map_while(|at| digit(of, at)).map(|c| i64::from(u32::from(c) - 48)).collect();
            let number =
                digits.iter().fold(i64::from(begun), |n, digit| n.wrapping_mul(10).wrapping_add(*digit));
            (number, digits.len())
        };
        return run(&a).cmp(&run(&b)).then(x.cmp(y));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests;
