//! Whether a request took effect, told from what is read back.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Live, SilenceId, spelled};
use crate::core::Ts;
use crate::query::matcher::Matcher;

/// What is seen of a request afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It took effect, on this silence.
    Applied(SilenceId),
    /// Nothing of it, so far.
    NotYet,
    /// Somebody else has changed it meanwhile: whether ours came before is not to be told.
    Moved,
}

/// Returns whether a silence is as it was; that time has gone on is no change.
pub fn same_but_status(planned: &Value, fresh: &Value) -> bool {
    let bare = |value: &Value| {
        let mut map = value.as_object().cloned().unwrap_or_default();
        map.remove("status");
        map
    };
    // One that was going to begin has begun, or has ended: that is another thing to act on.
    bare(planned) == bare(fresh) && Live(planned).state() == Live(fresh).state()
}

/// Returns a silence's matchers in one order; that of the server may be another one.
fn sorted(live: Live<'_>) -> Option<Vec<Matcher>> {
    let mut matchers = live.matchers()?;
    matchers.sort();
    Some(matchers)
}

/// Tells how a silence that was answered with differs from what was asked for: in what it hides, or until when.
pub fn differs(body: &Value, back: &Value) -> Option<String> {
    let (asked, back) = (Live(body), Live(back));
    match sorted(back) {
        None => return Some("its matchers are not understood".to_owned()),
        Some(matchers) if sorted(asked).as_ref() != Some(&matchers) => {
            return Some(format!("its matchers are {}", spelled(&matchers)));
        }
        Some(_) => {}
    }
    match back.ends_at() {
        None => Some("it tells no end".to_owned()),
        Some(ends) if asked.ends_at() != Some(ends) => Some(format!("it ends at {}", ends.rfc3339())),
        Some(_) => None,
    }
}

/// Looks for the silence that a request has made: it has the same matchers, end, author and comment, did not begin
/// before it, and was not there before.
pub fn created(list: &[Value], body: &Value, before: &BTreeSet<SilenceId>) -> Seen {
    let sent = Live(body);
    let ours = |live: Live<'_>| {
        sorted(live).is_some_and(|m| Some(m) == sorted(sent))
            && live.ends_at() == sent.ends_at()
            && live.starts_at() >= sent.starts_at()
            && live.created_by() == sent.created_by()
            && live.comment() == sent.comment()
    };
    let mut found = list.iter().map(Live).filter(|live| ours(*live)).filter_map(Live::id);
    found.find(|id| !before.contains(id)).map_or(Seen::NotYet, Seen::Applied)
}

/// Tells whether a silence has got its later end.
pub fn extended(planned: &Value, back: Option<&Value>, ends: Ts) -> Seen {
    let Some(back) = back else { return Seen::Moved };
    match Live(back).id() {
        Some(id) if Live(back).ends_at() == Some(ends) => Seen::Applied(id),
        _ if same_but_status(planned, back) => Seen::NotYet,
        _ => Seen::Moved,
    }
}

/// Tells whether a silence has ended.
pub fn expired(planned: &Value, back: Option<&Value>) -> Seen {
    let Some(back) = back else { return Seen::Moved };
    match Live(back).id() {
        Some(id) if Live(back).state() == "expired" => Seen::Applied(id),
        _ if same_but_status(planned, back) => Seen::NotYet,
        _ => Seen::Moved,
    }
}
