//! Messages that are elsewhere, be it for a retry or in another replica's hand: later ones of their keys wait for them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

/// How long after it was due a message is waited for, where nobody can say whether the stream still has it.
const GRACE: Duration = Duration::from_secs(5);
/// The same where the stream was seen to have it: longer than the ack wait and the longest delay of a retry together.
const LONGEST: Duration = Duration::from_secs(60);
/// How often the stream is asked for a message that is overdue.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A message that is elsewhere.
#[derive(Debug, Clone, Copy)]
struct Absent {
    due: Instant,
    /// When the stream is asked for it.
    look: Option<Instant>,
    until: Instant,
}

/// What is waited for, by key and sequence.
#[derive(Debug, Default)]
pub(super) struct Waits {
    absent: HashMap<String, BTreeMap<u64, Absent>>,
    /// Whether the stream forgets what is settled and can be asked.
    ask: bool,
}

impl Waits {
    /// From now on the stream is asked for what is overdue.
    pub(super) fn ask(&mut self) {
        self.ask = true;
    }

    /// Later messages of `key` wait for this one, which is expected at `due`.
    pub(super) fn add(&mut self, key: String, sequence: u64, due: Instant) {
        let absent = Absent {
            due,
            look: self.ask.then_some(due + LOOK_EVERY),
            until: due + if self.ask { LONGEST } else { GRACE },
        };
        self.absent.entry(key).or_default().insert(sequence, absent);
    }

    /// This one is settled: nobody waits for it any more.
    pub(super) fn remove(&mut self, key: &str, sequence: u64) {
        if let Some(of_key) = self.absent.get_mut(key) {
            of_key.remove(&sequence);
            if of_key.is_empty() {
                self.absent.remove(key);
            }
        }
    }

    /// Whether the message has to wait for an earlier one, and when that is expected.
    pub(super) fn wait(&self, key: &str, sequence: u64) -> Option<Instant> {
        let (_, first) = self.absent.get(key)?.range(..sequence).next()?;
        Some(first.due)
    }

    /// Ends the waits whose time is up.
    pub(super) fn release(&mut self, now: Instant) {
        self.absent.retain(|_, of_key| {
            of_key.retain(|_, absent| absent.until > now);
            !of_key.is_empty()
        });
    }

    /// When a wait ends by itself, or, where `looks` count, the stream is to be asked.
    pub(super) fn next(&self, looks: bool) -> Option<Instant> {
        let all = self.absent.values().flat_map(BTreeMap::values);
        let next = |absent: &Absent| {
            let look = absent.look.filter(|_| looks);
            look.map_or(absent.until, |look| look.min(absent.until))
        };
        all.map(next).min()
    }

    /// At most `most` of those the stream is to be asked for now, but for what is `here`.
    pub(super) fn overdue(
        &mut self,
        now: Instant,
        most: usize,
        here: impl Fn(u64) -> bool,
    ) -> Vec<(String, u64)> {
        let mut overdue = Vec::new();
        for (key, of_key) in &mut self.absent {
            for (sequence, absent) in of_key {
                let look = absent.look.is_some_and(|look| look <= now);
                if look && overdue.len() < most {
                    absent.look = Some(now + LOOK_EVERY);
                    if !here(*sequence) {
                        overdue.push((key.clone(), *sequence));
                    }
                }
            }
        }
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_key_waits_for_every_earlier_message_of_its_own() {
        let (mut waits, now) = (Waits::default(), Instant::now());
        waits.add("a".into(), 3, now + S);
        waits.add("a".into(), 5, now + 2 * S);
        assert_eq!(waits.wait("a", 3), None, "it is itself");
        assert_eq!(waits.wait("a", 4), Some(now + S));
        assert_eq!(waits.wait("b", 4), None);
        waits.remove("a", 3);
        assert_eq!(
            (waits.wait("a", 5), waits.wait("a", 6)),
            (None, Some(now + 2 * S))
        );
        waits.remove("a", 5);
        waits.remove("a", 5);
        assert_eq!((waits.wait("a", 6), waits.next(true)), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_by_itself_a_little_after_the_message_was_due() {
        let (mut waits, now) = (Waits::default(), Instant::now());
        waits.add("a".into(), 3, now + S);
        assert_eq!(waits.overdue(now + 4 * S, 9, |_| false), []);
        assert_eq!(waits.next(true), Some(now + S + GRACE));
        waits.release(now + S);
        assert!(waits.wait("a", 4).is_some());
        waits.release(now + S + GRACE);
        assert_eq!(waits.wait("a", 4), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_be_asked_for_is_waited_for_longer_and_asked_for_each_second() {
        let (mut waits, now) = (Waits::default(), Instant::now());
        waits.ask();
        for sequence in [3, 4, 6] {
            waits.add("a".into(), sequence, now);
        }
        assert_eq!(
            (waits.next(true), waits.next(false)),
            (Some(now + S), Some(now + LONGEST))
        );
        assert_eq!(waits.overdue(now, 9, |_| false), []);
        let here = |sequence| sequence == 4;
        let a = |sequence| ("a".to_owned(), sequence);
        assert_eq!(waits.overdue(now + S, 1, here), [a(3)]);
        assert_eq!(waits.overdue(now + S, 1, here), [a(6)]);
        assert_eq!(waits.overdue(now + S, 1, here), []);
        assert_eq!(waits.overdue(now + 2 * S, 9, here), [a(3), a(6)]);
        waits.release(now + GRACE);
        assert!(waits.wait("a", 4).is_some());
        waits.release(now + LONGEST);
        assert_eq!(waits.wait("a", 4), None);
    }
}
