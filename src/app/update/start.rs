//! The model at the start, and the first effects.

use super::super::effect::{Effect, Effects, Timer};
use super::super::model::{Model, Nav, Session, Shared};
use super::super::views::{Env, View};
use super::data;
use crate::core::{Safe, Span};
use crate::ops::{Gate, What};

/// Returns the model of a new session on a view, and its first effects.
pub fn start(session: Session, gate: Gate, view: View, who: Safe, env: &Env) -> (Model, Effects) {
    let mut effects = Effects::new();
    let context = session.cluster.0.safe();
    let mut model = Model {
        shared: Shared::new(session, gate),
        nav: Nav::new(view),
        modal: None,
        chord: Vec::new(),
        chord_shown: false,
        dirty: true,
        unsettled: true,
        watched: Vec::new(),
        held: Vec::new(),
    };
    let version = Safe::own(env!("CARGO_PKG_VERSION"));
    model.shared.journal(env.now, What::Opened { context, version, server: None, who }, &mut effects);
    effects.push(Effect::ReadBindings);
    effects.push(Effect::Recover);
    data::feeds(&mut model, &mut effects);
    data::ask_alerts(&mut model, env, &mut effects);
    super::on_top(&mut model, env, &mut effects, |pane, cx| pane.init(cx));
    effects.push(Effect::After(Timer::Clock, env.now.align_down(Span::secs(1)) + Span::secs(1)));
    (model, effects)
}
