//! The deckwatch binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all, whatever this process is: the cockpit, a command, or what carries a plan out.
    deckwatch::term::forbid_core_dumps().ok();
    // Before the terminal is opened, so that its own hook is put around this one.
    if color_eyre::install().is_err() {
        return ExitCode::FAILURE;
    }
    deckwatch::cli::run()
}
