//! Taking a partition over from a replica that is gone: its messages come first.
//!
//! What the other replica had in hand comes again only when its ack wait is over, or when the delay of its retry is. What was published
//! after it comes at once. So a new holder parks what comes until the server says that nothing is in any other hand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use tokio::time::Instant;

use super::held::Held;
use super::hold::Room;

/// The longest that a partition stands still for it. Longer than the ack wait and the first retries; what another replica put off for
/// longer is not waited for.
const LONGEST: Duration = Duration::from_secs(10);

/// What came since the partition was taken over.
#[derive(Debug)]
pub(super) struct Handover {
    since: Instant,
    parked: BTreeMap<u64, Held>,
}

impl Handover {
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
            parked: BTreeMap::new(),
        }
    }

    /// Keeps `held` until the end, on its way to the queue; of one that came twice, the first.
    pub(super) fn park(&mut self, held: Held, room: &Room) {
        match self.parked.entry(held.sequence) {
            Entry::Occupied(_) => held.forget_twin(),
            Entry::Vacant(place) => {
                room.come(held.size);
                place.insert(held);
            }
        }
    }

    /// How many messages are in other hands, of `outstanding` that the server waits for. None where they are not waited for any more.
    pub(super) fn elsewhere(&self, outstanding: usize) -> Option<usize> {
        let elsewhere = outstanding.saturating_sub(self.parked.len());
        (elsewhere > 0 && self.since.elapsed() < LONGEST).then_some(elsewhere)
    }

    /// What is parked, in stream order.
    pub(super) fn end(self) -> impl Iterator<Item = Held> {
        let (messages, took) = (self.parked.len(), self.since.elapsed());
        tracing::info!(messages, ?took, "what another replica had in hand is done");
        self.parked.into_values()
    }
}
