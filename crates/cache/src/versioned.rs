//! Caches that never go back: an entry is `(version, value)`, and only a newer one replaces it.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use crate::flight::Flights;
use crate::in_process::InProcess;
use crate::notices::Following;
use crate::shared::{Document, Held, Shared};
use crate::{CacheError, Policy, Redis};

/// A value with the version that orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<V> {
    /// Higher is newer; below 2^53, since Redis compares it in Lua.
    pub version: u64,
    /// The value.
    pub value: V,
}

/// What a put did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was written.
    Written,
    /// A value of the same version is there: nothing was written.
    Same,
    /// What is there is newer, be it a value or a tombstone: nothing was written.
    Older,
}

/// A named cache: in-process tier over Redis. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cache<V> {
    pub(crate) policy: Policy,
    lives: Option<fn(&V) -> Duration>,
    shared: Shared,
    pub(crate) in_process: Arc<InProcess<V>>,
    pub(crate) flights: Arc<Flights>,
    _following: Option<Arc<Following>>,
}

/// What the tiers know of a key.
pub(crate) enum Found<V> {
    Value(Versioned<V>),
    Deleted(u64),
    Nothing,
}

impl<V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Cache<V> {
    /// A cache by `policy` in `redis`. Where the policy follows notices it must be made within a Tokio runtime.
    pub fn new(policy: Policy, redis: Redis) -> Self {
        let in_process = Arc::new(InProcess::new(&policy));
        let shared = Shared::new(redis, policy.clone());
        let following = policy
            .follows_notices
            .then(|| Arc::new(Following::start(shared.clone(), Arc::clone(&in_process))));
        Self {
            policy,
            lives: None,
            shared,
            in_process,
            flights: Arc::default(),
            _following: following,
        }
    }

    /// Lets each value live as long as `lives` says of it, where a put names no other time.
    #[must_use]
    pub fn living(mut self, lives: fn(&V) -> Duration) -> Self {
        self.lives = Some(lives);
        self
    }

    /// The entry of at least version `floor` (0 takes any), from the in-process tier, else from Redis.
    ///
    /// # Errors
    /// [`CacheError`] where Redis had to be asked and did not answer.
    pub async fn get(&self, key: &str, floor: u64) -> Result<Option<Versioned<V>>, CacheError> {
        match self.find(key, floor).await? {
            Found::Value(entry) => Ok(Some(entry)),
            Found::Deleted(_) | Found::Nothing => Ok(None),
        }
    }

    /// The entry, however old, for answers that are better stale than none: from Redis, else what this process still has.
    pub async fn get_stale(&self, key: &str) -> Option<Versioned<V>> {
        match self.find(key, 0).await {
            Ok(Found::Value(entry)) => Some(entry),
            Ok(Found::Deleted(_)) => None,
            Ok(Found::Nothing) | Err(_) => self.in_process.get_stale(key).await,
        }
    }

    /// Writes the entry into both tiers where it is newer, for `time_to_live` (none: the value's or the policy's), and
    /// publishes `key version` in the same step.
    ///
    /// # Errors
    /// [`CacheError`]; the in-process tier has it all the same.
    pub async fn put(
        &self,
        key: &str,
        entry: Versioned<V>,
        time_to_live: Option<Duration>,
    ) -> Result<Put, CacheError> {
        self.put_under(self.in_process.generation(), key, &entry, time_to_live)
            .await
    }

    /// Puts many at once, one round trip (pipelined).
    ///
    /// # Errors
    /// [`CacheError`]; the in-process tier has them all the same.
    pub async fn put_all(
        &self,
        entries: Vec<(String, Versioned<V>, Option<Duration>)>,
    ) -> Result<(), CacheError> {
        let generation = self.in_process.generation();
        let mut documents = Vec::with_capacity(entries.len());
        for (key, entry, time_to_live) in &entries {
            documents.push(self.document(key, entry, *time_to_live)?);
        }
        let outcome = self.shared.put_all(&documents).await;
        for (place, ((key, entry, _), document)) in entries.iter().zip(&documents).enumerate() {
            let older = outcome
                .as_ref()
                .is_ok_and(|puts| puts.get(place) == Some(&Put::Older));
            if !older {
                self.in_process
                    .put(key, entry, document.time_to_live, generation)
                    .await;
            }
        }
        outcome.map(drop)
    }

    /// Deletes the entry, leaving a tombstone of `version` that outlives the longest load.
    ///
    /// # Errors
    /// [`CacheError`]; the in-process tier has dropped it all the same.
    pub async fn delete(&self, key: &str, version: u64) -> Result<(), CacheError> {
        let outcome = self.shared.delete(key, version).await;
        self.in_process.delete(key, version).await;
        outcome
    }

    /// Drops what the in-process tier holds of `key` below `version`.
    pub async fn forget_older(&self, key: &str, version: u64) {
        self.in_process.forget_older(key, version).await;
    }

    /// Clears the in-process tier.
    pub fn clear(&self) {
        self.in_process.clear();
    }

    /// Lets the in-process tier rest: what it follows was lost. Redis is asked instead.
    pub fn suspend_in_process(&self) {
        self.in_process.suspend();
    }

    /// Uses the in-process tier again, for what comes in from now on.
    pub fn resume_in_process(&self) {
        self.in_process.resume();
    }

    pub(crate) async fn find(&self, key: &str, floor: u64) -> Result<Found<V>, CacheError> {
        let generation = self.in_process.generation();
        if let Some(entry) = self.in_process.get(key, floor).await {
            self.count_read("in_process");
            return Ok(Found::Value(entry));
        }
        match self.shared.get(key).await? {
            Held::Document {
                version,
                json,
                remaining,
            } if version >= floor => {
                let Ok(value) =
                    serde_json::from_slice(&json).inspect_err(|error| self.unreadable(key, error))
                else {
                    return Ok(Found::Nothing);
                };
                let entry = Versioned { version, value };
                self.in_process.put(key, &entry, remaining, generation).await;
                self.count_read("redis");
                Ok(Found::Value(entry))
            }
            Held::Tombstone { version } => Ok(Found::Deleted(version)),
            Held::Document { .. } | Held::Nothing => {
                self.count_read("none");
                Ok(Found::Nothing)
            }
        }
    }

    pub(crate) async fn put_under(
        &self,
        generation: u64,
        key: &str,
        entry: &Versioned<V>,
        time_to_live: Option<Duration>,
    ) -> Result<Put, CacheError> {
        let document = self.document(key, entry, time_to_live)?;
        let outcome = self.shared.put(&document).await;
        if !matches!(outcome, Ok(Put::Older)) {
            self.in_process
                .put(key, entry, document.time_to_live, generation)
                .await;
        }
        outcome
    }

    fn document(
        &self,
        key: &str,
        entry: &Versioned<V>,
        time: Option<Duration>,
    ) -> Result<Document, CacheError> {
        let json = serde_json::to_vec(&entry.value).map_err(|error| CacheError(error.to_string()))?;
        let own = || {
            self.lives
                .map_or(self.policy.time_to_live, |lives| lives(&entry.value))
        };
        let time_to_live = time.unwrap_or_else(own);
        Ok(Document {
            key: key.to_owned(),
            version: entry.version,
            json,
            time_to_live,
        })
    }

    fn count_read(&self, tier: &'static str) {
        metrics::counter!("cache_reads_total", "cache" => self.policy.name, "found" => tier).increment(1);
    }

    fn unreadable(&self, key: &str, error: &serde_json::Error) {
        warn!(cache = self.policy.name, key, %error, "a cached document can't be read; it is a miss");
    }
}
