//! Events on their way to `EVENTS`: each order's versions in their order, none twice.

use std::collections::BTreeMap;

use domain::{CatalogEvent, OrderEvent, OrderId, Version};
use messaging::events::{catalog_event_message, order_event_message};
use messaging::{Delivery, HandlerError, Message, Messaging};

use crate::app::NAME;

/// Events to be published together.
#[derive(Debug, Default)]
pub(crate) struct Announcement {
    messages: BTreeMap<(OrderId, Version), Message>,
}

impl Announcement {
    /// Adds an event that the command in `delivery` caused: it belongs to the same request and trace.
    pub(crate) fn caused(&mut self, event: &OrderEvent, delivery: &Delivery) {
        let mut message = order_event_message(event, NAME);
        message
            .envelope
            .correlation_id
            .clone_from(&delivery.envelope.correlation_id);
        message
            .envelope
            .traceparent
            .clone_from(&delivery.envelope.traceparent);
        self.messages.insert((event.order, event.version), message);
    }

    /// Adds an earlier event of an order, which a crash may have held back.
    pub(crate) fn earlier(&mut self, event: &OrderEvent) {
        self.messages
            .entry((event.order, event.version))
            .or_insert_with(|| order_event_message(event, NAME));
    }

    /// Publishes all and waits until each is durable.
    pub(crate) async fn publish(self, messaging: &Messaging) -> Result<(), HandlerError> {
        let messages: Vec<Message> = self.messages.into_values().collect();
        if messages.is_empty() {
            return Ok(());
        }
        let published = messaging.publish_all(&messages).await;
        match published.into_iter().find_map(Result::err) {
            Some(error) => Err(unpublished(&error)),
            None => Ok(()),
        }
    }
}

/// Publishes what happened to a product.
pub(crate) async fn publish_product(
    event: &CatalogEvent,
    delivery: &Delivery,
    messaging: &Messaging,
) -> Result<(), HandlerError> {
    let mut message = catalog_event_message(event, NAME);
    message
        .envelope
        .correlation_id
        .clone_from(&delivery.envelope.correlation_id);
    message
        .envelope
        .traceparent
        .clone_from(&delivery.envelope.traceparent);
    messaging
        .publish(&message)
        .await
        .map(drop)
        .map_err(|error| unpublished(&error))
}

/// What is stored is not undone because it could not be told: the commands stay unacknowledged until it can.
fn unpublished(error: &messaging::PublishError) -> HandlerError {
    HandlerError::Unavailable(format!("events can't be published: {error}"))
}
