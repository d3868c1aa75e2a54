//! What sources say: lists and watches, answers, health, running plans.

use std::sync::Arc;

use super::super::effect::{Effect, Effects, Feed, Query, QueryId, Scope, Slot, Timer};
use super::super::model::jobs::Check;
use super::super::model::{Job, Model};
use super::super::msg::{Answer, FeedMsg, FeedState, Taken};
use super::super::views::{Cx, Draw, Env, Truth, View};
use super::{open, tell, touch};
use crate::core::{Error, Resource, Span, num};
use crate::ops::{JobMsg, PlanId, What};
use crate::store::health::{Health, SourceKind, State};

/// What is followed whatever is shown: joins, the home view and "what changed" need it.
const ALWAYS: [Feed; 9] = [
    Feed::Objects(Resource::Pod),
    Feed::Objects(Resource::Deployment),
    Feed::Objects(Resource::ReplicaSet),
    Feed::Objects(Resource::StatefulSet),
    Feed::Objects(Resource::DaemonSet),
    Feed::Objects(Resource::Node),
    Feed::Objects(Resource::Service),
    Feed::Objects(Resource::Event),
    Feed::Releases,
];

/// How long the others wait at most for the first view's list.
pub const HELD: Span = Span::secs(3);

/// The background's page number and its parts.
const BACKGROUND: u32 = 0;
const ALERTS: u16 = 0;
const EVERY: Span = Span::secs(5);

/// Starts the lists and watches that the pages need, and stops those that none needs any more.
pub fn feeds(model: &mut Model, effects: &mut Effects) {
    let scope = &model.shared.session.scope;
    let mut wanted: Vec<(Feed, Scope)> = Vec::new();
    for feed in ALWAYS.into_iter().chain(model.nav.pages().flat_map(|p| p.view.pane().feeds())) {
        let cluster_wide = matches!(feed, Feed::Objects(r) if !r.names().namespaced);
        let entry = (feed, if cluster_wide { Scope::All } else { scope.clone() });
        if !wanted.contains(&entry) {
            wanted.push(entry);
        }
    }
    let before = std::mem::take(&mut model.watched);
    for (feed, place) in before.iter().filter(|e| !wanted.contains(e)) {
        effects.push(Effect::Unwatch(*feed, place.clone()));
        match feed {
            Feed::Objects(resource) => model.shared.cluster.drop_kind(*resource),
            Feed::Releases => model.shared.releases = crate::app::model::ReleaseState::default(),
        }
    }
    for (feed, place) in wanted.iter().filter(|e| !before.contains(e)) {
        if let Feed::Objects(resource) = feed {
            model.shared.cluster.of_mut(*resource).scope = place.clone();
        }
        effects.push(Effect::Watch(*feed, place.clone()));
    }
    model.watched = wanted;
}

/// Takes the lists and watches out of the first effects that the first view does not show: they begin once it has its
/// rows, or at the clock's next second after [`HELD`], so that nothing competes with what is waited for.
pub fn hold_back(model: &mut Model, first: Effects) -> Effects {
    let shown = model.nav.top().view.pane().feeds();
    // A table waits for one list; other views tell what they show from all of them.
    let one = matches!(model.nav.top().view, View::Table(_) | View::Releases(_));
    if shown.is_empty() || !one {
        return first;
    }
    let waits = |e: &Effect| matches!(e, Effect::Watch(feed, _) if !shown.contains(feed));
    let (held, now): (Effects, Effects) = first.into_iter().partition(waits);
    let place = |e| if let Effect::Watch(feed, scope) = e { Some((feed, scope)) } else { None };
    model.held = held.into_iter().filter_map(place).collect();
    now
}

/// Begins what was held back.
pub fn let_go(model: &mut Model, effects: &mut Effects) {
    for (feed, scope) in std::mem::take(&mut model.held) {
        if model.watched.contains(&(feed, scope.clone())) {
            effects.push(Effect::Watch(feed, scope));
        }
    }
}

/// Takes news of a list and watch.
pub fn feed(model: &mut Model, feed: Feed, scope: &Scope, news: FeedMsg, env: &Env, effects: &mut Effects) {
    if !model.watched.iter().any(|(f, s)| *f == feed && s == scope) {
        return;
    }
    // Whole, or known not to come: either way the view is not waited for any longer.
    if matches!(&news, FeedMsg::Synced(_) | FeedMsg::Releases(_))
        || matches!(&news, FeedMsg::State(s) if *s != FeedState::Loading)
    {
        let_go(model, effects);
    }
    match (feed, news) {
        (Feed::Releases, FeedMsg::Releases(list)) => {
            let known = |k: &(crate::core::Name, crate::core::Name, u32)| {
                list.iter().any(|r| r.namespace == k.0 && r.name == k.1)
            };
            model.shared.releases.records.retain(|k, _| known(k));
            model.shared.releases.list = list;
            touch(model);
        }
        (Feed::Releases, FeedMsg::State(state)) => {
            if matches!(state, FeedState::Denied(_)) {
                model.shared.releases.list.clear();
            }
            model.shared.releases.state = state;
            touch(model);
        }
        (Feed::Releases, FeedMsg::Unreadable(bad)) => {
            if std::mem::replace(&mut model.shared.releases.unreadable, bad.len()) != bad.len() {
                touch(model);
            }
        }
        (Feed::Releases, _) => {}
        (Feed::Objects(resource), news) => {
            if model.shared.cluster.of_mut(resource).take(news, env.now) {
                touch(model);
            }
        }
    }
    super::super::views::plan::follow(&mut model.shared, env.now, effects);
}

