#![doc = include_str!("../README.md")]

mod cancel;
mod catalog;
mod cursor;
mod errors;
mod group;
mod hub;
mod known;
mod list;
mod live;
mod look_up;
mod schedule;
mod submit;
mod unprocessed;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Policy, RequestRecords};
use domain::{Order, OrderId, OrderState};
use messaging::{DeadLetters, Messaging, PublishError, Schedules};
use storage::{ProductPage, Storage};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use cursor::{cursor, read_cursor};
pub use errors::{CancelError, ScheduleError, SubmitError, Unavailable};
pub use group::SubmittedGroup;
pub use schedule::ScheduledOrder;
pub use submit::Submitted;

use hub::Hub;
use live::Following;

/// What the front doors do with orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ordering {
    source: String,
    messaging: Messaging,
    letters: DeadLetters,
    schedules: Schedules,
    storage: Storage,
    orders: Cache<Order>,
    catalog: Cache<ProductPage>,
    searches: Cache<ProductPage>,
    records: RequestRecords,
    /// For commands that wait for their acknowledgement.
    room: Arc<Semaphore>,
    hub: Arc<Hub>,
    _following: Arc<Following>,
}

/// What it is built from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The name of the front door, for `ce-source`.
    pub source: String,
    /// The connection to NATS.
    pub messaging: Messaging,
    /// Postgres.
    pub storage: Storage,
    /// Redis of the caches.
    pub redis: cache::Redis,
    /// Redis of records that must not be evicted.
    pub state_redis: cache::Redis,
    /// How many commands may wait for their acknowledgement at once.
    pub max_in_flight: usize,
}

impl Ordering {
    /// Builds it and starts its live subscription, which ends when the last clone is dropped. Needs a Tokio runtime.
    pub fn start(parts: Parts) -> Self {
        let Parts {
            source,
            messaging,
            storage,
            redis,
            state_redis,
            max_in_flight,
        } = parts;
        let orders = Cache::new(Policy::ORDERS, redis.clone()).living(lives);
        let hub = Arc::new(Hub::default());
        let following = Following::start(&messaging, orders.clone(), Arc::clone(&hub));
        Self {
            source,
            letters: DeadLetters::new(messaging.clone()),
            schedules: Schedules::new(messaging.clone()),
            messaging,
            storage,
            orders,
            catalog: Cache::new(Policy::CATALOG, redis.clone()),
            searches: Cache::new(Policy::SEARCHES, redis),
            records: RequestRecords::new(state_redis),
            room: Arc::new(Semaphore::new(max_in_flight)),
            hub,
            _following: Arc::new(following),
        }
    }

    /// Room for one more command on its way: what can't be taken in time is put off at once, so that what is taken does not take long.
    pub(crate) fn room(&self) -> Result<SemaphorePermit<'_>, PublishError> {
        self.room.try_acquire().map_err(|_| {
            metrics::counter!("orders_put_off_total").increment(1);
            PublishError::QueueFull
        })
    }
}

/// The order's key in the cache.
pub(crate) fn key_of(order: OrderId) -> String {
    order.to_string()
}

/// How long an order is cached: longer once it no longer changes, and short as long as nobody has decided it, for nothing tells that it is held.
fn lives(order: &Order) -> Duration {
    match order.state {
        OrderState::Submitted => Policy::ACCEPTED_ORDER,
        state if state.is_terminal() => Policy::SETTLED_ORDER,
        _ => Policy::ORDERS.time_to_live,
    }
}
