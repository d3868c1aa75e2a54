//! Faults that a test of the whole program wants: only in debug builds, only where `DECKWATCH_FAILPOINTS`
//! is set. F12 is a panic of the loop, F11 one of a source's task, F10 one of another thread.

use std::sync::OnceLock;

use crossterm::event::{KeyCode, KeyEvent};

use super::effects::Executor;

static ARMED: OnceLock<bool> = OnceLock::new();

/// Fails where the key says so.
#[expect(clippy::panic, reason = "a panic is what is wanted")]
pub fn key(event: &KeyEvent, executor: &Executor) {
    if !*ARMED.get_or_init(|| std::env::var_os("DECKWATCH_FAILPOINTS").is_some()) {
        return;
    }
    match event.code {
        KeyCode::F(12) => panic!("a failpoint in the loop"),
        KeyCode::F(11) => executor.fail(),
        KeyCode::F(10) => drop(std::thread::spawn(|| panic!("a failpoint in a thread"))),
        _ => {}
    }
}
