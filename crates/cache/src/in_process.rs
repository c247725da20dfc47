//! The tier in this process: takes a value only if newer, and knows when not to be believed.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache as Entries;
use moka::ops::compute::Op;

use crate::policy::TOMBSTONE;
use crate::{Policy, Versioned};

/// One entry. Without a value it is a mark: nothing older may come in.
#[derive(Debug, Clone)]
struct Held<V> {
    version: u64,
    value: Option<V>,
    generation: u64,
    lives: Duration,
}

/// The in-process tier of one cache.
pub(crate) struct InProcess<V> {
    entries: Option<Entries<String, Held<V>>>,
    leaves_marks: bool,
    generation: AtomicU64,
    usable: AtomicBool,
}

impl<V> fmt::Debug for InProcess<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess")
            .field("usable", &self.usable)
            .finish_non_exhaustive()
    }
}

impl<V: Clone + Send + Sync + 'static> InProcess<V> {
    pub(crate) fn new(policy: &Policy) -> Self {
        let entries = (policy.in_process > 0).then(|| {
            Entries::builder()
                .max_capacity(policy.in_process)
                .expire_after(OwnTime)
                .build()
        });
        Self {
            entries,
            leaves_marks: policy.follows_notices,
            generation: AtomicU64::new(0),
            usable: AtomicBool::new(!policy.follows_notices),
        }
    }

    /// The generation that is valid now. What is read from elsewhere is put in under the generation from before the read.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub(crate) async fn get(&self, key: &str, floor: u64) -> Option<Versioned<V>> {
        if !self.usable.load(Ordering::SeqCst) {
            return None;
        }
        let held = self.entries.as_ref()?.get(key).await?;
        if held.generation != self.generation() || held.version < floor {
            return None;
        }
        held.value.map(|value| Versioned {
            version: held.version,
            value,
        })
    }

    /// What is there, believed or not.
    pub(crate) async fn get_stale(&self, key: &str) -> Option<Versioned<V>> {
        let held = self.entries.as_ref()?.get(key).await?;
        held.value.map(|value| Versioned {
            version: held.version,
            value,
        })
    }

    /// Takes the entry if nothing newer is there.
    pub(crate) async fn put(&self, key: &str, entry: &Versioned<V>, lives: Duration, generation: u64) {
        let Some(entries) = self.entries.as_ref() else {
            return;
        };
        if lives.is_zero() {
            return;
        }
        let new = Held {
            version: entry.version,
            value: Some(entry.value.clone()),
            generation,
            lives,
        };
        entries
            .entry_by_ref(key)
            .and_compute_with(|there| {
                let op = match there.map(moka::Entry::into_value) {
                    Some(old) if keeps(&old, &new) => Op::Nop,
                    _ => Op::Put(new),
                };
                std::future::ready(op)
            })
            .await;
    }

    /// Drops what is older than `version`; what follows notices also leaves a mark against what is still on its way.
    pub(crate) async fn forget_older(&self, key: &str, version: u64) {
        let Some(entries) = self.entries.as_ref() else {
            return;
        };
        let mark = Held {
            version,
            value: None,
            generation: self.generation(),
            lives: TOMBSTONE,
        };
        entries
            .entry_by_ref(key)
            .and_compute_with(|there| {
                let op = match there.map(moka::Entry::into_value) {
                    Some(old) if old.version >= version => Op::Nop,
                    None if !self.leaves_marks => Op::Nop,
                    _ => Op::Put(mark),
                };
                std::future::ready(op)
            })
            .await;
    }

    /// Drops what is at most of `version`, and leaves a mark.
    pub(crate) async fn delete(&self, key: &str, version: u64) {
        let Some(entries) = self.entries.as_ref() else {
            return;
        };
        let mark = Held {
            version,
            value: None,
            generation: self.generation(),
            lives: TOMBSTONE,
        };
        entries
            .entry_by_ref(key)
            .and_compute_with(|there| {
                let newer = there.is_some_and(|old| old.value().version > version);
                std::future::ready(if newer { Op::Nop } else { Op::Put(mark) })
            })
            .await;
    }

    /// Nothing in here is believed until [`InProcess::resume`]: what it follows was lost.
    pub(crate) fn suspend(&self) {
        self.usable.store(false, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// What comes in from now on is believed again.
    pub(crate) fn resume(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.usable.store(true, Ordering::SeqCst);
    }

    pub(crate) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        if let Some(entries) = &self.entries {
            entries.invalidate_all();
        }
    }
}

/// Whether `old` stays when `new` comes. A mark of the same version gives way, and so does what is no longer believed.
fn keeps<V>(old: &Held<V>, new: &Held<V>) -> bool {
    let same = old.version == new.version && old.value.is_some() && old.generation >= new.generation;
    old.version > new.version || same
}

/// Every entry brings its own time to live.
struct OwnTime;

impl<V> Expiry<String, Held<V>> for OwnTime {
    fn expire_after_create(&self, _key: &String, held: &Held<V>, _at: Instant) -> Option<Duration> {
        Some(held.lives)
    }

    fn expire_after_update(
        &self,
        _: &String,
        held: &Held<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(held.lives)
    }
}
