//! `cargo xtask bench`: what the cockpit costs, beside what its peers and the bare API cost in the same run.
//!
//! Owns the targets, the table and `docs/bench.md`. Each figure is measured here or by `benches/cockpit`; none is a test:
//! a slow machine fails nothing. Never measures a debug build. Tested where it computes; the rest is its own report.

mod bare;
mod figures;
mod helm;
mod list;
mod page;
mod peers;
mod provenance;
mod pty;
mod stand;
mod start;
mod storm;
mod sys;
mod table;
mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use table::{Row, Table};

/// Why something could not be measured, in words.
type Result<T> = std::result::Result<T, String>;

/// What is to be measured.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// A part that is a command of its own.
    #[command(subcommand)]
    alone: Option<Alone>,
    /// Only what needs no testbed.
    #[arg(long)]
    in_process: bool,
    /// How many pods the testbed is filled with before its part.
    #[arg(long, default_value_t = 5_000)]
    pods: u32,
    /// Measure only these parts, and leave `docs/bench.md` alone.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Measure nothing: say whether `docs/bench.md` is about the code as it is.
    #[arg(long)]
    check: bool,
}

/// Parts that are commands of their own: each writes its section of `docs/bench.md` and leaves the others as they are.
#[derive(Clone, Copy, clap::Subcommand)]
enum Alone {
    /// A rollback of a release of 60 objects, beside `helm rollback`. Starts a testbed where none is up.
    Helm {
        /// How often each program is measured, in turn with the others.
        #[arg(long, default_value_t = helm::RUNS)]
        runs: usize,
        /// Leaves `docs/bench.md` alone.
        #[arg(long)]
        no_page: bool,
    },
}

/// A part of the measurements.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The model, the views and the screen, in process.
    Figures,
    /// From the start to the first frame.
    Start,
    /// The whole cockpit under changes that are made here.
    Storm,
    /// Lists on the testbed.
    List,
    /// A rollback on the testbed.
    Rollback,
}

/// Where things are.
struct Bench {
    workspace: PathBuf,
    deckwatch: PathBuf,
    pods: u32,
}

/// Measures, prints the table and writes it into the documentation.
pub fn run(args: &Args) -> ExitCode {
    match measure(args) {
        Ok(done) => done,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<ExitCode> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.parent().unwrap_or(here).to_path_buf();
    let page = workspace.join("docs/bench.md");
    if args.check {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        print!("{}", page::check(&text, &provenance::hash(&workspace)));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(Alone::Helm { runs, no_page }) = args.alone {
        return helm_alone(workspace, runs, (!no_page).then_some(&page));
    }
    let wanted = |part: Part| {
        let local = matches!(part, Part::Figures | Part::Start | Part::Storm);
        (args.only.is_empty() || args.only.contains(&part)) && (local || !args.in_process)
    };
    println!("── building with the release profile");
    cargo(&workspace, &["build", "--release", "--bin", "deckwatch"])?;
    let bench = Bench { deckwatch: workspace.join("target/release/deckwatch"), workspace, pods: args.pods };
    let program = figures::build(&bench.workspace)?;
    let mut table = Table::default();
    if wanted(Part::Start) {
        table.part("Start", start::rows(&bench));
    }
    if wanted(Part::Figures) {
        table.part("In process", figures::rows(&program));
    }
    if wanted(Part::Storm) {
        table.part("The whole cockpit over 10,000 pods made here, 180×50", storm::rows(&program));
    }
    if wanted(Part::List) || wanted(Part::Rollback) {
        match stand::Stand::find(&bench.workspace) {
            Ok(stand) => {
                if wanted(Part::Rollback) {
                    table.part(helm::TITLE, helm::rows(&bench, &stand, helm::RUNS));
                }
                if wanted(Part::List) {
                    table.part("Pods on the testbed, 180×50", list::rows(&bench, &stand));
                }
            }
            Err(why) => table.part("The testbed", Ok(vec![Row::left_out("everything on the testbed", &why)])),
        }
    }
    println!("\n{}", table.text());
    if args.only.is_empty() && !args.in_process {
        let stand = stand::Stand::find(&bench.workspace).ok();
        let text = format!("{}{}", provenance::head(&bench.workspace, stand.as_ref()), table.markdown());
        std::fs::write(&page, text).map_err(|e| format!("write {}: {e}", page.display()))?;
        println!("written to {}", page.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures rollbacks alone, and writes the page's section.
fn helm_alone(workspace: PathBuf, runs: usize, page: Option<&PathBuf>) -> Result<ExitCode> {
    println!("── building with the release profile");
    cargo(&workspace, &["build", "--release", "--bin", "deckwatch"])?;
    let bench = Bench { deckwatch: workspace.join("target/release/deckwatch"), workspace, pods: 0 };
    let (stand, started) = stand::Stand::find_or_start(&bench.workspace)?;
    let rows = helm::rows(&bench, &stand, runs);
    let facts = provenance::facts(&bench.workspace, Some(&stand));
    if started {
        stand::Stand::down()?;
    }
    let mut table = Table::default();
    table.part(helm::TITLE, Ok(rows?));
    println!("\n{}", table.text());
    if let Some(page) = page {
        let text = std::fs::read_to_string(page).map_err(|e| format!("read {}: {e}", page.display()))?;
        let words = format!("Measured apart from the rest, by `cargo xtask bench helm`:\n\n{facts}\n");
        let text = page::put(&text, helm::TITLE, &table.markdown_of(&words));
        std::fs::write(page, text).map_err(|e| format!("write {}: {e}", page.display()))?;
        println!("written to {}", page.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs cargo in the workspace.
fn cargo(workspace: &Path, args: &[&str]) -> Result<()> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = command.args(args).current_dir(workspace).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", args.join(" "))),
        Err(error) => Err(format!("cargo {}: {error}", args.join(" "))),
    }
}
