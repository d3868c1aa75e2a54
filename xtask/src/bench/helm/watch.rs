//! When the records of a release change, as whoever watches them at the API server hears it.
//!
//! Every rollback begins its writes with a record and ends them with one: what lies between the first and the last event is
//! the time of the writes, seen from the same place for every client.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::Result;
use super::super::bare::Api;
use super::super::wire::Ask;

/// How long an event may be on its way when the process that caused it has ended.
const LATE: Duration = Duration::from_millis(150);

/// A watch that is open.
pub struct Watch {
    end: Box<dyn Fn()>,
    seen: Arc<Mutex<Vec<Instant>>>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Opens one on the records of a namespace, from now on.
    pub fn open(api: &Api, namespace: &str) -> Result<Self> {
        let mut wire = api.connect()?;
        let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
        let (_, list) = wire.ask(Ask::get(&format!("{secrets}?limit=1")))?;
        let list: serde_json::Value =
            serde_json::from_slice(&list).map_err(|e| format!("list the records: {e}"))?;
        let version = list.pointer("/metadata/resourceVersion").and_then(serde_json::Value::as_str);
        let version = version.ok_or_else(|| "the list of records has no version".to_owned())?;
        let path = format!(
            "{secrets}?watch=true&resourceVersion={version}&fieldSelector=type%3Dhelm.sh%2Frelease.v1"
        );
        // The metadata alone: what the records hold is of no interest here.
        let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        wire.watch(Ask { accept, ..Ask::get(&path) })?;
        let seen: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let end = Box::new(wire.end()?);
        let thread = std::thread::spawn(move || {
            while wire.event() {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
        });
        Ok(Self { end, seen, thread })
    }

    /// Ends it. Returns when it heard of the first and of the last change.
    pub fn close(self) -> Result<(Instant, Instant)> {
        std::thread::sleep(LATE);
        (self.end)();
        self.thread.join().map_err(|_| "the watch of the records broke".to_owned())?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (seen.first(), seen.last()) {
            (Some(first), Some(last)) if seen.len() > 1 => Ok((*first, *last)),
            _ => Err("the watch heard of no record that was written".to_owned()),
        }
    }
}
