//! The tier in Redis: a hash of version `v` and document `d`; a tombstone has no `d`.

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::{self, Script};

use crate::policy::TOMBSTONE;
use crate::{CacheError, Policy, Put, Redis};

/// KEYS: entry. ARGV: version, document, milliseconds to live, channel, the entry's name in notices.
/// Gives nothing when it wrote, else the version that stands there.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local held = redis.call('HMGET', KEYS[1], 'v', 'd')
        if held[1] then
            local old, new = tonumber(held[1]), tonumber(ARGV[1])
            if old > new or (old == new and held[2]) then return held[1] end
        end
        redis.call('HSET', KEYS[1], 'v', ARGV[1], 'd', ARGV[2])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' ' .. ARGV[1])
        return false
        ",
    )
});

/// KEYS: entry. ARGV: version, milliseconds the tombstone stands, channel, the entry's name in notices.
static DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local held = redis.call('HGET', KEYS[1], 'v')
        if held and tonumber(held) > tonumber(ARGV[1]) then return held end
        redis.call('HDEL', KEYS[1], 'd')
        redis.call('HSET', KEYS[1], 'v', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('PUBLISH', ARGV[3], ARGV[4] .. ' ' .. ARGV[1])
        return false
        ",
    )
});

/// What Redis holds under a key.
#[derive(Debug)]
pub(crate) enum Held {
    /// Nothing.
    Nothing,
    /// The trace of a deletion.
    Tombstone {
        /// The version that was deleted.
        version: u64,
    },
    /// A document.
    Document {
        /// Its version.
        version: u64,
        /// JSON.
        json: Vec<u8>,
        /// How long it still lives.
        remaining: Duration,
    },
}

/// A document on its way into Redis.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) json: Vec<u8>,
    pub(crate) time_to_live: Duration,
}

/// One policy's entries in Redis.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    redis: Redis,
    policy: Policy,
    channel: String,
}

impl Shared {
    pub(crate) fn new(redis: Redis, policy: Policy) -> Self {
        let channel = format!("waybill:notices:{}", policy.name);
        Self {
            redis,
            policy,
            channel,
        }
    }

    /// The channel that tells of every write as `key version`.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.redis
    }

    fn address(&self, key: &str) -> String {
        format!("waybill:{}:{key}", self.policy.name)
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Held, CacheError> {
        type Row = ((Option<u64>, Option<Vec<u8>>), i64);
        let address = self.address(key);
        let ((version, json), left): Row = self
            .redis
            .run(async |mut connection| {
                let mut both = redis::pipe();
                both.cmd("HMGET")
                    .arg(&address)
                    .arg("v")
                    .arg("d")
                    .cmd("PTTL")
                    .arg(&address);
                both.query_async(&mut connection).await
            })
            .await?;
        Ok(match (version, json) {
            (None, _) => Held::Nothing,
            (Some(version), None) => Held::Tombstone { version },
            (Some(version), Some(json)) => {
                let remaining = u64::try_from(left).map_or(Duration::ZERO, Duration::from_millis);
                Held::Document {
                    version,
                    json,
                    remaining,
                }
            }
        })
    }

    fn put_script(&self, document: &Document) -> redis::ScriptInvocation<'static> {
        let mut script = PUT.key(self.address(&document.key));
        script
            .arg(document.version)
            .arg(&document.json)
            .arg(milliseconds(document.time_to_live));
        script.arg(&self.channel).arg(&document.key);
        script
    }

    pub(crate) async fn put(&self, document: &Document) -> Result<Put, CacheError> {
        let script = self.put_script(document);
        let held: Option<u64> = self
            .redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(outcome(held, document.version))
    }

    /// All in one round trip, in their order.
    pub(crate) async fn put_all(&self, documents: &[Document]) -> Result<Vec<Put>, CacheError> {
        let mut all = redis::pipe();
        all.load_script(&PUT).ignore();
        for document in documents {
            all.invoke_script(&self.put_script(document));
        }
        let held: Vec<Option<u64>> = self
            .redis
            .run(async |mut connection| all.query_async(&mut connection).await)
            .await?;
        Ok(held
            .into_iter()
            .zip(documents)
            .map(|(held, document)| outcome(held, document.version))
            .collect())
    }

    pub(crate) async fn delete(&self, key: &str, version: u64) -> Result<(), CacheError> {
        let mut script = DELETE.key(self.address(key));
        script
            .arg(version)
            .arg(milliseconds(TOMBSTONE))
            .arg(&self.channel)
            .arg(key);
        let _newer: Option<u64> = self
            .redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(())
    }
}

fn outcome(held: Option<u64>, version: u64) -> Put {
    match held {
        None => Put::Written,
        Some(held) if held == version => Put::Same,
        Some(_) => Put::Older,
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
