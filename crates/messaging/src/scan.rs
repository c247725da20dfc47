//! Reading what a stream holds, to its end of now, through a consumer that goes with its reader. Only the operator may.

use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy, pull};
use async_nats::jetstream::message::StreamMessage;
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::{Messaging, PublishError};

const PULL_EXPIRES: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the server keeps the consumer when nobody pulls.
const ABANDONED_AFTER: Duration = Duration::from_secs(30);
/// When nothing comes for so long, what was still to come may have been deleted.
const QUIET: Duration = Duration::from_secs(2);

/// What is to be read of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) stream: &'static str,
    /// Of which subject.
    pub(crate) filter: String,
    /// The first sequence that counts.
    pub(crate) from: u64,
}

impl Messaging {
    /// Gives `each` every message without its body, in the stream's order, until the end or until it breaks off. Holds no more than a pull of them.
    ///
    /// # Errors
    /// Where the server does not answer, or reading was interrupted.
    pub(crate) async fn scan(
        &self,
        scan: &Scan,
        mut each: impl FnMut(StreamMessage) -> ControlFlow<()>,
    ) -> Result<(), PublishError> {
        let unknown = |error: &dyn std::fmt::Display| {
            PublishError::Unknown(format!("{} can't be read: {error}", scan.stream))
        };
        let config = pull::Config {
            name: Some(format!("{}-scan-{:016x}", self.name, rand::random::<u64>())),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: scan.from.max(1),
            },
            ack_policy: AckPolicy::None,
            filter_subject: scan.filter.clone(),
            replay_policy: ReplayPolicy::Instant,
            headers_only: true,
            inactive_threshold: ABANDONED_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let made = self
            .jetstream
            .create_consumer_on_stream(config, scan.stream)
            .await;
        let mut consumer = made.map_err(|error| unknown(&error))?;
        let scanned = read(&mut consumer, &mut each).await.map_err(|why| unknown(&why));
        let name = &consumer.cached_info().name;
        let _else_abandoned = self
            .jetstream
            .delete_consumer_from_stream(name, scan.stream)
            .await;
        scanned
    }
}

/// Reads to the end, or says why it can't.
async fn read(
    consumer: &mut Consumer<pull::Config>,
    each: &mut impl FnMut(StreamMessage) -> ControlFlow<()>,
) -> Result<(), String> {
    if consumer.cached_info().num_pending == 0 {
        return Ok(());
    }
    let pulls = consumer
        .stream()
        .heartbeat(HEARTBEAT)
        .expires(PULL_EXPIRES)
        .messages();
    let mut messages = pulls.await.map_err(|error| error.to_string())?;
    let mut sequence = 0;
    loop {
        let Ok(message) = timeout(QUIET, messages.next()).await else {
            let info = consumer.info().await.map_err(|error| error.to_string())?;
            match info.num_pending {
                0 => return Ok(()),
                _ => continue,
            }
        };
        let message = message
            .ok_or("the subscription ended")?
            .map_err(|error| error.to_string())?;
        let (message, place) = place(message)?;
        if place.consumer_sequence != sequence + 1 {
            return Err(format!(
                "message {} came after {sequence}",
                place.consumer_sequence
            ));
        }
        sequence = place.consumer_sequence;
        if each(message).is_break() || place.pending == 0 {
            return Ok(());
        }
    }
}

/// Where a message stands.
struct Place {
    consumer_sequence: u64,
    /// How many come after it.
    pending: u64,
}

fn place(message: jetstream::Message) -> Result<(StreamMessage, Place), String> {
    let info = message.info().map_err(|error| error.to_string())?;
    let place = Place {
        consumer_sequence: info.consumer_sequence,
        pending: info.pending,
    };
    let (sequence, time) = (info.stream_sequence, info.published);
    let message = message.message;
    let found = StreamMessage {
        subject: message.subject,
        sequence,
        headers: message.headers.unwrap_or_default(),
        payload: message.payload,
        time,
    };
    Ok((found, place))
}
