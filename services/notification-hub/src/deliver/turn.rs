//! What stands between a push and its push service, and what an answer says of that service.

use std::time::Duration;

use cache::Lane;
use chassis::clock;
use messaging::{HandlerError, Outcome};

use super::{Sender, backoff};
use crate::gateway::Gateway;
use crate::news::{News, NewsOf};
use crate::notification::{Notification, What};

/// How long a push waits that found no turn: others of its lane are before it.
pub(super) const NO_TURN_WAIT: Duration = Duration::from_secs(1);

impl<G: Gateway> Sender<G> {
    /// Whether it belongs to a campaign that was called off.
    pub(super) async fn is_called_off(&self, notification: &Notification) -> Result<bool, HandlerError> {
        match &notification.what {
            What::News(News {
                about: NewsOf::Campaign(campaign),
                ..
            }) => self.called_off.is(*campaign, &self.storage).await,
            What::News(_) | What::Order(_) => Ok(false),
        }
    }

    /// Waits until the push service's quota allows one more; false where that takes long. What a customer waits for goes first.
    pub(super) async fn has_turn(&self, notification: &Notification) -> bool {
        let Some(pace) = &self.pace else { return true };
        let lane = match notification.what {
            What::Order(_) => Lane::First,
            What::News(_) => Lane::Bulk,
        };
        pace.take(lane).await
    }

    /// The push service took one.
    pub(super) async fn arrived(&self) {
        self.check.up();
        self.standing.barred(None).await;
        let stopped = self.brake(|brake| {
            brake.arrived(clock::now());
            self.standing.is_stopped() && brake.is_on()
        });
        if !stopped && self.standing.is_stopped() {
            self.standing.removals(false).await;
        }
    }

    /// Waiting for a push service is no attempt of the message: it ends at the deadline, not in the dead letters.
    pub(super) fn wait(&self, notification: &Notification, after: Option<Duration>, why: String) -> Outcome {
        let now = clock::now();
        let wait = after.map_or_else(
            || backoff::pause(notification.delivery, notification.what.at(), now),
            backoff::asked,
        );
        let after = backoff::until_deadline(wait, notification.deadline(), now);
        tracing::debug!(platform = self.platform.as_str(), delivery.id = %notification.delivery, ?after, why, "push waits");
        Outcome::Wait { after, why }
    }
}
