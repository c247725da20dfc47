//! Pulls of one second over one durable consumer, one after the other, so that a pin is renewed while a batch is in hand.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, ErrorCode, stream::ConsumerErrorKind};
use async_nats::{Message, StatusCode, Subscriber};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::check::changed;
use super::held::{Held, Keeper};
use super::hold::{Health, Room};
use super::status::{Next, is_status, next};
use crate::Messaging;

const EXPIRES: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Three heartbeats missed, and the end of the pull too.
const SILENCE: Duration = Duration::from_millis(2500);
/// How often a consumer that is pulled from is looked at.
const CHECK_EVERY: Duration = Duration::from_secs(5);
const BIND_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// What the server still sends after the subscription has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
const PIN_ID: &str = "Nats-Pin-Id";

/// Pulls from one consumer into the worker's queue.
pub(super) struct Puller {
    pub(super) messaging: Messaging,
    pub(super) stream: String,
    pub(super) consumer: Arc<str>,
    /// At most this many messages in one pull.
    pub(super) share: usize,
    /// At most so many bytes in one pull, but always enough for one message.
    pub(super) share_bytes: usize,
    /// The bytes of the largest message there can be.
    pub(super) largest: usize,
    pub(super) room: Arc<Room>,
    pub(super) health: Arc<Health>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) shutdown: CancellationToken,
    pub(super) tx: mpsc::UnboundedSender<Held>,
    /// What the server knows this replica by while it has the partition; it outlives a subscription.
    pub(super) pin: Option<String>,
}

/// A consumer found, and what pulls from it carry.
struct Bound {
    group: Option<String>,
    inbox: String,
    pulls: u64,
    replies: Subscriber,
    checked: Instant,
}

/// Why a puller stops.
enum Stop {
    /// It binds again.
    Trouble(String),
    /// It can never work.
    Never(String),
}

impl Puller {
    /// Pulls until the shutdown.
    ///
    /// # Errors
    /// Where the consumer is none that can be pulled from.
    pub(super) async fn run(mut self) -> Result<(), String> {
        while !self.shutdown.is_cancelled() {
            let stopped = match self.bind().await {
                Ok(bound) => {
                    self.health.well(&self.consumer);
                    self.pull(bound).await
                }
                Err(stop) => Err(stop),
            };
            match stopped {
                Ok(()) => break,
                Err(Stop::Never(why)) => return Err(why),
                Err(Stop::Trouble(why)) => {
                    self.health.trouble(
                        &self.consumer,
                        &format!("{}/{}: {why}", self.stream, self.consumer),
                    );
                }
            }
            tokio::select! { () = self.shutdown.cancelled() => break, () = sleep(BIND_AGAIN_AFTER) => {} }
        }
        Ok(())
    }

    async fn bind(&self) -> Result<Bound, Stop> {
        let trouble = |error: &dyn std::fmt::Display| Stop::Trouble(error.to_string());
        let consumer: PullConsumer = self
            .messaging
            .jetstream
            .get_consumer_from_stream(&*self.consumer, &self.stream)
            .await
            .map_err(|error| match error.kind() {
                ConsumerErrorKind::InvalidConsumerType | ConsumerErrorKind::InvalidName => {
                    Stop::Never(format!("{}/{}: {error}", self.stream, self.consumer))
                }
                ConsumerErrorKind::JetStream(refusal)
                    if refusal.error_code() == ErrorCode::CONSUMER_NOT_FOUND =>
                {
                    Stop::Trouble("the consumer does not exist; apply the topology".into())
                }
                _ => trouble(&error),
            })?;
        if let Some(why) = changed(consumer.cached_info()) {
            return Err(Stop::Trouble(why));
        }
        let group = consumer.cached_info().config.priority_groups.first().cloned();
        let inbox = self.messaging.client.new_inbox();
        let replies = self.messaging.client.subscribe(format!("{inbox}.*")).await;
        let replies = replies.map_err(|error| trouble(&error))?;
        Ok(Bound {
            group,
            inbox,
            pulls: 0,
            replies,
            checked: Instant::now(),
        })
    }

    /// Pulls until the shutdown (`Ok`) or until the consumer has to be bound again.
    async fn pull(&mut self, mut bound: Bound) -> Result<(), Stop> {
        let shutdown = self.shutdown.clone();
        loop {
            let ended = tokio::select! {
                () = shutdown.cancelled() => Ok(()),
                ended = self.pull_once(&mut bound) => match ended {
                    Ok(()) => match self.check(&mut bound).await {
                        Ok(()) => continue,
                        Err(why) => Err(Stop::Trouble(why)),
                    },
                    Err(why) => Err(Stop::Trouble(why)),
                },
            };
            self.end(bound).await;
            return ended;
        }
    }

