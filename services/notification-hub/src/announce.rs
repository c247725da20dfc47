//! From an event to one message per device.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chassis::clock;
use domain::{Customer, OrderEvent};
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Message, Messaging, Outcome, PublishError, events};
use storage::{DeliveryState, Installation, Platform, Storage};

use crate::notification::{Notification, deadline, queued};
use crate::texts::{self, Language};
use crate::unavailable;

/// How long a message of a newer version waits for a newer reader before it is looked at again.
const NEWER_WAIT: std::time::Duration = std::time::Duration::from_secs(60);

/// Takes events from `EVENTS` and queues a push to every device of the event's customer.
#[derive(Debug)]
pub struct Announcer {
    /// The ledger and the devices.
    pub storage: Storage,
    /// Where the notifications go.
    pub messaging: Messaging,
    /// The platforms that have credentials; devices of others get nothing.
    pub platforms: Vec<Platform>,
}

/// What a message of `EVENTS` is to the hub.
enum Reading {
    /// Something to announce.
    Fresh(OrderEvent),
    /// Something that happened too long ago.
    Stale(OrderEvent),
    /// Nothing of ours.
    Other,
    /// Nothing that can be handled now, or ever.
    Unread(Outcome),
}

/// One push that is to be.
struct Planned<'a> {
    cause: &'a Delivery,
    notification: Notification,
    row: storage::Delivery,
}

impl Handler for Announcer {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let now = clock::now();
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut fresh = Vec::new();
        for delivery in batch {
            outcomes.push(match read(delivery, now) {
                Reading::Fresh(event) => {
                    fresh.push((delivery, event));
                    Outcome::Done
                }
                Reading::Stale(event) => {
                    self.expire(delivery, &event, now).await?;
                    Outcome::Done
                }
                Reading::Other => Outcome::Done,
                Reading::Unread(outcome) => outcome,
            });
        }
        self.announce(fresh, now).await?;
        Ok(outcomes)
    }
}

impl Announcer {
    /// Writes the ledger first, then publishes what is queued there: a crash between is healed by redelivery.
    async fn announce(
        &self,
        fresh: Vec<(&Delivery, OrderEvent)>,
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        let planned = self.plan(fresh).await?;
        if planned.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = planned.iter().map(|planned| planned.row.clone()).collect();
        let waiting: HashSet<_> = self
            .storage
            .queue_deliveries(&rows)
            .await
            .map_err(unavailable)?
            .into_iter()
            .collect();
        let messages = planned
            .iter()
            .filter(|planned| waiting.contains(&planned.row.id))
            .map(|planned| planned.message(now))
            .collect::<Result<Vec<_>, _>>()?;
        metrics::counter!("push_announced_total").increment(messages.len() as u64);
        self.publish(&messages).await
    }

    async fn publish(&self, messages: &[Message]) -> Result<(), HandlerError> {
        for result in self.messaging.publish_all(messages).await {
            match result {
                Ok(_) => {}
                Err(error @ (PublishError::QueueFull | PublishError::Unknown(_))) => {
                    return Err(HandlerError::Unavailable(format!(
                        "notifications can't be queued: {error}"
                    )));
                }
                Err(error @ (PublishError::Occupied | PublishError::Refused(_))) => {
                    return Err(HandlerError::Failed(format!(
                        "notifications can't be queued: {error}"
                    )));
                }
            }
        }
        Ok(())
    }

    async fn plan<'a>(
        &self,
        fresh: Vec<(&'a Delivery, OrderEvent)>,
    ) -> Result<Vec<Planned<'a>>, HandlerError> {
        let mut devices: HashMap<Customer, Vec<Installation>> = HashMap::new();
        let (mut planned, mut seen) = (Vec::new(), HashSet::new());
        for (cause, event) in fresh {
            let devices = match devices.entry(event.customer) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.devices(event.customer).await?),
            };
            for device in devices.iter() {
                let row = queued(&event, device);
                if seen.insert(row.id) {
                    planned.push(Planned {
                        cause,
                        notification: Notification::of(&event, device.id),
                        row,
                    });
                }
            }
        }
        Ok(planned)
    }

    async fn devices(&self, customer: Customer) -> Result<Vec<Installation>, HandlerError> {
        let mut devices = self
            .storage
            .installations_told_of(customer)
            .await
            .map_err(unavailable)?;
        devices.retain(|device| self.platforms.contains(&device.platform));
        Ok(devices)
    }

    /// An event past its deadline creates nothing. What an earlier delivery of it may have queued, but not published, is noted as expired.
    async fn expire(
        &self,
        delivery: &Delivery,
        event: &OrderEvent,
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        metrics::counter!("push_stale_events_total").increment(1);
        if !delivery.redelivered {
            return Ok(());
        }
        for device in self.devices(event.customer).await? {
            let id = queued(event, &device).id;
            self.storage
                .settle_delivery(event.at, id, DeliveryState::Expired, None, now)
                .await
                .map_err(unavailable)?;
        }
        Ok(())
    }
}

impl Planned<'_> {
    fn message(&self, now: Timestamp) -> Result<Message, HandlerError> {
        self.notification
            .message(self.row.platform, &self.cause.envelope, now)
            .map_err(|error| HandlerError::Failed(format!("a notification can't be written: {error}")))
    }
}

fn read(delivery: &Delivery, now: Timestamp) -> Reading {
    match events::read_order_event(&delivery.envelope, &delivery.body) {
        Some(event) if texts::text(&event, Language::English).is_none() => Reading::Other,
        Some(event) if now >= deadline(event.at) => Reading::Stale(event),
        Some(event) => Reading::Fresh(event),
        None => unread(&delivery.envelope.kind),
    }
}

fn unread(kind: &str) -> Reading {
    let mut parts = kind.split('.');
    if parts.next() != Some("order") {
        return Reading::Other;
    }
    let version: Option<u32> = parts
        .next_back()
        .and_then(|part| part.strip_prefix('v')?.parse().ok());
    Reading::Unread(match version {
        Some(2..) => {
            tracing::error!(
                kind,
                "an event of a newer version waits: update the notification hub"
            );
            Outcome::Wait {
                after: NEWER_WAIT,
                why: format!("`{kind}` is of a newer version than this program reads"),
            }
        }
        _ => Outcome::Reject {
            reason: "undecodable",
            why: format!("the message is not a valid `{kind}`"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_waits_and_a_broken_event_is_a_dead_letter() {
        assert!(matches!(
            unread("order.confirmed.v2"),
            Reading::Unread(Outcome::Wait { .. })
        ));
        assert!(matches!(
            unread("order.confirmed.v1"),
            Reading::Unread(Outcome::Reject { .. })
        ));
        assert!(matches!(unread("catalog.price_changed.v1"), Reading::Other));
        assert!(matches!(unread(""), Reading::Other));
    }
}
