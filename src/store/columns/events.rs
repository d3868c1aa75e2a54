//! Events.

use deckwatch_wire::core::Event;

use super::cell::Cell;
use super::health::{Health, Level};
use super::{Tabled, ts};
use crate::core::{Resource, Ts};

/// Returns when an event was last seen, by which kubectl sorts events, the oldest first.
pub fn last_seen(event: &Event) -> Option<Ts> {
    match &event.series {
        Some(series) => ts(series.last_observed_time),
        None => ts(event.last_timestamp).or_else(|| ts(event.event_time)),
    }
}

impl Tabled for Event {
    const RESOURCE: Resource = Resource::Event;

    fn cells(&self) -> Vec<Cell> {
        let first = ts(self.first_timestamp).or_else(|| ts(self.event_time));
        let (last, count) = match &self.series {
            Some(series) => (ts(series.last_observed_time), series.count),
            // An event that was seen once carries no count in the newer form.
            None => (ts(self.last_timestamp).or(first), self.count.max(i32::from(self.count == 0))),
        };
        let object = &self.involved_object;
        let kind = object.kind.to_lowercase();
        let target = if object.name.is_empty() { kind } else { format!("{kind}/{}", object.name) };
        vec![
            Cell::Since(last),
            Cell::said(&self.r#type),
            Cell::said(&self.reason),
            Cell::said(&target),
            Cell::said(&object.field_path),
            Cell::said(&source(self)),
            Cell::said(self.message.trim()),
            Cell::Since(first),
            Cell::Number(i64::from(count)),
            Cell::said(&self.metadata.name),
        ]
    }

    fn condition(&self) -> Health {
        let level = if self.r#type == "Warning" { Level::Warning } else { Level::Ok };
        Health::said(level, &self.reason).because(self.message.trim())
    }
}

/// Who told of the event, and from where: the older fields, else the newer ones.
fn source(event: &Event) -> String {
    let or = |old: &str, new: &str| if old.is_empty() { new.to_owned() } else { old.to_owned() };
    let component = or(&event.source.component, &event.reporting_component);
    let instance = or(&event.source.host, &event.reporting_instance);
    if instance.is_empty() { component } else { format!("{component}, {instance}") }
}
