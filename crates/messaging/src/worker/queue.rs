//! What is in hand and not in the handler: cut into batches in stream order.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::held::Held;
use super::waits::Waits;

/// The shortest time that a message is given back for.
const SHORTEST: Duration = Duration::from_secs(1);

/// Messages by their sequence in the stream.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: BTreeMap<u64, Held>,
    /// The bytes of each.
    working: HashMap<u64, usize>,
    working_keys: HashMap<String, usize>,
    /// What was delivered again while it was in the handler.
    again: HashMap<u64, Held>,
    /// What later messages in hand wait for.
    pub(super) waits: Waits,
}

impl Queue {
    /// Takes `held` in hand. What is here is not waited for any more: it goes before later ones by its place.
    pub(super) fn add(&mut self, held: Held) {
        self.waits.remove(held.key(), held.sequence);
        let sequence = held.sequence;
        if let Some(here) = self.ready.get_mut(&sequence) {
            here.take_place_of(held);
        } else if !self.working.contains_key(&sequence) {
            self.ready.insert(sequence, held);
        } else if let Some(earlier) = self.again.insert(sequence, held) {
            earlier.forget();
        }
    }

    /// The next batch of at most `max` messages, each a key's first; one that was delivered before is alone, and comes where it `may_be_alone`.
    pub(super) fn cut(&mut self, max: usize, may_be_alone: bool) -> Vec<Held> {
        let mut chosen = Vec::new();
        for (&sequence, held) in &self.ready {
            if self.waits(held) {
                continue;
            }
            if chosen.len() == max || (held.alone() && !(may_be_alone && chosen.is_empty())) {
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
        self.waits.wait(held.key(), held.sequence).is_some()
    }

    /// A message is out of the handler. Where it was delivered again meanwhile, that is handled too unless the server `knows` what became of it.
    pub(super) fn finish(&mut self, sequence: u64, key: &str, knows: bool) {
        self.working.remove(&sequence);
        match self.again.remove(&sequence) {
            Some(again) if knows => again.forget(),
            Some(again) => self.add(again),
            None => {}
        }
        if let Some(count) = self.working_keys.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.working_keys.remove(key);
            }
        }
        self.waits.remove(key, sequence);
    }

    /// At most `most` messages that the stream is to be asked for now.
    pub(super) fn overdue(&mut self, now: Instant, most: usize) -> Vec<(String, u64)> {
        let here = |sequence: u64| self.ready.contains_key(&sequence) || self.working.contains_key(&sequence);
        self.waits.overdue(now, most, here)
    }

    /// How many are in hand, and their bytes, but for those that wait for a retry.
    pub(super) fn taken(&self) -> (usize, usize) {
        let ready = self.ready.values().filter(|held| !self.is_blocked(held));
        let sizes = ready.map(|held| held.size).chain(self.working.values().copied());
        sizes.fold((0, 0), |(messages, bytes), size| (messages + 1, bytes + size))
    }

    /// Takes those out that wait, beyond `most` of them or `most_bytes`: they go back to the server until then.
    pub(super) fn overflow(&mut self, now: Instant, most: usize, most_bytes: usize) -> Vec<(Held, Duration)> {
        let waiting = |(&sequence, held): (&u64, &Held)| {
            let due = self.waits.wait(held.key(), sequence)?;
            Some((
                sequence,
                held.size,
                due.saturating_duration_since(now).max(SHORTEST),
            ))
        };
        let (mut messages, mut bytes) = (0, 0);
        let beyond = |(sequence, size, delay)| {
            messages += 1;
            bytes += size;
            (messages > most || bytes > most_bytes).then_some((sequence, delay))
        };
        let excess: Vec<_> = self.ready.iter().filter_map(waiting).filter_map(beyond).collect();
        let mut out = Vec::new();
        for (sequence, delay) in excess {
            if let Some(held) = self.ready.remove(&sequence) {
                self.waits.add(held.key().to_owned(), sequence, now + delay);
                out.push((held, delay));
            }
        }
        out
    }

    /// Everything that is not in the handler.
    pub(super) fn drain(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.ready).into_values().collect()
    }
}
