//! Reading a subscription.

use std::time::Duration;

use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::{AckKind, ErrorCode, Message};
use conditions::Condition;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::{SubscriptionError, SubscriptionName, unknown};
use crate::PublishError;
use crate::events::Event;

/// The most events asked for at once.
const LARGEST_PULL: usize = 100;
/// So that a read which waits finds out about a server or a subscription that is gone.
const LONGEST_PULL: Duration = Duration::from_secs(5);

/// An event of a subscription. Dropped without [`Received::done`], it comes again.
#[derive(Debug)]
pub struct Received {
    /// What happened.
    pub event: Event,
    message: Option<Message>,
}

impl Received {
    /// Acknowledges it, and waits until the server has it.
    ///
    /// # Errors
    /// [`PublishError::Unknown`]: it may come again.
    pub async fn done(mut self) -> Result<(), PublishError> {
        let Some(message) = self.message.take() else {
            return Ok(());
        };
        message
            .double_ack()
            .await
            .map_err(|error| PublishError::Unknown(error.to_string()))
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let (Some(message), Ok(runtime)) = (self.message.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { message.ack_with(AckKind::Nak(None)).await });
        }
    }
}

/// Reads the events of one subscription.
#[derive(Debug)]
pub struct Reader {
    name: SubscriptionName,
    consumer: Consumer<pull::Config>,
    condition: Option<Condition>,
}

impl Reader {
    pub(super) fn new(
        name: SubscriptionName,
        consumer: Consumer<pull::Config>,
        condition: Option<Condition>,
    ) -> Self {
        Self {
            name,
            consumer,
            condition,
        }
    }

    /// At most `most` events that fit the condition, the oldest first; those that don't are acknowledged.
    /// Waits for the first one until `wait` is over (zero: takes what is there), and gives none where none has come.
    ///
    /// # Errors
    /// [`SubscriptionError::Missing`] where the subscription is gone, [`SubscriptionError::Server`] where the server does not answer.
    pub async fn receive(&mut self, most: usize, wait: Duration) -> Result<Vec<Received>, SubscriptionError> {
        let deadline = Instant::now() + wait;
        let mut received = Vec::new();
        loop {
            let asked = (most - received.len()).min(LARGEST_PULL);
            let came = self.take(asked, &mut received).await?;
            if received.len() >= most || (came < asked && !received.is_empty()) {
                return Ok(received);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if came == 0 && left.is_zero() {
                return Ok(received);
            }
            if came == 0 {
                self.wait(left.min(LONGEST_PULL), &mut received).await?;
            }
        }
    }

    /// Takes at most `most` events of those that are there; gives how many came, fitting or not.
    async fn take(&self, most: usize, received: &mut Vec<Received>) -> Result<usize, SubscriptionError> {
        self.check().await?;
        let mut messages = self
            .consumer
            .fetch()
            .max_messages(most)
            .messages()
            .await
            .map_err(unknown)?;
        let mut came = 0;
        while let Some(message) = messages.next().await {
            came += 1;
            self.sort(message.map_err(unknown)?, received).await?;
        }
        Ok(came)
    }

    /// Waits for one event.
    async fn wait(&self, longest: Duration, received: &mut Vec<Received>) -> Result<(), SubscriptionError> {
        let waiting = self.consumer.batch().max_messages(1).expires(longest);
        let mut messages = waiting.messages().await.map_err(unknown)?;
        while let Some(message) = messages.next().await {
            self.sort(message.map_err(unknown)?, received).await?;
        }
        Ok(())
    }

    /// A pull from a consumer that is gone is not answered, so it is asked for first.
    async fn check(&self) -> Result<(), SubscriptionError> {
        match self.consumer.get_info().await.map_err(|error| error.kind()) {
            Ok(_) => Ok(()),
            Err(ConsumerInfoErrorKind::NotFound) => Err(self.missing()),
            Err(ConsumerInfoErrorKind::JetStream(refusal))
                if refusal.error_code() == ErrorCode::CONSUMER_NOT_FOUND =>
            {
                Err(self.missing())
            }
            Err(kind) => Err(unknown(kind)),
        }
    }

    fn missing(&self) -> SubscriptionError {
        SubscriptionError::Missing {
            name: self.name.to_string(),
        }
    }

    async fn sort(&self, message: Message, received: &mut Vec<Received>) -> Result<(), SubscriptionError> {
        let fits = |event: &Event| match &self.condition {
            Some(condition) => condition.matches(&event.properties()),
            None => true,
        };
        match Event::of(&message) {
            Ok(event) if fits(&event) => received.push(Received {
                event,
                message: Some(message),
            }),
            other => {
                if let Err(why) = other {
                    tracing::warn!(subscription = %self.name, subject = %message.subject, why, "a message that is no event is passed over");
                }
                message.ack().await.map_err(unknown)?;
            }
        }
        Ok(())
    }
}
