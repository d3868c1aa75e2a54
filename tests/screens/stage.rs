//! A cockpit on a stage: a model with a fixed clock that is told things by messages and drawn into a buffer.

use std::sync::{Arc, LazyLock};

use deckwatch::app::effect::{Effect, Effects, Feed, Query, QueryId, Scope, Slot};
use deckwatch::app::input::Keymap;
use deckwatch::app::model::{Model, Session};
use deckwatch::app::msg::{Answer, FeedMsg, FeedState};
use deckwatch::app::update::{settle, show, start, update};
use deckwatch::app::views::{Draw, Env, Truth, View, screen};
use deckwatch::app::{Msg, effect};
use deckwatch::core::key::Key;
use deckwatch::core::{Error, Kind, Resource, Result, Safe, Span, Zone};
use deckwatch::ops::{Gate, Policy};
use deckwatch::store::health::SourceKind;
use deckwatch::store::objects::Object;
use deckwatch::ui::theme::Theme;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::world::{NOW, World, cluster, uids};

/// The sizes that every screen is drawn at.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// What is followed whatever is shown.
pub const FOLLOWED: [Resource; 8] = [
    Resource::Pod,
    Resource::Deployment,
    Resource::ReplicaSet,
    Resource::StatefulSet,
    Resource::DaemonSet,
    Resource::Node,
    Resource::Service,
    Resource::Event,
];

/// A cockpit and the questions that it has asked.
pub struct Stage {
    pub model: Model,
    pub env: Env,
    pub world: World,
    /// Questions that are open, in the order in which they were asked.
    pub open: Vec<(QueryId, Query)>,
}

impl Stage {
    /// Returns a cockpit that has just been opened on a view.
    pub fn new(world: World, view: View, size: (u16, u16), theme: Theme) -> Self {
        let session = Session {
            cluster: cluster(),
            scope: Scope::All,
            recent: Vec::new(),
            zone: Zone::Utc,
            own_zone: Zone::Utc,
            size,
            started: NOW - Span::mins(2),
            focused: true,
        };
        static KEYMAP: LazyLock<Arc<Keymap>> =
            LazyLock::new(|| Arc::new(Keymap::load("default", &|_| None).unwrap()));
        let env = Env { now: NOW, keymap: Arc::clone(&KEYMAP), theme: Arc::new(theme) };
        let gate = Gate::new(Policy::default());
        let (model, effects) = start(session, gate, View::open("sources").unwrap(), Safe::own("vera"), &env);
        let mut stage = Self { model, env, world, open: Vec::new() };
        stage.take(effects);
        stage.show(view);
        stage
    }

