//! `deckwatch logs`: the lines around a time.

use super::{PATIENCE, headless};
use crate::app::msg::FeedState;
use crate::app::views::{Truth, View, logs};
use crate::app::{Msg, effect::Timer};
use crate::cli::args::{Output, Place};
use crate::core::{Error, Kind, ObjectRef, Resource, Result, Span, Ts, Untrusted};
use crate::store::logs::Entry;

/// What was asked.
pub struct Asked {
    /// Whose lines.
    pub target: String,
    /// The time.
    pub around: Option<String>,
    /// How far back.
    pub before: String,
    /// How far forward.
    pub after: String,
}

fn usage(what: &str, detail: &str) -> Error {
    Error::new(Kind::Usage, "print logs").on(what.to_owned()).detail(detail.to_owned())
}

/// Prints lines.
pub fn print(place: &Place, asked: &Asked, output: Output) -> Result<u8> {
    let before =
        Span::parse(&asked.before).ok_or_else(|| usage(&asked.before, "--before is a length, as in 5m"))?;
    let after =
        Span::parse(&asked.after).ok_or_else(|| usage(&asked.after, "--after is a length, as in 5m"))?;
    let (kind, name) = match asked.target.split_once('/') {
        Some((kind, name)) => {
            let known = Resource::parse(kind).filter(|r| *r == Resource::Pod || r.is_workload());
            (known.ok_or_else(|| usage(kind, "this kind has no logs: name a pod or a workload"))?, name)
        }
        None => (Resource::Pod, asked.target.as_str()),
    };
    let home = View::open("sources").ok_or_else(|| usage("sources", "no such view"))?;
    let mut headless = headless(place, home, (160, 60))?;
    headless.run_until(PATIENCE, |m, _| {
        [kind, Resource::Pod, Resource::ReplicaSet]
            .iter()
            .all(|r| !matches!(m.shared.cluster.of(*r).state, FeedState::Loading))
    });
    let now = headless.env.now;
    let zone = headless.model.shared.session.zone;
    let at = match &asked.around {
        Some(text) => Ts::parse_moment(text, now, zone)
            .ok_or_else(|| usage(text, "--around is a time, as in 14:02, -15m or RFC 3339"))?,
        None => now,
    };
    let shared = &headless.model.shared;
    let namespace = shared.session.scope.namespace().map(str::to_owned);
    let fits = |o: &&crate::store::objects::Object| {
        o.name() == name && namespace.as_deref().is_none_or(|ns| ns == o.namespace())
    };
    let found = shared.cluster.of(kind).iter().find(fits).map(|o| o.reference(&shared.session.cluster));
    let object = match (found, &namespace) {
        (Some(object), _) => object,
        // A pod that is gone has logs in Loki all the same.
        (None, Some(ns)) if kind == Resource::Pod => {
            ObjectRef::new(&shared.session.cluster, kind, ns, name, "")
        }
        _ => {
            // Nobody knows what is there as long as it was not told.
            if let Some(error) = untold(kind, &shared.cluster.of(kind).state) {
                headless.finish();
                return Err(error);
            }
            let error = Error::new(Kind::NotFound, "print logs").on(asked.target.clone()).hint(
                "name its namespace with -n; a pod that is gone is found in Loki by namespace and name",
            );
            headless.finish();
            return Err(error);
        }
    };
    let reach = crate::core::Window { start: at - before, end: at + after };
    headless.model.shared.moment.pin_to(reach, at);
    let view = logs::Logs::whole(object, reach);
    headless.open(View::Logs(view));
    headless.send(Msg::Due(Timer::Settle));
    let answered = headless.run_until(PATIENCE, |m, env| {
        let cx = crate::app::views::Draw { shared: &m.shared, env };
        let pane = m.nav.top().view.pane();
        !matches!(pane.truth(&cx), Truth::Loading) && !m.shared.asks.any_open(m.nav.top().id)
    });
    let truth = headless.truth();
    let View::Logs(view) = &headless.model.nav.top().view else {
        headless.finish();
        return Err(Error::new(Kind::Internal, "print logs"));
    };
    if let Truth::Failed(error) | Truth::Denied(error) = truth {
        headless.finish();
        return Err(error);
    }
    let mut missing = view.missing(zone);
    if !answered {
        missing.insert(0, format!("the sources did not give everything within {} s", PATIENCE.as_secs()));
    }
    missing.extend(unlisted(&headless.model.shared.cluster.of(Resource::Pod).state));
    let odd = view.oddities();
    let entries: Vec<&Entry> = view.entries().iter().filter(|e| reach.contains(e.ts)).collect();
    let text: String = entries.iter().map(|e| line(e, output, zone)).collect();
    let code = match super::shown::code(&truth) {
        0 if !missing.is_empty() => 3,
        code => code,
    };
    let nothing = entries.is_empty() && missing.is_empty();
    headless.finish();
    super::print(&text)?;
    if nothing {
        let (start, end) = (reach.start.rfc3339_millis_in(zone), reach.end.rfc3339_millis_in(zone));
        super::note(&format!("no lines from {start} to {end}"));
    }
    for what in missing {
        super::note(&format!("partial: {what}"));
    }
    if let Some(odd) = odd {
        super::note(&format!("of the lines: {odd}"));
    }
    Ok(code)
}

/// Returns why it is not known which objects of a kind there are, where that is so.
fn untold(kind: Resource, state: &FeedState) -> Option<Error> {
    match state {
        FeedState::Loading => Some(
            Error::new(Kind::Timeout, "print logs")
                .on(kind.names().plural)
                .detail(format!("no answer within {} s", PATIENCE.as_secs())),
        ),
        FeedState::Denied(error) | FeedState::Failed(error) => Some(error.clone()),
        FeedState::Live | FeedState::Resync | FeedState::Stale { .. } => None,
    }
}

/// Says why no kubelet was asked: the pods are not known.
fn unlisted(pods: &FeedState) -> Option<String> {
    let why = untold(Resource::Pod, pods)?;
    Some(format!("the pods could not be listed, so no kubelet was asked: {}", why.line()))
}

fn line(entry: &Entry, output: Output, zone: crate::core::Zone) -> String {
    if output == Output::Json {
        return format!("{}\n", logs::entry_json(entry));
    }
    let pod = entry.labels.get("pod").map(|p| Untrusted::from(p).safe()).unwrap_or_default();
    format!("{} {pod} {}\n", entry.ts.rfc3339_millis_in(zone), entry.line.safe())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_that_could_not_be_listed_are_a_part_that_is_missing() {
        let error = Error::new(Kind::Denied, "list pods").on("shop");
        for state in [FeedState::Denied(error.clone()), FeedState::Failed(error)] {
            let told = unlisted(&state).unwrap();
            assert!(told.ends_with("no kubelet was asked: list pods: denied on shop"), "{told}");
        }
        assert!(unlisted(&FeedState::Loading).is_some());
        assert_eq!(unlisted(&FeedState::Live), None);
    }
}
