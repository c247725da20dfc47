//! How much one may ask for in a time: the generic cell rate algorithm, counted for all replicas together.

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::{self, Script};

use crate::{CacheError, Redis};

/// KEYS: bucket. ARGV: microseconds that one request takes of the window, the window in microseconds.
/// A bucket holds when it will be empty again. Gives whether the request is within its quota, what is left of the window, and when to try again.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local step, window = tonumber(ARGV[1]), tonumber(ARGV[2])
        local empty = tonumber(redis.call('HGET', KEYS[1], 'empty') or now)
        if empty < now then empty = now end
        local filled = empty + step - now
        if filled > window then return {0, window - (empty - now), filled - window} end
        redis.call('HSET', KEYS[1], 'empty', string.format('%.0f', empty + step))
        redis.call('PEXPIRE', KEYS[1], math.ceil(filled / 1000))
        return {1, window - filled, 0}
        ",
    )
});

/// So many requests in any window of time, in a burst or evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many: at least one.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

impl Quota {
    /// What one request takes of the window; at least a microsecond.
    pub fn step(self) -> Duration {
        (self.window / self.requests.max(1)).max(Duration::from_micros(1))
    }
}

/// What a bucket says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is within its quota.
    pub allowed: bool,
    /// How many more would be at once.
    pub remaining: u32,
    /// When it is, if it is not now.
    pub retry_after: Duration,
}

/// The buckets.
#[derive(Debug, Clone)]
pub struct Limits {
    redis: Redis,
}

impl Limits {
    /// In `redis` (the state endpoint, without eviction).
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Takes one request from each bucket, in one round trip; the verdicts in their order. A request that one bucket refuses is taken from the
    /// others all the same.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn take(&self, buckets: &[(&str, Quota)]) -> Result<Vec<Verdict>, CacheError> {
        let mut all = redis::pipe();
        all.load_script(&TAKE).ignore();
        for (bucket, quota) in buckets {
            let mut script = TAKE.key(format!("waybill:limits:{bucket}"));
            script
                .arg(microseconds(quota.step()))
                .arg(microseconds(quota.window));
            all.invoke_script(&script);
        }
        let answers: Vec<(u8, i64, i64)> = self
            .redis
            .run(async |mut connection| all.query_async(&mut connection).await)
            .await?;
        let verdicts = answers.into_iter().zip(buckets);
        Ok(verdicts
            .map(|((allowed, left, wait), (_, quota))| Verdict {
                allowed: allowed == 1,
                remaining: u64::try_from(left)
                    .ok()
                    .and_then(|left| (left / microseconds(quota.step())).try_into().ok())
                    .unwrap_or(0),
                retry_after: Duration::from_micros(wait.try_into().unwrap_or(0)),
            })
            .collect())
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
