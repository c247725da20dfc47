//! How often something may be asked or tried: the generic cell rate algorithm, counted in Redis for all replicas together, and in process for
//! each, so that it holds without Redis too.

mod here;

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::{self, Script};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tracing::debug;

use crate::{CacheError, Redis};
use here::Here;

/// KEYS: bucket. ARGV: now, what one request takes of the window, the window, all in microseconds, and for how many requests room is asked.
/// A bucket holds when it will be empty again. Gives for how many there is room, what is left of the window, and how long to wait for one.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now, step, window, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local empty = math.max(now, tonumber(redis.call('HGET', KEYS[1], 'empty') or '0'))
        local left = window - (empty - now)
        local given = math.min(asked, math.floor(left / step))
        if given < 1 then return {0, left, step - left} end
        local filled = empty - now + given * step
        redis.call('HSET', KEYS[1], 'empty', string.format('%.0f', now + filled))
        redis.call('PEXPIRE', KEYS[1], math.ceil(filled / 1000))
        return {given, window - filled, 0}
        ",
    )
});

/// A process asks Redis for this share of a quota at once, so that generous quotas cost few round trips. What it does not use of it is lost.
const SHARE: u32 = 1000;

/// So many requests at once; after them one more each time a part of the window is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many: at least one.
    pub requests: u32,
    /// After how long all of them are there again.
    pub window: Duration,
}

impl Quota {
    /// What one request takes of the window; at least a microsecond.
    pub fn step(self) -> Duration {
        (self.window / self.requests.max(1)).max(Duration::from_micros(1))
    }

    /// For how many a process asks Redis at once.
    fn share(self) -> u32 {
        (self.requests / SHARE).max(1)
    }

    /// How many more are in `left` microseconds of the window.
    fn requests_in(self, left: i64) -> u32 {
        (left / microseconds(self.step())).try_into().unwrap_or(0)
    }
}

/// What is counted, and by which quota.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    /// What is asked or tried: `sign-in`.
    pub what: &'static str,
    /// By whom, or at whom; stored as its hash only.
    pub subject: &'a str,
    /// How often it may be.
    pub quota: Quota,
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

/// The buckets. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Limits {
    redis: Redis,
    here: Arc<Mutex<Here>>,
}

impl Limits {
    /// In `redis` (the state endpoint, without eviction).
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            here: Arc::default(),
        }
    }

    /// Takes one request from each bucket, in one round trip at most; the verdicts in their order. What a bucket refuses is not counted in it,
    /// though it is in the others. Where Redis gives no answer this process counts alone; where this process refuses, Redis is not asked.
    pub async fn take(&self, buckets: &[Bucket<'_>], now: Timestamp) -> Vec<Verdict> {
        let keys: Vec<_> = buckets.iter().map(address).collect();
        let now = now.as_microsecond();
        let mut verdicts = Vec::with_capacity(buckets.len());
        let mut asked = Vec::new();
        {
            let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            for (index, (key, bucket)) in keys.iter().zip(buckets).enumerate() {
                let taken = here.take(key, bucket.quota, now);
                if taken.verdict.allowed && !taken.covered {
                    asked.push(index);
                }
                verdicts.push(taken.verdict);
            }
        }
        if asked.is_empty() || verdicts.iter().any(|verdict| !verdict.allowed) {
            return verdicts;
        }
        match self.ask(&keys, buckets, &asked, now).await {
            Ok(shares) => {
                let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
                for (index, share) in asked.into_iter().zip(shares) {
                    verdicts[index] = here.receive(&keys[index], buckets[index].quota, share, now);
                }
            }
            Err(error) => debug!(%error, "requests are counted in this process alone"),
        }
        verdicts
    }

    /// Asks Redis for a share of each bucket that was `asked` for.
    async fn ask(
        &self,
        keys: &[String],
        buckets: &[Bucket<'_>],
        asked: &[usize],
        now: i64,
    ) -> Result<Vec<Share>, CacheError> {
        let mut all = redis::pipe();
        all.load_script(&TAKE).ignore();
        for &index in asked {
            let (mut script, quota) = (TAKE.key(&keys[index]), buckets[index].quota);
            script
                .arg(now)
                .arg(microseconds(quota.step()))
                .arg(microseconds(quota.window))
                .arg(quota.share());
            all.invoke_script(&script);
        }
        let answers: Vec<(u32, i64, i64)> = self
            .redis
            .run(async |mut connection| all.query_async(&mut connection).await)
            .await?;
        let shares = answers
            .into_iter()
            .map(|(given, left, wait)| Share { given, left, wait });
        Ok(shares.collect())
    }
}

/// What Redis gives of a bucket.
#[derive(Debug, Clone, Copy)]
struct Share {
    /// For how many requests there is room.
    given: u32,
    /// What is left of the window after them, in microseconds.
    left: i64,
    /// How long to wait where there is none, in microseconds.
    wait: i64,
}

fn microseconds(time: Duration) -> i64 {
    // A thousandth of what fits, so that sums do too.
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 1024)
}

fn address(bucket: &Bucket<'_>) -> String {
    let mut address = format!("waybill:limits:{}:", bucket.what);
    for byte in &Sha256::digest(bucket.subject.as_bytes())[..16] {
        let written = write!(address, "{byte:02x}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    address
}
