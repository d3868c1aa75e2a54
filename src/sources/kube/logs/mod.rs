//! What a container has written, as its kubelet still has it.
//!
//! Lines are asked for with their times, to the nanosecond. Everything is bounded, and what was cut is
//! counted. Lines without a time, which kubelets put in when something is wrong with the file, take the
//! time of the line before and are counted too. Tested with lines cut at every byte.

mod lines;

pub use lines::Lines;

use http::Method;

use super::answer::{Asked, Fail};
use super::client::{Client, Get, Stream, TOTAL};
use crate::core::{Labels, Name, Result, Span, Ts};
use crate::store::batch::Cuts;
use crate::store::logs::{Entry, Origin};

/// The most bytes of one read, unless the caller wants fewer.
pub const READ: usize = 16 << 20;

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The pod's namespace.
    pub namespace: Name,
    /// The pod.
    pub pod: Name,
    /// The container; may be left out for pods that have one.
    pub container: Option<Name>,
    /// Whether the container before the last restart is meant.
    pub previous: bool,
    /// Lines from then on.
    pub since: Option<Ts>,
    /// The last so many lines.
    pub tail: Option<usize>,
    /// The most bytes.
    pub bytes: usize,
}

impl Wanted {
    /// Returns all lines of a container, up to [`READ`] bytes.
    pub fn all(namespace: Name, pod: Name, container: Option<Name>) -> Self {
        Self { namespace, pod, container, previous: false, since: None, tail: None, bytes: READ }
    }

    fn path(&self, follow: bool) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("timestamps", "true");
        if let Some(container) = &self.container {
            query.append_pair("container", container.as_str());
        }
        if self.previous {
            query.append_pair("previous", "true");
        }
        if let Some(since) = self.since {
            // Whole seconds, rounded down: what is too early is dropped by the parser.
            query.append_pair("sinceTime", &since.align_down(Span::secs(1)).rfc3339());
        }
        if let Some(tail) = self.tail {
            query.append_pair("tailLines", &tail.to_string());
        }
        if follow {
            query.append_pair("follow", "true");
        } else {
            query.append_pair("limitBytes", &self.bytes.to_string());
        }
        format!("/api/v1/namespaces/{}/pods/{}/log?{}", self.namespace, self.pod, query.finish())
    }

    fn lines(&self) -> Lines {
        let mut labels = vec![("namespace", self.namespace.as_str()), ("pod", self.pod.as_str())];
        if let Some(container) = &self.container {
            labels.push(("container", container.as_str()));
        }
        let labels: Labels = labels.into_iter().collect();
        let origin = if self.previous { Origin::KubeletPrevious } else { Origin::Kubelet };
        Lines::new(labels, origin, self.since)
    }
}

/// Lines that were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// The lines, in the container's order.
    pub entries: Vec<Entry>,
    /// What was cut.
    pub cuts: Cuts,
    /// Lines that came without a time of their own.
    pub undated: usize,
    /// Whether the limit of bytes was reached, so that newer lines are missing.
    pub more: bool,
}

/// Reads lines once. A container that has not been restarted has no previous lines: `BadQuery`.
pub async fn read(client: &Client, wanted: &Wanted) -> Result<Read, Fail> {
    let path = wanted.path(false);
    let cap = wanted.bytes.saturating_add(64 << 10);
    let reply = client.get(Get { path: &path, accept: "*/*", limit: TOTAL, cap, ..Get::json("") }).await?;
    let mut lines = wanted.lines();
    let mut entries = lines.push(&reply.body);
    entries.extend(lines.finish());
    let more = reply.body.len() >= wanted.bytes;
    Ok(Read { entries, cuts: lines.cuts(), undated: lines.undated(), more })
}

/// A log that is being followed.
pub struct Follow {
    stream: Stream,
    lines: Lines,
}

/// Follows a container's lines. The server ends it when the container ends.
pub async fn follow(client: &Client, wanted: &Wanted) -> Result<Follow, Fail> {
    let path = wanted.path(true);
    let stream = client.stream(&path, "*/*").await?;
    Ok(Follow { stream, lines: wanted.lines() })
}

impl Follow {
    /// Returns the next lines, `None` at the end. A quiet container is silent for any time: whether the
    /// server lives is the pulse's to tell. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>> {
        loop {
            let Some(bytes) = self.stream.chunk().await? else {
                let rest: Vec<Entry> = self.lines.finish().into_iter().collect();
                return Ok((!rest.is_empty()).then_some(rest));
            };
            let entries = self.lines.push(&bytes);
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
    }

    /// Returns what was cut so far.
    pub fn cuts(&self) -> Cuts {
        self.lines.cuts()
    }
}

/// Returns what a log request is called in errors.
pub fn asked(wanted: &Wanted) -> Asked {
    Asked::of(&Method::GET, &wanted.path(false))
}

#[cfg(test)]
mod tests;
