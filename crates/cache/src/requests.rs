//! Records of requests under an Idempotency-Key, kept for 24 hours or longer. A help, not the guard: the order's id is.

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::Script;
use domain::Fingerprint;

use crate::{CacheError, Redis};

/// How long a request is remembered at least.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// KEYS: record. ARGV: fingerprint, seconds to live. Gives the fingerprint and answer that were there.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local held = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer')
        if not held[1] then
            redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
            redis.call('EXPIRE', KEYS[1], ARGV[2])
        end
        return held
        ",
    )
});

/// KEYS: record. ARGV: fingerprint, answer, seconds to live. Another request's record stays as it is.
static FINISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local held = redis.call('HGET', KEYS[1], 'fingerprint')
        if held and held ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'answer', ARGV[2])
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        return 1
        ",
    )
});

/// What is known of a request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing was; it is now `pending` with this fingerprint.
    New,
    /// It was begun with this fingerprint and its outcome is not known: do it again under the same id.
    Pending(Fingerprint),
    /// It was done with this fingerprint; this is the answer.
    Done(Fingerprint, String),
}

/// The records.
#[derive(Debug, Clone)]
pub struct RequestRecords {
    redis: Redis,
}

impl RequestRecords {
    /// In `redis` (the state endpoint, without eviction).
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Begins the request `id`, atomically, unless it was begun before.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn begin(&self, id: &str, fingerprint: &Fingerprint) -> Result<Begun, CacheError> {
        let mut script = BEGIN.key(address(id));
        script.arg(fingerprint.as_str()).arg(KEPT.as_secs());
        let held: (Option<String>, Option<String>) = self
            .redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(match held {
            (None, _) => Begun::New,
            (Some(fingerprint), None) => Begun::Pending(fingerprint.into()),
            (Some(fingerprint), Some(answer)) => Begun::Done(fingerprint.into(), answer),
        })
    }

    /// Marks the request done with `answer`, unless the record is another request's.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn finish(&self, id: &str, fingerprint: &Fingerprint, answer: &str) -> Result<(), CacheError> {
        self.finish_and_keep(id, fingerprint, answer, Duration::ZERO)
            .await
    }

    /// As [`Self::finish`], and keeps the record for `longer` than others.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn finish_and_keep(
        &self,
        id: &str,
        fingerprint: &Fingerprint,
        answer: &str,
        longer: Duration,
    ) -> Result<(), CacheError> {
        let mut script = FINISH.key(address(id));
        let kept = KEPT.saturating_add(longer).as_secs();
        script.arg(fingerprint.as_str()).arg(answer).arg(kept);
        self.redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await
    }
}

fn address(id: &str) -> String {
    format!("waybill:requests:{id}")
}
