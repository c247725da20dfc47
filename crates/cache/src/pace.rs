//! How fast something goes out: a token bucket in Redis for all replicas together, and in process where Redis gives no answer.
//!
//! Two lanes share a bucket. The first may fill all of it, bulk leaves a part free, so that what someone waits for finds room at any time.

mod bucket;

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::Script;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use crate::{CacheError, Redis};
use bucket::{Bucket, Share};

/// KEYS: bucket. ARGV: pushes a second, the ramp and the lane's room in microseconds, and for how many room is asked. The clock is the server's.
/// A bucket holds when it will be empty again, when something was last taken, and when it began. Gives for how many there is room, or how long to wait.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local rate, ramp, room, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local held = redis.call('HMGET', KEYS[1], 'began', 'last', 'empty')
        local began, last = tonumber(held[1] or now), tonumber(held[2] or now)
        if now - last > ramp then began = now end
        local part = 1
        if ramp > 0 then part = math.max(0.1, math.min(1, (now - began) / ramp)) end
        local step = 1000000 / (rate * part)
        local filled = math.max(0, tonumber(held[3] or '0') - now)
        local left = math.max(room, step) - filled
        local given = math.min(asked, math.floor(left / step + 0.000001))
        if given < 1 then return {0, math.ceil(step - left)} end
        filled = filled + given * step
        redis.call('HSET', KEYS[1], 'began', string.format('%.0f', began), 'last', string.format('%.0f', now),
            'empty', string.format('%.0f', now + filled))
        redis.call('PEXPIRE', KEYS[1], math.ceil((filled + ramp) / 1000) + 1000)
        return {given, 0}
        ",
    )
});

/// What the bucket holds, as time.
const ROOM: Duration = Duration::from_millis(500);
/// What of it bulk may fill.
const BULK_ROOM: Duration = Duration::from_millis(350);
/// A process asks for what goes out in this time at once.
const SHARE: Duration = Duration::from_millis(10);
/// How long it may keep that.
const KEPT: Duration = Duration::from_millis(100);
/// How long a turn is waited for.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The longest time between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many a second: at least one.
    pub per_second: u32,
    /// How long it takes to become that fast from a tenth of it, after as long a silence.
    pub ramp: Duration,
}

/// Which lane something goes out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for it.
    First,
    /// It goes to many, and may wait.
    Bulk,
}

impl Lane {
    fn room(self) -> Duration {
        match self {
            Self::First => ROOM,
            Self::Bulk => BULK_ROOM,
        }
    }
}

/// One thing that is paced.
#[derive(Debug)]
pub struct Pace {
    redis: Option<Redis>,
    key: String,
    rate: Rate,
    /// Of this process alone, for when Redis is away.
    here: Mutex<Bucket>,
    first: Mutex<Kept>,
    bulk: Mutex<Kept>,
}

/// What was given and is not used.
#[derive(Debug)]
struct Kept {
    turns: u32,
    until: Instant,
}

impl Kept {
    fn none() -> Mutex<Self> {
        Mutex::new(Self {
            turns: 0,
            until: Instant::now(),
        })
    }

    fn take(&mut self) -> bool {
        let there = self.turns > 0 && Instant::now() < self.until;
        self.turns = if there { self.turns - 1 } else { 0 };
        there
    }
}

impl Pace {
    /// Paces `what` in `redis` (the state endpoint, without eviction); in this process alone where there is none.
    pub fn new(what: &str, rate: Rate, redis: Option<Redis>) -> Self {
        Self {
            redis,
            key: format!("waybill:pace:{what}"),
            rate,
            here: Mutex::new(Bucket::new(rate, Instant::now())),
            first: Kept::none(),
            bulk: Kept::none(),
        }
    }

    /// Waits for a turn; false where none came in a second and a half. Who waits longest is next, within its lane.
    pub async fn take(&self, lane: Lane) -> bool {
        timeout(PATIENCE, self.turn(lane)).await.is_ok()
    }

    async fn turn(&self, lane: Lane) {
        let kept = match lane {
            Lane::First => &self.first,
            Lane::Bulk => &self.bulk,
        };
        let mut kept = kept.lock().await;
        while !kept.take() {
            match self.share(lane).await {
                Share::Turns(turns) => {
                    *kept = Kept {
                        turns,
                        until: Instant::now() + KEPT,
                    };
                }
                Share::Wait(wait) => sleep(wait.min(LOOK_AGAIN)).await,
            }
        }
    }

    async fn share(&self, lane: Lane) -> Share {
        let asked = self.rate.per_second / u32::try_from(1000 / SHARE.as_millis()).unwrap_or(100);
        let asked = asked.max(1);
        match self.ask(lane, asked).await {
            Ok(Some(share)) => return share,
            Ok(None) => {}
            Err(error) => debug!(%error, "paced in this process alone"),
        }
        self.here.lock().await.take(lane.room(), asked, Instant::now())
    }

    /// `None` where there is no Redis to be asked.
    async fn ask(&self, lane: Lane, asked: u32) -> Result<Option<Share>, CacheError> {
        let Some(redis) = &self.redis else {
            return Ok(None);
        };
        let mut script = TAKE.key(&self.key);
        script
            .arg(self.rate.per_second.max(1))
            .arg(microseconds(self.rate.ramp))
            .arg(microseconds(lane.room()))
            .arg(asked);
        let (given, wait): (u32, u64) = redis
            .run(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(Some(if given > 0 {
            Share::Turns(given)
        } else {
            Share::Wait(Duration::from_micros(wait))
        }))
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
