//! Documents on their way to Redis: newer-wins, after the commit. Without Redis, orders go on.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use cache::{Cache, CacheError, Policy, Redis, Versioned};
use domain::Order;

/// The cache of orders. This service refreshes it and never reads it, so it keeps nothing in process.
#[derive(Debug)]
pub(crate) struct Refresh {
    orders: Cache<Order>,
    failing: AtomicBool,
}

impl Refresh {
    pub(crate) fn new(redis: Redis) -> Self {
        let policy = Policy {
            in_process: 0,
            ..Policy::ORDERS
        };
        Self {
            orders: Cache::new(policy, redis),
            failing: AtomicBool::new(false),
        }
    }

    /// Puts `orders`, where newer. Those that no longer change live longer.
    pub(crate) async fn orders(&self, orders: impl Iterator<Item = &Order>) {
        let entry = |order: &Order| {
            let time_to_live = order.state.is_terminal().then_some(Policy::SETTLED_ORDER);
            let versioned = Versioned {
                version: order.version.0.into(),
                value: order.clone(),
            };
            (order.id.to_string(), versioned, time_to_live)
        };
        let entries: Vec<_> = orders.map(entry).collect();
        if !entries.is_empty() {
            let count = entries.len();
            self.note(self.orders.put_all(entries).await, count);
        }
    }

    /// Counts failures; of a burst of them only the first and the end are logged.
    fn note(&self, put: Result<(), CacheError>, entries: usize) {
        match put {
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("the cache is refreshed again");
            }
            Ok(()) => {}
            Err(error) => self.failed(&error, entries),
        }
    }

    fn failed(&self, error: &dyn Display, entries: usize) {
        metrics::counter!("cache_refresh_failures_total").increment(entries as u64);
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "the cache is not refreshed: readers see changes late, orders go on");
        }
    }
}
