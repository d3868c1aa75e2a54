//! The one seam for writes: any request, sent once. For `act`, and for nothing else.

use bytes::Bytes;
use http::Request;
use kube::client::Body;
use tokio::time::Instant;

use super::stack::{Failure, Lane, Order, Serial};
use super::{Client, Reply, no_answer, read};
use crate::core::Span;
use crate::sources::kube::answer::Asked;

/// Sends any request, once, on a fresh connection. Only `act` may have one.
pub(crate) struct RawService(pub(super) Client);

#[cfg_attr(not(test), allow(dead_code, reason = "the one seam for writes; act is built on it"))]
impl RawService {
    /// Sends a request once and reads the answer, whatever its status; after a 401, too, it is not sent
    /// again. The error says whether the server may have got it.
    pub(crate) async fn send_once(
        &self,
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
        request.extensions_mut().insert(Order {
            lane: Lane::Write,
            headers: limit.to_std(),
            as_oneself: false,
        });
        let began = Instant::now();
        let response = client.kube.send(request).await.map_err(|e| no_answer(&asked, e))?;
        if let (401, Some(Serial(serial))) = (response.status().as_u16(), response.extensions().get()) {
            client.stack.credentials.refuse(*serial).await;
        }
        let read = read(&asked, response, cap, began).await;
        read.map_err(|error| Failure { error, maybe_sent: true })
    }
}
