//! The second half: a watch, from where the list or the last watch ended.

use std::time::Duration;

use deckwatch_wire::Encoding;
use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::{Change, Closed, Event, Run, better_anew, is_older};
use crate::core::Result;
use crate::sources::kube::answer::{self, Asked, Fail};
use crate::sources::kube::batch::{Batch, FULL, MOST};
use crate::sources::kube::client::Stream;
use crate::sources::kube::decode::{self, Watching};

/// How long the server is asked to keep a watch open, in seconds.
const TIMEOUT: &str = "290";
/// How long an open watch may be silent: servers send a bookmark every minute.
const IDLE: Duration = Duration::from_secs(90);
/// How long changes are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// How a watch ended.
pub(super) enum End {
    /// As watches do: it can go on from the last version.
    Closed,
    /// The connection must not be trusted: go on from the last version on a new one.
    Distrusted,
    /// A new list is needed.
    Relist(&'static str),
    /// It failed.
    Failed(Fail),
}

struct Open {
    asked: Asked,
    stream: Stream,
    decoder: Box<dyn Watching>,
    batch: Batch,
    /// When the oldest change of the batch must be sent.
    due: Option<Instant>,
    last_byte: Instant,
}

impl Run {
    /// Watches from `version`, which is moved along, until the watch ends.
    pub(super) async fn watch(&mut self, version: &mut String) -> Result<End, Closed> {
        let (mut open, epoch) = match self.open(version).await? {
            Ok(open) => open,
            Err(fail) if fail.is_gone() => return Ok(End::Relist("it is too long ago for the server")),
            Err(fail) if fail.refuses_encoding() && self.client.encoding() == Encoding::Protobuf => {
                self.client.ask_for_json();
                return Ok(End::Distrusted);
            }
            Err(fail) => return Ok(End::Failed(fail)),
        };
        self.last_good = (self.clock)();
        self.tell_pulse().await?;
        let end = self.read(&mut open, version, epoch).await?;
        if !open.batch.is_empty() {
            self.send(Event::Changes(open.batch.take())).await?;
        }
        Ok(end)
    }

    /// Opens the watch; meanwhile the pulse is still listened to. Once, it is opened anew when that is better
    /// than to wait on. Returns the epoch, too, that its connection is of.
    async fn open(&mut self, version: &str) -> Result<Result<(Open, u64), Fail>, Closed> {
        let mut epoch = self.beats.borrow_and_update().epoch;
        let path = self.spec.path(&[
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", TIMEOUT),
            ("resourceVersion", version),
        ]);
        let accept = decode::accept_watch(self.spec.resource, self.client.encoding());
        let client = self.client.clone();
        let mut opening = Box::pin(client.stream(&path, &accept));
        let (mut beats, mut ear) = (self.beats.clone(), self.retry.ear());
        let (mut pulse, mut again) = (true, true);
        let stream = loop {
            tokio::select! {
                opened = &mut opening => match opened {
                    Ok(stream) => break stream,
                    Err(fail) => return Ok(Err(fail)),
                },
                () = better_anew(&mut beats, &mut ear, epoch), if again => {
                    again = false;
                    epoch = self.beats.borrow().epoch;
                    opening = Box::pin(client.stream(&path, &accept));
                }
                beat = self.beats.changed(), if pulse => {
                    pulse = beat.is_ok();
                    if self.beats.borrow().alive == Some(false) {
                        self.tell_pulse().await?;
                    }
                }
            }
        };
        let asked = Asked::of(&Method::GET, &path);
        let Some(encoding) = Encoding::from_content_type(&stream.content_type) else {
            return Ok(Err(answer::not_kubernetes(&asked, &HeaderMap::new(), b"")));
        };
        let decoder = decode::watching(self.spec.resource, encoding);
        let (batch, due, last_byte) = (Batch::default(), None, Instant::now());
        Ok(Ok((Open { asked, stream, decoder, batch, due, last_byte }, epoch)))
    }

    async fn read(&mut self, open: &mut Open, version: &mut String, epoch: u64) -> Result<End, Closed> {
        let mut pulse = true;
        let out = self.out.clone();
        loop {
            let now = Instant::now();
            let send = open.batch.len() >= FULL || open.due.is_some_and(|due| due <= now);
            let room = open.batch.len() < MOST;
            let due = open.due.unwrap_or(now);
            tokio::select! {
                permit = out.reserve(), if send => {
                    permit.map_err(|_| Closed)?.send(Event::Changes(open.batch.take()));
                    open.due = None;
                }
                () = out.closed() => return Err(Closed),
                chunk = open.stream.chunk(), if room => match chunk {
                    Ok(Some(bytes)) => {
                        open.last_byte = now;
                        self.last_good = (self.clock)();
                        self.pace.reset();
                        if let Some(end) = open.take(&bytes, version) {
                            return Ok(end);
                        }
                        if !open.batch.is_empty() {
                            open.due.get_or_insert(now + GATHER);
                        }
                    }
                    // Also when it is cut off in the middle: it goes on from the last whole event.
                    Ok(None) | Err(_) => return Ok(End::Closed),
                },
                () = tokio::time::sleep_until(due), if !send && open.due.is_some() => {}
                () = tokio::time::sleep_until(open.last_byte + IDLE), if room => return Ok(End::Closed),
                beat = self.beats.changed(), if pulse => {
                    pulse = beat.is_ok();
                    self.tell_pulse().await?;
                    if self.beats.borrow().epoch != epoch {
                        return Ok(End::Distrusted);
                    }
                }
            }
        }
    }
}

impl Open {
    /// Takes bytes of the watch into the batch; returns how it ended, if it did.
    fn take(&mut self, bytes: &[u8], version: &mut String) -> Option<End> {
        self.decoder.push(bytes);
        while let Some(change) = self.decoder.next_change() {
            let change = match change {
                Ok(change) => change,
                Err(error) => return Some(End::Failed(answer::unreadable(&self.asked, &error))),
            };
            let at = match &change {
                decode::Change::Applied(object) | decode::Change::Deleted(object) => {
                    object.resource_version()
                }
                decode::Change::Bookmark(at) => at,
                decode::Change::Ended(_) | decode::Change::Undecodable { .. } => "",
            };
            if is_older(at, version) {
                return Some(End::Relist("the cluster's state went back"));
            }
            if !at.is_empty() {
                at.clone_into(version);
            }
            match change {
                decode::Change::Applied(object) => self.batch.add(Change::Apply(object)),
                decode::Change::Deleted(object) => self.batch.add(Change::Remove(object.uid(), object)),
                decode::Change::Undecodable { deleted: false, object } => {
                    self.batch.add(Change::Undecodable(object));
                }
                // What is gone and cannot be named is found by a list.
                decode::Change::Undecodable { deleted: true, .. } => {
                    return Some(End::Relist("an object was deleted that could not be read"));
                }
                decode::Change::Bookmark(_) => {}
                decode::Change::Ended(status) => {
                    let fail = answer::watch_error(&self.asked, &status);
                    return Some(if fail.is_gone() {
                        End::Relist("it is too long ago for the server")
                    } else {
                        End::Failed(fail)
                    });
                }
            }
        }
        None
    }
}
