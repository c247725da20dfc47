//! From a message of `NOTIFICATIONS` to a push on a device, and its outcome to the ledger.

mod backoff;
mod brake;
mod settle;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chassis::{Check, clock};
use domain::OrderState;
use futures_util::future::join_all;
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Outcome};
use push_texts::Text;
use storage::{DeliveryState, Installation, Platform, Storage};

use self::brake::Brake;
use crate::feedback::Feedback;
use crate::gateway::{Answer, Gateway, Kind, Push};
use crate::notification::{Notification, What, successors};
use crate::texts::Texts;
use crate::unavailable;

/// How long pushes wait for an operator where the push service refuses us.
const BARRED_WAIT: Duration = Duration::from_secs(30);
/// Changes of one order are told to a device at least this far apart.
const APART: Duration = Duration::from_secs(2);

/// Sends the pushes of one platform.
///
/// The worker keys messages by device and never handles two of one key at once, so an older text can't overtake a newer one
/// within a replica.
#[derive(Debug)]
pub struct Sender<G> {
    platform: Platform,
    gateway: G,
    storage: Storage,
    texts: Arc<Texts>,
    feedback: Feedback,
    check: Check,
    brake: Mutex<Brake>,
}

impl<G: Gateway> Handler for Sender<G> {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        // None is given up half-way because of another: a push that is out must reach the ledger.
        join_all(batch.iter().map(|delivery| self.take(delivery)))
            .await
            .into_iter()
            .collect()
    }
}

impl<G: Gateway> Sender<G> {
    /// A sender for `platform` through `gateway`; `check` shows whether the push service lets us in.
    pub fn new(
        platform: Platform,
        gateway: G,
        storage: Storage,
        texts: Arc<Texts>,
        feedback: Feedback,
        check: Check,
    ) -> Self {
        check.up();
        Self {
            platform,
            gateway,
            storage,
            texts,
            feedback,
            check,
            brake: Mutex::default(),
        }
    }

    async fn take(&self, delivery: &Delivery) -> Result<Outcome, HandlerError> {
        match Notification::read(&delivery.envelope, &delivery.body) {
            Ok(notification) => self.deliver(&notification).await,
            Err(why) => Ok(Outcome::Reject {
                reason: "undecodable",
                why,
            }),
        }
    }

    async fn deliver(&self, notification: &Notification) -> Result<Outcome, HandlerError> {
        let row = self
            .storage
            .delivery(notification.what.at(), notification.delivery)
            .await
            .map_err(unavailable)?;
        match row.map(|row| row.state) {
            Some(DeliveryState::Queued) => {}
            Some(DeliveryState::Unknown) if self.overtaken(notification).await? => {
                return self.settle(notification, DeliveryState::Superseded, None).await;
            }
            Some(DeliveryState::Unknown) => {}
            Some(_) => return Ok(Outcome::Done),
            None => {
                tracing::warn!(delivery.id = %notification.delivery, "a push without its row in the ledger is dropped");
                return Ok(Outcome::Done);
            }
        }
        let now = clock::now();
        if now >= notification.deadline() {
            return self.settle(notification, DeliveryState::Expired, None).await;
        }
        if let Some(after) = self.pause(notification, now).await? {
            return Ok(Outcome::Wait {
                after,
                why: "changes that follow each other closely are told as one".into(),
            });
        }
        match self.device(notification).await? {
            Ok(installation) => self.send(notification, &installation, now).await,
            Err(why) => self.settle(notification, DeliveryState::Gone, Some(why)).await,
        }
    }

