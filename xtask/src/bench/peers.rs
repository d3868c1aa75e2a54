//! Other programs that show pods in a terminal, where they are installed.

use std::path::PathBuf;
use std::time::Duration;

use super::Result;
use super::pty::Session;
use super::stand::Stand;
use super::start::since;

/// A program, and how it is told to show all pods and change nothing.
struct Peer {
    name: &'static str,
    args: &'static [&'static str],
}

const PEERS: [Peer; 2] = [
    Peer { name: "sofka", args: &["--readonly", "-A", "pods"] },
    Peer { name: "k9s", args: &["--readonly", "-A", "-c", "pods", "--splashless", "--logoless"] },
];

/// What was measured of a peer.
pub struct Measured {
    /// Its name.
    pub name: &'static str,
    /// Why there are no figures, or the figures.
    pub figures: Result<Figures>,
}

/// A peer's figures.
pub struct Figures {
    /// Seconds from its start until all rows are there.
    pub all: f64,
    /// Its memory then, in bytes.
    pub resident: u64,
}

/// Measures those that are installed.
pub fn measure(stand: &Stand, pods: usize, size: (u16, u16)) -> Vec<Measured> {
    let one = |peer: &Peer| Measured { name: peer.name, figures: figures(peer, stand, pods, size) };
    PEERS.iter().map(one).collect()
}

fn figures(peer: &Peer, stand: &Stand, pods: usize, size: (u16, u16)) -> Result<Figures> {
    let program = installed(peer.name).ok_or_else(|| "not installed".to_owned())?;
    let session = Session::start(&program, peer.args, &stand.variables, size)?;
    let limit = Duration::from_secs(120);
    let shown = session.wait("all rows", limit, |s| counts(&s.text(), pods))?;
    std::thread::sleep(Duration::from_secs(2));
    Ok(Figures { all: since(session.began, shown), resident: super::sys::resident(session.pid()) })
}

fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns whether a screen says that number, with or without commas.
pub fn counts(screen: &str, number: usize) -> bool {
    let digits = screen.split(|c: char| !c.is_ascii_digit() && c != ',').map(|word| word.replace(',', ""));
    digits.into_iter().any(|word| word.parse() == Ok(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_found_however_it_is_written() {
        assert!(counts("── pods ── 5,032 pods · live", 5_032) && counts("Pods(all)[5032]", 5_032));
        assert!(!counts("15,032 pods, 503 of them", 5_032));
    }
}
