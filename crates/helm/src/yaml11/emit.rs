//! JSON written as YAML, for people to read.
//!
//! Owns the layout: two spaces, keys sorted, lists at the indent of their key, texts of several lines as literal blocks,
//! as Helm prints values. What it writes is read back by this module's parser as the same JSON; a property tests it.

use std::fmt::Write;

use serde_json::Value;

use super::resolve::{Scalar, resolve_plain};

/// Returns `value` as a YAML document that ends with a newline.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(value, 0, &mut out),
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut out),
        Value::String(text) => {
            out.push_str(&text_inline(text));
            out.push('\n');
        }
        other => {
            inline(other, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

/// Writes a collection that is not empty, its first line already indented.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            for (index, key) in keys.into_iter().enumerate() {
                pad(if index == 0 { 0 } else { indent }, out);
                out.push_str(&text_inline(key));
                out.push(':');
                let item = map.get(key).unwrap_or(&Value::Null);
                entry(item, indent, matches!(item, Value::Array(_)), out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pad(if index == 0 { 0 } else { indent }, out);
                out.push('-');
                if is_block(item) {
                    out.push(' ');
                    block(item, indent + 2, out);
                } else {
                    entry(item, indent, false, out);
                }
            }
        }
        _ => {}
    }
}

/// Writes what stands behind `key:` or `-`.
fn entry(item: &Value, indent: usize, same_indent: bool, out: &mut String) {
    if is_block(item) {
        let inner = if same_indent { indent } else { indent + 2 };
        out.push('\n');
        pad(inner, out);
        block(item, inner, out);
    } else {
        out.push(' ');
        inline(item, indent + 2, out);
        out.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn inline(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        Value::String(text) if is_literal(text) => literal(text, indent, out),
        Value::String(text) => out.push_str(&text_inline(text)),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Whether a literal block can hold the text as it is.
fn is_literal(text: &str) -> bool {
    let printable =
        text.chars().all(|c| matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}') && !is_break(c));
    let first_line_ok = !text.starts_with([' ', '\n']);
    let ends_ok = !text.ends_with("\n\n") && text.lines().all(|line| !line.ends_with(' '));
    text.contains('\n') && text.trim() != "" && printable && first_line_ok && ends_ok
}

fn literal(text: &str, indent: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.split_terminator('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{feff}')
}

/// A text in one line: plain where it reads back as itself, else in quotes.
fn text_inline(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let simple = text.chars().all(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}') && !is_break(c));
    if simple && matches!(resolve_plain(text), Scalar::Text(_)) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            ' '..='~' | '\u{a0}'..='\u{d7ff}' if !is_break(c) => quoted.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn is_plain(text: &str) -> bool {
    let starts_ok = text
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '+' | '(' | '$'));
    let all_ok = text.chars().all(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}') && !is_break(c));
    let ends_ok = !text.ends_with([' ', ':']);
    let inside_ok = !text.contains(": ") && !text.contains(" #");
    starts_ok && all_ok && ends_ok && inside_ok && resolve_plain(text) == Scalar::Text(text.to_owned())
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}