    /// Looks from time to time whether the consumer was changed; that one is gone shows by itself.
    async fn check(&self, bound: &mut Bound) -> Result<(), String> {
        if bound.checked.elapsed() < CHECK_EVERY {
            return Ok(());
        }
        bound.checked = Instant::now();
        let jetstream = &self.messaging.jetstream;
        let found: Result<PullConsumer, _> = jetstream
            .get_consumer_from_stream(&*self.consumer, &self.stream)
            .await;
        match found.map(|consumer| changed(consumer.cached_info())) {
            Ok(Some(why)) => Err(why),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Ends the subscription, so that the server gives us nothing more, and takes what it had sent.
    async fn end(&self, mut bound: Bound) {
        let _already_closed = bound.replies.unsubscribe().await;
        while let Ok(Some(message)) = timeout(LAST_WORDS, bound.replies.next()).await {
            if !is_status(&message) {
                self.take(message);
            }
        }
    }

    async fn pull_once(&mut self, bound: &mut Bound) -> Result<(), String> {
        let pinned = bound.group.is_some();
        let has_room = self
            .room
            .wait(|room| !room.paused() && room.free().min(room.free_bytes()) > 0);
        let full = timeout(EXPIRES, has_room).await.is_err();
        if full && (!pinned || self.room.paused()) {
            return Ok(());
        }
        // A pin is renewed by pulls alone: with no room, one is made that no message fits into.
        let (asked, bytes) = match (self.room.free(), self.room.free_bytes()) {
            (0, _) | (_, 0) => (1, 1),
            (messages, bytes) => (
                self.share.min(messages),
                self.share_bytes.min(bytes).max(self.largest),
            ),
        };
        let reply = self.request(bound, asked, bytes).await?;
        let mut got = 0;
        while got < asked {
            let message = timeout(SILENCE, bound.replies.next()).await;
            let message = message
                .map_err(|_| "no heartbeat came".to_owned())?
                .ok_or("the subscription ended")?;
            if !is_status(&message) {
                got += 1;
                self.learn_pin(bound, &message);
                self.take(message);
                continue;
            }
            match next(&message) {
                Next::Read => {}
                _ if message.subject.as_str() != reply => {}
                Next::PullAgain => {
                    if message.status == Some(StatusCode::PIN_ID_MISMATCH) {
                        self.pin = None;
                    }
                    break;
                }
                Next::BindAgain(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// Sends a pull for `batch` messages of together `bytes`; gives the subject its end is told on.
    async fn request(&self, bound: &mut Bound, batch: usize, bytes: usize) -> Result<String, String> {
        bound.pulls += 1;
        let reply = format!("{}.{}", bound.inbox, bound.pulls);
        let mut request = json!({
            "batch": batch,
            "max_bytes": bytes,
            "expires": u64::try_from(EXPIRES.as_nanos()).unwrap_or(u64::MAX),
            "idle_heartbeat": u64::try_from(HEARTBEAT.as_nanos()).unwrap_or(u64::MAX),
        });
        if let Some(group) = &bound.group {
            request["group"] = json!(group);
        }
        if let Some(pin) = &self.pin {
            request["id"] = json!(pin);
        }
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, self.consumer);
        let body = request.to_string().into();
        let sent = self
            .messaging
            .client
            .publish_with_reply(subject, reply.clone(), body)
            .await;
        sent.map(|()| reply).map_err(|error| error.to_string())
    }

    fn learn_pin(&mut self, bound: &Bound, message: &Message) {
        if bound.group.is_none() {
            return;
        }
        // The last one is the server's; one a publisher put there comes before it.
        let pin = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get_last(PIN_ID));
        if let Some(pin) = pin
            .map(|pin| pin.as_str())
            .filter(|pin| self.pin.as_deref() != Some(pin))
        {
            tracing::info!(stream = %self.stream, consumer = %self.consumer, "this replica has the partition now");
            self.pin = Some(pin.to_owned());
        }
    }

    fn take(&self, message: Message) {
        let message = jetstream::Message {
            message,
            context: self.messaging.jetstream.clone(),
        };
        if let Some(held) = Held::new(message, &self.consumer, &self.keeper, &self.messaging) {
            self.room.come(held.size);
            // The queue is gone only when the worker was dropped; then dropping the message naks it.
            let _gone = self.tx.send(held);
        }
    }
}
