//! How often each device took each collapse key: counted for all pushes, not only for those that are kept.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::device::Platform;

/// Pairs of a device and a collapse key beyond this are not counted any more, and the summary says so.
const MOST_PAIRS: usize = 2_000_000;
/// Collapse keys that are told one by one.
const MOST_TOLD: usize = 100;

/// The counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Each collapse key's number. Pushes without one share one: they would stack on the screen.
    keys: HashMap<Box<str>, u32>,
    /// By the numbers of device and key.
    taken: HashMap<(u32, u32), u32>,
    pushes: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    whole: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            keys: HashMap::new(),
            taken: HashMap::new(),
            pushes: 0,
            first_at: None,
            last_at: None,
            whole: true,
        }
    }
}

/// What one device took.
#[derive(Debug, Clone, Serialize)]
pub struct Taken {
    /// Its name in this sandbox's addresses.
    pub id: String,
    /// What its app calls itself at the REST API.
    pub installation_id: Uuid,
    /// Its platform.
    pub platform: Platform,
    /// Whether faults by share say that its app is gone.
    pub gone: bool,
    /// How many collapse keys: what it shows, since a repeat replaces its like.
    pub keys: u32,
    /// How many pushes, repeats too.
    pub taken: u32,
}

/// Devices by how many collapse keys they took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many devices.
    pub devices: usize,
    /// How many of them took so many collapse keys.
    pub by_keys: BTreeMap<u32, usize>,
}

/// One collapse key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyCount {
    /// The key; empty for pushes without one.
    pub collapse_key: String,
    /// Devices that took it once.
    pub once: usize,
    /// Devices that took it more often: what they show is the last one.
    pub more: usize,
    /// Devices that never took it.
    pub never: usize,
    /// Pushes with it.
    pub pushes: u64,
}

/// All counts in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Pushes that were taken, all in all.
    pub pushes: u64,
    /// Of them those whose device had taken their collapse key before.
    pub repeats: u64,
    /// False where there was too much to count; then the counts are too low.
    pub whole: bool,
    /// When the first was taken.
    pub first_at: Option<Timestamp>,
    /// When the last was taken.
    pub last_at: Option<Timestamp>,
    /// Devices that are there.
    pub live: Group,
    /// Devices that faults by share have made gone.
    pub gone: Group,
    /// How many collapse keys there were.
    pub keys: usize,
    /// The most used of them.
    pub by_key: Vec<KeyCount>,
    /// Connections at the push port: open now.
    pub open_connections: u64,
    /// And ever opened.
    pub opened_connections: u64,
}

impl Tally {
    /// A device took a push.
    pub(crate) fn note(&mut self, device: u32, key: Option<&str>, at: Timestamp) {
        self.pushes += 1;
        self.first_at.get_or_insert(at);
        self.last_at = Some(at);
        let key = key.unwrap_or_default();
        let full = self.taken.len() >= MOST_PAIRS;
        let number = match self.keys.get(key) {
            Some(number) => *number,
            None if full => return self.whole = false,
            None => {
                let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
                self.keys.insert(key.into(), number);
                number
            }
        };
        match self.taken.get_mut(&(device, number)) {
            Some(times) => *times += 1,
            None if full => self.whole = false,
            None => {
                self.taken.insert((device, number), 1);
            }
        }
    }

    pub(crate) fn pushes(&self) -> u64 {
        self.pushes
    }

    /// Collapse keys and pushes of each device that took any.
    pub(crate) fn by_device(&self) -> HashMap<u32, (u32, u32)> {
        let mut counts: HashMap<u32, (u32, u32)> = HashMap::new();
        for ((device, _), times) in &self.taken {
            let (keys, taken) = counts.entry(*device).or_default();
            *keys += 1;
            *taken += times;
        }
        counts
    }

    pub(crate) fn summary(&self, live: Group, gone: Group, (open, opened): (u64, u64)) -> Summary {
        let counted: u64 = self.taken.values().map(|times| u64::from(*times)).sum();
        Summary {
            pushes: self.pushes,
            repeats: counted - self.taken.len() as u64,
            whole: self.whole,
            first_at: self.first_at,
            last_at: self.last_at,
            by_key: self.by_key(live.devices + gone.devices),
            live,
            gone,
            keys: self.keys.len(),
            open_connections: open,
            opened_connections: opened,
        }
    }

    fn by_key(&self, devices: usize) -> Vec<KeyCount> {
        let mut counts = vec![(0, 0, 0); self.keys.len()];
        for ((_, key), times) in &self.taken {
            let Some((once, more, pushes)) = usize::try_from(*key).ok().and_then(|key| counts.get_mut(key))
            else {
                continue;
            };
            *(if *times == 1 { once } else { more }) += 1;
            *pushes += u64::from(*times);
        }
        let mut told: Vec<KeyCount> = self
            .keys
            .iter()
            .filter_map(|(key, number)| {
                let (once, more, pushes) = *counts.get(usize::try_from(*number).ok()?)?;
                Some(KeyCount {
                    collapse_key: key.to_string(),
                    once,
                    more,
                    never: devices.saturating_sub(once + more),
                    pushes,
                })
            })
            .collect();
        told.sort_by(|a, b| {
            b.pushes
                .cmp(&a.pushes)
                .then_with(|| a.collapse_key.cmp(&b.collapse_key))
        });
        told.truncate(MOST_TOLD);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_told_from_other_keys_and_other_devices() {
        let (mut tally, at) = (Tally::default(), Timestamp::UNIX_EPOCH);
        for (device, key) in [(1, "a"), (1, "a"), (1, "b"), (2, "a")] {
            tally.note(device, Some(key), at);
        }
        tally.note(3, None, at);
        let group = |devices| Group {
            devices,
            by_keys: BTreeMap::new(),
        };
        let summary = tally.summary(group(4), group(0), (0, 0));
        assert_eq!((summary.pushes, summary.repeats, summary.whole), (5, 1, true));
        assert_eq!(summary.keys, 3);
        let a = &summary.by_key[0];
        assert_eq!(
            (a.collapse_key.as_str(), a.once, a.more, a.never, a.pushes),
            ("a", 1, 1, 2, 3)
        );
        assert_eq!(tally.by_device()[&1], (2, 3));
    }
}
