//! What the streams hold, for reconciling them with the store: never for requests.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use domain::{CatalogEvent, EventId, OrderEvent, OrderId};

use crate::envelope::{ID, MESSAGE_ID};
use crate::events::{catalog_event_message, order_event_message};
use crate::publisher::{Outgoing, Published};
use crate::scan::Scan;
use crate::topology::{CATALOG, ORDERS};
use crate::{Message, Messaging, PublishError, raw, subjects};

const EVENTS_OF_ORDERS: &str = "events.order.>";
const EVENTS_OF_PRODUCTS: &str = "events.catalog.>";
/// The events that a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<Id: Eq + Hash> {
    /// Each once, however often it is there.
    pub events: HashSet<Id>,
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
    /// Reads the ids of all events in `stream` of those orders that `of` names, to its end of now.
    ///
    /// # Errors
    /// Where the server does not answer, or reading was interrupted.
    pub async fn told(
        &self,
        stream: &'static str,
        of: impl Fn(OrderId) -> bool,
    ) -> Result<Told<EventId>, PublishError> {
        let read = |id: &str| id.parse().ok().filter(|id: &EventId| of(id.order));
        self.ids(stream, EVENTS_OF_ORDERS, read).await
    }

    /// Reads the ids of all events of products in `stream`, to its end of now: their commands' ids.
    ///
    /// # Errors
    /// As [`Self::told`].
    pub async fn told_of_products(&self, stream: &'static str) -> Result<Told<String>, PublishError> {
        self.ids(stream, EVENTS_OF_PRODUCTS, |id| Some(id.to_owned()))
            .await
    }

    async fn ids<Id: Eq + Hash>(
        &self,
        stream: &'static str,
        filter: &str,
        read: impl Fn(&str) -> Option<Id>,
    ) -> Result<Told<Id>, PublishError> {
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
            filter: filter.into(),
            from: 1,
        };
        let mut events = HashSet::new();
        let each = |message: StreamMessage| {
            let id = message.headers.get(ID);
            events.extend(id.and_then(|id| read(id.as_str())));
            ControlFlow::Continue(())
        };
        self.scan(&scan, each).await?;
        Ok(Told { events, kept_for })
    }

    /// Every command that is not acknowledged yet on those orders that `of` names.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn waiting(&self, of: impl Fn(OrderId) -> bool) -> Result<Vec<Waiting>, PublishError> {
        let mut waiting = Vec::new();
        let each = |message: StreamMessage| {
            let id = message.headers.get(ID).map(ToString::to_string);
            let order = subjects::key(&message.subject).parse().ok();
            let command = id.zip(order).filter(|(_, order)| of(*order));
            waiting.extend(command.map(|(id, order)| Waiting { id, order }));
        };
        self.unacknowledged(ORDERS, each).await?;
        Ok(waiting)
    }

    /// The ids of the commands on products that are not acknowledged yet.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn waiting_on_products(&self) -> Result<HashSet<String>, PublishError> {
        let mut waiting = HashSet::new();
        let each = |message: StreamMessage| waiting.extend(message.headers.get(ID).map(ToString::to_string));
        self.unacknowledged(CATALOG, each).await?;
        Ok(waiting)
    }

    /// Reads a work queue, which allows no second consumer.
    async fn unacknowledged(
        &self,
        stream: &str,
        mut each: impl FnMut(StreamMessage),
    ) -> Result<(), PublishError> {
        let stream = raw::stream(self, stream).await?;
        let mut next = 1;
        loop {
            let request = stream.raw_message_builder().sequence(next).next_by_subject(">");
            let Some(message) = raw::found(request.send().await)? else {
                return Ok(());
            };
            next = message.sequence + 1;
            each(message);
        }
    }

    /// Publishes an event that a stream has lost, under its own id. Where the duplicate window still knows the id of what is not there
    /// any more, it goes under the message id `again:<milliseconds>:<id>`; its `ce-id` stays.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn tell_again(&self, event: &OrderEvent) -> Result<Published, PublishError> {
        self.again(&order_event_message(event, self.name())).await
    }

    /// As [`Self::tell_again`], of a product.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn tell_again_of_product(&self, event: &CatalogEvent) -> Result<Published, PublishError> {
        self.again(&catalog_event_message(event, self.name())).await
    }

    async fn again(&self, message: &Message) -> Result<Published, PublishError> {
        let published = self.publish(message).await?;
        if !published.duplicate {
            return Ok(published);
        }
        let mut outgoing = Outgoing::from(message);
        // Not the same as the last time either: that may be gone by now, and known all the same.
        let id = format!("again:{}:{}", (self.now)().as_millisecond(), message.envelope.id);
        outgoing.headers.insert(MESSAGE_ID, id.as_str());
        self.send(outgoing).await
    }
}
