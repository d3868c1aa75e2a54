//! How each view comes into each of its six states, by messages alone; a state that a view cannot have
//! stands here with its reason.

use std::sync::Arc;

use deckwatch::app::effect::{Feed, Query};
use deckwatch::app::msg::{AlertsAnswer, Answer, FeedMsg, FeedState, Listed, Silenced, Unreadable};
use deckwatch::app::views::{View, alert, board, logs, plan, release, table, text, timeline};
use deckwatch::core::{Error, Kind, Name, Resource, Result, Span, Uid, Window};
use deckwatch::ops::plan::Preview;
use deckwatch::ops::silence::{SilenceId, Wish};
use deckwatch::ops::{Plan, Wanted};
use deckwatch::store::changes::Edits;
use deckwatch::store::health::{self, SourceKind};
use deckwatch::store::series::Matrix;

use crate::stage::{FOLLOWED, Stage, error};
use crate::world::{NAMESPACE, NOW, World, ago, reference};

/// The six states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Loading,
    Empty,
    Denied,
    Stale,
    Partial,
    Failed,
}

impl State {
    pub const ALL: [Self; 6] =
        [Self::Loading, Self::Empty, Self::Denied, Self::Stale, Self::Partial, Self::Failed];

    /// Returns the glyph and the word that the heading shows.
    pub fn badge(self) -> &'static str {
        match self {
            Self::Loading => "◌ loading",
            Self::Empty => "– none",
            Self::Denied => "⊘ denied",
            Self::Stale => "▲ stale",
            Self::Partial => "◐ partial",
            Self::Failed => "✖ failed",
        }
    }

    fn kind(self) -> Kind {
        if self == Self::Denied { Kind::Denied } else { Kind::Unreachable }
    }
}

/// Brings a view into a state, or says why it can't be in it.
pub type Bring = fn(&mut Stage, State) -> std::result::Result<(), &'static str>;

/// A view with how it is opened and brought into its states.
pub struct Case {
    /// The view's name in the table of views.
    pub view: &'static str,
    /// The name of its snapshots.
    pub name: &'static str,
    pub open: fn(World) -> View,
    pub bring: Bring,
}

fn named(name: &str) -> View {
    View::open(name).unwrap()
}

pub const CASES: &[Case] = &[
    Case { view: "watch", name: "watch", open: |_| named("watch"), bring: watch },
    Case { view: "alerts", name: "alerts", open: |_| named("alerts"), bring: alerts },
    Case {
        view: "alert",
        name: "alert",
        open: |w| View::Alert(alert::AlertPage::new(w.the_alert().fingerprint)),
        bring: alert_page,
    },
    Case { view: "silences", name: "silences", open: |_| named("silences"), bring: silences },
    Case { view: "gitops", name: "gitops", open: |_| named("gitops"), bring: gitops },
    Case {
        view: "table",
        name: "table-pods",
        open: |_| named("pods"),
        bring: |s, state| objects(s, state, Resource::Pod),
    },
    Case {
        view: "table",
        name: "table-deployments",
        open: |_| named("deployments"),
        bring: |s, state| objects(s, state, Resource::Deployment),
    },
    Case {
        view: "table",
        name: "table-nodes",
        open: |_| named("nodes"),
        bring: |s, state| objects(s, state, Resource::Node),
    },
    Case {
        view: "table",
        name: "table-events",
        open: |_| named("events"),
        bring: |s, state| objects(s, state, Resource::Event),
    },
    Case {
        view: "table",
        name: "table-secrets",
        open: |_| View::Table(table::Table::new(Resource::Secret)),
        bring: |s, state| objects(s, state, Resource::Secret),
    },
    Case {
        view: "logs",
        name: "logs",
        open: |_| {
            View::Logs(logs::Logs::whole(
                reference(Resource::Deployment, "backend"),
                Window { start: ago(7), end: ago(5) },
            ))
        },
        bring: log_lines,
    },
    Case { view: "board", name: "board", open: |_| named("board"), bring: panels },
    Case { view: "releases", name: "releases", open: |_| named("releases"), bring: releases },
    Case {
        view: "release",
        name: "release",
        open: |_| View::Release(release::ReleasePage::new(Name::lossy(NAMESPACE), Name::lossy("momo"), None)),
        bring: release_page,
    },
    Case { view: "timeline", name: "timeline", open: |_| named("timeline"), bring: changes },
    Case {
        view: "timeline",
        name: "timeline-before",
        open: |_| {
            View::Timeline(timeline::Timeline::before(Some(reference(Resource::Deployment, "backend"))))
        },
        bring: changes,
    },
    Case { view: "sources", name: "sources", open: |_| named("sources"), bring: sources },
    Case { view: "journal", name: "journal", open: |_| named("journal"), bring: journal },
    Case {
        view: "text",
        name: "text",
        open: |_| View::Text(text::Text::yaml(reference(Resource::Deployment, "backend"))),
        bring: yaml,
    },
    Case {
        view: "plan",
        name: "plan",
        open: |_| {
            let (namespace, release) = (Name::lossy(NAMESPACE), Name::lossy("momo"));
            View::Plan(plan::PlanView::new(Wanted::rollback(namespace, release, None)))
        },
        bring: |s, state| planned(s, state, s.world.plan()),
    },
    Case {
        view: "plan",
        name: "plan-silence",
        open: |_| View::Plan(plan::PlanView::new(wanted())),
        bring: |s, state| match state {
            State::Empty => Err("a silence is always made, moved or ended"),
            State::Partial => Err("its Alertmanager is asked as a whole"),
            _ => planned(s, state, s.world.silence()),
        },
    },
];

