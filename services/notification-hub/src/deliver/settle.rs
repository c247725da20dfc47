//! What an outcome does to the ledger and to the device.

use std::time::{Duration, Instant};

use chassis::clock;
use jiff::Timestamp;
use messaging::{HandlerError, Outcome};
use storage::{DeliveryState, Installation, Platform, Settled};

use super::Sender;
use crate::gateway::Gateway;
use crate::notification::{Notification, What};
use crate::unavailable;

/// How long an outcome is held for a database that is away, before the message is given back (and sent once more).
const HOLD: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(250);

impl<G: Gateway> Sender<G> {
    /// Notes where the delivery stands now.
    pub(super) async fn settle(
        &self,
        notification: &Notification,
        state: DeliveryState,
        provider: Option<&str>,
    ) -> Result<Outcome, HandlerError> {
        let began = Instant::now();
        loop {
            let settled = Settled {
                event_at: notification.what.at(),
                delivery: notification.delivery,
                state,
                provider: provider.map(str::to_owned),
                at: clock::now(),
            };
            match self.ledger.settle(settled).await {
                Ok(()) => break,
                Err(HandlerError::Unavailable(_)) if began.elapsed() < HOLD => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.note(notification, state, provider);
        self.feedback
            .tell(notification, self.platform, state, provider)
            .await;
        Ok(Outcome::Done)
    }

    fn note(&self, notification: &Notification, state: DeliveryState, provider: Option<&str>) {
        let is_one_of_many = matches!(notification.what, What::News(_)) && state == DeliveryState::Sent;
        let (platform, state) = (self.platform.as_str(), state.as_str());
        metrics::counter!("push_deliveries_total", "platform" => platform, "state" => state).increment(1);
        if is_one_of_many {
            tracing::debug!(platform, state, delivery.id = %notification.delivery, provider, "push settled");
            return;
        }
        tracing::info!(
            platform,
            state,
            delivery.id = %notification.delivery,
            event.id = notification.what.event_id(),
            provider,
            "push settled"
        );
    }

    /// Removes a device that the push service says is gone, unless suspiciously many are.
    pub(super) async fn remove(
        &self,
        notification: &Notification,
        device: &Installation,
        as_of: Option<Timestamp>,
        why: &str,
    ) -> Result<Outcome, HandlerError> {
        // A mailbox is registered nowhere: there is nothing to remove, and its account stays.
        if self.platform == Platform::Email {
            return self.settle(notification, DeliveryState::Gone, Some(why)).await;
        }
        if !self.brake(|brake| brake.gone(clock::now())) {
            return self.keep(notification, why).await;
        }
        self.standing.removals(false).await;
        let removed = self
            .storage
            .mark_gone(device.id, &device.channel, as_of, why)
            .await
            .map_err(unavailable)?;
        if removed {
            metrics::counter!("push_devices_removed_total", "platform" => self.platform.as_str())
                .increment(1);
            return self.settle(notification, DeliveryState::Gone, Some(why)).await;
        }
        self.once_more(notification, device, why).await
    }

    async fn keep(&self, notification: &Notification, why: &str) -> Result<Outcome, HandlerError> {
        self.standing.removals(true).await;
        tracing::error!(
            platform = self.platform.as_str(),
            why,
            "more than 20 % of the devices are said to be gone: none is removed any more. Is it the right environment and project?"
        );
        self.settle(
            notification,
            DeliveryState::Failed,
            Some(&format!("{why}; not removed, too many are")),
        )
        .await
    }

    /// The device was registered again since: with another channel it gets its push there.
    async fn once_more(
        &self,
        notification: &Notification,
        device: &Installation,
        why: &str,
    ) -> Result<Outcome, HandlerError> {
        let now = self.storage.installation(device.id).await.map_err(unavailable)?;
        if now.is_some_and(|now| now.channel != device.channel) {
            return Ok(Outcome::Wait {
                after: PAUSE,
                why: format!("{why}; the device has a new channel"),
            });
        }
        self.settle(
            notification,
            DeliveryState::Failed,
            Some(&format!("{why}; the device was registered since")),
        )
        .await
    }
}
