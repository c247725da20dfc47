//! From a message of `NOTIFICATIONS` to a push on a device, and its outcome to the ledger.

mod backoff;
mod brake;
mod called_off;
mod changes;
mod ledger;
mod mailbox;
mod many;
mod push;
mod settle;
mod standing;
mod turn;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cache::Pace;
use chassis::{Check, clock};
use futures_util::future::join_all;
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Outcome};
use storage::installations::Told;
use storage::{DeliveryState, Installation, Platform, Storage};

use self::brake::Brake;
use self::called_off::CalledOff;
use self::changes::pause;
use self::ledger::Ledger;
use self::mailbox::Found;
use self::many::Many;
use self::push::push;
use self::standing::Standing;
use crate::bundle;
use crate::feedback::Feedback;
use crate::gateway::{Answer, Gateway};
use crate::notification::{Notification, What};
use crate::queue::Queue;
use crate::texts::Texts;

/// How long pushes wait for an operator where the push service refuses us.
const BARRED_WAIT: Duration = Duration::from_secs(30);

/// What the senders of all platforms are made with.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The ledger, and where a push goes on that is not done with its message.
    pub queue: Queue,
    /// What is said.
    pub texts: Arc<Texts>,
    /// What is told of it.
    pub feedback: Feedback,
    /// Pushes to many that each sends at once.
    pub at_once: usize,
}

/// Sends the pushes of one platform.
///
/// The worker keys messages by device and never handles two of one key at once, so an older text can't overtake a newer one
/// within a replica. What goes to many comes in bundles: of those each push is under way once.
#[derive(Debug)]
pub struct Sender<G> {
    platform: Platform,
    gateway: G,
    storage: Storage,
    ledger: Ledger,
    texts: Arc<Texts>,
    feedback: Feedback,
    check: Check,
    brake: Mutex<Brake>,
    standing: Standing,
    called_off: CalledOff,
    pace: Option<Pace>,
    queue: Queue,
    many: Many,
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
    /// A sender for `platform` through `gateway`, no faster than `pace`; `check` shows whether the push service lets us in.
    pub fn new(platform: Platform, gateway: G, shared: Shared, check: Check, pace: Option<Pace>) -> Self {
        check.up();
        let Shared {
            queue,
            texts,
            feedback,
            at_once,
        } = shared;
        let storage = queue.storage.clone();
        Self {
            platform,
            gateway,
            ledger: Ledger::new(&storage),
            standing: Standing::new(platform, storage.clone()),
            storage,
            texts,
            feedback,
            check,
            brake: Mutex::default(),
            called_off: CalledOff::default(),
            pace,
            queue,
            many: Many::new(at_once),
        }
    }

    async fn take(&self, delivery: &Delivery) -> Result<Outcome, HandlerError> {
        let mut brought = match bundle::read(&delivery.envelope, &delivery.body) {
            Ok(brought) => brought,
            Err(why) => {
                return Ok(Outcome::Reject {
                    reason: "undecodable",
                    why,
                });
            }
        };
        match (brought.len(), brought.pop()) {
            (1, Some(one)) if matches!(one.what, What::Order(_)) => self.deliver(&one).await,
            (1, Some(one)) => self.deliver_news(&one).await,
            (_, last) => {
                brought.extend(last);
                self.deliver_many(delivery, brought).await
            }
        }
    }

    async fn deliver(&self, notification: &Notification) -> Result<Outcome, HandlerError> {
        let Some(due) = self.ledger.due(notification).await? else {
            tracing::warn!(delivery.id = %notification.delivery, "a push without its row in the ledger is dropped");
            return Ok(Outcome::Done);
        };
        match due.state {
            DeliveryState::Queued => {}
            DeliveryState::Unknown if self.overtaken(notification).await? => {
                return self.settle(notification, DeliveryState::Superseded, None).await;
            }
            DeliveryState::Unknown => {}
            _ => return Ok(Outcome::Done),
        }
        let now = clock::now();
        if now >= notification.deadline() {
            return self.settle(notification, DeliveryState::Expired, None).await;
        }
        if self.is_called_off(notification).await? {
            return self.settle(notification, DeliveryState::Cancelled, None).await;
        }
        if let Some(wait) = pause(notification, due.told_at, now) {
            return Ok(wait);
        }
        let found = match self.platform {
            Platform::Email => self.mailbox(notification).await?,
            _ => self.device(due.device),
        };
        match found {
            Found::There(mut device) => {
                if let Some(chosen) = &notification.locale {
                    device.locale.clone_from(chosen);
                }
                self.send(notification, &device, now).await
            }
            Found::NotYet(why) => Ok(self.wait(notification, None, why.to_owned())),
            Found::Gone(why) => self.settle(notification, DeliveryState::Gone, Some(why)).await,
        }
    }

    /// The device, if it is still there and still the customer's: nobody is told of another's order.
    fn device(&self, found: Option<Told>) -> Found {
        match found {
            None => Found::Gone("the device is no longer registered"),
            Some(told) if !told.concerned => Found::Gone("the device has another owner now"),
            Some(told) if told.installation.platform != self.platform => {
                Found::Gone("the device is on another platform now")
            }
            Some(told) => Found::There(Box::new(told.installation)),
        }
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
        if !self.has_turn(notification).await {
            return Ok(self.wait(
                notification,
                Some(turn::NO_TURN_WAIT),
                "others are before it".into(),
            ));
        }
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
                self.arrived().await;
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
                self.standing.barred(Some(&why)).await;
                Ok(self.wait(notification, Some(BARRED_WAIT), why))
            }
        }
    }

    fn brake<T>(&self, act: impl FnOnce(&mut Brake) -> T) -> T {
        act(&mut self.brake.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
