//! What the streams hold, for reconciling them with the store: never for requests.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use domain::{EventId, OrderEvent, OrderId};

use crate::envelope::{ID, MESSAGE_ID};
use crate::events::order_event_message;
use crate::publisher::{Outgoing, Published};
use crate::scan::Scan;
use crate::topology::ORDERS;
use crate::{Messaging, PublishError, raw};

const EVENTS_OF_ORDERS: &str = "events.order.>";
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
    pub async fn told(&self, stream: &'static str) -> Result<Told, PublishError> {
        let unknown =
            |error: &dyn std::fmt::Display| PublishError::Unknown(format!("{stream} can't be read: {error}"));
        let found = self
            .jetstream
            .get_stream(stream)
            .await
            .map_err(|error| unknown(&error))?;
        let kept_for = found.cached_info().config.max_age;
        let scan = Scan {
            stream,
            filter: EVENTS_OF_ORDERS.into(),
            from: 1,
        };
        let mut events = HashSet::new();
        let read = |message: StreamMessage| {
            let id = message.headers.get(ID);
            events.extend(id.and_then(|id| id.as_str().parse::<EventId>().ok()));
            ControlFlow::Continue(())
        };
        self.scan(&scan, read).await?;
        Ok(Told { events, kept_for })
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
