//! Exact lengths.

use async_nats::jetstream::consumer::{Info, PullConsumer};
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;

use crate::subscriptions::PREFIX;
use crate::topology::{DEAD_LETTERS, EVENTS, ORDERS, consumers};
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
    /// Whether somebody pulls from it right now; not told for dead letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Since when the oldest of them is in the stream; none where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Timestamp>,
    /// Of a partition: which replicas are at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Replicas>,
}

/// The replicas at one partition. One has it, the others stand by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replicas {
    /// How many pulls wait: one of each replica, but for the moment between two pulls and while messages come.
    pub pulls: u64,
    /// The pin of the one that has the partition: it logged it as `pin` when it took over. None before the first message.
    pub pin: Option<String>,
    /// Since when it has it.
    pub since: Option<Timestamp>,
}

/// Partitions that fewer replicas read than others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uneven<'a> {
    /// Their consumers.
    pub consumers: Vec<&'a str>,
    /// How many replicas read each of them at most.
    pub fewer: u64,
    /// How many read the others at most.
    pub most: u64,
}

/// The partitions' consumers that nobody pulls from while others of them are pulled from: the replicas' shares leave a gap.
/// A replica that is between two pulls may seem to be away, so ask twice before believing it.
pub fn unread_partitions(queues: &[Queue]) -> Vec<&str> {
    let partition = |queue: &&Queue| queue.stream == ORDERS;
    let partitions: Vec<_> = queues.iter().filter(partition).collect();
    if partitions.iter().all(|queue| queue.read != Some(true)) {
        return Vec::new();
    }
    let unread = partitions.into_iter().filter(|queue| queue.read == Some(false));
    unread.filter_map(|queue| queue.consumer.as_deref()).collect()
}

/// The partitions that fewer replicas read than others: the replicas' shares overlap in part, so that some partitions have fewer that stand by.
/// `None` where all are read by as many. Where messages wait or are in hand nothing is said: the replica at work seldom has a pull waiting there.
/// Nor about those that nobody reads: see [`unread_partitions`]. A replica that is between two pulls may seem to be away, so ask twice before believing it.
pub fn uneven_partitions(queues: &[Queue]) -> Option<Uneven<'_>> {
    let idle = queues
        .iter()
        .filter(|queue| queue.pending == 0 && queue.in_hand == 0);
    let read: Vec<(&str, u64)> = idle
        .filter_map(|queue| Some((queue.consumer.as_deref()?, queue.replicas.as_ref()?.pulls)))
        .filter(|(_, pulls)| *pulls > 0)
        .collect();
    let most = read.iter().map(|(_, pulls)| *pulls).max()?;
    let fewer: Vec<_> = read.into_iter().filter(|(_, pulls)| *pulls < most).collect();
    Some(Uneven {
        fewer: fewer.iter().map(|(_, pulls)| *pulls).max()?,
        consumers: fewer.into_iter().map(|(consumer, _)| consumer).collect(),
        most,
    })
}

/// A pull waits there, or a client is pinned.
fn is_read(info: &Info) -> bool {
    info.num_waiting > 0
        || info
            .priority_groups
            .iter()
            .any(|group| group.pinned_client_id.is_some())
}

/// None where the consumer has no group that is pinned.
fn replicas(info: &Info) -> Option<Replicas> {
    let group = info.priority_groups.first()?;
    let since = group
        .pinned_ts
        .and_then(|since| Timestamp::from_nanosecond(since.unix_timestamp_nanos()).ok());
    Some(Replicas {
        pulls: u64::try_from(info.num_waiting).unwrap_or(u64::MAX),
        pin: group.pinned_client_id.clone(),
        since,
    })
}

impl Messaging {
    /// Every durable consumer's backlog, every subscription's, and the number of dead letters.
    ///
    /// # Errors
    /// Where the server does not answer, or the topology is not applied.
    pub async fn queues(&self) -> Result<Vec<Queue>, PublishError> {
        let plans = consumers();
        let backlogs = plans.iter().map(|plan| self.backlog(plan.stream, plan.name()));
        let mut queues = try_join_all(backlogs).await?;
        queues.extend(self.subscription_backlogs().await?);
        queues.push(self.dead_letter_count().await?);
        Ok(queues)
    }

