//! The first half: a list, page by page, in the encoding that gets through.

use deckwatch_wire::Encoding;
use http::Method;

use super::{Closed, Event, Run, Spec, better_anew, is_older};
use crate::core::{Kind, Result, Safe, Uid};
use crate::sources::kube::answer::{self, Asked, Fail};
use crate::sources::kube::client::{Client, Get, Reply};
use crate::sources::kube::{body, decode};

/// Objects of one page.
const PAGE: &str = "500";
/// The most objects of one list: beyond it something is wrong with the server, or with the wish.
const MOST: usize = 1_000_000;
/// The most pages of one list.
const PAGES: usize = 20_000;
/// Larger bodies are decoded off the threads that serve others.
const LARGE: usize = 256 << 10;

impl Run {
    /// Reads a whole list and tells its pages; returns its version.
    pub(super) async fn list(&mut self) -> Result<Result<String, Fail>, Closed> {
        let mut uids: Vec<Uid> = Vec::new();
        let mut token = String::new();
        for _ in 0..PAGES {
            let page = match self.page(&token).await {
                Ok(page) => page,
                Err(fail) => return Ok(Err(fail)),
            };
            self.last_good = (self.clock)();
            if let Some(state) = self.at_first_page.take() {
                self.tell(state).await?;
            }
            uids.extend(page.objects.iter().map(crate::store::objects::Object::uid));
            uids.extend(page.undecodable.iter().filter_map(|u| u.uid.as_deref()).map(Uid::new));
            let so_far = uids.len();
            let last = page.next.is_empty();
            let (objects, undecodable, remaining) = (page.objects, page.undecodable, page.remaining);
            let went_back = self.synced.as_ref().is_some_and(|synced| is_older(&page.version, synced));
            if went_back {
                let why = Safe::own("the cluster's state is older than before");
                self.tell(super::State::Resync { why }).await?;
            }
            self.send(Event::Page { objects, undecodable, so_far, remaining }).await?;
            if last {
                self.send(Event::Synced { version: page.version.clone(), uids }).await?;
                return Ok(Ok(page.version));
            }
            if so_far > MOST {
                break;
            }
            token = page.next;
        }
        let asked = Asked::of(&Method::GET, &self.spec.path(&[]));
        Ok(Err(asked.error(Kind::TooLarge).detail("the list does not end").into()))
    }

    /// Reads one page; once, it is asked for anew when that is better than to wait on.
    async fn page(&self, token: &str) -> Result<decode::Page, Fail> {
        let (mut beats, mut ear) = (self.beats.clone(), self.retry.ear());
        let epoch = beats.borrow().epoch;
        tokio::select! {
            page = page(&self.client, &self.spec, token) => page,
            () = better_anew(&mut beats, &mut ear, epoch) => page(&self.client, &self.spec, token).await,
        }
    }
}

/// Reads one page of a list, in the encoding that gets through.
pub(in crate::sources::kube) async fn page(
    client: &Client,
    spec: &Spec,
    token: &str,
) -> Result<decode::Page, Fail> {
    let path = spec.path(&[("limit", PAGE), ("continue", token)]);
    let asked = Asked::of(&Method::GET, &path);
    loop {
        let wanted = client.encoding();
        let accept = decode::accept_list(spec.resource, wanted);
        let get = Get { path: &path, accept: &accept, cap: body::PAGE, ..Get::json("") };
        let fail = match client.get(get).await {
            Ok(reply) => match read(&asked, spec, reply).await {
                Ok(page) => return Ok(page),
                Err(fail) if fail.error.kind != Kind::Decode => return Err(fail),
                Err(fail) => fail,
            },
            Err(fail) if !fail.refuses_encoding() => return Err(fail),
            Err(fail) => fail,
        };
        // Refused, or mangled on its way: once more as JSON, and from now on.
        if wanted == Encoding::Json {
            return Err(fail);
        }
        client.ask_for_json();
    }
}

async fn read(asked: &Asked, spec: &Spec, reply: Reply) -> Result<decode::Page, Fail> {
    let Some(encoding) = Encoding::from_content_type(reply.content_type()) else {
        // A login page with status 200, for example.
        return Err(answer::not_kubernetes(asked, &reply.headers, &reply.body));
    };
    let resource = spec.resource;
    let body = reply.body;
    let read = if body.len() < LARGE {
        decode::page(resource, encoding, &body)
    } else {
        let reading = tokio::task::spawn_blocking(move || decode::page(resource, encoding, &body));
        reading.await.map_err(|e| asked.error(Kind::Internal).detail(e.to_string()))?
    };
    read.map_err(|error| answer::unreadable(asked, &error))
}
