//! From an event to one message per device.

use std::collections::{BTreeSet, HashMap};

use chassis::clock;
use domain::{Customer, OrderEvent};
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Outcome, events};
use push_texts::Language;
use storage::{DeliveryState, Installation, Platform, Settled, Storage};

use crate::mail;
use crate::notification::{What, deadline, delivery_id, mail_deadline};
use crate::planned::Planned;
use crate::queue::Queue;
use crate::unavailable;

/// How long a message of a newer version waits for a newer reader before it is looked at again.
const NEWER_WAIT: std::time::Duration = std::time::Duration::from_secs(60);

/// Takes events from `EVENTS` and queues a push to every device of the event's customer.
#[derive(Debug)]
pub struct Announcer {
    /// The devices.
    pub storage: Storage,
    /// Where the pushes go.
    pub queue: Queue,
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

impl Handler for Announcer {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let now = clock::now();
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut fresh, mut late) = (Vec::new(), Vec::new());
        for delivery in batch {
            outcomes.push(match read(delivery, now) {
                Reading::Fresh(event) => {
                    fresh.push((delivery, event));
                    Outcome::Done
                }
                Reading::Stale(event) => {
                    late.push((delivery, event));
                    Outcome::Done
                }
                Reading::Other => Outcome::Done,
                Reading::Unread(outcome) => outcome,
            });
        }
        self.expire(&late, now).await?;
        let mut planned = self.plan(fresh).await?;
        // Too late for a push, but a mail is read later than that.
        late.retain(|(_, event)| now < mail_deadline(event.at));
        planned.extend(
            late.into_iter()
                .filter_map(|(cause, event)| self.mail(event, cause)),
        );
        self.queue.queue(planned, now).await?;
        Ok(outcomes)
    }
}

impl Announcer {
    async fn plan(&self, fresh: Vec<(&Delivery, OrderEvent)>) -> Result<Vec<Planned>, HandlerError> {
        let devices = self
            .devices(fresh.iter().map(|(_, event)| event.customer))
            .await?;
        let mut planned = Vec::new();
        for (cause, event) in fresh {
            let what = What::Order(event.clone());
            let devices = devices.get(&event.customer).into_iter().flatten();
            planned.extend(devices.map(|device| Planned::new(what.clone(), device, &cause.envelope)));
            planned.extend(self.mail(event, cause));
        }
        Ok(planned)
    }

    /// The mail about an event, where mails are sent and it is worth one.
    fn mail(&self, event: OrderEvent, cause: &Delivery) -> Option<Planned> {
        if !self.platforms.contains(&Platform::Email) || !mail::is_worth_a_mail(&event) {
            return None;
        }
        let customer = event.customer;
        let what = What::Order(event);
        let mailbox = mail::mailbox(&what, customer);
        Some(Planned::new(what, &mailbox, &cause.envelope))
    }

    /// The devices of each that can be told. One question to the database for all of them.
    async fn devices(
        &self,
        customers: impl Iterator<Item = Customer>,
    ) -> Result<HashMap<Customer, Vec<Installation>>, HandlerError> {
        let customers: BTreeSet<Customer> = customers.collect();
        let mut devices: HashMap<Customer, Vec<Installation>> = HashMap::new();
        if customers.is_empty() {
            return Ok(devices);
        }
        let customers: Vec<_> = customers.into_iter().collect();
        let told = self.storage.installations_told_of(&customers).await;
        for (customer, device) in told.map_err(unavailable)? {
            if self.platforms.contains(&device.platform) {
                devices.entry(customer).or_default().push(device);
            }
        }
        Ok(devices)
    }

    /// Events past their deadline create nothing. What an earlier delivery of one may have queued, but not published, is noted as expired.
    async fn expire(&self, late: &[(&Delivery, OrderEvent)], now: Timestamp) -> Result<(), HandlerError> {
        metrics::counter!("push_stale_events_total").increment(late.len() as u64);
        let again = late.iter().filter(|(delivery, _)| delivery.redelivered);
        let again: Vec<_> = again.map(|(_, event)| event).collect();
        let devices = self.devices(again.iter().map(|event| event.customer)).await?;
        let settled = again.into_iter().flat_map(|event| {
            let devices = devices.get(&event.customer).into_iter().flatten();
            devices.map(|device| Settled {
                event_at: event.at,
                delivery: delivery_id(event.id(), device.id),
                state: DeliveryState::Expired,
                provider: None,
                at: now,
            })
        });
        let settled: Vec<_> = settled.collect();
        self.storage
            .settle_deliveries(&settled)
            .await
            .map_err(unavailable)
    }
}

fn read(delivery: &Delivery, now: Timestamp) -> Reading {
    match events::read_order_event(&delivery.envelope, &delivery.body) {
        Some(event) if push_texts::order(&event, Language::English).is_none() => Reading::Other,
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
