//! What this process knows of orders from their events: the highest version of each, and who waits for the next.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Customer, OrderEvent, OrderId, Version};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::unprocessed::Unprocessed;

/// How long a floor is kept: as long as an entry that can still change lives, and the longest load that could bring an older one.
pub(crate) const FLOOR_KEPT: Duration = Duration::from_secs(120);

/// Floors and watchers.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    floors: HashMap<OrderId, (Version, Instant)>,
    by_age: VecDeque<(Instant, OrderId)>,
    watched: HashMap<OrderId, watch::Sender<Signal>>,
    unprocessed: Unprocessed,
}

/// What a watcher is told: read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Signal {
    /// 0 for none yet.
    floor: u32,
    restarts: u32,
}

impl Hub {
    /// The highest version of the order that was seen in events of late; 0 where none was.
    pub(crate) fn floor(&self, order: OrderId) -> Version {
        self.lock()
            .floors
            .get(&order)
            .map_or(Version(0), |(version, _)| *version)
    }

    /// An order reached a version.
    pub(crate) fn heed(&self, event: &OrderEvent) {
        let (now, order, version) = (Instant::now(), event.order, event.version);
        let mut state = self.lock();
        state.drop_old_floors(now);
        let before = state.floors.get(&order).map_or(Version(0), |(floor, _)| *floor);
        state.unprocessed.heed(event, before);
        state.floors.insert(order, (before.max(version), now));
        state.by_age.push_back((now, order));
        if let Some(watchers) = state.watched.get(&order) {
            watchers.send_if_modified(|signal| {
                let newer = version.0 > signal.floor;
                signal.floor = signal.floor.max(version.0);
                newer
            });
        }
    }

    /// The newest `most` orders of the customer that are accepted and not yet processed, as far as is known here.
    pub(crate) fn unprocessed(&self, customer: Customer, most: usize) -> Vec<OrderId> {
        self.lock().unprocessed.of(customer, most)
    }

    /// Events may have been late: everyone reads again.
    pub(crate) fn restarted(&self) {
        for watchers in self.lock().watched.values() {
            watchers.send_modify(|signal| signal.restarts += 1);
        }
    }

    /// Waits for news of the order, from now on.
    pub(crate) fn subscribe(self: &Arc<Self>, order: OrderId) -> Subscription {
        let mut state = self.lock();
        let sender = state
            .watched
            .entry(order)
            .or_insert_with(|| watch::channel(Signal::default()).0);
        Subscription {
            signals: sender.subscribe(),
            order,
            hub: Arc::clone(self),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_old_floors(&mut self, now: Instant) {
        let old = |at: Instant| now.duration_since(at) > FLOOR_KEPT;
        while let Some((_, order)) = self.by_age.pop_front_if(|(at, _)| old(*at)) {
            if self.floors.get(&order).is_some_and(|(_, at)| old(*at)) {
                self.floors.remove(&order);
            }
        }
    }
}

/// One who waits for news of an order.
#[derive(Debug)]
pub(crate) struct Subscription {
    signals: watch::Receiver<Signal>,
    order: OrderId,
    hub: Arc<Hub>,
}

impl Subscription {
    /// Waits until there is reason to read the order again. False where there will be none any more.
    pub(crate) async fn news(&mut self) -> bool {
        self.signals.changed().await.is_ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        // This receiver is counted still.
        if state
            .watched
            .get(&self.order)
            .is_some_and(|watchers| watchers.receiver_count() <= 1)
        {
            state.watched.remove(&self.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u128) -> OrderId {
        OrderId(uuid::Uuid::from_u128(number))
    }

    fn customer() -> Customer {
        Customer::Guest(domain::GuestId(uuid::Uuid::from_u128(9)))
    }

    fn event(number: u128, version: u32) -> OrderEvent {
        OrderEvent {
            order: order(number),
            version: Version(version),
            state: domain::OrderState::Confirmed,
            customer: customer(),
            by: domain::Actor::Customer(customer()),
            at: jiff::Timestamp::UNIX_EPOCH,
            total: None,
            reason: None,
            refused: None,
            erased: false,
        }
    }

    #[test]
    fn an_order_is_unprocessed_from_its_first_version_to_its_next() {
        let hub = Hub::default();
        for (number, version) in [(1, 1), (1, 1), (2, 1), (3, 2), (3, 1)] {
            hub.heed(&event(number, version));
        }
        assert_eq!(hub.unprocessed(customer(), 10), [order(2), order(1)]);
        assert_eq!(hub.unprocessed(customer(), 1), [order(2)]);
        hub.heed(&event(2, 2));
        hub.heed(&event(1, 2));
        assert!(hub.unprocessed(customer(), 10).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_floor_only_rises_and_goes_when_nothing_older_can_be_cached() {
        let hub = Hub::default();
        hub.heed(&event(1, 3));
        hub.heed(&event(1, 2));
        assert_eq!(hub.floor(order(1)), Version(3));
        assert_eq!(hub.floor(order(2)), Version(0));
        tokio::time::advance(FLOOR_KEPT / 2).await;
        hub.heed(&event(1, 3));
        tokio::time::advance(FLOOR_KEPT / 2 + Duration::from_secs(1)).await;
        hub.heed(&event(2, 1));
        assert_eq!(hub.floor(order(1)), Version(3), "told of again half-way");
        tokio::time::advance(FLOOR_KEPT + Duration::from_secs(1)).await;
        hub.heed(&event(3, 1));
        assert_eq!(hub.floor(order(1)), Version(0));
        assert_eq!(hub.lock().floors.len(), 1);
    }

    #[tokio::test]
    async fn watchers_hear_of_what_is_newer_and_of_restarts_and_leave_nothing_behind() {
        let hub = Arc::new(Hub::default());
        let mut first = hub.subscribe(order(1));
        let second = hub.subscribe(order(1));
        hub.heed(&event(1, 2));
        assert!(first.news().await);
        hub.heed(&event(1, 2));
        assert!(
            !first.signals.has_changed().unwrap(),
            "an event that is repeated is no news"
        );
        hub.restarted();
        assert!(first.news().await);
        drop(first);
        assert_eq!(hub.lock().watched.len(), 1);
        drop(second);
        assert!(hub.lock().watched.is_empty());
    }
}
