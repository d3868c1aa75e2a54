//! The one seam for writes: any request, sent once. For `act`, and for nothing else.

use bytes::Bytes;
use http::{Method, Request};
use kube::client::Body;
use tokio::time::Instant;

use super::stack::{Failure, Lane, Order, Serial};
use super::{Client, Reply, no_answer, read};
use crate::core::Span;
use crate::sources::kube::answer::Asked;

/// Sends any request, once. Only `act` may have one.
pub(crate) struct RawService(pub(super) Client);

#[cfg_attr(not(test), allow(dead_code, reason = "the one seam for writes; act is built on it"))]
impl RawService {
    /// Sends a request once, on a fresh connection, and reads the answer, whatever its status; after a 401, too, it is not
    /// sent again. The error says whether the server may have got it.
    pub(crate) async fn send_once(
        &self,
        request: Request<Bytes>,
        limit: Span,
        cap: usize,
    ) -> Result<Reply, Failure> {
        self.send(Lane::Write, request, limit, cap).await
    }

    /// Sends a request in the same way, on the connection that has just carried the one before it in a series, where there is
    /// one that is still open.
    pub(crate) async fn send_next(
        &self,
        request: Request<Bytes>,
        limit: Span,
        cap: usize,
    ) -> Result<Reply, Failure> {
        // That the server has closed it is seen when the connection's task gets its turn, and not while this one works.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.send(Lane::Series, request, limit, cap).await
    }

    /// Sends a GET in the same way, on a connection that others have used, however long ago: where it is lost it may be sent
    /// again. Whatever is no GET goes out on a fresh one all the same.
    pub(crate) async fn read_once(
        &self,
        request: Request<Bytes>,
        limit: Span,
        cap: usize,
    ) -> Result<Reply, Failure> {
        let lane = if request.method() == Method::GET { Lane::Read } else { Lane::Write };
        self.send(lane, request, limit, cap).await
    }

    async fn send(
        &self,
        lane: Lane,
        request: Request<Bytes>,
        limit: Span,
        cap: usize,
    ) -> Result<Reply, Failure> {
        let client = &self.0;
        let path = request.uri().path_and_query().map_or("", |p| p.as_str()).to_owned();
        let asked = Asked::of(request.method(), &path);
        // Fetched before the limit begins, and in time: a plugin must not eat a write's time.
        let unsent = |error| Failure { error, maybe_sent: false };
        client.stack.credentials.grant().await.map_err(unsent)?;
        let mut request = request.map(Body::from);
        request.extensions_mut().insert(Order { lane, headers: limit.to_std(), as_oneself: false });
        let began = Instant::now();
        let response = client.kube.send(request).await.map_err(|e| no_answer(&asked, e))?;
        if let (401, Some(Serial(serial))) = (response.status().as_u16(), response.extensions().get()) {
            client.stack.credentials.refuse(*serial).await;
        }
        let read = read(&asked, response, cap, began).await;
        read.map_err(|error| Failure { error, maybe_sent: true })
    }
}
