//! Who asks and when, as the server sees it: for the plan and the gate.

use http::header;

use super::identity;
use crate::core::{Safe, Span, Ts};
use crate::sources::auth::WallClock;
use crate::sources::kube::Client;
use crate::sources::kube::client::Get;

/// What the server says of who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who it takes us for, or why that is not known.
    pub user: Safe,
    /// How far this host's clock is ahead of the server's.
    pub skew: Option<Span>,
}

/// Asks the server who we are and what time it is. What it does not tell is told so, and keeps nothing back.
pub async fn ask(client: &Client, clock: &WallClock) -> Asker {
    let (user, skew) = futures::join!(identity::of(client), skew(client, clock));
    let user = user
        .map_or_else(|error| Safe::of(&format!("not known: {}", error.line())), |identity| identity.line());
    Asker { user, skew }
}

async fn skew(client: &Client, clock: &WallClock) -> Option<Span> {
    let before = clock();
    let reply = client.get(Get::json("/version")).await.ok()?;
    let told = Ts::parse_http_date(reply.header(&header::DATE)?)?;
    // A date has whole seconds, and was written somewhere between question and answer.
    let after = clock();
    let middle = before + Span((after - before).0 / 2);
    Some(middle - (told + Span::millis(500)))
}
