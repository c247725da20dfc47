//! Exact lengths.

use async_nats::jetstream::consumer::PullConsumer;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;

use crate::topology::{DEAD_LETTERS, consumers};
use crate::{Messaging, PublishError, raw};

/// One durable consumer's backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// The stream.
    pub stream: String,
    /// The durable consumer; none for what a stream holds that no consumer reads (dead letters).
    pub consumer: Option<String>,
    /// Messages not delivered yet.
    pub pending: u64,
    /// Messages delivered and not acknowledged.
    pub in_hand: u64,
    /// Since when the oldest waits; told for the dead letters only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Timestamp>,
}

impl Messaging {
    /// Every durable consumer's backlog, and the number of dead letters.
    ///
    /// # Errors
    /// Where the server does not answer, or the topology is not applied.
    pub async fn queues(&self) -> Result<Vec<Queue>, PublishError> {
        let plans = consumers();
        let backlogs = plans.iter().map(|plan| self.backlog(plan.stream, plan.name()));
        let mut queues = try_join_all(backlogs).await?;
        queues.push(self.dead_letter_count().await?);
        Ok(queues)
    }

    async fn backlog(&self, stream: &str, name: &str) -> Result<Queue, PublishError> {
        let consumer: PullConsumer = self
            .jetstream
            .get_consumer_from_stream(name, stream)
            .await
            .map_err(|error| PublishError::Unknown(format!("{stream}/{name}: {error}")))?;
        let info = consumer.cached_info();
        Ok(Queue {
            stream: stream.into(),
            consumer: Some(name.into()),
            pending: info.num_pending,
            in_hand: u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX),
            oldest: None,
        })
    }

    async fn dead_letter_count(&self) -> Result<Queue, PublishError> {
        let unknown =
            |error: &dyn std::fmt::Display| PublishError::Unknown(format!("{DEAD_LETTERS}: {error}"));
        let stream = raw::stream(self, DEAD_LETTERS).await?;
        let state = stream.get_info().await.map_err(|error| unknown(&error))?.state;
        let oldest = Timestamp::from_nanosecond(state.first_timestamp.unix_timestamp_nanos()).ok();
        Ok(Queue {
            stream: DEAD_LETTERS.into(),
            consumer: None,
            pending: state.messages,
            in_hand: 0,
            oldest: oldest.filter(|_| state.messages > 0),
        })
    }
}
