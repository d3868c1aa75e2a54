//! Filling `@name@` in the configuration files of `testbed/config`.
//!
//! Owns the substitution; a name that nobody knows is an error, so that no half-filled file ever
//! reaches a server.

use std::collections::BTreeMap;

use super::error::{Error, Result};

/// Returns the text with every `@name@` replaced by its value.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inner = from.get(1..).unwrap_or_default();
        let name_end = inner.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        match name_end {
            Some(end) if end > 0 && inner.get(end..).is_some_and(|r| r.starts_with('@')) => {
                let name = inner.get(..end).unwrap_or_default();
                let value = values
                    .get(name)
                    .ok_or_else(|| Error::new("a template", format!("nobody knows @{name}@")))?;
                out.push_str(value);
                rest = inner.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('@');
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_other_signs_stay() {
        let values = BTreeMap::from([("port".to_owned(), "9090".to_owned())]);
        assert_eq!(fill("a@b.example 127.0.0.1:@port@ @", &values).unwrap(), "a@b.example 127.0.0.1:9090 @");
    }

    #[test]
    fn a_name_that_nobody_knows_is_an_error() {
        let error = fill("@prot@", &BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(error, "a template: nobody knows @prot@");
    }
}
