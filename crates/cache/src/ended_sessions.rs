//! Which sessions have ended while tokens of theirs still run: every replica refuses these at once.

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::{self, Script};
use moka::future::Cache;
use uuid::Uuid;

use crate::{CacheError, Redis};

/// For how long what Redis said is believed without asking it again.
const BELIEVED: Duration = Duration::from_secs(2);

/// The most sessions that are remembered in process, of either kind.
const REMEMBERED: u64 = 100_000;

/// KEYS: record. ARGV: seconds to live.
static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        redis.call('HSET', KEYS[1], 'ended', '1')
        redis.call('EXPIRE', KEYS[1], ARGV[1])
        return 1
        ",
    )
});

/// The records of sessions that ended. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EndedSessions {
    redis: Redis,
    kept: Duration,
    ended: Cache<Uuid, ()>,
    alive: Cache<Uuid, ()>,
}

impl EndedSessions {
    /// In `redis` (the state endpoint, without eviction). A record is `kept` as long as a token may run.
    pub fn new(redis: Redis, kept: Duration) -> Self {
        let remembered = |life| Cache::builder().max_capacity(REMEMBERED).time_to_live(life);
        Self {
            redis,
            kept,
            ended: remembered(kept).build(),
            alive: remembered(BELIEVED).build(),
        }
    }

    /// Records that the session has ended. This process knows it also where Redis does not.
    ///
    /// # Errors
    /// [`CacheError`]: then others learn it when the session's last token runs out.
    pub async fn end(&self, session: Uuid) -> Result<(), CacheError> {
        self.ended.insert(session, ()).await;
        let mut script = END.key(address(session));
        script.arg(self.kept.as_secs());
        self.redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await
    }

    /// Whether the session has ended, as Redis said at most 2 s ago. With Redis away: whether this process knows that it has.
    pub async fn is_ended(&self, session: Uuid) -> bool {
        if self.ended.contains_key(&session) {
            return true;
        }
        if self.alive.contains_key(&session) {
            return false;
        }
        let mut ask = redis::cmd("HGET");
        ask.arg(address(session)).arg("ended");
        let found: Result<Option<String>, CacheError> = self
            .redis
            .run(async |mut connection| ask.query_async(&mut connection).await)
            .await;
        match found {
            Ok(Some(_)) => {
                self.ended.insert(session, ()).await;
                true
            }
            Ok(None) => {
                self.alive.insert(session, ()).await;
                false
            }
            Err(_) => false,
        }
    }
}

fn address(session: Uuid) -> String {
    format!("waybill:ended-sessions:{session}")
}
