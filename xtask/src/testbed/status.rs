//! The table that says how every part of the stand is.
//!
//! Owns the words; never changes anything. Succeeds only when every server answers, the nodes are
//! ready and the monitoring pods run. Tested on the real servers.

use super::cluster;
use super::error::{Error, Result};
use super::extras;
use super::health::{self, Health};
use super::proc;
use super::servers::{APISERVER, SHOP};
use super::stand::Stand;
use super::up;

/// Prints the table; fails when anything is not well.
pub fn status(stand: &Stand) -> Result<()> {
    let servers = up::servers_of(stand);
    let answers = health::ask_all(stand, &servers);
    let mut unwell = Vec::new();
    for (server, answer) in servers.iter().zip(&answers) {
        let pid = proc::find(&stand.run(), server.name).map_or("-".to_owned(), |p| p.pid.to_string());
        let (word, hint) = words(stand, server.name, answer);
        println!("{:<30} {:>8} 127.0.0.1:{:<6} {word:<8} {hint}", server.name, pid, stand.port(server.port));
        if *answer != Health::Well {
            unwell.push(server.name.to_owned());
        }
    }
    let lacking = if unwell.iter().any(|name| name == APISERVER.name) {
        Some("not asked: the API server is not well".to_owned())
    } else {
        let extras = extras::of(&stand.dirs, &[]);
        let lacking = cluster::lacking(stand).and_then(|lacks| match lacks {
            None => extras::lacking(stand, &extras),
            lacks => Ok(lacks),
        });
        lacking.unwrap_or_else(|e| Some(e.to_string()))
    };
    if let Some(why) = lacking {
        println!("{:<30} {why}", "cluster");
        unwell.push("cluster".to_owned());
    } else {
        println!("{:<30} {} nodes ready, monitoring pods run", "cluster", cluster::NODES);
    }
    if !servers.iter().any(|server| server.name == SHOP.name) {
        println!("{:<30} not built: no metrics and logs of the shop", SHOP.name);
        unwell.push(SHOP.name.to_owned());
    }
    if unwell.is_empty() {
        return Ok(());
    }
    Err(Error::new("the testbed", format!("not well: {}", unwell.join(", ")))
        .hint("`cargo xtask testbed up` starts anew what is gone or does not answer."))
}

fn words(stand: &Stand, name: &str, answer: &Health) -> (&'static str, String) {
    let log = proc::log_file(&stand.run(), name);
    match answer {
        Health::Well => ("well", String::new()),
        Health::Unwell(why) => ("unwell", format!("{why} (log: {})", log.display())),
        Health::Gone => ("gone", format!("log: {}", log.display())),
    }
}
