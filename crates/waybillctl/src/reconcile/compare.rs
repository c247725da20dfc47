//! The store against the streams: a pure comparison.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use domain::{EventId, OrderEvent, OrderId, Version};
use jiff::Timestamp;
use messaging::{Told, Waiting};
use serde::Serialize;

/// Events that are about to age out are not missed.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// What was found of some orders in the store and in the streams, in this order: what is on its way is then seen twice rather than never.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) at: Timestamp,
    /// Each version with its command and what it told.
    pub(super) history: Vec<(String, OrderEvent)>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) given_up: HashSet<OrderId>,
    pub(super) events: Told<EventId>,
    pub(super) audit: Told<EventId>,
}

/// Something that store and streams do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) order: OrderId,
    pub(super) version: Version,
    pub(super) what: What,
    /// What is to be told; none where it is not known.
    #[serde(skip)]
    pub(super) event: Option<OrderEvent>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// It is stored, and neither stream tells it.
    Untold,
    /// It is stored, and `EVENTS` does not tell it.
    MissingInEvents,
    /// It is stored, and `AUDIT` does not tell it.
    MissingInAudit,
    /// It was accepted, and is neither stored nor waiting nor a dead letter.
    Lost,
    /// It is told, and the store has no such version.
    NotStored,
}

impl What {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Untold => "missing in EVENTS and AUDIT",
            Self::MissingInEvents => "missing in EVENTS",
            Self::MissingInAudit => "missing in AUDIT",
            Self::Lost => "accepted, and neither stored nor waiting nor a dead letter",
            Self::NotStored => "told, and not stored",
        }
    }
}

impl Look {
    /// How many commands wait though they took effect: the processor acknowledges them when it sees them again.
    pub(super) fn handled(&self) -> usize {
        let stored: HashSet<&str> = self.history.iter().map(|(command, _)| command.as_str()).collect();
        let ids = self.waiting.iter().map(|command| command.id.as_str());
        ids.filter(|id| stored.contains(id)).count()
    }

    /// Everything that differs, by order and version.
    pub(super) fn differences(&self) -> Vec<Difference> {
        let mut differences: BTreeMap<(OrderId, Version), Difference> = BTreeMap::new();
        let mut newest: HashMap<OrderId, Version> = HashMap::new();
        // While a command waits, its effects may still have to be told: it is its own reminder.
        let waiting: HashSet<OrderId> = self.waiting.iter().map(|command| command.order).collect();
        for (_, event) in &self.history {
            let known = newest.entry(event.order).or_insert(event.version);
            *known = event.version.max(*known);
            if let Some(what) = self.missing(event).filter(|_| !waiting.contains(&event.order)) {
                differences.insert(
                    (event.order, event.version),
                    difference(event.id(), what, Some(event)),
                );
            }
        }
        for id in self.events.events.union(&self.audit.events) {
            let what = match newest.get(&id.order) {
                Some(version) if id.version <= *version => continue,
                _ if waiting.contains(&id.order) || self.given_up.contains(&id.order) => continue,
                None if id.version == Version::FIRST => What::Lost,
                _ => What::NotStored,
            };
            differences.insert((id.order, id.version), difference(*id, what, None));
        }
        differences.into_values().collect()
    }

    fn missing(&self, event: &OrderEvent) -> Option<What> {
        missing((&self.events, &self.audit), &event.id(), self.at, event.at)
    }
}

/// Where what is stored since `told_at` is missing at `now`: in `EVENTS`, in `AUDIT` or in both.
pub(super) fn missing<Id: Eq + Hash>(
    (events, audit): (&Told<Id>, &Told<Id>),
    id: &Id,
    now: Timestamp,
    told_at: Timestamp,
) -> Option<What> {
    let age = now.duration_since(told_at) + MARGIN;
    let lacks = |told: &Told<Id>| {
        let aged_out = !told.kept_for.is_zero() && age.unsigned_abs() > told.kept_for;
        !aged_out && !told.events.contains(id)
    };
    match (lacks(events), lacks(audit)) {
        (true, true) => Some(What::Untold),
        (true, false) => Some(What::MissingInEvents),
        (false, true) => Some(What::MissingInAudit),
        (false, false) => None,
    }
}