fn wanted() -> Wanted {
    let ids = vec![SilenceId::parse("8d6b6a2e-0000-4000-8000-000000000001").unwrap()];
    Wanted::Silence { at: None, wish: Wish::Expire { ids } }
}

/// How long a silence lasts in the stale states.
const SILENCE: Span = Span::mins(3);

fn silent(stage: &Stage, what: &'static str) -> Error {
    error(stage.world, Kind::Timeout, what)
}

/// Brings the list of a kind into a state.
fn objects(stage: &mut Stage, state: State, resource: Resource) -> std::result::Result<(), &'static str> {
    let feed = Feed::Objects(resource);
    match state {
        State::Loading => {}
        State::Empty => stage.background_but(Some(resource)),
        _ => stage.background(),
    }
    let objects = stage.world.objects(resource);
    match state {
        State::Loading => {}
        State::Empty => stage.list(resource, Vec::new()),
        State::Denied | State::Failed => {
            let error = error(stage.world, state.kind(), "list objects");
            let said =
                if state == State::Denied { FeedState::Denied(error) } else { FeedState::Failed(error) };
            // What was known before it failed stays in sight, marked.
            stage.list(resource, objects);
            stage.feed(feed, FeedMsg::State(said));
        }
        State::Stale => {
            stage.list(resource, objects);
            stage.wait(SILENCE);
            let error = Some(silent(stage, "watch objects"));
            stage.feed(feed, FeedMsg::State(FeedState::Stale { since: NOW, error }));
        }
        State::Partial => {
            stage.list(resource, objects);
            let bad = |n: u8| Unreadable {
                uid: Some(Uid::new(&format!("bad-{n}"))),
                namespace: NAMESPACE.to_owned(),
                name: format!("bad-{n}"),
                why: stage.world.say("a field is cut off").into(),
            };
            stage.feed(feed, FeedMsg::Unreadable(vec![bad(1), bad(2)]));
        }
    }
    Ok(())
}

