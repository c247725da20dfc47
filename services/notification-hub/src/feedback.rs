//! What became of pushes, told on `events.push.<state>.<installation>` to whoever wants to know.

use chassis::clock;
use domain::{Actor, InstallationId};
use jiff::Timestamp;
use messaging::{Envelope, Message, Messaging, subjects};
use serde::Serialize;
use storage::{About, DeliveryState, Platform};
use uuid::Uuid;

use crate::notification::{Notification, SERVICE};

/// Of which pushes is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Told {
    /// Every one that is settled.
    All,
    /// Those that did not arrive: gone, failed, expired.
    Trouble,
    /// None.
    None,
}

impl Told {
    fn holds(self, state: DeliveryState) -> bool {
        match self {
            Self::All => true,
            Self::Trouble => matches!(
                state,
                DeliveryState::Gone | DeliveryState::Failed | DeliveryState::Expired
            ),
            Self::None => false,
        }
    }
}

/// Tells what became of pushes.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// Where it goes.
    pub messaging: Messaging,
    /// Of which.
    pub told: Told,
}

/// The body of `push.<state>.v1`. Nothing in it says who somebody is or how he is reached.
#[derive(Debug, Serialize)]
struct PushEvent<'a> {
    delivery: Uuid,
    installation: InstallationId,
    platform: Platform,
    about: About,
    event: String,
    state: DeliveryState,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    at: Timestamp,
}

impl Feedback {
    /// Tells that `notification` is `state` now. What can't be told is logged: the ledger knows it all the same.
    pub async fn tell(
        &self,
        notification: &Notification,
        platform: Platform,
        state: DeliveryState,
        provider: Option<&str>,
    ) {
        if !self.told.holds(state) {
            return;
        }
        let event = PushEvent {
            delivery: notification.delivery,
            installation: notification.installation,
            platform,
            about: notification.what.about(),
            event: notification.what.event_id(),
            state,
            provider,
            at: clock::now(),
        };
        if let Err(error) = self.publish(&event).await {
            tracing::warn!(delivery.id = %event.delivery, error, "what became of a push can't be told");
        }
    }

    async fn publish(&self, event: &PushEvent<'_>) -> Result<(), String> {
        let state = event.state.as_str();
        let message = Message {
            subject: subjects::event("push", state, event.installation),
            envelope: Envelope {
                id: format!("{}:{state}", event.delivery),
                kind: format!("push.{state}.v1"),
                source: SERVICE.to_owned(),
                time: event.at,
                actor: Actor::System(SERVICE.to_owned()),
                correlation_id: None,
                traceparent: None,
                expires_at: None,
            },
            body: serde_json::to_vec(event)
                .map_err(|error| error.to_string())?
                .into(),
        };
        let told = self.messaging.publish(&message).await;
        told.map(|_| ()).map_err(|error| error.to_string())
    }
}