    /// How many messages of a durable consumer are not settled.
    ///
    /// # Errors
    /// Where the server does not answer, or the topology is not applied.
    pub async fn unsettled(&self, stream: &str, consumer: &str) -> Result<u64, PublishError> {
        let found: PullConsumer = self
            .jetstream
            .get_consumer_from_stream(consumer, stream)
            .await
            .map_err(|error| PublishError::Unknown(format!("{stream}/{consumer}: {error}")))?;
        let info = found.cached_info();
        Ok(info.num_pending + u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX))
    }

    async fn backlog(&self, stream: &str, name: &str) -> Result<Queue, PublishError> {
        let consumer: PullConsumer = self
            .jetstream
            .get_consumer_from_stream(name, stream)
            .await
            .map_err(|error| PublishError::Unknown(format!("{stream}/{name}: {error}")))?;
        self.queue(consumer.cached_info()).await
    }

    async fn subscription_backlogs(&self) -> Result<Vec<Queue>, PublishError> {
        let unknown = |error: &dyn std::fmt::Display| PublishError::Unknown(format!("{EVENTS}: {error}"));
        let stream = raw::stream(self, EVENTS).await?;
        let (mut consumers, mut queues) = (stream.consumers(), Vec::new());
        while let Some(info) = consumers.try_next().await.map_err(|error| unknown(&error))? {
            if info.name.starts_with(PREFIX) {
                queues.push(self.queue(&info).await?);
            }
        }
        queues.sort_by(|a, b| a.consumer.cmp(&b.consumer));
        Ok(queues)
    }

    async fn queue(&self, info: &Info) -> Result<Queue, PublishError> {
        let in_hand = u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX);
        let oldest = match info.num_pending + in_hand {
            0 => None,
            _ => self.oldest(info).await?,
        };
        Ok(Queue {
            stream: info.stream_name.clone(),
            consumer: Some(info.name.clone()),
            pending: info.num_pending,
            in_hand,
            read: Some(is_read(info)),
            oldest,
            replicas: replicas(info),
        })
    }

    /// When the first message was stored that the consumer has not settled.
    async fn oldest(&self, info: &Info) -> Result<Option<Timestamp>, PublishError> {
        let config = &info.config;
        let everything = [">".to_owned()];
        let filters = match (
            config.filter_subject.is_empty(),
            config.filter_subjects.as_slice(),
        ) {
            (false, _) => std::slice::from_ref(&config.filter_subject),
            (true, []) => &everything,
            (true, several) => several,
        };
        let stream = raw::stream(self, &info.stream_name).await?;
        let mut oldest: Option<Timestamp> = None;
        for filter in filters {
            let first = stream
                .raw_message_builder()
                .sequence(info.ack_floor.stream_sequence + 1)
                .next_by_subject(filter.as_str());
            let first = raw::found(first.send().await)?;
            let at = first
                .and_then(|message| Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).ok());
            oldest = oldest.into_iter().chain(at).min();
        }
        Ok(oldest)
    }

    pub(crate) async fn dead_letter_count(&self) -> Result<Queue, PublishError> {
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
            read: None,
            oldest: oldest.filter(|_| state.messages > 0),
            replicas: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: u64, pulls: u64, in_hand: u64) -> Queue {
        Queue {
            stream: ORDERS.into(),
            consumer: Some(format!("p{number}")),
            pending: 0,
            in_hand,
            read: Some(pulls > 0),
            oldest: None,
            replicas: Some(Replicas {
                pulls,
                pin: None,
                since: None,
            }),
        }
    }

    fn fewer(pulls: &[u64]) -> Option<(Vec<String>, u64, u64)> {
        let queues: Vec<_> = (0..)
            .zip(pulls)
            .map(|(number, pulls)| partition(number, *pulls, 0))
            .collect();
        let uneven = uneven_partitions(&queues)?;
        let consumers = uneven.consumers.into_iter().map(str::to_owned).collect();
        Some((consumers, uneven.fewer, uneven.most))
    }

    #[test]
    fn partitions_that_fewer_replicas_read_than_others_are_uneven() {
        for even in [&[][..], &[0, 0], &[1, 1, 1], &[3, 3, 3], &[2, 0, 2]] {
            assert_eq!(fewer(even), None, "{even:?}");
        }
        assert_eq!(fewer(&[1, 2, 1]), Some((vec!["p0".into(), "p2".into()], 1, 2)));
        assert_eq!(fewer(&[3, 2, 1, 0]), Some((vec!["p1".into(), "p2".into()], 2, 3)));
    }

    #[test]
    fn of_a_partition_at_work_nothing_is_said() {
        let queues = [partition(0, 2, 0), partition(1, 1, 5), partition(2, 2, 0)];
        assert_eq!(uneven_partitions(&queues), None);
    }
}