fn alerts(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let failing = |stage: &Stage| error(stage.world, state.kind(), "list alerts");
    match state {
        State::Loading => {}
        State::Empty => {
            let mut known = stage.world.alerts();
            known.alerts.retain(|a| a.name() == "Watchdog");
            stage.alerts(Ok(Answer::Alerts(known)));
        }
        State::Denied | State::Failed => {
            let error = failing(stage);
            let places =
                stage.world.alerts().places.into_iter().map(|(n, _)| (n, Some(error.clone()))).collect();
            stage.alerts(Ok(Answer::Alerts(AlertsAnswer { places, ..AlertsAnswer::default() })));
        }
        State::Stale => {
            stage.wait(SILENCE);
            let error = silent(stage, "list alerts");
            stage.alerts(Err(error));
        }
        State::Partial => {
            let mut known = stage.world.alerts();
            known.places[0].1 = Some(failing(stage));
            stage.alerts(Ok(Answer::Alerts(known)));
        }
    }
    Ok(())
}

fn silences(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    let of = |name: &str, silences| Silenced { at: world.say(name).into(), silences, dropped: 0 };
    let say = |stage: &mut Stage, all: Vec<Silenced>| {
        stage.answer(false, |_, query| {
            matches!(query, Query::Silences(_)).then(|| Ok(Answer::Silences(all.clone())))
        });
    };
    match state {
        State::Loading => {}
        State::Empty => {
            let ended = world.silences().into_iter().skip(2).collect();
            say(stage, vec![of("alertmanager-0", Ok(ended))]);
        }
        State::Denied | State::Failed => {
            let error = error(world, state.kind(), "read silences");
            say(stage, vec![of("alertmanager-0", Err(error))]);
        }
        State::Stale => {
            say(stage, vec![of("alertmanager-0", Ok(world.silences()))]);
            stage.wait(SILENCE);
            stage.refresh();
            let error = silent(stage, "read silences");
            say(stage, vec![of("alertmanager-0", Err(error))]);
        }
        State::Partial => {
            let error = error(world, Kind::Unreachable, "read silences");
            say(stage, vec![of("alertmanager-0", Ok(world.silences())), of("edge", Err(error))]);
        }
    }
    Ok(())
}

fn gitops(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    let say = |stage: &mut Stage, answer: Result<Answer>| {
        stage.answer(false, |_, query| matches!(query, Query::Kept(_)).then(|| answer.clone()));
    };
    let all = world.kept();
    match state {
        State::Loading => {}
        State::Empty => {
            let none = all.into_iter().map(|listed| Listed { told: Ok(None), ..listed }).collect();
            say(stage, Ok(Answer::Kept(none)));
        }
        State::Denied | State::Failed => {
            let error = error(world, state.kind(), "list helmreleases");
            let none = all.into_iter().map(|listed| Listed { told: Err(error.clone()), ..listed }).collect();
            say(stage, Ok(Answer::Kept(none)));
        }
        State::Stale => {
            say(stage, Ok(Answer::Kept(all)));
            stage.wait(SILENCE);
            stage.refresh();
            let error = silent(stage, "list helmreleases");
            say(stage, Err(error));
        }
        State::Partial => {
            let mut all = all;
            all[0].told = Err(error(world, Kind::Denied, "list helmreleases"));
            say(stage, Ok(Answer::Kept(all)));
        }
    }
    Ok(())
}

fn watch(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    alerts(stage, state)?;
    match state {
        State::Empty => {
            for resource in FOLLOWED {
                stage.list(resource, Vec::new());
            }
            let healthy = stage.world.objects(Resource::Deployment).into_iter().skip(1).collect();
            stage.list(Resource::Deployment, healthy);
            stage.feed(Feed::Releases, FeedMsg::Releases(Vec::new()));
        }
        State::Partial => {
            let error = error(stage.world, Kind::Denied, "list pods");
            stage.feed(Feed::Objects(Resource::Pod), FeedMsg::State(FeedState::Denied(error)));
        }
        _ => {}
    }
    let matrix = Answer::Range(Arc::new(stage.world.matrix(Window { start: ago(30), end: NOW })));
    stage.answer(false, |_, query| {
        matches!(query, Query::Range { .. } | Query::RuleRange { .. }).then(|| Ok(matrix.clone()))
    });
    Ok(())
}

