//! Accepting several orders of one request as a unit: all of them or none.

use cache::Begun;
use domain::{Customer, Fingerprint, IdempotencyKey, Order, OrderCommand, OrderId, Submit};
use futures_util::future::join_all;
use jiff::Timestamp;
use messaging::commands::order_message;
use tracing::{info, warn};

use crate::{Ordering, SubmitError};

/// The orders of an accepted group.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmittedGroup {
    /// As accepted, in the order of the request: version 1, `submitted`.
    pub orders: Vec<Order>,
    /// Whether this is the answer to an earlier request under the same key.
    pub replayed: bool,
}

/// One request for a group.
struct Group {
    submits: Vec<Submit>,
    /// Of the orders, in their order.
    ids: Vec<OrderId>,
    /// The id that one more order of the group would have.
    beyond: OrderId,
    request: Fingerprint,
}

impl Ordering {
    /// Accepts the orders of `customer` durably, all of them or none. Every retry under the same key gives the same orders.
    /// After that each is an order of its own: one may be rejected and another confirmed.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_group(
        &self,
        customer: Customer,
        submits: Vec<Submit>,
        key: &IdempotencyKey,
        correlation_id: Option<&str>,
        now: Timestamp,
    ) -> Result<SubmittedGroup, SubmitError> {
        let _room = self.room()?;
        let group = Group::new(customer, submits, key);
        let (at, replayed) = match self.group_before(&group).await? {
            Some(at) => (at, true),
            None => (self.publish_group(&group, correlation_id, now).await?, false),
        };
        let accepted = group.submits.iter().zip(&group.ids);
        let orders: Vec<_> = accepted.map(|(submit, id)| submit.accepted(*id, at)).collect();
        join_all(orders.iter().map(|order| self.note_to_readers(order))).await;
        if let Some(first) = group.ids.first() {
            self.note_in_record(*first, &group.request, at).await;
        }
        let count = orders.len() as u64;
        metrics::counter!("orders_accepted_total", "replayed" => if replayed { "true" } else { "false" })
            .increment(count);
        info!(orders = count, replayed, "group of orders accepted");
        Ok(SubmittedGroup { orders, replayed })
    }

    /// When the group was accepted, if it was. The record has the id of the first order, which no single submission has.
    async fn group_before(&self, group: &Group) -> Result<Option<Timestamp>, SubmitError> {
        let record = group.ids.first().map(ToString::to_string).unwrap_or_default();
        let begun = match self.records.begin(&record, &group.request).await {
            Ok(Begun::Done(other, _) | Begun::Pending(other)) if other != group.request => {
                return Err(SubmitError::KeyReused);
            }
            Ok(Begun::Done(_, at)) => at.parse().ok(),
            _ => None,
        };
        match begun {
            Some(at) => Ok(Some(at)),
            None => self.group_known(group).await,
        }
    }

    /// When the group was accepted, by what is known of its orders: one of them tells of all.
    async fn group_known(&self, group: &Group) -> Result<Option<Timestamp>, SubmitError> {
        let (known, beyond) = tokio::join!(
            join_all(group.ids.iter().map(|id| self.known(*id))),
            self.known(group.beyond)
        );
        let mut accepted = None;
        for (known, submit) in known.into_iter().zip(&group.submits) {
            if let Some(known) = known {
                accepted = Some(known.accepted_at(&submit.fingerprint())?);
            }
        }
        match beyond {
            // It was a larger group.
            Some(_) => Err(SubmitError::KeyReused),
            None => Ok(accepted),
        }
    }

    /// Publishes the batch. Where the stream had one of these ids, that one counts, not this. Gives when it was accepted.
    async fn publish_group(
        &self,
        group: &Group,
        correlation_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Timestamp, SubmitError> {
        let commands = group.submits.iter().zip(&group.ids);
        let messages: Vec<_> = commands
            .map(|(submit, id)| OrderCommand::submit(*id, submit.clone(), now))
            .map(|command| order_message(&command, &self.source, correlation_id))
            .collect();
        let published = self
            .messaging
            .publish_together(&messages)
            .await
            .inspect_err(|error| {
                warn!(orders = messages.len(), %error, "a group of orders was not accepted");
            })?;
        if !published.duplicate {
            return Ok(now);
        }
        Ok(self.group_known(group).await?.unwrap_or(now))
    }
}

impl Group {
    fn new(customer: Customer, submits: Vec<Submit>, key: &IdempotencyKey) -> Self {
        let id = |place| OrderId::derive_in_group(customer, key, place);
        Self {
            ids: (0..submits.len()).map(id).collect(),
            beyond: id(submits.len()),
            request: Fingerprint::of(&submits),
            submits,
        }
    }
}
