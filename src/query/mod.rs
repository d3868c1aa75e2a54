//! PromQL, LogQL and Alertmanager's matchers: quoting, taking apart, and choosing what to ask.
//!
//! Owns every place where text from outside is put into a query: it goes through the builders of
//! [`quote`] and [`matcher`], never through `format!` at the place of use. Pure: no network, clock or
//! thread. Tested by property tests that parse back what was built.

pub mod alertmanager;
pub mod generator;
pub mod logql;
pub mod matcher;
pub mod profile;
pub mod promql;
pub mod quote;
pub mod step;
pub mod template;

/// Tells that a test leaves something out, on the terminal and in the file that counts such things.
#[cfg(test)]
pub(crate) fn skipped(what: &str) {
    use std::io::Write as _;
    eprintln!("skipped: {what}");
    if let Ok(path) = std::env::var("DECKWATCH_SKIPPED") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "{what}").unwrap();
    }
}