fn alert_page(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    match state {
        State::Partial => {
            stage.background();
            stage.refresh();
            let error = error(stage.world, Kind::BadQuery, "draw the expression");
            let edits = stage.world.edits();
            stage.answer(false, |_, query| {
                Some(match query {
                    Query::Range { .. } | Query::RuleRange { .. } => Err(error.clone()),
                    _ => Ok(Answer::Edits(edits.clone())),
                })
            });
            return Ok(());
        }
        State::Empty => {
            stage.background();
            stage.alerts(Ok(Answer::Alerts(AlertsAnswer {
                places: stage.world.alerts().places,
                ..AlertsAnswer::default()
            })));
            let page = View::Alert(alert::AlertPage::new(stage.world.the_alert().fingerprint));
            stage.show(page);
            return Ok(());
        }
        State::Denied | State::Failed => {
            alerts(stage, state)?;
            let page = View::Alert(alert::AlertPage::new(stage.world.the_alert().fingerprint));
            stage.show(page);
            return Ok(());
        }
        State::Loading | State::Stale => {}
    }
    if state == State::Stale {
        stage.background();
        stage.refresh();
        let matrix = Answer::Range(Arc::new(stage.world.matrix(Window { start: ago(30), end: NOW })));
        let edits = stage.world.edits();
        stage.answer(false, |_, query| {
            Some(Ok(match query {
                Query::Range { .. } | Query::RuleRange { .. } => matrix.clone(),
                _ => Answer::Edits(edits.clone()),
            }))
        });
        stage.wait(SILENCE);
        let error = silent(stage, "list alerts");
        stage.alerts(Err(error));
    }
    Ok(())
}

fn log_lines(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    let whole = world.batch(world.lines());
    let all = |stage: &mut Stage, answer: Result<Answer>| stage.answer(false, |_, _| Some(answer.clone()));
    match state {
        State::Loading => {}
        State::Empty => {
            let mut batch = world.batch(Vec::new());
            batch.loki.newest = None;
            all(stage, Ok(Answer::Logs(Box::new(batch))));
        }
        State::Denied | State::Failed => {
            let error = error(world, state.kind(), "read logs");
            all(stage, Err(error));
        }
        State::Stale => {
            all(stage, Ok(Answer::Logs(Box::new(whole))));
            stage.wait(SILENCE);
            stage.refresh();
            let error = silent(stage, "read logs");
            all(stage, Err(error));
        }
        State::Partial => {
            let mut batch = whole;
            batch.entries.retain(|e| e.origin != deckwatch::store::logs::Origin::Loki);
            batch.loki = deckwatch::store::batch::LogReach {
                asked: true,
                error: Some(error(world, Kind::Unreachable, "query Loki")),
                ..Default::default()
            };
            all(stage, Ok(Answer::Logs(Box::new(batch))));
        }
    }
    Ok(())
}

fn panels(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Empty {
        let mut none = stage.world.source(SourceKind::Prometheus);
        none.state = health::State::NotInstalled;
        stage.send(deckwatch::app::Msg::Health(none));
    } else {
        stage.background();
    }
    let view = board::Board::of(reference(Resource::Deployment, "backend"), &stage.model.shared);
    stage.show(View::Board(view));
    let world = stage.world;
    let data = |query: &Query| match query {
        Query::Range { window, .. } => Ok(Answer::Range(Arc::new(world.matrix(*window)))),
        _ => Ok(Answer::Range(Arc::new(Matrix::default()))),
    };
    match state {
        State::Loading | State::Empty => {}
        State::Denied | State::Failed => {
            let error = error(world, state.kind(), "query Prometheus");
            stage.answer(false, |_, _| Some(Err(error.clone())));
        }
        State::Stale => {
            stage.answer(false, |_, query| Some(data(query)));
            stage.wait(SILENCE);
            stage.refresh();
            let error = silent(stage, "query Prometheus");
            stage.answer(false, |_, _| Some(Err(error.clone())));
        }
        State::Partial => {
            let error = error(world, Kind::BadQuery, "query Prometheus");
            stage.answer(false, |part, query| Some(if part == 1 { Err(error.clone()) } else { data(query) }));
        }
    }
    Ok(())
}

