//! Which question is open in which slot: one in flight per place, older answers dropped.

use std::collections::HashMap;

use crate::app::effect::{Effect, Effects, Query, QueryId, Slot};

/// Open and answered questions by slot.
#[derive(Debug, Default)]
pub struct Asks {
    generations: HashMap<Slot, (u64, bool)>,
    next: u64,
}

impl Asks {
    /// Asks in a slot; a question that is still open there is dropped.
    pub fn ask(&mut self, slot: Slot, query: Query, effects: &mut Effects) {
        self.next += 1;
        self.generations.insert(slot, (self.next, true));
        effects.push(Effect::Ask(QueryId { slot, generation: self.next }, query));
    }

    /// Takes an answer. Returns whether it answers the newest question of its slot.
    pub fn accept(&mut self, id: QueryId) -> bool {
        match self.generations.get_mut(&id.slot) {
            Some((generation, open)) if *generation == id.generation && *open => {
                *open = false;
                true
            }
            _ => false,
        }
    }

    /// Returns whether a question is open in a slot.
    pub fn is_open(&self, slot: Slot) -> bool {
        self.generations.get(&slot).is_some_and(|(_, open)| *open)
    }

    /// Returns whether any question of a page is open.
    pub fn any_open(&self, page: u32) -> bool {
        self.generations.iter().any(|(slot, (_, open))| slot.page == page && *open)
    }

    /// Drops every question of a page.
    pub fn drop_page(&mut self, page: u32, effects: &mut Effects) {
        self.generations.retain(|slot, (_, open)| {
            if slot.page == page && *open {
                effects.push(Effect::Cancel(*slot));
            }
            slot.page != page
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_question_of_a_slot_is_answered_and_only_once() {
        let (mut asks, mut effects) = (Asks::default(), Effects::new());
        let slot = Slot { page: 1, part: 0 };
        asks.ask(slot, Query::Alerts, &mut effects);
        asks.ask(slot, Query::Alerts, &mut effects);
        let ids: Vec<QueryId> = effects
            .iter()
            .filter_map(|e| if let Effect::Ask(id, _) = e { Some(*id) } else { None })
            .collect();
        assert!(!asks.accept(ids[0]));
        assert!(asks.is_open(slot) && asks.accept(ids[1]) && !asks.accept(ids[1]));
    }

    #[test]
    fn a_page_that_closes_cancels_what_it_asked() {
        let (mut asks, mut effects) = (Asks::default(), Effects::new());
        asks.ask(Slot { page: 1, part: 0 }, Query::Alerts, &mut effects);
        asks.ask(Slot { page: 2, part: 0 }, Query::Alerts, &mut effects);
        asks.drop_page(1, &mut effects);
        assert!(matches!(effects.last(), Some(Effect::Cancel(Slot { page: 1, part: 0 }))));
        assert!(asks.is_open(Slot { page: 2, part: 0 }));
    }
}
