//! What is in hand and not in the handler: cut into batches in stream order.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::held::Held;

/// A key whose message is to be tried again: later messages of the key wait for it.
#[derive(Debug, Clone, Copy)]
struct Blocked {
    sequence: u64,
    until: Instant,
}

/// Messages by their sequence in the stream.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: BTreeMap<u64, Held>,
    /// The bytes of each.
    working: HashMap<u64, usize>,
    working_keys: HashMap<String, usize>,
    blocked: HashMap<String, Blocked>,
}

impl Queue {
    /// Takes `held` in hand.
    pub(super) fn add(&mut self, held: Held) {
        if self.working.contains_key(&held.sequence) || self.ready.contains_key(&held.sequence) {
            held.forget_twin();
        } else {
            self.ready.insert(held.sequence, held);
        }
    }

    /// The next batch of at most `max` messages, each a key's first; one that was delivered before is alone.
    pub(super) fn cut(&mut self, max: usize) -> Vec<Held> {
        let mut chosen = Vec::new();
        for (&sequence, held) in &self.ready {
            if self.waits(held) {
                continue;
            }
            if chosen.len() == max || (held.alone() && !chosen.is_empty()) {
                break;
            }
            chosen.push(sequence);
            if held.alone() {
                break;
            }
        }
        let batch: Vec<_> = chosen
            .iter()
            .filter_map(|sequence| self.ready.remove(sequence))
            .collect();
        for held in &batch {
            self.working.insert(held.sequence, held.size);
            *self.working_keys.entry(held.key().to_owned()).or_default() += 1;
        }
        batch
    }

    fn waits(&self, held: &Held) -> bool {
        self.working_keys.contains_key(held.key()) || self.is_blocked(held)
    }

    fn is_blocked(&self, held: &Held) -> bool {
        self.blocked
            .get(held.key())
            .is_some_and(|blocked| held.sequence > blocked.sequence)
    }

    /// A message is out of the handler.
    pub(super) fn finish(&mut self, sequence: u64, key: &str) {
        self.working.remove(&sequence);
        if let Some(count) = self.working_keys.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.working_keys.remove(key);
            }
        }
        if self
            .blocked
            .get(key)
            .is_some_and(|blocked| blocked.sequence == sequence)
        {
            self.blocked.remove(key);
        }
    }

    /// Later messages of `key` wait for this one, at most until `until`.
    pub(super) fn block(&mut self, key: String, sequence: u64, until: Instant) {
        let earlier = self
            .blocked
            .get(&key)
            .is_some_and(|blocked| blocked.sequence < sequence);
        if !earlier {
            self.blocked.insert(key, Blocked { sequence, until });
        }
    }

    /// Ends the waits whose time is up.
    pub(super) fn release(&mut self, now: Instant) {
        self.blocked.retain(|_, blocked| blocked.until > now);
    }

    /// When the next wait ends by itself.
    pub(super) fn next_release(&self) -> Option<Instant> {
        self.blocked.values().map(|blocked| blocked.until).min()
    }

    /// How many are in hand, and their bytes, but for those that wait for a retry.
    pub(super) fn taken(&self) -> (usize, usize) {
        let ready = self.ready.values().filter(|held| !self.is_blocked(held));
        let sizes = ready.map(|held| held.size).chain(self.working.values().copied());
        sizes.fold((0, 0), |(messages, bytes), size| (messages + 1, bytes + size))
    }

    /// Takes those out that wait for a retry, beyond `most` of them or `most_bytes`: they go back to the server until then.
    pub(super) fn overflow(&mut self, most: usize, most_bytes: usize) -> Vec<(Held, Instant)> {
        let waiting = |(&sequence, held): (&u64, &Held)| {
            self.is_blocked(held)
                .then(|| (sequence, held.size, self.blocked[held.key()].until))
        };
        let (mut messages, mut bytes) = (0, 0);
        let beyond = |(sequence, size, until)| {
            messages += 1;
            bytes += size;
            (messages > most || bytes > most_bytes).then_some((sequence, until))
        };
        let excess: Vec<_> = self.ready.iter().filter_map(waiting).filter_map(beyond).collect();
        let take = |(sequence, until)| self.ready.remove(&sequence).map(|held| (held, until));
        excess.into_iter().filter_map(take).collect()
    }

    /// Everything that is not in the handler.
    pub(super) fn drain(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.ready).into_values().collect()
    }
}