fn releases(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    stage.answer(false, |_, query| match query {
        Query::Record { revision, .. } => Some(Ok(Answer::Record(world.record(*revision)))),
        _ => None,
    });
    let say = |stage: &mut Stage, state| stage.feed(Feed::Releases, FeedMsg::State(state));
    match state {
        State::Loading => {}
        State::Empty => stage.feed(Feed::Releases, FeedMsg::Releases(Vec::new())),
        State::Denied => say(stage, FeedState::Denied(error(world, Kind::Denied, "list secrets"))),
        State::Failed => {
            stage.feed(Feed::Releases, FeedMsg::Releases(Vec::new()));
            say(stage, FeedState::Failed(error(world, Kind::Server, "list secrets")));
        }
        State::Stale => {
            stage.wait(SILENCE);
            let error = Some(silent(stage, "watch secrets"));
            say(stage, FeedState::Stale { since: NOW, error });
        }
        State::Partial => say(stage, FeedState::Resync),
    }
    Ok(())
}

fn release_page(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state != State::Partial {
        releases(stage, state)?;
        let world = stage.world;
        for _ in 0..3 {
            stage.answer(false, |_, query| match query {
                Query::Record { revision, .. } => Some(Ok(Answer::Record(world.record(*revision)))),
                _ => None,
            });
        }
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    stage.answer(false, |_, query| match query {
        Query::Record { revision: 6, .. } => {
            Some(Err(error(world, Kind::Decode, "read the record of revision 6")))
        }
        Query::Record { revision, .. } => Some(Ok(Answer::Record(world.record(*revision)))),
        _ => None,
    });
    Ok(())
}

fn changes(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    if state == State::Loading {
        return Ok(());
    }
    stage.background();
    let world = stage.world;
    let edits = world.edits();
    stage
        .answer(false, |_, query| matches!(query, Query::Edits(_)).then(|| Ok(Answer::Edits(edits.clone()))));
    let everywhere = |stage: &mut Stage, said: &dyn Fn() -> FeedState| {
        for resource in FOLLOWED {
            stage.feed(Feed::Objects(resource), FeedMsg::State(said()));
        }
        stage.feed(Feed::Releases, FeedMsg::State(said()));
    };
    match state {
        State::Loading => {}
        State::Empty => {
            for resource in FOLLOWED {
                stage.list(resource, Vec::new());
            }
            stage.feed(Feed::Releases, FeedMsg::Releases(Vec::new()));
            let mut none = world.alerts();
            none.alerts.clear();
            stage.alerts(Ok(Answer::Alerts(none)));
            stage.refresh();
            stage.answer(false, |_, query| {
                matches!(query, Query::Edits(_)).then(|| Ok(Answer::Edits(Edits::default())))
            });
        }
        State::Denied | State::Failed => {
            let why = error(world, state.kind(), "list objects");
            for resource in FOLLOWED {
                stage.list(resource, Vec::new());
            }
            stage.feed(Feed::Releases, FeedMsg::Releases(Vec::new()));
            let known =
                AlertsAnswer { places: vec![("rules".into(), Some(why.clone()))], ..AlertsAnswer::default() };
            stage.alerts(Ok(Answer::Alerts(known)));
            everywhere(stage, &|| match state {
                State::Denied => FeedState::Denied(why.clone()),
                _ => FeedState::Failed(why.clone()),
            });
            stage.refresh();
            stage.answer(false, |_, query| matches!(query, Query::Edits(_)).then(|| Err(why.clone())));
        }
        State::Stale => {
            stage.wait(SILENCE);
            let why = silent(stage, "watch objects");
            everywhere(stage, &|| FeedState::Stale { since: NOW, error: Some(why.clone()) });
        }
        State::Partial => {
            let why = error(world, Kind::Denied, "list secrets");
            stage.feed(Feed::Releases, FeedMsg::State(FeedState::Denied(why)));
        }
    }
    Ok(())
}

fn sources(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    let set = |stage: &mut Stage, kinds: &[SourceKind], to: health::State| {
        for kind in kinds {
            let mut source = stage.world.source(*kind);
            source.state = to;
            if to == health::State::Down {
                source.error = Some(error(stage.world, Kind::Unreachable, "reach the source"));
                source.last_good = Some(ago(3));
                source.next_try = Some(NOW + Span::secs(4));
            }
            stage.send(deckwatch::app::Msg::Health(source));
        }
    };
    use SourceKind::{Alertmanager, Kubernetes, Loki, Prometheus};
    let all = [Kubernetes, Prometheus, Loki, Alertmanager];
    match state {
        State::Loading => {}
        State::Empty => set(stage, &all, health::State::NotInstalled),
        State::Denied => return Err("it shows what is known here; a source that denies is a row of it"),
        State::Stale => {
            return Err("it shows what is known now; how old each source's last answer is stands in its row");
        }
        State::Partial => {
            set(stage, &all, health::State::Ready);
            set(stage, &[Loki], health::State::Down);
        }
        State::Failed => set(stage, &all, health::State::Down),
    }
    Ok(())
}

fn journal(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    match state {
        State::Loading => Err("it is this process's own: it is there before the first frame"),
        State::Empty => Err("the opening of the cockpit is its first entry"),
        State::Denied => Err("nobody is asked for it; a folder that can't be written is `partial`"),
        State::Stale => Err("it is this process's own and never old"),
        State::Failed => Err("what is in memory is shown, whatever the disk says: that is `partial`"),
        State::Partial => {
            let entry = stage.model.shared.journal[0].clone();
            let error = error(stage.world, Kind::Io, "write the journal");
            stage.send(deckwatch::app::Msg::Journalled(entry, Err(error)));
            Ok(())
        }
    }
}

fn yaml(stage: &mut Stage, state: State) -> std::result::Result<(), &'static str> {
    let world = stage.world;
    match state {
        State::Loading => {}
        State::Empty => return Err("an object always has text; one that is gone is `failed`, not found"),
        State::Partial => return Err("the API server sends an object whole or not at all"),
        State::Denied | State::Failed => {
            stage.background();
            let kind = if state == State::Denied { Kind::Denied } else { Kind::NotFound };
            stage.answer(false, |_, _| Some(Err(error(world, kind, "read the object"))));
        }
        State::Stale => {
            stage.background();
            stage.answer(false, |_, _| Some(Ok(Answer::Object(world.yaml()))));
            stage.wait(SILENCE);
            stage.refresh();
            stage.answer(false, |_, _| Some(Err(error(world, Kind::Timeout, "read the object"))));
        }
    }
    Ok(())
}

fn planned(stage: &mut Stage, state: State, made: Plan) -> std::result::Result<(), &'static str> {
    let world = stage.world;
    if state != State::Loading {
        stage.background();
    }
    match state {
        State::Loading => {}
        State::Empty => {
            let mut plan = made;
            plan.items.retain(|i| i.change == deckwatch::ops::plan::Change::Unchanged);
            stage.answer(false, |_, _| Some(Ok(Answer::Plan(Arc::new(plan.clone())))));
        }
        State::Denied | State::Failed => {
            stage.answer(false, |_, _| Some(Err(error(world, state.kind(), "plan the rollback"))));
        }
        State::Stale => {
            stage.answer(false, |_, _| Some(Ok(Answer::Plan(Arc::new(made.clone())))));
            stage.wait(Span::mins(6));
        }
        State::Partial => {
            let mut plan = made;
            plan.items[1].preview = Preview::Computed(
                deckwatch::core::Untrusted::from(world.say("no right to a dry run")).safe(),
            );
            stage.answer(false, |_, _| Some(Ok(Answer::Plan(Arc::new(plan.clone())))));
        }
    }
    Ok(())
}
