//! Prints the table of `merge::schema` from a Kubernetes OpenAPI v2 document.
//!
//! `cargo run -p deckwatch-helm --example merge_keys -- path/to/swagger.json > crates/helm/src/merge/table.tsv`
//!
//! The document is `api/openapi-spec/swagger.json` of the Kubernetes sources. The table holds every type that a kind known to
//! Helm's client can reach: its fields, their types, and how patches merge them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: merge_keys SWAGGER_JSON");
        return ExitCode::from(2);
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(err) => {
            eprintln!("cannot read `{path}`: {err}");
            return ExitCode::FAILURE;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(document) => {
            print!("{}", deckwatch_helm::merge::openapi::table(&document));
            ExitCode::SUCCESS
        }
        Err(err) => {
            eprintln!("`{path}` is not JSON: {err}");
            ExitCode::FAILURE
        }
    }
}