/// Asks for alerts, unless the last question is still open.
pub fn ask_alerts(model: &mut Model, env: &Env, effects: &mut Effects) {
    let slot = Slot { page: BACKGROUND, part: ALERTS };
    if !model.shared.asks.is_open(slot) {
        model.shared.asks.ask(slot, Query::Alerts, effects);
    }
    effects.push(Effect::After(Timer::Alerts, env.now + EVERY));
}

/// Takes an answer; one to an older question is dropped.
pub fn answer(
    model: &mut Model,
    id: QueryId,
    answer: Result<Answer, Error>,
    env: &Env,
    effects: &mut Effects,
) {
    if !model.shared.asks.accept(id) {
        return;
    }
    if id.slot == (Slot { page: BACKGROUND, part: ALERTS }) {
        return alerts(model, answer, env, effects);
    }
    let mut opened = None;
    if let Some(page) = model.nav.page_mut(id.slot.page) {
        let mut cx = Cx { shared: &mut model.shared, env, effects, page: id.slot.page, open: None };
        page.view.pane_mut().answer(id.slot.part, answer, &mut cx);
        opened = cx.open.take();
    }
    if let Some(view) = opened.filter(|_| model.nav.top().id == id.slot.page) {
        open(model, view, env, effects);
    }
    touch(model);
}

fn alerts(model: &mut Model, answer: Result<Answer, Error>, env: &Env, effects: &mut Effects) {
    match answer {
        Ok(Answer::Alerts(known)) => {
            let state = &mut model.shared.alerts;
            let firing = |a: &&crate::store::alerts::Alert| a.state == crate::store::alerts::State::Firing;
            let was: Vec<_> = state.known.alerts.iter().filter(firing).map(|a| a.fingerprint).collect();
            let first = state.at.is_none();
            let new: Vec<String> = known
                .alerts
                .iter()
                .filter(firing)
                .filter(|a| !was.contains(&a.fingerprint))
                .map(|a| a.name().to_owned())
                .collect();
            state.known = known;
            state.at = Some(env.now);
            state.error = None;
            if !first && !new.is_empty() {
                tell(model, &format!("new alert: {}", new.join(", ")), true, env, effects);
            }
        }
        Ok(_) => {}
        Err(error) => model.shared.alerts.error = Some(error),
    }
    super::super::views::plan::follow(&mut model.shared, env.now, effects);
    touch(model);
}

/// Takes a source's health. When it falls silent or comes back, what rests on it is asked at once.
pub fn health(model: &mut Model, health: Health, env: &Env, effects: &mut Effects) {
    let before = model.shared.health.get(&health.id);
    let answers = |h: &Health| matches!(h.state, State::Ready | State::Degraded);
    let turned = before.is_some_and(|b| answers(b) != answers(&health));
    let back = turned && answers(&health);
    let kind = health.id.kind;
    let shown =
        before.is_none_or(|b| b.state != health.state || b.error != health.error || b.via != health.via);
    let name = model.nav.top().view.name();
    model.shared.health.insert(health.id, health);
    if shown || name == "sources" {
        touch(model);
    }
    if turned && matches!(kind, SourceKind::Prometheus | SourceKind::Alertmanager) {
        effects.push(Effect::After(Timer::Alerts, env.now));
    }
    if back {
        let truth = model.nav.top().view.pane().truth(&Draw { shared: &model.shared, env });
        if matches!(truth, Truth::Stale(..) | Truth::Partial(_) | Truth::Failed(_)) {
            effects.push(Effect::After(Timer::Settle, env.now));
        }
    }
}

/// Takes a plan of an earlier process: it is told before anything else.
pub fn taken(model: &mut Model, taken: &Taken, env: &Env, effects: &mut Effects) {
    let what =
        if taken.live { "is still being carried out" } else { "has no end in its journal: it is looked up" };
    tell(
        model,
        &format!("{}, confirmed {}: {what}", taken.aim, num::ago(taken.confirmed, env.now)),
        true,
        env,
        effects,
    );
    if let Some(plan) = &taken.shown {
        let job = Job::begun(Arc::clone(plan), plan.wanted(), taken.confirmed, Check::default());
        model.shared.jobs.0.entry(taken.id).or_insert(job);
    }
    touch(model);
}

