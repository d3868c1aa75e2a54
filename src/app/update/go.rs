//! The `g` jumps: from what a row is about to another view of it, carrying object and moment.

use super::super::effect::Effects;
use super::super::jumps::{node_of, owner, release_for, subject, unavailable};
use super::super::model::Model;
use super::super::msg::Subject;
use super::super::views::{Env, View, alert, board, logs, release, table, text, timeline};
use super::{moment, open, tell};
use crate::core::action::Action;
use crate::core::{Resource, Span};
use crate::query::promql;

/// How much is shown before an alert's beginning at least.
const BEFORE_ALERT: Span = Span::mins(10);

/// Returns how much is to be seen before a row's time: of an alert also what its rule has looked at, its `for` and the
/// widest range of its expression.
fn before(model: &Model, subject: &Subject) -> Span {
    let alert = subject.alert.and_then(|f| alert::find(&model.shared, f));
    let looked = alert
        .and_then(|a| a.rule.as_ref())
        .map(|rule| rule.hold + promql::widest_range(rule.query.raw()).unwrap_or_default());
    BEFORE_ALERT + looked.unwrap_or_default()
}

/// Jumps.
pub fn go(model: &mut Model, action: Action, env: &Env, effects: &mut Effects) {
    if let Some(why) = unavailable(model, action) {
        return tell(model, &format!("{}: {why}", action.info().short), false, env, effects);
    }
    let subject = subject(model);
    let carries = !matches!(action, Action::GoAlerts | Action::GoRunbook);
    if let Some(at) = subject.time.filter(|_| carries) {
        moment::pin(model, at, before(model, &subject), env, effects);
    }
    let Some(view) = target(model, action, &subject) else { return };
    open(model, view, env, effects);
}

fn target(model: &Model, action: Action, subject: &Subject) -> Option<View> {
    let object = subject.object.clone();
    Some(match action {
        Action::GoLogs => View::Logs(logs::Logs::around(object?, &model.shared)),
        Action::GoPanels => View::Board(board::Board::of(object?, &model.shared)),
        Action::GoTimeline => View::Timeline(timeline::Timeline::of(object.map(|o| owner(model, o)))),
        Action::GoChanges => View::Timeline(timeline::Timeline::before(object.map(|o| owner(model, o)))),
        Action::GoRelease => {
            let (namespace, name, revision) = release_for(model, subject)?;
            View::Release(release::ReleasePage::new(namespace, name, revision))
        }
        Action::GoAlerts => View::open("alerts")?,
        Action::GoEvents => View::Table(table::Table::about(Resource::Event, object?)),
        Action::GoNode => View::Table(table::Table::at(Resource::Node, &node_of(model, object.as_ref())?)),
        Action::GoOwner => {
            let owner = owner(model, object?);
            View::Table(table::Table::at(owner.resource()?, &owner))
        }
        Action::GoRunbook => View::Text(text::Text::runbook(alert::find(&model.shared, subject.alert?)?)),
        _ => return None,
    })
}