    /// Whether a later version was announced to the device: the ledger marks what is queued, not what had no answer.
    async fn overtaken(&self, notification: &Notification) -> Result<bool, HandlerError> {
        let What::Order(event) = &notification.what else {
            return Ok(false);
        };
        // The later one happened between then and now: its row is in the partition of one of those days.
        for at in [event.at, clock::now()] {
            for later in successors(event, notification.installation) {
                if self
                    .storage
                    .delivery(at, later)
                    .await
                    .map_err(unavailable)?
                    .is_some()
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// How long a change of an order waits for others to follow: a device is told of an order at most every two seconds, and of its receipt
    /// only where nothing else comes of it in that time.
    async fn pause(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Option<Duration>, HandlerError> {
        let What::Order(event) = &notification.what else {
            return Ok(None);
        };
        let told = self.storage.told_of(event.order, notification.installation, now);
        let since = match told.await.map_err(unavailable)? {
            None if event.state == OrderState::Submitted => event.at,
            None => return Ok(None),
            Some(told) => told,
        };
        let left = APART.saturating_sub(Duration::try_from(now.duration_since(since)).unwrap_or_default());
        Ok((!left.is_zero()).then(|| backoff::asked(left)))
    }

    /// The device, if it is still there and still the customer's: nobody is told of another's order.
    async fn device(
        &self,
        notification: &Notification,
    ) -> Result<Result<Installation, &'static str>, HandlerError> {
        let found = self
            .storage
            .installation_to_tell(notification.installation, notification.what.customer())
            .await
            .map_err(unavailable)?;
        Ok(match found {
            None => Err("the device is no longer registered"),
            Some(told) if !told.concerned => Err("the device has another owner now"),
            Some(told) if told.installation.platform != self.platform => {
                Err("the device is on another platform now")
            }
            Some(told) => Ok(told.installation),
        })
    }

    async fn send(
        &self,
        notification: &Notification,
        device: &Installation,
        now: Timestamp,
    ) -> Result<Outcome, HandlerError> {
        let Some(text) = self.texts.of(&notification.what, device).await else {
            return self
                .settle(
                    notification,
                    DeliveryState::Failed,
                    Some("there is no text for it"),
                )
                .await;
        };
        let push = push(notification, device, text);
        let began = Instant::now();
        let answer = self.gateway.send(&push, now).await;
        let platform = self.platform.as_str();
        metrics::histogram!("push_send_seconds", "platform" => platform).record(began.elapsed());
        metrics::counter!("push_answers_total", "platform" => platform, "answer" => answer.word())
            .increment(1);
        self.act(notification, device, answer).await
    }

    async fn act(
        &self,
        notification: &Notification,
        device: &Installation,
        answer: Answer,
    ) -> Result<Outcome, HandlerError> {
        match answer {
            Answer::Sent { id } => {
                self.check.up();
                self.brake(|brake| brake.arrived(clock::now()));
                self.settle(notification, DeliveryState::Sent, id.as_deref())
                    .await
            }
            Answer::Unknown { why } => {
                // Every push replaces its like on the device, so a repeat is seen once.
                self.settle(notification, DeliveryState::Unknown, Some(&why))
                    .await?;
                Ok(self.wait(notification, None, why))
            }
            Answer::Retry { after, why } => Ok(self.wait(notification, after, why)),
            Answer::Gone { as_of, why } => self.remove(notification, device, as_of, &why).await,
            Answer::Refused { why } => {
                tracing::error!(platform = self.platform.as_str(), delivery.id = %notification.delivery, why, "push refused");
                self.settle(notification, DeliveryState::Failed, Some(&why)).await
            }
            Answer::Barred { why } => {
                self.check.down(why.clone());
                Ok(self.wait(notification, Some(BARRED_WAIT), why))
            }
        }
    }

    /// Waiting for a push service is no attempt of the message: it ends at the deadline, not in the dead letters.
    fn wait(&self, notification: &Notification, after: Option<Duration>, why: String) -> Outcome {
        let now = clock::now();
        let wait = after.map_or_else(
            || backoff::pause(notification.delivery, notification.what.at(), now),
            backoff::asked,
        );
        let after = backoff::until_deadline(wait, notification.deadline(), now);
        tracing::debug!(platform = self.platform.as_str(), delivery.id = %notification.delivery, ?after, why, "push waits");
        Outcome::Wait { after, why }
    }

    fn brake<T>(&self, act: impl FnOnce(&mut Brake) -> T) -> T {
        act(&mut self.brake.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn push(notification: &Notification, device: &Installation, text: Text) -> Push {
    let what = &notification.what;
    let (collapse, data, urgent) = match what {
        What::Order(event) => (
            event.order.to_string(),
            vec![
                ("order".to_owned(), event.order.to_string()),
                ("version".to_owned(), event.version.to_string()),
                ("state".to_owned(), event.state.as_str().to_owned()),
            ],
            true,
        ),
        What::News(news) => (news.collapse_key.clone(), news.data(), news.urgent),
    };
    Push {
        id: notification.delivery,
        app: device.app.clone(),
        channel: device.channel.clone(),
        environment: device.environment.clone(),
        collapse,
        data,
        urgent,
        kind: Kind::Alert,
        text,
        deadline: notification.deadline(),
    }
}
