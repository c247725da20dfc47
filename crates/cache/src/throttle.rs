//! How often something may be tried: in Redis for all replicas together, and in process for each, so that it holds without Redis too.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::Script;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tracing::debug;

use crate::{CacheError, Redis};

/// The most subjects that are counted in process; more than can try within the time that a limit looks back.
const COUNTED: usize = 100_000;

/// KEYS: record. ARGV: now, how long one try takes to be forgotten, and how many such times may be used up at once, all in ms.
/// Gives how long to wait; 0: it may be tried.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now, each, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local free = math.max(now, tonumber(redis.call('HGET', KEYS[1], 'free') or '0'))
        local wait = free + each - now - room
        if wait > 0 then return wait end
        redis.call('HSET', KEYS[1], 'free', string.format('%.0f', free + each))
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', free + each - now))
        return 0
        ",
    )
});

/// So many tries at once; after them one more each time a part of the period is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many tries at once. At least 1.
    pub burst: u32,
    /// After how long all of them are there again.
    pub period: Duration,
}

impl Limit {
    /// How long one try takes to be forgotten, in milliseconds.
    fn each(self) -> i64 {
        milliseconds(self.period / self.burst.max(1)).max(1)
    }

    /// The generic cell rate algorithm: gives when everything tried until now is forgotten, counting one more try at `now`; or how long to
    /// wait.
    fn take(self, free: Option<i64>, now: i64) -> Result<i64, i64> {
        let (each, room) = (self.each(), self.each() * i64::from(self.burst.max(1)));
        let free = free.unwrap_or_default().max(now);
        let wait = free + each - now - room;
        if wait > 0 { Err(wait) } else { Ok(free + each) }
    }
}

/// Too much was tried: come again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tried too often; again after {0:?}")]
pub struct TooOften(pub Duration);

/// Counts tries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Throttle {
    redis: Redis,
    counted: Arc<Mutex<HashMap<String, i64>>>,
}

impl Throttle {
    /// In `redis` (the state endpoint, without eviction).
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            counted: Arc::default(),
        }
    }

    /// Counts one try of `what` by `subject`, which is stored as its hash only. Where Redis gives no answer this process counts alone.
    ///
    /// # Errors
    /// [`TooOften`]; then the try was not counted.
    pub async fn take(
        &self,
        what: &str,
        subject: &str,
        limit: Limit,
        now: Timestamp,
    ) -> Result<(), TooOften> {
        let (key, now) = (address(what, subject), now.as_millisecond());
        self.take_here(&key, limit, now).map_err(too_often)?;
        match self.take_there(&key, limit, now).await {
            Ok(wait) if wait > 0 => Err(too_often(wait)),
            Ok(_) => Ok(()),
            Err(error) => {
                debug!(%error, what, "tries are counted in this process alone");
                Ok(())
            }
        }
    }

    fn take_here(&self, key: &str, limit: Limit, now: i64) -> Result<(), i64> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let free = limit.take(counted.get(key).copied(), now)?;
        if counted.len() >= COUNTED {
            counted.retain(|_, free| *free > now);
        }
        if counted.len() < COUNTED {
            counted.insert(key.to_owned(), free);
        }
        Ok(())
    }

    async fn take_there(&self, key: &str, limit: Limit, now: i64) -> Result<i64, CacheError> {
        let mut script = TAKE.key(key);
        let each = limit.each();
        script
            .arg(now)
            .arg(each)
            .arg(each * i64::from(limit.burst.max(1)));
        self.redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 1024)
}

fn too_often(wait: i64) -> TooOften {
    TooOften(Duration::from_millis(wait.unsigned_abs()))
}

fn address(what: &str, subject: &str) -> String {
    let mut address = format!("waybill:throttle:{what}:");
    for byte in &Sha256::digest(subject.as_bytes())[..16] {
        let written = write!(address, "{byte:02x}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_each_time_a_part_of_the_period_is_over() {
        let limit = Limit {
            burst: 3,
            period: Duration::from_secs(30),
        };
        let mut free = None;
        for _ in 0..3 {
            free = Some(limit.take(free, 0).unwrap());
        }
        assert_eq!(limit.take(free, 0), Err(10_000));
        assert_eq!(limit.take(free, 9_999), Err(1));
        free = Some(limit.take(free, 10_000).unwrap());
        assert_eq!(limit.take(free, 10_000), Err(10_000));
        assert_eq!(limit.take(free, 1_000_000), Ok(1_010_000));
    }
}
