//! Taking a partition over from a replica that is gone: its messages come first.
//!
//! What the other replica had in hand comes again only when its ack wait is over, or when the delay of its retry is. What was published
//! after it comes at once. So a new holder parks what comes: the messages of a key until all that the stream has of the key are there, and
//! at the latest all until nothing is in any other hand.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::held::Held;
use super::hold::Room;

/// The longest that a message is parked. Longer than the ack wait and the longest delay of a retry together.
const LONGEST: Duration = Duration::from_secs(60);

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

    /// Takes out, in stream order, the messages of every key of which no more are in the stream than are parked, by `in_stream`.
    pub(super) fn complete(&mut self, in_stream: &HashMap<String, usize>) -> Vec<Held> {
        let mut here: HashMap<&str, usize> = HashMap::new();
        for held in self.parked.values() {
            *here.entry(held.key()).or_default() += 1;
        }
        let whole = |held: &Held| in_stream.get(held.key()).copied().unwrap_or(0) <= here[held.key()];
        let whole = self.parked.iter().filter(|(_, held)| whole(held));
        let sequences: Vec<u64> = whole.map(|(sequence, _)| *sequence).collect();
        let mut take = |sequence| self.parked.remove(&sequence);
        sequences.into_iter().filter_map(&mut take).collect()
    }

    /// What is parked, in stream order.
    pub(super) fn end(self) -> impl Iterator<Item = Held> {
        let (messages, took) = (self.parked.len(), self.since.elapsed());
        tracing::info!(messages, ?took, "what another replica had in hand is done");
        self.parked.into_values()
    }
}
