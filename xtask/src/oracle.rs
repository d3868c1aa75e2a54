//! `cargo xtask oracle`: what deckwatch makes of patches and manifests, beside Helm's own packages, on random questions.
//!
//! Owns the command line; builds the Go program in `testbed/oracle` where it is missing, and runs `crates/oracle`, optimised. Two
//! million cases take some minutes. The ordinary tests ask a hundred thousand of them.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::testbed::own;

/// How many questions, and which.
#[derive(clap::Args)]
pub struct Args {
    /// How many cases.
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// The seed: the same cases come of the same seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only questions of one op (`three_way`, `yaml`, …), or all about `objects` or `texts`.
    #[arg(long, value_name = "OP")]
    only: Option<String>,
    /// How many programs run side by side.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The number of the first case, to ask a case again.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Write the table of types anew, and ask nothing.
    #[arg(long)]
    table: bool,
}

/// Runs the oracle.
pub fn run(args: &Args) -> ExitCode {
    let program = match own::build_tool("oracle") {
        Ok(program) => program,
        Err(error) => {
            eprintln!("✖ the oracle: {error}");
            return ExitCode::FAILURE;
        }
    };
    if args.table {
        return write_table(&program);
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--release", "--quiet", "--package", "deckwatch-oracle", "--"]).arg(&program);
    command.args(["--cases", &args.cases.to_string(), "--seed", &args.seed.to_string()]);
    command.args(["--threads", &args.threads.to_string(), "--from", &args.from.to_string()]);
    if let Some(only) = &args.only {
        command.args(["--only", only]);
    }
    match command.current_dir(crate::suite::workspace()).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("✖ cargo run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_table(program: &Path) -> ExitCode {
    let path = crate::suite::workspace().join("crates/helm/src/merge/table.tsv");
    let output = Command::new(program).arg("table").stderr(Stdio::inherit()).output();
    let written = match output {
        Ok(output) if output.status.success() => fs::write(&path, output.stdout),
        Ok(output) => Err(std::io::Error::other(format!("the oracle's table: {}", output.status))),
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✖ {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