    fn take(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Ask(id, query) => {
                    self.open.retain(|(other, _)| other.slot != id.slot);
                    self.open.push((id, query));
                }
                Effect::Cancel(slot) => self.open.retain(|(id, _)| id.slot != slot),
                _ => {}
            }
        }
    }

    /// Opens a view.
    pub fn show(&mut self, view: View) {
        let effects = show(&mut self.model, view, &self.env);
        self.take(effects);
    }

    /// Takes a message.
    pub fn send(&mut self, msg: Msg) {
        let effects = update(&mut self.model, msg, &self.env);
        self.take(effects);
        let effects = settle(&mut self.model, &self.env);
        self.take(effects);
    }

    /// Presses keys, written as configuration writes them.
    pub fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.send(Msg::Key { key: Key::parse(key).unwrap(), repeat: false });
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: Span) {
        self.env.now = self.env.now + span;
    }

    /// Lets time pass until the page is to be looked at again.
    #[allow(dead_code, reason = "not every suite waits so")]
    pub fn wake(&mut self, span: Span) {
        self.wait(span);
        let page = self.model.nav.top().id;
        self.send(Msg::Due(effect::Timer::Page(page)));
    }

    /// Makes the terminal another size.
    pub fn resize(&mut self, (width, height): (u16, u16)) {
        self.send(Msg::Resized(width, height));
    }

    fn scope(&self, feed: Feed) -> Option<effect::Scope> {
        self.model.watched.iter().find(|(f, _)| *f == feed).map(|(_, s)| s.clone())
    }

    /// Says something of a list that is followed.
    pub fn feed(&mut self, feed: Feed, news: FeedMsg) {
        let scope = self.scope(feed).unwrap_or_else(|| panic!("{feed:?} is not followed"));
        self.send(Msg::Feed(feed, scope, news));
    }

    /// Gives the whole list of a kind, live.
    pub fn list(&mut self, resource: Resource, objects: Vec<Object>) {
        let all = uids(&objects);
        self.feed(Feed::Objects(resource), FeedMsg::Page(objects));
        self.feed(Feed::Objects(resource), FeedMsg::Synced(all));
        self.feed(Feed::Objects(resource), FeedMsg::State(FeedState::Live));
    }

    /// Answers every open question of the page, or of the background where `page` says so, by what the
    /// function says; what it says nothing to stays open.
    pub fn answer(&mut self, background: bool, say: impl Fn(u16, &Query) -> Option<Result<Answer>>) {
        let top = self.model.nav.top().id;
        let page = if background { 0 } else { top };
        let all = std::mem::take(&mut self.open);
        for (id, query) in all {
            match say(id.slot.part, &query).filter(|_| id.slot.page == page) {
                Some(answer) => self.send(Msg::Answer(id, answer)),
                None => self.open.push((id, query)),
            }
        }
    }

    /// Asks the page's questions again.
    pub fn refresh(&mut self) {
        self.press(&["ctrl-r"]);
    }

    /// Lets the poll of alerts be answered.
    pub fn alerts(&mut self, answer: Result<Answer>) {
        self.send(Msg::Due(effect::Timer::Alerts));
        let slot = Slot { page: 0, part: 0 };
        let at = self.open.iter().position(|(id, _)| id.slot == slot).expect("alerts are asked");
        let (id, _) = self.open.remove(at);
        self.send(Msg::Answer(id, answer));
    }

    /// Tells everything of the shop's that is followed whatever is shown, all of it live.
    pub fn background(&mut self) {
        self.background_but(None);
    }

    /// Tells everything but one kind.
    pub fn background_but(&mut self, but: Option<Resource>) {
        for resource in FOLLOWED.into_iter().filter(|r| Some(*r) != but) {
            self.list(resource, self.world.objects(resource));
        }
        if self.scope(Feed::Objects(Resource::Job)).is_some() {
            self.list(Resource::Job, Vec::new());
        }
        self.feed(Feed::Releases, FeedMsg::Releases(self.world.releases()));
        self.feed(Feed::Releases, FeedMsg::State(FeedState::Live));
        self.sources();
        self.alerts(Ok(Answer::Alerts(self.world.alerts())));
    }

    /// Tells of four sources that answer.
    pub fn sources(&mut self) {
        use SourceKind::{Alertmanager, Kubernetes, Loki, Prometheus};
        for kind in [Kubernetes, Prometheus, Loki, Alertmanager] {
            self.send(Msg::Health(self.world.source(kind)));
        }
    }

    /// Returns how true the page says that it is.
    pub fn truth(&self) -> Truth {
        let cx = Draw { shared: &self.model.shared, env: &self.env };
        self.model.nav.top().view.pane().truth(&cx)
    }

    /// Draws the screen, at the size that the model knows.
    pub fn draw(&mut self) -> Buffer {
        let effects = settle(&mut self.model, &self.env);
        self.take(effects);
        let (width, height) = self.model.shared.session.size;
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        screen::draw(&self.model, &self.env, area, &mut buffer);
        buffer
    }
}

/// An error of a server, in the words of the world.
pub fn error(world: World, kind: Kind, what: &'static str) -> Error {
    Error::new(kind, what)
        .on(world.say("10.0.0.1:6443"))
        .detail(world.say("the other side says so"))
        .hint("ask for get and list on it")
}