/// Takes news of a running plan.
pub fn job(model: &mut Model, plan: PlanId, news: JobMsg, env: &Env, effects: &mut Effects) {
    let Some(job) = model.shared.jobs.0.get_mut(&plan) else {
        // Of an earlier process's plan nothing was kept but its journal.
        if let JobMsg::Ended(outcome, record) = news {
            let told = record.what.line();
            model.shared.noted(*record);
            tell(model, &told, outcome != crate::ops::Outcome::Done, env, effects);
        }
        return;
    };
    match news {
        JobMsg::Step { number, of, text, finished } => {
            job.of = of;
            let at = number.saturating_sub(1);
            if job.steps.len() <= at {
                job.steps.resize(at + 1, (crate::core::Safe::default(), false));
            }
            if let Some(step) = job.steps.get_mut(at) {
                *step = (text, finished);
            }
        }
        JobMsg::Ended(outcome, record) => {
            let (word, failed) = (outcome.word(), outcome != crate::ops::Outcome::Done);
            let told = format!("{}: {word}", job.plan.deed());
            if let What::Outcome { text, .. } | What::Found { text, .. } = &record.what {
                job.told = text.clone();
            }
            job.ended = Some((env.now, outcome));
            model.shared.noted(*record);
            // Whoever looks at something else must hear of it.
            if model.nav.top().view.name() != "plan" {
                tell(model, &told, failed, env, effects);
            }
        }
    }
    touch(model);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::app::input::Keymap;
    use crate::app::model::Session;
    use crate::app::msg::Msg;
    use crate::app::testing;
    use crate::app::update::{start, update};
    use crate::core::{Safe, Ts};
    use crate::ops::{Gate, Policy};
    use crate::ui::theme::Theme;

    fn begun(view: &str) -> (Model, Effects, Env) {
        let keymap = Arc::new(Keymap::load("default", &|_| None).unwrap());
        let env = Env { now: Ts::from_secs(1_800_000_000), keymap, theme: Arc::new(Theme::plain()) };
        let session = Session { size: (80, 24), started: env.now, ..testing::session() };
        let gate = Gate::new(Policy { protected: true, locked: false });
        let (mut model, first) = start(session, gate, View::open(view).unwrap(), Safe::own("me"), &env);
        let first = hold_back(&mut model, first);
        (model, first, env)
    }

    fn watched(effects: &[Effect]) -> Vec<Feed> {
        let feed = |e: &Effect| if let Effect::Watch(feed, _) = e { Some(*feed) } else { None };
        effects.iter().filter_map(feed).collect()
    }

    const PODS: Feed = Feed::Objects(Resource::Pod);

    #[test]
    fn the_first_views_list_begins_alone_and_the_others_once_it_is_whole() {
        let (mut model, first, env) = begun("pods");
        assert_eq!(watched(&first), [PODS]);
        let news = |news| Msg::Feed(PODS, Scope::All, news);
        let loading = update(&mut model, news(FeedMsg::State(FeedState::Loading)), &env);
        let page = update(&mut model, news(FeedMsg::Page(Vec::new())), &env);
        assert_eq!((watched(&loading), watched(&page)), (vec![], vec![]));
        let others: Vec<Feed> = ALWAYS.into_iter().filter(|f| *f != PODS).collect();
        let whole = update(&mut model, news(FeedMsg::Synced(Vec::new())), &env);
        assert_eq!(watched(&whole), others);
        let again = update(&mut model, news(FeedMsg::State(FeedState::Live)), &env);
        assert_eq!(watched(&again), []);
    }

    #[test]
    fn a_list_that_does_not_come_holds_the_others_back_for_a_few_seconds_only() {
        let (mut model, _first, mut env) = begun("pods");
        let early = update(&mut model, Msg::Due(Timer::Clock), &env);
        env.now = env.now + HELD;
        let later = update(&mut model, Msg::Due(Timer::Clock), &env);
        assert_eq!((watched(&early).len(), watched(&later).len()), (0, ALWAYS.len() - 1));
        let (mut denied, _first, env) = begun("pods");
        let error = Error::new(crate::core::Kind::Denied, "list pods");
        let state = FeedMsg::State(FeedState::Denied(error));
        let effects = update(&mut denied, Msg::Feed(PODS, Scope::All, state), &env);
        assert_eq!(watched(&effects).len(), ALWAYS.len() - 1);
    }

    #[test]
    fn a_view_that_needs_them_all_holds_none_back() {
        let (model, first, _env) = begun("watch");
        let began = watched(&first);
        let lacking: Vec<Feed> = ALWAYS.into_iter().filter(|f| !began.contains(f)).collect();
        assert_eq!((lacking, model.held.len()), (vec![], 0));
    }
}
