//! Finding a consumer, and seeing that it still is what it was.

use std::time::Duration;

use async_nats::Subscriber;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{ErrorCode, stream::ConsumerErrorKind};
use tokio::time::Instant;

use super::check::changed;
use super::pull::Puller;

/// How often a consumer that is pulled from is looked at.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// A consumer found, and what pulls from it carry.
pub(super) struct Bound {
    pub(super) group: Option<String>,
    pub(super) inbox: String,
    pub(super) pulls: u64,
    pub(super) replies: Subscriber,
    pub(super) checked: Instant,
}

/// Why a puller stops.
pub(super) enum Stop {
    /// It binds again.
    Trouble(String),
    /// It can never work.
    Never(String),
}

impl Puller {
    /// Finds the consumer.
    pub(super) async fn bind(&self) -> Result<Bound, Stop> {
        let trouble = |error: &dyn std::fmt::Display| Stop::Trouble(error.to_string());
        let consumer: PullConsumer = self
            .messaging
            .jetstream
            .get_consumer_from_stream(&*self.consumer, &self.stream)
            .await
            .map_err(|error| match error.kind() {
                ConsumerErrorKind::InvalidConsumerType | ConsumerErrorKind::InvalidName => {
                    Stop::Never(format!("{}/{}: {error}", self.stream, self.consumer))
                }
                ConsumerErrorKind::JetStream(refusal)
                    if refusal.error_code() == ErrorCode::CONSUMER_NOT_FOUND =>
                {
                    Stop::Trouble("the consumer does not exist; apply the topology".into())
                }
                _ => trouble(&error),
            })?;
        if let Some(why) = changed(consumer.cached_info()) {
            return Err(Stop::Trouble(why));
        }
        let group = consumer.cached_info().config.priority_groups.first().cloned();
        let inbox = self.messaging.client.new_inbox();
        let replies = self.messaging.client.subscribe(format!("{inbox}.*")).await;
        let replies = replies.map_err(|error| trouble(&error))?;
        Ok(Bound {
            group,
            inbox,
            pulls: 0,
            replies,
            checked: Instant::now(),
        })
    }

    /// Looks from time to time whether the consumer was changed; that one is gone shows by itself.
    pub(super) async fn check(&self, bound: &mut Bound) -> Result<(), String> {
        if bound.checked.elapsed() < CHECK_EVERY {
            return Ok(());
        }
        bound.checked = Instant::now();
        let jetstream = &self.messaging.jetstream;
        let found: Result<PullConsumer, _> = jetstream
            .get_consumer_from_stream(&*self.consumer, &self.stream)
            .await;
        match found.map(|consumer| changed(consumer.cached_info())) {
            Ok(Some(why)) => Err(why),
            Ok(None) | Err(_) => Ok(()),
        }
    }
}
