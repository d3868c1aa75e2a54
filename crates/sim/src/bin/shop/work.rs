//! The line writer: every second the lines of the next second go to the files and to Loki, from one
//! list. Owns the order of things: file, Loki, then the place is moved on.

use std::time::Duration;

use deckwatch_sim::life::Nanos;
use deckwatch_sim::shop::logs::Scribe;
use deckwatch_sim::shop::{Feed, SECOND};
use tokio_util::sync::CancellationToken;

use crate::access::Api;
use crate::files::Folder;
use crate::kwok::Objects;
use crate::push::Loki;
use crate::{Failure, Options};

/// Lines are written this long after their instant, when the watch has told what happened then.
const LAG: Nanos = 2 * SECOND;
/// How far back the first lines, or those missed while nothing ran, reach.
const REACH: Nanos = 600 * SECOND;
/// The longest window that is written at once.
const WINDOW: Nanos = 10 * SECOND;

/// Writes lines until `stop` is cancelled.
pub async fn run(options: Options, api: Api, feed: Feed, stop: CancellationToken) -> Result<(), Failure> {
    let loki = options.loki.as_deref().map(Loki::new).transpose()?;
    let opened = options.logs_dir.as_deref().map(Folder::open).transpose();
    let (folder, cursor) = opened.map_err(|e| format!("the folder of log files: {e}"))?.unzip();
    let mut objects = Objects::default();
    let mut next = cursor.flatten().unwrap_or(0).max(feed.now() - REACH);
    // The first list of pods decides what is missing; nothing is written before it.
    while feed.shop().pods().next().is_none() && !stop.is_cancelled() {
        pause(&stop, Duration::from_millis(200)).await;
        next = next.max(feed.now() - REACH);
    }
    while !stop.is_cancelled() {
        let shop = feed.shop();
        let end = feed.now() - LAG;
        if let Some(folder) = folder.as_ref().filter(|_| !options.no_kwok_logs) {
            objects.update(&api, &shop, folder.root(), feed.now()).await;
        }
        while next < end && !stop.is_cancelled() {
            let to = end.min(next + WINDOW);
            let entries = Scribe::new(&shop, next, to).window(next, to, |_| true);
            if let Some(folder) = &folder {
                folder.append(&entries).map_err(|e| format!("writing log files: {e}"))?;
            }
            if let Some(loki) = &loki
                && !loki.push(&entries, &stop).await
            {
                return Ok(());
            }
            if let Some(folder) = &folder {
                folder.advance(to).map_err(|e| format!("writing the place: {e}"))?;
            }
            next = to;
        }
        pause(&stop, Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn pause(stop: &CancellationToken, time: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}
