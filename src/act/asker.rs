//! Who asks and when, as the server sees it: for the plan and the gate.

use std::path::Path;

use http::header;

use super::{host, identity};
use crate::core::{Safe, Span, Ts, num};
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
    /// What may end the process that carries a plan out before it is through.
    pub ends: Vec<Safe>,
}

/// Asks the server who we are and what time it is. What it does not tell is told so, and keeps nothing back.
pub async fn ask(client: &Client, clock: &WallClock) -> Asker {
    let (user, skew, ends) = futures::join!(identity::of(client), skew(client, clock), ends(client, clock));
    let user = user
        .map_or_else(|error| Safe::of(&format!("not known: {}", error.line())), |identity| identity.line());
    Asker { user, skew, ends }
}

/// How long credentials should last, so that what is begun with them can be ended.
const ENOUGH: Span = Span::mins(15);

/// What may end a long operation: this host, and credentials that nobody renews.
async fn ends(client: &Client, clock: &WallClock) -> Vec<Safe> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    let looked = tokio::task::spawn_blocking(move || {
        let name = user.ok().flatten().map(|u| u.name);
        host::killers(name.as_deref(), Path::new("/"))
    });
    let mut out = looked.await.unwrap_or_default();
    let lasting = client.credentials().lasting().await.unwrap_or_default();
    let left = lasting.until.filter(|_| !lasting.renews).map(|until| until - clock());
    out.extend(left.filter(|left| *left < ENOUGH).map(|left| {
        let left =
            if left > Span(0) { format!("end in {}", num::age(left)) } else { "have ended".to_owned() };
        Safe::of(&format!("the credentials {left} and are not renewed: a plan may be cut off in the middle"))
    }));
    out
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
