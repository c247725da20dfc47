//! Accepting an order, once: the three guards against doubles are the request's record, the stream's duplicate window and
//! the order's id.

use cache::{Begun, Versioned};
use domain::{Customer, Fingerprint, IdempotencyKey, Order, OrderCommand, OrderId, Submit};
use jiff::Timestamp;
use messaging::PublishError;
use messaging::commands::order_message;
use tracing::{debug, info, warn};

use crate::known::Known;
use crate::schedule::is_schedule;
use crate::{Ordering, SubmitError, key_of};

/// An accepted order.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The order as accepted: version 1, `submitted`.
    pub order: Order,
    /// Whether this is the answer to an earlier request under the same key.
    pub replayed: bool,
}

/// What is known of a request before it is published.
enum Before {
    /// It is to be published.
    Open,
    /// It is to be published now in place of later.
    Scheduled,
    /// It was accepted then.
    Accepted(Timestamp),
}

impl Ordering {
    /// Accepts an order durably. Every retry under the same key gives the same order, whichever of its guards is away;
    /// only with all of them away may another request under the same key get in: the processor dead-letters it.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(
        &self,
        submit: Submit,
        key: &IdempotencyKey,
        correlation_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Submitted, SubmitError> {
        let _room = self.room()?;
        let id = OrderId::derive(submit.customer, key);
        let fingerprint = submit.fingerprint();
        let before = self.before(id, submit.customer, &fingerprint).await?;
        let (at, replayed) = match before {
            Before::Accepted(at) => (at, true),
            Before::Open | Before::Scheduled => {
                let command = OrderCommand::submit(id, submit.clone(), now);
                let at = self.publish_once(&command, &fingerprint, correlation_id).await?;
                (at, at != now)
            }
        };
        if matches!(before, Before::Scheduled) {
            self.forget_schedule(submit.customer, id).await;
        }
        let order = submit.accepted(id, at);
        self.note_accepted(&order).await;
        metrics::counter!("orders_accepted_total", "replayed" => if replayed { "true" } else { "false" })
            .increment(1);
        info!(order.id = %id, replayed, "order accepted");
        Ok(Submitted { order, replayed })
    }

    /// Asks the request's record; where it says nothing certain, whoever else may know the order. Only a record that is done is
    /// certain: after Redis was emptied another request under the key may have begun one and been refused.
    async fn before(
        &self,
        id: OrderId,
        customer: Customer,
        fingerprint: &Fingerprint,
    ) -> Result<Before, SubmitError> {
        let begun = match self.records.begin(&id.to_string(), fingerprint).await {
            Ok(Begun::Done(_, answer)) if is_schedule(&answer) => {
                return self.before_its_time(id, customer, fingerprint).await;
            }
            Ok(Begun::Done(other, _)) if other != *fingerprint => return Err(SubmitError::KeyReused),
            Ok(Begun::Done(_, at)) => match at.parse() {
                Ok(at) => return Ok(Before::Accepted(at)),
                Err(_) => None,
            },
            Ok(Begun::Pending(begun)) => Some(begun),
            // Nothing of it is cached then, and whether it waits in ORDERS the publish finds out.
            Ok(Begun::New) => {
                return match self.settled(id).await {
                    Some(known) => known.accepted_at(fingerprint).map(Before::Accepted),
                    None => Ok(Before::Open),
                };
            }
            Err(error) => {
                debug!(%error, "no record of requests; the order itself is asked for");
                None
            }
        };
        match (self.known(id).await, begun) {
            (Some(known), _) => known.accepted_at(fingerprint).map(Before::Accepted),
            (None, Some(begun)) if begun != *fingerprint => Err(SubmitError::KeyReused),
            (None, _) => Ok(Before::Open),
        }
    }

    /// For a submission under the key of an order that was scheduled.
    async fn before_its_time(
        &self,
        id: OrderId,
        customer: Customer,
        fingerprint: &Fingerprint,
    ) -> Result<Before, SubmitError> {
        // In this order: what is delivered meanwhile is found.
        let scheduled = self.scheduled_order(customer, id).await;
        let scheduled = scheduled.map_err(|error| SubmitError::Unavailable(error.0))?;
        if let Some(known) = self.known(id).await {
            return known.accepted_at(fingerprint).map(Before::Accepted);
        }
        match scheduled {
            Some(scheduled) if scheduled.submit.fingerprint() != *fingerprint => Err(SubmitError::KeyReused),
            Some(_) => Ok(Before::Scheduled),
            None => Ok(Before::Open),
        }
    }

    /// Publishes the command. Where the stream has or had one of this order, that one counts, not this. Gives when it was accepted.
    async fn publish_once(
        &self,
        command: &OrderCommand,
        fingerprint: &Fingerprint,
        correlation_id: Option<&str>,
    ) -> Result<Timestamp, SubmitError> {
        let message = order_message(command, &self.source, correlation_id);
        match self.messaging.publish_first(&message).await {
            Ok(published) if !published.duplicate => return Ok(command.at),
            Ok(_) | Err(PublishError::Occupied) => {}
            Err(error) => {
                warn!(order.id = %command.order, %error, "an order was not accepted");
                return Err(error.into());
            }
        }
        match self.known(command.order).await {
            Some(known) => known.accepted_at(fingerprint),
            None => Ok(command.at),
        }
    }

    /// Tells readers and the request's record. Neither is needed for the order to be accepted.
    async fn note_accepted(&self, order: &Order) {
        tokio::join!(
            self.note_to_readers(order),
            self.note_in_record(order.id, &order.fingerprint, order.submitted_at)
        );
    }

    pub(crate) async fn note_to_readers(&self, order: &Order) {
        let entry = Versioned {
            version: order.version.0.into(),
            value: order.clone(),
        };
        if self.orders.put(&key_of(order.id), entry, None).await.is_err() {
            metrics::counter!("orders_accepted_notes_failed_total", "what" => "cache").increment(1);
        }
    }

    pub(crate) async fn note_in_record(&self, id: OrderId, request: &Fingerprint, at: Timestamp) {
        let (id, at) = (id.to_string(), at.to_string());
        if self.records.finish(&id, request, &at).await.is_err() {
            metrics::counter!("orders_accepted_notes_failed_total", "what" => "record").increment(1);
        }
    }
}

impl Known {
    /// When the request that this is of was accepted.
    pub(crate) fn accepted_at(self, fingerprint: &Fingerprint) -> Result<Timestamp, SubmitError> {
        if self.fingerprint == *fingerprint {
            Ok(self.submitted_at)
        } else {
            Err(SubmitError::KeyReused)
        }
    }
}
