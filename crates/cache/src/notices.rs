//! Follows what Redis tells of writes, so that the in-process tier drops what is older.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{Msg, RedisError, RedisResult, Value};
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use crate::in_process::InProcess;
use crate::shared::Shared;

/// How often a silent subscription is asked whether it still stands.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The longest pause between two tries to subscribe.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The task that follows; ends when dropped.
#[derive(Debug)]
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Following {
    pub(crate) fn start<V: Clone + Send + Sync + 'static>(shared: Shared, tier: Arc<InProcess<V>>) -> Self {
        Self(tokio::spawn(follow(shared, tier)))
    }
}

async fn follow<V: Clone + Send + Sync + 'static>(shared: Shared, tier: Arc<InProcess<V>>) {
    let mut pause = Duration::ZERO;
    loop {
        let mut stood = false;
        let why = listen(&shared, &tier, &mut stood).await.err();
        tier.suspend();
        if stood || pause.is_zero() {
            let why = why.map_or_else(|| "it ended".to_owned(), |error| error.to_string());
            warn!(
                channel = shared.channel(),
                error = why,
                "lost the notices of Redis; the in-process tier rests"
            );
            pause = Duration::from_millis(100);
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Listens until the subscription is lost.
async fn listen<V: Clone + Send + Sync + 'static>(
    shared: &Shared,
    tier: &InProcess<V>,
    stood: &mut bool,
) -> RedisResult<()> {
    let limit = shared.redis().timeout().max(HEARTBEAT);
    let (mut sink, mut messages) = within(limit, shared.redis().client().get_async_pubsub())
        .await?
        .split();
    within(limit, sink.subscribe(shared.channel())).await?;
    tier.resume();
    *stood = true;
    info!(channel = shared.channel(), "following the notices of Redis");

    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => heed(&message, tier).await,
                None => return Ok(()),
            },
            _ = heartbeat.tick() => drop(within(limit, sink.ping::<Value>()).await?),
        }
    }
}

async fn within<T>(limit: Duration, answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    timeout(limit, answer).await.map_err(late)?
}

async fn heed<V: Clone + Send + Sync + 'static>(message: &Msg, tier: &InProcess<V>) {
    let notice = String::from_utf8_lossy(message.get_payload_bytes());
    match notice
        .rsplit_once(' ')
        .map(|(key, version)| (key, version.parse()))
    {
        Some((key, Ok(version))) => tier.forget_older(key, version).await,
        _ => warn!(%notice, "a notice that is not `key version`"),
    }
}
