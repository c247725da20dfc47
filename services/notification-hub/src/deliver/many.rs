//! Pushes that go to many, several of which a message may bring.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chassis::clock;
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use messaging::{Delivery, HandlerError, Outcome};
use storage::DeliveryState;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::Sender;
use crate::gateway::Gateway;
use crate::notification::Notification;

/// Before a push is looked at again that another message has brought, too.
const IN_HAND_WAIT: Duration = Duration::from_secs(1);

/// What is under way to many.
#[derive(Debug)]
pub(super) struct Many {
    room: Semaphore,
    under_way: Mutex<HashSet<Uuid>>,
}

impl Many {
    /// Room for `at_once`.
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            room: Semaphore::new(at_once),
            under_way: Mutex::default(),
        }
    }

    /// Waits for room.
    async fn room(&self) -> Result<SemaphorePermit<'_>, HandlerError> {
        let closed = |_| HandlerError::Unavailable("nothing is sent any more".into());
        self.room.acquire().await.map_err(closed)
    }

    /// Begins with a push; `None` where it is under way already.
    fn begin(&self, delivery: Uuid) -> Option<UnderWay<'_>> {
        let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(delivery).then(|| UnderWay { many: self, delivery })
    }
}

struct UnderWay<'a> {
    many: &'a Many,
    delivery: Uuid,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut all = self.many.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.delivery);
    }
}

impl<G: Gateway> Sender<G> {
    /// Sends one, as soon as there is room.
    pub(super) async fn deliver_news(&self, notification: &Notification) -> Result<Outcome, HandlerError> {
        let _room = self.many.room().await?;
        // What waits for room is small.
        Box::pin(self.deliver_once(notification)).await
    }

    /// Sends what one message has brought. What is not done with it goes on in messages of their own: none waits for a slow neighbour's next try.
    pub(super) async fn deliver_many(
        &self,
        delivery: &Delivery,
        brought: Vec<Notification>,
    ) -> Result<Outcome, HandlerError> {
        if delivery.redelivered {
            return self.halve(delivery, brought).await;
        }
        let outcomes = join_all(brought.iter().map(|notification| self.deliver_news(notification))).await;
        let (mut left, mut unavailable) = (Vec::new(), None);
        for (mut notification, outcome) in brought.into_iter().zip(outcomes) {
            match outcome {
                Ok(Outcome::Done) => continue,
                Ok(Outcome::Wait { after, .. }) => {
                    let later = clock::now().saturating_add(after);
                    notification.not_before = Some(later.unwrap_or(Timestamp::MAX));
                }
                // By itself it is tried again and counted.
                Ok(Outcome::Retry { .. } | Outcome::Reject { .. }) | Err(HandlerError::Failed(_)) => {}
                Err(error @ HandlerError::Unavailable(_)) => unavailable = Some(error),
            }
            left.push(notification);
        }
        // None was given up half-way because of another: what is out is in the ledger, and is left out of the next try.
        if let Some(error) = unavailable {
            return Err(error);
        }
        let left: Vec<_> = left.iter().collect();
        self.pass_on(delivery, &left, 1).await
    }

    /// Whoever had it before may have died of one of them: in halves of halves it is soon alone.
    async fn halve(&self, delivery: &Delivery, brought: Vec<Notification>) -> Result<Outcome, HandlerError> {
        let known = try_join_all(brought.iter().map(|notification| self.ledger.due(notification))).await?;
        let open = brought.iter().zip(known).filter(|(_, known)| {
            known
                .as_ref()
                .is_some_and(|due| matches!(due.state, DeliveryState::Queued | DeliveryState::Unknown))
        });
        let open: Vec<_> = open.map(|(notification, _)| notification).collect();
        self.pass_on(delivery, &open, brought.len().div_ceil(2)).await
    }

    async fn pass_on(
        &self,
        delivery: &Delivery,
        left: &[&Notification],
        most: usize,
    ) -> Result<Outcome, HandlerError> {
        self.queue
            .pass_on(left, most, self.platform, &delivery.envelope)
            .await?;
        Ok(Outcome::Done)
    }

    /// A page of a campaign that is queued twice may bring a push in two messages.
    async fn deliver_once(&self, notification: &Notification) -> Result<Outcome, HandlerError> {
        let Some(_under_way) = self.many.begin(notification.delivery) else {
            return Ok(Outcome::Wait {
                after: IN_HAND_WAIT,
                why: "another message has brought it, too".into(),
            });
        };
        self.deliver(notification).await
    }
}
