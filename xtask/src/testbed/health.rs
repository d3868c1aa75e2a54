//! Asking the servers how they are, each within a time limit.
//!
//! Owns the questions' sending and the words for the answers. Never repairs anything. Tested on the
//! real servers by `cargo xtask testbed status`.

use std::time::{Duration, Instant};

use super::error::{Error, Result};
use super::http;
use super::proc;
use super::redis;
use super::servers::{Question, Server};
use super::stand::Stand;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers that it is well.
    Well,
    /// It runs, but does not answer so.
    Unwell(String),
    /// There is no such process.
    Gone,
}

/// Asks one server.
pub fn ask(stand: &Stand, server: &Server) -> Health {
    if proc::find(&stand.run(), server.name).is_none() {
        return Health::Gone;
    }
    match question(stand, &server.question()) {
        Ok(()) => Health::Well,
        Err(why) => Health::Unwell(why),
    }
}

/// Asks all servers at once and returns their answers in the same order.
pub fn ask_all(stand: &Stand, servers: &[Server]) -> Vec<Health> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = servers.iter().map(|server| scope.spawn(move || ask(stand, server))).collect();
        asked
            .into_iter()
            .map(|answer| answer.join().unwrap_or_else(|_| Health::Unwell("the question failed".to_owned())))
            .collect()
    })
}

/// Waits until a server is well. Fails when its process ends or the time is over.
pub fn wait(stand: &Stand, server: &Server, patience: Duration) -> Result<()> {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_millis(50);
    loop {
        let health = ask(stand, server);
        let why = match health {
            Health::Well => return Ok(()),
            Health::Gone => "it ended".to_owned(),
            Health::Unwell(ref why) if Instant::now() >= end => {
                format!("not well after {patience:.0?}: {why}")
            }
            Health::Unwell(_) => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(500));
                continue;
            }
        };
        return Err(Error::new(server.name, why).hint(proc::tail(&stand.run(), server.name)));
    }
}

fn question(stand: &Stand, question: &Question) -> Result<(), String> {
    match *question {
        Question::Http { port, path } => match http::get(stand.port(port), path, PATIENCE)? {
            answer if answer.status == 200 => Ok(()),
            answer => Err(format!("status {}: {}", answer.status, first_line(&answer.body))),
        },
        Question::Redis { port } => redis::ping(stand.port(port), PATIENCE),
        Question::Api(path) => raw(stand, &[], path),
        Question::Tls { port, path } => {
            let server = format!("--server=https://127.0.0.1:{}", stand.port(port));
            raw(stand, &[&server, "--insecure-skip-tls-verify"], path)
        }
    }
}

fn raw(stand: &Stand, flags: &[&str], path: &str) -> Result<(), String> {
    let timeout = format!("--request-timeout={}s", PATIENCE.as_secs());
    let mut command = stand.tool("kubectl");
    command.args(["get", "--raw", path, &timeout]).args(flags);
    let out = command.output().map_err(|e| e.to_string())?;
    if out.status.success() { Ok(()) } else { Err(first_line(&String::from_utf8_lossy(&out.stderr))) }
}

fn first_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().chars().take(100).collect()
}
