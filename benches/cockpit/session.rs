//! A cockpit without sources: a model, what is outside of it, and a screen that counts bytes.

use std::sync::Arc;

use deckwatch::app::effect::{Feed, Scope};
use deckwatch::app::input::Keymap;
use deckwatch::app::model::Session as Place;
use deckwatch::app::msg::{FeedMsg, FeedState};
use deckwatch::app::update::{settle, start, update};
use deckwatch::app::views::{Env, View, screen};
use deckwatch::app::{Effects, Model, Msg};
use deckwatch::core::key::Key;
use deckwatch::core::{ClusterId, Resource, Safe, Untrusted, Zone};
use deckwatch::ops::{Gate, Policy};
use deckwatch::store::objects::Object;
use deckwatch::term::Screen;
use deckwatch::ui::theme::{Depth, Glyphs, Theme};
use ratatui_core::layout::Size;

/// The list of pods.
pub const PODS: Feed = Feed::Objects(Resource::Pod);

/// Returns what is outside of a model.
pub fn env() -> Env {
    let theme = Theme::load("dark", &|_| None, Depth::True, Glyphs { unicode: true });
    Env {
        now: deckwatch::runtime::now(),
        keymap: Arc::new(Keymap::load("default", &|_| None).unwrap()),
        theme: Arc::new(theme.unwrap()),
    }
}

/// Returns a model on a view, and its first effects.
pub fn model(view: View, size: (u16, u16), env: &Env) -> (Model, Effects) {
    let place = Place {
        cluster: ClusterId(Untrusted::from("bench")),
        scope: Scope::All,
        recent: Vec::new(),
        zone: Zone::Utc,
        own_zone: Zone::Utc,
        size,
        started: env.now,
        focused: true,
    };
    start(place, Gate::new(Policy { protected: true, locked: false }), view, Safe::own("bench"), env)
}

/// Returns the news of a whole list.
pub fn listed(objects: Vec<Object>) -> [Msg; 3] {
    let uids = objects.iter().map(Object::uid).collect();
    [FeedMsg::Page(objects), FeedMsg::Synced(uids), FeedMsg::State(FeedState::Live)]
        .map(|news| Msg::Feed(PODS, Scope::All, news))
}

/// Returns the news of changed objects.
pub fn changed(objects: Vec<Object>) -> Msg {
    Msg::Feed(PODS, Scope::All, FeedMsg::Changes { applied: objects, removed: Vec::new() })
}

/// The whole of it.
pub struct Session {
    pub model: Model,
    pub env: Env,
    screen: Screen,
}

impl Session {
    pub fn new(view: View, size: (u16, u16)) -> Self {
        let env = env();
        let (model, _effects) = model(view, size, &env);
        let screen = Screen::new(Size { width: size.0, height: size.1 }, true);
        Self { model, env, screen }
    }

    /// Takes a message in.
    pub fn take(&mut self, msg: Msg) {
        let _effects = update(&mut self.model, msg, &self.env);
    }

    /// Presses a key.
    pub fn key(&mut self, name: &str) {
        let key = Key::parse(name).unwrap();
        self.take(Msg::Key { key, repeat: false });
    }

    /// Draws a frame if anything has changed. Returns its bytes.
    pub fn frame(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.model.dirty {
            return out;
        }
        let _effects = settle(&mut self.model, &self.env);
        let (model, env) = (&self.model, &self.env);
        let painted = self.screen.draw(&mut out, |f| screen::draw(model, env, f.area(), f.buffer()));
        painted.unwrap();
        self.model.dirty = false;
        out
    }
}
