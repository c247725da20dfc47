//! What the streams hold, for reconciling them with the store: never for requests.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy, pull};
use domain::{EventId, OrderEvent, OrderId};
use futures_util::StreamExt;

use crate::envelope::{ID, MESSAGE_ID};
use crate::events::order_event_message;
use crate::publisher::{Outgoing, Published};
use crate::topology::ORDERS;
use crate::{Messaging, PublishError, raw};

const EVENTS_OF_ORDERS: &str = "events.order.>";
const PULL_EXPIRES: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the server keeps the consumer when nobody pulls.
const ABANDONED_AFTER: Duration = Duration::from_secs(30);

/// The events of orders that a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Each once, however often it is there.
    pub events: HashSet<EventId>,
    /// How long the stream keeps an event; zero for ever.
    pub kept_for: Duration,
}

/// A command on an order that is not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its `ce-id`.
    pub id: String,
    /// The order it is about.
    pub order: OrderId,
}

impl Messaging {
    /// Reads the ids of all events of orders in `stream`, to its end of now.
    ///
    /// # Errors
    /// Where the server does not answer, or reading was interrupted.
    pub async fn told(&self, stream: &str) -> Result<Told, PublishError> {
        let unknown =
            |error: &dyn std::fmt::Display| PublishError::Unknown(format!("{stream} can't be read: {error}"));
        let found = self
            .jetstream
            .get_stream(stream)
            .await
            .map_err(|error| unknown(&error))?;
        let kept_for = found.cached_info().config.max_age;
        let config = pull::Config {
            name: Some(format!("{}-told-{:016x}", self.name, rand::random::<u64>())),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            filter_subject: EVENTS_OF_ORDERS.into(),
            replay_policy: ReplayPolicy::Instant,
            headers_only: true,
            inactive_threshold: ABANDONED_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let made = self.jetstream.create_consumer_on_stream(config, stream).await;
        let consumer = made.map_err(|error| unknown(&error))?;
        let events = read(&consumer).await.map_err(|why| unknown(&why));
        let name = &consumer.cached_info().name;
        let _else_abandoned = self.jetstream.delete_consumer_from_stream(name, stream).await;
        Ok(Told {
            events: events?,
            kept_for,
        })
    }

    /// Every command on an order that is not acknowledged yet.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, PublishError> {
        let stream = raw::stream(self, ORDERS).await?;
        let (mut waiting, mut next) = (Vec::new(), 1);
        loop {
            let request = stream
                .raw_message_builder()
                .sequence(next)
                .next_by_subject("orders.>");
            let Some(message) = raw::found(request.send().await)? else {
                return Ok(waiting);
            };
            next = message.sequence + 1;
            let id = message.headers.get(ID).map(ToString::to_string);
            let order = message.subject.rsplit('.').next().and_then(|id| id.parse().ok());
            waiting.extend(id.zip(order).map(|(id, order)| Waiting { id, order }));
        }
    }

    /// Publishes an event that a stream has lost, under its own id. Where the duplicate window still knows the id of what is not there
    /// any more, it goes under the message id `again:<milliseconds>:<id>`; its `ce-id` stays.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn tell_again(&self, event: &OrderEvent) -> Result<Published, PublishError> {
        let message = order_event_message(event, self.name());
        let published = self.publish(&message).await?;
        if !published.duplicate {
            return Ok(published);
        }
        let mut outgoing = Outgoing::from(&message);
        // Not the same as the last time either: that may be gone by now, and known all the same.
        let id = format!("again:{}:{}", (self.now)().as_millisecond(), message.envelope.id);
        outgoing.headers.insert(MESSAGE_ID, id.as_str());
        self.send(outgoing).await
    }
}

/// Reads to the end, or says why it can't.
async fn read(consumer: &Consumer<pull::Config>) -> Result<HashSet<EventId>, String> {
    let (mut events, mut sequence) = (HashSet::new(), 0);
    if consumer.cached_info().num_pending == 0 {
        return Ok(events);
    }
    let pulls = consumer
        .stream()
        .heartbeat(HEARTBEAT)
        .expires(PULL_EXPIRES)
        .messages();
    let mut messages = pulls.await.map_err(|error| error.to_string())?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| error.to_string())?;
        let info = message.info().map_err(|error| error.to_string())?;
        if info.consumer_sequence != sequence + 1 {
            return Err(format!(
                "message {} came after {sequence}",
                info.consumer_sequence
            ));
        }
        sequence = info.consumer_sequence;
        let id = message.headers.as_ref().and_then(|headers| headers.get(ID));
        events.extend(id.and_then(|id| id.as_str().parse::<EventId>().ok()));
        if info.pending == 0 {
            return Ok(events);
        }
    }
    Err("the subscription ended".into())
}