fn difference(id: EventId, what: What, event: Option<&OrderEvent>) -> Difference {
    Difference {
        order: id.order,
        version: id.version,
        what,
        event: event.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;
    use std::time::Duration;

    use domain::{Customer, OrderState};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn event(key: &str, version: u32) -> OrderEvent {
        let customer: Customer = "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11".parse().unwrap();
        OrderEvent {
            order: OrderId::derive(customer, &key.parse().unwrap()),
            version: Version(version),
            state: OrderState::Confirmed,
            customer,
            by: "staff:sam".parse().unwrap(),
            at: now(),
            total: None,
            reason: None,
            refused: None,
            erased: false,
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn told(events: &[OrderEvent], days: u32) -> Told<EventId> {
        Told {
            events: events.iter().map(OrderEvent::id).collect(),
            kept_for: DAY * days,
        }
    }

    fn look(stored: &[OrderEvent], events: &[OrderEvent], audit: &[OrderEvent]) -> Look {
        let row = |event: &OrderEvent| (format!("command of {}", event.id()), event.clone());
        Look {
            at: now(),
            history: stored.iter().map(row).collect(),
            waiting: Vec::new(),
            given_up: HashSet::new(),
            events: told(events, 7),
            audit: told(audit, 400),
        }
    }

    fn found(look: &Look) -> Vec<(Version, What)> {
        let differences = look.differences().into_iter();
        differences
            .map(|difference| (difference.version, difference.what))
            .collect()
    }

    #[test]
    fn what_agrees_is_no_difference() {
        let all = [event("a", 1), event("a", 2), event("b", 1)];
        assert_eq!(found(&look(&all, &all, &all)), []);
    }

    #[test]
    fn what_is_missing_is_named_by_stream() {
        let all = [event("a", 1), event("a", 2), event("a", 3), event("a", 4)];
        let look = look(
            &all,
            &[all[0].clone(), all[3].clone()],
            &[all[0].clone(), all[1].clone()],
        );
        let expected = [
            (Version(2), What::MissingInEvents),
            (Version(3), What::Untold),
            (Version(4), What::MissingInAudit),
        ];
        assert_eq!(found(&look), expected);
        assert!(look.differences().iter().all(|one| one.event.is_some()));
    }

    #[test]
    fn what_aged_out_of_events_is_looked_for_in_audit_only() {
        let mut old = event("a", 1);
        old.at = now() - DAY * 8;
        assert_eq!(found(&look(&[old.clone()], &[], &[old.clone()])), []);
        assert_eq!(
            found(&look(&[old.clone()], &[], &[])),
            [(Version(1), What::MissingInAudit)]
        );
        old.at = now() - DAY * 500;
        assert_eq!(found(&look(&[old], &[], &[])), []);
    }

    #[test]
    fn what_is_on_its_way_or_given_up_is_no_difference() {
        let (stored, accepted) = (event("a", 2), event("b", 1));
        let mut look = look(from_ref(&stored), from_ref(&accepted), &[]);
        assert_eq!(look.differences().len(), 2);
        let command = |id: String, order| Waiting { id, order };
        look.waiting = vec![
            command(format!("command of {}", stored.id()), stored.order),
            command("another".into(), accepted.order),
        ];
        assert_eq!((found(&look), look.handled()), (vec![], 1));
        look.waiting.pop();
        look.given_up.insert(accepted.order);
        assert_eq!(found(&look), []);
    }

    #[test]
    fn what_is_told_and_not_stored_is_lost_or_made_up() {
        let (stored, next, lost) = (event("a", 1), event("a", 2), event("b", 1));
        let mut look = look(
            from_ref(&stored),
            &[stored.clone(), next],
            &[stored.clone(), lost],
        );
        look.events.events.insert(event("b", 1).id());
        let mut kinds: Vec<_> = look.differences().iter().map(|one| one.what.words()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds[0], What::Lost.words());
        assert!(kinds.contains(&What::NotStored.words()));
    }
}
